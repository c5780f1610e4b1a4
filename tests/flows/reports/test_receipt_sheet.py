"""The receipt on paper and as a file: one sheet, whatever was sent, and a proof of it."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

import pytest
from desk_steps import expect_heading
from input_devices import Pointer
from page_checks import AtDesk
from playwright.sync_api import Page, expect
from reporter_steps import ReportAnswers, Reporter, expect_receipt, fill
from served_register import ServedRegister

from register.reports.report_content import LINE_LIMIT

pytestmark = [pytest.mark.browser, pytest.mark.prove]

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_PAGE = re.compile(rb"/Type\s*/Page\b")
SENTENCE = "Le maire a suspendu la séance et m’a fait éteindre ma caméra par la police municipale. "
SHORT = ReportAnswers("Ils ont coupé le micro.")
# As much as the form takes of everything.
LONGEST = ReportAnswers(
    account=(SENTENCE * 240)[:19_900].strip(),
    place="g" * 180,
    when=("vers la fin de la séance " * 20)[: LINE_LIMIT - 1].strip(),
    actor="Le président d’une intercommunalité, d’un département, d’une région",
    target="Un journal, une radio ou une télévision de la région",
    began="Oui, la personne visée elle-même",
    link="\n".join(f"https://exemple.test/{place}/" + "x" * 400 for place in range(20)),
    contact="amina@exemple.test",
)
# Every kind of fact at once: the longest line that a receipt can have.
EVERY_BOX = "document.querySelectorAll('[name=types]').forEach((box) => { box.checked = true; })"
EVERY_ANSWER = """(text) => {
  for (const box of document.querySelectorAll("#questions textarea")) box.value = text;
  for (const list of document.querySelectorAll("#questions select")) list.selectedIndex = 1;
  for (const box of document.querySelectorAll("#questions [value=non]")) box.checked = true;
}"""
LONG_WORDS = """(text) => { for (const id of ["acteur_texte", "cible_texte"])
  document.getElementById(id).value = text; }"""


def sheet_count(document: bytes) -> int:
    """The pages of a PDF, those in its compressed objects too."""
    return sum(len(_PAGE.findall(part)) for part in _parts(document))


def _parts(document: bytes) -> Iterator[bytes]:
    yield _STREAM.sub(b"", document)
    for stream in _STREAM.findall(document):
        try:
            yield zlib.decompress(stream)
        except zlib.error:
            continue


def _receipt(page: Page, answers: ReportAnswers, *, every_box: bool) -> None:
    amina = Reporter(Pointer(page))
    page.goto("/signaler")
    fill(amina.user, answers)
    if every_box:
        page.evaluate(EVERY_BOX)
        page.evaluate(LONG_WORDS, ("la première adjointe à la culture " * 20)[:LINE_LIMIT].strip())
    amina.user.press("Relire avant d’envoyer")
    expect_heading(page, "Relire avant d’envoyer")
    if every_box:
        page.evaluate(EVERY_ANSWER, ("tribunal " * 20)[:99].strip())
    amina.user.press("Envoyer")
    expect_receipt(amina)


@pytest.mark.parametrize("answers", [SHORT, LONGEST], ids=["short", "longest"])
def test_a_receipt_goes_on_one_sheet(
    served_register: ServedRegister, open_page: AtDesk, answers: ReportAnswers
) -> None:
    page = open_page(1280, scripts=True)
    _receipt(page, answers, every_box=answers is LONGEST)
    assert sheet_count(page.pdf(format="A4")) == 1
    page.emulate_media(media="print")
    for words in (page.locator("p.code"), page.get_by_text("/suivi").first):
        assert words.is_visible()
    # What is pressed is of no use on paper.
    assert not page.get_by_role("button", name="Ouvrir le suivi").is_visible()


def test_several_sheets_are_counted(served_register: ServedRegister, open_page: AtDesk) -> None:
    """The proof that the test above sees something."""
    page = open_page(1280, scripts=True)
    page.goto("/signaler")
    assert sheet_count(page.pdf(format="A4")) > 1


@pytest.mark.parametrize("name", ["recu.html", "recu.json"])
@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
def test_the_downloaded_file_is_recognised_as_a_receipt(
    served_register: ServedRegister, open_page: AtDesk, scripts: bool, name: str
) -> None:
    page = open_page(390, scripts=scripts)
    _receipt(page, SHORT, every_box=False)
    page.locator("#garder summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    file = download.value
    assert file.suggested_filename == name
    # The receipt is still there: its code may not have been noted yet.
    expect_heading(page, "Votre signalement est reçu")
    page.goto("/suivi/verifier")
    # A browser gives a downloaded file its name; Playwright stores it under another.
    sent = {"name": name, "mimeType": "", "buffer": file.path().read_bytes()}
    page.get_by_label("Le fichier recu.html ou recu.json").set_input_files(sent)
    page.get_by_role("button", name="Vérifier").click()
    expect(page.get_by_role("status")).to_contain_text("a été reçu le")
    # Of the page, whose words could have been changed, it shows what is proved.
    assert (SHORT.account in page.content()) == (name == "recu.html")
