"""Every kind of page, for readers who see little, use a keyboard, a phone or a large zoom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from databases import Registers
from demo_site import ENGLISH, PAGES, RARE, empty
from page_checks import AXE, FOCUSED, STICKS_OUT, Opener, Watch
from playwright.sync_api import Browser, Page
from viewports import mainly

pytestmark = pytest.mark.browser

SCHEMES = ("light", "dark")
# One of each kind on each change; all of them before a release.
IN_EACH_RUN = {"home", "whole case", "commune", "list in English"}
CHECKED_PAGES = [
    name if name in IN_EACH_RUN else pytest.param(name, marks=pytest.mark.prove)
    for name in (*PAGES, *RARE, *ENGLISH)
]
CHECKED_BEFORE_RELEASES = [
    pytest.param(name, marks=pytest.mark.prove) for name in (*RARE, *ENGLISH)
]
AT_EVERY_WIDTH = [*PAGES, *CHECKED_BEFORE_RELEASES]


def violations(page: Page) -> list[str]:
    """The violations by axe. Its source is evaluated: the policy refuses an added script."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    report = page.evaluate(AXE)
    assert report["passes"]
    return [
        f"{violation['id']}: {json.dumps([node['html'][:160] for node in violation['nodes'][:5]])}"
        for violation in report["violations"]
    ]


@pytest.mark.parametrize("name", CHECKED_PAGES)
def test_axe_finds_nothing_in_light_and_in_dark(reader: Opener, name: str) -> None:
    page = reader(name)
    papers = set()
    # By day on a desk, by night on a phone.
    for scheme, width in zip(SCHEMES, (1280, 390), strict=True):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        papers.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
        assert violations(page) == [], scheme
    assert len(papers) == len(SCHEMES)


@pytest.mark.prove
@pytest.mark.parametrize("language_prefix", ["", "/en"])
def test_axe_finds_nothing_in_a_register_without_a_case(
    registers: Registers, tmp_path: Path, browser: Browser, language_prefix: str
) -> None:
    with registers.new("sqlite", tmp_path) as settings, empty(settings) as empty_site:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        for path in ("/", "/incidents", "/communes/93032", "/departements", "/statistiques"):
            page.goto(empty_site.url(f"{language_prefix}{path}"))
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                assert violations(page) == [], (path, scheme)
            assert page.evaluate(STICKS_OUT) == []
        page.close()


def test_axe_reports_planted_violations(reader: Opener) -> None:
    """The proof that the test above sees something."""
    page = reader("home")
    page.evaluate("document.querySelector('label').remove()")
    page.evaluate("document.querySelector('h1').style.color = '#ccc'")
    page.evaluate(
        "for (const name of ['a', 'b']) { const small = document.createElement('button');"
        " small.textContent = name; small.style.cssText ="
        " 'display: block; inline-size: 9px; block-size: 9px; padding: 0; border: 0; margin: 0';"
        " document.querySelector('main').prepend(small) }"
    )
    rules = {violation.split(":")[0] for violation in violations(page)}
    assert rules >= {"label", "color-contrast", "target-size"}


@pytest.mark.prove
@pytest.mark.parametrize("name", AT_EVERY_WIDTH)
def test_nothing_sticks_out_on_a_small_phone_or_at_four_times_the_size(
    reader: Opener, name: str
) -> None:
    # 400 % of a window of 1280 by 1024 leaves 320 by 256, each point four times as wide.
    page = reader(name, width=320, height=256, zoom=4)
    assert page.evaluate(STICKS_OUT) == []
    # An ordinary phone and a tablet, where other rules of the style sheets begin.
    for width in (390, 768, 1060):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate(STICKS_OUT) == []


def test_an_element_that_is_too_wide_is_noticed(reader: Opener) -> None:
    """The proof that the test above sees something."""
    page = reader("home", width=320)
    page.evaluate("document.querySelector('h1').textContent = 'anticonstitutionnel'.repeat(9)")
    page.evaluate("document.querySelector('h1').style.overflowWrap = 'normal'")
    assert page.evaluate(STICKS_OUT)


@pytest.mark.parametrize("name", mainly("case", "home", "list", "tombstone", "missing"))
def test_the_first_skip_link_leads_past_the_head(reader: Opener, name: str) -> None:
    page = reader(name)
    page.keyboard.press("Tab")
    first = page.evaluate(FOCUSED)
    assert first["name"] == "A #contenu"
    assert first["seen"]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        pytest.param("home", "light", marks=pytest.mark.prove),
        ("filtered", "dark"),
        pytest.param("whole case", "light", marks=pytest.mark.prove),
    ],
)
def test_the_keyboard_focus_is_visible(reader: Opener, name: str, scheme: str) -> None:
    page = reader(name, scheme=scheme)
    stops = []
    for _press in range(250):
        page.keyboard.press("Tab")
        focus = page.evaluate(FOCUSED)
        if focus["body"]:
            break
        stops.append(focus)
    assert len(stops) > 10
    assert [stop["name"] for stop in stops if stop["outline"] < 2 or not stop["seen"]] == []
    reachable = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input:not([type=hidden]), select')]"
        # The map says nothing that the list beside it does not say.
        ".filter((element) => element.tabIndex >= 0)"
        ".filter((element) => element.checkVisibility({visibilityProperty: true})).length"
    )
    assert len(stops) >= reachable


def test_the_filters_open_and_answer_to_a_keyboard_on_a_phone(reader: Opener) -> None:
    page = reader("list", width=390)
    page.locator(".filters > summary").focus()
    page.keyboard.press("Enter")
    box = page.get_by_role("checkbox", name="Procédures et menaces")
    box.focus()
    page.keyboard.press("Space")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "famille=justice" in page.url
    assert page.get_by_role("group", name="Filtres en vigueur").is_visible()


@pytest.mark.parametrize("name", mainly("case", "list", "missing"))
def test_every_sheet_of_a_page_is_there(reader: Opener, name: str) -> None:
    page = reader(name)
    sheets = page.evaluate("[...document.styleSheets].map((sheet) => sheet.cssRules.length)")
    assert len(sheets) == 1
    assert sheets[0] > 4


def test_a_violation_of_the_content_security_policy_is_noticed(
    reader: Opener, watch: list[Watch]
) -> None:
    """The proof that ``reader`` notices refusals of the browser."""
    page = reader("home")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {src: 'x'}))"
    )
    page.wait_for_timeout(200)
    assert any("Content Security Policy" in text for text in watch[0].complaints)
    watch[0].complaints.clear()
