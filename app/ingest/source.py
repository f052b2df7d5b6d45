"""What a reader is given."""

from dataclasses import dataclass
from pathlib import Path

from app.ingest.detect import Kind
from app.ingest.limits import Limits


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file, what it was found to be, and how much of it may be read.

    `charset` is what the sender of a text declared; it counts only where the content doesn't say.
    """

    path: Path
    kind: Kind
    limits: Limits
    charset: str | None = None
