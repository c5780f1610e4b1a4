"""Acts that need a second member to reach readers, and acts that one member does alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import attested_acts as acts
import pytest
from cast import AT
from ledger_lines import lines_since
from sqlalchemy import func, select

from register.accounts.models import Member
from register.cases import queries, second_person
from register.cases.acts.publication import FIXED_NOTE as RESTORED_NOTE
from register.cases.acts.redaction import FIXED_NOTES
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident, RedactedOriginal, Revision
from register.cases.second_person import Destruction, PendingChange
from register.cases.verify import verify
from register.errors import Incomplete, Invalid, NotFound, Refused
from register.journal import Ledger

pytestmark = pytest.mark.one_database

DESTRUCTION_TIME = AT + timedelta(days=30)
PHONE = "Joindre le 06 12 34 56 78."
PLAIN = "Le conseil reprend le sujet en juin."
CHANGE_KINDS = ("follow_up", "correct", "reply")


def _lines(session, ledger=Ledger.DESK):
    session.rollback()
    return [
        (line.act, line.member_id, json.loads(line.private_json))
        for line in lines_since(session, 0, ledger)
    ]


def _public_content(session, case):
    session.rollback()
    return queries.load_public_case(session, case.number).snapshot.content


def _follow_up_or_correct(pen, desk, case, content, kind, by, text=PLAIN, **changes):
    """A member's change of a public case, by one of the acts that add words to it."""
    with pen() as p:
        if kind == "follow_up":
            return acts.follow_up(p, case.id, by=by, reason="r", title="Suite", text=text)
        if kind == "correct":
            corrected = content(narrative=text, **changes)
            return acts.correct(p, case.id, corrected, by=by, reason="r", public_note="Précisé.")
        raise AssertionError(kind)


def _reply(pen, desk, case, by, text=PLAIN):
    reply = desk.received_reply(case, text=text)
    with pen() as p:
        return acts.reply(p, reply, by=by, reason="r")


def _make_change(pen, desk, case, content, kind, by, text=PLAIN, **changes):
    if kind == "reply":
        return _reply(pen, desk, case, by, text)
    return _follow_up_or_correct(pen, desk, case, content, kind, by, text, **changes)


def _pending_changes(session, case):
    session.rollback()
    return session.scalars(select(PendingChange).where(PendingChange.incident_id == case.id)).all()


@pytest.mark.parametrize("kind", CHANGE_KINDS)
def test_a_harmless_change_of_a_harmless_case_is_public_at_once(
    pen, session, desk, cast, content, kind
):
    case = desk.published()
    line = _make_change(pen, desk, case, content, kind, cast.bruno)
    assert line.ledger == Ledger.PUBLIC.value
    assert PLAIN in json.dumps(_public_content(session, case), ensure_ascii=False)
    assert _pending_changes(session, case) == []


@pytest.mark.parametrize("kind", CHANGE_KINDS)
@pytest.mark.parametrize(
    ("justice", "text"), [(False, PHONE), (True, PLAIN)], ids=["flag", "case-of-two"]
)
def test_a_change_that_needs_two_members_waits_for_the_second(
    pen, session, desk, cast, content, kind, justice, text
):
    case = desk.published(justice=justice)
    before = _public_content(session, case)
    line = _make_change(pen, desk, case, content, kind, cast.bruno, text, justice=justice)
    assert _public_content(session, case) == before
    assert (line.act, line.member_id) == ("change_proposed", cast.bruno)
    [row] = _pending_changes(session, case)
    assert json.loads(line.private_json)["change"] == row.id
    session.rollback()
    assert list(verify(session)) == []


def test_a_type_of_the_family_justice_makes_a_correction_wait(pen, session, desk, cast, content):
    case = desk.published()
    with pen() as p:
        acts.correct(p, case.id, content(justice=True), by=cast.bruno, reason="r", public_note="n")
    assert _public_content(session, case)["types"] == ["interdiction_filmer"]


def test_the_public_note_of_a_correction_is_scanned_for_flags_too(
    pen, session, desk, cast, content
):
    case = desk.published()
    with pen() as p:
        acts.correct(
            p, case.id, content(title="Autre"), by=cast.bruno, reason="r", public_note=PHONE
        )
    assert _public_content(session, case)["corrections"] == []


def test_a_case_that_needed_two_still_does_after_its_type_was_taken_out(
    pen, session, desk, cast, content
):
    """Otherwise one removes the type with a second member, then adds text alone."""
    case = desk.published(justice=True)
    with pen() as p:
        acts.correct(
            p, case.id, content(), by=cast.bruno, reason="r", public_note="n", second=cast.chloe
        )
    _make_change(pen, desk, case, content, "follow_up", cast.bruno)
    assert _public_content(session, case)["follow_ups"] == []


@pytest.mark.parametrize("kind", CHANGE_KINDS)
def test_an_approval_publishes_the_change_and_records_both_members(
    pen, session, desk, cast, content, kind
):
    case = desk.published()
    line = _make_change(pen, desk, case, content, kind, cast.bruno, PHONE)
    change = json.loads(line.private_json)["change"]
    with pen() as p:
        public = acts.approve_change(p, change, by=cast.chloe)
    assert (public.ledger, public.member_id) == (Ledger.PUBLIC.value, cast.bruno)
    assert json.loads(public.private_json)["approved_by"] == [cast.chloe]
    assert _lines(session)[-1][:2] == ("approved", cast.chloe)
    assert "06 12 34 56 78" in json.dumps(_public_content(session, case))
    assert _pending_changes(session, case) == []
    assert list(verify(session)) == []
    with pytest.raises(NotFound), pen() as p:
        acts.approve_change(p, change, by=cast.ada)


def _propose_change(pen, desk, cast, content, *, by=None):
    case = desk.published()
    line = _make_change(pen, desk, case, content, "follow_up", by or cast.bruno, PHONE)
    return case, json.loads(line.private_json)["change"]


# The approver, an act before the approval, and the key of the refusal.
REFUSED = {
    "its-writer": ("bruno", None, "own_change"),
    "disabled": ("driss", None, "member_may_not_act"),
    "vouches-for-nobody": (
        "chloe",
        lambda p, case, change, cast: (
            setattr(p.session.get(Member, cast.chloe), "vouches_from", DESTRUCTION_TIME)
            or acts.note(p, case.id, "n", by=cast.ada)
        ),
        "member_vouches_later",
    ),
    "readers-see-another-text": (
        "chloe",
        lambda p, case, change, cast: acts.follow_up(
            p, case.id, by=cast.ada, reason="r", title="t", text=PLAIN
        ),
        "change_stale",
    ),
    "withdrawn": (
        "chloe",
        lambda p, case, change, cast: acts.withdraw(
            p, case.id, by=cast.ada, restriction="erreur", reason="r"
        ),
        "case_withdrawn",
    ),
    "refused": (
        "chloe",
        lambda p, case, change, cast: acts.refuse_change(p, change, by=cast.ada, refusal="non"),
        "change_refused",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_approval_is_refused_with_the_key_of_its_reason(pen, session, desk, cast, content, name):
    approver, meanwhile, key = REFUSED[name]
    case, change = _propose_change(pen, desk, cast, content)
    if meanwhile:
        with pen() as p:
            meanwhile(p, case, change, cast)
    with pytest.raises(Refused) as refused, pen() as p:
        acts.approve_change(p, change, by=getattr(cast, approver))
    assert refused.value.key == key


def test_a_single_moderator_approves_alone_and_the_case_is_marked(
    pen, session, desk, cast, content
):
    case, change = _propose_change(pen, desk, cast, content)
    with pen() as p:
        acts.approve_change(p, change, by=cast.bruno, single=True)
    assert _public_content(session, case)["single_review"] is True
    assert list(verify(session)) == []


def test_a_refused_change_goes_back_to_its_author_unchanged(pen, session, desk, cast, content):
    case, change = _propose_change(pen, desk, cast, content)
    with pytest.raises(Invalid), pen() as p:
        acts.refuse_change(p, change, by=cast.chloe, refusal=" ")
    with pen() as p:
        acts.refuse_change(p, change, by=cast.chloe, refusal="Un numéro privé.")
    session.rollback()
    [returned] = second_person.list_changes(session, session.get(Member, cast.bruno), case.id)
    assert (returned.refused_by, returned.refusal) == (cast.chloe, "Un numéro privé.")
    assert (returned.made_by, returned.proposal.words["text"]) == (cast.bruno, PHONE)
    assert list(verify(session)) == []
    session.rollback()
    with pytest.raises(Refused) as refused, pen() as p:
        acts.refuse_change(p, change, by=cast.ada, refusal="Pas mieux.")
    assert refused.value.key == "change_refused"
    with pen() as p:
        acts.refuse_change(p, change, by=cast.bruno)
    assert _pending_changes(session, case) == []
    assert _lines(session)[-1][2]["taken_back"] is True


def test_the_number_of_pending_changes_is_bounded(pen, session, desk, cast, content):
    case = desk.published()
    for _ in range(5):
        _make_change(pen, desk, case, content, "follow_up", cast.bruno, PHONE)
    with pytest.raises(Refused) as refused:
        _make_change(pen, desk, case, content, "follow_up", cast.bruno, PHONE)
    assert refused.value.key == "changes_waiting"


def test_pending_changes_are_destroyed_with_the_texts_of_the_case(
    pen, session, desk, cast, content
):
    case, _change_id = _propose_change(pen, desk, cast, content)
    with pen() as p:
        acts.approve(p, case.id, by=cast.chloe, purpose="erase")
        acts.erase(p, case.id, by=cast.ada, restriction="donnee_personnelle")
    assert _pending_changes(session, case) == []
    assert list(verify(session)) == []


def test_a_restoration_needs_two_members_where_the_publication_did(
    pen, session, desk, cast, content
):
    """Otherwise one withdraws the case, removes the type and restores it alone."""
    case = desk.withdrawn(justice=True)
    with pen() as p:
        acts.edit(p, case.id, content(), by=cast.bruno, reason="r")
    restoration = {
        "by": cast.bruno,
        "reason": "r",
        "attested": ATTESTATIONS,
        "public_note": RESTORED_NOTE,
    }
    with pytest.raises(Exception) as refused, pen() as p:
        acts.restore(p, case.id, **restoration)
    assert refused.value.key == "checklist"
    with pen() as p:
        acts.approve(p, case.id, by=cast.chloe)
    with pytest.raises(Invalid) as refused, pen() as p:
        acts.restore(p, case.id, **{**restoration, "public_note": "Le maire a volé."})
    assert refused.value.key == "note_fixed"
    with pen() as p:
        acts.restore(p, case.id, **restoration)
    assert _public_content(session, case)["types"] == ["interdiction_filmer"]


@pytest.mark.parametrize("kind", ["follow_up", "reply", "note"])
def test_texts_rewritten_in_a_withdrawn_case_need_two_members_to_be_restored(
    pen, session, desk, cast, content, kind
):
    """Otherwise one withdraws the case, rewrites it by a redaction and restores it alone."""
    case, redacted_content, note, rewritten = desk.published(), content(), "Précisé.", {}
    if kind == "note":
        redacted_content, note = content(narrative="Autre récit."), PHONE
    else:
        line = _make_change(pen, desk, case, content, kind, cast.bruno)
        fragment = json.loads(line.private_json)[kind]
        rewritten = {"follow_up": {"follow_ups": {fragment: ("Suite", PHONE)}}}.get(
            kind, {"replies": {fragment: [PHONE]}}
        )
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    _redact(pen, case, redacted_content, cast.bruno, note, rewrites=rewritten)
    restoration = {
        "by": cast.bruno,
        "reason": "r",
        "attested": ATTESTATIONS,
        "public_note": RESTORED_NOTE,
    }
    with pytest.raises(Incomplete) as refused, pen() as p:
        acts.restore(p, case.id, **restoration)
    assert [line.code for line in refused.value.values["lines"]] == ["second"]
    with pen() as p:
        acts.approve(p, case.id, by=cast.chloe)
    with pen() as p:
        acts.restore(p, case.id, **restoration)
    assert "06 12 34 56 78" in json.dumps(_public_content(session, case))


# --- redactions and destructions ----------------------------------------------------------------


def _redact(pen, case, content, by, note=FIXED_NOTES[0], at=AT, **fragments):
    with pen(at) as p:
        return acts.redact(p, case.id, content, by=by, reason="r", public_note=note, **fragments)


def _stored_texts(session, case):
    session.rollback()
    return [
        text
        for table in (Revision, RedactedOriginal)
        for text in session.scalars(select(table.content).where(table.incident_id == case.id))
        if text is not None
    ]


@pytest.fixture
def redacted(pen, desk, cast, content):
    """A case that needs two members, with a passage that Bruno redacted."""
    case = desk.published(justice=True, narrative="Selon le blog, M. Untel a filmé.")
    with pen() as p:
        acts.note(p, case.id, "M. Untel", by=cast.bruno)
    _redact(pen, case, content(justice=True, narrative="Selon le blog, […] a filmé."), cast.bruno)
    return case


def test_one_member_hides_a_passage_and_destroys_nothing(session, redacted):
    assert "Untel" not in json.dumps(_public_content(session, redacted))
    [row] = session.scalars(select(Destruction)).all()
    assert row.due_on == DESTRUCTION_TIME.date()
    assert any(b"Untel" in text for text in _stored_texts(session, redacted))
    lines = _lines(session, Ledger.PUBLIC)
    assert lines[-1][0] == "redacted"
    assert "destroyed" not in lines[-1][2]
    assert list(verify(session)) == []


def _published_narrative(session, case):
    published = next(
        line.seq for line in lines_since(session, 0, Ledger.PUBLIC) if line.act == "published"
    )
    return queries.load_public_case(session, case.number, published).snapshot.content["narrative"]


def test_readers_no_longer_read_the_passage_in_a_former_version(session, redacted):
    assert _published_narrative(session, redacted) == ("Selon le blog, [passage retiré] a filmé.")


def _destruction(session):
    session.rollback()
    return session.scalar(select(func.max(Destruction.id)))


def test_a_second_member_confirms_the_destruction(pen, session, cast, redacted):
    destruction = _destruction(session)
    with pytest.raises(Refused) as refused, pen() as p:
        acts.confirm_destruction(p, destruction, by=cast.bruno)
    assert refused.value.key == "own_change"
    with pen() as p:
        acts.confirm_destruction(p, destruction, by=cast.chloe)
    assert not any(b"Untel" in text for text in _stored_texts(session, redacted))
    assert _lines(session)[-1][:2] == ("destroyed", cast.chloe)
    assert list(verify(session)) == []
    with pytest.raises(Refused), pen() as p:
        acts.confirm_destruction(p, destruction, by=cast.ada)


def test_a_single_moderator_confirms_a_destruction_of_their_own(pen, session, cast, redacted):
    destruction = _destruction(session)
    with pen() as p:
        acts.confirm_destruction(p, destruction, by=cast.bruno, single=True)
    assert not any(b"Untel" in text for text in _stored_texts(session, redacted))
    assert list(verify(session)) == []


@pytest.mark.parametrize("destruction", [-1, 0, 404, 10**30])
def test_a_destruction_that_is_not_there_is_not_found(pen, cast, destruction):
    for act in (acts.confirm_destruction, acts.keep_hidden):
        with pytest.raises(NotFound) as refused, pen() as p:
            act(p, destruction, by=cast.chloe)
        assert refused.value.key == "no_such_destruction"


@pytest.mark.parametrize(("days", "done"), [(29, 0), (30, 1)])
def test_a_hidden_version_is_destroyed_after_thirty_days(pen, session, redacted, days, done):
    with pen(AT + timedelta(days=days)) as p:
        assert acts.destroy_due(p, 10) == done
        if not done:
            acts.note(p, redacted.id, "n", by=1)
    assert any(b"Untel" in text for text in _stored_texts(session, redacted)) is not bool(done)
    assert list(verify(session)) == []


def test_a_second_member_cancels_the_destruction(pen, session, cast, redacted):
    destruction = _destruction(session)
    with pen() as p:
        acts.keep_hidden(p, destruction, by=cast.chloe)
    with pytest.raises(Refused) as refused, pen() as p:
        acts.keep_hidden(p, destruction, by=cast.ada)
    assert refused.value.key == "destruction_over"
    with pen(DESTRUCTION_TIME + timedelta(days=60)) as p:
        assert acts.destroy_due(p, 10) == 0
        acts.note(p, redacted.id, "n", by=cast.ada)
    assert any(b"Untel" in text for text in _stored_texts(session, redacted))
    assert _lines(session)[-2][:2] == ("destruction_kept", cast.chloe)
    assert list(verify(session)) == []
    # It stays hidden from readers, and two members can still destroy it.
    assert "Untel" not in _published_narrative(session, redacted)
    with pen() as p:
        acts.confirm_destruction(p, destruction, by=cast.chloe)
    assert not any(b"Untel" in text for text in _stored_texts(session, redacted))
    assert list(verify(session)) == []


def test_erasing_a_case_ends_its_pending_changes(pen, session, cast, redacted):
    with pen() as p:
        acts.approve(p, redacted.id, by=cast.chloe, purpose="erase")
        acts.erase(p, redacted.id, by=cast.ada, restriction="donnee_personnelle")
        assert acts.destroy_due(p, 10) == 0
    assert _stored_texts(session, redacted) == []
    assert list(verify(session)) == []


ADDING = {
    "words": {"narrative": "Selon le blog, le maire a volé."},
    "words-between": {"narrative": "Selon le blog, M. Untel a filmé et volé."},
    "outcome": {"outcome": "en_cours"},
    "types": {"types": ("plainte_diffamation", "interdiction_filmer")},
    "contested": {"contested": True},
}


@pytest.mark.parametrize("name", ADDING)
def test_a_redaction_adds_nothing_to_a_case_of_two(pen, session, desk, cast, content, name):
    before = content(justice=True, narrative="Selon le blog, M. Untel a filmé.")
    case = desk.published(before)
    with pytest.raises(Refused) as refused:
        _redact(pen, case, replace(before, **ADDING[name]), cast.bruno)
    assert refused.value.key == "redaction_adds"
    assert "volé" not in json.dumps(_public_content(session, case), ensure_ascii=False)


def test_a_redaction_of_a_follow_up_only_takes_words_out_of_it(pen, session, desk, cast, content):
    case = desk.published(content(justice=True))
    with pen() as p:
        line = acts.follow_up(
            p,
            case.id,
            by=cast.bruno,
            reason="r",
            title="Suite",
            text="Un mot de trop.",
            second=cast.chloe,
        )
    follow_up = json.loads(line.private_json)["follow_up"]
    unchanged = content(justice=True)
    with pytest.raises(Refused):
        _redact(
            pen,
            case,
            unchanged,
            cast.bruno,
            rewrites={"follow_ups": {follow_up: ("Suite", "Un mot de plus.")}},
        )
    _redact(
        pen, case, unchanged, cast.bruno, rewrites={"follow_ups": {follow_up: ("Suite", "Un mot.")}}
    )
    assert _public_content(session, case)["follow_ups"][0]["text"] == "Un mot."


def test_the_note_of_a_redaction_of_a_case_of_two_is_a_fixed_one(pen, desk, cast, content):
    before = content(justice=True, narrative="Selon le blog, M. Untel a filmé.")
    case = desk.published(before)
    with pytest.raises(Invalid) as refused:
        _redact(pen, case, replace(before, narrative=""), cast.bruno, "Le maire a volé.")
    assert refused.value.key == "note_fixed"


def test_one_member_always_withdraws_a_case_at_once(pen, session, desk, cast):
    case = desk.published(justice=True)
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    session.rollback()
    assert session.get_one(Incident, case.id).state == "withdrawn"


def test_verify_reports_a_version_that_is_hidden_without_a_line(engine, session, redacted):
    from sqlalchemy import update
    from sqlalchemy.orm import Session

    from register.db import write_engine

    with Session(write_engine(engine)) as writing_session:
        writing_session.execute(update(Revision).values(destruction_id=1))
        writing_session.commit()
    session.rollback()
    assert {problem.key for problem in verify(session)} == {"revision_shown"}
