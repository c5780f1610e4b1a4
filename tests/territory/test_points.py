"""The point of each commune, and its precision."""

from __future__ import annotations

from typing import Any

from tools.territory_data.build_tables import locate_communes
from tools.territory_data.sources import PopulatedPlace

PRESENT = "commune-actuelle"


def commune(code: str, nom: str, **fields: Any) -> dict[str, Any]:
    defaults = {"departement": code[:2], "arrondissement": f"{code[:2]}1", "codesPostaux": []}
    return {"code": code, "nom": nom, "type": PRESENT, **defaults, **fields}


def spot(name: str, code: str, lat: float, lon: float, people: int = 600) -> PopulatedPlace:
    return PopulatedPlace(name, lat, lon, "FR", ("11", "77", "771", code), people)


def located(
    records: list[dict[str, Any]], *spots: PopulatedPlace
) -> dict[str, tuple[str, str, str]]:
    return {
        code: tuple(point) for (code, _), point in locate_communes(records, list(spots)).items()
    }


def test_the_place_of_the_name_beats_a_larger_one() -> None:
    points = located(
        [commune("77001", "Berck")],
        spot("Berck-Plage", "77001", 50.2, 1.2, 9_000),
        spot("BERCK", "77001", 50.1, 1.1, 800),
    )
    assert points["77001"] == ("50.1000", "1.1000", "geonames")


def test_without_the_name_the_most_populous_is_taken_former_codes_included() -> None:
    points = located(
        [commune("77001", "Val Neuf", anciensCodes=["77002"])],
        spot("Le Petit", "77001", 50.1, 1.1, 700),
        spot("Le Grand", "77002", 50.2, 1.2, 900),
    )
    assert points["77001"] == ("50.2000", "1.2000", "geonames")


def test_a_commune_without_a_place_takes_the_mean_of_its_postal_codes() -> None:
    points = located(
        [
            commune("77001", "Un", codesPostaux=["77100"]),
            commune("77002", "Deux", codesPostaux=["77200"]),
            commune("77003", "Trois", codesPostaux=["77100", "77200"]),
        ],
        spot("Un", "77001", 48.0, 2.0),
        spot("Deux", "77002", 49.0, 3.0),
    )
    assert points["77003"] == ("48.500", "2.500", "code_postal")


def test_without_a_postal_code_the_mean_of_the_arrondissement_is_taken() -> None:
    points = located(
        [commune("77001", "Un"), commune("77002", "Deux"), commune("78001", "Ailleurs")],
        spot("Un", "77001", 48.0, 2.0),
    )
    assert points["77002"] == ("48.000", "2.000", "arrondissement")
    assert points["78001"] == ("", "", "")


def test_a_delegated_commune_takes_a_real_point_only() -> None:
    def delegated(code: str, parent: str) -> dict[str, Any]:
        return commune(code, "Vieux", type="commune-deleguee", chefLieu=parent)

    points = located(
        [
            commune("77001", "Un", codesPostaux=["77100"]),
            commune("77002", "Deux", codesPostaux=["77100"]),
            delegated("77011", "77001"),
            delegated("77012", "77002"),
        ],
        spot("Un", "77001", 48.0, 2.0),
    )
    assert points["77011"] == ("48.0000", "2.0000", "parent")
    assert points["77012"] == ("48.000", "2.000", "arrondissement")


def overseas(code: str, nom: str) -> dict[str, Any]:
    return {"code": code, "nom": nom, "type": PRESENT, "departement": code[:3]}


def test_overseas_the_code_is_in_a_higher_administrative_column() -> None:
    points = located(
        [overseas("98801", "Belep"), overseas("98817", "Le Mont-Dore"), overseas("97601", "Acoua")],
        PopulatedPlace("Wala", -19.7, 163.6, "NC", ("01", "98801", "", ""), 890),
        PopulatedPlace("Mont-Dore", -22.2, 166.5, "NC", ("02", "98817", "", ""), 24_680),
        PopulatedPlace("Acoua", -12.7, 45.0, "YT", ("97601", "", "", ""), 4_622),
    )
    assert points["98801"] == ("-19.7000", "163.6000", "geonames")
    assert points["98817"] == ("-22.2000", "166.5000", "geonames")
    assert points["97601"] == ("-12.7000", "45.0000", "geonames")


def test_a_collectivity_of_one_commune_needs_no_code() -> None:
    points = located(
        [overseas("97701", "Saint-Barthélemy")],
        PopulatedPlace("Gustavia", 17.9, -62.8, "BL", ("", "00", "", ""), 5_988),
    )
    assert points["97701"] == ("17.9000", "-62.8000", "geonames")


def test_in_polynesia_the_place_is_found_by_its_name() -> None:
    points = located(
        [overseas("98735", "Papeete"), overseas("98729", "Moorea-Maiao")],
        PopulatedPlace("Papeete", -17.5, -149.5, "PF", ("01", "", "", ""), 26_357),
        PopulatedPlace("Afareaitu", -17.6, -149.8, "PF", ("01", "", "", ""), 3_000),
    )
    assert points["98735"] == ("-17.5000", "-149.5000", "geonames")
    assert points["98729"] == ("-17.500", "-149.500", "arrondissement")


def test_a_name_elsewhere_in_france_is_not_the_overseas_one() -> None:
    points = located(
        [overseas("97502", "Saint-Pierre"), overseas("97501", "Miquelon-Langlade")],
        spot("Saint-Pierre", "97999", 48.0, 2.0),
    )
    assert points["97502"] == ("", "", "")
