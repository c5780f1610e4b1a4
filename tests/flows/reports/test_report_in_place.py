"""Where JavaScript runs, the steps of a report are sent and shown within one page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from desk_steps import expect_heading
from input_devices import Pointer
from page_checks import AtDesk
from playwright.sync_api import Page, Route, expect
from report_factory import count_rows
from reporter_steps import ReportAnswers, Reporter, expect_receipt, fill, follow, write
from served_register import ServedRegister

from register.reports.models import Report

pytestmark = pytest.mark.browser

TEXT = "Ils ont coupé le micro et fait sortir la salle."


def to_the_check_page(page: Page) -> Reporter:
    amina = Reporter(Pointer(page))
    page.goto("/signaler")
    fill(amina.user, ReportAnswers(TEXT, place="Gagny", when="hier soir"))
    amina.user.press("Relire avant d’envoyer")
    expect_heading(page, "Relire avant d’envoyer")
    return amina


def test_going_back_finds_what_was_typed_until_it_is_sent(
    served_register: ServedRegister, open_page: AtDesk
) -> None:
    page = open_page(390, scripts=True)
    amina = to_the_check_page(page)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.go_back()
    expect_heading(page, "Signaler un incident")
    account = page.get_by_label("Ce qui s’est passé")
    expect(account).to_have_value(TEXT)
    expect(page.get_by_label("Où", exact=True)).to_have_value("Gagny")
    account.fill(f"{TEXT} Puis rien.")
    amina.user.press("Relire avant d’envoyer")
    expect(page.locator("dl.answers")).to_contain_text("Puis rien.")
    amina.user.press("Envoyer")
    expect_receipt(amina)
    # Gone back to, it is still the receipt, and no form that looks unsent.
    page.go_back()
    expect_receipt(amina)
    assert page.url == f"{served_register.base}/suivi"
    # Loaded again, it asks for the code.
    page.reload()
    expect_heading(page, "Suivre un signalement")
    assert count_rows(served_register.settings, Report) == 1
    follow(amina, "Reçu")
    write(amina, "Un mot de plus.", "Votre ajout est enregistré.")
    amina.user.press("Quitter et effacer")
    expect_heading(page, "Vous avez quitté le suivi")
    assert page.title() == "Suivre un signalement – Web Citoyen"


def test_without_a_network_the_text_stays_in_the_page(
    served_register: ServedRegister, open_page: AtDesk
) -> None:
    page = open_page(390, scripts=True)
    amina = to_the_check_page(page)
    page.route("**/signaler", lambda route: route.abort())
    amina.user.press("Envoyer")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Rien n’est confirmé")
    expect(alert).to_be_focused()
    expect(page.locator("dl.answers")).to_contain_text(TEXT)
    page.unroute("**/signaler")
    amina.user.press("Envoyer")
    expect_receipt(amina)
    assert count_rows(served_register.settings, Report) == 1


def test_words_typed_while_a_form_is_under_way_are_in_the_refused_one(open_page: AtDesk) -> None:
    page = open_page(390, scripts=True)
    page.goto("/signaler")
    held_routes: list[Route] = []
    page.route("**/signaler", lambda route: held_routes.append(route))
    Pointer(page).press("Relire avant d’envoyer")
    while not held_routes:
        page.wait_for_timeout(20)
    account = page.get_by_label("Ce qui s’est passé")
    account.fill(TEXT)
    held_routes.pop().continue_()
    expect(page.locator("#erreurs")).to_be_focused()
    expect(account).to_have_value(TEXT)


def test_a_place_typed_before_its_script_has_come_goes_on_in_the_same_field(
    open_page: AtDesk,
) -> None:
    page = open_page(390, scripts=True)
    held_routes: list[Route] = []
    page.route("**/combobox*.js", lambda route: held_routes.append(route))
    page.goto("/signaler", wait_until="commit")
    page.get_by_label("Où", exact=True).focus()
    page.keyboard.type("Gag")
    while not held_routes:
        page.wait_for_timeout(20)
    held_routes.pop().continue_()
    place_field = page.get_by_role("combobox", name="Où", exact=True)
    expect(place_field).to_be_focused()
    page.keyboard.type("ny")
    expect(place_field).to_have_value("Gagny")


def test_a_fault_is_led_to_and_scripts_work_on_the_page_that_comes(
    served_register: ServedRegister, open_page: AtDesk
) -> None:
    page = open_page(390, scripts=True)
    page.goto("/communes/92062")
    page.get_by_role("button", name="Signaler un incident").click()
    expect_heading(page, "Signaler un incident")
    assert page.url == f"{served_register.base}/signaler"
    place_field = page.get_by_label("Où", exact=True)
    expect(place_field).to_have_value(re.compile("Puteaux"))
    Pointer(page).press("Relire avant d’envoyer")
    expect(page.locator("#erreurs")).to_be_focused()
    # A link to a part of the page is no step back.
    page.locator("#erreurs a").click()
    expect(page.get_by_label("Ce qui s’est passé")).to_be_focused()
    place_field.fill("")
    place_field.press_sequentially("rostre")
    page.get_by_role("option", name="Rostrenen").click()
    expect(place_field).to_have_value(re.compile("Rostrenen"))
    page.get_by_role("button", name="Hier").click()
    for _entry in range(2):
        page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Puteaux")
    assert page.url == f"{served_register.base}/communes/92062"


def test_the_steps_and_the_file_of_a_receipt_work_in_english(
    served_register: ServedRegister, open_page: AtDesk, tmp_path: Path
) -> None:
    page = open_page(1280, scripts=True)
    page.goto("/en/signaler")
    page.get_by_label("What happened").fill(TEXT)
    page.get_by_role("button", name="Check before sending").click()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("p.code")).to_be_visible()
    assert page.url == f"{served_register.base}/en/suivi"
    page.locator("#garder summary").click()
    for name in ("recu.html", "recu.json"):
        with page.expect_download() as download:
            page.get_by_role("button", name=name).click()
        assert download.value.suggested_filename == name
        download.value.save_as(tmp_path / name)
        assert TEXT in (tmp_path / name).read_text("utf-8")
