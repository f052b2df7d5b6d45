"""Webhooks are told once of each API key that expires."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_keys", sa.Column("expiry_told_at", sa.DateTime(timezone=True), nullable=True))
    # Those that expired before anybody could listen are no news.
    op.execute("UPDATE api_keys SET expiry_told_at = expires_at WHERE expires_at <= now()")
    op.create_index(
        "ix_api_keys_expiring",
        "api_keys",
        ["expires_at"],
        postgresql_where=sa.text("expires_at IS NOT NULL AND revoked_at IS NULL AND expiry_told_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_api_keys_expiring", table_name="api_keys")
    op.drop_column("api_keys", "expiry_told_at")
