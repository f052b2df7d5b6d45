"""Work that burns CPU (Argon2, RSA key generation) would stall every client of a green web process.

The web process registers a runner that moves such work to a real thread; elsewhere it runs in place.
"""

from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


def _in_place(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


_runner: Callable[..., Any] = _in_place


def register(runner: Callable[..., Any]) -> None:
    """Makes `runner(function, *args)` run heavy work from now on."""
    global _runner  # noqa: PLW0603 - set once at boot of the web process
    _runner = runner


def offload(function: Callable[..., Result], *args: Any) -> Result:
    """Runs `function(*args)` where it stalls nobody, and returns its result or raises its error."""
    result: Result = _runner(function, *args)
    return result
