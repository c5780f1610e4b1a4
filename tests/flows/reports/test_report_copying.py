"""In the editor, what was reported is copied into the case, field by field, and put back."""

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
def editor(house: ServedRegister) -> str:
    """The editor of a draft that was made of a report with another type, date and link."""
    with open_engine(house.settings.database_url) as engine:
        with Session(engine) as session:
            store = setup.key_store(house.settings, session)
        inbox = Inbox(lambda at: writing(engine, at), store, house.cast)
        told = {"types": ("menace_expulsion", "interdiction_filmer"), "date": "2026-03-01"}
        filed = inbox.accepted(links=(LINK,), **told)
        with Session(engine) as session:
            case = get_report(session, store, filed.key).case
        store.close()
    return f"/moderation/dossiers/{case.id}/modifier"


def copied(page: Page, text: str) -> None:
    """Press the button beside a text that was reported."""
    page.locator(".reported dd", has_text=text).get_by_role("button").click()


def test_fields_are_copied_one_by_one_and_nothing_is_lost(
    house: ServedRegister, somebody: AtDesk, editor: str
) -> None:
    page = somebody(1400, scripts=True)
    house.sign_in(page.context, "bruno")
    page.goto(editor)
    # The reporter's own words are read beside the draft and copied nowhere.
    account = page.locator(".reported dd", has_text=WORDS)
    expect(account).to_be_visible()
    expect(account.get_by_role("button")).to_have_count(0)
    copied(page, "1er mars 2026")
    expect(page.locator("#date")).to_have_value("1er mars 2026")
    # A type goes into the next free list, and not twice; a link over no other.
    copied(page, "Menace d’expulsion")
    expect(page.locator("#type_2")).to_have_value("menace_expulsion")
    copied(page, "Interdiction de filmer")
    expect(page.locator("#type_3")).to_have_value("")
    source = page.locator('[name="sources-0-url"]')
    kept = source.input_value()
    copied(page, LINK)
    expect(page.get_by_text("Il n’y a plus de champ libre")).to_be_visible()
    expect(source).to_have_value(kept)
    source.fill("")
    copied(page, LINK)
    expect(source).to_have_value(LINK)


def test_on_a_phone_the_report_is_a_tap_away_and_without_scripts_it_is_there_to_read(
    house: ServedRegister, somebody: AtDesk, editor: str
) -> None:
    page = somebody(390, scripts=True)
    house.sign_in(page.context, "bruno")
    page.goto(editor)
    expect(page.get_by_text(WORDS)).to_be_hidden()
    page.get_by_text("Le signalement d’origine").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    page = somebody(390, scripts=False)
    house.sign_in(page.context, "bruno")
    page.goto(editor)
    expect(page.get_by_text(WORDS)).to_be_visible()
    expect(page.locator("button.copy").first).to_be_hidden()
