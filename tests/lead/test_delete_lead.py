"""DELETE /v1/lead/<lead_id>."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models.agent import Agent
from app.models.conversation import Conversation
from app.models.lead import Lead
from app.models.message import Message
from app.models.turn import Turn
from tests.agent.rows import START, add_conversation, add_turn
from tests.cast import Cast
from tests.rows import all_of, audited, now_in


def path(cast: Cast) -> str:
    """Vera."""
    return f"/v1/lead/{cast.vera.id}"


def test_deletes_softly_and_turns_the_visitor_away_at_once(client: FlaskClient, database: Session, cast: Cast) -> None:
    answer = client.delete(path(cast), headers=cast.key(cast.bob, "write"))
    assert (answer.status_code, answer.data) == (204, b"")
    assert now_in(database, Lead, cast.vera.id).deleted_at is not None
    assert client.get("/v1/lead/me", headers=cast.vera.headers).status_code == 401
    assert client.delete(path(cast), headers=cast.alice.headers).status_code == 404
    assert audited(database, "lead_deleted").entity_id == str(cast.vera.id)


def test_takes_the_conversations_along(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    talk = add_conversation(database, ronda, lead_id=cast.vera.id)
    gone = add_conversation(database, ronda, lead_id=cast.vera.id, deleted_at=START)
    others = add_conversation(database, ronda)
    add_turn(database, talk, 1)
    client.delete(path(cast), headers=cast.alice.headers)
    deletion_id = now_in(database, Lead, cast.vera.id).deletion_id
    assert deletion_id is not None
    assert now_in(database, Conversation, talk.id).deletion_id == deletion_id
    assert now_in(database, Conversation, gone.id).deletion_id is None
    assert now_in(database, Conversation, others.id).deleted_at is None
    assert [message.deletion_id for message in all_of(database, Message)] == [deletion_id]


def test_calls_off_what_was_to_be_answered(client: FlaskClient, database: Session, cast: Cast, ronda: Agent) -> None:
    talk, others = add_conversation(database, ronda, lead_id=cast.vera.id), add_conversation(database, ronda)
    waiting = [add_turn(database, talk, 1, status="processing"), add_turn(database, talk, 2)]
    done, elsewhere = add_turn(database, talk, 3, status="completed"), add_turn(database, others, 1)
    client.delete(path(cast), headers=cast.alice.headers)
    for turn in waiting:
        after = now_in(database, Turn, turn.id)
        assert (after.status, after.error_code) == ("failed", "conversation_deleted")
        assert after.finished_at is not None
    assert now_in(database, Turn, done.id).status == "completed"
    assert now_in(database, Turn, elsewhere.id).status == "queued"


def test_refuses_anonymous_calls(client: FlaskClient, cast: Cast) -> None:
    assert client.delete(path(cast)).status_code == 401


def test_refuses_lesser_scopes_and_visitors(client: FlaskClient, cast: Cast) -> None:
    for headers in (cast.key(cast.alice, "read"), cast.vera.headers):
        assert client.delete(path(cast), headers=headers).status_code == 403


def test_hides_other_companies(client: FlaskClient, database: Session, cast: Cast) -> None:
    assert client.delete(path(cast), headers=cast.charlie.headers).status_code == 404
    assert now_in(database, Lead, cast.vera.id).deleted_at is None
