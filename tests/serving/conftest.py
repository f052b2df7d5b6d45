from collections.abc import Iterator
from pathlib import Path

import pytest
from gunicorn_server import GunicornServer

MODES = ["eventlet", "gthread"]


@pytest.fixture(scope="module", params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def server(mode: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GunicornServer]:
    """One server per module and mode, for tests that leave it running."""
    with GunicornServer(mode, tmp_path_factory.mktemp("server") / "gunicorn.log") as running:
        yield running


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "gunicorn.log"
