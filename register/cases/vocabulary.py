"""The register's vocabularies: rows loaded from one data file, read once a version.

A word that leaves the file is retired, not deleted: cases that carry it still have to be shown.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.models import Term
from register.territory.models import Dataset
from register.text.dates import Language

LANGUAGES: tuple[Language, ...] = ("fr", "en")
FILE = Path(__file__).with_name("vocabulary.toml")
DATASET = "vocabulary"
LISTS = (
    "famille",
    "type",
    "cible",
    "acteur",
    "niveau",
    "preuve",
    "sens",
    "nature",
    "issue",
    "etape",
    "source",
    "refus",
    "restriction",
)
_COLUMNS = ("code", "fr", "en", "definition_fr", "definition_en")


@dataclass(frozen=True)
class Word:
    """One entry of a vocabulary in one language, as the pages and rules use it."""

    code: str
    label: str
    definition: str
    retired: bool
    extra: Mapping[str, Any]


@dataclass(frozen=True)
class Book:
    """All vocabularies of one version in one language: list → code → word, in their order."""

    version: str
    language: Language
    lists: Mapping[str, Mapping[str, Word]]
    # Families of types, and the outcomes that only a court can give.
    family_of: Mapping[str, str] = field(default_factory=dict)
    court_outcomes: frozenset[str] = frozenset()

    def knows(self, name: str, code: str) -> bool:
        """Whether a code may be given to a case today."""
        word = self.lists[name].get(code)
        return word is not None and not word.retired

    def has(self, name: str, code: str) -> bool:
        """Whether a code exists, retired or not: cases that carry it are still found by it."""
        return code in self.lists[name]

    def word(self, name: str, code: str) -> Word | None:
        """The word behind a code, retired or not."""
        return self.lists[name].get(code)

    def label(self, name: str, code: str) -> str:
        """The label, or the code itself for one that is not in the book."""
        word = self.lists[name].get(code)
        return word.label if word else code

    def types_of(self, families: Iterable[str]) -> list[str]:
        """The codes of every type in these families."""
        wanted = set(families)
        return [code for code, family in self.family_of.items() if family in wanted]


# Of one version at a time: tests open many registers, a site has one.
_books: dict[str, dict[Language, Book]] = {}


def book(session: Session) -> Book:
    """The vocabularies of the database in French, read once for each version of them."""
    known = session.info.get(DATASET)
    if known is None:
        known = session.info[DATASET] = _current(session)
    return cast(Book, known)


_VERSION = select(Dataset.__table__.c.version).where(Dataset.__table__.c.name == DATASET)


def _current(session: Session) -> Book:
    return of_version(session, session.scalar(_VERSION) or "")


def of_version(session: Session, version: str, language: Language = "fr") -> Book:
    """The vocabularies of a version that is known to be the present one."""
    known = _books.get(version)
    if known is None:
        known = _read(session, version)
        _books.clear()
        _books[version] = known
    return known[language]


def load(session: Session, at: datetime, source: Path = FILE) -> bool:
    """Bring the rows in line with the data file; False when they are already."""
    data = source.read_bytes()
    version = hashlib.sha256(data).hexdigest()[:16]
    known = session.get(Dataset, DATASET)
    if known is not None and known.version == version:
        return False
    content = tomllib.loads(data.decode("utf-8"))
    rows = {(term.list, term.code): term for term in session.scalars(select(Term))}
    for name in LISTS:
        for position, entry in enumerate(content[name]):
            term = rows.pop((name, entry["code"]), None) or Term(list=name, code=entry["code"])
            _fill(term, entry, position)
            session.add(term)
    for gone in rows.values():
        gone.retired_at = gone.retired_at or at
    if known is None:
        session.add(Dataset(name=DATASET, version=version, loaded_at=at))
    else:
        known.version, known.loaded_at = version, at
    session.flush()
    session.info.pop(DATASET, None)
    return True


def source_kinds(source: Path = FILE) -> Mapping[str, str]:
    """The import file's free words for a kind of source → our kind (folded words)."""
    content = tomllib.loads(source.read_text(encoding="utf-8"))
    return MappingProxyType(content["source_map"])


def _fill(term: Term, entry: Mapping[str, Any], position: int) -> None:
    # A row may carry the day from which its word is no longer given.
    day: date | None = entry.get("retired_at")
    term.position = position
    term.retired_at = datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
    for column in _COLUMNS:
        setattr(term, column, entry[column])
    rest = {key: entry[key] for key in entry if key not in (*_COLUMNS, "retired_at")}
    term.extra = json.dumps(rest, sort_keys=True, ensure_ascii=False)


def _read(session: Session, version: str) -> dict[Language, Book]:
    terms = session.scalars(select(Term).order_by(Term.list, Term.position)).all()
    return {language: _book(terms, version, language) for language in LANGUAGES}


def _book(terms: Iterable[Term], version: str, language: Language) -> Book:
    lists: dict[str, dict[str, Word]] = {name: {} for name in LISTS}
    for term in terms:
        lists[term.list][term.code] = Word(
            code=term.code,
            label=getattr(term, language),
            definition=getattr(term, f"definition_{language}"),
            retired=term.retired_at is not None,
            extra=MappingProxyType(_in_language(json.loads(term.extra), language)),
        )
    return Book(
        version=version,
        language=language,
        lists=lists,
        family_of={code: word.extra["famille"] for code, word in lists["type"].items()},
        court_outcomes=frozenset(
            code for code, word in lists["issue"].items() if word.extra.get("court")
        ),
    )


def _in_language(row: Mapping[str, Any], language: Language) -> dict[str, Any]:
    """A row of a data file without its other languages: ``act_fr`` and ``act_en`` are ``act``."""
    told = {}
    for key, value in row.items():
        name, _, tongue = key.rpartition("_")
        if tongue not in LANGUAGES:
            told[key] = value
        elif tongue == language:
            told[name] = value
    return told
