"""Refusals of a version that waits and of a pending change, on a passage."""

from __future__ import annotations

import attested_acts as acts
import pytest
from cast import AT
from sqlalchemy import select, update

from register.accounts import acts as accounts
from register.accounts.models import Member
from register.cases.case_content import CaseSnapshot
from register.cases.checklist import ATTESTATIONS
from register.cases.member_view import load_desk_case
from register.cases.models import Incident, Revision
from register.cases.persistence import refresh_checklists
from register.cases.refusals import locate_passage
from register.cases.second_person import PendingChange
from register.cases.todo_clauses import TodoContext, TodoKind, clause
from register.cases.verify import verify
from register.cases.vocabulary import current_vocabulary
from register.errors import Incomplete, Invalid, Refused
from register.text.quotation import find_quotation

pytestmark = pytest.mark.one_database

SENTENCE = "L'élu du « conseil » a menti : dit-on."
# The same as a page shows it.
TYPESET = "L’élu du «\u202fconseil\u202f» a menti\u00a0: dit-on."


def refuse(pen, case, by, refusal="Qui le dit ?", **arguments):
    with pen() as p:
        acts.refuse_version(p, case.id, by=by, refusal=refusal, **arguments)


def kinds(session, viewer_id):
    """The kinds of task of the only case for a member."""
    session.rollback()
    viewer = session.get(Member, viewer_id)
    context = TodoContext(current_vocabulary(session), AT)
    return {
        kind
        for kind in TodoKind
        if session.scalar(select(Incident.id).where(clause(kind, viewer, context)))
    }


def publish(pen, case, by):
    with pen() as p:
        acts.publish(p, case.id, by=by, reason="lu", attested=ATTESTATIONS)


def error_key(call, *arguments, **keywords):
    with pytest.raises((Refused, Invalid, Incomplete)) as refused:
        call(*arguments, **keywords)
    return refused.value.key


@pytest.mark.parametrize("state", ["ready", "withdrawn"])
def test_a_refused_version_is_answered_by_a_new_one_that_is_approved(
    pen, session, desk, cast, content, state
):
    first = content(narrative=f"Selon le blog. {SENTENCE}")
    case = getattr(desk, state)(first)
    with pen() as p:
        acts.edit(p, case.id, first, by=cast.bruno, reason="relu")
        acts.invite(p, case.id, "courriel", by=cast.bruno)
        acts.approve(p, case.id, by=cast.ada)
    refuse(pen, case, cast.chloe, passage=TYPESET)
    session.rollback()
    desk_case = load_desk_case(session, session.get(Member, cast.bruno), case.id)
    refusal = desk_case.refusal
    assert (refusal.refused_by, refusal.passage) == (cast.chloe, TYPESET)
    assert desk_case.is_refused
    assert TodoKind.RETURNED in kinds(session, cast.bruno)
    assert {TodoKind.READY, TodoKind.APPROVE} & kinds(session, cast.ada) == set()
    assert list(verify(session)) == []
    session.rollback()

    def show():
        with pen() as p:
            arguments = {"by": cast.bruno, "reason": "lu", "attested": ATTESTATIONS}
            if state == "ready":
                acts.publish(p, case.id, **arguments)
            else:
                acts.restore(
                    p,
                    case.id,
                    public_note="Le texte a été modifié pendant son retrait.",
                    **arguments,
                )

    def approve(by):
        with pen() as p:
            acts.approve(p, case.id, by=by)

    # Another member approved it, and still nothing is public against the refusal.
    assert error_key(show) == "version_refused"
    assert error_key(approve, cast.chloe) == "version_refused"
    assert error_key(refuse, pen, case, cast.ada) == "version_refused"
    with pen() as p:
        acts.edit(p, case.id, content(narrative="Selon le blog."), by=cast.bruno, reason="ôté")
    assert TodoKind.RETURNED not in kinds(session, cast.bruno)
    assert TodoKind.APPROVE in kinds(session, cast.chloe)
    # The writer alone does not answer a refusal.
    assert error_key(show) == "checklist"
    approve(cast.chloe)
    show()
    session.rollback()
    assert load_desk_case(session, session.get(Member, cast.bruno), case.id).refusal is None
    assert list(verify(session)) == []


def test_what_is_refused_is_a_version_of_somebody_else_with_a_reason_and_a_true_passage(
    pen, session, desk, cast
):
    case = desk.draft()
    assert error_key(refuse, pen, case, cast.bruno) == "own_version_refused"
    assert error_key(refuse, pen, case, cast.chloe, " ") == "missing"
    missing = error_key(refuse, pen, case, cast.chloe, passage="Un autre texte.")
    assert missing == "passage_missing"
    assert error_key(refuse, pen, case, cast.chloe, passage="a" * 1001) == "too_long"
    seen = {"seen": 4711}
    assert error_key(refuse, pen, case, cast.chloe, **seen) == "changed_meanwhile"
    assert error_key(refuse, pen, desk.published(), cast.chloe) == "not_in_this_state"
    with pen() as p:
        acts.withdraw_report(p, case.id, ["Le maire refuse l'accès", "repéré dans la presse"])
    session.rollback()
    session.execute(update(Revision).values(content=None).where(Revision.incident_id == case.id))
    session.commit()
    assert error_key(refuse, pen, case, cast.chloe) == "report_withdrawn"


def test_a_change_is_refused_on_a_passage_of_the_page_with_it(pen, session, desk, cast):
    case = desk.published(justice=True)
    with pen() as p:
        acts.follow_up(
            p, case.id, by=cast.bruno, reason="r", title="Suite", text=f"**Vu.** {SENTENCE}"
        )
    session.rollback()
    change = session.scalars(select(PendingChange)).one()
    with pen() as p:
        acts.refuse_change(p, change.id, by=cast.chloe, refusal="Non.", passage=f"Vu. {TYPESET}")
    session.rollback()
    session.expire_all()
    assert session.get(PendingChange, change.id).passage == f"Vu. {TYPESET}"
    assert list(verify(session)) == []
    session.execute(update(PendingChange).values(refused_by=cast.ada))
    assert [problem.key for problem in verify(session)] == ["desk_changes"]


def test_after_a_refused_change_no_change_is_made_alone(pen, session, desk, cast, content):
    case = desk.published(content())

    def correct(narrative):
        with pen() as p:
            words = {"by": cast.bruno, "reason": "r", "public_note": "Précisé."}
            return acts.correct(p, case.id, content(narrative=narrative), **words).act

    assert correct("Selon le blog, le maire refuse.") == "corrected"
    assert correct("Selon le blog, le 06 12 34 56 78 répond.") == "change_proposed"
    change = session.scalars(select(PendingChange.id)).one()
    session.rollback()
    with pen() as p:
        acts.refuse_change(p, change, by=cast.chloe, refusal="Qui le dit ?")
    with pen() as p:
        acts.refuse_change(p, change, by=cast.bruno)
    assert correct("Selon le blog, quelqu’un répond.") == "change_proposed"
    # Its id is a new one: the page of the former change approves nothing.
    session.rollback()
    assert session.scalars(select(PendingChange.id)).one() > change
    session.rollback()
    assert list(verify(session)) == []
    refresh_checklists(session)
    session.commit()
    assert correct("Selon le blog, on répond.") == "change_proposed"


def test_a_change_of_a_closed_account_is_removed_by_its_refusal(pen, session, desk, cast):
    case = desk.published(justice=True)
    with pen() as p:
        words = {"by": cast.bruno, "reason": "r", "title": "Suite", "text": "Vu."}
        acts.follow_up(p, case.id, **words)
    change = session.scalars(select(PendingChange.id)).one()
    session.rollback()
    with pen() as p:
        acts.refuse_change(p, change, by=cast.chloe, refusal="Non.")
    with pen() as p:
        accounts.disable_member(p, cast.bruno)
    with pen() as p:
        acts.refuse_change(p, change, by=cast.ada)
    assert session.scalars(select(PendingChange.id)).all() == []
    assert list(verify(session)) == []


def test_a_refusal_is_destroyed_with_the_texts_and_with_a_report_that_it_repeats(
    pen, session, desk, cast
):
    repeated = "un récit que personne d'autre n'aurait écrit ainsi"
    case, other = desk.draft(), desk.draft()
    refuse(pen, case, cast.chloe, f"Pourquoi « {repeated} » ?")
    refuse(pen, other, cast.chloe)
    with pen() as p:
        acts.withdraw_report(p, case.id, [repeated])
        acts.discard(p, other.id, by=cast.bruno)
    session.rollback()
    refusals = session.scalars(select(Revision).where(Revision.refused_at.is_not(None))).all()
    assert [(row.refusal, row.passage, row.content) for row in refusals] == [("", "", None)] * 2
    assert list(verify(session)) == []


@pytest.mark.parametrize(
    ("text", "quoted", "found"),
    [
        (SENTENCE, TYPESET, SENTENCE),
        ("un  deux\ntrois", "deux trois", "deux\ntrois"),
        ("a.b", "a+b", None),
        ("texte", " ", None),
    ],
)
def test_a_quotation_is_found_whatever_its_spaces_and_apostrophes(text, quoted, found):
    match = find_quotation(text, quoted)
    assert (match and match[0]) == found


def test_a_passage_is_located_in_its_field_as_readers_see_it():
    snapshot = CaseSnapshot(
        {"title": "Titre", "sources": ({"title": "Un journal"},), "narrative": "**a** menti"},
        {"narrative": "<p><strong>a</strong> menti</p>"},
    )
    found = locate_passage(snapshot, "a menti")
    assert (found.field, found.passage.split()) == ("narrative", ["a", "menti"])
    assert locate_passage(snapshot, "journal").before == "Un "
    assert locate_passage(snapshot, "absent") is None
