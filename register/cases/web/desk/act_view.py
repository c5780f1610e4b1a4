"""How every act on a case is done from its page: look up, validate, act, redirect.

A form that is refused comes back with the case as it is now and with everything that was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from register.accounts.web import current_member
from register.cases.member_view import Dossier, dossier, of_reply
from register.cases.web.desk.act_forms import ActForm
from register.db import db
from register.errors import Incomplete, Invalid, Refused, RegisterError
from register.journal import Entry, Pen, writing
from register.text.errors import TextError
from register.web.errors import status_of
from register.web.l10n import typeset

Filled = TypeVar("Filled", bound=ActForm)
Made = TypeVar("Made")
# Draws the page of an act: the case, the form, and a sentence on what was refused.
Page = Callable[[Dossier, Filled, str], str]


def opened(incident_id: int) -> Dossier:
    """A case for the member who asks.

    :raises NotFound: there is none.
    """
    return dossier(db.session(), current_member.member(), incident_id)


def opened_for(reply_id: int) -> Dossier:
    """The case that a reply is to, for the member who asks.

    :raises NotFound: there is none.
    """
    return of_reply(db.session(), current_member.member(), reply_id)


def address(incident_id: int, act: str = "") -> str:
    """Where a case is on the desk, or the page of an act on it."""
    return f"/moderation/dossiers/{incident_id}{act and '/'}{act}"


def penned(act: Callable[[Pen, int], Made]) -> Made:
    """Do something under the pen, for the member who asks; what it gave back."""
    by = current_member.member().id
    # Whoever reads while words are destroyed keeps them in the database's log.
    db.session.rollback()
    with writing() as pen:
        return act(pen, by)


def perform(
    file: Dossier,
    form: Filled,
    page: Page[Filled],
    act: Callable[[Pen, int], Entry | Any],
    done: Callable[[Any], str],
) -> ResponseReturnValue:
    """Show an act's page, or do the act.

    :param act: does it, as :func:`penned` asks for it.
    :param done: the sentence that confirms it, from what the act gave back.
    """
    if request.method != "POST":
        form.show(file)
        return page(file, form, "")
    if not form.validate():
        return page(file, form, ""), 422
    try:
        result = penned(act)
    except (Refused, Invalid, Incomplete, TextError) as error:
        return _refused(file.id, form, page, error)
    flash(typeset(done(result)))
    return redirect(address(file.id), 303)


def _refused(
    incident_id: int, form: Filled, page: Page[Filled], error: RegisterError | TextError
) -> ResponseReturnValue:
    now = opened(incident_id)
    said = form.tell(error, now)
    status = status_of(error) if isinstance(error, RegisterError) else 422
    return page(now, form, said), status
