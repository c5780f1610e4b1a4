"""Invitations to reply: what readers learn of them, the mails, and the address that they go to.

The address is the public one of the authority that a case is about, for members: never that of a
person. The contact of a commune serves every case in which it is the authority; any other serves
its case.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Date, ForeignKey, String, and_, bindparam, exists, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from register.accounts.sealed_address import SealedAddress, SealedUrl
from register.cases import deadlines
from register.cases.core_tables import CASE, REPLY
from register.cases.models import CaseState, Incident, Invitation
from register.cases.queries import PublicCase
from register.db import Base, UTCDateTime
from register.errors import Refused
from register.mail import outbox as mails
from register.mail.models import MailState, OutgoingMail
from register.mail.outbox import Outbox
from register.territory import place_queries
from register.text.dates import day_start, day_words, paris_day


class AuthorityContact(Base):
    """The e-mail address of a public office, which a member has checked.

    ``incident_id`` is the case for which it was noted; ``commune`` the code of today of a commune
    that it stands for, or empty. ``source`` is the page that publishes the address.
    """

    __tablename__ = "authority_contact"
    __table_args__ = ({"sqlite_with_rowid": False},)

    key: Mapped[str] = mapped_column(String(32), primary_key=True)
    commune: Mapped[str] = mapped_column(String(5), index=True)
    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), index=True)
    address: Mapped[str] = mapped_column(SealedAddress)
    source: Mapped[str] = mapped_column(SealedUrl)
    checked_on: Mapped[dt.date] = mapped_column(Date)
    checked_by: Mapped[int] = mapped_column(ForeignKey("member.id"))


def commune_of_authority(case: Incident) -> str:
    """The commune of today whose town hall acts in a case; empty for another authority."""
    if case.level != "commune" or not case.commune:
        return ""
    return place_queries.current_code(case.commune) or ""


def contact_of(session: Session, case: Incident) -> AuthorityContact | None:
    """The contact of a case: its own, or that of its commune."""
    own = (AuthorityContact.incident_id == case.id) & (AuthorityContact.commune == "")
    commune = commune_of_authority(case)
    is_its = own | (AuthorityContact.commune == commune) if commune else own
    stmt = select(AuthorityContact).where(is_its).order_by(AuthorityContact.commune)
    return session.scalars(stmt.limit(1)).first()


# From an invitation by mail until the page says that nothing came. The mail says this day; no law
# sets one.
ANSWER_TERM = timedelta(days=30)
_UNDERWAY_STATES = (MailState.WAITING.value, MailState.SENT.value)


@dataclass(frozen=True)
class ReplyInvitation:
    """The last invitation of the authority to reply, as readers learn of it.

    ``unanswered_on`` is the last day of which it is known that no reply had come, for an invitation
    by mail whose term is over.
    """

    invited_on: date | None = None
    unanswered_on: date | None = None


_INVITATION_STMT = (
    select(Invitation.incident_id, Invitation.invited_on, Invitation.mail_id)
    .join(CASE, CASE.c.id == Invitation.incident_id)
    .outerjoin(OutgoingMail, OutgoingMail.message_id == Invitation.mail_id)
    .where(
        CASE.c.number == bindparam("number"),
        Invitation.invited_on.is_not(None),
        Invitation.noted_at <= bindparam("before", type_=UTCDateTime),
        Invitation.mail_id.is_(None)
        | and_(
            OutgoingMail.state == MailState.SENT.value,
            OutgoingMail.next_at <= bindparam("before", type_=UTCDateTime),
        ),
    )
    .order_by(Invitation.invited_on.desc(), Invitation.id.desc())
    .limit(1)
)


def public_invitation(session: Session, case: PublicCase, today: date) -> ReplyInvitation:
    """The last invitation that readers of a version learn of.

    Invitations are of the members' journal. What was noted or sent today appears tomorrow or with
    the next public act: a cached page is of its day and its version, and would lack it.
    """
    before = case.version_at
    if case.is_current:
        before = max(before, day_start(today))
    row = session.execute(_INVITATION_STMT, {"number": case.number, "before": before}).first()
    if row is None:
        return ReplyInvitation()
    is_over = row.mail_id and row.invited_on + ANSWER_TERM < today
    if not (is_over and case.is_current) or _has_reply(session, row.incident_id, today):
        return ReplyInvitation(row.invited_on)
    return ReplyInvitation(row.invited_on, today - timedelta(days=1))


def _has_reply(session: Session, incident_id: int, today: date) -> bool:
    """Whether any reply came before today, whatever became of it."""
    is_its = (REPLY.c.incident_id == incident_id) & (REPLY.c.received_on < today)
    return bool(session.scalar(select(exists().where(is_its))))


def mail_values(
    number: int | None, moved_at: datetime | None, link: str, at: datetime
) -> dict[str, str]:
    """The values of the text of an invitation.

    :param number: of a public case.
    :param moved_at: of the last public act on it.
    :param link: the page on which the authority replies.
    """
    return {
        "number": str(number),
        "link": link,
        "until": day_words(deadlines.reply_window_ends(paris_day(moved_at or at))),
        "answer_by": day_words(paris_day(at) + ANSWER_TERM),
    }


def require_mailable(
    session: Session, case: Incident, outbox: Outbox | None
) -> tuple[AuthorityContact, Outbox]:
    """The contact and the outbox for an invitation by mail.

    One whose mail did not leave may be sent again.

    :param outbox: None in a register without a mail server.
    :raises Refused: ``invitation_not_public``, ``invitation_mailed``, ``invitation_no_contact`` or
        ``invitation_no_mail``.
    """
    if case.state != CaseState.PUBLISHED:
        raise Refused("invitation_not_public", state=case.state)
    states = mail_states(session, Invitation.incident_id == case.id).values()
    if any(mail_state in _UNDERWAY_STATES for mail_state, _code in states):
        raise Refused("invitation_mailed", state=case.state)
    contact = contact_of(session, case)
    if contact is None:
        raise Refused("invitation_no_contact", state=case.state)
    if outbox is None:
        raise Refused("invitation_no_mail", state=case.state)
    return contact, outbox


def mail_states(session: Session, condition: ColumnElement[bool]) -> Mapping[str, tuple[str, int]]:
    """State and last answer of the server of the mails of some invitations, by Message-ID."""
    stmt = (
        select(OutgoingMail.message_id, OutgoingMail.state, OutgoingMail.reply_code)
        .join(Invitation, Invitation.mail_id == OutgoingMail.message_id)
        .where(condition)
    )
    return {row.message_id: (row.state, row.reply_code) for row in session.execute(stmt)}


def stop_mails(session: Session, condition: ColumnElement[bool]) -> None:
    """Send mails of some invitations no more, where they still wait."""
    mails.stop(session, _message_ids(session, condition))


def drop_mails(session: Session, condition: ColumnElement[bool]) -> None:
    """Delete the mails of some invitations, and whether they left."""
    mails.drop(session, *_message_ids(session, condition))


def _message_ids(session: Session, condition: ColumnElement[bool]) -> Sequence[str]:
    stmt = select(Invitation.mail_id).where(condition, Invitation.mail_id.is_not(None))
    return [str(message_id) for message_id in session.scalars(stmt)]
