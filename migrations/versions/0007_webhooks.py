"""Webhooks, the outbox of their events, and deliveries; mails that are notices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CHILDREN_FIRST = ("webhook_deliveries", "webhook_events", "webhooks")
_ENTERED = "(SELECT nullif(current_setting('app.company_id', true), '')::uuid)"
_ACROSS = "(SELECT current_setting('app.across_companies', true) = 'on')"
_UNFINISHED = sa.text("status IN ('pending', 'sending')")


def upgrade() -> None:
    _create_webhooks()
    _create_events()
    _create_deliveries()
    for table in _CHILDREN_FIRST:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY company_wall ON {table} USING (company_id = {_ENTERED} OR {_ACROSS})")
    op.add_column("mails", sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def downgrade() -> None:
    op.drop_column("mails", "details")
    for table in _CHILDREN_FIRST:
        op.drop_table(table)


def _create_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("event_types", postgresql.ARRAY(sa.String()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("status", sa.String(), server_default="active", nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("previous_secret", sa.Text(), nullable=True),
        sa.Column("previous_secret_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        *_identity(),
        *_stamps(),
        sa.CheckConstraint(
            "status IN ('active', 'disabled', 'switched_off', 'gone')", name=op.f("ck_webhooks_status_known")
        ),
        sa.ForeignKeyConstraint(["created_by"], ["users.id"], name=op.f("fk_webhooks_created_by"), ondelete="SET NULL"),
        _company("webhooks"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    op.create_index("ix_webhooks_company_id", "webhooks", ["company_id"])


def _create_events() -> None:
    op.create_table(
        "webhook_events",
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        *_identity(),
        _company("webhook_events"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
    )
    op.create_index("ix_webhook_events_occurred_at", "webhook_events", ["occurred_at"])


def _create_deliveries() -> None:
    table = "webhook_deliveries"
    op.create_table(
        table,
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("stream_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), server_default="pending", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("response_body", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.Column("error_code", sa.String(), nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("attempts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
        *_identity(),
        *_stamps(),
        sa.CheckConstraint(
            "status IN ('pending', 'sending', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["event_id"], ["webhook_events.id"], name=op.f("fk_webhook_deliveries_event_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_deliveries_webhook_id"), ondelete="CASCADE"
        ),
        _company(table),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index("uq_webhook_deliveries_event_id_webhook_id", table, ["event_id", "webhook_id"], unique=True)
    op.create_index("ix_webhook_deliveries_webhook_id_id", table, ["webhook_id", "id"])
    op.create_index("ix_webhook_deliveries_due", table, ["webhook_id", "due_at"], postgresql_where=_UNFINISHED)
    op.create_index(
        "ix_webhook_deliveries_stream", table, ["webhook_id", "stream_id", "position"], postgresql_where=_UNFINISHED
    )


def _identity() -> tuple[sa.Column[object], ...]:
    return sa.Column("id", sa.Uuid(), nullable=False), sa.Column("company_id", sa.Uuid(), nullable=False)


def _stamps() -> tuple[sa.Column[object], ...]:
    return tuple(
        sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False)
        for name in ("created_at", "updated_at")
    )


def _company(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_company_id")
    return sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=name, ondelete="CASCADE")
