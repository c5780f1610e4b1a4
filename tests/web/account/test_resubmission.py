"""Forms survive an ended session, a token of another session and a request for the password."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from form_client import PASSWORD, SIGN_IN, FormClient, sign_in
from ledger_lines import lines_since
from werkzeug.test import encode_multipart

from register.db import db
from register.journal import Ledger

pytestmark = pytest.mark.one_database

INVITE = "/moderation/membres/invitations"
EDIT = "/moderation/dossiers/12/modifier"
TEXT = 'Le maire a dit :\r\n\r\n« Rien <b>à filmer</b> "ici" & là ».\r\n\tFin.'


def desk_acts():
    """The numbers of the lines of the desk ledger, except signing in and out."""
    db.session.rollback()
    lines = lines_since(db.session(), 0, Ledger.DESK)
    return [line.seq for line in lines if line.act not in ("signed_in", "sessions_ended")]


def session_token(visitor):
    visitor.get("/compte")
    return dict(visitor.form("/compte/deconnexion").fields)["csrf_token"]


def post_multipart(visitor, address, fields):
    """Send a multipart form; werkzeug would not quote the field names."""
    boundary, body = encode_multipart(fields)
    content_type = f"multipart/form-data; boundary={boundary}"
    return visitor.post(address, body, content_type=content_type)


@pytest.fixture
def bruno_with_token(app, cast):
    """Bruno, signed in, and the CSRF token of his session."""
    bruno = sign_in(app, cast.email("bruno"))
    return bruno, session_token(bruno)


def test_a_form_survives_the_end_of_a_session(app, cast, close_sessions):
    ada = sign_in(app, cast.email("ada"))
    ada.get("/moderation/membres")
    acts_before = desk_acts()
    close_sessions(cast.ada)
    ada.send(INVITE, adresse="eve@register.test", role="moderator")
    assert ada.answer.status_code == 403
    assert "votre séance avait pris fin" in ada.text.lower()
    fields = ada.form(SIGN_IN).fields
    assert ("repris", INVITE) in fields
    assert ("repris.adresse", "eve@register.test") in fields
    assert len([name for name, _value in fields if "csrf" in name]) == 1
    # The form is kept after a wrong password.
    ada.send(SIGN_IN, adresse=cast.email("ada"), mot_de_passe="quelque-chose-de-faux")
    assert ada.answer.status_code == 422
    ada.send(SIGN_IN, adresse=cast.email("ada"), mot_de_passe=PASSWORD)
    assert ada.answer.status_code == 200
    assert "Votre saisie est là" in ada.text
    assert desk_acts() == acts_before, "signing in sends nothing by itself"
    ada.send(INVITE)
    assert ada.answer.status_code == 200
    assert "eve@register.test" in ada.text
    assert desk_acts() != acts_before


def test_every_field_is_carried_unchanged(app, cast, bruno_with_token, close_sessions):
    bruno, token = bruno_with_token
    close_sessions(cast.bruno)
    typed = {
        "recit": TEXT,
        "types": ["a", "b", ""],
        "repris": "/compte",
        "vu": "7",
        "emoji": "🕊" * 3,
        "mot_de_passe": "secret-tape-ici",
        "preuve_code": "123456",
        "csrf_token": token,
    }
    bruno.post(EDIT, typed)
    bruno.send(SIGN_IN, adresse=cast.email("bruno"), mot_de_passe=PASSWORD)
    fields = bruno.form(EDIT).fields
    returned = [pair for pair in fields if pair[0] != "csrf_token"]
    expected = [("recit", TEXT), ("types", "a"), ("types", "b"), ("types", "")]
    expected += [("repris", "/compte"), ("vu", "7"), ("emoji", "🕊" * 3)]
    assert returned == expected
    html = bruno.answer.get_data(as_text=True)
    assert "secret-tape-ici" not in html
    assert "<b>à filmer" not in html, "what was typed is text"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("recit", "🕊" * 200_000),
        ("recit", "<script>alert(1)</script>'\"</textarea>"),
        ('"><script>alert(1)</script>', "texte"),
        ("recit", "\u202egniffat\u2066 \ufeff"),
        ("repris", "//evil.test"),
        ("recit", "=HYPERLINK(1)\ttexte"),
    ],
    ids=["200,000 doves", "markup", "a name of markup", "bidi", "a name of ours", "formula"],
)
def test_hostile_and_long_fields_come_back_unchanged(
    app, cast, bruno_with_token, close_sessions, name, text
):
    bruno, token = bruno_with_token
    close_sessions(cast.bruno)
    post_form = bruno.post if '"' in name else partial(post_multipart, bruno)
    post_form(EDIT, {name: text, "csrf_token": token})
    assert bruno.answer.status_code == 403
    form = dict(bruno.form(SIGN_IN).fields)
    form |= {"adresse": cast.email("bruno"), "mot_de_passe": PASSWORD}
    post_form(SIGN_IN, form)
    assert bruno.answer.status_code == 200
    assert (name, text) in bruno.form(EDIT).fields
    assert "<script>alert" not in bruno.answer.get_data(as_text=True)


def test_a_form_of_another_session_comes_back_and_does_nothing(app, cast):
    ada = sign_in(app, cast.email("ada"))
    ada.get("/moderation/membres")
    acts_before = desk_acts()
    # The member signs in again in another tab of the same browser.
    old_fields = ada.form(INVITE).fields
    ada.send("/compte/deconnexion")
    sign_in(app, cast.email("ada"), visitor=ada)
    form = {**dict(old_fields), "adresse": "eve@register.test", "role": "moderator"}
    ada.post(INVITE, form)
    assert ada.answer.status_code == 403
    assert desk_acts() == acts_before
    assert "eve@register.test" in ada.answer.get_data(as_text=True)
    ada.send(INVITE)
    assert ada.answer.status_code == 200
    assert desk_acts() != acts_before


@pytest.mark.parametrize(
    "change",
    [
        {"csrf_token": ""},
        {"csrf_token": "nonsense"},
        {"origin": "https://evil.test"},
        {"site": "same-site"},
        {"cookie": None},
    ],
    ids=["no token", "made up", "another site", "a sister site", "no cookie and no origin"],
)
def test_a_forged_form_is_not_carried(app, cast, bruno_with_token, close_sessions, change):
    """Otherwise another site could make a member send its form."""
    bruno, token = bruno_with_token
    close_sessions(cast.bruno)
    headers = {}
    if "origin" in change:
        headers["Origin"] = change["origin"]
    if "site" in change:
        headers["Sec-Fetch-Site"] = change["site"]
    if "cookie" in change:
        bruno.client.delete_cookie("registre")
    fields = {"recit": TEXT, "csrf_token": change.get("csrf_token", token)}
    response = bruno.post(EDIT, fields, headers=headers)
    assert response.status_code in (303, 403)
    assert "filmer" not in response.get_data(as_text=True)


def test_a_form_without_a_cookie_is_carried_from_the_own_origin(app, cast, bruno_with_token):
    bruno, token = bruno_with_token
    bruno.client.delete_cookie("registre")
    origin = {"Origin": "http://localhost"}
    assert bruno.post(EDIT, {"recit": TEXT, "csrf_token": token}, headers=origin).status_code == 403
    assert ("repris.recit", TEXT) in bruno.form(SIGN_IN).fields


def test_no_form_is_carried_to_another_site(app, cast):
    stranger = FormClient(app)
    stranger.get(SIGN_IN)
    stranger.send(
        SIGN_IN,
        adresse=cast.email("bruno"),
        mot_de_passe=PASSWORD,
        **{"repris": "https://evil.test/", "repris.recit": "texte"},
    )
    assert stranger.answer.status_code == 303


def test_a_grave_act_asks_for_the_password_and_keeps_the_form(app, cast, advance_time):
    ada = sign_in(app, cast.email("ada"))
    advance_time(timedelta(minutes=11))
    ada.get("/moderation/membres")
    acts_before = desk_acts()
    ada.send(INVITE, adresse="eve@register.test", role="moderator")
    assert ada.answer.status_code == 403
    assert "Vous allez inviter quelqu’un" in ada.text
    assert "preuve_code" not in ada.form(INVITE).names, "there is no second factor yet"
    ada.send(INVITE, preuve_mot_de_passe="quelque-chose-de-faux")
    assert ada.answer.status_code == 403
    assert "n’est pas le bon" in ada.text
    assert desk_acts() == acts_before
    ada.send(INVITE, preuve_mot_de_passe=PASSWORD)
    assert ada.answer.status_code == 200
    assert "L’invitation est prête" in ada.text
    acts_after = desk_acts()
    assert acts_after != acts_before
    # The confirmation holds for ten minutes.
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse="fanny@register.test", role="moderator")
    assert ada.answer.status_code == 200
    assert desk_acts() != acts_after


def test_a_grave_act_asks_for_the_code_too(app, cast, advance_time, telephone):
    phone = telephone(app, cast.ada)
    ada = sign_in(app, cast.email("ada"), code=phone.code())
    advance_time(timedelta(minutes=11))
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse="eve@register.test", role="moderator")
    ada.send(INVITE, preuve_mot_de_passe=PASSWORD, preuve_code="")
    assert ada.answer.status_code == 403
    ada.send(INVITE, preuve_mot_de_passe=PASSWORD, preuve_code=phone.code())
    assert ada.answer.status_code == 200


def test_after_ten_wrong_passwords_reauthentication_is_refused(app, cast, advance_time):
    ada = sign_in(app, cast.email("ada"))
    advance_time(timedelta(minutes=11))
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse="eve@register.test", role="moderator")
    for _ in range(10):
        ada.send(INVITE, preuve_mot_de_passe="quelque-chose-de-faux")
    ada.send(INVITE, preuve_mot_de_passe=PASSWORD)
    assert ada.answer.status_code == 403


def test_the_view_does_not_receive_the_password(app, cast, advance_time):
    """Its form would return or store it."""
    ada = sign_in(app, cast.email("ada"))
    advance_time(timedelta(minutes=11))
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse="pas une adresse", role="moderator")
    ada.send(INVITE, preuve_mot_de_passe=PASSWORD)
    assert ada.answer.status_code == 422
    assert PASSWORD not in ada.answer.get_data(as_text=True)


@pytest.mark.parametrize(("hours", "status"), [(0.9, 200), (1.1, 303), (13, 303)])
def test_a_session_ends_by_itself(app, cast, advance_time, hours, status):
    bruno = sign_in(app, cast.email("bruno"))
    advance_time(timedelta(hours=hours))
    assert bruno.get("/compte").status_code == status
    if status == 303:
        bruno.follow()
        assert "Votre séance a pris fin" in bruno.text


def test_a_session_in_use_ends_after_twelve_hours(app, cast, advance_time):
    bruno = sign_in(app, cast.email("bruno"))
    for half_hours in range(1, 24):
        advance_time(timedelta(minutes=30 * half_hours))
        assert bruno.get("/compte").status_code == 200, half_hours
    advance_time(timedelta(hours=12, minutes=1))
    assert bruno.get("/compte").status_code == 303
