"""Words over what no index holds: found as in the public search, kept in memory only."""

from __future__ import annotations

from dataclasses import dataclass

import attested_acts as acts
import pytest

from register.accounts.models import Member
from register.cases.core_tables import CASE
from register.cases.models import CaseState
from register.cases.vocabulary import current_vocabulary
from register.search import draft_search, query_parser


@dataclass
class Finder:
    """``finder("filmer")``: the drafts and withdrawn cases that Bruno's search matches."""

    session: object
    member: int

    def __call__(self, typed, by=None, conditions=()):
        self.session.rollback()
        viewer = self.session.get_one(Member, by or self.member)
        query = query_parser.parse(typed)
        return draft_search.find_drafts(
            self.session, viewer, query, current_vocabulary(self.session), conditions
        )


@pytest.fixture
def finder(session, cast):
    """A member's search in cases that are not public."""
    return Finder(session, cast.bruno)


def document_cache(engine):
    return draft_search._caches[engine]


def test_private_cases_are_found_by_every_word_that_readers_have(desk, finder):
    draft = desk.draft(title="Le micro coupé", narrative="Une *zinzolinade* en séance.")
    withdrawn = desk.withdrawn(title="Le micro volé")
    desk.published(title="Le micro public")
    assert finder("micro").ids == {draft.id, withdrawn.id}
    # By its stem, by its commune's code, by the label of a type; and without what is left out.
    assert finder("zinzolinades").ids == {draft.id}
    assert finder("93032 interdiction de filmer").ids == {draft.id, withdrawn.id}
    assert finder('"micro coupé" -volé').ids == {draft.id}
    assert finder("public").ids == frozenset()


def test_a_disabled_member_finds_nothing(desk, cast, finder):
    desk.draft(title="Le micro coupé")
    assert finder("micro", by=cast.driss) == draft_search.DraftMatches(frozenset(), 0)


def test_filters_narrow_what_is_read(desk, finder):
    draft = desk.draft(title="Le micro coupé")
    desk.withdrawn(title="Le micro volé")
    matches = finder("micro", conditions=[CASE.c.state == CaseState.DRAFT])
    assert (matches.ids, matches.unread_count) == ({draft.id}, 0)


def test_a_changed_draft_is_cached_again_and_a_discarded_one_is_removed(
    engine, desk, cast, content, finder
):
    case, discarded = desk.draft(title="Le micro coupé"), desk.draft(title="Le micro")
    assert finder("coupé").ids == {case.id}
    with desk.pen() as p:
        acts.edit(p, case.id, content(title="Le son éteint"), by=cast.bruno, reason="r")
        acts.discard(p, discarded.id, by=cast.bruno)
    assert finder("coupé").ids == frozenset()
    assert finder("éteint").ids == {case.id}
    assert {case_id for case_id, _revision in document_cache(engine).documents} == {case.id}
    cached_text = repr(document_cache(engine).documents)
    assert "eteint" in cached_text
    assert "micro" not in cached_text


def test_each_search_reads_some_drafts_and_reports_how_many_are_missing(desk, finder, monkeypatch):
    monkeypatch.setattr(draft_search, "READ_EACH", 2)
    ids = [desk.draft(title="Le micro").id for _ in range(5)]
    searches = [finder("micro") for _ in range(4)]
    assert [matches.unread_count for matches in searches] == [3, 1, 0, 0]
    # The newest change first.
    assert searches[0].ids == set(ids[3:])
    assert searches[2].ids == set(ids)


def test_the_cache_of_documents_is_bounded(engine, desk, finder, monkeypatch):
    draft = desk.draft(title="Le micro")
    withdrawn = desk.withdrawn(title="Le micro")
    finder("micro", conditions=[CASE.c.state == CaseState.DRAFT])
    monkeypatch.setattr(draft_search, "CACHED_TOKENS_LIMIT", 1)
    # Room is made for the documents of this search; those that do not fit count as unread.
    matches = finder("micro", conditions=[CASE.c.state == CaseState.WITHDRAWN])
    assert (matches.ids, matches.unread_count) == ({withdrawn.id}, 0)
    both = finder("micro")
    assert (both.ids, both.unread_count) == ({withdrawn.id}, 1)
    assert draft.id not in both.ids


def test_a_new_version_of_the_vocabulary_rebuilds_the_cached_documents(
    engine, desk, finder, monkeypatch
):
    desk.draft()
    finder("filmer")
    cache = document_cache(engine)
    cache.vocabulary_version = "before"
    calls = []
    real = draft_search.revision_documents
    monkeypatch.setattr(
        draft_search, "revision_documents", lambda *args: calls.append(1) or real(*args)
    )
    finder("filmer")
    assert calls == [1]
    assert cache.vocabulary_version != "before"
