"""Steps of somebody who reports, page by page."""

from __future__ import annotations

from dataclasses import dataclass

from desk_steps import expect_heading
from input_devices import User, words_of
from playwright.sync_api import Page, expect

# The storage of a browser for a site, which this site must leave empty.
BROWSER_STORAGE = """async () => [
  document.cookie, ...Object.keys(localStorage), ...Object.keys(sessionStorage),
  ...(await indexedDB.databases()).map((base) => base.name),
]"""


@dataclass
class Reporter:
    """A reporter at a browser, and the code that they noted."""

    user: User
    code: str = ""

    @property
    def page(self) -> Page:
        """The page in front of them."""
        return self.user.page


@dataclass(frozen=True)
class ReportAnswers:
    """The answers typed and chosen on the form, by its labels; empty where there is none."""

    account: str
    family: str = ""
    type: str = ""
    place: str = ""
    which: str = ""
    when: str = ""
    actor: str = ""
    target: str = ""
    began: str = ""
    link: str = ""
    contact: str = ""


def report(reporter: Reporter, answers: ReportAnswers) -> None:
    """To the receipt, the first time from the front page; the code is noted."""
    user, page = reporter.user, reporter.page
    if reporter.code:
        page.goto("/signaler")
    else:
        page.goto("/")
        user.press("Signaler un incident")
    expect_heading(page, "Signaler un incident")
    fill(user, answers)
    user.press("Relire avant d’envoyer")
    if answers.which:
        expect(page.get_by_role("alert")).to_contain_text("plusieurs lieux portent ce nom")
        user.tick(answers.which)
        user.press("Relire avant d’envoyer")
    expect_heading(page, "Relire avant d’envoyer")
    for text in (
        answers.account,
        answers.type,
        answers.which,
        answers.when,
        answers.actor,
        answers.link,
    ):
        expect(page.locator("dl.answers")).to_contain_text(words_of_any(text))
    user.press("Envoyer")
    expect_receipt(reporter)


def fill(user: User, answers: ReportAnswers) -> None:
    """Fill in the form with these answers."""
    user.write("Ce qui s’est passé", answers.account)
    if answers.type:
        user.unfold(answers.family)
        user.tick(answers.type)
    for label, text in (("Où", answers.place), ("Quand", answers.when)):
        if text:
            user.write(label, text)
    if answers.actor or answers.target or answers.began:
        user.unfold("Qui a agi, qui était visé")
    for label, word in (("Qui a agi", answers.actor), ("Qui était visé", answers.target)):
        if word:
            user.choose(label, word)
    if answers.began:
        user.tick(answers.began)
    if answers.link:
        user.unfold("Où cela peut se vérifier")
        user.write("Où cela peut se vérifier", answers.link)
    if answers.contact:
        user.unfold("Laisser un contact")
        user.write("Vous joindre", answers.contact)


def words_of_any(text: str) -> str:
    """A text as a page shows it, whose spaces a browser makes one."""
    return " ".join(text.split())


def expect_receipt(reporter: Reporter) -> None:
    """Require the receipt, and note its code."""
    expect_heading(reporter.page, "Votre signalement est reçu")
    reporter.code = reporter.page.locator("p.code").inner_text().strip()


def miscopied(code: str) -> str:
    """A code as it is copied from a slip of paper on a small keyboard."""
    return f" {code.replace('0', 'O').replace('1', 'l').lower().replace('-', '  ')} "


def follow(reporter: Reporter, state: str) -> None:
    """Come back with the code, and require the state of the report as its heading."""
    user, page = reporter.user, reporter.page
    page.goto("/suivi")
    expect_heading(page, "Suivre un signalement")
    user.write("Votre code", miscopied(reporter.code))
    user.press("Ouvrir")
    expect_heading(page, state)


def write(reporter: Reporter, text: str, confirmation: str, nature: str = "") -> None:
    """A message from the page of the report."""
    user = reporter.user
    if nature:
        user.tick(nature)
    user.write("Votre message", text)
    user.press("Envoyer ce message")
    expect_confirmation(reporter, confirmation)


def withdraw(reporter: Reporter) -> None:
    """Take the report back, from its page; a button alone does not do it."""
    user, page = reporter.user, reporter.page
    user.press("Retirer mon signalement")
    expect(page.get_by_role("alert")).to_contain_text("cochez la case pour confirmer")
    user.tick("Oui, je veux que mon signalement soit retiré")
    user.press("Retirer mon signalement")
    expect_confirmation(reporter, "Votre signalement est retiré.")
    expect_heading(page, "Retiré par vous")


def expect_confirmation(reporter: Reporter, words: str) -> None:
    """Require the confirmation at the top of the page."""
    expect(reporter.page.locator("#fait")).to_have_text(words_of(words))


def stored_in_browser(page: Page) -> list[str]:
    """The cookies, storage entries and databases that pages left in the browser."""
    cookies = [cookie.get("name", "") for cookie in page.context.cookies()]
    return [*cookies, *filter(None, page.evaluate(BROWSER_STORAGE))]
