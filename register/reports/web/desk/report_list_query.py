"""Address of a list of reports: parsing, writing, and filters in words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from flask_babel import gettext as _

from register.accounts.web import current_member
from register.cases.desk_lists import ClaimFilter
from register.cases.filters import LENGTH_LIMIT, WORDS, WORDS_LIMIT, parse_page_number
from register.errors import Invalid
from register.reports.report_lists import ReportFolder, ReportQuery
from register.territory.web import place_choice
from register.territory.web.place_names import full_name
from register.web import list_query
from register.web.blueprints import desk
from register.web.l10n import quoted, typeset
from register.web.list_query import FilterChip, QueryArgs, choice_value, last_value
from register.web.request_context import current_vocabulary

PATH = "/moderation/signalements"
# Reports in routes: their random keys, which reveal neither date nor content.
KEY_RULE = "<string(length=32):key>"
_FOLDERS: Mapping[str, ReportFolder] = {folder.value: folder for folder in ReportFolder}
# The parameters of the filter form.
FORM_PARAMETERS = frozenset({"casier", "endroit", "lieu", "type", WORDS, "tenu", "page"})
_PLACE_CODE = re.compile(r"(?:commune|departement):[0-9A-Z]{1,5}")


@desk.app_template_global("report_address")
def report_url(key: str, act: str = "") -> str:
    """The address of a report on the desk, or of an act on it."""
    return f"{PATH}/{key}{act and '/'}{act}"


def parse_query(args: QueryArgs) -> ReportQuery:
    """The query of an address.

    :raises Invalid: ``filter``, for an unknown value.
    """
    folder = choice_value(args, "casier", _FOLDERS)
    type_word = choice_value(args, "type", current_vocabulary().lists["type"])
    place = last_value(args, "endroit")
    if place and not is_place_code(place):
        raise Invalid("filter", name="endroit", value=place[:LENGTH_LIMIT])
    is_mine = last_value(args, "tenu") == ClaimFilter.MINE.value
    return ReportQuery(
        folder=folder,
        place=place_choice.typed_place(args.get("lieu", ())) or place,
        type=type_word.code if type_word else "",
        words=last_value(args, WORDS)[:WORDS_LIMIT],
        holder=current_member.member().id if is_mine else None,
        page=parse_page_number(last_value(args, "page")),
    )


def is_place_code(place: str) -> bool:
    """Whether a place is a code, and not typed words."""
    return _PLACE_CODE.fullmatch(place) is not None


def query_pairs(report_query: ReportQuery) -> list[tuple[str, str]]:
    """Names and values of a query's parameters in a fixed order, without the defaults."""
    pairs = (
        ("casier", report_query.folder.value if report_query.folder else ""),
        ("endroit" if is_place_code(report_query.place) else "lieu", report_query.place),
        ("type", report_query.type),
        (WORDS, report_query.words),
        ("tenu", ClaimFilter.MINE.value if report_query.holder is not None else ""),
        ("page", str(report_query.page) if report_query.page > 1 else ""),
    )
    return [pair for pair in pairs if pair[1]]


def list_url(report_query: ReportQuery) -> str:
    """The address of a list."""
    return list_query.list_address(PATH, query_pairs(report_query))


def chips(report_query: ReportQuery) -> list[FilterChip]:
    """The active filters except the folder, each with the address that removes it."""
    first_page = replace(report_query, page=1)
    removals: list[tuple[str, ReportQuery]] = []
    if place := report_query.place:
        kind, _between, code = place.partition(":")
        place_label = full_name(kind, code) if is_place_code(place) else quoted(place)
        removals.append((_("Lieu : %(place)s", place=place_label), replace(first_page, place="")))
    if report_query.type:
        type_label = current_vocabulary().label("type", report_query.type)
        removals.append((_("Type : %(kind)s", kind=type_label), replace(first_page, type="")))
    if report_query.words:
        words_label = _("Mots : « %(words)s »", words=report_query.words)
        removals.append((words_label, replace(first_page, words="")))
    if report_query.holder is not None:
        removals.append((_("En main : à vous"), replace(first_page, holder=None)))
    typeset_removals = [(typeset(label), query) for label, query in removals]
    return list_query.filter_chips(typeset_removals, list_url)
