"""Sign in and out: one answer for whatever is wrong, and nothing left behind."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from form_client import PASSWORD, SIGN_IN, FormClient, sign_in

from register import create_app
from register.db import db

pytestmark = pytest.mark.one_database


def test_a_member_comes_in_and_goes_out(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    assert bruno.answer.status_code == 303
    assert bruno.answer.headers["Location"] == "/moderation"
    assert bruno.get("/compte").status_code == 200
    assert "bruno@register.test" in bruno.text
    copied = bruno.cookie("registre")
    bruno.send("/compte/deconnexion")
    assert bruno.answer.headers["Location"] == SIGN_IN
    assert bruno.get("/compte").status_code == 303
    # The cookie as somebody copied it before is dead.
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
    """Same bytes but for the token, the date, and the address as it was typed."""

    def told(email, password):
        visitor = sign_in(app, email, password)
        answer = visitor.answer
        body = answer.get_data(as_text=True).replace(email, "EMAIL")
        body = re.sub(r'name="csrf_token" value="[^"]*"', "", body)
        kept = [pair for pair in answer.headers if pair[0] not in ("Date", "Content-Length")]
        return answer.status_code, kept, body

    expected = told("personne@register.test", "quelque-chose-de-faux")
    assert expected[0] == 422
    assert "ne sont pas les bons" in expected[2]
    assert told(f"{name}@register.test", password) == expected


def test_neither_password_nor_code_is_shown_again(app, cast):
    bruno = sign_in(app, cast.email("bruno"), "mot-de-passe-faux", "123987")
    body = bruno.answer.get_data(as_text=True)
    assert "mot-de-passe-faux" not in body
    assert "123987" not in body
    assert dict(bruno.form(SIGN_IN).fields)["adresse"] == cast.email("bruno")


def test_missing_fields_are_reported_before_any_attempt(app, cast):
    empty = sign_in(app, "", "")
    assert empty.answer.status_code == 422
    assert 'href="#adresse"' in empty.answer.get_data(as_text=True)
    assert 'href="#mot_de_passe"' in empty.answer.get_data(as_text=True)


def test_fields_are_named_to_password_managers(app):
    body = FormClient(app).get(SIGN_IN).get_data(as_text=True)
    for told in (
        'autocomplete="username"',
        'autocomplete="current-password"',
        'autocomplete="one-time-code"',
        'inputmode="numeric"',
    ):
        assert told in body


def test_sign_in_leads_to_the_requested_page(app, cast):
    bruno = FormClient(app)
    bruno.get("/compte/mot-de-passe?x=1")
    assert bruno.answer.headers["Location"] == f"{SIGN_IN}?suite=/compte/mot-de-passe%3Fx%3D1"
    sign_in(app, cast.email("bruno"), visitor=bruno, address=bruno.answer.headers["Location"])
    assert bruno.answer.headers["Location"] == "/compte/mot-de-passe?x=1"
    bruno.get(f"{SIGN_IN}?suite=/compte")
    assert bruno.answer.headers["Location"] == "/compte", "who is in is not asked again"


@pytest.mark.parametrize(
    "elsewhere",
    [
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
    ],
)
def test_sign_in_leads_to_no_other_site(app, cast, elsewhere):
    bruno = FormClient(app)
    bruno.get(SIGN_IN)
    bruno.send(SIGN_IN, adresse=cast.email("bruno"), mot_de_passe=PASSWORD, suite=elsewhere)
    assert bruno.answer.headers["Location"] == "/moderation"


def test_the_browser_cookie_is_sent_to_account_pages_only(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    cookies = [text for text in bruno.answer.headers.getlist("Set-Cookie") if "connu=" in text]
    for told in cookies:
        assert "HttpOnly" in told
        assert "SameSite=Lax" in told
        assert "Max-Age=31536000" in told
    # A cookie goes to the addresses below its path, and the English ones are elsewhere.
    for told, path in zip(cookies, ("/compte", "/en/compte"), strict=True):
        assert f"; Path={path}" in told
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


def test_a_cookie_set_before_sign_in_is_worth_nothing_after(app, cast):
    victim = FormClient(app)
    victim.get(SIGN_IN)
    planted = victim.cookie("registre")
    sign_in(app, cast.email("bruno"), visitor=victim)
    assert victim.cookie("registre") != planted
    thief = FormClient(app)
    thief.client.set_cookie("registre", planted)
    assert thief.get("/compte").status_code == 303


def test_signing_in_again_ends_the_session_before(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    copied = bruno.cookie("registre")
    bruno.get("/compte")
    # Straight to the form, as an old tab would send it.
    token = dict(bruno.form("/compte/deconnexion").fields)["csrf_token"]
    bruno.post(
        SIGN_IN, {"csrf_token": token, "adresse": cast.email("chloe"), "mot_de_passe": PASSWORD}
    )
    assert bruno.answer.status_code == 303
    thief = FormClient(app)
    thief.client.set_cookie("registre", copied)
    assert thief.get("/compte").status_code == 303


def test_a_form_without_our_cookie_is_asked_for_again(app, cast):
    bruno = FormClient(app)
    bruno.get(SIGN_IN)
    bruno.client.delete_cookie("registre")
    bruno.send(SIGN_IN, adresse=cast.email("bruno"), mot_de_passe=PASSWORD)
    assert bruno.answer.status_code == 403
    assert "acceptez les cookies" in bruno.text
    bruno.send(SIGN_IN, mot_de_passe=PASSWORD)
    assert bruno.answer.status_code == 303, "the address was kept, the new token holds"


def test_a_form_that_another_site_sends_is_refused(app, cast):
    bruno = FormClient(app)
    bruno.get(SIGN_IN)
    told = dict(bruno.form(SIGN_IN).fields)
    told |= {"adresse": cast.email("bruno"), "mot_de_passe": PASSWORD}
    for headers in (
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
    ):
        assert bruno.post(SIGN_IN, told, headers=headers).status_code == 403
    assert bruno.post(SIGN_IN, told, headers={"Origin": "http://localhost"}).status_code == 303


def test_pages_of_members_are_never_stored(app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    pages = [
        FormClient(app).get(SIGN_IN),
        bruno.get("/compte"),
        bruno.get("/compte/rien"),
        bruno.answer,
    ]
    for answer in pages:
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers
    # A public page that a member reads is one of many, but is made for them alone.
    read = bruno.get("/incidents")
    assert "ETag" not in read.headers
    assert "bruno" not in bruno.text.lower()


def test_no_address_and_no_agent_is_written_down(app, cast, capsys):
    agent = "Agent-Secret/1.0"
    visitor = FormClient(app)
    told = {"environ_overrides": {"REMOTE_ADDR": "203.0.113.77"}, "headers": {"User-Agent": agent}}
    visitor.get(SIGN_IN, **told)
    fields = dict(visitor.form(SIGN_IN).fields)
    fields |= {"adresse": cast.email("bruno"), "mot_de_passe": PASSWORD}
    assert visitor.post(SIGN_IN, fields, **told).status_code == 303
    visitor.get("/compte", **told)
    out, err = capsys.readouterr()
    found = out + err
    with db.engine.connect() as connection:
        for table in ("sign_in_session", "sign_in_tries", "member"):
            found += repr(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
    assert "203.0.113.77" not in found
    assert agent not in found


def test_cookies_are_the_sites_own_and_secure_where_readers_come_by_https(settings, cast):
    site = "https://registre.test"
    app = create_app(replace(settings, base_url=site))
    bruno = FormClient(app)
    bruno.get(SIGN_IN, base_url=site)
    told = dict(bruno.form(SIGN_IN).fields)
    told |= {"adresse": cast.email("bruno"), "mot_de_passe": PASSWORD}
    # No Referer: some browsers send none, and Origin says as much.
    answer = bruno.post(SIGN_IN, told, base_url=site, headers={"Origin": site})
    assert answer.status_code == 303
    cookies = answer.headers.getlist("Set-Cookie")
    names = ["__Secure-connu", "__Secure-connu", "__Host-registre"]
    assert [text.split("=")[0] for text in cookies] == names
    for text in cookies:
        assert "; Secure" in text
        assert "; HttpOnly" in text
        assert "; SameSite=Lax" in text
        assert "Domain" not in text
    assert "Path=/compte" in cookies[0]
    assert "; Path=/;" in cookies[2]
    assert bruno.get("/compte", base_url=site).status_code == 200
    with app.app_context():
        db.engine.dispose()
