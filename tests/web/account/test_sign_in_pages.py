"""Signing in and out: equal responses to all failures, cookies, no traces."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from form_client import PASSWORD, SIGN_IN, FormClient, sign_in

from register import create_app
from register.db import db

pytestmark = pytest.mark.one_database


def test_a_member_signs_in_and_out(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    assert bruno.answer.status_code == 303
    assert bruno.answer.headers["Location"] == "/moderation"
    assert bruno.get("/compte").status_code == 200
    assert "bruno@register.test" in bruno.text
    copied = bruno.cookie("registre")
    bruno.send("/compte/deconnexion")
    assert bruno.answer.headers["Location"] == SIGN_IN
    assert bruno.get("/compte").status_code == 303
    # A copy of the cookie is no longer valid.
    thief = FormClient(app)
    thief.client.set_cookie("registre", copied)
    assert thief.get("/compte").status_code == 303


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("bruno", "une-phrase-fausse"),
        ("bruna", PASSWORD),
        ("driss", PASSWORD),
        ("bruno", "x" * 5_000),
        ("bruno", "\x00"),
    ],
    ids=["wrong password", "unknown", "disabled", "endless", "control"],
)
def test_every_failed_sign_in_has_the_same_answer(app, cast, name, password):
    """Same status, headers and HTML, except for token, date and typed address."""

    def comparable_response(email, password):
        visitor = sign_in(app, email, password)
        response = visitor.answer
        html = response.get_data(as_text=True).replace(email, "EMAIL")
        html = re.sub(r'name="csrf_token" value="[^"]*"', "", html)
        headers = [pair for pair in response.headers if pair[0] not in ("Date", "Content-Length")]
        return response.status_code, headers, html

    expected = comparable_response("personne@register.test", "quelque-chose-de-faux")
    assert expected[0] == 422
    assert "ne sont pas les bons" in expected[2]
    assert comparable_response(f"{name}@register.test", password) == expected


def test_neither_password_nor_code_is_shown_again(app, cast):
    bruno = sign_in(app, cast.email("bruno"), "mot-de-passe-faux", "123987")
    html = bruno.answer.get_data(as_text=True)
    assert "mot-de-passe-faux" not in html
    assert "123987" not in html
    assert dict(bruno.form(SIGN_IN).fields)["adresse"] == cast.email("bruno")


def test_missing_fields_are_reported_before_any_attempt(app, cast):
    visitor = sign_in(app, "", "")
    assert visitor.answer.status_code == 422
    assert 'href="#adresse"' in visitor.answer.get_data(as_text=True)
    assert 'href="#mot_de_passe"' in visitor.answer.get_data(as_text=True)


def test_fields_are_named_to_password_managers(app):
    html = FormClient(app).get(SIGN_IN).get_data(as_text=True)
    for attribute in (
        'autocomplete="username"',
        'autocomplete="current-password"',
        'autocomplete="one-time-code"',
        'inputmode="numeric"',
    ):
        assert attribute in html


def test_sign_in_leads_to_the_requested_page(app, cast):
    bruno = FormClient(app)
    bruno.get("/compte/mot-de-passe?x=1")
    assert bruno.answer.headers["Location"] == f"{SIGN_IN}?suite=/compte/mot-de-passe%3Fx%3D1"
    sign_in(app, cast.email("bruno"), visitor=bruno, address=bruno.answer.headers["Location"])
    assert bruno.answer.headers["Location"] == "/compte/mot-de-passe?x=1"
    bruno.get(f"{SIGN_IN}?suite=/compte")
    assert bruno.answer.headers["Location"] == "/compte", "who is in is not asked again"


ELSEWHERE = (
    "https://evil.test/moderation",
    "//evil.test/moderation",
    "/\\evil.test/moderation",
    "\\moderation",
    "/incidents",
    "/moderationfoo",
    "javascript:alert(1)",
    "/moderation/\n//evil.test",
    "/moderation#fin",
    "/compte/deconnexion",
    "/moderation/" + "x" * 2_000,
    "http://[::1",
)


def test_sign_in_leads_to_no_other_site(app, cast):
    for elsewhere in ELSEWHERE:
        bruno = FormClient(app)
        bruno.get(SIGN_IN)
        bruno.send(SIGN_IN, adresse=cast.email("bruno"), mot_de_passe=PASSWORD, suite=elsewhere)
        assert bruno.answer.headers["Location"] == "/moderation", elsewhere


def test_the_browser_cookie_is_sent_to_account_pages_only(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    cookies = [text for text in bruno.answer.headers.getlist("Set-Cookie") if "connu=" in text]
    for cookie in cookies:
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Max-Age=31536000" in cookie
    # Account pages have one path per language, and a cookie has one path.
    for cookie, path in zip(cookies, ("/compte", "/en/compte"), strict=True):
        assert f"; Path={path}" in cookie
    mark = bruno.cookie("connu", "/compte")
    assert mark
    assert bruno.cookie("connu", "/en/compte") == mark
    # Locked out from afar, the member's own browser still comes in.
    for _ in range(12):
        sign_in(app, cast.email("bruno"), "quelque-chose-de-faux")
    assert sign_in(app, cast.email("bruno")).answer.status_code == 422
    bruno.get("/compte")
    bruno.send("/compte/deconnexion")
    assert sign_in(app, cast.email("bruno"), visitor=bruno).answer.status_code == 303


def test_signing_in_replaces_a_cookie_set_before(app, cast):
    victim = FormClient(app)
    victim.get(SIGN_IN)
    planted = victim.cookie("registre")
    sign_in(app, cast.email("bruno"), visitor=victim)
    assert victim.cookie("registre") != planted
    thief = FormClient(app)
    thief.client.set_cookie("registre", planted)
    assert thief.get("/compte").status_code == 303


def test_signing_in_again_closes_the_previous_session(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    copied = bruno.cookie("registre")
    bruno.get("/compte")
    # As sent from an old tab.
    token = dict(bruno.form("/compte/deconnexion").fields)["csrf_token"]
    bruno.post(
        SIGN_IN, {"csrf_token": token, "adresse": cast.email("chloe"), "mot_de_passe": PASSWORD}
    )
    assert bruno.answer.status_code == 303
    thief = FormClient(app)
    thief.client.set_cookie("registre", copied)
    assert thief.get("/compte").status_code == 303


def test_a_sign_in_without_the_session_cookie_has_to_be_sent_again(app, cast):
    bruno = FormClient(app)
    bruno.get(SIGN_IN)
    bruno.client.delete_cookie("registre")
    bruno.send(SIGN_IN, adresse=cast.email("bruno"), mot_de_passe=PASSWORD)
    assert bruno.answer.status_code == 403
    assert "acceptez les cookies" in bruno.text
    bruno.send(SIGN_IN, mot_de_passe=PASSWORD)
    assert bruno.answer.status_code == 303, "the address was kept, the new token holds"


def test_a_cross_site_form_is_refused(app, cast):
    bruno = FormClient(app)
    bruno.get(SIGN_IN)
    fields = dict(bruno.form(SIGN_IN).fields)
    fields |= {"adresse": cast.email("bruno"), "mot_de_passe": PASSWORD}
    for headers in (
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        assert bruno.post(SIGN_IN, fields, headers=headers).status_code == 403
    assert bruno.post(SIGN_IN, fields, headers={"Origin": "http://localhost"}).status_code == 303


def test_pages_of_members_are_never_stored(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    responses = [
        FormClient(app).get(SIGN_IN),
        bruno.get("/compte"),
        bruno.get("/compte/rien"),
        bruno.answer,
    ]
    for response in responses:
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers
    # A public page read by a member has no ETag.
    public_page = bruno.get("/incidents")
    assert "ETag" not in public_page.headers
    assert "bruno" not in bruno.text.lower()


def test_no_ip_address_and_no_user_agent_is_stored_or_logged(app, cast, capsys):
    agent = "Agent-Secret/1.0"
    visitor = FormClient(app)
    options = {
        "environ_overrides": {"REMOTE_ADDR": "203.0.113.77"},
        "headers": {"User-Agent": agent},
    }
    visitor.get(SIGN_IN, **options)
    fields = dict(visitor.form(SIGN_IN).fields)
    fields |= {"adresse": cast.email("bruno"), "mot_de_passe": PASSWORD}
    assert visitor.post(SIGN_IN, fields, **options).status_code == 303
    visitor.get("/compte", **options)
    out, err = capsys.readouterr()
    written = out + err
    with db.engine.connect() as connection:
        for table in ("sign_in_session", "sign_in_tries", "member"):
            written += repr(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
    assert "203.0.113.77" not in written
    assert agent not in written


def test_cookies_are_host_only_and_secure_on_an_https_site(settings, cast):
    site = "https://registre.test"
    app = create_app(replace(settings, base_url=site))
    bruno = FormClient(app)
    bruno.get(SIGN_IN, base_url=site)
    fields = dict(bruno.form(SIGN_IN).fields)
    fields |= {"adresse": cast.email("bruno"), "mot_de_passe": PASSWORD}
    # Without a Referer header the Origin is checked.
    response = bruno.post(SIGN_IN, fields, base_url=site, headers={"Origin": site})
    assert response.status_code == 303
    cookies = response.headers.getlist("Set-Cookie")
    names = ["__Secure-connu", "__Secure-connu", "__Host-registre"]
    assert [cookie.split("=")[0] for cookie in cookies] == names
    for cookie in cookies:
        assert "; Secure" in cookie
        assert "; HttpOnly" in cookie
        assert "; SameSite=Lax" in cookie
        assert "Domain" not in cookie
    assert "Path=/compte" in cookies[0]
    assert "; Path=/;" in cookies[2]
    assert bruno.get("/compte", base_url=site).status_code == 200
    with app.app_context():
        db.engine.dispose()
