"""Configuration that is kept in the database."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_PLATFORM = "'00000000-0000-0000-0000-000000000000'::uuid"
_ENTERED = "(SELECT nullif(current_setting('app.company_id', true), '')::uuid)"
_ACROSS = "(SELECT current_setting('app.across_companies', true) = 'on')"


def upgrade() -> None:
    op.create_table(
        "config_entries",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("is_sensitive", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("updated_by", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('string', 'int', 'float', 'bool', 'json')", name=op.f("ck_config_entries_kind_known")
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_config_entries_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_config_entries")),
    )
    op.create_index(
        "uq_config_entries_company_id_key",
        "config_entries",
        ["company_id", "key"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    whose = f"coalesce(company_id, {_PLATFORM})"
    op.execute("ALTER TABLE config_entries ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY company_wall ON config_entries USING ({whose} = {_ENTERED} OR {_ACROSS})")


def downgrade() -> None:
    op.drop_table("config_entries")
