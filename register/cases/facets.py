"""How many cases a search would have with each value of each facet, and how many it has.

The count of a value is the size of the list that choosing it alone, of its facet, would give: the
filters of all other facets hold, its own do not. Sets of :mod:`~register.cases.facet_index` meet for
that; what is no facet, such as a commune, the database selects once by the filter's own clause.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import and_, or_

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases import bitset, facet_index
from register.cases.core_tables import CASE, OUTLET
from register.cases.facet_index import FACETS, Facet, Marks
from register.cases.facet_queries import selected
from register.cases.filters import WORDS, Hits, Query, clause
from register.cases.models import State
from register.cases.versioned_cache import Few
from register.cases.vocabulary import Book
from register.journal import Position

Counts = Mapping[str, Mapping[str, int]]

_PUBLIC = CASE.c.state == State.PUBLISHED
# Counts of one search at one place, and the sets that filters selected at one moment.
_COUNTS_KEPT = 32
_SETS_KEPT = 128

_kept: Few[tuple[str, int | None], Counts] = Few(_COUNTS_KEPT)


def counts(
    session: Session, query: Query, book: Book, head: Position, hits: Hits | None = None
) -> Counts:
    """Facet → value → number of cases, of at least one; counted once for each head and search.

    Outlets are counted by their folded names: see :func:`outlets`.

    :param head: where the public ledger stands, read first on the same session.
    :param hits: the cases that answer the words; no matter without words.
    :raises ValueError: there are words, and nobody looked for them.
    """
    here = facet_index.at(session, book, head)
    sets = _sets(session, here, query, book, hits)
    # The numbers found say all that words mean here, whichever index found them.
    key = (_filters(query), sets.get(WORDS))
    return _kept.of(here.place, key, lambda: {name: _counted(here, sets, name) for name in FACETS})


def matching(
    session: Session, query: Query, book: Book, head: Position, hits: Hits | None = None
) -> int:
    """How many cases a search has; see :func:`counts`."""
    here = facet_index.at(session, book, head)
    return match(session, here, query, book, hits).bit_count()


def relaxed(
    session: Session, query: Query, book: Book, head: Position, hits: Hits | None = None
) -> Iterator[tuple[str, str, int]]:
    """For each value in force, how many cases :meth:`Query.without` it would have.

    Counted as they are asked for: there may be dozens, and a page shows a few.
    """
    for name, values in query.values.items():
        for value in values:
            yield name, value, matching(session, query.without(name, value), book, head, hits)


def outlets(session: Session, folded: Sequence[str]) -> Mapping[str, str]:
    """The names behind folded ones, as most public cases write them."""
    written = func.count()
    asked = (
        select(OUTLET.c.folded, OUTLET.c.name)
        .join(CASE, CASE.c.id == OUTLET.c.incident_id)
        .where(_PUBLIC, OUTLET.c.folded.in_(folded))
        .group_by(OUTLET.c.folded, OUTLET.c.name)
        # The last that comes for a name is the one that stays.
        .order_by(written, OUTLET.c.name.desc())
    )
    return dict(session.execute(asked).all())


def match(session: Session, here: Marks, query: Query, book: Book, hits: Hits | None = None) -> int:
    """The set of the cases of a search."""
    return _met(here, _sets(session, here, query, book, hits).values())


# --- sets ---------------------------------------------------------------------------------------


def _sets(
    session: Session, here: Marks, query: Query, book: Book, hits: Hits | None
) -> dict[str, int]:
    """What each filter of a search selects; public or not, that is decided where they meet."""
    sets: dict[str, int] = {}
    for name, values in query.values.items():
        if name in FACETS:
            sets[name] = _chosen(here.facets[name], map(FACETS[name].key, values))
        elif name == WORDS and hits is not None:
            sets[name] = here.among(hits)
        else:
            sets[name] = _selected(session, here, query, name, book)
    return sets


def _chosen(facet: Facet, values: Iterable[str]) -> int:
    return reduce(or_, (bitset.whole(facet[value]) for value in values if value in facet), 0)


def _selected(session: Session, here: Marks, query: Query, name: str, book: Book) -> int:
    key = (name, query.values[name])
    found = here.selected.get(key)
    if found is None:
        found = bitset.of(selected(session, clause(query, name, book)))
        if len(here.selected) >= _SETS_KEPT:
            here.selected.clear()
        here.selected[key] = found
    return found


def _met(here: Marks, sets: Iterable[int]) -> int:
    return reduce(and_, sets, here.public)


def _counted(here: Marks, sets: Mapping[str, int], facet: str) -> Mapping[str, int]:
    chosen = _met(here, (found for name, found in sets.items() if name != facet))
    told = bitset.flags(chosen, here.top)
    counted = {
        value: bitset.count(cases, chosen, told) for value, cases in here.facets[facet].items()
    }
    return {value: count for value, count in counted.items() if count}


def _filters(query: Query) -> str:
    """A search but for its words, its order and its page, in canonical form."""
    values = {name: kept for name, kept in query.values.items() if name != WORDS}
    return Query(values).text()
