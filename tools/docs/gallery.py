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

from register.demo.instance import sign_ins
from register.web.context import settings
from tools.docs.furnished import FOLLOWED
from tools.docs.visit import Visitor, first_link, having, part

MARK = re.compile(r"<!-- composant: ([a-z-]+) -->")
# What refers to another element of the same page by its id.
_REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-controls")
_REPORTS = (
    {"recit": "On m’a demandé d’éteindre ma caméra pendant le conseil.", "lieu": "Gagny"},
    {"recit": "La mairie m’a écrit pour que je retire un article.", "lieu": "Puteaux"},
)


@dataclass(frozen=True)
class Component:
    """Where a component is seen: a page that was visited, and what is cut out of it (XPath)."""

    page: str
    wanted: str


COMPONENTS: Mapping[str, Component] = {
    "entree": Component("list", f"//li[{having('entry')}]"),
    "types": Component("list", f"//p[{having('kinds')}][count(*) > 1]"),
    "etats": Component("list of a place", f"//p[{having('state')}]"),
    "preuve": Component("case", f"//ol[{having('scale')}]"),
    "qui-contre-qui": Component("case", f"//ol[{having('acting')}]"),
    "etapes": Component("case", f"//ol[li[{having('step')}]]"),
    "resume": Component("case", f"//dl[{having('sum')}]"),
    "sources": Component("case", f"//*[{having('srcs')}]"),
    "citation": Component("case", "//section[@aria-labelledby='citer']"),
    "historique": Component("case", f"//ol[li[{having('change')}]]"),
    "situer": Component("commune", f"//figure[{having('locator')}]"),
    "lieux": Component("regions", f"//ul[{having('places')}]"),
    "chiffres": Component("figures", "//table[@aria-labelledby='preuves']"),
    "recherche": Component("home", f"//form[{having('search')}]"),
    "facettes": Component("filtered", f"//details[{having('filters')}]"),
    "puces": Component("filtered", f"//div[{having('chips')}]"),
    "pages": Component("list", f"//nav[{having('pages')}]"),
    "champ": Component("refused", f"//*[{having('bad-field')}]"),
    "erreurs": Component("refused", f"//*[{having('errors')} and @id='erreurs']"),
    "note": Component("former commune", f"//*[{having('note')}]"),
    "boutons": Component("report on the desk", f"//p[{having('acts')}][a]"),
    "bouton-grave": Component("report on the desk", f"//form[.//*[{having('grave')}]]"),
    "code": Component("receipt", f"//p[{having('code')}]"),
    "file": Component("desk", f"//ul[{having('queue')}] | //ol[{having('queue')}]"),
    "signalement": Component("reports", f"//li[{having('entry')}]"),
}


def specimens(app: Flask) -> Mapping[str, str]:
    """Each component by its name: how it looks, and the markup that it is made of."""
    pages = _visited(app)
    return {
        name: _specimen(name, part(pages[one.page], one.wanted)) for name, one in COMPONENTS.items()
    }


def hung(text: str, shown: Mapping[str, str]) -> str:
    """A page's HTML with the components that it asks for."""
    return MARK.sub(lambda match: shown[match.group(1)], text)


def unknown(source: str, text: str, shown: Mapping[str, str]) -> list[str]:
    """Where the Markdown of a page asks for a component that there is not."""
    return [
        f"{source}:{number}: there is no component {name}"
        for number, line in enumerate(text.splitlines(), 1)
        for name in MARK.findall(line)
        if name not in shown
    ]


def _visited(app: Flask) -> Mapping[str, HtmlElement]:
    """The pages that components are cut out of, by what they are."""
    reader, member = Visitor(app), Visitor(app)
    sent = [reader.send("/signaler", {**told, "etape": "envoyer"}) for told in _REPORTS]
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
        _apart(element, name)
    shown = tostring(looks, encoding="unicode")
    if looks.tag == "li":
        shown = f"<ol>{shown}</ol>"
    # Inert: its links lead to addresses of a register, and this is none.
    source = html.escape(markup, quote=False)
    return (
        f'<div class="specimen"><div class="shown" inert>{shown}</div>'
        f"<details><summary>Markup</summary><pre><code>{source}</code></pre></details></div>"
    )


def _apart(element: HtmlElement, name: str) -> None:
    """Make an element's ids those of its specimen, so that each is there once in the page."""
    element.attrib.pop("autofocus", None)
    for attribute in ("id", *_REFERENCES):
        value = element.get(attribute)
        if value:
            element.set(attribute, " ".join(f"{name}-{one}" for one in value.split()))
