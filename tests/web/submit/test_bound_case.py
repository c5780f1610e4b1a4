"""Known cases on the review page, and reports that add to a public case."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from cast import Desk
from flask import Flask
from form_client import FormClient, MemberClient
from test_report_form import (
    ACCOUNT,
    FORM_PATH,
    page_html,
    page_text,
    review_form,
    shown_code,
    stored_content,
)

from register.config import Settings
from register.db import now
from register.key_store import KeyStore
from register.text.dates import paris_day

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

TITLE = "Interdiction de filmer le conseil municipal de Gagny"
QUESTION = "Est-ce l’un de ceux-ci"


@pytest.fixture
def amina(app: Flask) -> FormClient:
    visitor = FormClient(app)
    visitor.get(FORM_PATH)
    return visitor


def begin_at_case(visitor: FormClient, number: object, missing: str = "suite") -> None:
    """Press a button of the page of a case."""
    response = visitor.post(
        FORM_PATH,
        {"etape": "commencer", "cas": str(number), "manque": missing, "lieu": "commune:93032"},
    )
    assert response.status_code == 200


def test_a_known_case_is_offered_and_the_report_is_added_to_it(
    settings: Settings, store: KeyStore, amina: FormClient, desk: Desk
) -> None:
    number = desk.published().number
    assert review_form(amina, lieu="Gagny", quand="17 mars 2008") == 200
    assert QUESTION in page_text(amina)
    assert TITLE in page_text(amina)
    assert f'name="cas" value="{number}"' in page_html(amina)
    amina.send(FORM_PATH, cas=str(number))
    assert QUESTION not in page_text(amina)
    assert "À propos du cas nº 1" in page_text(amina)
    amina.send(FORM_PATH, etape="envoyer")
    content = stored_content(settings, store, shown_code(amina))
    assert (content.case, content.missing, content.version) == (number, "", 2)
    assert "À ajouter au cas nº 1" in page_text(amina)


def test_another_matter_is_asked_about_once(
    settings: Settings, store: KeyStore, amina: FormClient, desk: Desk
) -> None:
    desk.published()
    assert review_form(amina, lieu="Gagny", quand="17 mars 2008") == 200
    amina.send(FORM_PATH, autre="oui")
    assert QUESTION not in page_text(amina)
    # Not after a correction of the form either.
    amina.send(FORM_PATH, etape="modifier")
    assert review_form(amina) == 200
    assert QUESTION not in page_text(amina)
    amina.send(FORM_PATH, etape="envoyer")
    content = stored_content(settings, store, shown_code(amina))
    assert (content.case, content.version) == (0, 1)


def test_a_report_can_be_sent_without_an_answer_to_the_question(
    settings: Settings, store: KeyStore, amina: FormClient, desk: Desk
) -> None:
    desk.published()
    assert review_form(amina, lieu="Gagny", quand="17 mars 2008") == 200
    amina.send(FORM_PATH, etape="envoyer")
    assert stored_content(settings, store, shown_code(amina)).case == 0


def test_no_case_that_is_not_public_is_offered_or_named(amina: FormClient, desk: Desk) -> None:
    desk.draft()
    withdrawn, erased = desk.withdrawn(), desk.erased()
    assert review_form(amina, lieu="Gagny", quand="17 mars 2008") == 200
    assert QUESTION not in page_text(amina)
    for number in (withdrawn.number, erased.number, 999):
        begin_at_case(amina, number)
        assert "n’est pas public en ce moment" in page_text(amina)
        assert TITLE not in page_text(amina)


def test_a_case_page_opens_the_form_bound_to_what_it_lacks(
    app: Flask, settings: Settings, store: KeyStore, amina: FormClient, desk: Desk
) -> None:
    number = desk.published().number
    amina.get(f"/incidents/{number}")
    form = amina.form(FORM_PATH)
    assert dict(form.fields) == {"etape": "commencer", "cas": str(number), "lieu": "commune:93032"}
    begin_at_case(amina, number)
    assert f"À propos du cas nº {number} {TITLE}" in page_text(amina)
    assert "Ce qui lui manque : ce qui s’est passé ensuite." in page_text(amina)
    assert review_form(amina) == 200
    assert QUESTION not in page_text(amina)
    assert "À ajouter au cas nº 1 : ce qui s’est passé ensuite" in page_text(amina)
    amina.send(FORM_PATH, etape="envoyer")
    content = stored_content(settings, store, shown_code(amina))
    assert (content.case, content.missing) == (number, "suite")


@pytest.mark.parametrize("place", ["form", "review"])
def test_the_bond_can_be_ended_on_the_form_and_on_the_review(
    settings: Settings, store: KeyStore, amina: FormClient, desk: Desk, place: str
) -> None:
    number = desk.published().number
    begin_at_case(amina, number)
    # A ticked box of the form: no button there comes before the one that Enter should press.
    assert amina.form(FORM_PATH).buttons[0] == ("etape", "verifier")
    if place == "form":
        assert review_form(amina, cas="") == 200
    else:
        assert review_form(amina) == 200
        assert "À propos du cas" in page_text(amina)
        amina.send(FORM_PATH, etape="separer")
    assert "À propos du cas" not in page_text(amina)
    assert "Rien n’est parti" in page_text(amina)
    assert ACCOUNT in page_text(amina)
    amina.send(FORM_PATH, etape="envoyer")
    content = stored_content(settings, store, shown_code(amina))
    assert (content.case, content.missing) == (0, "")


@pytest.mark.parametrize(
    ("number", "missing"),
    [("x", "suite"), ("-1", "suite"), ("٥", ""), ("9" * 30, "suite"), ("", "date"), ("0", "")],
)
def test_what_is_no_number_of_a_case_binds_nothing(
    settings: Settings, store: KeyStore, amina: FormClient, number: str, missing: str
) -> None:
    begin_at_case(amina, number, missing)
    assert review_form(amina) == 200
    amina.send(FORM_PATH, etape="envoyer")
    content = stored_content(settings, store, shown_code(amina))
    assert (content.case, content.missing) == (0, "")


def test_an_unknown_part_is_left_out(
    settings: Settings, store: KeyStore, amina: FormClient, desk: Desk
) -> None:
    number = desk.published().number
    begin_at_case(amina, number, "<script>")
    assert review_form(amina) == 200
    amina.send(FORM_PATH, etape="envoyer")
    content = stored_content(settings, store, shown_code(amina))
    assert (content.case, content.missing) == (number, "")


def test_the_desk_sees_the_case_and_a_way_to_attach_to_it(
    amina: FormClient, desk: Desk, signed: Callable[[str], MemberClient]
) -> None:
    number = desk.published().number
    begin_at_case(amina, number)
    assert review_form(amina) == 200
    amina.send(FORM_PATH, etape="envoyer")
    bruno = signed("bruno")
    listed = re.search(
        r'href="(/moderation/signalements/[0-9a-f]{32})"',
        bruno.get("/moderation/signalements").get_data(as_text=True),
    )
    assert listed
    html = bruno.get(listed[1]).get_data(as_text=True).replace("\u00a0", " ")
    assert "nº 1 : ce qui s’est passé ensuite" in html
    assert f'href="{listed[1]}/rattacher?numero={number}"' in html
    assert TITLE in bruno.get(f"{listed[1]}/rattacher?numero={number}").get_data(as_text=True)


def test_a_form_without_referrer_is_of_this_site(app: Flask, desk: Desk) -> None:
    fields = {"etape": "commencer", "cas": str(desk.published().number)}
    for headers, status in (
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "null"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://autre.test"}, 403),
    ):
        response = app.test_client().post(FORM_PATH, data=fields, headers=headers)
        assert response.status_code == status, headers


# --- what the account says ----------------------------------------------------------------------

STORY = "Hier soir, à la mairie de Gagny, le maire a fait éteindre ma caméra."
OFFER = "Votre récit le dit peut-être déjà"


def test_place_and_day_of_the_account_are_offered_and_taken_by_a_button_each(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert review_form(amina, recit=STORY) == 200
    assert OFFER in page_text(amina)
    assert "Gagny (Seine-Saint-Denis)" in page_text(amina)
    assert "« Hier soir »" in page_text(amina)
    amina.send(FORM_PATH, lieu_propose="commune:93032")
    assert "Compris : Gagny (Seine-Saint-Denis), commune" in page_text(amina)
    assert 'name="lieu_propose"' not in page_html(amina)
    amina.send(FORM_PATH, quand_propose="Hier soir")
    assert OFFER not in page_text(amina)
    amina.send(FORM_PATH, etape="envoyer")
    content = stored_content(settings, store, shown_code(amina))
    assert content.place_code == "commune:93032"
    yesterday = paris_day(now()) - timedelta(days=1)
    assert (content.when, content.date) == ("Hier soir", yesterday.isoformat())
    assert content.account == STORY


def test_what_was_only_offered_is_not_sent(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert review_form(amina, recit=STORY) == 200
    amina.send(FORM_PATH, etape="envoyer")
    content = stored_content(settings, store, shown_code(amina))
    assert (content.place, content.place_code, content.when, content.date) == ("", "", "", "")


def test_an_answer_is_never_replaced_by_an_offer(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert review_form(amina, recit=STORY, lieu="Puteaux", quand="mars 2024") == 200
    assert OFFER not in page_text(amina)
    amina.send(FORM_PATH, lieu_propose="commune:93032", quand_propose="hier")
    amina.send(FORM_PATH, etape="envoyer")
    content = stored_content(settings, store, shown_code(amina))
    assert (content.place, content.date) == ("Puteaux", "2024-03")


def test_an_offered_place_that_does_not_exist_fills_in_nothing(
    settings: Settings, store: KeyStore, amina: FormClient
) -> None:
    assert review_form(amina) == 200
    for value in ("commune:00000", "x", "commune:93032'", ""):
        amina.send(FORM_PATH, lieu_propose=value)
        assert "Compris" not in page_text(amina)
