"""Redaction: each version keeps the rest of its text, and both ledgers still verify."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import attested_acts as acts
import pytest
from case_contents import a_case
from cast import AT
from ledger_lines import lines_since
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases import public_journal, queries, revisions
from register.cases.acts.redaction import FIXED_NOTES
from register.cases.case_content import SourceContent
from register.cases.models import (
    FollowUp,
    Incident,
    Invitation,
    Note,
    RedactedOriginal,
    Reply,
    Revision,
)
from register.cases.redaction_plan import plan_redaction
from register.cases.second_person import Destruction, PendingChange, list_destructions
from register.cases.verify import verify
from register.db import write_engine
from register.errors import Gone, Invalid, Refused, TextError
from register.journal import Act, Ledger
from register.journal.models import canonical_json, commitment
from register.text.passage_removal import REMOVAL_MARK, REMOVED_URL

NAME = "Zéphyrin Quintefeuille"
BEFORE = f"Selon le blog, {NAME} a filmé. Le conseil reprend en juin."
AFTER = "Selon le blog, […] a filmé. Le conseil reprend en juin."
SOURCES = (SourceContent("https://x.test/zephyrin-quintefeuille", title=f"Entretien avec {NAME}"),)
WORDS = ("éphyrin", "ephyrin")


@pytest.fixture
def case(filled, pen, desk, cast):
    return filled(lambda: _fill(pen, desk, cast))


def _fill(pen, desk, cast):
    """A case with a name in each kind of text, three public versions, and notes of members."""
    published = a_case(narrative=BEFORE, sources=(*a_case().sources, *SOURCES))
    case = desk.published(published)
    with pen() as p:
        acts.note(p, case.id, f"Appeler {NAME} demain.", by=cast.bruno)
        acts.note(p, case.id, "Rien à en dire.", by=cast.bruno)
        acts.invite(p, case.id, f"Au maire, sur {NAME} : répondez.", by=cast.bruno)
        reason = "erreur sur **Zéphyrin QUINTEFEUILLE**"
        corrected = replace(published, narrative=BEFORE.replace(NAME, f"**Zéphyrin** {NAME[9:]}"))
        acts.correct(
            p,
            case.id,
            corrected,
            by=cast.bruno,
            second=cast.chloe,
            reason=reason,
            public_note="Précisé.",
        )
        changed = replace(corrected, narrative=f"{corrected.narrative} Et {NAME} encore.")
        acts.correct(
            p,
            case.id,
            changed,
            by=cast.bruno,
            second=cast.chloe,
            reason="r",
            public_note=f"Sur {NAME}.",
        )
    return case


def _redact(pen, case, cast, **options):
    with pen() as p:
        row_id = 2
        arguments = {"public_note": "Un passage a été retiré.", "reason": "jugement"}
        arguments |= {"rewrites": {"corrections": {row_id: ["Sur […]."]}}} | options
        redacted = a_case(narrative=AFTER)
        return acts.redact(p, case.id, redacted, by=cast.bruno, **arguments)


def _load(session, case, version=None):
    session.rollback()
    return queries.load_public_case(session, case.number, version)


def _public_lines(session):
    session.rollback()
    return list(lines_since(session, 0, Ledger.PUBLIC))


def _first(session):
    """The line of the first publication."""
    return next(line.seq for line in _public_lines(session) if line.act == "published")


def _database_texts(session):
    session.rollback()
    return "\n".join(
        value.decode(errors="replace") if isinstance(value, bytes) else str(value)
        for table in Revision.metadata.sorted_tables
        for row in session.execute(select(*table.columns))
        for value in row
    )


def _has_name(stored):
    return any(word in stored for word in WORDS)


@pytest.fixture
def redacted(pen, cast, case):
    """The case once Bruno took the name out."""
    _redact(pen, case, cast)
    return case


def test_a_removed_phone_does_not_make_the_case_one_that_a_single_member_changes(
    pen, session, desk, cast
):
    case = desk.published(a_case(narrative="Selon le blog, le 06 12 34 56 78 répond."))
    with pen() as p:
        rest = a_case(narrative="Selon le blog, le répond.")
        words = {"by": cast.bruno, "reason": "r", "public_note": FIXED_NOTES[0]}
        acts.redact(p, case.id, rest, passages=["06 12 34 56 78"], **words)
    session.rollback()
    assert list(verify(session)) == []
    session.rollback()
    with pen() as p:
        changed = a_case(narrative="Selon le blog, on crie.")
        line = acts.correct(p, case.id, changed, **(words | {"public_note": "Précisé."}))
    assert line.act == Act.CHANGE_PROPOSED


def test_a_name_leaves_the_reason_for_which_a_follow_up_has_no_source(pen, session, desk, cast):
    phone = "06 12 34 56 78"
    case = desk.published(a_case())
    with pen() as p:
        words = {"title": "Suite", "text": "Vu.", "no_source": f"Dit au {phone}."}
        reasons = {"by": cast.bruno, "reason": "r", "second": cast.chloe}
        acts.follow_up(p, case.id, flag_reasons="public", **words, **reasons)
        source = {"source_url": "https://exemple.test/suite", "no_source": ""}
        acts.follow_up(p, case.id, title="Suite", text="Vu.", **source, **reasons)
    session.rollback()
    row_id, sourced_id = session.scalars(select(FollowUp.id).order_by(FollowUp.id)).all()
    session.rollback()
    with pen() as p:
        new_texts = {row_id: ("Suite", "Vu.", "Dit au."), sourced_id: ("Suite", "Vu.", "")}
        rewrites = {"rewrites": {"follow_ups": new_texts}, "passages": [phone]}
        note = {"public_note": FIXED_NOTES[0], "reason": "r"}
        acts.redact(p, case.id, a_case(), by=cast.bruno, **note, **rewrites)
    assert _load(session, case).snapshot.content["follow_ups"][0]["no_source"] == "Dit au."
    assert list(verify(session)) == []


def test_each_version_keeps_the_rest_of_its_text_for_readers(session, redacted):
    first, second, third, last = (line.seq for line in _public_lines(session)[-4:])
    assert _load(session, redacted).snapshot.content["narrative"] == AFTER
    narratives = [
        _load(session, redacted, seq).snapshot.content["narrative"] for seq in (first, second)
    ]
    assert narratives == [
        BEFORE.replace(NAME, REMOVAL_MARK),
        BEFORE.replace(NAME, f"**{REMOVAL_MARK}**"),
    ]
    older = _load(session, redacted, first)
    source = older.snapshot.content["sources"][-1]
    # The whole source went, hence its whole title.
    assert (source["url"], source["title"]) == (REMOVED_URL, REMOVAL_MARK)
    assert REMOVAL_MARK in older.snapshot.html["narrative"]
    assert _load(session, redacted, third).snapshot.content["corrections"][1]["note"] == (
        f"Sur {REMOVAL_MARK}."
    )
    assert (older.redacted_by, older.has_removal) == (last, True)
    assert (_load(session, redacted).redacted_by, _load(session, redacted).has_removal) == (
        None,
        False,
    )
    assert list(verify(session)) == []


def test_members_read_the_passage_until_it_is_destroyed(session, desk, cast, redacted):
    bruno = session.get_one(Member, cast.bruno)
    summaries = revisions.list_revisions(session, bruno, redacted.id)
    assert [row.is_redacted for row in summaries] == [False, True, True, True, True]
    [pending] = list_destructions(session, bruno, redacted.id)
    assert NAME in pending.removed_passages
    texts = [
        revisions.case_at_revision(session, bruno, redacted.id, row.id).content.narrative
        for row in summaries
    ]
    assert [NAME[9:] in narrative for narrative in texts] == [False, True, True, True, True]
    assert "QUINTEFEUILLE" in summaries[2].reason
    desk.destroy()
    session.rollback()
    summaries = revisions.list_revisions(session, bruno, redacted.id)
    assert [row.is_redacted or row.is_destroyed for row in summaries] == [False] * 5
    past = revisions.case_at_revision(session, bruno, redacted.id, summaries[2].id)
    assert past.content.narrative == BEFORE.replace(NAME, f"**{REMOVAL_MARK}**")
    assert past.version.reason == f"erreur sur **{REMOVAL_MARK}**"


def test_destruction_takes_only_the_passage_out_of_every_text(session, desk, redacted):
    assert _has_name(_database_texts(session))
    desk.destroy()
    assert not _has_name(_database_texts(session))
    assert list(session.scalars(select(Note.text).order_by(Note.id))) == [
        f"Appeler {REMOVAL_MARK} demain.",
        "Rien à en dire.",
    ]
    assert session.scalars(select(Invitation.text).order_by(Invitation.id.desc())).first() == (
        f"Au maire, sur {REMOVAL_MARK} : répondez."
    )
    assert list(session.scalars(select(RedactedOriginal.id))) == []
    assert list(verify(session)) == []
    assert _load(session, redacted, _first(session)).snapshot.content["narrative"] == (
        BEFORE.replace(NAME, REMOVAL_MARK)
    )


def test_the_public_line_commits_to_what_remains_of_each_version(session, desk, redacted):
    *earlier, redaction = _public_lines(session)
    announced = json.loads(redaction.public_json)["redacted"]
    assert set(announced) == {str(line.seq) for line in earlier if line.revision_id}
    for destroyed in (False, True):
        if destroyed:
            desk.destroy()
        for line in earlier:
            if line.revision_id is None:
                continue
            proof = json.loads(public_journal.proof(session, redacted.number, line.seq))
            revision = session.get_one(Revision, line.revision_id)
            assert proof["commitment"] == announced[str(line.seq)]
            assert proof["commitment"] == commitment(revision.salt, revision.content)
            assert proof["redacted"] == redaction.seq
    assert "redacted" not in json.loads(public_journal.proof(session, redacted.number))


def test_a_wording_of_an_earlier_version_is_removed_too(session, pen, desk, cast, content):
    case = desk.published(narrative="Le patron du bar des Mésanges a filmé.")
    with pen() as p:
        renamed = content(narrative=BEFORE)
        acts.correct(
            p, case.id, renamed, by=cast.bruno, second=cast.chloe, reason="r", public_note="Nommé."
        )
    _redact(pen, case, cast, passages=[NAME, " bar des  mesanges "], rewrites={})
    assert _load(session, case, _first(session)).snapshot.content["narrative"] == (
        f"Le patron du {REMOVAL_MARK} a filmé."
    )
    desk.destroy()
    assert "sanges" not in _database_texts(session)
    assert list(verify(session)) == []


def test_words_that_the_text_still_has_are_removed_nowhere(session, pen, desk, cast, content):
    case = desk.published(narrative="Le maire refuse. Le maire reçoit M. Untel.")
    with pen() as p:
        shorter = content(narrative="Le maire refuse.")
        acts.redact(p, case.id, shorter, by=cast.bruno, reason="r", public_note=FIXED_NOTES[0])
    assert _load(session, case, _first(session)).snapshot.content["narrative"] == (
        f"Le maire refuse. {REMOVAL_MARK}."
    )


def test_a_chosen_version_is_hidden_and_destroyed_whole(session, pen, desk, cast, content):
    case = desk.published(narrative="Celui que chacun reconnaît a filmé.")
    with pen() as p:
        named = content(narrative=BEFORE)
        acts.correct(
            p, case.id, named, by=cast.bruno, second=cast.chloe, reason="r", public_note="Nommé."
        )
    first, second = (line.revision_id for line in _public_lines(session)[-2:])
    _redact(pen, case, cast, passages=[NAME], hidden=[first], rewrites={})
    with pytest.raises(Gone):
        _load(session, case, _first(session))
    assert list(verify(session)) == []
    desk.destroy()
    session.rollback()
    assert session.get_one(Revision, first).content is None
    assert session.get_one(Revision, second).content is not None
    assert list(verify(session)) == []


def test_without_removed_words_every_earlier_version_is_hidden(session, pen, desk, cast, content):
    case = desk.published(date="2009-03-17")
    with pen() as p:
        undated = content(date="2009")
        acts.redact(p, case.id, undated, by=cast.bruno, reason="r", public_note=FIXED_NOTES[0])
    with pytest.raises(Gone):
        _load(session, case, _first(session))
    desk.destroy()
    assert list(verify(session)) == []


@pytest.mark.parametrize("end", ["shown", "refused"])
def test_a_version_whose_page_cannot_lose_the_passage_is_hidden(
    session, pen, desk, cast, content, monkeypatch, end
):
    """The renderer, which reads Markdown in full, would show the passage, or refuses the text."""
    case = desk.published(narrative="Selon le blog, Untel Machin a filmé.")

    def render_texts(document):
        if end == "refused":
            raise TextError("too_long", limit=1)
        return canonical_json({"narrative": "<p>Mac<b>hin</b></p>", "replies": []}), "r"

    monkeypatch.setattr("register.cases.redaction_plan.contents.render_texts", render_texts)
    versions = list(session.scalars(select(Revision.id).order_by(Revision.id)))
    session.rollback()
    with pen() as p:
        present = {**contents.document_of(p.load(Incident, case.id)), "narrative": ""}
        plan = plan_redaction(p.session, case.id, present, ["Machin"])
        p.record(Act.NOTED, by=cast.bruno)
    assert (plan.hidden, plan.redacted, plan.unmatched) == (versions, [], [])


@pytest.mark.parametrize(
    ("options", "key", "field"),
    [
        ({"passages": ["le"]}, "passage_common", "passages"),
        ({"passages": ["le conseil"]}, "passage_remains", "passages"),
        ({"rewrites": {}}, "passage_remains", "passages"),
        ({"reason": f"ôter {NAME}"}, "passage_remains", "reason"),
    ],
)
def test_a_passage_that_stays_in_sight_is_refused(pen, cast, case, options, key, field):
    options = {"passages": [NAME]} | options
    with pytest.raises(Invalid) as refused:
        _redact(pen, case, cast, **options)
    assert (refused.value.key, refused.value.values["field"]) == (key, field)


def test_a_reply_that_has_the_passage_stays_as_it_is_in_every_version(
    session, pen, desk, cast, content
):
    case = desk.published(narrative=BEFORE)
    reply = desk.received_reply(case, text=f"{NAME} ment.")
    with pen() as p:
        acts.reply(p, reply, by=cast.bruno, second=cast.chloe, reason="r")
    versions = [line.seq for line in _public_lines(session)[-2:]]
    _redact(pen, case, cast, rewrites={})
    older = _load(session, case, versions[1]).snapshot
    assert older.content["replies"][0]["text"] == f"{NAME} ment."
    assert REMOVAL_MARK in older.content["narrative"]
    _redact(pen, case, cast, passages=[NAME], rewrites={"replies": {reply: ["Il ment."]}})
    older = _load(session, case, versions[1]).snapshot
    assert older.content["replies"][0]["text"] == f"{REMOVAL_MARK} ment."
    desk.destroy()
    assert not _has_name(_database_texts(session))
    assert list(verify(session)) == []


def test_a_second_redaction_destroys_what_the_first_one_left(session, pen, cast, redacted):
    """Both redactions wait; the text before the first has the passage of the second too."""
    with pen() as p:
        shorter = a_case(narrative="Selon le blog, […] a filmé.")
        acts.redact(p, redacted.id, shorter, by=cast.bruno, reason="r", public_note=FIXED_NOTES[0])
    session.rollback()
    first, second = session.scalars(select(Destruction.id).order_by(Destruction.id))
    assert list(verify(session)) == []
    assert _load(session, redacted, _first(session)).snapshot.content["narrative"] == (
        f"Selon le blog, {REMOVAL_MARK} a filmé. {REMOVAL_MARK}."
    )
    with pen() as p:
        acts.confirm_destruction(p, second, by=cast.chloe)
    assert "reprend en juin" not in _database_texts(session)
    assert list(verify(session)) == []
    with pen() as p:
        acts.confirm_destruction(p, first, by=cast.chloe)
    assert list(verify(session)) == []


def test_a_first_redaction_is_destroyed_while_a_second_waits(session, pen, cast, redacted):
    with pen() as p:
        shorter = a_case(narrative="Selon le blog, […] a filmé.")
        acts.redact(p, redacted.id, shorter, by=cast.bruno, reason="r", public_note=FIXED_NOTES[0])
    session.rollback()
    first, second = session.scalars(select(Destruction.id).order_by(Destruction.id))
    with pen() as p:
        acts.keep_hidden(p, second, by=cast.chloe)
        acts.confirm_destruction(p, first, by=cast.chloe)
    stored = _database_texts(session)
    assert not _has_name(stored)
    assert "reprend en juin" in stored
    assert list(verify(session)) == []


def test_a_pending_change_and_a_refusal_lose_the_passage(session, pen, desk, cast, content):
    case = desk.published(content(justice=True, narrative=BEFORE))
    with pen() as p:
        proposed = content(justice=True, narrative=f"{BEFORE} Et plus.")
        acts.correct(p, case.id, proposed, by=cast.bruno, reason=NAME, public_note="Plus.")
        [change] = p.session.scalars(select(PendingChange.id))
        acts.refuse_change(p, change, by=cast.chloe, refusal=f"Et {NAME} ?")
    with pen() as p:
        acts.redact(
            p,
            case.id,
            content(justice=True, narrative=AFTER),
            by=cast.bruno,
            reason="r",
            public_note="Un passage a été retiré.",
        )
    desk.destroy()
    assert not _has_name(_database_texts(session))
    change_row = session.scalars(select(PendingChange)).one()
    assert change_row.refusal == f"Et {REMOVAL_MARK} ?"
    assert json.loads(change_row.payload)["reason"] == REMOVAL_MARK
    assert list(verify(session)) == []


def test_a_redaction_by_the_former_rule_is_still_destroyed_whole(session, pen, desk, cast, content):
    case = desk.published(narrative=BEFORE)
    with pen() as p:
        acts.note(p, case.id, "Une note.", by=cast.bruno)
    everything = [line.revision_id for line in _public_lines(session)]
    session.rollback()
    drafts = list(session.scalars(select(Revision.id)))
    _redact(pen, case, cast, passages=(), hidden=drafts, rewrites={})
    with Session(write_engine(session.get_bind())) as writing_session:
        writing_session.execute(update(Destruction).values(passages=None))
        writing_session.commit()
    desk.destroy()
    assert list(session.scalars(select(Note.text))) == []
    assert set(session.scalars(select(Invitation.text))) == {""}
    assert session.get_one(Revision, everything[-1]).content is None
    assert list(verify(session)) == []


def test_erasing_a_case_destroys_what_a_redaction_hid(session, pen, cast, redacted):
    with pen() as p:
        acts.approve(p, redacted.id, by=cast.chloe, purpose="erase")
        acts.erase(p, redacted.id, by=cast.ada, restriction="donnee_personnelle")
    assert not _has_name(_database_texts(session))
    assert list(verify(session)) == []


CHANGES = {
    "salt": ("content_changed", RedactedOriginal, {"salt": b"0" * 32}),
    "content": ("content_changed", RedactedOriginal, {"content": b"{}"}),
    "reason": ("reason_changed", RedactedOriginal, {"reason": "autre"}),
    "html": ("html_changed", RedactedOriginal, {"html": b"{}"}),
    "present text": ("content_changed", Revision, {"salt": b"0" * 32}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_verify_reports_a_changed_text_on_either_side(session, redacted, name):
    key, table, changes = CHANGES[name]
    session.rollback()
    session.execute(update(table).values(**changes))
    assert key in {problem.key for problem in verify(session)}
    session.rollback()


def test_verify_reports_a_missing_and_a_surviving_original(session, desk, redacted):
    session.rollback()
    kept = [dict(row._mapping) for row in session.execute(select(*RedactedOriginal.__table__.c))]
    session.execute(RedactedOriginal.__table__.delete())
    assert {problem.key for problem in verify(session)} == {"content_missing", "revision_originals"}
    session.rollback()
    desk.destroy()
    session.rollback()
    session.execute(RedactedOriginal.__table__.insert(), kept)
    assert {problem.key for problem in verify(session)} == {
        "content_survives",
        "revision_originals",
    }
    session.rollback()


def test_a_reason_alone_may_have_the_passage(session, pen, desk, cast, content):
    case = desk.published(narrative="Un texte.")
    with pen() as p:
        renamed = content(narrative="Un autre texte.")
        acts.correct(
            p,
            case.id,
            renamed,
            by=cast.bruno,
            second=cast.chloe,
            reason=NAME,
            public_note="Précisé.",
        )
    with pen() as p:
        acts.redact(
            p,
            case.id,
            renamed,
            by=cast.bruno,
            reason="r",
            public_note=FIXED_NOTES[0],
            passages=[NAME],
        )
    corrected = _load(session, case, _public_lines(session)[-2].seq)
    assert corrected.redacted_by
    assert not corrected.has_removal
    assert list(verify(session)) == []


def test_nothing_else_of_a_redaction_is_refused(session, pen, desk, cast, content):
    case = desk.published()
    with pytest.raises(Refused), pen(AT + timedelta(days=1)) as p:
        acts.redact(p, case.id, content(), by=cast.bruno, reason="r", public_note=FIXED_NOTES[0])
    assert session.scalar(select(Reply.id)) is None
