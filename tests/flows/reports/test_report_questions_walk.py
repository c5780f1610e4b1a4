"""Questions by type on a telephone, with and without JavaScript."""

from __future__ import annotations

from collections import Counter

import pytest
from desk_steps import expect_heading
from input_devices import Pointer
from page_checks import AtDesk
from playwright.sync_api import Page, expect
from reporter_steps import Reporter, expect_receipt
from viewports import mainly

from register.reports import questions

pytestmark = pytest.mark.browser

WIDTH = 390
TEXT = "Le maire m’attaque en diffamation pour une chronique."
TEN_DAYS = "Vous avez dix jours"


def begin(page: Page) -> Reporter:
    amina = Reporter(Pointer(page))
    page.goto("/signaler")
    amina.user.write("Ce qui s’est passé", TEXT)
    return amina


def tick(page: Page, type_code: str) -> None:
    """Tick a type, in its unfolded family."""
    box = page.locator(f"[name=types][value={type_code}]")
    family = page.locator("details", has=box)
    if family.count() and not family.evaluate("(details) => details.open"):
        family.locator("summary").click()
    box.check()


def expect_no_overflow(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= WIDTH


def shown_questions(page: Page) -> list[str]:
    """The keys of the questions in front of the reporter."""
    return [
        str(node.get_attribute("id")).removeprefix("question-")
        for node in page.locator(".question").all()
        if node.is_visible()
    ]


@pytest.mark.parametrize("scripts", mainly(True, False), ids=["scripts", "no-scripts"])
def test_somebody_who_is_sued_reads_the_ten_days_and_answers(
    open_page: AtDesk, scripts: bool
) -> None:
    page = open_page(WIDTH, scripts=scripts)
    amina = begin(page)
    expect(page.get_by_text(TEN_DAYS)).to_be_hidden()
    assert shown_questions(page) == []
    tick(page, "plainte_diffamation")
    asked = [one.key for one in questions.questions_for({"plainte_diffamation"})]
    if scripts:
        notice = page.get_by_text(TEN_DAYS)
        expect(notice).to_be_visible()
        # Under the box, before the next one.
        box = page.locator("[name=types][value=plainte_diffamation]").bounding_box()
        after = page.locator("[name=types][value=plainte_injure]").bounding_box()
        assert box["y"] < notice.bounding_box()["y"] < after["y"]
        expect(page.locator("#question-citation_le")).to_be_visible()
        assert sorted(shown_questions(page)) == sorted(asked)
    else:
        amina.user.press("Relire avant d’envoyer")
        expect_heading(page, "Relire avant d’envoyer")
        expect(page.get_by_text(TEN_DAYS)).to_be_visible()
        assert sorted(shown_questions(page)) == sorted(asked)
    expect_no_overflow(page)
    user = amina.user
    user.choose("Où en est-on ?", "Citation devant un tribunal pénal")
    user.write("Quel jour la citation ou l’assignation a-t-elle été remise ?", "hier")
    user.write("Devant quel tribunal ?", "tribunal judiciaire de Bobigny")
    user.write("Quelle somme est demandée ?", "10 000 €")
    user.write("Quel texte, quelle image est en cause ?", "ma chronique")
    user.press("Relire avant d’envoyer" if scripts else "Relire avec ces réponses")
    expect_heading(page, "Relire avant d’envoyer")
    answers = page.locator("dl.answers")
    for words in (
        "Citation devant un tribunal pénal",
        "tribunal judiciaire de Bobigny",
        "10 000 €",
    ):
        expect(answers).to_contain_text(words)
    expect(page.get_by_text("au plus tard le")).to_be_visible()
    # Answered or passed over, they are folded away; the button to send is near.
    assert shown_questions(page) == []
    expect_no_overflow(page)
    user.press("Envoyer")
    expect_receipt(amina)
    expect(page.locator("dl.answers")).to_contain_text("Bobigny")
    user.press("J’ai noté mon code : ouvrir le suivi")
    user.unfold("Le relire")
    expect(page.get_by_text("Devant quel tribunal ?")).to_be_visible()


@pytest.mark.parametrize("scripts", mainly(False, True), ids=["no-scripts", "scripts"])
def test_a_report_goes_without_an_answer(open_page: AtDesk, scripts: bool) -> None:
    page = open_page(WIDTH, scripts=scripts)
    amina = begin(page)
    tick(page, "interdiction_filmer")
    amina.user.press("Relire avant d’envoyer")
    amina.user.press("Envoyer")
    expect_receipt(amina)
    expect(page.get_by_text("Vos réponses")).to_have_count(0)


def test_an_answer_written_beside_the_button_to_send_is_sent(open_page: AtDesk) -> None:
    page = open_page(WIDTH, scripts=False)
    amina = begin(page)
    tick(page, "interdiction_filmer")
    amina.user.press("Relire avant d’envoyer")
    amina.user.write("Quelle raison a été donnée ?", "la peur du bruit")
    page.locator("[name=q_seance_vote][value=non]").check()
    amina.user.press("Envoyer")
    expect_receipt(amina)
    expect(page.locator("dl.answers")).to_contain_text("la peur du bruit")


def test_questions_follow_the_boxes_and_keep_what_was_written(open_page: AtDesk) -> None:
    page = open_page(WIDTH, scripts=True)
    amina = begin(page)
    tick(page, "menace_violence")
    expect(page.get_by_text("En danger maintenant ? Appelez le 17 ou le 112")).to_be_visible()
    page.locator("[name=q_danger_maintenant][value=oui]").check()
    tick(page, "interdiction_filmer")
    page.locator("#q_seance_motif").fill("la peur")
    page.locator("[name=types][value=interdiction_filmer]").uncheck()
    assert "seance_motif" not in shown_questions(page)
    assert "danger_maintenant" in shown_questions(page)
    tick(page, "interdiction_filmer")
    expect(page.locator("#q_seance_motif")).to_have_value("la peur")
    # Twice through the page that is checked, the answers are there, once each.
    for _turn in range(2):
        amina.user.press("Relire avant d’envoyer")
        expect(page.locator("dl.answers")).to_contain_text("la peur")
        amina.user.press("Modifier")
        expect_heading(page, "Signaler un incident")
        expect(page.locator("#q_seance_motif")).to_have_value("la peur")
        expect(page.locator("[name=q_danger_maintenant][value=oui]")).to_be_checked()
    # Another type then brings its own questions beside them.
    tick(page, "refus_document")
    expect(page.locator("#question-document_objet")).to_be_visible()
    expect(page.locator("#q_seance_motif")).to_have_value("la peur")
    keys = shown_questions(page)
    assert len(keys) == len(set(keys))
    ids = page.eval_on_selector_all("[id]", "(all) => all.map((one) => one.id)")
    assert [one for one, count in Counter(ids).items() if count > 1] == []


def test_a_calendar_stands_once_beside_each_day_that_is_past(open_page: AtDesk) -> None:
    page = open_page(WIDTH, scripts=True)
    begin(page)
    for type_code in ("plainte_diffamation", "refus_document"):
        tick(page, type_code)
    expect(page.locator("#question-document_objet")).to_be_visible()
    day = page.locator("#question-citation_le")
    expect(day.get_by_role("button", name="Hier")).to_have_count(1)
    day.get_by_role("button", name="Hier").click()
    expect(page.locator("#q_citation_le")).to_have_value("Hier")
    expect(page.locator("#question-audience_le button")).to_have_count(0)
    # That of the facts is not made a second time.
    expect(page.locator("#quand ~ .days")).to_have_count(1)


def test_without_the_network_the_next_page_asks(open_page: AtDesk) -> None:
    page = open_page(WIDTH, scripts=True)
    amina = begin(page)
    page.route("**/signaler/questions", lambda route: route.abort())
    tick(page, "plainte_diffamation")
    expect(page.get_by_text(TEN_DAYS)).to_be_visible()
    page.wait_for_timeout(200)
    assert shown_questions(page) == []
    amina.user.press("Relire avant d’envoyer")
    expect_heading(page, "Relire avant d’envoyer")
    assert "citation_le" in shown_questions(page)


def test_english_questions_come_with_the_english_form(open_page: AtDesk) -> None:
    page = open_page(WIDTH, scripts=True)
    page.goto("/en/signaler")
    tick(page, "refus_document")
    expect(page.get_by_label("Which document, which information?")).to_be_visible()
    expect_no_overflow(page)
