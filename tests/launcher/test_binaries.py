"""Finding the servers' programs, and copying them where an unprivileged account can run them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.accounts import Account
from launcher.binaries import Program, postgres_program, valkey_program

NOBODY = Account(65534, 65534)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has programs that others can't reach")


@pytest.fixture
def hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """Valkey's program in a folder that only root may enter, and a temporary folder of its own for copies."""
    original = valkey_program()
    shutil.copytree(original.site / original.parts[0], tmp_path / "site" / original.parts[0])
    (tmp_path / "site").chmod(0o700)
    before = set(Path("/tmp").glob("frontdesk-servers-*"))
    monkeypatch.setattr("tempfile.tempdir", "/tmp")
    yield Program(tmp_path / "site", original.path, original.parts)
    for copy in set(Path("/tmp").glob("frontdesk-servers-*")) - before:
        shutil.rmtree(copy)


def test_programs_of_the_wheels_run() -> None:
    for program in (postgres_program("postgres"), postgres_program("initdb"), valkey_program()):
        subprocess.run([program.runnable_by(None), "--version"], check=True, stdout=subprocess.DEVNULL)


def test_original_is_used_when_we_stay_who_we_are(hidden: Program) -> None:
    assert hidden.runnable_by(None) == hidden.site / hidden.path


@as_root
def test_copy_is_used_where_the_account_can_not_reach_the_original(hidden: Program) -> None:
    copy = hidden.runnable_by(NOBODY)

    assert not copy.is_relative_to(hidden.site)
    subprocess.run([copy, "--version"], check=True, user=65534, extra_groups=[], stdout=subprocess.DEVNULL)
    assert hidden.runnable_by(NOBODY) == copy


@as_root
def test_copy_is_completed_when_a_cleaner_took_files(hidden: Program) -> None:
    copy = hidden.runnable_by(NOBODY)
    copy.unlink()

    assert hidden.runnable_by(NOBODY).exists()


@as_root
def test_folder_that_somebody_else_prepared_is_not_used(hidden: Program) -> None:
    copy = hidden.runnable_by(NOBODY)
    root = Path("/tmp", copy.relative_to("/tmp").parts[0])
    os.chown(root, 65534, 65534)

    elsewhere = hidden.runnable_by(NOBODY)

    assert elsewhere != copy
    os.chown(root, 0, 0)
    shutil.rmtree(Path("/var/tmp", elsewhere.relative_to("/var/tmp").parts[0]))
