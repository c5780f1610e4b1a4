"""Maps of France: the map of a search, with one dot per commune, and the locator of a place.

The base map is drawn once per process, the dots once for each search at each position of the
public ledger. Lists on the same page have the same content in words, so the drawing is hidden from
screen readers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from flask import get_template_attribute
from markupsafe import Markup

from register.cases.case_places import MapPoints, locate_cases
from register.cases.data_version import VersionedMapCache
from register.cases.filters import CaseQuery, HitStrengths
from register.db import db
from register.territory.boundaries import departement_outlines
from register.territory.gazetteer import gazetteer
from register.territory.place_queries import find_commune, is_commune_code
from register.web import map_geometry
from register.web.l10n import language
from register.web.map_geometry import extent, mainland, overseas_frames
from register.web.request_context import current_data_version, current_vocabulary, head

# Space around the outlines for dots on the coast and on Ouessant.
_MARGIN = 24


@dataclass(frozen=True)
class BaseMap:
    """The map below the dots: extent, land, limits of départements, borders of frames."""

    view: str
    land: str
    limits: str
    borders: Sequence[map_geometry.FrameBorder]


@cache
def ground() -> BaseMap:
    """The base map, drawn once per process."""
    parts = map_geometry.frames()
    return BaseMap(
        view=f"0 0 {map_geometry.WIDTH} {map_geometry.HEIGHT}",
        land="".join(map(map_geometry.land, parts)),
        limits="".join(map(map_geometry.limits, parts)),
        borders=map_geometry.borders(),
    )


@dataclass(frozen=True)
class DepartementShape:
    """A département with cases, and its shape."""

    code: str
    name: str
    path: str


@dataclass(frozen=True)
class MapDrawing:
    """The drawing of a search's places.

    ``exact``, ``about``, ``whole``: paths of the dots of communes with their own point, of former
    communes with another one's point, and of whole départements; each may be empty. ``communes``:
    the number of communes. ``aside``: the number of cases not on the map.
    """

    areas: Sequence[DepartementShape]
    exact: str
    about: str
    whole: str
    communes: int
    aside: int
    ground: BaseMap


@dataclass(frozen=True)
class RenderedMap:
    """A map as HTML, and the number of communes on it."""

    html: Markup
    communes: int


@dataclass(frozen=True)
class Locator:
    """A place on the map of its frame.

    ``dot``: empty for a département or a région. ``exact``: whether the point is the place's own.
    """

    view: str
    land: str
    area: str
    dot: str = ""
    exact: bool = True


_map_cache: VersionedMapCache[str, RenderedMap] = VersionedMapCache(64)


def search_map(query: CaseQuery, matches: HitStrengths | None = None) -> RenderedMap:
    """The map of a search.

    The map of a search by words is not cached: its places depend on the search index, and the cache
    of whole pages follows the index.

    :param matches: the cases that match the words; ignored without words.
    :raises ValueError: the query has words, but ``matches`` is None.
    """
    if query.words:
        return _render_map(query, matches)
    data_key = (head().digest, current_vocabulary().version, current_data_version().territory)
    key = f"{language()} {query.ordered_by(query.usual_order).query_string()}"
    return _map_cache.get_or_make(data_key, key, lambda: _render_map(query, None))


def draw_places(places: MapPoints) -> MapDrawing:
    """Draw the places of a search."""
    centroids = [
        map_geometry.centroid(map_geometry.frame_of(code), code) for code in places.departements
    ]
    points: dict[bool, list[map_geometry.DrawingPoint]] = {True: [], False: []}
    for place in places.points:
        points[place.is_exact].append(_project(place.departement, place.lat, place.lon))
    codes = {place.departement for place in places.points} | set(places.departements)
    return MapDrawing(
        areas=[
            DepartementShape(code, gazetteer().departements[code].name, map_geometry.shape(code))
            for code in sorted(codes)
        ],
        exact=map_geometry.dots(points[True]),
        about=map_geometry.dots(points[False]),
        whole=map_geometry.dots(centroids),
        communes=len(places.points),
        aside=places.off_map_count,
        ground=ground(),
    )


def locator(code: str) -> Locator | None:
    """The locator of a present or former commune, or of a département.

    None for an overseas collectivity, which has no outline, and for an unknown code.
    """
    if code in departement_outlines():
        return _draw_locator([code])
    commune = find_commune(code) if is_commune_code(code) else None
    departement = commune.departement.code if commune and commune.departement else ""
    if commune is None or departement not in departement_outlines():
        return None
    return _draw_locator([departement], commune.commune.point, exact=commune.commune.is_exact)


def region_locator(departements: Sequence[str]) -> Locator | None:
    """The locator of a région's départements; None when none of them has an outline."""
    drawable = [code for code in departements if code in departement_outlines()]
    return _draw_locator(drawable) if drawable else None


def _render_map(query: CaseQuery, matches: HitStrengths | None) -> RenderedMap:
    drawing = draw_places(locate_cases(db.session(), query, current_vocabulary(), head(), matches))
    render: Callable[..., Markup] = get_template_attribute("web/_map.html", "france")
    return RenderedMap(render(drawing), drawing.communes)


# Projection takes most of the time of a map, and communes do not move.
@lru_cache(maxsize=40_000)
def _project(departement: str, lat: float, lon: float) -> map_geometry.DrawingPoint:
    return map_geometry.frame_of(departement).project_point(lat, lon)


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
