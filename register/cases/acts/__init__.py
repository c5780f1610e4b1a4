"""The acts on a case, which are the only code that changes one.

Each act loads the case under the write lock, checks, changes and records. Acts take ids; the acting
member is also read under the lock, so that a member disabled a second ago is refused. ``single`` is
the setting ``SINGLE_MODERATOR``: no second person is required.
"""

from register.cases.acts.claims import assign, claim, note, release, release_all, set_urgency
from register.cases.acts.draft_acts import (
    approve,
    discard,
    draft,
    edit,
    withdraw_report,
    withdraw_report_unpublished,
)
from register.cases.acts.evidence import add_file, remove_file, request_copy, review_page
from register.cases.acts.invitations import erase_contact, invite, invite_by_mail, note_contact
from register.cases.acts.mergers import merge, part
from register.cases.acts.public_changes import approve_change, correct, follow_up
from register.cases.acts.publication import erase, publish, restore, withdraw
from register.cases.acts.redaction import confirm_destruction, destroy_due, keep_hidden, redact
from register.cases.acts.refusals import refuse_change, refuse_version
from register.cases.acts.replies import receive_reply, refuse_reply, reply
from register.cases.acts.source_copies import add_source_copy, drop_source_copy
