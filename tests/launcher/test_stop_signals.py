"""Ctrl-C and its kin, wherever they meet the launcher."""

import os
import signal

import pytest

from launcher.run import Stopped, _stop_signals


class _Finalized:
    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")  # it is the point
def test_a_stop_that_is_lost_in_a_finalizer_is_known_all_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    with _stop_signals() as stop_asked:
        assert not stop_asked()
        lost = _Finalized()
        del lost
        assert stop_asked()
    assert "Stopping" in capfd.readouterr().out


def test_a_stop_ends_what_runs() -> None:
    before = signal.getsignal(signal.SIGTERM)
    try:
        with _stop_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
    except Stopped:
        pass
    assert signal.getsignal(signal.SIGTERM) == before
