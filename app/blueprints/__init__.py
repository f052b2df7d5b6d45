"""All routes, by subject."""

from flask import Flask

from app.blueprints.address.routes import blp as address
from app.blueprints.admin.metric_routes import blp as admin
from app.blueprints.agent.routes import blp as agent
from app.blueprints.auth.routes import blp as auth
from app.blueprints.company.routes import blp as company
from app.blueprints.conversation.routes import blp as conversation
from app.blueprints.dashboard.analytics_routes import blp as dashboard
from app.blueprints.database.question_routes import blp as database
from app.blueprints.document.routes import blp as document
from app.blueprints.health.routes import blp as health
from app.blueprints.lead.routes import blp as lead
from app.blueprints.oauth.analytics_routes import blp as oauth
from app.blueprints.profile.routes import blp as profile
from app.blueprints.settings.routes import blp as settings
from app.blueprints.webhook.routes import blp as webhook
from app.http.api import make_api


def register_blueprints(app: Flask) -> None:
    """Registers every blueprint and documents it."""
    api = make_api(app)
    for blueprint in (
        address,
        admin,
        agent,
        auth,
        company,
        conversation,
        dashboard,
        database,
        document,
        health,
        lead,
        oauth,
        profile,
        settings,
        webhook,
    ):
        api.register_blueprint(blueprint)
