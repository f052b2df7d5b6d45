"""Whether the database answers, and at which migration it stands."""

from sqlalchemy import text

from app.core.transaction import session


def migration() -> str | None:
    """The Alembic revision of the database; None before the first migration."""
    row = session().execute(text("SELECT version_num FROM alembic_version")).first()
    return row.version_num if row else None


def runtime_role_is_bound() -> bool:
    """Whether row-level security binds the role that we are connected as."""
    row = (
        session()
        .execute(
            text(
                "SELECT NOT (r.rolsuper OR r.rolbypassrls) AND NOT EXISTS ("
                "  SELECT 1 FROM pg_class c"
                "  WHERE c.oid = to_regclass('users') AND pg_has_role(c.relowner, 'MEMBER')"
                ") AS bound FROM pg_roles r WHERE r.rolname = current_user"
            )
        )
        .one()
    )
    return bool(row.bound)
