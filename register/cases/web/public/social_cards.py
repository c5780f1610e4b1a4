"""Social cards: the images that other sites show with a link to the register."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

from flask import Response, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.cases import queries
from register.cases.data_version import VersionedMapCache
from register.cases.queries import PublicCase
from register.cases.web.public.cases import case_number
from register.db import db
from register.errors import Moved
from register.territory.place_queries import qualified_name
from register.territory.web import place_names
from register.text.typography import french
from register.web import urls
from register.web.blueprints import public
from register.web.drawings.social_card import SocialCard, draw_card
from register.web.l10n import country_name, edtf_words, typeset
from register.web.l10n import number as digits
from register.web.request_context import current_vocabulary, find_commune, head

_image_cache: VersionedMapCache[SocialCard, bytes] = VersionedMapCache(256)  # of about 15 kB each
# One drawing at a time: each takes a tenth of a second of processor time.
_drawing_lock = Lock()


@public.get("/carte.png")
def card() -> ResponseReturnValue:
    """The card of all pages except those of cases."""
    if request.query_string:
        return redirect(urls.card(), 303)
    head()
    social_card = SocialCard(
        title=_("Registre public des intimidations de blogueurs et de médias locaux"),
        footer_lines=(_("Chaque cas est relu et sourcé ; l’autorité peut y répondre."),),
    )
    return _image_response(social_card)


@public.get("/incidents/<number>/carte.png")
def case_card(number: str) -> ResponseReturnValue:
    """The card of the current version of a case, at an address that contains the version.

    All other query strings redirect to it, so that each card is drawn once.
    """
    head()
    try:
        case = queries.load_public_case(db.session(), case_number(number))
    except Moved as moved:
        return redirect(urls.card(int(str(moved.values["number"]))), 301)
    address = urls.card(case.number, case.version)
    if request.query_string.decode("latin-1") != address.partition("?")[2]:
        return redirect(address, 303)
    return _image_response(case_social_card(case))


def case_social_card(case: PublicCase) -> SocialCard:
    """The texts of a case's card: only what a list of cases shows too."""
    content, terms = case.snapshot.content, current_vocabulary()
    first_type, *other_types = [terms.label("type", code) for code in content["types"]]
    types = ", ".join([first_type, *(label[:1].lower() + label[1:] for label in other_types)])
    evidence = terms.label("preuve", content["evidence"]).lower()
    if content["contested"]:
        evidence = _("%(evidence)s, contesté", evidence=evidence)
    date_text = edtf_words(content["date"]) if content["date"] else _("date inconnue")
    return SocialCard(
        title=french(content["title"]),
        margin_lines=(_("nº %(number)s", number=digits(case.number)), typeset(date_text)),
        overline=_place_line(content),
        footer_lines=(
            types,
            _("Niveau de preuve : %(evidence)s", evidence=evidence),
        ),
    )


def _place_line(content: Mapping[str, Any]) -> str:
    """The place of a case in one line, as exact as it is known."""
    place = find_commune(content["commune"]) if content["commune"] else None
    if place:
        return place.qualified_name
    container = country_name(content["country"]) if content["country"] != "FR" else ""
    for kind in ("region", "departement"):
        if content[kind]:
            container = place_names.place_name(kind, content[kind])
    label = content["place_label"]
    if label:
        return qualified_name(label[:1].upper() + label[1:], container)
    return typeset(container)


def _image_response(social_card: SocialCard) -> Response:
    with _drawing_lock:
        image = _image_cache.get_or_make(head().digest, social_card, lambda: draw_card(social_card))
    response = Response(image, mimetype="image/png")
    # Other sites embed it; all other responses are for this site's own pages only.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
