"""Readings of a typed place and their order, in France and in an invented country."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from territory_rows import sole_reading

from register.territory.gazetteer import Gazetteer
from register.territory.name_normalisation import MAX_TYPED_LENGTH
from register.territory.places import Alias, Area, Commune, Communes, Territory
from register.territory.readings import EXACTNESS, PlaceReading
from register.territory.resolve import resolve

PIERREFITTE = "Pierrefitte-sur-Seine"


def test_the_reading_of_a_former_code_has_the_present_commune(gazetteer: Gazetteer) -> None:
    reading = sole_reading(resolve(gazetteer, "93059"))
    assert reading == PlaceReading(
        "commune", "93066", "Saint-Denis", "93", "ancien_code", PIERREFITTE, "93059"
    )


def test_a_shared_name_is_a_choice_by_population(gazetteer: Gazetteer) -> None:
    resolution = resolve(gazetteer, "Saint-Denis")
    assert len(resolution.readings) > 1
    assert sole_reading(resolution) is None
    assert [reading.code for reading in resolution.readings] == ["97411", "93066", "11339", "30247"]


def test_published_cases_come_before_population(gazetteer: Gazetteer) -> None:
    resolution = resolve(gazetteer, "Saint-Denis", {"93066": 2, "30247": 5})
    assert [reading.code for reading in resolution.readings] == ["30247", "93066", "97411", "11339"]


def test_exactness_comes_before_cases(gazetteer: Gazetteer) -> None:
    resolution = resolve(gazetteer, "Vienne", {})
    assert [(reading.kind, reading.code) for reading in resolution.readings] == [
        ("commune", "38544"),
        ("departement", "86"),
    ]


def test_a_long_text_is_truncated(gazetteer: Gazetteer) -> None:
    assert sole_reading(resolve(gazetteer, "Gagny" + " " * MAX_TYPED_LENGTH + "Lyon")) is not None
    assert not resolve(gazetteer, "x" * 1_000_000).readings


# An invented country, in which each rule is tested alone.
def country(
    *aliases: Alias, codes: dict[str, str] | None = None, postal: dict[str, str] | None = None
) -> Gazetteer:
    communes = [
        Commune("77001", "Bourg", "77", population=100),
        Commune("77002", "Ville", "77", population=200),
        Commune("78001", "Bourg", "78", population=300),
    ]
    territory = Territory(
        communes=Communes(
            place._replace(postal=(postal or {}).get(place.code, "")) for place in communes
        ),
        departements=[Area("77", "Marne", "11"), Area("78", "Oise", "11")],
        regions=[Area("11", "Plaine")],
        aliases=aliases,
        codes=codes,
    )
    return Gazetteer(territory)


def test_an_old_name_comes_after_the_present_one_even_with_cases() -> None:
    old = Alias("77009", "deleguee", "Bourg", "77002")
    resolution = resolve(country(old), "bourg", {"77002": 9})
    assert [(reading.code, reading.why) for reading in resolution.readings] == [
        ("78001", "nom"),
        ("77001", "nom"),
        ("77002", "ancienne_commune"),
    ]


def test_a_commune_and_its_own_delegated_namesake_are_one_reading() -> None:
    twin = Alias("77002", "deleguee", "Ville", "77002")
    reading = sole_reading(resolve(country(twin), "ville"))
    assert reading == PlaceReading("commune", "77002", "Ville", "77", "nom")


def test_two_old_names_of_one_commune_are_one_reading() -> None:
    aliases = (
        Alias("77008", "deleguee", "Écart", "77002"),
        Alias("77009", "associee", "Écart", "77002"),
    )
    assert sole_reading(resolve(country(*aliases), "Écart")) is not None


def test_a_former_code_without_a_name_is_resolved() -> None:
    reading = sole_reading(resolve(country(codes={"75001": "77002"}), "75001"))
    assert reading == PlaceReading("commune", "77002", "Ville", "77", "ancien_code", None, "75001")


def test_a_former_code_reused_as_a_postal_code_is_read_as_the_postal_code() -> None:
    reused = country(codes={"75001": "77002"}, postal={"77001": "75001"})
    reading = sole_reading(resolve(reused, "75001"))
    assert reading == PlaceReading("commune", "77001", "Bourg", "77", "code_postal")


def test_a_former_code_with_a_name_is_read_beside_the_postal_code() -> None:
    old = Alias("75001", "deleguee", "Écart", "77002")
    shared = country(old, codes={"75001": "77002"}, postal={"77001": "75001"})
    assert [(reading.code, reading.why) for reading in resolve(shared, "75001").readings] == [
        ("77001", "code_postal"),
        ("77002", "ancien_code"),
    ]


def test_a_postal_code_is_of_an_arrondissement_where_the_city_has_some() -> None:
    part = Alias("77102", "arrondissement", "Ville 2e Arr.", "77002")
    city = country(part, postal={"77001": "77202", "77002": "77202"})
    readings = resolve(city, "77202").readings
    assert [(reading.code, reading.alias_code) for reading in readings] == [
        ("77002", "77102"),
        ("77001", None),
    ]


def test_a_former_name_is_narrowed_by_the_departement_of_its_present_commune() -> None:
    moved = Alias("78009", "ancienne", "Hameau", "77002")
    assert sole_reading(resolve(country(moved), "Hameau (77)")) is not None
    assert not resolve(country(moved), "Hameau (78)").readings


def test_an_alias_of_an_unknown_commune_is_ignored() -> None:
    lost = Alias("77009", "deleguee", "Perdue", "77999")
    assert not resolve(country(lost), "Perdue").readings


def test_an_unknown_name_is_not_added_to_the_gazetteer() -> None:
    gazetteer = country()
    before = len(gazetteer.places_by_name)
    assert not resolve(gazetteer, "Inconnue").readings
    assert len(gazetteer.places_by_name) == before


@given(st.text(max_size=300))
def test_any_text_has_an_answer(typed: str) -> None:
    for reading in resolve(country(), typed).readings:
        assert reading.why in EXACTNESS


@given(st.sampled_from(["Bourg", "Ville", "Marne", "Plaine", "77001", "77"]), st.data())
def test_blanks_and_case_are_ignored(typed: str, data: st.DataObject) -> None:
    blanks = st.text(alphabet=" \t\u00a0\u202f", max_size=5)
    padded = data.draw(blanks) + typed.swapcase() + data.draw(blanks)
    assert resolve(country(), padded) == resolve(country(), typed)
