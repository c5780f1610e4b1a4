"""The life of reports, from a phone in the council room to a public case, or to another end.

Everything is done through pages: one reports and comes back with a code, two moderate, somebody
reads the public site. Each end is seen from both sides.
"""

from __future__ import annotations

import re

import pytest
from desk_steps import Member, approve, expect_heading, expect_message, invite_authority, publish
from feed_reader import number_of
from input_devices import Keys, Pointer
from page_checks import AtDesk
from playwright.sync_api import Page, expect
from reader_steps import entries, get
from report_list_steps import (
    accept,
    ask,
    attach,
    decision_section,
    decline,
    mark_as_spam,
    open_report,
    resume,
)
from reporter_steps import (
    ReportAnswers,
    Reporter,
    follow,
    report,
    stored_in_browser,
    withdraw,
    write,
)
from served_register import ServedRegister
from viewports import DESKTOP, PHONE, Viewport, each_of

pytestmark = pytest.mark.browser

# As a phone's keyboard writes it, in the council room.
REPORT_ANSWERS = ReportAnswers(
    account="Je filmais le conseil depuis le public. Le maire a fait éteindre ma caméra par la "
    "police municipale, puis la séance a repris.",
    family="Empêcher de voir, de filmer ou de savoir",
    type="Interdire de filmer",
    place="st denis",
    which="Saint-Denis (Seine-Saint-Denis",
    when="17 mars 2024",
    actor="Le maire",
    target="Quelqu’un qui tient un blog, une chaîne, une page",
    began="Non, personne",
    link="https://exemple.test/seance",
)
QUESTION = "La police municipale a-t-elle donné une raison ?"
ANSWER = "Elle a dit que le règlement intérieur l’interdisait."
TO_REPORTER = "Merci. Nous écrivons le cas sans rien dire de vous."
TITLE = "Caméra éteinte par la police municipale au conseil de Saint-Denis"
SUMMARY = "Selon une personne présente, le maire fait éteindre la caméra d’un blogueur."
FEED = "/communes/93066.atom"

VIEWPORTS = {
    "phone": Viewport(PHONE, scripts=False),
    "phone with scripts": Viewport(PHONE, scripts=True, database="postgresql"),
    "desktop with scripts": Viewport(DESKTOP, scripts=True),
    "keyboard alone": Viewport(PHONE, scripts=True, user=Keys),
    "keyboard alone without scripts": Viewport(PHONE, scripts=False, user=Keys),
}


class People:
    """Amina, who reports; Bruno and Chloé at the desk; a reader."""

    def __init__(
        self, viewport: Viewport, served_register: ServedRegister, open_page: AtDesk
    ) -> None:
        def user() -> Pointer | Keys:
            return viewport.user(open_page(viewport.width, scripts=viewport.scripts))

        self.amina, self.reader = Reporter(user()), user().page
        self.bruno, self.chloe = (
            Member(user(), served_register.cast.email(name)) for name in ("bruno", "chloe")
        )
        served_register.sign_in(self.bruno.page.context, "bruno")
        served_register.sign_in(self.chloe.page.context, "chloe")


@pytest.mark.parametrize(
    ("viewport", "served_register"), each_of(VIEWPORTS), indirect=["served_register"]
)
def test_a_report_becomes_a_public_case_and_another_one_joins_it(
    viewport: Viewport, served_register: ServedRegister, open_page: AtDesk
) -> None:
    people = People(viewport, served_register, open_page)
    amina, bruno = people.amina, people.bruno
    report(amina, REPORT_ANSWERS)
    follow(amina, "Reçu")

    open_report(bruno, REPORT_ANSWERS.account)
    ask(bruno, QUESTION)
    follow(amina, "Une question vous attend")
    expect(amina.page.locator("main")).to_contain_text(QUESTION)
    write(amina, ANSWER, "Votre réponse est enregistrée.")

    case = _draft(bruno)
    follow(amina, "Retenu, pas encore publié")
    expect(amina.page.locator("main")).to_contain_text(TO_REPORTER)
    approve(people.chloe, case)
    number = publish(bruno, case)
    _expect_public_case(people.reader, number)
    _expect_link_to_case(amina, number)

    _attach_second_report(people, number)
    assert stored_in_browser(amina.page) == []


def _draft(bruno: Member) -> str:
    """Read the answer, accept the report, and write the fields that the report does not fill."""
    open_report(bruno, REPORT_ANSWERS.account)
    expect(bruno.page.locator("section[aria-labelledby=recu]")).to_contain_text(ANSWER)
    case = accept(bruno, "récit précis", TO_REPORTER, REPORT_ANSWERS.account)
    user, page = bruno.user, bruno.page
    expect(page.get_by_label("Date des faits")).to_have_value("17 mars 2024")
    user.write("Titre", TITLE)
    user.write("Résumé", SUMMARY)
    user.choose("Sorte de source", "Presse")
    user.choose("Niveau de l’autorité", "Commune")
    user.choose("Niveau de preuve", "Documenté")
    user.choose("Issue du cas", "Issue inconnue")
    user.write("Blogs ou médias en cause", "un blog local")
    user.write("Pourquoi cet enregistrement", "écrit d’après le signalement")
    user.press("Enregistrer cette version")
    expect_heading(page, TITLE)
    assert page.url == case
    invite_authority(bruno, "le maire s’est déjà exprimé dans la presse")
    return case


def _expect_public_case(reader: Page, number: int) -> None:
    """Its page and an entry of its commune's feed have the text of the team alone."""
    assert [number_of(entry) for entry in entries(reader, FEED)] == [number]
    feed = get(reader, FEED).text()
    assert "une personne présente" in feed
    response = reader.goto(f"/incidents/{number}")
    assert response
    assert response.status == 200
    expect_heading(reader, TITLE)
    for words in (REPORT_ANSWERS.account, ANSWER, TO_REPORTER, "Amina", "signalement d"):
        assert words not in feed
        expect(reader.locator("main")).not_to_contain_text(words)


def _expect_link_to_case(amina: Reporter, number: int) -> None:
    follow(amina, "Retenu et publié")
    expect(amina.page.locator("main")).to_contain_text("Vous pouvez le demander")
    amina.user.press("Cas nº")
    expect(amina.page).to_have_url(re.compile(rf"/incidents/{number}$"))
    expect_heading(amina.page, TITLE)


def _attach_second_report(people: People, number: int) -> None:
    """A second witness reports; the case does not change, and both sides lead to it."""
    amina, bruno = people.amina, people.bruno
    account = "Moi aussi j’étais là : ils ont coupé la caméra du fond."
    report(amina, ReportAnswers(account=account, place="93200"))
    open_report(bruno, account)
    attach(bruno, number)
    open_report(bruno, account, tray="Retenus")
    expect(decision_section(bruno)).to_contain_text(TITLE)
    follow(amina, "Retenu et publié")
    expect(amina.page.get_by_role("link", name="Cas nº")).to_be_visible()


@pytest.mark.prove
@pytest.mark.parametrize(
    ("viewport", "served_register"), each_of(VIEWPORTS), indirect=["served_register"]
)
def test_reports_are_declined_withdrawn_or_marked_as_spam(
    viewport: Viewport, served_register: ServedRegister, open_page: AtDesk
) -> None:
    people = People(viewport, served_register, open_page)
    _decline_and_resume(people)
    _withdraw_received(people)
    _withdraw_accepted(people)
    _mark_as_spam_and_resume(people)
    assert stored_in_browser(people.amina.page) == []
    assert entries(people.reader, "/incidents.atom") == []


def _decline_and_resume(people: People) -> None:
    """With a reason and a sentence that the reporter reads, and may answer."""
    amina, bruno = people.amina, people.bruno
    account, sentence = "Ils m’ont mal parlé.", "Dites-nous où, et nous relirons."
    report(amina, ReportAnswers(account=account))
    open_report(bruno, account)
    decline(bruno, "Éléments insuffisants", sentence)
    follow(amina, "Écarté")
    for words in ("éléments insuffisants", sentence):
        expect(amina.page.locator("main")).to_contain_text(words)
    write(amina, "C’était à Gagny.", "Votre ajout est enregistré.")
    open_report(bruno, account, tray="Écartés")
    expect(bruno.page.locator("main")).to_contain_text("C’était à Gagny.")
    resume(bruno)
    follow(amina, "Reçu")
    expect(amina.page.locator("main")).not_to_contain_text(sentence)


def _withdraw_received(people: People) -> None:
    """Before anybody decided: nothing can be done with it any more."""
    amina, bruno = people.amina, people.bruno
    account = "On m’a demandé de ranger mon téléphone."
    report(amina, ReportAnswers(account=account))
    follow(amina, "Reçu")
    withdraw(amina)
    open_report(bruno, account, tray="Retirés")
    expect(decision_section(bruno)).to_contain_text("Son auteur l’a retiré")
    expect(bruno.page.get_by_role("link", name="En faire un dossier")).to_have_count(0)
    follow(amina, "Retiré par vous")


def _withdraw_accepted(people: People) -> None:
    """Withdrawn while its case is a draft: the case keeps nothing of it, with a note."""
    amina, bruno = people.amina, people.bruno
    account = "Le cabinet m’a appelée pour que je retire l’article."
    report(amina, ReportAnswers(account=account, place="Puteaux"))
    open_report(bruno, account)
    case = accept(bruno, "à vérifier", "Merci.", account)
    follow(amina, "Retenu, pas encore publié")
    withdraw(amina)
    bruno.page.goto(case)
    expect(bruno.page.locator("main")).to_contain_text("L’auteur du signalement l’a retiré")
    expect(bruno.page.locator("main")).not_to_contain_text(account)


def _mark_as_spam_and_resume(people: People) -> None:
    """Marked as spam by mistake, then resumed."""
    amina, bruno = people.amina, people.bruno
    account = "Achetez nos caméras, pas celles de la mairie."
    report(amina, ReportAnswers(account=account))
    mark_as_spam(bruno, account)
    follow(amina, "Mis de côté")
    write(amina, "Ce n’est pas une publicité.", "Votre ajout est enregistré.")
    open_report(bruno, account, tray="Indésirables")
    expect(bruno.page.locator("main")).to_contain_text("Ce n’est pas une publicité.")
    resume(bruno)
    expect_message(bruno.page, "Le signalement est repris")
    follow(amina, "Reçu")
