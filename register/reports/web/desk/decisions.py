"""What members do with one report: take it in hand, ask, decline, put aside, take up again.

An act that is refused shows the report as it is now, with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.cases.web.desk import act_view
from register.errors import Invalid, Refused, RegisterError
from register.journal import Pen
from register.report_keys import KeyStore
from register.reports import acts
from register.reports.queries import File
from register.reports.web.desk import detail, labels, list_query
from register.reports.web.desk.decision_forms import AskForm, DeclineForm, ReportActForm
from register.web.context import book, french_book, key_store
from register.web.errors import status_of
from register.web.l10n import typeset

# Does the act, under the pen, for the member whose id it is given.
Do = Callable[[Pen, KeyStore, int], object]
# Shows the report again, with why the act was refused.
Again = Callable[[RegisterError], str]


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    for path, name, view in (
        ("prendre", "report_claim", claim),
        ("rendre", "report_release", release),
        ("question", "report_ask", ask),
        ("ecarter", "report_decline", decline),
        ("lu", "report_read", read),
        ("indesirable", "report_spam", spam),
        ("reprendre", "report_reopen", reopen),
    ):
        rule = f"/signalements/{list_query.KEY}/{path}"
        blueprint.add_url_rule(rule, name, view, methods=["POST"])


def claim(key: str) -> ResponseReturnValue:
    """Take a report in hand; whoever comes second is told who has it."""

    def do(pen: Pen, _store: KeyStore, by: int) -> None:
        acts.claim(pen, key, by=by)

    return _plainly(key, do, _("Vous avez ce signalement en main."))


def release(key: str) -> ResponseReturnValue:
    """Give a report back."""

    def do(pen: Pen, _store: KeyStore, by: int) -> None:
        acts.release(pen, key, by=by)

    return _plainly(key, do, _("Le signalement est rendu : chacun peut le prendre."))


def read(key: str) -> ResponseReturnValue:
    """Say that what its author sent was read; not what came after that."""
    seen = ReportActForm().seen

    def do(pen: Pen, _store: KeyStore, by: int) -> None:
        acts.read(pen, key, by=by, seen=seen)

    return _plainly(key, do, _("C’est noté : il n’y a plus rien de nouveau à lire."))


def spam(key: str) -> ResponseReturnValue:
    """Put a report aside as spam."""

    def do(pen: Pen, _store: KeyStore, by: int) -> None:
        acts.spam(pen, key, by=by)

    return _plainly(key, do, _("Le signalement est rangé parmi les indésirables."))


def reopen(key: str) -> ResponseReturnValue:
    """Take up again what was declined, put aside, or accepted for a case that was given up."""

    def do(pen: Pen, store: KeyStore, by: int) -> None:
        acts.reopen(pen, store, key, by=by)

    return _plainly(key, do, _("Le signalement est repris : il attend de nouveau une décision."))


def ask(key: str) -> ResponseReturnValue:
    """Ask the one who reported something."""
    file, form = detail.opened(key), AskForm()
    if not form.is_sent:
        return detail.page(file, asking=form), 422

    def do(pen: Pen, store: KeyStore, by: int) -> None:
        acts.ask(pen, store, key, form.text.data, by=by, seen=form.seen)

    def page(now: File, said: str) -> str:
        return detail.page(now, said=said, asking=form)

    done = _("La question est posée. Son auteur la lit avec son code.")
    return _done(key, do, _typed(key, form, page), done)


def decline(key: str) -> ResponseReturnValue:
    """Decline a report; the sentence of its reason is proposed where that is asked for."""
    file, form = detail.opened(key), DeclineForm()
    form.offer(book())
    if not form.is_sent:
        return detail.page(file, declining=form), 422
    if request.form.get("etape") == "proposer":
        form.sentence.data = form.proposed(french_book())
        return detail.page(file, declining=form)

    def do(pen: Pen, store: KeyStore, by: int) -> None:
        told = form.told(french_book())
        acts.decline(pen, store, key, form.reason.data, by=by, sentence=told, seen=form.seen)

    def page(now: File, said: str) -> str:
        return detail.page(now, said=said, declining=form)

    done = _("Le signalement est écarté. Son auteur lira votre phrase.")
    return _done(key, do, _typed(key, form, page), done)


def _typed(key: str, form: ReportActForm, page: Callable[[File, str], str]) -> Again:
    """Shows the report as it is by now, with everything that was typed."""

    def again(error: RegisterError) -> str:
        now = detail.opened(key)
        form.vu.data = str(now.seen)
        return page(now, form.tell(error, labels.refused(error, now.line)))

    return again


def _plainly(key: str, do: Do, said: str) -> ResponseReturnValue:
    """Do an act that has nothing to fill in."""
    detail.require(key)

    def again(error: RegisterError) -> str:
        now = detail.opened(key)
        return detail.page(now, said=labels.refused(error, now.line))

    return _done(key, do, again, said)


def _done(key: str, do: Do, again: Again, said: str) -> ResponseReturnValue:
    store = key_store()
    try:
        act_view.penned(lambda pen, by: do(pen, store, by))
    except (Refused, Invalid) as error:
        return again(error), status_of(error)
    flash(typeset(said))
    return redirect(list_query.report(key), 303)
