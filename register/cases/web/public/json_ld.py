"""Structured data of public pages: JSON-LD blocks with the terms of schema.org.

A browser does not execute such a block, so the content security policy allows it. It holds only
what the page itself shows; unknown values are omitted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from register.cases.queries import PublicCase
from register.cases.vocabulary import LANGUAGES
from register.cases.web.public.case_view import CaseView
from register.journal.canonical import rfc3339
from register.territory.place_queries import CommuneDetails
from register.text.typography import french
from register.web import assets, urls
from register.web.l10n import country_name
from register.web.request_context import current_vocabulary, settings

Node = dict[str, Any]

# ISO 8601 has no approximate or uncertain dates as EDTF does: these stay in the text only.
_ISO_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


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


def case(case: PublicCase, case_view: CaseView) -> Markup:
    """A case, as a schema.org ``Report`` with its sources, its place and its breadcrumbs."""
    content = case.snapshot.content
    address = urls.case(case.number)
    terms = current_vocabulary()
    report = {
        "@type": "Report",
        "@id": _absolute_url(address),
        "url": _absolute_url(address),
        "reportNumber": str(case.number),
        "version": str(case.version),
        "headline": french(content["title"]),
        "abstract": french(content["summary"]),
        "inLanguage": content["language"],
        "keywords": [terms.label("type", code) for code in content["types"]],
        "datePublished": rfc3339(case.first_published_at),
        "dateModified": rfc3339(case.version_at),
        "temporalCoverage": _iso_date(content["date"]),
        "about": _case_place(content, case_view),
        "image": _absolute_url(urls.card(case.number, case.version)),
        "isPartOf": _site_node(),
        "author": {"@id": _publisher_node()["@id"]},
        "publisher": _publisher_node(),
        "isBasedOn": [_source_node(source) for source in content["sources"]],
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
        crumbs += [*_parent_crumbs(place), (place.commune.name, urls.commune(place.commune.code))]
    crumbs.append((_("Cas nº %(number)s", number=case.number), address))
    return _script_block(report, _breadcrumb_list(crumbs))


def commune(place: CommuneDetails) -> Markup:
    """A commune, the area that contains it, and its breadcrumbs."""
    address = urls.commune(place.commune.code)
    crumbs = [(str(_("Communes")), "/communes"), *_parent_crumbs(place, region=True)]
    return _script_block(
        _commune_node(place), _breadcrumb_list([*crumbs, (place.commune.name, address)])
    )


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


def _drop_empty(node: Node) -> Node:
    """A node without its empty values, recursively."""
    cleaned: Node = {}
    for name, value in node.items():
        if isinstance(value, dict):
            value = _drop_empty(value)
        elif isinstance(value, list):
            value = [
                _drop_empty(element) if isinstance(element, dict) else element for element in value
            ]
        if value not in ("", None, [], {}):
            cleaned[name] = value
    return cleaned


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
    code, departement, point = place.commune.code, None, place.point
    if place.departement:
        departement = _area_node("departement", place.departement.code, place.departement.name)
    return {
        **_administrative_area(urls.commune(code), place.commune.name, str(_("code Insee")), code),
        "geo": {"@type": "GeoCoordinates", "latitude": point[0], "longitude": point[1]}
        if point
        else None,
        "containedInPlace": departement,
    }


def _area_node(kind: str, code: str, name: str) -> Node:
    label = _("code du département") if kind == "departement" else _("code de la région")
    return _administrative_area(urls.PLACES[kind](code), name, str(label), code)


def _administrative_area(address: str, name: str, label: str, code: str) -> Node:
    # "@id" identifies the place, "url" its page.
    return {
        "@type": "AdministrativeArea",
        "@id": _absolute_url(address) + "#lieu",
        "name": name,
        "url": _absolute_url(address),
        "identifier": {"@type": "PropertyValue", "propertyID": label, "value": code},
    }


def _parent_crumbs(place: CommuneDetails, *, region: bool = False) -> list[tuple[str, str]]:
    """The breadcrumbs of the areas that contain a commune, without those of its own name."""
    crumbs = []
    if region and place.region:
        crumbs.append((place.region.name, urls.region(place.region.code)))
    if place.departement and (region or place.departement.name != place.commune.name):
        crumbs.append((place.departement.name, urls.departement(place.departement.code)))
    return crumbs


def _breadcrumb_list(crumbs: Sequence[tuple[str, str]]) -> Node:
    elements = [
        {"@type": "ListItem", "position": position, "name": name, "item": _absolute_url(address)}
        for position, (name, address) in enumerate(crumbs, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": elements}


def _iso_date(edtf: str) -> str:
    return edtf if _ISO_DATE.fullmatch(edtf) else ""
