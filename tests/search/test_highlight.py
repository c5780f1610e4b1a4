"""Which words of a title or a summary are marked."""

from __future__ import annotations

import pytest

from register.search import reference_matcher
from register.search.query_parser import parse


def marks(typed: str, text: str) -> list[str]:
    return [
        piece
        for piece, is_marked in reference_matcher.highlighted_pieces(parse(typed), text)
        if is_marked
    ]


@pytest.mark.parametrize(
    ("typed", "text", "marked", "why"),
    [
        ("filmer", "Il filmait le film.", ["filmait", "film"], "every form of the word"),
        ("caméra", "La vidéo effacée", ["vidéo"], "a synonym"),
        ("camera", "Une caméra", ["caméra"], "accents"),
        ("film*", "Le filmeur", ["filmeur"], "a beginning"),
        ('"mise en demeure"', "La mise en demeure", ["mise en demeure"], "a phrase, whole"),
        ('"mise en demeure"', "Une mise, la demeure", ["mise, la demeure"], "silent words between"),
        ('"mise en demeure"', "La mise à prix", [], "half a phrase is none"),
        ("tribunal de grande instance", "Le tribunal", ["tribunal"], "words typed apart"),
        ("-gagny filmer", "Gagny filme", ["filme"], "what is left out is not marked"),
        ("2008", "En 2008", [], "a year is the incident's, not a word"),
        ("affaire", "L’affaire", ["affaire"], "elision"),
        ("menace expulsion", "menace d’expulsion", ["menace", "expulsion"], "two words"),
        ("filmer", "", [], "no text"),
    ],
)
def test_the_words_of_a_search_are_marked(
    typed: str, text: str, marked: list[str], why: str
) -> None:
    assert marks(typed, text) == marked, why
    assert (
        "".join(piece for piece, _ in reference_matcher.highlighted_pieces(parse(typed), text))
        == text
    )


@pytest.mark.parametrize(
    ("typed", "texts", "sentence"),
    [
        ("filmer", ["Rien. Il filmait ! Puis rien."], "Il filmait !"),
        ("filmer", ["Rien.", "", "Une caméra. Il filme."], "Une caméra."),
        ("film*", ["Rien. Le filmeur part."], "Le filmeur part."),
        ('"il filmait"', ["Il filme. Il filmait."], "Il filmait."),
        ("2008", ["En 2008."], ""),
        ("filmer", [], ""),
    ],
)
def test_the_first_sentence_with_a_word_of_the_search_is_found(
    typed: str, texts: list[str], sentence: str
) -> None:
    assert reference_matcher.find_sentence(parse(typed), texts) == sentence


def test_a_long_sentence_is_cut_around_its_word_between_words() -> None:
    text = "avant " * 200 + "filmer " + "suite " * 200
    sentence = reference_matcher.find_sentence(parse("filmer"), [text])
    assert sentence.startswith("… avant ")
    assert " filmer suite " in sentence
    assert sentence.endswith(" suite …")
    assert len(sentence) < 250
    sentence = reference_matcher.find_sentence(parse("filmer"), ["filmer " + "suite " * 200])
    assert sentence.startswith("filmer suite")
