"""What rollups are counted from: for each table the SELECT over the raw rows that gives its rows.

The same SELECT keeps the table up, rebuilds it, and stands in for it at the edges of a window (app.repositories.facts),
so the two can't tell different figures; its columns have the types of the table's, or Postgres would read both in full
before it filters. Each reads the raw rows of `:company` in `ranges (lo, hi)`.
"""

from dataclasses import dataclass
from uuid import UUID

from app.models.rollup_mark import Family, Span
from app.repositories.histograms import bin_of

# Stands for no key and for no agent in primary keys, where null can't be.
NOBODY_ID = UUID(int=0)
NOBODY = f"'{NOBODY_ID}'::uuid"
_BUCKET = {
    Span.QUARTER: "date_bin('15 minutes', {}, TIMESTAMPTZ '2000-01-01 00:00+00')",
    Span.DAY: "date_trunc('day', {}, 'UTC')",
}


@dataclass(frozen=True)
class Rollup:
    """A table of counts. `select` gives its rows: the company, then `key`, then `measures`."""

    table: str
    family: Family
    span: Span
    key: tuple[str, ...]
    measures: tuple[str, ...]
    select: str
    # The same before it is grouped, for those who add the rows up themselves.
    ungrouped: str | None = None

    @property
    def columns(self) -> str:
        """The columns as `select` gives them."""
        return ", ".join(("company_id", *self.key, *self.measures))


# What the SELECTs begin with.
RANGES = "WITH ranges AS (SELECT * FROM unnest(CAST(:los AS timestamptz[]), CAST(:his AS timestamptz[])) AS r (lo, hi))"


def _within(table: str) -> str:
    """The rows of the time first, by the index of company and time (OFFSET 0 is a fence). Postgres, which can't tell
    how long the ranges are, would read the whole table otherwise; or, asked for one agent, all that it ever said."""
    return (
        f"FROM ranges JOIN LATERAL (SELECT * FROM {table} t WHERE t.company_id = :company AND t.created_at >= ranges.lo"
        " AND t.created_at < ranges.hi OFFSET 0) AS r ON true"
    )


def _grouped(key: tuple[str, ...]) -> str:
    return "GROUP BY " + ", ".join(str(place) for place in range(1, len(key) + 2))


_QUARTER = _BUCKET[Span.QUARTER].format("r.created_at")
_DAY = _BUCKET[Span.DAY].format("r.created_at")
_DURATION_US = "round(r.duration_ms * 1000)::bigint"

_CALLS_KEY = ("at", "caller_kind", "api_key_id", "category")
# Minute by minute first, for the busiest one.
CALLS = Rollup(
    "call_rollups",
    Family.CALLS,
    Span.QUARTER,
    _CALLS_KEY,
    ("requests", "client_errors", "server_errors", "rate_limited", "duration_us", "peak_minute"),
    f"""
    SELECT company_id, at, caller_kind, api_key_id, category, sum(requests)::bigint, sum(client_errors)::bigint,
        sum(server_errors)::bigint, sum(rate_limited)::bigint, sum(duration_us)::bigint, max(requests)
    FROM (
        SELECT r.company_id, {_QUARTER} AS at, r.caller_kind, coalesce(r.api_key_id, {NOBODY}) AS api_key_id,
            r.category, count(*) AS requests,
            count(*) FILTER (WHERE r.status BETWEEN 400 AND 499) AS client_errors,
            count(*) FILTER (WHERE r.status >= 500) AS server_errors,
            count(*) FILTER (WHERE r.status = 429) AS rate_limited,
            sum({_DURATION_US})::bigint AS duration_us
        {_within("api_requests")}
        GROUP BY 1, 2, 3, 4, 5, date_trunc('minute', r.created_at, 'UTC')
    ) AS minutes
    {_grouped(_CALLS_KEY)}
    """,
)

_ENDPOINT_ROW = f"""
    SELECT r.company_id, {_DAY} AS at, coalesce(r.api_key_id, {NOBODY}) AS api_key_id, r.method, r.endpoint, r.status,
        coalesce(r.error_code, '') AS error_code, r.category, coalesce(r.scope, '') AS scope,
        coalesce(r.resource, '') AS resource"""
_ENDPOINTS_KEY = ("at", "api_key_id", "method", "endpoint", "status", "error_code", "category", "scope", "resource")
ENDPOINTS = Rollup(
    "endpoint_rollups",
    Family.CALLS,
    Span.DAY,
    _ENDPOINTS_KEY,
    ("requests", "duration_us"),
    f"""
    {_ENDPOINT_ROW}, count(*) AS requests, sum({_DURATION_US})::bigint AS duration_us
    {_within("api_requests")}
    {_grouped(_ENDPOINTS_KEY)}
    """,
    f"{_ENDPOINT_ROW}, 1::bigint AS requests, {_DURATION_US} AS duration_us {_within('api_requests')}",
)

_CALL_TIMING_ROW = f"""
    SELECT r.company_id, s.subject::varchar AS subject, {_DAY} AS at, s.name::varchar AS name,
        {bin_of("r.duration_ms")} AS bin"""
_CALL_TIMING_ROWS = f"""
    {_within("api_requests")}
    CROSS JOIN LATERAL (VALUES
        ('key', coalesce(r.api_key_id, {NOBODY})::text), ('endpoint', r.method || ' ' || r.endpoint)
    ) AS s (subject, name)"""
_CALL_TIMINGS_KEY = ("subject", "at", "name", "bin")
CALL_TIMINGS = Rollup(
    "call_timings",
    Family.CALLS,
    Span.DAY,
    _CALL_TIMINGS_KEY,
    ("times",),
    f"{_CALL_TIMING_ROW}, count(*) AS times {_CALL_TIMING_ROWS} {_grouped(_CALL_TIMINGS_KEY)}",
    f"{_CALL_TIMING_ROW}, 1::bigint AS times {_CALL_TIMING_ROWS}",
)

_AGENT_MEASURES = {
    "conversations": "1",
    "visitor_messages": "(r.role = 'user')::int",
    "agent_messages": "(r.role = 'assistant')::int",
    "handovers_offered": "(r.role = 'assistant' AND r.metadata @> '{\"handover_offered\": true}')::int",
    "feedback_up": "coalesce(r.feedback_rating = 'up', false)::int",
    "feedback_down": "coalesce(r.feedback_rating = 'down', false)::int",
    "turns": "1",
    "answered": "coalesce(r.status = 'completed' AND r.outcome = 'answered', false)::int",
    "refused": "coalesce(r.status = 'completed' AND r.outcome = 'refused', false)::int",
    "small_talk": "coalesce(r.status = 'completed' AND r.outcome = 'small_talk', false)::int",
    "failed": "(r.status = 'failed')::int",
    "response_ms": "CASE WHEN r.status = 'completed' THEN"
    " coalesce(round(extract(epoch FROM r.finished_at - r.created_at) * 1000), 0)::bigint ELSE 0 END",
    "unanswered": "1",
    "unanswered_open": "(r.resolved_at IS NULL)::int",
}


def _counting(names: tuple[str, ...], source: str, agent: str = "r.agent_id") -> str:
    """One raw table's part of what agents did: its own measures, and 0 for all others."""
    values = (value if name in names else "0" for name, value in _AGENT_MEASURES.items())
    return f"SELECT r.company_id, {_QUARTER}, {agent}, {', '.join(values)} {source}"


# Messages are deleted and restored with their conversation; whose agent that is never changes.
_MESSAGES = (
    f"{_within('messages')} JOIN conversations c ON c.company_id = :company AND c.id = r.conversation_id"
    " WHERE r.deleted_at IS NULL"
)
_AGENTS_KEY = ("at", "agent_id")
AGENTS = Rollup(
    "agent_rollups",
    Family.ANSWERS,
    Span.QUARTER,
    _AGENTS_KEY,
    tuple(_AGENT_MEASURES),
    f"""
    SELECT company_id, at, agent_id, {", ".join(f"sum({name})::bigint AS {name}" for name in _AGENT_MEASURES)}
    FROM (
        {_counting(("conversations",), f"{_within('conversations')} WHERE r.deleted_at IS NULL")}
        UNION ALL {
        _counting(
            ("visitor_messages", "agent_messages", "handovers_offered", "feedback_up", "feedback_down"),
            _MESSAGES,
            "c.agent_id",
        )
    }
        UNION ALL {_counting(("turns", "answered", "refused", "small_talk", "failed", "response_ms"), _within("turns"))}
        UNION ALL {_counting(("unanswered", "unanswered_open"), _within("unanswered_questions"))}
    ) AS counted (company_id, at, agent_id, {", ".join(_AGENT_MEASURES)})
    {_grouped(_AGENTS_KEY)}
    """,
)

_COSTS_KEY = ("at", "agent_id", "provider", "model", "kind", "currency")
COSTS = Rollup(
    "cost_rollups",
    Family.ANSWERS,
    Span.QUARTER,
    _COSTS_KEY,
    ("calls", "failed", "input_tokens", "output_tokens", "cost"),
    f"""
    SELECT r.company_id, {_QUARTER} AS at, coalesce(r.agent_id, {NOBODY}) AS agent_id, r.provider, r.model, r.kind,
        r.currency, count(*) AS calls, count(*) FILTER (WHERE r.outcome <> 'ok') AS failed,
        sum(r.input_tokens)::bigint AS input_tokens, sum(r.output_tokens)::bigint AS output_tokens, sum(r.cost) AS cost
    {_within("model_calls")}
    {_grouped(_COSTS_KEY)}
    """,
)

_LEADS_KEY = ("at", "source", "agent_id", "status")
LEADS = Rollup(
    "lead_rollups",
    Family.LEADS,
    Span.QUARTER,
    _LEADS_KEY,
    ("leads", "conversed"),
    f"""
    SELECT r.company_id, {_QUARTER} AS at, coalesce(r.source, 'unknown') AS source,
        coalesce(r.agent_id, {NOBODY}) AS agent_id, r.status, count(*) AS leads,
        count(*) FILTER (WHERE EXISTS (SELECT FROM conversations c WHERE c.company_id = :company AND c.lead_id = r.id
            AND c.deleted_at IS NULL)) AS conversed
    {_within("leads")}
    WHERE r.deleted_at IS NULL
    {_grouped(_LEADS_KEY)}
    """,
)

_ANSWER_TIMINGS_KEY = ("at", "agent_id", "measure", "bin")
ANSWER_TIMINGS = Rollup(
    "answer_timings",
    Family.ANSWERS,
    Span.DAY,
    _ANSWER_TIMINGS_KEY,
    ("times",),
    f"""
    SELECT r.company_id, {_DAY} AS at, r.agent_id, m.measure::varchar AS measure,
        {bin_of("extract(epoch FROM m.reached_at - r.created_at) * 1000")} AS bin, count(*) AS times
    {_within("turns")}
    CROSS JOIN LATERAL (VALUES
        ('queued', r.started_at), ('first_token', r.first_delta_at), ('response', r.finished_at)
    ) AS m (measure, reached_at)
    WHERE r.status = 'completed' AND m.reached_at IS NOT NULL
    {_grouped(_ANSWER_TIMINGS_KEY)}
    """,
)

_CITATIONS_KEY = ("agent_id", "at", "document_id")
CITATIONS = Rollup(
    "citation_rollups",
    Family.ANSWERS,
    Span.DAY,
    _CITATIONS_KEY,
    ("answers",),
    f"""
    SELECT r.company_id, c.agent_id, {_DAY} AS at, cited.document_id, count(*) AS answers
    {_within("messages")}
    JOIN conversations c ON c.company_id = :company AND c.id = r.conversation_id
    CROSS JOIN LATERAL (
        SELECT DISTINCT (each ->> 'document_id')::uuid AS document_id FROM jsonb_array_elements(r.citations) AS each
    ) AS cited
    WHERE r.role = 'assistant' AND r.deleted_at IS NULL AND cited.document_id IS NOT NULL
    {_grouped(_CITATIONS_KEY)}
    """,
)

# Case, spaces and punctuation are nothing; letters stay as they are, whatever the database's locale knows of them.
_FOLDED = r"btrim(regexp_replace(lower(r.content), '[\s!-/:-@\[-`{-~¿¡«»…？。！，、]+', ' ', 'g'))"
_QUESTIONS_KEY = ("agent_id", "at", "hash")
QUESTIONS = Rollup(
    "question_rollups",
    Family.ANSWERS,
    Span.DAY,
    _QUESTIONS_KEY,
    ("times", "example_id"),
    f"""
    SELECT r.company_id, c.agent_id, {_DAY} AS at, hashtextextended({_FOLDED}, 0) AS hash, count(*) AS times,
        min(r.id::text)::uuid AS example_id
    {_within("messages")}
    JOIN conversations c ON c.company_id = :company AND c.id = r.conversation_id
    WHERE r.role = 'user' AND r.deleted_at IS NULL
    {_grouped(_QUESTIONS_KEY)}
    """,
)

ROLLUPS = (CALLS, ENDPOINTS, CALL_TIMINGS, AGENTS, COSTS, LEADS, ANSWER_TIMINGS, CITATIONS, QUESTIONS)
