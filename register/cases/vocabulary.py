"""The register's vocabularies: rows loaded from one data file, cached for each version.

A word that leaves the file is retired, not deleted: cases that use it still have to be shown.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from register.db import Base, UTCDateTime
from register.errors import TextError
from register.text import dates
from register.text.dates import Language

LANGUAGES: tuple[Language, ...] = ("fr", "en")
VOCABULARY_FILE = Path(__file__).with_name("vocabulary.toml")
DATASET = "vocabulary"
LIST_NAMES = (
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


class Dataset(Base):
    """The version of a data set that the tables hold or are made with."""

    __tablename__ = "dataset"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(32))
    loaded_at: Mapped[datetime] = mapped_column(UTCDateTime)


class VocabularyEntry(Base):
    """One word of a vocabulary."""

    __tablename__ = "term"

    list: Mapped[str] = mapped_column(String(16), primary_key=True)
    code: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int]
    fr: Mapped[str] = mapped_column(Text)
    en: Mapped[str] = mapped_column(Text)
    definition_fr: Mapped[str] = mapped_column(Text)
    definition_en: Mapped[str] = mapped_column(Text)
    # Fields that only some lists have (family, letter, verb), as JSON.
    extra: Mapped[str] = mapped_column(Text, default="{}")
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)


@dataclass(frozen=True)
class VocabularyWord:
    """One entry of a vocabulary in one language."""

    code: str
    label: str
    definition: str
    retired: bool
    extra: Mapping[str, Any]


@dataclass(frozen=True)
class Vocabulary:
    """All vocabularies of one version in one language: list → code → word, in their order."""

    version: str
    language: Language
    lists: Mapping[str, Mapping[str, VocabularyWord]]
    family_of: Mapping[str, str] = field(default_factory=dict)  # type → family
    court_outcomes: frozenset[str] = frozenset()  # outcomes that only a court can give

    def accepts(self, name: str, code: str) -> bool:
        """Whether a code exists and is not retired."""
        word = self.lists[name].get(code)
        return word is not None and not word.retired

    def has(self, name: str, code: str) -> bool:
        """Whether a code exists, retired or not: cases that have it can still be searched by it."""
        return code in self.lists[name]

    def word(self, name: str, code: str) -> VocabularyWord | None:
        """The word of a code, retired or not."""
        return self.lists[name].get(code)

    def label(self, name: str, code: str) -> str:
        """The label, or the code itself for an unknown one."""
        word = self.lists[name].get(code)
        return word.label if word else code

    def types_of(self, family: str) -> list[str]:
        """The codes of every type of a family."""
        return [code for code, type_family in self.family_of.items() if type_family == family]


# Holds one version at a time: tests open many registers, a site has one.
_cached_vocabularies: dict[str, dict[Language, Vocabulary]] = {}
_VERSION_STMT = select(Dataset.__table__.c.version).where(Dataset.__table__.c.name == DATASET)


def current_vocabulary(session: Session) -> Vocabulary:
    """The vocabularies of the database in French, cached in the session."""
    cached = session.info.get(DATASET)
    if cached is None:
        version = session.scalar(_VERSION_STMT) or ""
        cached = session.info[DATASET] = vocabulary_at(session, version)
    return cast(Vocabulary, cached)


def vocabulary_at(session: Session, version: str, language: Language = "fr") -> Vocabulary:
    """The vocabularies of the database, whose current version is ``version``."""
    cached = _cached_vocabularies.get(version)
    if cached is None:
        entries = session.scalars(
            select(VocabularyEntry).order_by(VocabularyEntry.list, VocabularyEntry.position)
        ).all()
        cached = {name: _build_vocabulary(entries, version, name) for name in LANGUAGES}
        _cached_vocabularies.clear()
        _cached_vocabularies[version] = cached
    return cached[language]


def load_file(session: Session, at: datetime, source: Path = VOCABULARY_FILE) -> bool:
    """Make the rows say what the data file says; whether any row was another.

    Also when they have its version already: a row may have been changed by hand.
    """
    file_bytes = source.read_bytes()
    version = hashlib.sha256(file_bytes).hexdigest()[:16]
    dataset = session.get(Dataset, DATASET)
    content = _parse(file_bytes)
    existing_entries = {
        (vocabulary_entry.list, vocabulary_entry.code): vocabulary_entry
        for vocabulary_entry in session.scalars(select(VocabularyEntry))
    }
    for name in LIST_NAMES:
        for position, file_entry in enumerate(content[name]):
            vocabulary_entry = existing_entries.pop(
                (name, file_entry["code"]), None
            ) or VocabularyEntry(list=name, code=file_entry["code"])
            _fill_entry(vocabulary_entry, file_entry, position)
            session.add(vocabulary_entry)
    for retired_entry in existing_entries.values():
        retired_entry.retired_at = retired_entry.retired_at or at
    has_changes = bool(session.new) or any(map(session.is_modified, session.dirty))
    if dataset is None:
        session.add(Dataset(name=DATASET, version=version, loaded_at=at))
    elif dataset.version != version:
        dataset.version, dataset.loaded_at = version, at
    session.flush()
    session.info.pop(DATASET, None)
    return has_changes


@lru_cache(maxsize=1)
def _parse(file_bytes: bytes) -> dict[str, Any]:
    return tomllib.loads(file_bytes.decode("utf-8"))


def source_kinds() -> Mapping[str, str]:
    """The import file's free words for a kind of source → our kind (folded words)."""
    return MappingProxyType(_parse(VOCABULARY_FILE.read_bytes())["source_map"])


# List → code → fields of the word: labels, definitions, what else the file says, and whether it is
# retired.
Words = Mapping[str, Mapping[str, Mapping[str, Any]]]


def stored_words(session: Session) -> Words:
    """The words of the tables, also those that have left the file."""
    lists: dict[str, dict[str, Mapping[str, Any]]] = {name: {} for name in LIST_NAMES}
    for word in session.execute(select(VocabularyEntry.__table__)).mappings():
        fields = {column: word[column] for column in _COLUMNS if column != "code"}
        lists[word["list"]][word["code"]] = {
            **fields,
            **json.loads(word["extra"]),
            "retired": word["retired_at"] is not None,
        }
    return lists


def shipped_words() -> Words:
    """The words of the file that comes with the code."""
    content = _parse(VOCABULARY_FILE.read_bytes())
    return {
        name: {
            word["code"]: {
                **{key: field for key, field in word.items() if key not in ("code", "retired_at")},
                "retired": "retired_at" in word,
            }
            for word in content[name]
        }
        for name in LIST_NAMES
    }


def build_title(types: tuple[str, ...], place: str, date: str, vocabulary: Vocabulary) -> str:
    """The default title of a case: first type, place and date, as far as they are known.

    :param place: a name, in the form it has within a sentence.
    :param date: EDTF; an invalid date is left out, because its own field reports it.
    """
    label = vocabulary.label("type", types[0]) if types else ""
    try:
        date_words = dates.date_words(date) if date else ""
    except TextError:
        date_words = ""
    return ", ".join(part for part in (label, place, date_words) if part)


def _fill_entry(
    vocabulary_entry: VocabularyEntry, file_entry: Mapping[str, Any], position: int
) -> None:
    # The day from which the word is retired.
    day: date | None = file_entry.get("retired_at")
    vocabulary_entry.position = position
    vocabulary_entry.retired_at = (
        datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None
    )
    for column in _COLUMNS:
        setattr(vocabulary_entry, column, file_entry[column])
    extra = {key: file_entry[key] for key in file_entry if key not in (*_COLUMNS, "retired_at")}
    vocabulary_entry.extra = json.dumps(extra, sort_keys=True, ensure_ascii=False)


def _build_vocabulary(
    entries: Iterable[VocabularyEntry], version: str, language: Language
) -> Vocabulary:
    lists: dict[str, dict[str, VocabularyWord]] = {name: {} for name in LIST_NAMES}
    other_suffixes = tuple(f"_{other}" for other in LANGUAGES if other != language)
    for vocabulary_entry in entries:
        # ``act_fr`` or ``act_en`` becomes ``act``.
        extra = {
            key.removesuffix(f"_{language}"): extra_value
            for key, extra_value in json.loads(vocabulary_entry.extra).items()
            if not key.endswith(other_suffixes)
        }
        lists[vocabulary_entry.list][vocabulary_entry.code] = VocabularyWord(
            code=vocabulary_entry.code,
            label=getattr(vocabulary_entry, language),
            definition=getattr(vocabulary_entry, f"definition_{language}"),
            retired=vocabulary_entry.retired_at is not None,
            extra=MappingProxyType(extra),
        )
    return Vocabulary(
        version=version,
        language=language,
        lists=lists,
        family_of={code: word.extra["famille"] for code, word in lists["type"].items()},
        court_outcomes=frozenset(
            code for code, word in lists["issue"].items() if word.extra.get("court")
        ),
    )
