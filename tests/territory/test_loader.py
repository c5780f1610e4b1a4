"""Loads of the territory, and the places that a yearly update changes or removes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from territory_rows import AT, row, write

from register.db import Base
from register.territory import dataset
from register.territory.models import (
    Commune,
    CommuneAlias,
    CommuneCode,
    CommunePostal,
    Dataset,
    Departement,
    Intercommunalite,
    Region,
)


class TableQueries:
    """Queries of the tables."""

    @staticmethod
    def current_code(session: Session, code: str) -> str | None:
        return session.scalar(select(CommuneCode.current_code).where(CommuneCode.code == code))

    @staticmethod
    def former_name(session: Session, code: str) -> str | None:
        stmt = select(CommuneAlias.name).where(CommuneAlias.code == code)
        return session.scalar(stmt.where(CommuneAlias.current_code != code))

    @staticmethod
    def commune_aliases(session: Session, code: str) -> list[CommuneAlias]:
        stmt = select(CommuneAlias).where(CommuneAlias.current_code == code)
        return list(session.scalars(stmt.order_by(CommuneAlias.code)))

    @staticmethod
    def postal_codes(session: Session, code: str) -> list[str]:
        stmt = select(CommunePostal.postal).where(CommunePostal.commune_code == code)
        return list(session.scalars(stmt.order_by(CommunePostal.postal)))

    @staticmethod
    def present_codes(session: Session, model: type[Base]) -> list[str]:
        return list(session.scalars(select(model.code).filter_by(retired=False)))


def count(session: Session, model: type[Base]) -> int:
    return session.scalar(select(func.count()).select_from(model)) or 0


def update(session: Session, source: Path) -> bool:
    loaded = dataset.load(session, at=AT, source=source)
    session.commit()
    return loaded


def test_the_committed_data_fills_every_table(france: Session) -> None:
    assert count(france, Region) == 18
    assert count(france, Departement) == 109
    assert count(france, Intercommunalite) == 1_255
    assert count(france, Commune) == 34_969
    assert count(france, CommunePostal) == 35_493
    assert count(france, CommuneAlias) == 2_621
    assert count(france, CommuneCode) == 39_254


def test_the_version_and_the_time_of_the_load_are_stored(france: Session) -> None:
    stored = france.get_one(Dataset, "territory")
    assert stored.version == dataset.version() == dataset.loaded_version(france)
    assert stored.loaded_at == AT


def test_the_same_version_changes_nothing(france: Session) -> None:
    assert dataset.load(france, at=AT + timedelta(days=1)) is False
    assert france.get_one(Dataset, "territory").loaded_at == AT


def test_nothing_is_loaded_in_an_empty_database(empty: Session) -> None:
    assert dataset.loaded_version(empty) is None


def test_the_load_is_committed_by_its_caller(empty: Session, tmp_path: Path) -> None:
    dataset.load(empty, at=AT, source=write(tmp_path / "one", row("77001", "Un")))
    empty.rollback()
    assert count(empty, Commune) == 0
    assert dataset.loaded_version(empty) is None


def test_progress_ends_at_the_total(empty: Session, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    source = write(tmp_path / "one", row("77001", "Un"), row("77002", "Deux"))
    assert dataset.load(empty, at=AT, source=source, progress=lambda *step: steps.append(step))
    models = (Region, Departement, Intercommunalite, Commune, CommunePostal, CommuneAlias)
    total = sum(count(empty, model) for model in (*models, CommuneCode))
    assert steps[-1] == (total, total)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)


def test_columns_have_the_values_of_the_files(empty: Session, tmp_path: Path) -> None:
    full = row("77001", "Saint-Étienne", epci="200000001", codes_postaux="77100 77200")
    bare = row("98801", "Belep", departement="988", region="988", population="", lat="", lon="")
    update(empty, write(tmp_path / "one", full, bare | {"precision": ""}))
    commune = empty.get_one(Commune, "77001")
    assert (commune.folded, commune.departement_code, commune.region_code) == (
        "saint etienne",
        "77",
        "11",
    )
    assert (commune.population, commune.lat, commune.lon) == (10, 48.5, 2.5)
    assert commune.intercommunalite_code == "200000001"
    assert TableQueries.postal_codes(empty, "77001") == ["77100", "77200"]
    overseas = empty.get_one(Commune, "98801")
    assert (overseas.departement_code, overseas.region_code) == ("988", None)
    assert (overseas.population, overseas.lat, overseas.lon) == (None, None, None)
    assert overseas.precision == ""


def test_a_present_commune_wins_over_everything_that_bears_its_code(
    empty: Session, tmp_path: Path
) -> None:
    source = write(
        tmp_path / "one",
        row("77001", "Neuve"),
        row("77001", "Vieille", "commune-deleguee", parent="77002"),
        row("77002", "Grande", anciens_codes="77001 77003"),
    )
    update(empty, source)
    assert TableQueries.current_code(empty, "77001") == "77001"
    assert TableQueries.current_code(empty, "77003") == "77002"


def test_the_present_division_wins_over_a_former_code(empty: Session, tmp_path: Path) -> None:
    source = write(
        tmp_path / "one",
        row("77001", "Une", anciens_codes="77003"),
        row("77002", "Autre"),
        row("77003", "Vieille", "commune-deleguee", parent="77002"),
    )
    update(empty, source)
    assert TableQueries.current_code(empty, "77003") == "77002"


@pytest.fixture
def first_year(empty: Session, tmp_path: Path) -> Session:
    """A first year: two communes that will change, one that will not."""
    source = write(
        tmp_path / "before",
        row("77001", "Reste", codes_postaux="77100"),
        row("77002", "Fusionne", codes_postaux="77200", anciens_codes="75002"),
        row("77003", "Disparaît"),
        row("77004", "Hameau", "commune-deleguee", parent="77002"),
    )
    update(empty, source)
    return empty


def test_a_merged_commune_leads_to_its_successor(first_year: Session, tmp_path: Path) -> None:
    after = write(
        tmp_path / "after",
        row("77001", "Reste", codes_postaux="77100 77200", anciens_codes="77002"),
        row("77003", "Disparaît"),
    )
    assert update(first_year, after)
    for old in ("77002", "75002", "77004"):
        assert TableQueries.current_code(first_year, old) == "77001"
    assert first_year.get_one(Commune, "77002").retired
    assert TableQueries.former_name(first_year, "77002") == "Fusionne"
    assert TableQueries.former_name(first_year, "77004") == "Hameau"
    assert TableQueries.postal_codes(first_year, "77001") == ["77100", "77200"]
    assert TableQueries.postal_codes(first_year, "77002") == []


def test_a_commune_without_successor_is_retired_and_stays_in_its_departement(
    first_year: Session, tmp_path: Path
) -> None:
    after = write(tmp_path / "after", row("77001", "Reste", anciens_codes="77002"))
    update(first_year, after)
    lost = first_year.get(Commune, "77003")
    assert lost is not None
    assert lost.retired
    assert TableQueries.current_code(first_year, "77003") == "77003"
    assert TableQueries.commune_aliases(first_year, "77003") == []
    assert TableQueries.present_codes(first_year, Commune) == ["77001"]


def test_former_communes_stay_after_a_later_load(first_year: Session, tmp_path: Path) -> None:
    update(first_year, write(tmp_path / "after", row("77001", "Reste", anciens_codes="77002")))
    # The next data set contains none of them.
    update(first_year, write(tmp_path / "later", row("77001", "Reste", population="11")))
    assert TableQueries.current_code(first_year, "77002") == "77001"
    assert TableQueries.current_code(first_year, "77003") == "77003"
    assert TableQueries.former_name(first_year, "77002") == "Fusionne"
    assert first_year.get_one(Commune, "77001").population == 11


def test_a_retired_commune_may_find_a_successor_later(first_year: Session, tmp_path: Path) -> None:
    update(first_year, write(tmp_path / "after", row("77001", "Reste", anciens_codes="77002")))
    later = write(tmp_path / "later", row("77001", "Reste", anciens_codes="77002 77003"))
    update(first_year, later)
    assert TableQueries.current_code(first_year, "77003") == "77001"
    assert TableQueries.former_name(first_year, "77003") == "Disparaît"


def test_an_undone_merger_brings_the_commune_back(first_year: Session, tmp_path: Path) -> None:
    update(first_year, write(tmp_path / "after", row("77001", "Reste", anciens_codes="77002")))
    later = write(
        tmp_path / "later",
        row("77001", "Reste"),
        row("77002", "Fusionne"),
        row("77003", "Disparaît"),
    )
    update(first_year, later)
    commune = first_year.get(Commune, "77002")
    assert commune is not None
    assert not commune.retired
    assert TableQueries.former_name(first_year, "77002") is None
    # Its own former communes stay in the merged one unless a data set moves them.
    assert [alias.code for alias in TableQueries.commune_aliases(first_year, "77001")] == ["77004"]
    assert TableQueries.current_code(first_year, "75002") == "77001"


def test_a_renamed_commune_keeps_its_old_name(first_year: Session, tmp_path: Path) -> None:
    after = write(
        tmp_path / "after",
        row("77001", "Reste-sur-Seine"),
        row("77002", "Fusionne"),
        row("77003", "Disparaît"),
    )
    update(first_year, after)
    assert TableQueries.former_name(first_year, "77001") is None
    assert [
        (alias.kind, alias.name) for alias in TableQueries.commune_aliases(first_year, "77001")
    ] == [("ancienne", "Reste")]


def test_another_spelling_of_the_same_name_is_no_former_name(
    first_year: Session, tmp_path: Path
) -> None:
    after = write(tmp_path / "after", row("77001", "RESTE"), row("77003", "Disparait"))
    update(first_year, after)
    assert TableQueries.commune_aliases(first_year, "77001") == []
    assert first_year.get_one(Commune, "77003").name == "Disparait"


def test_a_vanished_department_and_region_keep_their_rows(
    first_year: Session, tmp_path: Path
) -> None:
    after = write(
        tmp_path / "after",
        row("77001", "Reste"),
        departements="code,nom,region\n78,Yvelines,12\n",
        regions="code,nom\n12,Francilie\n",
        epci="code,nom,type\n",
    )
    update(first_year, after)
    assert first_year.get_one(Departement, "77").retired
    assert first_year.get_one(Region, "11").retired
    assert TableQueries.present_codes(first_year, Departement) == ["78"]
    assert TableQueries.present_codes(first_year, Region) == ["12"]
    assert first_year.get(Intercommunalite, "200000001") is None


def test_objects_of_the_session_are_refreshed(first_year: Session, tmp_path: Path) -> None:
    remembered = first_year.get_one(Commune, "77001")
    assert remembered.population == 10
    source = write(tmp_path / "after", row("77001", "Reste", population="99"))
    dataset.load(first_year, at=AT, source=source)
    assert remembered.population == 99
