"""The ground of the map of France, which ``tools.territory_data`` draws, in units of the drawing.

Metropolitan France, then Paris and the three départements around it a second time, enlarged, and a
frame for each overseas département. The overseas collectivities (975 to 989) are not on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from register.territory.dataset import DATA


class DrawingPoint(NamedTuple):
    """A point of the drawing."""

    x: int
    y: int


class FrameBorder(NamedTuple):
    """A border around a frame; ``code`` is that of its only département, if it has one."""

    x: int
    y: int
    width: int
    height: int
    code: str


class DepartementShape(NamedTuple):
    """A département as paths for the even-odd fill rule.

    ``frame``: the département that its frame is of, empty on the mainland. ``enlarged``: its shape
    in the frame of Paris, if it is in that. ``centroid``: of its largest part, where it is largest.
    """

    frame: str
    path: str
    enlarged: str
    centroid: DrawingPoint


class FrameGround(NamedTuple):
    """One frame by itself: its ``viewBox`` and its coasts."""

    view: str
    land: str


@dataclass(frozen=True)
class MapGround:
    """The map below the dots: ``viewBox``, land, limits of départements, borders of frames."""

    view: str
    land: str
    limits: str
    borders: Sequence[FrameBorder]
    shapes: Mapping[str, DepartementShape]
    frames: Mapping[str, FrameGround]


# Read at the start, so that a server goes on answering while its program is being replaced.
_GROUND: Mapping[str, Any] = json.loads((DATA / "carte.json").read_text("utf-8"))


@cache
def map_ground() -> MapGround:
    """The ground, read once in a process."""
    return MapGround(
        _GROUND["view"],
        _GROUND["land"],
        _GROUND["limits"],
        [FrameBorder(*border) for border in _GROUND["borders"]],
        {
            code: DepartementShape(frame, path, enlarged, DrawingPoint(*centroid))
            for code, (frame, path, enlarged, centroid) in _GROUND["shapes"].items()
        },
        {code: FrameGround(*frame) for code, frame in _GROUND["frames"].items()},
    )


def dots(points: Iterable[DrawingPoint]) -> str:
    """A path with a line of zero length at each point, which its line caps make visible."""
    commands, last_x, last_y = [], 0, 0
    for x, y in sorted(set(points)):
        # A minus sign separates two numbers as well as a space.
        separator = " " if y >= last_y else ""
        commands.append(f"m{x - last_x}{separator}{y - last_y}h0")
        last_x, last_y = x, y
    return "".join(commands)
