"""Every encrypted column of every table, found by its type."""

from sqlalchemy import Table, Text, select, type_coerce, update

from app.core.crypto import keyring
from app.core.transaction import session
from app.models.base import Base, EncryptedText

_BATCH = 500


def tables_across_companies() -> dict[str, Table]:
    """Tables with at least one encrypted column, by name."""
    return {
        name: table
        for name, table in Base.metadata.tables.items()
        if any(isinstance(column.type, EncryptedText) for column in table.c)
    }


def reencrypt_batch_across_companies(table: Table, after: object) -> tuple[int, object]:
    """Encrypts the next rows (by id, after `after`) anew; returns how many and the last id, None at the end."""
    columns = [column for column in table.c if isinstance(column.type, EncryptedText)]
    stored = [type_coerce(column, Text).label(column.name) for column in columns]
    statement = select(table.c.id, *stored).order_by(table.c.id).limit(_BATCH)
    rows = session().execute(statement if after is None else statement.where(table.c.id > after)).all()
    for row in rows:
        fresh = {
            column: type_coerce(keyring().reencrypt(value), Text)
            for column in columns
            if (value := getattr(row, column.name)) is not None
        }
        if fresh:
            session().execute(update(table).where(table.c.id == row.id).values(fresh))
    return len(rows), rows[-1].id if rows else None
