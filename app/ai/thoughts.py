"""What models think aloud before they answer.

Open models (DeepSeek R1, Qwen 3 and what descends from them) put their thoughts between `<think>` and `</think>` in
front of the answer, and many servers pass that on as it is. It is for nobody's eyes, and parses as no SQL.
"""

import re

_OPENING = re.compile(r"\s*<(think|thinking|thought)>")
_OPENINGS = ("<think>", "<thinking>", "<thought>")


class ThoughtFilter:
    """Takes the thoughts off the front of an answer as it streams, however it is cut into pieces."""

    def __init__(self) -> None:
        self._held = ""
        self._closing: str | None = None  # the tag that ends the thoughts, while they go on
        self._passing = False

    def feed(self, text: str) -> str:
        """Takes the next piece, and gives what of it belongs to the answer as far as is known."""
        if self._passing:
            return text
        self._held += text
        if self._closing is None and (opening := _OPENING.match(self._held)):
            self._closing = f"</{opening[1]}>"
            self._held = self._held[opening.end() :]
        if self._closing is not None:
            return self._think(self._closing)
        begun = self._held.lstrip()
        if any(each.startswith(begun) for each in _OPENINGS):
            return ""
        return self.finish()

    def finish(self) -> str:
        """Gives the rest, when the answer is complete. Thoughts that never ended are no answer."""
        rest = "" if self._closing is not None else self._held
        self._held, self._passing = "", True
        return rest

    def _think(self, closing: str) -> str:
        thoughts, closed, answer = self._held.partition(closing)
        if not closed:
            self._held = thoughts[-len(closing) :]
            return ""
        # The empty lines between them are part of neither, and may end in the next piece.
        said = answer.lstrip()
        self._held, self._passing = ("", True) if said else (closing, False)
        return said
