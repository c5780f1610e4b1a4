"""Pages on paper, in forced colours and on the smallest phone: what was once seen to be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_checks import STICKS_OUT, Opener
from viewports import mainly

pytestmark = pytest.mark.browser

SHEETS = Path(__file__).resolve().parents[2] / "static" / "css"
ON_PAPER = [
    "whole case",
    *(
        pytest.param(name, marks=pytest.mark.prove)
        for name in (
            "list",
            "home",
            "commune",
            "departement",
            "figures",
            "ledger",
            "method",
            "tombstone",
        )
    ),
]
A4 = 700  # CSS pixels of a sheet between its margins

# Words and lines that come nearer than a gutter to the right edge of the sheet.
NO_GUTTER = """() => {
  const edge = document.documentElement.clientWidth - 10;
  const shown = [...document.querySelectorAll("main *")].filter(
    (element) => element.checkVisibility() && !element.closest(".vh, svg"));
  return shown.filter((element) => [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.data.trim()))
    .filter((element) => element.getBoundingClientRect().right > edge)
    .map((element) => element.outerHTML.slice(0, 120));
}"""
# How far the dot of each entry stands from the start of its text; below zero, upon it.
FROM_DOT_TO_TEXT = """() => [...document.querySelectorAll(".along .entry")].map((entry) => {
  const dot = getComputedStyle(entry, "::before");
  const end = entry.getBoundingClientRect().left + parseFloat(dot.insetInlineStart)
    + parseFloat(dot.inlineSize);
  return entry.querySelector(".body").getBoundingClientRect().left - end;
})"""
STYLE = "(element, [part, name]) => getComputedStyle(element, part)[name]"


@pytest.mark.parametrize("name", ON_PAPER)
def test_paper_has_a_gutter_and_a_margin(reader: Opener, name: str) -> None:
    page = reader(name, width=A4)
    page.emulate_media(media="print")
    assert page.evaluate(NO_GUTTER) == []
    assert page.evaluate(STICKS_OUT) == []
    side, body = (
        page.locator(f"main .row:has(> .side) > {part}").first for part in (".side", ".body")
    )
    if side.count():
        # Dates and numbers stand beside the text, not above it.
        side_box, text_box = side.bounding_box(), body.bounding_box()
        assert side_box
        assert text_box
        assert side_box["x"] + side_box["width"] <= text_box["x"]
        assert abs(side_box["y"] - text_box["y"]) < 2


def test_no_dot_is_printed_upon_a_title(reader: Opener) -> None:
    page = reader("commune", width=A4)
    page.emulate_media(media="print")
    distances = page.evaluate(FROM_DOT_TO_TEXT)
    assert distances
    assert min(distances) >= 0


def test_only_addresses_elsewhere_are_written_out_on_paper(reader: Opener) -> None:
    page = reader("method", width=A4)
    page.emulate_media(media="print")
    link = page.locator(".prose a[href^='#']").first
    assert link.evaluate(STYLE, ["::after", "content"]) == "none"
    page = reader("whole case", width=A4)
    page.emulate_media(media="print")
    external_link = page.locator(".prose a[href^=http]").first
    assert "/seance" in external_link.evaluate(STYLE, ["::after", "content"])
    # A source without a title shows its site only.
    source_link = page.locator(".srcs > li > a").first
    assert "https://exemple.test/un-chemin" in source_link.evaluate(STYLE, ["::after", "content"])


def test_forced_colours_keep_the_marks_that_carry_meaning(reader: Opener) -> None:
    page = reader("whole case")
    page.emulate_media(forced_colors="active")
    current_link = page.locator(".nav [aria-current]")
    assert current_link.evaluate(STYLE, [None, "borderBlockEndWidth"]) == "3px"
    level, other_levels = (
        page.locator(".scale [aria-current]"),
        page.locator(".scale li:not([aria-current])"),
    )
    edge = [None, "borderBlockStartColor"]
    assert level.evaluate(STYLE, edge) != other_levels.first.evaluate(STYLE, edge)
    # An arrow is drawn with two borders that are not seen; all seen, it would be a square.
    arrow = page.locator(".deed .what").first
    sides = {
        arrow.evaluate(STYLE, ["::after", f"border{side}Color"])
        for side in ("BlockStart", "InlineStart")
    }
    assert len(sides) == 2


@pytest.mark.parametrize("width", mainly(320, 360, 390, 768, 1060, 1280))
def test_the_button_of_the_head_stands_beside_the_name(reader: Opener, width: int) -> None:
    page = reader("home", width=width)
    name, button = (page.locator(f".top {part}").bounding_box() for part in (".brand", ".btn"))
    assert name
    assert button
    assert name["x"] + name["width"] <= button["x"]
    assert button["y"] < name["y"] + name["height"]
    assert button["height"] >= 44


def test_nothing_moves_on_its_own() -> None:
    """No rule is needed for those who asked for less motion, as long as there is none."""
    for sheet in SHEETS.glob("*.css"):
        css = sheet.read_text("utf-8")
        for word in ("transition", "animation", "scroll-behavior"):
            assert word not in css, sheet.name
