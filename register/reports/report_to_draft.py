"""Pure: what of a report becomes which field of a draft.

A draft begins with facts that can be looked up: where, when, what kind, who. No word that the
reporter wrote is copied: it would stand in clear in the draft and its revisions, and outlive the
report. Words are read beside the draft, and what is published is written by a moderator.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from register.cases import default_title
from register.cases.case_content import Content, ProceedingContent, SourceContent
from register.cases.validation import TYPES_LIMIT, Fault, url_faults
from register.cases.vocabulary import Book
from register.reports.report_content import Sent
from register.text import dates
from register.text.errors import TextError

# Who reports that nobody began proceedings.
NOBODY = "aucune"


@dataclass(frozen=True)
class Where:
    """What a report's place was read as: a kind and a code that the territory knows."""

    kind: str
    code: str
    name: str


@dataclass(frozen=True)
class Part:
    """What one tick takes over: fields of a draft, and what of them has to stay behind.

    ``told`` are the fields of the report that it is made of. A part that takes nothing over is
    there all the same, so that everything that was reported is before who decides. ``words``: the
    reporter's own words, which are never copied.
    """

    name: str
    told: tuple[str, ...]
    changes: Mapping[str, Any] = field(default_factory=dict)
    left: Sequence[Fault] = ()
    ticked: bool = False
    words: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to take over."""
        return not self.changes


def parts(sent: Sent, book: Book, where: Where | None) -> list[Part]:
    """What a report can give to a draft, in the order of the editor.

    :param where: what its place stands for; None for one that is in no list.
    """
    every = _parts(sent, book, where)
    return [part for part in every if any(getattr(sent, name) for name in part.told)]


def _parts(sent: Sent, book: Book, where: Where | None) -> Iterator[Part]:
    yield _place(sent, where)
    yield _date(sent)
    yield _types(sent, book)
    yield _code(book, "actor", "acteur", sent.actor)
    yield _code(book, "target", "cible", sent.target)
    yield _links(sent.links)
    yield Part("actor_text", ("actor_text",), words=True)
    yield Part("target_text", ("target_text",), words=True)
    yield _began(book, sent.began)
    yield Part("account", ("account",), words=True)


def _said(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in changes.items() if value}


def _place(sent: Sent, where: Where | None) -> Part:
    told = ("place", "place_code")
    if where is not None:
        return Part("place", told, {where.kind: where.code}, ticked=True)
    if sent.place_code:
        left = [Fault("place_label", "unknown_code", {"value": sent.place_code})]
        return Part("place", told, left=left, ticked=True)
    return Part("place", told, words=True)


def _date(sent: Sent) -> Part:
    told = ("when", "date")
    try:
        read = dates.parse(sent.date).edtf if sent.date else ""
    except TextError as error:
        return Part("date", told, left=[Fault("date", error.key, {"value": sent.date})])
    left = [] if read or not sent.when else [Fault("date", "typed_date")]
    return Part("date", told, _said(date=read), left, ticked=True)


def _types(sent: Sent, book: Book) -> Part:
    given = list(dict.fromkeys(sent.types))
    known = [code for code in given if book.knows("type", code)]
    left = [Fault("types", "unknown_code", {"value": code}) for code in given if code not in known]
    if len(known) > TYPES_LIMIT:
        left.append(Fault("types", "too_many", {"limit": TYPES_LIMIT}))
    taken = tuple(known[:TYPES_LIMIT])
    return Part("types", ("types",), _said(types=taken), left, ticked=True)


def _code(book: Book, name: str, vocabulary: str, code: str) -> Part:
    if code and not book.knows(vocabulary, code):
        return Part(name, (name,), left=[Fault(name, "unknown_code", {"value": code})])
    return Part(name, (name,), _said(**{name: code}), ticked=True)


def _links(links: Iterable[str]) -> Part:
    good, left = [], []
    for url in dict.fromkeys(links):
        faults = list(url_faults("sources.url", url, needed=True))
        left += [Fault("sources.url", one.key, {**one.values, "value": url}) for one in faults]
        if not faults:
            good.append(SourceContent(url=url))
    return Part("links", ("links",), _said(sources=tuple(good)), left, ticked=True)


def _began(book: Book, direction: str) -> Part:
    told = ("began",)
    if direction in ("", NOBODY):
        return Part("began", told)
    if not book.knows("sens", direction):
        fault = Fault("proceedings.direction", "unknown_code", {"value": direction})
        return Part("began", told, left=[fault])
    return Part("began", told, {"proceedings": (ProceedingContent(direction=direction),)})


def content(
    found: Iterable[Part], taken: Collection[str], book: Book, where: Where | None = None
) -> Content:
    """The content of a draft that takes some parts over.

    :param taken: the names of the parts.
    :param where: as in :func:`parts`; its name goes into the title.
    """
    changes: dict[str, Any] = {}
    for part in found:
        if part.name in taken:
            changes |= part.changes
    named = where.name if where and where.kind in changes else ""
    title = default_title.made(changes.get("types", ()), named, changes.get("date", ""), book)
    return Content(title=title, **changes)
