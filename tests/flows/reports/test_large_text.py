"""Reports with letters of twice the size, and what a public case and an account offer there."""

from __future__ import annotations

import pytest
from case_contents import a_case
from cast import AT, publish_case
from databases import open_engine
from desk_steps import expect_heading
from input_devices import Pointer
from page_checks import LOW, STICKS_OUT, AtDesk
from playwright.sync_api import Page, expect
from reporter_steps import Reporter, expect_receipt
from served_register import ServedRegister
from viewports import mainly

from register.journal import writing

pytestmark = pytest.mark.browser

STORY = "Le 17 mars 2008, à la mairie de Gagny, le maire a interdit de filmer la séance du conseil."
# What a browser's setting for the size of text does.
DOUBLE = {"standard": 32, "fixed": 26}
LETTERS = "parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)"


def publish(register: ServedRegister) -> int:
    """A public case of Gagny on 17 March 2008."""
    with open_engine(register.settings.database_url) as engine, writing(engine, AT) as tx:
        case = publish_case(tx, a_case(), by=register.cast.bruno, second=register.cast.chloe)
        assert case.number
        return case.number


def enlarge(page: Page) -> None:
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": DOUBLE})


def require_room(page: Page, where: str) -> None:
    """Nothing sticks out, and what is pressed is high enough."""
    assert page.evaluate(STICKS_OUT) == [], where
    assert page.evaluate(LOW) == [], where


@pytest.mark.parametrize("width", mainly(320, 390))
def test_twice_the_size_of_text_sticks_out_nowhere(
    served_register: ServedRegister, open_page: AtDesk, width: int
) -> None:
    number = publish(served_register)
    page = open_page(width, scripts=True)
    page.goto(f"/incidents/{number}")
    before = page.evaluate(LETTERS)
    enlarge(page)
    page.reload()
    assert page.evaluate(LETTERS) == 2 * before
    require_room(page, "case")
    amina = Reporter(Pointer(page))
    page.goto("/signaler")
    require_room(page, "form")
    amina.user.press("Relire avant d’envoyer")
    # The answer replaces the form: before it, a press would be one too many.
    expect(page.locator("#erreurs")).to_be_visible()
    require_room(page, "form with faults")
    amina.user.write("Ce qui s’est passé", STORY)
    amina.user.press("Relire avant d’envoyer")
    expect_heading(page, "Relire avant d’envoyer")
    require_room(page, "check with offers")
    page.locator("[name=lieu_propose]").click()
    expect(page.locator("[name=lieu_propose]")).to_have_count(0)
    page.locator("[name=quand_propose]").click()
    expect(page.get_by_role("heading", name="Est-ce l’un de ceux-ci")).to_be_visible()
    require_room(page, "check with known cases")
    page.get_by_role("button", name="Ajouter à ce cas").click()
    expect(page.locator("#cas-vise")).to_be_visible()
    require_room(page, "check of an addition")
    amina.user.press("Modifier")
    expect_heading(page, "Signaler un incident")
    require_room(page, "form of an addition")
    amina.user.press("Relire avant d’envoyer")
    amina.user.press("Envoyer")
    expect_receipt(amina)
    require_room(page, "receipt")
    page.goto("/suivi")
    require_room(page, "code")
    amina.user.write("Votre code", "K7QF")
    amina.user.press("Ouvrir")
    expect(page.locator("#erreurs")).to_be_visible()
    require_room(page, "short code")
    amina.user.write("Votre code", amina.code)
    amina.user.press("Ouvrir")
    expect_heading(page, "Reçu")
    require_room(page, "follow-up")


def test_a_case_page_leads_to_its_report_without_a_trace_in_the_address(
    served_register: ServedRegister, open_page: AtDesk
) -> None:
    number = publish(served_register)
    for scripts in (True, False):
        page = open_page(390, scripts=scripts)
        page.goto(f"/incidents/{number}")
        with page.expect_request(lambda request: request.method == "POST") as posted:
            page.get_by_role("button", name="ce qui s’est passé ensuite").click()
        headers = posted.value.all_headers()
        assert "referer" not in headers or not scripts
        expect_heading(page, "Signaler un incident")
        assert page.url == f"{served_register.base}/signaler"
        expect(page.locator("#cas-vise")).to_contain_text("ce qui s’est passé ensuite")
        amina = Reporter(Pointer(page))
        amina.user.write("Ce qui s’est passé", "Le maire a retiré son interdiction.")
        # Enter in a line does not press a button of the case.
        page.get_by_label("Où", exact=True).press("Enter")
        expect(page.locator("#cas-vise")).to_be_visible()
        if page.get_by_role("heading", name="Relire avant d’envoyer").count() == 0:
            amina.user.press("Relire avant d’envoyer")
        expect_heading(page, "Relire avant d’envoyer")
        amina.user.press("Envoyer")
        expect_receipt(amina)
        expect(page.locator("main")).to_contain_text("ce qui s’est passé ensuite")
