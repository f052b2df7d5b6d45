"""Which encoding from before UTF-8 a text is in, as spreadsheets on Windows still write them.

General detectors rate Latin encodings by the letters' statistics, in which `ñ` and `ń` hardly differ: Spanish comes out
as Central European. Here each encoding is judged by the alphabets of the languages that were written in it: the right
one is the one in which every letter belongs to one language.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from charset_normalizer import from_bytes

FALLBACK = "cp1252"
_SAMPLE = 16_384
_TYPOGRAPHY = frozenset("’‘“”„‚–—…€£¥«»‹›¿¡°§·•®©™ºª½¼¾²³×±µ¶¨´\xa0\xad")
_PLAIN_MARKS = frozenset("‘“”„–—…€«»¿¡")  # of them, those that are written everywhere
# Without letters of ASCII. The first encoding wins when several fit, which they do for letters that they share.
_LATIN: Mapping[str, tuple[str, ...]] = {
    "cp1252": (
        "áéíóúüñ",
        "äöüßé",
        "àâæçéèêëîïôœùûüÿ",
        "áâãàçéêíóôõúü",
        "àèéìíîòóùú",
        "åäöéü",
        "æøåéü",
        "éëïóöüáèêúû",
        "àçèéíïòóúü",
        "áðéíóúýþæö",
    ),
    "cp1250": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ", "čćđšž"),
    "iso8859-2": ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "čćđšž"),
    "cp1254": ("çğıİöşüâîû",),
    "cp1257": ("ąčęėįšųūž", "āčēģīķļņšūž", "äöõüšž"),
    "mac-roman": ("áéíóúüñ", "äöüßé", "àâæçéèêëîïôœùûüÿ"),
    "cp850": ("áéíóúüñ", "äöüßé", "àâæçéèêëîïôœùûüÿ"),
}
_SINGLE_BYTE = ["cp1251", "koi8_r", "cp866", "cp1253", "cp1255", "cp1256", "cp874"]
# Encodings of East Asia with the first bytes of their marks, syllables and most used characters.
_EASTERN: Mapping[str, tuple[str, frozenset[int]]] = {
    "cp949": ("euc_kr", frozenset({0xA1, 0xA3, *range(0xB0, 0xC9)})),
    "euc_jp": ("euc_jp", frozenset({0xA1, 0xA3, 0xA4, 0xA5, *range(0xB0, 0xD0)})),
    "cp932": ("shift_jis", frozenset({0x81, 0x82, 0x83, *range(0x88, 0x98)})),
    "gb18030": ("gb2312", frozenset({0xA1, 0xA3, *range(0xB0, 0xD8)})),
    "big5": ("big5", frozenset({0xA1, 0xA2, *range(0xA4, 0xC7)})),
}
_MOSTLY = 0.85
_KANA = re.compile("[\u3041-\u30ff]")
_SOME_KANA = 0.1
_IN_COMPANY = re.compile("[^\x00-\x7f](?=[^\x00-\x7f])|(?<=[^\x00-\x7f])[^\x00-\x7f]")
_HIGH = re.compile(rb"[\x80-\xff]")
_IN_A_ROW = re.compile(rb"[\x80-\xff]{2,}")
_BESIDE_LATIN = re.compile(rb"(?<=[A-Za-z])[\x80-\xff]|[\x80-\xff](?=[A-Za-z])")


def guess(sample: bytes) -> str:
    """The name of a codec for a text that is no UTF-8."""
    sample = sample[:_SAMPLE]
    return _eastern(sample) or _other_script(sample) or _latin(sample)


def _eastern(sample: bytes) -> str | None:
    found = {encoding: _share_of_common(sample, encoding) for encoding in _EASTERN}
    best = max(found, key=lambda encoding: found[encoding])
    return best if found[best] >= _MOSTLY else None


def _share_of_common(sample: bytes, encoding: str) -> float:
    text = _decoded(sample, encoding)
    letters = [each for each in text or "" if each > "\x7f"]
    if len(_IN_COMPANY.findall(text or "")) < len(letters) / 2:
        return 0.0  # of European letters, which stand alone, two or an accented and a plain one make a character
    if encoding == "euc_jp" and len(_KANA.findall(text or "")) < _SOME_KANA * len(letters):
        return 0.0  # Chinese, whose bytes mean other characters here
    if not letters:
        return 0.0
    codec, first_bytes = _EASTERN[encoding]
    return sum(each.encode(codec, "ignore")[:1] in _singles(first_bytes) for each in letters) / len(letters)


def _singles(numbers: Iterable[int]) -> frozenset[bytes]:
    return frozenset(bytes([number]) for number in numbers)


def _other_script(sample: bytes) -> str | None:
    """Scripts with a byte a letter, whose words are written in nothing else: Cyrillic, Greek, Hebrew, Arabic, Thai."""
    high = len(_HIGH.findall(sample))
    in_a_row = sum(len(each) for each in _IN_A_ROW.findall(sample))
    if not high or in_a_row < high / 2 or len(_BESIDE_LATIN.findall(sample)) > high / 5:
        return None
    best = from_bytes(sample, cp_isolation=_SINGLE_BYTE).best()
    return best.encoding if best else None


def _latin(sample: bytes) -> str:
    scores = {encoding: score for encoding in _LATIN if (score := _score(sample, encoding)) is not None}
    best = max(scores, key=lambda encoding: scores[encoding], default=FALLBACK)
    return best if scores.get(best, 0) > 0 else FALLBACK


def _score(sample: bytes, encoding: str) -> int | None:
    """How well a text reads as the one language, of those of an encoding, that it suits best; None: not at all."""
    text = _decoded(sample, encoding)
    if text is None:
        return None
    letters = list(_letters(text))
    return max(sum(_worth(each, alphabet) for each in letters) for alphabet in map(_both_cases, _LATIN[encoding]))


def _letters(text: str) -> Iterator[str]:
    """What isn't ASCII, except marks and letters by themselves, which stand for some mark in another encoding; "" for
    what stands where it can't."""
    for before, letter, after in zip(f" {text}", text, f"{text[1:]} ", strict=False):
        if letter <= "\x7f":
            continue
        if letter in _TYPOGRAPHY:
            if before.isalpha() and after.isalpha() and letter not in "’·\xad":
                yield ""
            elif letter in _PLAIN_MARKS:
                yield letter
        elif not before.isalpha() and not after.isalpha():
            continue
        else:
            yield letter if _is_well_placed(before, letter, after) else ""


def _is_well_placed(before: str, letter: str, after: str) -> bool:
    is_capital_within = letter.isupper() and (before.islower() or (before.isalpha() and after.islower()))
    return letter.isalpha() and not is_capital_within


def _worth(letter: str, alphabet: frozenset[str]) -> int:
    return 1 if letter in alphabet else -1


def _both_cases(alphabet: str) -> frozenset[str]:
    return frozenset(alphabet + alphabet.upper()) | _PLAIN_MARKS


def _decoded(sample: bytes, encoding: str) -> str | None:
    # The sample may end within a character.
    for end in range(len(sample), max(len(sample) - 4, 0), -1):
        try:
            return sample[:end].decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(sample) - 4:
                return None
    return None
