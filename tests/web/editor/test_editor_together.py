"""Conflicts of two editors of one case: both versions shown, no input lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cast import CaseRef, Desk
from form_client import FilledForm, MemberClient
from sqlalchemy.orm import Session

from register.cases.case_content import content_of
from register.cases.models import Incident

pytestmark = pytest.mark.prove


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


@pytest.fixture
def chloe(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("chloe")


def edit_path(case: CaseRef) -> str:
    return f"/moderation/dossiers/{case.id}/modifier"


def provoke_conflict(bruno: MemberClient, chloe: MemberClient, case: CaseRef) -> str:
    """Chloé's page after a conflict over title and summary, of which she changed the title."""
    form_of_chloe, form_of_bruno = (
        FilledForm(browser.get(edit_path(case)).text) for browser in (chloe, bruno)
    )
    fields = form_of_bruno.sent(
        title="Titre de Bruno", summary="Résumé de Bruno.", reason="premier"
    )
    assert bruno.send(edit_path(case), fields).status_code == 303
    fields = form_of_chloe.sent(
        title="Titre de Chloé", narrative="Son **récit**.", reason="seconde"
    )
    response = chloe.send(edit_path(case), fields)
    assert response.status_code == 409
    return response.text


def title_and_summary(session: Session, case: CaseRef) -> tuple[str, str]:
    session.rollback()
    row = session.get(Incident, case.id)
    assert row
    return row.title, row.summary


def test_the_second_author_sees_both_versions_and_keeps_hers(
    bruno: MemberClient, chloe: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft(title="Titre premier")
    page = provoke_conflict(bruno, chloe, case)
    form = FilledForm(page)
    assert (form["title"], form["narrative"]) == ("Titre de Chloé", "Son **récit**.")
    assert form["reason"] == "seconde"
    comparison = page.split('id="deux-versions"')[1].split("</section>")[0]
    assert "<del>" in comparison
    assert "Bruno" in comparison
    assert "Chloé" in comparison
    assert title_and_summary(session, case)[0] == "Titre de Bruno"


def test_fields_changed_only_by_the_first_author_are_offered(
    bruno: MemberClient, chloe: MemberClient, desk: Desk
) -> None:
    page = provoke_conflict(bruno, chloe, desk.draft())
    assert FilledForm(page).fields["reprendre"] == ["summary"]


def test_saving_after_a_conflict_merges_both_versions(
    bruno: MemberClient, chloe: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    form = FilledForm(provoke_conflict(bruno, chloe, case))
    assert chloe.send(edit_path(case), form.sent()).status_code == 303
    assert title_and_summary(session, case) == ("Titre de Chloé", "Résumé de Bruno.")


def test_stored_fields_are_optional(
    bruno: MemberClient, chloe: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft(summary="Résumé premier.")
    fields = FilledForm(provoke_conflict(bruno, chloe, case)).sent()
    del fields["reprendre"]
    assert chloe.send(edit_path(case), fields).status_code == 303
    assert title_and_summary(session, case) == ("Titre de Chloé", "Résumé premier.")


def test_fields_taken_over_are_shown_when_the_form_comes_back(
    bruno: MemberClient, chloe: MemberClient, desk: Desk
) -> None:
    case = desk.draft()
    conflict_form = FilledForm(provoke_conflict(bruno, chloe, case))
    response = chloe.send(edit_path(case), conflict_form.sent(reason=""))
    assert response.status_code == 422
    form = FilledForm(response.text)
    assert (form["title"], form["summary"]) == ("Titre de Chloé", "Résumé de Bruno.")


def test_every_list_can_be_taken_over(
    bruno: MemberClient, chloe: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    form_of_chloe, form_of_bruno = (
        FilledForm(browser.get(edit_path(case)).text) for browser in (chloe, bruno)
    )
    fields = form_of_bruno.sent(reason="premier", type_1="huis_clos") | {
        "sources-1-url": ["https://exemple.test/autre"],
        "place-typed": ["Puteaux"],
        "linked-0-typed": ["Gagny"],
        "proceedings-0-direction": ["tiers"],
        "request-asked": ["un rapport"],
        "outlets": ["Un autre blog"],
    }
    assert bruno.send(edit_path(case), fields).status_code == 303
    names = {"types", "sources", "commune", "linked_communes", "proceedings", "request", "outlets"}
    page = chloe.send(edit_path(case), form_of_chloe.sent(title="À elle", reason="seconde")).text
    assert set(FilledForm(page).fields["reprendre"]) == names
    assert chloe.send(edit_path(case), FilledForm(page).sent()).status_code == 303
    session.rollback()
    row = session.get(Incident, case.id)
    assert row
    kept = content_of(row)
    assert (kept.title, kept.types, len(kept.sources)) == ("À elle", ("huis_clos",), 2)
    assert (kept.commune, kept.linked_communes) == ("92062", ("93032",))
    assert (len(kept.proceedings), kept.request is not None) == (1, True)


def test_a_third_version_is_another_conflict(
    bruno: MemberClient, chloe: MemberClient, desk: Desk, session: Session
) -> None:
    case = desk.draft()
    conflict_form = FilledForm(provoke_conflict(bruno, chloe, case))
    third_version = FilledForm(bruno.get(edit_path(case)).text).sent(
        title="Troisième", reason="encore"
    )
    assert bruno.send(edit_path(case), third_version).status_code == 303
    assert chloe.send(edit_path(case), conflict_form.sent()).status_code == 409
    assert title_and_summary(session, case)[0] == "Troisième"


def test_a_revision_that_is_not_of_this_case_is_refused(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    other_case, case = desk.draft(), desk.draft(title="Premier")
    other_revision = FilledForm(bruno.get(edit_path(other_case)).text)["vu"]
    form = FilledForm(bruno.get(edit_path(case)).text)
    for revision in (other_revision, "0", "-1", "99999999999999999999", "abc", "²", ""):
        response = bruno.send(
            edit_path(case), form.sent(title="Autre", reason="essai", vu=revision)
        )
        assert (response.status_code, FilledForm(response.text)["title"]) == (409, "Autre")
    assert title_and_summary(session, case)[0] == "Premier"
