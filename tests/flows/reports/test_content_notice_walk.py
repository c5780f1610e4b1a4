"""A notice of illegal content, from a phone without scripts to its decision and a complaint."""

from __future__ import annotations

import re

import pytest
from cast import Desk
from databases import open_engine
from desk_steps import Member, expect_heading, expect_message
from input_devices import Pointer
from page_checks import LOW, STICKS_OUT, AtDesk
from playwright.sync_api import expect
from served_register import ServedRegister
from viewports import DESKTOP, PHONE

from register.journal import writing

pytestmark = pytest.mark.browser


def _decide(member: Member, number: int, words: str, reasons: str) -> None:
    user, page = member.user, member.page
    page.goto("/moderation")
    user.press("Courrier et signalements de contenu")
    user.press("Lire et décider")
    expect(page.locator("main")).to_contain_text(f"/incidents/{number}")
    user.tick(words)
    user.write("Fondement", "Loi du 29 juillet 1881, art. 29")
    user.write("Faits et raisons", reasons)
    user.press("Décider")


def test_a_notice_is_sent_from_a_phone_decided_and_contested(
    served_register: ServedRegister, open_page: AtDesk
) -> None:
    with open_engine(served_register.settings.database_url) as engine:
        desk = Desk(lambda: writing(engine), served_register.cast)
        number = desk.published().number
    author = Pointer(open_page(PHONE, scripts=False))
    bruno, chloe = (
        Member(Pointer(open_page(DESKTOP, scripts=True)), served_register.cast.email(name))
        for name in ("bruno", "chloe")
    )
    served_register.sign_in(bruno.page.context, "bruno")
    served_register.sign_in(chloe.page.context, "chloe")

    page = author.page
    page.goto(f"/incidents/{number}")
    page.locator(f'main a[href$="/incidents/{number}/signaler-contenu"]').first.click()
    author.press("Signaler un contenu illicite")
    author.press("Relire avant d’envoyer")
    expect(page.get_by_role("alert")).to_contain_text("points sont à reprendre")
    assert page.evaluate(STICKS_OUT) == []
    assert page.evaluate(LOW) == []
    author.tick("Diffamation")
    author.write("Pourquoi ce contenu est illicite", "Le jugement me relaxe.")
    author.write("Votre nom", "Jeanne Martin")
    author.write("Votre adresse électronique", "jeanne@exemple.test")
    author.tick("Je crois de bonne foi")
    author.press("Relire avant d’envoyer")
    expect_heading(page, "Relire avant d’envoyer")
    author.press("Envoyer le signalement")
    expect_heading(page, "Votre signalement est reçu")
    code = page.locator("p.code").inner_text()
    page.goto(f"/incidents/{number}")
    title = page.locator("h1").inner_text()

    _decide(bruno, number, "Le cas est retiré", "Il dit autre chose.")
    expect(bruno.page.get_by_role("alert")).to_contain_text("le public lit encore le cas")
    _decide(bruno, number, "Rien n’est changé", "Le cas donne ce jugement.")
    expect_message(bruno.page, "C’est décidé")

    page.goto("/suivi")
    author.write("Votre code", code)
    author.press("Ouvrir")
    expect_heading(page, "Votre signalement est décidé")
    expect(page.locator("main")).to_contain_text("Le cas donne ce jugement.")
    author.write("Votre réclamation", "Il est en appel.")
    author.press("Envoyer la réclamation")
    expect_heading(page, "Votre réclamation est reçue")
    assert page.evaluate(STICKS_OUT) == []

    _decide(bruno, number, "Rien n’est changé", "De même.")
    expect(bruno.page.get_by_role("alert")).to_contain_text("un autre membre")
    _decide(chloe, number, "Rien n’est changé", "L’appel n’est pas jugé.")
    expect_message(chloe.page, "C’est décidé")
    author.press("Actualiser cette page")
    expect(page.locator("main")).to_contain_text("L’appel n’est pas jugé.")
    page.goto(f"/incidents/{number}")
    expect(page.locator("h1")).to_have_text(re.compile(re.escape(title)))
