"""What retrieval finds, and what it must never find."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.core import tenancy
from app.core.transaction import transaction
from app.models.chunk import Chunk
from app.models.document import Document
from app.repositories import passages
from app.repositories.passages import Passage, Way, Words
from app.services import retrieval
from tests.passages.conftest import SPACE, Shelf, towards
from tests.rows import change

every_way = pytest.mark.parametrize("way", list(Way))
RETURNS = ("Send it back within 30 days.", towards(0, 1))
LABEL = ("The parcel label is in the box.", towards(0, 2))
GIFTS = ("Gift cards are not refunded.", towards(5))


def texts(found: list[Passage]) -> list[str]:
    return [each.text for each in found]


@every_way
def test_finds_the_nearest_first(shelf: Shelf, way: Way) -> None:
    shelf.add(GIFTS, LABEL, RETURNS)
    found = shelf.search(towards(0, 0, 1), way=way)
    assert texts(found) == [RETURNS[0], LABEL[0], GIFTS[0]]
    assert [round(each.cosine, 2) for each in found] == [1.0, 0.5, 0.0]


@every_way
def test_finds_by_words_what_is_far_away(shelf: Shelf, way: Way) -> None:
    shelf.add(GIFTS, *[(f"Filler {each}.", towards(1, each)) for each in range(2, 62)])
    found = shelf.search(towards(1), "gift", way=way, most=60)
    assert GIFTS[0] in texts(found)
    assert next(each for each in found if each.text == GIFTS[0]).rank > 0


def test_adds_up_words_and_meaning(shelf: Shelf) -> None:
    shelf.add(RETURNS, LABEL, GIFTS)
    found = shelf.search(towards(0, 1, 2), "label")
    assert texts(found)[0] == LABEL[0]
    assert found[0].score == pytest.approx(1.0)
    assert found[0].mean_cosine == pytest.approx(sum(each.cosine for each in found) / 3)


def test_gives_no_more_than_asked_for(shelf: Shelf) -> None:
    shelf.add(RETURNS, LABEL, GIFTS)
    assert len(shelf.search(towards(0), "parcel", most=2)) == 2


@every_way
def test_finds_nothing_where_there_is_nothing(shelf: Shelf, way: Way) -> None:
    assert shelf.search(towards(0), "parcel", way=way) == []
    assert shelf.find("Where is my parcel?", towards(0)) == []


def test_finds_by_words_without_vectors(shelf: Shelf, database: Session) -> None:
    shelf.add((LABEL[0], towards(3)))
    with shelf.app.app_context(), transaction():
        tenancy.enter_company(shelf.company_id)
        found = passages.search(
            company_id=shelf.company_id,
            agent_id=shelf.agent_id,
            space="another/space/384",
            vector=towards(3),
            asked=["parcel"],
            most=8,
            way=Way.EVERY,
        )
    assert [(each.text, each.cosine) for each in found] == [(LABEL[0], 0.0)]


@every_way
@pytest.mark.parametrize("model", [Document, Chunk], ids=["document", "passage"])
def test_does_not_find_what_is_deleted(shelf: Shelf, database: Session, model: type[Any], way: Way) -> None:
    document, (chunk,) = shelf.add(LABEL)
    shelf.add(GIFTS)
    assert LABEL[0] in texts(shelf.search(towards(0, 2), "parcel", way=way))
    identity = document if model is Document else chunk
    change(database, model, identity, deleted_at=datetime.now(UTC))
    assert texts(shelf.search(towards(0, 2), "parcel", way=way)) == [GIFTS[0]]
    change(database, model, identity, deleted_at=None)
    assert LABEL[0] in texts(shelf.search(towards(0, 2), "parcel", way=way))


@every_way
def test_does_not_find_generations_that_are_not_searched(shelf: Shelf, database: Session, way: Way) -> None:
    document, _ = shelf.add(LABEL, generation=2)
    assert shelf.search(towards(0, 2), "parcel", way=way) == []
    change(database, Document, document, generation=2)
    assert texts(shelf.search(towards(0, 2), "parcel", way=way)) == [LABEL[0]]


@every_way
def test_finds_past_many_deleted_passages(shelf: Shelf, database: Session, way: Way) -> None:
    deleted, _ = shelf.add(*[(f"Old {each}.", towards(0, each)) for each in range(1, 200)])
    shelf.add(*[(f"New {each}.", towards(0, 200, each)) for each in range(1, 20)])
    change(database, Document, deleted, deleted_at=datetime.now(UTC))
    found = texts(shelf.search(towards(0), way=way))
    assert len(found) == 8
    assert all(each.startswith("New") for each in found)


@every_way
def test_does_not_find_another_agents_passages(shelf: Shelf, globex: Shelf, cast: Any, way: Way) -> None:
    shelf.add(LABEL)
    for agent_id, company_id in ((globex.agent_id, cast.globex), (uuid4(), cast.acme)):
        other = Shelf(shelf.app, shelf.database, company_id, agent_id)
        assert other.search(towards(0, 2), "parcel", way=way) == []


@every_way
def test_does_not_find_passages_of_a_company_that_is_not_entered(shelf: Shelf, cast: Any, way: Way) -> None:
    shelf.add(LABEL)
    assert shelf.search(towards(0, 2), "parcel", way=way, entered=cast.globex) == []


@pytest.mark.parametrize("lexeme", ["o'neil", "back\\slash", "a & !b", "':*"])
def test_takes_every_lexeme_for_what_it_is(shelf: Shelf, lexeme: str) -> None:
    shelf.add(LABEL)
    assert texts(shelf.search(towards(0, 2), lexeme, "parcel")) == [LABEL[0]]


@pytest.mark.parametrize(
    "words",
    [
        [Words("english", "where are the parcels")],
        [Words("spanish", "dónde"), Words("english", "PARCEL")],
        [Words("simple", "https://shop.example/o'neil\\b?a=1&b='2' | !parcel:* & ''"), Words("english", "parcel")],
    ],
    ids=["one language", "two languages", "operators"],
)
def test_looks_words_up_as_they_are_indexed(shelf: Shelf, words: list[Words]) -> None:
    shelf.add(LABEL, GIFTS)
    found = shelf.search(towards(9), *words)
    assert {each.text: each.rank > 0 for each in found} == {LABEL[0]: True, GIFTS[0]: False}
    lexemes = shelf.search(towards(9), *_lexemes(shelf, words))
    assert [(each.text, each.rank) for each in found] == [(each.text, each.rank) for each in lexemes]


def test_words_without_meaning_find_nothing_by_words(shelf: Shelf) -> None:
    shelf.add(LABEL)
    assert [each.rank for each in shelf.search(towards(9), Words("english", "the of and"))] == [0.0]


def _lexemes(shelf: Shelf, words: list[Words]) -> list[str]:
    with shelf.app.app_context(), transaction():
        return passages.lexemes(words)


def test_cuts_words_to_what_is_indexed(shelf: Shelf) -> None:
    with shelf.app.app_context(), transaction():
        assert set(passages.lexemes([Words("english", "where are the parcels"), Words("spanish", "los paquetes")])) == {
            "parcel",
            "paquet",
        }
        assert passages.lexemes([]) == []
        assert passages.lexemes([Words("english", "the of and")]) == []


def test_counts_words_in_all_passages_since_all_are_ranked(shelf: Shelf, database: Session) -> None:
    shelf.add(*[("Parcel and label.", towards(1)), ("Parcel alone.", towards(2))] * 3)
    gone, _ = shelf.add(*[("Gift cards.", towards(1))] * 6)
    change(database, Document, gone, deleted_at=datetime.now(UTC))
    with shelf.app.app_context(), transaction():
        tenancy.enter_company(shelf.company_id)
        owned: dict[str, UUID] = {"company_id": shelf.company_id, "agent_id": shelf.agent_id}
        assert passages.count(**owned) == (6, 12)
        assert passages.count_words(**owned, sample=600, least=1).keys() == {"parcel", "label", "alon", "gift", "card"}
        assert passages.count_words(**owned, sample=600, least=250) == {"parcel": 300, "gift": 300, "card": 300}


def test_the_service_finds_by_the_words_of_a_question(shelf: Shelf) -> None:
    shelf.add(GIFTS, LABEL)
    assert shelf.find("Where are labels?", towards(9), "de", "en")[0] == LABEL[0]
    assert shelf.find("", towards(5))[0] == GIFTS[0]


def test_the_service_leaves_the_most_frequent_words_of_a_large_agent_out(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "_MOST_RANKED", 9)
    shelf.add(*[(f"Acme parcel {each}.", towards(each)) for each in range(1, 10)], ("Acme gift.", towards(20)))
    asked: list[list[str]] = []
    search = passages.search
    monkeypatch.setattr(passages, "search", lambda **named: asked.append(sorted(named["asked"])) or search(**named))
    assert shelf.find("Acme gift", towards(20))[0] == "Acme gift."
    assert asked == [["gift"]]


def test_deleted_passages_count_where_words_are_left_out(
    shelf: Shelf, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are ranked like the others before they are left out."""
    monkeypatch.setattr(retrieval, "_MOST_RANKED", 9)
    shelf.add(*[(f"Acme parcel {each}.", towards(each)) for each in range(1, 7)], ("Acme gift.", towards(20)))
    gone, _ = shelf.add(*[(f"Acme offer {each}.", towards(each)) for each in range(1, 11)])
    change(database, Document, gone, deleted_at=datetime.now(UTC))
    asked: list[list[str]] = []
    search = passages.search
    monkeypatch.setattr(passages, "search", lambda **named: asked.append(list(named["asked"])) or search(**named))
    assert shelf.find("Acme gift", towards(20))[0] == "Acme gift."
    assert asked == [["gift"]]


def test_the_service_looks_live_passages_up_where_few_of_many_are_left(
    shelf: Shelf, database: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "EXACT_UP_TO", 3)
    monkeypatch.setattr(retrieval, "LIVE_UP_TO", 2)
    first, _ = shelf.add(RETURNS, LABEL)
    ways: list[Way] = []
    search = passages.search
    monkeypatch.setattr(passages, "search", lambda **named: ways.append(named["way"]) or search(**named))
    assert shelf.find("", towards(0, 1)) == [RETURNS[0], LABEL[0]]
    shelf.add(GIFTS, LABEL)
    for deleted_at in (None, datetime.now(UTC)):
        change(database, Document, first, deleted_at=deleted_at)
        retrieval.forget()
        found = shelf.find("", towards(0, 1))
        assert (RETURNS[0] in found) == (deleted_at is None)
    assert ways == [Way.EVERY, Way.INDEX, Way.LIVE]


def test_says_whether_passages_can_still_be_cited(shelf: Shelf, globex: Shelf, database: Session) -> None:
    document, (label, gifts) = shelf.add(LABEL, GIFTS)
    _, (returns,) = shelf.add(RETURNS)
    _, (theirs,) = globex.add(RETURNS)
    change(database, Chunk, gifts, deleted_at=datetime.now(UTC))
    assert _citable(shelf, [label, returns])
    assert [_citable(shelf, [label, other]) for other in (gifts, theirs, uuid4())] == [False, False, False]
    change(database, Document, document, deleted_at=datetime.now(UTC))
    assert [_citable(shelf, each) for each in ([label, returns], [label], [returns])] == [False, False, True]


def test_does_not_wait_for_passages_that_change(shelf: Shelf, database: Session) -> None:
    _, (label,) = shelf.add(LABEL)
    database.execute(select(Chunk.id).where(Chunk.id == label).with_for_update())
    assert _citable(shelf, [label])  # whoever deletes it comes for the document next, and would wait for us
    database.rollback()


def test_counts_vectors_of_one_space(shelf: Shelf) -> None:
    shelf.add(LABEL, GIFTS)
    with shelf.app.app_context(), transaction():
        tenancy.enter_company(shelf.company_id)
        owned: dict[str, UUID] = {"company_id": shelf.company_id, "agent_id": shelf.agent_id}
        assert [passages.count_up_to(**owned, space=SPACE, most=most) for most in (1, 9)] == [1, 2]
        assert passages.count_up_to(**owned, space="another/space/384", most=9) == 0


def _citable(shelf: Shelf, cited: list[UUID]) -> bool:
    with shelf.app.app_context(), transaction() as session:
        tenancy.enter_company(shelf.company_id)
        wanted = {"company": shelf.company_id, "cited": [str(each) for each in cited]}
        found = session.scalar(text("SELECT frontdesk_lock_cited(:company, CAST(:cited AS uuid[]))"), wanted)
    return bool(found)
