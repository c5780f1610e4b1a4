"""One form sends one report, however often its button is pressed or its page loaded again."""

from __future__ import annotations

from contextlib import suppress

import pytest
from desk_steps import expect_heading
from input_devices import Keys, Pointer
from page_checks import AtDesk
from playwright.sync_api import Error, Page, expect
from raw_http import until
from report_factory import count_rows
from reporter_steps import ReportAnswers, Reporter, expect_receipt, fill, follow, stored_in_browser
from served_register import ServedRegister

from register.reports.models import Message, Report

pytestmark = pytest.mark.browser

REPORT_ANSWERS = ReportAnswers(
    "Ils ont coupé le micro et fait sortir la salle.", place="Gagny", when="hier soir"
)


def to_the_check_page(page: Page) -> Reporter:
    amina = Reporter(Pointer(page))
    page.goto("/signaler")
    fill(amina.user, REPORT_ANSWERS)
    amina.user.press("Relire avant d’envoyer")
    expect_heading(page, "Relire avant d’envoyer")
    return amina


def go_back(page: Page) -> None:
    """The button of the browser, to a page that answered a form: it is kept nowhere, and so the
    browser asks whether to load it again."""
    with suppress(Error):
        page.go_back()
    until(lambda: _loaded_again(page))


def _loaded_again(page: Page) -> bool:
    # Not before the browser's own page is there, which asks.
    with suppress(Error):
        page.reload()
        return True
    return False


def press_three_times(page: Page, words: str) -> int:
    """A double click, and one more, before the answer comes; how often the form was sent."""
    button = page.get_by_role("button", name=words, exact=True)
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    # As on the edge of a cell.
    conditions = {
        "offline": False,
        "latency": 900,
        "downloadThroughput": -1,
        "uploadThroughput": -1,
    }
    network.send("Network.emulateNetworkConditions", conditions)
    position = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.dblclick(*position)
    page.wait_for_timeout(300)
    page.mouse.click(*position)
    page.wait_for_timeout(300)
    network.send("Network.emulateNetworkConditions", {**conditions, "latency": 0})
    return sent.count("POST")


def test_a_button_that_is_pressed_again_on_a_slow_network_sends_one_report(
    served_register: ServedRegister, open_page: AtDesk
) -> None:
    for scripts in (False, True):
        page = open_page(390, scripts=scripts)
        amina = to_the_check_page(page)
        # A script sends a form once; without it the nonce of the form does as much.
        assert (press_three_times(page, "Envoyer") == 1) == scripts
        expect_receipt(amina)
        follow(amina, "Reçu")
        amina.user.write("Votre message", "Le micro a été rendu à la fin.")
        assert (press_three_times(page, "Envoyer ce message") == 1) == scripts
        expect(page.locator("#fait")).to_contain_text("Votre ajout est enregistré")
        assert stored_in_browser(page) == []
    # Two filled in the form, and each wrote once more.
    assert (
        count_rows(served_register.settings, Report),
        count_rows(served_register.settings, Message),
    ) == (2, 2)


@pytest.mark.prove
def test_without_scripts_reloading_and_going_back_lose_nothing_and_send_nothing_twice(
    served_register: ServedRegister, open_page: AtDesk
) -> None:
    page = open_page(390, scripts=False)
    amina = to_the_check_page(page)
    amina.user.press("Envoyer")
    expect_receipt(amina)
    code = amina.code
    # The browser asks whether to send the form once more; here it does.
    page.reload()
    expect_receipt(amina)
    assert amina.code == code
    go_back(page)
    expect_heading(page, "Relire avant d’envoyer")
    expect(page.locator("main")).to_contain_text("Ce formulaire est déjà parti")
    expect(page.locator("main")).not_to_contain_text("Rien n’est parti")
    amina.user.press("Envoyer")
    expect_receipt(amina)
    assert (amina.code, count_rows(served_register.settings, Report)) == (code, 1)
    amina.user.press("J’ai noté mon code : ouvrir le suivi")
    expect_heading(page, "Reçu")
    amina.user.write("Votre message", "Un mot de plus.")
    amina.user.press("Envoyer ce message")
    expect(page.locator("#fait")).to_be_visible()
    page.reload()
    expect(page.locator("#fait")).to_contain_text("Votre ajout est enregistré")
    assert count_rows(served_register.settings, Message) == 1


@pytest.mark.prove
def test_another_text_in_the_same_form_is_added_to_the_first(
    served_register: ServedRegister, open_page: AtDesk
) -> None:
    page = open_page(390, scripts=False)
    amina = to_the_check_page(page)
    amina.user.press("Envoyer")
    expect_receipt(amina)
    code = amina.code
    go_back(page)
    expect_heading(page, "Relire avant d’envoyer")
    amina.user.press("Modifier")
    expect_heading(page, "Signaler un incident")
    amina.user.write("Ce qui s’est passé", "Et la police est arrivée ensuite.")
    amina.user.press("Relire avant d’envoyer")
    amina.user.press("Envoyer")
    expect_heading(page, "Un premier envoi est déjà arrivé")
    amina.user.press("Ajouter ce texte au premier envoi")
    expect_heading(page, "Votre ajout est reçu")
    assert page.locator("p.code").inner_text().strip() == code
    follow(amina, "Reçu")
    expect(page.locator("main")).to_contain_text("Et la police est arrivée ensuite.")
    assert (
        count_rows(served_register.settings, Report),
        count_rows(served_register.settings, Message),
    ) == (1, 1)


@pytest.mark.prove
@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
def test_the_form_has_the_typed_texts_after_going_back(
    served_register: ServedRegister, open_page: AtDesk, scripts: bool
) -> None:
    page = open_page(390, scripts=scripts)
    to_the_check_page(page)
    page.go_back()
    expect_heading(page, "Signaler un incident")
    expect(page.get_by_label("Ce qui s’est passé")).to_have_value(REPORT_ANSWERS.account)
    for label, text in (("Où", REPORT_ANSWERS.place), ("Quand", REPORT_ANSWERS.when)):
        expect(page.get_by_label(label, exact=True)).to_have_value(text)
    Keys(page).press("Relire avant d’envoyer")
    expect_heading(page, "Relire avant d’envoyer")
    expect(page.locator("dl.answers")).to_contain_text("Gagny")
    assert count_rows(served_register.settings, Report) == 0


def test_enter_in_a_line_of_the_form_goes_on_to_the_next(
    served_register: ServedRegister, open_page: AtDesk
) -> None:
    page = open_page(390, scripts=True)
    page.goto("/signaler")
    page.get_by_label("Où", exact=True).fill("Gagny")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Quand", exact=True)).to_be_focused()
    expect_heading(page, "Signaler un incident")
