"""Reading rows of customers' tables, piece by piece."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection


def read(connection: Connection, statement: str, *, most: int, piece: int = 200) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows of a statement of ours, `most` at most. Closing the iterator ends the statement."""
    # Without parameters, or drivers would take `%Y` for one.
    result = connection.execution_options(no_parameters=True).exec_driver_sql(statement)
    try:
        while most > 0 and (rows := result.fetchmany(min(piece, most))):
            most -= len(rows)
            yield rows
    finally:
        result.close()
