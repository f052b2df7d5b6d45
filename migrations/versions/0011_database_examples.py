"""Approved questions with their SQL."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ENTERED = "(SELECT nullif(current_setting('app.company_id', true), '')::uuid)"
_ACROSS = "(SELECT current_setting('app.across_companies', true) = 'on')"


def upgrade() -> None:
    op.create_table(
        "database_examples",
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("sql", sa.Text(), nullable=False),
        sa.Column("tables", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_database_examples_{column}"), ondelete=then)
            for column, target, then in (
                ("company_id", "companies.id", "CASCADE"),
                ("connection_id", "database_connections.id", "CASCADE"),
                ("created_by", "users.id", "SET NULL"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_database_examples")),
    )
    op.create_index("ix_database_examples_connection_id", "database_examples", ["connection_id"])
    op.execute("ALTER TABLE database_examples ENABLE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY company_wall ON database_examples USING (company_id = {_ENTERED} OR {_ACROSS})")


def downgrade() -> None:
    op.drop_table("database_examples")
