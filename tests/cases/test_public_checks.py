"""What each change of a public text passes: attestations, a reason for each flag, the checklist."""

from __future__ import annotations

import json
from dataclasses import replace

import attested_acts
import pytest
from case_contents import a_case
from ledger_lines import lines_since
from sqlalchemy import select, update

from register.accounts.models import Member
from register.cases import acts, risk_flags, second_person
from register.cases.checklist import ATTESTATIONS
from register.cases.member_view import load_desk_case
from register.cases.models import Incident, Revision
from register.cases.persistence import refresh_checklists
from register.cases.second_person import PendingChange
from register.cases.verify import verify
from register.errors import Incomplete, Invalid, Refused
from register.journal import Ledger
from register.journal.models import canonical_json

pytestmark = pytest.mark.one_database

PHONE = "Joindre le 06 12 34 56 78."
OTHER_PHONE = "Joindre le 06 99 99 99 99."
SOURCE = {"source_url": "https://exemple.test/suite"}
ATTESTED = {"attested": ATTESTATIONS}


def _follow_up(p, case, by, **options):
    fields = {"title": "Suite", "text": "Le conseil reprend.", "reason": "r", **SOURCE, **options}
    return acts.follow_up(p, case.id, by=by, **fields)


def _correct(p, case, by, narrative="Selon le blog, autre chose.", **options):
    fields = {"reason": "r", "public_note": "Précisé.", **options}
    return acts.correct(p, case.id, a_case(narrative=narrative), by=by, **fields)


def _redact(p, case, by, **options):
    return acts.redact(p, case.id, a_case(narrative=""), by=by, reason="r", **options)


def _unmet(error):
    return [check_item.code for check_item in error.value.values["lines"]]


def _flagged(error):
    [item] = [item for item in error.value.values["lines"] if item.code == "flags"]
    return [(flag.field, flag.excerpt) for flag in item.values["flags"]]


def _reasons(code_and_excerpt, reason="numéro public"):
    flag = risk_flags.Flag("", *code_and_excerpt)
    return {flag.key: reason}


def _revision(session, case):
    session.rollback()
    return session.get_one(Revision, session.get_one(Incident, case.id).revision_id)


@pytest.mark.parametrize("change", ["follow_up", "correct", "redact", "reply"])
def test_the_author_of_a_public_change_attests_it_and_the_journal_says_so(
    pen, desk, cast, session, change
):
    case = desk.published()
    reply = desk.received_reply(case)
    run = {
        "follow_up": lambda p, **o: _follow_up(p, case, cast.bruno, **o),
        "correct": lambda p, **o: _correct(p, case, cast.bruno, **o),
        "redact": lambda p, **o: _redact(p, case, cast.bruno, public_note="Retiré.", **o),
        "reply": lambda p, **o: acts.reply(p, reply, by=cast.bruno, reason="r", **o),
    }[change]
    with pytest.raises(Incomplete) as refused, pen() as p:
        run(p, attested=ATTESTATIONS[:1])
    assert _unmet(refused) == list(ATTESTATIONS[1:])
    with pen() as p:
        run(p, **ATTESTED)
    session.rollback()
    last_line = lines_since(session, 0, Ledger.PUBLIC)[-1]
    assert json.loads(last_line.private_json)["attested"] == sorted(ATTESTATIONS)


def test_new_words_of_a_change_need_a_reason_and_public_ones_do_not(pen, desk, cast):
    case = desk.published(narrative=PHONE)
    dirty = {
        "title": "Suite, 06 11 11 11 11",
        "text": PHONE,
        "source_url": "",
        "no_source": "Par le 06 22 22 22 22.",
    }
    with pytest.raises(Incomplete) as refused, pen() as p:
        _follow_up(p, case, cast.bruno, **dirty, **ATTESTED)
    # The text of a follow-up is new, though the narrative has the same words.
    assert sorted(_flagged(refused)) == [
        ("no_source", "06 22 22 22 22"),
        ("text", "06 12 34 56 78"),
        ("title", "06 11 11 11 11"),
    ]
    note = "Le numéro est le 06 33 33 33 33."
    with pytest.raises(Incomplete) as refused, pen() as p:
        _correct(p, case, cast.bruno, f"{PHONE} {OTHER_PHONE}", public_note=note, **ATTESTED)
    assert _flagged(refused) == [("narrative", "06 99 99 99 99"), ("public_note", "06 33 33 33 33")]
    reply = desk.received_reply(case, text=f"Elle conteste. {OTHER_PHONE}")
    with pytest.raises(Incomplete) as refused, pen() as p:
        acts.reply(p, reply, by=cast.bruno, reason="r", **ATTESTED)
    assert _flagged(refused) == [("text", "06 99 99 99 99")]


def test_each_flag_keeps_its_own_reason_from_the_proposal_to_later_versions(
    pen, desk, cast, session
):
    case = desk.published(narrative=PHONE)
    reasons = _reasons(("telephone", "06 99 99 99 99"), "standard de la préfecture")
    with pen() as p:
        _correct(p, case, cast.bruno, f"{PHONE} {OTHER_PHONE}", flag_reasons=reasons, **ATTESTED)
    chloe = session.get_one(Member, cast.chloe)
    [change] = second_person.list_changes(session, chloe, case.id)
    assert change.proposal.flag_reasons == reasons
    assert set(change.proposal.attested) == set(ATTESTATIONS)
    session.rollback()
    with pen() as p:
        acts.approve_change(p, change.id, by=cast.chloe)
    expected = (
        ("telephone", "06 12 34 56 78", "relu"),
        ("telephone", "06 99 99 99 99", "standard de la préfecture"),
    )
    assert risk_flags.parse_reasons(_revision(session, case).flags_reason) == expected
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert risk_flags.parse_reasons(_revision(session, case).flags_reason) == expected
    with pen() as p:
        acts.edit(p, case.id, a_case(narrative=OTHER_PHONE), by=cast.bruno, reason="r")
    revision = _revision(session, case)
    # The reason of a removed passage goes with it.
    assert risk_flags.parse_reasons(revision.flags_reason) == expected[1:]
    assert revision.unmet == ""
    assert list(verify(session)) == []


def test_a_draft_is_approved_once_each_of_its_flags_has_a_reason(pen, desk, cast, session):
    content = a_case(narrative=f"{PHONE} {OTHER_PHONE}")
    one_reason = _reasons(("telephone", "06 12 34 56 78"))
    with pen() as p:
        case = acts.draft(p, content, by=cast.bruno, reason="r", flag_reasons=one_reason)
    assert _revision(session, case).unmet == "flags"
    with pytest.raises(Refused) as refused, pen() as p:
        acts.approve(p, case.id, by=cast.chloe)
    assert refused.value.key == "flags_unexplained"
    assert [flag.excerpt for flag in refused.value.values["flags"]] == ["06 99 99 99 99"]
    with pen() as p:
        reasons = _reasons(("telephone", "06 99 99 99 99"))
        acts.edit(p, case.id, content, by=cast.bruno, reason="r", flag_reasons=reasons)
        acts.invite(p, case.id, "courriel", by=cast.bruno)
        acts.approve(p, case.id, by=cast.chloe)
        acts.publish(p, case.id, by=cast.bruno, reason="lu", **ATTESTED)
    # A member may also take a reason back.
    with pen() as p:
        cleared = attested_acts.draft(p, content, by=cast.bruno, reason="r")
        blank = _reasons(("telephone", "06 99 99 99 99"), " ")
        acts.edit(p, cleared.id, content, by=cast.bruno, reason="r", flag_reasons=blank)
    assert _revision(session, cleared).unmet == "flags"


def test_one_reason_in_plain_words_of_an_old_version_is_that_of_each_of_its_flags(
    pen, desk, cast, session
):
    case = desk.withdrawn(narrative=f"{PHONE} {OTHER_PHONE}")
    session.execute(update(Revision).values(flags_reason=""))
    old = select(Revision.id).where(Revision.act == "published").scalar_subquery()
    session.execute(update(Revision).where(Revision.id == old).values(flags_reason='{"relu"}'))
    refresh_checklists(session)
    session.commit()
    desk_case = load_desk_case(session, session.get_one(Member, cast.chloe), case.id)
    assert set(desk_case.flag_reasons.values()) == {'{"relu"}'}
    session.rollback()
    with pen() as p:
        acts.approve(p, case.id, by=cast.chloe)
        acts.restore(p, case.id, by=cast.bruno, reason="r", **ATTESTED)
    assert {row.reason for row in risk_flags.parse_reasons(_revision(session, case).flags_reason)}
    with pytest.raises(Incomplete) as refused, pen() as p:
        _follow_up(p, case, cast.bruno, text="Joindre le 06 44 44 44 44.", **ATTESTED)
    assert _flagged(refused) == [("text", "06 44 44 44 44")]


def test_a_change_proposed_before_it_was_attested_is_taken_up_again(pen, desk, cast, session):
    case = desk.published(justice=True)
    with pen() as p:
        _correct(p, case, cast.bruno, **ATTESTED)
    change = session.scalars(select(PendingChange)).one()
    payload = json.loads(change.payload)
    del payload["attested"], payload["flag_reasons"]
    change.payload = canonical_json(payload)
    session.commit()
    with pytest.raises(Incomplete) as refused, pen() as p:
        acts.approve_change(p, change.id, by=cast.chloe)
    assert _unmet(refused) == list(ATTESTATIONS)


@pytest.mark.parametrize("source", [{}, {"source_url": "https://a.test", "no_source": "rien"}])
def test_a_follow_up_has_either_a_source_or_a_reason_for_none(pen, desk, cast, source):
    case = desk.published()
    with pytest.raises(Invalid) as refused, pen() as p:
        _follow_up(p, case, cast.bruno, **{"source_url": "", **source}, **ATTESTED)
    assert (refused.value.key, refused.value.values["field"]) == ("no_source", "no_source")


def test_the_reason_for_no_source_is_public_and_absent_from_other_documents(
    pen, desk, cast, session
):
    case = desk.published()
    with pen() as p:
        _follow_up(p, case, cast.bruno, **ATTESTED)
        _follow_up(p, case, cast.bruno, source_url="", no_source="Acte sur papier.", **ATTESTED)
    document = json.loads(_revision(session, case).content)
    assert ["no_source" in part for part in document["follow_ups"]] == [False, True]
    assert document["follow_ups"][1]["no_source"] == "Acte sur papier."
    assert list(verify(session)) == []


def test_a_correction_leaves_the_checklist_met(pen, desk, cast):
    case = desk.published()
    empty = replace(a_case(), summary="")
    with pytest.raises(Incomplete) as refused, pen() as p:
        acts.correct(p, case.id, empty, by=cast.bruno, reason="r", public_note="n", **ATTESTED)
    assert _unmet(refused) == ["texts"]
