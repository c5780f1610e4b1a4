"""A reader's browser: one Chromium for the whole run, a new and empty profile for each test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest
from chromium import FLAGS, program
from databases import serve
from demo_site import Site
from page_checks import Opener, Watch, is_status
from page_sites import PageSite
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from site_browser import SiteBrowser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; skipped where there is none, never under CI."""
    path = program()
    # Where a form is sent by a script, no navigation tells Playwright to wait for the answer.
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@pytest.fixture
def watch() -> list[Watch]:
    """The traffic of the profiles of the test, in the order of their opening."""
    return []


@pytest.fixture
def reader(browser: Browser, site: Site, watch: list[Watch]) -> Iterator[Opener]:
    """``reader("case", width=320, scheme="dark")``: somebody reads a page in a new profile.

    Whatever a test does, no page may have sent a request to another machine, nor the browser
    have refused what a page requested.
    """
    contexts: list[BrowserContext] = []

    def open_page(
        page: str,
        *,
        width: int = 1280,
        height: int = 900,
        scheme: str = "light",
        zoom: float = 1,
        scripts: bool = True,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            device_scale_factor=zoom,
            java_script_enabled=scripts,
            reduced_motion="reduce",
        )
        contexts.append(context)
        watch.append(Watch(context))
        context.set_default_timeout(10_000)
        tab = context.new_page()
        tab.goto(site.url(page))
        return tab

    yield open_page
    for context in contexts:
        context.close()
    requests = [url for profile in watch for url in profile.requests]
    assert requests
    assert [url for url in requests if not url.startswith(site.base + "/")] == []
    # Chromium mentions the status of a page that is missing or gone.
    assert [
        text for profile in watch for text in profile.complaints if not is_status(text, "4")
    ] == []


@pytest.fixture(scope="session")
def _site_browsers(
    page_sites: Mapping[str, PageSite], browser: Browser
) -> Iterator[Mapping[str, SiteBrowser]]:
    with ExitStack() as stack:
        browsers = {}
        for name, site in page_sites.items():
            # By a name, as passkeys need.
            base = stack.enter_context(serve(site.app)).replace("127.0.0.1", "localhost")
            browsers[name] = SiteBrowser(site, base, browser)
            stack.callback(browsers[name].close)
        yield browsers


@pytest.fixture
def site_browser(
    _site_browsers: Mapping[str, SiteBrowser], request: pytest.FixtureRequest
) -> SiteBrowser:
    """The pages of the site that a test names, in a browser."""
    return _site_browsers[request.param]
