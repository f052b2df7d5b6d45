"""Sets of documents with questions about them, and what counts as right."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from installation import ROOT

DEMO_DOCUMENTS = ROOT / "app" / "demo" / "documents"
DEMO_QUESTIONS = ROOT / "scripts" / "bench" / "retrieval_questions.jsonl"
CALIBRATION = ROOT / "scripts" / "bench" / "calibration"
# Nothing is fitted on these, and nobody looks at their single questions while changing the agent.
HOLDOUT = ROOT / "scripts" / "bench" / "holdout"
_SECTION = "\n## "


@dataclass(frozen=True)
class Asked:
    """A question. A passage answers it when it is of one of `documents` (file names) and holds one of `answers`."""

    text: str
    language: str
    kind: str
    answerable: bool
    documents: frozenset[str]
    answers: tuple[str, ...]

    def is_answered_by(self, filename: str, text: str) -> bool:
        """Whether a text of a document holds an answer, blanks and case aside."""
        return filename in self.documents and any(each in plain(text) for each in self.answers)


@dataclass(frozen=True)
class QuestionSet:
    """Files by name, and questions about them."""

    name: str
    files: Mapping[str, bytes]
    questions: Sequence[Asked]

    @property
    def digest(self) -> str:
        """Tells whether the files are those that were ingested before."""
        each = (name.encode() + b"\0" + sha256(content).digest() for name, content in sorted(self.files.items()))
        return sha256(b"".join(each)).hexdigest()[:16]


def plain(text: str) -> str:
    """A text as it is compared."""
    return " ".join(text.split()).casefold()


def of_folder(documents: Path, questions: Path) -> QuestionSet:
    """A folder of files and a file with one question a line (retrieval_questions.md says what is in it)."""
    files = {each.name: each.read_bytes() for each in sorted(documents.iterdir()) if each.is_file()}
    rows = [json.loads(line) for line in questions.read_text().splitlines() if line.strip()]
    return QuestionSet(documents.parent.name if documents.name == "documents" else documents.name, files, _asked(rows))


def of_file(path: Path) -> QuestionSet:
    """An invented company: `{"name", "documents": {file name: text}, "questions": [as in a line above]}`."""
    content = json.loads(path.read_text())
    files = {name: "\n".join(["", *text]).encode() for name, text in content["documents"].items()}
    return QuestionSet(content["name"], files, _asked([_completed(each, content) for each in content["questions"]]))


def half_of(whole: QuestionSet, dice: random.Random) -> QuestionSet:
    """The same company with half of its sections, drawn at random. A question whose passages are gone has become one
    without an answer, and the hardest kind."""
    files = {name: _half(content.decode(), dice).encode() for name, content in whole.files.items()}
    texts = {name: plain(content.decode()) for name, content in files.items()}
    questions = [
        replace(each, answerable=any(each.is_answered_by(name, text) for name, text in texts.items()))
        for each in whole.questions
    ]
    return QuestionSet(f"half of {whole.name}", files, questions)


def merged(sets: Sequence[QuestionSet]) -> QuestionSet:
    """Several companies' documents and questions as if they were one's."""
    files = {name: content for each in sets for name, content in each.files.items()}
    questions = [question for each in sets for question in each.questions]
    return QuestionSet(" + ".join(each.name for each in sets), files, questions)


def _half(text: str, dice: random.Random) -> str:
    title, *sections = text.split(_SECTION)
    kept = sorted(dice.sample(range(len(sections)), (len(sections) + 1) // 2))
    return _SECTION.join([title, *(sections[at] for at in kept)])


def _completed(row: Mapping[str, Any], content: Mapping[str, Any]) -> Mapping[str, Any]:
    answers = row.get("answers", [])
    return {"answerable": bool(answers), "documents": list(content["documents"]), "answers": answers, **row}


def _asked(rows: Sequence[Mapping[str, Any]]) -> list[Asked]:
    return [
        Asked(
            text=row["question"],
            language=row["language"],
            kind=row["kind"],
            answerable=row["answerable"],
            documents=frozenset(row["documents"]),
            answers=tuple(plain(each) for each in row["answers"]),
        )
        for row in rows
    ]
