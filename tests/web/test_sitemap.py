"""Sitemap: valid documents, indexable pages only, none missing."""

from __future__ import annotations

import re
from contextvars import Context
from datetime import UTC, datetime

import attested_acts as acts
import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from werkzeug.test import TestResponse

from register.cases.web.public import structured_data
from register.pages import acts as editing
from register.pages import content as editorial
from register.web import fragments

pytestmark = pytest.mark.one_database

BASE = "http://127.0.0.1:5000"
NAMESPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
# W3C's profile of ISO 8601, with a time.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
LATER = datetime(2026, 4, 11, 9, 30, tzinfo=UTC)

Rows = dict[str, str | None]


def faults(document: bytes) -> list[str]:
    """Violations of the protocol (sitemaps.org, 0.9) in a sitemap or an index."""
    root = etree.fromstring(document)
    kinds = {"urlset": "url", "sitemapindex": "sitemap"}
    violations = []
    kind = kinds.get(root.tag.removeprefix(NAMESPACE))
    if not (root.tag.startswith(NAMESPACE) and kind) or root.attrib:
        return [f"root: {root.tag}"]
    if not document.startswith(b"<?xml version='1.0' encoding='UTF-8'?>"):
        violations.append("not said to be UTF-8")
    if len(document) > 50 * 1024 * 1024 or not 0 < len(root) <= 50_000:
        violations.append(f"{len(document)} bytes, {len(root)} addresses")
    for row in root:
        names = [child.tag for child in row]
        if row.tag != NAMESPACE + kind or names[0] != NAMESPACE + "loc":
            violations.append(f"{row.tag} with {names}")
        if names[1:] not in ([], [NAMESPACE + "lastmod"]):
            violations.append(f"{row.tag} with {names}")
        address = row[0].text or ""
        if not (address.startswith(f"{BASE}/") and len(address) < 2048 and address.isascii()):
            violations.append(f"address: {address}")
        if len(row) > 1 and not MOMENT.fullmatch(row[1].text or ""):
            violations.append(f"moment: {row[1].text}")
    places = [row[0].text for row in root]
    if len(set(places)) < len(places):
        violations.append("an address comes twice")
    return violations


def get(client: FlaskClient, address: str, **options: object) -> TestResponse:
    return Context().run(lambda: client.get(address, **options))


def rows(client: FlaskClient, address: str = "/sitemap.xml") -> Rows:
    """Path → time of the last change, of a valid sitemap."""
    answer = get(client, address)
    assert answer.status_code == 200, address
    assert answer.mimetype == "application/xml"
    assert faults(answer.data) == []
    root = etree.fromstring(answer.data)
    return {row[0].text.removeprefix(BASE): row[1].text if len(row) > 1 else None for row in root}


def of_cases(addresses: Rows) -> list[str]:
    return [address for address in addresses if address.startswith("/incidents/")]


@pytest.mark.parametrize(
    "document",
    [
        b"<?xml version='1.0' encoding='UTF-8'?>\n<urlset><url><loc>%s/</loc></url></urlset>",
        b"<urlset xmlns='%s'/>",
        b"<urlset xmlns='%s'><url><lastmod>2026-01-01T00:00:00Z</lastmod></url></urlset>",
        b"<urlset xmlns='%s'><url><loc>https://elsewhere.test/</loc></url></urlset>",
        b"<urlset xmlns='%s'><sitemap><loc>http://127.0.0.1:5000/</loc></sitemap></urlset>",
        b"<urlset xmlns='%s'><url><loc>http://127.0.0.1:5000/</loc><lastmod>hier</lastmod></url>"
        b"</urlset>",
    ],
)
def test_faults_of_invalid_documents(document: bytes) -> None:
    assert faults(document.replace(b"%s", NAMESPACE[1:-1].encode()))


def test_sitemap_has_fixed_pages_cases_and_their_places(client: FlaskClient) -> None:
    sitemap = rows(client)
    assert {
        "/",
        "/incidents",
        "/donnees",
        "/signaler",
        *(f"/{n}" for n in editorial.PAGE_NAMES),
    } <= set(sitemap)
    assert {"/en/", "/en/incidents", *(f"/en/{name}" for name in editorial.PAGE_NAMES)} <= set(
        sitemap
    )
    assert of_cases(sitemap) == [f"/incidents/{number}" for number in range(1, 35)]
    communes = set(re.findall(r'href="(/communes/\d[\dAB]\d{3})"', get(client, "/communes").text))
    assert {address for address in sitemap if address.startswith("/communes/")} == communes
    assert "/departements/93" in sitemap
    assert "/regions/11" in sitemap
    assert not {"/suivi", "/communes/suggest", "/registre/tete", "/communes/94038"} & set(sitemap)
    # Pages that show cases have a date.
    dated = {address for address, moment in sitemap.items() if moment}
    moving = {"/", "/incidents", "/registre", "/communes", "/departements", "/regions"}
    moving |= {"/statistiques", "/en/statistiques", "/en/"}
    assert {*moving, *communes, *of_cases(sitemap)} <= dated
    assert not {"/methode", "/en/methode", "/donnees"} & dated


def test_revised_editorial_page_has_a_date(app: Flask, pen, cast) -> None:
    client = app.test_client()
    assert rows(client)["/en/methode"] is None
    with pen() as p:
        editing.save_page(
            p, "methode.en", "Method", "Anew.", by=cast.ada, reason="r", seen_revision=0
        )
    sitemap = rows(client)
    assert sitemap["/en/methode"]
    assert sitemap["/methode"] is None


def test_each_address_is_an_indexable_canonical_page(client: FlaskClient) -> None:
    for address in rows(client):
        answer = get(client, address)
        assert answer.status_code == 200, address
        assert answer.mimetype == "text/html", address
        assert f'<link rel="canonical" href="{BASE}{address}">' in answer.text, address
        assert "noindex" not in answer.text, address


def test_conditional_request_follows_public_changes_only(app: Flask, desk) -> None:
    client = app.test_client(use_cookies=False)
    desk.published()
    first = get(client, "/sitemap.xml")
    conditional = {"If-None-Match": first.headers["ETag"]}
    assert get(client, "/sitemap.xml", headers=conditional).status_code == 304
    desk.draft()
    assert get(client, "/sitemap.xml", headers=conditional).status_code == 304
    desk.published()
    assert get(client, "/sitemap.xml", headers=conditional).status_code == 200
    assert of_cases(rows(client)) == ["/incidents/1", "/incidents/2"]


def test_sitemap_is_built_once_for_each_position(app: Flask, desk, monkeypatch) -> None:
    client = app.test_client()
    desk.published()
    built: list[object] = []
    xml_response = structured_data._xml_response
    monkeypatch.setattr(
        structured_data, "_xml_response", lambda *args: built.append(args) or xml_response(*args)
    )
    for _ in range(3):
        rows(client)
    assert len(built) == 1
    desk.published()
    rows(client)
    assert len(built) == 2


def test_sitemap_has_public_cases_only(app: Flask, desk) -> None:
    client = app.test_client()
    desk.published(commune="93032")
    desk.draft(commune="92062")
    desk.withdrawn(commune="92062")
    desk.erased(commune="92062")
    desk.merged(commune="92062")
    sitemap = rows(client)
    assert of_cases(sitemap) == ["/incidents/1", "/incidents/4"]
    assert [address for address in sitemap if "/communes/" in address] == ["/communes/93032"]


def test_dates_of_a_case_and_its_places(app: Flask, desk, pen, cast) -> None:
    client = app.test_client()
    first = desk.published(commune="93032")
    desk.published(commune="92062")
    before = rows(client)
    with pen(LATER) as p:
        acts.follow_up(p, first.id, by=cast.bruno, reason="suite", title="Suite", text="Suite.")
    after = rows(client)
    changed = {address for address in after if after[address] != before[address]}
    assert {after[address] for address in changed} == {"2026-04-11T09:30:00Z"}
    assert "/incidents/1" in changed
    assert {"/communes/93032", "/departements/93", "/regions/11", "/"} <= changed
    assert not {"/incidents/2", "/communes/92062", "/departements/92"} & changed


def test_large_sitemap_is_an_index_of_parts(app: Flask, desk, monkeypatch) -> None:
    for commune in ("93032", "92062", "93032", "59350", "97411"):
        desk.published(commune=commune)
    client = app.test_client()
    whole = rows(client)
    # A withdrawn number leaves a gap; the withdrawal also empties the page cache.
    desk.withdrawn()
    monkeypatch.setattr(structured_data, "SIZE", 4)
    index = rows(client)
    parts = [address.partition("=")[2] for address in index]
    assert parts == ["pages", "lieux-1", "lieux-2", "lieux-3", "cas-1", "cas-2"]
    joined: Rows = {}
    for address, moment in index.items():
        part = rows(client, address)
        assert "pages" in address or len(part) <= 4
        assert moment == max((at for at in part.values() if at), default=None)
        assert not set(part) & set(joined)
        joined |= part
    assert set(joined) == set(whole)


@pytest.mark.parametrize(
    "part",
    [
        "cas-0",
        "cas-2",
        "cas-01",
        "cas-99999",
        "cas-100000",
        "lieux-2",
        "cas",
        "x",
        "pages-1",
        "cas-1 ",
    ],
)
def test_unknown_part_is_not_found(client: FlaskClient, part: str) -> None:
    assert get(client, f"/sitemap.xml?partie={part}").status_code == 404


def test_full_part_fits_in_the_page_cache() -> None:
    address = "https://" + "registre-des-intimidations.example" + "/incidents/100000"
    row = f"<url><loc>{address}</loc><lastmod>2026-04-11T09:30:00Z</lastmod></url>"
    assert structured_data.SIZE * len(row) * fragments.LARGEST_SHARE < fragments.CACHE_LIMIT
