"""The public page on the pages of approval, publication and of a pending change."""

from __future__ import annotations

import re
from itertools import pairwise

import attested_acts as acts
import pytest
from case_contents import rich_case
from lxml import etree, html

pytestmark = pytest.mark.one_database

# What does not exist before the act, with what a published page has instead.
TO_COME = re.compile(
    r"nº\s(?:à venir|\d+)|ligne\s(?:à venir|\d+)(?: du journal public)?|adresse à venir,|http\S+"
)


def public_part(page: str) -> list[str]:
    """The words of the public page in a page, but for number, line and address."""
    article = html.fromstring(page).xpath("//div[@class='two']")[0]
    for sealed in article.xpath("//details[contains(., 'Vérifier')]"):
        sealed.drop_tree()
    # The buttons of those who know more: a case without a number has none yet.
    for buttons in article.xpath("//p[contains(@class, 'completing')]"):
        buttons.drop_tree()
    return TO_COME.sub("", str(article.text_content())).split()


def case_path(case, place=""):
    return f"/moderation/dossiers/{case.id}/{place}".rstrip("/")


def test_the_page_that_is_approved_and_published_is_the_public_page(
    signed, desk, revision_field, attestations
):
    case = desk.ready(rich_case())
    bruno, chloe = signed("bruno"), signed("chloe")
    approved = chloe.get(case_path(case, "approuver"))
    published = bruno.get(case_path(case, "publier"))
    form = {**revision_field(case), **attestations, "reason": "lu"}
    assert bruno.send(case_path(case, "publier"), form).status_code == 303
    public_page = bruno.get("/incidents/1").text
    assert public_part(approved.text) == public_part(published.text) == public_part(public_page)
    assert "nº\u00a0à venir" in approved.text
    description = re.search(r'<meta name="description" content="nº\s1, ([^"]+)"', public_page)
    assert description
    assert description[1] in approved.text
    for response in (approved, published):
        assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("place", ["approuver", "publier", "", "versions/1"])
def test_nothing_in_the_public_page_of_the_desk_acts(signed, desk, place):
    case = desk.ready(rich_case())
    page = html.fromstring(signed("chloe").get(case_path(case, place)).text)
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    sheet = page.xpath("//div[@class='sheet']")[0]
    assert sheet.xpath(".//form | .//button | .//input") == []
    addresses = sheet.xpath(".//@href")
    assert all(address.startswith(("#page-", "https://")) for address in addresses)
    for address in (address for address in addresses if address.startswith("#")):
        assert address[1:] in ids
    levels = [
        int(heading.get("aria-level") or heading.tag[1])
        for heading in page.iter(etree.Element)
        if heading.tag in ("h1", "h2", "h3", "h4")
    ]
    levels = levels[levels.index(1) :]
    assert all(level <= before + 1 for before, level in pairwise(levels))
    assert levels.count(1) == 1


def test_a_withdrawn_case_is_compared_with_what_the_public_read(signed, desk, content):
    case = desk.withdrawn(content(narrative="Le maire a promis. " * 40 + "Il a renoncé."))
    with desk.pen() as p:
        edited = content(narrative="Le maire a promis. " * 40 + "Il a tenu parole.")
        acts.edit(p, case.id, edited, by=desk.cast.bruno, reason="suite")
    page = signed("chloe").get(case_path(case, "approuver")).text
    difference = html.fromstring(page).xpath("//section[@aria-labelledby='difference']")[0]
    text = " ".join(difference.text_content().split())
    assert "avant le retrait" in text
    assert "[retiré : renoncé" in text.replace("\u00a0", " ")
    assert text.count("Le maire a promis") < 12, "long unchanged text is left out"
    assert 'href="#page-recit"' in page
    # The note that the restoration adds is part of the page.
    assert "Le texte a été modifié pendant son retrait." in page


def test_a_draft_has_no_text_of_readers_to_be_compared_with(signed, desk):
    page = signed("chloe").get(case_path(desk.draft(), "approuver")).text
    assert "Le public ne lit encore rien de ce cas" in page
