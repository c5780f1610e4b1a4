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
from register.text.dates import paris_day

pytestmark = pytest.mark.one_database

ACCOUNT = "Hier la caméra du blogueur a été confisquée par un gardien devant le lavoir communal."
SIMILAR_ACCOUNT = "Devant le lavoir, un gardien a confisqué la caméra que tenait ce blogueur."
OTHER_ACCOUNT = "On me demande un formulaire pour consulter le budget."


@pytest.fixture
def similar_to(session, store, cast):
    """``similar_to(report, sent)``: keys of similar reports with their reasons."""

    def find(report, sent, by="bruno"):
        session.rollback()
        viewer = session.get(Member, getattr(cast, by))
        day = paris_day(AT)
        similar = duplicates.similar_reports(session, store, viewer, report.key, day, sent)
        return {other.key: {reason.code for reason in reasons} for other, reasons in similar}

    return find


def test_a_similar_report_is_found_by_place_date_and_rare_words(inbox, similar_to):
    sent = a_report(account=ACCOUNT, date="2026-03-01", links=())
    report = inbox.received(account=ACCOUNT, date="2026-03-01", links=())
    similar = inbox.received(
        account=SIMILAR_ACCOUNT, date="2026-03-01", links=(), at=AT + timedelta(days=9)
    )
    inbox.received(account=OTHER_ACCOUNT, place="Puteaux", place_code="commune:92062", links=())
    assert similar_to(report, sent) == {similar.key: {"commune", "jours", "mots", "types"}}


def test_a_shared_link_is_enough_and_shared_types_are_not(inbox, similar_to):
    linked = inbox.received(account=OTHER_ACCOUNT, place="", place_code="", types=())
    inbox.received(account=OTHER_ACCOUNT, place="", place_code="", date="2026-02-20", links=())
    report = inbox.received(account=ACCOUNT, date="2026-03-01")
    assert similar_to(report, a_report(account=ACCOUNT, date="2026-03-01")) == {
        linked.key: {"source"}
    }


def test_unrecognised_places_are_compared_by_their_words(inbox, similar_to):
    fields = {"place_code": "", "types": (), "links": ()}
    similar = inbox.received(account=SIMILAR_ACCOUNT, place="le  BOURG, près du lavoir", **fields)
    report = inbox.received(account=ACCOUNT, place="Le bourg, près du lavoir", **fields)
    sent = a_report(account=ACCOUNT, place="Le bourg, près du lavoir", **fields)
    assert similar_to(report, sent) == {similar.key: {"commune", "mots"}}


def test_decided_reports_are_no_duplicates_and_disabled_members_see_none(inbox, similar_to):
    for make in (inbox.declined, inbox.spam, inbox.withdrawn, inbox.accepted):
        make(account=ACCOUNT)
    waiting = inbox.waiting(account=ACCOUNT)
    report = inbox.received(account=ACCOUNT)
    assert set(similar_to(report, a_report(account=ACCOUNT))) == {waiting.key}
    assert similar_to(report, a_report(account=ACCOUNT), by="driss") == {}


def test_common_words_are_no_reason_for_similarity(inbox, similar_to):
    for number in range(5):
        inbox.received(account=ACCOUNT, place=f"lieu {number}", place_code="", types=(), links=())
    report = inbox.received(account=ACCOUNT, place="ailleurs", place_code="", types=(), links=())
    sent = a_report(account=ACCOUNT, place="ailleurs", place_code="", types=(), links=())
    assert similar_to(report, sent) == {}


def test_only_reports_of_the_nearest_days_are_decrypted(inbox, similar_to, monkeypatch):
    monkeypatch.setattr(duplicates, "DECRYPT_LIMIT", 1)
    far = inbox.received(account=ACCOUNT, at=AT - timedelta(days=40))
    near = inbox.received(account=ACCOUNT, at=AT - timedelta(days=4))
    after = inbox.received(account=ACCOUNT, at=AT + timedelta(days=4))
    report = inbox.received(account=ACCOUNT, at=AT + timedelta(days=50))
    similar = similar_to(report, a_report(account=ACCOUNT))
    assert set(similar) == {near.key, after.key}
    assert far.key not in similar


def test_a_similar_case_is_found_by_place_and_source(session, desk, cast):
    case = desk.published(sources=(SourceContent(url="https://exemple.test/seance"),))
    desk.draft(commune="22001", date="1999", outlets=(), sources=(), title="Rien", types=())
    session.rollback()
    viewer = session.get(Member, cast.bruno)
    similar = duplicates.similar_cases(
        session, viewer, a_report(date="2008-03-17"), current_vocabulary(session)
    )
    assert [match.case.id for match in similar] == [case.id]
    codes = {reason.code for reason in similar[0].reasons}
    assert {"source", "commune", "jours", "types"} <= codes
    own_draft = duplicates.similar_cases(
        session, viewer, a_report(date="2008-03-17"), current_vocabulary(session), case.id
    )
    assert own_draft == []
    driss = session.get(Member, cast.driss)
    assert duplicates.similar_cases(session, driss, a_report(), current_vocabulary(session)) == []


def test_a_case_lists_its_accepted_and_withdrawn_reports(inbox, desk, session, store, pen):
    case = desk.draft()
    accepted = inbox.accepted(into=case.id, account=ACCOUNT)
    inbox.accepted(account="Autre dossier")
    session.rollback()
    reports = queries.reports_of_case(session, store, case.id)
    (retained,) = reports.retained
    assert (retained.sent.account, retained.report.summary.key) == (ACCOUNT, accepted.key)
    assert retained.report.takes_questions
    with pen() as p:
        acts.withdraw(p, store, accepted.key, nonce())
    session.rollback()
    reports = queries.reports_of_case(session, store, case.id)
    assert list(reports.retained) == []
    assert [report.key for report in reports.withdrawn] == [accepted.key]


def test_the_words_of_answers_are_compared_too(inbox, similar_to):
    account, answers = "On m’a empêché.", (("seance_motif", SIMILAR_ACCOUNT),)
    fields = {"account": account, "links": (), "types": ()}
    similar = inbox.received(answers=answers, **fields)
    inbox.received(**fields)
    report = inbox.received(**{**fields, "account": ACCOUNT})
    sent = a_report(**{**fields, "account": ACCOUNT})
    assert similar_to(report, sent) == {similar.key: {"commune", "mots"}}
