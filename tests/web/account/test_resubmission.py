"""Nothing that was typed is lost: a session that ended, a token of another, an act to confirm."""

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
    """The acts on the desk's ledger, but for those of signing in and out."""
    db.session.rollback()
    lines = lines_since(db.session(), 0, Ledger.DESK)
    return [line.seq for line in lines if line.act not in ("signed_in", "sessions_ended")]


def token_of(visitor):
    visitor.get("/compte")
    return dict(visitor.form("/compte/deconnexion").fields)["csrf_token"]


def as_parts(visitor, address, fields):
    """Send a form as ``multipart/form-data``; werkzeug's writes no quote into a name that way."""
    boundary, body = encode_multipart(fields)
    told = f"multipart/form-data; boundary={boundary}"
    return visitor.post(address, body, content_type=told)


@pytest.fixture
def writing_bruno(app, cast):
    """Bruno, and the token of the form that he is about to send."""
    bruno = sign_in(app, cast.email("bruno"))
    return bruno, token_of(bruno)


def test_what_was_written_survives_the_end_of_a_session(app, cast, ended):
    ada = sign_in(app, cast.email("ada"))
    ada.get("/moderation/membres")
    before = desk_acts()
    ended(cast.ada)
    ada.send(INVITE, adresse="eve@register.test", role="moderator")
    assert ada.answer.status_code == 403
    assert "votre séance avait pris fin" in ada.text.lower()
    fields = ada.form(SIGN_IN).fields
    assert ("repris", INVITE) in fields
    assert ("repris.adresse", "eve@register.test") in fields
    assert len([name for name, _value in fields if "csrf" in name]) == 1
    # A wrong password first: it is still there.
    ada.send(SIGN_IN, adresse=cast.email("ada"), mot_de_passe="quelque-chose-de-faux")
    assert ada.answer.status_code == 422
    ada.send(SIGN_IN, adresse=cast.email("ada"), mot_de_passe=PASSWORD)
    assert ada.answer.status_code == 200
    assert "Votre saisie est là" in ada.text
    assert desk_acts() == before, "signing in sends nothing by itself"
    ada.send(INVITE)
    assert ada.answer.status_code == 200
    assert "eve@register.test" in ada.text
    assert desk_acts() != before


def test_every_letter_and_every_field_is_carried(app, cast, writing_bruno, ended):
    bruno, token = writing_bruno
    ended(cast.bruno)
    sent = {
        "recit": TEXT,
        "types": ["a", "b", ""],
        "repris": "/compte",
        "vu": "7",
        "emoji": "🕊" * 3,
        "mot_de_passe": "secret-tape-ici",
        "preuve_code": "123456",
        "csrf_token": token,
    }
    bruno.post(EDIT, sent)
    bruno.send(SIGN_IN, adresse=cast.email("bruno"), mot_de_passe=PASSWORD)
    fields = bruno.form(EDIT).fields
    kept = [pair for pair in fields if pair[0] != "csrf_token"]
    expected = [("recit", TEXT), ("types", "a"), ("types", "b"), ("types", "")]
    expected += [("repris", "/compte"), ("vu", "7"), ("emoji", "🕊" * 3)]
    assert kept == expected
    body = bruno.answer.get_data(as_text=True)
    assert "secret-tape-ici" not in body
    assert "<b>à filmer" not in body, "what was typed is text"


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
def test_whatever_was_written_comes_back_as_it_was(app, cast, writing_bruno, ended, name, text):
    bruno, token = writing_bruno
    ended(cast.bruno)
    send = bruno.post if '"' in name else partial(as_parts, bruno)
    send(EDIT, {name: text, "csrf_token": token})
    assert bruno.answer.status_code == 403
    told = dict(bruno.form(SIGN_IN).fields)
    told |= {"adresse": cast.email("bruno"), "mot_de_passe": PASSWORD}
    send(SIGN_IN, told)
    assert bruno.answer.status_code == 200
    assert (name, text) in bruno.form(EDIT).fields
    assert "<script>alert" not in bruno.answer.get_data(as_text=True)


def test_a_form_of_another_session_comes_back_and_does_nothing(app, cast):
    ada = sign_in(app, cast.email("ada"))
    ada.get("/moderation/membres")
    before = desk_acts()
    # The same browser, signed in again in another tab.
    old = ada.form(INVITE).fields
    ada.send("/compte/deconnexion")
    sign_in(app, cast.email("ada"), visitor=ada)
    told = {**dict(old), "adresse": "eve@register.test", "role": "moderator"}
    ada.post(INVITE, told)
    assert ada.answer.status_code == 403
    assert desk_acts() == before
    assert "eve@register.test" in ada.answer.get_data(as_text=True)
    ada.send(INVITE)
    assert ada.answer.status_code == 200
    assert desk_acts() != before


@pytest.mark.parametrize(
    "spoilt",
    [
        {"csrf_token": ""},
        {"csrf_token": "nonsense"},
        {"origin": "https://evil.test"},
        {"site": "same-site"},
        {"cookie": None},
    ],
    ids=["no token", "made up", "another site", "a sister site", "no cookie and no origin"],
)
def test_what_no_page_of_ours_asked_for_is_not_carried(app, cast, writing_bruno, ended, spoilt):
    """Else a page elsewhere could have a member send a form of its making."""
    bruno, token = writing_bruno
    ended(cast.bruno)
    headers = {}
    if "origin" in spoilt:
        headers["Origin"] = spoilt["origin"]
    if "site" in spoilt:
        headers["Sec-Fetch-Site"] = spoilt["site"]
    if "cookie" in spoilt:
        bruno.client.delete_cookie("registre")
    fields = {"recit": TEXT, "csrf_token": spoilt.get("csrf_token", token)}
    answer = bruno.post(EDIT, fields, headers=headers)
    assert answer.status_code in (303, 403)
    assert "filmer" not in answer.get_data(as_text=True)


def test_a_browser_that_lost_its_cookie_is_believed_by_its_origin(app, cast, writing_bruno):
    bruno, token = writing_bruno
    bruno.client.delete_cookie("registre")
    origin = {"Origin": "http://localhost"}
    assert bruno.post(EDIT, {"recit": TEXT, "csrf_token": token}, headers=origin).status_code == 403
    assert ("repris.recit", TEXT) in bruno.form(SIGN_IN).fields


def test_no_form_is_handed_on_to_another_place(app, cast):
    stranger = FormClient(app)
    stranger.get(SIGN_IN)
    stranger.send(
        SIGN_IN,
        adresse=cast.email("bruno"),
        mot_de_passe=PASSWORD,
        **{"repris": "https://evil.test/", "repris.recit": "texte"},
    )
    assert stranger.answer.status_code == 303


def test_a_grave_act_asks_again_and_goes_on_with_what_was_sent(app, cast, later):
    ada = sign_in(app, cast.email("ada"))
    later(timedelta(minutes=11))
    ada.get("/moderation/membres")
    before = desk_acts()
    ada.send(INVITE, adresse="eve@register.test", role="moderator")
    assert ada.answer.status_code == 403
    assert "Vous allez inviter quelqu’un" in ada.text
    assert "preuve_code" not in ada.form(INVITE).names, "there is no second factor yet"
    ada.send(INVITE, preuve_mot_de_passe="quelque-chose-de-faux")
    assert ada.answer.status_code == 403
    assert "n’est pas le bon" in ada.text
    assert desk_acts() == before
    ada.send(INVITE, preuve_mot_de_passe=PASSWORD)
    assert ada.answer.status_code == 200
    assert "L’invitation est prête" in ada.text
    after = desk_acts()
    assert after != before
    # Confirmed for ten minutes: the next act asks nothing.
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse="fanny@register.test", role="moderator")
    assert ada.answer.status_code == 200
    assert desk_acts() != after


def test_a_grave_act_asks_for_the_code_too(app, cast, later, telephone):
    phone = telephone(app, cast.ada)
    ada = sign_in(app, cast.email("ada"), code=phone.code())
    later(timedelta(minutes=11))
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse="eve@register.test", role="moderator")
    ada.send(INVITE, preuve_mot_de_passe=PASSWORD, preuve_code="")
    assert ada.answer.status_code == 403
    ada.send(INVITE, preuve_mot_de_passe=PASSWORD, preuve_code=phone.code())
    assert ada.answer.status_code == 200


def test_after_ten_wrong_passwords_reauthentication_is_refused(app, cast, later):
    ada = sign_in(app, cast.email("ada"))
    later(timedelta(minutes=11))
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse="eve@register.test", role="moderator")
    for _ in range(10):
        ada.send(INVITE, preuve_mot_de_passe="quelque-chose-de-faux")
    ada.send(INVITE, preuve_mot_de_passe=PASSWORD)
    assert ada.answer.status_code == 403


def test_the_view_never_sees_the_password(app, cast, later):
    """Its form would show it again, or keep it."""
    ada = sign_in(app, cast.email("ada"))
    later(timedelta(minutes=11))
    ada.get("/moderation/membres")
    ada.send(INVITE, adresse="pas une adresse", role="moderator")
    ada.send(INVITE, preuve_mot_de_passe=PASSWORD)
    assert ada.answer.status_code == 422
    assert PASSWORD not in ada.answer.get_data(as_text=True)


@pytest.mark.parametrize(("hours", "status"), [(0.9, 200), (1.1, 303), (13, 303)])
def test_a_session_ends_by_itself(app, cast, later, hours, status):
    bruno = sign_in(app, cast.email("bruno"))
    later(timedelta(hours=hours))
    assert bruno.get("/compte").status_code == status
    if status == 303:
        bruno.follow()
        assert "Votre séance a pris fin" in bruno.text


def test_no_session_lives_for_ever(app, cast, later):
    bruno = sign_in(app, cast.email("bruno"))
    for half in range(1, 24):
        later(timedelta(minutes=30 * half))
        assert bruno.get("/compte").status_code == 200, half
    later(timedelta(hours=12, minutes=1))
    assert bruno.get("/compte").status_code == 303
