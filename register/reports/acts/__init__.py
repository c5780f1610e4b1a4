"""Acts on reports, the only code that changes a report.

Each act loads under the lock, checks, changes and records. The key of a new report is on disk
before the report's commit; a key is destroyed after the commit that empties the report's texts.
"""

from register.reports.acts.claims import (
    assign,
    claim,
    close_account,
    release,
    release_all,
    set_urgency,
)
from register.reports.acts.masking import destroy_file, mask, note
from register.reports.acts.moderation import (
    accept,
    ask_reporter,
    confirm_spam,
    decline,
    mark_read,
    reopen,
    spam,
    view,
    view_retained,
)
from register.reports.acts.purging import forget, purge
from register.reports.acts.reporter import add, destroy, leave_contact, receive, withdraw
