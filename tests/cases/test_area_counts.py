"""Counts of cases by département and région equal the totals of their filters."""

from __future__ import annotations

import facet_data

from register.cases import acts, facet_index
from register.cases.filters import CaseQuery
from register.cases.vocabulary import current_vocabulary
from register.journal import head


def _counts(session):
    session.rollback()
    index = facet_index.load_index(session, current_vocabulary(session), head(session))
    return {
        (kind, code): count
        for kind in ("departement", "region")
        for code, count in index.axes[kind].counts.items()
    }


def test_an_empty_register_counts_nothing(session):
    assert _counts(session) == {}


def test_hidden_cases_are_not_counted(session, pen, desk, cast):
    for hidden in (desk.draft, desk.discarded, desk.withdrawn, desk.erased):
        hidden()
    assert _counts(session) == {}
    case = desk.published()
    assert _counts(session) == {("departement", "93"): 1, ("region", "11"): 1}
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="erreur")
    assert _counts(session) == {}


def test_each_count_is_that_of_the_filter(session, desk):
    desk.published(commune="93059", linked_communes=("93032", "75056", "13055"))
    desk.published(commune="93066", departement="93", region="11")
    desk.published(commune="", departement="93")
    desk.published(commune="", region="11")
    desk.published(commune="", departement="975")
    desk.published(commune="97411")
    desk.published(commune="", country="BE", place_label="Liège")
    counts = _counts(session)
    assert counts["departement", "93"] == 3
    assert counts["region", "11"] == 4
    assert ("region", "") not in counts
    assert len(counts) == 8
    for (kind, code), count in counts.items():
        page = facet_data.list_page(
            session, CaseQuery({kind: (code,)}), current_vocabulary(session), head(session)
        )
        assert page.total == count, (kind, code)
