"""Queries of communes, départements and régions, as their pages use them."""

from __future__ import annotations

from territory_rows import communes_of_departement

from register.territory import place_queries
from register.territory.places import territory


def test_a_commune_has_its_departement_postal_codes_and_intercommunalite() -> None:
    commune = place_queries.commune("93066")
    assert commune is not None
    assert (commune.name, commune.departement_code, commune.region_code) == (
        "Saint-Denis",
        "93",
        "11",
    )
    assert commune.population == 149_077
    assert commune.postal_codes == ["93200", "93210", "93380"]
    details = place_queries.find_commune("93066")
    assert details is not None
    assert details.group is not None
    assert details.group[:3] == ("200054781", "Métropole du Grand Paris", "METRO")
    assert len(details.group.members) == 130
    assert "93066" in place_queries.group_members("200057867")  # Plaine Commune, an EPT


def test_a_former_code_leads_to_the_present_commune() -> None:
    assert place_queries.current_code("93059") == "93066"
    assert place_queries.former_name("93059") == "Pierrefitte-sur-Seine"
    details = place_queries.find_commune("93059")
    assert details is not None
    assert (details.commune.code, details.former_name) == ("93066", "Pierrefitte-sur-Seine")
    assert details.former_codes == ("75059", "75066", "93059")


def test_a_present_code_has_no_former_name() -> None:
    # 01015 is also the code of its own delegated commune, Arbignieu.
    assert place_queries.former_name("01015") is None
    commune = place_queries.commune("01015")
    assert commune is not None
    assert commune.name == "Arboys en Bugey"


def test_a_former_code_without_a_recorded_name_has_none() -> None:
    assert place_queries.current_code("20004") == "2A004"
    assert place_queries.former_name("20004") is None


def test_an_unknown_code_has_no_place() -> None:
    assert place_queries.commune("99999") is None
    assert place_queries.current_code("99999") is None
    assert place_queries.former_name("99999") is None
    assert place_queries.departement("99") is None
    assert place_queries.region("99") is None


def test_the_smaller_places_of_a_commune() -> None:
    aliases = [(alias.kind, alias.name) for alias in place_queries.commune_aliases("93066")]
    assert aliases == [("deleguee", "Pierrefitte-sur-Seine"), ("deleguee", "Saint-Denis")]
    assert len(place_queries.commune_aliases("13055")) == 16
    assert {alias.kind for alias in place_queries.commune_aliases("75056")} == {"arrondissement"}


def test_a_department_and_its_communes() -> None:
    departement = place_queries.departement("93")
    assert departement is not None
    assert (departement.name, departement.region_code) == ("Seine-Saint-Denis", "11")
    communes = communes_of_departement("93")
    assert len(communes) == departement.commune_count == 39
    # L'Île-Saint-Denis is sorted with its article, Épinay-sur-Seine among the E.
    names = [commune.name for commune in communes]
    assert names.index("Drancy") < names.index("Épinay-sur-Seine") < names.index("Gagny")


def test_an_overseas_collectivity_has_communes_and_no_region() -> None:
    departement = place_queries.departement("988")
    assert departement is not None
    assert (departement.name, departement.region_code) == ("Nouvelle-Calédonie", None)
    communes = communes_of_departement("988")
    assert len(communes) == 33
    assert {commune.region_code for commune in communes} == {None}


def test_a_region_and_its_departments() -> None:
    region = place_queries.region("11")
    assert region is not None
    assert region.name == "Île-de-France"
    codes = [departement.code for departement in place_queries.departements("11")]
    assert codes == ["75", "77", "78", "91", "92", "93", "94", "95"]
    assert region.commune_count == 1_266


def test_every_region_and_department() -> None:
    assert len(place_queries.departements()) == 109
    names = [region.name for region in place_queries.regions()]
    assert len(names) == 18
    # Accents aside: the Île-de-France stands between the Hauts-de-France and La Réunion.
    assert names.index("Hauts-de-France") < names.index("Île-de-France")
    assert names.index("Île-de-France") < names.index("La Réunion")
    assert len(territory().communes) == 34_969


def test_every_commune_is_found_by_its_code() -> None:
    communes = territory().communes
    assert [place.code for place in communes.values()] == list(communes) == sorted(communes)
    assert len(communes) > 34_000
    assert not {"", "0", "93032 ", "99999", "zzzzz"} & communes.keys()
