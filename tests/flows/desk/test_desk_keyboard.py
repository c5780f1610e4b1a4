"""Every page of the desk and of the accounts by the keyboard alone."""

from __future__ import annotations

import pytest
from test_desk_accessibility import WAYS, Desk, desk, served_desk
from walking import faults

pytestmark = [pytest.mark.browser, pytest.mark.prove]

__all__ = ["desk", "served_desk"]  # the fixtures of the other module


@pytest.mark.parametrize("name", WAYS)
def test_the_keyboard_goes_through_a_page(desk: Desk, name: str) -> None:
    assert faults(WAYS[name](desk)) == []
