"""The next due delivery of a webhook is the first of its index, however many wait; those under way have one, too."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_NAME, _TABLE = "ix_webhook_deliveries_due", "webhook_deliveries"
_UNFINISHED = sa.text("status IN ('pending', 'sending')")


def upgrade() -> None:
    op.drop_index(_NAME, table_name=_TABLE)
    op.create_index(_NAME, _TABLE, ["webhook_id", "due_at", "position"], postgresql_where=_UNFINISHED)
    op.create_index(
        "ix_webhook_deliveries_sending", _TABLE, ["webhook_id"], postgresql_where=sa.text("status = 'sending'")
    )


def downgrade() -> None:
    op.drop_index("ix_webhook_deliveries_sending", table_name=_TABLE)
    op.drop_index(_NAME, table_name=_TABLE)
    op.create_index(_NAME, _TABLE, ["webhook_id", "due_at"], postgresql_where=_UNFINISHED)
