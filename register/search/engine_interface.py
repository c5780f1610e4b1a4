"""Interface of search engines, with the data classes of queries, documents and results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.config import POSTGRESQL, Settings


def open_search_engine(settings: Settings, database: Database) -> SearchEngine:
    """Search engine of the settings; imports only the libraries of this engine."""
    if settings.search == POSTGRESQL:
        from register.search.postgres import Postgres

        return Postgres(database)
    from register.search.whoosh import Whoosh

    return Whoosh(settings.instance / "index")


class IndexNotReady(Exception):
    """The index is missing, unreadable or of another version; the follower rebuilds it."""


class SearchEngine(Protocol):
    """Index of public cases, written by the elected follower only.

    :meth:`find`, :meth:`forms`, :meth:`cursor` and :meth:`stamp` raise no exception other than
    :class:`IndexNotReady`, whatever is wrong with the index.
    """

    name: str

    def find(self, session: Session, search_query: SearchQuery) -> IndexMatches:
        """All matching cases.

        :param session: the page's; used by an engine in the same database.
        :raises IndexNotReady: no usable index.
        """

    def forms(self, session: Session) -> Sequence[str]:
        """All forms in the index, sorted, as candidates for spelling suggestions.

        :raises IndexNotReady: no usable index.
        """

    def stamp(self) -> str:
        """Short string that changes whenever a result may change, at almost no cost.

        Empty without an index. A damaged index may still have its stamp, so a result that was
        made without an index must not be cached under it.
        """

    def cursor(self) -> Cursor | None:
        """Cursor of the index; None if there is no usable index."""

    def write(
        self, cursor: Cursor, documents: Iterable[Document], gone: Iterable[int], *, scrub: bool
    ) -> None:
        """Replace and remove documents and move the cursor, in one commit.

        :param gone: numbers of cases that are no longer public.
        :param scrub: remove all words of the replaced and removed documents from its files.
        """

    def rebuild(self, cursor: Cursor, documents: Iterable[Document]) -> None:
        """Rebuild the index; the old one answers until the new one is complete.

        :param documents: those of all public cases.
        """

    def intact(self, *, deep: bool) -> bool:
        """Whether the index is undamaged; ``deep`` reads every byte of it."""

    def close(self) -> None:
        """Close files and connections."""


CODE = "§"  # first character of a token that is a code, not a word


@dataclass(frozen=True)
class QueryAlternative:
    """Alternative for a part of a query.

    ``is_phrase``: the tokens are adjacent in one field; otherwise each is anywhere in the case.
    ``literal``: the tokens are forms, and match those of the case. ``prefix``: the only token is
    the beginning of a form. ``synonym``: it is not what was typed, but means the same.
    """

    tokens: tuple[str, ...]
    is_phrase: bool = True
    literal: bool = False
    prefix: bool = False
    synonym: bool = False


@dataclass(frozen=True)
class QueryPart:
    """Word or phrase of a query; a case matches it by any of its alternatives.

    ``typed``: with its quotes, without the minus of an excluded part. ``excluded``: a case that
    matches it is no result. ``filters``: names and values of a list's filters that mean the same.
    """

    typed: str
    alternatives: tuple[QueryAlternative, ...]
    excluded: bool = False
    filters: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SearchQuery:
    """Parsed search: a case matches all required parts and no excluded one.

    Without a required part, every case without an excluded part matches.
    """

    parts: tuple[QueryPart, ...] = ()

    @property
    def required_parts(self) -> tuple[QueryPart, ...]:
        """Parts that a case has to match."""
        return tuple(part for part in self.parts if not part.excluded)

    @property
    def excluded_parts(self) -> tuple[QueryPart, ...]:
        """Parts that a case must not match."""
        return tuple(part for part in self.parts if part.excluded)

    @property
    def text(self) -> str:
        """The query as a person would type it."""
        return " ".join(f"-{part.typed}" if part.excluded else part.typed for part in self.parts)

    def without(self, removed: QueryPart) -> SearchQuery:
        """The query without one of its parts."""
        return SearchQuery(tuple(part for part in self.parts if part != removed))

    @property
    def without_synonyms(self) -> SearchQuery:
        """The query of the typed words alone; a part that only has synonyms keeps them."""
        return SearchQuery(tuple(map(_without_synonyms, self.parts)))


def _without_synonyms(part: QueryPart) -> QueryPart:
    typed = tuple(alternative for alternative in part.alternatives if not alternative.synonym)
    return replace(part, alternatives=typed or part.alternatives)


@dataclass(frozen=True)
class Document:
    """Indexed document of a public case.

    ``strong`` are the fields with more weight (title, outlets, place and codes), ``weak`` the
    others. Each field is a sequence of tokens, and a phrase matches within one field.
    ``strong_forms`` and ``weak_forms`` are the same fields as folded words, without the codes.
    """

    number: int
    strong: tuple[tuple[str, ...], ...]
    weak: tuple[tuple[str, ...], ...]
    strong_forms: tuple[tuple[str, ...], ...]
    weak_forms: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Cursor:
    """Position of an index: its last line of the public ledger, and the version of its documents.

    The digest identifies the line, because after a restore the same number may be another line.
    ``made_with`` changes when the same case would make another document (analysis, vocabularies,
    territory).
    """

    seq: int
    digest: str
    made_with: str


@dataclass(frozen=True)
class IndexMatches:
    """Matching case numbers of an index, with the number of required parts in strong fields.

    ``cursor``: position of the index at the search, or an earlier one; never a later one.
    """

    cursor: Cursor
    strength: dict[int, int]
