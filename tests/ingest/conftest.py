from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

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


@pytest.fixture(scope="session")
def tokenizer_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A token per word or sign, and settings that would spoil counting if they were kept."""
    tokenizer = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.enable_truncation(16)
    tokenizer.enable_padding(length=64)
    path = tmp_path_factory.mktemp("tokenizer") / "tokenizer.json"
    tokenizer.save(str(path))
    return path
