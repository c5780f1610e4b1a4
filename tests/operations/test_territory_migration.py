"""The migration that drops the tables of the territory, with data: down, up, and its refusal."""

from __future__ import annotations

import pytest
from alembic import command
from sqlalchemy import inspect, select, text

from register.cases.case_codes import CASE_CODE
from register.operations import schema, setup
from register.operations.doctor import examine

BEFORE = "0020-1"
TABLES = {
    "region": 18,
    "departement": 109,
    "intercommunalite": 1_266,
    "commune": 34_969,
    "commune_postal": 35_493,
    "commune_alias": 6_116,
    "commune_code": 39_254,
}


def _codes(engine):
    with engine.connect() as connection:
        return {tuple(row) for row in connection.execute(select(CASE_CODE))}


@pytest.mark.prove
def test_the_tables_are_filled_by_a_downgrade_and_dropped_by_an_upgrade(engine, settings, desk):
    desk.published(commune="93059", linked_communes=("2A004",))
    desk.published(commune="", departement="988")
    desk.published(commune="", region="11")
    codes = _codes(engine)
    config = schema.alembic_config(engine)
    command.downgrade(config, BEFORE)
    with engine.connect() as connection:
        execute = connection.exec_driver_sql
        counts = {table: execute(f"SELECT count(*) FROM {table}").scalar() for table in TABLES}
        commune = execute(
            "SELECT name, folded, departement_code, region_code, intercommunalite_code, population,"
            " lat, lon, precision, retired FROM commune WHERE code = '93066'"
        ).one()
        former = execute("SELECT current_code FROM commune_code WHERE code = '93059'").scalar()
        alias = execute("SELECT kind, name FROM commune_alias WHERE code = '93059'").one()
        overseas = execute("SELECT region_code FROM departement WHERE code = '988'").scalar()
        versions = execute("SELECT count(*) FROM dataset WHERE name = 'territory'").scalar()
    assert counts == TABLES
    assert tuple(commune) == (
        *("Saint-Denis", "saint denis", "93", "11", "200054781", 149_077),
        *(48.9356, 2.3539, "geonames", False),
    )
    assert (former, tuple(alias), overseas) == (
        "93066",
        ("deleguee", "Pierrefitte-sur-Seine"),
        None,
    )
    assert versions == 1

    command.upgrade(config, "head")
    assert not set(TABLES) & set(inspect(engine).get_table_names())
    assert _codes(engine) == codes
    # What the command does after the tables.
    setup.refresh(engine)
    assert [finding.code for finding in examine(settings) if not finding.good] == []


@pytest.mark.usefixtures("few_communes")
@pytest.mark.parametrize(
    ("axis", "code"), [("commune_saisie", "99999"), ("departement_saisi", "99")]
)
def test_a_code_that_no_release_had_stops_the_migration(engine, desk, axis, code):
    case = desk.published()
    config = schema.alembic_config(engine)
    command.downgrade(config, BEFORE)
    insert_stmt = text(
        "INSERT INTO case_code (incident_id, axis, code, until_line, since_line)"
        " VALUES (:id, :axis, :code, 0, 0)"
    )
    with engine.begin() as connection:
        connection.execute(insert_stmt, {"id": case.id, "axis": axis, "code": code})
    with pytest.raises(ValueError, match=code):
        command.upgrade(config, "head")
    assert set(TABLES) <= set(inspect(engine).get_table_names())
