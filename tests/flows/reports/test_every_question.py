"""Every question of the form, asked for each type and answered on a phone, with its time."""

from __future__ import annotations

import pytest
from desk_steps import expect_heading
from input_devices import Pointer
from page_checks import AtDesk
from playwright.sync_api import Page, expect
from reporter_steps import Reporter, expect_receipt
from test_report_questions_walk import WIDTH, expect_no_overflow, shown_questions, tick

from register.reports import questions
from register.reports.questions import AnswerKind, Question

pytestmark = [pytest.mark.browser, pytest.mark.prove]

ACCOUNT = (
    "Le maire a interrompu la séance et m’a interdit de filmer. "
    "Un adjoint m’a pris mon téléphone des mains."
)
TYPED = {
    AnswerKind.DATE: "hier",
    AnswerKind.COURT: "tribunal judiciaire de Bobigny",
    AnswerKind.AMOUNT: "10 000 €",
    AnswerKind.TEXT: "un arrêté du maire",
}
# Seconds of a model, not of a stopwatch: a word read, a word typed, a tap, a screen scrolled.
READ, WRITE, TAP, SCROLL = 60 / 238, 60 / 36, 2.0, 1.5
SCREEN = 600  # pixels
ENOUGH = 180.0
# One of each set of types for which the same questions are asked.
SETS = {
    tuple(question.key for question in questions.questions_for({code})): code
    for code in sorted({code for one in questions.current_questions() for code in one.types})
}


class Clock:
    """The modelled time of a reporter: what they read, type, tap and scroll."""

    def __init__(self, page: Page) -> None:
        self.page, self.seconds = page, 0.0

    def read(self, selector: str) -> None:
        """Read what is shown of some parts, and scroll by their height."""
        for part in self.page.locator(selector).all():
            if part.is_visible():
                self.seconds += READ * len(part.inner_text().split())
                self.seconds += SCROLL * (part.bounding_box() or {})["height"] / SCREEN

    def tap(self) -> None:
        self.seconds += TAP

    def write(self, text: str) -> None:
        self.seconds += TAP + WRITE * len(text.split())


def answer(page: Page, clock: Clock, question: Question) -> str:
    """Answer a question with its first choice, or with words; what a page then says of it."""
    field = page.locator(f"#question-{question.key}")
    if not question.is_coded:
        text = TYPED[question.kind]
        field.locator("textarea, input").first.fill(text)
        clock.write(text)
        return text
    code, label = next(iter(question.choices("fr").items()))
    choices = field.locator("select")
    if choices.count():
        choices.select_option(code)
        clock.tap()
    else:
        field.locator(f"input[value={code}]").check()
    clock.tap()
    return label


def walk(page: Page, code: str, *, scripts: bool, answers: bool) -> float:
    """From the form to the receipt; the modelled time."""
    amina, clock = Reporter(Pointer(page)), Clock(page)
    expected = questions.questions_for({code})
    page.goto("/signaler")
    clock.read("main h1, main h1 ~ p, label[for=recit]")
    amina.user.write("Ce qui s’est passé", ACCOUNT)
    clock.write(ACCOUNT)
    assert shown_questions(page) == []
    tick(page, code)
    # Its family, found among all of them, then the box among those of the family.
    clock.read("details summary")
    clock.read(f"details:has([name=types][value={code}]) label")
    clock.tap()
    clock.tap()
    for label, text in (("Où", "Gagny"), ("Quand", "hier")):
        amina.user.write(label, text)
        clock.write(text)
    if not scripts:
        amina.user.press("Relire avant d’envoyer")
        clock.tap()
        expect_heading(page, "Relire avant d’envoyer")
    expect(page.locator(f"#question-{expected[0].key}")).to_be_visible()
    assert sorted(shown_questions(page)) == sorted(one.key for one in expected), code
    expect_no_overflow(page)
    clock.read("p.note[data-types]")
    # Who passes them over reads what is asked, and not what may be answered.
    parts = ".question" if answers else ".question legend, .question .field > label"
    clock.read(parts)
    words = [answer(page, clock, one) for one in expected] if answers else []
    if scripts or answers:
        amina.user.press("Relire avant d’envoyer" if scripts else "Relire avec ces réponses")
        clock.tap()
        expect_heading(page, "Relire avant d’envoyer")
    clock.read("dl.answers")
    for text in words:
        expect(page.locator("dl.answers")).to_contain_text(" ".join(text.split()))
    expect_no_overflow(page)
    amina.user.press("Envoyer")
    clock.tap()
    expect_receipt(amina)
    for text in words:
        expect(page.locator("dl.answers")).to_contain_text(" ".join(text.split()))
    return clock.seconds


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_each_type_asks_its_questions_and_takes_every_answer(
    open_page: AtDesk, scripts: bool
) -> None:
    asked = {key for keys in SETS for key in keys}
    assert asked == {one.key for one in questions.current_questions()}
    times = {}
    for code in SETS.values():
        page = open_page(WIDTH, scripts=scripts)
        times[code] = walk(page, code, scripts=scripts, answers=True)
        page.close()
    print({code: round(seconds) for code, seconds in times.items()})


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_three_minutes_suffice_when_the_questions_are_passed_over(
    open_page: AtDesk, scripts: bool
) -> None:
    page = open_page(WIDTH, scripts=scripts)
    times = {
        code: walk(page, code, scripts=scripts, answers=False)
        for code in ("interdiction_filmer", "plainte_diffamation", "violence_physique")
    }
    print({code: round(seconds) for code, seconds in times.items()})
    assert max(times.values()) < ENOUGH
