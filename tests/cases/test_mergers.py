"""Merge of two public cases by two members, and its end: the case is as it was before."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from case_pieces import MadePage, add_copy
from ledger_lines import lines_since
from sqlalchemy import select

from register.cases import acts, case_codes, events, public_journal, queries
from register.cases.case_evidence import case_evidence
from register.cases.checklist import ATTESTATIONS
from register.cases.events import EventQuery
from register.cases.models import Incident
from register.cases.pieces import piece_of
from register.cases.second_person import PendingChange
from register.cases.verify import verify
from register.errors import Gone, Moved, NotFound, Refused
from register.journal import Ledger


@pytest.fixture
def target(desk):
    """The other case, number 1."""
    return desk.published(title="L’autre cas")


@pytest.fixture
def case(target, pen, desk, cast, content):
    """A public case, number 2, with two versions."""
    case = desk.published()
    with pen() as p:
        acts.correct(
            p,
            case.id,
            content(title="Corrigé"),
            by=cast.bruno,
            reason="r",
            public_note="Titre.",
            attested=ATTESTATIONS,
        )
    return case


@pytest.fixture
def act_by_two(pen, cast):
    """Does an act on a case, approved in the same act by Chloé."""

    def act(function, case, **arguments):
        with pen() as p:
            by_two = {"by": cast.bruno, "second": cast.chloe, "reason": "r"}
            return function(p, case.id, **by_two, **arguments).seq

    return act


def _withdraw(pen, cast, case):
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")


def _state(session, case):
    """Columns of the case that an act on another case does not change."""
    session.rollback()
    row = session.get_one(Incident, case.id)
    names = {column.name for column in Incident.__table__.columns}
    return {name: getattr(row, name) for name in names - {"revision_id", "moved_at"}}


def _codes(session, case):
    """Present codes, and whether the public case has each."""
    rows = case_codes.load_rows(session, case.id)
    return {key: since > 0 for key, since in rows.items() if not key.until_line}


def _versions(session, number):
    """Number of each public version → its text and its proof."""
    lines = [line for line in lines_since(session, 0, Ledger.PUBLIC) if line.case_number == number]
    versions = {}
    for line in lines:
        if json.loads(line.public_json)["content"]:
            text = queries.load_public_case(session, number, line.seq).snapshot
            proof = json.loads(public_journal.proof(session, number, line.seq))
            versions[line.seq] = (text, proof | {"current": None})
    return versions


def _feed(session, number):
    found = events.list_events(session, EventQuery(case=number), limit=20)
    return [(event.act, event.name) for event in found]


def test_a_merge_and_its_end_each_wait_for_another_member(pen, session, cast, case, target):
    with pen() as p:
        line = acts.merge(p, case.id, into=target.number, by=cast.bruno, reason="même affaire")
    assert line.act == "change_proposed"
    change = json.loads(line.private_json)["change"]
    assert queries.load_public_case(session, case.number).is_current
    session.rollback()
    with pytest.raises(Refused) as refused, pen() as p:
        acts.approve_change(p, change, by=cast.bruno)
    assert refused.value.key == "own_change"
    with pen() as p:
        merged = acts.approve_change(p, change, by=cast.chloe)
    assert (merged.act, merged.member_id) == ("merged", cast.bruno)
    with pen() as p:
        line = acts.part(p, case.id, by=cast.chloe, reason="deux affaires")
    change = json.loads(line.private_json)["change"]
    with pen() as p:
        acts.refuse_change(p, change, by=cast.bruno, refusal="Non.")
    with pen() as p:
        acts.refuse_change(p, change, by=cast.chloe)
        line = acts.part(p, case.id, by=cast.chloe, reason="vraiment deux affaires")
    with pen() as p:
        change = json.loads(line.private_json)["change"]
        parted = acts.approve_change(p, change, by=cast.bruno)
    assert (parted.act, json.loads(parted.private_json)["approved_by"]) == ("parted", [cast.bruno])
    assert queries.load_public_case(session, case.number).is_current
    assert session.scalars(select(PendingChange)).all() == []
    assert list(verify(session)) == []


def test_a_single_moderator_approves_alone_and_no_text_is_marked(pen, session, cast, case, target):
    for propose, into in ((acts.merge, {"into": target.number}), (acts.part, {})):
        with pen() as p:
            line = propose(p, case.id, by=cast.bruno, reason="r", **into)
        with pen() as p:
            change = json.loads(line.private_json)["change"]
            acts.approve_change(p, change, by=cast.bruno, single=True)
    text = queries.load_public_case(session, case.number).snapshot.content
    assert text["single_review"] is False


def test_a_parted_case_is_as_before(session, case, target, act_by_two):
    before = _state(session, case), _codes(session, case)
    versions, feed = _versions(session, case.number), _feed(session, case.number)
    target_feed = _feed(session, target.number)
    text = queries.load_public_case(session, case.number).snapshot
    act_by_two(acts.merge, case, into=target.number)
    session.rollback()
    # Its versions can be read as they were, and proved.
    assert _versions(session, case.number) == versions
    assert [act for act, _name in _feed(session, target.number)] == ["merged", "published"]
    parted = act_by_two(acts.part, case)
    assert (_state(session, case), _codes(session, case)) == before
    now = queries.load_public_case(session, case.number)
    assert (now.version, now.is_current, now.snapshot) == (parted, True, text)
    proof = json.loads(public_journal.proof(session, case.number))
    assert (proof["version"], proof["current"]) == (parted, True)
    present = _versions(session, case.number)
    del present[parted]
    assert present == versions
    # The entries that it had, and one for each of the two acts, in both feeds.
    own_feed = _feed(session, case.number)
    assert [act for act, _name in own_feed[:2]] == ["parted", "merged"]
    assert own_feed[2:] == feed
    assert _feed(session, target.number) == [*own_feed[:2], *target_feed]
    assert [change.act for change in queries.list_changes(session, now)] == [
        *("published", "corrected", "merged", "parted")
    ]
    assert list(verify(session)) == []


def test_a_withdrawn_case_stays_hidden_when_merged_and_when_parted(
    pen, session, cast, case, target, act_by_two
):
    _withdraw(pen, cast, case)
    before = _state(session, case), _codes(session, case)
    act_by_two(acts.merge, case, into=target.number)
    merged = queries.load_merged_case(session, case.number)
    assert (merged.case, merged.merger.is_readable) == (None, False)
    with pytest.raises(Gone):
        queries.load_public_case(session, case.number, 3)
    act_by_two(acts.part, case)
    assert (_state(session, case), _codes(session, case)) == before
    with pytest.raises(Gone) as gone:
        queries.load_public_case(session, case.number)
    assert gone.value.values["tombstone"].reason == "erreur"
    assert _feed(session, target.number) == _feed(session, target.number)[-1:]
    assert list(verify(session)) == []


def test_one_member_hides_the_texts_of_a_merged_case(pen, session, cast, case, target, act_by_two):
    act_by_two(acts.merge, case, into=target.number)
    assert queries.load_merged_case(session, case.number).case
    session.rollback()
    _withdraw(pen, cast, case)
    assert queries.load_merged_case(session, case.number).case is None
    with pytest.raises(Refused) as refused:
        _withdraw(pen, cast, case)
    assert refused.value.key == "already_withdrawn"
    assert list(verify(session)) == []
    session.rollback()
    # One member alone cannot show it again that way.
    act_by_two(acts.part, case)
    assert _state(session, case)["state"] == "withdrawn"
    assert list(verify(session)) == []


@pytest.mark.parametrize("end", ["withdrawn", "erased", "merged", "withdrawn, merged"])
def test_a_merged_case_follows_the_case_that_stays(
    pen, session, cast, desk, case, target, act_by_two, end
):
    act_by_two(acts.merge, case, into=target.number)
    if end == "erased":
        with pen() as p:
            acts.erase(p, target.id, by=cast.ada, restriction="erreur", single=True)
    if "withdrawn" in end:
        _withdraw(pen, cast, target)
    if "merged" in end:
        act_by_two(acts.merge, target, into=desk.published().number)
    merged = queries.load_merged_case(session, case.number)
    remaining = 3 if "merged" in end else 1
    assert (merged.merger.into, merged.merger.remaining) == (1, remaining)
    assert merged.merger.is_remaining_public is ("merged" in end)
    assert (merged.case is not None) is (end == "merged")
    if end == "merged":
        assert queries.load_public_case(session, case.number, 3).merger == merged.merger
    assert list(verify(session)) == []


def test_a_circle_in_a_damaged_register_is_no_endless_loop(session, desk, case, target, act_by_two):
    act_by_two(acts.merge, case, into=target.number)
    session.rollback()
    row = session.get_one(Incident, target.id)
    row.state, row.merged_into = "merged", target.number
    session.flush()
    assert not queries.load_merged_case(session, case.number).merger.is_remaining_public


def test_a_draft_that_was_merged_is_not_parted_nor_withdrawn(pen, desk, cast, target):
    draft = desk.draft()
    with pen() as p:
        acts.merge(p, draft.id, into=target.number, by=cast.bruno, reason="r")
    for act, arguments in ((acts.part, {}), (acts.withdraw, {"restriction": "erreur"})):
        with pytest.raises(Refused) as refused, pen() as p:
            act(p, draft.id, by=cast.bruno, reason="r", **arguments)
        assert refused.value.key == "draft_has_no_number"


def test_only_a_merged_case_has_a_notice(session, case):
    with pytest.raises(NotFound):
        queries.load_merged_case(session, case.number)
    with pytest.raises(NotFound):
        queries.load_merged_case(session, 404)


def test_other_representations_lead_to_the_other_case(session, case, target, act_by_two):
    act_by_two(acts.merge, case, into=target.number)
    for load in (queries.load_public_case, public_journal.proof):
        with pytest.raises(Moved) as moved:
            load(session, case.number)
        assert moved.value.values == {"number": target.number}


def test_a_forged_state_of_a_merged_case_is_reported(session, case, target, act_by_two):
    act_by_two(acts.merge, case, into=target.number)
    session.rollback()
    row = session.get_one(Incident, case.id)
    row.restriction = "erreur"
    session.commit()
    assert ("case_standing", "restriction") in [
        (problem.key, problem.values["field"]) for problem in verify(session)
    ]


def _files(session, store, case_id):
    session.rollback()
    return [file for _row, file in case_evidence(session, store, case_id)]


def _desk_lines(session, case_id):
    return [
        json.loads(line.private_json).get("why", line.act)
        for line in lines_since(session, 0, Ledger.DESK)
        if line.incident_id == case_id and line.act.startswith("evidence_")
    ]


@pytest.mark.one_database
def test_files_follow_the_case_and_leave_with_it(
    session, store, desk, case, target, act_by_two, case_files
):
    case_files.added(target.id, name="lettre.jpg")
    case_files.added(case.id, name="photo.jpg")
    [letter], [photo] = _files(session, store, target.id), _files(session, store, case.id)
    act_by_two(acts.merge, case, into=target.number, store=store)
    assert _files(session, store, target.id) == [letter, photo]
    assert _files(session, store, case.id) == [photo]
    act_by_two(acts.part, case, store=store)
    assert _files(session, store, target.id) == [letter]
    assert _files(session, store, case.id) == [photo]
    # Both again, in a chain: each case gives what it got, and a parting takes it from all.
    last = desk.published()
    act_by_two(acts.merge, case, into=target.number, store=store)
    act_by_two(acts.merge, target, into=last.number, store=store)
    assert _files(session, store, last.id) == [letter, photo]
    act_by_two(acts.part, case, store=store)
    assert _files(session, store, target.id) == [letter]
    assert _files(session, store, last.id) == [letter]
    added, removed = "evidence_added", "separation"
    assert _desk_lines(session, target.id) == [added, added, removed, added, removed]
    assert _desk_lines(session, last.id) == [added, added, removed]
    assert list(verify(session)) == []


@pytest.mark.one_database
def test_a_file_that_the_other_case_shows_stays_there(
    pen, session, store, cast, content, case, target, act_by_two, case_files
):
    case_files.added(case.id)
    [photo] = _files(session, store, case.id)
    act_by_two(acts.merge, case, into=target.number, store=store)
    [(row, _file)] = case_evidence(session, store, target.id)
    with pen() as p:
        copy = add_copy(
            p,
            store,
            case_files.files,
            target.id,
            "text",
            [MadePage(b"Lettre du maire.", "text/plain")],
            evidence=row.key,
            looked_by=cast.bruno,
        )
        acts.correct(
            p,
            target.id,
            content(title="L’autre cas", pieces=(replace(piece_of(copy), caption="Lettre."),)),
            by=cast.bruno,
            second=cast.chloe,
            reason="r",
            public_note="Pièce.",
            attested=ATTESTATIONS,
            store=store,
        )
    act_by_two(acts.part, case, store=store)
    assert _files(session, store, target.id) == [photo]
    assert _files(session, store, case.id) == [photo]
    # Joined again, it brings nothing that is there.
    act_by_two(acts.merge, case, into=target.number, store=store)
    assert _files(session, store, target.id) == [photo]


@pytest.mark.one_database
def test_a_change_that_waits_brings_the_files_once_approved(
    pen, session, store, cast, case, target, case_files
):
    case_files.added(case.id)
    with pen() as p:
        acts.merge(p, case.id, into=target.number, by=cast.bruno, reason="r", store=store)
    assert _files(session, store, target.id) == []
    change = session.scalars(select(PendingChange)).one()
    with pen() as p:
        acts.approve_change(p, change.id, by=cast.chloe, store=store)
    assert _files(session, store, target.id) == _files(session, store, case.id) != []


@pytest.mark.one_database
def test_an_erased_case_takes_its_files_from_the_other_one(
    pen, session, store, cast, case, target, act_by_two, case_files
):
    case_files.added(case.id)
    act_by_two(acts.merge, case, into=target.number, store=store)
    with pen() as p:
        acts.approve(p, case.id, by=cast.chloe, purpose="erase")
        acts.erase(p, case.id, by=cast.ada, restriction="erreur", store=store)
    assert _files(session, store, target.id) == []
    assert _files(session, store, case.id) == []
