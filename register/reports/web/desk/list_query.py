"""Address of a list of reports: parsing, writing, and filters in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext as _

from register.cases.desk_lists import ClaimFilter
from register.cases.filters import LENGTH_LIMIT, WORDS, WORDS_LIMIT, parse_page_number
from register.cases.web.desk.case_list import choice_value, last_value
from register.cases.web.public.filter_panel import FilterChip
from register.errors import Invalid
from register.reports.report_lists import ReportFolder, ReportQuery
from register.territory.web import place_choice
from register.territory.web.place_names import full_name
from register.web.blueprints import desk
from register.web.l10n import quoted, typeset
from register.web.request_context import current_vocabulary

PATH = "/moderation/signalements"
# Reports in routes: their random keys, which reveal neither date nor content.
KEY_RULE = "<string(length=32):key>"
_FOLDERS: Mapping[str, ReportFolder] = {folder.value: folder for folder in ReportFolder}
# The parameters of the filter form.
PARAMETERS = frozenset({"casier", "endroit", "lieu", "type", WORDS, "tenu", "page"})
_PLACE_CODE = re.compile(r"(?:commune|departement):[0-9A-Z]{1,5}")


@desk.app_template_global("report_address")
def report_url(key: str, act: str = "") -> str:
    """The address of a report on the desk, or of an act on it."""
    return f"{PATH}/{key}{act and '/'}{act}"


def parse_query(args: Mapping[str, Sequence[str]], by: int) -> ReportQuery:
    """The query of an address.

    :param by: the id of the signed-in member, for the filter on reports that they hold.
    :raises Invalid: ``filter``, for an unknown value.
    """
    folder = choice_value(args, "casier", _FOLDERS)
    kind, place = last_value(args, "type"), last_value(args, "endroit")
    _require("type", kind, not kind or current_vocabulary().has("type", kind))
    _require("endroit", place, not place or is_place_code(place))
    return ReportQuery(
        folder=folder,
        place=place_choice.typed_place(args.get("lieu", ())) or place,
        type=kind,
        words=last_value(args, WORDS)[:WORDS_LIMIT],
        holder=by if last_value(args, "tenu") == ClaimFilter.MINE.value else None,
        page=parse_page_number(last_value(args, "page")),
    )


def _require(name: str, value: str, is_valid: bool) -> None:
    if not is_valid:
        raise Invalid("filter", name=name, value=value[:LENGTH_LIMIT])


def is_place_code(place: str) -> bool:
    """Whether a place is a code, and not typed words."""
    return _PLACE_CODE.fullmatch(place) is not None


def query_pairs(report_query: ReportQuery) -> Iterator[tuple[str, str]]:
    """Names and values of a query's parameters in a fixed order, without the defaults."""
    if report_query.folder:
        yield "casier", report_query.folder.value
    if report_query.place:
        yield ("endroit" if is_place_code(report_query.place) else "lieu"), report_query.place
    if report_query.type:
        yield "type", report_query.type
    if report_query.words:
        yield WORDS, report_query.words
    if report_query.holder is not None:
        yield "tenu", ClaimFilter.MINE.value
    if report_query.page > 1:
        yield "page", str(report_query.page)


def list_url(report_query: ReportQuery | None = None) -> str:
    """The address of a list; without a query, that of all undecided reports."""
    parameters = urlencode(list(query_pairs(report_query))) if report_query else ""
    return f"{PATH}?{parameters}" if parameters else PATH


def chips(report_query: ReportQuery) -> list[FilterChip]:
    """The active filters except the folder, each with the address that removes it."""
    removals: list[tuple[str, dict[str, Any]]] = []
    if place := report_query.place:
        kind, _between, code = place.partition(":")
        place_label = full_name(kind, code) if is_place_code(place) else quoted(place)
        removals.append((_("Lieu : %(place)s", place=place_label), {"place": ""}))
    if report_query.type:
        type_label = current_vocabulary().label("type", report_query.type)
        removals.append((_("Type : %(kind)s", kind=type_label), {"type": ""}))
    if report_query.words:
        removals.append((_("Mots : « %(words)s »", words=report_query.words), {"words": ""}))
    if report_query.holder is not None:
        removals.append((_("En main : à vous"), {"holder": None}))
    return [
        FilterChip(typeset(label), list_url(replace(report_query, page=1, **changes)))
        for label, changes in removals
    ]
