"""What names of tables and columns say, read as people read them."""

import re

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[\W_]+")
_SHORTEST_PLURAL = 4


def words_of(name: str) -> list[str]:
    """The words of a name, in lower case: `customerEMail_2` → customer, e, mail, 2."""
    return [word for word in _SEPARATORS.split(_CAMEL.sub("_", name).lower()) if word]


def singular(word: str) -> str:
    """An English plural without its ending; other words nearly as they are."""
    if len(word) < _SHORTEST_PLURAL or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word.removesuffix("s")


def phrase(name: str) -> str:
    """A name as words: `order_lines` → `order lines`."""
    return " ".join(words_of(name)) or name
