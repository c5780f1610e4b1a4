"""Maps of France: the map of a search, with one dot per commune, and the locator of a place.

The same dots are drawn once. Lists on the same page have the same content in words, so the drawing
is hidden from screen readers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from flask import get_template_attribute
from markupsafe import Markup

from register.cases.data_version import VersionedMapCache
from register.cases.selection import MapPoints, Selection
from register.territory.map_ground import DrawingPoint, dots, map_ground
from register.territory.place_queries import area_name, commune, is_commune_code
from register.territory.places import Commune
from register.text.dates import Language
from register.text.typography import french
from register.web import urls
from register.web.fragments import fragment
from register.web.l10n import language

_AREA = Markup('<a href="{}" tabindex="-1"><title>{}</title><path d="{}"/></a>')


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


class SearchMap:
    """The map of a search and its notes as HTML."""

    def __init__(self, selection: Selection) -> None:
        self._selection = selection

    @property
    def html(self) -> Markup:
        """The drawing."""

        def draw() -> Markup:
            places = self._selection.map_points
            france: Callable[..., Markup] = get_template_attribute("web/_map.html", "france")
            return _drawings.get_or_make(
                None, (language(), places.key), lambda: france(draw_places(places))
            )

        return fragment("map", self._selection.matches, caller=draw)

    @property
    def notes(self) -> Markup:
        """What the drawing shows apart, and what it does not show."""
        notes: Callable[..., Markup] = get_template_attribute("web/_map.html", "map_notes")
        return fragment(
            "map notes",
            self._selection.matches,
            caller=lambda: notes(self._selection.map_points.off_map_count),
        )

    @property
    def communes(self) -> int:
        """The number of communes on it."""
        return len(self._selection.map_points.commune_codes)


def draw_places(places: MapPoints) -> dict[str, object]:
    """The drawing of a search's places, for the macro ``france``.

    ``areas``: the départements with cases. ``exact``, ``about``, ``whole``: paths of the dots of
    communes with their own point, of former communes with another one's point, and of whole
    départements; each may be empty. ``communes``: their number.
    """
    ground = map_ground()
    places_drawn = [_commune_dot(code) for code in places.commune_codes]
    codes = {departement for departement, _point, _exact in places_drawn} | places.departements
    return {
        "areas": Markup().join(map(_area_html, sorted(codes))),
        "exact": dots(point for _departement, point, is_exact in places_drawn if is_exact),
        "about": dots(point for _departement, point, is_exact in places_drawn if not is_exact),
        "whole": dots(ground.shapes[code].centroid for code in places.departements),
        "communes": len(places_drawn),
        "ground": ground,
    }


# Cached: a search in a large register draws thousands of communes.
@cache
def _commune_dot(code: str) -> tuple[str, DrawingPoint, bool]:
    """The département of a commune that is on the map, its point, and whether that is its own."""
    place = commune(code)
    if place is None:
        raise LookupError(code)
    return place.departement_code, DrawingPoint(*place.map_points[-1]), place.is_exact


@cache
def _area_html(code: str) -> Markup:
    """A département with cases as a link to its page."""
    shape = map_ground().shapes[code]
    name = french(area_name("departement", code))
    return _AREA.format(urls.departement(code), name, shape.path + shape.enlarged)


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
