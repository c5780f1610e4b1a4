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

LIST_PATH = "/moderation/signalements"


@pytest.fixture
def bruno(signed):
    return signed("bruno")


def report_path(report, act: str = "") -> str:
    return f"{LIST_PATH}/{report.key}{act and '/'}{act}"


def recorded_views(session, act: Act = Act.REPORT_VIEWED) -> list[tuple[int, object]]:
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
    report, other_report = inbox.received(now()), inbox.received(now())
    for _ in range(2):
        assert WORDS in bruno.get(report_path(report)).text
    assert recorded_views(session) == [(cast.bruno, report.key)]
    signed("chloe").get(report_path(report))
    bruno.get(report_path(other_report))
    assert recorded_views(session) == [
        (cast.bruno, report.key),
        (cast.chloe, report.key),
        (cast.bruno, other_report.key),
    ]
    assert [*verify(session, []), *problems(session)] == []


def test_a_view_on_another_day_is_recorded_again(inbox, pen, session, cast):
    report = inbox.received()
    for day in (0, 0, 1):
        with pen(AT + timedelta(days=day)) as p:
            acts.view(p, [report.key, report.key], by=cast.bruno)
    assert recorded_views(session) == [(cast.bruno, report.key)] * 2


@pytest.mark.parametrize("act", ["retenir", "rattacher"])
def test_pages_of_acts_with_the_report_record_a_view(bruno, inbox, session, cast, act):
    report = inbox.received(now())
    assert WORDS in bruno.get(report_path(report, act)).text
    assert recorded_views(session) == [(cast.bruno, report.key)]


def test_a_view_of_the_contact_needs_a_button_and_is_recorded(bruno, inbox, session, cast):
    report = inbox.received(now(), contact=CONTACT)
    html = bruno.get(report_path(report)).text
    assert CONTACT not in html
    assert "Montrer le contact laissé" in html
    assert recorded_views(session, Act.REPORT_CONTACT_VIEWED) == []
    assert bruno.client.get(report_path(report, "contact")).status_code == 405
    for _ in range(2):
        response = bruno.send(report_path(report, "contact"), {})
        assert response.status_code == 200
        assert CONTACT in response.text
        assert "no-store" in response.headers["Cache-Control"]
    assert recorded_views(session, Act.REPORT_CONTACT_VIEWED) == [(cast.bruno, report.key)]
    assert "Montrer le contact" not in bruno.get(report_path(inbox.received(now()))).text


def test_the_contact_is_not_shown_without_a_csrf_token(bruno, inbox, session):
    report = inbox.received(now(), contact=CONTACT)
    response = bruno.client.post(report_path(report, "contact"), data={})
    assert response.status_code in (400, 403)
    assert CONTACT not in response.get_data(as_text=True)
    assert recorded_views(session, Act.REPORT_CONTACT_VIEWED) == []


def test_a_list_shows_accounts_on_request_only_and_records_it(bruno, inbox, session, cast):
    report = inbox.received(now())
    assert WORDS not in bruno.get(LIST_PATH).text
    assert recorded_views(session) == []
    assert WORDS in bruno.get(f"{LIST_PATH}?debuts=oui").text
    assert recorded_views(session) == [(cast.bruno, report.key)]


def test_a_search_for_words_records_views_of_its_matches(bruno, inbox, session, cast):
    report = inbox.received(now())
    inbox.received(now(), account="Rien de tel.")
    assert WORDS in bruno.get(f"{LIST_PATH}?q=caméra").text
    assert recorded_views(session) == [(cast.bruno, report.key)]


def test_a_view_of_a_cases_copies_is_recorded_once_a_day(bruno, inbox, session, cast):
    inbox.accepted(now())
    session.rollback()
    case_id = session.scalars(
        select(JournalEntry.incident_id).where(JournalEntry.act == "drafted")
    ).one()
    for path in ("", "", "/modifier"):
        assert WORDS in bruno.get(f"/moderation/dossiers/{case_id}{path}").text
    session.rollback()
    (line,) = session.scalars(
        select(JournalEntry).where(JournalEntry.act == Act.COPY_VIEWED.value)
    ).all()
    assert (line.ledger, line.member_id, line.incident_id) == ("desk", cast.bruno, case_id)
    # A line in the reporters’ ledger would date its neighbours.
    assert recorded_views(session) == []
    assert [*verify(session, []), *problems(session)] == []


def test_a_case_without_reports_and_a_purged_report_leave_no_line(bruno, inbox, desk, session):
    draft = desk.draft()
    bruno.get(f"/moderation/dossiers/{draft.id}")
    bruno.get(report_path(inbox.purged(now() - timedelta(days=100))))
    assert bruno.get(f"{LIST_PATH}/{'0' * 32}").status_code == 404
    assert recorded_views(session) == []


def test_duplicates_sidebar_and_dashboard_show_no_account(bruno, inbox, session, cast):
    report = inbox.received(now(), account=f"Un autre récit. {WORDS}")
    inbox.received(now())
    html = bruno.get(report_path(report)).text
    assert html.count(WORDS) == 1
    assert recorded_views(session) == [(cast.bruno, report.key)]
    assert WORDS not in bruno.get("/moderation").text


def test_the_report_and_the_journal_show_who_viewed_it(bruno, inbox, cast):
    report = inbox.received(now(), contact=CONTACT)
    bruno.get(report_path(report))
    bruno.send(report_path(report, "contact"), {})
    html = bruno.get(report_path(report)).text
    assert "Bruno a ouvert un signalement" in html
    assert "a ouvert le contact laissé" in html
    journal = bruno.get("/moderation/journal?livre=signalements").text
    assert "a ouvert un signalement" in journal
    assert "Un signalement est arrivé" in journal
    filtered = bruno.get("/moderation/journal?acte=contact-ouvert").text
    assert "a ouvert le contact laissé" in filtered
    assert "a ouvert un signalement" not in filtered.partition("<ol>")[2]
    line = bruno.get("/moderation/journal/signalements/2")
    assert line.status_code == 200
    assert "concorde" in line.text
    # Lines of the reporters’ ledger have a day, no time.
    day = paris_day(now())
    assert f"{day.year}" in line.text


def test_a_view_already_recorded_makes_no_write(bruno, inbox, app):
    report = inbox.received(now())
    bruno.get(report_path(report))
    statements: list[str] = []
    with app.app_context():
        engine = db.engine

        def note_statement(_c, _cursor, statement, *_rest):
            statements.append(statement)

        event.listen(engine, "before_cursor_execute", note_statement)
    bruno.get(report_path(report))
    event.remove(engine, "before_cursor_execute", note_statement)
    assert statements
    assert not [
        sql for sql in statements if sql.startswith("INSERT INTO journal") or "IMMEDIATE" in sql
    ]


def test_a_version_without_the_withdrawn_report_is_attested_in_the_editor(
    bruno, inbox: Inbox, session, cast, engine
):
    report = inbox.accepted(now())
    session.rollback()
    case_id = session.scalars(
        select(JournalEntry.incident_id).where(JournalEntry.act == "drafted")
    ).one()
    editor = f"/moderation/dossiers/{case_id}/modifier"
    stale_form = FilledForm(bruno.get(editor).text).sent(reason="r", summary="Mes mots à moi.")
    # End the read transactions, as at the end of a request.
    db.session.remove()
    session.rollback()
    with writing(engine, now()) as p:
        assert acts.withdraw(p, inbox.store, report.key, "0" * 32)
    html = bruno.get(f"/moderation/dossiers/{case_id}").text
    assert "l’a retiré" in html
    # A form opened before needs the attestation too, and comes back with its texts.
    refused = bruno.send(editor, stale_form)
    assert refused.status_code == 422
    assert "Mes mots à moi." in refused.text
    assert 'name="without_report"' in refused.text
    saved = bruno.send(editor, {**stale_form, "without_report": "y"})
    assert saved.status_code == 303
    with writing(engine, now()) as p:
        cases.approve(p, case_id, by=cast.chloe)
    assert [*verify(session, [])] == []
