"""Shapes of the analytics of a company and of its agents."""

from marshmallow import fields

from app.http.fields import identifier
from app.http.figures import (
    AnswerCountsResponse,
    CostResponse,
    DailyResponse,
    DocumentCountsResponse,
    FeedbackCountsResponse,
    MessageCountsResponse,
    OpenQuestionResponse,
    UnansweredCountsResponse,
    count,
    period,
)
from app.http.schemas import ResponseSchema, doc


def _counts(description: str, example: dict[str, int]) -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.Integer(), metadata=doc(description, example))


class LeadCountsResponse(ResponseSchema):
    """Leads."""

    total = count("All that there are now.", 280)
    new = count("Those that came in the period.", 28)
    by_status = _counts("The latter by their present status.", {"new": 20, "converted": 8})


class ApiCallCountsResponse(ResponseSchema):
    """Calls of the API in the period."""

    requests = count("Calls.", 4_711)
    client_errors = count("Answered with 4xx.", 12)
    server_errors = count("Answered with 5xx.", 0)
    rate_limited = count("Answered with 429.", 3)


class CompanyDayResponse(DailyResponse):
    """One day of a company."""

    leads = count("Leads that came.")


class DashboardResponse(ResponseSchema):
    """A company at a glance."""

    period = period()
    agents = _counts("Agents now: all of them, and the active ones.", {"total": 3, "active": 2})
    documents = fields.Nested(DocumentCountsResponse, metadata={"description": "Documents, now."})
    conversations = _counts("All that there are now, and those that began in the period.", {"total": 310, "new": 31})
    messages = fields.Nested(MessageCountsResponse, metadata={"description": "Messages of the period."})
    leads = fields.Nested(LeadCountsResponse, metadata={"description": "Leads."})
    answers = fields.Nested(AnswerCountsResponse, metadata={"description": "Questions and how they ended."})
    feedback = fields.Nested(FeedbackCountsResponse, metadata={"description": "What people thought of the answers."})
    unanswered_questions = fields.Nested(
        UnansweredCountsResponse, metadata={"description": "Questions without an answer."}
    )
    models = fields.List(fields.Nested(CostResponse), metadata={"description": "Calls to models, by currency."})
    api = fields.Nested(ApiCallCountsResponse, metadata={"description": "Calls of the API."})
    users = count("People of the team, now.", 4)
    api_keys = count("API keys that work now.", 2)
    daily = fields.List(
        fields.Nested(CompanyDayResponse), metadata={"description": "Day by day of the caller's zone, in order."}
    )


class AgentUnansweredResponse(UnansweredCountsResponse):
    """An agent's questions without an answer."""

    newest = fields.List(fields.Nested(OpenQuestionResponse), metadata={"description": "The newest ten of the period."})


class ModelCostResponse(CostResponse):
    """Calls to one model in one currency."""

    provider = fields.String(metadata=doc("Who runs the model.", "openai"))
    model = fields.String(metadata=doc("The model.", "gpt-4o-mini"))
    kind = fields.String(metadata=doc("`chat` or `embedding`.", "chat"))


class TopQuestionResponse(ResponseSchema):
    """A question that came often."""

    question = fields.String(metadata=doc("As it was first put.", "Do you ship to Iceland?"))
    times = count("How often, whatever the case, spaces and punctuation.", 7)


class CitedDocumentResponse(ResponseSchema):
    """A document that answers cite."""

    document_id = identifier("The document.")
    title = fields.String(allow_none=True, metadata=doc("Its title; null: it is gone.", "Shipping"))
    deleted = fields.Boolean(metadata=doc("Whether it is deleted by now.", False))
    answers = count("Answers that cite it.", 19)


class AgentDayResponse(DailyResponse):
    """One day of an agent."""

    feedback_up = count("Answers found helpful.")
    feedback_down = count("Answers found not helpful.")


class AgentAnalyticsResponse(ResponseSchema):
    """What an agent did."""

    agent_id = identifier("The agent.")
    name = fields.String(metadata=doc("Its name.", "Ronda"))
    period = period()
    conversations = count("Conversations that began.", 31)
    messages = fields.Nested(MessageCountsResponse, metadata={"description": "Messages of the period."})
    answers = fields.Nested(AnswerCountsResponse, metadata={"description": "Questions and how they ended."})
    feedback = fields.Nested(FeedbackCountsResponse, metadata={"description": "What people thought of the answers."})
    unanswered_questions = fields.Nested(
        AgentUnansweredResponse, metadata={"description": "Questions without an answer."}
    )
    models = fields.List(fields.Nested(CostResponse), metadata={"description": "Calls to models, by currency."})
    models_by_name = fields.List(
        fields.Nested(ModelCostResponse), metadata={"description": "The same by model, the dearest first."}
    )
    documents = fields.Nested(DocumentCountsResponse, metadata={"description": "Its documents, now."})
    top_questions = fields.List(
        fields.Nested(TopQuestionResponse), metadata={"description": "The ten questions that came most often."}
    )
    cited_documents = fields.List(
        fields.Nested(CitedDocumentResponse), metadata={"description": "The ten documents that most answers cite."}
    )
    daily = fields.List(
        fields.Nested(AgentDayResponse), metadata={"description": "Day by day of the caller's zone, in order."}
    )
