"""The builtin embedding model, which takes seconds to build: once for all processes of a test run."""

import pytest

from app.ai.local_model_build import prepare
from app.config import Settings
from app.services.model_choice import BUILTIN_EMBEDDING_MODEL


def place_model(settings: Settings, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Puts it where the application of this process looks for it."""
    place = settings.data_dir / "models" / BUILTIN_EMBEDDING_MODEL
    if place.exists():  # other tests of this process were first
        return
    base = tmp_path_factory.getbasetemp()
    built = (base if worker_id == "master" else base.parent) / "local-model"
    prepare(built)
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(built)
