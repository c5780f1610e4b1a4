"""A dirty correction is stopped, refused on a passage, mended, published, and read word by word."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from desk_steps import (
    WAITS,
    Member,
    agree,
    answer,
    approve,
    come_back,
    draft,
    expect_message,
    invite,
    invite_authority,
    join,
    publish,
)
from fresh_register import FreshRegister
from page_checks import AtDesk
from playwright.sync_api import Page, expect
from test_desk_life import CHARTRES
from viewports import DESKTOP, PHONE, Viewport

pytestmark = [pytest.mark.browser, pytest.mark.prove]

STORY = replace(CHARTRES, title="Un blog satirique poursuivi à Chartres")
DIRTY = "Selon M. Jean Dupont, joint au 06 12 34 56 78, le blog a menti."
CLEAN = "Selon Évasion FM, le maire dit que le blog a menti."
PASSAGE = "M. Jean Dupont, joint au 06 12 34 56 78"
REASON = "Une personne privée et son numéro : attribuez à la source."


def write_narrative(member: Member, text: str) -> None:
    closing = member.page.locator("section[aria-labelledby=enregistrer]")
    member.user.write("Récit", text)
    member.user.write("Note publique", "Ce que dit le maire est précisé.", closing)
    member.user.write("Pourquoi cet enregistrement", "la source le dit", closing)


def quote(page: Page, passage: str, *, scripts: bool) -> None:
    """Select the passage in the public page with scripts; without, type it."""
    box = page.get_by_label("Passage en cause")
    if not scripts:
        box.fill(passage)
        return
    page.locator(".public-page .prose p").first.evaluate(
        """(paragraph, passage) => {
            const text = paragraph.firstChild, start = text.data.indexOf(passage.slice(0, 8));
            getSelection().setBaseAndExtent(text, start, text, start + passage.length);
        }""",
        passage,
    )
    expect(box).to_have_value(re.compile(r"M\.\s+Jean Dupont"))


@pytest.mark.parametrize(
    "viewport",
    [Viewport(width, scripts) for width in (PHONE, DESKTOP) for scripts in (False, True)],
    ids=["phone", "phone with scripts", "desktop", "desktop with scripts"],
)
def test_a_dirty_correction_is_refused_on_a_passage_mended_and_compared(
    viewport: Viewport, fresh_register: FreshRegister, at_desk: AtDesk
) -> None:
    ada, bruno, reader = (
        Member(
            viewport.user(at_desk(viewport.width, scripts=viewport.scripts)),
            f"{name}@registre.example",
        )
        for name in ("ada", "bruno", "reader")
    )
    join(ada, fresh_register.first_link, "Ada", first=True)
    join(bruno, invite(ada, bruno.email), "Bruno")
    fresh_register.confirm(bruno.email)
    come_back(bruno)
    case = draft(bruno, STORY)
    invite_authority(bruno, "faits anciens")
    approve(ada, case)
    number = publish(bruno, case)

    # Stopped until its words are explained, which are then read by two.
    bruno.page.goto(case)
    bruno.user.press("Corriger")
    write_narrative(bruno, DIRTY)
    answer(bruno)
    bruno.user.press("Publier la correction")
    expect(bruno.page.get_by_role("alert")).to_be_visible()
    answer(bruno)
    bruno.user.press("Publier la correction")
    expect_message(bruno.page, WAITS)

    ada.page.goto(case)
    ada.user.press("Relire et approuver…")
    expect(ada.page.locator(".public-page")).to_contain_text(PASSAGE[:14])
    quote(ada.page, PASSAGE, scripts=viewport.scripts)
    ada.user.write("Motif du refus", REASON)
    ada.user.press("Refuser ce changement")
    expect_message(ada.page, "Le changement est refusé.")

    bruno.page.goto("/moderation")
    expect(bruno.page.locator("main")).to_contain_text("Changements à reprendre")
    bruno.page.goto(case)
    bruno.user.press("Reprendre l’écriture")
    expect(bruno.page.locator("mark")).to_contain_text("Jean Dupont")
    expect(bruno.page.locator("main")).to_contain_text("attribuez à la source")
    bruno.user.write("Récit", CLEAN)
    answer(bruno)
    bruno.user.press("Publier la correction")
    expect_message(bruno.page, WAITS)
    agree(ada, case)

    reader.page.goto(f"/incidents/{number}")
    expect(reader.page.locator("#recit ~ .prose")).to_contain_text("le maire dit")
    reader.page.get_by_role("link", name=re.compile("^ce qui a changé")).click()
    expect(reader.page.locator(".told ins").first).to_contain_text(
        "le maire dit que le blog a menti"
    )
    expect(reader.page.locator("body")).not_to_contain_text("Dupont")
