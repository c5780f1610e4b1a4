"""How every act on a case is done from its page: look up, validate, act, redirect.

A form that is refused comes back with the case as it is now and with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from register.accounts.web import current_member
from register.cases.member_view import DeskCase, load_desk_case, load_desk_case_of_reply
from register.cases.web.desk.act_forms import ActForm
from register.db import db
from register.errors import Incomplete, Invalid, Refused, RegisterError
from register.journal import JournalEntry, WriteTransaction, writing
from register.text.errors import TextError
from register.web.blueprints import desk
from register.web.errors import status_of
from register.web.l10n import typeset

Filled = TypeVar("Filled", bound=ActForm)
Outcome = TypeVar("Outcome")
# Draws the page of an act: the case, the form, and a sentence on what was refused.
ActPage = Callable[[DeskCase, Filled, str], str]


def open_case(incident_id: int) -> DeskCase:
    """A case for the member who asks.

    :raises NotFound: there is none.
    """
    return load_desk_case(db.session(), current_member.member(), incident_id)


def open_case_of_reply(reply_id: int) -> DeskCase:
    """The case that a reply is to, for the member who asks.

    :raises NotFound: there is none.
    """
    return load_desk_case_of_reply(db.session(), current_member.member(), reply_id)


@desk.app_template_global("desk_address")
def case_address(incident_id: int, act: str = "") -> str:
    """Where a case is on the desk, or the page of an act on it."""
    return f"/moderation/dossiers/{incident_id}{act and '/'}{act}"


def run_act(act: Callable[[WriteTransaction, int], Outcome]) -> Outcome:
    """Do something under the pen, for the member who asks; what it gave back."""
    by = current_member.member().id
    # Whoever reads while words are destroyed keeps them in the database's log.
    db.session.rollback()
    with writing() as tx:
        return act(tx, by)


def perform_act(
    desk_case: DeskCase,
    form: Filled,
    page: ActPage[Filled],
    act: Callable[[WriteTransaction, int], JournalEntry | Any],
    done: Callable[[Any], str],
) -> ResponseReturnValue:
    """Show an act's page, or do the act.

    :param act: does it, as :func:`run_act` asks for it.
    :param done: the sentence that confirms it, from what the act gave back.
    """
    if request.method != "POST":
        form.set_revision(desk_case)
        return page(desk_case, form, "")
    if not form.validate():
        return page(desk_case, form, ""), 422
    try:
        outcome = run_act(act)
    except (Refused, Invalid, Incomplete, TextError) as error:
        return _refused_page(desk_case.id, form, page, error)
    flash(typeset(done(outcome)))
    return redirect(case_address(desk_case.id), 303)


def _refused_page(
    incident_id: int, form: Filled, page: ActPage[Filled], error: RegisterError | TextError
) -> ResponseReturnValue:
    current_file = open_case(incident_id)
    error_text = form.attach_error(error, current_file)
    status = status_of(error) if isinstance(error, RegisterError) else 422
    return page(current_file, form, error_text), status
