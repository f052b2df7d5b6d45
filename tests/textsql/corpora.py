"""The legitimate statements: one a line; a line that begins with no SELECT goes on with the one above."""

from pathlib import Path

from app.textsql.schema import Dialect

_FOLDER = Path(__file__).resolve().parent / "corpus"


def legitimate(dialect: Dialect) -> list[str]:
    """All of a dialect, with those that every dialect runs."""
    found: list[str] = []
    for name in ("common", dialect.value):
        for line in (_FOLDER / f"legitimate_{name}.sql").read_text().splitlines():
            if line.upper().startswith(("SELECT", "WITH", "(")):
                found.append(line)
            else:
                found[-1] += f"\n{line}"
    return found
