"""Commands that end with their parent."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from launcher.guarded import PARENT_VARIABLE, guarded_command, parent_environment
from launcher.processes import is_alive
from tests.launcher.processes import ROOT, eventually, kill_hard

PARENT = """
import os, subprocess, sys, time
from launcher.guarded import guarded_command, parent_environment
command = guarded_command([sys.executable, "-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"])
subprocess.Popen(command, env={**os.environ, **parent_environment()})
time.sleep(60)
"""


def run(command: list[str], environment: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        check=False,
        env={**os.environ, **(environment or parent_environment())},
        capture_output=True,
        text=True,
    )


def test_command_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        kill_hard(parent.pid)
        eventually(lambda: not is_alive(child), "the child ends")


def test_command_does_not_start_when_its_parent_has_died_before() -> None:
    finished = run(guarded_command(["echo", "started"]), {PARENT_VARIABLE: "2147483646"})

    assert finished.stdout == ""
    assert finished.returncode != 0


def test_command_gets_its_arguments_folder_and_exit_code(tmp_path: Path) -> None:
    command = ["sh", "-c", 'pwd; echo "$1"; exit 3', "sh", "a b"]

    finished = run(guarded_command(command, directory=str(tmp_path)))

    assert finished.stdout.splitlines() == [str(tmp_path), "a b"]
    assert finished.returncode == 3


def test_isolated_command_gets_no_secrets_and_writes_private_files() -> None:
    finished = run(guarded_command(["sh", "-c", "umask; env"], isolate=True), {**parent_environment(), "SECRET": "x"})

    assert finished.stdout.startswith("0077")
    assert "SECRET" not in finished.stdout


def test_missing_command_is_named() -> None:
    finished = run(guarded_command(["/no/such/program"]))

    assert "/no/such/program" in finished.stderr
    assert finished.returncode == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_command_becomes_the_account_without_further_groups() -> None:
    finished = run(guarded_command(["id"], account=(65534, 65534)))

    assert finished.stdout.startswith("uid=65534")
    assert "(root)" not in finished.stdout


def test_wrapper_costs_little() -> None:
    began = time.monotonic()
    run(guarded_command(["true"]))

    assert time.monotonic() - began < 1.0
