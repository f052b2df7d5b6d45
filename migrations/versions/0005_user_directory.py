"""Administering users: an index for the directory of a company, deleted users included."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_users_company_id_created_at", "users", ["company_id", "created_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_users_company_id_created_at", table_name="users")
