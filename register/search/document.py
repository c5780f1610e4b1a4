"""The document of a public case: everything a reader may look for, and nothing else.

Made of the revision that readers are shown, never of the desk's rows. Addresses of sources, notes
and reasons are in none of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_content import Snapshot, opened
from register.cases.core_tables import CASE, REVISION
from register.cases.models import State
from register.cases.vocabulary import Book
from register.search import analyzer, place_terms
from register.search.place_terms import Toponyms
from register.search.query_model import CODE, Document
from register.text.countries import country_name
from register.text.fold import fold

# Whoever changes what a document holds changes this too: indexes are then made anew.
VERSION = 1

# An address in a text is where to read, not what is said; its words would find every case that
# cites the same newspaper.
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_UNSPELT = re.compile(r"[\W_]+")
_BLOCK = re.compile(r"<(?:/?(?:p|li|ul|ol|h[1-6]|blockquote|pre)|br)\b")
# Twenty communes are a case of a whole country; the rest of them is found by filter.
_LINKED_LIMIT = 20


def documents(session: Session, numbers: Sequence[int], book: Book) -> list[Document]:
    """The documents of those among some cases that are public, in no order."""
    rows = session.execute(
        select(CASE.c.number, REVISION.c.content, REVISION.c.html)
        .join(REVISION, REVISION.c.id == CASE.c.revision_id)
        .where(CASE.c.state == State.PUBLISHED, CASE.c.number.in_(numbers))
    ).all()
    return of_snapshots(session, {row.number: opened(row.content, row.html) for row in rows}, book)


def of_snapshots(session: Session, cases: Mapping[int, Snapshot], book: Book) -> list[Document]:
    """The documents of some cases as they were kept, under the numbers that they are given."""
    filed = {code for case in cases.values() for code in _communes(case.content)}
    named = place_terms.of(session, filed)
    return [
        document(number, case, book, named, _around(session, case.content))
        for number, case in cases.items()
    ]


def document(
    number: int,
    case: Snapshot,
    book: Book,
    named: Mapping[str, Toponyms],
    around: Sequence[str] = (),
) -> Document:
    """The document of one case.

    :param named: the names of its communes, by the codes it has them under.
    :param around: the names of its département and région, when it names them without a commune.
    """
    content = case.content
    strong = [*_strong(content, named)]
    weak = [*_weak(content, case.html, named, around), *_labels(content, book)]
    spelt = [analyzer.forms(text) for text in strong]
    others = [analyzer.forms(_ADDRESS.sub(" ", text)) for text in weak]
    codes = tuple((CODE + code,) for code in _codes(content, named))
    strong_forms = frozenset(form for field in spelt for form in field)
    return Document(
        number=number,
        strong=(*_tokens(spelt), *codes),
        weak=_tokens(others),
        forms=strong_forms.union(*others),
        strong_forms=strong_forms,
    )


def _tokens(fields: Iterable[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """The fields as tokens, each once: a label may say what the title says."""
    told = (tuple(map(analyzer.token_of, field)) for field in fields if field)
    return tuple(dict.fromkeys(told))


def _communes(content: Mapping[str, Any]) -> list[str]:
    own = [content["commune"]] if content["commune"] else []
    return [*own, *content["linked_communes"][:_LINKED_LIMIT]]


def _around(session: Session, content: Mapping[str, Any]) -> Sequence[str]:
    if not (content["departement"] or content["region"]):
        return ()
    return place_terms.area(session, content["departement"], content["region"])


def _strong(content: Mapping[str, Any], named: Mapping[str, Toponyms]) -> Iterator[str]:
    """What says at first sight which case it is: title, outlets, place."""
    yield content["title"]
    for outlet in content["outlets"]:
        yield outlet
        # "La Voix du Nord" is also looked for as its address has it.
        yield _UNSPELT.sub("", fold(outlet))
    yield content["place_label"]
    if place := named.get(content["commune"]):
        yield from place.names
        yield from place.codes


def _codes(content: Mapping[str, Any], named: Mapping[str, Toponyms]) -> Iterator[str]:
    """The codes that a word of a search may stand for."""
    if content["date"]:
        yield f"an:{content['date'][:4]}"
    places = (named[code].departement for code in _communes(content) if code in named)
    for departement in dict.fromkeys((content["departement"], *places)):
        if departement:
            yield f"dep:{departement}"
    for direction in dict.fromkeys(row["direction"] for row in content["proceedings"]):
        yield f"sens:{direction}"


def _weak(
    content: Mapping[str, Any],
    html: Mapping[str, Any],
    named: Mapping[str, Toponyms],
    around: Sequence[str],
) -> Iterator[str]:
    """The rest of what a reader can read on the page of the case."""
    for name in ("summary", "actor_text", "steps_taken", "precision_note", "amount"):
        yield content[name]
    yield _read(html.get("narrative", ""))
    yield from around
    if content["country"] != "FR":
        yield country_name(content["country"])
    for place, code in enumerate(_communes(content)):
        if here := named.get(code):
            # What belongs to the commune of the authority stands among the strong fields.
            yield from (
                here.others
                if place == 0 and content["commune"]
                else (
                    *here.names,
                    *here.others,
                )
            )
    for row in content["proceedings"]:
        for name in ("court", "docket", "legal_basis", "amount"):
            yield row[name]
        for step in row["steps"]:
            yield step["note"]
    yield from _request(content["request"])
    for row, text in zip(content["follow_ups"], html.get("follow_ups", ()), strict=False):
        yield row["title"]
        yield _read(text)
    for row in content["replies"]:
        yield row["author"]
        yield row["capacity"]
        yield row["text"]


def _request(asked: Mapping[str, Any] | None) -> Iterator[str]:
    if asked is not None:
        for name in ("asked", "asked_of", "cada_number"):
            yield asked[name]
        # The page says "avis CADA"; the columns hold only its number and what it was.
        if asked["cada_number"] or asked["cada_opinion_on"] or asked["opinion"]:
            yield "CADA"


def _labels(content: Mapping[str, Any], book: Book) -> Iterator[str]:
    """The words of the case's codes, for whoever looks for "relaxe" or "interdiction de filmer".

    Not the families': one of them says "menaces" of every case of the courts.
    """
    told = [("type", code) for code in content["types"]]
    told += [
        ("cible", content["target"]),
        ("acteur", content["actor"]),
        ("niveau", content["level"]),
        ("preuve", content["evidence"]),
        ("issue", content["outcome"]),
    ]
    for row in content["proceedings"]:
        told += [
            ("sens", row["direction"]),
            ("nature", row["nature"]),
            ("acteur", row["plaintiff"]),
            ("issue", row["outcome"]),
        ]
        for step in row["steps"]:
            told += [("etape", step["step"]), ("issue", step["outcome"])]
    for name, code in dict.fromkeys(told):
        if code:
            yield book.label(name, code)


def _read(html: str) -> str:
    """The text that a reader sees of a rendered fragment; the addresses of its links are gone."""
    # Without a space, the last word of a paragraph and the first of the next would be one.
    marked = Markup(_BLOCK.sub(r" \g<0>", html))  # noqa: S704 # stored clean, and read as text
    return str(marked.striptags())
