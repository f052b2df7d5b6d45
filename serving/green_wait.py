"""Waiting for one file descriptor in a green process: other clients are served meanwhile."""

from eventlet import hubs


class _TooLong(Exception):
    pass


def wait(fd: int, *, write: bool, timeout: float) -> bool:
    """Waits until `fd` is ready for reading, or writing; False when `timeout` seconds passed before."""
    try:
        hubs.trampoline(fd, read=not write, write=write, timeout=timeout, timeout_exc=_TooLong)
    except _TooLong:
        return False
    return True
