"""The configuration table of the README, from the fields of `Settings`."""

import dataclasses
import sys
from pathlib import Path

from app.config import Settings, variable

_START, _END = "<!-- configuration: written by scripts/configuration-table -->", "<!-- /configuration -->"
_README = Path(__file__).resolve().parents[2] / "README.md"


def table() -> str:
    """One row per variable: name, default, meaning."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for field in dataclasses.fields(Settings):
        rows.append(f"| `{variable(field.name)}` | {_default(field.default)} | {field.metadata['help']} |")
    return "\n".join(rows)


def with_table(readme: str) -> str:
    """The README with the present table in its place."""
    before, _, rest = readme.partition(_START)
    _, _, after = rest.partition(_END)
    return f"{before}{_START}\n{table()}\n{_END}{after}"


def _default(value: object) -> str:
    if value is dataclasses.MISSING:
        return "required"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value not in ("", ()) else ""


def main() -> int:
    """Writes the table, or with `--check` answers 1 when it is out of date."""
    present = _README.read_text(encoding="utf-8")
    wanted = with_table(present)
    if "--check" in sys.argv:
        return int(present != wanted)
    _README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
