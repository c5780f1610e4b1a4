"""Without style sheets a page is one text: no two of its words may touch."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator

import bureau
import letterbox
import pytest
from linear import glued
from served import PAGES, RARE, Site

from register.db import db


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
def test_words_that_touch_are_seen(markup: str) -> None:
    """The proof that the tests below see something."""
    assert len(glued(markup)) == 1


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
def test_words_that_do_not_touch_are_left_alone(markup: str) -> None:
    assert glued(markup) == []


def test_no_words_touch_on_public_pages(site: Site) -> None:
    touching = {name: glued(_read(site.url(name))) for name in (*PAGES, *RARE)}
    assert sorted({pair for found in touching.values() for pair in found}) == []


@pytest.fixture(scope="module")
def desk(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[bureau.Bureau]:
    with registers.new("sqlite", tmp_path_factory.mktemp("bureau")) as settings:
        made = bureau.bureau(settings)
        yield made
        with made.app.app_context():
            db.engine.dispose()


@pytest.mark.prove
def test_no_words_touch_at_the_desk(desk: bureau.Bureau) -> None:
    touching = {}
    for name in bureau.PAGES:
        member = desk.member_of(name)
        client = desk.signed(member).client if member else desk.app.test_client()
        touching[name] = glued(client.get(desk.address(name)).text)
    assert sorted({pair for found in touching.values() for pair in found}) == []


@pytest.mark.prove
def test_no_words_touch_on_the_pages_of_a_report(
    registers, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with registers.new("sqlite", tmp_path_factory.mktemp("letterbox")) as settings:
        made = letterbox.letterbox(settings)
        stranger, bruno, touching = made.app.test_client(), made.signed(), {}
        for name in (*letterbox.OPEN, *letterbox.DESK):
            asked, at_desk = made.page(name), name in letterbox.DESK
            if asked.fields is None:
                answer = (bruno.client if at_desk else stranger).get(asked.path)
            elif at_desk:
                answer = bruno.send(asked.path, dict(asked.fields))
            else:
                answer = stranger.post(asked.path, data=dict(asked.fields))
            assert answer.status_code == asked.status, name
            touching[name] = glued(answer.text)
        with made.app.app_context():
            db.engine.dispose()
    assert sorted({pair for found in touching.values() for pair in found}) == []
