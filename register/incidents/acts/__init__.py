"""THE ONLY DOOR that changes a case.

Each act loads under the pen, checks, changes and records. Acts take ids; the member who acts is
read under the pen too, so that a member disabled a second ago no longer acts. ``single`` is the
setting ``SINGLE_MODERATOR``: no second person is asked.
"""

from register.incidents.acts.afterwards import correct, erase, follow_up, merge
from register.incidents.acts.approving import approve_change, refuse_change
from register.incidents.acts.drafts import approve, discard, draft, edit, invite
from register.incidents.acts.keeping import claim, note, release
from register.incidents.acts.lost_reports import lose_report, lose_unpublished
from register.incidents.acts.publication import publish, restore, withdraw
from register.incidents.acts.redaction import (
    confirm_destruction,
    destroy_due,
    keep_hidden,
    redact,
)
from register.incidents.acts.replies import receive_reply, refuse_reply, reply

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
    "lose_report",
    "lose_unpublished",
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
]
