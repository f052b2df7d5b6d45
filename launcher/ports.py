"""TCP ports on the loopback interface."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Mapping
from pathlib import Path

from launcher.processes import wait_until

LOOPBACK = "127.0.0.1"


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Whether a server could listen on `port` now (with SO_REUSEADDR, as all of ours do)."""
    return why_not_free(port, host) is None


def why_not_free(port: int, host: str = LOOPBACK) -> OSError | None:
    """What a server would be told that tried to listen on `port` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None


def any_free_port() -> int:
    """A port that nobody uses at the moment; between here and its use somebody else may take it."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def free_port(preferred: int) -> int:
    """`preferred`, or any other free port when it is taken."""
    return preferred if is_free(preferred) else any_free_port()


def remembered_ports(path: Path, defaults: Mapping[str, int]) -> dict[str, int]:
    """A free port for every name in `defaults`: the one noted in `path`, else the default, else any other.

    What was chosen is noted, so that a database tool that somebody has set up keeps working.
    """
    noted = _read_ports(path)
    chosen = {name: free_port(noted.get(name, default)) for name, default in defaults.items()}
    if chosen != noted:
        path.write_text(json.dumps(chosen, indent=2) + "\n", encoding="ascii")
    return chosen


def wait_for_remembered(path: Path, seconds: float = 10.0) -> None:
    """After a crash: give the servers of last time a moment to leave their ports, rather than choose new ones."""
    noted = _read_ports(path).values()
    wait_until(lambda: all(map(is_free, noted)), time.monotonic() + seconds, pause=0.1)


def _read_ports(path: Path) -> dict[str, int]:
    """Empty when there are none yet or the file is damaged: ports can be chosen anew at any time."""
    try:
        content = json.loads(path.read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):
        return {}
    return {name: port for name, port in content.items() if isinstance(port, int)} if isinstance(content, dict) else {}
