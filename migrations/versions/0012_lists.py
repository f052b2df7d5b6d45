"""Indexes that tell the rows of a list's page without reading the rows before it."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# By name: the table, the columns behind the company, and which rows.
_INDEXES = {
    "ix_conversations_live": ("conversations", ["last_message_at", "id"], "deleted_at IS NULL"),
    "ix_conversations_deleted": ("conversations", ["deleted_at", "id"], "deleted_at IS NOT NULL"),
    "ix_leads_live": ("leads", ["created_at", "id"], "deleted_at IS NULL"),
    "ix_documents_live": ("documents", ["created_at", "id"], "deleted_at IS NULL"),
    "ix_messages_deleted": ("messages", ["deleted_at", "id"], "deleted_at IS NOT NULL"),
}


def upgrade() -> None:
    for name, (table, columns, rows) in _INDEXES.items():
        op.create_index(name, table, ["company_id", *columns], postgresql_where=sa.text(rows))


def downgrade() -> None:
    for name, (table, _, _) in _INDEXES.items():
        op.drop_index(name, table_name=table)
