"""The small map beside a place or a case: where in France that is, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from register.territory.boundaries import departement_outlines
from register.territory.codes import is_commune_code
from register.web import context
from register.web.drawings import svg_paths
from register.web.drawings.map_frames import extent, mainland, overseas_frames

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
    commune = context.find_commune(code) if is_commune_code(code) else None
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
        land=svg_paths.land(frame),
        area="".join(svg_paths.shape_in(frame, code) for code in departements),
        dot=svg_paths.dots([frame.project_point(*point)]) if point else "",
        exact=exact,
    )
