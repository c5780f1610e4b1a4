"""The map of France: one dot for each commune with cases, whatever their number.

What is below the dots never changes and is drawn once in the life of a process. What stands on it
is drawn once for each search at each position of the public ledger. The lists beside the map say
the same in words: the drawing itself is hidden from those who do not see it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from flask import get_template_attribute
from markupsafe import Markup

from register.cases.filters import Hits, Query
from register.cases.map_points import Located, located
from register.cases.map_points import Spot as Place
from register.cases.versioned_cache import Few
from register.db import db
from register.web.context import book, gazetteer, head, standing
from register.web.drawings import map_frames, svg_paths
from register.web.languages import language

VIEW = f"0 0 {map_frames.WIDTH} {map_frames.HEIGHT}"


@dataclass(frozen=True)
class Ground:
    """What is below the dots: land, the limits between départements, the lines around frames."""

    land: str
    limits: str
    borders: Sequence[map_frames.Border]


@dataclass(frozen=True)
class Area:
    """A département with cases, and its shape."""

    code: str
    name: str
    path: str


@dataclass(frozen=True)
class Drawn:
    """The places of a search, drawn.

    ``exact``, ``about``, ``whole``: paths of the marks of communes whose point is their own, of
    those whose point is one of several communes, and of départements as a whole; empty without
    any. ``communes``: how many there are. ``aside``: how many cases are not on the map.
    """

    areas: Sequence[Area]
    exact: str
    about: str
    whole: str
    communes: int
    aside: int

    @property
    def ground(self) -> Ground:
        """What is below."""
        return ground()

    @property
    def view(self) -> str:
        """The extent of the drawing, as its ``viewBox``."""
        return VIEW


@cache
def ground() -> Ground:
    """What is below the dots, drawn once."""
    parts = map_frames.frames()
    return Ground(
        land="".join(map(svg_paths.land, parts)),
        limits="".join(map(svg_paths.limits, parts)),
        borders=map_frames.borders(),
    )


@dataclass(frozen=True)
class Map:
    """A map as a page holds it, and how many communes it shows."""

    html: Markup
    communes: int


_drawn: Few[str, Map] = Few(64)


def france(query: Query, hits: Hits | None = None) -> Map:
    """The map of a search.

    That of a search by words is not remembered: its places are those of an index, and the whole
    page is kept as long as that stands still.

    :param hits: the cases that answer the words; no matter without words.
    :raises ValueError: there are words, and nobody looked for them.
    """
    if query.words:
        return _made(query, hits)
    moment = (head().digest, book().version, standing().territory)
    key = f"{language()} {query.by(query.usual_order).text()}"
    return _drawn.of(moment, key, lambda: _made(query, None))


def _made(query: Query, hits: Hits | None) -> Map:
    drawn = draw(located(db.session(), query, book(), head(), hits))
    make: Callable[..., Markup] = get_template_attribute("parts/_map.html", "france")
    return Map(make(drawn), drawn.communes)


def draw(places: Located) -> Drawn:
    """Draw some places."""
    middles = [svg_paths.middle(map_frames.frame_of(code), code) for code in places.whole]
    names = gazetteer().departements
    codes = {place.departement for place in places.spots} | set(places.whole)
    return Drawn(
        areas=[Area(code, names[code].name, svg_paths.shape(code)) for code in sorted(codes)],
        exact=svg_paths.dots(_spots(place for place in places.spots if place.exact)),
        about=svg_paths.dots(_spots(place for place in places.spots if not place.exact)),
        whole=svg_paths.dots(middles),
        communes=len(places.spots),
        aside=places.aside,
    )


def _spots(places: Iterable[Place]) -> list[map_frames.Spot]:
    return [_spot(place.departement, place.lat, place.lon) for place in places]


# A commune stays where it is, and projecting it is what takes time.
@lru_cache(maxsize=40_000)
def _spot(departement: str, lat: float, lon: float) -> map_frames.Spot:
    return map_frames.frame_of(departement).spot(lat, lon)
