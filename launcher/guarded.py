"""Run a command that ends when its parent does.

usage: guarded.py [--signal NAME] [--account UID:GID] [--directory DIR] [--isolate] -- COMMAND [ARGUMENT ...]

  --signal NAME      what the kernel sends to the command when its parent dies (default TERM)
  --account UID:GID  become this user and group first
  --directory DIR    change to DIR before giving up privileges
  --isolate          an almost empty environment, and files that only the account can read

A process manager that is killed with SIGKILL can't stop what it started; this asks the kernel to do it
(prctl(2), PR_SET_PDEATHSIG). Linux only; elsewhere the command simply runs. The setting belongs to the *thread*
that started us: start long-lived servers from a thread that lives as long as they do.

This file is run by path with `python -I -S`, to be up in 15 ms, so it imports nothing of this project.
"""

from __future__ import annotations

import ctypes
import getopt
import os
import signal
import sys
from collections.abc import Sequence

PARENT_VARIABLE = "FRONTDESK_GUARD_PARENT"
_PR_SET_PDEATHSIG = 1
_THIS_FILE = os.path.abspath(__file__)  # noqa: PTH100 - pathlib would double the start-up time
_KEPT_VARIABLES = ("PATH", "TZDIR", "LD_LIBRARY_PATH")


def guarded_command(
    command: Sequence[str],
    *,
    death_signal: signal.Signals = signal.SIGTERM,
    account: tuple[int, int] | None = None,
    directory: str | None = None,
    isolate: bool = False,
) -> list[str]:
    """The argument list that runs `command` guarded. Start it with `parent_environment()` in its environment."""
    options = ["--signal", death_signal.name.removeprefix("SIG")]
    if account is not None:
        options += ["--account", f"{account[0]}:{account[1]}"]
    if directory is not None:
        options += ["--directory", directory]
    if isolate:
        options.append("--isolate")
    return [sys.executable, "-I", "-S", _THIS_FILE, *options, "--", *command]


def parent_environment() -> dict[str, str]:
    """What a guarded command needs in its environment to know that this process is its parent."""
    return {PARENT_VARIABLE: str(os.getpid())}


def main(arguments: Sequence[str]) -> None:
    pairs, command = getopt.getopt(list(arguments), "", ["signal=", "account=", "directory=", "isolate"])
    options = dict(pairs)
    if not command:
        sys.exit("guarded: no command")
    # Before the change of account, after which not even Python's own library may be readable.
    program = _path_of(command[0])
    if "--directory" in options:
        os.chdir(options["--directory"])
    if "--account" in options:
        _become(options["--account"])
    _die_with_parent(signal.Signals[f"SIG{options.get('--signal', 'TERM')}"])
    environment = _isolated_environment() if "--isolate" in options else dict(os.environ)
    # The command may start guarded commands of its own: exec keeps the process id, so it is their parent.
    environment.update(parent_environment())
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # Python ignores it, and exec would hand that on
    try:
        os.execve(program, command, environment)  # noqa: S606 - no shell is the point
    except OSError as error:
        sys.exit(f"guarded: {command[0]}: {error.strerror}")


def _path_of(name: str) -> str:
    if "/" in name:
        return name
    candidates = (f"{folder}/{name}" for folder in os.get_exec_path())
    return next((path for path in candidates if os.access(path, os.X_OK)), name)


def _become(account: str) -> None:
    uid, gid = (int(part) for part in account.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _isolated_environment() -> dict[str, str]:
    """Servers get none of our secrets: their environment can be read by everything that runs as their account."""
    os.umask(0o077)
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/"}


def _die_with_parent(death_signal: signal.Signals) -> None:
    """Must come after the change of account: the kernel forgets the setting when credentials change."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        sys.exit(f"guarded: prctl: {os.strerror(ctypes.get_errno())}")
    expected = os.environ.get(PARENT_VARIABLE)
    # A parent that died before prctl sends no signal any more; we have been adopted by another process then.
    if expected is not None and os.getppid() != int(expected):
        sys.exit("guarded: the parent has ended")


if __name__ == "__main__":
    main(sys.argv[1:])
