"""Whether a case's content can be kept at all: known codes, possible dates, bounded texts.

What may be kept is not yet what may be published: that is the checklist's question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as default
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_content import Content, ProceedingContent
from register.cases.models import Incident
from register.cases.vocabulary import Book
from register.errors import Invalid
from register.territory import places
from register.text import dates
from register.text.countries import is_country
from register.text.errors import TextError

UNKNOWN = "inconnue"  # a date or court that is said to be unknown, in words
TEXT_LIMIT = 2_000
NARRATIVE_LIMIT = 50_000
LIST_LIMIT = 40
TYPES_LIMIT = 3
NUMBER_LIMIT = 10**9
URL_LIMIT = 2_000
APPEAL = ("", "oui", "non", "inconnu")
REFUSAL = ("", "explicite", "implicite")
# ISO 639, as in the HTML attribute ``lang``.
_LANGUAGE = re.compile(r"[a-z]{2,3}")
LINKS = ("meme_affaire", "fait_suite", "voir_aussi")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field: ``key`` says why, ``values`` what was found."""

    field: str
    key: str
    values: dict[str, object] = default(default_factory=dict, hash=False)


def require(session: Session, book: Book, content: Content, before: Content | None = None) -> None:
    """Let content pass that can be kept.

    :param before: what the case holds now. Its words stay allowed when they are retired: else a
        court's order could not be carried out on an old case.
    :raises Invalid: ``content``, with ``faults``: a list of :class:`Fault`.
    """
    kept = set(_words(before)) if before is not None else set()
    faults = [
        fault
        for fault in check(session, book, content)
        if fault.key != "unknown_code" or (fault.field, fault.values["value"]) not in kept
    ]
    if faults:
        raise Invalid("content", faults=faults)


def _words(content: Content) -> Iterator[tuple[str, str]]:
    """Every vocabulary code of a case, with the field that a fault in it would name."""
    yield from ((name, getattr(content, name)) for name in _FIELDS.values())
    yield from (("types", code) for code in content.types)
    yield from (("sources.kind", source.kind) for source in content.sources)
    for row in content.proceedings:
        for name in ("direction", "nature", "plaintiff", "outcome"):
            yield f"proceedings.{name}", getattr(row, name)
        for step in row.steps:
            yield from (("proceedings.steps", step.step), ("proceedings.steps", step.outcome))
    if content.request is not None:
        yield "request.outcome", content.request.outcome


def check(session: Session, book: Book, content: Content) -> Iterator[Fault]:
    """Every fault of a case's content, field by field."""
    yield from _codes(book, content)
    yield from _dates(content)
    yield from _places(session, content)
    yield from _lengths(content)
    for source in content.sources:
        yield from _code(book, "source", "sources.kind", source.kind)
        yield from url_faults("sources.url", source.url, needed=True)
        yield from url_faults("sources.archived_url", source.archived_url)
        for text in (source.label, source.title, source.publisher):
            yield from _length("sources", text, TEXT_LIMIT)
        yield from _date("sources.published_on", source.published_on)
        yield from _date("sources.checked_on", source.checked_on)
    for row in content.proceedings:
        yield from _proceeding(book, row)
    yield from _request(book, content)
    yield from _links(session, content)


def _codes(book: Book, content: Content) -> Iterator[Fault]:
    for name, code in (
        ("niveau", content.level),
        ("acteur", content.actor),
        ("cible", content.target),
        ("preuve", content.evidence),
        ("issue", content.outcome),
    ):
        yield from _code(book, name, _FIELDS[name], code)
    for code in content.types:
        yield from _code(book, "type", "types", code or "?")
    if len(set(content.types)) != len(content.types):
        yield Fault("types", "twice")
    if len(content.types) > TYPES_LIMIT:
        yield Fault("types", "too_many", {"limit": TYPES_LIMIT})


_FIELDS = {
    "niveau": "level",
    "acteur": "actor",
    "cible": "target",
    "preuve": "evidence",
    "issue": "outcome",
}


def _code(book: Book, name: str, where: str, code: str) -> Iterator[Fault]:
    if code and not book.knows(name, code):
        yield Fault(where, "unknown_code", {"value": code[:40]})


def _dates(content: Content) -> Iterator[Fault]:
    faults = [*_date("date", content.date), *_date("end_date", content.end_date)]
    yield from faults
    if not faults and content.date and content.end_date:
        first, last = dates.parse(content.date).first, dates.parse(content.end_date).last
        if last < first:
            yield Fault("end_date", "ends_before", {"value": content.end_date})


def _date(where: str, text: str, *, or_unknown: bool = False) -> Iterator[Fault]:
    if not text or (or_unknown and text == UNKNOWN):
        return
    try:
        dates.parse(text)
    except TextError as error:
        yield Fault(where, error.key, {"value": text[:40]})


def _places(session: Session, content: Content) -> Iterator[Fault]:
    if not is_country(content.country):
        yield Fault("country", "unknown_code", {"value": content.country[:40]})
    abroad = content.country != "FR"
    for where, codes in (
        ("commune", (content.commune,) if content.commune else ()),
        ("linked_communes", content.linked_communes),
    ):
        for code in codes:
            if not places.is_commune_code(code) or places.current_code(session, code) is None:
                yield Fault(where, "unknown_code", {"value": code[:40]})
            elif abroad:
                yield Fault(where, "commune_abroad", {"value": code})
    if content.departement and places.departement(session, content.departement) is None:
        yield Fault("departement", "unknown_code", {"value": content.departement[:40]})
    if content.region and places.region(session, content.region) is None:
        yield Fault("region", "unknown_code", {"value": content.region[:40]})


def _lengths(content: Content) -> Iterator[Fault]:
    if not _LANGUAGE.fullmatch(content.language):
        yield Fault("language", "unknown_code", {"value": content.language[:40]})
    for where in ("title", "summary", "precision_note", "place_label", "actor_text"):
        yield from _length(where, getattr(content, where), TEXT_LIMIT)
    yield from _length("steps_taken", content.steps_taken, TEXT_LIMIT)
    yield from _length("amount", content.amount, TEXT_LIMIT)
    yield from _length("narrative", content.narrative, NARRATIVE_LIMIT)
    for where in ("outlets", "sources", "proceedings", "linked_communes", "links"):
        values = getattr(content, where)
        if len(values) > LIST_LIMIT:
            yield Fault(where, "too_many", {"limit": LIST_LIMIT})
        if len(set(values)) != len(values):
            yield Fault(where, "twice")
    for name in content.outlets:
        yield from _length("outlets", name, 200)


def _length(where: str, text: str, limit: int) -> Iterator[Fault]:
    if len(text) > limit:
        yield Fault(where, "too_long", {"limit": limit, "length": len(text)})


def url_faults(where: str, url: str, *, needed: bool = False) -> Iterator[Fault]:
    if not url:
        if needed:
            yield Fault(where, "missing")
        return
    yield from _length(where, url, URL_LIMIT)
    try:
        parts = urlsplit(url)
        well = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        well = False
    if not well:
        # Never a javascript: or data: address in a public link.
        yield Fault(where, "url", {"value": url[:80]})


def _proceeding(book: Book, row: ProceedingContent) -> Iterator[Fault]:
    if not row.direction:
        yield Fault("proceedings.direction", "missing")
    for name, where, code in (
        ("sens", "direction", row.direction),
        ("nature", "nature", row.nature),
        ("acteur", "plaintiff", row.plaintiff),
        ("issue", "outcome", row.outcome),
    ):
        yield from _code(book, name, f"proceedings.{where}", code)
    yield from _date("proceedings.outcome_date", row.outcome_date, or_unknown=True)
    if row.appeal not in APPEAL:
        yield Fault("proceedings.appeal", "unknown_code", {"value": row.appeal[:40]})
    for text in (row.court, row.docket, row.legal_basis, row.amount):
        yield from _length("proceedings", text, TEXT_LIMIT)
    if len(row.steps) > LIST_LIMIT:
        yield Fault("proceedings.steps", "too_many", {"limit": LIST_LIMIT})
    for step in row.steps:
        yield from _code(book, "etape", "proceedings.steps", step.step or "?")
        yield from _code(book, "issue", "proceedings.steps", step.outcome)
        yield from _date("proceedings.steps", step.date)
        yield from _length("proceedings.steps", step.note, TEXT_LIMIT)
        yield from url_faults("proceedings.steps", step.source_url)


def _request(book: Book, content: Content) -> Iterator[Fault]:
    request = content.request
    if request is None:
        return
    for where in ("asked_on", "refused_on", "cada_registered_on", "cada_opinion_on"):
        yield from _date(f"request.{where}", getattr(request, where))
    if request.refusal not in REFUSAL:
        yield Fault("request.refusal", "unknown_code", {"value": request.refusal[:40]})
    yield from _code(book, "issue", "request.outcome", request.outcome)
    for where in ("asked", "asked_of", "cada_number", "opinion"):
        yield from _length(f"request.{where}", getattr(request, where), TEXT_LIMIT)


def _links(session: Session, content: Content) -> Iterator[Fault]:
    for link in content.links:
        if link.kind not in LINKS:
            yield Fault("links", "unknown_code", {"value": link.kind[:40]})
        # A larger number is none of ours, and more than SQLite can be asked for.
        known = select(Incident.id).where(Incident.number == min(link.number, NUMBER_LIMIT))
        if session.scalar(known) is None:
            yield Fault("links", "no_such_case", {"value": link.number})
