"""Validation of a case's content before it is stored: codes, dates, lengths, links.

Valid content may still be unfit for publication; that is decided by the checklist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as default
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_content import (
    Content,
    ProceedingContent,
    RequestContent,
    SourceContent,
)
from register.cases.models import Incident
from register.cases.vocabulary import Vocabulary
from register.errors import Invalid, TextError
from register.territory import place_queries
from register.text import dates
from register.text.countries import is_country

UNKNOWN_WORD = "inconnue"  # a date or court that is stated to be unknown
TEXT_LIMIT = 2_000
NARRATIVE_LIMIT = 50_000
LIST_LIMIT = 40
TYPES_LIMIT = 3
NUMBER_LIMIT = 10**9
URL_LIMIT = 2_000
APPEAL_STATES = ("", "oui", "non", "inconnu")
REFUSAL_KINDS = ("", "explicite", "implicite")
# ISO 639, as in the HTML attribute ``lang``.
_LANGUAGE = re.compile(r"[a-z]{2,3}")
LINK_KINDS = ("meme_affaire", "fait_suite", "voir_aussi")
_FIELD_OF_LIST = {
    "niveau": "level",
    "acteur": "actor",
    "cible": "target",
    "preuve": "evidence",
    "issue": "outcome",
}


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
    existing_codes = set(_vocabulary_codes(before)) if before is not None else set()
    faults = [
        fault
        for fault in find_faults(session, vocabulary, content)
        if fault.key != "unknown_code" or (fault.field, fault.values["value"]) not in existing_codes
    ]
    if faults:
        raise Invalid("content", faults=faults)


def _vocabulary_codes(content: Content) -> Iterator[tuple[str, str]]:
    """Every vocabulary code of a case, each after the field that its fault would have."""
    yield from ((name, getattr(content, name)) for name in _FIELD_OF_LIST.values())
    yield from (("types", code) for code in content.types)
    yield from (("sources.kind", source.kind) for source in content.sources)
    for proceeding in content.proceedings:
        for name in ("direction", "nature", "plaintiff", "outcome"):
            yield f"proceedings.{name}", getattr(proceeding, name)
        for step in proceeding.steps:
            yield from (("proceedings.steps", step.step), ("proceedings.steps", step.outcome))
    if content.request is not None:
        yield "request.outcome", content.request.outcome


def find_faults(
    session: Session, vocabulary: Vocabulary, content: Content
) -> Iterator[ContentFault]:
    """Every fault of a case's content, field by field."""
    yield from _code_list_faults(vocabulary, content)
    period_faults = [
        *_date_faults("date", content.date),
        *_date_faults("end_date", content.end_date),
    ]
    yield from period_faults
    if not period_faults and content.date and content.end_date:
        start, end = dates.parse(content.date), dates.parse(content.end_date)
        if end.last < start.first:
            yield ContentFault("end_date", "ends_before", {"value": content.end_date})
    yield from _place_faults(session, content)
    yield from _length_faults(content)
    for source in content.sources:
        yield from _source_faults(vocabulary, source)
    for proceeding in content.proceedings:
        yield from _proceeding_faults(vocabulary, proceeding)
    if content.request is not None:
        yield from _request_faults(vocabulary, content.request)
    for link in content.links:
        if link.kind not in LINK_KINDS:
            yield ContentFault("links", "unknown_code", {"value": link.kind[:40]})
        # SQLite refuses a parameter above 64 bits.
        target_id = select(Incident.id).where(Incident.number == min(link.number, NUMBER_LIMIT))
        if session.scalar(target_id) is None:
            yield ContentFault("links", "no_such_case", {"value": link.number})


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


def _code_list_faults(vocabulary: Vocabulary, content: Content) -> Iterator[ContentFault]:
    for list_name, field_name in _FIELD_OF_LIST.items():
        yield from _code_faults(vocabulary, list_name, field_name, getattr(content, field_name))
    for code in content.types:
        yield from _code_faults(vocabulary, "type", "types", code or "?")
    if len(set(content.types)) != len(content.types):
        yield ContentFault("types", "twice")
    if len(content.types) > TYPES_LIMIT:
        yield ContentFault("types", "too_many", {"limit": TYPES_LIMIT})


def _code_faults(
    vocabulary: Vocabulary, list_name: str, field_name: str, code: str
) -> Iterator[ContentFault]:
    if code and not vocabulary.accepts(list_name, code):
        yield ContentFault(field_name, "unknown_code", {"value": code[:40]})


def _date_faults(
    field_name: str, date_text: str, *, or_unknown: bool = False
) -> Iterator[ContentFault]:
    if not date_text or (or_unknown and date_text == UNKNOWN_WORD):
        return
    try:
        dates.parse(date_text)
    except TextError as error:
        yield ContentFault(field_name, error.key, {"value": date_text[:40]})


def _place_faults(session: Session, content: Content) -> Iterator[ContentFault]:
    if not is_country(content.country):
        yield ContentFault("country", "unknown_code", {"value": content.country[:40]})
    abroad = content.country != "FR"
    for field_name, codes in (
        ("commune", (content.commune,) if content.commune else ()),
        ("linked_communes", content.linked_communes),
    ):
        for code in codes:
            if (
                not place_queries.is_commune_code(code)
                or place_queries.current_code(session, code) is None
            ):
                yield ContentFault(field_name, "unknown_code", {"value": code[:40]})
            elif abroad:
                yield ContentFault(field_name, "commune_abroad", {"value": code})
    if content.departement and place_queries.departement(session, content.departement) is None:
        yield ContentFault("departement", "unknown_code", {"value": content.departement[:40]})
    if content.region and place_queries.region(session, content.region) is None:
        yield ContentFault("region", "unknown_code", {"value": content.region[:40]})


def _length_faults(content: Content) -> Iterator[ContentFault]:
    if not _LANGUAGE.fullmatch(content.language):
        yield ContentFault("language", "unknown_code", {"value": content.language[:40]})
    text_fields = ("title", "summary", "precision_note", "place_label", "actor_text")
    for field_name in (*text_fields, "steps_taken", "amount"):
        yield from _text_length_faults(field_name, getattr(content, field_name), TEXT_LIMIT)
    yield from _text_length_faults("narrative", content.narrative, NARRATIVE_LIMIT)
    for field_name in ("outlets", "sources", "proceedings", "linked_communes", "links"):
        elements = getattr(content, field_name)
        if len(elements) > LIST_LIMIT:
            yield ContentFault(field_name, "too_many", {"limit": LIST_LIMIT})
        if len(set(elements)) != len(elements):
            yield ContentFault(field_name, "twice")
    for outlet in content.outlets:
        yield from _text_length_faults("outlets", outlet, 200)


def _text_length_faults(field_name: str, field_text: str, limit: int) -> Iterator[ContentFault]:
    if len(field_text) > limit:
        yield ContentFault(field_name, "too_long", {"limit": limit, "length": len(field_text)})


def _source_faults(vocabulary: Vocabulary, source: SourceContent) -> Iterator[ContentFault]:
    yield from _code_faults(vocabulary, "source", "sources.kind", source.kind)
    yield from url_faults("sources.url", source.url, is_required=True)
    yield from url_faults("sources.archived_url", source.archived_url)
    for name in ("label", "title", "publisher"):
        yield from _text_length_faults("sources", getattr(source, name), TEXT_LIMIT)
    yield from _date_faults("sources.published_on", source.published_on)
    yield from _date_faults("sources.checked_on", source.checked_on)


def _proceeding_faults(
    vocabulary: Vocabulary, proceeding: ProceedingContent
) -> Iterator[ContentFault]:
    if not proceeding.direction:
        yield ContentFault("proceedings.direction", "missing")
    for list_name, field_name, code in (
        ("sens", "direction", proceeding.direction),
        ("nature", "nature", proceeding.nature),
        ("acteur", "plaintiff", proceeding.plaintiff),
        ("issue", "outcome", proceeding.outcome),
    ):
        yield from _code_faults(vocabulary, list_name, f"proceedings.{field_name}", code)
    yield from _date_faults("proceedings.outcome_date", proceeding.outcome_date, or_unknown=True)
    if proceeding.appeal not in APPEAL_STATES:
        yield ContentFault("proceedings.appeal", "unknown_code", {"value": proceeding.appeal[:40]})
    for name in ("court", "docket", "legal_basis", "amount"):
        yield from _text_length_faults("proceedings", getattr(proceeding, name), TEXT_LIMIT)
    if len(proceeding.steps) > LIST_LIMIT:
        yield ContentFault("proceedings.steps", "too_many", {"limit": LIST_LIMIT})
    for step in proceeding.steps:
        yield from _code_faults(vocabulary, "etape", "proceedings.steps", step.step or "?")
        yield from _code_faults(vocabulary, "issue", "proceedings.steps", step.outcome)
        yield from _date_faults("proceedings.steps", step.date)
        yield from _text_length_faults("proceedings.steps", step.note, TEXT_LIMIT)
        yield from url_faults("proceedings.steps", step.source_url)


def _request_faults(vocabulary: Vocabulary, request: RequestContent) -> Iterator[ContentFault]:
    for field_name in ("asked_on", "refused_on", "cada_registered_on", "cada_opinion_on"):
        yield from _date_faults(f"request.{field_name}", getattr(request, field_name))
    if request.refusal not in REFUSAL_KINDS:
        yield ContentFault("request.refusal", "unknown_code", {"value": request.refusal[:40]})
    yield from _code_faults(vocabulary, "issue", "request.outcome", request.outcome)
    for field_name in ("asked", "asked_of", "cada_number", "opinion"):
        yield from _text_length_faults(
            f"request.{field_name}", getattr(request, field_name), TEXT_LIMIT
        )
