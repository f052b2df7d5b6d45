"""Rollups: what analytics read, the marks that keep them true, and the triggers that write the marks; system metrics.

Triggers and not the writers themselves: whoever changes a row, in whatever way, marks it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_ENTERED = "(SELECT nullif(current_setting('app.company_id', true), '')::uuid)"
_ACROSS = "(SELECT current_setting('app.across_companies', true) = 'on')"
_PLATFORM = "'00000000-0000-0000-0000-000000000000'::uuid"
_QUARTER = "date_bin('15 minutes', {}, TIMESTAMPTZ '2000-01-01 00:00+00')"
_MOMENT = sa.DateTime(timezone=True)
_MEASURE = sa.BigInteger

# By table: the columns of its key behind the company, and what is counted.
_ROLLUPS: dict[str, tuple[tuple[sa.Column, ...], tuple[str, ...]]] = {}


def _keyed(*columns: tuple[str, type]) -> tuple[sa.Column, ...]:
    return tuple(sa.Column(name, kind(), nullable=False) for name, kind in columns)


_ROLLUPS["call_rollups"] = (
    (
        sa.Column("at", _MOMENT, nullable=False),
        *_keyed(("caller_kind", sa.String), ("api_key_id", sa.Uuid), ("category", sa.String)),
    ),
    ("requests", "client_errors", "server_errors", "rate_limited", "duration_us", "peak_minute"),
)
_ROLLUPS["endpoint_rollups"] = (
    (
        sa.Column("at", _MOMENT, nullable=False),
        *_keyed(
            ("api_key_id", sa.Uuid),
            ("method", sa.String),
            ("endpoint", sa.String),
            ("status", sa.Integer),
            ("error_code", sa.String),
            ("category", sa.String),
            ("scope", sa.String),
            ("resource", sa.String),
        ),
    ),
    ("requests", "duration_us"),
)
_ROLLUPS["call_timings"] = (
    (
        *_keyed(("subject", sa.String)),
        sa.Column("at", _MOMENT, nullable=False),
        *_keyed(("name", sa.String), ("bin", sa.Integer)),
    ),
    ("times",),
)
_ROLLUPS["agent_rollups"] = (
    (sa.Column("at", _MOMENT, nullable=False), *_keyed(("agent_id", sa.Uuid))),
    (
        "conversations",
        "visitor_messages",
        "agent_messages",
        "handovers_offered",
        "feedback_up",
        "feedback_down",
        "turns",
        "answered",
        "refused",
        "small_talk",
        "failed",
        "response_ms",
        "unanswered",
        "unanswered_open",
    ),
)
_ROLLUPS["cost_rollups"] = (
    (
        sa.Column("at", _MOMENT, nullable=False),
        *_keyed(
            ("agent_id", sa.Uuid),
            ("provider", sa.String),
            ("model", sa.String),
            ("kind", sa.String),
            ("currency", sa.String),
        ),
    ),
    ("calls", "failed", "input_tokens", "output_tokens"),
)
_ROLLUPS["lead_rollups"] = (
    (
        sa.Column("at", _MOMENT, nullable=False),
        *_keyed(("source", sa.String), ("agent_id", sa.Uuid), ("status", sa.String)),
    ),
    ("leads", "conversed"),
)
_ROLLUPS["answer_timings"] = (
    (
        sa.Column("at", _MOMENT, nullable=False),
        *_keyed(("agent_id", sa.Uuid), ("measure", sa.String), ("bin", sa.Integer)),
    ),
    ("times",),
)
_ROLLUPS["citation_rollups"] = (
    (
        *_keyed(("agent_id", sa.Uuid)),
        sa.Column("at", _MOMENT, nullable=False),
        *_keyed(("document_id", sa.Uuid)),
    ),
    ("answers",),
)
_ROLLUPS["question_rollups"] = (
    (
        *_keyed(("agent_id", sa.Uuid)),
        sa.Column("at", _MOMENT, nullable=False),
        *_keyed(("hash", sa.BigInteger)),
    ),
    ("times",),
)
_EXTRA = {
    "cost_rollups": sa.Column("cost", sa.Numeric(20, 8), nullable=False),
    "question_rollups": sa.Column("example_id", sa.Uuid(), nullable=False),
}
_CHECKS = {
    "call_timings": sa.CheckConstraint("subject IN ('key', 'endpoint')", name="subject_known"),
    "answer_timings": sa.CheckConstraint("measure IN ('queued', 'first_token', 'response')", name="measure_known"),
}

# Whose rows are counted together, and the columns that a figure depends on.
_FAMILIES = {
    "api_requests": ("calls", ""),
    "conversations": ("answers", "agent_id, created_at, deleted_at"),
    "messages": (
        "answers",
        "conversation_id, role, content, citations, metadata, feedback_rating, created_at, deleted_at",
    ),
    "turns": ("answers", "agent_id, status, outcome, created_at, started_at, first_delta_at, finished_at"),
    "model_calls": (
        "answers",
        "agent_id, provider, model, kind, outcome, currency, input_tokens, output_tokens, cost, created_at",
    ),
    "unanswered_questions": ("answers", "agent_id, resolved_at, created_at"),
    "leads": ("leads", "source, agent_id, status, created_at, deleted_at"),
}
# A turn that a worker takes or gives back changes no figure.
_SETTLED = "(OLD.status IN ('completed', 'failed') OR NEW.status IN ('completed', 'failed')) AND "
_FUNCTIONS = f"""
CREATE FUNCTION frontdesk_mark_rows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rollup_marks (company_id, family, span, at)
    SELECT DISTINCT company_id, TG_ARGV[0], 'quarter', {_QUARTER.format("created_at")}
    FROM changed WHERE company_id IS NOT NULL;
    RETURN NULL;
END $$;
CREATE FUNCTION frontdesk_mark_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rollup_marks (company_id, family, span, at)
    SELECT DISTINCT company_id, TG_ARGV[0], 'quarter', {_QUARTER.format("created_at")}
    FROM (VALUES (OLD.company_id, OLD.created_at), (NEW.company_id, NEW.created_at)) AS both_rows
        (company_id, created_at)
    WHERE company_id IS NOT NULL;
    RETURN NULL;
END $$;
-- Leads are counted by whether they opened a conversation, too.
CREATE FUNCTION frontdesk_mark_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rollup_marks (company_id, family, span, at)
    SELECT DISTINCT l.company_id, 'leads', 'quarter', {_QUARTER.format("l.created_at")}
    FROM changed c JOIN leads l ON l.company_id = c.company_id AND l.id = c.lead_id;
    RETURN NULL;
END $$;
CREATE FUNCTION frontdesk_mark_lead() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO rollup_marks (company_id, family, span, at)
    SELECT DISTINCT l.company_id, 'leads', 'quarter', {_QUARTER.format("l.created_at")}
    FROM leads l WHERE l.company_id = NEW.company_id AND l.id IN (OLD.lead_id, NEW.lead_id);
    RETURN NULL;
END $$;
"""


def upgrade() -> None:
    op.add_column("api_requests", sa.Column("scope", sa.String(), nullable=True))
    op.add_column("api_requests", sa.Column("resource", sa.String(), nullable=True))
    _create_marks()
    for table in _ROLLUPS:
        _create_rollup(table)
    op.create_index("ix_call_rollups_api_key_id_at", "call_rollups", ["company_id", "api_key_id", "at"])
    _create_metrics()
    op.execute(_FUNCTIONS)
    for table, (family, columns) in _FAMILIES.items():
        _watch(table, family, columns)
    _watch_leads()
    # What is there already is counted by the worker's first run.
    for table, (family, _) in _FAMILIES.items():
        op.execute(
            "INSERT INTO rollup_marks (company_id, family, span, at) "
            f"SELECT DISTINCT company_id, '{family}', 'quarter', {_QUARTER.format('created_at')} "
            f"FROM {table} WHERE company_id IS NOT NULL"
        )


def _create_marks() -> None:
    op.create_table(
        "rollup_marks",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("family", sa.String(), nullable=False),
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.CheckConstraint("family IN ('calls', 'answers', 'leads')", name="family_known"),
        sa.CheckConstraint("span IN ('quarter', 'day')", name="span_known"),
        sa.PrimaryKeyConstraint("id", name="pk_rollup_marks"),
    )
    op.create_index("ix_rollup_marks_company_id", "rollup_marks", ["company_id", "span", "at"])
    _wall("rollup_marks", "company_id")


def _create_rollup(table: str) -> None:
    key, measures = _ROLLUPS[table]
    op.create_table(
        table,
        sa.Column("company_id", sa.Uuid(), nullable=False),
        *key,
        *(sa.Column(name, _MEASURE(), nullable=False) for name in measures),
        *([_EXTRA[table]] if table in _EXTRA else []),
        *([_CHECKS[table]] if table in _CHECKS else []),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=f"fk_{table}_company_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("company_id", *(column.name for column in key), name=f"pk_{table}"),
    )
    _wall(table, "company_id")


def _create_metrics() -> None:
    op.create_table(
        "system_metrics",
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("measured", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name="fk_system_metrics_company_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_system_metrics"),
    )
    op.create_index("ix_system_metrics_company_id_created_at", "system_metrics", ["company_id", "created_at"])
    op.create_index("ix_system_metrics_created_at", "system_metrics", ["created_at"])
    _wall("system_metrics", f"coalesce(company_id, {_PLATFORM})")


def _wall(table: str, company: str) -> None:
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY company_wall ON {table} USING ({company} = {_ENTERED} OR {_ACROSS})")


def _watch(table: str, family: str, columns: str) -> None:
    for event, rows in (("INSERT", "NEW"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER mark_{event.lower()}s AFTER {event} ON {table} REFERENCING {rows} TABLE AS changed "
            f"FOR EACH STATEMENT EXECUTE FUNCTION frontdesk_mark_rows('{family}')"
        )
    if not columns:  # usage records never change
        return
    before, after = (f"({', '.join(f'{row}.{name}' for name in columns.split(', '))})" for row in ("OLD", "NEW"))
    settled = _SETTLED if table == "turns" else ""
    op.execute(
        f"CREATE TRIGGER mark_changes AFTER UPDATE OF {columns} ON {table} FOR EACH ROW "
        f"WHEN ({settled}{before} IS DISTINCT FROM {after}) EXECUTE FUNCTION frontdesk_mark_change('{family}')"
    )


def _watch_leads() -> None:
    for event, rows in (("INSERT", "NEW"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER mark_leads_of_{event.lower()}s AFTER {event} ON conversations "
            f"REFERENCING {rows} TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION frontdesk_mark_leads()"
        )
    op.execute(
        "CREATE TRIGGER mark_leads_of_changes AFTER UPDATE OF lead_id, deleted_at ON conversations FOR EACH ROW "
        "WHEN ((OLD.lead_id, OLD.deleted_at) IS DISTINCT FROM (NEW.lead_id, NEW.deleted_at)) "
        "EXECUTE FUNCTION frontdesk_mark_lead()"
    )


def downgrade() -> None:
    for table in _FAMILIES:
        for trigger in ("inserts", "deletes", "changes"):
            op.execute(f"DROP TRIGGER IF EXISTS mark_{trigger} ON {table}")
    for trigger in ("inserts", "deletes", "changes"):
        op.execute(f"DROP TRIGGER mark_leads_of_{trigger} ON conversations")
    for function in ("rows", "change", "leads", "lead"):
        op.execute(f"DROP FUNCTION frontdesk_mark_{function}()")
    for table in ("system_metrics", *_ROLLUPS, "rollup_marks"):
        op.drop_table(table)
    for column in ("resource", "scope"):
        op.drop_column("api_requests", column)
