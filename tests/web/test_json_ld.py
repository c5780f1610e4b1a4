"""JSON-LD of public pages: valid terms of schema.org, complete and safely escaped."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Iterator
from contextvars import Context
from typing import Any

import attested_acts as acts
import pytest
from case_contents import a_case
from cast import Desk
from flask import Flask
from flask.testing import FlaskClient
from hostile_strings import sample_strings
from lxml import html
from rdflib import RDF, SDO, Graph

from register.cases.case_content import Content, SourceContent
from register.cases.web.public import structured_data

pytestmark = pytest.mark.one_database

BASE = "http://127.0.0.1:5000"
# The context of schema.org without its thousand lines: each word is one of its own, and these hold
# addresses. A test need not load what is at the real address.
_LINKS = ("url", "item", "image", "logo", "archivedAt")
CONTEXT = {"@vocab": str(SDO), **{name: {"@type": "@id"} for name in _LINKS}}
# Not a property of its own, but an annotation of one: schema.org/docs/actions.html.
ANNOTATIONS = {"query-input"}

PAGES = [
    "/",
    *(f"/incidents/{number}" for number in range(1, 35)),
    "/communes/93032",
    "/communes/94038",
    "/departements/93",
    "/departements/975",
    "/regions/11",
]


def page(client: FlaskClient, address: str) -> str:
    answer = Context().run(client.get, address)
    assert answer.status_code == 200, address
    return str(answer.get_data(as_text=True))


def json_ld_block(markup: str) -> dict[str, Any]:
    """The only JSON-LD block of a page, as a browser parses it."""
    (block,) = html.document_fromstring(markup).findall(".//script[@type='application/ld+json']")
    return dict(json.loads(block.text))


def nodes(block: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [node for node in block["@graph"] if node["@type"] == kind]


def graph(block: dict[str, Any]) -> Graph:
    """The triples of a block, parsed by a JSON-LD library."""
    assert block["@context"] == "https://schema.org"
    with warnings.catch_warnings():
        # Its own parser uses what the library itself calls old.
        warnings.simplefilter("ignore", DeprecationWarning)
        return Graph().parse(data=json.dumps({**block, "@context": CONTEXT}), format="json-ld")


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text and number of a block, with its term."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner, name)
    else:
        yield name, str(value)


@pytest.mark.parametrize("address", PAGES)
def test_terms_are_in_schema_org_and_none_is_dropped(client: FlaskClient, address: str) -> None:
    block = json_ld_block(page(client, address))
    triples = graph(block)
    words = {str(word).removeprefix(str(SDO)) for word in triples.predicates() if word != RDF.type}
    words |= {str(kind).removeprefix(str(SDO)) for kind in triples.objects(None, RDF.type)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert {word for word in words if SDO[word] not in SDO} <= ANNOTATIONS
    terms = {str(thing) for line in triples for thing in line}
    for name, text in leaves(block["@graph"]):
        assert text in terms or str(SDO[text] if name == "@type" else text) in terms, (name, text)


def test_unknown_term_is_detected() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert SDO["isBasedOn"] in SDO
        assert SDO["incidentReport"] not in SDO


def test_home_has_publisher_and_search_action(client: FlaskClient) -> None:
    block = json_ld_block(page(client, "/"))
    (site,), (publisher,) = nodes(block, "WebSite"), nodes(block, "Organization")
    assert site["publisher"] == {"@id": publisher["@id"]}
    assert site["url"] == f"{BASE}/"
    template = site["potentialAction"]["target"]["urlTemplate"]
    search_address = template.replace("{search_term_string}", "filmer").removeprefix(BASE)
    assert "Interdiction de filmer" in page(client, search_address)
    logo = Context().run(client.get, publisher["logo"].removeprefix(BASE))
    assert logo.mimetype == "image/png"
    logo.close()


def test_report_node_of_a_case(app: Flask, desk: Desk) -> None:
    source = SourceContent(
        url="https://exemple.test/article",
        kind="presse",
        title="Le maire et la caméra",
        publisher="L’Écho",
        published_on="2008-03-18",
        archived_url="https://archive.test/article",
    )
    case = desk.published(title="Le maire interdit : « non »", sources=(source,))
    with desk.pen() as p:
        acts.correct(
            p,
            case.id,
            _corrected(source),
            by=desk.cast.bruno,
            reason="erreur",
            public_note="Le jour était faux.",
        )
    html_text = page(app.test_client(), "/incidents/1")
    block = json_ld_block(html_text)
    (report,), (trail,) = nodes(block, "Report"), nodes(block, "BreadcrumbList")
    assert report["@id"] == report["url"] == f"{BASE}/incidents/1"
    assert report["version"] == "2"
    assert "Niveau de preuve\u00a0: documenté, contesté." in report["description"]
    assert report["description"] in html.document_fromstring(html_text).xpath(
        "//meta[@name='description']/@content"
    )
    assert report["headline"] == "Le maire interdit\u00a0: «\u202fnon\u202f»"
    assert report["reportNumber"] == "1"
    assert report["inLanguage"] == "fr"
    assert report["datePublished"] == report["dateModified"] == "2026-03-02T09:30:00Z"
    assert "temporalCoverage" not in report, "an uncertain date is no date"
    assert report["keywords"] == ["Interdiction de filmer"]
    assert report["isBasedOn"] == [
        {
            "@type": "CreativeWork",
            "url": source.url,
            "name": source.title,
            "publisher": {"@type": "Organization", "name": source.publisher},
            "datePublished": source.published_on,
            "archivedAt": source.archived_url,
        }
    ]
    assert [correction["text"] for correction in report["correction"]] == ["Le jour était faux."]
    place = report["about"]
    assert (place["name"], place["identifier"]["value"]) == ("Gagny", "93032")
    assert place["geo"]["@type"] == "GeoCoordinates"
    assert place["containedInPlace"]["name"] == "Seine-Saint-Denis"
    items = [(item["position"], item["name"]) for item in trail["itemListElement"]]
    assert items == [(1, "Registre"), (2, "Seine-Saint-Denis"), (3, "Gagny"), (4, "Cas nº\u00a01")]


def _corrected(source: SourceContent) -> Content:
    return a_case(
        title="Le maire interdit : « non »", sources=(source,), date="2008-03-18?", contested=True
    )


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"commune": "", "departement": "59"}, ("AdministrativeArea", "Nord")),
        ({"commune": "", "region": "84"}, ("AdministrativeArea", "Auvergne-Rhône-Alpes")),
        ({"commune": "", "country": "CH"}, ("Country", "Suisse")),
        ({"commune": "", "country": "BE", "place_label": "Bernissart"}, ("Place", "Bernissart")),
    ],
)
def test_unknown_values_are_omitted(
    app: Flask, desk: Desk, changes: dict[str, str], place: tuple[str, str]
) -> None:
    desk.published(date="", **changes)
    (report,) = nodes(json_ld_block(page(app.test_client(), "/incidents/1")), "Report")
    assert {"temporalCoverage", "correction", "geo"}.isdisjoint(report)
    assert (report["about"]["@type"], report["about"]["name"]) == place
    assert "" not in [text for _name, text in leaves(report)]


def test_old_version_has_no_structured_data(app: Flask, desk: Desk) -> None:
    case = desk.published()
    with desk.pen() as p:
        acts.follow_up(p, case.id, by=desk.cast.bruno, reason="suite", title="Suite", text="Suite.")
    client = app.test_client()
    # Shown as the second version, at the address of its line.
    assert json_ld_block(page(client, "/incidents/1"))["@graph"][0]["version"] == "2"
    assert "ld+json" in page(client, "/incidents/1?version=3")
    assert "ld+json" not in page(client, "/incidents/1?version=2")


def test_place_node_and_breadcrumbs(client: FlaskClient) -> None:
    block = json_ld_block(page(client, "/communes/93032"))
    place, trail = block["@graph"]
    assert (place["@type"], place["name"]) == ("AdministrativeArea", "Gagny")
    assert place["geo"]["latitude"] == pytest.approx(48.88, abs=0.02)
    assert place["geo"]["longitude"] == pytest.approx(2.53, abs=0.02)
    addresses = [item["item"].removeprefix(BASE) for item in trail["itemListElement"]]
    assert addresses == ["/communes", "/regions/11", "/departements/93", "/communes/93032"]
    (area, trail) = json_ld_block(page(client, "/regions/11"))["@graph"]
    assert area["name"] == "Île-de-France"
    assert [item["name"] for item in trail["itemListElement"]] == ["Régions", "Île-de-France"]


HOSTILE = (
    "</script><script>alert(1)</script>",
    "</SCRIPT ><img src=x onerror=alert(1)>",
    "<!--<script>",
    "]]><!-- --></script>",
    '"},"@type":"Person","x":"',
    "\\u003c/script\\u003e &lt;/script&gt; &quot;",
    "a\u2028b \u00a0c",
)


def test_hostile_title_cannot_end_the_script_element(app: Flask) -> None:
    """The text is not sanitised before."""
    for text in (*HOSTILE, *(attack.text for attack in sample_strings())):
        with app.test_request_context():
            block = str(structured_data._script_block({"@type": "Report", "headline": text}))
        start, end = '<script type="application/ld+json">', "</script>"
        assert block.startswith(start), text
        assert block.endswith(end), text
        inside = block.removeprefix(start).removesuffix(end)
        assert not re.search(r"[<>&']", inside), text
        assert json.loads(inside)["@graph"] == [{"@type": "Report", "headline": text}]


def test_hostile_case_has_one_block_with_its_title(app: Flask, desk: Desk) -> None:
    title = "</script><script>alert(1)</script><!--"
    desk.published(title=title, summary=title, outlets=(title,))
    markup = page(app.test_client(), "/incidents/1")
    (report,) = nodes(json_ld_block(markup), "Report")
    assert report["headline"].replace("\u202f", "") == title
    assert "<script>" not in markup
    # The block, and the site's own file.
    assert [tag.split(".")[0] for tag in re.findall(r"<script[^>]*>", markup)] == [
        '<script type="application/ld+json">',
        '<script type="module" src="/static/js/send',
    ]


def test_content_security_policy_forbids_inline_scripts(client: FlaskClient) -> None:
    """JSON-LD blocks need no exception from the content security policy."""
    policy = Context().run(client.get, "/").headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "nonce" not in policy
