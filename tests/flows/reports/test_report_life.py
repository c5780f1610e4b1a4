"""The life of reports, from a phone in the council room to a public case, or to another end.

Everything is done through pages: one reports and comes back with a code, two moderate, somebody
reads the public site. Each end is seen from both sides.
"""

from __future__ import annotations

import re

import pytest
from desk_steps import Member, approve, expect_message, heading, invite_authority, publish
from feed_reader import number_of
from input_devices import Keys, Pointer
from page_checks import AtDesk
from playwright.sync_api import Page, expect
from reader_steps import entries, get
from report_list_steps import accept, ask, attach, decided, decline, open_report, put_aside, take_up
from reporter_steps import ReportAnswers, Reporter, follow, left_behind, report, withdraw, write
from served_register import ServedRegister
from viewports import DESKTOP, PHONE, Viewport, each_of

pytestmark = pytest.mark.browser

# As a phone's keyboard writes it, in the council room.
TOLD = ReportAnswers(
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

WAYS = {
    "phone": Viewport(PHONE, scripts=False),
    "phone with scripts": Viewport(PHONE, scripts=True, database="postgresql"),
    "desktop with scripts": Viewport(DESKTOP, scripts=True),
    "keyboard alone": Viewport(PHONE, scripts=True, user=Keys),
    "keyboard alone without scripts": Viewport(PHONE, scripts=False, user=Keys),
}


class People:
    """Amina, who reports; Bruno and Chloé at the desk; a reader."""

    def __init__(self, way: Viewport, house: ServedRegister, somebody: AtDesk) -> None:
        def user() -> Pointer | Keys:
            return way.user(somebody(way.width, scripts=way.scripts))

        self.amina, self.reader = Reporter(user()), user().page
        self.bruno, self.chloe = (
            Member(user(), house.cast.email(name)) for name in ("bruno", "chloe")
        )
        house.sign_in(self.bruno.page.context, "bruno")
        house.sign_in(self.chloe.page.context, "chloe")


@pytest.mark.parametrize(("way", "house"), each_of(WAYS), indirect=["house"])
def test_a_report_becomes_a_public_case_and_another_one_joins_it(
    way: Viewport, house: ServedRegister, somebody: AtDesk
) -> None:
    people = People(way, house, somebody)
    amina, bruno = people.amina, people.bruno
    report(amina, TOLD)
    follow(amina, "Reçu")

    open_report(bruno, TOLD.account)
    ask(bruno, QUESTION)
    follow(amina, "Une question vous attend")
    expect(amina.page.locator("main")).to_contain_text(QUESTION)
    write(amina, ANSWER, "Votre réponse est enregistrée.")

    case = _draft(bruno)
    follow(amina, "Retenu, pas encore publié")
    expect(amina.page.locator("main")).to_contain_text(TO_REPORTER)
    approve(people.chloe, case)
    number = publish(bruno, case)
    _is_public(people.reader, number)
    _leads_to_the_case(amina, number)

    _another_joins(people, number)
    assert left_behind(amina.page) == []


def _draft(bruno: Member) -> str:
    """The answer is read, the report accepted, and what the facts do not say is written."""
    open_report(bruno, TOLD.account)
    expect(bruno.page.locator("section[aria-labelledby=recu]")).to_contain_text(ANSWER)
    case = accept(bruno, "récit précis", TO_REPORTER, TOLD.account)
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
    heading(page, TITLE)
    assert page.url == case
    invite_authority(bruno, "le maire s’est déjà exprimé dans la presse")
    return case


def _is_public(reader: Page, number: int) -> None:
    """Its page, and an entry of the feed of its commune, say what the team wrote and no more."""
    assert [number_of(entry) for entry in entries(reader, FEED)] == [number]
    feed = get(reader, FEED).text()
    assert "une personne présente" in feed
    answer = reader.goto(f"/incidents/{number}")
    assert answer
    assert answer.status == 200
    heading(reader, TITLE)
    for words in (TOLD.account, ANSWER, TO_REPORTER, "Amina", "signalement d"):
        assert words not in feed
        expect(reader.locator("main")).not_to_contain_text(words)


def _leads_to_the_case(amina: Reporter, number: int) -> None:
    follow(amina, "Retenu et publié")
    expect(amina.page.locator("main")).to_contain_text("Vous pouvez le demander")
    amina.user.press("Cas nº")
    expect(amina.page).to_have_url(re.compile(rf"/incidents/{number}$"))
    heading(amina.page, TITLE)


def _another_joins(people: People, number: int) -> None:
    """Somebody else who was there; the case does not change, and both sides lead to it."""
    amina, bruno = people.amina, people.bruno
    other = "Moi aussi j’étais là : ils ont coupé la caméra du fond."
    report(amina, ReportAnswers(account=other, place="93200"))
    open_report(bruno, other)
    attach(bruno, number)
    open_report(bruno, other, tray="Retenus")
    expect(decided(bruno)).to_contain_text(TITLE)
    follow(amina, "Retenu et publié")
    expect(amina.page.get_by_role("link", name="Cas nº")).to_be_visible()


@pytest.mark.prove
@pytest.mark.parametrize(("way", "house"), each_of(WAYS), indirect=["house"])
def test_reports_are_declined_withdrawn_or_marked_as_spam(
    way: Viewport, house: ServedRegister, somebody: AtDesk
) -> None:
    people = People(way, house, somebody)
    _declined(people)
    _taken_back(people)
    _taken_back_once_accepted(people)
    _put_aside_and_taken_up(people)
    assert left_behind(people.amina.page) == []
    assert entries(people.reader, "/incidents.atom") == []


def _declined(people: People) -> None:
    """With a reason and a sentence that the reporter reads, and may answer."""
    amina, bruno = people.amina, people.bruno
    account, said = "Ils m’ont mal parlé.", "Dites-nous où, et nous relirons."
    report(amina, ReportAnswers(account=account))
    open_report(bruno, account)
    decline(bruno, "Éléments insuffisants", said)
    follow(amina, "Écarté")
    for words in ("éléments insuffisants", said):
        expect(amina.page.locator("main")).to_contain_text(words)
    write(amina, "C’était à Gagny.", "Votre ajout est enregistré.")
    open_report(bruno, account, tray="Écartés")
    expect(bruno.page.locator("main")).to_contain_text("C’était à Gagny.")
    take_up(bruno)
    follow(amina, "Reçu")
    expect(amina.page.locator("main")).not_to_contain_text(said)


def _taken_back(people: People) -> None:
    """Before anybody decided: nothing can be done with it any more."""
    amina, bruno = people.amina, people.bruno
    account = "On m’a demandé de ranger mon téléphone."
    report(amina, ReportAnswers(account=account))
    follow(amina, "Reçu")
    withdraw(amina)
    open_report(bruno, account, tray="Retirés")
    expect(decided(bruno)).to_contain_text("Son auteur l’a retiré")
    expect(bruno.page.get_by_role("link", name="En faire un dossier")).to_have_count(0)
    follow(amina, "Retiré par vous")


def _taken_back_once_accepted(people: People) -> None:
    """While its case is a draft: the case keeps nothing of it, and says so."""
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


def _put_aside_and_taken_up(people: People) -> None:
    """As spam, by mistake."""
    amina, bruno = people.amina, people.bruno
    account = "Achetez nos caméras, pas celles de la mairie."
    report(amina, ReportAnswers(account=account))
    put_aside(bruno, account)
    follow(amina, "Mis de côté")
    write(amina, "Ce n’est pas une publicité.", "Votre ajout est enregistré.")
    open_report(bruno, account, tray="Indésirables")
    expect(bruno.page.locator("main")).to_contain_text("Ce n’est pas une publicité.")
    take_up(bruno)
    expect_message(bruno.page, "Le signalement est repris")
    follow(amina, "Reçu")
