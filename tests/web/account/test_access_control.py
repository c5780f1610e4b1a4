"""Every address behind the door, and who is let through: routes are taken from the application.

A new route is red here until it has its line. What a member may then do to a case in its state is
the acts' business, and has tables of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from form_client import PASSWORD, SIGN_IN, FormClient, sign_in
from ledger_lines import lines_since

from register.accounts import sessions
from register.accounts.models import Member, MemberInvitation, RecoveryCode
from register.accounts.web.current_member import is_member_path
from register.db import db, housekeeping, now
from register.journal import Ledger
from register.journal.models import LedgerHead
from register.pages import content
from register.pages.web.page_editor import LEGAL_PAGES
from register.web.blueprints import Audience, Permission, always, permission_of

pytestmark = pytest.mark.one_database

# Who is let through.
ANYBODY, UNPROVED = Audience.ALL, Audience.BEFORE_SECOND_FACTOR
MEMBER, ADMINISTRATOR = Audience.MEMBERS, Audience.ADMINISTRATORS


@dataclass(frozen=True)
class Line:
    """Who may come to a route, and whether it asks again who they are before it acts."""

    who: Audience
    is_grave: bool = False


TABLE: Mapping[str, Line] = {
    # Signing in, and what comes before the second factor.
    "account.sign_in": Line(ANYBODY),
    "account.invitation": Line(ANYBODY),
    "account.sign_out": Line(UNPROVED),
    "account.factor": Line(UNPROVED, is_grave=True),
    # One's own account.
    "account.own": Line(MEMBER),
    "account.password": Line(MEMBER, is_grave=True),
    "account.new_factor": Line(MEMBER, is_grave=True),
    "account.codes": Line(MEMBER, is_grave=True),
    "account.close": Line(MEMBER),
    "account.close_others": Line(MEMBER),
    "account.forget_browsers": Line(MEMBER),
    # The desk.
    "moderation.home": Line(MEMBER),
    "moderation.cases": Line(MEMBER),
    "moderation.claim": Line(MEMBER),
    "moderation.release": Line(MEMBER),
    "moderation.note": Line(MEMBER),
    "moderation.journal": Line(MEMBER),
    "moderation.journal_csv": Line(MEMBER),
    "moderation.journal_line": Line(MEMBER),
    # What citizens report.
    "moderation.reports": Line(MEMBER),
    "moderation.reports_sort": Line(MEMBER),
    "moderation.report": Line(MEMBER),
    "moderation.report_contact": Line(MEMBER),
    "moderation.report_claim": Line(MEMBER),
    "moderation.report_release": Line(MEMBER),
    "moderation.report_ask": Line(MEMBER),
    "moderation.report_decline": Line(MEMBER),
    "moderation.report_read": Line(MEMBER),
    "moderation.report_spam": Line(MEMBER),
    "moderation.report_reopen": Line(MEMBER),
    "moderation.retain": Line(MEMBER),
    "moderation.attach": Line(MEMBER),
    # A case and its versions.
    "moderation.dossier": Line(MEMBER),
    "moderation.versions": Line(MEMBER),
    "moderation.version": Line(MEMBER),
    "moderation.compare": Line(MEMBER),
    "moderation.as_of": Line(MEMBER),
    # Writing it.
    "moderation.new_case": Line(MEMBER),
    "moderation.edit": Line(MEMBER),
    "moderation.preview": Line(MEMBER),
    "moderation.correct": Line(MEMBER),
    "moderation.follow_up": Line(MEMBER),
    "moderation.redact": Line(MEMBER, is_grave=True),
    # Publishing it, and what comes after. Erasing asks an administrator: the act says so itself,
    # on a page that tells a moderator what would be destroyed and whom to ask.
    "moderation.approve": Line(MEMBER),
    "moderation.invite": Line(MEMBER),
    "moderation.publish": Line(MEMBER),
    "moderation.restore": Line(MEMBER),
    "moderation.receive_reply": Line(MEMBER),
    "moderation.publish_reply": Line(MEMBER),
    "moderation.refuse_reply": Line(MEMBER),
    # What waits for a second person; where there is one moderator, they prove who they are.
    "moderation.change": Line(MEMBER),
    "moderation.change_refuse": Line(MEMBER),
    "moderation.change_drop": Line(MEMBER),
    "moderation.destruction_confirm": Line(MEMBER, is_grave=True),
    "moderation.destruction_keep": Line(MEMBER),
    "moderation.withdraw": Line(MEMBER, is_grave=True),
    "moderation.merge": Line(MEMBER, is_grave=True),
    "moderation.erase": Line(MEMBER, is_grave=True),
    "moderation.discard": Line(MEMBER),
    # The members.
    "moderation.roster": Line(ADMINISTRATOR),
    "moderation.roster_invite": Line(ADMINISTRATOR, is_grave=True),
    # A moderator vouches for a colleague as well as an administrator.
    "moderation.roster_confirm": Line(MEMBER, is_grave=True),
    "moderation.roster_take_back": Line(ADMINISTRATOR, is_grave=True),
    "moderation.roster_role": Line(ADMINISTRATOR, is_grave=True),
    "moderation.roster_disable": Line(ADMINISTRATOR, is_grave=True),
    "moderation.roster_enable": Line(ADMINISTRATOR, is_grave=True),
    "moderation.roster_factor": Line(ADMINISTRATOR, is_grave=True),
    "moderation.roster_sessions": Line(ADMINISTRATOR, is_grave=True),
    # The site's own pages.
    "moderation.pages": Line(ADMINISTRATOR),
    "moderation.page_preview": Line(ADMINISTRATOR),
    "moderation.page_edit": Line(ADMINISTRATOR),
    "moderation.page_restore": Line(ADMINISTRATOR),
    "moderation.page_versions": Line(ADMINISTRATOR),
    "moderation.page_version": Line(ADMINISTRATOR),
    "moderation.page_compare": Line(ADMINISTRATOR),
}

# Values for the parameters of routes: one that is there, and one that is not.
SAMPLES = {
    "token": ("jeton", "jeton-inconnu"),
    "day": ("2026-03-02", "1999-01-01"),
    "name": ("public", "bureau"),
    "key": ("0" * 32, "f" * 32),
    "page": ("suivre", "nulle-part"),
}
NUMBERS = ("1", "999999")


def routes(app: Flask) -> Iterator[tuple[str, str, str]]:
    """Every (endpoint, method, address) behind the door; each address with what is there."""
    yield from _routes(app, 0)


def _routes(app: Flask, sample: int) -> Iterator[tuple[str, str, str]]:
    for rule in app.url_map.iter_rules():
        if not is_member_path(rule.rule):
            continue
        address = re.sub(
            r"<(?:[^<>]*:)?(\w+)>", lambda found: SAMPLES.get(found[1], NUMBERS)[sample], rule.rule
        )
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            yield rule.endpoint, method, address


def held(app: Flask) -> object:
    """All that an answer could have changed: the ledgers' heads, accounts, invitations, codes."""
    db.session.rollback()
    heads = db.session.execute(
        db.select(LedgerHead.ledger, LedgerHead.seq, LedgerHead.digest).order_by(LedgerHead.ledger)
    )
    everyone = db.select(
        Member.id, Member.role, Member.disabled_at, Member.password_hash, Member.totp_secret
    )
    invited = db.select(MemberInvitation.id, MemberInvitation.closed_at)
    codes = db.select(RecoveryCode.id, RecoveryCode.used_at)
    read = [db.session.execute(asked).all() for asked in (everyone, invited, codes)]
    return heads.all(), read


def ask(visitor: FormClient, method: str, address: str, token: str = "", **more: str):
    fields = {"csrf_token": token, **more} if token else more
    return visitor.get(address) if method == "GET" else visitor.post(address, fields)


def is_sent_to_sign_in(answer) -> bool:
    return answer.status_code == 303 and answer.headers["Location"].startswith(SIGN_IN)


def token_of(visitor: FormClient) -> str:
    visitor.get("/compte")
    return dict(visitor.form("/compte/deconnexion").fields)["csrf_token"]


def one_of_our_tokens(app: Flask) -> str:
    """A token that this register signed, for a session that is not the one it is sent in."""
    stranger = FormClient(app)
    stranger.get(SIGN_IN)
    return dict(stranger.form(SIGN_IN).fields)["csrf_token"]


@pytest.fixture
def case(desk, inbox, monkeypatch):
    """A draft and a public case: ids 1 and 2 are there. And a report, by its random key."""
    monkeypatch.setitem(SAMPLES, "key", (inbox.received().key, "f" * 32))
    return desk.draft(), desk.published()


@pytest.fixture
def disabled(app, cast):
    """Driss, in a browser where he was signed in before his account was closed."""
    visitor = FormClient(app)
    with housekeeping(db.engine) as opened:
        token = sessions.add_session(opened, cast.driss, now())
    with visitor.client.session_transaction() as session:
        session["sid"] = token
        session["csrf_token"] = "of the session that he had"
    return visitor


# --- the marks ---------------------------------------------------------------------------------


def test_every_route_has_its_line_and_every_line_its_route(app):
    assert {endpoint for endpoint, _method, _address in routes(app)} == set(TABLE)


def permissions(app: Flask) -> dict[str, Permission]:
    return {name: permission_of(view) for name, view in app.view_functions.items()}


def test_the_marks_of_the_views_say_what_the_table_says(app):
    marked = {
        name: Line(mark.audience, mark.grave_act is not None and mark.grave_act.when is always)
        for name, mark in permissions(app).items()
        if name in TABLE
    }
    assert marked == TABLE


def test_only_views_of_members_have_access_marks(app):
    assert {name for name, mark in permissions(app).items() if mark != Permission()} <= set(TABLE)


def test_each_act_that_needs_the_password_has_its_words(app):
    acts = [mark.grave_act.words for mark in permissions(app).values() if mark.grave_act]
    assert len(acts) == 23
    assert all(str(act)[0].islower() and len(str(act)) > 10 for act in acts)


# --- those who are not let in ------------------------------------------------------------------


def test_a_stranger_is_sent_to_sign_in_and_told_nothing(app, case):
    """The same bytes for what is there and what is not, but for the address that was asked for."""
    before = held(app)
    for there, missing in zip(_routes(app, 0), _routes(app, 1), strict=True):
        endpoint, method, address = there
        if TABLE[endpoint].who == ANYBODY:
            continue
        first, second = (ask(FormClient(app), method, url) for url in (address, missing[2]))
        for answer in (first, second):
            assert is_sent_to_sign_in(answer), (endpoint, method)
            assert answer.headers["Cache-Control"] == "no-store"
        told = [
            re.sub(r"/(?:moderation|compte)[^\"<&\s]*", "ADDRESS", _told(answer))
            for answer in (first, second)
        ]
        assert told[0] == told[1], (endpoint, method)
    assert held(app) == before


def _told(answer) -> str:
    left = ("Date", "Content-Length", "Set-Cookie")
    told = [f"{name}: {value}" for name, value in answer.headers if name not in left]
    return "\n".join(told) + answer.get_data(as_text=True)


def test_unknown_addresses_are_not_found_for_anybody(app, case):
    for address in ("/moderation/rien", "/compte/rien", "/moderation/dossiers/x", "/moderation/"):
        assert is_sent_to_sign_in(FormClient(app).get(address))
        assert is_sent_to_sign_in(FormClient(app).post(address, {"a": "b"}))


@pytest.mark.parametrize("address", ["/moderationx", "/comptes", "/Moderation"])
def test_addresses_that_resemble_the_desk_are_not_found(app, address):
    assert FormClient(app).get(address).status_code == 404


def test_a_disabled_member_is_a_stranger_in_the_session_that_he_had(app, case, disabled):
    before = held(app)
    token = one_of_our_tokens(app)
    for endpoint, method, address in routes(app):
        if TABLE[endpoint].who == ANYBODY:
            continue
        assert is_sent_to_sign_in(ask(disabled, method, address)), (endpoint, method)
        if method == "POST":
            # With a token of ours he gets back what he sent, on the page that lets nobody in.
            answer = ask(disabled, method, address, token, texte="ce qu’il a écrit")
            assert answer.status_code in (303, 403), endpoint
            assert answer.status_code == 303 or disabled.form(SIGN_IN), endpoint
    disabled.get(SIGN_IN)
    disabled.send(SIGN_IN, adresse="driss@register.test", mot_de_passe=PASSWORD)
    assert disabled.answer.status_code == 422
    assert held(app) == before


def test_a_moderator_is_refused_what_an_administrator_alone_may(app, cast, case):
    bruno = sign_in(app, cast.email("bruno"))
    token, before = token_of(bruno), held(app)
    for endpoint, method, address in routes(app):
        if TABLE[endpoint].who != ADMINISTRATOR:
            continue
        answer = ask(bruno, method, address, token, role="administrator", adresse="e@register.test")
        assert answer.status_code == 403, (endpoint, method)
        assert "chloe@" not in answer.get_data(as_text=True)
    assert held(app) == before


def test_who_has_no_second_factor_gets_no_further(strict, cast, case):
    ada = sign_in(strict, cast.email("ada"))
    ada.get("/compte/seconde-preuve")
    token, before = dict(ada.form("/compte/deconnexion").fields)["csrf_token"], held(strict)
    for endpoint, method, address in routes(strict):
        if TABLE[endpoint].who in (MEMBER, ADMINISTRATOR):
            answer = ask(ada, method, address, token, role="moderator")
            if method == "GET":
                assert answer.headers["Location"] == "/compte/seconde-preuve", endpoint
            else:
                # What they sent waits in the page that sets it up.
                assert answer.status_code == 403, endpoint
                assert ("repris.role", "moderator") in ada.form("/compte/seconde-preuve").fields
    assert held(strict) == before


# --- forms that nobody filled in ---------------------------------------------------------------


@pytest.mark.parametrize("token", ["none", "another session's", "made up"])
def test_no_form_does_anything_without_the_token_of_its_session(app, cast, case, token):
    ada = sign_in(app, cast.email("ada"))
    given = {"none": "", "another session's": one_of_our_tokens(app), "made up": "x.y.z"}[token]
    before = held(app)
    for endpoint, method, address in routes(app):
        if method == "POST":
            answer = ask(ada, method, address, given, role="moderator", texte="texte à garder")
            # An invitation that is none has nothing to show again.
            assert answer.status_code in (403, 404), endpoint
    assert held(app) == before
    assert ada.get("/compte").status_code == 200, "and nobody was signed out"


def test_get_requests_of_the_desk_change_nothing(app, cast, case):
    """Every address by GET, as a crawler, a preview or a prefetch would ask for it.

    But for the line that a report was viewed, one a day.
    """
    ada = sign_in(app, cast.email("ada"))
    for address in ("/moderation/signalements", f"/moderation/signalements/{SAMPLES['key'][0]}"):
        ada.get(address)
    assert lines_since(db.session(), 0, Ledger.REPORTS)[-1].act == "report_viewed"
    before = held(app)
    for _endpoint, _method, address in routes(app):
        answer = ada.get(address)
        assert answer.status_code < 500, address
    assert held(app) == before
    assert ada.get("/compte").status_code == 200
    only_sent = {endpoint for endpoint, _m, _a in routes(app)} - {
        endpoint for endpoint, method, _a in routes(app) if method == "GET"
    }
    for endpoint, _method, address in routes(app):
        if endpoint in only_sent:
            assert ada.get(address).status_code == 405, endpoint


# --- those who are -----------------------------------------------------------------------------


def test_members_are_let_in(app, cast, case):
    """Else a door that is shut to all would pass every test above."""
    for name in ("bruno", "ada"):
        visitor = sign_in(app, cast.email(name))
        for endpoint, method, address in routes(app):
            if method == "GET" and (TABLE[endpoint].who == MEMBER or name == "ada"):
                answer = visitor.get(address)
                assert answer.status_code != 403, endpoint
                assert not is_sent_to_sign_in(answer), endpoint
                assert answer.headers["Cache-Control"] == "no-store", endpoint


def test_only_serious_acts_ask_for_the_password_again(app, cast, case, later):
    ada = sign_in(app, cast.email("ada"))
    token = token_of(ada)
    later(timedelta(minutes=11))
    before = held(app)
    for endpoint, method, address in routes(app):
        if method != "POST" or TABLE[endpoint].who == ANYBODY:
            continue
        act = permission_of(app.view_functions[endpoint]).grave_act
        if TABLE[endpoint].is_grave and not act.in_own_form:
            answer = ask(ada, method, address, token, texte="à garder")
            assert answer.status_code == 403, endpoint
            assert "preuve_mot_de_passe" in ada.form(address).names, endpoint
            assert ("texte", "à garder") in ada.form(address).fields, endpoint
    assert held(app) == before


@pytest.mark.parametrize(
    "name", ["confidentialite", "confidentialite.en", "mentions-legales", "mentions-legales.en"]
)
def test_changing_what_the_site_promises_asks_again(app, cast, later, name):
    ada = sign_in(app, cast.email("ada"))
    token = token_of(ada)
    later(timedelta(minutes=11))
    before = held(app)
    for address in (f"/moderation/pages/{name}", f"/moderation/pages/{name}/retablir"):
        answer = ask(ada, "POST", address, token, text="à garder", reason="parce que", vu="0")
        assert answer.status_code == 403, address
        assert "preuve_mot_de_passe" in ada.form(address).names, address
        assert ("text", "à garder") in ada.form(address).fields, address
        # Another page says nothing that anybody relies on to stay safe.
        other = address.replace(name, "suivre")
        assert ask(ada, "POST", other, token, text="", vu="0").status_code == 422, other
    assert held(app) == before


def test_every_page_that_asks_again_is_a_page():
    assert set(content.TEXT_NAMES) >= LEGAL_PAGES
