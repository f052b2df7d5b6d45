"""One launcher per data folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.errors import LauncherError
from launcher.lock import RunLock
from tests.launcher.processes import ROOT, kill_hard

HOLDER = """
import sys, time
from pathlib import Path
from launcher.lock import RunLock
lock = RunLock(Path(sys.argv[1]))
lock.acquire("http://127.0.0.1:8000")
print("locked", flush=True)
time.sleep(60)
"""


def hold(path: Path) -> "subprocess.Popen[str]":
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    return holder


def test_second_launcher_is_told_who_was_first_and_what_to_do(tmp_path: Path) -> None:
    with hold(tmp_path / "lock") as holder:
        with pytest.raises(LauncherError) as refused:
            RunLock(tmp_path / "lock").acquire("http://127.0.0.1:8001")
        kill_hard(holder.pid)

    assert f"already running from this folder at http://127.0.0.1:8000 (process {holder.pid})" in str(refused.value)
    assert f"kill {holder.pid}" in str(refused.value)
    assert refused.value.exit_code == 2


def test_killed_launcher_leaves_the_lock_free_and_a_note(tmp_path: Path) -> None:
    with hold(tmp_path / "lock") as holder:
        kill_hard(holder.pid)

    lock = RunLock(tmp_path / "lock")
    lock.acquire("http://127.0.0.1:8001")

    assert lock.after_crash
    lock.release()


def test_clean_end_leaves_no_note(tmp_path: Path) -> None:
    RunLock(tmp_path / "lock").release()
    for _ in range(2):
        lock = RunLock(tmp_path / "lock")
        lock.acquire("http://127.0.0.1:8001")
        assert not lock.after_crash
        lock.release()


def test_lock_lasts_as_long_as_a_process_that_it_was_handed_on_to(tmp_path: Path) -> None:
    lock = RunLock(tmp_path / "lock")
    lock.acquire("http://127.0.0.1:8001")
    keeper = subprocess.Popen(["sleep", "0.5"], pass_fds=(lock.descriptor,))
    os.pwrite(lock.descriptor, b'{"pid": 2147483646}     ', 0)  # as if the launcher were dead
    os.close(lock.descriptor)

    second = RunLock(tmp_path / "lock")
    second.acquire("http://127.0.0.1:8001")

    assert keeper.wait() == 0
    second.release()
