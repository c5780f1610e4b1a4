"""Data of public pages for search engines: JSON-LD blocks and the sitemap.

The blocks use the terms of schema.org. A browser does not execute them, so the content security
policy allows them. They hold only what the page itself shows; unknown values are omitted.

The sitemap (sitemaps.org, protocol 0.9) is one document up to ``SIZE`` addresses, beyond that an
index of several: the fixed pages, the places with cases, and the cases by number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response, current_app, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from jinja2.utils import htmlsafe_json_dumps
from lxml import etree
from markupsafe import Markup

from register.cases import communes_with_cases
from register.cases.queries import PublicCase
from register.cases.vocabulary import LANGUAGES
from register.cases.web.public.case_view import CaseView
from register.cases.web.public.piece_view import media_nodes
from register.db import db
from register.errors import NotFound
from register.journal import line_time
from register.journal.models import rfc3339
from register.pages.content import newest_revisions
from register.pages.web.public_pages import page_path
from register.territory.place_queries import CommuneDetails
from register.text.typography import french
from register.web import assets, urls
from register.web.blueprints import public
from register.web.l10n import country_name, in_language, language
from register.web.request_context import current_vocabulary, head, settings

Node = dict[str, Any]

# ISO 8601 has no approximate or uncertain dates as EDTF does: these stay in the text only.
_ISO_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")
_EMPTY: tuple[object, ...] = ("", None, [], {})
# Addresses per document: half a megabyte, about the largest page that the page cache takes. The
# protocol allows 50,000.
SIZE = 5_000
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"

_PART_NAME = re.compile(r"pages|(?P<kind>lieux|cas)-(?P<rank>[1-9][0-9]{0,4})")
# Addresses without parameters or suffix that answer with data instead of a page.
_DATA_PATHS = frozenset({"/communes/suggest", "/registre/tete"})
# Fixed pages that show the latest changes.
_CHANGING_PAGES = frozenset(
    {"/", "/incidents", "/communes", "/departements", "/regions", "/registre", "/statistiques"}
)

# A path and the time of its last change, if known.
SitemapEntry = tuple[str, datetime | None]


def home() -> Markup:
    """The register, its publisher and its search address."""
    search = {
        "@type": "SearchAction",
        "target": {
            "@type": "EntryPoint",
            "urlTemplate": _absolute_url("/incidents") + "?q={search_term_string}",
        },
        "query-input": "required name=search_term_string",
    }
    site = {
        **_site_node(),
        "name": "Web Citoyen",
        "description": _("Registre public des intimidations de blogueurs et de médias locaux"),
        "inLanguage": [*LANGUAGES],
        "publisher": {"@id": _publisher_node()["@id"]},
        "potentialAction": search,
    }
    return _script_block(_publisher_node(), site)


def case(case: PublicCase, case_view: CaseView, rank: int, description: str) -> Markup:
    """A case in the version of a rank, as a schema.org ``Report``, and its breadcrumbs."""
    content, address = case.snapshot.content, urls.case(case.number)
    steps = [step for suit in content["proceedings"] for step in suit["steps"]]
    sources = {source["url"]: _source_node(source) for source in content["sources"]}
    for part in (*steps, *content["follow_ups"]):
        sources.setdefault(part["source_url"], {"@type": "CreativeWork", "url": part["source_url"]})
    report = {
        "@type": "Report",
        "@id": _absolute_url(address),
        "url": _absolute_url(address),
        "reportNumber": str(case.number),
        "version": str(rank),
        "headline": french(content["title"]),
        "abstract": french(content["summary"]),
        "description": description,
        "inLanguage": content["language"],
        "keywords": [current_vocabulary().label("type", code) for code in content["types"]],
        "datePublished": rfc3339(case.first_published_at),
        "dateModified": rfc3339(case.version_at),
        "temporalCoverage": _iso_date(content["date"]),
        "about": _case_place(content, case_view),
        "image": _absolute_url(assets.address(current_app, f"img/card-{language()}.png")),
        "isPartOf": _site_node(),
        "author": {"@id": _publisher_node()["@id"]},
        "publisher": _publisher_node(),
        "isBasedOn": [node for url, node in sources.items() if url],
        "associatedMedia": media_nodes(_absolute_url(address), content),
        "correction": [
            {
                "@type": "CorrectionComment",
                "text": french(correction["note"]),
                "datePublished": rfc3339(datetime.fromisoformat(correction["made_at"])),
            }
            for correction in content["corrections"]
        ],
    }
    crumbs = [(str(_("Registre")), urls.cases())]
    if place := case_view.place:
        # Not twice the same name, as of Paris.
        if place.departement and place.departement.name != place.commune.name:
            crumbs.append((place.departement.name, urls.departement(place.departement.code)))
        crumbs.append((place.commune.name, urls.commune(place.commune.code)))
    crumbs.append((_("Cas nº %(number)s", number=case.number), address))
    return _script_block(report, _breadcrumb_list(crumbs))


def commune(place: CommuneDetails) -> Markup:
    """A commune, the area that contains it, and its breadcrumbs."""
    crumbs = [(str(_("Communes")), "/communes")]
    if place.region:
        crumbs.append((place.region.name, urls.region(place.region.code)))
    if place.departement:
        crumbs.append((place.departement.name, urls.departement(place.departement.code)))
    crumbs.append((place.commune.name, urls.commune(place.commune.code)))
    return _script_block(_commune_node(place), _breadcrumb_list(crumbs))


def area(kind: str, code: str, name: str) -> Markup:
    """A ``departement`` or a ``region``, and its breadcrumbs."""
    index_label = {"departement": _("Départements"), "region": _("Régions")}[kind]
    crumbs = [(str(index_label), f"/{kind}s"), (name, urls.PLACES[kind](code))]
    return _script_block(_area_node(kind, code, name), _breadcrumb_list(crumbs))


def _script_block(*nodes: Node) -> Markup:
    """The script element of a page; HTML's special characters are escaped as JSON escapes."""
    document = {"@context": "https://schema.org", "@graph": [_drop_empty(node) for node in nodes]}
    json_text = htmlsafe_json_dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Markup('<script type="application/ld+json">{}</script>').format(json_text)


def _drop_empty(node: Any) -> Any:
    """A node without its empty values, recursively."""
    if isinstance(node, list):
        return [_drop_empty(element) for element in node]
    if not isinstance(node, dict):
        return node
    cleaned = {name: _drop_empty(content) for name, content in node.items()}
    return {name: content for name, content in cleaned.items() if content not in _EMPTY}


def _absolute_url(address: str) -> str:
    return settings().base_url + address


def _site_node() -> Node:
    return {"@type": "WebSite", "@id": _absolute_url("/#site"), "url": _absolute_url("/")}


def _publisher_node() -> Node:
    return {
        "@type": "Organization",
        "@id": _absolute_url("/#editeur"),
        # Empty in a demonstration only: a public register must name its publisher.
        "name": settings().publisher_name or "Web Citoyen",
        "url": _absolute_url("/a-propos"),
        "logo": _absolute_url(assets.address(current_app, "img/icon-512.png")),
        "email": settings().contact_email,
    }


def _source_node(source: Mapping[str, Any]) -> Node:
    publisher = {"@type": "Organization", "name": source["publisher"]}
    return {
        "@type": "CreativeWork",
        "url": source["url"],
        "name": french(source["title"]),
        "publisher": publisher if source["publisher"] else None,
        "datePublished": _iso_date(source["published_on"]),
        "archivedAt": source["archived_url"],
    }


def _case_place(content: Mapping[str, Any], case_view: CaseView) -> Node:
    """The smallest known place of a case."""
    if case_view.place:
        return _commune_node(case_view.place)
    container: Node = {}
    if content["country"] != "FR":
        container = {"@type": "Country", "name": country_name(content["country"])}
    elif content["departement"]:
        container = _area_node("departement", content["departement"], case_view.departement)
    elif content["region"]:
        container = _area_node("region", content["region"], case_view.region)
    if not content["place_label"]:
        return container
    return {"@type": "Place", "name": french(content["place_label"]), "containedInPlace": container}


def _commune_node(place: CommuneDetails) -> Node:
    departement, point = place.departement, place.commune.point
    return {
        **_area_node("commune", place.commune.code, place.commune.name),
        "geo": {"@type": "GeoCoordinates", "latitude": point[0], "longitude": point[1]}
        if point
        else None,
        "containedInPlace": _area_node("departement", departement.code, departement.name)
        if departement
        else None,
    }


def _area_node(kind: str, code: str, name: str) -> Node:
    code_labels = {
        "commune": _("code Insee"),
        "departement": _("code du département"),
        "region": _("code de la région"),
    }
    address = _absolute_url(urls.PLACES[kind](code))
    # "@id" identifies the place, "url" its page.
    return {
        "@type": "AdministrativeArea",
        "@id": f"{address}#lieu",
        "name": name,
        "url": address,
        "identifier": {"@type": "PropertyValue", "propertyID": code_labels[kind], "value": code},
    }


def _breadcrumb_list(crumbs: Sequence[tuple[str, str]]) -> Node:
    elements = [
        {"@type": "ListItem", "position": position, "name": name, "item": _absolute_url(address)}
        for position, (name, address) in enumerate(crumbs, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": elements}


def _iso_date(edtf: str) -> str:
    return edtf if _ISO_DATE.fullmatch(edtf) else ""


@public.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """The whole sitemap, an index of its parts, or one part."""
    part = request.args.get("partie", "")
    if request.query_string.decode("latin-1") not in ("", f"partie={part}"):
        # Other parameters change nothing and would fill the page cache.
        return redirect("/sitemap.xml", 303)
    # Read the head first: the content must not be older than the position in its ETag.
    head()
    if part:
        return _xml_response("urlset", "url", _part_entries(part))
    pages, places = list(_page_entries()), list(_place_entries())
    number_ranges = communes_with_cases.list_case_ranges(db.session(), SIZE)
    if len(pages) + len(places) + sum(count for _rank, count, _changed_at in number_ranges) <= SIZE:
        cases = [
            entry for rank, _count, _changed_at in number_ranges for entry in _case_entries(rank)
        ]
        return _xml_response("urlset", "url", [*pages, *places, *cases])
    parts = [("pages", _latest_change(pages))]
    parts += [
        (f"lieux-{first // SIZE + 1}", _latest_change(places[first : first + SIZE]))
        for first in range(0, len(places), SIZE)
    ]
    parts += [(f"cas-{rank + 1}", changed_at) for rank, _count, changed_at in number_ranges]
    part_entries = ((f"/sitemap.xml?partie={name}", changed_at) for name, changed_at in parts)
    return _xml_response("sitemapindex", "sitemap", part_entries)


def _part_entries(name: str) -> Sequence[SitemapEntry]:
    """The addresses of one part of the sitemap.

    :raises NotFound: the part does not exist or is empty.
    """
    match = _PART_NAME.fullmatch(name)
    if match is None:
        raise NotFound("no_such_page")
    if match["kind"] is None:
        return list(_page_entries())
    rank = int(match["rank"])
    if match["kind"] == "lieux":
        entries = list(_place_entries())[SIZE * (rank - 1) : SIZE * rank]
    else:
        entries = _case_entries(rank - 1)
    if not entries:
        raise NotFound("no_such_page")
    return entries


def _page_entries() -> Iterator[SitemapEntry]:
    """The fixed pages of the router, in both languages."""
    seq = head().seq
    moved_at = line_time(db.session(), seq) if seq else None
    edited_at = {
        page_path(page_key): revision.made_at
        for page_key, revision in newest_revisions(db.session()).items()
    }
    paths = {
        rule.rule
        for rule in current_app.url_map.iter_rules()
        if rule.endpoint.startswith("public.") and not rule.arguments and "." not in rule.rule
    }
    # The form is in another blueprint, because its pages are never cached.
    for address in sorted((paths - _DATA_PATHS) | {"/signaler"}):
        for page_language in LANGUAGES:
            path = in_language(address, page_language)
            yield path, moved_at if address in _CHANGING_PAGES else edited_at.get(path)


def _place_entries() -> Iterator[SitemapEntry]:
    for kind, changes in communes_with_cases.list_place_dates(db.session()).items():
        for code, moved_at in changes.items():
            yield urls.PLACES[kind](code), moved_at


def _case_entries(rank: int) -> list[SitemapEntry]:
    first = SIZE * rank + 1
    dates = communes_with_cases.list_case_dates(db.session(), first, first + SIZE - 1)
    return [(urls.case(number), moved_at) for number, moved_at in dates]


def _latest_change(entries: Sequence[SitemapEntry]) -> datetime | None:
    dates = [changed_at for _address, changed_at in entries if changed_at is not None]
    return max(dates, default=None)


def _xml_response(root_tag: str, entry_tag: str, entries: Iterable[SitemapEntry]) -> Response:
    root_element = etree.Element(root_tag, nsmap={None: NAMESPACE})
    for address, moved_at in entries:
        element = etree.SubElement(root_element, entry_tag)
        etree.SubElement(element, "loc").text = _absolute_url(address)
        if moved_at is not None:
            etree.SubElement(element, "lastmod").text = rfc3339(moved_at)
    body = etree.tostring(root_element, encoding="UTF-8", xml_declaration=True)
    return Response(body, mimetype="application/xml")
