"""A case as its page tells it: the snapshot's codes in words, and who acts against whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from register.cases import queries
from register.cases.queries import Case, Listed
from register.cases.vocabulary import Book, Word
from register.territory.web import place_names
from register.territory.web.place_names import Whereabouts


@dataclass(frozen=True)
class Acting:
    """One line of "who acts against whom", which reads as a sentence.

    ``proceeding`` is None for the act itself; a party is empty when nobody tells who it is.
    """

    by: str
    verb: str
    against: str
    proceeding: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class File:
    """What the page needs beside the snapshot itself."""

    place: Whereabouts | None
    linked: Sequence[Whereabouts]
    departement: str
    region: str
    actings: Sequence[Acting]
    near: Sequence[Listed]
    titles: Mapping[int, str] = field(default_factory=dict)

    @property
    def proceedings(self) -> int:
        """How many proceedings there are."""
        return sum(acting.proceeding is not None for acting in self.actings)


def open_file(session: Session, case: Case, book: Book) -> File:
    """Look up what stands around a case."""
    content = case.snapshot.content
    filed = content["commune"]
    place = place_names.of_commune(filed) if filed else None
    linked = [place_names.of_commune(code) for code in content["linked_communes"]]
    cited = queries.listed(session, [link["number"] for link in content["links"]])
    return File(
        place=place,
        linked=[found for found in linked if found],
        departement=_named("departement", content["departement"]),
        region=_named("region", content["region"]),
        actings=actings(content, book, place.commune.name if place else ""),
        near=queries.near(session, place.commune.code, case.number) if place else (),
        titles={number: other.title for number, other in cited.items()},
    )


def actings(content: Mapping[str, Any], book: Book, place: str) -> list[Acting]:
    """The acts reported, then each proceeding: "Puteaux lost two suits" is one suit of each.

    :param place: the name of the authority's commune, if there is one.
    """
    authority = _authority(content, book, place)
    target = _target(content, book)
    sued = any(row["direction"] == "contre_cible" for row in content["proceedings"])
    lines = [
        Acting(authority, _verb(book, code), target)
        for code in content["types"]
        # The suit itself comes with its court and outcome, further down.
        if not (sued and book.family_of.get(code) == "justice")
    ]
    for row in content["proceedings"]:
        by, against = _parties(row, book, content["actor"], authority, target)
        lines.append(Acting(by, _pursuit(row, content, book), against, row))
    return lines


def _parties(
    row: Mapping[str, Any], book: Book, actor: str, authority: str, target: str
) -> tuple[str, str]:
    """Who acts and against whom; a plaintiff in the same role as the actor is the actor."""
    plaintiff = _with_article(book, "acteur", row["plaintiff"])
    if row["direction"] == "contre_cible":
        other = row["plaintiff"] not in ("", actor)
        return plaintiff if other else authority, target
    if row["direction"] == "tiers":
        return plaintiff, ""
    return target, authority


def _verb(book: Book, code: str) -> str:
    word = book.word("type", code)
    return _linked(word.extra["act"], word) if word else code


def _linked(told: str, word: Word) -> str:
    """A verb with what joins it to whom it aims at."""
    return f"{told} {word.extra['link']}".strip()


def _pursuit(row: Mapping[str, Any], content: Mapping[str, Any], book: Book) -> str:
    """The verb of a proceeding; against the target, the type may say it more exactly."""
    word = book.word("sens", row["direction"])
    if word is None:
        return str(row["direction"])
    verb = str(word.extra["verb"])
    if row["direction"] != "contre_cible":
        return _linked(verb, word)
    # "poursuit en diffamation" says the same as "poursuit" and more; two such types leave open
    # which of them this proceeding is.
    exact = [told for code in content["types"] if (told := _verb(book, code)).startswith(verb)]
    return exact[0] if len(exact) == 1 else _linked(verb, word)


def _authority(content: Mapping[str, Any], book: Book, place: str) -> str:
    role = _with_article(book, "acteur", content["actor"])
    return f"{role} ({place})" if place and role else role or place


def _target(content: Mapping[str, Any], book: Book) -> str:
    role = _with_article(book, "cible", content["target"])
    outlets = ", ".join(content["outlets"])
    return f"{role} ({outlets})" if outlets and role else role or outlets


def _with_article(book: Book, name: str, code: str) -> str:
    word = book.word(name, code)
    return str(word.extra["with_article"]) if word else code


def _named(kind: str, code: str) -> str:
    return place_names.name_of(kind, code) if code else ""
