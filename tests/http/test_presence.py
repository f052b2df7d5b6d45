"""Whether a caller is still there."""

import select
import socket

import pytest

from app.http.presence import has_hung_up


@pytest.fixture(params=["with poll()", "without it, as eventlet leaves the module"], autouse=True)
def _module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "with poll()":
        monkeypatch.delattr(select, "poll")


def test_a_caller_who_waits_or_writes_on_is_there() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert not has_hung_up(ours)
        theirs.sendall(b"GET / HTTP/1.1\r\n")
        assert not has_hung_up(ours)
        assert ours.recv(3) == b"GET"


def test_a_caller_who_hung_up_is_not() -> None:
    ours, theirs = socket.socketpair()
    theirs.close()
    with ours:
        assert has_hung_up(ours)
    assert has_hung_up(ours)
