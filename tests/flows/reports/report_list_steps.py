"""Steps of members who work on reports at the desk, page by page."""

from __future__ import annotations

import re

from desk_steps import Member, expect_heading, expect_message
from playwright.sync_api import Locator, expect

DECIDED = "Ce qui en est fait"


def open_report(member: Member, account: str, tray: str = "") -> None:
    """A report from the queue, or from one of the trays, by its first words."""
    user, page = member.user, member.page
    if not tray:
        page.goto("/moderation")
        user.press("Signalements")
        expect_heading(page, "Signalements à traiter")
    else:
        page.goto("/moderation/signalements")
        page.get_by_role("navigation", name="Casiers").get_by_role("link", name=tray).click()
        expect_heading(page, tray)
    user.press("Montrer les premiers mots de chacun")
    user.press(account)
    expect(page.get_by_role("heading", name="Ce qui a été envoyé")).to_be_visible()
    expect(page.locator("section[aria-labelledby=recu]")).to_contain_text(account)


def ask(member: Member, question: str) -> None:
    """A question to whoever reported, from the page of the report."""
    user = member.user
    user.unfold("Poser une question à son auteur")
    user.write("Votre question", question)
    user.press("Poser la question")
    expect_message(member.page, "La question est posée.")


def decline(member: Member, reason: str, sentence: str) -> None:
    """Decline a report; without a reason nothing happens, and what was written is kept."""
    user, page = member.user, member.page
    user.unfold("Écarter, avec un motif")
    user.write("La phrase que son auteur lira", sentence)
    user.press("Écarter le signalement")
    expect(page.get_by_role("alert")).to_contain_text("choisissez un motif.")
    user.tick(reason)
    user.press("Écarter le signalement")
    expect_message(page, "Le signalement est écarté")


def accept(member: Member, why: str, sentence: str, account: str) -> str:
    """A draft of a report: what is ticked is taken over; the address of the case on the desk."""
    user, page = member.user, member.page
    user.press("En faire un dossier")
    expect_heading(page, "Faire un dossier de ce signalement")
    user.press("Retenir et ouvrir le brouillon")
    expect(page.get_by_role("alert")).to_be_visible()
    user.write("Pourquoi ce dossier", why)
    user.write("Une phrase pour l’auteur du signalement", sentence)
    user.press("Retenir et ouvrir le brouillon")
    expect_message(page, "Le signalement est retenu, et voici son brouillon.")
    expect_heading(page, "Modifier le dossier")
    # The report stays beside the draft that is written from it.
    expect(page.locator(".origin")).to_contain_text(account)
    match = re.match(r".*/moderation/dossiers/[0-9]+", page.url)
    assert match, page.url
    return match[0]


def attach(member: Member, number: int) -> None:
    """A report joins a public case, which is looked at first."""
    user, page = member.user, member.page
    user.press("Rattacher à un dossier")
    expect_heading(page, "Rattacher le signalement à un dossier")
    user.write("Numéro d’un cas public", f"nº {number}")
    user.press("Les voir côte à côte")
    expect(page.get_by_role("heading", name=re.compile(rf"Le cas nº\s{number}"))).to_be_visible()
    user.press("Rattacher à ce dossier")
    expect_message(page, "Le signalement est rattaché à ce dossier")


def mark_as_spam(member: Member, account: str) -> None:
    """Tick a report in the queue and mark it as spam."""
    user, page = member.user, member.page
    page.goto("/moderation/signalements")
    user.press("Montrer les premiers mots de chacun")
    row = page.locator(".entry", has_text=account)
    checkbox = row.get_by_role("checkbox")
    checkbox.focus()
    page.keyboard.press("Space")
    expect(checkbox).to_be_checked()
    user.press("Ranger les cochés parmi les indésirables")
    expect_message(page, "Un signalement est rangé parmi les indésirables.")
    expect(page.locator("main")).not_to_contain_text(account)


def resume(member: Member) -> None:
    """Take a report up again, from its page."""
    member.user.press("Reprendre ce signalement")
    expect_message(member.page, "Le signalement est repris")


def decision_section(member: Member) -> Locator:
    """The section of a report's page on the desk with its tray and its decision."""
    return member.page.locator("section[aria-labelledby=suite]")
