"""The components of the style page, as pages of a furnished demonstration show them.

Nothing is drawn here: a component is cut out of the page that the register answers with, so that
what the style page shows is what its templates write today. The Markdown of that page says where
each goes, by a comment: ``<!-- composant: pages -->``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask
from lxml.html import HtmlElement, fragment_fromstring, tostring

from register.demo import sign_ins
from register.web.request_context import settings
from tools.docs.furnished import FOLLOWED
from tools.docs.visit import Visitor, class_condition, extract_component, first_link

MARK = re.compile(r"<!-- composant: ([a-z-]+) -->")
# Attributes that refer to another element of the same page by its id.
_REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls")
_REPORTS = (
    {"recit": "On m’a demandé d’éteindre ma caméra pendant le conseil.", "lieu": "Gagny"},
    {"recit": "La mairie m’a écrit pour que je retire un article.", "lieu": "Puteaux"},
)


@dataclass(frozen=True)
class Component:
    """Where a component is seen: a page that was visited, and what is cut out of it (XPath)."""

    page: str
    xpath: str


COMPONENTS: Mapping[str, Component] = {
    "entree": Component("list", f"//li[{class_condition('entry')}]"),
    "types": Component("list", f"//p[{class_condition('kinds')}][count(*) > 1]"),
    "etats": Component("list of a place", f"//p[{class_condition('state')}]"),
    "preuve": Component("case", f"//ol[{class_condition('scale')}]"),
    "qui-contre-qui": Component("case", f"//ol[{class_condition('deeds')}]"),
    "etapes": Component("case", f"//ol[li[{class_condition('step')}]]"),
    "resume": Component("case", f"//dl[{class_condition('key')}]"),
    "manque": Component("case", f"//p[{class_condition('quiet')}]"),
    "sources": Component("case", f"//*[{class_condition('srcs')}]"),
    "citation": Component("case", "//section[@aria-labelledby='garder']"),
    "historique": Component("case", f"//ol[li[{class_condition('change')}]]"),
    "situer": Component("commune", f"//figure[{class_condition('locator')}]"),
    "lieux": Component("regions", f"//ul[{class_condition('places')}]"),
    "replis": Component("commune", f"//*[{class_condition('folds')}]/details"),
    "deplie": Component(
        "figures", f"//details[{class_condition('unfold')}][.//table[@aria-labelledby='preuves']]"
    ),
    "chiffres": Component("figures", "//table[@aria-labelledby='preuves']"),
    "recherche": Component("home", f"//form[{class_condition('search')}]"),
    "facettes": Component("filtered", f"//details[{class_condition('filters')}]"),
    "puces": Component("filtered", f"//div[{class_condition('chips')}]"),
    "pages": Component("list", f"//nav[{class_condition('pages')}]"),
    "champ": Component("refused", f"//*[{class_condition('bad-field')}]"),
    "erreurs": Component("refused", f"//*[{class_condition('errors')} and @id='erreurs']"),
    "note": Component("former commune", f"//*[{class_condition('note')}]"),
    "boutons": Component("report on the desk", f"//p[{class_condition('acts')}][a]"),
    "bouton-grave": Component("report on the desk", f"//form[.//*[{class_condition('grave')}]]"),
    "code": Component("receipt", f"//p[{class_condition('code')}]"),
    "file": Component("report on the desk", f"//ol[{class_condition('queue')}]"),
    "signalement": Component("reports", f"//li[{class_condition('entry')}]"),
}


def specimens(app: Flask) -> Mapping[str, str]:
    """Each component by its name: how it looks, and the markup that it is made of."""
    pages = _visit_pages(app)
    return {
        name: _specimen(name, extract_component(pages[component.page], component.xpath))
        for name, component in COMPONENTS.items()
    }


def insert_components(text: str, components: Mapping[str, str]) -> str:
    """A page's HTML with the components that it names."""
    return MARK.sub(lambda match: components[match.group(1)], text)


def unknown_components(source: str, text: str, components: Mapping[str, str]) -> list[str]:
    """Where the Markdown of a page names a component that does not exist."""
    return [
        f"{source}:{number}: there is no component {name}"
        for number, line in enumerate(text.splitlines(), 1)
        for name in MARK.findall(line)
        if name not in components
    ]


def _visit_pages(app: Flask) -> Mapping[str, HtmlElement]:
    """The pages that components are cut out of, by what they are."""
    reader, member = Visitor(app), Visitor(app)
    sent = [
        reader.send("/signaler", {**report_fields, "etape": "envoyer"})
        for report_fields in _REPORTS
    ]
    with app.app_context():
        _role, address, password = sign_ins(settings().instance)[0]
    desk = member.send("/compte/connexion", {"adresse": address, "mot_de_passe": password})
    reports = member.open("/moderation/signalements")
    of_place = reader.open(f"/incidents?commune={FOLLOWED}")
    return {
        "receipt": sent[0],
        "refused": reader.send("/signaler", {"recit": "", "etape": "verifier"}),
        "home": reader.open("/"),
        "list": reader.open("/incidents"),
        "commune": reader.open(f"/communes/{FOLLOWED}"),
        "regions": reader.open("/regions"),
        "figures": reader.open("/statistiques"),
        "former commune": reader.open("/communes/93066?nom=93059"),
        "filtered": reader.open("/incidents?departement=92&famille=justice"),
        "list of a place": of_place,
        "case": reader.open(first_link(of_place, "entry")),
        "desk": desk,
        "reports": reports,
        "report on the desk": member.open(first_link(reports, "entry")),
    }


def _specimen(name: str, markup: str) -> str:
    looks = fragment_fromstring(markup)
    for element in looks.iter():
        _prefix_ids(element, name)
    rendered = tostring(looks, encoding="unicode")
    if looks.tag == "li":
        rendered = f"<ol>{rendered}</ol>"
    # Inert: its links lead to addresses of a register, and this is none.
    source = html.escape(markup, quote=False)
    return (
        f'<div class="specimen"><div class="shown" inert>{rendered}</div>'
        f"<details><summary>Markup</summary><pre><code>{source}</code></pre></details></div>"
    )


def _prefix_ids(element: HtmlElement, name: str) -> None:
    """Make an element's ids those of its specimen, so that each is there once in the page."""
    element.attrib.pop("autofocus", None)
    for attribute in ("id", *_REFERENCES):
        value = element.get(attribute)
        if value:
            element.set(attribute, " ".join(f"{name}-{word}" for word in value.split()))
