"""Query parameters: accepted ones, campaign ones, and the refusal of all others."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from search_helpers import heading, links, plain
from werkzeug.exceptions import NotFound
from werkzeug.routing import RequestRedirect

from register.web.l10n import without_prefix
from register.web.query_parameters import ACCEPTED, is_campaign, nearest_name

pytestmark = pytest.mark.one_database

TOP = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("address", "corrected", "without"),
    [
        ("/incidents?comune=93032", "/incidents?commune=93032", "/incidents"),
        ("/incidents.atom?comune=93032", "/incidents.atom?commune=93032", "/incidents.atom"),
        ("/incidents?q=filmer&Departement=93", "/incidents?q=filmer&departement=93", None),
        ("/communes/93032.atom?typ=expulsion", "/communes/93032.atom?type=expulsion", None),
        ("/communes/93032?pag=2", "/communes/93032?page=2", "/communes/93032"),
        ("/incidents/1?verison=1", "/incidents/1?version=1", "/incidents/1"),
        ("/incidents/1?foo=1", None, "/incidents/1"),
        ("/registre?actes=retrait", "/registre?acte=retrait", "/registre"),
        ("/registre.jsonl?apres=0&foo=1", None, "/registre.jsonl?apres=0"),
        ("/statistiques?annee=2008", None, "/statistiques"),
        ("/?q=filmer", None, "/"),
        ("/sitemap.xml?x=1", None, "/sitemap.xml"),
        ("/methode?x=1", None, "/methode"),
        ("/incidents?comune=93032&xyzzy=1&page=2", "/incidents?commune=93032&page=2", None),
        ("/en/incidents?comune=93032", "/en/incidents?commune=93032", "/en/incidents"),
    ],
)
def test_an_unknown_parameter_is_refused_with_its_correction(
    client: FlaskClient, address: str, corrected: str | None, without: str | None
) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.content_type) == (400, "text/html; charset=utf-8")
    assert client.head(address).status_code == 400
    addresses = list(links(answer.text).values())
    same_page = [link for link in addresses if link.partition("?")[0] == address.partition("?")[0]]
    if corrected:
        assert corrected in same_page
    if without:
        assert without in same_page
    # The switch to the other language does not keep the mistake.
    assert all("comune" not in link for link in addresses)


def test_the_page_names_the_parameter_but_no_sentence(client: FlaskClient) -> None:
    html = client.get("/incidents?comune=93032").text
    assert heading(html) == "Adresse incomprise"
    assert "Cette page ne connaît pas « comune »." in plain(html)
    assert "La même adresse avec « commune »" in plain(html)
    assert "La même adresse sans ce paramètre" in plain(html)
    html = client.get("/incidents?Le+maire+ment=1").text
    assert "Cette page ne connaît pas un paramètre de cette adresse." in plain(html)
    assert "Le maire ment" not in plain(html)
    assert "This page does not know “comune”." in plain(client.get("/en/incidents?comune=1").text)


@pytest.mark.parametrize("path", ["/statistiques", "/en/statistiques", "/", "/communes/93032"])
def test_a_page_without_filters_leads_to_the_list_with_them(client: FlaskClient, path: str) -> None:
    prefix = "/en" if path.startswith("/en") else ""
    for name in ("commune", "comune"):
        addresses = links(client.get(f"{path}?{name}=93032&page=2&x=1").text).values()
        assert f"{prefix}/incidents?commune=93032" in addresses
    assert not any(
        "/incidents?" in address for address in links(client.get(f"{path}?xyzzy=1").text).values()
    )


def test_a_parameter_of_the_page_itself_leads_to_no_list(client: FlaskClient) -> None:
    for address in ("/registre?acte=retrait&xyzzy=1", "/registre?actes=retrait"):
        assert not any("acteur" in link for link in links(client.get(address).text).values())


def test_the_feed_of_a_place_names_a_value_that_is_unknown(client: FlaskClient) -> None:
    answer = client.get("/departements/93.atom?type=filmer")
    assert answer.status_code == 400
    assert "ne connaît pas la valeur « filmer »" in plain(answer.text)


def test_an_empty_or_repeated_unknown_parameter_is_refused_too(client: FlaskClient) -> None:
    for query in ("comune=", "comune", "commune=93032&comune=93032", "epcis=200057875"):
        assert client.get(f"/incidents?{query}").status_code == 400, query


@pytest.mark.parametrize(
    "query", ["utm_source=x", "fbclid=1", "mtm_campaign=a&gclid=2", "at_medium=rss", "xtor=RSS-1"]
)
def test_campaign_parameters_change_nothing(client: FlaskClient, query: str) -> None:
    for path in ("/", "/incidents", "/incidents/1", "/communes/93032", "/incidents.atom"):
        assert client.get(f"{path}?{query}").status_code == 200, path
    refused = links(client.get(f"/incidents?{query}&comune=93032").text).values()
    assert f"/incidents?{query}&commune=93032" in refused


def test_pages_of_reports_stop_nobody(client: FlaskClient) -> None:
    assert client.get("/signaler?anything=1").status_code == 200
    assert client.get("/suivi?anything=1").status_code == 200


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("comune", "commune"),
        ("COMMUNES", "commune"),
        ("departements", "departement"),
        ("département", "departement"),
        ("department", "departement"),
        ("typ", "type"),
        ("tri_par", None),
        ("foo", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_a_few_letters_away(name: str, nearest: str | None) -> None:
    assert nearest_name(name, ACCEPTED["public.cases"]) == nearest


def test_no_accepted_name_is_a_campaign_one(demo_app: Flask) -> None:
    assert ACCEPTED.keys() <= demo_app.view_functions.keys()
    assert not any(is_campaign(name) for names in ACCEPTED.values() for name in names)


def _unknown_parameters(app: Flask, address: str) -> list[str]:
    """The parameters of an address of the site that its public page would refuse."""
    parts = urlsplit(address)
    try:
        endpoint, _values = app.url_map.bind("").match(without_prefix(parts.path), method="GET")
    except (NotFound, RequestRedirect):
        return []
    if not endpoint.startswith("public."):
        return []
    return [
        name
        for name, _value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in ACCEPTED.get(endpoint, ()) and not is_campaign(name)
    ]


def test_every_link_of_the_site_has_accepted_parameters(demo_app: Flask) -> None:
    """The pages linked from the home page, two clicks deep, one of each kind."""
    client, seen = demo_app.test_client(), set()
    queue, faults = ["/", "/incidents?lieu=saint-denis", "/incidents?q=zzz&departement=93"], []
    for path in queue:
        shape = re.sub(r"[0-9]+|=[^&]*", "", path)
        if shape in seen or len(seen) > 60:
            continue
        seen.add(shape)
        answer = client.get(path)
        if answer.mimetype != "text/html":
            continue
        for raw_address in re.findall(r'(?:href|action)="(/[^"#]*)', answer.text):
            address = unescape(raw_address)
            if unknown := _unknown_parameters(demo_app, address):
                faults.append((path, address, unknown))
            if not address.startswith(("/static", "/signaler", "/suivi", "/compte")):
                queue.append(address)
        for form in re.findall(r'<form[^>]*action="(/[^"]*)"(.*?)</form>', answer.text, re.DOTALL):
            names = re.findall(r'<(?:input|select|textarea)[^>]* name="([^"]*)"', form[1])
            if 'method="post"' not in form[1] and names:
                address = f"{form[0]}?" + "&".join(f"{name}=x" for name in names)
                faults += [(path, address, u) for u in _unknown_parameters(demo_app, address)]
    assert len(seen) > 30
    assert faults == []


def test_every_address_of_the_docs_has_accepted_parameters(demo_app: Flask) -> None:
    pages = [*(TOP / "docs").glob("*.md"), *(TOP / "register/pages/shipped").glob("*.md")]
    addresses = [
        (page.name, address)
        for page in pages
        for address in re.findall(r"(?<![\w.])(/[\w./-]+\?[\w=&.%+-]+)", page.read_text("utf-8"))
    ]
    assert len(addresses) > 10
    faults = {pair: _unknown_parameters(demo_app, pair[1]) for pair in addresses}
    assert not any(faults.values()), faults
