"""Facet counts: they agree with the lists, for each version of the data and each reader."""

from __future__ import annotations

from array import array
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import attested_acts as acts
import facet_data
import pytest
from facet_data import facet_sets
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from sqlalchemy.orm import Session

from register.cases import facet_index, facets, result_lists
from register.cases.data_version import VersionedMapCache
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
    monkeypatch.setattr(facets, "_counts_cache", VersionedMapCache(facets._COUNTS_LIMIT))


@pytest.fixture
def words(session):
    return current_vocabulary(session)


def _counts(session, words, query=None, hits=None):
    session.rollback()
    return facets.count_facets(session, query or CaseQuery(), words, head(session), hits)


def _listing(session, words, query, hits=None):
    session.rollback()
    return result_lists.query_case_page(session, query, words, head(session), hits)


def _numbers(page):
    return [row.number for row in page.cases]


# --- counts ------------------------------------------------------------------------------------


def test_the_facets_are_those_of_the_specification():
    assert set(facet_index.FACETS) == set(facet_data.FACETS)
    assert {name for name, spec in FILTERS.items() if spec.is_facet} == set(facet_data.FACETS)
    assert set(facet_data.POOL) | {"q"} == set(FILTERS)


def test_an_empty_register_counts_nothing(session, words):
    assert _counts(session, words) == {name: {} for name in facet_data.FACETS}
    assert facets.count_matches(session, CaseQuery(), words, head(session)) == 0


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
    at = head(session)
    query = replace(TEXT_QUERY, values={**TEXT_QUERY.values, "cible": ("citoyen",)})
    for function in (facets.count_facets, facets.count_matches, result_lists.query_case_page):
        with pytest.raises(ValueError, match="words"):
            function(session, query, words, at)
    with pytest.raises(ValueError, match="words"):
        list(facets.count_relaxed(session, query, words, at))
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
    relaxed = facets.count_relaxed(
        session, CaseQuery(values), words, head(session), {case.number: 1}
    )
    assert list(relaxed) == [("type", "huis_clos", 1), ("cible", "citoyen", 0), ("q", "filmer", 0)]


def test_counts_equal_brute_force(session, engine, desk, words):
    """Sixty searches in this test, a thousand in ``make prove``."""
    facet_data.publish_all(desk)
    session.rollback()
    at, vocabulary = head(session), facet_data.retired(words)
    sizes = []

    @hypothesis_settings(
        max_examples=60,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(search=facet_data.searches())
    def check(search):
        query, hits = search
        assert facets.count_facets(session, query, vocabulary, at, hits) == facet_data.count_facets(
            session, query, vocabulary, hits
        )
        size = facet_data.count_in_database(session, query, vocabulary, hits)
        assert facets.count_matches(session, query, vocabulary, at, hits) == size
        assert result_lists.query_case_page(session, query, vocabulary, at, hits).total == size
        sizes.append(size)

    check()
    # Most searches by five filters select nothing; enough of them must select a case.
    assert sum(map(bool, sizes)) >= 20


# --- caches -------------------------------------------------------------------------------------


def test_counts_are_cached_for_a_head_and_a_search(session, desk, words, monkeypatch):
    case = desk.published()
    first = _counts(session, words, CaseQuery({"type": ("expulsion",)}))
    other = CaseQuery({"type": ("expulsion",)}, "maj", 3)
    assert _counts(session, words, other) is first
    hits = {case.number: 1}
    second = _counts(session, words, TEXT_QUERY, hits)
    assert _counts(session, words, TEXT_QUERY, dict(hits)) is second
    desk.draft()
    assert _counts(session, words, TEXT_QUERY, hits) is second
    desk.published()
    assert _counts(session, words, TEXT_QUERY, hits) is not second


def test_the_cache_of_counts_is_bounded(session, desk, words, monkeypatch):
    monkeypatch.setattr(facets._counts_cache, "limit", 3)
    for code in ("93032", "93066", "75056", "13055", "92062"):
        desk.published(commune=code)
        _counts(session, words)
        for commune in ("93032", "93066", "75056"):
            assert _counts(session, words, CaseQuery({"commune": (commune,)}))
            assert len(facets._counts_cache) <= 3
        assert len(facet_index._cached_indexes) <= facet_index.INDEX_LIMIT


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
    assert index_checker.load_checked().max_number == 3
    assert index_checker.build_count == 1


def test_a_withdrawn_case_is_in_no_set_once_the_head_has_moved(index_checker, desk, pen, cast):
    case = desk.published(outlets=("Seul",), types=("surveillance",), date="1999")
    index_checker.load_checked()
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    index = index_checker.load_checked()
    assert index.public_cases == 0
    assert all(not by_code for by_code in index.axes.values())
    assert index_checker.build_count == 1


def test_a_page_begun_before_an_act_uses_the_facet_index_of_its_version(
    engine, session, desk, pen, cast, words
):
    case = desk.published(types=("expulsion",))
    desk.published(types=("autre",))
    session.rollback()
    at = head(session)
    first_sets = facet_sets(facet_index.load_index(session, words, at))
    for clears_cache in (False, True):
        with Session(engine) as early:
            early_head = head(early)
            if not clears_cache:
                assert early_head == at
                with pen() as p:
                    acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
            else:
                facet_index._cached_indexes.clear()
            early_sets = facet_sets(facet_index.load_index(early, words, early_head))
            with Session(engine) as late:
                late_sets = facet_sets(facet_index.load_index(late, words, head(late)))
            assert facet_sets(facet_index.load_index(early, words, early_head)) == early_sets
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
        assert facet_index.to_numbers(
            facet_index.load_index(early, words, early_head).public_cases
        ) == [1]
    assert facet_index.to_numbers(index_checker.load_checked().public_cases) == [1, 2, 3, 4]


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
        foreign, public_cases=0, axes={axis: {} for axis in foreign.axes}, sort_days=array("I")
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


# --- sets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 2, 3, 40, 300])
def test_a_set_has_the_same_members_in_both_representations(count):
    top = 3_000
    numbers = sorted({(number * 37) % top + 1 for number in range(count)})
    as_bits, as_array = facet_index.from_numbers(numbers), array("I", numbers)
    chosen = facet_index.from_numbers([number for number in numbers if number % 3])
    flags = facet_index.to_flags(chosen, top)
    assert facet_index.to_numbers(as_bits) == facet_index.to_numbers(as_array) == numbers
    assert facet_index.union([as_array]) == facet_index.union([as_bits]) == as_bits
    assert (
        facet_index.count_selected(as_bits, chosen, flags)
        == facet_index.count_selected(as_array, chosen, flags)
        == chosen.bit_count()
    )
    assert facet_index.to_numbers(facet_index.compact(numbers * 2, top)) == numbers
    removed = set(numbers[::2])
    mask = ~facet_index.from_numbers(removed)
    assert facet_index.to_numbers(facet_index.remove(as_bits, removed, mask)) == numbers[1::2]
    assert facet_index.to_numbers(facet_index.remove(as_array, removed, mask)) == numbers[1::2]
    for cases in (as_bits, as_array):
        assert facet_index.to_numbers(facet_index.add(cases, [top], top)) == sorted({*numbers, top})


def test_a_set_uses_the_smaller_representation():
    assert isinstance(facet_index.compact([1, 2], 1_000), array)
    assert isinstance(facet_index.compact(range(1, 100), 1_000), int)
    grown = facet_index.add(array("I", [1, 2]), range(3, 100), 1_000)
    assert isinstance(grown, int)


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
