"""Agents."""

from typing import Any
from uuid import UUID

from flask import Response

from app.blueprints.agent.schemas import (
    AgentPage,
    AgentQuery,
    AgentResponse,
    CloneAgentRequest,
    CreateAgentRequest,
    EmbedCodeQuery,
    EmbedCodeResponse,
    IdentitySecretResponse,
    MarkQuestionRequest,
    PublicAgentResponse,
    QuestionQuery,
    TestAgentRequest,
    TestedAnswerResponse,
    TestPageRequest,
    UnansweredQuestionPage,
    UnansweredQuestionResponse,
    UpdateAgentRequest,
)
from app.blueprints.agent.stats import AgentStatsResponse
from app.core.paging import Page, PageRequest
from app.http import test_page, widget
from app.http.api import Blueprint
from app.http.rate_limits import Category
from app.http.requires import Credential, current_principal, public, requires
from app.models.agent import Agent
from app.models.unanswered_question import UnansweredQuestion
from app.models.user import Role
from app.security.scopes import Resource, Scope
from app.services import agent_stats, agent_tests, agents, embed_code, identity_secrets, unanswered_questions
from app.services.agent_stats import AgentStats
from app.services.agent_tests import TestedAnswer
from app.services.agents import NewAgent, PublicAgent
from app.services.embed_code import EmbedCode
from app.services.identity_secrets import NewIdentitySecret

blp = Blueprint("agent", __name__, description="Agents: who answers a company's visitors.")

_BOTH = (Credential.API_KEY, Credential.JWT)
_AGENTS = Resource.AGENTS
_ADMINS = (Role.ADMIN, Role.SUPER_ADMIN)


@blp.post("/v1/agent")
@requires(*_BOTH, scope=Scope.WRITE, resource=_AGENTS)
@blp.arguments(CreateAgentRequest)
@blp.response(201, AgentResponse)
def create_agent(body: dict[str, Any]) -> Any:
    """Add an agent to your company"""
    agent = agents.create(current_principal(), NewAgent(**body))
    return agent, 201, {"Location": f"/v1/agent/{agent.id}"}


@blp.get("/v1/agent")
@requires(*_BOTH, scope=Scope.READ, resource=_AGENTS)
@blp.arguments(AgentQuery, location="query")
@blp.response(200, AgentPage)
def find_agents(query: dict[str, Any]) -> Page[Agent]:
    """List the agents of your company"""
    wanted = PageRequest(query["page"], query["per_page"])
    return agents.find(current_principal(), wanted, status=query["status"], search=query["search"])


@blp.get("/v1/agent/<uuid:agent_id>")
@public(category=Category.VISITORS)
@blp.response(200, PublicAgentResponse)
def get_agent(agent_id: UUID) -> PublicAgent:
    """Fetch what anybody may know of an active agent; the team finds everything at /details"""
    return agents.get_public(agent_id)


@blp.get("/v1/agent/<uuid:agent_id>/details")
@requires(*_BOTH, scope=Scope.READ, resource=_AGENTS)
@blp.response(200, AgentResponse)
def get_agent_details(agent_id: UUID) -> Agent:
    """Fetch an agent of your company, active or not"""
    return agents.get(current_principal(), agent_id)


@blp.put("/v1/agent/<uuid:agent_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_AGENTS)
@blp.arguments(UpdateAgentRequest)
@blp.response(200, AgentResponse)
def update_agent(body: dict[str, Any], agent_id: UUID) -> Agent:
    """Change an agent; with other settings its documents' vectors are built anew and switched at the end"""
    return agents.change(current_principal(), agent_id, body)


@blp.delete("/v1/agent/<uuid:agent_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_AGENTS)
@blp.response(204)
def delete_agent(agent_id: UUID) -> None:
    """Delete an agent softly, unless it has active conversations"""
    agents.delete(current_principal(), agent_id)


@blp.patch("/v1/agent/<uuid:agent_id>/restore")
@requires(*_BOTH, scope=Scope.WRITE, resource=_AGENTS)
@blp.response(200, AgentResponse)
def restore_agent(agent_id: UUID) -> Agent:
    """Restore a deleted agent, with its documents and conversations as they were"""
    return agents.restore(current_principal(), agent_id)


@blp.post("/v1/agent/<uuid:agent_id>/clone")
@requires(*_BOTH, scope=Scope.WRITE, resource=_AGENTS)
@blp.arguments(CloneAgentRequest, required=False)
@blp.response(201, AgentResponse)
def clone_agent(body: dict[str, Any], agent_id: UUID) -> Any:
    """Copy an agent's configuration; its documents, and settings that are its own, are not copied"""
    agent = agents.clone(current_principal(), agent_id, **body)
    return agent, 201, {"Location": f"/v1/agent/{agent.id}"}


@blp.post("/v1/agent/<uuid:agent_id>/test")
@requires(*_BOTH, scope=Scope.READ, resource=_AGENTS, category=Category.AI, waits=True)
@blp.arguments(TestAgentRequest, required=False)
@blp.response(200, TestedAnswerResponse)
def test_agent(body: dict[str, str], agent_id: UUID) -> TestedAnswer:
    """Ask an agent a question, of which nothing is stored; without one a sample question"""
    return agent_tests.run(current_principal(), agent_id, body["query"])


@blp.get("/v1/agent/<uuid:agent_id>/stats")
@requires(*_BOTH, scope=Scope.READ, resource=_AGENTS, category=Category.ANALYTICS)
@blp.response(200, AgentStatsResponse)
def get_agent_stats(agent_id: UUID) -> AgentStats:
    """Count what an agent has done so far"""
    return agent_stats.compute(current_principal(), agent_id)


@blp.get("/v1/agent/<uuid:agent_id>/unanswered-questions")
@requires(*_BOTH, scope=Scope.READ, resource=_AGENTS)
@blp.arguments(QuestionQuery, location="query")
@blp.response(200, UnansweredQuestionPage)
def find_unanswered_questions(query: dict[str, Any], agent_id: UUID) -> Page[UnansweredQuestion]:
    """List the questions that the agent's documents had no answer to"""
    resolved = query.pop("resolved")
    return unanswered_questions.find(current_principal(), agent_id, PageRequest(**query), resolved=resolved)


@blp.patch("/v1/unanswered-question/<uuid:question_id>")
@requires(*_BOTH, scope=Scope.WRITE, resource=_AGENTS)
@blp.arguments(MarkQuestionRequest)
@blp.response(200, UnansweredQuestionResponse)
def mark_unanswered_question(body: dict[str, bool], question_id: UUID) -> UnansweredQuestion:
    """Mark a question as resolved, or as open again"""
    return unanswered_questions.mark(current_principal(), question_id, **body)


@blp.post("/v1/agent/<uuid:agent_id>/identity-secret")
@requires(*_BOTH, scope=Scope.WRITE, resource=_AGENTS, roles=_ADMINS, impersonated=False)
@blp.response(201, IdentitySecretResponse)
def create_identity_secret(agent_id: UUID) -> NewIdentitySecret:
    """Make a new secret to sign visitors' identities with, which is shown this once; one before it stops working"""
    return identity_secrets.create(current_principal(), agent_id)


@blp.delete("/v1/agent/<uuid:agent_id>/identity-secret")
@requires(*_BOTH, scope=Scope.WRITE, resource=_AGENTS, roles=_ADMINS, impersonated=False)
@blp.response(204)
def delete_identity_secret(agent_id: UUID) -> None:
    """Remove the secret: nobody is identified any more"""
    identity_secrets.delete(current_principal(), agent_id)


@blp.get("/v1/agent/<uuid:agent_id>/embed-code")
@requires(*_BOTH, scope=Scope.READ, resource=_AGENTS)
@blp.arguments(EmbedCodeQuery, location="query")
@blp.response(200, EmbedCodeResponse)
def get_embed_code(query: dict[str, Any], agent_id: UUID) -> EmbedCode:
    """Fetch the script tag that puts the agent on a site, and what the site's policy has to allow for it"""
    return embed_code.compose(current_principal(), agent_id, language=query["lang"])


@blp.get("/widget.js")
@public(category=Category.UNLIMITED)
@blp.response(200, {"type": "string"}, content_type="text/javascript; charset=utf-8", description="The script.")
def get_widget_script() -> Response:
    """Fetch the script that puts the widget on a site"""
    return widget.loader()


@blp.post("/test")
@public(accepts=("application/json", "application/x-www-form-urlencoded"))
@blp.arguments(TestPageRequest, location="json_or_form")
@blp.response(200, {"type": "string"}, content_type="text/html; charset=utf-8", description="The page.")
def render_test_page(body: dict[str, str]) -> Response:
    """Render HTML in a sandbox of its own, to try the embed code out; in production only where it is switched on"""
    return test_page.render(body["body"])
