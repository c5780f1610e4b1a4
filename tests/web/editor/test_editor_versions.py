"""Pages of revisions: the list, one revision, a day, a comparison."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import attested_acts as acts
import pytest
from case_contents import full_case
from cast import AT, CaseRef, Desk
from form_client import MemberClient

from register.cases.case_content import Content, SourceContent

pytestmark = pytest.mark.one_database


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


@pytest.fixture
def edited_case(desk: Desk, pen: Callable) -> CaseRef:
    """A draft with two revisions."""
    content = full_case(desk.published().number or 0)
    case = desk.draft(content)
    changed_content = replace(
        content,
        title="Le maire communique un document",
        types=("refus_document",),
        commune="93032",
        sources=(*content.sources, SourceContent(url="https://exemple.test/c", kind="blog")),
        date="",
    )
    with pen(AT + timedelta(days=3)) as p:
        acts.edit(p, case.id, changed_content, by=desk.cast.chloe, reason="tout a changé")
    return case


def test_the_list_shows_author_act_and_reason(bruno: MemberClient, edited_case: CaseRef) -> None:
    page = bruno.get(f"/moderation/dossiers/{edited_case.id}/versions").text
    for expected in ("Chloe a modifié le dossier", "tout a changé", "repéré dans la presse"):
        assert expected in page
    assert "5\u00a0mars 2026" in page


def test_a_comparison_shows_exactly_the_changed_fields(
    bruno: MemberClient, edited_case: CaseRef
) -> None:
    page = bruno.get(f"/moderation/dossiers/{edited_case.id}/comparer").text
    compared_fields = [part.split('"')[0] for part in page.split('id="champ-')[1:]]
    assert compared_fields == ["title", "types", "date", "commune", "sources"]
    assert '<del><span class="vh">[retiré\u00a0: </span>refuse<' in page
    assert '<ins><span class="vh">[ajouté\u00a0: </span>communique<' in page
    # Labels instead of codes.
    assert "Plainte en diffamation" in page
    assert "plainte_diffamation" not in page
    assert "vers juin 2006" in page


def test_revisions_are_compared_in_the_requested_order(
    bruno: MemberClient, edited_case: CaseRef
) -> None:
    compare_path = f"/moderation/dossiers/{edited_case.id}/comparer"
    newest, oldest = revisions_of(bruno, edited_case)
    backwards = bruno.get(f"{compare_path}?de={newest}&a={oldest}").text
    assert '<ins><span class="vh">[ajouté\u00a0: </span>refuse<' in backwards
    unchanged = bruno.get(f"{compare_path}?de={newest}&a={newest}").text
    assert "Les deux versions disent la même chose." in unchanged


def revisions_of(bruno: MemberClient, case: CaseRef) -> list[str]:
    page = bruno.get(f"/moderation/dossiers/{case.id}/versions").text
    return [part.split('"')[0] for part in page.split('name="de" value="')[1:]]


def test_a_case_is_shown_by_revision_and_by_day(bruno: MemberClient, edited_case: CaseRef) -> None:
    case_path = f"/moderation/dossiers/{edited_case.id}"
    newest, oldest = revisions_of(bruno, edited_case)
    assert (
        "Le maire communique un document</h1>" in bruno.get(f"{case_path}/versions/{newest}").text
    )
    oldest_page = bruno.get(f"{case_path}/versions/{oldest}").text
    assert ">Le maire refuse un document</h1>" in oldest_page
    assert f"comparer?de={oldest}&amp;a={newest}" in oldest_page
    assert ">Le maire refuse un document</h1>" in bruno.get(f"{case_path}/au/2026-03-04").text
    assert ">Le maire communique un document</h1>" in bruno.get(f"{case_path}/au/2026-03-05").text


def test_the_list_leads_to_a_day(bruno: MemberClient, edited_case: CaseRef) -> None:
    response = bruno.get(f"/moderation/dossiers/{edited_case.id}/versions?au=2026-03-04")
    expected = f"/moderation/dossiers/{edited_case.id}/au/2026-03-04"
    assert (response.status_code, response.location) == (303, expected)


def test_a_day_without_a_version_has_the_reason_and_the_versions(
    bruno: MemberClient, edited_case: CaseRef, desk: Desk
) -> None:
    erased = desk.erased()
    for case, day, reason in (
        (
            edited_case,
            "2026-03-01",
            "n’existait pas encore le 1er mars 2026 : il a été ouvert le 2",
        ),
        (edited_case, "0001-01-01", "n’existait pas encore"),
        (edited_case, "9999-12-31", "n’est pas encore venu"),
        (edited_case, "hier", "Écrivez le jour ainsi : 2026-03-31."),
        (edited_case, "2026-02-30", "Écrivez le jour ainsi : 2026-03-31."),
        (erased, "2026-03-02", "Le texte du 2 mars 2026 a été détruit."),
    ):
        response = bruno.get(f"/moderation/dossiers/{case.id}/au/{day}")
        text = response.text.replace("\N{NO-BREAK SPACE}", " ")
        assert (response.status_code, reason in text) == (404, True), day
        assert "Toutes les versions" in text
    response = bruno.get(f"/moderation/dossiers/{edited_case.id}/versions?au=h%20/ier")
    assert response.location == f"/moderation/dossiers/{edited_case.id}/au/h%20%2Fier"


@pytest.mark.prove
@pytest.mark.parametrize(
    "address",
    [
        "versions/999999",
        "versions/99999999999999999999999",
        "au/2026-03-01",
        "au/2026-02-30",
        "au/hier",
        "au/9999-99-99",
        "comparer?de=1&a=999999",
        "comparer?de=99999999999&a=99999999999",
    ],
)
def test_unknown_revision_is_not_found(
    bruno: MemberClient, edited_case: CaseRef, address: str
) -> None:
    response = bruno.get(f"/moderation/dossiers/{edited_case.id}/{address}")
    assert response.status_code == (200 if "de=99999999999&" in address else 404)


def test_earlier_versions_of_a_redacted_case_are_read_without_the_passage(
    bruno: MemberClient, desk: Desk, pen: Callable, content: Callable
) -> None:
    case = desk.published(narrative="MARQUEUR")
    with pen() as p:
        acts.redact(
            p,
            case.id,
            content(narrative="Sans lui."),
            by=desk.cast.bruno,
            reason="ordonnance",
            public_note="Passage retiré.",
        )
    desk.destroy()
    page = bruno.get(f"/moderation/dossiers/{case.id}/versions")
    assert "Le texte de cette version a été détruit." not in page.text
    assert "MARQUEUR" not in page.text
    [_newest, *older] = revisions_of(bruno, case)
    for revision in older:
        text = bruno.get(f"/moderation/dossiers/{case.id}/versions/{revision}").text
        assert ("[passage retiré]" in text, "MARQUEUR" in text) == (True, False)
    assert bruno.get(f"/moderation/dossiers/{case.id}/comparer").status_code == 200


def test_an_erased_case_lists_versions_without_their_text(bruno: MemberClient, desk: Desk) -> None:
    case = desk.erased(title="MARQUEUR", summary="MARQUEUR")
    page = bruno.get(f"/moderation/dossiers/{case.id}/versions")
    assert (page.status_code, "MARQUEUR" in page.text) == (200, False)
    assert bruno.get(f"/moderation/dossiers/{case.id}/comparer").status_code == 404
    assert bruno.get(f"/moderation/dossiers/{case.id}/au/2026-03-02").status_code == 404


def test_a_merged_and_a_withdrawn_case_can_still_be_read(bruno: MemberClient, desk: Desk) -> None:
    for case in (desk.merged(), desk.withdrawn()):
        assert bruno.get(f"/moderation/dossiers/{case.id}/versions").status_code == 200
        assert bruno.get(f"/moderation/dossiers/{case.id}/au/2026-03-02").status_code == 200


def test_markup_in_texts_is_escaped(bruno: MemberClient, desk: Desk, pen: Callable) -> None:
    attack = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'
    case = desk.draft(Content(title=attack, narrative=attack, outlets=(attack,)))
    with pen() as p:
        acts.edit(p, case.id, Content(title="x"), by=desk.cast.bruno, reason=attack)
    for page in ("versions", "comparer", "au/2026-03-02", "modifier"):
        text = bruno.get(f"/moderation/dossiers/{case.id}/{page}").text
        assert "<script>alert" not in text
        assert "<img" not in text
