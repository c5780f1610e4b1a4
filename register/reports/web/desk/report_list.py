"""The trays of reports: their lists, filters and search."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from register.accounts.web import current_member
from register.cases.web.desk import act_view, case_list
from register.cases.web.desk.act_view import may_decide
from register.db import db, now
from register.errors import NotFound, Refused, RegisterError
from register.journal import Act, WriteTransaction
from register.report_keys import KeyStore
from register.reports import acts, queries, receipts, report_lists, rules
from register.reports.queries import ReportSummary
from register.reports.report_lists import (
    DECRYPT_LIMIT,
    PAGE_SIZE,
    ReportFolder,
    ReportPage,
    ReportQuery,
)
from register.reports.web.desk import labels, list_query, report_summary
from register.territory.resolve import PlaceReading, resolve
from register.territory.web import place_choice
from register.territory.web.place_choice import PlaceChoice
from register.territory.web.place_field import place_key
from register.text import dates
from register.web.blueprints import desk
from register.web.l10n import count_words, typeset
from register.web.messages.desk import EMPTY_LISTS, REPORT_LISTS
from register.web.permissions import asks_password_when_alone
from register.web.request_context import commune_case_counts, gazetteer, head, key_store, settings
from register.web.template_env import first_upper

# What a member does with those that they tick, by the tray they look at.
PUT_ASIDE, TAKE_UP, CONFIRM = "ranger", "reprendre", "confirmer"
# Asks in an address for the first words of each report.
BEGINNINGS = "debuts"
# Places by which reports are filtered.
_PLACE_KINDS = ("commune", "departement")


@dataclass(frozen=True)
class FolderTab:
    """A tray: its name, how many reports lie there, its list, and whether it is the one shown."""

    name: str
    count: int
    address: str
    current: bool


@desk.get("/signalements")
def reports() -> ResponseReturnValue:
    """A tray, by words and filters; a typed place is first made a code, if it is one."""
    args = request.args.to_dict(flat=False)
    head()
    report_query = list_query.parse_query(args, current_member.member().id)
    exact, near = _place_choices(report_query)
    if len(exact) == 1:
        return redirect(exact[0].address, 303)
    if case_list.has_empty_parameters(args, list_query.PARAMETERS):
        return redirect(list_query.list_url(report_query), 303)
    report_page = _load_page(report_query)
    if report_query.page > report_page.pages:
        return redirect(list_query.list_url(replace(report_query, page=report_page.pages)), 303)
    ticked = (
        {summary.key for summary in report_page.summaries} if request.args.get("cocher") else ()
    )
    begins = bool(request.args.get(BEGINNINGS))
    return list_page(report_query, report_page, offered=exact or near, ticked=ticked, begins=begins)


def page_with_error(report_query: ReportQuery, error_text: str, ticked: Collection[str]) -> str:
    """The list again, with what could not be done with those that were ticked."""
    return list_page(report_query, _load_page(report_query), error_text=error_text, ticked=ticked)


def _load_page(report_query: ReportQuery) -> ReportPage:
    return report_lists.list_reports(
        db.session(), key_store(), report_query, dates.paris_day(now())
    )


def list_page(
    report_query: ReportQuery,
    report_page: ReportPage,
    *,
    offered: Sequence[PlaceChoice] = (),
    error_text: str = "",
    ticked: Collection[str] = (),
    begins: bool = False,
) -> str:
    """The page of a list.

    :param begins: the first words of each report are shown, as they are where words are searched
        for; whoever is shown them leaves the line of an opened report.
    """
    begins = begins or bool(report_query.words)
    if begins:
        report_summary.note_views(
            [summary.key for summary in report_page.summaries if summary.sent is not None]
        )
    first = list_query.list_url(replace(report_query, page=1))
    return render_template(
        "moderation/reports/list.html",
        report_query=report_query,
        report_page=report_page,
        rows=[_row(summary, report_query, ticked) for summary in report_page.summaries],
        tabs=_folder_tabs(report_query),
        why=typeset(str(REPORT_LISTS[report_query.folder][1])) if report_query.folder else "",
        empty=typeset(str(EMPTY_LISTS[report_query.folder])) if report_query.folder else "",
        chips=list_query.chips(report_query),
        hidden_filters=_hidden_filters(report_query),
        pairs=list(list_query.query_pairs(report_query)),
        offered=offered,
        first=first,
        further=f"{first}{'&' if '?' in first else '?'}page=",
        list_url=list_query.list_url(report_query),
        bulk_action=_bulk_action(report_query),
        decrypt_limit=DECRYPT_LIMIT,
        error_text=error_text,
        begins=begins,
        beginnings=BEGINNINGS,
    )


@dataclass(frozen=True)
class ReportRow:
    """A report in a list; ``tick``: whether it can be ticked, and whether it is; ``together``:
    whether the member may confirm it as spam, put aside by another with others."""

    summary: ReportSummary
    title: str
    since: str
    names_state: bool
    until: str
    late: bool
    tick: bool
    ticked: bool
    together: bool


def _row(summary: ReportSummary, report_query: ReportQuery, ticked: Collection[str]) -> ReportRow:
    today = dates.paris_day(now())
    until, late = labels.deadline(summary, today)
    act = Act.REPORT_REOPENED if _bulk_action(report_query) == TAKE_UP else Act.REPORT_SPAM
    return ReportRow(
        summary=summary,
        title=labels.title(summary),
        since=labels.since_text(summary, today),
        names_state=labels.names_state(summary),
        until=until,
        late=late,
        tick=summary.sent is not None and rules.allows(summary.state, act),
        ticked=summary.key in ticked,
        together=summary.together_by is not None and may_decide(summary.together_by),
    )


def _bulk_action(report_query: ReportQuery) -> str:
    return TAKE_UP if report_query.folder is ReportFolder.SPAM else PUT_ASIDE


def _folder_tabs(report_query: ReportQuery) -> list[FolderTab]:
    today = dates.paris_day(now())
    counts = report_lists.folder_counts(db.session(), today)
    bare = replace(report_query, page=1)
    all_tab = FolderTab(
        "",
        report_lists.count_reports(db.session(), ReportQuery(), today),
        _folder_url(bare, None),
        report_query.folder is None,
    )
    folder_tabs = [
        FolderTab(
            typeset(str(name)),
            counts[folder],
            _folder_url(bare, folder),
            folder is report_query.folder,
        )
        for folder, (name, _why) in REPORT_LISTS.items()
    ]
    return [all_tab, *folder_tabs]


def _folder_url(report_query: ReportQuery, folder: ReportFolder | None) -> str:
    return list_query.list_url(replace(report_query, folder=folder))


def _hidden_filters(report_query: ReportQuery) -> list[tuple[str, str]]:
    """The filters in force that the form has no field for: the tray, and a place that was read."""
    hidden_names = {"casier", "endroit"}
    return [pair for pair in list_query.query_pairs(report_query) if pair[0] in hidden_names]


def _place_choices(
    report_query: ReportQuery,
) -> tuple[Sequence[PlaceChoice], Sequence[PlaceChoice]]:
    """The places that the typed words name, and those of nearly that name.

    Where they name several, or none, reports are found by the words that their authors typed.
    """
    if not report_query.place or list_query.is_place_code(report_query.place):
        return (), ()

    def address_of(reading: PlaceReading) -> str:
        return list_query.list_url(replace(report_query, place=place_key(reading), page=1))

    resolution = resolve(gazetteer(), report_query.place, commune_case_counts())
    exact, near = (
        place_choice.choices_for(
            [place_reading for place_reading in readings if place_reading.kind in _PLACE_KINDS],
            address_of,
        )
        for readings in (resolution.readings, resolution.near_readings)
    )
    return exact, near


def _is_confirmation() -> bool:
    return request.form.get("faire") == CONFIRM


@desk.post("/signalements/tri", endpoint="reports_sort")
@asks_password_when_alone(
    lazy_gettext("confirmer seul des signalements rangés ensemble"), when=_is_confirmation
)
def sort() -> ResponseReturnValue:
    """Do the same with all that are ticked; what cannot be is told, and the rest is done."""
    report_query = list_query.parse_query(
        request.form.to_dict(flat=False), current_member.member().id
    )
    ticked = [key for key in dict.fromkeys(request.form.getlist("cle")) if receipts.is_nonce(key)]
    ticked = ticked[:PAGE_SIZE]
    action = request.form.get("faire", PUT_ASIDE)
    if not ticked:
        return page_with_error(report_query, _("Cochez au moins un signalement."), ()), 422
    done, refused = _apply_to_all(ticked, action)
    refusals = _refusal_texts(refused)
    if not done:
        return page_with_error(report_query, " ".join(refusals), ticked), 409
    flash(typeset(" ".join([_confirmation_text(done, action), *refusals])))
    return redirect(list_query.list_url(report_query), 303)


def _apply_to_all(keys: Sequence[str], action: str) -> tuple[int, list[tuple[str, RegisterError]]]:
    """How many were done, and why the others were not; all of them under one pen."""
    store = key_store()
    refused: list[tuple[str, RegisterError]] = []

    def act(tx: WriteTransaction, by: int) -> None:
        for key in keys:
            try:
                _apply_act(tx, store, key, by, action, together=len(keys) > 1)
            except (Refused, NotFound) as error:
                # An act refuses before it changes anything.
                refused.append((key, error))

    act_view.run_act(act)
    return len(keys) - len(refused), refused


def _apply_act(
    tx: WriteTransaction, store: KeyStore, key: str, by: int, action: str, *, together: bool
) -> None:
    if action == TAKE_UP:
        acts.reopen(tx, store, key, by=by)
    elif action == CONFIRM:
        acts.confirm_spam(tx, key, by=by, single=settings().single_moderator)
    else:
        acts.spam(tx, key, by=by, together=together)


def _confirmation_text(done: int, action: str) -> str:
    count = first_upper(count_words(done))
    if action == CONFIRM:
        sentence = ngettext(
            "%(count)s signalement est confirmé : il sera détruit comme un indésirable.",
            "%(count)s signalements sont confirmés : ils seront détruits comme des indésirables.",
            done,
            count=count,
        )
    elif action == TAKE_UP:
        sentence = ngettext(
            "%(count)s signalement est repris : il attend de nouveau d’être lu.",
            "%(count)s signalements sont repris : ils attendent de nouveau d’être lus.",
            done,
            count=count,
        )
    else:
        sentence = ngettext(
            "%(count)s signalement est rangé parmi les indésirables. Il peut en être repris "
            "jusqu’au jour de sa destruction, qui y est écrit.",
            "%(count)s signalements sont rangés parmi les indésirables. Ils peuvent en être "
            "repris jusqu’au jour de leur destruction, qui y est écrit : dans trente jours, ou "
            "plus tôt si un autre membre le confirme.",
            done,
            count=count,
        )
    return str(sentence)


def _refusal_texts(refused: Sequence[tuple[str, RegisterError]]) -> list[str]:
    """What was not done, as sentences, those that are the same told once."""
    summaries = queries.summaries(db.session(), [key for key, _error in refused])
    reason_counts = Counter(
        labels.refusal_text(error, summaries.get(key)) for key, error in refused
    )
    return [
        ngettext(
            "%(count)s signalement reste comme il était : %(why)s",
            "%(count)s signalements restent comme ils étaient : %(why)s",
            number,
            count=first_upper(count_words(number)),
            why=why[:1].lower() + why[1:],
        )
        for why, number in reason_counts.items()
    ]
