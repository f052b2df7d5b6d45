"""Time-outs in a green process that was busy."""

from test_boot import run

# The answer is there in time; the process looks only after the time-out.
_BUSY_MEANWHILE = """
import socket
import time
import warnings

warnings.simplefilter("ignore")
import eventlet
from eventlet import hubs

{use}
asking, answering = socket.socketpair()
client, request = socket.socketpair()


def wait():
    try:
        hubs.trampoline(asking, read=True, timeout={timeout})
    except eventlet.Timeout:
        return "silence"
    return "answer"


def serve():
    hubs.trampoline(request, read=True)
    {meanwhile}


waiting = eventlet.spawn(wait)
eventlet.spawn(serve)
eventlet.sleep(0)
client.send(b"x")
print(waiting.wait())
"""
_SOBER = "from serving.sober_hub import SoberHub\nhubs.use_hub(SoberHub)"
_ANSWERS_WHILE_BUSY = "answering.send(b'x'); time.sleep(0.1)"


def test_what_came_while_the_process_was_busy_is_no_silence() -> None:
    assert run(_BUSY_MEANWHILE.format(use=_SOBER, timeout=0.05, meanwhile=_ANSWERS_WHILE_BUSY)) == "answer"


def test_eventlet_alone_takes_it_for_silence() -> None:
    """Or there is no reason any more for a loop of our own."""
    assert run(_BUSY_MEANWHILE.format(use="", timeout=0.05, meanwhile=_ANSWERS_WHILE_BUSY)) == "silence"


def test_silence_is_still_heard() -> None:
    assert run(_BUSY_MEANWHILE.format(use=_SOBER, timeout=0.05, meanwhile="time.sleep(0.1)")) == "silence"
