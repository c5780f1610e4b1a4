"""Acts on what came by post or by a form: enter it, and note that it is dealt with."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from register.accounts.vouching import load_acting_member
from register.cases.models import ID_LIMIT, Incident
from register.errors import Invalid, Refused
from register.journal import Act, WriteTransaction
from register.post.models import OWN_TERMS, PostKind, ReceivedPost, last_day
from register.text.dates import paris_day


def enter_post(
    tx: WriteTransaction,
    kind: PostKind,
    received_on: date,
    *,
    by: int,
    due_on: date | None = None,
    case: int | None = None,
) -> ReceivedPost:
    """Enter something that came by post, with its last day.

    :param due_on: of a kind for which the law sets no day; an earlier day than the law's counts
        too, because a court may set one.
    :param case: the number of the case that it is about.
    :raises Invalid: ``day_to_come``, ``missing`` or ``post_due_before``, each with its field;
        ``no_such_case``.
    """
    member = load_acting_member(tx, by)
    if received_on > paris_day(tx.at):
        raise Invalid("day_to_come", field="received_on")
    legal_day = last_day(kind, received_on)
    days = [day for day in (legal_day, due_on) if day is not None]
    if not days:
        raise Invalid("missing", field="due_on")
    if min(days) < received_on:
        raise Invalid("post_due_before", field="due_on")
    return _enter(tx, kind, received_on, min(days), _incident_id(tx, case), member.id)


def enter_online(tx: WriteTransaction, kind: PostKind, incident_id: int) -> ReceivedPost:
    """Enter what its author sent today by a form; its kind has a term."""
    today = paris_day(tx.at)
    return _enter(tx, kind, today, today + OWN_TERMS[kind], incident_id, None)


def close_post(tx: WriteTransaction, post_id: int, *, by: int) -> None:
    """Note that something is dealt with; its day then runs no more.

    :raises NotFound: ``no_such_row``.
    :raises Refused: ``post_closed``; ``post_online`` for what a decision closes.
    """
    member = load_acting_member(tx, by)
    row = tx.load(ReceivedPost, min(post_id, ID_LIMIT))
    if row.closed_on is not None:
        raise Refused("post_closed")
    if row.entered_by is None:
        raise Refused("post_online")
    close_row(tx, row, by=member.id)


def close_row(tx: WriteTransaction, row: ReceivedPost, *, by: int | None, **codes: str) -> None:
    """Close a row; ``by`` is None where its texts were destroyed before anybody decided.

    :param codes: details for the journal line, such as the decision.
    """
    row.closed_on, row.closed_by = paris_day(tx.at), by
    _record(tx, Act.POST_CLOSED, row, by, **codes)


def _enter(
    tx: WriteTransaction,
    kind: PostKind,
    received_on: date,
    due_on: date,
    incident_id: int | None,
    by: int | None,
) -> ReceivedPost:
    row = ReceivedPost(
        kind=kind, received_on=received_on, due_on=due_on, incident_id=incident_id, entered_by=by
    )
    tx.session.add(row)
    tx.session.flush()
    _record(tx, Act.POST_ENTERED, row, by)
    return row


def _incident_id(tx: WriteTransaction, number: int | None) -> int | None:
    if number is None:
        return None
    incident_id = tx.session.scalar(select(Incident.id).where(Incident.number == number))
    if incident_id is None:
        raise Invalid("no_such_case", field="case")
    return incident_id


def _record(
    tx: WriteTransaction, act: Act, row: ReceivedPost, by: int | None, **codes: str
) -> None:
    # None for something that is about no case.
    number = tx.session.scalar(select(Incident.number).where(Incident.id == row.incident_id))
    details = {"post": row.id, "kind": row.kind, **codes}
    tx.record(act, by=by, incident=row.incident_id, case=number, details=details)
