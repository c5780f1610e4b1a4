"""Acts of members on a report."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from case_contents import a_case
from cast import AT
from report_factory import ANSWER, QUESTION, SENTENCE, a_report, receive_report, report_row
from sqlalchemy import func, select

from register.cases import acts as cases
from register.cases.case_evidence import case_key_name
from register.cases.models import Incident
from register.cases.urgency import CLAIM_DURATION
from register.errors import Invalid, NotFound, Refused, RegisterError
from register.journal import Act, JournalEntry
from register.reports import acts, queries, report_content
from register.reports.models import Message, ReportState, RetainedReport

pytestmark = pytest.mark.one_database


def _refused(pen, act, key, at=AT):
    with pytest.raises(RegisterError) as refused, pen(at) as p:
        act(p)
    assert refused.value.key == key


def test_a_claim_excludes_other_members_until_it_expires(session, pen, store, cast):
    report = receive_report(pen, store)
    with pen() as p:
        acts.claim(p, report.key, by=cast.bruno)
    row = report_row(session, report.key)
    assert (row.state, row.held_by, row.held_until) == (
        ReportState.IN_REVIEW,
        cast.bruno,
        AT + CLAIM_DURATION,
    )
    later = AT + CLAIM_DURATION
    _refused(pen, lambda p: acts.claim(p, report.key, by=cast.chloe), "report_held")
    _refused(pen, lambda p: acts.release(p, report.key, by=cast.chloe), "report_held")
    _refused(pen, lambda p: acts.spam(p, report.key, by=cast.chloe), "report_held")
    _refused(pen, lambda p: acts.release(p, report.key, by=cast.bruno), "report_not_held", later)
    with pen(later) as p:
        acts.claim(p, report.key, by=cast.chloe)
    with pen(later) as p:
        acts.release(p, report.key, by=cast.chloe)
    row = report_row(session, report.key)
    assert (row.state, row.held_by, row.held_until) == (ReportState.RECEIVED, None, None)


def test_a_disabled_member_can_do_no_act(session, pen, store, cast):
    report = receive_report(pen, store)
    for by in (cast.driss, 404):
        with pytest.raises(RegisterError), pen() as p:
            acts.claim(p, report.key, by=by)
    assert report_row(session, report.key).state == ReportState.RECEIVED


def test_each_act_refuses_an_unknown_report(pen, store, cast):
    key = "0" * 32
    for act in (
        lambda p: acts.claim(p, key, by=cast.bruno),
        lambda p: acts.spam(p, key, by=cast.bruno),
        lambda p: acts.leave_contact(p, store, key, "x"),
    ):
        with pytest.raises(NotFound) as refused, pen() as p:
            act(p)
        assert refused.value.key == "no_such_report"


def test_a_question_is_refused_while_a_message_is_unread(session, pen, store, inbox, cast):
    report = inbox.waiting()
    view = queries.get_report(session, store, report.key)
    assert (view.summary.state, view.messages[0].text, view.message_count) == (
        ReportState.WAITING,
        QUESTION,
        1,
    )
    inbox.answered(report)
    # Bruno has not read the answer yet.
    for act in (
        lambda p: acts.ask_reporter(p, store, report.key, "Et où ?", by=cast.bruno, seen=1),
        lambda p: acts.decline(
            p, store, report.key, "doublon", by=cast.bruno, sentence=SENTENCE, seen=1
        ),
        lambda p: acts.accept(
            p, store, report.key, by=cast.bruno, reason="r", new=a_case(), seen=1
        ),
    ):
        _refused(pen, act, "report_changed")
    with pen() as p:
        acts.ask_reporter(p, store, report.key, "Et où ?", by=cast.bruno, seen=2)
    session.rollback()
    view = queries.get_report(session, store, report.key)
    assert [message.text for message in view.messages] == [QUESTION, ANSWER, "Et où ?"]
    assert (view.summary.state, view.summary.news) == (ReportState.WAITING, False)
    _refused(pen, lambda p: acts.ask_reporter(p, store, report.key, " ", by=cast.bruno), "missing")


def test_unread_messages_are_marked_as_read_once_in_any_state(session, pen, inbox, cast):
    report = inbox.declined()
    _refused(pen, lambda p: acts.mark_read(p, report.key, by=cast.bruno), "report_no_news")
    inbox.answered(report, "C’était à la mairie.")
    assert report_row(session, report.key).news
    _refused(pen, lambda p: acts.mark_read(p, report.key, by=cast.bruno, seen=0), "report_changed")
    with pen() as p:
        acts.mark_read(p, report.key, by=cast.bruno, seen=1)
    row = report_row(session, report.key)
    assert (row.news, row.state, row.purge_on) == (False, ReportState.DECLINED, date(2026, 5, 31))
    _refused(pen, lambda p: acts.mark_read(p, report.key, by=cast.bruno, seen=1), "report_no_news")


def test_acceptance_makes_a_draft_with_a_copy_of_the_report(session, pen, store, cast):
    report = receive_report(pen, store)
    with pen() as p:
        draft = acts.accept(
            p,
            store,
            report.key,
            by=cast.bruno,
            reason="signalé",
            new=a_case(title="Un cas signalé"),
            sentence="Merci : un dossier est ouvert.",
        )
    session.rollback()
    incident = session.get_one(Incident, draft)
    assert (incident.title, incident.state, incident.number) == ("Un cas signalé", "draft", None)
    assert queries.retained_reports(session, store, draft) == [a_report()]
    view = queries.get_report(session, store, report.key)
    assert (view.summary.state, view.summary.purge_on) == (ReportState.ACCEPTED, None)
    assert view.decision == report_content.Decision(
        "Merci : un dossier est ouvert.", draft, cast.bruno
    )
    # The reporter sees the case once it is public, so the draft has no number.
    assert (view.case.id, view.case.number) == (draft, None)
    (line,) = session.scalars(select(JournalEntry).where(JournalEntry.act == Act.REPORT_ACCEPTED))
    private = json.loads(line.private_json)
    assert (private["report"], private["new"], line.incident_id) == (report.key, True, None)
    # The id of the case is stored in the encrypted decision only.
    assert str(draft) not in {str(value) for name, value in private.items() if name != "by"}


def test_acceptance_attaches_a_report_to_a_case_with_texts(session, pen, store, inbox, desk):
    case, merged, erased = desk.published(), desk.merged(), desk.erased()
    first, second = inbox.accepted(into=case.id), inbox.accepted(into=case.id, account="Moi aussi.")
    session.rollback()
    assert {sent.account for sent in queries.retained_reports(session, store, case.id)} == {
        a_report().account,
        "Moi aussi.",
    }
    assert queries.get_report(session, store, second.key).case.number == case.number
    key_names = {name for name in store.names() if " contact " not in name}
    assert key_names == {first.key, second.key, case_key_name(case.id)}
    count = session.scalar(select(func.count()).select_from(Incident))
    other = inbox.received()
    for into in (merged.id, erased.id, 404, None):
        with pytest.raises(NotFound), pen() as p:
            acts.accept(p, store, other.key, by=inbox.cast.bruno, reason="r", into=into)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Incident)) == count
    assert session.scalar(select(func.count()).select_from(RetainedReport)) == 2


def test_a_refusal_has_a_reason_and_a_sentence(session, pen, store, inbox, cast):
    report = inbox.declined()
    view = queries.get_report(session, store, report.key)
    assert (view.summary.state, view.summary.reason, view.summary.purge_on) == (
        ReportState.DECLINED,
        "insuffisant",
        date(2026, 5, 31),
    )
    assert view.decision == report_content.Decision(SENTENCE, None, cast.bruno)
    other = inbox.received()
    with pytest.raises(Invalid) as refused, pen() as p:
        acts.decline(p, store, other.key, "ailleurs", by=cast.bruno, sentence="x")
    assert refused.value.key == "unknown_code"
    for sentence, key in (("", "missing"), ("x" * 2_001, "too_long")):
        with pytest.raises(Invalid) as refused, pen() as p:
            acts.decline(p, store, other.key, "doublon", by=cast.bruno, sentence=sentence)
        assert refused.value.key == key
    assert report_row(session, other.key).state == ReportState.RECEIVED


def test_spam_can_be_reopened(session, pen, store, inbox, cast):
    spam, declined = inbox.spam(suspect=True), inbox.declined()
    assert report_row(session, spam.key).purge_on == date(2026, 3, 9)
    later = AT + timedelta(days=6)
    for report in (spam, declined):
        with pen(later) as p:
            acts.reopen(p, store, report.key, by=cast.chloe)
        row = report_row(session, report.key)
        assert (row.state, row.purge_on, row.reason, row.decision, row.suspect) == (
            ReportState.RECEIVED,
            None,
            "",
            None,
            False,
        )
        # The day of its receipt is unchanged.
        assert row.day == date(2026, 3, 2)


def test_a_withdrawn_report_cannot_be_reopened(session, pen, store, inbox, cast):
    report = inbox.withdrawn()
    _refused(pen, lambda p: acts.reopen(p, store, report.key, by=cast.bruno), "report_state")
    _refused(pen, lambda p: acts.claim(p, report.key, by=cast.bruno), "report_state")


def test_an_accepted_report_is_reopened_once_its_draft_is_discarded(
    session, pen, store, inbox, cast
):
    report = inbox.accepted()
    session.rollback()
    (draft,) = session.scalars(select(Incident.id))
    session.rollback()
    _refused(pen, lambda p: acts.reopen(p, store, report.key, by=cast.bruno), "report_has_case")
    with pen() as p:
        cases.discard(p, draft, by=cast.bruno)
    with pen() as p:
        acts.reopen(p, store, report.key, by=cast.bruno)
    assert report_row(session, report.key).state == ReportState.RECEIVED


def test_a_refused_act_changes_nothing(session, pen, store, inbox, cast):
    """A refused acceptance makes no draft."""
    report = inbox.declined()
    session.rollback()
    lines = session.scalar(select(func.count()).select_from(JournalEntry))
    session.rollback()
    with pytest.raises(Refused), pen() as p:
        acts.accept(p, store, report.key, by=cast.bruno, reason="r", new=a_case())
    session.rollback()
    for model, count in ((Incident, 0), (RetainedReport, 0), (Message, 0), (JournalEntry, lines)):
        assert session.scalar(select(func.count()).select_from(model)) == count


def test_spam_marked_in_bulk_waits_for_another_member(session, pen, store, inbox, cast):
    report, single = inbox.received(), inbox.received()
    with pen() as p:
        acts.spam(p, report.key, by=cast.bruno, together=True)
        acts.spam(p, single.key, by=cast.bruno)
    today = report_row(session, report.key).moved_on
    assert report_row(session, report.key).purge_on == today + timedelta(days=30)
    session.rollback()
    _refused(pen, lambda p: acts.confirm_spam(p, report.key, by=cast.bruno), "own_change")
    _refused(pen, lambda p: acts.confirm_spam(p, single.key, by=cast.chloe), "report_not_together")
    with pen() as p:
        acts.confirm_spam(p, report.key, by=cast.chloe)
    row = report_row(session, report.key)
    assert (row.state, row.moved_on, row.purge_on, row.together_by) == (
        ReportState.SPAM,
        today,
        today + timedelta(days=7),
        None,
    )


def test_a_single_moderator_confirms_their_own_spam(session, pen, store, inbox, cast):
    report = inbox.received()
    with pen() as p:
        acts.spam(p, report.key, by=cast.bruno, together=True)
    later = AT + timedelta(days=20)
    with pen(later) as p:
        acts.confirm_spam(p, report.key, by=cast.bruno, single=True)
    # The purge is not before the day of the confirmation.
    assert report_row(session, report.key).purge_on == later.date()


# --- recorded views -----------------------------------------------------------------------------


def _views(session, act):
    session.rollback()
    statement = (
        select(JournalEntry.member_id, JournalEntry.at)
        .where(JournalEntry.act == act.value)
        .order_by(JournalEntry.seq)
    )
    return [tuple(row) for row in session.execute(statement)]


def test_a_view_of_a_report_is_recorded_once_a_day_and_member(session, pen, store, inbox, cast):
    first, second = inbox.received(contact="amina@exemple.test"), inbox.received()
    for keys, by, at in (
        ([first.key, first.key, second.key], cast.bruno, AT),
        ([first.key], cast.bruno, AT + timedelta(hours=2)),
        ([first.key], cast.chloe, AT),
        ([first.key], cast.bruno, AT + timedelta(days=1)),
    ):
        with pen(at) as p:
            acts.view(p, keys, by=by)
    members = [member for member, _at in _views(session, Act.REPORT_VIEWED)]
    assert members == [cast.bruno, cast.bruno, cast.chloe, cast.bruno]
    for _time in range(2):
        with pen() as p:
            acts.view(p, [first.key], by=cast.bruno, act=Act.REPORT_CONTACT_VIEWED)
    assert [member for member, _at in _views(session, Act.REPORT_CONTACT_VIEWED)] == [cast.bruno]
    for act in (
        lambda p: acts.view(p, ["0" * 32], by=cast.bruno),
        lambda p: acts.view(p, ["0" * 32], by=cast.bruno, act=Act.REPORT_CONTACT_VIEWED),
    ):
        _refused(pen, act, "no_such_report")


def test_a_view_of_retained_copies_is_recorded_once_a_day(session, pen, store, inbox, desk, cast):
    bare = desk.published()
    report = inbox.accepted()
    case = queries.get_report(session, store, report.key).case.id
    session.rollback()
    for incident in (case, case, bare.id):
        with pen() as p:
            acts.view_retained(p, incident, by=cast.chloe)
    assert [member for member, _at in _views(session, Act.COPY_VIEWED)] == [cast.chloe]
