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

from register.cases.filters import CaseQuery, HitStrengths
from register.cases.map_points import CommunePoint as Place
from register.cases.map_points import MapPoints, locate_cases
from register.cases.versioned_cache import VersionedMapCache
from register.db import db
from register.web.context import current_data_version, current_vocabulary, gazetteer, head
from register.web.drawings import map_frames, svg_paths
from register.web.languages import language

VIEW_BOX = f"0 0 {map_frames.WIDTH} {map_frames.HEIGHT}"


@dataclass(frozen=True)
class BaseMap:
    """What is below the dots: land, the limits between départements, the lines around frames."""

    land: str
    limits: str
    borders: Sequence[map_frames.FrameBorder]


@dataclass(frozen=True)
class DepartementShape:
    """A département with cases, and its shape."""

    code: str
    name: str
    path: str


@dataclass(frozen=True)
class MapDrawing:
    """The places of a search, drawn.

    ``exact``, ``about``, ``whole``: paths of the marks of communes whose point is their own, of
    those whose point is one of several communes, and of départements as a whole; empty without
    any. ``communes``: how many there are. ``aside``: how many cases are not on the map.
    """

    areas: Sequence[DepartementShape]
    exact: str
    about: str
    whole: str
    communes: int
    aside: int

    @property
    def ground(self) -> BaseMap:
        """What is below."""
        return ground()

    @property
    def view(self) -> str:
        """The extent of the drawing, as its ``viewBox``."""
        return VIEW_BOX


@cache
def ground() -> BaseMap:
    """What is below the dots, drawn once."""
    parts = map_frames.frames()
    return BaseMap(
        land="".join(map(svg_paths.land, parts)),
        limits="".join(map(svg_paths.limits, parts)),
        borders=map_frames.borders(),
    )


@dataclass(frozen=True)
class RenderedMap:
    """A map as a page holds it, and how many communes it shows."""

    html: Markup
    communes: int


_map_cache: VersionedMapCache[str, RenderedMap] = VersionedMapCache(64)


def search_map(query: CaseQuery, matches: HitStrengths | None = None) -> RenderedMap:
    """The map of a search.

    That of a search by words is not remembered: its places are those of an index, and the whole
    page is kept as long as that stands still.

    :param matches: the cases that answer the words; no matter without words.
    :raises ValueError: there are words, and nobody looked for them.
    """
    if query.words:
        return _render_map(query, matches)
    data_key = (head().digest, current_vocabulary().version, current_data_version().territory)
    key = f"{language()} {query.ordered_by(query.usual_order).query_string()}"
    return _map_cache.get_or_make(data_key, key, lambda: _render_map(query, None))


def _render_map(query: CaseQuery, matches: HitStrengths | None) -> RenderedMap:
    drawing = draw_places(locate_cases(db.session(), query, current_vocabulary(), head(), matches))
    render: Callable[..., Markup] = get_template_attribute("parts/_map.html", "france")
    return RenderedMap(render(drawing), drawing.communes)


def draw_places(places: MapPoints) -> MapDrawing:
    """Draw some places."""
    centroids = [
        svg_paths.centroid(map_frames.frame_of(code), code) for code in places.departements
    ]
    names = gazetteer().departements
    codes = {place.departement for place in places.points} | set(places.departements)
    return MapDrawing(
        areas=[
            DepartementShape(code, names[code].name, svg_paths.shape(code))
            for code in sorted(codes)
        ],
        exact=svg_paths.dots(_project_places(place for place in places.points if place.is_exact)),
        about=svg_paths.dots(
            _project_places(place for place in places.points if not place.is_exact)
        ),
        whole=svg_paths.dots(centroids),
        communes=len(places.points),
        aside=places.off_map_count,
    )


def _project_places(places: Iterable[Place]) -> list[map_frames.DrawingPoint]:
    return [_project(place.departement, place.lat, place.lon) for place in places]


# A commune stays where it is, and projecting it is what takes time.
@lru_cache(maxsize=40_000)
def _project(departement: str, lat: float, lon: float) -> map_frames.DrawingPoint:
    return map_frames.frame_of(departement).project_point(lat, lon)
