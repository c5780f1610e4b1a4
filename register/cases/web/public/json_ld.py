"""What a page says to machines that read it: schema.org's words, as a JSON-LD data block.

A browser executes no such block, so that the content security policy has nothing against it. Only
what the page itself shows is told, and what is not known is left out.
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

from register.cases.queries import Case
from register.cases.vocabulary import LANGUAGES
from register.cases.web.public.case_view import File
from register.journal.canonical import moment
from register.territory.web.place_names import Whereabouts
from register.text.typography import french
from register.web import assets, urls
from register.web.context import book, settings
from register.web.l10n import country_name

Node = dict[str, Any]

# ISO 8601 has neither EDTF's "about" nor its "uncertain": such a date is left to the text.
_ISO_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?")


def home() -> Markup:
    """The register itself, who publishes it, and how to search it."""
    search = {
        "@type": "SearchAction",
        "target": {
            "@type": "EntryPoint",
            "urlTemplate": _absolute("/incidents") + "?q={search_term_string}",
        },
        "query-input": "required name=search_term_string",
    }
    site = {
        **_site(),
        "name": "Web Citoyen",
        "description": _("Registre public des intimidations de blogueurs et de médias locaux"),
        "inLanguage": [*LANGUAGES],
        "publisher": {"@id": _publisher()["@id"]},
        "potentialAction": search,
    }
    return _block(_publisher(), site)


def case(case: Case, file: File) -> Markup:
    """A case: a report by the register, of what its sources say happened somewhere."""
    content = case.snapshot.content
    address = urls.case(case.number)
    words = book()
    report = {
        "@type": "Report",
        "@id": _absolute(address),
        "url": _absolute(address),
        "reportNumber": str(case.number),
        "version": str(case.version),
        "headline": french(content["title"]),
        "abstract": french(content["summary"]),
        "inLanguage": content["language"],
        "keywords": [words.label("type", code) for code in content["types"]],
        "datePublished": moment(case.first_published_at),
        "dateModified": moment(case.version_at),
        "temporalCoverage": _date(content["date"]),
        "about": _place_of(content, file),
        "image": _absolute(urls.card(case.number, case.version)),
        "isPartOf": _site(),
        "author": {"@id": _publisher()["@id"]},
        "publisher": _publisher(),
        "isBasedOn": [_source(source) for source in content["sources"]],
        "correction": [
            {
                "@type": "CorrectionComment",
                "text": french(made["note"]),
                "datePublished": moment(datetime.fromisoformat(made["made_at"])),
            }
            for made in content["corrections"]
        ],
    }
    around: list[tuple[str, str]] = []
    if file.place:
        around = _around(file.place)
        around.append((file.place.commune.name, urls.commune(file.place.commune.code)))
    trail = [(str(_("Registre")), urls.cases()), *around]
    here = (_("Cas nº %(number)s", number=case.number), address)
    return _block(report, _trail([*trail, here]))


def commune(here: Whereabouts) -> Markup:
    """A commune, where it lies, and the way to its page."""
    address = urls.commune(here.commune.code)
    trail = [(str(_("Communes")), "/communes"), *_around(here, region=True)]
    return _block(_commune(here), _trail([*trail, (here.commune.name, address)]))


def area(kind: str, code: str, name: str) -> Markup:
    """A ``departement`` or a ``region``, and the way to its page."""
    first = {"departement": _("Départements"), "region": _("Régions")}[kind]
    trail = [(str(first), f"/{kind}s"), (name, urls.PLACES[kind](code))]
    return _block(_area(kind, code, name), _trail(trail))


def _block(*nodes: Node) -> Markup:
    """The data block of a page; nothing within can end it, whatever a title says.

    Signs that mean anything to HTML are written as JSON's escapes.
    """
    told = {"@context": "https://schema.org", "@graph": [_known(node) for node in nodes]}
    text = htmlsafe_json_dumps(told, ensure_ascii=False, separators=(",", ":"))
    return Markup('<script type="application/ld+json">{}</script>').format(text)


def _known(node: Node) -> Node:
    """A node without what is empty, all the way down."""
    kept: Node = {}
    for name, value in node.items():
        if isinstance(value, dict):
            value = _known(value)
        elif isinstance(value, list):
            value = [_known(item) if isinstance(item, dict) else item for item in value]
        if value not in ("", None, [], {}):
            kept[name] = value
    return kept


def _absolute(address: str) -> str:
    return settings().base_url + address


def _site() -> Node:
    return {"@type": "WebSite", "@id": _absolute("/#site"), "url": _absolute("/")}


def _publisher() -> Node:
    return {
        "@type": "Organization",
        "@id": _absolute("/#editeur"),
        # Empty in a demonstration only: a public register has to say who publishes it.
        "name": settings().publisher_name or "Web Citoyen",
        "url": _absolute("/a-propos"),
        "logo": _absolute(assets.address(current_app, "img/icon-512.png")),
        "email": settings().contact_email,
    }


def _source(source: Mapping[str, Any]) -> Node:
    publisher = {"@type": "Organization", "name": source["publisher"]}
    return {
        "@type": "CreativeWork",
        "url": source["url"],
        "name": french(source["title"]),
        "publisher": publisher if source["publisher"] else None,
        "datePublished": _date(source["published_on"]),
        "archivedAt": source["archived_url"],
    }


def _place_of(content: Mapping[str, Any], file: File) -> Node:
    """Where a case is, by the smallest place that is known."""
    if file.place:
        return _commune(file.place)
    around: Node = {}
    if content["country"] != "FR":
        around = {"@type": "Country", "name": country_name(content["country"])}
    elif content["departement"]:
        around = _area("departement", content["departement"], file.departement)
    elif content["region"]:
        around = _area("region", content["region"], file.region)
    if not content["place_label"]:
        return around
    return {"@type": "Place", "name": french(content["place_label"]), "containedInPlace": around}


def _commune(here: Whereabouts) -> Node:
    code, around = here.commune.code, None
    if here.departement:
        around = _area("departement", here.departement.code, here.departement.name)
    return {
        **_named(urls.commune(code), here.commune.name, str(_("code Insee")), code),
        "geo": _geo(here.sheet.point),
        "containedInPlace": around,
    }


def _area(kind: str, code: str, name: str) -> Node:
    label = _("code du département") if kind == "departement" else _("code de la région")
    return _named(urls.PLACES[kind](code), name, str(label), code)


def _named(address: str, name: str, label: str, code: str) -> Node:
    # "@id" is the place and not its page, so that both can be spoken of.
    return {
        "@type": "AdministrativeArea",
        "@id": _absolute(address) + "#lieu",
        "name": name,
        "url": _absolute(address),
        "identifier": {"@type": "PropertyValue", "propertyID": label, "value": code},
    }


def _geo(point: tuple[float, float] | None) -> Node | None:
    if point is None:
        return None
    latitude, longitude = point
    return {"@type": "GeoCoordinates", "latitude": latitude, "longitude": longitude}


def _around(here: Whereabouts, *, region: bool = False) -> list[tuple[str, str]]:
    """What a page's own way up names between its beginning and the commune."""
    trail = []
    if region and here.region:
        trail.append((here.region.name, urls.region(here.region.code)))
    if here.departement and (region or here.departement.name != here.commune.name):
        trail.append((here.departement.name, urls.departement(here.departement.code)))
    return trail


def _trail(places: Sequence[tuple[str, str]]) -> Node:
    items = [
        {"@type": "ListItem", "position": position, "name": name, "item": _absolute(address)}
        for position, (name, address) in enumerate(places, start=1)
    ]
    return {"@type": "BreadcrumbList", "itemListElement": items}


def _date(edtf: str) -> str:
    return edtf if _ISO_DATE.fullmatch(edtf) else ""
