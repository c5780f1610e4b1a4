"""What every search engine can do. Nothing else of the register knows which one there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.config import POSTGRESQL, Settings


def open_search_engine(settings: Settings, database: Database) -> SearchEngine:
    """The engine that the settings choose; only its own libraries are loaded."""
    if settings.search == POSTGRESQL:
        from register.search.postgres import Postgres

        return Postgres(database)
    from register.search.whoosh import Whoosh

    return Whoosh(settings.instance / "index")


Progress = Callable[[int, int], None]


def report_progress(
    documents: Iterable[Document], total: int, progress: Progress
) -> Iterator[Document]:
    """The documents as they are taken, each told of: how many of how many."""
    for done, document in enumerate(documents, start=1):
        yield document
        progress(done, max(done, total))


class IndexNotReady(Exception):
    """The index is not there, cannot be read, or was made by other code; the follower mends it."""


class SearchEngine(Protocol):
    """An index of public cases. Reading is for everybody, writing for the elected follower.

    Whatever is wrong with an index is :class:`IndexNotReady` to its readers: no other exception leaves
    :meth:`find`, :meth:`forms`, :meth:`cursor` and :meth:`stamp`.
    """

    name: str

    def find(self, session: Session, search_query: SearchQuery) -> IndexMatches:
        """Every case that answers; ``session`` is the page's, for an engine in its database.

        :raises Unready: no usable index.
        """

    def forms(self, session: Session) -> Sequence[str]:
        """Every form in the index, sorted; what a misspelt word is compared with.

        :raises Unready: no usable index.
        """

    def stamp(self) -> str:
        """A short text that is another one whenever an answer may be; it costs next to nothing.

        Empty when there is no index. One whose files are damaged may still have its stamp: an
        answer that was made without an index is never kept under it.
        """

    def cursor(self) -> Cursor | None:
        """Where the index stands; None when there is no usable one."""

    def write(
        self, cursor: Cursor, documents: Iterable[Document], gone: Iterable[int], *, scrub: bool
    ) -> None:
        """Replace and remove some cases and move the cursor, in one commit.

        :param gone: numbers that are no longer public.
        :param scrub: leave no word of replaced and removed documents in any file of the index.
        """

    def rebuild(
        self, cursor: Cursor, documents: Iterable[Document], total: int, progress: Progress
    ) -> None:
        """Make the index anew. The one before goes on answering until the new one stands.

        :param documents: those of all public cases, some from all over the register first.
        """

    def intact(self, *, deep: bool) -> bool:
        """Whether the index is as its follower left it; ``deep`` reads every byte of it."""

    def close(self) -> None:
        """Let go of files and connections."""


CODE = "§"


@dataclass(frozen=True)
class QueryAlternative:
    """One way in which a case may say a part of what is asked.

    ``is_phrase``: the tokens follow one another in one field; otherwise each stands somewhere in
    the case. ``prefix``: the only token is the beginning of a form, a word as it is written.
    """

    tokens: tuple[str, ...]
    is_phrase: bool = True
    prefix: bool = False


@dataclass(frozen=True)
class QueryPart:
    """One word or phrase as typed; a case answers it by any of its ways.

    ``excluded``: a case that answers it is left out.
    """

    typed: str
    alternatives: tuple[QueryAlternative, ...]
    excluded: bool = False


@dataclass(frozen=True)
class SearchQuery:
    """A whole search: a case answers all parts that are not excluded, and none that is.

    Without a part, and with nothing but excluded ones, every other case answers.
    """

    parts: tuple[QueryPart, ...] = ()

    @property
    def required_parts(self) -> tuple[QueryPart, ...]:
        """The parts that a case has to answer."""
        return tuple(part for part in self.parts if not part.excluded)

    @property
    def excluded_parts(self) -> tuple[QueryPart, ...]:
        """The parts that no case may answer."""
        return tuple(part for part in self.parts if part.excluded)


@dataclass(frozen=True)
class Document:
    """A public case as an engine holds it.

    ``strong`` are the fields that weigh more (title, outlets, place and codes), ``weak`` the
    others; each is a run of tokens, and no phrase goes from one field to the next. ``forms`` are
    the words of all fields as they are written, folded, each once; ``strong_forms`` those of the
    strong ones.
    """

    number: int
    strong: tuple[tuple[str, ...], ...]
    weak: tuple[tuple[str, ...], ...]
    forms: frozenset[str]
    strong_forms: frozenset[str]


@dataclass(frozen=True)
class Cursor:
    """The line of the public ledger that an index has followed, and what its documents are made of.

    The line is named by its digest too: after a restore the same number is another line.
    ``made_with`` changes when the same case makes another document (analysis, vocabularies,
    territory).
    """

    seq: int
    digest: str
    made_with: str


@dataclass(frozen=True)
class IndexMatches:
    """What an index proposes: for each case number, how many wanted parts its strong fields answer.

    Only cases that answer all wanted parts and no unwanted one are in it. ``cursor``: where the
    index stood, or earlier; never later.
    """

    cursor: Cursor
    strength: dict[int, int]
