"""Passages that were never written, with vectors and words distributed as those of real documents, at any size.

Vectors are spread as those of e5-small over 3,600 passages of English documentation were found to be: cosines of .83
(standard deviation .03) between strangers and .91 (.02) within a document, half of the variance along 40 axes, a local
dimension of 15 to 18. Words: half of them English stop words, a third from a Zipf
distribution over 50,000, a sixth from the 200 of the passage's topic.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID, uuid4

import numpy as np

DIMENSION, SPACE = 384, "bench/e5/384"
FIELDS, TOPICS, VOCABULARY, TOPIC_WORDS, PASSAGE_WORDS, DOCUMENT_PASSAGES = 40, 2_000, 50_000, 200, 200, 50
# Squares of the shares that a vector has of what all have in common, of its field, topic and document, and of its own.
COMMON, FIELD, TOPIC, DOCUMENT, OWN = 0.83, 0.03, 0.025, 0.03, 0.09
# A question points this far away from the passage that it is about: a cosine of about .9.
ASKED = 0.48
_AXES = np.arange(DIMENSION)
_FIELDS, _BETWEEN, _WITHIN = (_AXES + 1.0) ** -0.75, (_AXES + 3.0) ** -0.5, np.exp(-_AXES / 160)
_STOP_WORDS = """
    the of and to in is that it was for on are as with his they at be this have from or had by not but what all were we
    when your can there an which she do their if will other about out then them these so some her him has more no my
    than been who its now did down only over just most very after before through where too any same how because
""".split()  # noqa: SIM905 - readable only so
_COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
_EMBEDDING = np.dtype(
    [
        *(("fields", ">i2"), ("l1", ">i4"), ("chunk", "V16"), ("l2", ">i4"), ("space", f"S{len(SPACE)}")),
        *(("l3", ">i4"), ("agent", "V16"), ("l4", ">i4"), ("dimension", ">i4"), ("l5", ">i4"), ("stored", ">i2")),
        *(("unused", ">i2"), ("vector", ">f2", DIMENSION), ("l6", ">i4"), ("company", "V16")),
    ]
)


@dataclass
class Company:
    """A company with one agent that has `size` passages."""

    size: int
    id: UUID = field(default_factory=uuid4)
    agent_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class Question:
    """Words and a vector near those of one passage, which is the right answer."""

    company: Company
    text: str
    vector: list[float]
    about: UUID | None = None


class Corpus:
    """Everything that passages are drawn from; the same for the same seed."""

    def __init__(self, seed: int = 1) -> None:
        self.random = np.random.default_rng(seed)
        self.shared = self._units(1)[0]
        topics = TOPIC**0.5 * self._units(TOPICS, _BETWEEN)
        self.topics = FIELD**0.5 * self._units(FIELDS, _FIELDS)[self.random.integers(0, FIELDS, TOPICS)] + topics
        self.words = np.array(_synthetic_words(VOCABULARY), dtype=object)
        self.stop_words = np.array(_STOP_WORDS, dtype=object)
        self.topic_words = self.random.integers(1_000, VOCABULARY, (TOPICS, TOPIC_WORDS))
        share = 1 / np.arange(10, VOCABULARY + 10)
        self._zipf = np.cumsum(share / share.sum())

    def fill(self, connection: Any, companies: Sequence[Company]) -> None:
        """Stores passages of the companies, as the tables' owner; without the checks that a load doesn't need."""
        with connection.cursor() as cursor:
            cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
            cursor.execute("CREATE TEMP TABLE loaded (LIKE chunks INCLUDING DEFAULTS)")
            for batch in _batches(companies, 20_000):
                self._load(cursor, batch)
            cursor.execute("DROP TABLE loaded; SET session_replication_role = DEFAULT")
        connection.commit()

    def questions(
        self, cursor: Any, companies: Sequence[Company], number: int, *, common: bool = False
    ) -> list[Question]:
        """Questions about passages that are stored; of `common` words only, or with three words of the passage."""
        found = []
        for each in self.random.choice(len(companies), number):
            company = companies[int(each)]
            at = int(self.random.integers(company.size))
            cursor.execute(
                "SELECT c.id, c.text, e.vector::text FROM chunks c JOIN chunk_embeddings e ON e.chunk_id = c.id"
                " WHERE c.id = (SELECT chunk_id FROM chunk_embeddings WHERE agent_id = %s AND space = %s"
                " OFFSET %s LIMIT 1)",
                (str(company.agent_id), SPACE, min(at, 5_000)),
            )
            passage, text, vector = cursor.fetchone()
            found.append(Question(company, self._asked(text, common), self._near(vector), UUID(passage)))
        return found

    def vectors(self, topics: np.ndarray, documents: np.ndarray) -> np.ndarray:
        """Vectors (n, dimension) of passages of these topics and documents' directions."""
        number = len(topics)
        made = COMMON**0.5 * self.shared + self.topics[topics] + DOCUMENT**0.5 * documents
        made += OWN**0.5 * self._units(number, _WITHIN) * self.random.uniform(0.65, 1.3, (number, 1))
        return made / np.linalg.norm(made, axis=1, keepdims=True)

    def directions(self, number: int) -> np.ndarray:
        """What as many documents have of their own, some much, some little."""
        return self._units(number, _BETWEEN) * self.random.uniform(0.3, 1.5, (number, 1))

    def _load(self, cursor: Any, batch: list[tuple[Company, int]]) -> None:
        """One batch: documents of companies, as (company, number of passages)."""
        number = sum(size for _, size in batch)
        documents = [uuid4() for _ in batch]
        of = np.repeat(np.arange(len(batch)), [size for _, size in batch])
        choices = {id(company): max(4, company.size // 250) for company, _ in batch}
        topic = np.array(
            [
                (company.id.int + int(self.random.integers(choices[id(company)])) * 7_919) % TOPICS
                for company, _ in batch
            ]
        )[of]
        ids = _ordered_ids(number)
        now = datetime.now(UTC).isoformat()
        rows = "".join(
            f"{document}\t{company.id}\t{company.agent_id}\tfile\tDocument {document.hex[:6]}\tprocessed\tdone\t1"
            f"\t{now}\t{size}\n"
            for document, (company, size) in zip(documents, batch, strict=True)
        )
        cursor.copy_expert(
            "COPY documents (id, company_id, agent_id, source, title, status, stage, generation, due_at, chunk_count)"
            " FROM STDIN",
            StringIO(rows),
        )
        starts = np.concatenate([np.arange(size) for _, size in batch])
        lines = "".join(
            f"{UUID(bytes=chunk)}\t{batch[at][0].id}\t{documents[at]}\t{batch[at][0].agent_id}\t1\t{position}\t{text}\t"
            f"{position * 1200}\t{position * 1200 + len(text)}\t256\ten\n"
            for chunk, at, position, text in zip(ids, of, starts, self._texts(topic), strict=True)
        )
        columns = 'id, company_id, document_id, agent_id, generation, position, text, start, "end", tokens, language'
        cursor.execute("TRUNCATE loaded")
        cursor.copy_expert(f"COPY loaded ({columns}) FROM STDIN", StringIO(lines))
        cursor.execute(
            f"INSERT INTO chunks ({columns}, search) SELECT {columns}, to_tsvector('english', text) FROM loaded"
        )
        vectors = self.vectors(topic, self.directions(len(batch))[of])
        owners = [(each.id.bytes, each.agent_id.bytes) for each, size in batch for _ in range(size)]
        cursor.copy_expert(
            "COPY chunk_embeddings (chunk_id, space, agent_id, dimension, vector, company_id)"
            " FROM STDIN (FORMAT binary)",
            BytesIO(_binary(ids, owners, vectors)),
        )

    def _texts(self, topics: np.ndarray) -> Iterator[str]:
        number = len(topics)
        stop = self.stop_words[(len(_STOP_WORDS) * self.random.random((number, PASSAGE_WORDS // 2)) ** 2).astype(int)]
        any_words = self.words[np.searchsorted(self._zipf, self.random.random((number, PASSAGE_WORDS // 3)))]
        which = (TOPIC_WORDS * self.random.random((number, PASSAGE_WORDS // 6)) ** 2).astype(int)
        own = self.words[self.topic_words[topics[:, None], which]]
        for row in np.concatenate([stop, any_words, own], axis=1):
            yield " ".join(row)

    def _asked(self, text: str, common: bool) -> str:
        words = text.split()
        if common:
            return " ".join(["what", "is", *self.words[self.random.integers(0, 12, 5)], "about", "the"])
        own = self.random.choice(words[-(PASSAGE_WORDS // 6) :], 3)
        usual = self.random.choice(words[PASSAGE_WORDS // 2 : -(PASSAGE_WORDS // 6)], 3)
        return " ".join(["what", "is", *own, "with", *usual, "about", "the"])

    def _near(self, vector: str) -> list[float]:
        asked = np.array([float(each) for each in vector[1:-1].split(",")]) + ASKED * self._units(1, _WITHIN)[0]
        return [float(each) for each in asked / np.linalg.norm(asked)]

    def _units(self, number: int, spectrum: np.ndarray | float = 1.0) -> np.ndarray:
        drawn = self.random.standard_normal((number, DIMENSION), dtype=np.float32) * np.float32(spectrum)
        return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def _batches(companies: Sequence[Company], size: int) -> Iterator[list[tuple[Company, int]]]:
    batch: list[tuple[Company, int]] = []
    filled = 0
    for company in companies:
        for start in range(0, company.size, DOCUMENT_PASSAGES):
            batch.append((company, min(DOCUMENT_PASSAGES, company.size - start)))
            filled += batch[-1][1]
            if filled >= size:
                yield batch
                batch, filled = [], 0
    if batch:
        yield batch


def _synthetic_words(number: int) -> list[str]:
    """Words that no stemmer shortens to the same: consonants and vowels by turns."""
    consonants, vowels = "bcdfghklmnprtvz", "aou"
    words = []
    for each in range(number):
        syllables, rest = "", each
        for _ in range(4):
            rest, at = divmod(rest, len(consonants) * len(vowels))
            syllables += consonants[at % len(consonants)] + vowels[at // len(consonants)]
        words.append(syllables + "k")
    return words


_made = 0


def _ordered_ids(number: int) -> list[bytes]:
    """Ids like our own, UUIDv7, one a millisecond."""
    global _made
    random = np.random.default_rng().bytes(10 * number)
    start, _made = _made, _made + number
    return [
        (1_790_000_000_000 + start + each).to_bytes(6, "big")
        + bytes([0x70 | random[10 * each] & 0x0F, random[10 * each + 1], 0x80 | random[10 * each + 2] & 0x3F])
        + random[10 * each + 3 : 10 * each + 10]
        for each in range(number)
    ]


def _binary(ids: list[bytes], owners: list[tuple[bytes, bytes]], vectors: np.ndarray) -> bytes:
    """Rows in Postgres' binary COPY format; pgvector's halfvec is its dimension, an unused word, and the values."""
    rows = np.zeros(len(ids), dtype=_EMBEDDING)
    rows["fields"] = 6
    for name, length in (("l1", 16), ("l2", len(SPACE)), ("l3", 16), ("l4", 4), ("l5", 4 + 2 * DIMENSION), ("l6", 16)):
        rows[name] = length
    rows["chunk"] = np.frombuffer(b"".join(ids), dtype="V16")
    rows["space"] = SPACE.encode()
    rows["company"] = np.frombuffer(b"".join(company for company, _ in owners), dtype="V16")
    rows["agent"] = np.frombuffer(b"".join(agent for _, agent in owners), dtype="V16")
    rows["dimension"] = rows["stored"] = DIMENSION
    rows["vector"] = vectors
    return _COPY_HEADER + rows.tobytes() + struct.pack(">h", -1)
