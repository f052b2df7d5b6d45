"""Deliveries know the type of their event, and their log is paged and counted by indexes alone, however long it is."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLE = "webhook_deliveries"
_LOG = ["company_id", "webhook_id"]


def upgrade() -> None:
    op.add_column(_TABLE, sa.Column("event_type", sa.String(), nullable=True))
    op.execute(f"UPDATE {_TABLE} d SET event_type = e.type FROM webhook_events e WHERE e.id = d.event_id")
    op.alter_column(_TABLE, "event_type", nullable=False)
    op.drop_index("ix_webhook_deliveries_webhook_id_id", table_name=_TABLE)
    op.create_index("ix_webhook_deliveries_log", _TABLE, [*_LOG, "id"])
    op.create_index("ix_webhook_deliveries_log_status", _TABLE, [*_LOG, "status", "id"])
    op.create_index("ix_webhook_deliveries_log_event_type", _TABLE, [*_LOG, "event_type", "id"])


def downgrade() -> None:
    op.drop_index("ix_webhook_deliveries_log_event_type", table_name=_TABLE)
    op.drop_index("ix_webhook_deliveries_log_status", table_name=_TABLE)
    op.drop_index("ix_webhook_deliveries_log", table_name=_TABLE)
    op.create_index("ix_webhook_deliveries_webhook_id_id", _TABLE, ["webhook_id", "id"])
    op.drop_column(_TABLE, "event_type")
