"""Recorded views of reports: one line a day, member and report."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest
from cast import AT
from form_client import FilledForm
from report_factory import CONTACT, WORDS, Inbox
from sqlalchemy import event, select

from register.cases import acts as cases
from register.cases.verify import verify
from register.db import db, now
from register.journal import Act, JournalEntry, Ledger, writing
from register.reports import acts
from register.reports.verify import problems
from register.text.dates import paris_day

pytestmark = pytest.mark.one_database

LIST = "/moderation/signalements"


@pytest.fixture
def bruno(signed):
    return signed("bruno")


def at(filed, act: str = "") -> str:
    return f"{LIST}/{filed.key}{act and '/'}{act}"


def lines(session, act: Act = Act.REPORT_VIEWED) -> list[tuple[int, object]]:
    """Members and reports of the recorded views."""
    session.rollback()
    rows = session.scalars(
        select(JournalEntry).where(JournalEntry.act == act.value).order_by(JournalEntry.seq)
    ).all()
    for row in rows:
        assert row.ledger == Ledger.REPORTS.value
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", json.loads(row.public_json)["at"])
        assert "report" not in row.public_json.decode().replace(row.act, "").replace(
            '"reports"', ""
        )
    return [(row.member_id, json.loads(row.private_json)["report"]) for row in rows]


def test_an_opened_report_is_recorded_once_a_day_and_member(bruno, signed, inbox, session, cast):
    filed, other = inbox.received(now()), inbox.received(now())
    for _ in range(2):
        assert WORDS in bruno.get(at(filed)).text
    assert lines(session) == [(cast.bruno, filed.key)]
    signed("chloe").get(at(filed))
    bruno.get(at(other))
    assert lines(session) == [
        (cast.bruno, filed.key),
        (cast.chloe, filed.key),
        (cast.bruno, other.key),
    ]
    assert [*verify(session, []), *problems(session)] == []


def test_a_view_on_another_day_is_recorded_again(inbox, pen, session, cast):
    filed = inbox.received()
    for day in (0, 0, 1):
        with pen(AT + timedelta(days=day)) as p:
            acts.view(p, [filed.key, filed.key], by=cast.bruno)
    assert lines(session) == [(cast.bruno, filed.key)] * 2


@pytest.mark.parametrize("act", ["retenir", "rattacher"])
def test_pages_of_acts_with_the_report_record_a_view(bruno, inbox, session, cast, act):
    filed = inbox.received(now())
    assert WORDS in bruno.get(at(filed, act)).text
    assert lines(session) == [(cast.bruno, filed.key)]


def test_a_view_of_the_contact_needs_a_button_and_is_recorded(bruno, inbox, session, cast):
    filed = inbox.received(now(), contact=CONTACT)
    page = bruno.get(at(filed)).text
    assert CONTACT not in page
    assert "Montrer le contact laissé" in page
    assert lines(session, Act.REPORT_CONTACT_VIEWED) == []
    assert bruno.client.get(at(filed, "contact")).status_code == 405
    for _ in range(2):
        answer = bruno.send(at(filed, "contact"), {})
        assert answer.status_code == 200
        assert CONTACT in answer.text
        assert "no-store" in answer.headers["Cache-Control"]
    assert lines(session, Act.REPORT_CONTACT_VIEWED) == [(cast.bruno, filed.key)]
    assert "Montrer le contact" not in bruno.get(at(inbox.received(now()))).text


def test_the_contact_is_not_shown_without_a_csrf_token(bruno, inbox, session):
    filed = inbox.received(now(), contact=CONTACT)
    answer = bruno.client.post(at(filed, "contact"), data={})
    assert answer.status_code in (400, 403)
    assert CONTACT not in answer.get_data(as_text=True)
    assert lines(session, Act.REPORT_CONTACT_VIEWED) == []


def test_a_list_shows_accounts_on_request_only_and_records_it(bruno, inbox, session, cast):
    filed = inbox.received(now())
    assert WORDS not in bruno.get(LIST).text
    assert lines(session) == []
    assert WORDS in bruno.get(f"{LIST}?debuts=oui").text
    assert lines(session) == [(cast.bruno, filed.key)]


def test_a_search_for_words_records_views_of_its_matches(bruno, inbox, session, cast):
    filed = inbox.received(now())
    inbox.received(now(), account="Rien de tel.")
    assert WORDS in bruno.get(f"{LIST}?q=caméra").text
    assert lines(session) == [(cast.bruno, filed.key)]


def test_a_view_of_a_cases_copies_is_recorded_once_a_day(bruno, inbox, session, cast):
    inbox.accepted(now())
    session.rollback()
    incident = session.scalars(
        select(JournalEntry.incident_id).where(JournalEntry.act == "drafted")
    ).one()
    for path in ("", "", "/modifier"):
        assert WORDS in bruno.get(f"/moderation/dossiers/{incident}{path}").text
    session.rollback()
    (line,) = session.scalars(
        select(JournalEntry).where(JournalEntry.act == Act.COPY_VIEWED.value)
    ).all()
    assert (line.ledger, line.member_id, line.incident_id) == ("desk", cast.bruno, incident)
    # In the reporters' ledger it would date what stands beside it.
    assert lines(session) == []
    assert [*verify(session, []), *problems(session)] == []


def test_a_case_without_reports_and_a_purged_report_leave_no_line(bruno, inbox, desk, session):
    draft = desk.draft()
    bruno.get(f"/moderation/dossiers/{draft.id}")
    bruno.get(at(inbox.purged(now() - timedelta(days=100))))
    assert bruno.get(f"{LIST}/{'0' * 32}").status_code == 404
    assert lines(session) == []


def test_duplicates_sidebar_and_dashboard_show_no_account(bruno, inbox, session, cast):
    filed = inbox.received(now(), account=f"Un autre récit. {WORDS}")
    inbox.received(now())
    page = bruno.get(at(filed)).text
    assert page.count(WORDS) == 1
    assert lines(session) == [(cast.bruno, filed.key)]
    assert WORDS not in bruno.get("/moderation").text


def test_the_report_and_the_journal_show_who_viewed_it(bruno, inbox, cast):
    filed = inbox.received(now(), contact=CONTACT)
    bruno.get(at(filed))
    bruno.send(at(filed, "contact"), {})
    page = bruno.get(at(filed)).text
    assert "Bruno a ouvert un signalement" in page
    assert "a ouvert le contact laissé" in page
    journal = bruno.get("/moderation/journal?livre=signalements").text
    assert "a ouvert un signalement" in journal
    assert "Un signalement est arrivé" in journal
    only = bruno.get("/moderation/journal?acte=contact-ouvert").text
    assert "a ouvert le contact laissé" in only
    assert "a ouvert un signalement" not in only.partition("<ol>")[2]
    line = bruno.get("/moderation/journal/signalements/2")
    assert line.status_code == 200
    assert "concorde" in line.text
    # A page of the journal tells days there, and no hour.
    day = paris_day(now())
    assert f"{day.year}" in line.text


def test_a_view_already_recorded_makes_no_write(bruno, inbox, app):
    filed = inbox.received(now())
    bruno.get(at(filed))
    seen: list[str] = []
    with app.app_context():
        engine = db.engine

        def note(_c, _cursor, statement, *_rest):
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
    bruno.get(at(filed))
    event.remove(engine, "before_cursor_execute", note)
    assert seen
    assert not [one for one in seen if one.startswith("INSERT INTO journal") or "IMMEDIATE" in one]


def test_a_version_that_does_without_the_report_is_attested_in_the_editor(
    bruno, inbox: Inbox, session, cast, engine
):
    filed = inbox.accepted(now())
    session.rollback()
    incident = session.scalars(
        select(JournalEntry.incident_id).where(JournalEntry.act == "drafted")
    ).one()
    editor = f"/moderation/dossiers/{incident}/modifier"
    stale = FilledForm(bruno.get(editor).text).sent(reason="r", summary="Mes mots à moi.")
    # As at the end of a request: whoever still reads holds the database's log.
    db.session.remove()
    session.rollback()
    with writing(engine, now()) as p:
        assert acts.withdraw(p, inbox.store, filed.key, "0" * 32)
    page = bruno.get(f"/moderation/dossiers/{incident}").text
    assert "l’a retiré" in page
    # Whoever had the editor open is asked too, and loses nothing of what was typed.
    refused = bruno.send(editor, stale)
    assert refused.status_code == 422
    assert "Mes mots à moi." in refused.text
    assert 'name="without_report"' in refused.text
    saved = bruno.send(editor, {**stale, "without_report": "y"})
    assert saved.status_code == 303
    with writing(engine, now()) as p:
        cases.approve(p, incident, by=cast.chloe)
    assert [*verify(session, [])] == []
