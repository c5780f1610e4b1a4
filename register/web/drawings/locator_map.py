"""The small map beside a place or a case: where in France that is, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from register.territory.boundaries import outlines
from register.territory.codes import is_commune_code
from register.web import context
from register.web.drawings import svg_paths
from register.web.drawings.map_frames import beyond_the_sea, extent, mainland

# Around the outlines, so that a dot on the coast is whole, and one on Ouessant is there.
_AROUND = 24


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
    if code in outlines():
        return _located([code])
    sheet = context.sheet(code) if is_commune_code(code) else None
    if sheet is None or sheet.departement is None or sheet.departement.code not in outlines():
        return None
    return _located([sheet.departement.code], sheet.point, exact=sheet.exact)


def locator_of(departements: Sequence[str]) -> Locator | None:
    """Where a région is, by the codes of its départements; None when none has an outline."""
    known = [code for code in departements if code in outlines()]
    return _located(known) if known else None


def _located(
    departements: Sequence[str], point: tuple[float, float] | None = None, *, exact: bool = True
) -> Locator:
    """The départements as one area, all in the frame of the first."""
    frame = beyond_the_sea().get(departements[0]) or mainland()
    return Locator(
        view=" ".join(map(str, extent(frame, _AROUND))),
        land=svg_paths.land(frame),
        area="".join(svg_paths.shape_in(frame, code) for code in departements),
        dot=svg_paths.dots([frame.spot(*point)]) if point else "",
        exact=exact,
    )
