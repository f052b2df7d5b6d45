"""GET /health."""

from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from app.db import db


def test_answers_that_the_process_lives(client: FlaskClient) -> None:
    answer = client.get("/health")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_is_not_limited(client: FlaskClient, with_settings: Callable[..., None]) -> None:
    with_settings(rate_limit_general=1)
    answers = [client.get("/health") for _ in range(4)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers


def test_asks_no_database(app: Flask, client: FlaskClient) -> None:
    asked: list[object] = []

    def note(connection: object, *_rest: object) -> None:
        asked.append(connection)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "checkout", note)
    try:
        assert client.get("/health").status_code == 200
    finally:
        event.remove(engine, "checkout", note)
    assert asked == []
