"""Maps of France: the map of a search, with one dot per commune, and the locator of a place.

The dots are drawn once for each search at each position of the public ledger. Lists on the same
page have the same content in words, so the drawing is hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import get_template_attribute
from markupsafe import Markup

from register.cases.case_places import MapPoints, locate_cases
from register.cases.data_version import VersionedMapCache
from register.cases.filters import CaseQuery, HitStrengths
from register.db import db
from register.territory.map_ground import DrawingPoint, MapGround, dots, map_ground
from register.territory.place_queries import area_name, commune, is_commune_code
from register.territory.places import Commune
from register.web.l10n import language
from register.web.request_context import current_vocabulary, head


@dataclass(frozen=True)
class DepartementArea:
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

    areas: Sequence[DepartementArea]
    exact: str
    about: str
    whole: str
    communes: int
    aside: int
    ground: MapGround


@dataclass(frozen=True)
class RenderedMap:
    """A map and its notes as HTML, and the number of communes on it."""

    html: Markup
    notes: Markup
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
    data_key = (head().digest, current_vocabulary().version)
    key = f"{language()} {query.ordered_by(query.usual_order).query_string()}"
    return _map_cache.get_or_make(data_key, key, lambda: _render_map(query, None))


def draw_places(places: MapPoints) -> MapDrawing:
    """Draw the places of a search."""
    ground = map_ground()
    points: dict[bool, list[DrawingPoint]] = {True: [], False: []}
    for place in places.communes:
        points[place.is_exact].append(DrawingPoint(*place.map_points[-1]))
    codes = {place.departement_code for place in places.communes} | set(places.departements)
    return MapDrawing(
        areas=[
            DepartementArea(
                code,
                area_name("departement", code),
                ground.shapes[code].path + ground.shapes[code].enlarged,
            )
            for code in sorted(codes)
        ],
        exact=dots(points[True]),
        about=dots(points[False]),
        whole=dots(ground.shapes[code].centroid for code in places.departements),
        communes=len(places.communes),
        aside=places.off_map_count,
        ground=ground,
    )


def locator(code: str) -> Locator | None:
    """The locator of a present or former commune, or of a département.

    None for an overseas collectivity, which has no outline, and for an unknown code.
    """
    if code in map_ground().shapes:
        return _draw_locator([code])
    place = commune(code) if is_commune_code(code) else None
    if place is None or place.departement_code not in map_ground().shapes:
        return None
    return _draw_locator([place.departement_code], place)


def region_locator(departements: Sequence[str]) -> Locator | None:
    """The locator of a région's départements; None when none of them has an outline."""
    drawable = [code for code in departements if code in map_ground().shapes]
    return _draw_locator(drawable) if drawable else None


def _render_map(query: CaseQuery, matches: HitStrengths | None) -> RenderedMap:
    drawing = draw_places(locate_cases(db.session(), query, current_vocabulary(), head(), matches))
    html, notes = (
        get_template_attribute("web/_map.html", name)(drawing) for name in ("france", "map_notes")
    )
    return RenderedMap(html, notes, drawing.communes)


def _draw_locator(departements: Sequence[str], place: Commune | None = None) -> Locator:
    """The départements as one area, all in the frame of the first."""
    shapes = [map_ground().shapes[code] for code in departements]
    frame = map_ground().frames[shapes[0].frame]
    points = place.map_points[:1] if place else ()
    return Locator(
        view=frame.view,
        land=frame.land,
        area="".join(shape.path for shape in shapes),
        dot=dots(DrawingPoint(*point) for point in points),
        exact=place is None or place.is_exact,
    )
