"""Queries of communes, départements and régions, as their pages use them."""

from __future__ import annotations

from sqlalchemy.orm import Session
from territory_rows import communes_of_departement

from register.territory import place_queries
from register.territory.models import Commune, Intercommunalite


def test_a_commune_has_its_departement_postal_codes_and_intercommunalite(france: Session) -> None:
    commune = france.get(Commune, "93066")
    assert commune is not None
    assert (commune.name, commune.departement_code, commune.region_code) == (
        "Saint-Denis",
        "93",
        "11",
    )
    assert commune.population == 149_077
    assert place_queries.postal_codes(france, "93066") == ["93200", "93210", "93380"]
    assert commune.intercommunalite_code is not None
    group = france.get(Intercommunalite, commune.intercommunalite_code)
    assert group is not None
    assert (group.name, group.kind) == ("Métropole du Grand Paris", "METRO")
    assert place_queries.commune_count(france, intercommunalite=group.code) == 130


def test_a_former_code_leads_to_the_present_commune(france: Session) -> None:
    assert france.get(Commune, "93059") is None
    assert place_queries.current_code(france, "93059") == "93066"
    assert place_queries.former_name(france, "93059") == "Pierrefitte-sur-Seine"
    assert place_queries.codes_of_commune(france, "93066") == ["75059", "75066", "93059", "93066"]


def test_a_present_code_has_no_former_name(france: Session) -> None:
    # 01015 is also the code of its own delegated commune, Arbignieu.
    assert place_queries.former_name(france, "01015") is None
    commune = france.get(Commune, "01015")
    assert commune is not None
    assert commune.name == "Arboys en Bugey"


def test_a_former_code_without_a_recorded_name_has_none(france: Session) -> None:
    assert place_queries.current_code(france, "20004") == "2A004"
    assert place_queries.former_name(france, "20004") is None


def test_an_unknown_code_has_no_place(france: Session) -> None:
    assert france.get(Commune, "99999") is None
    assert place_queries.current_code(france, "99999") is None
    assert place_queries.former_name(france, "99999") is None
    assert place_queries.postal_codes(france, "99999") == []
    assert place_queries.departement(france, "99") is None
    assert place_queries.region(france, "99") is None
    assert france.get(Intercommunalite, "000000000") is None


def test_the_smaller_places_of_a_commune(france: Session) -> None:
    aliases = [(alias.kind, alias.name) for alias in place_queries.commune_aliases(france, "93066")]
    assert aliases == [("deleguee", "Pierrefitte-sur-Seine"), ("deleguee", "Saint-Denis")]
    assert len(place_queries.commune_aliases(france, "13055")) == 16
    assert {alias.kind for alias in place_queries.commune_aliases(france, "75056")} == {
        "arrondissement"
    }


def test_a_department_and_its_communes(france: Session) -> None:
    departement = place_queries.departement(france, "93")
    assert departement is not None
    assert (departement.name, departement.region_code) == ("Seine-Saint-Denis", "11")
    communes = communes_of_departement(france, "93")
    assert len(communes) == place_queries.commune_count(france, departement="93") == 39
    # L'Île-Saint-Denis is sorted with its article, Épinay-sur-Seine among the E.
    names = [commune.name for commune in communes]
    assert names.index("Drancy") < names.index("Épinay-sur-Seine") < names.index("Gagny")


def test_an_overseas_collectivity_has_communes_and_no_region(france: Session) -> None:
    departement = place_queries.departement(france, "988")
    assert departement is not None
    assert (departement.name, departement.region_code) == ("Nouvelle-Calédonie", None)
    communes = communes_of_departement(france, "988")
    assert len(communes) == 33
    assert {commune.region_code for commune in communes} == {None}


def test_a_region_and_its_departments(france: Session) -> None:
    region = place_queries.region(france, "11")
    assert region is not None
    assert region.name == "Île-de-France"
    codes = [departement.code for departement in place_queries.departements(france, "11")]
    assert codes == ["75", "77", "78", "91", "92", "93", "94", "95"]
    assert place_queries.commune_count(france, region="11") == 1_266
    assert place_queries.commune_count(france, region="11", departement="75") == 1


def test_every_region_and_department(france: Session) -> None:
    assert len(place_queries.departements(france)) == 109
    names = [region.name for region in place_queries.regions(france)]
    assert len(names) == 18
    # Accents aside: the Île-de-France stands between the Hauts-de-France and La Réunion.
    assert names.index("Hauts-de-France") < names.index("Île-de-France")
    assert names.index("Île-de-France") < names.index("La Réunion")
    assert place_queries.commune_count(france) == 34_969
