"""Sign in and sign out."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from register.accounts import authentication, browsers
from register.accounts.authentication import Proved
from register.accounts.web import (
    current_member,
    paths,
    reauthentication,
    resubmission,
    signing_keys,
    two_factor,
)
from register.accounts.web.forms import TOO_EARLY, SignIn
from register.accounts.web.resubmission import Carried
from register.cases.vocabulary import LANGUAGES
from register.db import db, now
from register.errors import Unavailable
from register.web import limits, retry_after
from register.web.context import settings
from register.web.errors import RETRY_AFTER
from register.web.headers import without_cache
from register.web.languages import in_language

# A year: the time a browser stays one that the account knows.
_KNOWN_FOR = 365 * 24 * 3600
# One answer for whatever was wrong.
_WRONG = _(
    "L’adresse, le mot de passe ou le code ne sont pas les bons, ou ce compte n’est pas "
    "ouvert. Un code ne sert qu’une fois : attendez que votre téléphone affiche le suivant. "
    "Après dix essais, il faut attendre un quart d’heure. Si le téléphone ne suffit plus, tapez un "
    "code de secours."
)


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/connexion", view_func=sign_in, methods=["GET", "POST"])
    blueprint.add_url_rule("/deconnexion", view_func=sign_out, methods=["POST"])


def sign_in() -> ResponseReturnValue:
    """Ask for address, password and code; lead on to where somebody was going."""
    if request.method != "POST":
        wanted = paths.local(request.args.get("suite", ""))
        if current_member.signed_in():
            return redirect(wanted or paths.DESK, 303)
        form = SignIn(formdata=None)
        form.suite.data = wanted
        return _page(form, ended=current_member.has_ended())
    form = SignIn()
    too_soon = _too_soon(form)
    if too_soon is not None:
        return too_soon
    if not form.is_sent:
        return _page(form, 422, carried=resubmission.handed_on())
    # What all strangers together try has a budget; a browser that the account knows needs none.
    seconds = 0 if _has_mark(form) else limits.budget("sign_in")
    if seconds:
        return _too_busy(form, seconds)
    try:
        proved = _proved(form)
    except Unavailable:
        return _too_busy(form)
    if proved is None:
        return _page(form, 422, said=str(_WRONG), carried=resubmission.handed_on())
    return _entered(proved, paths.local(form.suite.data or ""))


def sign_out() -> ResponseReturnValue:
    """Close the session; its cookie opens nothing from here on."""
    current_member.leave()
    return without_cache(make_response(redirect(paths.SIGN_IN, 303)))


def with_carried(carried: Carried) -> Response:
    """The sign-in page for somebody whose session ended while they wrote."""
    return _page(SignIn(formdata=None), 403, carried=carried, ended=True)


def again() -> Response:
    """The sign-in page for a form of it that came too late, or without a cookie."""
    form = SignIn()
    return _too_soon(form) or _page(
        form, 403, said=str(TOO_EARLY), carried=resubmission.handed_on()
    )


def _too_soon(form: SignIn) -> Response | None:
    """The page with the address kept, for a source that tries too often, whoever it names."""
    wait = limits.wait("sign_in")
    if not wait:
        return None
    said = gettext(
        "Trop d’essais de connexion sont partis de votre réseau. Attendez %(time)s, puis "
        "recommencez.",
        time=retry_after.in_words(wait),
    )
    carried = resubmission.handed_on()
    return retry_after.too_soon(_drawn(form, said=said, carried=carried, ended=False), wait)


def _too_busy(form: SignIn, seconds: int = RETRY_AFTER) -> Response:
    """The page with the address kept, while more try to sign in than can be looked at."""
    said = gettext(
        "Trop de connexions sont essayées en ce moment, d’ici ou d’ailleurs : la vôtre n’a pas "
        "été examinée, et ne compte pas comme un essai manqué. Attendez %(time)s, puis "
        "recommencez. Le navigateur où vous vous êtes déjà connecté passe avant les autres.",
        time=retry_after.in_words(seconds),
    )
    body = _drawn(form, said=said, carried=resubmission.handed_on(), ended=False)
    return retry_after.too_soon(body, seconds, 503)


def known_browser() -> tuple[str, dict[str, object]]:
    """Name and properties of the cookie by which an account knows a browser.

    It is sent to the account's pages alone: to a public page, whoever reads is a stranger.
    """
    secure = settings().is_secure
    told: dict[str, object] = {
        "max_age": _KNOWN_FOR,
        "secure": secure,
        "httponly": True,
        "samesite": "Lax",
        "path": paths.ACCOUNT,
    }
    return "__Secure-connu" if secure else "connu", told


def remember(response: Response, mark: str) -> Response:
    """Have the browser known to the account from now on, in whatever language it is asked for."""
    name, told = known_browser()
    for tongue in LANGUAGES:
        path = in_language(paths.ACCOUNT, tongue)
        response.set_cookie(name, mark, **{**told, "path": path})  # type: ignore[arg-type]
    return response


def _has_mark(form: SignIn) -> bool:
    """Whether the account that is named knows this browser."""
    name, _properties = known_browser()
    mark = request.cookies.get(name, "")
    # Apart: no transaction stays open while the password is worked on.
    with Session(db.engine) as session:
        return browsers.known(session, form.adresse.data or "", mark, now()) is not None


def _proved(form: SignIn) -> Proved | None:
    name, _told = known_browser()
    return authentication.prove(
        db.engine,
        signing_keys.root_key(),
        email=form.adresse.data or "",
        password=form.mot_de_passe.data or "",
        code=form.code_a_usage_unique.data or "",
        mark=request.cookies.get(name, ""),
        at=now(),
        require_factor=settings().require_2fa,
    )


def _entered(proved: Proved, wanted: str) -> Response:
    carried = resubmission.handed_on()
    current_member.enter(proved.member_id)
    if carried is None:
        answer = make_response(redirect(wanted or paths.DESK, 303))
    elif proved.needs_factor:
        answer = two_factor.page(carried=carried)
    else:
        answer = reauthentication.send_again(carried)
    return remember(answer, proved.mark)


def _page(
    form: SignIn,
    status: int = 200,
    *,
    said: str = "",
    carried: Carried | None = None,
    ended: bool = False,
) -> Response:
    return make_response(_drawn(form, said=said, carried=carried, ended=ended), status)


def _drawn(form: SignIn, *, said: str, carried: Carried | None, ended: bool) -> str:
    form.empty_secrets()
    return render_template(
        "account/sign_in.html", form=form, said=said, carried=carried, ended=ended
    )
