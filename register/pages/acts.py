"""The only door that changes an editorial page; each change writes a public line.

Administrators alone may: what these pages promise, the whole register has to keep. The line seals
the text, so that an outsider can tell when a page changed; who changed it is for members only.
"""

from __future__ import annotations

import hashlib
import secrets

from register.accounts import vouching
from register.config import LEGAL_FIELDS
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, WriteTransaction
from register.pages import content, help_contacts
from register.pages.content import PageRevision, render_page
from register.text import markup
from register.text.normalisation import clean, one_line

TITLE_LIMIT = 120
TEXT_LIMIT = markup.MAX_CHARS
REASON_LIMIT = 2_000
# What the law wants to be found there (LCEN art. 1-1): a text without it is no legal notice.
REQUIRED_MARKERS = {"mentions-legales": LEGAL_FIELDS}


def save_page(
    tx: WriteTransaction,
    page: str,
    title: str,
    text: str,
    *,
    by: int,
    reason: str,
    seen_revision: int,
) -> PageRevision:
    """Put another text in the place of a page's present one.

    :param text: Markdown, with the markers of ``rendering``.
    :param seen_revision: the revision that was looked at; 0 for a page that had none.
    :raises Refused: ``page_changed_meanwhile``, ``page_same``, or no administrator.
    :raises Invalid: an empty or too long field, a marker or an anchor that cannot be, a contact
        that lacks something.
    :raises TextError: a text that the renderer does not take.
    """
    present = _load_present(tx, page, by, seen_revision)
    title, text = one_line(title), clean(text).strip()
    _require_length("title", title, TITLE_LIMIT)
    _require_length("text", text, TEXT_LIMIT)
    published = content.published_text(page, present)
    if (title, text) == (published.title, published.text):
        raise Refused("page_same")
    html = render_page(text, content.language_of(page))
    if page == content.HELP_PAGE:
        help_contacts.require_contacts(text)
    for name in REQUIRED_MARKERS.get(page.removesuffix(content.ENGLISH_SUFFIX), ()):
        if f"{{{name}}}" not in html:
            raise Invalid("page_marker_missing", words=f"{{{name}}}", field="text")
    return _write_revision(tx, page, (title, text, html), by=by, reason=reason)


def restore_page(
    tx: WriteTransaction, page: str, *, by: int, reason: str, seen_revision: int
) -> PageRevision:
    """Show the text again that comes with the code; what was written stays in the history.

    :param seen_revision: the revision that was looked at.
    :raises Refused: ``page_changed_meanwhile``, ``page_shipped``, or no administrator.
    :raises Invalid: no reason, or too long a one.
    """
    present = _load_present(tx, page, by, seen_revision)
    if present is None or present.shipped:
        raise Refused("page_shipped")
    return _write_revision(tx, page, None, by=by, reason=reason)


def _load_present(
    tx: WriteTransaction, page: str, by: int, seen_revision: int
) -> PageRevision | None:
    """The present revision of a page, for an administrator who has it before their eyes."""
    vouching.require_administrator(tx, by)
    if page not in content.TEXT_NAMES:
        raise NotFound("page_unknown", page=page)
    present = content.newest_revision(tx.session, page)
    if seen_revision != (present.id if present else 0):
        raise Refused("page_changed_meanwhile")
    return present


def _write_revision(
    tx: WriteTransaction,
    page: str,
    replacement: tuple[str, str, str] | None,
    *,
    by: int,
    reason: str,
) -> PageRevision:
    """Write a revision: title, text and HTML, or None for those that come with the code."""
    shipped_page = content.shipped_page(page)
    title, text, html = replacement or (shipped_page.title, shipped_page.text, shipped_page.html)
    reason = clean(reason).strip()
    _require_length("reason", reason, REASON_LIMIT)
    revision = PageRevision(
        page=page,
        shipped=replacement is None,
        title=title,
        text=text,
        html=html,
        renderer=markup.VERSION,
        base=shipped_page.digest,
        made_at=tx.at,
        made_by=by,
        reason=reason,
        mark=secrets.token_hex(16),
    )
    tx.session.add(revision)
    tx.session.flush()
    if page not in content.PUBLIC_TEXT_NAMES:
        act = Act.PAGE_RESTORED if revision.shipped else Act.PAGE_EDITED
        tx.record(act, by=by, details={"page": page, "version": revision.id})
        return revision
    source = content.source_bytes(content.published_text(page, revision))
    tx.record(
        Act.PAGE_CHANGED,
        by=by,
        texts={content.source_file(page): hashlib.sha256(source).hexdigest()},
        details={
            "page": page,
            "version": revision.id,
            "restored": revision.shipped,
            "pages": {page: content.sealed_version(revision)},
        },
    )
    return revision


def _require_length(field: str, text: str, limit: int) -> None:
    if not text:
        raise Invalid("page_empty", field=field)
    if len(text) > limit:
        raise Invalid("text_too_long", limit=limit, field=field)
