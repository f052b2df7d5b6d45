"""Languages: telling them apart, and preparing text for Postgres' full-text search."""

import time
import unicodedata

import pytest

from app.ai import language
from app.ai.language import detect, index_text, query_terms, text_search_config

QUESTIONS = {
    "en": ["Hello", "opening hours?", "refund", "Do you have parking", "can i bring my dog", "wifi password"],
    "es": ["Hola", "¿Abre los lunes?", "precio", "donde estan", "cuanto cuesta", "¿Tienen piscina?"],
    "de": ["Wann offen?", "Kann ich stornieren?", "Preise", "Gibt es Parkplätze?", "Kosten für Zahnreinigung"],
    "fr": ["Bonjour", "Quels horaires ?", "prix", "tarifs enfants", "puis-je annuler ?", "c'est ouvert dimanche ?"],
    "it": ["Ciao", "prezzo", "orari di apertura", "quanto costa", "dove siete"],
    "pt": ["Olá", "quanto custa", "horário de funcionamento", "preciso cancelar"],
    "nl": ["hoeveel kost het", "openingstijden", "kan ik annuleren?"],
    "pl": ["ile to kosztuje", "godziny otwarcia", "gdzie jesteście"],
    "tr": ["ne kadar", "çalışma saatleri", "iptal edebilir miyim?", "Merhaba"],
    "sv": ["vad kostar det", "öppettider"],
    "da": ["hvad koster det", "åbningstider"],
    "no": ["hva koster det", "åpningstider"],
    "fi": ["paljonko se maksaa"],
    "cs": ["kolik to stojí"],
    "ro": ["cât costă"],
    "hu": ["mennyibe kerül"],
    "id": ["berapa harganya"],
    "vi": ["giá bao nhiêu"],
    "ru": ["сколько стоит", "часы работы", "привет"],
    "uk": ["скільки коштує"],
    "bg": ["колко струва"],
    "ar": ["مرحبا", "كم السعر", "ساعات العمل"],
    "fa": ["سلام قیمت چند است"],
    "ur": ["قیمت کیا ہے"],
    "hi": ["कीमत क्या है", "नमस्ते"],
    "mr": ["किंमत किती आहे"],
    "el": ["πόσο κοστίζει"],
    "he": ["כמה זה עולה"],
    "zh": ["多少钱", "營業時間", "WiFi密码是多少"],
    "ja": ["いくらですか", "営業時間は？"],
    "ko": ["얼마예요"],
    "th": ["ราคาเท่าไหร่"],
}


@pytest.mark.slow  # py3langid unpacks its model at the first question (0.6 s)
@pytest.mark.parametrize(("language", "question"), [(key, each) for key, many in QUESTIONS.items() for each in many])
def test_short_questions_are_recognised(language: str, question: str) -> None:
    assert detect(question) == language


@pytest.mark.parametrize("text", ["", "   ", "123 456", "😀", "???", "\ud800", "\0"])
def test_text_without_letters_is_undetermined(text: str) -> None:
    assert detect(text) == "und"
    assert detect(text, candidates=["de-CH", "en"]) == "de"


def test_expected_languages_decide_what_is_open() -> None:
    assert detect("Hallo", candidates=["nl", "en"]) == "nl"
    assert detect("menu", candidates=["fr-CA"]) == "fr"


def test_expected_languages_do_not_outweigh_clear_evidence() -> None:
    assert detect("Wann haben Sie am Samstag geöffnet?", candidates=["en"]) == "de"
    assert detect("Hola", candidates=["en"]) == "es"
    assert detect("营业时间", candidates=["en"]) == "zh"


def test_a_foreign_name_does_not_change_the_language() -> None:
    assert detect('What does "签到" mean in your app?') == "en"


@pytest.mark.parametrize(
    ("language", "config"),
    [
        ("en", "english"),
        ("pt-BR", "portuguese"),
        ("nb", "norwegian"),
        ("hi", "hindi"),
        ("zh", "simple"),
        ("", "simple"),
    ],
)
def test_names_postgres_configuration(language: str, config: str) -> None:
    assert text_search_config(language) == config


def test_unspaced_scripts_are_indexed_as_characters_and_pairs() -> None:
    assert index_text("WiFi密码是 abc").split() == ["WiFi", "密", "码", "是", "密码", "码是", "abc"]
    assert index_text("Ｏｐｅｎ　９:00") == "Open 9:00"


def test_a_question_has_the_terms_that_the_index_holds() -> None:
    assert set(query_terms("密码是什么")) & set(index_text("密码是 1234").split()) == {"密", "码", "是", "密码", "码是"}
    assert query_terms("ร่ม") == ["ร่", "ม", "ร่ม"]


def test_vowel_signs_stay_inside_words() -> None:
    assert query_terms("बुकिंग रद्द करना") == ["बुकिंग", "रद्द", "करना"]
    assert query_terms("می\u200cخواهم") == ["می\u200cخواهم"]


def test_terms_are_distinct_and_lower_case() -> None:
    assert query_terms("L'Hôtel, l'hôtel: ΟΔΟΣ") == ["l", "hôtel", "οδος"]


def test_numbers_and_hosts_stay_whole_beside_their_parts() -> None:
    assert query_terms("4.90 at example.com.") == ["4.90", "4", "90", "at", "example.com", "example", "com"]


@pytest.mark.parametrize("text", ["", "!!! ' \\ :* & | ( )", "\u200d\u0301 \ud800", "\0"])
def test_signs_are_no_terms(text: str) -> None:
    assert not [term for term in query_terms(text) if not any(sign.isalnum() for sign in term)]


def test_a_huge_question_is_cut() -> None:
    started = time.process_time()
    assert len(query_terms(" ".join(map(str, range(300_000))))) == 64
    assert all(len(term) <= 100 for term in query_terms("x" * 5_000))
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "text", ["Größe XL, 4.90 € – „Café“ example.com.", "Когда вы открыты? В 9.30…", "Πότε ανοίγετε;", "a..b ._- ﬁ² ½"]
)
def test_words_are_the_same_beside_a_script_that_is_read_differently(text: str) -> None:
    assert list(language.words(f"{text} 中"))[:-1] == list(language.words(text))


def test_what_is_read_the_quick_way_has_neither_marks_nor_unspaced_scripts() -> None:
    usual = [each for each in map(chr, range(0x3000)) if not language._UNUSUAL.match(each)]
    assert not [each for each in usual if unicodedata.category(each)[0] == "M" or language.is_unspaced(each)]
    assert not {"\u200c", "\u200d"} & set(usual)
