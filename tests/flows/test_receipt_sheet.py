"""The receipt on paper: one sheet, whatever was sent."""

from __future__ import annotations

import re

import pytest
from browsing import STICKS_OUT, Opener

from register.submissions.payload import ACCOUNT_LIMIT, LINE_LIMIT, LINKS_LIMIT

pytestmark = pytest.mark.browser

_PAGE = re.compile(rb"/Type\s*/Page\b(?!s)")
WORDS = "Le maire a fait éteindre ma caméra. "


def test_the_receipt_of_the_longest_report_goes_on_one_sheet(reader: Opener) -> None:
    tab = reader("report", width=320)
    tab.fill("#recit", (WORDS * ACCOUNT_LIMIT)[:ACCOUNT_LIMIT])
    for box in ("#quand", "#acteur_texte", "#cible_texte", "#contact"):
        tab.fill(box, (WORDS * LINE_LIMIT)[:LINE_LIMIT])
    tab.fill("#lieu", "chez moi, en ligne")
    tab.fill("#liens", "\n".join(["https://exemple.test/compte-rendu"] * LINKS_LIMIT))
    for family in tab.locator("#types summary").all():
        family.click()
    for kind in tab.locator("#types input").all():
        kind.check()
    tab.get_by_role("button", name="Relire avant d’envoyer").click()
    tab.get_by_role("button", name="Envoyer").click()
    code = tab.locator(".code").inner_text()
    assert tab.evaluate(STICKS_OUT) == []
    assert len(_PAGE.findall(tab.pdf(format="A4"))) == 1
    # Once more, by a reload: the same sheet.
    tab.reload()
    assert tab.locator(".code").inner_text() == code
