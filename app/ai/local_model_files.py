"""The folder of the local embedding model: what lies in it, and the marker that is written last."""

import json
from dataclasses import dataclass
from pathlib import Path

from app.ai.model_weights import SHA256

# Raised whenever a change to the build makes other files.
BUILD_VERSION = 2
MARKER = "marker.json"
GRAPH = "encoder.onnx"
WORDS = "words.npy"
POSITIONS = "positions.npy"
PIECES = "pieces.txt"
SCORES = "scores.npy"
UNIVERSAL_GRAPH = "universal.onnx"
UNIVERSAL_WORDS = "universal_words.npy"
UNIVERSAL_RANGES = "universal_ranges.npy"
UNIVERSAL_PIECES = "universal_pieces.txt"
UNIVERSAL_SCORES = "universal_scores.npy"


@dataclass(frozen=True)
class Marker:
    """What a finished folder says about itself: sha256 by file name."""

    digests: dict[str, str]


def read_marker(folder: Path) -> Marker | None:
    """The marker of a folder of this version; None when the folder is missing, unfinished or of another version."""
    try:
        content = json.loads((folder / MARKER).read_text())
        if (content["version"], content["weights"]) != (BUILD_VERSION, SHA256):
            return None
        return Marker(digests=dict(content["digests"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
