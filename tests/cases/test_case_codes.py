"""The projection of codes: its rows after each act, when they are made again, and their proof."""

from __future__ import annotations

import json

import attested_acts as acts
import pytest
from case_contents import a_case, decided
from sqlalchemy import delete, insert, select, update

from register.cases import case_codes
from register.cases.case_codes import CASE_CODE, CaseCode, codes_of
from register.cases.case_content import Content, LinkContent, ProceedingContent
from register.cases.verify import verify
from register.cases.vocabulary import Dataset
from register.db import now
from register.journal import JournalEntry, Ledger, head

TEXT_AXES = {"media", "nom_media", "endroit", "source", "lien"}
ATTESTED = ("attribution", "no_private_person", "no_private_life")


def _rows(session, case, axis=None):
    """(axis, code) or code → (since, until) of the rows of a case, in the order of lines."""
    session.rollback()
    stmt = select(CASE_CODE).where(CASE_CODE.c.incident_id == case.id)
    rows = {}
    for row in session.execute(stmt.order_by(CASE_CODE.c.until_line)):
        if axis in (None, row.axis):
            key = (row.axis, row.code) if axis is None else row.code
            rows.setdefault(key, []).append((row.since_line, row.until_line))
    return rows


def _correct(pen, case, cast, content):
    with pen() as p:
        acts.correct(p, case.id, content, by=cast.bruno, reason="r", public_note="Corrigé.")


def test_the_codes_of_a_document_are_those_that_were_entered():
    content = a_case(
        date="2008-03",
        end_date="2010",
        linked_communes=("93059", "93032"),
        outlets=("L’Écho", "L'ECHO"),
        types=("expulsion", "huis_clos"),
        place_label="x" * 121,
        proceedings=(
            ProceedingContent(direction="contre_cible"),
            decided(direction="contre_cible", outcome="relaxe"),
        ),
        links=(LinkContent("voir_aussi", 7),),
    )
    codes = {axis: sorted(codes) for axis, codes in codes_of(content).items() if codes}
    assert codes == {
        "commune": ["93032", "93059"],
        "pays": ["FR"],
        "type": ["expulsion", "huis_clos"],
        "cible": ["blogueur"],
        "acteur": ["maire"],
        "niveau": ["commune"],
        "issue": ["inconnue"],
        "preuve": ["documente"],
        "sens": ["contre_cible"],
        "procedure": ["contre_cible.inconnue", "contre_cible.relaxe"],
        "media": ["l echo"],
        "nom_media": ["L'ECHO", "L’Écho"],
        "source": ["https://exemple.test/gagny"],
        "lien": ["7"],
        "duree": ["un-a-trois-ans"],
        "du": ["2008-03-31"],
        "au": ["2008-03-01"],
    }
    undated = codes_of(Content(country="BE", departement="93"))
    assert (undated["sans_date"], undated["du"]) == ({"1"}, set())


def test_a_code_has_the_line_since_which_and_until_which_a_public_case_has_it(
    session, pen, desk, cast, content
):
    case = desk.draft()
    assert _rows(session, case, "commune") == {"93032": [(0, 0)]}
    case = desk.published()
    published = head(session).seq
    _correct(pen, case, cast, content(commune="93048", types=("huis_clos",)))
    corrected = published + 1
    assert _rows(session, case, "commune") == {
        "93032": [(published, corrected)],
        "93048": [(corrected, 0)],
    }
    # The area has been that of the case all the time, but the commune that led to it is lost.
    assert _rows(session, case, "departement") == {"93": [(corrected, 0), (published, corrected)]}
    assert _rows(session, case, "pays") == {"FR": [(published, 0)]}
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert _rows(session, case, "type") == {
        "huis_clos": [(0, 0), (corrected, corrected + 1)],
        "interdiction_filmer": [(published, corrected)],
    }
    assert _rows(session, case, "media") == {"gagny libre": [(0, 0)]}
    with pen() as p:
        acts.restore(p, case.id, by=cast.bruno, reason="r", attested=ATTESTED)
    assert _rows(session, case, "type")["huis_clos"] == [
        (corrected + 2, 0),
        (corrected, corrected + 1),
    ]
    assert list(verify(session)) == []


def test_an_erased_case_has_the_codes_that_it_lost_and_no_text(session, desk):
    case = desk.erased(place_label="La mairie", commune="93059")
    rows = _rows(session, case)
    assert {axis for axis, _code in rows}.isdisjoint(TEXT_AXES)
    assert all(until for spans in rows.values() for _since, until in spans)
    assert ("commune_saisie", "93059") in rows
    assert ("commune", "93066") in rows
    assert _rows(session, desk.discarded()) == {}
    assert list(verify(session)) == []


def test_a_line_commits_to_the_codes_as_they_were_entered(session, pen, desk, cast, content):
    case = desk.published(commune="93059", outlets=("Avant",))
    _correct(pen, case, cast, content(commune="", departement="93", outlets=("Après",)))
    session.rollback()
    line = session.get_one(JournalEntry, (Ledger.PUBLIC.value, head(session).seq))
    assert json.loads(line.private_json)["left"] == {"commune": ["93059"]}
    assert _rows(session, case, "nom_media") == {"Après": [(line.seq, 0)]}


def test_a_follow_up_that_changes_nothing_writes_no_row(session, pen, desk, cast):
    case = desk.published()
    before = _rows(session, case)
    with pen() as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Suite", text="t")
    assert _rows(session, case) == before


def test_resolved_codes_are_made_again_for_another_version_alone(session, pen, desk, monkeypatch):
    cases = [desk.published(commune="93059"), desk.withdrawn(), desk.draft(), desk.erased()]
    before = [_rows(session, case) for case in cases]
    monkeypatch.setattr(case_codes, "_BATCH", 2)
    assert not case_codes.refresh(session, now())
    session.execute(update(Dataset).where(Dataset.name == "case_code").values(version="old"))
    resolved = CASE_CODE.c.axis.in_(case_codes._RESOLVED_AXES)
    session.execute(update(CaseCode).where(resolved, CASE_CODE.c.axis != "annee").values(code="x"))
    assert case_codes.refresh(session, now())
    session.commit()
    assert [_rows(session, case) for case in cases] == before


TAMPERINGS = {
    "a code that the document lacks": insert(CaseCode).values(
        incident_id=1, axis="type", code="x", until_line=0, since_line=1
    ),
    "a lost code that no line names": insert(CaseCode).values(
        incident_id=1, axis="type", code="x", until_line=1, since_line=0
    ),
    "no code": delete(CaseCode).where(CASE_CODE.c.axis == "media"),
    "another commune of today": update(CaseCode)
    .where(CASE_CODE.c.axis == "commune")
    .values(code="75056"),
    "another line": update(CaseCode).where(CASE_CODE.c.axis == "media").values(since_line=7),
    "a hidden case": update(CaseCode).where(CASE_CODE.c.axis == "media").values(since_line=0),
}


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_verify_names_codes_that_are_not_those_of_the_documents(session, desk, tampering):
    desk.published()
    session.rollback()
    assert list(verify(session)) == []
    session.execute(TAMPERINGS[tampering])
    assert [problem.key for problem in verify(session)] == ["case_codes"]
    session.rollback()


def test_where_documents_are_destroyed_any_of_their_lines_may_be_the_first(
    session, pen, desk, cast, content
):
    case = desk.published()
    redacted = content(types=("huis_clos",), narrative="")
    with pen() as p:
        acts.redact(p, case.id, redacted, by=cast.bruno, reason="r", public_note="Retiré.")
    with pen() as p:
        acts.confirm_destruction(p, 1, by=cast.chloe)
    assert list(verify(session)) == []
    last = head(session).seq
    assert _rows(session, case, "type")["huis_clos"] == [(last, 0)]
    for since, is_possible in ((last - 1, True), (last + 1, False), (0, False)):
        session.execute(
            update(CaseCode)
            .where(CASE_CODE.c.code == "blogueur", CASE_CODE.c.until_line == 0)
            .values(since_line=since)
        )
        assert (list(verify(session)) == []) is is_possible
        session.rollback()
