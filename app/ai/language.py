"""Which language a text is in, and how Postgres' full-text search is told about it."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from functools import cache
from itertools import pairwise
from typing import Any

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from app.ai.common_words import languages_of

UNDETERMINED = "und"

# Enough to know a language by; more only costs time.
_READ_CHARACTERS = 2_000
_MAX_TERMS = 64
_WORD_CHARACTERS = 100
_QUERY_CHARACTERS = 4_000

# A frequent word of a language weighs as much as 8 nats of the character model, a language that the agent is known to
# speak as much as 4: fitted by hand on 200 short questions, where the model alone took "prezzo" for Ligurian.
_WORD_NATS = 8.0
_EXPECTED_NATS = 4.0
_LETTER_NATS = 0.6
_LEAST_MARGIN = 0.5
# Small languages would take many short texts of their large neighbours otherwise.
_SMALL_NATS = 4.0
_SMALL = frozenset(
    {"be", "mk", "kk", "ca", "hr", "sk", "sl", "lt", "lv", "et", "eu", "gl", "ga", "is", "sq", "sw", "tl"}
)

# Scripts in which one language is nearly certain. Code points from Unicode's Blocks.txt.
_ONE_LANGUAGE = {
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "hy": "\u0530-\u058f",
    "he": "\u0590-\u05ff",
    "bn": "\u0980-\u09ff",
    "pa": "\u0a00-\u0a7f",
    "gu": "\u0a80-\u0aff",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "kn": "\u0c80-\u0cff",
    "ml": "\u0d00-\u0d7f",
    "si": "\u0d80-\u0dff",
    "th": "\u0e00-\u0e7f",
    "lo": "\u0e80-\u0eff",
    "my": "\u1000-\u109f",
    "ka": "\u10a0-\u10ff",
    "ko": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "am": "\u1200-\u137f",
    "km": "\u1780-\u17ff",
    "ja": "\u3040-\u30ff\uff66-\uff9f",
    "zh": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f",
}
# Scripts that several languages share, with those that are told apart.
_SHARED = {
    "\u0600-\u06ff\u0750-\u077f\ufb50-\ufdff\ufe70-\ufeff": ("ar", "fa", "ur"),
    "\u0900-\u097f": ("hi", "mr", "ne"),
    "\u0400-\u04ff": ("ru", "uk", "bg", "sr", "be", "mk", "kk"),
    "A-Za-z\u00c0-\u024f\u1e00-\u1eff": (
        *("en", "es", "de", "fr", "it", "pt", "nl", "pl", "tr", "sv", "da", "no", "fi", "cs", "ro", "hu", "id", "vi"),
        *("ca", "hr", "sk", "sl", "lt", "lv", "et", "eu", "gl", "ga", "is", "sq", "sw", "tl"),
    ),
}
_SCRIPT_PATTERNS = {language: re.compile(f"[{blocks}]") for language, blocks in _ONE_LANGUAGE.items()}
_SHARED_PATTERNS = {languages: re.compile(f"[{blocks}]") for blocks, languages in _SHARED.items()}
_PATTERNS: Mapping[str | tuple[str, ...], re.Pattern[str]] = _SCRIPT_PATTERNS | _SHARED_PATTERNS
_LATIN = next(languages for languages, pattern in _SHARED_PATTERNS.items() if pattern.match("a"))

# Not a Latin, Greek or Cyrillic letter, nor a sign between such: what may be a mark, or of a script that is written
# without blanks.
_UNUSUAL = re.compile("[^\x00-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u205f\u20a0-\u20cf]")
_PLAIN_WORD = re.compile(r"[^\W_]+(?:\.[^\W_]+)*")
# Written without blanks between words (Korean: with particles glued to them), so searched by pairs of characters.
_UNSPACED = re.compile(
    "[" + "".join(_ONE_LANGUAGE[each] for each in ("zh", "ja", "ko", "th", "lo", "my", "km")) + "\u3005\u3007]+"
)
_MARK_PLANES = (*range(0x300, 0x20000), *range(0xE0100, 0xE01F0))
_KATAKANA_MIDDLE_DOT = "\u30fb"

# Names of Postgres 15's built-in configurations.
_CONFIGS = {
    **{"ar": "arabic", "hy": "armenian", "eu": "basque", "ca": "catalan", "da": "danish", "nl": "dutch"},
    **{"en": "english", "fi": "finnish", "fr": "french", "de": "german", "el": "greek", "hi": "hindi"},
    **{"hu": "hungarian", "id": "indonesian", "ga": "irish", "it": "italian", "lt": "lithuanian", "ne": "nepali"},
    **{"no": "norwegian", "nb": "norwegian", "nn": "norwegian", "pt": "portuguese", "ro": "romanian"},
    **{"ru": "russian", "sr": "serbian", "es": "spanish", "sv": "swedish", "ta": "tamil", "tr": "turkish"},
    **{"yi": "yiddish"},
}


def detect(text: str, *, candidates: Sequence[str] = ()) -> str:
    """The language of a text, as short as a single word, as a primary subtag of BCP 47 (`en`, `zh`); `und` when there
    is nothing to go by.

    `candidates` are languages to be expected, the likeliest first (those of the agent, or of the conversation so
    far): they win when the text leaves it open, and never against clear evidence.
    """
    read = unicodedata.normalize("NFKC", text[:_READ_CHARACTERS])
    expected = [primary(each) for each in candidates]
    script = _most_used_script(read)
    if script is None:
        return expected[0] if expected else UNDETERMINED
    if isinstance(script, str):
        return script
    return _among(script, read, expected)


def primary(tag: str) -> str:
    """The primary subtag of a BCP 47 tag: `pt` of `pt-BR`."""
    return re.split("[-_]", tag.strip().lower(), maxsplit=1)[0]


def text_search_config(language: str) -> str:
    """Postgres' text search configuration for a language; `simple` where it ships none."""
    return _CONFIGS.get(primary(language), "simple")


def index_text(text: str) -> str:
    """What to hand to `to_tsvector`: NFKC, and runs of Chinese, Japanese, Korean, Thai, Lao, Burmese and Khmer as
    single characters and pairs, since Postgres takes such a run for one word.

    It goes by the script, not by the language, so that a name in Han characters is found in an English text, too.
    """
    return _UNSPACED.sub(lambda run: f" {' '.join(_pieces(run.group()))} ", unicodedata.normalize("NFKC", text))


def query_terms(text: str) -> list[str]:
    """The distinct words of a question as `index_text` leaves them, in lower case, 64 at most.

    Words are runs of letters, marks and digits (\\w in Python tears words of Indian scripts apart at their vowel
    signs). `example.com` and `4.90` stay whole, as in Postgres' parser, beside their parts.
    """
    found: dict[str, None] = {}
    for word in words(text[:_QUERY_CHARACTERS]):
        found[word] = None
        for part in word.split("."):
            found[part] = None
    return list(found)[:_MAX_TERMS]


def words(text: str) -> Iterator[str]:
    """All words of a text in order, in lower case, with single characters and pairs of unspaced scripts."""
    normal = unicodedata.normalize("NFKC", text).lower()
    if not _UNUSUAL.search(normal):
        # As below, twenty times as fast: an answer takes apart all that was found for it.
        yield from (word[:_WORD_CHARACTERS] for word in _PLAIN_WORD.findall(normal))
        return
    for run in _runs(normal):
        at = 0
        for unspaced in _UNSPACED.finditer(run):
            yield from _sound(run[at : unspaced.start()])
            yield from _pieces(unspaced.group())
            at = unspaced.end()
        yield from _sound(run[at:])


def is_unspaced(word: str) -> bool:
    """Whether a word from `words` is a piece of an unspaced script."""
    return _UNSPACED.fullmatch(word) is not None


def _sound(word: str) -> Iterator[str]:
    stripped = word.strip(".")[:_WORD_CHARACTERS]
    if any(character.isalnum() for character in stripped):
        yield stripped


def _runs(text: str) -> Iterator[str]:
    return (run.group() for run in _word_pattern().finditer(text))


@cache
def _word_pattern() -> re.Pattern[str]:
    """Runs of letters, digits and marks; points inside of them; and zero-width joiners, which stand inside Persian and
    Indian words. Python's patterns know no marks, so they are listed: up to the end of the planes that have some."""
    marks = "".join(character for character in map(chr, _MARK_PLANES) if unicodedata.category(character)[0] == "M")
    return re.compile(rf"(?:[^\W_]|[{re.escape(marks)}\u200c\u200d]|(?<=[^\W_])\.(?=[^\W_]))+")


def _pieces(run: str) -> Iterator[str]:
    for part in run.split(_KATAKANA_MIDDLE_DOT):
        characters = _with_marks(part)
        yield from characters
        yield from (first + second for first, second in pairwise(characters))


def _with_marks(run: str) -> list[str]:
    """Characters with the marks that follow them: a Thai tone sign alone is no word."""
    clusters: list[str] = []
    for character in run:
        if clusters and unicodedata.category(character)[0] == "M":
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _most_used_script(text: str) -> str | tuple[str, ...] | None:
    if text.isascii():  # as below, without looking for two dozen scripts
        return _LATIN if _SHARED_PATTERNS[_LATIN].search(text) else None
    counts = {key: len(pattern.findall(text)) for key, pattern in _PATTERNS.items()}
    # Japanese mixes Han with kana, and a Han character says about as much as three letters.
    if counts["ja"] and counts["ja"] + counts["zh"] > counts["ko"]:
        counts["ja"] += counts.pop("zh")
    for dense in ("ja", "zh", "ko"):
        counts[dense] = 3 * counts.get(dense, 0)
    script, count = max(counts.items(), key=lambda item: item[1])
    return script if count else None


def _among(languages: tuple[str, ...], text: str, expected: list[str]) -> str:
    found_words = list(words(text))
    votes = _votes(found_words, languages)
    scores = _character_scores(text.lower(), languages)
    total = {
        each: scores[each] + _WORD_NATS * votes.get(each, 0) - (_SMALL_NATS if each in _SMALL else 0)
        for each in languages
    }
    for each in set(expected) & set(languages):
        total[each] += _EXPECTED_NATS
    best, second = sorted(languages, key=lambda each: -total[each])[:2]
    if total[best] - total[second] >= _LEAST_MARGIN:
        return best
    fitting = [each for each in expected if each in languages]
    return fitting[0] if fitting else best if votes.get(best) else UNDETERMINED


def _votes(found_words: Sequence[str], languages: tuple[str, ...]) -> dict[str, float]:
    """Frequent words by language, each shared out among the large languages that have it."""
    votes: dict[str, float] = {}
    for word in found_words:
        voters = [each for each in languages_of(word) if each in languages]
        for each in voters:
            large = max(1, len(set(voters) - _SMALL))
            votes[each] = votes.get(each, 0.0) + (0.3 + 0.7 / large)
    return votes


def _character_scores(text: str, languages: tuple[str, ...]) -> dict[str, float]:
    """Log-likelihoods in nats by py3langid; the same for all when it knows none of the text's byte sequences."""
    known: dict[str, float] = dict(_identifier_of(languages).rank(text))
    if len(set(known.values())) <= 1:
        return dict.fromkeys(languages, 0.0)
    # A few letters can't prove as much as the model believes.
    lowest = max(min(known.values()), max(known.values()) - _LETTER_NATS * len(text))
    return {each: max(known.get(each, lowest), lowest) for each in languages}


@cache
def _identifier_of(languages: tuple[str, ...]) -> Any:
    """The model for these languages, of those that it knows: a third of all, and of what scoring them takes."""
    chosen = copy(_identifier())
    chosen.set_languages([each for each in languages if each in chosen.labels])
    return chosen


@cache
def _identifier() -> Any:
    # One of our own: the languages of the module's shared one can be changed by anybody.
    return LanguageIdentifier.from_model_file(MODEL_FILE)
