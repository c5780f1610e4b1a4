"""The public page of a case as members see it before an act: rendered whole, and without effect."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

import lxml.html
from flask import render_template
from flask_babel import gettext as _
from lxml import etree
from markupsafe import Markup

from register.accounts.web import current_member
from register.cases import queries, revisions
from register.cases.acts import publication
from register.cases.case_content import CaseSnapshot
from register.cases.invitations import ReplyInvitation
from register.cases.member_view import DeskCase
from register.cases.models import CaseState
from register.cases.queries import PublicCase, PublicChange
from register.cases.refusals import QuotedPassage, locate_passage
from register.cases.second_person import PendingChange
from register.cases.validation import NUMBER_LIMIT
from register.cases.web.desk.case import case_checklist
from register.cases.web.field_texts import content_changes
from register.cases.web.public import case_view, piece_view
from register.cases.web.public.cases import page_values
from register.db import db, now
from register.errors import NotFound
from register.journal import Act
from register.journal.models import rfc3339
from register.text.quotation import find_quotation
from register.text.text_comparison import FieldChange
from register.text.typography import french
from register.web.blueprints import desk

# Ids of the page are prefixed, because the page of the desk around it has ids too.
ID_PREFIX = "page-"
_ID_ATTRIBUTES = ("id", "for", "aria-labelledby", "aria-describedby")
# The act that would make a case public again, by its state.
_PUBLISHING_ACTS = {CaseState.DRAFT: Act.PUBLISHED, CaseState.WITHDRAWN: Act.RESTORED}
_FRAGMENT_LISTS = ("follow_ups", "replies", "corrections")


@dataclass(frozen=True)
class PagePreview:
    """The public page with everything that becomes public with it.

    ``title`` and ``description`` are what search engines and shared links show.
    """

    title: str
    description: str
    html: Markup


@desk.app_template_global("public_preview")
def preview_page(
    desk_case: DeskCase,
    snapshot: CaseSnapshot | None = None,
    *,
    act: Act | None = None,
    note: str = "",
    passage: str = "",
    at: datetime | None = None,
) -> PagePreview | None:
    """The page of a case as readers see it, or would see it; None once the text is destroyed.

    :param snapshot: another text of the case than the present one.
    :param act: the act that would publish that text.
    :param note: the public note of a restoration, as typed.
    :param passage: a passage to mark in the page.
    :param at: the time of a past version.
    """
    if snapshot is None and desk_case.state == CaseState.PUBLISHED:
        values = page_values(
            queries.load_public_case(db.session(), desk_case.number or 0), desk_case.id
        )
    else:
        shown = snapshot or desk_case.snapshot
        if not shown.content:
            return None
        if at is None and act is None:
            act = _PUBLISHING_ACTS.get(CaseState(desk_case.state))
            shown = _as_published(desk_case, shown, note)
        values = _preview_values(desk_case, shown, act, at or now())
    case: PublicCase = values["case"]
    html = render_template("cases/public/_article.html", **values)
    return PagePreview(
        title=_(
            "Cas nº %(number)s : %(title)s",
            number=case.number or _("à venir"),
            title=french(case.snapshot.content["title"]),
        ),
        description=case_view.case_description(case),
        html=_without_effect(html, passage, piece_view.desk_folder(desk_case.id)),
    )


@desk.app_template_global("public_differences")
def public_differences(desk_case: DeskCase) -> list[FieldChange] | None:
    """The differences of the present text to what readers see, or saw before a withdrawal.

    None when there is nothing to compare with: a draft, or texts that were destroyed.
    """
    if desk_case.number is None:
        return None
    try:
        public_content = revisions.last_public_content(
            db.session(), current_member.member(), desk_case.id
        )
    except NotFound:
        return None
    return content_changes(public_content, desk_case.snapshot.content)


def _as_published(desk_case: DeskCase, snapshot: CaseSnapshot, note: str) -> CaseSnapshot:
    """The text with what its publication or restoration adds to it."""
    content = dict(snapshot.content)
    content["single_review"] = case_checklist(desk_case).single
    if publication.edited_since_withdrawal(db.session(), desk_case.id):
        public_note = note or publication.FIXED_NOTE
        correction = {"made_at": rfc3339(now()), "note": public_note, "redaction": False}
        content["corrections"] = [*content["corrections"], correction]
    return CaseSnapshot(content, snapshot.html)


def _preview_values(
    desk_case: DeskCase, snapshot: CaseSnapshot, act: Act | None, at: datetime
) -> dict[str, Any]:
    """The values of the page; number and line of the journal are 0 while they do not exist."""
    case = PublicCase(
        number=desk_case.number or 0,
        first_published_at=desk_case.first_published_at or at,
        moved_at=at,
        version=NUMBER_LIMIT,
        is_current=True,
        version_at=at,
        commitment="",
        snapshot=snapshot,
    )
    values = page_values(case, desk_case.id)
    changes = [change for change in values["changes"] if change.at <= at]
    if act is not None or not changes:
        before, after = desk_case.snapshot.content, snapshot.content
        # What the act adds besides the text of the case, if anything.
        added = next((name for name in _FRAGMENT_LISTS if len(after[name]) > len(before[name])), "")
        change = PublicChange(
            act=(act or Act.PUBLISHED).value,
            at=at,
            version=0,
            readable=True,
            rank=max((change.rank for change in changes), default=0) + 1,
            part=after[added][-1] if added else None,
            number=len(after[added]) if added else 0,
        )
        changes.append(change)
    # What members noted counts with the act; a mail that the register sends, the day after.
    noted_days = [row.invited_on for row in desk_case.invitations if not row.mail_id]
    noted = ReplyInvitation(max(filter(None, noted_days), default=None))
    return {
        **values,
        "case": replace(case, version=0),
        "changes": changes,
        "invitation": max(
            values["invitation"], noted, key=lambda each: each.invited_on or date.min
        ),
    }


@desk.app_template_global("quoted_passage")
def quoted_passage(place: DeskCase | PendingChange, passage: str) -> QuotedPassage | None:
    """The passage of a refusal in the texts of a case or of a change; None if it is not there."""
    if isinstance(place, DeskCase):
        return locate_passage(place.snapshot, passage)
    proposal = place.proposal
    content = asdict(proposal.content) if proposal.content else {}
    return locate_passage(CaseSnapshot({**(proposal.words or {}), **content}), passage)


def _without_effect(html: str, passage: str, pieces_folder: str) -> Markup:
    """The page without links within the site and without forms, under a heading of the desk.

    Links to sources and to pieces of evidence stay, because a reader checks them, and links within
    the page.
    """
    page = lxml.html.fragment_fromstring(html, create_parent="div")
    for form in page.xpath("//form | //p[contains(@class, 'completing')]"):
        form.drop_tree()
    for element in page.iter(etree.Element):
        for name in _ID_ATTRIBUTES:
            if name in element.attrib:
                ids = element.attrib[name].split()
                element.set(name, " ".join(ID_PREFIX + reference for reference in ids))
        if element.tag in ("h1", "h2", "h3"):
            element.set("aria-level", str(int(element.tag[1]) + 1))
        if element.tag == "button":
            element.tag = "a"
            # Its class would give it the pointer of what can be pressed.
            element.attrib.clear()
        address = element.attrib.get("href", "")
        if address.startswith("#"):
            element.set("href", f"#{ID_PREFIX}{address[1:]}")
        elif address.startswith("/") and not address.startswith(pieces_folder):
            del element.attrib["href"]
            # HTML 4.5.1: an ``a`` without ``href`` has no ``type`` either.
            element.attrib.pop("type", None)
    _mark(page, passage)
    inner = (etree.tostring(child, encoding="unicode", method="html") for child in page)
    return Markup((page.text or "") + "".join(inner))  # noqa: S704 - rendered with every value escaped


def _mark(page: Any, passage: str) -> None:
    """Mark a quoted passage in a page; it may span several elements."""
    nodes = list(_text_nodes(page))
    match = find_quotation("".join(text for *_place, text in nodes), passage)
    if match is None:
        return
    position = 0
    for element, name, text in nodes:
        start, end = (min(max(edge - position, 0), len(text)) for edge in match.span())
        position += len(text)
        if not text[start:end].strip():
            continue
        mark = etree.Element("mark")
        mark.text, mark.tail = text[start:end], text[end:]
        if name == "text":
            element.text = text[:start]
            element.insert(0, mark)
        else:
            element.tail = text[:start]
            element.getparent().insert(element.getparent().index(element) + 1, mark)


def _text_nodes(element: Any) -> Iterator[tuple[Any, str, str]]:
    """The texts within an element in their order, each with its element and attribute."""
    if element.text:
        yield element, "text", element.text
    for child in element:
        yield from _text_nodes(child)
        if child.tail:
            yield child, "tail", child.tail
