"""Hostile strings stored in every text are active on no page, feed or CSV file."""

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
# The member pages of a published case.
CASE_PAGES = (
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
    """A register filled with hostile strings, and a signed-in member."""

    app: Flask
    register: HostileRegister
    strings: list[HostileString]
    member: MemberClient

    def page(self, address: str) -> TestResponse:
        """A page, checked to be 200 and without active markup."""
        response = self.member.get(address)
        assert response.status_code == 200, address
        assert HOST not in str(response.headers), address
        if response.mimetype == "text/html":
            assert active_markup(response.text) == [], address
        return response


@pytest.fixture(scope="module")
def site(registers, tmp_path_factory) -> Iterator[Site]:
    with registers.new("sqlite", tmp_path_factory.mktemp("attacked")) as settings:
        strings = hostile_strings()
        app = create_app(settings)
        app.testing = True
        with open_engine(settings.database_url) as engine:
            register = fill_register(engine, strings, every=8)
            indexer.catch_up(engine, app.extensions["register.search"])
        yield Site(app, register, strings, MemberClient(app, register.by))
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


# --- the list of strings ----------------------------------------------------------------------


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
    """Proof that the check works: the same strings unescaped in a page."""
    texts = [
        attack.text for attack in hostile_strings() if attack.group == group and "<" in attack.text
    ]
    found_texts = [text for text in texts if active_markup(f"<p>{text}</p>")]
    assert len(found_texts) >= 0.75 * len(texts)


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
    for case in site.register.single:
        site.page(f"/incidents/{case.number}")
    for case in site.register.single[::7]:
        _check_feed(site.page(f"/incidents/{case.number}.atom"))


def test_the_desk_shows_cases_with_hostile_texts_safely(site: Site) -> None:
    for case in site.register.single[::9]:
        site.page(f"/moderation/dossiers/{case.id}")
    for path in ("", "/modifier", "/publier", "/approuver", "/abandonner", "/versions"):
        site.page(f"/moderation/dossiers/{site.register.draft.id}{path}")


def test_cases_with_every_field_on_public_and_member_pages(site: Site) -> None:
    for position, case in enumerate(site.register.full):
        site.page(f"/incidents/{case.number}")
        _check_feed(site.page(f"/incidents/{case.number}.atom"))
        paths = CASE_PAGES if position % 4 == 0 else CASE_PAGES[:3]
        for path in paths:
            site.page(f"/moderation/dossiers/{case.id}{path}")


def test_lists_and_searches(site: Site) -> None:
    case_count = len(site.register.single) + len(site.register.full)
    for number in range(1, -(-case_count // 20) + 1):
        site.page(f"/incidents?page={number}")
    results = site.page(f"/incidents?q={WORD}")
    assert f"{case_count}" in results.text.replace("\u202f", "")
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


def test_feeds_are_well_formed_and_contain_no_active_markup(site: Site) -> None:
    for address in ("/incidents.atom", "/communes/93032.atom", f"/incidents.atom?q={WORD}"):
        _check_feed(site.page(address))


def _check_feed(response: TestResponse) -> None:
    feed = ElementTree.fromstring(response.data)
    entries = feed.findall(f"{ATOM}entry")
    assert entries
    for entry in entries:
        for text in (entry.find(f"{ATOM}content"), entry.find(f"{ATOM}summary")):
            assert text is None or active_markup(text.text or "") == []
    for link in feed.iter(f"{ATOM}link"):
        assert link.get("href", "").startswith(("http://127.0.0.1", "http://localhost"))


def test_the_journal_and_its_csv_file(site: Site) -> None:
    for address in ("/moderation/journal", "/moderation/journal?acte=cas", "/moderation/membres"):
        response = site.member.get(address)
        assert active_markup(response.text) == [], address
    table = site.page("/moderation/journal.csv").data.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table, newline="")))
    assert len(rows) > len(site.register.single) * 4
    assert {len(row) for row in rows} == {len(rows[0])}
    assert [cell for row in rows for cell in row if cell != escape_cell(cell)] == []
    lines = site.page("/registre.jsonl").text.splitlines()
    assert all(isinstance(json.loads(line), dict) for line in lines)


# --- rendering --------------------------------------------------------------------------------


def test_each_string_is_rendered_without_active_markup() -> None:
    for attack in hostile_strings():
        for html in (_rendered(attack.text), render_plain_text(attack.text)):
            assert active_markup(html) == [], attack.name
            assert legal(html) == html, attack.name


def _rendered(text: str) -> str:
    try:
        return render_markdown(text)
    except TextError:
        return ""


def _slowest_rendering(
    strings: list[HostileString], fill_up: Callable[[str], str]
) -> tuple[float, str]:
    """The slowest rendering: seconds of CPU time, and the name of its string."""
    seconds = []
    for attack in strings:
        text = fill_up(attack.text)
        start = time.process_time()
        _rendered(text)
        seconds.append((time.process_time() - start, attack.name))
    return max(seconds)


def _in_one_block(text: str) -> str:
    return (text.replace("\n", " ") * (MAX_CHARS // len(text) + 1))[:MAX_CHARS]


def _in_blocks(text: str) -> str:
    return (f"{text}\n\n" * (MAX_CHARS // len(text) + 1))[:MAX_CHARS]


def test_sample_strings_of_maximal_length_render_in_four_seconds() -> None:
    # The real limit is checked by the next test, run alone.
    for fill_up in (_in_one_block, _in_blocks):
        seconds, name = _slowest_rendering(sample_strings(1), fill_up)
        assert seconds < 4, name


@pytest.mark.prove
@pytest.mark.parametrize("fill_up", [_in_one_block, _in_blocks])
def test_all_strings_of_maximal_length_render_in_one_second(fill_up: Callable[[str], str]) -> None:
    seconds, name = _slowest_rendering(hostile_strings(), fill_up)
    print(f"the slowest of {len(hostile_strings())}: {seconds:.2f} s, {name}")
    assert seconds < 1, name
