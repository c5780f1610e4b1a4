"""The benchmarks: limits, generated cases, copies of registers, searches."""

from __future__ import annotations

import csv
import random
from collections import Counter

import attested_acts as acts
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from benchmarks import copies, postgres, searches, texts
from benchmarks.cases import write_file
from benchmarks.copies import SHIFTED_COLUMNS
from benchmarks.fts5 import Fts5
from benchmarks.table import Bar, Table
from register.cases.models import Incident
from register.db import Base
from register.exchange.case_csv_import import RowEffect, import_file
from register.search import analyzer, query_parser
from register.search.engine_interface import Document

# Tables of a case that public pages do not read, or that generated cases do not fill.
NOT_COPIED = {
    "approval",
    "authority_contact",
    "case_copy",
    "case_evidence",
    "destruction",
    "incident_origin",
    "incoming",
    "invitation",
    "note",
    "pending_change",
    "received_post",
    "source_check",
    "source_copy",
    "source_request",
    "redacted_original",
    "report_kept",
}


def test_a_copy_takes_every_table_of_a_case_and_moves_every_id():
    of_a_case = {table.name for table in Base.metadata.sorted_tables if "incident_id" in table.c}
    assert of_a_case | {"incident"} == set(SHIFTED_COLUMNS) | NOT_COPIED
    for name, shifted in SHIFTED_COLUMNS.items():
        table = Base.metadata.tables[name]
        assert set(shifted) <= set(table.c.keys())
        keys = {column.name for column in table.primary_key} - {"ledger"}
        assert keys - {"axis", "code"} <= set(shifted), name


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_register_grows_again_after_acts_on_the_cases_that_are_copied(
    engine, desk, pen, cast, monkeypatch
):
    monkeypatch.setattr(copies, "SEEDED", 3)
    cases = [desk.published() for _ in range(3)]
    options = {
        "title": "Suite",
        "text": "Suite.",
        "reason": "mesure",
        "by": cast.bruno,
        "second": cast.chloe,
    }
    with pen() as p:
        acts.follow_up(p, cases[0].id, **options)
    seed = copies.measure_seed(engine)
    copies.grow(engine, seed, 6)
    with pen() as p:
        acts.follow_up(p, cases[0].id, **options)
        acts.withdraw(p, cases[1].id, by=cast.bruno, restriction="erreur", reason="mesure")
    copies.grow(engine, seed, 12)
    with Session(engine) as session:
        assert session.scalars(select(Incident.id).order_by(Incident.id)).all() == [
            *range(1, 7),
            9,
            12,
        ]
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []


def test_a_produced_file_is_the_same_each_time_and_can_be_imported(engine, cast, tmp_path):
    first, second = tmp_path / "one.csv", tmp_path / "other.csv"
    for path in (first, second):
        write_file(path, ["93032", "92062", "2A004"] * 10, 1, random.Random(7))
    assert first.read_bytes() == second.read_bytes()
    with first.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len({row["procedure"] for row in rows}) > 2
    report = import_file(engine, first, by=cast.bruno, reason="mesure")
    assert (report.count(RowEffect.DRAFTED), report.faults) == (30, [])


@pytest.mark.parametrize(
    ("bar", "value", "met"),
    [
        (Bar(0.6), 0.6, True),
        (Bar(0.6), 0.599, False),
        (Bar(2, most=True), 2.0, True),
        (Bar(2, most=True), 2.01, False),
    ],
)
def test_a_limit_is_met_or_missed(bar, value, met):
    table = Table("Pages", ("page", "ratio"))
    table.add("list", f"{value}", value=value, bar=bar)
    assert table.missed == (not met)
    assert ("met" if met else "MISSED") in table.text(markdown=False).split()


def test_a_table_is_printed_as_markdown_with_its_limits():
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


def test_an_account_is_the_same_each_time_and_holds_words_of_every_kind():
    accounts = [analyzer.tokens(" ".join(texts.account(number))) for number in range(1, 401)]
    assert accounts[0] == analyzer.tokens(" ".join(texts.account(1))) != accounts[1]
    occurrences = Counter(token for tokens in accounts for token in set(tokens))
    shares = {
        kind: sum(occurrences[analyzer.token_of(word)] for word in words)
        / len(words)
        / len(accounts)
        for kind, words in (
            ("common", texts.common),
            ("middle", texts.middle),
            ("rare", texts.rare),
        )
    }
    assert 0.45 < shares["common"] < 0.55
    assert 0.08 < shares["middle"] < 0.12
    assert 0.0003 < shares["rare"] < 0.003
    assert 180 < sum(map(len, accounts)) / len(accounts) < 240


def test_no_two_words_of_the_accounts_have_the_same_stem():
    words = [*texts.common, *texts.middle, *texts.rare]
    assert len({analyzer.token_of(word) for word in words}) == len(words)


def test_fts5_and_the_register_get_the_same_queries(tmp_path):
    def document(number: int, *weak: tuple[str, ...]) -> Document:
        return Document(number, (("titre", "§an:2008"),), weak, (), ())

    index = Fts5(tmp_path / "fts5.sqlite3")
    index.fill([document(1, ("film", "gagny")), document(2, ("film",), ("puteau",))])
    for parts, strength in [
        (['"film"'], {1: 0, 2: 0}),
        (['"film"', '"titr"'], {}),
        (['"titre"', '"gagny"'], {1: 1}),
        (['"film gagny"'], {1: 0}),
        (['"gagny film"'], {}),
        (['"2008"'], {}),
    ]:
        assert index.find(parts) == strength, parts
    index.close()
    for kind in searches.KINDS:
        assert len(kind.typed) == len(kind.fts5_parts)
        for typed, parts in zip(kind.typed, kind.fts5_parts, strict=True):
            tokens = [part.alternatives[0].tokens for part in query_parser.parse(typed).parts]
            assert [f'"{" ".join(words)}"' for words in tokens] == parts


def test_every_hostile_search_is_valid():
    for typed in searches.HOSTILE_SEARCHES:
        assert len(query_parser.parse(typed).parts) > 10


def test_the_limit_of_a_search_depends_on_engine_and_size():
    whoosh_bar = searches.bar_of(("whoosh", 10_000, searches.RARE), 3.0, 250.0)
    postgres_bar = searches.bar_of(("postgresql", 100_000, searches.PHRASE), 3.0, 250.0)
    assert (whoosh_bar[0], postgres_bar[0]) == (3.0, 250.0)
    assert whoosh_bar[1].met(whoosh_bar[0])
    assert not postgres_bar[1].met(postgres_bar[0])
    assert searches.bar_of(("postgresql", 10_000, searches.RARE), 3.0, 250.0) == (3.0, None)


def test_postgresql_copies_all_shifted_tables():
    assert set(SHIFTED_COLUMNS) < set(postgres.COPIED_TABLES) < set(Base.metadata.tables)
