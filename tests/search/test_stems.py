"""Words that share a stem: forms of one word, or families that somebody looked at."""

from __future__ import annotations

import csv
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from register.search import analyzer
from register.text.normalisation import fold

FOLDER = Path(__file__).parent
REGISTER = FOLDER.parents[1] / "register"
OMITTED_COLUMNS = frozenset({"id", "commune", "types", "source_url"})
# Families of words, one a line, that may find each other.
FAMILIES = [line.split() for line in (FOLDER / "word_families.txt").read_text("utf-8").splitlines()]
# Endings of one noun or adjective, and of one verb, without accents. Two forms are of one word
# when they have the same beginning before endings of the same set.
PARADIGMS = (
    "|s|e|es|x|elle|elles",
    "l|le|les|ux|lle|lles",
    "n|ns|nne|nnes",
    "f|fs|ve|ves",
    "er|ers|ere|eres",
    "eur|eurs|euse|euses|rice|rices",
    "e|es|ee|ees|ent|er|ez|ant|ants|ante|antes|ait|aient|a|era|erait|erons|erez|ons|ions|iez",
    "i|is|it|ir|ie|ies|issent|issez|issait|ira|irait",
    "d|ds|dre|dra|drait|dent|dez|de",
    "t|ts|tre|tra|trait|tent|tez|te|tait",
    "e|es|ue|ues|quer|que|quee|quent",
    "r|re|rait|ra|ririez|vent|vez|t",
    "s|sent|sait|se|ses",
    "ir|ez|ent|u|ue|us|ait",
    "ie|iee|yer|yez|yiez|oi|ois|oie|i|is",
)


def test_words_that_share_a_stem_are_forms_of_one_word_or_a_listed_family() -> None:
    forms_by_token = defaultdict(set)
    for text in _sample_texts():
        for form in filter(str.isalpha, analyzer.forms(text)):
            forms_by_token[analyzer.token_of(form)].add(form)
    assert len(forms_by_token) > 1_200
    unseen = [
        " | ".join(" ".join(sorted(word)) for word in words)
        for words in map(_words, forms_by_token.values())
        if len(words) > 1
    ]
    assert not unseen, "separate them in register/search/stems.toml, or list the family\n" + (
        "\n".join(sorted(unseen))
    )


def _sample_texts() -> Iterator[str]:
    """Yield the texts of the demonstration, the French vocabularies and the French pages."""
    with (REGISTER / "demo" / "incidents.csv").open(encoding="utf-8") as file:
        for case in csv.DictReader(file):
            yield from (text for column, text in case.items() if column not in OMITTED_COLUMNS)
    vocabulary = tomllib.loads((REGISTER / "cases" / "vocabulary.toml").read_text("utf-8"))
    yield from _french_texts(vocabulary)
    for page in (REGISTER / "pages" / "shipped" / "fr").glob("*.md"):
        yield re.sub(r"\]\([^)]*\)", "]", page.read_text("utf-8"))


def _french_texts(source: Any) -> Iterator[str]:
    if isinstance(source, dict):
        for key, content in source.items():
            if isinstance(content, str):
                yield content if key.endswith("fr") else ""
            else:
                yield from _french_texts(content)
    elif isinstance(source, list):
        for element in source:
            yield from _french_texts(element)


def _words(forms: set[str]) -> list[set[str]]:
    """Forms by word: those of one paradigm or of one listed family are together."""
    words: list[set[str]] = []
    for form in sorted(forms):
        joined = [word for word in words if any(_are_one_word(form, other) for other in word)]
        words = [word for word in words if word not in joined]
        words.append({form}.union(*joined))
    return words


def _are_one_word(form: str, other: str) -> bool:
    families = (family for family in FAMILIES if form in family)
    return any(other in family for family in families) or any(
        form[: -len(ending) or None] in _beginnings(other, paradigm)
        for paradigm in PARADIGMS
        for ending in paradigm.split("|")
        if form.endswith(ending)
    )


def _beginnings(form: str, paradigm: str) -> set[str]:
    endings = (ending for ending in paradigm.split("|") if form.endswith(ending))
    return {form[: -len(ending) or None] for ending in endings}


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("communiste", "commune"),
        ("communiste", "communiqué"),
        ("socialiste", "réseaux sociaux"),
        ("droite", "droit"),
        ("document", "fait documenté"),
        ("cours", "cour"),
        ("journal", "journaliste"),
        ("appel", "appeler"),
        ("arrêt", "arrêté"),
        ("licence", "licenciement"),
        ("partie", "parti"),
        ("conseiller", "conseil"),
        ("publication", "réunion publique"),
        ("violent", "viol"),
    ],
)
def test_different_words_have_different_stems(word: str, other: str) -> None:
    assert set(analyzer.tokens(word)).isdisjoint(analyzer.tokens(other))


@pytest.mark.parametrize(
    "words",
    [
        "journaliste journalistes journalisme",
        "communiste communistes communisme",
        "licencié licenciée licencier licenciement",
        "publication publié publier",
        "communiqué communiquer communication",
        "documenté documentée documentés",
        "violence violent violentes",
    ],
)
def test_forms_of_a_word_of_the_exceptions_keep_one_stem(words: str) -> None:
    assert len(set(analyzer.tokens(words))) == 1


def test_each_family_of_the_file_is_folded_and_has_a_reason_and_a_stem_of_its_own() -> None:
    families = tomllib.loads((REGISTER / "search" / "stems.toml").read_text("utf-8"))["famille"]
    words = [word for family in families for word in family["mots"]]
    assert len(words) == len(set(words))
    assert all(word == fold(word) for word in words)
    assert all(family["raison"] for family in families)
    own_tokens = {analyzer.token_of(f["mots"][0]) for f in families if "comme" not in f}
    assert len(own_tokens) == sum("comme" not in family for family in families)
