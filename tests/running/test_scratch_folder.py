"""Folders of a piece of work go with it, and those of killed processes with the next."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import scratch
from app.core.scratch import scratch_folder

_WORKER = """
import sys, time
from app.core.scratch import scratch_folder
with scratch_folder() as folder:
    (folder / "contract.pdf").write_bytes(b"%PDF")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(scratch, "_YOUNG_SECONDS", 0.0)
    return tmp_path


@pytest.fixture
def worker(place: Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process at work, and its folder."""
    with subprocess.Popen([sys.executable, "-c", _WORKER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_folder_is_gone_after_the_block(place: Path) -> None:
    with pytest.raises(ValueError, match="broken"), scratch_folder() as folder:
        (folder / "file").touch()
        raise ValueError("broken")
    assert list(place.iterdir()) == []


def test_what_a_killed_process_left_goes_with_the_next(worker: tuple[subprocess.Popen[str], Path], place: Path) -> None:
    process, left = worker
    with scratch_folder() as folder:
        assert sorted(place.iterdir()) == sorted([left, folder])  # it is at work
    process.kill()
    process.wait()
    with scratch_folder() as folder:
        assert list(place.iterdir()) == [folder]


def test_a_folder_that_was_just_made_is_left(
    worker: tuple[subprocess.Popen[str], Path], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, left = worker
    process.kill()
    process.wait()
    monkeypatch.setattr(scratch, "_YOUNG_SECONDS", 60.0)
    with scratch_folder():
        assert left.exists()


def test_what_isnt_ours_is_left(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "file").touch()
    (place / "frontdesk-scratch-link").symlink_to(elsewhere)
    (place / "frontdesk-scratch-file").touch()
    (place / "another").mkdir()
    with scratch_folder():
        pass
    assert {each.name for each in place.iterdir()} == {"frontdesk-scratch-link", "frontdesk-scratch-file", "another"}
    assert (elsewhere / "file").exists()
