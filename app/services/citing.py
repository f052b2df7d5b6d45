"""Citations: which passage an answer stands on, and the words in it."""

from typing import Any

from app.repositories.passages import Passage


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
