"""One command that starts everything, watches it, and stops it again."""

from __future__ import annotations

import errno
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import NoReturn

from launcher.application import DEFAULT_PORT, NEEDED_PACKAGES, Address
from launcher.console import say
from launcher.errors import LauncherError
from launcher.installation import Installation
from launcher.layout import CHECKOUT, Layout
from launcher.lock import RunLock
from launcher.options import Options, parse_options
from launcher.ports import LOOPBACK, is_free, why_not_free
from launcher.processes import wait_until

_AFTER_CRASH_SECONDS = 10.0
_HIGHEST_PORT = 65535
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody wants everything to end: Ctrl-C, SIGTERM, or the terminal was closed."""


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0 after a stop that was asked for, 1 when starting failed, 2 for a bad request."""
    try:
        options = parse_options(arguments, os.environ)
        _refuse_incomplete_environment()
        with _stop_signals() as stop_asked:
            _run(options, stop_asked)
    except LauncherError as error:
        print(f"\n{error}", file=sys.stderr)
        return error.exit_code
    except OSError as error:  # a full disk, a file system without locks
        print(f"\nStarting failed: {error}", file=sys.stderr)
        return 1
    except Stopped:
        say("Stopped.")
    return 0


def _run(options: Options, stop_asked: Callable[[], bool]) -> None:
    os.umask(0o077)
    began = time.monotonic()
    address = Address(os.environ.get("HOST") or LOOPBACK, options.port)
    layout = Layout(Path(os.environ.get("DATA_DIR") or CHECKOUT / "var").absolute())
    layout.create()
    lock = RunLock(layout.lock)
    lock.acquire(address.url)
    try:
        _refuse_busy_port(address, patient=lock.after_crash)
        installation = Installation(options, address, layout, lock)
        try:
            installation.start()
            installation.greet(time.monotonic() - began)
            installation.watch(stop_asked)
        finally:
            installation.stop()
    finally:
        lock.release()


def _refuse_incomplete_environment() -> None:
    missing = [package for package in NEEDED_PACKAGES if find_spec(package) is None]
    if missing:
        raise LauncherError(f"Not installed: {', '.join(missing)}. Start with scripts/run, which installs everything.")


def _refuse_busy_port(address: Address, *, patient: bool) -> None:
    """patient: web processes that outlived a killed launcher are about to leave the port."""
    deadline = time.monotonic() + (_AFTER_CRASH_SECONDS if patient else 0)
    if wait_until(lambda: is_free(address.port, address.bind_host), deadline, pause=0.1):
        return
    problem = why_not_free(address.port, address.bind_host)
    if problem is None or problem.errno == errno.EADDRINUSE:
        other = address.port + 1 if address.port < _HIGHEST_PORT else DEFAULT_PORT
        message = f"Port {address.port} is in use by another program. Choose another one: scripts/run --port {other}"
    else:
        message = f"Can't listen on port {address.port} of {address.host}: {problem.strerror}"
    raise LauncherError(message, exit_code=2)


@contextmanager
def _stop_signals() -> Iterator[Callable[[], bool]]:
    """Turn the first signal into Stopped. Later ones must not interrupt the stopping itself.

    Yields whether one has come: Stopped is lost where it is raised in a finalizer, which Python may just be running.
    """
    asked = False

    def stop(number: int, frame: FrameType | None) -> NoReturn:
        nonlocal asked
        asked = True
        for each in _STOP_SIGNALS:
            signal.signal(each, patience)
        # Not print(), which raises when the signal interrupts another print().
        with suppress(OSError):
            os.write(sys.stdout.fileno(), "\nStopping …\n".encode())
        raise Stopped

    def patience(number: int, frame: FrameType | None) -> None:
        say("Still stopping; it takes ten seconds at most.")

    before = {number: signal.signal(number, stop) for number in _STOP_SIGNALS}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
