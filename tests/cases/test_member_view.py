"""A case as members see it: whole for an active member, not there for anybody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event

from register.accounts import acts as accounts
from register.accounts.models import Member
from register.cases import acts
from register.cases.case_content import ProceedingContent, SourceContent, StepContent
from register.cases.member_view import load_desk_case, load_desk_case_of_reply
from register.cases.models import ID_LIMIT
from register.errors import NotFound
from register.journal import Act

LATER = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)


@pytest.fixture
def read(session, cast):
    """``read(filed, "chloe")``: the dossier as a member reads it now."""

    def look(filed, name="bruno"):
        session.rollback()
        session.expire_all()
        return load_desk_case(session, session.get_one(Member, getattr(cast, name)), filed.id)

    return look


def test_a_draft_is_there_whole(desk, pen, cast, read, content):
    filed = desk.ready(content(justice=True))
    with pen() as p:
        acts.note(p, filed.id, "Voir aussi 2006.", by=cast.chloe)
        acts.claim(p, filed.id, by=cast.chloe)
    file = read(filed)
    assert (file.id, file.number, file.state) == (filed.id, None, "draft")
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


def test_a_claim_that_ran_out_is_nobodys(desk, pen, cast, read):
    filed = desk.draft()
    assert read(filed).holder(LATER) is None
    with pen() as p:
        acts.claim(p, filed.id, by=cast.chloe)
    file = read(filed)
    assert file.holder(file.created_at) == cast.chloe
    assert file.holder(LATER) is None


def test_an_approval_falls_with_an_edit_and_with_its_members_account(
    desk, pen, cast, read, content
):
    filed, other = desk.ready(), desk.ready()
    with pen() as p:
        acts.edit(p, filed.id, content(title="Un autre titre"), by=cast.bruno, reason="r")
    assert read(filed).approvals == {}
    assert read(other).approvers("publish") == {cast.chloe}
    with pen() as p:
        accounts.disable_member(p, "chloe@register.test")
    assert read(other).approvals == {}


def test_a_published_case_has_its_lines_and_what_came_after(desk, pen, cast, read, content):
    filed = desk.published()
    reply = desk.received_reply(filed)
    with pen(LATER) as p:
        acts.follow_up(p, filed.id, by=cast.bruno, reason="r", title="Audience", text="Fixée.")
        acts.correct(
            p,
            filed.id,
            content(amount="1 500 EUR"),
            by=cast.chloe,
            reason="r",
            public_note="Oubli.",
        )
    file = read(filed)
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


def test_a_merge_stands_among_the_lines_of_the_case_it_leads_to(desk, pen, cast, read):
    into, filed, draft = desk.published(), desk.published(), desk.draft()
    with pen(LATER) as p:
        acts.merge(p, filed.id, into=into.number, by=cast.bruno, reason="r")
        acts.merge(p, draft.id, into=into.number, by=cast.bruno, reason="r")
    kept, gone = read(into), read(filed)
    # A draft has no address that could lead anywhere.
    assert kept.dated_acts == [(Act.PUBLISHED, date(2026, 3, 2)), (Act.MERGED, date(2026, 3, 6))]
    assert (gone.state, gone.merged_into) == ("merged", into.number)
    assert [act for act, _day in gone.dated_acts] == [Act.PUBLISHED]


@pytest.mark.parametrize("state", ["erased", "discarded"])
def test_an_erased_case_opens_as_a_bare_tombstone(desk, read, state):
    filed = getattr(desk, state)()
    file = read(filed)
    assert file.is_gone
    assert (file.number, file.revision_id, file.revision_by) == (filed.number, None, None)
    assert (file.content.title, file.content.sources, file.content.outlets) == ("", (), ())
    assert (dict(file.snapshot.content), dict(file.html)) == ({}, {})
    assert (file.notes, file.invitations, file.approvals) == ((), (), {})


@pytest.mark.parametrize("name", ["driss"])
def test_an_inactive_member_finds_no_case(desk, session, cast, name):
    filed = desk.published()
    reply = desk.received_reply(filed)
    driss = session.get_one(Member, getattr(cast, name))
    for ask in (
        lambda: load_desk_case(session, driss, filed.id),
        lambda: load_desk_case_of_reply(session, driss, reply),
    ):
        with pytest.raises(NotFound) as refused:
            ask()
        assert (refused.value.key, refused.value.values) == ("no_such_case", {})


@pytest.mark.parametrize("asked", [0, -1, 404, ID_LIMIT, ID_LIMIT + 1, 10**30])
def test_a_case_or_reply_that_is_not_there_is_not_found(session, cast, asked):
    bruno = session.get_one(Member, cast.bruno)
    for ask in (load_desk_case, load_desk_case_of_reply):
        with pytest.raises(NotFound, match="no_such_case"):
            ask(session, bruno, asked)


def test_a_reply_opens_its_own_case_and_no_other(desk, session, cast, read):
    filed, other = desk.published(), desk.published()
    reply = desk.received_reply(filed)
    bruno = session.get_one(Member, cast.bruno)
    assert load_desk_case_of_reply(session, bruno, reply).id == filed.id
    with pytest.raises(NotFound, match="no_such_case"):
        read(other).reply(reply)


def test_the_statements_do_not_grow_with_the_case(desk, pen, cast, read, session, content):
    """Twenty proceedings of three steps cost what one does."""
    steps = (StepContent("plainte"), StepContent("audience"), StepContent("jugement"))
    suit = ProceedingContent(direction="contre_cible", steps=steps)
    one = content(proceedings=(suit,))
    many = replace(
        one,
        proceedings=tuple(replace(suit, court=f"tribunal {n}") for n in range(20)),
        sources=tuple(SourceContent(url=f"https://exemple.test/{n}") for n in range(20)),
        outlets=tuple(f"Blog {n}" for n in range(20)),
    )
    counts = []
    for told in (one, many):
        filed = desk.published(told)
        for number in range(1 if told is one else 12):
            desk.received_reply(filed)
            with pen() as p:
                acts.note(p, filed.id, f"note {number}", by=cast.bruno)
        # The vocabularies are read once for their version, by whoever asks first.
        read(filed)
        session.rollback()
        counts.append(_statements(session, lambda filed=filed: read(filed)))
    assert counts[0] == counts[1]
    assert counts[0] <= 23


def _statements(session, do):
    said = []
    engine = session.get_bind()

    def hear(_connection, _cursor, statement, *_rest):
        said.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        do()
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    return len(said)
