import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn_server import GunicornServer

CONFIGURATION = Path(__file__).parents[2] / "gunicorn.conf.py"
VARIABLES = [
    "HOST",
    "PORT",
    "ASYNC_MODE",
    "WEB_WORKERS",
    "WEB_THREADS",
    "FORWARDED_ALLOW_IPS",
    "PROMETHEUS_MULTIPROC_DIR",
]


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def configuration() -> dict[str, Any]:
    return runpy.run_path(str(CONFIGURATION))


def test_defaults_listen_on_the_loopback_and_trust_it_alone() -> None:
    settings = configuration()
    assert settings["bind"] == "127.0.0.1:8000"
    assert settings["workers"] == 1
    assert settings["worker_class"] == "serving.eventlet_worker.EventletWorker"
    assert settings["forwarded_allow_ips"] == "127.0.0.1"
    assert settings["accesslog"] is None


def test_environment_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = ["::", "9000", "gthread", "3", "8", "10.0.0.1"]
    for name, value in zip(VARIABLES, chosen, strict=False):
        monkeypatch.setenv(name, value)
    settings = configuration()
    assert settings["bind"] == "[::]:9000"
    assert settings["worker_class"] == "serving.gthread_worker.ThreadWorker"
    assert (settings["workers"], settings["threads"]) == (3, 8)
    assert settings["forwarded_allow_ips"] == "10.0.0.1"


@pytest.mark.parametrize(("name", "value"), [("PORT", "http"), ("WEB_WORKERS", "-1"), ("ASYNC_MODE", "gevent")])
def test_nonsense_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=f"^{name} is '{value}'"):
        configuration()


def test_live_gauges_of_a_dead_worker_are_forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    settings = configuration()
    settings["on_starting"](None)
    for name in ["gauge_liveall_7.db", "gauge_livesum_8.db", "counter_7.db"]:
        (folder / name).touch()
    settings["child_exit"](None, SimpleNamespace(pid=7))
    assert sorted(path.name for path in folder.iterdir()) == ["counter_7.db", "gauge_livesum_8.db"]


def test_certificates_are_refused(mode: str, log: Path) -> None:
    certificate = str(Path(__file__))  # any file: gunicorn only asks whether it is there
    with pytest.raises(AssertionError, match="end TLS at a proxy"):
        GunicornServer(mode, log, "--certfile", certificate).__enter__()
