"""THE ONLY DOOR that changes a case.

Each act loads under the pen, checks, changes and records. Acts take ids; the member who acts is
read under the pen too, so that a member disabled a second ago no longer acts. ``single`` is the
setting ``SINGLE_MODERATOR``: no second person is asked.
"""

from register.cases.acts.after_publication import correct, erase, follow_up, merge
from register.cases.acts.approving import approve_change, refuse_change
from register.cases.acts.claims_and_notes import claim, note, release
from register.cases.acts.drafts import approve, discard, draft, edit, invite
from register.cases.acts.lost_reports import withdraw_report, withdraw_report_unpublished
from register.cases.acts.publication import publish, restore, withdraw
from register.cases.acts.redaction import confirm_destruction, destroy_due, keep_hidden, redact
from register.cases.acts.replies import receive_reply, refuse_reply, reply

__all__ = [
    "approve",
    "approve_change",
    "claim",
    "confirm_destruction",
    "correct",
    "destroy_due",
    "discard",
    "draft",
    "edit",
    "erase",
    "follow_up",
    "invite",
    "keep_hidden",
    "merge",
    "note",
    "publish",
    "receive_reply",
    "redact",
    "refuse_change",
    "refuse_reply",
    "release",
    "reply",
    "restore",
    "withdraw",
    "withdraw_report",
    "withdraw_report_unpublished",
]
