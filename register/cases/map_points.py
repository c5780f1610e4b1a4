"""Where the public cases are on a map: the communes they name, and the départements without one.

Read once for each position of the public ledger; a search then asks which of them hold a case of
its own, by the same sets that its facets are counted with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from register.cases import bitset, facet_index, facets
from register.cases.bitset import Cases
from register.cases.core_tables import CASE, CODE, COMMUNE, PLACE
from register.cases.facet_queries import Reading
from register.cases.filters import Hits, Query
from register.cases.versioned_cache import Once
from register.cases.vocabulary import Book
from register.journal import Position
from register.territory.boundaries import outlines
from register.territory.commune_details import EXACT


@dataclass(frozen=True)
class Spot:
    """A commune that cases name, as authority or linked; its point in degrees, WGS 84."""

    departement: str
    lat: float
    lon: float
    exact: bool


@dataclass(frozen=True)
class Located:
    """What of some cases can be drawn.

    ``whole``: the départements of cases that name no commune. ``aside``: how many cases have no
    place on the map: abroad, in a collectivity without an outline, or nowhere in particular.
    """

    spots: Sequence[Spot]
    whole: Sequence[str]
    aside: int


@dataclass(frozen=True)
class _All:
    """The same of the whole register, with the cases of each place, and all that have one."""

    spots: Sequence[tuple[Spot, Cases]]
    whole: Mapping[str, Cases]
    placed: int


_kept: Once[_All] = Once()


def located(
    session: Session, query: Query, book: Book, head: Position, hits: Hits | None = None
) -> Located:
    """Where the cases of a search are; each place once, however many cases it has.

    :param head: where the public ledger stands, read first on the same session.
    :param hits: the cases that answer the words; no matter without words.
    :raises ValueError: there are words, and nobody looked for them.
    """
    here = facet_index.at(session, book, head)
    match = facets.match(session, here, query, book, hits)
    told = bitset.flags(match, here.top)
    every = _kept.of(here.place, lambda: _read(session, book, here.top))
    return Located(
        spots=[spot for spot, cases in every.spots if bitset.count(cases, match, told)],
        whole=[code for code, cases in every.whole.items() if bitset.count(cases, match, told)],
        aside=(match & ~every.placed).bit_count(),
    )


_COMMUNES = (
    select(CASE.c.number, CODE.c.current_code)
    .join_from(CASE, PLACE)
    .join(CODE, CODE.c.code == PLACE.c.code)
)
_WHOLE = select(CASE.c.number, CASE.c.departement).where(
    CASE.c.departement != "", ~exists().where(PLACE.c.incident_id == CASE.c.id)
)
_POINTS = select(
    COMMUNE.c.code, COMMUNE.c.departement_code, COMMUNE.c.lat, COMMUNE.c.lon, COMMUNE.c.precision
).where(
    COMMUNE.c.code.in_(select(CODE.c.current_code).join(PLACE, PLACE.c.code == CODE.c.code)),
    COMMUNE.c.lat.is_not(None),
    COMMUNE.c.lon.is_not(None),
)


def _read(session: Session, book: Book, top: int) -> _All:
    read = Reading(session, book)
    named = read.held(_COMMUNES)
    spots = [
        (Spot(row.departement_code, row.lat, row.lon, row.precision == EXACT), named[row.code])
        for row in session.execute(_POINTS)
        if row.code in named and row.departement_code in outlines()
    ]
    whole = {code: held for code, held in read.held(_WHOLE).items() if code in outlines()}
    numbers = chain.from_iterable([*(held for _spot, held in spots), *whole.values()])
    return _All(
        spots=[(spot, bitset.packed(held, top)) for spot, held in spots],
        whole={code: bitset.packed(held, top) for code, held in whole.items()},
        placed=bitset.of(set(numbers)),
    )
