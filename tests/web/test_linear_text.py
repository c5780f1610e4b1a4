"""Without style sheets a page is one text: no two of its words may touch."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Mapping

import pytest
from demo_site import PAGES, RARE, Site
from page_sites import PageSite
from page_text import touching_words


def _read(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=20) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.read().decode()


@pytest.mark.parametrize(
    "markup",
    ["<b>A</b><span>Accès</span>", "<a>fin</a><a>début</a>", "<i>9 cas</i><small>(un)</small>"],
)
def test_touching_words_are_found(markup: str) -> None:
    """The proof that the tests below see something."""
    assert len(touching_words(markup)) == 1


@pytest.mark.parametrize(
    "markup",
    [
        "<p>fin</p><p>début</p>",
        "<b>A</b> <span>Accès</span>",
        "<a>Gagny</a>, <a>93</a>",
        "l’<code>ETag</code>",
        "1<sup>er</sup>",
        "<b>fin</b><br>début",
        "<svg><text>un</text><text>deux</text></svg>",
    ],
)
def test_separate_words_are_not_reported(markup: str) -> None:
    assert touching_words(markup) == []


def test_no_words_touch_on_public_pages(site: Site) -> None:
    touching = {name: touching_words(_read(site.url(name))) for name in (*PAGES, *RARE)}
    assert sorted({pair for pairs in touching.values() for pair in pairs}) == []


@pytest.mark.prove
@pytest.mark.parametrize("site_name", ["desk", "reports"])
def test_no_words_touch_at_the_desk_and_on_report_forms(
    page_sites: Mapping[str, PageSite], site_name: str
) -> None:
    site = page_sites[site_name]
    touching = {name: touching_words(site.answer(name).text) for name in site.pages}
    assert sorted({pair for pairs in touching.values() for pair in pairs}) == []
