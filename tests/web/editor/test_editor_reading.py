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

NEW = "/moderation/dossiers/nouveau"


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


def looked_over(bruno: MemberClient, **fields: str) -> str:
    """The page after "Aperçu", without saving."""
    answer = bruno.send(NEW, {**fields, "faire": "relire"})
    assert answer.status_code == 200
    return answer.text


def saved(bruno: MemberClient, session: Session, **fields: str) -> Content:
    """The content of the draft saved from these fields."""
    answer = bruno.send(NEW, {"reason": "essai", **fields})
    assert answer.status_code == 303, FilledForm(answer.text).invalid
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
def test_a_typed_date_is_shown_as_it_was_understood(
    bruno: MemberClient, typed: str, understood: str
) -> None:
    page = looked_over(bruno, date=typed)
    assert f"<b>{understood}</b>" in page
    assert FilledForm(page)["date"] == typed


def test_a_date_that_is_none_comes_back_with_what_to_write(bruno: MemberClient) -> None:
    answer = bruno.send(NEW, date="mardi prochain", title="Gardé", reason="essai")
    assert answer.status_code == 422
    page = FilledForm(answer.text)
    assert (page["date"], page["title"], page.invalid) == ("mardi prochain", "Gardé", ["date"])
    assert "26\u00a0juin 2006" in answer.text


def test_one_clear_place_is_taken(bruno: MemberClient, session: Session) -> None:
    for typed, code in {
        "gagny": "93032",
        "Saint-Denis 974": "97411",
        "93220": "93032",
        "Pierrefitte-sur-Seine": "93059",  # as the source names it; listed under Saint-Denis
        "Paris 18e": "75118",
    }.items():
        assert saved(bruno, session, **{"place-typed": typed}).commune == code


def test_the_place_that_was_read_is_shown(bruno: MemberClient) -> None:
    page = looked_over(bruno, **{"place-typed": "gagny"})
    assert "<b>Gagny (Seine-Saint-Denis), commune</b>" in page
    assert FilledForm(page)["place-code"] == "commune:93032"


def test_a_land_is_a_place_too(bruno: MemberClient, session: Session) -> None:
    assert saved(bruno, session, **{"place-typed": "Isère"}).departement == "38"
    assert saved(bruno, session, **{"place-typed": "Occitanie"}).region == "76"


def test_a_name_of_many_places_offers_them_and_keeps_the_form(
    bruno: MemberClient, session: Session
) -> None:
    fields = {"place-typed": "Saint-Denis", "title": "Gardé", "reason": "essai"}
    answer = bruno.send(NEW, fields)
    assert answer.status_code == 422
    assert FilledForm(answer.text)["title"] == "Gardé"
    assert 'value="commune:93066"' in answer.text
    assert 'value="commune:97411"' in answer.text
    chosen = {"place-code": "commune:97411", "place-read": FilledForm(answer.text)["place-read"]}
    assert saved(bruno, session, **fields, **chosen).commune == "97411"


def test_another_text_is_read_anew_whatever_was_chosen_before(
    bruno: MemberClient, session: Session
) -> None:
    fields = {"place-typed": "gagny", "place-code": "commune:92062", "place-read": "Puteaux"}
    assert saved(bruno, session, **fields).commune == "93032"


def test_an_unknown_place_offers_near_names_or_says_what_to_do(bruno: MemberClient) -> None:
    near = bruno.send(NEW, {"place-typed": "Clichy-sur-Boiss", "reason": "essai"})
    assert near.status_code == 422
    assert FilledForm(near.text).invalid == ["place-typed"]
    assert 'type="radio" name="place-code" value="commune:' in near.text
    none = bruno.send(NEW, {"place-typed": "zzzzzz", "reason": "essai"})
    assert "décrivez le lieu en mots" in none.text
    assert FilledForm(none.text)["place-typed"] == "zzzzzz"


def test_linked_communes_are_typed_by_name_too(bruno: MemberClient, session: Session) -> None:
    told = saved(bruno, session, **{"linked-0-typed": "Puteaux", "linked-1-typed": "gagny"})
    assert told.linked_communes == ("92062", "93032")
    answer = bruno.send(NEW, {"linked-0-typed": "Isère", "reason": "essai"})
    assert (answer.status_code, FilledForm(answer.text)["linked-0-typed"]) == (422, "Isère")


def test_rows_come_and_go_by_buttons_and_nothing_is_saved(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    at = f"/moderation/dossiers/{case.id}/modifier"
    page = FilledForm(bruno.get(at).text)
    for button in ("+sources", "+proceedings", "+proceedings-0-steps", "+linked", "+links"):
        page = FilledForm(bruno.send(at, page.sent(button, title="Gardé")).text)
    for name in ("sources-1-url", "proceedings-0-steps-0-date", "linked-0-typed", "links-0-number"):
        assert name in page
    page.fields["sources-1-url"] = ["https://exemple.test/seconde"]
    page = FilledForm(bruno.send(at, page.sent("-sources-0")).text)
    assert page["sources-0-url"] == "https://exemple.test/seconde"
    assert "sources-1-url" not in page
    assert page["title"] == "Gardé"
    assert session.scalar(select(func.count(Revision.id))) == 1


def test_a_row_added_is_where_one_goes_on(bruno: MemberClient) -> None:
    answer = bruno.send(NEW, {"faire": "+sources", "sources-0-url": "https://exemple.test/"})
    assert 'id="sources-1-url" name="sources-1-url" type="text"' not in answer.text
    assert answer.text.count("autofocus") == 1
    start = answer.text.index("autofocus")
    assert 'id="sources-1-url"' in answer.text[start - 300 : start]


@pytest.mark.parametrize(
    "button", ["+", "-", "+nulle-part", "-sources-99", "+sources-0", "--", "quoi", "+title"]
)
def test_an_unknown_button_changes_nothing(bruno: MemberClient, button: str) -> None:
    answer = bruno.send(NEW, {"faire": button, "title": "Gardé"})
    assert answer.status_code in (200, 422)
    assert FilledForm(answer.text)["title"] == "Gardé"


def test_an_empty_row_is_left_out_and_one_begun_asks_for_the_rest(
    bruno: MemberClient, session: Session
) -> None:
    told = saved(bruno, session, **{"sources-0-url": "", "proceedings-0-nature": "penale"})
    assert (told.sources, told.proceedings) == ((), ())
    begun = {"proceedings-0-court": "Bobigny", "sources-0-title": "Sans adresse"}
    answer = bruno.send(NEW, {**begun, "reason": "essai"})
    assert answer.status_code == 422
    assert set(FilledForm(answer.text).invalid) == {"sources-0-url", "proceedings-0-direction"}


def test_the_definition_of_the_chosen_type_is_at_hand(bruno: MemberClient) -> None:
    page = looked_over(bruno, type_1="huis_clos")
    hint = page.split('data-definition-of="type_1">')[1].split("</span>")[0]
    assert hint.startswith("Séance fermée au public")
    # And those of all the others, by family, in a part that opens without a script.
    assert page.count('data-code="') > 60


def test_the_terms_of_a_request_are_computed_from_whole_days(bruno: MemberClient) -> None:
    page = looked_over(bruno, **{"request-asked": "un rapport", "request-asked_on": "31/01/2026"})
    terms = page.split('id="delais"')[1].split("</div>")[0]
    assert "28\u00a0février 2026" in terms
    assert "28\u00a0avril 2026" in terms
    page = looked_over(bruno, **{"request-asked": "un rapport", "request-asked_on": "janvier 2026"})
    assert 'id="delais"' not in page


def test_a_preview_shows_the_text_as_readers_will_see_it(bruno: MemberClient) -> None:
    page = looked_over(bruno, narrative="Selon le blog, **rien**.\n\n<script>alert(1)</script>")
    shown = page.split('id="apercu"')[1].split("</section>")[0]
    assert "<strong>rien</strong>" in shown
    assert "<script>" not in shown


def test_the_preview_alone_is_a_fragment(bruno: MemberClient) -> None:
    answer = bruno.send("/moderation/apercu", texte="**gras** <b>x</b>")
    assert answer.text.strip() == "<p><strong>gras</strong> &lt;b&gt;x&lt;/b&gt;</p>"
    assert answer.headers["Cache-Control"] == "no-store"
    hostile = bruno.send("/moderation/apercu", texte="[" * 60_000)
    assert (hostile.status_code, "50000" in hostile.text) == (422, True)


def test_looking_over_a_new_case_shows_those_that_may_be_the_same(
    bruno: MemberClient, desk: Desk
) -> None:
    case = desk.published()
    fields = {"place-typed": "gagny", "date": "17 mars 2008", "type_1": "interdiction_filmer"}
    page = looked_over(bruno, **fields)
    assert f"/moderation/dossiers/{case.id}" in page.split('id="proches"')[1]
    assert 'id="proches"' not in looked_over(bruno, **{"place-typed": "Brest 29"})
