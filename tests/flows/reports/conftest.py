"""Those who report, and members at the desk, on a register without a case."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from page_checks import AtDesk, Watch, browsers
from playwright.sync_api import Browser
from served_register import ServedRegister, serve_register


@pytest.fixture
def served_register(
    registers, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[ServedRegister]:
    """A register; on SQLite unless a test asks for another database."""
    backend = getattr(request, "param", "sqlite")
    with registers.new(backend, tmp_path) as settings, serve_register(settings) as register:
        yield register


@pytest.fixture
def open_page(
    browser: Browser, served_register: ServedRegister, watch: list[Watch]
) -> Iterator[AtDesk]:
    """Opens browsers on the register, one for each person."""
    with browsers(browser, served_register.base, watch) as open_browser:
        yield open_browser
