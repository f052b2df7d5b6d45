"""What the shell scripts say where Python isn't what they need."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from launcher.application import process_commands
from tests.launcher.processes import ROOT

OLD = '#!/bin/sh\ncase "$1" in --version) echo "Python 3.9.2" ;; *) exit 1 ;; esac\n'
WITHOUT_VENV = (
    "#!/bin/sh\n"
    'case "$1" in --version) echo "Python 3.12.1" ;; esac\n'
    'case "$2" in *venv*) exit 1 ;; *print*) echo python3.12 ;; esac\n'
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The scripts in a folder with a space, and tools without any Python."""
    folder = tmp_path / "a checkout"
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    shutil.copy(ROOT / "requirements.lock", folder)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("sh", "dirname", "cmp", "flock", "rm", "grep", "cat"):
        if (found := shutil.which(name)) is not None:
            (tools / name).symlink_to(found)
    return folder


def run(checkout: Path, python: str | None) -> "subprocess.CompletedProcess[str]":
    tools = checkout.parent / "tools"
    if python is not None:
        (tools / "python3").write_text(python)
        (tools / "python3").chmod(0o755)
    return subprocess.run(
        [checkout / "scripts/run"],
        check=False,
        cwd="/",
        env={"PATH": str(tools), "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("python", "said"),
    [
        (None, "found no python3"),
        (OLD, "found Python 3.9.2"),
        (WITHOUT_VENV, "apt install python3.12-venv"),
    ],
    ids=["none", "old", "without-venv"],
)
def test_unsuitable_python_is_named_with_the_way_out(checkout: Path, python: str | None, said: str) -> None:
    finished = run(checkout, python)

    assert finished.returncode == 1
    assert said in finished.stderr
    assert not (checkout / ".venv").exists()


def test_scripts_are_executable() -> None:
    for name in ("scripts/run", "scripts/test", "scripts/lint", "scripts/lock", "scripts/container", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK), name


def test_development_lock_is_a_superset() -> None:
    """scripts/setup.sh relies on it when it counts the runtime as installed after the development packages."""
    runtime, development = (_pins(ROOT / name) for name in ("requirements.lock", "requirements-dev.lock"))

    assert runtime <= development


def test_locks_name_no_host_and_no_path_of_a_machine() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert "--index" not in text
        assert "--find-links" not in text


def _pins(lock: Path) -> set[str]:
    lines = lock.read_text().splitlines()
    return {line.split()[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}


def test_container_starts_the_commands_that_the_launcher_starts() -> None:
    script = " ".join((ROOT / "scripts/container").read_text().replace("\\\n", " ").split())

    for command in process_commands().values():
        arguments = command[command.index("--") + 1 :]
        assert " ".join(["exec python", *arguments[1:]]) in script
