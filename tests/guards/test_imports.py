"""The import contracts of pyproject.toml: the project keeps them, and each of them notices when it is broken.

Every test here starts a process of a quarter of a second.
"""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.guards.rules import PROJECT

# For each contract: a file, and an import that it may not have.
PLANTED = {
    "imports point down the layers": ("app/models/lead.py", "from app.repositories import leads"),
    "blueprints do not import each other": ("app/blueprints/auth/schemas.py", "import app.blueprints.company.schemas"),
    "no web framework below the glue": ("app/services/companies.py", "from flask import request"),
    "only repositories, models and core know the database": ("app/services/profiles.py", "from app.db import db"),
    "what knows customers' databases does not know ours": (
        "app/textsql/schema.py",
        "from app.repositories import leads",
    ),
    "the launcher and the servers do not know the application": ("launcher/run.py", "from app.config import Settings"),
}
# What has to do without a web framework, as soon as it exists.
_BELOW_THE_GLUE = ("services", "repositories", "models", "tasks", "ai", "ingest", "textsql", "jobs")
_LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def contracts(project: Path) -> list[dict[str, Any]]:
    settings: dict[str, Any] = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    return settings["tool"]["importlinter"]["contracts"]  # type: ignore[no-any-return]


def without_layer(project: Path) -> set[str]:
    """Parts of the application that no layer is made of: their imports would not be looked at."""
    (layers,) = (contract["layers"] for contract in contracts(project) if contract["type"] == "layers")
    named = set(re.findall(r"app\.(\w+)", " ".join(layers)))
    parts = {
        path.stem for path in (project / "app").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    return parts - named - {"__init__"}


def with_exceptions(project: Path) -> list[str]:
    """Contracts that let something pass."""
    return [contract["name"] for contract in contracts(project) if any(key.startswith("ignore") for key in contract)]


def lint(project: Path) -> str:
    """What import-linter says about a folder."""
    environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    command = [sys.executable, "-c", _LINT]
    ended = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)
    return ended.stdout + ended.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's code in another folder."""
    for name in ("app", "launcher", "serving"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.mark.slow  # see above
def test_the_project_keeps_every_contract(copy: Path) -> None:
    said = lint(copy)
    assert "0 broken" in said, said


def test_every_contract_has_something_planted_here() -> None:
    assert {contract["name"] for contract in contracts(PROJECT)} == set(PLANTED)


@pytest.mark.slow  # see above
@pytest.mark.parametrize("name", PLANTED)
def test_finds_an_import_that_breaks(copy: Path, name: str) -> None:
    file, planted = PLANTED[name]
    before = (copy / file).read_text("utf-8")
    (copy / file).write_text(f"{before}\n{planted}\n", "utf-8")
    said = lint(copy)
    assert f"{name} BROKEN" in said, said


@pytest.mark.slow  # see above
@pytest.mark.parametrize("place", ["launcher", "serving"])
def test_finds_an_application_in_the_launcher_and_the_servers(copy: Path, place: str) -> None:
    (copy / place / "planted.py").write_text("from app import create_app\n")
    assert "the launcher and the servers do not know the application BROKEN" in lint(copy)


def test_no_contract_has_an_exception() -> None:
    assert with_exceptions(PROJECT) == []


def test_every_part_of_the_application_is_in_a_layer() -> None:
    assert without_layer(PROJECT) == set()


def test_everything_below_the_glue_does_without_a_web_framework() -> None:
    (sources,) = (each["source_modules"] for each in contracts(PROJECT) if "web framework" in each["name"])
    present = {f"app.{name}" for name in _BELOW_THE_GLUE if list((PROJECT / "app").glob(f"{name}*"))}
    assert present <= set(sources)


def test_finds_an_exception_and_a_part_without_a_layer(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.importlinter.contracts]]\nname = "layers"\ntype = "layers"\nlayers = ["app.http | (app.sockets)"]\n'
        'ignore_imports = ["app.http -> app.sockets"]\n'
    )
    for name in ("http", "planted"):
        (tmp_path / "app" / name).mkdir(parents=True)
        (tmp_path / "app" / name / "__init__.py").touch()
    (tmp_path / "app" / "config.py").touch()
    assert with_exceptions(tmp_path) == ["layers"]
    assert without_layer(tmp_path) == {"planted", "config"}
