"""Rules about the code as it is written. Each function takes its subject and returns violations; none is good."""

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
APP = PROJECT / "app"


def _places(folder: Path, hint: str, matches: Callable[[ast.AST], bool], *, but: str = "") -> list[str]:
    """Where in a package something is written: `file:line`. Only files with `hint`, a pattern, are parsed at all;
    `but` is a pattern of the files where it may be."""
    found = []
    for path in sorted(folder.rglob("*.py")):
        name, code = path.relative_to(folder).as_posix(), path.read_text("utf-8")
        if re.search(hint, code, re.IGNORECASE) and not re.fullmatch(but, name):
            lines = {getattr(node, "lineno", 0) for node in ast.walk(ast.parse(code)) if matches(node)}
            found += [f"{name}:{line}" for line in sorted(lines)]
    return found


def _text_of(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def commits(folder: Path) -> list[str]:
    """Every place that can end a transaction: `.commit`, called or handed on, a `.begin()` block, the SQL command."""
    return _places(
        folder,
        "commit|begin",
        lambda node: (
            (isinstance(node, ast.Attribute) and node.attr in {"commit", "begin"})
            or bool(re.fullmatch(r"\s*commit\s*(work|transaction)?\s*;?\s*", _text_of(node), re.IGNORECASE))
        ),
    )


def tenancy_settings(folder: Path) -> list[str]:
    """Where the settings that Postgres' wall reads are spelled out, outside of `core/tenancy.py`."""
    return _places(
        folder,
        r"\bapp\.(company_id|across_companies)\b",
        lambda node: bool(re.search(r"\bapp\.(company_id|across_companies)\b", _text_of(node))),
        but=r"core/tenancy\.py",
    )


def ways_around_the_session(folder: Path) -> list[str]:
    """Where an engine or a connection is reached for: no guard sees its statements, and it commits by itself."""
    around = {"connection", "raw_connection", "get_bind", "engine", "engines", "create_engine", "exec_driver_sql"}
    around.add("autocommit")
    return _places(
        folder,
        "|".join({*around, "psycopg2"}),
        lambda node: (
            (isinstance(node, ast.Attribute) and node.attr in around)
            or (isinstance(node, ast.Import) and any(alias.name == "psycopg2" for alias in node.names))
        ),
        # Setting a database up as its owner, and looking up who calls, before any company is known: see there.
        # Customers' databases are not ours, and have sessions of nobody's.
        but=r"core/.*|repositories/(installation|credentials)\.py|textsql/.*|services/database_access\.py",
    )


def unimported_modules(folder: Path, marker: str, importer: Path) -> list[str]:
    """Modules of a package that have `marker` in them and that `importer` doesn't import: what they register is
    missing."""
    imported = {
        alias.name.rpartition(".")[2]
        for node in ast.walk(ast.parse(importer.read_text("utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    marked = {path.stem for path in folder.glob("*.py") if marker in path.read_text("utf-8")}
    return sorted(marked - {"__init__"} - imported)


def unconsumed_queues(queues: Iterable[str], commands: Mapping[str, str]) -> list[str]:
    """Queues that a deployment has no worker for. `commands` holds, by the deployment's name, its text."""
    return [
        f"{name}: nobody consumes {queue}"
        for name, command in commands.items()
        for queue in queues
        if queue not in _consumed(command)
    ]


def _consumed(text: str) -> set[str]:
    lists = re.findall(r"""(?:-Q|--queues)["']?[\s,=:]+["']?([\w.,-]+)""", text)
    return {name for each in lists for name in each.split(",")}


def jobs_without_tasks(jobs: Iterable[str], tasks: Iterable[str]) -> list[str]:
    """Jobs that no task does, and tasks that no job asks for; Celery's own aside."""
    ours = {name for name in tasks if not name.startswith("celery.")}
    wanted = set(jobs)
    return [
        *(f"{name}: no task" for name in sorted(wanted - ours)),
        *(f"{name}: no job" for name in sorted(ours - wanted)),
    ]


def unknown_schedules(
    schedule: Mapping[str, Mapping[str, Any]], jobs: Iterable[str], queues: Iterable[str]
) -> list[str]:
    """Entries of the timetable that name a job or a queue that there isn't."""
    known, consumed = set(jobs), {*queues, None}
    return [
        f"{name}: {entry['task']}"
        for name, entry in schedule.items()
        if entry["task"] not in known or (entry.get("options") or {}).get("queue") not in consumed
    ]
