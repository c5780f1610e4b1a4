"""A town hall is invited by mail, opens the link on a telephone without scripts, and replies.

One reply is published, one is refused and its author reads why, one is late and first in the queue.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import attested_acts as acts
import pytest
from case_contents import a_case
from cast import publish_case
from databases import open_engine
from desk_steps import Member, expect_heading, expect_message, publish_reply
from input_devices import Pointer
from mail_server import Mailbox
from page_checks import AtDesk
from playwright.sync_api import expect
from served_register import ServedRegister, serve_register
from sqlalchemy.orm import Session
from viewports import DESKTOP, PHONE

from register.config import Settings
from register.db import now
from register.journal import writing
from register.mail.delivery import MailConnection
from register.mail_urls import parse_mail_url
from register.operations import setup
from register.text.dates import paris_day
from register.worker.mail_job import IDLE_SECONDS, MailJob

pytestmark = [pytest.mark.browser, pytest.mark.prove]

ADDRESS = "mairie@gagny.example"
REPLY = "La commune conteste : la séance avait été levée avant la caméra."
OTHER_REPLY = "Moi aussi, j’ai quelque chose à dire."


@pytest.fixture
def served_register(registers, tmp_path, mailbox):
    """A register that sends mail."""
    with registers.new("sqlite", tmp_path) as settings:
        sender = "Web Citoyen <registre@registre.test>"
        with serve_register(replace(settings, mail_url=mailbox.url, mail_from=sender)) as register:
            yield register


def publish_two_cases(register: ServedRegister) -> tuple[int, int, int]:
    """The id and number of a case, and the id of one with a reply that waits since five days."""
    two = {"by": register.cast.bruno, "second": register.cast.chloe}
    with open_engine(register.settings.database_url) as engine:
        with writing(engine, now() - timedelta(days=9)) as tx:
            late = publish_case(tx, a_case(title="Le cas en retard"), **two).id
            case = publish_case(tx, a_case(title="Le cas de la mairie"), **two)
            case_id, number = case.id, case.number
        with writing(engine, now()) as tx:
            acts.receive_reply(
                tx, late, by=register.cast.bruno, author="Ville de Gagny", capacity="la commune",
                text="Nous contestons.", received_on=paris_day(now()) - timedelta(days=5),
            )  # fmt: skip
    assert number
    return case_id, number, late


def deliver(settings: Settings) -> None:
    """Do the worker's part: send what the outbox has."""
    with open_engine(settings.database_url) as engine:
        with Session(engine) as session:
            outbox = setup.outbox(settings, setup.key_store(settings, session))
        job = MailJob(
            engine,
            lambda: outbox,
            lambda: MailConnection(parse_mail_url(settings.mail_url), "registre.test", 5.0),
            settings.mail_from,
            lambda event, **_fields: pytest.fail(event),
        )
        while job.run(lambda _done, _total: None) != IDLE_SECONDS:
            pass


def invite(bruno: Member, case_id: int) -> None:
    """Note the address of the town hall, read the mail, and send it."""
    user, page = bruno.user, bruno.page
    page.goto(f"/moderation/dossiers/{case_id}")
    user.press("Inviter à répondre…")
    user.press("inviter par courriel")
    user.press("Adresse de l’autorité")
    user.write("Adresse électronique du service", ADDRESS)
    user.write("Page qui la publie", "https://gagny.example/contact")
    user.tick("J’ai vérifié que c’est l’adresse publique")
    user.press("Noter cette adresse")
    expect_message(page, "L’adresse de l’autorité est notée")
    user.press("Inviter à répondre…")
    user.press("inviter par courriel")
    expect(page.get_by_label("Message")).to_have_value(re.compile("droit-de-reponse"))
    user.press("Envoyer l’invitation")
    expect_message(page, "L’invitation part par courriel")


def send_reply(mairie: Member, author: str, text: str) -> str:
    """Fill in the form, read it once more and send it; the code."""
    user, page = mairie.user, mairie.page
    user.tick("L’autorité")
    user.write("Nom ou autorité, tel qu’il paraîtra", author)
    user.write("En quelle qualité, telle qu’elle paraîtra", "le maire, au nom de la commune")
    user.write(
        "Ce qui établit votre identité, et votre mandat", "Rappelez le standard de la mairie."
    )
    user.write("Les passages que vous contestez", "« interdit de filmer »")
    user.write("Votre réponse", text)
    user.press("Relire avant d’envoyer")
    expect_heading(page, "Relire avant d’envoyer")
    user.press("Envoyer la réponse")
    expect_heading(page, "Votre réponse est reçue")
    return page.locator("p.code").inner_text()


def follow(mairie: Member, code: str, heading: str) -> None:
    mairie.page.goto("/suivi")
    mairie.user.write("Votre code", code)
    mairie.user.press("Ouvrir")
    expect_heading(mairie.page, heading)


def test_a_town_hall_is_invited_replies_and_reads_what_became_of_it(
    served_register: ServedRegister, open_page: AtDesk, mailbox: Mailbox
) -> None:
    case_id, number, late = publish_two_cases(served_register)
    bruno = Member(Pointer(open_page(DESKTOP, scripts=False)), "bruno@register.test")
    served_register.sign_in(bruno.page.context, "bruno")
    mairie = Member(Pointer(open_page(PHONE, scripts=False)), ADDRESS)

    invite(bruno, case_id)
    deliver(served_register.settings)
    expect(bruno.page.locator("main")).to_contain_text("attend son départ")
    bruno.page.reload()
    expect(bruno.page.locator("main")).to_contain_text("a pris le message")
    assert mailbox.recipients == [ADDRESS]
    [mail] = mailbox.mails
    [link] = re.findall(r"\S+://\S+", mail.get_content())
    assert link == f"{served_register.settings.base_url}/incidents/{number}/droit-de-reponse"

    path = link.removeprefix(served_register.settings.base_url)
    mairie.page.goto(path)
    code = send_reply(mairie, "Ville de Gagny", REPLY)
    mairie.page.goto(path)
    other_code = send_reply(mairie, "Un passant", OTHER_REPLY)

    bruno.page.goto("/moderation")
    first = bruno.page.locator("main .entry").first
    expect(first.get_by_role("link").first).to_have_attribute(
        "href", re.compile(rf"/dossiers/{late}\b")
    )
    expect(first).to_contain_text("en retard")
    decide(bruno, case_id, REPLY, is_published=True)
    decide(bruno, case_id, OTHER_REPLY, is_published=False)

    follow(mairie, code, "Votre réponse est publiée")
    mairie.user.press("Lire le cas et la réponse")
    expect(mairie.page.locator("main")).to_contain_text(REPLY)
    expect(mairie.page.locator("main")).not_to_contain_text(OTHER_REPLY)
    follow(mairie, other_code, "Votre réponse est refusée")
    expect(mairie.page.locator("main")).to_contain_text("ne nomme ni ne désigne")


def decide(bruno: Member, case_id: int, text: str, *, is_published: bool) -> None:
    """Publish or refuse the reply with a text."""
    user, page = bruno.user, bruno.page
    page.goto(f"/moderation/dossiers/{case_id}")
    section = page.locator("section[aria-labelledby=reponses]")
    links = section.get_by_role("link", name="Publier…" if is_published else "Refuser…")
    # The replies stand in the order in which they came, the first with its two links.
    links.first.click()
    expect(page.locator("main")).to_contain_text(text)
    if is_published:
        publish_reply(bruno)
        return
    user.tick("Le texte ne nomme ni ne désigne son auteur")
    user.press("Refuser la réponse")
    expect_heading(page, "Le cas de la mairie")
