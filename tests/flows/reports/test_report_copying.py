"""In the editor, the fields of a report are copied into the case one by one."""

from __future__ import annotations

import pytest
from databases import open_engine
from page_checks import AtDesk
from playwright.sync_api import Page, expect
from report_factory import WORDS, Inbox
from served_register import ServedRegister
from sqlalchemy.orm import Session

from register.journal import writing
from register.operations import setup
from register.reports.queries import get_report

pytestmark = pytest.mark.browser

LINK = "https://exemple.test/seance"


@pytest.fixture
def editor(served_register: ServedRegister) -> str:
    """The editor of a draft that was made of a report with another type, date and link."""
    with open_engine(served_register.settings.database_url) as engine:
        with Session(engine) as session:
            store = setup.key_store(served_register.settings, session)
        inbox = Inbox(lambda at: writing(engine, at), store, served_register.cast)
        content = {"types": ("menace_expulsion", "interdiction_filmer"), "date": "2026-03-01"}
        report = inbox.accepted(links=(LINK,), **content)
        with Session(engine) as session:
            case = get_report(session, store, report.key).case
        store.close()
    return f"/moderation/dossiers/{case.id}/modifier"


def copy_field(page: Page, text: str) -> None:
    """Press the button beside a text of the report."""
    page.locator(".reported dd", has_text=text).get_by_role("button").click()


def test_fields_are_copied_one_by_one_and_nothing_is_lost(
    served_register: ServedRegister, open_page: AtDesk, editor: str
) -> None:
    page = open_page(1400, scripts=True)
    served_register.sign_in(page.context, "bruno")
    page.goto(editor)
    # The reporter's own words are read beside the draft and copied nowhere.
    account = page.locator(".reported dd", has_text=WORDS)
    expect(account).to_be_visible()
    expect(account.get_by_role("button")).to_have_count(0)
    copy_field(page, "1er mars 2026")
    expect(page.locator("#date")).to_have_value("1er mars 2026")
    # A type goes into the next free list, and not twice; a link over no other.
    copy_field(page, "Menace d’expulsion")
    expect(page.locator("#type_2")).to_have_value("menace_expulsion")
    copy_field(page, "Interdiction de filmer")
    expect(page.locator("#type_3")).to_have_value("")
    source = page.locator('[name="sources-0-url"]')
    first_address = source.input_value()
    copy_field(page, LINK)
    expect(page.get_by_text("Il n’y a plus de champ libre")).to_be_visible()
    expect(source).to_have_value(first_address)
    source.fill("")
    copy_field(page, LINK)
    expect(source).to_have_value(LINK)


def test_on_a_phone_the_report_is_a_tap_away_and_without_scripts_it_is_there_to_read(
    served_register: ServedRegister, open_page: AtDesk, editor: str
) -> None:
    page = open_page(390, scripts=True)
    served_register.sign_in(page.context, "bruno")
    page.goto(editor)
    expect(page.get_by_text(WORDS)).to_be_hidden()
    page.get_by_text("Le signalement d’origine").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    page = open_page(390, scripts=False)
    served_register.sign_in(page.context, "bruno")
    page.goto(editor)
    expect(page.get_by_text(WORDS)).to_be_visible()
    expect(page.locator("button.copy").first).to_be_hidden()
