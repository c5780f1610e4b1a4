"""Folding: spellings of one place or word have the same folded form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.text.normalisation import _fold_unicode, fold, fold_name


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("ÉTÉ à Nîmes", "ete a nimes"),
        ("cœur Œuvre Ægir", "coeur oeuvre aegir"),
        ("Straße", "strasse"),
        ("L'Haÿ-les-Roses", "l hay les roses"),
        ("L’Haÿ‑les‐Roses", "l hay les roses"),
        ("lʼhay lʻx l‘hay l`hay l´hay", "l hay lʻx l hay l hay l hay"),
        ("a\u2212b—c–d", "a b c d"),
        ("a\u00a0b\u202fc", "a b c"),
        ("  deux   mots\n", "deux mots"),
        ("co\u00adupure", "coupure"),
        ("ﬁn nº", "fin no"),
        ("Pont-l'Évêque (14)", "pont l eveque (14)"),
        ("", ""),
    ],
)
def test_fold(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("St-Denis", "saint denis"),
        ("St. Denis", "saint denis"),
        ("Saint-Denis (93)", "saint denis 93"),
        ("STE Foy", "sainte foy"),
        ("Stes-Maries-de-la-Mer", "saintes maries de la mer"),
        ("Sts-Geosmes", "saints geosmes"),
        ("Brest", "brest"),
        ("Estes", "estes"),
        ("Y", "y"),
        ("Bourg_en/Bresse!", "bourg en bresse"),
    ],
)
def test_fold_name(typed: str, folded: str) -> None:
    assert fold_name(typed) == folded


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold_name(fold_name(text)) == fold_name(text)


@given(st.text())
def test_case_does_not_matter(text: str) -> None:
    assert fold(text.casefold()) == fold(text)


def test_every_character_folds_once() -> None:
    # Every code point, since random texts rarely contain compatibility characters; a letter
    # between two of them separates combining ones.
    for first in range(0, 0x110000, 0x400):
        block = "a".join(chr(code) for code in range(first, first + 0x400))
        assert fold(fold(block)) == fold(block), f"from U+{first:04X}"


_SIGNS = st.sampled_from("’œŒ\u202f…–—´−ﬁ")
_NEAR_LATIN = st.text(st.one_of(st.characters(max_codepoint=0x17F), _SIGNS))


@given(_NEAR_LATIN)
def test_the_fast_path_equals_the_full_folding(text: str) -> None:
    assert fold(text) == " ".join(_fold_unicode(text).split())
