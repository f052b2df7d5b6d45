"""Deletions of companies as work that workers do in pieces."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ENTERED = "(SELECT nullif(current_setting('app.company_id', true), '')::uuid)"
_ACROSS = "(SELECT current_setting('app.across_companies', true) = 'on')"


def upgrade() -> None:
    op.create_table(
        "company_deletions",
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("cascades", sa.Boolean(), nullable=False),
        sa.Column("done", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=True),
        sa.Column("at_table", sa.String(), server_default="", nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('deleting', 'deleted', 'restoring', 'restored')",
            name=op.f("ck_company_deletions_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_company_deletions_company_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_deletions")),
    )
    op.create_index("ix_company_deletions_company_id_created_at", "company_deletions", ["company_id", "created_at"])
    op.create_index(
        "ix_company_deletions_due",
        "company_deletions",
        ["due_at"],
        postgresql_where=sa.text("status IN ('deleting', 'restoring')"),
    )
    op.execute("ALTER TABLE company_deletions ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY company_wall ON company_deletions USING (company_id = {_ENTERED} OR {_ACROSS})")


def downgrade() -> None:
    op.drop_table("company_deletions")
