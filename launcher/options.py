"""The command line."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from launcher.application import DEFAULT_PORT
from launcher.errors import LauncherError

_EPILOG = """\
Everything that it creates is in var/: the database, uploads, logs (var/log), mails (var/mail), secrets. Stop it and
delete var/ to start afresh.

Environment: DATABASE_URL and REDIS_URL use servers of yours instead of the built-in ones; DATA_DIR is used instead
of var/; HOST is the address to listen on (127.0.0.1). Every setting of the application can be set the same way.
"""


@dataclass(frozen=True)
class Options:
    """port_was_asked_for: on the command line, so that it counts more than PORT and PUBLIC_URL."""

    port: int
    port_was_asked_for: bool
    with_demo: bool


def parse_options(arguments: Sequence[str], environment: Mapping[str, str]) -> Options:
    """Exits with code 2 and a usage message on a bad command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/run",
        description="Start Frontdesk on this machine, with all that it needs, and stop it with Ctrl-C.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=_port, metavar="N", help=f"the web server's port (default: {DEFAULT_PORT})")
    parser.add_argument("--no-demo", action="store_true", help="don't create the demo company and its sign-in")
    parsed = parser.parse_args(arguments)
    asked: int | None = parsed.port
    return Options(
        port=asked if asked is not None else _port_of(environment),
        port_was_asked_for=asked is not None,
        with_demo=not parsed.no_demo,
    )


def _port_of(environment: Mapping[str, str]) -> int:
    text = environment.get("PORT", "")
    try:
        return _port(text) if text else DEFAULT_PORT
    except argparse.ArgumentTypeError as error:
        raise LauncherError(f"PORT in the environment: {error}", exit_code=2) from error


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)
