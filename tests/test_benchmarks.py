"""What the measures rest on: bars that can be missed, and copies that leave nothing out."""

from __future__ import annotations

import csv
import random

import pytest

from benchmarks.cases import write_file
from benchmarks.copies import SHIFTED
from benchmarks.table import Bar, Table
from register.db import Base
from register.exchange.importer import import_file

# Of a case, but read by no page: the desk's, or what the produced cases do not have.
NOT_COPIED = {
    "approval",
    "case_link",
    "incident_origin",
    "information_request",
    "invitation",
    "note",
    "proceeding_step",
}


def test_a_copy_takes_every_table_of_a_case_and_moves_every_id():
    own = {"incident", "proceeding_step"}
    of_a_case = {table.name for table in Base.metadata.sorted_tables if "incident_id" in table.c}
    assert of_a_case | own == set(SHIFTED) | NOT_COPIED
    for name, shifted in SHIFTED.items():
        table = Base.metadata.tables[name]
        assert set(shifted) <= set(table.c.keys())
        keys = {column.name for column in table.primary_key} - {"position", "ledger", "source_id"}
        assert keys - {"axis", "code"} <= set(shifted), name


def test_a_produced_file_is_the_same_each_time_and_can_be_imported(engine, cast, tmp_path):
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    for path in (one, other):
        write_file(path, ["93032", "92062", "2A004"] * 10, 1, random.Random(7))
    assert one.read_bytes() == other.read_bytes()
    with one.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["procedure"] for row in rows}) > 2
    report = import_file(engine, one, by=cast.bruno, reason="mesure")
    assert (report.drafted, report.faults) == (30, [])


@pytest.mark.parametrize(
    ("bar", "value", "met"),
    [
        (Bar(0.6), 0.6, True),
        (Bar(0.6), 0.599, False),
        (Bar(2, most=True), 2.0, True),
        (Bar(2, most=True), 2.01, False),
    ],
)
def test_a_bar_is_met_or_missed(bar, value, met):
    table = Table("Pages", ("page", "ratio"))
    table.add("list", f"{value}", value=value, bar=bar)
    assert table.missed == (not met)
    assert ("met" if met else "MISSED") in table.text(markdown=False).split()


def test_a_table_says_its_bars_and_can_be_pasted():
    table = Table("Pages", ("page", "ratio"))
    table.add("bare", "1")
    table.add("list", "0.9", value=0.9, bar=Bar(0.6))
    assert table.text(markdown=True).splitlines() == [
        "### Pages",
        "",
        "| page | ratio | bar |  |",
        "|---|---|---|---|",
        "| bare | 1 | – |  |",
        "| list | 0.9 | ≥ 0.6 | met |",
    ]
