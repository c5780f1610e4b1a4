"""Facet counts: they agree with the lists, for each version of the data and each reader."""

from __future__ import annotations

from array import array
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain

import attested_acts as acts
import facet_data
import pytest
from facet_data import index_content
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from register.cases import facet_index
from register.cases.case_sets import NarrowAxis, SortOrder, WideAxis, from_numbers, to_numbers
from register.cases.filters import FILTERS, PAGE_SIZE, CaseQuery, clause
from register.cases.vocabulary import current_vocabulary
from register.journal import LedgerPosition, head

pytestmark = pytest.mark.one_database

LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
ATTESTED = ("attribution", "no_private_person", "no_private_life")
TEXT_QUERY = CaseQuery({"q": ("filmer",)})


@pytest.fixture(autouse=True)
def _empty_caches(monkeypatch):
    monkeypatch.setattr(facet_index, "_cached_indexes", {})


@pytest.fixture
def words(session):
    return current_vocabulary(session)


def _counts(session, words, query=None, hits=None):
    session.rollback()
    return facet_data.select_cases(
        session, query or CaseQuery(), words, head(session), hits
    ).facet_counts


def _listing(session, words, query, hits=None):
    session.rollback()
    return facet_data.list_page(session, query, words, head(session), hits)


def _numbers(page):
    return [row.number for row in page.cases]


# --- counts ------------------------------------------------------------------------------------


def test_the_facets_are_those_of_the_specification():
    assert set(facet_index.FACETS) == set(facet_data.FACETS)
    assert {name for name, spec in FILTERS.items() if spec.is_facet} == set(facet_data.FACETS)
    assert set(facet_data.POOL) | {"q"} == set(FILTERS)


def test_an_empty_register_counts_nothing(session, words):
    assert _counts(session, words) == {name: {} for name in facet_data.FACETS}
    assert facet_data.select_cases(session, CaseQuery(), words, head(session)).total == 0


def test_a_facet_counts_without_its_own_filter_and_with_all_others(session, desk, words):
    desk.published(types=("expulsion",), target="citoyen")
    desk.published(types=("huis_clos",), target="citoyen")
    desk.published(types=("huis_clos",), target="blogueur")
    counts = _counts(session, words, CaseQuery({"type": ("expulsion",)}))
    assert counts["type"] == {"expulsion": 1, "huis_clos": 2}
    assert counts["cible"] == {"citoyen": 1}


def test_outlets_are_counted_however_they_are_written(session, desk, words):
    for name in ("L’Écho", "L'ECHO", "L’Écho"):
        desk.published(outlets=(name,))
    desk.withdrawn(outlets=("L’ÉCHO !",))
    desk.withdrawn(outlets=("l’écho",))
    counts = _counts(session, words, CaseQuery({"media": ("l'écho",)}))
    assert counts["media"] == {"l echo": 3}
    index = facet_index.load_index(session, words, head(session))
    assert index.outlet_names == {"l echo": "L’Écho"}


def test_hidden_cases_are_in_no_count(session, desk, words):
    changes = {"types": ("autre",)}
    desk.published(**changes)
    before = _counts(session, words)
    for hidden in (desk.draft, desk.ready, desk.discarded, desk.withdrawn, desk.erased):
        hidden(types=("expulsion",), outlets=("Caché",), date="1999", commune="2A004")
    assert _counts(session, words) == before


def test_words_without_search_results_are_a_programming_error(session, words):
    with pytest.raises(ValueError, match="words"):
        facet_data.select_cases(session, TEXT_QUERY, words, head(session))
    with pytest.raises(ValueError, match="words"):
        clause(TEXT_QUERY, "q")


def test_hits_count_only_beside_words(session, desk, words):
    case = desk.published()
    assert _counts(session, words, CaseQuery(), {})["cible"] == {"blogueur": 1}
    assert _counts(session, words, TEXT_QUERY, {})["cible"] == {}
    hits = {case.number: 0, 404: 1, 0: 1, -1: 1, 10**9: 2}
    assert _counts(session, words, TEXT_QUERY, hits)["cible"] == {"blogueur": 1}


def test_counts_of_other_hits_are_other_counts(session, desk, words):
    first, second = desk.published(target="citoyen"), desk.published(target="blogueur")
    for case, target in ((first, "citoyen"), (second, "blogueur"), (first, "citoyen")):
        assert _counts(session, words, TEXT_QUERY, {case.number: 1})["cible"] == {target: 1}


def test_counts_without_one_filter_are_offered(session, desk, words):
    case = desk.published(types=("expulsion",), target="citoyen")
    desk.published(types=("huis_clos",), target="blogueur")
    values = {"type": ("huis_clos",), "cible": ("citoyen",), "q": ("filmer",)}
    session.rollback()
    relaxed = facet_data.select_cases(
        session, CaseQuery(values), words, head(session), {case.number: 1}
    ).count_relaxed()
    assert list(relaxed) == [("type", "huis_clos", 1), ("cible", "citoyen", 0), ("q", "filmer", 0)]


def test_counts_equal_brute_force(session, engine, desk, words):
    """Twenty searches in this test, a thousand in ``make prove``."""
    facet_data.publish_all(desk)
    session.rollback()
    at, vocabulary = head(session), facet_data.retired(words)
    sizes = []

    @hypothesis_settings(
        max_examples=20,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(search=facet_data.searches())
    def check(search):
        query, hits = search
        selection = facet_data.select_cases(session, query, vocabulary, at, hits)
        assert selection.facet_counts == facet_data.count_facets(session, query, vocabulary, hits)
        size = facet_data.count_in_database(session, query, vocabulary, hits)
        assert selection.total == size
        sizes.append(size)

    check()
    # Most searches by five filters select nothing; enough of them must select a case.
    assert sum(map(bool, sizes)) >= len(sizes) / 4


# --- updates of the facet index -----------------------------------------------------------------


@pytest.fixture
def index_checker(session, words, monkeypatch):
    """``index_checker.load_checked()``: the current facet index, compared with a rebuilt one."""
    indexes = facet_data.CheckedFacetIndexes(monkeypatch)
    load = indexes.load_checked

    def look_now():
        session.rollback()
        return load(session, words)

    indexes.load_checked = look_now
    return indexes


def test_after_every_act_the_updated_facet_index_equals_a_rebuilt_one(
    index_checker, desk, pen, cast, content
):
    index_checker.load_checked()
    other, case = desk.published(), desk.published(outlets=("Écho",))
    index_checker.load_checked()
    changes = (
        {"types": ("expulsion", "huis_clos"), "outlets": ("Écho", "Gagny Libre")},
        {"commune": "93059", "linked_communes": ("13055",), "date": ""},
        {"commune": "", "country": "BE", "place_label": "Liège", "date": "2011"},
        {"target": "citoyen", "actor": "police", "level": "etat", "evidence": "allegue"},
    )
    for change in changes:
        with pen() as p:
            acts.correct(
                p, case.id, content(**change), by=cast.bruno, reason="r", public_note="Corrigé."
            )
        index_checker.load_checked()

    def act(function, *arguments, **fields):
        with pen() as p:
            function(p, case.id, *arguments, by=cast.bruno, **{"reason": "r", **fields})
        index_checker.load_checked()

    ended = content(**changes[3], outcome="resolue")
    act(acts.follow_up, title="Suite", text="t", content=ended)
    with pen() as p:
        acts.redact(p, case.id, content(), by=cast.bruno, reason="r", public_note="Retiré.")
    index_checker.load_checked()
    act(acts.withdraw, restriction="erreur")
    with pen() as p:
        acts.edit(p, case.id, content(types=("autre",)), by=cast.bruno, reason="r")
    index_checker.load_checked()
    act(acts.restore, attested=ATTESTED, public_note="Rétabli.")
    by_two = {"second": cast.chloe}
    act(acts.merge, into=other.number, **by_two)
    act(acts.part, **by_two)
    act(acts.merge, into=other.number, **by_two)
    with pen() as p:
        acts.erase(p, case.id, by=cast.ada, restriction="demande_signalant", single=True)
    index_checker.load_checked()
    desk.draft()
    index_checker.load_checked()
    # A new case, higher than all before.
    desk.published(commune="2A004")
    index_checker.load_checked()
    assert index_checker.build_count == 1


def test_a_withdrawn_case_is_in_no_set_once_the_head_has_moved(index_checker, desk, pen, cast):
    case = desk.published(outlets=("Seul",), types=("surveillance",), date="1999")
    index_checker.load_checked()
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    index = index_checker.load_checked()
    assert index.public_cases == 0
    assert not any(axis.counts or axis.members for axis in index.axes.values())
    assert not any(order.numbers for order in index.orders.values())
    assert index_checker.build_count == 1


def test_a_page_begun_before_an_act_uses_the_facet_index_of_its_version(
    engine, session, desk, pen, cast, words
):
    case = desk.published(types=("expulsion",))
    desk.published(types=("autre",))
    session.rollback()
    at = head(session)
    first_sets = index_content(facet_index.load_index(session, words, at))
    for clears_cache in (False, True):
        with Session(engine) as early:
            early_head = head(early)
            if not clears_cache:
                assert early_head == at
                with pen() as p:
                    acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
            else:
                facet_index._cached_indexes.clear()
            early_sets = index_content(facet_index.load_index(early, words, early_head))
            with Session(engine) as late:
                late_sets = index_content(facet_index.load_index(late, words, head(late)))
            assert index_content(facet_index.load_index(early, words, early_head)) == early_sets
            if not clears_cache:
                assert (early_sets, late_sets[0]) == (first_sets, [2])


def test_a_facet_index_older_than_the_cached_ones_is_built_for_its_page(
    engine, session, desk, index_checker, words
):
    desk.published()
    with Session(engine) as early:
        early_head = head(early)
        for _ in range(3):
            desk.published()
            index_checker.load_checked()
        assert [version.head.seq for version in facet_index._cached_indexes] == [
            early_head.seq + 2,
            early_head.seq + 3,
        ]
        assert to_numbers(facet_index.load_index(early, words, early_head).public_cases) == [1]
    assert to_numbers(index_checker.load_checked().public_cases) == [1, 2, 3, 4]


def test_a_facet_index_of_another_history_is_not_updated(index_checker, desk, session):
    """After a restored backup, lines have old numbers and other digests."""
    desk.published()
    index = index_checker.load_checked()
    foreign = replace(
        index, version=replace(index.version, head=LedgerPosition(index.version.head.seq, "0" * 64))
    )
    desk.published()
    facet_index._cached_indexes.clear()
    facet_index._cached_indexes[foreign.version] = replace(
        foreign, public_cases=0, axes={name: type(axis)() for name, axis in foreign.axes.items()}
    )
    index_checker.load_checked()
    assert index_checker.build_count == 2


def test_a_new_vocabulary_rebuilds_the_facet_index(index_checker, desk):
    desk.published()
    index = index_checker.load_checked()
    desk.published()
    facet_index._cached_indexes.clear()
    version = replace(index.version, vocabulary="before")
    facet_index._cached_indexes[version] = replace(index, version=version)
    index_checker.load_checked()
    assert index_checker.build_count == 2


def test_after_very_many_changes_all_cases_are_read(index_checker, desk, monkeypatch):
    monkeypatch.setattr(facet_index, "CHANGED_LIMIT", 2)
    index_checker.load_checked()
    for _ in range(2):
        desk.published()
    index_checker.load_checked()
    assert index_checker.build_count == 1
    for _ in range(3):
        desk.published()
    index_checker.load_checked()
    assert index_checker.build_count == 2


def test_of_eight_concurrent_readers_one_builds_the_facet_index(
    engine, session, desk, index_checker, words
):
    desk.published()

    def read(_index):
        with Session(engine) as reader_session:
            at = head(reader_session)
            return facet_index.load_index(reader_session, words, at).public_cases

    with ThreadPoolExecutor(8) as readers:
        assert set(readers.map(read, range(32))) == {0b10}
    assert index_checker.build_count == 1


# --- axes and orders ------------------------------------------------------------------------------

# Changes of some of fifty cases: their codes and their sort key; no key for a hidden case.
CHANGES = st.lists(
    st.dictionaries(
        st.integers(1, 50),
        st.tuples(st.frozensets(st.sampled_from("abc")), st.none() | st.integers(-3, 3)),
    ),
    min_size=1,
    max_size=4,
)


@given(changes=CHANGES, chosen=st.frozensets(st.integers(1, 50)), skipped=st.integers(0, 9))
def test_an_updated_axis_and_an_updated_order_equal_rebuilt_ones(changes, chosen, skipped):
    narrow, wide, order = NarrowAxis(), WideAxis(), SortOrder()
    cases, length = {}, 0
    for change in changes:
        cases |= change
        length = max([length, *(number + 1 for number in change)])
        public = {number: case for number, case in cases.items() if case[1] is not None}
        having = _having(change)
        narrow = narrow.updated(change.keys(), having, length)
        wide = wide.updated(change.keys(), having, length)
        keys = {number: public[number][1] for number in change if number in public}
        order = order.updated(change.keys(), keys, length)
    everything = _having(public)
    for axis in (narrow, wide):
        assert axis.counts == {code: len(numbers) for code, numbers in everything.items()}
        assert to_numbers(axis.members) == sorted({*chain(*everything.values())})
        assert to_numbers(axis.union("ab")) == sorted(
            {*everything.get("a", ()), *everything.get("b", ())}
        )
        assert axis.count(from_numbers(chosen & public.keys())) == {
            code: len(chosen.intersection(numbers))
            for code, numbers in everything.items()
            if not chosen.isdisjoint(numbers)
        }
    newest_first = sorted(public, key=lambda number: (public[number][1], number), reverse=True)
    for numbers in (public.keys(), chosen & public.keys()):
        listed = [number for number in newest_first if number in numbers]
        assert order.page(from_numbers(numbers), skipped, 5) == listed[skipped : skipped + 5]


def _having(cases):
    """Code → numbers of the public ones of some cases that have it."""
    having = {}
    for number, (codes, key) in cases.items():
        for code in codes if key is not None else ():
            having.setdefault(code, array("I")).append(number)
    return having


def test_what_did_not_change_is_shared(index_checker, desk):
    desk.published(types=("expulsion",), commune="93032")
    earlier = index_checker.load_checked()
    desk.published(types=("expulsion",), commune="92062")
    later = index_checker.load_checked()
    shared = {name for name in earlier.axes if earlier.axes[name] is later.axes[name]}
    assert "endroit" not in shared  # its cases by number are one more
    assert {"procedure", "sens", "sans_date"} <= shared
    assert "type" not in shared


# --- lists with words ----------------------------------------------------------------------------


def test_by_relevance_the_best_match_comes_first_and_then_the_newest(session, desk, words):
    dates = ["2006", "", "2008-03-17", "2008-03", "2008-03-17", "2012"]
    numbers = [desk.published(date=day).number for day in dates]
    hits = dict(zip(numbers, (0, 2, 1, 0, 1, 0), strict=True))
    page = _listing(session, words, TEXT_QUERY, hits)
    assert _numbers(page) == [2, 5, 3, 6, 4, 1]
    assert (page.total, page.pages) == (6, 1)
    assert _numbers(_listing(session, words, TEXT_QUERY.ordered_by("date"), hits)) == [
        6,
        5,
        3,
        4,
        1,
        2,
    ]


def test_by_last_movement_words_make_no_difference(session, pen, desk, cast, content, words):
    numbers = [desk.published().number for _ in range(3)]
    with pen(LATER) as p:
        acts.correct(p, 2, content(title="x"), by=cast.bruno, reason="r", public_note="n")
    hits = {number: number for number in numbers}
    assert _numbers(_listing(session, words, TEXT_QUERY.ordered_by("maj"), hits)) == [2, 3, 1]


def test_a_list_of_search_results_has_pages_of_twenty(session, desk, words):
    numbers = [desk.published(date="2008").number for _ in range(PAGE_SIZE + 5)]
    hits = {number: number % 2 for number in numbers}
    expected = sorted(numbers, key=lambda number: (number % 2, number), reverse=True)
    for order, ordered in (
        ("pertinence", expected),
        ("date", numbers[::-1]),
        ("maj", numbers[::-1]),
    ):
        pages = [
            _listing(session, words, TEXT_QUERY.ordered_by(order).at_page(page), hits)
            for page in (1, 2, 3)
        ]
        assert [_numbers(page) for page in pages] == [ordered[:PAGE_SIZE], ordered[PAGE_SIZE:], []]
        assert {page.total for page in pages} == {PAGE_SIZE + 5}


def test_cases_that_the_index_returns_are_filtered_by_the_database(session, desk, words):
    public_case = desk.published()
    hidden = [desk.draft(), desk.withdrawn(), desk.erased(), desk.merged()]
    hits = {case.number: 9 for case in hidden if case.number} | {public_case.number: 0, 999: 1}
    page = _listing(session, words, TEXT_QUERY, hits)
    assert (_numbers(page), page.total) == ([public_case.number], 1)


def test_words_and_filters_narrow_together(session, desk, words):
    case = desk.published(types=("expulsion",), commune="92062")
    desk.published(types=("expulsion",))
    desk.published(commune="92062")
    query = CaseQuery({"q": ("x",), "type": ("expulsion",), "commune": ("92062",)})
    page = _listing(session, words, query, dict.fromkeys((1, 2, 3), 0))
    assert (_numbers(page), page.total) == ([case.number], 1)
    assert _listing(session, words, query, {2: 1, 3: 1}).total == 0


@pytest.mark.parametrize("order", ["date", "maj"])
def test_filtered_and_unfiltered_lists_are_in_one_order(session, desk, words, order):
    for day in ("2006", "", "2008-03-17", "2008-03", "2008-03-17"):
        desk.published(date=day)
    unfiltered = _numbers(_listing(session, words, CaseQuery(order=order)))
    assert _numbers(_listing(session, words, CaseQuery({"pays": ("FR",)}, order))) == unfiltered
    assert len(unfiltered) == 5
