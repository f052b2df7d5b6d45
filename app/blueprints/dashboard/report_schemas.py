"""Shapes of comparisons, of the analytics of conversations, leads and usage, and of exports."""

from marshmallow import fields

from app.blueprints.dashboard.analytics_schemas import ApiCallCountsResponse, ModelCostResponse
from app.http.fields import identifier, moment
from app.http.figures import (
    CostResponse,
    FeedbackCountsResponse,
    MessageCountsResponse,
    count,
    period,
    share,
)
from app.http.periods import PeriodResponse, end_date, start_date, time_zone
from app.http.schemas import ResponseSchema, StrictSchema, doc
from app.services.analytics_export import ExportFormat, ExportType


def _number(description: str, example: float) -> fields.Float:
    return fields.Float(allow_none=True, metadata=doc(f"{description}; null where there is nothing.", example))


def _list(shape: type[ResponseSchema], description: str) -> fields.List:
    return fields.List(fields.Nested(shape), metadata={"description": description})


class ComparedMeasureResponse(ResponseSchema):
    """One measure of an agent beside what it is compared with."""

    measure = fields.String(
        metadata=doc(
            "`conversations`, `turns`, `answer_rate`, `refusal_rate`, `failure_rate`, `satisfaction`, or a time: "
            "`response_ms_p95`.",
            "answer_rate",
        )
    )
    agent = _number("The agent in the period", 0.9)
    company_average = _number("Of counts the mean of active agents, of the rest that of all their turns", 0.8)
    previous = _number("The agent in the period of the same length before", 0.85)
    against_company = _number("How much more than the average, as a share of it", 0.125)
    against_previous = _number("How much more than before, as a share of it", 0.0588)
    more_is_better = fields.Boolean(metadata=doc("Whether more of it is good.", True))


class ComparisonResponse(ResponseSchema):
    """An agent against the company's average and itself before."""

    agent_id = identifier("The agent.")
    name = fields.String(metadata=doc("Its name.", "Ronda"))
    period = period()
    previous_period = fields.Nested(PeriodResponse, metadata={"description": "The period of the same length before."})
    active_agents = count("Agents that were asked anything in the period.", 3)
    measures = _list(ComparedMeasureResponse, "Measure by measure.")


class StagesResponse(ResponseSchema):
    """What a turn took, in milliseconds; null where a stage wasn't reached."""

    queued_ms = _number("Until a worker took the question", 12)
    retrieval_ms = _number("Searching the documents", 40)
    model_first_token_ms = _number("From asking a model to its first words", 420)
    first_words_ms = _number("From the question to the first words", 510)
    writing_ms = _number("From the first words to the complete answer", 1800)
    models_ms = _number("All calls to models together", 2200)
    total_ms = _number("From the question to the complete answer", 2310)


class TimelineTurnResponse(ResponseSchema):
    """One question and its answer."""

    task_id = identifier("The turn.")
    message_id = identifier("The question.")
    answer_id = identifier("The answer; null: none yet, or it failed.", allow_none=True)
    sequence = count("The question's place in the conversation.", 1)
    status = fields.String(metadata=doc("`queued`, `processing`, `completed` or `failed`.", "completed"))
    outcome = fields.String(allow_none=True, metadata=doc("`answered`, `refused` or `small_talk`.", "answered"))
    attempts = count("How often workers began.", 1)
    error_code = fields.String(allow_none=True, metadata=doc("Why it failed; null: it didn't.", None))
    asked_at = moment("When the question came.")
    finished_at = moment("When it was over; null: it isn't.", allow_none=True)
    feedback = fields.String(allow_none=True, metadata=doc("`up`, `down`; null: none.", "up"))
    citations = count("Passages that the answer cites.", 2)
    input_tokens = count("Tokens that models read.", 1_200)
    output_tokens = count("Tokens that models wrote.", 90)
    model_calls = count("Calls to models.", 2)
    stages = fields.Nested(StagesResponse, metadata={"description": "What it took, stage by stage."})


class ConversationAnalyticsResponse(ResponseSchema):
    """What happened in a conversation."""

    conversation_id = identifier("The conversation.")
    agent_id = identifier("Its agent.")
    lead_id = identifier("The visitor; null: it is of the team or a program.", allow_none=True)
    status = fields.String(metadata=doc("`active` or `closed`.", "active"))
    created_at = moment("When it was opened.")
    last_message_at = moment("When somebody last wrote.")
    duration_seconds = fields.Float(metadata=doc("From the first message to the last.", 312.5))
    messages = fields.Nested(MessageCountsResponse, metadata={"description": "Its messages."})
    citations = count("Passages that its answers cite.", 9)
    feedback = fields.Nested(FeedbackCountsResponse, metadata={"description": "What was thought of its answers."})
    turns = count("Questions that asked for an answer.", 5)
    answered = count("Answered from the documents.", 3)
    refused = count("Without an answer.", 1)
    small_talk = count("Greetings and the like.", 1)
    failed = count("Failed.", 0)
    models = _list(CostResponse, "Calls to models, by currency.")
    timeline = _list(TimelineTurnResponse, "Its first 500 questions, in order.")


class FunnelStepResponse(ResponseSchema):
    """How many leads came so far."""

    step = fields.String(
        metadata=doc("`came`, `conversed` (opened a conversation), `contacted`, `qualified`, `converted`.", "conversed")
    )
    leads = count("Leads that came so far or further.", 20)
    share = share("Share of all that came", 0.7143)


class LeadSourceResponse(ResponseSchema):
    """Leads of one source."""

    source = fields.String(metadata=doc("Where they came from.", "widget"))
    leads = count("Leads.", 28)
    conversed = count("Those who opened a conversation.", 20)
    converted = count("Those who are converted now.", 3)
    conversion_rate = share("Share of the converted", 0.1071)


class AgentLeadsResponse(ResponseSchema):
    """Leads of one agent."""

    agent_id = identifier("The agent; null: they met none.", allow_none=True)
    name = fields.String(allow_none=True, metadata=doc("Its name.", "Ronda"))
    leads = count("Leads.", 28)
    conversed = count("Those who opened a conversation.", 20)


class LeadDayResponse(ResponseSchema):
    """Leads of one day."""

    date = fields.Date(metadata=doc("The day.", "2026-11-21"))
    leads = count("Leads that came.", 3)
    conversed = count("Those who opened a conversation.", 2)
    converted = count("Those who are converted now.", 1)


class LeadAnalyticsResponse(ResponseSchema):
    """Leads that came in the period, as they are now."""

    period = period()
    total = count("All leads that there are now.", 280)
    new = count("Those that came in the period.", 28)
    previous_new = count("Those of the period of the same length before.", 25)
    conversion_rate = share("Share of the converted", 0.1071)
    by_status = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata=doc("By their present status.", {"new": 20})
    )
    funnel = _list(FunnelStepResponse, "From coming to being converted.")
    sources = _list(LeadSourceResponse, "By source, the one with most leads first.")
    agents = _list(AgentLeadsResponse, "By agent, the one with most leads first.")
    daily = _list(LeadDayResponse, "Day by day of the caller's zone, in order.")


class ActivityResponse(ResponseSchema):
    """What agents did."""

    conversations = count("Conversations that began.")
    visitor_messages = count("Messages of visitors.")
    agent_messages = count("Messages of agents.")
    turns = count("Questions that asked for an answer.")
    answered = count("Answered from the documents.")
    refused = count("Without an answer.")
    small_talk = count("Greetings and the like.")
    failed = count("Failed.")
    models = _list(CostResponse, "Calls to models, by currency.")


class AgentUsageResponse(ActivityResponse):
    """What one agent did."""

    agent_id = identifier("The agent.")
    name = fields.String(metadata=doc("Its name.", "Ronda"))
    deleted = fields.Boolean(metadata=doc("Whether it is deleted by now.", False))


class CallerUsageResponse(ApiCallCountsResponse):
    """Calls of one kind of caller."""

    caller_kind = fields.String(metadata=doc("`api_key`, `user` or `lead`.", "api_key"))


class UsageDayResponse(ActivityResponse, ApiCallCountsResponse):
    """What was used in one day."""

    date = fields.Date(metadata=doc("The day.", "2026-11-21"))


class StorageResponse(ResponseSchema):
    """What is kept, now."""

    documents = count("Documents.", 9)
    chunks = count("Passages.", 412)
    bytes = count("Size of the files.", 1_204_224)


class UsageAnalyticsResponse(ActivityResponse):
    """What a company uses."""

    period = period()
    api = fields.Nested(ApiCallCountsResponse, metadata={"description": "Calls of the API."})
    by_caller = _list(CallerUsageResponse, "The same by kind of caller.")
    models_by_name = _list(ModelCostResponse, "Calls by model, the dearest first.")
    agents = _list(AgentUsageResponse, "By agent, the one with most questions first.")
    storage = fields.Nested(StorageResponse, metadata={"description": "What is kept, now."})
    daily = _list(UsageDayResponse, "Day by day of the caller's zone, in order.")


class ExportAnalyticsRequest(StrictSchema):
    """What is to be exported, and how."""

    type = fields.Enum(
        ExportType, by_value=True, required=True, metadata=doc("What: a row each; of `usage` a row a day.", "leads")
    )
    format = fields.Enum(ExportFormat, by_value=True, required=True, metadata=doc("How.", "csv"))
    start_date = start_date()
    end_date = end_date()
    timezone = time_zone()


class QueuedMetricsResponse(ResponseSchema):
    """A collection of metrics that is on its way."""

    status = fields.String(metadata=doc("Always `queued`.", "queued"))
    poll_url = fields.String(metadata=doc("Where admins read it, some seconds later.", "/v1/admin/system-metric"))
