"""The browsers of people in a test: on a phone or at a desk, with scripts or not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest
from input_devices import Keys, Pointer
from playwright.sync_api import Page

PHONE, DESKTOP = 390, 1280


@dataclass(frozen=True)
class Viewport:
    """Width, scripts, input device and database of a test's browsers."""

    width: int
    scripts: bool
    user: Callable[[Page], Pointer | Keys] = Pointer
    database: str = "sqlite"


def mainly(first: object, *others: object) -> list[object]:
    """Parameters of a test: the first in each run, the others for ``make prove``."""
    return [first, *(pytest.param(other, marks=pytest.mark.prove) for other in others)]


def each_of(viewports: Mapping[str, Viewport]) -> list[object]:
    """Parameters of a test, viewport and database; all but ``phone`` for ``make prove``."""
    return [
        pytest.param(
            viewport, viewport.database, id=name, marks=[] if name == "phone" else pytest.mark.prove
        )
        for name, viewport in viewports.items()
    ]
