"""Interpretation of input in the editor: dates, places, definitions, terms, rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cast import Desk
from form_client import FilledForm, MemberClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases import case_content as contents
from register.cases.case_content import Content
from register.cases.models import Incident, Revision

pytestmark = pytest.mark.prove

NEW_CASE = "/moderation/dossiers/nouveau"


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


def preview(bruno: MemberClient, **fields: str) -> str:
    """The page after "Aperçu", without saving."""
    response = bruno.send(NEW_CASE, {**fields, "faire": "relire"})
    assert response.status_code == 200
    return response.text


def save_draft(bruno: MemberClient, session: Session, **fields: str) -> Content:
    """The content of the draft saved from these fields."""
    response = bruno.send(NEW_CASE, {"reason": "essai", **fields})
    assert response.status_code == 303, FilledForm(response.text).invalid
    session.rollback()
    case = session.scalars(select(Incident).order_by(Incident.id.desc())).first()
    assert case
    return contents.content_of(case)


@pytest.mark.parametrize(
    ("typed", "understood"),
    [
        ("17/03/2008", "17\u00a0mars 2008"),
        ("March 17, 2008", "17\u00a0mars 2008"),
        ("environ 2008", "vers 2008"),
        ("2008?", "2008 (incertain)"),
    ],
)
def test_the_recognised_date_is_shown(bruno: MemberClient, typed: str, understood: str) -> None:
    page = preview(bruno, date=typed)
    assert f"<b>{understood}</b>" in page
    assert FilledForm(page)["date"] == typed


def test_an_invalid_date_comes_back_with_an_example(bruno: MemberClient) -> None:
    response = bruno.send(NEW_CASE, date="mardi prochain", title="Gardé", reason="essai")
    assert response.status_code == 422
    form = FilledForm(response.text)
    assert (form["date"], form["title"], form.invalid) == ("mardi prochain", "Gardé", ["date"])
    assert "26\u00a0juin 2006" in response.text


def test_an_unambiguous_place_is_recognised(bruno: MemberClient, session: Session) -> None:
    for typed, code in {
        "gagny": "93032",
        "Saint-Denis 974": "97411",
        "93220": "93032",
        "Pierrefitte-sur-Seine": "93059",  # as the source names it; listed under Saint-Denis
        "Paris 18e": "75118",
    }.items():
        assert save_draft(bruno, session, **{"place-typed": typed}).commune == code


def test_the_recognised_place_is_shown(bruno: MemberClient) -> None:
    page = preview(bruno, **{"place-typed": "gagny"})
    assert "<b>Gagny (Seine-Saint-Denis), commune</b>" in page
    assert FilledForm(page)["place-code"] == "commune:93032"


def test_a_departement_or_region_is_a_place_too(bruno: MemberClient, session: Session) -> None:
    assert save_draft(bruno, session, **{"place-typed": "Isère"}).departement == "38"
    assert save_draft(bruno, session, **{"place-typed": "Occitanie"}).region == "76"


def test_an_ambiguous_place_offers_choices_and_keeps_the_form(
    bruno: MemberClient, session: Session
) -> None:
    fields = {"place-typed": "Saint-Denis", "title": "Gardé", "reason": "essai"}
    response = bruno.send(NEW_CASE, fields)
    assert response.status_code == 422
    assert FilledForm(response.text)["title"] == "Gardé"
    assert 'value="commune:93066"' in response.text
    assert 'value="commune:97411"' in response.text
    choice = {"place-code": "commune:97411", "place-read": FilledForm(response.text)["place-read"]}
    assert save_draft(bruno, session, **fields, **choice).commune == "97411"


def test_a_changed_place_is_resolved_again(bruno: MemberClient, session: Session) -> None:
    fields = {"place-typed": "gagny", "place-code": "commune:92062", "place-read": "Puteaux"}
    assert save_draft(bruno, session, **fields).commune == "93032"


def test_an_unknown_place_offers_similar_names_or_help(bruno: MemberClient) -> None:
    near_name = bruno.send(NEW_CASE, {"place-typed": "Clichy-sur-Boiss", "reason": "essai"})
    assert near_name.status_code == 422
    assert FilledForm(near_name.text).invalid == ["place-typed"]
    assert 'type="radio" name="place-code" value="commune:' in near_name.text
    unknown_name = bruno.send(NEW_CASE, {"place-typed": "zzzzzz", "reason": "essai"})
    assert "décrivez le lieu en mots" in unknown_name.text
    assert FilledForm(unknown_name.text)["place-typed"] == "zzzzzz"


def test_linked_communes_are_typed_by_name_too(bruno: MemberClient, session: Session) -> None:
    content = save_draft(bruno, session, **{"linked-0-typed": "Puteaux", "linked-1-typed": "gagny"})
    assert content.linked_communes == ("92062", "93032")
    response = bruno.send(NEW_CASE, {"linked-0-typed": "Isère", "reason": "essai"})
    assert (response.status_code, FilledForm(response.text)["linked-0-typed"]) == (422, "Isère")


def test_buttons_add_and_remove_rows_without_saving(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    path = f"/moderation/dossiers/{case.id}/modifier"
    form = FilledForm(bruno.get(path).text)
    for button in ("+sources", "+proceedings", "+proceedings-0-steps", "+linked", "+links"):
        form = FilledForm(bruno.send(path, form.sent(button, title="Gardé")).text)
    for name in ("sources-1-url", "proceedings-0-steps-0-date", "linked-0-typed", "links-0-number"):
        assert name in form
    form.fields["sources-1-url"] = ["https://exemple.test/seconde"]
    form = FilledForm(bruno.send(path, form.sent("-sources-0")).text)
    assert form["sources-0-url"] == "https://exemple.test/seconde"
    assert "sources-1-url" not in form
    assert form["title"] == "Gardé"
    assert session.scalar(select(func.count(Revision.id))) == 1


def test_an_added_row_gets_the_focus(bruno: MemberClient) -> None:
    response = bruno.send(NEW_CASE, {"faire": "+sources", "sources-0-url": "https://exemple.test/"})
    assert 'id="sources-1-url" name="sources-1-url" type="text"' not in response.text
    assert response.text.count("autofocus") == 1
    start = response.text.index("autofocus")
    assert 'id="sources-1-url"' in response.text[start - 300 : start]


@pytest.mark.parametrize(
    "button", ["+", "-", "+nulle-part", "-sources-99", "+sources-0", "--", "quoi", "+title"]
)
def test_an_unknown_button_changes_nothing(bruno: MemberClient, button: str) -> None:
    response = bruno.send(NEW_CASE, {"faire": button, "title": "Gardé"})
    assert response.status_code in (200, 422)
    assert FilledForm(response.text)["title"] == "Gardé"


def test_an_empty_row_is_dropped_and_an_incomplete_one_refused(
    bruno: MemberClient, session: Session
) -> None:
    content = save_draft(bruno, session, **{"sources-0-url": "", "proceedings-0-nature": "penale"})
    assert (content.sources, content.proceedings) == ((), ())
    incomplete = {"proceedings-0-docket": "Bobigny", "sources-0-title": "Sans adresse"}
    response = bruno.send(NEW_CASE, {**incomplete, "reason": "essai"})
    assert response.status_code == 422
    assert set(FilledForm(response.text).invalid) == {"sources-0-url", "proceedings-0-direction"}


def test_the_definition_of_the_chosen_type_is_shown(bruno: MemberClient) -> None:
    page = preview(bruno, type_1="huis_clos")
    hint = page.split('data-definition-of="type_1">')[1].split("</span>")[0]
    assert hint.startswith("Séance fermée au public")
    # All other definitions are in a <details> element.
    assert page.count('data-code="') > 60


def test_the_deadlines_of_a_request_need_a_complete_date(bruno: MemberClient) -> None:
    page = preview(bruno, **{"request-asked": "un rapport", "request-asked_on": "31/01/2026"})
    terms = page.split('id="delais"')[1].split("</div>")[0]
    assert "28\u00a0février 2026" in terms
    assert "28\u00a0avril 2026" in terms
    page = preview(bruno, **{"request-asked": "un rapport", "request-asked_on": "janvier 2026"})
    assert 'id="delais"' not in page


def test_a_preview_renders_the_text(bruno: MemberClient) -> None:
    page = preview(bruno, narrative="Selon le blog, **rien**.\n\n<script>alert(1)</script>")
    preview_html = page.split('id="apercu"')[1].split("</section>")[0]
    assert "<strong>rien</strong>" in preview_html
    assert "<script>" not in preview_html


def test_the_preview_of_a_text_is_an_html_fragment(bruno: MemberClient) -> None:
    response = bruno.send("/moderation/apercu", texte="**gras** <b>x</b>")
    assert response.text.strip() == "<p><strong>gras</strong> &lt;b&gt;x&lt;/b&gt;</p>"
    assert response.headers["Cache-Control"] == "no-store"
    refused = bruno.send("/moderation/apercu", texte="[" * 60_000)
    assert (refused.status_code, "50000" in refused.text) == (422, True)


def test_the_preview_of_a_new_case_lists_possible_duplicates(
    bruno: MemberClient, desk: Desk
) -> None:
    case = desk.published()
    fields = {"place-typed": "gagny", "date": "17 mars 2008", "type_1": "interdiction_filmer"}
    page = preview(bruno, **fields)
    assert f"/moderation/dossiers/{case.id}" in page.split('id="proches"')[1]
    assert 'id="proches"' not in preview(bruno, **{"place-typed": "Brest 29"})
