"""The engine of the embedded installation: Whoosh-Reloaded, an index in a folder, one writer.

Whoosh keeps terms, segments and commits; how a search is answered is ours (``whoosh_finding``),
for every case at once and without scores. Its searcher is not used: its ``limit`` prunes wrongly,
and its ``refresh`` goes on showing what was deleted.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session
from whoosh.index import TOC, FileIndex

from register.search import whoosh_state as states
from register.search.engine_interface import (
    Cursor,
    Document,
    IndexMatches,
    IndexNotReady,
    Progress,
    SearchQuery,
    report_progress,
)
from register.search.literal_terms import unique_forms, with_literal_runs, with_literal_tokens
from register.search.whoosh_files import Shelf
from register.search.whoosh_postings import FORMS, NUMBER, SCHEMA, WORDS, Codec, Pool
from register.search.whoosh_segment import LARGEST, Leaf, answers, scrubbed, tidied
from register.search.whoosh_state import Mark, State

_INDEX = "MAIN"
_TRIES = 5
# Long documents fill a segment before it has its number of them.
_POSTINGS = 5_000_000


@dataclass(frozen=True)
class _Snapshot:
    """An index as one commit left it, open. It is closed when the last reader lets go of it."""

    state: State
    leaves: tuple[Leaf, ...]

    @cached_property
    def forms(self) -> list[str]:
        return sorted(set().union(*(leaf.forms() for leaf in self.leaves)))


class Whoosh:
    """An index of public cases in a folder that nobody else may write."""

    name = "whoosh"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = folder / states.CURRENT
        self._known: tuple[tuple[int, int, int], State] | None = None
        self._open: _Snapshot | None = None
        self._read: frozenset[Mark] = frozenset()
        self._opening = Lock()

    def find(self, session: Session, asked: SearchQuery) -> IndexMatches:
        """Every case that answers; the session is not needed.

        :raises Unready: no usable index.
        """
        with _unready():
            snapshot = self._snapshot()
            asked = with_literal_tokens(asked)
            strength: dict[int, int] = {}
            for leaf in snapshot.leaves:
                strength |= answers(leaf, asked)
            return IndexMatches(snapshot.state.cursor, strength)

    def forms(self, session: Session) -> Sequence[str]:
        """Every form of a case in the index, sorted.

        :raises Unready: no usable index.
        """
        with _unready():
            return self._snapshot().forms

    def stamp(self) -> str:
        """Another text after each commit, by two looks at the folder; empty without an index.

        The files of the index are not looked at: what was found while they were whole is found
        in the register as it is, and an answer without an index is kept by nobody.
        """
        try:
            with _unready():
                self._require_safe()
                return self._current().commit
        except IndexNotReady:
            return ""

    def cursor(self) -> Cursor | None:
        """Where the index stands; None when there is no usable one."""
        try:
            with _unready():
                return self._state().cursor
        except IndexNotReady:
            return None

    def write(
        self, cursor: Cursor, documents: Iterable[Document], gone: Iterable[int], *, scrub: bool
    ) -> None:
        """Replace and remove some cases and move the cursor, in one commit.

        :param scrub: leave no word of replaced and removed documents in any file.
        :raises Unready: no usable index, or another writer.
        :raises OSError: it cannot be written; it is as it was before.
        """
        given = {one.number: one for one in documents}
        if self._usable() is None:
            raise IndexNotReady("absent")
        with states.writing(self._folder):
            state = self._state()
            states.sweep(self._folder, state)
            shelf = Shelf(state.path(self._folder))
            with _writer(FileIndex(shelf, SCHEMA, _INDEX)) as writer:
                _remove(writer, given.keys() | set(gone))
                for one in given.values():
                    _add(writer, one)
                writer.commit(mergetype=scrubbed if scrub else tidied)
            self._put(shelf, state.place, cursor, state.files)

    def rebuild(
        self, cursor: Cursor, documents: Iterable[Document], total: int, progress: Progress
    ) -> None:
        """Make the index anew beside the one in use, then put it in its place.

        :raises Unready: another writer.
        :raises OSError: it cannot be written.
        """
        states.prepare(self._folder)
        with states.writing(self._folder):
            states.sweep(self._folder, self._usable())
            place = states.new_place(self._folder)
            shelf = Shelf(self._folder / place)
            index = FileIndex.create(shelf, SCHEMA, _INDEX)
            told = report_progress(documents, total, progress)
            while _fill(index, told):
                pass
            self._put(shelf, place, cursor, {})

    def intact(self, *, deep: bool) -> bool:
        """Whether the files are as their writer left them; ``deep`` compares every byte.

        What a killed writer left beside them is swept away: it may hold words that are erased.
        """
        state = self._usable()
        while state is not None:
            if self._is_sound(state, deep=deep):
                return True
            # Another process may have committed meanwhile, and removed what was looked at.
            before, state = state, self._usable()
            if state == before:
                return False
        return False

    def close(self) -> None:
        """Let go of the files, as soon as no reader has them."""
        self._open = self._known = None

    # --- what is in use ------------------------------------------------------------------------

    def _snapshot(self) -> _Snapshot:
        for _ in range(_TRIES):
            state = self._state()
            with self._opening, suppress(FileNotFoundError):
                snapshot = self._open
                if snapshot is None or snapshot.state.commit != state.commit:
                    snapshot = self._open = self._opened(state)
                return snapshot
        raise IndexNotReady("moving")

    def _opened(self, state: State) -> _Snapshot:
        # What was read whole once, by this process, is not read again: after a commit that is
        # nearly all.
        if not states.are_the_same(self._folder, state, self._read):
            raise IndexNotReady("damaged")
        self._read = frozenset(state.files.values())
        shelf = Shelf(state.path(self._folder))
        toc = TOC.read(shelf, _INDEX, gen=state.generation, schema=SCHEMA)
        return _Snapshot(state, tuple(Leaf(shelf, segment) for segment in toc.segments))

    def _state(self) -> State:
        """The state in use, its files untouched.

        A file that is gone belongs to a state that was replaced since it was read, unless it is
        gone again and again.
        """
        self._require_safe()
        for _ in range(_TRIES):
            state = self._current()
            with suppress(FileNotFoundError):
                if states.are_untouched(self._folder, state):
                    return state
        raise IndexNotReady("touched")

    def _require_safe(self) -> None:
        if not states.is_safe(self._folder):
            raise IndexNotReady("unsafe")

    def _current(self) -> State:
        known = self._known
        try:
            found = self._name.stat()
            mark = (found.st_size, found.st_mtime_ns, found.st_ino)
            if known is None or known[0] != mark:
                self._open = None
                known = self._known = mark, states.read(self._folder)
        except OSError:
            # What is past is let go of at once, here and above: its words may have been erased.
            self._open = None
            raise
        return known[1]

    def _usable(self) -> State | None:
        try:
            with _unready():
                return self._state()
        except IndexNotReady:
            return None

    # --- putting in use ------------------------------------------------------------------------

    def _put(self, shelf: Shelf, place: str, cursor: Cursor, known: Mapping[str, Mark]) -> None:
        toc = TOC.read(shelf, _INDEX, schema=SCHEMA)
        names = [one.make_filename(one.COMPOUND_EXT) for one in toc.segments]
        names.append(TOC._filename(_INDEX, toc.generation))
        files = states.settle(self._folder / place, names, known)
        commit = secrets.token_hex(8)
        state = State(place, toc.generation, commit, cursor, files)
        states.replace(self._folder, state)
        states.sweep(self._folder, state)

    def _is_sound(self, state: State, *, deep: bool) -> bool:
        try:
            self._sweep(state)
            return not deep or states.are_the_same(self._folder, state)
        except Exception:  # whatever it is, the follower makes the index anew
            return False

    def _sweep(self, state: State) -> None:
        if not states.leftovers(self._folder, state):
            return
        with suppress(states.Busy), states.writing(self._folder, patience=0):
            states.sweep(self._folder, self._state())


@contextmanager
def _unready() -> Iterator[None]:
    """Whatever goes wrong inside says that there is no usable index. Not what it was: an error's
    text may quote the words that were read, or asked."""
    try:
        yield
    except IndexNotReady:
        raise
    except Exception as error:
        raise IndexNotReady(type(error).__name__) from None


@contextmanager
def _writer(index: FileIndex) -> Iterator[Any]:
    writer = index.writer(codec=Codec())
    writer.pool = Pool()
    try:
        yield writer
    except BaseException:
        with suppress(Exception):
            writer.cancel()
        raise
    finally:
        index.storage.let_go()


def _add(writer: Any, one: Document) -> None:
    strong_forms = unique_forms(one.strong_forms)
    forms = strong_forms | unique_forms(one.weak_forms)
    one = with_literal_runs(one)
    writer.add_document(
        **{NUMBER: one.number, WORDS: (one.strong, one.weak), FORMS: (forms, strong_forms)}
    )


def _remove(writer: Any, numbers: Iterable[int]) -> None:
    wanted = list(numbers)
    base = 0
    for segment in writer.segments:
        leaf = Leaf(writer.storage, segment)
        for number in wanted:
            document = leaf.document_of(number)
            if document is not None:
                writer.delete_document(base + document)
        base += segment.doc_count_all()


def _fill(index: FileIndex, documents: Iterator[Document]) -> bool:
    """Write documents into one segment until it is full; whether there may be more."""
    first = next(documents, None)
    if first is None:
        return False
    with _writer(index) as writer:
        for one in chain([first], documents):
            _add(writer, one)
            if writer.doc_count() >= LARGEST or writer.pool.size >= _POSTINGS:
                break
        writer.commit(merge=False)
    return True
