"""The lists of the desk: access, order, filters and waiting kinds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import attested_acts as acts
import pytest
from case_contents import decided
from cast import AT
from sqlalchemy import event

from register.accounts import acts as accounts
from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases import checklist, todo_clauses
from register.cases import desk_lists as lists
from register.cases.checklist import ATTESTATIONS, Circumstances
from register.cases.desk_lists import ClaimFilter, DeskMatches, DeskQuery
from register.cases.filters import CaseQuery
from register.cases.models import CaseState, Incident
from register.cases.todo_clauses import TodoContext, TodoKind
from register.cases.urgency import claim_holder
from register.cases.vocabulary import current_vocabulary

pytestmark = pytest.mark.one_database

LATER = timedelta(hours=5)  # longer than a claim


@pytest.fixture
def member(session, cast):
    """``member("bruno")``: the account of a member, freshly read."""

    def load(name):
        session.rollback()
        return session.get_one(Member, getattr(cast, name))

    return load


def todo_context(session, at=AT, *, single=False):
    return TodoContext(current_vocabulary(session), at, single)


def listed_ids(session, viewer, query=None, matches=None, at=AT, *, single=False):
    query = query or DeskQuery()
    context = todo_context(session, at, single=single)
    return [row.id for row in lists.query_desk_page(session, viewer, query, context, matches).cases]


# --- lists --------------------------------------------------------------------------------------


def test_a_list_shows_the_newest_change_first_and_no_erased_case(
    session, desk, cast, content, member
):
    first, second, third = desk.draft(), desk.published(), desk.withdrawn()
    erased, discarded = desk.erased(), desk.discarded()
    with desk.pen() as p:
        acts.edit(p, first.id, content(title="relu"), by=cast.chloe, reason="relu")
    listed = listed_ids(session, member("bruno"))
    assert listed == [first.id, third.id, second.id]
    assert not {erased.id, discarded.id} & set(listed)


def test_a_row_has_the_fields_of_the_case_and_its_last_change(session, desk, cast, member):
    case = desk.draft(title="Un titre", summary="Un résumé")
    (row,) = lists.query_desk_page(
        session, member("chloe"), DeskQuery(), todo_context(session)
    ).cases
    assert (row.id, row.number, row.state, row.title) == (case.id, None, "draft", "Un titre")
    assert (row.commune_name, row.departement_name) == ("Gagny", "Seine-Saint-Denis")
    assert (row.changed_by, row.changed_at, row.types) == (cast.bruno, AT, ("interdiction_filmer",))
    assert (row.held_by, row.held_until) == (None, None)


def test_a_disabled_member_gets_empty_lists(session, desk, member):
    case = desk.draft()
    driss, context = member("driss"), todo_context(session)
    assert lists.query_desk_page(session, driss, DeskQuery(), context).total == 0
    assert lists.load_summaries(session, driss, [case.id]) == {}
    assert lists.count_states(session, driss) == {}
    assert (
        lists.list_waiting_kinds(session, member("bruno"), [case.id], context, tuple(TodoKind))
        == {}
    )


def test_pages_have_twenty_cases_and_a_total(session, desk, member):
    drafts = [desk.draft().id for _ in range(23)]
    bruno, context = member("bruno"), todo_context(session)
    first, second = (
        lists.query_desk_page(session, bruno, DeskQuery().at_page(page), context) for page in (1, 2)
    )
    assert (first.total, first.pages, len(first.cases)) == (23, 2, 20)
    assert [case.id for case in (*first.cases, *second.cases)] == drafts[::-1]


@pytest.mark.parametrize("state", lists.LISTED_STATES)
def test_a_list_is_filtered_by_state(session, desk, member, state):
    cases = {
        CaseState.DRAFT: desk.draft().id,
        CaseState.PUBLISHED: desk.published().id,
        CaseState.WITHDRAWN: desk.withdrawn().id,
    }
    merged = desk.merged()
    bruno = member("bruno")
    counts = lists.count_states(session, bruno)
    listed = listed_ids(session, bruno, DeskQuery(state=state))
    assert counts[state] == len(listed)
    assert (cases | {CaseState.MERGED: merged.id})[state] in listed


def test_a_list_is_filtered_by_claim(session, desk, cast, member):
    mine, hers, free = desk.draft(), desk.draft(), desk.draft()
    with desk.pen() as p:
        acts.claim(p, mine.id, by=cast.bruno)
        acts.claim(p, hers.id, by=cast.chloe)
    bruno = member("bruno")
    assert listed_ids(session, bruno, DeskQuery(claim=ClaimFilter.MINE)) == [mine.id]
    assert listed_ids(session, bruno, DeskQuery(claim=ClaimFilter.TAKEN)) == [hers.id, mine.id]
    assert listed_ids(session, bruno, DeskQuery(claim=ClaimFilter.FREE)) == [free.id]
    # An expired claim has no holder.
    assert listed_ids(session, bruno, DeskQuery(claim=ClaimFilter.MINE), at=AT + LATER) == []
    assert len(listed_ids(session, bruno, DeskQuery(claim=ClaimFilter.FREE), at=AT + LATER)) == 3
    row = lists.load_summaries(session, bruno, [mine.id])[mine.id]
    assert (claim_holder(row, AT), claim_holder(row, AT + LATER)) == (cast.bruno, None)


def test_the_public_filters_hold_on_the_desk(session, desk, member):
    gagny, puteaux = desk.draft(), desk.draft(commune="92062")
    justice = desk.draft(types=("plainte_diffamation",), date="2012")
    bruno = member("bruno")

    def by(**values):
        query = CaseQuery({name: (value,) for name, value in values.items()})
        return listed_ids(session, bruno, DeskQuery(case_query=query))

    assert by(commune="92062") == by(departement="92") == [puteaux.id]
    assert by(famille="justice") == by(du="2012") == [justice.id]
    assert by(type="interdiction_filmer") == [puteaux.id, gagny.id]


def test_a_text_query_needs_the_matches_of_a_search(session, desk, member):
    draft, public, other = desk.draft(), desk.published(), desk.published()
    bruno, query = member("bruno"), DeskQuery(case_query=CaseQuery({"q": ("filmer",)}))
    with pytest.raises(ValueError, match="words"):
        listed_ids(session, bruno, query)
    matches = DeskMatches(numbers=[public.number], ids=[draft.id])
    assert listed_ids(session, bruno, query, matches) == [public.id, draft.id]
    # A number is that of a public case, an id that of another.
    assert other.id not in listed_ids(session, bruno, query, DeskMatches(ids=[public.id]))


# --- waiting kinds ------------------------------------------------------------------------------


def test_a_draft_waits_for_a_second_person_until_somebody_approves_it(
    session, desk, cast, content, member
):
    case = desk.draft(content(justice=True))
    plain = desk.draft()
    bruno, chloe = member("bruno"), member("chloe")
    second, approve = (
        DeskQuery(waiting_for=TodoKind.SECOND),
        DeskQuery(waiting_for=TodoKind.APPROVE),
    )
    assert listed_ids(session, bruno, second) == listed_ids(session, chloe, second) == [case.id]
    # Nobody approves what they wrote.
    assert (listed_ids(session, bruno, approve), listed_ids(session, chloe, approve)) == (
        [],
        [case.id],
    )
    assert listed_ids(session, chloe, second, single=True) == []
    with desk.pen() as p:
        acts.approve(p, case.id, by=cast.chloe)
    assert listed_ids(session, member("ada"), second) == []
    with desk.pen() as p:
        acts.edit(p, case.id, content(justice=True, title="t"), by=cast.bruno, reason="r")
    assert listed_ids(session, member("ada"), second) == [case.id]
    assert plain.id not in listed_ids(session, member("ada"), second)


def test_the_approval_of_a_member_disabled_since_is_void(session, desk, cast, content, member):
    case = desk.ready(content(justice=True))
    assert listed_ids(session, member("ada"), DeskQuery(waiting_for=TodoKind.SECOND)) == []
    assert listed_ids(session, member("ada"), DeskQuery(waiting_for=TodoKind.READY)) == [case.id]
    with desk.pen() as p:
        accounts.disable_member(p, cast.chloe)
    assert listed_ids(session, member("ada"), DeskQuery(waiting_for=TodoKind.SECOND)) == [case.id]
    assert listed_ids(session, member("ada"), DeskQuery(waiting_for=TodoKind.READY)) == []


def test_a_risk_flag_asks_for_a_second_person(session, desk, cast, content, member):
    case = desk.draft(narrative="Joindre le maire au 01 23 45 67 89.")
    assert listed_ids(session, member("chloe"), DeskQuery(waiting_for=TodoKind.SECOND)) == [case.id]
    with desk.pen() as p:
        acts.edit(p, case.id, content(), by=cast.bruno, reason="numéro retiré")
    assert listed_ids(session, member("chloe"), DeskQuery(waiting_for=TodoKind.SECOND)) == []


def test_a_withdrawn_case_waits_for_a_second_person_once_its_text_changed(
    session, desk, cast, content, member
):
    flagged, plain = desk.withdrawn(), desk.withdrawn()
    justice = desk.withdrawn(justice=True)
    query = DeskQuery(waiting_for=TodoKind.APPROVE)
    assert listed_ids(session, member("chloe"), query) == []
    with desk.pen() as p:
        text = content(narrative="Joindre le maire au 01 23 45 67 89.")
        acts.edit(p, flagged.id, text, by=cast.bruno, reason="r")
        acts.edit(p, plain.id, content(title="Autre"), by=cast.bruno, reason="r")
        # Without the type that needed two members, the case still needs two.
        acts.edit(p, justice.id, content(), by=cast.bruno, reason="r")
    session.rollback()
    assert listed_ids(session, member("chloe"), query) == [justice.id, flagged.id]
    assert listed_ids(session, member("bruno"), query) == []
    with desk.pen() as p:
        for case in (flagged, justice):
            acts.approve(p, case.id, by=cast.chloe)
    session.rollback()
    assert listed_ids(session, member("ada"), query) == []


def test_a_follow_up_with_a_flag_makes_a_changed_withdrawn_case_wait(
    session, desk, cast, content, member
):
    case = desk.published()
    with desk.pen() as p:
        proposal = acts.follow_up(
            p, case.id, by=cast.bruno, reason="r", title="Suite", text="Joindre le 01 23 45 67 89."
        )
    assert proposal is not None
    with desk.pen() as p:
        acts.approve_change(p, case.id, by=cast.chloe)
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
        acts.edit(p, case.id, content(title="Autre"), by=cast.bruno, reason="r")
    session.rollback()
    query = DeskQuery(waiting_for=TodoKind.APPROVE)
    assert listed_ids(session, member("chloe"), query) == [case.id]


# Changes of a draft without attestations, whether it is ready, and the line that is unmet.
READINESS = [
    ({}, True, "nothing is missing"),
    ({"title": ""}, False, "texts"),
    ({"summary": ""}, False, "texts"),
    ({"summary": "s" * 301}, False, "summary_length"),
    ({"sources": ()}, False, "source"),
    ({"types": ()}, False, "types"),
    ({"actor": ""}, False, "parties"),
    ({"commune": ""}, False, "place"),
    ({"commune": "", "departement": "93"}, True, "a département is a place"),
    ({"commune": "", "place_label": "un lac"}, True, "so is a label"),
    ({"commune": "", "linked_communes": ("92062",)}, False, "a linked commune is none"),
    ({"commune": "", "country": "BE"}, True, "and a country abroad"),
    ({"evidence": ""}, False, "evidence"),
    ({"outcome": ""}, False, "outcome"),
    ({"outcome": "relaxe"}, False, "a court's outcome without a court"),
    (
        {
            "outcome": "relaxe",
            "proceedings": (
                decided("contre_cible", outcome="relaxe", court="inconnue", appeal="non"),
            ),
        },
        False,
        "silence about the date of the decision",
    ),
    (
        {
            "outcome": "relaxe",
            "proceedings": (
                decided(
                    "contre_cible",
                    outcome="relaxe",
                    court="inconnue",
                    outcome_date="inconnue",
                    appeal="inconnu",
                ),
            ),
        },
        True,
        "everything said",
    ),
]


@pytest.mark.parametrize(("changes", "is_ready", "why"), READINESS)
def test_a_draft_is_ready_when_the_checklist_says_so(
    session, desk, content, member, changes, is_ready, why
):
    case = desk.ready(replace(content(), **changes))
    bruno = member("bruno")
    stored = contents.content_of(session.get_one(Incident, case.id))
    circumstances = Circumstances(
        invited=True, seconded=True, attested=ATTESTATIONS, flag_reasons="relu"
    )
    result = checklist.build_checklist(stored, current_vocabulary(session), circumstances)
    assert (result.unmet == []) is is_ready, why
    assert (
        listed_ids(session, bruno, DeskQuery(waiting_for=TodoKind.READY)) == [case.id]
    ) is is_ready, why


def test_a_draft_is_not_ready_before_the_invitation_is_noted(session, desk, cast, member):
    case = desk.draft()
    assert listed_ids(session, member("bruno"), DeskQuery(waiting_for=TodoKind.READY)) == []
    with desk.pen() as p:
        acts.invite(p, case.id, "source déjà publique", by=cast.bruno)
    assert listed_ids(session, member("bruno"), DeskQuery(waiting_for=TodoKind.READY)) == [case.id]


def test_an_outcome_is_followed_after_a_year_without_an_event(session, desk, cast, member):
    late = desk.published()
    resolved = desk.published(outcome="resolue")
    moved = desk.published(outcome="en_cours")
    month = timedelta(days=31)
    with desk.pen(AT + month) as p:
        acts.follow_up(p, moved.id, by=cast.bruno, reason="r", title="t", text="t")
    query, bruno = DeskQuery(waiting_for=TodoKind.OUTCOME), member("bruno")
    assert listed_ids(session, bruno, query, at=AT + timedelta(days=364)) == []
    assert listed_ids(session, bruno, query, at=AT + timedelta(days=367)) == [late.id]
    listed = listed_ids(session, bruno, query, at=AT + timedelta(days=400))
    assert listed == [moved.id, late.id]
    assert resolved.id not in listed


def test_the_queries_of_a_list_do_not_grow_with_drafts(session, engine, desk, content, member):
    def statements():
        chloe, executed = member("chloe"), []
        session.rollback()
        count = lambda *_: executed.append(1)  # noqa: E731 # a listener
        event.listen(engine, "before_cursor_execute", count)
        listed_ids(session, chloe)
        event.remove(engine, "before_cursor_execute", count)
        return len(executed)

    desk.draft(content(justice=True))
    statements()
    few = statements()
    for _ in range(8):
        desk.draft(content(justice=True))
    assert statements() == few


def test_every_waiting_kind_has_its_clause(session, desk, member):
    desk.draft()
    context, bruno = todo_context(session), member("bruno")
    for kind in TodoKind:
        assert todo_clauses.clause(kind, bruno, context) is not None
        listed_ids(session, bruno, DeskQuery(waiting_for=kind))
