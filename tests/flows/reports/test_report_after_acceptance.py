"""An accepted report: its author is asked again beside the draft, takes it back and destroys it."""

from __future__ import annotations

import pytest
from desk_steps import expect_message
from page_checks import AtDesk
from playwright.sync_api import expect
from report_list_steps import accept, decision_section, open_report
from reporter_steps import ReportAnswers, expect_confirmation, follow, report, write
from served_register import ServedRegister
from test_report_life import VIEWPORTS, People
from viewports import Viewport, each_of

pytestmark = [pytest.mark.browser, pytest.mark.prove]

ACCOUNT = "Le cabinet du maire a appelé mon hébergeur pour faire retirer un article."
QUESTION = "Avez-vous gardé le courriel de l’hébergeur ?"
ANSWER = "Oui, il dit que la mairie menace de porter plainte."


@pytest.mark.parametrize(
    ("viewport", "served_register"), each_of(VIEWPORTS), indirect=["served_register"]
)
def test_a_question_after_acceptance_is_answered_then_the_report_is_destroyed(
    viewport: Viewport, served_register: ServedRegister, open_page: AtDesk
) -> None:
    people = People(viewport, served_register, open_page)
    amina, bruno = people.amina, people.bruno
    report(amina, ReportAnswers(account=ACCOUNT, place="Puteaux"))
    open_report(bruno, ACCOUNT)
    case = accept(bruno, "à vérifier", "Merci.", ACCOUNT)
    # One step away from the editor, where the question can be written at once.
    page = bruno.page
    origin = page.locator(".origin")
    if not origin.get_by_role("link", name="Poser une question").is_visible():
        origin.locator("summary").first.click()
    origin.get_by_role("link", name="Poser une question").click()
    # The link opens the part that is folded.
    bruno.user.write("Votre question", QUESTION)
    bruno.user.press("Poser la question")
    expect_message(page, "La question est posée.")
    expect(decision_section(bruno)).to_contain_text("question posée aujourd’hui")

    follow(amina, "Une question vous attend")
    expect(amina.page.locator("main")).to_contain_text("reste retenu")
    write(amina, ANSWER, "Votre réponse est enregistrée.")
    page.goto(f"{case}/modifier")
    for text in (ACCOUNT, QUESTION, ANSWER, "Son auteur a écrit depuis"):
        expect(origin).to_contain_text(text)

    follow(amina, "Retenu, pas encore publié")
    user = amina.user
    user.tick("Oui, je veux que mon signalement soit retiré")
    user.press("Retirer mon signalement")
    expect_confirmation(amina, "Votre signalement est retiré.")
    user.press("Détruire tout de suite")
    expect(amina.page.get_by_role("alert")).to_contain_text("cochez la case pour confirmer")
    user.tick("Oui, détruire tout de suite")
    user.press("Détruire tout de suite")
    expect_confirmation(amina, "Ce que vous aviez envoyé est détruit")
    expect(amina.page.locator("main")).not_to_contain_text(ACCOUNT)
    page.goto("/moderation/signalements?casier=retires")
    expect(page.locator("main")).to_contain_text("Signalement purgé")
    expect(page.locator("main")).not_to_contain_text(ACCOUNT)
    page.goto(case)
    expect(page.locator("main")).not_to_contain_text(ACCOUNT)
