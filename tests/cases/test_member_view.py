"""The case page of the desk: complete for active members, not found for anybody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import attested_acts as acts
import pytest
from sqlalchemy import event

from register.accounts import acts as accounts
from register.accounts.models import Member
from register.cases.case_content import ProceedingContent, SourceContent, StepContent
from register.cases.member_view import load_desk_case, load_desk_case_of_reply
from register.cases.models import ID_LIMIT
from register.cases.urgency import claim_holder
from register.errors import NotFound
from register.journal import Act

pytestmark = pytest.mark.one_database

LATER = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)


@pytest.fixture
def view_of(session, cast):
    """``view_of(case, "chloe")``: the desk's view of a case for a member."""

    def load(case, name="bruno"):
        session.rollback()
        session.expire_all()
        return load_desk_case(session, session.get_one(Member, getattr(cast, name)), case.id)

    return load


def test_a_member_reads_all_of_a_draft(desk, pen, cast, view_of, content):
    case = desk.ready(content(justice=True))
    with pen() as p:
        acts.note(p, case.id, "Voir aussi 2006.", by=cast.chloe)
        acts.claim(p, case.id, by=cast.chloe)
    file = view_of(case)
    assert (file.id, file.number, file.state) == (case.id, None, "draft")
    assert file.content == content(justice=True)
    assert file.snapshot.content["title"] == file.content.title
    assert "<strong>filmer</strong>" in file.html["narrative"]
    assert (file.revision_by, file.dated_acts) == (cast.bruno, [])
    assert [(row.written_by, row.text) for row in file.notes] == [(cast.chloe, "Voir aussi 2006.")]
    assert [(row.invited_on, row.text) for row in file.invitations] == [
        (date(2026, 2, 20), "courriel au maire")
    ]
    assert file.approvers("publish") == {cast.chloe}
    assert file.approvers("erase") == frozenset()


def test_an_expired_claim_has_no_holder(desk, pen, cast, view_of):
    case = desk.draft()
    assert claim_holder(view_of(case), LATER) is None
    with pen() as p:
        acts.claim(p, case.id, by=cast.chloe)
    file = view_of(case)
    assert claim_holder(file, file.created_at) == cast.chloe
    assert claim_holder(file, LATER) is None


def test_an_edit_or_a_disabled_approver_voids_an_approval(desk, pen, cast, view_of, content):
    case, other = desk.ready(), desk.ready()
    with pen() as p:
        acts.edit(p, case.id, content(title="Un autre titre"), by=cast.bruno, reason="r")
    assert view_of(case).approvals == {}
    assert view_of(other).approvers("publish") == {cast.chloe}
    with pen() as p:
        accounts.disable_member(p, cast.chloe)
    assert view_of(other).approvals == {}


def test_a_published_case_has_its_journal_lines_and_its_additions(
    desk, pen, cast, view_of, content
):
    case = desk.published()
    reply = desk.received_reply(case)
    with pen(LATER) as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Audience", text="Fixée.")
        acts.correct(
            p, case.id, content(amount="1 500 EUR"), by=cast.chloe, reason="r", public_note="Oubli."
        )
    file = view_of(case)
    assert [(row.title, row.text) for row in file.follow_ups] == [("Audience", "Fixée.")]
    assert [(row.id, row.state, row.due_on) for row in file.replies] == [
        (reply, "received", date(2026, 3, 5))
    ]
    assert file.reply(reply).author == "Ville de Gagny"
    assert [(row.note, row.redaction) for row in file.corrections] == [("Oubli.", False)]
    public_acts = [Act.CORRECTED, Act.FOLLOWED_UP, Act.PUBLISHED]
    assert [act for act, _day in file.dated_acts] == public_acts
    # At 23:30 UTC it is the next day in Paris.
    assert file.dated_acts[0] == (Act.CORRECTED, date(2026, 3, 6))
    assert file.dated_acts[-1] == (Act.PUBLISHED, date(2026, 3, 2))


def test_a_merge_is_listed_among_the_acts_of_the_target_case(desk, pen, cast, view_of):
    target, case, draft = desk.published(), desk.published(), desk.draft()
    with pen(LATER) as p:
        by_two = {"by": cast.bruno, "second": cast.chloe}
        acts.merge(p, case.id, into=target.number, reason="r", **by_two)
        acts.merge(p, draft.id, into=target.number, by=cast.bruno, reason="r")
    target_view, merged_view = view_of(target), view_of(case)
    # A draft has no address that could lead anywhere.
    assert target_view.dated_acts == [
        (Act.PUBLISHED, date(2026, 3, 2)),
        (Act.MERGED, date(2026, 3, 6)),
    ]
    assert (merged_view.state, merged_view.merged_into) == ("merged", target.number)
    assert [act for act, _day in merged_view.dated_acts] == [Act.PUBLISHED]


@pytest.mark.parametrize("state", ["erased", "discarded"])
def test_an_erased_case_opens_as_a_bare_tombstone(desk, view_of, state):
    case = getattr(desk, state)()
    file = view_of(case)
    assert file.is_gone
    assert (file.number, file.revision_id, file.revision_by) == (case.number, None, None)
    assert (file.content.title, file.content.sources, file.content.outlets) == ("", (), ())
    assert (dict(file.snapshot.content), dict(file.html)) == ({}, {})
    assert (file.notes, file.invitations, file.approvals) == ((), (), {})


@pytest.mark.parametrize("name", ["driss"])
def test_an_inactive_member_finds_no_case(desk, session, cast, name):
    case = desk.published()
    reply = desk.received_reply(case)
    driss = session.get_one(Member, getattr(cast, name))
    for load in (
        lambda: load_desk_case(session, driss, case.id),
        lambda: load_desk_case_of_reply(session, driss, reply),
    ):
        with pytest.raises(NotFound) as refused:
            load()
        assert (refused.value.key, refused.value.values) == ("no_such_case", {})


@pytest.mark.parametrize("unknown_id", [0, -1, 404, ID_LIMIT, ID_LIMIT + 1, 10**30])
def test_a_case_or_reply_that_is_not_there_is_not_found(session, cast, unknown_id):
    bruno = session.get_one(Member, cast.bruno)
    for load in (load_desk_case, load_desk_case_of_reply):
        with pytest.raises(NotFound, match="no_such_case"):
            load(session, bruno, unknown_id)


def test_a_reply_opens_its_own_case_and_no_other(desk, session, cast, view_of):
    case, other = desk.published(), desk.published()
    reply = desk.received_reply(case)
    bruno = session.get_one(Member, cast.bruno)
    assert load_desk_case_of_reply(session, bruno, reply).id == case.id
    with pytest.raises(NotFound, match="no_such_case"):
        view_of(other).reply(reply)


def test_the_statements_do_not_grow_with_the_case(desk, pen, cast, view_of, session, content):
    """Twenty proceedings of three steps take as many SQL statements as one."""
    steps = (StepContent("plainte"), StepContent("audience"), StepContent("jugement"))
    suit = ProceedingContent(direction="contre_cible", steps=steps)
    small = content(proceedings=(suit,))
    large = replace(
        small,
        proceedings=tuple(replace(suit, docket=f"RG {n}") for n in range(20)),
        sources=tuple(SourceContent(url=f"https://exemple.test/{n}") for n in range(20)),
        outlets=tuple(f"Blog {n}" for n in range(20)),
    )
    counts = []
    for case_content in (small, large):
        case = desk.published(case_content)
        for number in range(1 if case_content is small else 12):
            desk.received_reply(case)
            with pen() as p:
                acts.note(p, case.id, f"note {number}", by=cast.bruno)
        # The first reader loads the vocabularies, once for each version.
        view_of(case)
        session.rollback()
        counts.append(_statements(session, lambda case=case: view_of(case)))
    assert counts[0] == counts[1]
    assert counts[0] <= 23


def _statements(session, do):
    statements = []
    engine = session.get_bind()

    def record(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", record)
    try:
        do()
    finally:
        event.remove(engine, "before_cursor_execute", record)
    return len(statements)
