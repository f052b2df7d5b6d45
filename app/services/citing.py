"""Citations: which passage an answer stands on, and the words in it."""

from typing import Any

from app.repositories.passages import Passage
from app.services.query_results import QueryResult


def citation_of_rows(index: int, result: QueryResult) -> dict[str, Any]:
    """The same for rows of a database: all of them as they came, with the query and when it ran."""
    return {
        "index": index,
        "connection_id": str(result.connection_id),
        "title": result.title,
        "url": None,
        "page": None,
        "heading_path": [],
        "quote": result.text,
        "sql": result.sql,
        "ran_at": result.ran_at.isoformat().replace("+00:00", "Z"),
        "row_count": result.row_count,
        "cut": result.cut,
        "score": 1.0,
    }


def citation(index: int, passage: Passage, start: int, end: int) -> dict[str, Any]:
    """A citation as plain JSON. `start` and `end` are characters of the passage's text; in the citation they are
    those of the document's, so that it can be opened there."""
    return {
        "index": index,
        "document_id": str(passage.document_id),
        "chunk_id": str(passage.chunk_id),
        "title": passage.title,
        "url": passage.url,
        "page": passage.page,
        "heading_path": list(passage.heading_path),
        "quote": passage.text[start:end].strip(),
        "start": passage.start + start,
        "end": passage.start + end,
        "score": round(passage.score, 4),
    }
