"""Passages that one text repeats of another."""

from __future__ import annotations

import pytest

from register.text.text_comparison import Passages

ACCOUNT = "Ce soir au conseil, le maire a fait retirer ma caméra par la police municipale."
SHORT = "le premier adjoint"


@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        (ACCOUNT, True),
        ("Selon l’auteur : « LE MAIRE A FAIT RETIRER MA camera » devant tous.", True),
        ("Le maire a fait **retirer ma caméra**.", True),
        ("Le maire a fait retirer une chaise.", False),
        ("Ce soir, le maire parle.", False),
        ("le premier adjoint", True),
        ("Le premier adjoint, élu de la majorité", True),
        ("Interdiction de filmer, le premier adjoint, mai 2024", True),
        ("Selon le journal, le premier adjoint a refusé.", False),
        ("", False),
    ],
)
def test_a_text_repeats_six_words_in_a_row_or_a_short_text_that_stands_alone(text, repeats):
    assert Passages([ACCOUNT, SHORT, ""]).occur_in(text) is repeats


def test_empty_texts_are_repeated_by_nothing():
    assert not Passages(["", " … "]).occur_in("n’importe quoi")
