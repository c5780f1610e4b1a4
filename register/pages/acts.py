"""The only door that changes an editorial page; each change writes its line on the desk's ledger.

Administrators alone may: what these pages promise, the whole register has to keep.
"""

from __future__ import annotations

import secrets

from register.accounts import acts as accounts
from register.config import LEGAL
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, Pen
from register.pages import content, queries
from register.pages.models import PageRevision
from register.pages.rendering import rendered
from register.text import markup
from register.text.sanitize import clean, one_line

TITLE_LIMIT = 120
TEXT_LIMIT = markup.MAX_CHARS
REASON_LIMIT = 2_000
# What the law wants to be found there (LCEN art. 1-1): a text without it is no legal notice.
NEEDED = {"mentions-legales": LEGAL}


def save(
    pen: Pen, page: str, title: str, text: str, *, by: int, reason: str, seen: int
) -> PageRevision:
    """Put another text in the place of a page's present one.

    :param text: Markdown, with the markers of ``rendering``.
    :param seen: the revision that was looked at; 0 for a page that had none.
    :raises Refused: ``page_changed_meanwhile``, ``page_same``, or no administrator.
    :raises Invalid: an empty or too long field, a marker or an anchor that cannot be.
    :raises TextError: a text that the renderer does not take.
    """
    present = _begun(pen, page, by, seen)
    title, text = one_line(title), clean(text).strip()
    _bound("title", title, TITLE_LIMIT)
    _bound("text", text, TEXT_LIMIT)
    own = content.shipped(page)
    told = own if present is None or present.shipped else present
    if (title, text) == (told.title, told.text):
        raise Refused("page_same")
    html = rendered(text, content.language_of(page))
    for name in NEEDED.get(page.removesuffix(content.ENGLISH), ()):
        if f"{{{name}}}" not in html:
            raise Invalid("page_marker_missing", words=f"{{{name}}}", field="text")
    return _written(pen, page, (title, text, html), by=by, reason=reason)


def restore(pen: Pen, page: str, *, by: int, reason: str, seen: int) -> PageRevision:
    """Show the text again that comes with the code; what was written stays in the history.

    :param seen: the revision that was looked at.
    :raises Refused: ``page_changed_meanwhile``, ``page_shipped``, or no administrator.
    :raises Invalid: no reason, or too long a one.
    """
    present = _begun(pen, page, by, seen)
    if present is None or present.shipped:
        raise Refused("page_shipped")
    return _written(pen, page, None, by=by, reason=reason)


def _begun(pen: Pen, page: str, by: int, seen: int) -> PageRevision | None:
    """The present revision of a page, for an administrator who has it before their eyes."""
    accounts.administering(pen, by)
    if page not in content.TEXTS:
        raise NotFound("page_unknown", page=page)
    present = queries.newest(pen.session, page)
    if seen != (present.id if present else 0):
        raise Refused("page_changed_meanwhile")
    return present


def _written(
    pen: Pen, page: str, told: tuple[str, str, str] | None, *, by: int, reason: str
) -> PageRevision:
    """Write a revision: title, text and HTML, or None for those that come with the code."""
    own = content.shipped(page)
    title, text, html = told or (own.title, own.text, own.html)
    reason = clean(reason).strip()
    _bound("reason", reason, REASON_LIMIT)
    row = PageRevision(
        page=page,
        shipped=told is None,
        title=title,
        text=text,
        html=html,
        renderer=markup.VERSION,
        base=own.digest,
        made_at=pen.at,
        made_by=by,
        reason=reason,
        mark=secrets.token_hex(16),
    )
    pen.session.add(row)
    pen.session.flush()
    act = Act.PAGE_EDITED if told else Act.PAGE_RESTORED
    pen.record(act, by=by, details={"page": page, "version": row.id})
    return row


def _bound(field: str, text: str, limit: int) -> None:
    if not text:
        raise Invalid("page_empty", field=field)
    if len(text) > limit:
        raise Invalid("text_too_long", limit=limit, field=field)
