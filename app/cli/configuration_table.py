"""The fields of `Settings` as the configuration table of the README and as `.env.example`."""

import dataclasses
import sys
import textwrap
from pathlib import Path

from app.config import Settings, variable

_PROJECT = Path(__file__).resolve().parents[2]


def table() -> str:
    """One row per variable: name, default, meaning."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for field in dataclasses.fields(Settings):
        default = "required" if field.default is dataclasses.MISSING else _default(field.default)
        shown = f"`{default}`" if default not in ("", "required") else default
        rows.append(f"| `{variable(field.name)}` | {shown} | {field.metadata['help']} |")
    return "\n".join(rows)


def example() -> str:
    """One entry per variable: its meaning as a comment, and its default, commented out where there is one."""
    entries = []
    for field in dataclasses.fields(Settings):
        off = "" if field.default is dataclasses.MISSING else "#"
        default = "" if field.default is dataclasses.MISSING else _default(field.default)
        quoted = f'"{default}"' if " " in default else default
        comment = textwrap.fill(field.metadata["help"], 118, initial_indent="# ", subsequent_indent="# ")
        entries.append(f"{comment}\n{off}{variable(field.name)}={quoted}")
    return "\n\n".join(entries)


# What each file has between its two marks.
_WRITTEN = {
    "README.md": ("<!-- configuration: written by scripts/configuration-table -->", "<!-- /configuration -->", table),
    ".env.example": ("# <settings: written by scripts/configuration-table>", "# </settings>", example),
}


def outdated(folder: Path = _PROJECT) -> dict[str, str]:
    """The files that differ from what they should say, with what that is."""
    wanted = {}
    for name, (start, end, content) in _WRITTEN.items():
        text = (folder / name).read_text(encoding="utf-8")
        before, _, rest = text.partition(start)
        _, _, after = rest.partition(end)
        fresh = f"{before}{start}\n{content()}\n{end}{after}"
        if fresh != text:
            wanted[name] = fresh
    return wanted


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(value) if isinstance(value, tuple) else str(value)


def main() -> int:
    """Writes the files, or with `--check` answers 1 when one is out of date."""
    files = outdated()
    if "--check" in sys.argv:
        return int(bool(files))
    for name, text in files.items():
        (_PROJECT / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
