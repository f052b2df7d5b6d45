"""Text as the ids that multilingual-e5 was trained on: SentencePiece's unigram model (Kudo 2018,
https://arxiv.org/abs/1804.10959) over 250,000 pieces.

Written out here because the `tokenizers` library takes 290 MB for these pieces in every process, and this takes 56; a
test holds the two together. It also has no native code that text could break.
"""

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from math import inf

SPACE = "\u2581"
_LONGEST_PIECE = 16
_UNKNOWN_PENALTY = 10.0
_CACHED_WORD = 40
_CONTROL = [*range(0x01, 0x09), 0x0B, *range(0x0E, 0x20), 0x7F, 0x8F, 0x9F, 0x00]
_BLANK = [0x09, 0x0A, 0x0C, 0x0D, 0x1680, *range(0x200B, 0x2010), 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD]
_REPLACED: dict[int, str] = dict.fromkeys(_CONTROL, "") | dict.fromkeys(_BLANK, " ")


class WordPieces:
    """The tokenizer. Safe to share between threads."""

    def __init__(self, pieces: Sequence[str], scores: Sequence[float], *, unknown: int, marks: Sequence[int]) -> None:
        """`marks` are the ids that no text may produce, such as the one that ends a sequence."""
        self._scores = scores
        self._unknown = unknown
        self._unknown_score = min(scores) - _UNKNOWN_PENALTY
        self._ids = {piece: number for number, piece in enumerate(pieces) if number not in marks}
        self._of_short_word = lru_cache(maxsize=20_000)(self._of_word)

    def ids(self, text: str) -> list[int]:
        """The ids of `text`, without marks for start and end. Any text will do, lone surrogates included."""
        found: list[int] = []
        for word in normalised(text).split():
            of_word = self._of_short_word if len(word) <= _CACHED_WORD else self._of_word
            found.extend(of_word(SPACE + word))
        return found

    def _of_word(self, word: str) -> tuple[int, ...]:
        """The split with the highest sum of scores, by Viterbi's algorithm."""
        size = len(word)
        best = [0.0] + [-inf] * size
        came_from = [0] * (size + 1)
        piece_at = [self._unknown] * (size + 1)
        for start in range(size):
            so_far = best[start]
            if so_far + self._unknown_score > best[start + 1]:
                best[start + 1], came_from[start + 1] = so_far + self._unknown_score, start
                piece_at[start + 1] = self._unknown
            for end in range(start + 1, min(size, start + _LONGEST_PIECE) + 1):
                number = self._ids.get(word[start:end])
                if number is not None and so_far + self._scores[number] > best[end]:
                    best[end], came_from[end], piece_at[end] = so_far + self._scores[number], start, number
        return self._walk_back(came_from, piece_at)

    def _walk_back(self, came_from: list[int], piece_at: list[int]) -> tuple[int, ...]:
        found: list[int] = []
        at = len(came_from) - 1
        while at > 0:
            # A run of unknown characters is one unknown piece, as in training.
            if not (piece_at[at] == self._unknown and found and found[-1] == self._unknown):
                found.append(piece_at[at])
            at = came_from[at]
        return tuple(reversed(found))


def normalised(text: str) -> str:
    """SentencePiece's `nmt_nfkc`: NFKC, control characters dropped, all kinds of blanks as spaces."""
    return unicodedata.normalize("NFKC", text.translate(_REPLACED))
