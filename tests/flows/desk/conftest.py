"""Members at their browsers, on a register that knew nobody when the test began."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fresh_register import FreshRegister, serve_fresh_register
from page_checks import AtDesk, Watch, browsers
from playwright.sync_api import Browser


@pytest.fixture
def fresh_register(
    registers, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[FreshRegister]:
    """A register on its first day; on SQLite unless a test asks for another database."""
    backend = getattr(request, "param", "sqlite")
    with registers.new(backend, tmp_path) as settings, serve_fresh_register(settings) as register:
        yield register


@pytest.fixture
def at_desk(
    browser: Browser, fresh_register: FreshRegister, watch: list[Watch]
) -> Iterator[AtDesk]:
    """Opens browsers on the register."""
    with browsers(browser, fresh_register.base, watch) as open_browser:
        yield open_browser
