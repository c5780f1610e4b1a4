"""The trays of reports: their lists, filters and search."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.accounts.web import current_member
from register.cases.web.desk import case_list_query
from register.cases.web.desk.seconding import may_decide
from register.db import db, now
from register.journal import Act
from register.reports import queries, rules
from register.reports.queries import OPENED, Asked, Line, Listing, Tray
from register.reports.web.desk import labels, list_query, traces
from register.territory.resolve import Reading, resolve
from register.territory.web import place_choice
from register.territory.web.place_choice import Choice
from register.territory.web.place_field import code_of
from register.text import dates
from register.web.context import gazetteer, head, key_store, known_places
from register.web.l10n import typeset
from register.web.messages.desk_reports import EMPTY, TRAYS

# What a member does with those that they tick, by the tray they look at.
PUT_ASIDE, TAKE_UP, CONFIRM = "ranger", "reprendre", "confirmer"
# Asks in an address for the first words of each report.
BEGINNINGS = "debuts"
# Places by which reports are filtered.
_KINDS = ("commune", "departement")


@dataclass(frozen=True)
class Tab:
    """A tray: its name, how many reports lie there, its list, and whether it is the one shown."""

    name: str
    count: int
    address: str
    current: bool


def route(blueprint: Blueprint) -> None:
    """The addresses of this module, and what templates say of a report."""
    blueprint.add_url_rule("/signalements", "reports", reports)
    for name, tool in (
        ("report_place", labels.place),
        ("report_kinds", labels.kinds),
        ("report_beginning", labels.beginning),
        ("report_state", labels.state),
        ("report_held", labels.held),
        ("report_address", list_query.report),
    ):
        blueprint.add_app_template_global(tool, name)


def reports() -> ResponseReturnValue:
    """A tray, by words and filters; a typed place is first made a code, if it is one."""
    args = request.args.to_dict(flat=False)
    head()
    asked = list_query.read(args, current_member.member().id)
    exact, near = _readings(asked)
    if len(exact) == 1:
        return redirect(exact[0].address, 303)
    if case_list_query.is_littered(args, list_query.NAMES):
        return redirect(list_query.listed(asked), 303)
    found = _found(asked)
    if asked.page > found.pages:
        return redirect(list_query.listed(replace(asked, page=found.pages)), 303)
    ticked = {line.key for line in found.lines} if request.args.get("cocher") else ()
    begins = bool(request.args.get(BEGINNINGS))
    return drawn(asked, found, offered=exact or near, ticked=ticked, begins=begins)


def shown(asked: Asked, said: str, ticked: Collection[str]) -> str:
    """The list again, with what could not be done with those that were ticked."""
    return drawn(asked, _found(asked), said=said, ticked=ticked)


def _found(asked: Asked) -> Listing:
    return queries.listing(db.session(), key_store(), asked, dates.paris_day(now()))


def drawn(
    asked: Asked,
    found: Listing,
    *,
    offered: Sequence[Choice] = (),
    said: str = "",
    ticked: Collection[str] = (),
    begins: bool = False,
) -> str:
    """The page of a list.

    :param begins: the first words of each report are shown, as they are where words are searched
        for; whoever is shown them leaves the line of an opened report.
    """
    begins = begins or bool(asked.words)
    if begins:
        traces.note_views([line.key for line in found.lines if line.sent is not None])
    first = list_query.listed(replace(asked, page=1))
    return render_template(
        "moderation/reports/list.html",
        asked=asked,
        found=found,
        rows=[_row(line, asked, ticked) for line in found.lines],
        tabs=_tabs(asked),
        why=typeset(str(TRAYS[asked.tray][1])) if asked.tray else "",
        empty=typeset(str(EMPTY[asked.tray])) if asked.tray else "",
        chips=list_query.chips(asked),
        kept=_kept(asked),
        pairs=list(list_query.pairs(asked)),
        offered=offered,
        first=first,
        further=f"{first}{'&' if '?' in first else '?'}page=",
        here=list_query.listed(asked),
        way=_way(asked),
        opened=OPENED,
        said=said,
        begins=begins,
        beginnings=BEGINNINGS,
    )


@dataclass(frozen=True)
class Row:
    """A report in a list; ``tick``: whether it can be ticked, and whether it is; ``together``:
    whether the member may confirm it as spam, put aside by another with others."""

    line: Line
    title: str
    since: str
    says_state: bool
    until: str
    late: bool
    tick: bool
    ticked: bool
    together: bool


def _row(line: Line, asked: Asked, ticked: Collection[str]) -> Row:
    today = dates.paris_day(now())
    until, late = labels.deadline(line, today)
    act = Act.REPORT_REOPENED if _way(asked) == TAKE_UP else Act.REPORT_SPAM
    return Row(
        line=line,
        title=labels.title(line),
        since=labels.since(line, today),
        says_state=labels.says_state(line),
        until=until,
        late=late,
        tick=line.sent is not None and rules.allows(line.state, act),
        ticked=line.key in ticked,
        together=line.together_by is not None and may_decide(line.together_by),
    )


def _way(asked: Asked) -> str:
    return TAKE_UP if asked.tray is Tray.SPAM else PUT_ASIDE


def _tabs(asked: Asked) -> list[Tab]:
    today = dates.paris_day(now())
    counted = queries.counts(db.session(), today)
    bare = replace(asked, page=1)
    every = Tab(
        "", queries.count(db.session(), Asked(), today), _of(bare, None), asked.tray is None
    )
    trays = [
        Tab(typeset(str(name)), counted[tray], _of(bare, tray), tray is asked.tray)
        for tray, (name, _why) in TRAYS.items()
    ]
    return [every, *trays]


def _of(asked: Asked, tray: Tray | None) -> str:
    return list_query.listed(replace(asked, tray=tray))


def _kept(asked: Asked) -> list[tuple[str, str]]:
    """The filters in force that the form has no field for: the tray, and a place that was read."""
    kept = {"casier", "endroit"}
    return [pair for pair in list_query.pairs(asked) if pair[0] in kept]


def _readings(asked: Asked) -> tuple[Sequence[Choice], Sequence[Choice]]:
    """The places that the typed words name, and those of nearly that name.

    Where they name several, or none, reports are found by the words that their authors typed.
    """
    if not asked.place or list_query.is_code(asked.place):
        return (), ()

    def at(reading: Reading) -> str:
        return list_query.listed(replace(asked, place=code_of(reading), page=1))

    found = resolve(gazetteer(), asked.place, known_places())
    exact, near = (
        place_choice.offered([one for one in some if one.kind in _KINDS], at)
        for some in (found.readings, found.near)
    )
    return exact, near
