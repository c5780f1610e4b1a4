"""The site that ``make docs`` builds, for readers who see little, use a keyboard or a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from databases import open_engine, plain_app
from page_checks import AXE
from playwright.sync_api import Browser, Page

from tools.docs import gallery, rooms
from tools.docs.furnished import furnish
from tools.docs.site import build

pytestmark = [pytest.mark.prove, pytest.mark.browser]


@pytest.fixture(scope="module")
def site_folder(registers, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site."""
    folder = tmp_path_factory.mktemp("browsed")
    with registers.new("sqlite", folder) as settings:
        with open_engine(settings.database_url) as engine:
            furnish(engine, settings.instance)
        with plain_app(settings) as app:
            build(folder / "docs", gallery.specimens(app))
    return folder / "docs"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A small phone."""
    context = browser.new_context(viewport={"width": 320, "height": 800})
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("room", [*rooms.doc_pages()], ids=lambda room: room.address)
def test_every_page_of_the_documentation_can_be_read(site_folder, page, room):
    page.goto((site_folder / room.address).as_uri())
    page.evaluate(AXE_SCRIPT)
    for scheme, width in (("light", 320), ("dark", 320), ("light", 1280), ("dark", 1280)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        report = page.evaluate(AXE)
        assert report["passes"]
        assert [violation["id"] for violation in report["violations"]] == [], (scheme, width)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
