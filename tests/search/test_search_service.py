"""The matches that a reader gets, whatever the state of the index."""

from __future__ import annotations

import attested_acts as acts
import pytest
from hypothesis import given
from hypothesis import strategies as st
from search_documents import by_number, expected_matches, searches
from search_documents import documents as documents_of_few_words
from sqlalchemy.orm import Session

from register.cases import vocabulary
from register.cases.models import Incident
from register.cases.vocabulary import Dataset
from register.errors import Invalid
from register.journal import head
from register.search import indexer, query_parser, service
from register.search.service import CaseSearch, Reach

pytestmark = pytest.mark.one_database


def follow(engine, index):
    """Index the changed cases, as the follower does when it is woken."""
    return indexer.catch_up(engine, index)


def test_a_case_is_found_by_its_words(desk, content, engine, index, find_cases):
    gagny = desk.published(content())
    elsewhere = {"commune": "93048", "outlets": (), "narrative": "Selon le blog."}
    desk.published(content(title="Refus d’un document", summary="Refus.", **elsewhere))
    follow(engine, index)
    hits = find_cases("filmer gagny")
    # Both words are in strong fields, and both as typed.
    assert (dict(hits.strength), hits.reach) == ({gagny.number: 2 + 3}, Reach.EVERYWHERE)


def test_the_title_weighs_more_than_the_account(desk, content, engine, index, find_cases):
    account_content = content(
        title="Une séance", narrative="Le drone survole la place.", outlets=()
    )
    account = desk.published(account_content)
    title = desk.published(content(title="Le drone de la mairie"))
    follow(engine, index)
    assert dict(find_cases("drone").strength) == {account.number: 0, title.number: 1}


def test_a_typed_word_comes_before_its_synonym(desk, content, engine, index, find_cases):
    texts = {"outlets": (), "types": ("surveillance",), "commune": "93048"}
    synonym = desk.published(content(title="Une caméra", summary="Une caméra.", **texts))
    typed = desk.published(content(title="Un cas", summary="Une vidéo.", **texts))
    follow(engine, index)
    hits = find_cases("vidéo").strength
    assert hits[typed.number] > hits[synonym.number]
    changed = desk.published(content(title="Une caméra", summary="Une caméra.", **texts))
    hits = find_cases("vidéo").strength
    assert hits[typed.number] > hits[changed.number] == hits[synonym.number]


def test_a_search_is_made_again_without_each_of_its_parts(desk, content, engine, index, find_cases):
    texts = {"outlets": (), "types": ("surveillance",), "commune": "93048"}
    both = desk.published(content(title="Drone et ballon", summary="x", **texts))
    drone = desk.published(content(title="Drone", summary="x", **texts))
    balloons = [desk.published(content(title="Ballon", summary="x", **texts)) for _ in range(2)]
    follow(engine, index)
    query = query_parser.parse("drone ballon -phare")
    without = service.find_without_each_part(
        query, lambda shorter: find_cases(shorter.text).strength
    )
    assert {part.typed: set(cases) for part, cases in without.items()} == {
        "drone": {case.number for case in balloons},
        "ballon": {drone.number},
    }
    assert both.number in find_cases("drone ballon").strength
    for single in ("drone", "drone -ballon", "deux trois quatre cinq six sept huit"):
        assert service.find_without_each_part(query_parser.parse(single), lambda _q: {1: 0}) == {}
    assert service.find_without_each_part(query, lambda _query: None) == {}


@given(st.lists(documents_of_few_words, max_size=8), searches)
def test_the_cases_that_lack_one_part_are_those_of_the_search_without_it(documents, query):
    def find(search_query):
        return expected_matches(search_query, documents.values())

    documents = by_number(documents)
    parts = query.required_parts
    lacking = service.find_without_each_part(query, find)
    matching = find(query)
    for part in parts if len(set(parts)) == len(parts) > 1 else ():
        assert lacking[part].keys() == find(query.without(part)).keys() - matching.keys()


# --- the index lags ------------------------------------------------------------------------------


def test_a_new_case_is_found_before_the_index_follows(desk, content, engine, index, find_cases):
    follow(engine, index)
    case = desk.published(content(title="Un quidam filme"))
    assert dict(find_cases("quidam").strength) == {case.number: 1}


def test_a_redacted_word_finds_nothing_before_the_index_follows(
    desk, content, engine, index, find_cases, pen, cast
):
    case = desk.published(content(title="Un quidam filme"))
    follow(engine, index)
    with pen() as p:
        redacted = content(title="Un citoyen filme")
        acts.redact(p, case.id, redacted, by=cast.bruno, reason="RGPD", public_note="Retrait.")
    assert dict(find_cases("quidam").strength) == {}
    assert dict(find_cases("citoyen").strength) == {case.number: 1}


@pytest.mark.parametrize("ending", ["withdrawn", "erased", "merged"])
def test_a_case_that_is_no_longer_public_is_not_found_before_the_index_follows(
    ending, desk, content, engine, index, find_cases, pen, cast
):
    case = desk.published(content(title="Un quidam filme"))
    other = desk.published(content(title="Un autre"))
    follow(engine, index)
    with pen() as p:
        if ending == "withdrawn":
            acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="x")
        elif ending == "merged":
            by_two = {"by": cast.bruno, "second": cast.chloe}
            acts.merge(p, case.id, into=other.number, reason="x", **by_two)
        else:
            acts.erase(p, case.id, by=cast.ada, restriction="erreur", single=True)
    assert dict(find_cases("quidam").strength) == {}
    follow(engine, index)
    assert dict(find_cases("quidam").strength) == {}
    assert "quidam" not in index.forms(Session(engine))


def test_an_index_far_behind_says_so_and_shows_no_withdrawn_case(
    desk, content, engine, index, find_cases, pen, cast, monkeypatch
):
    monkeypatch.setattr(service, "CHANGED_LIMIT", 3)
    case = desk.published(content(title="Un quidam filme"))
    follow(engine, index)
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="x")
    for _ in range(3):
        desk.published(content())
    hits = find_cases("filmer")
    assert hits.reach == Reach.BEHIND
    assert len(hits.strength) == 3
    assert dict(find_cases("quidam").strength) == {}


# --- the index is not there ------------------------------------------------------------


WITHOUT_AN_INDEX = (
    ("interdiction", "a word of the title"),
    ("SEANCE", "of the summary, by other letters"),
    ("libre", "of an outlet"),
    ("gagny", "the place"),
    ("2008", "the year"),
    ("film*", "a beginning"),
    ('"conseil municipal"', "a phrase"),
    ("caméra", "a synonym"),
    ("gagny -puteaux", "a word left out"),
)


def test_without_an_index_titles_and_summaries_are_searched(desk, content, find_cases):
    case = desk.published(content())
    desk.draft(content())
    desk.withdrawn(content())
    for typed, why in WITHOUT_AN_INDEX:
        hits = find_cases(typed)
        assert (set(hits.strength), hits.reach) == ({case.number}, Reach.TITLES_ONLY), why


def test_without_an_index_an_unknown_word_finds_nothing(desk, content, find_cases):
    desk.published(content())
    assert dict(find_cases("introuvable").strength) == {}


def test_an_index_of_another_ledger_is_not_used(desk, content, engine, index, find_cases, pen):
    """After a restore the same number is another line: its digest says so."""
    published = desk.published(content(title="Un quidam filme"))
    follow(engine, index)
    with pen() as p:
        incident = p.session.get_one(Incident, published.id)
        acts.follow_up(p, incident.id, by=1, reason="x", title="Suite", text="Suite.")
    follow(engine, index)
    cursor = index.cursor()
    index.write(cursor.__class__(cursor.seq, "0" * 64, cursor.made_with), [], [], scrub=False)
    assert find_cases("quidam").reach == Reach.TITLES_ONLY
    assert follow(engine, index)
    assert find_cases("quidam").reach == Reach.EVERYWHERE


# --- the follower's work ------------------------------------------------------------


def test_following_twice_changes_nothing(desk, content, engine, index, find_cases):
    case = desk.published(content())
    assert follow(engine, index)
    assert not follow(engine, index)
    assert set(find_cases("filmer").strength) == {case.number}


def test_the_progress_of_a_rebuild_is_reported(desk, content, engine, index):
    for title in ("Un drone saisi", "Le drone rendu"):
        desk.published(content(title=title))
    reports = []
    indexer.catch_up(engine, index, lambda done, total: reports.append((done, total)))
    assert reports == [(1, 2), (2, 2)]


def test_a_correction_is_followed(desk, content, engine, index, find_cases, pen, cast):
    case = desk.published(content(title="Un quidam filme"))
    follow(engine, index)
    with pen() as p:
        corrected = content(title="Un citoyen filme")
        acts.correct(p, case.id, corrected, by=cast.bruno, reason="x", public_note="Mot.")
    assert follow(engine, index)
    assert (dict(find_cases("quidam").strength), set(find_cases("citoyen").strength)) == (
        {},
        {case.number},
    )


def test_a_new_version_of_the_vocabularies_rebuilds_the_index(desk, content, engine, index):
    desk.published(content())
    follow(engine, index)
    before = index.cursor()
    with Session(engine) as session, session.begin():
        session.get_one(Dataset, vocabulary.DATASET).version = "other"
    assert follow(engine, index)
    assert index.cursor().made_with != before.made_with


# --- misspelt ------------------------------------------------------------


SPELLING_SUGGESTIONS = (
    ("interdicton", "interdiction"),
    ("gagni filmer", "gagny filmer"),
    ("interdiction filmre", "interdiction filmer"),
    ("filmer", None),
    ("introuvable", None),
    ("xyz", None),
)


def test_a_correction_is_suggested_for_a_misspelt_word(desk, content, engine, index):
    desk.published(content())
    follow(engine, index)
    with Session(engine) as page:
        search = CaseSearch(page, index, vocabulary.current_vocabulary(page), head(page))
        for typed, suggestion in SPELLING_SUGGESTIONS:
            assert search.suggest_spelling(typed) == suggestion, typed


def test_the_words_of_the_index_are_not_read_for_a_search_without_a_misspelt_one(
    desk, content, engine, index, monkeypatch
):
    desk.published(content())
    follow(engine, index)
    reads = []
    forms = type(index).forms
    monkeypatch.setattr(type(index), "forms", lambda *args: reads.append("forms") or forms(*args))
    with Session(engine) as page:
        search = CaseSearch(page, index, vocabulary.current_vocabulary(page), head(page))
        for typed in ("filmer", "interdiction filmer", "interdicton"):
            assert not reads
            search.suggest_spelling(typed)
    assert reads


def test_no_removed_word_is_suggested(desk, content, engine, index, pen, cast):
    case = desk.published(content(title="Un quidam filme"))
    desk.published(content())
    follow(engine, index)
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="x")
    with Session(engine) as page:
        search = CaseSearch(page, index, vocabulary.current_vocabulary(page), head(page))
        assert not search.suggest_spelling("quidan")


@pytest.mark.parametrize("typed", ["le la", "x" * 201])
def test_an_unsearchable_query_is_refused_in_a_sentence(typed, find_cases):
    with pytest.raises(Invalid):
        find_cases(typed)


def test_an_index_of_another_analyzer_is_not_used(
    desk, content, engine, index, find_cases, monkeypatch
):
    """Its tokens are others: a word that a case has would find nothing."""
    case = desk.published(content())
    with monkeypatch.context() as patch:
        patch.setattr(indexer, "ANALYSIS", "of-yesterday")
        follow(engine, index)
    hits = find_cases("interdiction")
    assert (set(hits.strength), hits.reach) == ({case.number}, Reach.TITLES_ONLY)
    assert follow(engine, index)
    assert find_cases("interdiction").reach == Reach.EVERYWHERE
