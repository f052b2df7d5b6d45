"""Impersonations end with the session or the API key that they were begun with."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("user_sessions", sa.Column("begun_with", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_user_sessions_begun_with",
        "user_sessions",
        ["begun_with"],
        postgresql_where=sa.text("begun_with IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_user_sessions_begun_with", table_name="user_sessions")
    op.drop_column("user_sessions", "begun_with")
