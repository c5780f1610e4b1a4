"""Query parameters that each public page accepts, and the refusal of all others.

A mistyped filter would otherwise select the whole register in silence, and somebody would cite it
or subscribe to it. The pages of reports refuse none: whoever wants to report is not stopped by an
address.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from flask import request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from rapidfuzz import process
from rapidfuzz.distance import OSA

from register.cases.filters import FILTERS
from register.text.normalisation import fold
from register.web.blueprints import public
from register.web.errors import error_page
from register.web.l10n import in_language, language, quoted
from register.web.list_query import list_address

_SEARCH = (*FILTERS, "tri", "page")
_JOURNAL = ("acte", "mois", "page")
# Accepted names by endpoint; a page that is missing accepts none.
ACCEPTED: Mapping[str, Sequence[str]] = {
    "public.cases": (*_SEARCH, "lieu"),
    "public.cases_feed": (*_SEARCH, "lieu", "avant"),
    "public.commune_feed": (*_SEARCH, "avant"),
    "public.departement_feed": (*_SEARCH, "avant"),
    "public.region_feed": (*_SEARCH, "avant"),
    "public.case": ("version",),
    "public.case_feed": ("avant",),
    "public.citation_bib": ("version",),
    "public.citation_ris": ("version",),
    "public.citation_json": ("version",),
    "public.proof": ("version",),
    "public.bundle": ("version",),
    "public.communes": ("q",),
    "public.suggestions": ("q",),
    "public.commune": ("page", "nom"),
    "public.departement": ("page",),
    "public.region": ("page",),
    "public.lines": (*_JOURNAL, "ligne"),
    "public.ledger_feed": (*_JOURNAL, "avant"),
    "public.download": ("apres",),
    "public.sitemap": ("partie",),
    "public.legal_document": ("depuis", "jour"),
    "public.legal_poursuite": ("depuis", "jour"),
    "public.calendar_document": ("depuis", "jour", "titres"),
    "public.calendar_poursuite": ("depuis", "jour", "titres"),
}
_CAMPAIGN = tomllib.loads(Path(__file__).with_name("campaign_parameters.toml").read_text("utf-8"))
# A name that is a sentence would be shown as the register's own words.
_QUOTABLE = re.compile(r"[\w.-]{1,30}")
# Two letters changed in "commune", one in "type".
_MIN_LIKENESS = 0.6


def is_campaign(name: str) -> bool:
    """Whether other sites add a parameter to links, to count their visits."""
    return name in _CAMPAIGN["names"] or name.startswith(tuple(_CAMPAIGN["prefixes"]))


def nearest_name(name: str, accepted: Sequence[str]) -> str | None:
    """The accepted name, or value, that an unknown one is nearly."""
    match = process.extractOne(
        fold(name), accepted, scorer=OSA.normalized_similarity, score_cutoff=_MIN_LIKENESS
    )
    return match[0] if match else None


def _list_links(pairs: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The list with the filters that parameters without meaning for their page have there."""
    near_pairs = [(nearest_name(name, _SEARCH), value) for name, value in pairs]
    filters = [(name, value) for name, value in near_pairs if name in FILTERS]
    if not filters:
        return []
    names = ", ".join(quoted(name) for name, _value in filters)
    address = in_language(list_address("/incidents", filters), language())
    return [(_("Les cas du registre avec %(names)s", names=names), address)]


@public.before_request
def refuse_unknown_parameters() -> ResponseReturnValue | None:
    """The page that names the unknown parameters and the nearest accepted ones, if there are any.

    It links to the corrected address, and to the address without what was not understood.
    """
    accepted = ACCEPTED.get(request.endpoint or "", ())
    unknown = [name for name in request.args if name not in accepted and not is_campaign(name)]
    if not unknown:
        return None
    nearest = {name: nearest_name(name, accepted) for name in unknown}
    pairs = list(request.args.items(multi=True))
    remaining = [pair for pair in pairs if pair[0] not in nearest]
    links = []
    if any(nearest.values()):
        corrected = [(nearest.get(name, name), value) for name, value in pairs]
        names = [quoted(name) for name in nearest.values() if name]
        links.append(
            (
                _("La même adresse avec %(names)s", names=", ".join(names)),
                list_address(request.path, [(name, value) for name, value in corrected if name]),
            )
        )
    links += _list_links([pair for pair in pairs if nearest.get(pair[0], "") is None])
    without = ngettext(
        "La même adresse sans ce paramètre", "La même adresse sans ces paramètres", len(unknown)
    )
    links.append((without, list_address(request.path, remaining)))
    quotable = [quoted(name) for name in unknown if _QUOTABLE.fullmatch(name)]
    sentence = _(
        "Cette page ne connaît pas %(names)s. Elle n’affiche rien, plutôt qu’autre chose que ce "
        "que vous demandiez.",
        names=", ".join(quotable)
        if len(quotable) == len(unknown)
        else _("un paramètre de cette adresse"),
    )
    return error_page(400, sentence, links=links)
