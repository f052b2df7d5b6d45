"""The widget: its look and identity secrets on agents; consents, identities and pages on leads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "agents",
        sa.Column(
            "widget_config", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
    )
    op.add_column("agents", sa.Column("identity_secret", sa.Text(), nullable=True))
    op.add_column("agents", sa.Column("identity_secret_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("leads", sa.Column("external_id", sa.String(), nullable=True))
    op.add_column(
        "leads",
        sa.Column("consents", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    )
    op.add_column("leads", sa.Column("language", sa.String(), nullable=True))
    op.add_column("leads", sa.Column("page", sa.String(), nullable=True))
    op.alter_column("leads", "email", nullable=True)
    op.create_index(
        "uq_leads_company_id_agent_id_external_id",
        "leads",
        ["company_id", "agent_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL AND external_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("uq_leads_company_id_agent_id_external_id", table_name="leads")
    op.execute("UPDATE leads SET email = '' WHERE email IS NULL")
    op.alter_column("leads", "email", nullable=False)
    for column in ("page", "language", "consents", "external_id"):
        op.drop_column("leads", column)
    for column in ("identity_secret_at", "identity_secret", "widget_config"):
        op.drop_column("agents", column)
