"""Tables of the journal, its ledgers, the types of acts, and the lines as they are hashed."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import Any, Self

from sqlalchemy import Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, UTCDateTime
from register.text.dates import paris_day


class LedgerHead(Base):
    """The last line of a ledger.

    Numbers come from this row, locked for the whole act, and not from a sequence: a sequence
    numbers lines in the order of their inserts, readers see them in the order of their commits,
    and a follower that has read line 12 would never read line 11.
    """

    __tablename__ = "journal_head"

    ledger: Mapped[str] = mapped_column(String(8), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class JournalEntry(Base):
    """One line: what was done, by whom, to which case. It holds no text, name or address.

    ``public_json`` is what the chain hashes, verbatim. ``private_json`` is for members only and
    bound by a commitment inside ``public_json``. The other columns repeat both for look-ups;
    ``verify`` compares them.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (
        # With the act, for the last line of one act on a case among thousands of lines.
        Index("ix_journal_entry_case", "ledger", "case_number", "act", "seq"),
        Index("ix_journal_entry_incident", "incident_id"),
        # Filters of the public journal.
        Index("ix_journal_entry_act", "ledger", "act", "seq"),
        # Filters of the members' journal, in the order of its list.
        Index("ix_journal_entry_at", "ledger", "at", "seq"),
        Index("ix_journal_entry_act_at", "ledger", "act", "at", "seq"),
        Index("ix_journal_entry_member", "ledger", "member_id", "act", "at", "seq"),
        # A rowid would reveal between which timed lines a report's line was written.
        {"sqlite_with_rowid": False},
    )

    ledger: Mapped[str] = mapped_column(String(8), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    act: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Identifies the event for followers; random, because after a restore seq values repeat.
    event: Mapped[str] = mapped_column(String(36), unique=True)
    case_number: Mapped[int | None]
    incident_id: Mapped[int | None]
    revision_id: Mapped[int | None]
    member_id: Mapped[int | None]
    public_json: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    private_salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    private_json: Mapped[bytes] = mapped_column(LargeBinary)


class Ledger(StrEnum):
    """Three chains in one table, each with its own numbers, which reveal nothing of the others."""

    PUBLIC = "public"
    DESK = "desk"
    # Days only: no timed line before or after dates the line of a report.
    REPORTS = "reports"


class Act(StrEnum):
    """Types of acts, each with its ledger; a journal line carries exactly one."""

    ledger: Ledger

    def __new__(cls, value: str, ledger: Ledger = Ledger.DESK) -> Self:
        """A type of act; its lines are for members only unless another ledger is said."""
        act = str.__new__(cls, value)
        act._value_, act.ledger = value, ledger
        return act

    # Public.
    OPENED = "opened", Ledger.PUBLIC  # the register was opened: the first line of the public ledger
    PUBLISHED = "published", Ledger.PUBLIC  # a draft became a public case and got its number
    # A dated fragment was added, with or without a new outcome.
    FOLLOWED_UP = "followed_up", Ledger.PUBLIC
    REPLIED = "replied", Ledger.PUBLIC  # a right of reply was inserted
    CORRECTED = "corrected", Ledger.PUBLIC  # a published text changed, with a public note
    # A correction that also hid the earlier texts, to be destroyed.
    REDACTED = "redacted", Ledger.PUBLIC
    WITHDRAWN = "withdrawn", Ledger.PUBLIC  # the case is no longer shown; its tombstone is
    RESTORED = "restored", Ledger.PUBLIC  # a withdrawn case is shown again
    MERGED = "merged", Ledger.PUBLIC  # the case leads to another one
    PARTED = "parted", Ledger.PUBLIC  # a merged case stands for itself again, as it was
    ERASED = "erased", Ledger.PUBLIC  # the texts are gone for ever; number and line stay
    # A release brought other labels, place names or pages.
    TEXTS_CHANGED = "texts_changed", Ledger.PUBLIC
    # An editorial page got another text, or the shipped one again.
    PAGE_CHANGED = "page_changed", Ledger.PUBLIC

    # For members only.
    DRAFTED = "drafted"  # a draft was made
    EDITED = "edited"  # a draft, or a withdrawn case before its restoration, was changed
    DISCARDED = "discarded"  # a draft was abandoned and its texts destroyed
    DRAFT_MERGED = "draft_merged"  # a draft was joined to a case; nothing public changed
    APPROVED = "approved"  # a second member approved one revision, for one purpose
    VERSION_REFUSED = "version_refused"  # a second reader refused a version that waited
    CHANGE_PROPOSED = "change_proposed"  # a change of a public case waits for a second person
    CHANGE_REFUSED = "change_refused"  # it was refused, or its writer withdrew it
    DESTROYED = "destroyed"  # texts hidden by a redaction were destroyed: by two, or on their day
    DESTRUCTION_KEPT = "destruction_kept"  # another member cancelled that destruction
    INVITED = "invited"  # the authority was invited to reply, or the reason why not was noted
    CONTACT_NOTED = "contact_noted"  # the address of the authority's public office was noted
    CONTACT_ERASED = "contact_erased"  # it was erased
    REPLY_RECEIVED = "reply_received"  # a right of reply arrived; its three days run
    POST_ENTERED = "post_entered"  # something came by post or a form; its last day runs
    POST_CLOSED = "post_closed"  # it was dealt with
    REPLY_REFUSED = "reply_refused"  # it was refused, with the reason
    # What was sent online: a notice, or identity, contact and documents beside a reply.
    INCOMING_READ = "incoming_read"  # a member read it for the first time
    INCOMING_PURGED = "incoming_purged"  # it was destroyed on its day, or with its case
    CLAIMED = "claimed"  # a member claimed a case, for some hours
    RELEASED = "released"  # the claim ended
    ASSIGNED = "assigned"  # a case was assigned to a member, until it is done or handed on
    URGENCY_SET = "urgency_set"  # a case's danger mark and term were set or taken off
    NOTED = "noted"  # an internal note was written
    SOURCE_COPIED = "source_copied"  # a copy of the page of a source was stored, with its digest
    SOURCE_DROPPED = "source_dropped"  # a copy was removed, before its case was public
    EVIDENCE_ADDED = "evidence_added"  # a member added a file to a case
    EVIDENCE_REMOVED = "evidence_removed"  # a file was removed from a case, with its copies
    COPY_REQUESTED = "copy_requested"  # a member asked for a clean copy of a file, with edits
    COPY_MADE = "copy_made"  # the worker made it
    COPY_FAILED = "copy_failed"  # or could not, for a reason
    COPY_PAGE_REVIEWED = "copy_page_reviewed"  # a member looked at a page of it
    COPY_REMOVED = "copy_removed"  # the copies of a file were removed
    # A member viewed the part of reports stored with a case; one line a day, member and case. In
    # the desk ledger with its time: after an acceptance, a day-only line would date the lines of
    # reporters next to it.
    COPY_VIEWED = "copy_viewed"
    MEMBER_INVITED = "member_invited"  # an invitation link was made
    MEMBER_UNINVITED = "member_uninvited"  # it was revoked before its use
    MEMBER_ADDED = "member_added"  # an account was opened, by invitation or from the console
    MEMBER_CONFIRMED = "member_confirmed"  # another member vouched for it as a separate person
    MEMBER_DISABLED = "member_disabled"
    MEMBER_ENABLED = "member_enabled"  # the account was opened again, unchanged
    MEMBER_ROLE = "member_role"  # a member was given another role
    MEMBER_RESET = "member_reset"  # a new password was set from the console
    MEMBER_PASSWORD = "member_password"  # noqa: S105 - a member changed their own password
    # An administrator made a link by which a member chooses a new password; it was revoked.
    MEMBER_PASSWORD_LINK = "member_password_link"  # noqa: S105 - the name of an act
    MEMBER_LINK_REVOKED = "member_link_revoked"
    MEMBER_FACTOR = "member_factor"  # a member set up or renewed their second factor
    MEMBER_FACTOR_RESET = "member_factor_reset"  # somebody else removed it, to be set up again
    PASSKEY_ADDED = "passkey_added"  # a member added a passkey to their account
    PASSKEY_REMOVED = "passkey_removed"  # they removed it, or a restore did so again
    SIGNED_IN = "signed_in"  # a member signed in
    # A member's sessions were closed: by signing out, on their own page, or by an administrator.
    SESSIONS_ENDED = "sessions_ended"
    BROWSERS_FORGOTTEN = "browsers_forgotten"  # a member removed the trust in all their browsers
    # Failed sign-ins of one account on one day, counted: one line, written when the day is over.
    SIGN_INS_FAILED = "sign_ins_failed"
    # Of texts that no reader is shown; former versions recorded PAGE_CHANGED as one of these too.
    PAGE_EDITED = "page_edited"  # an editorial page got another text
    MODE_CHANGED = "mode_changed"  # the operator closed the register to forms, or opened it again
    PAGE_RESTORED = "page_restored"  # it got back the text shipped with the code
    REPORT_CLAIMED = "report_claimed"  # a member claimed a report, for some hours
    REPORT_RELEASED = "report_released"  # the claim ended
    REPORT_ASSIGNED = "report_assigned"  # a report was assigned to a member
    REPORT_URGENCY = "report_urgency"  # a report's danger mark and term were set or taken off
    REPORT_ASKED = "report_asked"  # the reporter was asked a question
    REPORT_NOTED = "report_noted"  # an internal note on it was written
    REPORT_MASKED = "report_masked"  # a passage of its texts was destroyed, everywhere
    REPORT_FILE_REMOVED = "report_file_removed"  # a member had one of its files destroyed
    REPORT_READ = "report_read"  # the reporter's later messages were read and need no answer
    REPORT_ACCEPTED = "report_accepted"  # a draft was made of it, or it joined a case
    REPORT_DECLINED = "report_declined"  # it was declined, with a reason
    REPORT_SPAM = "report_spam"  # it was put aside as spam
    REPORT_SPAM_AGREED = "report_spam_agreed"  # another member agreed to that, for many at once
    REPORT_REOPENED = "report_reopened"  # it was reopened
    REPORT_RETURNED = "report_returned"  # its question stayed unanswered: it is back in the queue
    REPORT_PURGED = "report_purged"  # its texts and its key were destroyed on their day

    # Of reporters: days only.
    REPORT_RECEIVED = "report_received", Ledger.REPORTS
    # An answer, an addition, a correction or a contact: the line does not tell which.
    REPORT_ADDED = "report_added", Ledger.REPORTS
    REPORT_WITHDRAWN = "report_withdrawn", Ledger.REPORTS  # its author withdrew it
    # Its author had the texts of a withdrawn report destroyed before their day.
    REPORT_DESTROYED = "report_destroyed", Ledger.REPORTS

    # Acts on a report whose time would reveal more: days only too.
    # A member viewed the report; one line a day and report.
    REPORT_VIEWED = "report_viewed", Ledger.REPORTS
    # A member viewed the contact; likewise.
    REPORT_CONTACT_VIEWED = "report_contact", Ledger.REPORTS
    # The work on an accepted report's case ended: its questions too, and its texts have a day of
    # destruction. With a time, it could be told which case that is.
    REPORT_CONCLUDED = "report_concluded", Ledger.REPORTS
    # The report behind a draft was withdrawn: its approvals lapsed, copied words were destroyed.
    SOURCE_WITHDRAWN = "source_withdrawn", Ledger.REPORTS


# Their lines may seal texts that are not of a case: labels, place names, pages.
TEXT_ACTS = (Act.OPENED, Act.TEXTS_CHANGED, Act.PAGE_CHANGED)
# They destroy texts and salts, which ``verify`` then allows to be missing. REDACTED: in former
# versions, a redaction destroyed the earlier texts at once.
DESTROYING_ACTS = frozenset(
    {Act.REDACTED, Act.DESTROYED, Act.ERASED, Act.DISCARDED, Act.SOURCE_WITHDRAWN}
)

# --- lines as hashed: canonical JSON, chain digests, salted commitments -----------------------

VERSION = 1
# The digest that the first line of a ledger follows: 32 zero bytes.
GENESIS = bytes(32)


_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """JSON as UTF-8 with sorted keys and no spaces; strings, integers, booleans and null only.

    For these types it is the form of RFC 8785, so that outsiders can reproduce it.
    """
    return _CANONICAL.encode(document).encode("utf-8")


def chain_digest(previous: bytes, public_json: bytes) -> bytes:
    """The digest of a line: SHA-256(version ‖ previous digest ‖ public_json), 32 bytes."""
    return hashlib.sha256(bytes([VERSION]) + previous + public_json).digest()


def new_salt() -> bytes:
    """32 random bytes, without which a text could be guessed from its commitment."""
    return secrets.token_bytes(32)


def commitment(salt: bytes, content: bytes) -> str:
    """SHA-256(salt ‖ content) in hexadecimal."""
    return hashlib.sha256(salt + content).hexdigest()


def rfc3339(at: datetime) -> str:
    """RFC 3339 in UTC, to the second: a finer time would only reveal how somebody works."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def stored_time(ledger: Ledger, at: datetime) -> datetime:
    """The time of a line as stored: to the second, or the day only in the reports ledger.

    Nothing stored may tell at what time of the day somebody wrote a report.
    """
    if ledger is not Ledger.REPORTS:
        return at
    return datetime.combine(paris_day(at), time(), UTC)


def hashed_time(ledger: str, at: datetime) -> str:
    """The time of a line as it is hashed: RFC 3339, a date alone in the reports ledger.

    :param at: from :func:`stored_time`; a finer time is not rounded.
    """
    timestamp = rfc3339(at)
    return timestamp.removesuffix("T00:00:00Z") if ledger == Ledger.REPORTS.value else timestamp
