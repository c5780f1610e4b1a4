"""``/suivi``: what became of a report, for whoever has its code.

Each form here is answered 200 with the page itself, and not by a redirect: the next page needs the
code too, which may stand in no address and no cookie. A form that is sent twice is known by the
nonce in its token.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from register.db import db
from register.errors import Invalid, Refused
from register.journal import Pen
from register.operations.instance_identity import tags
from register.reports import acts, report_content
from register.reports.models import Kind, State
from register.reports.web.follow_up_forms import Code, Contact, Message, Withdrawal
from register.reports.web.follow_up_page import DELETE, Filled, drawn, kept, sent_token, shown
from register.reports.web.i18n import _
from register.reports.web.receipt_login import Opened, entered, kept_code, page
from register.reports.web.write_queue import penned
from register.web import limits, retry_after
from register.web.context import key_store
from register.web.error_messages import say
from register.web.errors import status_of
from register.web.headers import without_cache

ENTER = "/suivi"
LEAVE = "/suivi/quitter"

# Does an act under the pen, with the nonce of the form that asked for it.
Acting = Callable[[Pen, str], object]


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule(ENTER, "follow_enter", enter)
    for path, name, view in (
        (ENTER, "follow", follow),
        ("/suivi/message", "follow_message", message),
        ("/suivi/contact", "follow_contact", contact),
        ("/suivi/retirer", "follow_withdraw", withdraw),
        ("/suivi/recu.json", "follow_receipt", receipt),
    ):
        blueprint.add_url_rule(path, name, view, methods=["POST"])
        if path != ENTER:
            blueprint.add_url_rule(path, f"{name}_enter", enter_first)
    blueprint.add_url_rule(LEAVE, "follow_leave", leave, methods=["POST"])
    blueprint.add_url_rule(LEAVE, "follow_leave_enter", enter_first)


def enter() -> str:
    """Ask for the code."""
    return page(Code(formdata=None))


def enter_first() -> ResponseReturnValue:
    """To the code: the address of a form says nothing by itself."""
    return redirect(ENTER, 303)


def leave() -> Response:
    """Leave the follow-up, and have the browser drop what it cached of this site."""
    return without_cache(make_response(render_template("submit/left.html")))


@entered(kept_code)
def follow(found: Opened) -> ResponseReturnValue:
    """Show where a report stands."""
    return shown(found)


@entered(lambda why: kept(Filled(message=Message()), why))
def message(found: Opened) -> ResponseReturnValue:
    """Answer, add or correct."""
    form = Message()

    def act(pen: Pen, nonce: str) -> object:
        return acts.add(pen, key_store(), found.key, form.kind, form.message.data, nonce)

    done = {
        Kind.ANSWER: _("Votre réponse est enregistrée."),
        Kind.ADDITION: _("Votre ajout est enregistré."),
        Kind.CORRECTION: _("Votre correction est enregistrée."),
    }
    return _perform(found, Filled(message=form), act, lambda _result: done[form.kind])


@entered(lambda why: kept(Filled(contact=Contact()), why))
def contact(found: Opened) -> ResponseReturnValue:
    """Leave a contact, change it, or take it back."""
    form = Contact()
    form.is_needed = not found.file.contact
    if request.form.get("acte") == DELETE:
        form.contact.data, form.is_needed = "", False

    def act(pen: Pen, _nonce: str) -> object:
        if form.contact.data != found.file.contact:
            acts.leave_contact(pen, key_store(), found.key, form.contact.data)
        return form.contact.data

    return _perform(found, Filled(contact=form), act, _contact_kept)


def _contact_kept(left: object) -> str:
    return _("Votre contact est enregistré.") if left else _("Votre contact est effacé.")


@entered(lambda why: kept(Filled(withdrawal=Withdrawal()), why))
def withdraw(found: Opened) -> ResponseReturnValue:
    """Take a report back, or ask for it once its case is public."""
    state = found.file.line.state
    if state is State.WITHDRAWN:
        # The same form again, or another window: what was asked for is so.
        return without_cache(shown(found, done=_withdrawn(True)))
    form = Withdrawal()

    def act(pen: Pen, nonce: str) -> object:
        return acts.withdraw(pen, key_store(), found.key, nonce, form.raison.data)

    # It can be taken back once; what may be asked again and again is the request that follows.
    limited = state is State.ACCEPTED
    response = _perform(found, Filled(withdrawal=form), act, _withdrawn, limited=limited)
    return without_cache(response) if response.status_code == 200 else response


def _withdrawn(taken: object) -> str:
    if taken:
        return _("Votre signalement est retiré.")
    return _(
        "Votre demande de retrait est enregistrée. Le cas est public : l’équipe va la lire et "
        "décider. Cette page dira ce qu’il en est."
    )


@entered(kept_code)
def receipt(found: Opened) -> ResponseReturnValue:
    """The file that proves what was sent."""
    received = found.file.received
    if received is None:
        return shown(found, 422, said=_("Le reçu a été détruit avec ce qu’il prouvait."))
    authority = tags(db.session()).authority
    response = make_response(report_content.receipt(received, found.file.line.day, authority))
    response.headers["Content-Type"] = "application/json"
    response.headers["Content-Disposition"] = 'attachment; filename="recu.json"'
    return response


# --- one act ------------------------------------------------------------------------------------


def _perform(
    found: Opened,
    filled: Filled,
    act: Acting,
    done: Callable[[object], str],
    *,
    limited: bool = True,
) -> Response:
    """Do what a form asks for and show the report as it is then; or the form again, filled in.

    :param done: the sentence that confirms it, from what the act gave back.
    """
    wait = limits.wait("message") if limited else 0
    if wait:
        return retry_after.too_soon(drawn(found, filled, said=_too_many(wait)), wait)
    token = sent_token()
    if token is None:
        return shown(found, 422, filled, said=_too_old())
    if filled.form is None or not filled.form.is_sent:
        return shown(found, 422, filled)
    # Whoever reads while words are destroyed keeps them in the database's log.
    db.session.rollback()
    try:
        with penned() as pen:
            result = act(pen, token.nonce)
    except (Refused, Invalid) as error:
        return shown(found.again(), status_of(error), filled, said=_refused(error), used=True)
    return shown(found.again(), done=done(result))


def _too_many(wait: int) -> str:
    return _(
        "Beaucoup de messages sont partis de votre connexion. Le vôtre n’est pas encore envoyé : "
        "il est resté dans cette page. Attendez %(time)s, puis envoyez-le.",
        time=retry_after.in_words(wait),
    )


def _too_old() -> str:
    return _(
        "Cette page était ouverte depuis trop longtemps : rien n’a été envoyé. Ce que vous aviez "
        "écrit y est resté ; relisez-le et envoyez-le de nouveau."
    )


def _refused(error: Refused | Invalid) -> str:
    if isinstance(error, Invalid):
        return say(error)
    if error.key == "report_already_sent":
        return _(
            "Cette page avait déjà servi à envoyer un autre texte, qui est bien enregistré. Le "
            "nouveau est plus bas : envoyez-le s’il doit s’y ajouter."
        )
    return _(
        "Ce n’est plus possible : l’état de votre signalement a changé entre-temps. Cette page "
        "montre où il en est. Ce que vous aviez écrit est plus bas."
    )
