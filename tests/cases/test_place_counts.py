"""Types and years of the cases of a place: each count is the total of the filtered list."""

from __future__ import annotations

import facet_data
import pytest

from register.cases import acts
from register.cases.filters import CaseQuery
from register.cases.vocabulary import current_vocabulary
from register.journal import head


def _counts(session, **values):
    session.rollback()
    query = CaseQuery({name: (value,) for name, value in values.items()})
    return facet_data.select_cases(session, query, current_vocabulary(session), head(session))


def _size(session, **values):
    query = CaseQuery({name: (value,) for name, value in values.items()})
    return facet_data.list_page(session, query, current_vocabulary(session), head(session)).total


def test_a_place_without_a_case_has_no_counts(session, desk):
    desk.published(commune="92062")
    counts = _counts(session, commune="93032")
    assert (counts.count_codes("type"), counts.count_codes("annee"), counts.total) == ({}, {}, 0)


def test_a_case_counts_in_each_of_its_types_and_in_its_year(session, desk):
    desk.published(types=("expulsion", "huis_clos"), date="2008-03")
    desk.published(types=("expulsion",), date="2008~")
    desk.published(types=("huis_clos",), date="")
    desk.published(types=("surveillance",), date="1999", commune="92062")
    counts = _counts(session, commune="93032")
    assert counts.count_codes("type") == {"expulsion": 2, "huis_clos": 2}
    assert (counts.count_codes("annee"), counts.total) == ({"2008": 2}, 3)


def test_hidden_cases_are_not_counted(session, pen, desk, cast):
    for hidden in (desk.draft, desk.discarded, desk.withdrawn, desk.erased):
        hidden()
    assert _counts(session, commune="93032").count_codes("type") == {}
    case = desk.published()
    assert _counts(session, commune="93032").count_codes("type") == {"interdiction_filmer": 1}
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert _counts(session, commune="93032").count_codes("type") == {}


@pytest.mark.parametrize("place", [{"commune": "93066"}, {"departement": "93"}, {"region": "11"}])
def test_each_count_is_the_size_of_its_list(session, desk, place):
    desk.published(commune="93059", linked_communes=("92062",), types=("expulsion",))
    desk.published(commune="93066", date="2011-05-02", types=("huis_clos", "expulsion"))
    desk.published(commune="", departement="93", date="")
    desk.published(commune="", region="11", date="2011", types=("violence_physique",))
    counts = _counts(session, **place)
    assert counts.count_codes("type")
    for code, count in counts.count_codes("type").items():
        assert count == _size(session, **place, type=code)
    for year, count in counts.count_codes("annee").items():
        assert count == _size(session, **place, annee=year)
    undated = _size(session, **place, sans_date="1")
    assert sum(counts.count_codes("annee").values()) + undated == _size(session, **place)
