"""The shapes of INSEE codes."""

from __future__ import annotations

import pytest

from register.territory import place_queries
from register.territory.places import territory


@pytest.mark.parametrize("code", ["01001", "2A004", "2B033", "75056", "97411", "98901", "20004"])
def test_commune_codes(code: str) -> None:
    assert place_queries.is_commune_code(code)


@pytest.mark.parametrize(
    "text", ["", "1001", "010011", "2a004", "2C004", "A2004", "01 01", "01001\n", "٠١٠٠١", "0100\0"]
)
def test_an_invalid_commune_code_is_refused(text: str) -> None:
    assert not place_queries.is_commune_code(text)


@pytest.mark.parametrize("code", ["01", "19", "21", "2A", "2B", "95", "971", "978", "984", "989"])
def test_departement_codes(code: str) -> None:
    assert place_queries.is_departement_code(code)


@pytest.mark.parametrize(
    "text", ["", "0", "00", "1", "20", "96", "97", "98", "2a", "970", "979", "985", "093", "93\n"]
)
def test_an_invalid_departement_code_is_refused(text: str) -> None:
    assert not place_queries.is_departement_code(text)


def test_every_official_code_has_the_shape_of_its_kind() -> None:
    assert all(
        place_queries.is_departement_code(departement.code)
        for departement in place_queries.departements()
    )
    assert all(
        place_queries.is_commune_code(code)
        for code in (*territory().communes, *territory().current_codes)
    )
