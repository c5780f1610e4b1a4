"""How texts become tokens: what meets, and what stays apart."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from register.search import analyzer


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("filmer filmé filme filmait filmés Filmée", "forms of a verb"),
        ("vidéo vidéos VIDEO vide\u0301o", "plural, capitals, a composed accent"),
        ("élu élus élue élues elus", "masculine and feminine"),
        ("blogueur blogueurs blogueuse blogueuses", "the feminine in -euse"),
        ("journal journaux", "the plural in -aux"),
        ("municipal municipaux municipale municipales", "the same of an adjective"),
        ("refus refusé refuser refuse", "noun and verb"),
        ("condamnation condamné condamnée condamner", "noun in -ation"),
        ("expulsion expulsé expulser", "noun in -ion"),
        ("cœur coeur", "a ligature"),
        ("l’œuvre l'œuvre œuvre l oeuvre", "elision by any apostrophe"),
        ("qu’il il", "nothing but silent words"),
        ("menace menaces menacé", "a final s"),
        ("St-Denis Saint-Denis saint\u2011denis", "a saint shortened, hyphens"),
        ("Ste-Mère Sainte-Mère", "a saint who is a woman"),
    ],
)
def test_variants_of_a_word_have_one_token(words: str, why: str) -> None:
    tokens = {tuple(analyzer.tokens(word)) for word in words.split()}
    assert len(tokens - {()}) <= 1, why


@pytest.mark.parametrize(
    ("word", "other", "why"),
    [
        ("Gagny", "gagné", "a commune is no participle"),
        ("maire", "mari", "other words"),
        ("93sang30", "93", "the blog is not the département"),
        ("interdit", "inter", "a beginning is not the word"),
        ("22PA03737", "22", "a docket number is one word"),
    ],
)
def test_different_words_have_different_tokens(word: str, other: str, why: str) -> None:
    assert analyzer.tokens(word) != analyzer.tokens(other), why


def test_silent_words_are_not_counted_between_two_words() -> None:
    assert analyzer.tokens("mise en demeure") == analyzer.tokens("la mise demeure")


def test_each_token_is_that_of_the_form_at_its_place() -> None:
    text = "Le maire de L’Haÿ a refusé les procès-verbaux"
    assert analyzer.tokens(text) == [analyzer.token_of(form) for form in analyzer.forms(text)]
    assert analyzer.forms(text) == ["maire", "hay", "refuse", "proces", "verbaux"]


def test_a_long_word_is_cut() -> None:
    assert [len(form) for form in analyzer.forms("x" * 5_000)] == [analyzer.MAX_WORD_LENGTH]


def test_tokens_are_the_same_in_several_threads() -> None:
    words = [f"{start}{end}" for start in ("film", "refus", "blog", "port") for end in ENDINGS]
    analyzer.token_of.cache_clear()
    alone = {word: analyzer.token_of(word) for word in words}
    analyzer.token_of.cache_clear()
    with ThreadPoolExecutor(8) as threads:
        for tokens in threads.map(lambda _: {w: analyzer.token_of(w) for w in words}, range(16)):
            assert tokens == alone


ENDINGS = ("er", "ait", "ement", "euse", "eurs", "ation", "aient", "ees", "ions", "ez", "able")


@example("Ꭰ")
@given(st.text())
def test_any_text_has_tokens(text: str) -> None:
    tokens = analyzer.tokens(text)
    # Not ``lower``: Unicode folds the Cherokee letters to their capitals.
    assert all(token and token == token.casefold() and token[0] != "§" for token in tokens)
