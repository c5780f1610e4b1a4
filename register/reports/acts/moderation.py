"""What members do with a report: take it in hand, ask, accept, decline, put aside."""

from __future__ import annotations

from sqlalchemy import select

from register.accounts import vouching
from register.accounts.acts import acting
from register.accounts.models import Member
from register.cases import acts as cases
from register.cases.acts.claims_and_notes import HELD_FOR
from register.cases.case_content import Content
from register.cases.models import Incident
from register.cases.models import State as CaseState
from register.cases.vocabulary import book
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, Pen
from register.report_keys import KeyStore
from register.reports import encryption, receipt_codes, rules
from register.reports.acts._steps import key_of, load, messages, move, worded, write
from register.reports.encryption import Decision
from register.reports.models import Kept, Kind, Report, State
from register.text import dates

SENTENCE_LIMIT = 2_000


def begin(pen: Pen, key: str, by: int, seen: int | None = None) -> tuple[Report, Member]:
    """The report and the member, both as they are under the pen.

    :param seen: how many messages the member had before them; None where nobody read.
    :raises Refused: ``report_held`` by somebody else, ``report_changed``.
    """
    member = acting(pen, by)
    report = load(pen, key)
    if report.held_by not in (None, member.id) and _is_held(report, pen):
        raise Refused("report_held", state=report.state, member=report.held_by)
    if seen is not None and seen != messages(pen, report):
        raise Refused("report_changed", state=report.state)
    return report, member


def _is_held(report: Report, pen: Pen) -> bool:
    return report.held_until is not None and report.held_until > pen.at


def claim(pen: Pen, key: str, *, by: int) -> None:
    """Take a report in hand for some hours; asked again, the hours begin anew."""
    report, member = begin(pen, key, by)
    move(pen, report, Act.REPORT_CLAIMED)
    report.held_by, report.held_until = member.id, pen.at + HELD_FOR
    pen.session.flush()
    pen.record(Act.REPORT_CLAIMED, by=member.id, details={"report": key})


def release(pen: Pen, key: str, *, by: int) -> None:
    """Give a report back.

    :raises Refused: ``report_not_held``.
    """
    report, member = begin(pen, key, by)
    if report.held_by is None or not _is_held(report, pen):
        raise Refused("report_not_held", state=report.state)
    move(pen, report, Act.REPORT_RELEASED)
    report.held_by = report.held_until = None
    pen.session.flush()
    pen.record(Act.REPORT_RELEASED, by=member.id, details={"report": key})


def ask(
    pen: Pen, store: KeyStore, key: str, text: str, *, by: int, seen: int | None = None
) -> None:
    """Ask the one who reported something; they read it with their code."""
    report, member = begin(pen, key, by, seen)
    data_key, body = key_of(store, report), worded(text)
    move(pen, report, Act.REPORT_ASKED)
    report.news = False
    write(pen, report, data_key, receipt_codes.new_key(), Kind.QUESTION, body)
    pen.record(Act.REPORT_ASKED, by=member.id, details={"report": key})


def read(pen: Pen, key: str, *, by: int, seen: int | None = None) -> None:
    """Say that what its author sent was read, and that nothing more comes of it.

    :raises Refused: ``report_no_news``.
    """
    report, member = begin(pen, key, by, seen)
    if not report.news:
        raise Refused("report_no_news", state=report.state)
    report.news = False
    pen.session.flush()
    pen.record(Act.REPORT_READ, by=member.id, details={"report": key})


def accept(
    pen: Pen,
    store: KeyStore,
    key: str,
    *,
    by: int,
    reason: str,
    new: Content | None = None,
    into: int | None = None,
    sentence: str = "",
    seen: int | None = None,
) -> int:
    """Make a draft of a report, or join it to a case; the id of either.

    :param new: the content of the draft.
    :param into: the id of the case that it joins instead.
    :raises NotFound: ``no_such_case`` for one whose texts are gone.
    """
    report, member = begin(pen, key, by, seen)
    data_key = key_of(store, report)
    move(pen, report, Act.REPORT_ACCEPTED)
    if new is not None:
        incident = cases.draft(pen, new, by=by, reason=reason).id
    else:
        incident = _joined(pen, into)
    _keep(pen, store, report, data_key, incident)
    told = Decision(_sentence(sentence), incident, member.id)
    report.decision = encryption.close_decision(data_key, key, told)
    report.news, report.reason = False, ""
    pen.session.flush()
    pen.record(
        Act.REPORT_ACCEPTED,
        by=member.id,
        # Not which case: that stands sealed in the decision, and ends with it.
        details={"report": key, "new": new is not None},
    )
    return incident


def _joined(pen: Pen, into: int | None) -> int:
    case = pen.session.get(Incident, into) if into else None
    if case is None or case.state in (CaseState.ERASED, CaseState.MERGED):
        raise NotFound("no_such_case")
    return case.id


def _keep(pen: Pen, store: KeyStore, report: Report, data_key: bytes, incident: int) -> None:
    """Put what defends the publication under the key of the case."""
    name = encryption.case_key(incident)
    case_key = store.key(name) or store.new(name)
    received = encryption.open_sent(data_key, report.key, report.sealed or b"")
    kept = receipt_codes.new_key()
    pen.session.add(
        Kept(
            key=kept,
            incident_id=incident,
            sealed=encryption.close_sent(case_key, kept, received),
        )
    )


def decline(
    pen: Pen,
    store: KeyStore,
    key: str,
    reason: str,
    *,
    by: int,
    sentence: str,
    seen: int | None = None,
) -> None:
    """Decline a report, with a reason of the vocabulary and a sentence that its author reads."""
    report, member = begin(pen, key, by, seen)
    if not book(pen.session).has("refus", reason):
        raise Invalid("unknown_code", field="reason", value=reason[:40])
    data_key = key_of(store, report)
    move(pen, report, Act.REPORT_DECLINED)
    told = Decision(worded(sentence, SENTENCE_LIMIT), None, member.id)
    report.decision = encryption.close_decision(data_key, key, told)
    report.reason, report.news = reason, False
    pen.session.flush()
    pen.record(Act.REPORT_DECLINED, by=member.id, details={"report": key, "reason": reason})


def spam(pen: Pen, key: str, *, by: int, together: bool = False) -> None:
    """Put a report aside as spam; until its purge it can be taken up again.

    :param together: it is one of several put aside at once, which nobody read one by one: its
        purge waits for another member, or for thirty days.
    """
    report, member = begin(pen, key, by)
    move(pen, report, Act.REPORT_SPAM)
    report.news = False
    if together:
        report.together_by = member.id
        report.purge_on = report.moved_on + rules.TOGETHER
    pen.session.flush()
    told = {"report": key, "together": 1} if together else {"report": key}
    pen.record(Act.REPORT_SPAM, by=member.id, details=told)


def confirm_spam(pen: Pen, key: str, *, by: int, single: bool = False) -> None:
    """Agree that one of many reports is spam: it is purged as one that was put aside alone.

    :param single: the register has one moderator, who answers for both.
    :raises Refused: ``report_not_together``; ``own_change`` and whatever else keeps a member from
        being the second person.
    """
    report, member = begin(pen, key, by)
    if report.state != State.SPAM or report.together_by is None:
        raise Refused("report_not_together", state=report.state)
    if not (single and member.id == report.together_by):
        vouching.require_second(member, pen.load(Member, report.together_by), pen.at)
    put_aside, today = report.moved_on, dates.paris_day(pen.at)
    move(pen, report, Act.REPORT_SPAM_AGREED)
    report.moved_on = put_aside
    term = rules.purge_day(State.SPAM, put_aside)
    report.purge_on, report.together_by = max(term or today, today), None
    pen.session.flush()
    pen.record(Act.REPORT_SPAM_AGREED, by=member.id, details={"report": key})


def reopen(pen: Pen, store: KeyStore, key: str, *, by: int) -> None:
    """Take up again what was declined, put aside, or accepted for a case that was given up.

    :raises Refused: ``report_has_case`` while its case stands, ``report_purged``.
    """
    report, member = begin(pen, key, by)
    data_key = key_of(store, report)
    if report.state == State.ACCEPTED and report.decision is not None:
        found = encryption.open_decision(data_key, key, report.decision).incident
        state = pen.session.scalar(select(Incident.state).where(Incident.id == found))
        if state not in (None, CaseState.ERASED):
            raise Refused("report_has_case", state=report.state)
    move(pen, report, Act.REPORT_REOPENED)
    report.reason, report.decision, report.suspect = "", None, False
    report.together_by = None
    pen.session.flush()
    pen.record(Act.REPORT_REOPENED, by=member.id, details={"report": key})


def _sentence(text: str) -> str:
    return worded(text, SENTENCE_LIMIT) if text.strip() else ""
