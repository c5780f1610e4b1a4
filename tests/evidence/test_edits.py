"""Edits of a copy: what makes sense, and back from JSON."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from register.errors import CopyError
from register.evidence.clean_copy.edits import (
    Crop,
    Edits,
    Interval,
    Mask,
    MaskStyle,
    PageArea,
    Passage,
    remaining,
)

ALL = Edits(
    masks=(
        Mask(PageArea(0, 0.1, 0.5, 1), MaskStyle.BLACK, 2, Interval(1, 2.5)),
        Mask(PageArea(0, 0, 1, 1)),
    ),
    crops=(Crop(PageArea(0, 0, 0.5, 0.5), 1), Crop(PageArea(0, 0, 1, 0.5), 1)),
    dropped_pages=(3,),
    cuts=(Interval(0, 10),),
    mutes=(Interval(11, 12),),
    passages=(Passage(0, 4),),
)


def test_edits_come_back_from_json() -> None:
    assert Edits.from_json(json.loads(json.dumps(asdict(ALL)))) == ALL
    assert Edits.from_json({}) == Edits()


def test_edits_are_those_of_their_page() -> None:
    assert ALL.masks_of(2) == ALL.masks[:1]
    assert ALL.crop_of(1) == PageArea(0, 0, 1, 0.5)
    assert ALL.crop_of(0) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"masks": [{"area": {"left": 0, "top": 0, "right": 2, "bottom": 1}}]},
        {"masks": [{"area": {"left": 0.5, "top": 0, "right": 0.5, "bottom": 1}}]},
        {"masks": [{"area": {"left": "0", "top": 0, "right": 1, "bottom": 1}}]},
        {"masks": [{"area": {"left": 0, "top": 0, "right": 1, "bottom": float("nan")}}]},
        {"masks": [{"area": {"left": 0, "top": 0, "right": 1}}]},
        {"masks": [{}]},
        {"masks": 3},
        {"masks": [{"area": {"left": 0, "top": 0, "right": 1, "bottom": 1}, "style": "pink"}]},
        {"masks": [{"area": {"left": 0, "top": 0, "right": 1, "bottom": 1}, "page": -1}]},
        {"crops": [{"area": {"left": 0, "top": 0, "right": 1, "bottom": 1}, "page": -1}]},
        {"cuts": [{"start": 5, "end": 4}]},
        {"cuts": [{"start": -1, "end": 4}]},
        {"cuts": [{"start": 0, "end": float("inf")}]},
        {"cuts": [{"start": 0, "end": 1}] * 501},
        {"passages": [{"start": 4, "end": 4}]},
        {"dropped_pages": [-1]},
        {"dropped_pages": ["x"]},
    ],
)
def test_edits_that_make_no_sense_are_refused(fields) -> None:
    with pytest.raises(CopyError, match="copy_edits"):
        Edits.from_json(fields)


def test_areas_are_widened_to_whole_pixels() -> None:
    assert PageArea(0.101, 0.101, 0.5, 0.501).pixels(100, 100) == (10, 10, 50, 51)
    assert PageArea(0.11, 0.11, 0.5, 0.51).pixels(100, 100, step=2) == (10, 10, 50, 52)
    assert PageArea(0.5, 0.5, 1, 1).pixels(99, 99, step=2) == (48, 48, 99, 99)


@pytest.mark.parametrize(
    ("cuts", "intervals"),
    [
        ([], [(0, 10)]),
        ([(2, 4)], [(0, 2), (4, 10)]),
        ([(6, 12), (0, 2)], [(2, 6)]),
        ([(1, 5), (2, 3), (4, 6)], [(0, 1), (6, 10)]),
        ([(20, 30)], [(0, 10)]),
        ([(0, 5), (5.01, 9.999)], []),
        ([(0, 10)], []),
    ],
)
def test_cuts_leave_the_rest(cuts, intervals) -> None:
    all_cuts = tuple(Interval(*cut) for cut in cuts)
    if intervals:
        assert remaining(all_cuts, 10) == intervals
    else:
        with pytest.raises(CopyError, match="copy_nothing_left"):
            remaining(all_cuts, 10)
