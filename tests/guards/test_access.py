"""Every route says who may call it, or the application does not start."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from app.http.rate_limits import Category
from app.http.requires import Credential, access_of, public, refuse_undeclared, requires
from tests.guards.rules import PROJECT


def _view() -> str:
    return "anything"


def _with(view: Callable[..., Any]) -> Flask:
    app = Flask("planted", static_folder=None)
    app.add_url_rule("/fine", "fine", public()(lambda: "fine"))
    app.add_url_rule("/planted", "planted", view)
    return app


def test_every_route_of_the_application_is_declared(app: Flask) -> None:
    refuse_undeclared(app)
    assert all(access_of(view) for view in app.view_functions.values())


@pytest.mark.parametrize("view", [public()(_view), requires(Credential.JWT)(_view)])
def test_passes_a_declared_route(view: Callable[..., Any]) -> None:
    refuse_undeclared(_with(view))


def test_refuses_an_undeclared_route() -> None:
    with pytest.raises(RuntimeError, match="planted says neither"):
        refuse_undeclared(_with(_view))


def test_refuses_a_declaration_above_the_route() -> None:
    app = Flask("planted", static_folder=None)
    public()(app.get("/planted")(_view))  # in the wrong order: the route is registered without it
    with pytest.raises(RuntimeError, match="_view says neither"):
        refuse_undeclared(app)


def test_refuses_flasks_own_static_files() -> None:
    with pytest.raises(RuntimeError, match="static says neither"):
        refuse_undeclared(Flask("planted", static_folder="."))


def test_refuses_a_declaration_that_names_no_credential() -> None:
    with pytest.raises(ValueError, match="say public"):
        requires(category=Category.GENERAL)


_START = """
import app.web
register = app.web.register_commands
app.web.register_commands = lambda flask: (register(flask), flask.add_url_rule("/planted", "planted", lambda: "x"))
app.create_app()
"""


@pytest.mark.slow  # a process of its own: an application that fails half-way would leave its traces in this one
def test_an_application_with_an_undeclared_route_does_not_start() -> None:
    environ = {
        "SECRET_KEYS": "k" * 32,
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "REDIS_URL": "redis://x",
    }
    command = [sys.executable, "-c", _START]
    ended = subprocess.run(command, cwd=PROJECT, env=environ, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "planted says neither @requires(...) nor @public(...)" in ended.stderr
