"""The journal's two tables: the lines, and one head row for each ledger."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, UTCDateTime


class LedgerHead(Base):
    """The last line of a ledger.

    Numbers come from this row, locked for the whole act, and not from a sequence: a sequence
    numbers lines in the order they are begun, readers see them in the order they are committed,
    and a follower that has read line 12 would never look for line 11 again.
    """

    __tablename__ = "journal_head"

    ledger: Mapped[str] = mapped_column(String(8), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))


class JournalEntry(Base):
    """One line: what was done, by whom, to which case. It holds no text, name or address.

    ``public_json`` is what the chain hashes, verbatim. ``private_json`` is opened to members only
    and bound by a commitment inside ``public_json``. The other columns repeat both for look-ups;
    ``verify`` compares them.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (
        # With the act, so that the last line of its kind is found among thousands of that kind.
        Index("ix_journal_entry_case", "ledger", "case_number", "act", "seq"),
        Index("ix_journal_entry_incident", "incident_id"),
        # What the public journal is filtered by.
        Index("ix_journal_entry_act", "ledger", "act", "seq"),
        # What the members' journal is read by, in the order of its list.
        Index("ix_journal_entry_at", "ledger", "at", "seq"),
        Index("ix_journal_entry_act_at", "ledger", "act", "at", "seq"),
        Index("ix_journal_entry_member", "ledger", "member_id", "act", "at", "seq"),
        # A hidden row number would tell between which timed lines a report's line was written.
        {"sqlite_with_rowid": False},
    )

    ledger: Mapped[str] = mapped_column(String(8), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    act: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    # Names the event to followers; random, because a restored backup would give a number twice.
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
    """Three chains in one table; each has its own head, so that no number tells of another's."""

    PUBLIC = "public"
    DESK = "desk"
    # Days only: a report's line stands between no two timed lines that would date it.
    REPORTS = "reports"


class Act(StrEnum):
    """One word for each thing that can be done; a journal line carries exactly one."""

    # What the public may know.
    OPENED = "opened"  # the register was opened: the first line of the public ledger
    PUBLISHED = "published"  # a draft became a public case and got its number
    FOLLOWED_UP = "followed_up"  # a dated fragment was added, with or without a new outcome
    REPLIED = "replied"  # a right of reply was inserted
    CORRECTED = "corrected"  # a published text changed, with a public note
    REDACTED = "redacted"  # a correction that also hid the earlier texts, to be destroyed
    WITHDRAWN = "withdrawn"  # the case is no longer shown; its tombstone is
    RESTORED = "restored"  # a withdrawn case is shown again
    MERGED = "merged"  # the case leads to another one
    ERASED = "erased"  # the texts are gone for ever; number and line stay

    # What only members know.
    DRAFTED = "drafted"  # a draft was made
    EDITED = "edited"  # a draft, or a withdrawn case before its restoration, was changed
    DISCARDED = "discarded"  # a draft was given up and its texts destroyed
    DRAFT_MERGED = "draft_merged"  # a draft was joined to a case; nothing public moved
    APPROVED = "approved"  # a second member approved one revision, for one purpose
    CHANGE_PROPOSED = "change_proposed"  # a change of a public case waits for a second person
    CHANGE_REFUSED = "change_refused"  # it went back to its writer, or the writer took it back
    DESTROYED = "destroyed"  # what a redaction had hidden was destroyed: by two, or on its day
    DESTRUCTION_KEPT = "destruction_kept"  # another member took that destruction back
    INVITED = "invited"  # the authority was invited to reply, or why not was noted
    REPLY_RECEIVED = "reply_received"  # a right of reply arrived; its three days run
    REPLY_REFUSED = "reply_refused"  # it was refused, with the reason
    CLAIMED = "claimed"  # a member took a case in hand, for some hours
    RELEASED = "released"  # and gave it back
    NOTED = "noted"  # an internal note was written
    # A member was shown what a case keeps of reports; one line a day, member and case. With its
    # time: after an acceptance it would date the lines of reporters that stand beside it.
    COPY_VIEWED = "copy_viewed"
    MEMBER_INVITED = "member_invited"  # an invitation link was made
    MEMBER_UNINVITED = "member_uninvited"  # it was taken back before it was used
    MEMBER_ADDED = "member_added"  # an account was opened, by invitation or from the console
    MEMBER_CONFIRMED = "member_confirmed"  # somebody else said that it is a person of its own
    MEMBER_DISABLED = "member_disabled"
    MEMBER_ENABLED = "member_enabled"  # and its account opened again, as it was
    MEMBER_ROLE = "member_role"  # a member was given another role
    MEMBER_RESET = "member_reset"  # a new password was set from the console
    MEMBER_PASSWORD = "member_password"  # noqa: S105 - a member changed their own password
    MEMBER_FACTOR = "member_factor"  # a member set up or renewed their second factor
    MEMBER_FACTOR_RESET = "member_factor_reset"  # somebody else took it away, to be set up anew
    SIGNED_IN = "signed_in"  # a member signed in
    # A member's sessions were closed: by signing out, on their own page, or by an administrator.
    SESSIONS_ENDED = "sessions_ended"
    BROWSERS_FORGOTTEN = "browsers_forgotten"  # a member had all their browsers be new ones
    # Failed sign-ins of one account on one day, counted: one line, written when the day is over.
    SIGN_INS_FAILED = "sign_ins_failed"
    PAGE_EDITED = "page_edited"  # an editorial page was given another text
    PAGE_RESTORED = "page_restored"  # it shows the text again that comes with the code
    REPORT_CLAIMED = "report_claimed"  # a member took a report in hand, for some hours
    REPORT_RELEASED = "report_released"  # and gave it back
    REPORT_ASKED = "report_asked"  # the one who reported was asked something
    REPORT_READ = "report_read"  # what its author sent since was read, and asks for nothing more
    REPORT_ACCEPTED = "report_accepted"  # a draft was made of it, or it joined a case
    REPORT_DECLINED = "report_declined"  # it was declined, with a reason
    REPORT_SPAM = "report_spam"  # it was put aside as spam
    REPORT_SPAM_AGREED = "report_spam_agreed"  # another member agreed to that, of many
    REPORT_REOPENED = "report_reopened"  # it was taken up again
    REPORT_RETURNED = "report_returned"  # its question stood unanswered: it is back in the queue
    REPORT_PURGED = "report_purged"  # its texts and its key were destroyed, as their day had come

    # What came from those who report: days only.
    REPORT_RECEIVED = "report_received"
    # They answered, added or corrected something, or a way to be reached: a line tells not which.
    REPORT_ADDED = "report_added"
    REPORT_WITHDRAWN = "report_withdrawn"  # they took it back

    # What is done with a report and would tell more with a time: days only too.
    REPORT_VIEWED = "report_viewed"  # a member was shown what was sent; one line a day and report
    REPORT_CONTACT_VIEWED = "report_contact"  # a member was shown the contact; likewise
    # The report behind a draft was taken back: its approvals fell, copied words were destroyed.
    SOURCE_WITHDRAWN = "source_withdrawn"

    @property
    def ledger(self) -> Ledger:
        """Where the act is written."""
        if self in PUBLIC_ACTS:
            return Ledger.PUBLIC
        return Ledger.REPORTS if self in DAY_ONLY_ACTS else Ledger.DESK

    @property
    def destroys(self) -> bool:
        """Whether the act destroys texts and salts, which ``verify`` then finds missing."""
        return self in DESTROYING_ACTS


PUBLIC_ACTS = frozenset(
    {
        Act.OPENED,
        Act.PUBLISHED,
        Act.FOLLOWED_UP,
        Act.REPLIED,
        Act.CORRECTED,
        Act.REDACTED,
        Act.WITHDRAWN,
        Act.RESTORED,
        Act.MERGED,
        Act.ERASED,
    }
)
REPORTER_ACTS = frozenset({Act.REPORT_RECEIVED, Act.REPORT_ADDED, Act.REPORT_WITHDRAWN})
DAY_ONLY_ACTS = REPORTER_ACTS | {Act.REPORT_VIEWED, Act.REPORT_CONTACT_VIEWED, Act.SOURCE_WITHDRAWN}
# A redaction destroyed by itself before there was a second person for it.
DESTROYING_ACTS = frozenset(
    {Act.REDACTED, Act.DESTROYED, Act.ERASED, Act.DISCARDED, Act.SOURCE_WITHDRAWN}
)
