"""Validation of a case's content before it is stored: codes, dates, lengths, links.

Valid content may still be unfit for publication; that is decided by the checklist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as default
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import decisions
from register.cases.case_content import Content
from register.cases.field_rules import URL_LIMIT, FieldKind, FieldRule
from register.cases.models import Incident
from register.cases.vocabulary import Vocabulary
from register.errors import Invalid, TextError
from register.territory import place_queries
from register.text import dates
from register.text.countries import is_country

UNKNOWN_WORD = "inconnue"  # a date or court that is stated to be unknown
LIST_LIMIT = 40
TYPES_LIMIT = 3
NUMBER_LIMIT = 10**9
PAGES_LIMIT = 200  # of a piece, as of a clean copy
_LISTS = ("types", "outlets", "sources", "proceedings", "linked_communes", "links", "pieces")
# ISO 639, as in the HTML attribute ``lang``.
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ContentFault:
    """A fault in one field: ``key`` is the kind of fault, ``values`` are for its message."""

    field: str
    key: str
    values: dict[str, object] = default(default_factory=dict, hash=False)


def require_valid(
    session: Session, vocabulary: Vocabulary, content: Content, before: Content | None = None
) -> None:
    """Check that content can be stored.

    :param before: the present content of the case. Its codes stay valid when they are retired:
        otherwise a court's order could not be carried out on an old case.
    :raises Invalid: ``content``, with ``faults``: a list of :class:`ContentFault`.
    """
    before = before or Content()
    existing_codes = {
        (_fault_field(path, rule), code) for path, rule, code in before.leaves() if rule.vocabulary
    }
    faults = [
        fault
        for fault in find_faults(session, vocabulary, content)
        if fault.key != "unknown_code" or (fault.field, fault.values["value"]) not in existing_codes
    ]
    faults = faults or list(_decision_faults(vocabulary, content, before))
    if faults:
        raise Invalid("content", faults=faults)


def find_faults(
    session: Session, vocabulary: Vocabulary, content: Content
) -> Iterator[ContentFault]:
    """Every fault of a case's content, field by field."""
    field_faults = [
        fault
        for path, rule, leaf in content.leaves()
        for fault in _leaf_faults(vocabulary, _fault_field(path, rule), rule, leaf)
    ]
    yield from field_faults
    if (
        content.date
        and content.end_date
        and not any(fault.field in ("date", "end_date") for fault in field_faults)
        and dates.parse(content.end_date).last < dates.parse(content.date).first
    ):
        yield ContentFault("end_date", "ends_before", {"value": content.end_date})
    if not _LANGUAGE.fullmatch(content.language):
        yield ContentFault("language", "unknown_code", {"value": content.language[:40]})
    yield from _place_faults(session, content)
    yield from _list_faults(content)
    for link in content.links:
        # SQLite refuses a parameter above 64 bits.
        target_id = select(Incident.id).where(Incident.number == min(link.number, NUMBER_LIMIT))
        if session.scalar(target_id) is None:
            yield ContentFault("links", "no_such_case", {"value": link.number})


def _fault_field(path: str, rule: FieldRule) -> str:
    """The field of the editor's form that shows a fault."""
    head = path.partition(".")[0]
    if path.startswith("proceedings.steps.") and rule.kind is FieldKind.TEXT:
        return "proceedings.steps"
    # The text of a long fault is not repeated, so only its list can be marked.
    is_long_text = rule.kind is FieldKind.TEXT and head in ("sources", "proceedings", "pieces")
    return head if is_long_text or head == "links" else path


def _leaf_faults(
    vocabulary: Vocabulary, field_name: str, rule: FieldRule, leaf: Any
) -> Iterator[ContentFault]:
    """The faults of one value by the rule of its field."""
    if rule.is_required and not leaf:
        yield ContentFault(field_name, "missing")
    elif rule.kind is FieldKind.TEXT:
        yield from _text_length_faults(field_name, leaf, rule.limit)
    elif rule.kind is FieldKind.URL:
        yield from url_faults(field_name, leaf)
    elif rule.kind is FieldKind.DATE and leaf and not (rule.or_unknown and leaf == UNKNOWN_WORD):
        try:
            dates.parse(leaf)
        except TextError as error:
            yield ContentFault(field_name, error.key, {"value": leaf[:40]})
    elif rule.kind is FieldKind.CODE:
        is_accepted = (
            leaf in rule.choices
            if rule.choices
            else not leaf or vocabulary.accepts(rule.vocabulary, leaf)
        )
        if not is_accepted:
            yield ContentFault(field_name, "unknown_code", {"value": leaf[:40]})
    elif rule.kind is FieldKind.DIGEST and leaf and not _DIGEST.fullmatch(leaf):
        yield ContentFault(field_name, "unknown_code", {"value": leaf[:40]})


def _decision_faults(
    vocabulary: Vocabulary, content: Content, before: Content
) -> Iterator[ContentFault]:
    """New outcomes that no such proceeding or request has, and new appeals where none exists."""
    stored_steps = [(suit.nature, step) for suit in before.proceedings for step in suit.steps]
    new_steps = [(suit.nature, step) for suit in content.proceedings for step in suit.steps]
    for nature, step in new_steps:
        if (nature, step) in stored_steps:
            continue
        if nature not in (UNKNOWN_WORD, *decisions.outcome_natures(step.outcome, vocabulary)):
            values: dict[str, object] = {"value": step.outcome}
            yield ContentFault("proceedings.steps.outcome", "outcome_nature", values)
        elif step.appeal in ("oui", "ouvert") and not decisions.recourse(vars(step), vocabulary):
            yield ContentFault("proceedings.steps.appeal", "no_appeal", {"value": step.appeal})
    request_outcome = content.request.outcome if content.request else ""
    natures = decisions.outcome_natures(request_outcome, vocabulary)
    is_stored = before.request is not None and before.request.outcome == request_outcome
    if not is_stored and decisions.REQUEST_NATURES.isdisjoint(natures):
        yield ContentFault("request.outcome", "outcome_nature", {"value": request_outcome})


def url_faults(field_name: str, url: str, *, is_required: bool = False) -> Iterator[ContentFault]:
    if not url:
        if is_required:
            yield ContentFault(field_name, "missing")
        return
    yield from _text_length_faults(field_name, url, URL_LIMIT)
    try:
        parts = urlsplit(url)
        is_web_url = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web_url = False
    if not is_web_url:
        # A javascript: or data: URL must never become a public link.
        yield ContentFault(field_name, "url", {"value": url[:80]})


def _place_faults(session: Session, content: Content) -> Iterator[ContentFault]:
    if not is_country(content.country):
        yield ContentFault("country", "unknown_code", {"value": content.country[:40]})
    abroad = content.country != "FR"
    for field_name, codes in (
        ("commune", (content.commune,) if content.commune else ()),
        ("linked_communes", content.linked_communes),
    ):
        for code in codes:
            if not place_queries.is_commune_code(code) or place_queries.current_code(code) is None:
                yield ContentFault(field_name, "unknown_code", {"value": code[:40]})
            elif abroad:
                yield ContentFault(field_name, "commune_abroad", {"value": code})
    if content.departement and place_queries.departement(content.departement) is None:
        yield ContentFault("departement", "unknown_code", {"value": content.departement[:40]})
    if content.region and place_queries.region(content.region) is None:
        yield ContentFault("region", "unknown_code", {"value": content.region[:40]})


def _list_faults(content: Content) -> Iterator[ContentFault]:
    """Lists that are too long, that repeat an element or that hold an empty code."""
    for field_name in _LISTS:
        elements = getattr(content, field_name)
        limit = TYPES_LIMIT if field_name == "types" else LIST_LIMIT
        if len(elements) > limit:
            yield ContentFault(field_name, "too_many", {"limit": limit})
        if len(set(elements)) != len(elements):
            yield ContentFault(field_name, "twice")
    if "" in content.types:
        yield ContentFault("types", "unknown_code", {"value": "?"})
    if not all(page.copy for piece in content.pieces for page in piece.pages):
        yield ContentFault("pieces", "missing")
    if any(not 0 < len(piece.pages) <= PAGES_LIMIT for piece in content.pieces):
        yield ContentFault("pieces", "too_many", {"limit": PAGES_LIMIT})
    for proceeding in content.proceedings:
        if len(proceeding.steps) > LIST_LIMIT:
            yield ContentFault("proceedings.steps", "too_many", {"limit": LIST_LIMIT})
        if not all(step.step for step in proceeding.steps):
            yield ContentFault("proceedings.steps", "unknown_code", {"value": "?"})


def _text_length_faults(field_name: str, field_text: str, limit: int) -> Iterator[ContentFault]:
    if len(field_text) > limit:
        yield ContentFault(field_name, "too_long", {"limit": limit, "length": len(field_text)})
