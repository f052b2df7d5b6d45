"""Names of customers' tables and columns, as they stand in statements of ours."""

from app.textsql.schema import Dialect


def quoted(name: str, dialect: Dialect | None) -> str:
    """A name in quotes, whatever is in it."""
    mark = "`" if dialect is Dialect.MYSQL else '"'
    return f"{mark}{name.replace(mark, mark * 2)}{mark}"


def place(schema: str | None, name: str, dialect: Dialect | None) -> str:
    """A table's name with its schema, quoted."""
    return f"{quoted(schema, dialect)}.{quoted(name, dialect)}" if schema else quoted(name, dialect)
