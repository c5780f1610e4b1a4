"""What every search engine can do. Nothing else of the register knows which one there is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from register.search.query_model import Cursor, Document, IndexMatches, SearchQuery

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
