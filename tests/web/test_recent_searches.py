"""Pages of one search share its matches, until an act or the index changes them."""

from __future__ import annotations

import pytest
from search_helpers import Searcher, follow, numbers
from sqlalchemy import select

from register import create_app
from register.cases import acts
from register.cases.case_sets import Strengths
from register.cases.models import Incident
from register.search.engine_interface import IndexNotReady
from register.search.service import CaseSearch

pytestmark = pytest.mark.one_database


@pytest.fixture
def searched(settings, desk, content, monkeypatch):
    """An application with three cases in its index, and the searches that it makes."""
    for title in ("Un drone saisi", "Le drone rendu", "Un autre fait"):
        desk.published(content(title=title))
    app = create_app(settings)
    follow(app)
    searches = []
    find = CaseSearch.find

    def counted(search, query):
        searches.append(query)
        return find(search, query)

    monkeypatch.setattr(CaseSearch, "find", counted)
    return app, searches


def test_pages_orders_filters_and_feeds_of_a_search_are_one_search(searched):
    app, searches = searched
    reader = Searcher(app)
    assert len(numbers(reader.page(q="drone"))) == 2
    reader.page(q="drone", tri="date")
    reader.page(q="drone", utm_source="lettre")
    reader.page(q="drone", pays="FR")
    assert reader.get("/incidents.atom", q="drone").status_code == 200
    assert len(searches) == 1
    reader.page(q="fait")
    assert len(searches) == 2


def test_a_withdrawn_case_leaves_a_search_at_once(searched, pen, cast):
    app, searches = searched
    reader = Searcher(app)
    before = numbers(reader.page(q="drone"))
    with pen() as p:
        case = p.session.scalars(select(Incident).where(Incident.number == before[0])).one()
        acts.withdraw(p, case.id, by=cast.bruno, restriction="reexamen", reason="Retiré.")
    assert numbers(reader.page(q="drone", utm_source="lettre")) == before[1:]
    follow(app)
    assert numbers(reader.page(q="drone", utm_source="site")) == before[1:]
    assert len(searches) == 3


def test_a_search_without_index_is_not_cached(searched, monkeypatch):
    app, searches = searched
    reader, index = Searcher(app), app.extensions["register.search"]

    def away(_session, _query):
        raise IndexNotReady

    with monkeypatch.context() as patch:
        patch.setattr(index, "find", away)
        assert len(numbers(reader.page(q="drone"))) == 2
    reader.page(q="drone", utm_source="lettre")
    reader.page(q="drone", utm_source="site")
    assert len(searches) == 2


def test_strengths_are_those_of_the_matches():
    strengths = Strengths({3: 1, 70: 2, 1: 1, 0: 5, 10**9: 2})
    assert dict(strengths) == dict(strengths.items()) == {1: 1, 3: 1, 70: 2}
    assert len(strengths) == 3
    assert 70 in strengths
    assert 2 not in strengths
    assert -1 not in strengths
    assert list(strengths.sets) == [2, 1]
