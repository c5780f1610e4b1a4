"""THE ONLY DOOR that changes a report.

Each act loads under the pen, checks, changes and records. The key of a new report is on disk
before the report is; a key is destroyed once the report's texts are gone.
"""

from register.reports.acts.moderation import (
    accept,
    ask,
    claim,
    confirm_spam,
    decline,
    read,
    release,
    reopen,
    spam,
)
from register.reports.acts.purge import forget, purge
from register.reports.acts.reporter import add, leave_contact, receive, withdraw
from register.reports.acts.viewing import view, view_contact, view_kept

__all__ = [
    "accept",
    "add",
    "ask",
    "claim",
    "confirm_spam",
    "decline",
    "forget",
    "leave_contact",
    "purge",
    "read",
    "receive",
    "release",
    "reopen",
    "spam",
    "view",
    "view_contact",
    "view_kept",
    "withdraw",
]
