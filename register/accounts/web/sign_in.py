"""Pages of sign-in and sign-out, and those of links that open an account or set a password."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import Field

from register.accounts import authentication, one_use_links, passwords, sessions
from register.accounts.authentication import VerifiedMember
from register.accounts.models import MemberInvitation, OneUseLink, PasswordLink
from register.accounts.web import current_member, forms, passkey_pages, profile, reauthentication
from register.accounts.web.reauthentication import CarriedForm
from register.db import db, now
from register.errors import Invalid, NotFound, Refused, Unavailable
from register.journal import writing
from register.web import error_messages, messages, rate_limits, request_context
from register.web.blueprints import account, before_second_factor, open_to_all
from register.web.errors import RETRY_AFTER, status_of
from register.web.headers import clear_browser_cache


@account.route("/connexion", methods=["GET", "POST"])
@open_to_all
def sign_in() -> ResponseReturnValue:
    """Sign in with address, password and code, and redirect to the requested page."""
    if request.method != "POST":
        target = current_member.member_address(request.args.get("suite", ""))
        if current_member.signed_in():
            return redirect(target or current_member.DESK, 303)
        form = forms.SignInForm(formdata=None)
        form.suite.data = target
        return _render_form(form, ended=current_member.has_ended())
    form = forms.SignInForm()
    rate_limited = _rate_limited_page(form)
    if rate_limited is not None:
        return rate_limited
    if form.cle.data:
        return _sign_in_by_passkey(form)
    if not form.is_sent:
        return _render_form(form), 422
    email, browser_token = form.adresse.data or "", current_member.known_browser_token()
    is_known = False
    if browser_token:
        # A session of its own: no transaction stays open during the verification.
        with Session(db.engine) as session:
            is_known = sessions.find_browser(session, email, browser_token, now()) is not None
    # Unknown browsers share a budget; known browsers do not need it.
    seconds = 0 if is_known else rate_limits.budget("sign_in")
    if seconds:
        return _busy_page(form, seconds)
    try:
        verified = authentication.authenticate(
            db.engine,
            request_context.root_key(),
            email=email,
            password=form.mot_de_passe.data or "",
            code=form.code_a_usage_unique.data or "",
            browser_token=browser_token,
            at=now(),
        )
    except Unavailable:
        return _busy_page(form, RETRY_AFTER)
    if verified is None:
        return _render_form(form, problem=str(messages.accounts.sign_in_refused)), 422
    return _signed_in_response(verified, form)


def _sign_in_by_passkey(form: forms.SignInForm) -> ResponseReturnValue:
    """Sign in by the answer of a passkey, which names its member."""
    try:
        verified = authentication.authenticate_by_passkey(
            db.engine,
            request_context.root_key(),
            passkey_pages.take_answer(form.cle.data or ""),
            browser_token=current_member.known_browser_token(),
            at=now(),
        )
    except Refused as error:
        return _render_form(form, problem=error_messages.error_sentence(error)), 422
    return _signed_in_response(verified, form, has_password=False)


@account.post("/deconnexion")
@before_second_factor
def sign_out() -> ResponseReturnValue:
    """Close the session."""
    current_member.end_session()
    return clear_browser_cache(make_response(redirect(current_member.SIGN_IN, 303)))


def refused_sign_in_page(problem: str) -> ResponseReturnValue:
    """The page with the address kept, while nobody may sign in."""
    return _render_form(forms.SignInForm(), problem=problem), 503


def page_with_carried_form(carried: CarriedForm) -> ResponseReturnValue:
    """The sign-in page for a form sent after the end of its session."""
    return _render_form(forms.SignInForm(formdata=None), carried=carried, ended=True), 403


def retry_sign_in_page() -> ResponseReturnValue:
    """The sign-in page again, for its form sent too late or without cookie."""
    form = forms.SignInForm()
    too_early = str(messages.accounts.too_early)
    return _rate_limited_page(form) or (_render_form(form, problem=too_early), 403)


def _rate_limited_page(form: forms.SignInForm) -> Response | None:
    """The page with the address kept, for a source over its rate."""
    wait = rate_limits.wait("sign_in")
    if not wait:
        return None
    pattern = messages.accounts.too_many_sign_ins
    return rate_limits.too_soon(pattern, wait, lambda why: _render_form(form, problem=why))


def _busy_page(form: forms.SignInForm, seconds: int) -> Response:
    """The page with the address kept, while too many sign-ins are running."""
    pattern = messages.accounts.sign_in_busy
    return rate_limits.too_soon(pattern, seconds, lambda why: _render_form(form, problem=why), 503)


def _signed_in_response(
    verified: VerifiedMember, form: forms.SignInForm, *, has_password: bool = True
) -> Response:
    carried = reauthentication.carried_form()
    current_member.start_session(
        verified.member_id, verified.browser_token, has_password=has_password
    )
    if carried is None:
        target = current_member.member_address(form.suite.data or "") or current_member.DESK
        response = make_response(redirect(target, 303))
    elif reauthentication.needs_factor(current_member.member()):
        response = profile.factor_page(carried=carried)
    else:
        response = reauthentication.resend_page(carried)
    return current_member.set_browser_cookie(response, verified.browser_token)


def _render_form(
    form: forms.SignInForm,
    *,
    problem: str = "",
    carried: CarriedForm | None = None,
    ended: bool = False,
) -> str:
    """The page, with the interrupted form that it carries on."""
    return render_template(
        "accounts/sign_in.html",
        form=form,
        problem=problem,
        carried=carried or reauthentication.carried_form(),
        ended=ended,
    )


# --- links --------------------------------------------------------------------------------------


@account.route("/invitation/<token>", methods=["GET", "POST"])
@open_to_all
def invitation(token: str, *, is_other_browser: bool = False) -> ResponseReturnValue:
    """Show an invitation, and open the account."""
    return _link_step(MemberInvitation, token, forms.InvitedForm, _accept, is_other_browser)


@account.route("/nouveau-mot-de-passe/<token>", methods=["GET", "POST"])
@open_to_all
def password_link(token: str, *, is_other_browser: bool = False) -> ResponseReturnValue:
    """Show the link of a member, set the password that they choose, and sign them in."""
    return _link_step(
        PasswordLink, token, forms.LinkedPasswordForm, _set_password, is_other_browser
    )


def _link_step(
    model: type[OneUseLink],
    token: str,
    form_class: type[forms.LinkForm],
    use: Callable[[Any, str, Any], ResponseReturnValue],
    is_other_browser: bool,
) -> ResponseReturnValue:
    """Show the form of a link, or use the link once the form is sent.

    :param is_other_browser: the form comes without the CSRF token of this browser.
    """
    try:
        link = one_use_links.find(db.session(), model, token, now())
        form = form_class()
        if is_other_browser:
            return _link_page(link, form, 403, str(messages.accounts.too_early))
        if not form.is_sent:
            return _link_page(link, form, 422 if form.is_submitted() else 200)
        return use(link, token, form)
    except NotFound:
        return render_template("accounts/invitation_invalid.html"), 404


def _link_page(
    link: OneUseLink, form: forms.LinkForm, status: int, problem: str = ""
) -> ResponseReturnValue:
    values = {"link": link, "form": form, "problem": problem, "hint": forms.LENGTH_HINT}
    return render_template(form.template, **values), status


def _accept(link: MemberInvitation, token: str, form: forms.InvitedForm) -> ResponseReturnValue:
    name, password = form.nom.data or "", form.nouveau_mot_de_passe.data or ""
    email = form.adresse.data or ""
    if not link.email and not email:
        form.adresse.errors = [messages.accounts.required]
        return _link_page(link, form, 422)
    try:
        with writing() as tx:
            member_id = one_use_links.accept(tx, token, name, password, email=email).id
    except (Invalid, Refused) as error:
        # The sentence is shown next to the field that it is about.
        field: Field = form.nom if error.key == "member_name" else form.adresse
        if error.key.startswith("password"):
            field = form.nouveau_mot_de_passe
        field.errors = [error_messages.error_sentence(error)]
        return _link_page(link, form, status_of(error))
    current_member.start_session(member_id)
    return redirect(current_member.DESK, 303)


def _set_password(
    link: PasswordLink, token: str, form: forms.LinkedPasswordForm
) -> ResponseReturnValue:
    member, code = link.member, form.code_a_usage_unique.data or ""
    new_password = form.nouveau_mot_de_passe.data or ""
    # No transaction stays open during the verification.
    db.session.expunge_all()
    db.session.rollback()
    try:
        # Before the code, which works once.
        passwords.require_acceptable(new_password, member.email, member.name)
        if not authentication.verify_code(
            db.engine, request_context.root_key(), member.id, code, now()
        ):
            form.code_a_usage_unique.errors = [messages.accounts.code_refused]
            return _link_page(link, form, 403)
        with writing() as tx:
            one_use_links.use_link(tx, token, new_password)
    except Invalid as error:
        form.nouveau_mot_de_passe.errors = [error_messages.error_sentence(error, quoting=False)]
        return _link_page(link, form, status_of(error))
    current_member.start_session(member.id)
    return profile.changed_password_response()
