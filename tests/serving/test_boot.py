"""Each case runs in an interpreter of its own: patching can't be undone."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def run(code: str, async_mode: str = "") -> str:
    """What `code` prints, its last line of error when it fails."""
    environment = {**os.environ, "ASYNC_MODE": async_mode, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    return ran.stdout.strip() if ran.returncode == 0 else ran.stderr.strip().splitlines()[-1]


def test_eventlet_is_the_default_and_patches_everything() -> None:
    code = """
from serving.boot import boot, booted_mode
print(boot(), booted_mode())
from eventlet import patcher
import psycopg2.extensions
print(all(map(patcher.is_monkey_patched, ["os", "select", "socket", "thread", "time", "subprocess", "psycopg"])))
print(psycopg2.extensions.get_wait_callback().__name__)
"""
    assert run(code).split() == ["eventlet", "eventlet", "True", "eventlet_wait_callback"]


def test_gthread_loads_no_eventlet() -> None:
    code = "import sys; from serving.boot import boot; print(boot(), 'eventlet' in sys.modules)"
    assert run(code, "gthread") == "gthread False"


def test_unknown_mode_is_refused() -> None:
    message = run("from serving.boot import boot; boot()", "gevent")
    assert message == "serving.boot.AsyncModeError: ASYNC_MODE is 'gevent'; it should be eventlet or gthread."


def test_mode_of_the_worker_stands() -> None:
    assert run("from serving.boot import boot; boot('gthread'); print(boot())", "eventlet") == "gthread"


def test_second_mode_is_refused() -> None:
    message = run("from serving.boot import boot; boot('gthread'); boot('eventlet')")
    assert message.endswith("This process runs in mode gthread; it can't become eventlet.")


def test_eventlet_is_refused_after_the_application_is_imported() -> None:
    message = run("import redis; from serving.boot import boot; boot('eventlet')")
    assert "too early for eventlet: redis" in message


def test_flask_command_gets_native_threads() -> None:
    """It imports wsgi.py for its name alone, with Flask loaded long before."""
    assert run("import flask; from serving.boot import boot; print(boot())") == "gthread"


def test_offload_runs_in_place_outside_of_a_server() -> None:
    code = """
import sys
from serving.offload import offload
print(offload(divmod, 7, 2), offload(dict, a=1), 'eventlet' in sys.modules)
"""
    assert run(code) == "(3, 1) {'a': 1} False"


def test_offload_refuses_a_pool_without_threads() -> None:
    code = "import os; os.environ['EVENTLET_THREADPOOL_SIZE'] = '0'\n"
    code += "from serving.boot import boot; boot(); from serving.offload import offload; offload(int)"
    assert run(code).startswith("ValueError: EVENTLET_THREADPOOL_SIZE is 0")
