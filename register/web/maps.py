"""Maps of France: the map of a search, with one dot per commune, and the locator of a place.

The same dots are drawn once. Lists on the same page have the same content in words, so the drawing
is hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import get_template_attribute
from markupsafe import Markup

from register.cases.data_version import VersionedMapCache
from register.cases.selection import MapPoints, Selection
from register.territory.map_ground import DrawingPoint, MapGround, dots, map_ground
from register.territory.place_queries import area_name, commune, is_commune_code
from register.territory.places import Commune
from register.text.dates import Language
from register.web.l10n import language


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
    their number.
    """

    areas: Sequence[DepartementArea]
    exact: str
    about: str
    whole: str
    communes: int
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


# Of about 60 kB each, by language and places: most acts change no place.
_drawings: VersionedMapCache[tuple[Language, tuple[int, int]], Markup] = VersionedMapCache(32)


def search_map(selection: Selection) -> RenderedMap:
    """The map of a search."""
    places = selection.map_points
    france, map_notes = (
        get_template_attribute("web/_map.html", name) for name in ("france", "map_notes")
    )
    html = _drawings.get_or_make(
        None, (language(), places.key), lambda: france(draw_places(places))
    )
    return RenderedMap(html, map_notes(places.off_map_count), len(places.commune_codes))


def draw_places(places: MapPoints) -> MapDrawing:
    """Draw the places of a search."""
    ground = map_ground()
    points: dict[bool, list[DrawingPoint]] = {True: [], False: []}
    communes = places.communes
    for place in communes:
        points[place.is_exact].append(DrawingPoint(*place.map_points[-1]))
    codes = {place.departement_code for place in communes} | set(places.departements)
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
        communes=len(communes),
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
