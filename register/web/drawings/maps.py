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

from register.cases.data_version import VersionedMapCache
from register.cases.filters import CaseQuery, HitStrengths
from register.cases.map_points import CommunePoint as Place
from register.cases.map_points import MapPoints, locate_cases
from register.db import db
from register.territory.boundaries import departement_outlines
from register.territory.codes import is_commune_code
from register.web import request_context
from register.web.drawings import map_geometry
from register.web.drawings.map_geometry import extent, mainland, overseas_frames
from register.web.languages import language
from register.web.request_context import current_data_version, current_vocabulary, gazetteer, head

VIEW_BOX = f"0 0 {map_geometry.WIDTH} {map_geometry.HEIGHT}"


@dataclass(frozen=True)
class BaseMap:
    """What is below the dots: land, the limits between départements, the lines around frames."""

    land: str
    limits: str
    borders: Sequence[map_geometry.FrameBorder]


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
    parts = map_geometry.frames()
    return BaseMap(
        land="".join(map(map_geometry.land, parts)),
        limits="".join(map(map_geometry.limits, parts)),
        borders=map_geometry.borders(),
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
        map_geometry.centroid(map_geometry.frame_of(code), code) for code in places.departements
    ]
    names = gazetteer().departements
    codes = {place.departement for place in places.points} | set(places.departements)
    return MapDrawing(
        areas=[
            DepartementShape(code, names[code].name, map_geometry.shape(code))
            for code in sorted(codes)
        ],
        exact=map_geometry.dots(
            _project_places(place for place in places.points if place.is_exact)
        ),
        about=map_geometry.dots(
            _project_places(place for place in places.points if not place.is_exact)
        ),
        whole=map_geometry.dots(centroids),
        communes=len(places.points),
        aside=places.off_map_count,
    )


def _project_places(places: Iterable[Place]) -> list[map_geometry.DrawingPoint]:
    return [_project(place.departement, place.lat, place.lon) for place in places]


# A commune stays where it is, and projecting it is what takes time.
@lru_cache(maxsize=40_000)
def _project(departement: str, lat: float, lon: float) -> map_geometry.DrawingPoint:
    return map_geometry.frame_of(departement).project_point(lat, lon)


# Around the outlines, so that a dot on the coast is whole, and one on Ouessant is there.
_MARGIN = 24


@dataclass(frozen=True)
class Locator:
    """One place on its land. ``dot`` is empty for a département; ``exact``: see ``Sheet``."""

    view: str
    land: str
    area: str
    dot: str = ""
    exact: bool = True


def locator(code: str) -> Locator | None:
    """Where a commune, present or former, or a département is.

    None for what is not on the map: a collectivity beyond the sea, which has no outline, and a
    code that nobody knows.
    """
    if code in departement_outlines():
        return _draw_locator([code])
    commune = request_context.find_commune(code) if is_commune_code(code) else None
    if (
        commune is None
        or commune.departement is None
        or commune.departement.code not in departement_outlines()
    ):
        return None
    return _draw_locator([commune.departement.code], commune.point, exact=commune.is_exact)


def region_locator(departements: Sequence[str]) -> Locator | None:
    """Where a région is, by the codes of its départements; None when none has an outline."""
    drawable = [code for code in departements if code in departement_outlines()]
    return _draw_locator(drawable) if drawable else None


def _draw_locator(
    departements: Sequence[str], point: tuple[float, float] | None = None, *, exact: bool = True
) -> Locator:
    """The départements as one area, all in the frame of the first."""
    frame = overseas_frames().get(departements[0]) or mainland()
    return Locator(
        view=" ".join(map(str, extent(frame, _MARGIN))),
        land=map_geometry.land(frame),
        area="".join(map_geometry.shape_in(frame, code) for code in departements),
        dot=map_geometry.dots([frame.project_point(*point)]) if point else "",
        exact=exact,
    )
