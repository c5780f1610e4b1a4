"""The address of a list of reports: how it is read and written, and its filters in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

from flask_babel import gettext as _

from register.cases.desk_lists import Holding
from register.cases.filters import LENGTH_LIMIT, WORDS, WORDS_LIMIT, page_number
from register.cases.web.desk.case_list_query import last, one
from register.cases.web.public.filter_panel import Chip
from register.errors import Invalid
from register.reports.queries import Asked, Tray
from register.territory.web import place_choice
from register.territory.web.place_field import named
from register.web.context import book
from register.web.l10n import quoted, typeset

PATH = "/moderation/signalements"
# How routes name a report: its random key, which says nothing of when it came or what it is.
KEY = "<string(length=32):key>"
_TRAYS: Mapping[str, Tray] = {tray.value: tray for tray in Tray}
# The parameters of the form.
NAMES = frozenset({"casier", "endroit", "lieu", "type", WORDS, "tenu", "page"})
_CODE = re.compile(r"(?:commune|departement):[0-9A-Z]{1,5}")


def report(key: str, act: str = "") -> str:
    """Where a report is on the desk, or an act on it."""
    return f"{PATH}/{key}{act and '/'}{act}"


def read(args: Mapping[str, Sequence[str]], by: int) -> Asked:
    """What an address asks for.

    :param by: who asks, for those that they have in hand.
    :raises Invalid: a value that makes no sense.
    """
    tray = one(args, "casier", _TRAYS)
    kind, place = last(args, "type"), last(args, "endroit")
    _require("type", kind, not kind or book().has("type", kind))
    _require("endroit", place, not place or is_code(place))
    return Asked(
        tray=tray,
        place=place_choice.typed(args.get("lieu", ())) or place,
        type=kind,
        words=last(args, WORDS)[:WORDS_LIMIT],
        mine=by if last(args, "tenu") == Holding.MINE.value else None,
        page=page_number(last(args, "page")),
    )


def _require(name: str, value: str, holds: bool) -> None:
    if not holds:
        raise Invalid("filter", name=name, value=value[:LENGTH_LIMIT])


def is_code(place: str) -> bool:
    """Whether a place is one that was read, and not words of it."""
    return _CODE.fullmatch(place) is not None


def pairs(asked: Asked) -> Iterator[tuple[str, str]]:
    """A list as name and value, in a fixed order; defaults are left out."""
    if asked.tray:
        yield "casier", asked.tray.value
    if asked.place:
        yield ("endroit" if is_code(asked.place) else "lieu"), asked.place
    if asked.type:
        yield "type", asked.type
    if asked.words:
        yield WORDS, asked.words
    if asked.mine is not None:
        yield "tenu", Holding.MINE.value
    if asked.page > 1:
        yield "page", str(asked.page)


def listed(asked: Asked | None = None) -> str:
    """The address of a list, or of all that is undecided."""
    text = urlencode(list(pairs(asked))) if asked else ""
    return f"{PATH}?{text}" if text else PATH


def chips(asked: Asked) -> list[Chip]:
    """The filters in force but for the tray, each with the way to take it off."""
    first = replace(asked, page=1)
    told = []
    if asked.place:
        told.append(Chip(_("Lieu : %(place)s", place=_place(asked.place)), _but(first, place="")))
    if asked.type:
        kind = book().label("type", asked.type)
        told.append(Chip(_("Type : %(kind)s", kind=kind), _but(first, type="")))
    if asked.words:
        told.append(Chip(_("Mots : « %(words)s »", words=asked.words), _but(first, words="")))
    if asked.mine is not None:
        told.append(Chip(_("En main : à vous"), listed(replace(first, mine=None))))
    return [Chip(typeset(chip.text), chip.address) for chip in told]


def _but(asked: Asked, **changes: str) -> str:
    return listed(replace(asked, **changes))  # type: ignore[arg-type]


def _place(place: str) -> str:
    kind, _between, code = place.partition(":")
    return named(kind, code) if is_code(place) else quoted(place)
