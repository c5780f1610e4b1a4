"""Selected words are masked for good, and a ready sentence is added, with scripts and without."""

from __future__ import annotations

import pytest
from databases import open_engine
from page_checks import AtDesk
from playwright.sync_api import expect
from report_factory import Inbox
from served_register import ServedRegister
from sqlalchemy.orm import Session
from viewports import mainly

from register.db import now
from register.journal import writing
from register.operations import setup

pytestmark = pytest.mark.browser

ACCOUNT = "Jeanne Martin a été poussée, puis Jeanne Martin est partie."


@pytest.mark.parametrize("scripts", mainly(False, True))
def test_a_name_is_masked_and_a_sentence_is_added(
    served_register: ServedRegister, open_page: AtDesk, scripts: bool
) -> None:
    with open_engine(served_register.settings.database_url) as engine:
        with Session(engine) as session:
            store = setup.key_store(served_register.settings, session)
        inbox = Inbox(lambda at: writing(engine, at), store, served_register.cast)
        report = inbox.received(now(), account=ACCOUNT)
        store.close()
    page = open_page(1280, scripts=scripts)
    served_register.sign_in(page.context, "bruno")
    page.goto(f"/moderation/signalements/{report.key}")
    page.get_by_text("Poser une question à son auteur").click()
    page.get_by_text("Des phrases prêtes, pour une personne en danger").click()
    page.get_by_label("Votre question").fill("Où était-ce ?")
    page.get_by_role("button", name="Ajouter à la question En danger maintenant").click()
    question = page.get_by_label("Votre question").input_value()
    assert question.startswith("Où était-ce ?\n\nSi vous êtes en danger maintenant")
    page.goto(f"/moderation/signalements/{report.key}")
    if scripts:
        page.evaluate(
            """() => {
                const text = document.querySelector(".told").firstChild;
                const range = document.createRange();
                range.setStart(text, 0);
                range.setEnd(text, "Jeanne Martin".length);
                getSelection().removeAllRanges();
                getSelection().addRange(range);
            }"""
        )
    page.get_by_role("button", name="Masquer un passage").click()
    passage = page.get_by_label("Les mots à masquer")
    expect(passage).to_have_value("Jeanne Martin" if scripts else "")
    passage.fill("Jeanne Martin")
    page.get_by_label("Il nomme ou désigne une personne privée").check()
    page.get_by_role("button", name="Voir ce qui sera détruit").click()
    expect(page.locator("del")).to_have_count(2)
    assert "Jeanne" not in page.url
    page.get_by_role("button", name="Masquer pour toujours").click()
    expect(page.get_by_role("status")).to_contain_text("Le passage est masqué")
    account = page.locator("section[aria-labelledby=recu]")
    expect(account).to_contain_text("[passage masqué] a été poussée, puis [passage masqué]")
    expect(page.locator("body")).not_to_contain_text("Jeanne")
    page.get_by_label("Ajouter une note").fill("Masqué à sa demande.")
    page.get_by_role("button", name="Ajouter la note").click()
    expect(page.locator("section[aria-labelledby=notes]")).to_contain_text("Masqué à sa demande.")
