"""Builds the folder of the local embedding model once, from the installed weights of its two encoders."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.ai import e5_build, universal_build
from app.ai.local_model_files import BUILD_VERSION, MARKER, read_marker
from app.ai.model_weights import SHA256


def prepare(folder: Path) -> None:
    """Makes sure that `folder` holds the model, building it (4 s, 175 MB on disk) when it is missing, damaged or of
    another version.

    The folder appears complete or not at all; of several processes one builds while the others wait. Raises
    `WeightsError` when the weights aren't installed, `OSError` when the disk refuses.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(folder):
        if is_sound(folder):
            return
        fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        try:
            _build(fresh)
            fresh.chmod(0o755)  # mkdtemp's 0700 would lock out a service account that only runs the model
            _replace(folder, fresh)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def is_sound(folder: Path) -> bool:
    """Whether `folder` holds what this version builds, to the byte. Reads 175 MB."""
    marker = read_marker(folder)
    return marker is not None and marker.digests == _digests(folder)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    with folder.with_name(f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go by the system when the file closes, also when we are killed
        yield


def _replace(folder: Path, fresh: Path) -> None:
    if folder.exists():
        # Set aside into the folder that is removed at the end; processes that use it keep their open files.
        aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        folder.rename(aside / "old")
        fresh.rename(folder)
        shutil.rmtree(aside, ignore_errors=True)
    else:
        fresh.rename(folder)


def _build(folder: Path) -> None:
    e5_build.build(folder)
    universal_build.build(folder)
    marker = {"version": BUILD_VERSION, "weights": SHA256, "digests": _digests(folder)}
    (folder / MARKER).write_text(json.dumps(marker, indent=1))
    for path in folder.iterdir():
        _flush(path)


def _flush(path: Path) -> None:
    # Otherwise a power cut after the rename could leave a folder of empty files.
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _digests(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.iterdir()):
        if path.name != MARKER:
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
