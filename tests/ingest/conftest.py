from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ingest.reading import Reader


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """`read(Kind.PDF, content)`"""
    return Reader(tmp_path)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes | str], Path]:
    """`file(content)`: where it was written to."""

    def write(content: bytes | str) -> Path:
        path = tmp_path / "upload"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
