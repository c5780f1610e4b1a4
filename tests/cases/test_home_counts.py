"""Counts of the home page: public cases only, each case once, in no order of rank."""

from __future__ import annotations

import pytest

from register.cases import acts, facet_index, statistics
from register.cases.filters import CaseQuery
from register.cases.selection import Selection
from register.cases.vocabulary import current_vocabulary
from register.journal import head

pytestmark = pytest.mark.one_database


def _index(session):
    session.rollback()
    return facet_index.load_index(session, current_vocabulary(session), head(session))


def _summary(session):
    return statistics.summarise(_index(session), current_vocabulary(session))


def test_an_empty_register_counts_nothing(session):
    summary = _summary(session)
    assert (summary.total, summary.first_year, summary.last_year) == (0, None, None)
    assert (summary.departements, summary.abroad, summary.unplaced) == ([], [], 0)
    assert set(summary.families.values()) == {0}


def test_only_public_cases_are_counted(session, desk):
    for hidden in (desk.draft, desk.discarded, desk.withdrawn, desk.erased):
        hidden()
    assert _summary(session).total == 0
    desk.published()
    assert _summary(session).total == 1


def test_a_case_is_counted_once_in_each_of_its_families(session, desk):
    desk.published(types=("expulsion", "huis_clos", "plainte_diffamation"))
    families = _summary(session).families
    assert {name for name, count in families.items() if count} == {"acces", "justice"}
    assert families["acces"] == 1


def test_the_count_of_a_departement_is_the_size_of_its_list(session, desk):
    desk.published(commune="93059", linked_communes=("75056", "13055"))
    desk.published(commune="93066")
    desk.published(commune="", departement="93")
    desk.published(commune="", region="11")
    desk.published(commune="", place_label="une commune du Nord")
    desk.published(commune="", country="BE", place_label="Liège")
    summary = _summary(session)
    assert summary.departements == [
        ("13", "Bouches-du-Rhône", 1),
        ("75", "Paris", 1),
        ("93", "Seine-Saint-Denis", 3),
    ]
    for code, _name, count in summary.departements:
        query = CaseQuery({"departement": (code,)})
        assert Selection(_index(session), query).total == count
    assert (summary.abroad, summary.unplaced) == ([("BE", 1)], 2)
    assert summary.total == 6


def test_departements_come_in_the_order_of_their_names(session, desk):
    for code in ("2A004", "93032", "75056", "01053"):
        desk.published(commune=code)
    assert [code for code, _, _ in _summary(session).departements] == ["01", "2A", "75", "93"]


def test_the_counts_change_with_the_public_ledger_and_not_with_the_desks(session, pen, desk, cast):
    case = desk.published()
    first = _summary(session)
    desk.draft()
    assert _summary(session) == first
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert _summary(session).total == 0


def test_each_case_is_counted_once_under_its_commune_of_today(session, desk):
    desk.published(commune="93059", linked_communes=("93066",))
    desk.published(commune="93032")
    desk.draft(commune="75056")
    assert _index(session).axes["commune"].counts == {"93066": 1, "93032": 1}


def test_the_span_of_the_register_is_that_of_its_public_dates(session, desk):
    assert _summary(session).first_year is None
    desk.published(date="")
    assert _summary(session).first_year is None
    for day in ("2008-03-17", "2004"):
        desk.published(date=day)
    desk.draft(date="1999")
    summary = _summary(session)
    assert (summary.first_year, summary.last_year) == (2004, 2008)
