"""The gazetteer of the whole territory."""

from __future__ import annotations

import pytest

from register.territory.gazetteer import Gazetteer, gazetteer


@pytest.fixture(scope="session", name="gazetteer")
def _gazetteer() -> Gazetteer:
    """The gazetteer of the committed data."""
    return gazetteer()
