"""What the launcher says while it works: one line a step, with the time it took."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


def say(text: str = "", end: str = "\n") -> None:
    """Print at once. When nobody listens any more (`| head`, a closed terminal), be silent from then on: that is no
    reason to fail, least of all while stopping."""
    try:
        print(text, end=end, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def step(title: str) -> Iterator[None]:
    """Print `title`, and behind it the seconds that the block took."""
    began = time.monotonic()
    say(f"  {title} …", end="")
    try:
        yield
    except BaseException:
        say()
        raise
    say(f" {time.monotonic() - began:.1f} s")
