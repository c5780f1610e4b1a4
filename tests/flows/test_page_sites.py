"""Every page of the desk, the accounts and the report forms, for readers who see little."""

from __future__ import annotations

import desk_site
import pytest
import reports_site
from page_checks import LOW, STICKS_OUT
from site_browser import SiteBrowser
from tab_order import faults
from test_accessibility import SCHEMES, violations

from register.cases.vocabulary import LANGUAGES
from register.text.dates import Language

pytestmark = [pytest.mark.browser, pytest.mark.prove]

EVERY_PAGE = pytest.mark.parametrize(
    ("site_browser", "name"),
    [
        *(("desk", name) for name in desk_site.PAGES),
        *(("reports", name) for name in reports_site.PAGES),
    ],
    indirect=["site_browser"],
)


@pytest.mark.parametrize("language", LANGUAGES)
@EVERY_PAGE
def test_axe_finds_nothing_and_nothing_sticks_out(
    site_browser: SiteBrowser, name: str, language: Language
) -> None:
    page = site_browser.open(name, language)
    for scheme, width in zip(SCHEMES, (1280, 390), strict=True):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        assert violations(page) == [], scheme
    for width in (320, 390, 768, 1060, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(STICKS_OUT) == [], width
        assert page.evaluate(LOW) == [], width


@pytest.mark.parametrize("language", LANGUAGES)
@EVERY_PAGE
def test_the_keyboard_goes_through_a_page(
    site_browser: SiteBrowser, name: str, language: Language
) -> None:
    assert faults(site_browser.open(name, language)) == []


@pytest.mark.parametrize("site_browser", ["desk"], indirect=True)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [1280, 1440])
def test_a_long_name_leaves_the_menu_on_one_line(
    site_browser: SiteBrowser, language: Language, width: int
) -> None:
    page = site_browser.open("home", language)
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate(
        "document.querySelector('.nav .me span').textContent = 'Marie-Françoise '.repeat(4)"
    )
    boxes = [link.bounding_box() for link in page.locator(".nav a").all()]
    assert len({box["y"] for box in boxes if box}) == 1


@pytest.mark.parametrize(
    ("site_browser", "name"),
    [("desk", "invite to reply"), ("reports", "form")],
    indirect=["site_browser"],
)
def test_faults_put_on_a_page_are_found(site_browser: SiteBrowser, name: str) -> None:
    """The proof that the tests above see something."""
    page = site_browser.open(name)
    page.evaluate("document.querySelector('main label').remove()")
    page.evaluate("document.querySelector('main button').style.minHeight = '20px'")
    page.evaluate("document.querySelector('main button').style.padding = '0'")
    page.evaluate("document.querySelector('h1').style.width = '5000px'")
    assert "label" in {violation.split(":")[0] for violation in violations(page)}
    assert page.evaluate(LOW)
    assert page.evaluate(STICKS_OUT)
