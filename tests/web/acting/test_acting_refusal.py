"""A second reader refuses a version on a passage; its writer finds it marked, and mends it."""

from __future__ import annotations

import html
import re

import attested_acts as acts
import pytest

pytestmark = pytest.mark.one_database

PASSAGE = "Selon le blog, l’élu «\u202fa menti\u202f»"


def case_path(case, place=""):
    return f"/moderation/dossiers/{case.id}/{place}".rstrip("/")


def marked(page: str) -> list[str]:
    return [html.unescape(passage) for passage in re.findall(r"<mark>(.*?)</mark>", page)]


@pytest.fixture
def refused_case(desk, content, signed, revision_field):
    """Bruno's draft, refused by Chloé on a passage; their browsers."""
    case = desk.draft(content(narrative="Selon le blog, l'élu « a **menti** ». Le maire dément."))
    bruno, chloe = signed("bruno"), signed("chloe")
    fields = {**revision_field(case), "refusal": "Qui le dit ?", "passage": PASSAGE}
    response = chloe.send(case_path(case, "refuser"), fields)
    assert (response.status_code, response.location) == (303, case_path(case))
    return case, bruno, chloe


def test_the_refused_passage_is_marked_for_its_writer(refused_case):
    case, bruno, chloe = refused_case
    case_page = bruno.get(case_path(case)).text
    assert "La version est refusée." in chloe.get(case_path(case)).text
    assert "Qui le dit" in case_page
    # Within the public page the passage spans two elements.
    assert "".join(marked(case_page.partition('class="sheet"')[2].partition("</article>")[0])) == (
        PASSAGE
    )
    editor_page = bruno.get(case_path(case, "modifier")).text
    assert len(marked(editor_page)) == 1
    assert "Le maire dément." in editor_page.partition("</mark>")[2][:80]
    assert 'href="#narrative"' in editor_page
    assert "Reprendre" in bruno.get("/moderation").text


def test_a_refused_version_is_neither_approved_nor_published(
    refused_case, signed, revision_field, attestations
):
    case, bruno, chloe = refused_case
    for browser, place, fields in (
        (chloe, "approuver", {}),
        (bruno, "publier", {**attestations, "reason": "lu"}),
    ):
        assert "Cette version a été refusée" in browser.get(case_path(case, place)).text
        response = browser.send(case_path(case, place), revision_field(case) | fields)
        assert response.status_code == 409
    assert chloe.send(case_path(case, "refuser"), refusal="Encore.").status_code == 409


def test_the_next_reader_is_told_of_the_refusal_that_a_new_version_answers(
    refused_case, desk, content, cast
):
    case, _bruno, chloe = refused_case
    with desk.pen() as p:
        acts.edit(p, case.id, content(narrative="Rien."), by=cast.bruno, reason="ôté")
    page = chloe.get(case_path(case, "approuver")).text
    assert "Une version d’avant a été refusée" in page
    assert "Comparer avec la version refusée" in page
    assert "Approuver cette page" in page


def test_a_refusal_that_is_refused_comes_back_as_typed(desk, signed, revision_field):
    case, chloe = desk.draft(), signed("chloe")
    fields = {**revision_field(case), "refusal": "Qui le dit ?", "passage": "Absent."}
    response = chloe.send(case_path(case, "refuser"), fields)
    assert response.status_code == 422
    assert "La page ne contient pas ce passage." in response.text
    assert "Absent." in response.text
    assert "Qui le dit" in response.text
    own = signed("bruno").get(case_path(case, "approuver")).text
    assert "Refuser cette version" not in own
