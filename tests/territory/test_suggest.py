"""Suggestions of places for a partly typed name, and their order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from register.territory.gazetteer import Gazetteer
from register.territory.places import Alias, Area, Commune, Communes, Territory
from register.territory.resolve import suggest_places


def suggested_names(gazetteer: Gazetteer, typed: str, **options: object) -> list[str]:
    return [reading.name for reading in suggest_places(gazetteer, typed, **options)]


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("gag", ["Gagny"]),
        ("gagny", ["Gagny"]),
        ("GAGN", ["Gagny"]),
        ("noisy le", ["Noisy-le-Grand", "Noisy-le-Sec", "Noisy-le-Roi"]),
        ("noisy-le-s", ["Noisy-le-Sec"]),
        ("st den", ["Saint-Denis", "Saint-Denis"]),
        ("l'ha", ["L'Haÿ-les-Roses"]),
        ("le hav", ["Le Havre"]),
        ("mairie de gag", ["Gagny"]),
        ("à gag", ["Gagny"]),
        ("ville d'av", ["Ville-d'Avray"]),
        ("seine s", ["Seine-Saint-Denis"]),
        ("haut", ["Hauts-de-France", "Hauts-de-Seine"]),
        ("bret", ["Bretagne"]),
        ("93", ["Seine-Saint-Denis"]),
        ("93220", ["Gagny"]),
        ("saint-denis 974", ["Saint-Denis"]),
        ("levall", ["Levallois-Perret"]),
    ],
)
def test_the_best_suggestions_come_first(
    gazetteer: Gazetteer, typed: str, first: list[str]
) -> None:
    assert suggested_names(gazetteer, typed)[: len(first)] == first


@pytest.mark.parametrize("typed", ["", "  ", "'", "zzzz", "\0", "x" * 10_000, "\ud800"])
def test_empty_and_meaningless_texts_have_no_suggestion(gazetteer: Gazetteer, typed: str) -> None:
    assert suggest_places(gazetteer, typed) == ()


def test_a_later_word_comes_after_the_first_one(gazetteer: Gazetteer) -> None:
    assert suggested_names(gazetteer, "courneuve") == ["La Courneuve"]
    names_found = suggested_names(gazetteer, "bourget", limit=30)
    assert names_found[:2] == ["Le Bourget", "Bourget-en-Huile"]
    assert "Le Bourget-du-Lac" in names_found[2:]


def test_a_former_name_leads_to_the_commune_and_is_marked(gazetteer: Gazetteer) -> None:
    suggestion = suggest_places(gazetteer, "pierrefitte-sur-se")[0]
    assert (suggestion.name, suggestion.alias_name, suggestion.alias_code) == (
        "Saint-Denis",
        "Pierrefitte-sur-Seine",
        "93059",
    )
    assert suggestion.why == "ancienne_commune"


def test_suggestions_are_as_many_as_requested_at_most(gazetteer: Gazetteer) -> None:
    assert len(suggest_places(gazetteer, "saint")) == 8
    assert len(suggest_places(gazetteer, "saint", limit=3)) == 3


def test_no_place_is_suggested_twice(gazetteer: Gazetteer) -> None:
    for typed in ("saint", "paris", "s", "la r", "guad"):
        suggestions = suggest_places(gazetteer, typed, limit=30)
        assert len({(suggestion.kind, suggestion.code) for suggestion in suggestions}) == len(
            suggestions
        )


def test_places_of_the_same_area_are_suggested_once(gazetteer: Gazetteer) -> None:
    suggestions = suggest_places(gazetteer, "guadeloup")
    assert (suggestions[0].kind, suggestions[0].code) == ("departement", "971")
    assert "region" not in {suggestion.kind for suggestion in suggestions}
    assert ("departement", "75") not in {
        (suggestion.kind, suggestion.code) for suggestion in suggest_places(gazetteer, "paris")
    }


def test_cases_come_before_people_however_small_the_place(gazetteer: Gazetteer) -> None:
    # More than four thousand names begin so, and this one is far from the most populous.
    assert suggest_places(gazetteer, "sai", {"04175": 1, "83000": 5})[0].code != "04175"
    assert suggest_places(gazetteer, "sainte", {"04175": 1})[0].code == "04175"
    assert suggest_places(gazetteer, "s", {"04175": 1})[0].code == "04175"


def country() -> Gazetteer:
    territory = Territory(
        communes=Communes(
            [
                Commune("77001", "Marsan", "77", population=10),
                Commune("77002", "Port-Mars", "77", population=900),
                Commune("77003", "Marsac", "77", population=500),
            ]
        ),
        departements=[Area("77", "Marsiane", "11")],
        regions=[Area("11", "Plaine")],
        aliases=[Alias("77009", "deleguee", "Marsy", "77002")],
    )
    return Gazetteer(territory)


def test_present_names_come_before_former_names_and_later_words() -> None:
    suggestions = [
        (suggestion.code, suggestion.alias_name) for suggestion in suggest_places(country(), "mars")
    ]
    # A département counts the population of its communes; Marsy is now part of Port-Mars.
    assert suggestions == [("77", None), ("77003", None), ("77001", None), ("77002", "Marsy")]


def test_published_cases_count_first() -> None:
    assert suggest_places(country(), "mars", {"77001": 1})[0].code == "77001"


# The time is measured by ``make prove``, on the whole territory.
@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_text_has_an_answer(typed: str) -> None:
    assert len(suggest_places(country(), typed)) <= 8
