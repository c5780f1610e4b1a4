"""Lists of reports on the desk: folders, filters, search and bulk acts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from register.accounts.web import current_member
from register.cases.web.desk.act_view import may_decide
from register.db import db, now
from register.errors import NotFound, Refused, RegisterError
from register.journal import Act, WriteTransaction
from register.reports import acts, queries, receipt_codes, report_lists
from register.reports.acts.transitions import allows
from register.reports.queries import ReportSummary
from register.reports.report_lists import ReportFolder, ReportPage, ReportQuery
from register.reports.web.desk import labels, report_list_query, report_summary
from register.reports.web.desk.report_list_query import is_place_code, list_url, parse_query
from register.territory.readings import PlaceReading
from register.territory.web import place_choice
from register.territory.web.place_choice import PlaceChoice, place_key
from register.text import dates
from register.text.typography import first_upper
from register.web import list_query, messages
from register.web.blueprints import asks_password_when_alone, desk
from register.web.l10n import count_words, typeset
from register.web.request_context import head, key_store, settings

# Bulk acts on ticked reports.
PUT_ASIDE, TAKE_UP, CONFIRM = "ranger", "reprendre", "confirmer"
# The parameter that shows the beginning of each account.
BEGINNINGS = "debuts"
# Kinds of places by which reports are filtered.
_PLACE_KINDS = ("commune", "departement")


@desk.get("/signalements")
def reports() -> ResponseReturnValue:
    """A list of reports; a typed place with one meaning redirects to its code."""
    head()
    report_query = parse_query(request.args.to_dict(flat=False))
    exact, near = _place_choices(report_query)
    if len(exact) == 1 and not near:
        return redirect(exact[0].address, 303)
    if redirection := list_query.canonical_redirect(
        report_list_query.FORM_PARAMETERS, list_url(report_query)
    ):
        return redirection
    report_page = _load_page(report_query)
    if report_query.page > report_page.pages:
        return redirect(list_url(replace(report_query, page=report_page.pages)), 303)
    keys = [summary.key for summary in report_page.summaries]
    ticked = keys if request.args.get("cocher") else ()
    return _list_page(report_query, report_page, offered=[*exact, *near], ticked=ticked)


def _page_with_error(report_query: ReportQuery, error_text: str, ticked: Collection[str]) -> str:
    """The list again, with the reason why nothing was done to the ticked reports."""
    return _list_page(report_query, _load_page(report_query), error_text=error_text, ticked=ticked)


def _load_page(report_query: ReportQuery) -> ReportPage:
    today = dates.paris_day(now())
    return report_lists.list_reports(db.session(), key_store(), report_query, today)


def _list_page(
    report_query: ReportQuery,
    report_page: ReportPage,
    *,
    ticked: Collection[str],
    offered: Sequence[PlaceChoice] = (),
    error_text: str = "",
) -> str:
    # The beginning of each account is shown; this is recorded as a view of the report.
    begins = bool(report_query.words or request.args.get(BEGINNINGS))
    if begins:
        report_summary.note_views(
            [summary.key for summary in report_page.summaries if summary.sent is not None]
        )
    pairs, folder = report_list_query.query_pairs(report_query), report_query.folder
    return render_template(
        "reports/desk/list.html",
        report_query=report_query,
        report_page=report_page,
        rows=[_row(summary, report_query, ticked) for summary in report_page.summaries],
        tabs=_folder_tabs(report_query),
        why=typeset(str(messages.desk.report_lists[folder][1])) if folder else "",
        empty=typeset(str(messages.desk.empty_lists[folder])) if folder else "",
        chips=report_list_query.chips(report_query),
        # The form has no field for the folder and for a recognised place.
        hidden_filters=[pair for pair in pairs if pair[0] in ("casier", "endroit")],
        pairs=pairs,
        offered=offered,
        first=list_url(replace(report_query, page=1)),
        list_url=list_url(report_query),
        bulk_action=_bulk_action(report_query),
        decrypt_limit=report_lists.DECRYPT_LIMIT,
        error_text=error_text,
        begins=begins,
        beginnings=BEGINNINGS,
    )


def _row(
    summary: ReportSummary, report_query: ReportQuery, ticked: Collection[str]
) -> dict[str, object]:
    """A report in a list.

    ``tick``: it has a checkbox; ``together``: the member may confirm it as spam, which another
    member marked in bulk.
    """
    act = Act.REPORT_REOPENED if _bulk_action(report_query) == TAKE_UP else Act.REPORT_SPAM
    return {
        "summary": summary,
        "tick": summary.sent is not None and allows(summary.state, act),
        "ticked": summary.key in ticked,
        "together": summary.together_by is not None and may_decide(summary.together_by),
    }


def _bulk_action(report_query: ReportQuery) -> str:
    return TAKE_UP if report_query.folder is ReportFolder.SPAM else PUT_ASIDE


def _folder_tabs(report_query: ReportQuery) -> list[dict[str, object]]:
    """The folders with their numbers of reports and addresses; the list shows the current one."""
    today = dates.paris_day(now())
    counts = report_lists.folder_counts(db.session(), today)
    all_count = report_lists.count_reports(db.session(), ReportQuery(), today)
    folders = [None, *map(ReportFolder, messages.desk.report_lists)]
    return [
        {
            "name": typeset(str(messages.desk.report_lists[folder][0])) if folder else "",
            "count": counts[folder] if folder else all_count,
            "address": list_url(replace(report_query, folder=folder, page=1)),
            "current": folder is report_query.folder,
        }
        for folder in folders
    ]


def _place_choices(
    report_query: ReportQuery,
) -> tuple[Sequence[PlaceChoice], Sequence[PlaceChoice]]:
    """The places with the typed name, and those with a similar name.

    Unless exactly one place has the name, the filter compares the words that reporters typed.
    """
    if not report_query.place or is_place_code(report_query.place):
        return (), ()

    def choices(readings: Sequence[PlaceReading]) -> list[PlaceChoice]:
        return place_choice.choices_for(
            readings,
            lambda reading: list_url(replace(report_query, place=place_key(reading), page=1)),
        )

    resolution = place_choice.resolve_typed(report_query.place, _PLACE_KINDS)
    return choices(resolution.readings), choices(resolution.near_readings)


@desk.post("/signalements/tri", endpoint="reports_sort")
@asks_password_when_alone(
    lazy_gettext("confirmer seul des signalements rangés ensemble"),
    when=lambda: request.form.get("faire") == CONFIRM,
)
def sort() -> ResponseReturnValue:
    """Run one act on all ticked reports; those that refuse it are reported."""
    report_query = parse_query(request.form.to_dict(flat=False))
    ticked = [
        key for key in dict.fromkeys(request.form.getlist("cle")) if receipt_codes.is_nonce(key)
    ]
    ticked = ticked[: report_lists.PAGE_SIZE]
    action = request.form.get("faire", PUT_ASIDE)
    if not ticked:
        return _page_with_error(report_query, _("Cochez au moins un signalement."), ()), 422
    done, refused = _apply_to_all(ticked, action)
    refusals = _refusal_texts(refused)
    if not done:
        return _page_with_error(report_query, " ".join(refusals), ticked), 409
    flash(typeset(" ".join([_confirmation_text(done, action), *refusals])))
    return redirect(list_url(report_query), 303)


def _apply_to_all(keys: Sequence[str], action: str) -> tuple[int, list[tuple[str, RegisterError]]]:
    """The number of changed reports and the errors of the others, in one transaction."""
    store, single = key_store(), settings().single_moderator
    refused: list[tuple[str, RegisterError]] = []

    def act(tx: WriteTransaction, by: int) -> None:
        for key in keys:
            try:
                if action == TAKE_UP:
                    acts.reopen(tx, store, key, by=by)
                elif action == CONFIRM:
                    acts.confirm_spam(tx, key, by=by, single=single)
                else:
                    acts.spam(tx, key, by=by, together=len(keys) > 1)
            except (Refused, NotFound) as error:
                # Safe in a shared transaction: an act refuses before it changes anything.
                refused.append((key, error))

    current_member.run_act(act)
    return len(keys) - len(refused), refused


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
    """A sentence for each reason of a refusal, with its number of reports."""
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
