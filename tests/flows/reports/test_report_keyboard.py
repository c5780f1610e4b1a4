"""Every page of a report, on both sides, by the keyboard alone."""

from __future__ import annotations

import pytest
from letterbox import DESK, OPEN
from test_report_accessibility import Pages, letters, pages
from walking import faults

pytestmark = [pytest.mark.browser, pytest.mark.prove]

__all__ = ["letters", "pages"]  # the fixtures of the other module


@pytest.mark.parametrize("name", [*OPEN, *DESK])
def test_the_keyboard_goes_through_a_page(pages: Pages, name: str) -> None:
    assert faults(pages.opened(name)) == []
