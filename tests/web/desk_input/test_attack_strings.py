"""Every string of the list, stored in every text: no page, feed or table has it do anything."""

from __future__ import annotations

import csv
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest
from databases import open_engine
from flask import Flask
from form_client import MemberClient
from hostile_register import WORD, HostileRegister, fill_register
from hostile_strings import (
    GROUPS,
    HOST,
    PAYLOADS,
    HostileString,
    active_markup,
    hostile_strings,
    sample_strings,
)
from werkzeug.test import TestResponse

from register import create_app
from register.db import db
from register.errors import TextError
from register.exchange.csv_syntax import escape_cell
from register.search import indexer
from register.text.markup import MAX_CHARS, render_markdown, render_plain_text
from register.text.normalisation import legal

pytestmark = pytest.mark.prove

ATOM = "{http://www.w3.org/2005/Atom}"
# The pages of a case on the desk, for each that was published.
PLACES = (
    "",
    "/versions",
    "/comparer",
    "/corriger",
    "/caviarder",
    "/suite",
    "/inviter",
    "/retirer",
    "/reunir",
    "/reponse",
    "/effacer",
)


@dataclass(frozen=True)
class Site:
    """A register full of such strings, and a member who looks at it."""

    app: Flask
    filed: HostileRegister
    strings: list[HostileString]
    member: MemberClient

    def page(self, address: str) -> TestResponse:
        """A page that is answered, and in which nothing runs."""
        answer = self.member.get(address)
        assert answer.status_code == 200, address
        assert HOST not in str(answer.headers), address
        if answer.mimetype == "text/html":
            assert active_markup(answer.text) == [], address
        return answer


@pytest.fixture(scope="module")
def site(registers, tmp_path_factory) -> Iterator[Site]:
    with registers.new("sqlite", tmp_path_factory.mktemp("attacked")) as settings:
        strings = hostile_strings()
        app = create_app(settings)
        app.testing = True
        with open_engine(settings.database_url) as engine:
            filed = fill_register(engine, strings, every=8)
            indexer.catch_up(engine, app.extensions["register.search"])
        yield Site(app, filed, strings, MemberClient(app, filed.by))
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


# --- the list itself --------------------------------------------------------------------------


def test_there_are_hundreds_of_hostile_strings_with_changing_payloads() -> None:
    texts = {attack.text for attack in hostile_strings()}
    assert len(texts) == len(hostile_strings()) >= 300
    assert len(GROUPS) >= 15
    assert {attack.group for attack in sample_strings()} == set(GROUPS)
    changed = sum(
        a.text != b.text for a, b in zip(hostile_strings(), hostile_strings(1), strict=True)
    )
    assert changed >= 150
    assert all(any(payload in text for text in texts) for payload in PAYLOADS)


@pytest.mark.parametrize(
    "group", ["script elements", "handlers", "vector images and formulas", "style sheets"]
)
def test_the_parser_finds_strings_that_are_not_escaped(group: str) -> None:
    """The counter-proof: the same strings as they are, in the midst of a page."""
    own = [
        attack.text for attack in hostile_strings() if attack.group == group and "<" in attack.text
    ]
    seen = [text for text in own if active_markup(f"<p>{text}</p>")]
    assert len(seen) >= 0.75 * len(own)


@pytest.mark.parametrize(
    "page",
    [
        '<a href="javascript:alert(1)">x</a>',
        '<a href=" java\tscript:alert(1)">x</a>',
        '<a href="&#106;avascript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        '<a href="//attaque.test/">x</a>',
        '<p onclick="x">x</p>',
        '<p style="x">x</p>',
        "<script>x</script>",
        '<script src="/elsewhere.js"></script>',
        '<form action="https://attaque.test/"></form>',
        '<meta http-equiv="refresh" content="0">',
    ],
)
def test_the_parser_finds_active_markup(page: str) -> None:
    assert active_markup(page)


# --- pages ------------------------------------------------------------------------------------


def test_each_string_in_the_title_summary_and_account_of_a_public_page(site: Site) -> None:
    for filed in site.filed.single:
        site.page(f"/incidents/{filed.number}")
    for filed in site.filed.single[::7]:
        _is_safe_feed(site.page(f"/incidents/{filed.number}.atom"))


def test_the_desk_shows_such_cases(site: Site) -> None:
    for filed in site.filed.single[::9]:
        site.page(f"/moderation/dossiers/{filed.id}")
    for place in ("", "/modifier", "/publier", "/approuver", "/abandonner", "/versions"):
        site.page(f"/moderation/dossiers/{site.filed.draft.id}{place}")


def test_cases_in_full_as_the_public_and_as_members_see_them(site: Site) -> None:
    for place, filed in enumerate(site.filed.full):
        site.page(f"/incidents/{filed.number}")
        _is_safe_feed(site.page(f"/incidents/{filed.number}.atom"))
        own = PLACES if place % 4 == 0 else PLACES[:3]
        for path in own:
            site.page(f"/moderation/dossiers/{filed.id}{path}")


def test_lists_and_searches(site: Site) -> None:
    cases = len(site.filed.single) + len(site.filed.full)
    for number in range(1, -(-cases // 20) + 1):
        site.page(f"/incidents?page={number}")
    found = site.page(f"/incidents?q={WORD}")
    assert f"{cases}" in found.text.replace("\u202f", "")
    for address in (
        "/",
        "/communes/93032",
        "/departements/93",
        "/regions/11",
        "/registre",
        "/moderation",
        "/moderation/dossiers",
        f"/moderation/dossiers?q={WORD}",
        "/moderation/dossiers?q=script",
        "/moderation/dossiers/nouveau",
    ):
        site.page(address)


def test_feeds_are_well_formed_and_their_texts_harmless(site: Site) -> None:
    for address in ("/incidents.atom", "/communes/93032.atom", f"/incidents.atom?q={WORD}"):
        _is_safe_feed(site.page(address))


def _is_safe_feed(answer: TestResponse) -> None:
    feed = ElementTree.fromstring(answer.data)
    entries = feed.findall(f"{ATOM}entry")
    assert entries
    for entry in entries:
        for text in (entry.find(f"{ATOM}content"), entry.find(f"{ATOM}summary")):
            assert text is None or active_markup(text.text or "") == []
    for link in feed.iter(f"{ATOM}link"):
        assert link.get("href", "").startswith(("http://127.0.0.1", "http://localhost"))


def test_the_journal_and_its_table(site: Site) -> None:
    for address in ("/moderation/journal", "/moderation/journal?acte=cas", "/moderation/membres"):
        answer = site.member.get(address)
        assert active_markup(answer.text) == [], address
    table = site.page("/moderation/journal.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table, newline="")))
    assert len(rows) > len(site.filed.single) * 4
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if cell != escape_cell(cell)] == []
    lines = site.page("/registre.jsonl").text.splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)


# --- what is rendered -------------------------------------------------------------------------


def test_each_string_by_itself_is_rendered_to_what_does_nothing() -> None:
    for attack in hostile_strings():
        for made in (_rendered(attack.text), render_plain_text(attack.text)):
            assert active_markup(made) == [], attack.name
            assert legal(made) == made, attack.name


def _rendered(text: str) -> str:
    try:
        return render_markdown(text)
    except TextError:
        return ""


def _slowest(strings: list[HostileString], fill_up: Callable[[str], str]) -> tuple[float, str]:
    """The longest time that one takes, in seconds of the processor, and its name."""
    took = []
    for attack in strings:
        text = fill_up(attack.text)
        began = time.process_time()
        _rendered(text)
        took.append((time.process_time() - began, attack.name))
    return max(took)


def _in_one_block(text: str) -> str:
    return (text.replace("\n", " ") * (MAX_CHARS // len(text) + 1))[:MAX_CHARS]


def _in_blocks(text: str) -> str:
    return (f"{text}\n\n" * (MAX_CHARS // len(text) + 1))[:MAX_CHARS]


def test_markdown_within_the_cap_takes_its_time_and_no_more() -> None:
    # The bar itself is held by the test below, where nothing else runs.
    for fill_up in (_in_one_block, _in_blocks):
        took, name = _slowest(sample_strings(1), fill_up)
        assert took < 4, name


@pytest.mark.prove
@pytest.mark.parametrize("fill_up", [_in_one_block, _in_blocks])
def test_no_markdown_within_the_cap_takes_a_second(fill_up: Callable[[str], str]) -> None:
    took, name = _slowest(hostile_strings(), fill_up)
    print(f"the slowest of {len(hostile_strings())}: {took:.2f} s, {name}")
    assert took < 1, name
