"""What a yearly update changes or removes: codes and names of before still lead to a commune."""

from __future__ import annotations

from pathlib import Path

import pytest
from territory_rows import row, sole_reading, write

from register.territory import place_queries, places
from register.territory.gazetteer import Gazetteer
from register.territory.places import Territory
from register.territory.resolve import resolve
from tools.territory_data.build_tables import write_tables
from tools.territory_data.former_places import carry_forward
from tools.territory_data.sources import CsvRow, read_table


class Releases:
    """The data set of one release after another, as the builder writes them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.monkeypatch = monkeypatch
        self.count = 0
        self.last: Path | None = None

    def release(self, *communes: dict[str, str], **tables: str) -> Territory:
        """Derive the next data set; from then on it is the one of the process."""
        self.count += 1
        folder = write(self.folder / str(self.count), *communes, **tables)
        former = read_tables(self.last) if self.last else {}
        write_tables(carry_forward(former, read_tables(folder)), folder)
        self.last = folder
        released = places.territory(folder)
        self.monkeypatch.setattr(place_queries, "territory", lambda: released)
        return released


def read_tables(folder: Path) -> dict[str, list[CsvRow]]:
    names = ("communes.csv.gz", "departements.csv", "regions.csv")
    return {name: read_table(name, folder) for name in names}


@pytest.fixture
def releases(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Releases:
    """A first year: two communes that will change, one that will not."""
    first = Releases(tmp_path, monkeypatch)
    first.release(
        row("77001", "Reste", codes_postaux="77100"),
        row("77002", "Fusionne", codes_postaux="77200", anciens_codes="75002"),
        row("77003", "Disparaît"),
        row("77004", "Hameau", "commune-deleguee", parent="77002"),
    )
    return first


def aliases(code: str) -> list[tuple[str, str, str]]:
    return [(alias.code, alias.kind, alias.name) for alias in place_queries.commune_aliases(code)]


def test_columns_have_the_values_of_the_files(tmp_path: Path) -> None:
    full = row("77001", "Saint-Étienne", epci="200000001", codes_postaux="77200 77100")
    full |= {"carte": "512 340 98 120"}
    bare = row("98801", "Belep", departement="988", region="988", population="", lat="", lon="")
    territory = places.territory(write(tmp_path / "one", full, bare | {"precision": ""}))
    commune = territory.communes["77001"]
    assert (commune.folded, commune.departement_code, commune.region_code) == (
        "saint etienne",
        "77",
        "11",
    )
    assert (commune.population, commune.point, commune.is_exact) == (10, (48.5, 2.5), True)
    assert commune.postal_codes == ["77100", "77200"]
    assert commune.map_points == [(512, 340), (98, 120)]
    group = territory.groups[commune.group_code or ""]
    assert group[:3] == ("200000001", "CC des Essais", "CC")
    assert group.members == ("77001",)
    overseas = territory.communes["98801"]
    assert (overseas.departement_code, overseas.region_code) == ("988", None)
    assert (overseas.population, overseas.point, overseas.precision) == (None, None, "")
    assert overseas.map_points == []


def test_a_present_commune_wins_over_everything_that_bears_its_code(tmp_path: Path) -> None:
    source = write(
        tmp_path / "one",
        row("77001", "Neuve"),
        row("77001", "Vieille", "commune-deleguee", parent="77002"),
        row("77002", "Grande", anciens_codes="77001 77003"),
    )
    territory = places.territory(source)
    assert list(territory.communes) == ["77001", "77002"]
    assert territory.current_codes == {"77003": "77002"}


def test_the_present_division_wins_over_a_former_code(tmp_path: Path) -> None:
    source = write(
        tmp_path / "one",
        row("77001", "Une", anciens_codes="77003"),
        row("77002", "Autre"),
        row("77003", "Vieille", "commune-deleguee", parent="77002"),
    )
    assert places.territory(source).current_codes["77003"] == "77002"


def test_a_merged_commune_leads_to_its_successor(releases: Releases) -> None:
    releases.release(
        row("77001", "Reste", codes_postaux="77100 77200", anciens_codes="77002"),
        row("77003", "Disparaît"),
    )
    for old in ("77002", "75002", "77004"):
        assert place_queries.current_code(old) == "77001"
    assert place_queries.former_name("77002") == "Fusionne"
    assert place_queries.former_name("77004") == "Hameau"
    commune = place_queries.commune("77002")
    assert commune is not None
    assert (commune.code, commune.retired) == ("77001", False)
    assert commune.postal_codes == ["77100", "77200"]


def test_the_name_of_a_merged_commune_is_still_found(releases: Releases) -> None:
    released = releases.release(row("77001", "Reste", anciens_codes="77002"))
    reading = sole_reading(resolve(Gazetteer(released), "fusionne"))
    assert reading is not None
    assert (reading.code, reading.why, reading.alias_name) == ("77001", "ancien_nom", "Fusionne")


def test_a_commune_without_successor_is_retired_and_stays_in_its_departement(
    releases: Releases,
) -> None:
    released = releases.release(row("77001", "Reste", anciens_codes="77002"))
    lost = place_queries.commune("77003")
    assert lost is not None
    assert (lost.retired, lost.departement_code, lost.region_code) == (True, "77", "11")
    assert lost.postal_codes == []
    assert place_queries.current_code("77003") == "77003"
    assert aliases("77003") == []
    departement = place_queries.departement("77")
    assert departement is not None
    assert departement.commune_count == 1
    reading = sole_reading(resolve(Gazetteer(released), "Disparaît"))
    assert reading is not None
    assert (reading.code, reading.why) == ("77003", "nom")


def test_former_communes_stay_in_later_releases(releases: Releases) -> None:
    releases.release(row("77001", "Reste", anciens_codes="77002"))
    # The next data set contains none of them.
    for population in ("11", "12"):
        releases.release(row("77001", "Reste", population=population))
    for old in ("77002", "75002", "77004"):
        assert place_queries.current_code(old) == "77001"
    assert place_queries.current_code("77003") == "77003"
    assert place_queries.former_name("77002") == "Fusionne"
    commune = place_queries.commune("77001")
    assert commune is not None
    assert commune.population == 12


def test_a_retired_commune_may_find_a_successor_later(releases: Releases) -> None:
    releases.release(row("77001", "Reste", anciens_codes="77002"))
    releases.release(row("77001", "Reste", anciens_codes="77002 77003"))
    assert place_queries.current_code("77003") == "77001"
    assert place_queries.former_name("77003") == "Disparaît"


def test_an_undone_merger_brings_the_commune_back(releases: Releases) -> None:
    releases.release(row("77001", "Reste", anciens_codes="77002"))
    releases.release(row("77001", "Reste"), row("77002", "Fusionne"), row("77003", "Disparaît"))
    commune = place_queries.commune("77002")
    assert commune is not None
    assert (commune.code, commune.retired) == ("77002", False)
    assert place_queries.former_name("77002") is None
    # Its own former communes stay in the merged one unless a data set moves them.
    assert aliases("77001") == [("77004", "ancienne", "Hameau")]
    assert place_queries.current_code("75002") == "77001"


def test_a_renamed_commune_keeps_its_old_name(releases: Releases) -> None:
    releases.release(
        row("77001", "Reste-sur-Seine"), row("77002", "Fusionne"), row("77003", "Disparaît")
    )
    assert place_queries.former_name("77001") is None
    assert aliases("77001") == [("77001", "ancienne", "Reste")]


def test_another_spelling_of_the_same_name_is_no_former_name(releases: Releases) -> None:
    released = releases.release(row("77001", "RESTE"), row("77003", "Disparait"))
    assert aliases("77001") == []
    assert released.communes["77003"].name == "Disparait"


def test_a_code_without_a_name_follows_a_commune_that_is_gone(releases: Releases) -> None:
    releases.release(row("77001", "Reste"), row("77003", "Disparaît"))
    assert place_queries.current_code("75002") == "77002"
    lost = place_queries.commune("75002")
    assert lost is not None
    assert lost.retired


def test_a_vanished_departement_and_region_are_retired(releases: Releases) -> None:
    tables = {
        "departements": "code,nom,region,disparu\n78,Yvelines,12,\n",
        "regions": "code,nom,disparu\n12,Francilie,\n",
        "epci": "code,nom,type\n",
    }
    for _year in range(2):
        released = releases.release(row("77001", "Reste"), **tables)
        assert released.departements["77"].retired
        assert released.regions["11"].retired
        assert [area.code for area in place_queries.departements()] == ["78"]
        assert [area.code for area in place_queries.regions()] == ["12"]
        assert released.groups == {}
        assert released.communes["77001"].region_code == "11"


def test_the_same_data_set_again_changes_nothing(releases: Releases) -> None:
    communes = [row("77001", "Reste-sur-Seine", anciens_codes="77002")]
    releases.release(*communes)
    assert releases.last is not None
    before = read_tables(releases.last)
    releases.release(*communes)
    assert before == read_tables(releases.last)
