"""Conflicts of two editors of one case: both versions shown, no input lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cast import CaseRef, Desk
from form_client import FilledForm, MemberClient
from sqlalchemy.orm import Session

from register.cases.models import Incident

pytestmark = pytest.mark.prove


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


@pytest.fixture
def chloe(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("chloe")


def at(case: CaseRef) -> str:
    return f"/moderation/dossiers/{case.id}/modifier"


def both_saved(bruno: MemberClient, chloe: MemberClient, case: CaseRef) -> str:
    """Chloé's page after a conflict over title and summary, of which she changed the title."""
    hers, his = (FilledForm(one.get(at(case)).text) for one in (chloe, bruno))
    sent = his.sent(title="Titre de Bruno", summary="Résumé de Bruno.", reason="premier")
    assert bruno.send(at(case), sent).status_code == 303
    sent = hers.sent(title="Titre de Chloé", narrative="Son **récit**.", reason="seconde")
    answer = chloe.send(at(case), sent)
    assert answer.status_code == 409
    return answer.text


def title(session: Session, case: CaseRef) -> tuple[str, str]:
    session.rollback()
    row = session.get(Incident, case.id)
    assert row
    return row.title, row.summary


def test_the_second_author_sees_both_versions_and_keeps_hers(
    bruno: MemberClient, chloe: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft(title="Titre premier")
    page = both_saved(bruno, chloe, case)
    mine = FilledForm(page)
    assert (mine["title"], mine["narrative"]) == ("Titre de Chloé", "Son **récit**.")
    assert mine["reason"] == "seconde"
    compared = page.split('id="deux-versions"')[1].split("</section>")[0]
    assert "<del>" in compared
    assert "Bruno" in compared
    assert "Chloé" in compared
    assert title(session, case)[0] == "Titre de Bruno"


def test_fields_that_one_had_not_touched_are_offered_from_the_other(
    bruno: MemberClient, chloe: MemberClient, desk: Desk
) -> None:
    page = both_saved(bruno, chloe, desk.draft())
    assert FilledForm(page).fields["reprendre"] == ["summary"]


def test_saving_again_keeps_the_own_text_and_the_fields_taken_over(
    bruno: MemberClient, chloe: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    again = FilledForm(both_saved(bruno, chloe, case))
    assert chloe.send(at(case), again.sent()).status_code == 303
    assert title(session, case) == ("Titre de Chloé", "Résumé de Bruno.")


def test_stored_fields_are_optional(
    bruno: MemberClient, chloe: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft(summary="Résumé premier.")
    again = FilledForm(both_saved(bruno, chloe, case)).sent()
    del again["reprendre"]
    assert chloe.send(at(case), again).status_code == 303
    assert title(session, case) == ("Titre de Chloé", "Résumé premier.")


def test_fields_taken_over_are_shown_when_the_form_comes_back(
    bruno: MemberClient, chloe: MemberClient, desk: Desk
) -> None:
    case = desk.draft()
    again = FilledForm(both_saved(bruno, chloe, case))
    answer = chloe.send(at(case), again.sent(reason=""))
    assert answer.status_code == 422
    page = FilledForm(answer.text)
    assert (page["title"], page["summary"]) == ("Titre de Chloé", "Résumé de Bruno.")


def test_every_list_can_be_taken(
    bruno: MemberClient, chloe: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    hers, his = (FilledForm(one.get(at(case)).text) for one in (chloe, bruno))
    sent = his.sent(reason="premier", type_1="huis_clos") | {
        "sources-1-url": ["https://exemple.test/autre"],
        "place-typed": ["Puteaux"],
        "linked-0-typed": ["Gagny"],
        "proceedings-0-direction": ["tiers"],
        "request-asked": ["un rapport"],
        "outlets": ["Un autre blog"],
    }
    assert bruno.send(at(case), sent).status_code == 303
    names = {"types", "sources", "commune", "linked_communes", "proceedings", "request", "outlets"}
    page = chloe.send(at(case), hers.sent(title="À elle", reason="seconde")).text
    assert set(FilledForm(page).fields["reprendre"]) == names
    assert chloe.send(at(case), FilledForm(page).sent()).status_code == 303
    session.rollback()
    row = session.get(Incident, case.id)
    assert row
    assert (row.title, row.types[0].code, len(row.sources)) == ("À elle", "huis_clos", 2)
    assert [place.code for place in row.places] == ["92062", "93032"]
    assert (len(row.proceedings), row.request is not None) == (1, True)


def test_a_third_version_in_between_is_shown_again(
    bruno: MemberClient, chloe: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    again = FilledForm(both_saved(bruno, chloe, case))
    third = FilledForm(bruno.get(at(case)).text).sent(title="Troisième", reason="encore")
    assert bruno.send(at(case), third).status_code == 303
    assert chloe.send(at(case), again.sent()).status_code == 409
    assert title(session, case)[0] == "Troisième"


def test_a_revision_of_another_case_or_of_none_is_no_revision_of_this_one(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    other, case = desk.draft(), desk.draft(title="Premier")
    vu = FilledForm(bruno.get(at(other)).text)["vu"]
    page = FilledForm(bruno.get(at(case)).text)
    for seen in (vu, "0", "-1", "99999999999999999999", "abc", "²", ""):
        answer = bruno.send(at(case), page.sent(title="Autre", reason="essai", vu=seen))
        assert (answer.status_code, FilledForm(answer.text)["title"]) == (409, "Autre")
    assert title(session, case)[0] == "Premier"
