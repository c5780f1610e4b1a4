"""Cleaning of texts: the result is valid XML and has no invisible characters."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.text.normalisation import clean, one_line

# Lone surrogates included: a JSON body may contain them.
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("un\r\ndeux\rtrois", "un\ndeux\ntrois"),
        ("un\r\x00\ndeux", "un\ndeux"),
        ("un\u2028deux", "un\ndeux"),
        ("a\x00b\x0bc\x85d\x1be\x7f", "abcde"),
        ("tab\tline\n", "tab\tline\n"),
        ("\ud800mairie", "mairie"),
        ("\ufeffGa\u200bg\u2060ny\ufffe", "Gagny"),
        ("mai\u202eeria\u2066m", "maieriam"),
        ("e\u0301te\u0301", "été"),
        ("e\x00\u0301", "é"),
        ("«\u202fa\u00a0: b\u200dc\u200c\u202f»", "«\u202fa\u00a0: b\u200dc\u200c\u202f»"),
    ],
)
def test_clean(typed: str, cleaned: str) -> None:
    assert clean(typed) == cleaned


@given(ANY_TEXT)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(ANY_TEXT)
def test_a_clean_text_can_be_put_in_a_feed(text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    element = ElementTree.Element("title")
    element.text = cleaned
    parsed = ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8"))
    assert (parsed.text or "") == cleaned


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  Le maire \n\n suspend\tla séance ", "Le maire suspend la séance"),
        ("26\u00a0juin", "26\u00a0juin"),
        ("\u00a0 \n", ""),
    ],
)
def test_one_line(typed: str, cleaned: str) -> None:
    assert one_line(typed) == cleaned


@given(ANY_TEXT)
def test_one_line_is_one_line_and_stays_so(text: str) -> None:
    line = one_line(text)
    assert one_line(line) == line
    assert "\n" not in line
    assert "  " not in line
