"""What a member takes out of a copy by hand: masks, crops, dropped pages, cuts, mutes, passages.

Areas are fractions of the upright page or frame, before it is cropped; times are seconds of the
source; passages count characters of the clean text. All is applied before anything is encoded, so
that nothing of it can be brought back from the copy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from register.errors import CopyError

# More of one sort is no work by hand.
MOST_EDITS = 500


class MaskStyle(StrEnum):
    """How an area is hidden."""

    BLUR = "blur"
    BLACK = "black"


@dataclass(frozen=True)
class PageArea:
    """A rectangle by its four sides, each a fraction from 0 (left, top) to 1 (right, bottom)."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        _require(0 <= self.left < self.right <= 1 and 0 <= self.top < self.bottom <= 1)

    def pixels(self, width: int, height: int, step: int = 1) -> tuple[int, int, int, int]:
        """The rectangle in a picture of this size: left, top, right, bottom.

        It is widened to whole pixels, and to multiples of ``step`` where the picture has room.
        """
        return (
            math.floor(self.left * width) // step * step,
            math.floor(self.top * height) // step * step,
            min(width, math.ceil(self.right * width / step) * step),
            min(height, math.ceil(self.bottom * height / step) * step),
        )


@dataclass(frozen=True)
class Interval:
    """A part of a sound or video, in seconds from its beginning."""

    start: float
    end: float

    def __post_init__(self) -> None:
        _require(0 <= self.start < self.end < 1_000_000)


@dataclass(frozen=True)
class Mask:
    """A hidden area of one page; of a video for an interval, or throughout."""

    area: PageArea
    style: MaskStyle = MaskStyle.BLUR
    page: int = 0
    interval: Interval | None = None


@dataclass(frozen=True)
class Crop:
    """What is left of one page."""

    area: PageArea
    page: int = 0


@dataclass(frozen=True)
class Passage:
    """Characters of a text, from ``start`` to before ``end``, that become "[…]"."""

    start: int
    end: int

    def __post_init__(self) -> None:
        _require(0 <= self.start < self.end)


@dataclass(frozen=True)
class Edits:
    """All that a member takes out of one file."""

    masks: tuple[Mask, ...] = ()
    crops: tuple[Crop, ...] = ()
    dropped_pages: tuple[int, ...] = ()
    cuts: tuple[Interval, ...] = ()
    mutes: tuple[Interval, ...] = ()
    passages: tuple[Passage, ...] = ()

    def __post_init__(self) -> None:
        parts = (
            self.masks, self.crops, self.dropped_pages, self.cuts, self.mutes, self.passages
        )  # fmt: skip
        _require(all(len(part) <= MOST_EDITS for part in parts))
        _require(all(page >= 0 for page in self.dropped_pages))
        _require(all(mask.page >= 0 for mask in self.masks))
        _require(all(crop.page >= 0 for crop in self.crops))

    def masks_of(self, page: int) -> tuple[Mask, ...]:
        return tuple(mask for mask in self.masks if mask.page == page)

    def crop_of(self, page: int) -> PageArea | None:
        """What is left of a page; the last crop counts."""
        areas = [crop.area for crop in self.crops if crop.page == page]
        return areas[-1] if areas else None

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Edits:
        """Edits as they are stored: names of the attributes, and values of JSON.

        :raises CopyError: ``copy_edits``, they make no sense.
        """
        try:
            return cls(
                masks=tuple(_mask(mask) for mask in fields.get("masks", ())),
                crops=tuple(
                    Crop(PageArea(**crop["area"]), int(crop["page"]))
                    for crop in fields.get("crops", ())
                ),
                dropped_pages=tuple(int(page) for page in fields.get("dropped_pages", ())),
                cuts=tuple(Interval(**cut) for cut in fields.get("cuts", ())),
                mutes=tuple(Interval(**mute) for mute in fields.get("mutes", ())),
                passages=tuple(Passage(**passage) for passage in fields.get("passages", ())),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise CopyError("copy_edits") from error


def remaining(cuts: tuple[Interval, ...], duration: float) -> list[tuple[float, float]]:
    """What cuts leave of a recording: intervals in order, none shorter than a fiftieth of a second.

    :raises CopyError: ``copy_nothing_left``.
    """
    intervals, position = [], 0.0
    for cut in (*sorted(cuts, key=lambda cut: cut.start), Interval(duration, duration + 1)):
        if cut.start - position > 0.02:
            intervals.append((position, min(cut.start, duration)))
        position = max(position, cut.end)
        if position >= duration:
            break
    if not intervals:
        raise CopyError("copy_nothing_left")
    return intervals


def _mask(fields: Mapping[str, Any]) -> Mask:
    interval = fields.get("interval")
    return Mask(
        PageArea(**fields["area"]),
        MaskStyle(fields.get("style", MaskStyle.BLUR)),
        int(fields.get("page", 0)),
        Interval(**interval) if interval else None,
    )


def _require(is_right: bool) -> None:
    if not is_right:
        raise CopyError("copy_edits")
