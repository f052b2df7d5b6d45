"""The local model, built once for all processes of a test run."""

from pathlib import Path

import pytest

from app.ai import network
from app.ai.local_model import LocalEmbedder
from app.ai.local_model_build import prepare


@pytest.fixture(autouse=True)
def _names_as_the_system_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the policy that the application puts on a process once a model is asked: servers here are local."""
    monkeypatch.setattr(network, "_resolver", None)


@pytest.fixture(scope="session")
def model_folder(worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prepared folder."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "local-model"
    prepare(folder)
    return folder


@pytest.fixture(scope="session")
def embedder(model_folder: Path) -> LocalEmbedder:
    """The local model, loaded at its first use."""
    return LocalEmbedder(model_folder)
