"""Pages of sign-in and sign-out, and the cookie of known browsers."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from register.accounts import authentication, sessions
from register.accounts.authentication import VerifiedMember
from register.accounts.web import current_member, reauthentication, two_factor
from register.accounts.web.forms import TOO_EARLY_MESSAGE, SignInForm
from register.accounts.web.reauthentication import CarriedForm
from register.cases.vocabulary import LANGUAGES
from register.db import db, now
from register.errors import Unavailable
from register.web import limits, request_context
from register.web.blueprints import account
from register.web.errors import RETRY_AFTER
from register.web.headers import clear_browser_cache
from register.web.languages import in_language
from register.web.request_context import settings
from register.web.view_permissions import before_second_factor, open_to_all

# Lifetime of the cookie of a known browser: a year.
_BROWSER_COOKIE_SECONDS = 365 * 24 * 3600
# The same answer whatever was wrong.
_REFUSED_MESSAGE = _(
    "L’adresse, le mot de passe ou le code ne sont pas les bons, ou ce compte n’est pas "
    "ouvert. Un code ne sert qu’une fois : attendez que votre téléphone affiche le suivant. "
    "Après dix essais, il faut attendre un quart d’heure. Si le téléphone ne suffit plus, tapez un "
    "code de secours."
)


@account.route("/connexion", methods=["GET", "POST"])
@open_to_all
def sign_in() -> ResponseReturnValue:
    """Sign in with address, password and code, and redirect to the requested page."""
    if request.method != "POST":
        target = current_member.member_address(request.args.get("suite", ""))
        if current_member.signed_in():
            return redirect(target or current_member.DESK, 303)
        form = SignInForm(formdata=None)
        form.suite.data = target
        return _page(form, ended=current_member.has_ended())
    form = SignInForm()
    rate_limited = _rate_limited_page(form)
    if rate_limited is not None:
        return rate_limited
    if not form.is_sent:
        return _page(form, 422, carried=reauthentication.carried_form())
    # Unknown browsers share a budget; known browsers do not need it.
    seconds = 0 if _is_known_browser(form) else limits.budget("sign_in")
    if seconds:
        return _busy_page(form, seconds)
    try:
        verified = _authenticate(form)
    except Unavailable:
        return _busy_page(form)
    if verified is None:
        return _page(
            form, 422, problem=str(_REFUSED_MESSAGE), carried=reauthentication.carried_form()
        )
    return _signed_in_response(verified, current_member.member_address(form.suite.data or ""))


@account.post("/deconnexion")
@before_second_factor
def sign_out() -> ResponseReturnValue:
    """Close the session."""
    current_member.end_session()
    return clear_browser_cache(make_response(redirect(current_member.SIGN_IN, 303)))


def page_with_carried_form(carried: CarriedForm) -> Response:
    """The sign-in page for a form sent after the end of its session."""
    return _page(SignInForm(formdata=None), 403, carried=carried, ended=True)


def retry_page() -> Response:
    """The sign-in page again, for its form sent too late or without cookie."""
    form = SignInForm()
    return _rate_limited_page(form) or _page(
        form, 403, problem=str(TOO_EARLY_MESSAGE), carried=reauthentication.carried_form()
    )


def _rate_limited_page(form: SignInForm) -> Response | None:
    """The page with the address kept, for a source over its rate."""
    wait = limits.wait("sign_in")
    if not wait:
        return None
    problem = gettext(
        "Trop d’essais de connexion sont partis de votre réseau. Attendez %(time)s, puis "
        "recommencez.",
        time=limits.wait_words(wait),
    )
    carried = reauthentication.carried_form()
    return limits.too_soon_page(
        _render_form(form, problem=problem, carried=carried, ended=False), wait
    )


def _busy_page(form: SignInForm, seconds: int = RETRY_AFTER) -> Response:
    """The page with the address kept, while too many sign-ins are running."""
    problem = gettext(
        "Trop de connexions sont essayées en ce moment, d’ici ou d’ailleurs : la vôtre n’a pas "
        "été examinée, et ne compte pas comme un essai manqué. Attendez %(time)s, puis "
        "recommencez. Le navigateur où vous vous êtes déjà connecté passe avant les autres.",
        time=limits.wait_words(seconds),
    )
    body = _render_form(form, problem=problem, carried=reauthentication.carried_form(), ended=False)
    return limits.too_soon_page(body, seconds, 503)


def browser_cookie() -> tuple[str, dict[str, object]]:
    """Name and properties of the cookie of a known browser.

    It is sent to the account pages only: on public pages, members are anonymous.
    """
    secure = settings().is_secure
    options: dict[str, object] = {
        "max_age": _BROWSER_COOKIE_SECONDS,
        "secure": secure,
        "httponly": True,
        "samesite": "Lax",
        "path": current_member.ACCOUNT,
    }
    return "__Secure-connu" if secure else "connu", options


def set_browser_cookie(response: Response, browser_token: str) -> Response:
    """Set the cookie of a known browser, for both languages."""
    name, options = browser_cookie()
    for lang in LANGUAGES:
        path = in_language(current_member.ACCOUNT, lang)
        response.set_cookie(name, browser_token, **{**options, "path": path})  # type: ignore[arg-type]
    return response


def _is_known_browser(form: SignInForm) -> bool:
    """Whether the account of the typed address knows this browser."""
    name, _options = browser_cookie()
    browser_token = request.cookies.get(name, "")
    # A session of its own: no transaction stays open during the verification.
    with Session(db.engine) as session:
        return (
            sessions.find_browser(session, form.adresse.data or "", browser_token, now())
            is not None
        )


def _authenticate(form: SignInForm) -> VerifiedMember | None:
    name, _options = browser_cookie()
    return authentication.authenticate(
        db.engine,
        request_context.root_key(),
        email=form.adresse.data or "",
        password=form.mot_de_passe.data or "",
        code=form.code_a_usage_unique.data or "",
        browser_token=request.cookies.get(name, ""),
        at=now(),
        require_factor=settings().require_2fa,
    )


def _signed_in_response(verified: VerifiedMember, target: str) -> Response:
    carried = reauthentication.carried_form()
    current_member.start_session(verified.member_id)
    if carried is None:
        response = make_response(redirect(target or current_member.DESK, 303))
    elif verified.needs_factor:
        response = two_factor.factor_page(carried=carried)
    else:
        response = reauthentication.resend_page(carried)
    return set_browser_cookie(response, verified.browser_token)


def _page(
    form: SignInForm,
    status: int = 200,
    *,
    problem: str = "",
    carried: CarriedForm | None = None,
    ended: bool = False,
) -> Response:
    return make_response(_render_form(form, problem=problem, carried=carried, ended=ended), status)


def _render_form(
    form: SignInForm, *, problem: str, carried: CarriedForm | None, ended: bool
) -> str:
    form.empty_secrets()
    return render_template(
        "accounts/sign_in.html", form=form, problem=problem, carried=carried, ended=ended
    )
