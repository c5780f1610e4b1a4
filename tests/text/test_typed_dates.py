"""Dates as people type them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.errors import TextError
from register.text import dates


@pytest.mark.parametrize(
    ("typed", "edtf"),
    [
        ("26 juin 2006", "2006-06-26"),
        ("le 26 juin 2006", "2006-06-26"),
        ("1er juin 2006", "2006-06-01"),
        ("1 er août 2006", "2006-08-01"),
        ("26 JUIN 2006", "2006-06-26"),
        ("26 févr. 2006", "2006-02-26"),
        ("26 fevrier 2006", "2006-02-26"),
        ("juin 2006", "2006-06"),
        ("en juin 2006", "2006-06"),
        ("début juin 2006", "2006-06"),
        ("mi-juin 2006", "2006-06"),
        ("2006", "2006"),
        ("courant 2006", "2006"),
        ("26/06/2006", "2006-06-26"),
        ("26-06-2006", "2006-06-26"),
        ("26.6.2006", "2006-06-26"),
        ("06/2006", "2006-06"),
        ("2006-06-26", "2006-06-26"),
        ("2006-06", "2006-06"),
        ("2006/06/26", "2006-06-26"),
        ("June 26, 2006", "2006-06-26"),
        ("26th of June 2006", "2006-06-26"),
        ("1st May 2006", "2006-05-01"),
        ("mid September 2006", "2006-09"),
        # Valid in the American order only.
        ("06/26/2006", "2006-06-26"),
        # Valid in both orders, and read in the French one.
        ("04/06/2006", "2006-06-04"),
        ("vers 2006", "2006~"),
        ("environ juin 2006", "2006-06~"),
        ("vers le 26 juin 2006", "2006-06-26~"),
        ("about 2006", "2006~"),
        ("2006~", "2006~"),
        ("2006 ?", "2006?"),
        ("26 juin 2006 (incertain)", "2006-06-26?"),
        ("probablement 2006", "2006?"),
        ("2006-06-26?", "2006-06-26?"),
        ("  26\u00a0juin\u202f2006 ", "2006-06-26"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_common_ways_to_write_a_date_are_understood(typed: str, edtf: str) -> None:
    assert dates.parse_typed_date(typed) == edtf


@pytest.mark.parametrize("typed", ["inconnue", "Inconnu", "date inconnue", "unknown", "?"])
def test_words_for_an_unknown_date_are_recognised(typed: str) -> None:
    assert dates.parse_typed_date(typed) == ""
    assert dates.parse_typed_date(typed, unknown="inconnue") == "inconnue"
    assert dates.parse_typed_date("", unknown="inconnue") == ""


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("mardi", "typed_date"),
        ("été 2006", "typed_date"),
        ("2006 ou 2007", "typed_date"),
        ("2006 2007", "typed_date"),
        ("juin juillet 2006", "typed_date"),
        ("1 2 3 2006", "typed_date"),
        ("juin 1 2 2006", "typed_date"),
        ("vers 2006 ?", "typed_date"),  # two different marks
        ("inconnue 2006", "typed_date"),
        ("123 juin 2006", "typed_date"),
        ("-2006-", ""),
        ("12006", "typed_date"),
        ("juin2006", "typed_date"),
        ("٢٦ juin ٢٠٠٦", "typed_date"),
        ("26 juin", "typed_date_year"),
        ("26/06/06", "typed_date_year"),
        ("juin", "typed_date_year"),
        ("31 juin 2006", "date_impossible"),
        ("29/02/2007", "date_impossible"),
        ("13/13/2006", "date_impossible"),
        ("0 juin 2006", "date_impossible"),
        ("0999", "date_impossible"),
        ("2006-13", "date_impossible"),
        ("x" * 200_000, "typed_date"),
        ("2006 " * 40_000, "typed_date"),
    ],
)
def test_text_that_is_no_date_is_refused(typed: str, key: str) -> None:
    if not key:
        assert dates.parse_typed_date(typed) == "2006"
        return
    with pytest.raises(TextError) as raised:
        dates.parse_typed_date(typed)
    assert raised.value.key == key
    assert len(str(raised.value.values["text"])) <= 100


PARTIAL = st.builds(
    lambda day, shape, mark: day.isoformat()[:shape] + mark,
    st.dates(min_value=dates.date(1000, 1, 1), max_value=dates.date(2999, 12, 31)),
    st.sampled_from([4, 7, 10]),
    st.sampled_from(["", "~", "?"]),
)


@given(PARTIAL)
def test_a_stored_date_in_words_reads_as_itself(edtf: str) -> None:
    assert dates.parse_typed_date(dates.date_words(edtf)) == edtf
    assert dates.parse_typed_date(edtf) == edtf


@given(st.text(max_size=120))
def test_any_text_is_parsed_or_refused_with_a_key(typed: str) -> None:
    edtf = key = ""
    try:
        edtf = dates.parse_typed_date(typed)
    except TextError as error:
        key = error.key
    assert key in {"", "typed_date", "typed_date_year", "date_impossible"}
    assert edtf == "" or dates.parse(edtf).edtf == edtf
