"""How much of a document is read before it is refused."""

from dataclasses import dataclass

from app.ingest.errors import OutOfMemory, TimedOut


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

    def out_of_time(self) -> TimedOut:
        """What to say of a document that isn't read in time."""
        return TimedOut(
            f"Reading the document took longer than {self.max_seconds:g} seconds. Split it and send the parts."
        )

    def out_of_memory(self) -> OutOfMemory:
        """What to say of a document that takes too much memory."""
        most = self.max_memory_bytes // 1024**2
        return OutOfMemory(f"Reading the document takes more than {most:,} MiB of memory. Split it and send the parts.")
