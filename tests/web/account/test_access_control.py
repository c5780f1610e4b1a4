"""Access to every route of the desk and of accounts.

The routes are read from the application; each needs a line in :data:`ROUTE_ACCESS`. Which acts the
state of a case allows is tested in tests/web/acting.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from form_client import PASSWORD, SIGN_IN, FormClient, sign_in
from ledger_lines import lines_since

from register.accounts import sessions
from register.accounts.models import Member, MemberInvitation, RecoveryCode
from register.accounts.web.access_control import SignInTurns
from register.accounts.web.current_member import is_member_path
from register.db import db, housekeeping, now
from register.journal import Ledger
from register.journal.models import LedgerHead
from register.pages import content
from register.pages.web.page_editor import LEGAL_PAGES
from register.web.blueprints import Audience, Permission, always, permission_of

pytestmark = pytest.mark.one_database

# Audiences of a route.
ANYBODY, UNPROVED = Audience.ALL, Audience.BEFORE_SECOND_FACTOR
MEMBER, ADMINISTRATOR = Audience.MEMBERS, Audience.ADMINISTRATORS


@dataclass(frozen=True)
class RouteAccess:
    """The audience of a route, and whether it asks for the password again."""

    audience: Audience
    is_grave: bool = False


ROUTE_ACCESS: Mapping[str, RouteAccess] = {
    # Sign-in and second factor.
    "account.sign_in": RouteAccess(ANYBODY),
    "account.invitation": RouteAccess(ANYBODY),
    "account.password_link": RouteAccess(ANYBODY),
    "account.passkey_challenge": RouteAccess(ANYBODY),
    "account.sign_out": RouteAccess(UNPROVED),
    "account.factor": RouteAccess(UNPROVED, is_grave=True),
    # The member's own account.
    "account.own": RouteAccess(MEMBER),
    "account.password": RouteAccess(MEMBER, is_grave=True),
    "account.new_factor": RouteAccess(MEMBER, is_grave=True),
    "account.codes": RouteAccess(MEMBER, is_grave=True),
    "account.new_passkey": RouteAccess(MEMBER, is_grave=True),
    "account.add_passkey": RouteAccess(MEMBER, is_grave=True),
    "account.remove_passkey": RouteAccess(MEMBER, is_grave=True),
    "account.close": RouteAccess(MEMBER),
    "account.close_others": RouteAccess(MEMBER),
    "account.name_session": RouteAccess(MEMBER),
    "account.notice_mode": RouteAccess(MEMBER),
    "account.revoke_link": RouteAccess(MEMBER),
    "account.forget_browsers": RouteAccess(MEMBER),
    # The desk.
    "moderation.home": RouteAccess(MEMBER),
    "moderation.cases": RouteAccess(MEMBER),
    "moderation.import_cases": RouteAccess(MEMBER),
    "moderation.import_model": RouteAccess(MEMBER),
    "moderation.claim": RouteAccess(MEMBER),
    "moderation.release": RouteAccess(MEMBER),
    "moderation.assign": RouteAccess(MEMBER),
    "moderation.set_urgency": RouteAccess(MEMBER),
    "moderation.note": RouteAccess(MEMBER),
    "moderation.journal": RouteAccess(MEMBER),
    "moderation.journal_csv": RouteAccess(MEMBER),
    "moderation.journal_line": RouteAccess(MEMBER),
    # Reports.
    "moderation.deadlines": RouteAccess(MEMBER),
    "moderation.deadline_file": RouteAccess(MEMBER),
    "moderation.received_post": RouteAccess(MEMBER),
    "moderation.close_post": RouteAccess(MEMBER),
    "moderation.content_notice": RouteAccess(MEMBER),
    "moderation.reply_identity": RouteAccess(MEMBER),
    "moderation.reply_document": RouteAccess(MEMBER),
    "moderation.reports": RouteAccess(MEMBER),
    "moderation.reports_sort": RouteAccess(MEMBER),
    "moderation.report": RouteAccess(MEMBER),
    "moderation.report_contact": RouteAccess(MEMBER),
    "moderation.report_file": RouteAccess(MEMBER),
    "moderation.report_file_destroy": RouteAccess(MEMBER, is_grave=True),
    "moderation.report_claim": RouteAccess(MEMBER),
    "moderation.report_release": RouteAccess(MEMBER),
    "moderation.report_assign": RouteAccess(MEMBER),
    "moderation.report_urgency": RouteAccess(MEMBER),
    "moderation.report_ask": RouteAccess(MEMBER),
    "moderation.report_note": RouteAccess(MEMBER),
    "moderation.mask_report": RouteAccess(MEMBER),
    "moderation.report_mask": RouteAccess(MEMBER, is_grave=True),
    "moderation.report_decline": RouteAccess(MEMBER),
    "moderation.report_read": RouteAccess(MEMBER),
    "moderation.report_spam": RouteAccess(MEMBER),
    "moderation.report_reopen": RouteAccess(MEMBER),
    "moderation.retain": RouteAccess(MEMBER),
    "moderation.attach": RouteAccess(MEMBER),
    # A case and its versions.
    "moderation.dossier": RouteAccess(MEMBER),
    "moderation.versions": RouteAccess(MEMBER),
    "moderation.version": RouteAccess(MEMBER),
    "moderation.compare": RouteAccess(MEMBER),
    "moderation.case_file": RouteAccess(MEMBER),
    "moderation.as_of": RouteAccess(MEMBER),
    # Its files, their copies, and the copies of its sources.
    "moderation.case_files": RouteAccess(MEMBER),
    "moderation.add_files": RouteAccess(MEMBER),
    "moderation.copy_file": RouteAccess(MEMBER),
    "moderation.edit_copy": RouteAccess(MEMBER),
    "moderation.review_copy": RouteAccess(MEMBER),
    "moderation.remove_file": RouteAccess(MEMBER),
    "moderation.desk_piece_file": RouteAccess(MEMBER),
    "moderation.case_sources": RouteAccess(MEMBER),
    "moderation.keep_sources": RouteAccess(MEMBER),
    "moderation.drop_copy": RouteAccess(MEMBER),
    "moderation.source_copy": RouteAccess(MEMBER),
    "moderation.all_sources": RouteAccess(MEMBER),
    "moderation.keep_all_sources": RouteAccess(ADMINISTRATOR),
    # Editing a case.
    "moderation.new_case": RouteAccess(MEMBER),
    "moderation.edit": RouteAccess(MEMBER),
    "moderation.preview": RouteAccess(MEMBER),
    "moderation.correct": RouteAccess(MEMBER),
    "moderation.follow_up": RouteAccess(MEMBER),
    "moderation.redact": RouteAccess(MEMBER, is_grave=True),
    # Acts on a case. Only an administrator may erase: the act itself refuses a moderator, and the
    # page explains what would be destroyed.
    "moderation.approve": RouteAccess(MEMBER),
    "moderation.refuse": RouteAccess(MEMBER),
    "moderation.invite": RouteAccess(MEMBER),
    "moderation.invite_by_mail": RouteAccess(MEMBER),
    "moderation.authority_contact": RouteAccess(MEMBER),
    "moderation.erase_contact": RouteAccess(MEMBER),
    "moderation.publish": RouteAccess(MEMBER),
    "moderation.restore": RouteAccess(MEMBER),
    "moderation.receive_reply": RouteAccess(MEMBER),
    "moderation.publish_reply": RouteAccess(MEMBER),
    "moderation.refuse_reply": RouteAccess(MEMBER),
    # Pending changes and destructions. A single moderator is asked for the password.
    "moderation.change": RouteAccess(MEMBER),
    "moderation.change_refuse": RouteAccess(MEMBER),
    "moderation.change_drop": RouteAccess(MEMBER),
    "moderation.destruction_confirm": RouteAccess(MEMBER, is_grave=True),
    "moderation.destruction_keep": RouteAccess(MEMBER),
    "moderation.withdraw": RouteAccess(MEMBER, is_grave=True),
    "moderation.merge": RouteAccess(MEMBER, is_grave=True),
    "moderation.part": RouteAccess(MEMBER),
    "moderation.erase": RouteAccess(MEMBER, is_grave=True),
    "moderation.discard": RouteAccess(MEMBER),
    # The members.
    "moderation.roster": RouteAccess(ADMINISTRATOR),
    "moderation.status": RouteAccess(ADMINISTRATOR),
    "moderation.roster_invite": RouteAccess(ADMINISTRATOR, is_grave=True),
    # Moderators may confirm accounts too.
    "moderation.roster_confirm": RouteAccess(MEMBER, is_grave=True),
    "moderation.roster_take_back": RouteAccess(ADMINISTRATOR, is_grave=True),
    "moderation.roster_password_link": RouteAccess(ADMINISTRATOR, is_grave=True),
    "moderation.roster_revoke_link": RouteAccess(ADMINISTRATOR, is_grave=True),
    "moderation.roster_role": RouteAccess(ADMINISTRATOR, is_grave=True),
    "moderation.roster_disable": RouteAccess(ADMINISTRATOR, is_grave=True),
    "moderation.roster_enable": RouteAccess(ADMINISTRATOR, is_grave=True),
    "moderation.roster_factor": RouteAccess(ADMINISTRATOR, is_grave=True),
    "moderation.roster_sessions": RouteAccess(ADMINISTRATOR, is_grave=True),
    # The site's own pages.
    "moderation.pages": RouteAccess(ADMINISTRATOR),
    "moderation.page_preview": RouteAccess(ADMINISTRATOR),
    "moderation.page_edit": RouteAccess(ADMINISTRATOR),
    "moderation.page_restore": RouteAccess(ADMINISTRATOR),
    "moderation.page_versions": RouteAccess(ADMINISTRATOR),
    "moderation.page_version": RouteAccess(ADMINISTRATOR),
    "moderation.page_compare": RouteAccess(ADMINISTRATOR),
}

# Values for the parameters of routes: one that exists, one that does not.
SAMPLES = {
    "token": ("jeton", "jeton-inconnu"),
    "day": ("2026-03-02", "1999-01-01"),
    "name": ("public", "bureau"),
    "key": ("0" * 32, "f" * 32),
    "file_key": ("0" * 32, "f" * 32),
    "page": ("suivre", "nulle-part"),
}
NUMBERS = ("1", "999999")


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Every member route as (endpoint, method, address), with existing parameters."""
    yield from _routes_with(app, 0)


def _routes_with(app: Flask, sample: int) -> Iterator[tuple[str, str, str]]:
    for rule in app.url_map.iter_rules():
        if not is_member_path(rule.rule):
            continue
        address = re.sub(
            r"<(?:[^<>]*:)?(\w+)>",
            lambda parameter: SAMPLES.get(parameter[1], NUMBERS)[sample],
            rule.rule,
        )
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield rule.endpoint, method, address


def stored_state(app: Flask) -> object:
    """All that a request could have changed: heads of ledgers, accounts, invitations, codes."""
    db.session.rollback()
    heads = db.session.execute(
        db.select(LedgerHead.ledger, LedgerHead.seq, LedgerHead.digest).order_by(LedgerHead.ledger)
    )
    members = db.select(
        Member.id, Member.role, Member.disabled_at, Member.password_hash, Member.totp_secret
    )
    open_invitations = db.select(MemberInvitation.id, MemberInvitation.closed_at)
    codes = db.select(RecoveryCode.id, RecoveryCode.used_at)
    rows = [db.session.execute(statement).all() for statement in (members, open_invitations, codes)]
    return heads.all(), rows


def send_request(
    visitor: FormClient, method: str, address: str, token: str = "", **form_fields: str
):
    fields = {"csrf_token": token, **form_fields} if token else form_fields
    return visitor.get(address) if method == "GET" else visitor.post(address, fields)


def is_sent_to_sign_in(response) -> bool:
    return response.status_code == 303 and response.headers["Location"].startswith(SIGN_IN)


def session_token(visitor: FormClient) -> str:
    visitor.get("/compte")
    return dict(visitor.form("/compte/deconnexion").fields)["csrf_token"]


def token_of_another_session(app: Flask) -> str:
    """A valid CSRF token of another session."""
    stranger = FormClient(app)
    stranger.get(SIGN_IN)
    return dict(stranger.form(SIGN_IN).fields)["csrf_token"]


@pytest.fixture
def case(desk, inbox, monkeypatch):
    """A draft and a public case (ids 1 and 2), and a report."""
    monkeypatch.setitem(SAMPLES, "key", (inbox.received().key, "f" * 32))
    return desk.draft(), desk.published()


@pytest.fixture
def disabled(app, cast):
    """Driss, with a session opened before his account was disabled."""
    visitor = FormClient(app)
    with housekeeping(db.engine) as db_session:
        token = sessions.add_session(db_session, cast.driss, now())
    with visitor.client.session_transaction() as session:
        session["sid"] = token
        session["csrf_token"] = "of the session that he had"
    return visitor


# --- permissions of the views ------------------------------------------------------------------


def test_every_member_route_is_in_the_table(app):
    assert {endpoint for endpoint, _method, _address in routes(app)} == set(ROUTE_ACCESS)


def permissions(app: Flask) -> dict[str, Permission]:
    return {name: permission_of(view) for name, view in app.view_functions.items()}


def test_the_permissions_of_views_match_the_table(app):
    declared = {
        name: RouteAccess(
            permission.audience,
            permission.grave_act is not None and permission.grave_act.when is always,
        )
        for name, permission in permissions(app).items()
        if name in ROUTE_ACCESS
    }
    assert declared == ROUTE_ACCESS


def test_only_member_views_have_permissions(app):
    assert {
        name for name, permission in permissions(app).items() if permission != Permission()
    } <= set(ROUTE_ACCESS)


def test_each_act_that_needs_the_password_has_a_description(app):
    acts = [
        permission.grave_act.words
        for permission in permissions(app).values()
        if permission.grave_act
    ]
    assert len(acts) == 30
    assert all(str(act)[0].islower() and len(str(act)) > 10 for act in acts)


# --- refused visitors --------------------------------------------------------------------------


def test_a_stranger_is_sent_to_sign_in_whether_the_page_exists_or_not(app, case):
    """Both responses are equal except for the requested address."""
    state_before = stored_state(app)
    for existing, missing in zip(_routes_with(app, 0), _routes_with(app, 1), strict=True):
        endpoint, method, address = existing
        if ROUTE_ACCESS[endpoint].audience == ANYBODY:
            continue
        first, second = (
            send_request(FormClient(app), method, url) for url in (address, missing[2])
        )
        for response in (first, second):
            assert is_sent_to_sign_in(response), (endpoint, method)
            assert response.headers["Cache-Control"] == "no-store"
        comparable = [
            re.sub(r"/(?:moderation|compte)[^\"<&\s]*", "ADDRESS", _comparable_response(response))
            for response in (first, second)
        ]
        assert comparable[0] == comparable[1], (endpoint, method)
    assert stored_state(app) == state_before


def _comparable_response(response) -> str:
    varying_headers = ("Date", "Content-Length", "Set-Cookie")
    lines = [f"{name}: {value}" for name, value in response.headers if name not in varying_headers]
    return "\n".join(lines) + response.get_data(as_text=True)


def test_unknown_addresses_are_not_found_for_anybody(app, case):
    for address in ("/moderation/rien", "/compte/rien", "/moderation/dossiers/x", "/moderation/"):
        assert is_sent_to_sign_in(FormClient(app).get(address))
        assert is_sent_to_sign_in(FormClient(app).post(address, {"a": "b"}))


@pytest.mark.parametrize("address", ["/moderationx", "/comptes", "/Moderation"])
def test_addresses_that_resemble_the_desk_are_not_found(app, address):
    assert FormClient(app).get(address).status_code == 404


def test_a_disabled_member_is_a_stranger_in_an_old_session(app, case, disabled):
    state_before = stored_state(app)
    token = token_of_another_session(app)
    for endpoint, method, address in routes(app):
        if ROUTE_ACCESS[endpoint].audience == ANYBODY:
            continue
        assert is_sent_to_sign_in(send_request(disabled, method, address)), (endpoint, method)
        if method == "POST":
            # A valid token of another session brings his form back on the sign-in page.
            response = send_request(disabled, method, address, token, texte="ce qu’il a écrit")
            assert response.status_code in (303, 403), endpoint
            assert response.status_code == 303 or disabled.form(SIGN_IN), endpoint
    disabled.get(SIGN_IN)
    disabled.send(SIGN_IN, adresse="driss@register.test", mot_de_passe=PASSWORD)
    assert disabled.answer.status_code == 422
    assert stored_state(app) == state_before


def test_a_moderator_is_refused_the_routes_of_administrators(app, cast, case):
    bruno = sign_in(app, cast.email("bruno"))
    token, state_before = session_token(bruno), stored_state(app)
    for endpoint, method, address in routes(app):
        if ROUTE_ACCESS[endpoint].audience != ADMINISTRATOR:
            continue
        response = send_request(
            bruno, method, address, token, role="administrator", adresse="e@register.test"
        )
        assert response.status_code == 403, (endpoint, method)
        assert "chloe@" not in response.get_data(as_text=True)
    assert stored_state(app) == state_before


def test_a_member_without_a_second_factor_is_sent_to_set_it_up(app_with_factor, cast, case):
    ada = sign_in(app_with_factor, cast.email("ada"))
    ada.get("/compte/seconde-preuve")
    token, state_before = (
        dict(ada.form("/compte/deconnexion").fields)["csrf_token"],
        stored_state(app_with_factor),
    )
    for endpoint, method, address in routes(app_with_factor):
        if ROUTE_ACCESS[endpoint].audience in (MEMBER, ADMINISTRATOR):
            response = send_request(ada, method, address, token, role="moderator")
            if method == "GET":
                assert response.headers["Location"] == "/compte/seconde-preuve", endpoint
            elif endpoint == "moderation.add_files":
                # Its files are not read before the member is let in.
                assert response.headers["Location"] == "/compte/seconde-preuve"
            else:
                # The form is kept in the page that sets up the factor.
                assert response.status_code == 403, endpoint
                assert ("repris.role", "moderator") in ada.form("/compte/seconde-preuve").fields
    assert stored_state(app_with_factor) == state_before


# --- forged forms ------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["none", "another session's", "made up"])
def test_a_form_without_the_token_of_its_session_changes_nothing(app, cast, case, token):
    ada = sign_in(app, cast.email("ada"))
    sent_token = {
        "none": "",
        "another session's": token_of_another_session(app),
        "made up": "x.y.z",
    }[token]
    state_before = stored_state(app)
    for endpoint, method, address in routes(app):
        if method == "POST":
            response = send_request(
                ada, method, address, sent_token, role="moderator", texte="texte à garder"
            )
            # An unknown invitation is not found.
            assert response.status_code in (403, 404), endpoint
    assert stored_state(app) == state_before
    assert ada.get("/compte").status_code == 200, "and nobody was signed out"


def test_get_requests_of_the_desk_change_nothing(app, cast, case):
    """The only exception is the daily line for a viewed report, written first here."""
    ada = sign_in(app, cast.email("ada"))
    for address in ("/moderation/signalements", f"/moderation/signalements/{SAMPLES['key'][0]}"):
        ada.get(address)
    assert lines_since(db.session(), 0, Ledger.REPORTS)[-1].act == "report_viewed"
    state_before = stored_state(app)
    for _endpoint, _method, address in routes(app):
        response = ada.get(address)
        assert response.status_code < 500, address
    assert stored_state(app) == state_before
    assert ada.get("/compte").status_code == 200
    post_only = {endpoint for endpoint, _m, _a in routes(app)} - {
        endpoint for endpoint, method, _a in routes(app) if method == "GET"
    }
    for endpoint, _method, address in routes(app):
        if endpoint in post_only:
            assert ada.get(address).status_code == 405, endpoint


# --- admitted members --------------------------------------------------------------------------


def test_members_are_let_in(app, cast, case):
    """A register that refuses everybody would pass the tests above."""
    for name in ("bruno", "ada"):
        visitor = sign_in(app, cast.email(name))
        for endpoint, method, address in routes(app):
            if method == "GET" and (ROUTE_ACCESS[endpoint].audience == MEMBER or name == "ada"):
                response = visitor.get(address)
                assert response.status_code != 403, endpoint
                assert not is_sent_to_sign_in(response), endpoint
                assert response.headers["Cache-Control"] == "no-store", endpoint


def test_only_serious_acts_ask_for_the_password_again(app, cast, case, advance_time):
    ada = sign_in(app, cast.email("ada"))
    token = session_token(ada)
    advance_time(timedelta(minutes=11))
    state_before = stored_state(app)
    for endpoint, method, address in routes(app):
        if method != "POST" or ROUTE_ACCESS[endpoint].audience == ANYBODY:
            continue
        act = permission_of(app.view_functions[endpoint]).grave_act
        if ROUTE_ACCESS[endpoint].is_grave and not act.in_own_form:
            response = send_request(ada, method, address, token, texte="à garder")
            assert response.status_code == 403, endpoint
            assert "preuve_mot_de_passe" in ada.form(address).names, endpoint
            assert ("texte", "à garder") in ada.form(address).fields, endpoint
    assert stored_state(app) == state_before


@pytest.mark.parametrize(
    "name", ["confidentialite", "confidentialite.en", "mentions-legales", "mentions-legales.en"]
)
def test_changing_a_legal_page_asks_for_the_password_again(app, cast, advance_time, name):
    ada = sign_in(app, cast.email("ada"))
    token = session_token(ada)
    advance_time(timedelta(minutes=11))
    state_before = stored_state(app)
    for address in (f"/moderation/pages/{name}", f"/moderation/pages/{name}/retablir"):
        response = send_request(
            ada, "POST", address, token, text="à garder", reason="parce que", vu="0"
        )
        assert response.status_code == 403, address
        assert "preuve_mot_de_passe" in ada.form(address).names, address
        assert ("text", "à garder") in ada.form(address).fields, address
        # Other pages do not ask for it.
        other_address = address.replace(name, "suivre")
        assert (
            send_request(ada, "POST", other_address, token, text="", vu="0").status_code == 422
        ), other_address
    assert stored_state(app) == state_before


def test_every_legal_page_exists():
    assert set(content.TEXT_NAMES) >= LEGAL_PAGES


def test_sign_ins_take_turns_and_hold_no_other_page_up() -> None:
    full, done = threading.Barrier(13), threading.Event()
    answered: list[str] = []
    sign_in = f"POST {SIGN_IN}"

    def send(request_line: str) -> None:
        method, path = request_line.split()
        turns({"REQUEST_METHOD": method, "PATH_INFO": path}, print)

    def answer(environ: dict[str, str], _start: object) -> Iterable[bytes]:
        sent = environ["REQUEST_METHOD"] + " " + environ["PATH_INFO"]
        if sent == sign_in and not done.is_set():
            full.wait(10)
            done.wait(10)
        answered.append(sent)
        return []

    turns = SignInTurns(answer)  # type: ignore[arg-type]
    with ThreadPoolExecutor(40) as pool:
        waiting = [pool.submit(send, sign_in) for _ in range(39)]
        # Twelve are being answered, and this thread is the thirteenth at the barrier.
        full.wait(10)
        send(f"GET {SIGN_IN}")
        send("POST /compte")
        assert answered == [f"GET {SIGN_IN}", "POST /compte"]
        done.set()
        for each in waiting:
            each.result(10)
    assert answered.count(sign_in) == 39
