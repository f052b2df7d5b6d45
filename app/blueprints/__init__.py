"""All routes, by subject."""

from flask import Flask

from app.blueprints.address.routes import blp as address
from app.blueprints.auth.routes import blp as auth
from app.blueprints.company.routes import blp as company
from app.blueprints.health.routes import blp as health
from app.blueprints.oauth.routes import blp as oauth
from app.blueprints.profile.routes import blp as profile
from app.http.api import make_api


def register_blueprints(app: Flask) -> None:
    """Registers every blueprint and documents it."""
    api = make_api(app)
    for blueprint in (address, auth, company, health, oauth, profile):
        api.register_blueprint(blueprint)
