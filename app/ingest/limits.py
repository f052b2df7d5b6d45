"""How much of a document is read before it is refused."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds. Defaults fit a worker with 2 GB of memory."""

    max_bytes: int = 100 * 1024**2
    max_pages: int = 5_000
    max_characters: int = 20_000_000
    max_chunks: int = 50_000
    # Of a zip container (Office files, EPUB). XML packs 10 to 30 times; a thousand is a bomb.
    max_expansion_ratio: int = 200
    max_expanded_bytes: int = 1024**3
    max_members: int = 10_000
    max_seconds: float = 120.0
    max_memory_bytes: int = 1536 * 1024**2
