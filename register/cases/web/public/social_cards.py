"""The cards that other sites show beside a link to the register."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.cases import queries
from register.cases.queries import Case
from register.cases.versioned_cache import Few
from register.cases.web.public.cases import case_number
from register.db import db
from register.errors import Moved
from register.territory.web import place_names
from register.text.typography import french
from register.web import urls
from register.web.context import book, head
from register.web.drawings.social_card import Card, drawn
from register.web.l10n import country_name, edtf_words, typeset
from register.web.l10n import number as digits

_drawn: Few[Card, bytes] = Few(256)  # of some 15 kB
# One at a time: a tenth of a second of drawing for each request would hold the register up.
_drawing = Lock()


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/carte.png", view_func=card)
    blueprint.add_url_rule("/incidents/<number>/carte.png", view_func=case_card)


def card() -> ResponseReturnValue:
    """The card of every page that is no case's."""
    if request.query_string:
        return redirect(urls.card(), 303)
    head()
    told = Card(
        title=_("Registre public des intimidations de blogueurs et de médias locaux"),
        under=(_("Chaque cas est relu et sourcé ; l’autorité peut y répondre."),),
    )
    return _picture(told)


def case_card(number: str) -> ResponseReturnValue:
    """The card of a case as it reads now, at an address that moves with the case.

    Whoever asks for it otherwise is led there: each is drawn once, however it is asked for.
    """
    head()
    try:
        case = queries.one(db.session(), case_number(number))
    except Moved as moved:
        return redirect(urls.card(int(str(moved.values["number"]))), 301)
    address = urls.card(case.number, case.version)
    if request.query_string.decode("latin-1") != address.partition("?")[2]:
        return redirect(address, 303)
    return _picture(of_case(case))


def of_case(case: Case) -> Card:
    """What the card of a case says: nothing that a list would not."""
    content, words = case.snapshot.content, book()
    first, *others = [words.label("type", code) for code in content["types"]]
    types = ", ".join([first, *(label[:1].lower() + label[1:] for label in others)])
    evidence = words.label("preuve", content["evidence"]).lower()
    if content["contested"]:
        evidence = _("%(evidence)s, contesté", evidence=evidence)
    date = edtf_words(content["date"]) if content["date"] else _("date inconnue")
    return Card(
        title=french(content["title"]),
        side=(_("nº %(number)s", number=digits(case.number)), typeset(date)),
        over=_place(content),
        under=(
            types,
            _("Niveau de preuve : %(evidence)s", evidence=evidence),
        ),
    )


def _place(content: Mapping[str, Any]) -> str:
    """Where a case is, in one line: what is known, from the commune to the country."""
    here = place_names.of_commune(content["commune"]) if content["commune"] else None
    if here:
        return here.named
    around = country_name(content["country"]) if content["country"] != "FR" else ""
    for kind in ("region", "departement"):
        if content[kind]:
            around = place_names.name_of(kind, content[kind])
    label = content["place_label"]
    if label:
        return place_names.named(label[:1].upper() + label[1:], around)
    return typeset(around)


def _kept_picture(told: Card) -> bytes:
    """A card, drawn once at a position of the ledger, whoever asks and with whatever cookie."""
    with _drawing:
        return _drawn.of(head().digest, told, lambda: drawn(told))


def _picture(told: Card) -> Response:
    response = Response(_kept_picture(told), mimetype="image/png")
    # It is made to be shown elsewhere; every other answer is for this site's own pages.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
