"""Reading in this process, for tests about formats; those about limits start the real one."""

import importlib
from dataclasses import dataclass, field
from pathlib import Path

from app.ingest import extractor
from app.ingest.blocks import Block
from app.ingest.detect import Kind
from app.ingest.limits import Limits
from app.ingest.sink import BlockSink
from app.ingest.source import Source


class Collected(BlockSink):
    """Everything that a reader said."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(max_characters=limits.max_characters)
        self.blocks: list[Block] = []
        self.titles: list[str] = []
        self.page_count: int | None = None
        self.pages_without_text = 0

    def emit(self, block: Block) -> None:
        self.blocks.append(block)

    def title(self, text: str) -> None:
        if text.strip():
            self.titles.append(text)

    def pages(self, count: int, *, without_text: int = 0) -> None:
        self.page_count, self.pages_without_text = count, without_text

    def progress(self, done: int, total: int | None) -> None:
        """Not asked here."""

    @property
    def texts(self) -> list[str]:
        """What isn't a heading."""
        return [block.text for block in self.blocks if not block.is_heading]

    @property
    def headings(self) -> list[tuple[str, ...]]:
        """The paths of the headings."""
        return [block.heading_path for block in self.blocks if block.is_heading]


@dataclass(frozen=True)
class Reader:
    """Reads content that it writes to a folder first."""

    folder: Path
    limits: Limits = field(default_factory=Limits)

    def __call__(self, kind: Kind, content: bytes | str, *, charset: str | None = None) -> Collected:
        path = self.folder / "document"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        collected = Collected(self.limits)
        source = Source(path=path, kind=kind, limits=self.limits, charset=charset)
        importlib.import_module(f"app.ingest.readers.{extractor.READERS[kind]}").read(source, collected)
        return collected
