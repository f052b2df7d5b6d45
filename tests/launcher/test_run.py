"""The whole command, around a stub application, in a folder of its own."""

import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.ports import any_free_port
from launcher.processes import is_alive
from tests.launcher.processes import ROOT, children, command_of, eventually, kill_hard

pytestmark = pytest.mark.slow  # starts five processes and two servers
OURS = {"DATABASE_URL", "REDIS_URL", "PORT", "HOST", "PUBLIC_URL", "DATA_DIR", "SECRET_KEYS", "DEMO_PASSWORD"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in OURS and "PYTEST" not in name}


class Launcher:
    """`python -m launcher` in a checkout, and what it says."""

    def __init__(self, checkout: Path, *arguments: str) -> None:
        self.port = any_free_port()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "launcher", "--port", str(self.port), *arguments],
            cwd=checkout,
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def until(self, text: str) -> None:
        eventually(lambda: text in self.output or self.process.poll() is not None, text, 60)
        assert text in self.output, self.output

    def health(self) -> dict[str, str] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=2) as answer:
                found: dict[str, str] = json.load(answer)
                return found
        except OSError:
            return None

    def find(self, text: str) -> int | None:
        """The oldest process below the launcher with `text` in its command line."""
        return next((pid for pid in sorted(children(self.process.pid)) if text in command_of(pid)), None)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            pytest.fail(f"does not stop; it said:\n{self.output}")
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """At a path with everything that a configuration file or a shell could stumble over."""
    folder = tmp_path_factory.mktemp("run") / "it's %s a ;checkout #1"
    shutil.copytree(ROOT / "tests/launcher/stub", folder)
    shutil.copytree(ROOT / "launcher", folder / "launcher")
    return folder


@pytest.fixture(scope="module")
def running(checkout: Path) -> Iterator[Launcher]:
    launcher = Launcher(checkout)
    launcher.until("Ctrl-C stops everything")
    yield launcher
    launcher.close()


def test_says_where_everything_is(running: Launcher, checkout: Path) -> None:
    secrets = json.loads((checkout / "var/secrets.json").read_text())
    url = f"http://127.0.0.1:{running.port}"

    for expected in (
        "prepared with demo=True",
        f"{url}/docs",
        f"{url}/openapi.json",
        "demo@frontdesk.example",
        "Ask the demo shop's agent: http://127.0.0.1:",
        secrets["demo_password"],
        str(checkout / "var/log"),
        str(checkout / "var/mail"),
    ):
        assert expected in running.output


def test_hands_the_environment_to_the_application(running: Launcher, checkout: Path) -> None:
    assert running.health() == {
        "FRONTDESK_ENV": "development",
        "DATA_DIR": str(checkout / "var"),
        "PUBLIC_URL": f"http://127.0.0.1:{running.port}",
        "PORT": str(running.port),
    }


def test_writes_only_below_var(running: Launcher, checkout: Path) -> None:
    written = {path.name for path in checkout.iterdir()} - {
        path.name for path in (ROOT / "tests/launcher/stub").iterdir()
    }

    assert written - {"__pycache__"} == {"launcher", "var"}
    assert (checkout / "var").stat().st_mode & 0o777 == 0o700


def test_second_start_is_refused_with_the_way_out(running: Launcher, checkout: Path) -> None:
    second = Launcher(checkout)
    assert second.process.wait(30) == 2
    second.close()

    assert f"already running from this folder at http://127.0.0.1:{running.port}" in second.output
    assert f"kill {running.process.pid}" in second.output


@pytest.mark.parametrize(
    "text", ["-m gunicorn", "worker -P threads", "celery_worker beat", "valkey-server", "postgres -D"]
)
def test_comes_back_after_kill_9(running: Launcher, text: str) -> None:
    victim = running.find(text)
    kill_hard(victim)

    eventually(lambda: running.find(text) not in (None, victim), f"{text} is started again")
    eventually(lambda: running.health() is not None, "ready again")


def test_comes_back_after_kill_9_of_the_process_manager(running: Launcher) -> None:
    before = children(running.process.pid)
    kill_hard(running.find("supervisor.supervisord"))

    eventually(lambda: running.find("gunicorn") not in (None, *before), "a new web process", 30)
    eventually(lambda: running.health() is not None, "ready again")
    assert not [pid for pid in before if is_alive(pid)]


def test_a_disk_that_is_full_ends_nothing(running: Launcher) -> None:
    """Its logs can't be written then: files may grow no more, which is the same to whoever writes them."""
    manager, beat = running.find("supervisor.supervisord"), running.find("celery_worker beat")
    assert manager
    before = resource.prlimit(manager, resource.RLIMIT_FSIZE)
    resource.prlimit(manager, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        kill_hard(beat)  # which is noted
        eventually(lambda: running.find("celery_worker beat") not in (None, beat), "beat is started again")
    finally:
        resource.prlimit(manager, resource.RLIMIT_FSIZE, before)
    assert running.find("supervisor.supervisord") == manager


def test_ends_with_everything_below_it_when_told_to(checkout: Path, running: Launcher) -> None:
    everything = children(running.process.pid)
    running.process.send_signal(signal.SIGINT)

    assert running.process.wait(15) == 0
    assert not [command_of(pid) for pid in everything if is_alive(pid)]
    assert (checkout / "var/launcher.lock").read_text() == ""


def test_starts_again_right_after_kill_9_of_the_launcher(checkout: Path, running: Launcher) -> None:
    running.close()
    first = Launcher(checkout, "--no-demo")
    first.until("Ctrl-C stops everything")
    everything = children(first.process.pid)
    kill_hard(first.process.pid)
    second = Launcher(checkout, "--no-demo")
    second.until("Ctrl-C stops everything")

    assert not [command_of(pid) for pid in everything if is_alive(pid)]
    assert "prepared with demo=False" in second.output
    assert "demo@frontdesk.example" not in second.output
    assert "/demo" not in second.output
    first.close()
    second.close()


def test_busy_port_is_named_with_the_way_out(checkout: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        finished = _run(checkout, "--port", str(port), DATA_DIR=str(checkout / "other"))

    assert finished.returncode == 2
    assert f"Port {port} is in use" in finished.stderr
    assert f"--port {port + 1}" in finished.stderr


def test_failure_of_the_application_is_shown_and_nothing_stays(checkout: Path) -> None:
    finished = _run(checkout, "--port", str(any_free_port()), DATA_DIR=str(checkout / "other"), PREPARE_FAILS="1")

    assert finished.returncode == 1
    assert "the stub was told to fail" in finished.stderr
    assert not (checkout / "other/postgres/postmaster.pid").exists()


def test_servers_of_the_environment_are_used_instead_of_ours(checkout: Path) -> None:
    finished = _run(
        checkout,
        "--port",
        str(any_free_port()),
        DATA_DIR=str(checkout / "third"),
        DATABASE_URL="postgresql://x",
        REDIS_URL="redis://x",
        PREPARE_FAILS="1",
    )

    assert finished.returncode == 1
    assert {path.name for path in (checkout / "third").iterdir()}.isdisjoint({"postgres", "redis"})


def _run(checkout: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "launcher", *arguments],
        check=False,
        cwd=checkout,
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
