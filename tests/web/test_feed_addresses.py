"""The addresses of feeds, the links to them, and conditional requests.

The demonstration is only read: most of the addresses are none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import atom
import pytest
from feed_helpers import BASE, MINUTE, FeedClient, TimedDesk

from register.web.etag import SETTLING_TIME

pytestmark = pytest.mark.one_database


@pytest.fixture
def stranger(demo_app) -> FeedClient:
    return FeedClient(demo_app)


@pytest.fixture
def bruno(desk, pen, content) -> TimedDesk:
    return TimedDesk(desk, pen, content)


@pytest.fixture
def reader(app) -> FeedClient:
    return FeedClient(app)


# --- addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/incidents.rss", 404),
        ("/incidents.xml", 404),
        ("/incidents.atom/", 404),
        ("/incidents.ATOM", 404),
        ("/incidents/1.rss", 404),
        ("/incidents/1.csv", 404),
        ("/incidents/01.atom", 404),
        ("/incidents/0.atom", 404),
        ("/incidents/x.atom", 404),
        ("/incidents/.atom", 404),
        ("/incidents/1.atom.atom", 404),
        ("/incidents/99.atom", 404),
        ("/incidents/1000000000.atom", 404),
        ("/incidents/%D9%A1.atom", 404),
        ("/communes/93032.json", 404),
        ("/communes/93032.rss", 404),
        ("/communes/9303.atom", 404),
        ("/communes/930320.atom", 404),
        ("/communes/99999.atom", 404),
        ("/communes/.atom", 404),
        ("/communes.atom", 404),
        ("/departements/93.xml", 404),
        ("/departements/20.atom", 404),
        ("/departements/1.atom", 404),
        ("/departements/%C2%B2A.atom", 404),
        ("/regions/00.atom", 404),
        ("/regions/1.atom", 404),
        ("/regions/011.atom", 404),
        ("/incidents.atom?page=2", 404),
        ("/communes/93032.atom?page=2", 404),
        ("/incidents.atom?page=x", 400),
        ("/incidents.atom?page=01", 400),
        ("/regions/11.atom?page=0", 400),
        ("/incidents.atom?avant=nonsense", 404),
        ("/incidents.atom?avant=00000000-0000-4000-8000-000000000000", 404),
        ("/incidents.atom?avant=00000000-0000-4000-8000-00000000000A", 404),
        ("/incidents/1.atom?avant=1", 404),
        ("/departements/93.atom?avant=%27", 404),
        ("/incidents.atom?type=inconnu", 400),
        ("/incidents.atom?commune=99999", 400),
        ("/incidents.atom?du=hier", 400),
        ("/incidents.atom?du=2001&du=2002", 400),
        ("/incidents.atom?tri=au-hasard", 400),
        ("/communes/93032.atom?pays=XX", 400),
        ("/registre.atom?page=2", 404),
        ("/registre.atom?acte=inconnu", 400),
        ("/registre.atom?avant=x", 404),
        ("/registre/tete.atom", 404),
        ("/incidents.atom?media=%00", 400),
        ("/incidents.atom?media=%FF", 400),
        (f"/incidents.atom?media={'x' * 121}", 400),
        (f"/incidents.atom?media={'x' * 5000}", 414),
        (f"/incidents.atom?{'media=x&' * 101}", 400),
        (f"/incidents/{'9' * 4000}.atom", 404),
    ],
)
def test_an_invalid_address_is_answered_with_an_error_page(stranger, address, status) -> None:
    answer = stranger.get(address)
    assert answer.status_code == status
    assert answer.content_type == "text/html; charset=utf-8"
    assert stranger.get("/incidents.atom").status_code == 200


@pytest.mark.parametrize(
    "query",
    ["type=inconnu", "commune=99999", "departement=20", "du=2001&du=2002", "pays=XX", "page=0"],
)
def test_a_feed_refuses_what_its_page_refuses_in_the_same_words(stranger, query) -> None:
    feed, page = (stranger.get(f"/incidents{suffix}?{query}") for suffix in (".atom", ""))
    assert (feed.status_code, feed.text) == (page.status_code, page.text)


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("/communes/93059.atom", "/communes/93066.atom"),
        ("/communes/2a004.atom", "/communes/2A004.atom"),
        ("/communes/2a004.atom?type=expulsion", "/communes/2A004.atom?type=expulsion"),
        ("/departements/2a.atom", "/departements/2A.atom"),
        ("/communes/93059.atom?media=%C3%A9&avant=x", "/communes/93066.atom?media=%C3%A9&avant=x"),
    ],
)
def test_another_code_leads_to_the_feed_of_the_place_for_good(stranger, address, location) -> None:
    answer = stranger.get(address)
    assert (answer.status_code, answer.location) == (301, location)


def test_a_typed_place_leads_to_its_feed_or_to_the_choice(stranger) -> None:
    for query, location in (
        ("lieu=gagny", "/incidents.atom?commune=93032"),
        ("lieu=93&type=expulsion", "/incidents.atom?departement=93&type=expulsion"),
        ("lieu=gagny&departement=75", "/incidents.atom?commune=93032"),
        ("lieu=saint-denis&famille=acces", "/incidents?famille=acces&lieu=saint-denis"),
        ("lieu=zzzz", "/incidents?lieu=zzzz"),
    ):
        answer = stranger.get(f"/incidents.atom?{query}")
        assert (answer.status_code, answer.location) == (303, location)
        assert stranger.get(location).status_code == 200
    choice = stranger.get("/incidents?famille=acces&lieu=saint-denis").text
    assert 'href="/incidents?commune=93066&amp;famille=acces"' in choice
    assert stranger.get("/incidents.atom?lieu=").status_code == 200


def test_a_feed_answers_get_and_head_only(stranger) -> None:
    for address in ("/incidents.atom", "/communes/93032.atom"):
        for method in ("POST", "PUT", "DELETE"):
            assert stranger.get(address, method=method).status_code == 405
        head = stranger.get(address, method="HEAD")
        assert (head.status_code, head.data) == (200, b"")


# --- links to feeds ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "feed"),
    [
        ("/", "/incidents.atom"),
        ("/incidents", "/incidents.atom"),
        ("/incidents?page=2", "/incidents.atom"),
        ("/incidents?tri=maj", "/incidents.atom"),
        (
            "/incidents?famille=justice&media=monputeaux.com",
            "/incidents.atom?famille=justice&media=monputeaux.com",
        ),
        ("/incidents?du=1800&au=1801", "/incidents.atom?du=1800&au=1801"),
        ("/incidents/1", "/incidents/1.atom"),
        ("/communes/92062", "/communes/92062.atom"),
        ("/communes/22001", "/communes/22001.atom"),
        ("/departements/93", "/departements/93.atom"),
        ("/departements/975", "/departements/975.atom"),
        ("/regions/11", "/regions/11.atom"),
        ("/registre", "/registre.atom"),
        ("/registre?acte=retrait&mois=2026-03", "/registre.atom?acte=retrait&mois=2026-03"),
    ],
)
def test_a_page_leads_to_its_feed_for_programs_and_for_people(stranger, page, feed) -> None:
    html = stranger.get(page).text
    head, _, page_body = html.partition("</head>")
    ((title, address),) = re.findall(
        r'<link rel="alternate" type="application/atom\+xml" title="([^"]+)" href="([^"]+)">', head
    )
    assert title.startswith("Web Citoyen – ")
    assert unescape(address) == feed
    assert f'href="{address}" type="application/atom+xml">' in page_body, "no link that people see"
    assert '<a class="tap" href="/suivre">' in page_body
    answer = stranger.get(unescape(address))
    assert answer.status_code == 200
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    assert atom.faults(answer.data) == []
    page_address = atom.read(answer.data).link("alternate")
    assert stranger.get(page_address.removeprefix(BASE)).status_code == 200


def test_pages_link_to_the_explanation_of_feeds(stranger) -> None:
    answer = stranger.get("/suivre")
    assert answer.status_code == 200
    for address in re.findall(r'href="(/[^"]+\.atom)"', answer.text):
        assert atom.faults(stranger.get(address).data) == []
    for page in ("/", "/methode", "/donnees", "/incidents"):
        assert 'href="/suivre"' in stranger.get(page).text


# --- conditional requests ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "address", ["/incidents.atom", "/communes/93032.atom", "/incidents/1.atom"]
)
def test_a_feed_answers_304_until_something_happens(reader, bruno, address) -> None:
    case = bruno.published()
    first = reader.get(address)
    conditional = {"If-None-Match": first.headers["ETag"]}
    again = reader.get(address, headers=conditional)
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    bruno.follows(case)
    moved = reader.get(address, headers=conditional)
    assert moved.status_code == 200
    assert len(atom.read(moved.data).entries) == 2


def test_last_modified_is_the_time_of_the_last_line_once_it_has_settled(reader, bruno) -> None:
    bruno.published()
    answer = reader.get("/incidents.atom")
    moved_at = answer.headers["Last-Modified"]
    assert moved_at == "Mon, 02 Mar 2026 09:31:00 GMT"
    assert reader.get("/incidents.atom", headers={"If-Modified-Since": moved_at}).status_code == 304
    older = {"If-Modified-Since": "Mon, 02 Mar 2026 09:30:00 GMT"}
    assert reader.get("/incidents.atom", headers=older).status_code == 200


def test_no_last_modified_is_sent_within_the_minute_of_the_last_line(reader, bruno, pen) -> None:
    for age, is_sent in ((SETTLING_TIME + MINUTE, True), (timedelta(seconds=1), False)):
        bruno.take = lambda _at, age=age: pen(datetime.now(UTC) - age)
        bruno.published()
        assert ("Last-Modified" in reader.get("/incidents.atom").headers) is is_sent


def test_as_many_tags_as_a_head_may_have_are_no_error(reader, bruno) -> None:
    bruno.published()
    tag = reader.get("/incidents.atom").headers["ETag"]
    for tags in (f'"{"x" * 15_000}"', '"x", ' * 3_000 + tag, "W/" * 7_500, '"' * 15_000):
        for address in ("/incidents.atom", "/communes/93032.atom"):
            assert reader.get(address, headers={"If-None-Match": tags}).status_code == 200
