"""Possible duplicates of a report among reports and cases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cast import AT
from report_factory import a_report, nonce

from register.accounts.models import Member
from register.cases.case_content import SourceContent
from register.cases.vocabulary import current_vocabulary
from register.reports import acts, duplicates, queries
from register.reports.models import ReportState
from register.text.dates import paris_day

TOLD = "Hier la caméra du blogueur a été confisquée par un gardien devant le lavoir communal."
AGAIN = "Devant le lavoir, un gardien a confisqué la caméra que tenait ce blogueur."
OTHER = "On me demande un formulaire pour consulter le budget."


@pytest.fixture
def like(session, store, cast):
    """``like(filed, sent)``: keys of similar reports with their reasons."""

    def look(filed, sent, by="bruno"):
        session.rollback()
        viewer = session.get(Member, getattr(cast, by))
        day = paris_day(AT)
        found = duplicates.similar_reports(session, store, viewer, filed.key, day, sent)
        return {one.summary.key: {reason.code for reason in one.reasons} for one in found}

    return look


def test_a_similar_report_is_found_by_place_date_and_rare_words(inbox, like):
    sent = a_report(account=TOLD, date="2026-03-01", links=())
    own = inbox.received(account=TOLD, date="2026-03-01", links=())
    same = inbox.received(account=AGAIN, date="2026-03-01", links=(), at=AT + timedelta(days=9))
    inbox.received(account=OTHER, place="Puteaux", place_code="commune:92062", links=())
    assert like(own, sent) == {same.key: {"commune", "jours", "mots", "types"}}


def test_a_shared_link_is_enough_and_shared_types_are_not(inbox, like):
    linked = inbox.received(account=OTHER, place="", place_code="", types=())
    inbox.received(account=OTHER, place="", place_code="", date="2026-02-20", links=())
    own = inbox.received(account=TOLD, date="2026-03-01")
    assert like(own, a_report(account=TOLD, date="2026-03-01")) == {linked.key: {"source"}}


def test_unrecognised_places_are_compared_by_their_words(inbox, like):
    fields = {"place_code": "", "types": (), "links": ()}
    same = inbox.received(account=AGAIN, place="le  BOURG, près du lavoir", **fields)
    own = inbox.received(account=TOLD, place="Le bourg, près du lavoir", **fields)
    sent = a_report(account=TOLD, place="Le bourg, près du lavoir", **fields)
    assert like(own, sent) == {same.key: {"commune", "mots"}}


def test_decided_reports_are_not_duplicates_and_strangers_see_none(inbox, like):
    for make in (inbox.declined, inbox.spam, inbox.withdrawn, inbox.accepted):
        make(account=TOLD)
    waiting = inbox.waiting(account=TOLD)
    own = inbox.received(account=TOLD)
    assert set(like(own, a_report(account=TOLD))) == {waiting.key}
    assert like(own, a_report(account=TOLD), by="driss") == {}


def test_common_words_are_no_reason_for_similarity(inbox, like):
    for number in range(5):
        inbox.received(account=TOLD, place=f"lieu {number}", place_code="", types=(), links=())
    own = inbox.received(account=TOLD, place="ailleurs", place_code="", types=(), links=())
    sent = a_report(account=TOLD, place="ailleurs", place_code="", types=(), links=())
    assert like(own, sent) == {}


def test_only_reports_of_the_nearest_days_are_decrypted(inbox, like, monkeypatch):
    monkeypatch.setattr(duplicates, "DECRYPT_LIMIT", 1)
    far = inbox.received(account=TOLD, at=AT - timedelta(days=40))
    near = inbox.received(account=TOLD, at=AT - timedelta(days=4))
    after = inbox.received(account=TOLD, at=AT + timedelta(days=4))
    own = inbox.received(account=TOLD, at=AT + timedelta(days=50))
    found = like(own, a_report(account=TOLD))
    assert set(found) == {near.key, after.key}
    assert far.key not in found


def test_a_similar_case_is_found_by_place_and_source(session, desk, cast):
    filed = desk.published(sources=(SourceContent(url="https://exemple.test/seance"),))
    desk.draft(commune="22001", date="1999", outlets=(), sources=(), title="Rien", types=())
    session.rollback()
    viewer = session.get(Member, cast.bruno)
    found = duplicates.similar_cases(
        session, viewer, a_report(date="2008-03-17"), current_vocabulary(session), AT
    )
    assert [one.case.id for one in found] == [filed.id]
    codes = {reason.code for reason in found[0].reasons}
    assert {"source", "commune", "jours", "types"} <= codes
    nobody = session.get(Member, cast.driss)
    assert (
        duplicates.similar_cases(session, nobody, a_report(), current_vocabulary(session), AT) == []
    )


def test_a_case_lists_its_accepted_and_withdrawn_reports(inbox, desk, session, store, pen):
    case = desk.draft()
    kept = inbox.accepted(into=case.id, account=TOLD)
    inbox.accepted(account="Autre dossier")
    session.rollback()
    found = queries.reports_of_case(session, store, case.id)
    assert [sent.account for sent in found.retained] == [TOLD]
    assert [(one.key, one.state) for one in found.accepted] == [(kept.key, ReportState.ACCEPTED)]
    with pen() as p:
        acts.withdraw(p, store, kept.key, nonce())
    session.rollback()
    found = queries.reports_of_case(session, store, case.id)
    assert (list(found.retained), list(found.accepted)) == ([], [])
    assert [one.key for one in found.withdrawn] == [kept.key]
