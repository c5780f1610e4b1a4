"""Many reports at once: put aside as spam, or taken up again until their purge."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext, ngettext

from register.accounts.web import current_member
from register.cases.web.desk import act_view
from register.db import db
from register.errors import NotFound, Refused, RegisterError
from register.journal import WriteTransaction
from register.report_keys import KeyStore
from register.reports import acts, queries, receipt_codes
from register.reports.queries import PAGE_SIZE
from register.reports.web.desk import labels, list_query, report_list
from register.web.blueprints import desk
from register.web.context import key_store, settings
from register.web.l10n import count_words, typeset
from register.web.permissions import asks_password_when_alone
from register.web.template_env import first_upper


def _is_confirmation() -> bool:
    return request.form.get("faire") == report_list.CONFIRM


@desk.post("/signalements/tri", endpoint="reports_sort")
@asks_password_when_alone(
    lazy_gettext("confirmer seul des signalements rangés ensemble"), when=_is_confirmation
)
def sort() -> ResponseReturnValue:
    """Do the same with all that are ticked; what cannot be is told, and the rest is done."""
    report_query = list_query.parse_query(
        request.form.to_dict(flat=False), current_member.member().id
    )
    ticked = [
        key for key in dict.fromkeys(request.form.getlist("cle")) if receipt_codes.is_nonce(key)
    ]
    ticked = ticked[:PAGE_SIZE]
    action = request.form.get("faire", report_list.PUT_ASIDE)
    if not ticked:
        return report_list.page_with_error(
            report_query, _("Cochez au moins un signalement."), ()
        ), 422
    done, refused = _apply_to_all(ticked, action)
    refusals = _refusal_texts(refused)
    if not done:
        return report_list.page_with_error(report_query, " ".join(refusals), ticked), 409
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
    if action == report_list.TAKE_UP:
        acts.reopen(tx, store, key, by=by)
    elif action == report_list.CONFIRM:
        acts.confirm_spam(tx, key, by=by, single=settings().single_moderator)
    else:
        acts.spam(tx, key, by=by, together=together)


def _confirmation_text(done: int, action: str) -> str:
    count = first_upper(count_words(done))
    if action == report_list.CONFIRM:
        sentence = ngettext(
            "%(count)s signalement est confirmé : il sera détruit comme un indésirable.",
            "%(count)s signalements sont confirmés : ils seront détruits comme des indésirables.",
            done,
            count=count,
        )
    elif action == report_list.TAKE_UP:
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
