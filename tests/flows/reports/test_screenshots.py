"""The pictures that docs/ shows, taken from a register at work, so that they are never of another.

One test walks through the first day of a moderator as the chapter of docs/moderation.md tells it,
and through the public pages; it writes docs/img/. ``make pictures`` runs it alone.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from databases import open_engine, serve
from desk_steps import (
    Member,
    answer,
    approve,
    attest,
    expect_heading,
    expect_message,
    invite_authority,
    join,
    note_reply,
    publish,
    publish_reply,
)
from input_devices import Pointer
from page_checks import AtDesk, Watch, browsers
from playwright.sync_api import Browser, Page
from report_list_steps import accept, ask, open_report
from reporter_steps import ReportAnswers, Reporter, follow, report, write
from viewports import DESKTOP, PHONE

from register import create_app
from register.accounts import one_use_links
from register.accounts.models import Role
from register.journal import writing
from register.search import indexer
from tools.docs.furnished import FOLLOWED, furnish

pytestmark = [pytest.mark.prove, pytest.mark.browser]

IMG = Path(__file__).resolve().parents[3] / "docs" / "img"
HEAVIEST = 150_000  # bytes of one picture
# What happened there happened nowhere: no town is to be accused by a picture.
TOWN = "Trifouilly-les-Oies"
ACCOUNT = (
    "Je filmais le conseil depuis le public. Le maire a demandé que j’éteigne ma caméra, puis il a "
    "suspendu la séance jusqu’à ce que je la range."
)
REPORT_ANSWERS = ReportAnswers(
    account=ACCOUNT,
    family="Empêcher de voir, de filmer ou de savoir",
    type="Interdire de filmer",
    place=TOWN,
    when="17 mars 2024",
    actor="Le maire",
    target="Quelqu’un qui tient un blog, une chaîne, une page",
    began="Non, personne",
    link="https://exemple.test/seance-du-17-mars",
)
EARLIER_REPORTS = (
    ReportAnswers(
        account="La mairie refuse de me donner le budget depuis quatre mois.", place=TOWN
    ),
    ReportAnswers(account="On m’a écrit pour que je retire un article."),
)
QUESTION = "Le maire a-t-il donné une raison de vous demander d’éteindre la caméra ?"
ANSWER = "Il a dit que le règlement intérieur l’interdisait."
THANKS = "Merci. Nous écrivons le cas sans rien dire de vous."
TITLE = "Caméra éteinte à la demande du maire au conseil municipal"
SUMMARY = (
    "Selon une personne présente, le maire suspend le conseil pour qu’un blogueur range sa caméra."
)
REPLY = (
    "La commune rappelle que la séance avait été troublée, et qu’elle a repris dix minutes après."
)


@dataclass(frozen=True)
class Town:
    """Where the register answers, and the links of three invitations."""

    base: str
    links: dict[str, str]


@pytest.fixture
def town(registers, tmp_path: Path) -> Iterator[Town]:
    """The demonstration as a real register is: with a second factor, and three people to come."""
    with registers.new("sqlite", tmp_path) as settings, _serve_demonstration(settings) as register:
        yield register


@contextmanager
def _serve_demonstration(settings) -> Iterator[Town]:
    with open_engine(settings.database_url) as engine:
        furnish(engine, settings.instance)
        with writing(engine) as pen:
            tokens = {
                name: one_use_links.invite(pen, f"{name}@registre.example", role, by=None)
                for name, role in (
                    ("ada", Role.ADMINISTRATOR),
                    ("bruno", Role.MODERATOR),
                    ("chloe", Role.MODERATOR),
                )
            }
        app = create_app(replace(settings, require_2fa=True))
        indexer.catch_up(engine, app.extensions["register.search"])
        with serve(app) as base:
            links = {name: f"{base}/compte/invitation/{token}" for name, token in tokens.items()}
            yield Town(base, links)


@pytest.fixture
def open_page(browser: Browser, town: Town, watch: list[Watch]) -> Iterator[AtDesk]:
    """Opens browsers on it, one for each person."""
    with browsers(browser, town.base, watch) as opener:
        yield opener


class Album:
    """Takes pictures of what is in a window, and keeps them in docs/img/."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def take(self, page: Page, name: str, top: str = "") -> None:
        """A picture of the window, from an element on when one is named."""
        if top:
            page.locator(top).first.evaluate("(element) => element.scrollIntoView()")
        else:
            page.evaluate("scrollTo(0, 0)")
        page.evaluate("document.activeElement.blur()")
        page.wait_for_load_state("networkidle")
        size = page.viewport_size
        assert size
        # Twice as fine on a phone, whose pictures are narrow.
        clip = {
            "x": 0,
            "y": page.evaluate("scrollY"),
            **size,
            "scale": 2 if size["width"] < 600 else 1,
        }
        options = {"format": "webp", "quality": 82, "clip": clip}
        session = page.context.new_cdp_session(page)
        picture = base64.b64decode(session.send("Page.captureScreenshot", options)["data"])
        session.detach()
        assert 4_000 < len(picture) < HEAVIEST, (name, len(picture))
        (IMG / f"{name}.webp").write_bytes(picture)
        self.taken.add(name)


@pytest.fixture
def album() -> Album:
    """The pictures of the test."""
    return Album()


def test_the_pictures_of_the_documentation_are_taken(
    town: Town, open_page: AtDesk, album: Album
) -> None:
    amina = Reporter(Pointer(open_page(PHONE, scripts=True)))
    ada, bruno, chloe = (
        Member(Pointer(open_page(DESKTOP, scripts=True)), f"{name}@registre.example")
        for name in ("ada", "bruno", "chloe")
    )
    public_pages(album, open_page)
    reports(album, amina)
    coming_in(album, town, bruno, chloe)
    join(ada, town.links["ada"], "Ada")
    case = from_report_to_draft(album, bruno, amina)
    number = to_the_public(album, bruno, ada, case)
    afterwards(album, bruno, case)
    assert bruno.page.goto(f"/incidents/{number}").status == 200
    assert album.taken == {path.stem for path in IMG.iterdir()}


def public_pages(album: Album, open_page: AtDesk) -> None:
    """Pictures of public pages."""
    phone, page = open_page(PHONE, scripts=True), open_page(DESKTOP, scripts=True)
    phone.goto("/")
    album.take(phone, "accueil-telephone")
    page.goto("/")
    album.take(page, "accueil")
    page.goto("/incidents?famille=justice")
    album.take(page, "liste")
    page.goto(f"/incidents?commune={FOLLOWED}")
    page.locator(".entry a").first.click()
    album.take(page, "cas")
    page.goto("/communes/92062")
    album.take(page, "commune")


def reports(album: Album, amina: Reporter) -> None:
    """Amina reports on her phone; two others have reported before her."""
    for earlier in EARLIER_REPORTS:
        report(amina, earlier)
    amina.page.goto("/signaler")
    album.take(amina.page, "signaler-telephone")
    report(amina, REPORT_ANSWERS)
    album.take(amina.page, "recu-telephone")


def coming_in(album: Album, town: Town, bruno: Member, chloe: Member) -> None:
    """An account is opened from an invitation, with a second factor."""
    page = chloe.page
    page.goto(town.links["chloe"])
    album.take(page, "invitation")
    chloe.user.write("Votre nom, comme le verront les autres membres", "Chloé")
    chloe.user.write("Mot de passe", chloe.password)
    chloe.user.press("Ouvrir mon compte")
    expect_heading(page, "Votre seconde preuve")
    album.take(page, "seconde-preuve")
    join(bruno, town.links["bruno"], "Bruno")
    album.take(bruno.page, "bureau")


def from_report_to_draft(album: Album, bruno: Member, amina: Reporter) -> str:
    """The queue, a report, a question and its answer, a draft."""
    page, user = bruno.page, bruno.user
    page.goto("/moderation/signalements")
    album.take(page, "signalements")
    open_report(bruno, ACCOUNT)
    album.take(page, "signalement")
    ask(bruno, QUESTION)
    follow(amina, "Une question vous attend")
    write(amina, ANSWER, "Votre réponse est enregistrée.")
    open_report(bruno, ACCOUNT)
    user.press("En faire un dossier")
    album.take(page, "retenir")
    page.go_back()
    case = accept(bruno, "récit précis, article joint", THANKS, ACCOUNT)
    user.write("Titre", TITLE)
    user.write("Résumé", SUMMARY)
    # A place in words is the reporter's sentence: a member writes it anew.
    user.unfold("Lieu sans nom de commune")
    user.write("Lieu, en mots", TOWN)
    album.take(page, "redaction")
    user.choose("Sorte de source", "Presse")
    user.choose("Niveau de l’autorité", "Commune")
    user.choose("Niveau de preuve", "Allégué")
    user.choose("Issue du cas", "Issue inconnue")
    user.write("Pourquoi cet enregistrement", "écrit d’après le signalement")
    user.press("Enregistrer cette version")
    expect_heading(page, TITLE)
    album.take(page, "liste-de-controle", top=".pane:has(.check)")
    return case


def to_the_public(album: Album, bruno: Member, ada: Member, case: str) -> int:
    """The authority is invited, a second person reads, the case is published."""
    invite_authority(bruno, "courriel envoyé à la mairie")
    approve(ada, case)
    bruno.page.goto(case)
    bruno.user.press("Publier")
    expect_heading(bruno.page, "Publier ce dossier")
    attest(bruno)
    album.take(bruno.page, "publier")
    return publish(bruno, case)


def afterwards(album: Album, bruno: Member, case: str) -> None:
    """A reply comes in, whose days are counted; it is published, and something follows."""
    user, page = bruno.user, bruno.page
    note_reply(bruno, case, f"Commune de {TOWN}", REPLY)
    page.goto("/moderation")
    album.take(page, "reponse-attendue")
    page.goto(case)
    user.press("Publier…")
    expect_heading(page, "Publier la réponse")
    publish_reply(bruno)
    page.goto(case)
    user.press("Ajouter une suite")
    expect_heading(page, "Ajouter une suite")
    user.write("Titre de la suite", "Le règlement intérieur est modifié")
    user.write("Date du fait", "mai 2024")
    user.write("Texte de la suite", "Selon le blog, il permet de filmer depuis le public.")
    album.take(page, "suite")
    user.write("Sans adresse : pourquoi", "le blog ne donne pas le document")
    answer(bruno)
    user.write("Pourquoi cet enregistrement", "le blog le dit, document à l’appui")
    user.press("Publier la suite")
    expect_message(page, "La suite est publiée.")
