"""What the code may and may not contain."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.guards import rules


@pytest.fixture
def planted(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes one module of a made-up package: `planted("services/mails.py", "code")`."""

    def plant(name: str, code: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code)
        return tmp_path

    return plant


def test_the_project_commits_in_one_place() -> None:
    assert [place.partition(":")[0] for place in rules.commits(rules.APP)] == ["core/transaction.py"]


@pytest.mark.parametrize(
    "code",
    [
        "session().commit()",
        "db.session.commit ()",
        "getattr(x, 'y').commit()",
        "finish = session().commit",
        "with session().begin():\n    pass",
        "session().execute(text('COMMIT'))",
        "session().execute(text(' commit;'))",
    ],
)
def test_finds_another_commit(planted: Callable[[str, str], Path], code: str) -> None:
    assert rules.commits(planted("services/mails.py", f"x = 1\n{code}\n")) == ["services/mails.py:2"]


def test_passes_what_only_sounds_like_a_commit(planted: Callable[[str, str], Path]) -> None:
    code = (
        '"""Runs after the commit."""\n# session.commit()\nafter_commit(lambda: send("commit this"))\nbegin_nested()\n'
    )
    assert rules.commits(planted("services/mails.py", code)) == []


def test_one_module_tells_postgres_whose_rows_may_be_seen() -> None:
    assert rules.tenancy_settings(rules.APP) == []


@pytest.mark.parametrize("name", ["app.company_id", "app.across_companies"])
def test_finds_another_module_that_tells_postgres(planted: Callable[[str, str], Path], name: str) -> None:
    code = f"text(\"SELECT set_config('{name}', 'on', false)\")\n"
    assert rules.tenancy_settings(planted("repositories/users.py", code)) == ["repositories/users.py:1"]
    assert rules.tenancy_settings(planted("core/tenancy.py", code)) == ["repositories/users.py:1"]


def test_nothing_goes_around_the_session() -> None:
    assert rules.ways_around_the_session(rules.APP) == []


@pytest.mark.parametrize(
    "code",
    [
        "db.engine.connect()",
        "session().connection().execute(statement)",
        "session().get_bind()",
        "sqlalchemy.create_engine(url)",
        "import psycopg2",
        "connection.autocommit = True",
    ],
)
def test_finds_a_way_around_the_session(planted: Callable[[str, str], Path], code: str) -> None:
    assert rules.ways_around_the_session(planted("repositories/users.py", code)) == ["repositories/users.py:1"]


def test_every_table_is_registered() -> None:
    models = rules.APP / "models"
    assert rules.unimported_modules(models, "__tablename__", models / "__init__.py") == []


def test_finds_a_table_that_is_not_registered(planted: Callable[[str, str], Path]) -> None:
    planted("models/user.py", '__tablename__ = "users"\n')
    planted("models/base.py", "")
    folder = planted("models/__init__.py", "from app.models import company\n") / "models"
    assert rules.unimported_modules(folder, "__tablename__", folder / "__init__.py") == ["user"]
