"""The acts: what each changes, the line that it writes, and whom it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from register.accounts import acts as accounts
from register.cases import act_permissions, acts, vocabulary
from register.cases import case_content as contents
from register.cases.acts import _steps
from register.cases.case_content import (
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.models import (
    CaseState,
    Correction,
    FollowUp,
    Incident,
    Invitation,
    Note,
    Origin,
    Reply,
    Revision,
    Source,
)
from register.cases.persistence import reasons_commitment
from register.cases.second_person import Approval
from register.db import housekeeping
from register.errors import Incomplete, Invalid, NotFound, Refused, TextError
from register.journal import Act, JournalEntry, Ledger, head
from register.journal.models import commitment
from register.territory.models import Dataset

pytestmark = pytest.mark.one_database

LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def _case(session, filed):
    session.rollback()
    session.expire_all()
    return session.get_one(Incident, filed.id)


def _last(session, ledger=Ledger.PUBLIC):
    session.rollback()
    return session.scalars(
        select(JournalEntry)
        .where(JournalEntry.ledger == ledger.value)
        .order_by(JournalEntry.seq.desc())
        .limit(1)
    ).one()


def _told(line):
    return json.loads(line.public_json), json.loads(line.private_json)


def _revisions(session, filed):
    session.rollback()
    session.expire_all()
    return session.scalars(
        select(Revision).where(Revision.incident_id == filed.id).order_by(Revision.id)
    ).all()


def _refused(kind, do):
    with pytest.raises(kind) as refused:
        do()
    return refused.value


# --- one way to do each act, to try it in every state --------------------------------------------

DO = {
    Act.EDITED: lambda p, case, cast, told: acts.edit(
        p, case, told(title="Un autre titre"), by=cast.bruno, reason="précision"
    ),
    Act.DISCARDED: lambda p, case, cast, told: acts.discard(p, case, by=cast.bruno),
    Act.APPROVED: lambda p, case, cast, told: acts.approve(p, case, by=cast.ada, purpose="erase"),
    Act.INVITED: lambda p, case, cast, told: acts.invite(p, case, "courriel", by=cast.bruno),
    Act.PUBLISHED: lambda p, case, cast, told: acts.publish(
        p, case, by=cast.bruno, reason="lu", attested=ATTEST
    ),
    Act.FOLLOWED_UP: lambda p, case, cast, told: acts.follow_up(
        p, case, by=cast.bruno, reason="jugement", title="Relaxe", text="Le tribunal relaxe."
    ),
    Act.REPLY_RECEIVED: lambda p, case, cast, told: acts.receive_reply(
        p,
        case,
        by=cast.bruno,
        author="Ville de Gagny",
        capacity="la commune",
        text="Nous contestons.",
        received_on=date(2026, 3, 2),
    ),
    Act.CORRECTED: lambda p, case, cast, told: acts.correct(
        p, case, told(title="Un autre titre"), by=cast.bruno, reason="r", public_note="Titre."
    ),
    Act.REDACTED: lambda p, case, cast, told: acts.redact(
        p, case, told(title="Un autre titre"), by=cast.bruno, reason="r", public_note="Retrait."
    ),
    Act.WITHDRAWN: lambda p, case, cast, told: acts.withdraw(
        p, case, by=cast.bruno, restriction="erreur", reason="erreur de lieu"
    ),
    Act.RESTORED: lambda p, case, cast, told: acts.restore(
        p, case, by=cast.bruno, reason="vérifié", attested=ATTEST
    ),
    Act.MERGED: lambda p, case, cast, told: acts.merge(
        p, case, into=1, by=cast.bruno, reason="même affaire"
    ),
    Act.ERASED: lambda p, case, cast, told: acts.erase(
        p, case, by=cast.ada, restriction="donnee_personnelle", single=True
    ),
}
ATTEST = ("attribution", "no_private_person", "no_private_life")
STATES = {
    CaseState.DRAFT: "ready",
    CaseState.PUBLISHED: "published",
    CaseState.WITHDRAWN: "withdrawn",
    CaseState.MERGED: "merged",
    CaseState.ERASED: "erased",
}


@pytest.mark.parametrize("state", CaseState)
def test_each_act_obeys_the_table_in_every_state(pen, desk, cast, content, session, state):
    desk.published()  # number 1, into which others are merged
    filed = getattr(desk, STATES[state])()
    for act, do in DO.items():
        # A draft is merged by another line of the table: nothing public moves.
        looked_up = Act.DRAFT_MERGED if (state, act) == (CaseState.DRAFT, Act.MERGED) else act
        allowed = (state, looked_up) in act_permissions.RULES
        before = {ledger: head(session, ledger).seq for ledger in Ledger}
        refused = _try(pen, lambda p, do=do: do(p, filed.id, cast, content))
        if allowed:
            assert refused is None, act
        else:
            said = _refused(Refused, lambda act=looked_up: act_permissions.rule_for(state, act))
            assert (refused.key, refused.values) == (said.key, said.values)
            assert refused.values["state"] == state
        session.rollback()
        assert before == {ledger: head(session, ledger).seq for ledger in Ledger}


class Undo(Exception):
    """Takes back what an act did, once it was seen."""


def _try(pen, do):
    """Do an act and take it back; the refusal, if there was one."""
    try:
        with pen() as p:
            do(p)
            if p.recorded:
                raise Undo
    except Undo:
        return None
    except Refused as refused:
        return refused
    raise AssertionError("an act wrote no line")


@pytest.mark.parametrize("act", DO)
def test_a_stranger_may_do_nothing(pen, desk, cast, content, act):
    filed = desk.published()
    for stranger in (cast.driss, 404):
        nobody = replace(cast, bruno=stranger, ada=stranger)

        def do(nobody=nobody):
            with pen() as p:
                DO[act](p, filed.id, nobody, content)

        assert _refused(Refused, do).key == "member_may_not_act"


@pytest.mark.parametrize("act", DO)
def test_a_case_that_is_not_there_is_not_found(pen, cast, content, act):
    def do():
        with pen() as p:
            DO[act](p, 404, cast, content)

    assert _refused(NotFound, do).key == "no_such_case"


@pytest.mark.parametrize("grave", ["moderator", "administrator alone"])
def test_an_erasure_asks_an_administrator_and_a_second_person(pen, desk, cast, grave):
    filed = desk.published()
    with pen() as p:
        acts.approve(p, filed.id, by=cast.ada, purpose="erase")

    def erase(by):
        with pen() as p:
            acts.erase(p, filed.id, by=by, restriction="erreur")

    if grave == "moderator":
        assert _refused(Refused, lambda: erase(cast.chloe)).key == "administrators_only"
    else:
        # Ada approved it herself: one person is not two.
        assert _refused(Refused, lambda: erase(cast.ada)).key == "second_person_missing"


# --- drafts ------------------------------------------------------------------------------------


def test_a_draft_keeps_all_that_was_written(desk, content, session):
    published = desk.published()
    whole = content(
        justice=True,
        end_date="2010-05~",
        linked_communes=("93066", "75056"),
        departement="93",
        region="11",
        place_label="mairie de Gagny",
        precision_note="deux sources donnent le 17 et le 18 mars",
        actor_text="le premier magistrat",
        outlets=("Gagny Libre", "Éducœur"),
        contested=True,
        steps_taken="Saisine de la CADA.",
        amount="1 euro",
        sources=(
            SourceContent("https://exemple.test/1", kind="presse", title="Un article"),
            SourceContent("https://exemple.test/2", kind="blog", published_on="2008-03"),
        ),
        proceedings=(
            ProceedingContent(
                direction="par_cible",
                nature="penale",
                court="TGI de Bobigny",
                steps=(StepContent("plainte", date="2008"), StepContent("appel", note="en cours")),
            ),
            ProceedingContent(direction="contre_cible"),
        ),
        request=RequestContent(asked="le budget", asked_on="2008-01-02", refusal="implicite"),
        links=(LinkContent("meme_affaire", published.number),),
    )
    filed = desk.draft(whole)

    case = _case(session, filed)
    assert contents.content_of(case) == whole
    assert (case.state, case.number, case.first_published_at) == (CaseState.DRAFT, None, None)
    assert (case.date_first, case.date_last) == (date(2008, 3, 17), date(2008, 3, 17))
    assert (case.sort_day, case.duration) == (date(2008, 3, 17), 805)
    assert [row.folded for row in case.outlets] == ["gagny libre", "educoeur"]


def test_a_draft_is_written_on_the_desks_ledger_only(desk, session):
    public = head(session)
    filed = desk.draft()
    session.rollback()
    assert head(session) == public
    line = _last(session, Ledger.DESK)
    told, private = _told(line)
    assert (told["act"], told["case"], told["reason"]) == ("drafted", None, None)
    assert private["dossier"] == filed.id


def test_an_internal_note_stays_beside_the_draft(pen, cast, content, session):
    with pen() as p:
        case = acts.draft(p, content(), by=cast.bruno, reason="r", note="vu\r\navec\x00 Amina")
    assert session.scalars(select(Note.text)).all() == ["vu\navec Amina"]
    assert b"Amina" not in contents.canonical_content(session.get_one(Incident, case.id))


def test_the_revision_is_what_the_line_commits_to(desk, session):
    filed = desk.draft()
    line = _last(session, Ledger.DESK)
    (revision,) = _revisions(session, filed)
    told, private = _told(line)
    assert told["content"] == commitment(revision.salt, revision.content)
    assert private["why"] == reasons_commitment(revision.salt, "repéré dans la presse", "")
    assert (revision.act, revision.reason, line.revision_id) == (
        "drafted",
        "repéré dans la presse",
        revision.id,
    )
    assert b"repe" not in line.private_json.lower()


@pytest.mark.parametrize("reason", ["", "  ", "\n\u200b"])
def test_no_revision_without_a_reason(pen, cast, content, session, reason):
    def draft():
        with pen() as p:
            acts.draft(p, content(), by=cast.bruno, reason=reason)

    refused = _refused(Invalid, draft)
    assert (refused.key, refused.values) == ("missing", {"field": "reason"})
    assert session.scalar(select(func.count()).select_from(Incident)) == 0


def test_a_reason_has_an_end(pen, cast, content):
    def draft():
        with pen() as p:
            acts.draft(p, content(), by=cast.bruno, reason="x" * 50_001)

    assert _refused(Invalid, draft).key == "too_long"


def test_an_invalid_content_is_refused_whole(pen, cast, content, session):
    def draft():
        with pen() as p:
            acts.draft(p, content(types=("inconnu",), date="2006-13"), by=cast.bruno, reason="r")

    refused = _refused(Invalid, draft)
    assert [(fault.field, fault.key) for fault in refused.values["faults"]] == [
        ("types", "unknown_code"),
        ("date", "date_impossible"),
    ]
    assert session.scalar(select(func.count()).select_from(Incident)) == 0


def test_a_text_that_renders_slowly_is_refused(pen, cast, content):
    def draft():
        with pen() as p:
            acts.draft(p, content(narrative="[" * 40_000), by=cast.bruno, reason="r")

    assert _refused(TextError, draft).key == "text_hostile"


def test_invisible_characters_are_never_stored(desk, content, session):
    filed = desk.draft(content(title="Gagny\x00 \u202efilm", outlets=("Le\u200b Blog",)))
    case = _case(session, filed)
    assert (case.title, case.outlets[0].name) == ("Gagny film", "Le Blog")


def test_an_edit_replaces_the_text_and_the_lists(pen, desk, cast, content, session):
    filed = desk.draft(content(justice=True))
    changed = content(types=("expulsion", "huis_clos"), commune="93066", outlets=())
    with pen() as p:
        acts.edit(p, filed.id, changed, by=cast.chloe, reason="meilleure source")
    assert contents.content_of(_case(session, filed)) == changed
    assert [revision.act for revision in _revisions(session, filed)] == ["drafted", "edited"]
    assert _last(session, Ledger.DESK).member_id == cast.chloe


def test_an_edit_voids_the_approval(pen, desk, cast, content):
    filed = desk.ready(content(justice=True))
    with pen() as p:
        acts.edit(p, filed.id, content(justice=True, title="Autre"), by=cast.bruno, reason="r")

    def publish():
        with pen() as p:
            DO[Act.PUBLISHED](p, filed.id, cast, content)

    assert [line.code for line in _refused(Incomplete, publish).values["lines"]] == ["second"]


@pytest.mark.parametrize(("by", "key"), [("bruno", "own_revision"), ("chloe", "already_approved")])
def test_an_approval_is_another_persons_and_given_once(pen, desk, cast, by, key):
    filed = desk.ready()

    def approve():
        with pen() as p:
            acts.approve(p, filed.id, by=getattr(cast, by))

    assert _refused(Refused, approve).key == key


def test_an_approval_names_the_revision_and_its_purpose(desk, cast, session):
    filed = desk.ready()
    approval = session.scalars(select(Approval)).one()
    (revision,) = _revisions(session, filed)
    told, private = _told(_last(session, Ledger.DESK))
    assert (approval.revision_id, approval.given_by) == (revision.id, cast.chloe)
    assert (private["revision"], private["purpose"]) == (revision.id, "publish")
    assert told["act"] == "approved"


def test_an_approval_has_a_known_purpose(pen, desk, cast):
    filed = desk.draft()

    def approve():
        with pen() as p:
            acts.approve(p, filed.id, by=cast.chloe, purpose="burn")

    assert _refused(Invalid, approve).key == "unknown_purpose"


@pytest.mark.parametrize("state", ["published", "merged"])
def test_there_is_nothing_to_approve_for_publication_once_it_is_public(pen, desk, cast, state):
    filed = getattr(desk, state)()

    def approve():
        with pen() as p:
            acts.approve(p, filed.id, by=cast.chloe)

    assert _refused(Refused, approve).key == "nothing_to_approve"


@pytest.mark.parametrize(
    ("on", "told"), [(date(2026, 2, 1), True), (None, False)], ids=["invited", "or why not"]
)
def test_an_invitation_is_noted_for_members_only(pen, desk, cast, session, on, told):
    filed = desk.draft()
    with pen() as p:
        acts.invite(p, filed.id, "faits anciens", by=cast.chloe, on=on)
    row = session.scalars(select(Invitation)).one()
    assert (row.invited_on, row.text, row.noted_by) == (on, "faits anciens", cast.chloe)
    assert _told(_last(session, Ledger.DESK))[1]["invited"] is told


def test_a_discarded_draft_leaves_a_line_and_no_word(desk, session):
    filed = desk.discarded(title="Un titre que personne ne lira")
    case = _case(session, filed)
    assert (case.state, case.number, case.title, case.revision_id) == (
        CaseState.ERASED,
        None,
        "",
        None,
    )
    told, private = _told(_last(session, Ledger.DESK))
    assert (told["act"], told["case"]) == ("discarded", None)
    assert private["destroyed"] == [revision.id for revision in _revisions(session, filed)]


# --- publication -------------------------------------------------------------------------------


def test_a_publication_gives_the_next_number_and_the_first_day(pen, desk, cast, session):
    first = desk.published()
    second = desk.ready()
    with pen(LATER) as p:
        acts.publish(p, second.id, by=cast.bruno, reason="lu", attested=ATTEST)
    case = _case(session, second)
    assert (case.state, case.number) == (CaseState.PUBLISHED, first.number + 1)
    assert (case.first_published_at, case.moved_at) == (LATER, LATER)


def test_the_public_line_commits_to_what_readers_see(desk, cast, session):
    filed = desk.published()
    line = _last(session)
    revision = _revisions(session, filed)[-1]
    told, private = _told(line)
    assert (told["act"], told["case"], told["reason"]) == ("published", filed.number, None)
    assert told["content"] == commitment(revision.salt, revision.content)
    assert _case(session, filed).revision_id == revision.id == line.revision_id
    assert private["attested"] == sorted(ATTEST)
    assert private["approved_by"] == [cast.chloe]
    assert json.loads(revision.html)["narrative"].count("<strong>filmer</strong>") == 1


def test_numbers_of_erased_and_merged_cases_are_never_given_again(desk):
    gone, merged = desk.erased(), desk.merged()
    assert desk.published().number > max(gone.number, merged.number)


def test_a_suit_is_read_by_two_people(pen, desk, cast, content):
    filed = desk.draft(content(justice=True))
    with pen() as p:
        acts.invite(p, filed.id, "courriel", by=cast.bruno)

    def publish(by):
        with pen() as p:
            acts.publish(p, filed.id, by=by, reason="lu", attested=ATTEST)

    refused = _refused(Incomplete, lambda: publish(cast.bruno))
    assert [line.code for line in refused.values["lines"]] == ["second"]
    with pen() as p:
        acts.approve(p, filed.id, by=cast.chloe)
    # Chloé read it, but she would be alone if she also published it.
    assert _refused(Incomplete, lambda: publish(cast.chloe)).key == "checklist"
    publish(cast.bruno)


def test_the_checklist_names_every_line_that_blocks(pen, desk, cast, content):
    filed = desk.draft(content(sources=(), evidence=""))

    def publish():
        with pen() as p:
            acts.publish(p, filed.id, by=cast.bruno, reason="lu", attested=("attribution", "luck"))

    refused = _refused(Incomplete, publish)
    assert [line.code for line in refused.values["lines"]] == [
        "source",
        "evidence",
        "invitation",
        "no_private_person",
        "no_private_life",
    ]
    assert refused.values["state"] == CaseState.DRAFT


def test_a_flag_is_published_with_its_reason_which_stays_on_the_desk(desk, session):
    filed = desk.published(narrative="Le standard répond au 01 43 01 43 01.")
    revision = _revisions(session, filed)[-1]
    assert revision.flags_reason == "relu"
    assert b"relu" not in revision.content


@pytest.mark.parametrize(
    ("justice", "seconded", "waived", "why"),
    [
        (True, False, True, "a second reader was asked for and there is none"),
        (True, True, False, "there was one after all"),
        (False, False, False, "nobody asked for one"),
    ],
)
def test_a_lone_moderators_case_says_so(
    pen, desk, cast, content, session, justice, seconded, waived, why
):
    filed = desk.draft(content(justice=justice))
    with pen() as p:
        acts.invite(p, filed.id, "courriel", by=cast.bruno)
        if seconded:
            acts.approve(p, filed.id, by=cast.chloe)
        acts.publish(p, filed.id, by=cast.bruno, reason="lu", attested=ATTEST, single=True)
    case = _case(session, filed)
    assert case.single_review is waived, why
    assert json.loads(_revisions(session, filed)[-1].content)["single_review"] is waived


# --- after publication -------------------------------------------------------------------------


def test_a_follow_up_adds_a_fragment_and_leaves_the_account(pen, desk, cast, content, session):
    filed = desk.published()
    with pen(LATER) as p:
        acts.follow_up(
            p,
            filed.id,
            by=cast.chloe,
            reason="jugement rendu",
            title="Relaxe en appel",
            text="La cour **relaxe**.",
            happened_on="2010-05",
            source_url="https://exemple.test/arret",
            content=content(outcome="resolue"),
        )
    case = _case(session, filed)
    (row,) = case.follow_ups
    assert (row.title, row.happened_on, row.added_at) == ("Relaxe en appel", "2010-05", LATER)
    assert (case.outcome, case.title, case.moved_at) == ("resolue", content().title, LATER)
    assert case.first_published_at < LATER
    told, _ = _told(_last(session))
    assert (told["act"], told["case"]) == ("followed_up", filed.number)
    assert "<strong>relaxe</strong>" in _revisions(session, filed)[-1].html.decode()


def test_a_follow_up_may_bring_no_change_but_its_words(pen, desk, cast, content, session):
    filed = desk.published()
    with pen() as p:
        DO[Act.FOLLOWED_UP](p, filed.id, cast, content)
    assert contents.content_of(_case(session, filed)) == content()


def test_a_follow_up_may_not_touch_the_account(pen, desk, cast, content, session):
    filed = desk.published()

    def follow_up():
        with pen() as p:
            acts.follow_up(
                p,
                filed.id,
                by=cast.bruno,
                reason="r",
                title="t",
                text="t",
                content=content(outcome="resolue", summary="Réécrit."),
            )

    refused = _refused(Refused, follow_up)
    assert (refused.key, refused.values) == ("needs_correction", {"fields": ["summary"]})
    assert contents.content_of(_case(session, filed)) == content()


@pytest.mark.parametrize(
    ("changes", "kind", "key"),
    [
        ({"title": ""}, Invalid, "missing"),
        ({"text": " "}, Invalid, "missing"),
        ({"title": "x" * 301}, Invalid, "too_long"),
        ({"source_url": "javascript:alert(1)"}, Invalid, "url"),
        ({"happened_on": "hier"}, Invalid, "date_form"),
        ({"happened_on": "2026-02-30"}, Invalid, "date_impossible"),
    ],
)
def test_a_follow_up_that_cannot_be_kept_is_refused(pen, desk, cast, session, changes, kind, key):
    filed = desk.published()

    def follow_up():
        told = {"reason": "r", "title": "t", "text": "t", **changes}
        with pen() as p:
            acts.follow_up(p, filed.id, by=cast.bruno, **told)

    assert _refused(kind, follow_up).key == key
    assert session.scalar(select(func.count()).select_from(FollowUp)) == 0


def test_a_correction_carries_a_public_note_and_keeps_the_text_before(
    pen, desk, cast, content, session
):
    filed = desk.published()
    with pen(LATER) as p:
        acts.correct(
            p,
            filed.id,
            content(title="Refus de filmer à Gagny"),
            by=cast.chloe,
            reason="titre trop long",
            public_note="Le titre a été raccourci.",
        )
    case = _case(session, filed)
    assert (case.title, case.moved_at) == ("Refus de filmer à Gagny", LATER)
    (row,) = case.corrections
    assert (row.note, row.made_at, row.redaction) == ("Le titre a été raccourci.", LATER, False)
    before, after = _revisions(session, filed)[-2:]
    assert json.loads(before.content)["title"] == content().title
    assert json.loads(after.content)["corrections"][0]["note"] == "Le titre a été raccourci."
    assert _told(_last(session))[0]["act"] == "corrected"


@pytest.mark.parametrize("act", [acts.correct, acts.redact])
def test_a_correction_changes_something(pen, desk, cast, content, act):
    filed = desk.published()

    def correct():
        with pen() as p:
            act(p, filed.id, content(), by=cast.bruno, reason="r", public_note="Rien.")

    assert _refused(Refused, correct).key == "nothing_changed"


@pytest.mark.parametrize("act", [acts.correct, acts.redact])
def test_a_correction_tells_readers_why(pen, desk, cast, content, session, act):
    filed = desk.published()

    def correct():
        with pen() as p:
            act(p, filed.id, content(title="t"), by=cast.bruno, reason="r", public_note=" ")

    assert _refused(Invalid, correct).values == {"field": "public_note"}
    assert session.scalar(select(func.count()).select_from(Correction)) == 0


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"sources": ()}, "source"),
        ({"evidence": ""}, "evidence"),
        ({"types": ()}, "types"),
        ({"summary": ""}, "texts"),
    ],
)
def test_a_correction_keeps_what_a_publication_asked_for(
    pen, desk, cast, content, session, changes, line
):
    filed = desk.published()

    def correct():
        with pen() as p:
            acts.correct(
                p, filed.id, content(**changes), by=cast.bruno, reason="r", public_note="n"
            )

    refused = _refused(Incomplete, correct)
    assert [unmet.code for unmet in refused.values["lines"]] == [line]
    assert contents.content_of(_case(session, filed)) == content()


def test_a_follow_up_brings_a_courts_outcome_with_its_court(pen, desk, cast, content):
    filed = desk.published(content(justice=True))
    (suit,) = content(justice=True).proceedings
    ruled = replace(suit, outcome="relaxe")

    def follow_up():
        with pen() as p:
            acts.follow_up(
                p,
                filed.id,
                by=cast.bruno,
                reason="jugement",
                title="Relaxe",
                text="Relaxe.",
                content=content(justice=True, proceedings=(ruled,)),
            )

    (line,) = _refused(Incomplete, follow_up).values["lines"]
    assert (line.code, line.values["missing"]) == ("court", ["court", "outcome_date", "appeal"])


def test_a_redaction_destroys_the_texts_before_it(pen, desk, cast, content, session):
    filed = desk.published(narrative="Le voisin, M. Untel, a tout vu.")
    before = [revision.id for revision in _revisions(session, filed)]
    with pen(LATER) as p:
        acts.redact(
            p,
            filed.id,
            content(),
            by=cast.chloe,
            reason="RGPD",
            public_note="Un passage est retiré.",
        )
    hidden = _told(_last(session))
    assert (hidden[0]["act"], hidden[1]["hidden"]) == ("redacted", before)
    desk.destroy(by=cast.bruno)
    *earlier, last = _revisions(session, filed)
    assert [revision.id for revision in earlier] == before
    for revision in earlier:
        kept = (revision.content, revision.html, revision.salt, revision.reason)
        assert kept == (None, None, None, None)
    assert "Untel" not in last.content.decode() + last.html.decode()
    told, private = _told(_last(session, Ledger.DESK))
    assert (told["act"], private["destroyed"]) == ("destroyed", before)
    assert _case(session, filed).corrections[0].redaction is True


def test_a_redaction_reaches_the_words_of_a_follow_up(pen, desk, cast, content, session):
    filed = desk.published()
    with pen() as p:
        acts.follow_up(p, filed.id, by=cast.bruno, reason="r", title="M. Untel", text="M. Untel")
        kept = acts.follow_up(p, filed.id, by=cast.bruno, reason="r", title="Rien", text="Rien")
    first = _case(session, filed).follow_ups[0].id
    with pen() as p:
        acts.redact(
            p,
            filed.id,
            content(),
            by=cast.bruno,
            reason="RGPD",
            public_note="Un nom est retiré.",
            follow_ups={first: ("Un voisin", "Un voisin")},
        )
    desk.destroy()
    first, second = _case(session, filed).follow_ups
    assert (first.title, first.text, second.title) == ("Un voisin", "Un voisin", "Rien")
    words = b"".join((row.content or b"") + (row.html or b"") for row in _revisions(session, filed))
    assert b"Untel" not in words
    assert kept.act == "followed_up"


def test_a_redaction_of_a_withdrawn_case_is_no_version_that_readers_saw(
    pen, desk, cast, content, session
):
    filed = desk.withdrawn()
    moved = _case(session, filed).moved_at
    with pen(LATER) as p:
        DO[Act.REDACTED](p, filed.id, cast, content)
    told, private = _told(_last(session))
    assert (told["act"], told["content"]) == ("redacted", None)
    assert private["snapshot"]
    assert _case(session, filed).moved_at == moved


def test_a_redaction_forgets_which_line_of_a_file_the_case_came_from(
    pen, desk, cast, content, session
):
    filed = desk.published()
    with pen() as p:
        p.session.add(Origin(external_id="WC1", incident_id=filed.id, digest="a" * 64))
        DO[Act.REDACTED](p, filed.id, cast, content)
    desk.destroy()
    assert session.scalars(select(Origin.digest)).all() == [""]


@pytest.mark.parametrize(
    ("restriction", "public"),
    [
        ("donnee_personnelle", "donnee_personnelle"),
        ("decision_de_justice", "decision_de_justice"),
        ("erreur", "erreur"),
        ("securite", "securite"),
        ("reexamen", "reexamen"),
        ("demande_signalant", "reexamen"),  # else the tombstone would point at Amina
    ],
)
@pytest.mark.parametrize("how", ["withdraw", "erase"])
def test_the_tombstone_says_why_without_pointing_at_who_reported(
    pen, desk, cast, session, restriction, public, how
):
    filed = desk.published()
    with pen(LATER) as p:
        if how == "withdraw":
            acts.withdraw(p, filed.id, by=cast.bruno, restriction=restriction, reason="r")
        else:
            acts.erase(p, filed.id, by=cast.ada, restriction=restriction, single=True)
    case, line = _case(session, filed), _last(session)
    told, private = _told(line)
    assert (told["reason"], told["content"]) == (public, None)
    assert b"signalant" not in line.public_json
    assert (private["restriction"], case.restriction) == (restriction, restriction)
    assert (case.state, case.moved_at) == (
        CaseState.WITHDRAWN if how == "withdraw" else CaseState.ERASED,
        LATER,
    )


@pytest.mark.parametrize("how", ["withdraw", "erase"])
@pytest.mark.parametrize("restriction", ["", "caprice"])
def test_a_case_goes_for_a_known_reason_only(pen, desk, cast, how, restriction):
    filed = desk.published()

    def go():
        with pen() as p:
            if how == "withdraw":
                acts.withdraw(p, filed.id, by=cast.bruno, restriction=restriction, reason="r")
            else:
                acts.erase(p, filed.id, by=cast.ada, restriction=restriction, single=True)

    assert _refused(Invalid, go).key == "unknown_restriction"


# --- restoration -------------------------------------------------------------------------------


def test_a_case_comes_back_as_it_was(pen, desk, cast, content, session):
    filed = desk.withdrawn()
    first_day = _case(session, filed).first_published_at
    with pen(LATER) as p:
        DO[Act.RESTORED](p, filed.id, cast, content)
    case = _case(session, filed)
    assert (case.state, case.number, case.restriction) == (CaseState.PUBLISHED, filed.number, "")
    assert (case.first_published_at, case.moved_at) == (first_day, LATER)
    assert case.corrections == []
    told, _ = _told(_last(session))
    assert told["act"] == "restored"
    assert told["content"] is not None


def test_a_case_that_changed_meanwhile_comes_back_with_a_note(pen, desk, cast, content, session):
    filed = desk.withdrawn()
    with pen() as p:
        acts.edit(p, filed.id, content(title="Corrigé"), by=cast.chloe, reason="lieu")

    def restore(**told):
        with pen() as p:
            acts.restore(p, filed.id, by=cast.bruno, reason="r", attested=ATTEST, **told)

    assert _refused(Invalid, restore).values == {"field": "public_note"}
    restore(public_note="Le lieu a été corrigé.")
    assert [row.note for row in _case(session, filed).corrections] == ["Le lieu a été corrigé."]


def test_an_edit_before_an_earlier_withdrawal_asks_no_second_note(
    pen, desk, cast, content, session
):
    filed = desk.withdrawn()
    with pen() as p:
        acts.edit(p, filed.id, content(title="Corrigé"), by=cast.chloe, reason="lieu")
        acts.restore(
            p, filed.id, by=cast.bruno, reason="r", attested=ATTEST, public_note="Lieu corrigé."
        )
        DO[Act.WITHDRAWN](p, filed.id, cast, content)
        DO[Act.RESTORED](p, filed.id, cast, content)
    assert len(_case(session, filed).corrections) == 1


def test_a_suit_comes_back_only_after_two_people_read_it_again(pen, desk, cast, content):
    filed = desk.withdrawn(content(justice=True))

    def restore(by):
        with pen() as p:
            acts.restore(p, filed.id, by=by, reason="r", attested=ATTEST)

    refused = _refused(Incomplete, lambda: restore(cast.ada))
    assert [line.code for line in refused.values["lines"]] == ["second"]
    with pen() as p:
        acts.approve(p, filed.id, by=cast.chloe)
    restore(cast.bruno)


# --- merging -----------------------------------------------------------------------------------


def test_a_merged_case_leads_to_the_other(desk, session):
    filed = desk.merged()
    case = _case(session, filed)
    told, private = _told(_last(session))
    assert (case.state, case.merged_into) == (CaseState.MERGED, 1)
    assert (told["act"], told["case"], private["into"]) == ("merged", filed.number, 1)
    assert told["content"] is None


def test_a_merged_draft_moves_nothing_public(pen, desk, cast, session):
    target, filed = desk.published(), desk.draft()
    public = head(session)
    with pen() as p:
        acts.merge(p, filed.id, into=target.number, by=cast.bruno, reason="doublon")
    session.rollback()
    assert head(session) == public
    assert _told(_last(session, Ledger.DESK))[0]["act"] == "draft_merged"


@pytest.mark.parametrize("target", ["itself", "nothing", "withdrawn", "merged", "erased"])
def test_a_case_is_merged_into_another_public_one(pen, desk, cast, target):
    filed = desk.published()
    if target in ("itself", "nothing"):
        into = filed.number if target == "itself" else 404
    else:
        into = getattr(desk, target)().number

    def merge():
        with pen() as p:
            acts.merge(p, filed.id, into=into, by=cast.bruno, reason="r")

    refused = _refused(Refused, merge)
    assert (refused.key, refused.values["number"]) == ("merge_target", into)


# --- the right of reply --------------------------------------------------------------------------


def test_a_received_reply_waits_three_days_and_is_not_shown(desk, session):
    filed = desk.published()
    revision = _case(session, filed).revision_id
    reply = session.get_one(Reply, desk.received_reply(filed))
    assert (reply.state, reply.received_on, reply.due_on) == (
        "received",
        date(2026, 3, 2),
        date(2026, 3, 5),
    )
    told, private = _told(_last(session, Ledger.DESK))
    assert (told["act"], private["reply"]) == ("reply_received", reply.id)
    assert _case(session, filed).revision_id == revision


def test_an_inserted_reply_is_read_as_it_was_sent(pen, desk, cast, session):
    filed = desk.published()
    reply = desk.received_reply(filed, text="Nous **contestons**.\n\n<b>Tout</b>")
    with pen(LATER) as p:
        acts.reply(p, reply, by=cast.chloe, reason="droit de réponse")
    row = session.get_one(Reply, reply)
    assert (row.state, row.published_at) == ("published", LATER)
    snapshot = _revisions(session, filed)[-1]
    assert json.loads(snapshot.content)["replies"][0]["text"] == (
        "Nous **contestons**.\n\n<b>Tout</b>"
    )
    (html,) = json.loads(snapshot.html)["replies"]
    assert "**contestons**" in html
    assert "&lt;b&gt;" in html
    assert _told(_last(session))[0]["act"] == "replied"


def test_a_refused_reply_keeps_its_reason_and_is_not_shown(pen, desk, cast, session):
    filed = desk.published()
    reply = desk.received_reply(filed)
    public = head(session)
    with pen() as p:
        acts.refuse_reply(p, reply, by=cast.chloe, refusal="Hors délai.\nArticle 1-1.")
    session.rollback()
    row = session.get_one(Reply, reply)
    assert (row.state, row.refusal, row.published_at) == (
        "refused",
        "Hors délai.\nArticle 1-1.",
        None,
    )
    assert head(session) == public
    assert _told(_last(session, Ledger.DESK))[0]["act"] == "reply_refused"


@pytest.mark.parametrize("first", ["reply", "refuse"])
@pytest.mark.parametrize("second", ["reply", "refuse"])
def test_a_reply_is_decided_once(pen, desk, cast, first, second):
    reply = desk.received_reply(desk.published())

    def decide(how):
        with pen() as p:
            if how == "reply":
                acts.reply(p, reply, by=cast.bruno, reason="r")
            else:
                acts.refuse_reply(p, reply, by=cast.bruno, refusal="r")

    decide(first)
    refused = _refused(Refused, lambda: decide(second))
    expected = "published" if first == "reply" else "refused"
    assert (refused.key, refused.values) == ("reply_decided", {"state": expected})


@pytest.mark.parametrize(("lines", "kept"), [(200, True), (201, False)])
def test_a_reply_has_at_most_two_hundred_lines(pen, desk, cast, lines, kept):
    """Décret 2007-1527, article 3: a longer one is noted, and can only be refused."""
    reply = desk.received_reply(desk.published(), text="\n".join(["ligne"] * lines))

    def insert():
        with pen() as p:
            acts.reply(p, reply, by=cast.bruno, reason="r")

    if kept:
        insert()
    else:
        refused = _refused(Invalid, insert)
        assert (refused.key, refused.values) == ("reply_lines", {"limit": 200})
        with pen() as p:
            acts.refuse_reply(p, reply, by=cast.bruno, refusal="plus de 200 lignes")


@pytest.mark.parametrize(
    ("at", "today"),
    [(AT, date(2026, 3, 2)), (AT.replace(hour=23), date(2026, 3, 3))],
    ids=["its day", "at night it is the next one in Paris"],
)
def test_nothing_arrives_or_is_sent_on_a_day_to_come(pen, desk, cast, at, today):
    filed = desk.published()

    def receive(on):
        with pen(at) as p:
            acts.receive_reply(
                p, filed.id, by=cast.bruno, author="a", capacity="c", text="t", received_on=on
            )

    def invite(on):
        with pen(at) as p:
            acts.invite(p, filed.id, "courriel", by=cast.bruno, on=on)

    for act, field in ((receive, "received_on"), (invite, "on")):
        act(today)
        refused = _refused(Invalid, lambda act=act: act(today + timedelta(days=1)))
        assert (refused.key, refused.values) == ("day_to_come", {"field": field})


def test_replies_and_invitations_are_decided_before_the_case_that_was_looked_at(pen, desk, cast):
    filed = desk.published()
    reply = desk.received_reply(filed)
    for do in (
        lambda p: acts.reply(p, reply, by=cast.bruno, reason="r", seen=1),
        lambda p: acts.refuse_reply(p, reply, by=cast.bruno, refusal="r", seen=1),
        lambda p: acts.invite(p, filed.id, "courriel", by=cast.bruno, seen=1),
    ):
        with pytest.raises(Refused, match="changed_meanwhile"), pen() as p:
            do(p)


@pytest.mark.parametrize("decide", [acts.reply, acts.refuse_reply])
def test_a_reply_that_is_not_there_is_not_found(pen, cast, decide):
    def do():
        with pen() as p:
            word = "reason" if decide is acts.reply else "refusal"
            decide(p, 404, by=cast.bruno, **{word: "r"})

    assert _refused(NotFound, do).values == {"table": "reply", "id": 404}


@pytest.mark.parametrize("decide", [acts.reply, acts.refuse_reply])
def test_a_reply_to_a_withdrawn_case_waits(pen, desk, cast, content, decide):
    filed = desk.published()
    reply = desk.received_reply(filed)
    with pen() as p:
        DO[Act.WITHDRAWN](p, filed.id, cast, content)

    def do():
        with pen() as p:
            word = "reason" if decide is acts.reply else "refusal"
            decide(p, reply, by=cast.bruno, **{word: "r"})

    assert _refused(Refused, do).key == "case_withdrawn"


# --- erasure -----------------------------------------------------------------------------------

CODES = {"date", "end_date", "country", "departement", "region", "level", "actor", "target"}
CODES |= {"evidence", "contested", "outcome", "language", "commune", "linked_communes", "types"}


def test_an_erasure_destroys_every_word_and_keeps_the_codes(pen, desk, cast, content, session):
    desk.published()
    told = content(
        justice=True,
        linked_communes=("93066",),
        departement="93",
        region="11",
        place_label="MOT",
        precision_note="MOT",
        actor_text="MOT",
        steps_taken="MOT",
        amount="MOT",
        request=RequestContent(asked="MOT"),
        links=(LinkContent("voir_aussi", 1),),
        end_date="2010",
        title="MOT",
        summary="MOT",
        narrative="MOT",
        outlets=("MOT",),
        sources=(SourceContent("https://exemple.test/MOT", title="MOT"),),
    )
    filed = desk.published(told)
    with pen() as p:
        acts.follow_up(p, filed.id, by=cast.bruno, reason="MOT", title="MOT", text="MOT")
    desk.received_reply(filed, text="MOT")
    with pen(LATER) as p:
        p.session.add(Origin(external_id="WC1", incident_id=filed.id, digest="MOT"))
        p.session.add(
            Note(incident_id=filed.id, written_at=LATER, written_by=cast.bruno, text="MOT")
        )
        acts.approve(p, filed.id, by=cast.chloe, purpose="erase")
        line = acts.erase(p, filed.id, by=cast.ada, restriction="donnee_personnelle")

    case = _case(session, filed)
    left = contents.content_of(case)
    for name in CODES:
        assert getattr(left, name) == getattr(told, name), name
    assert replace(left, **{name: getattr(content(), name) for name in CODES}) == replace(
        contents.Content(), **{name: getattr(content(), name) for name in CODES}
    )
    assert (case.state, case.number, case.revision_id) == (CaseState.ERASED, filed.number, None)
    assert (case.follow_ups, case.replies, case.corrections) == ([], [], [])
    assert json.loads(line.private_json)["destroyed"] == [
        revision.id for revision in _revisions(session, filed)
    ]
    assert _words_in_any_row(session, "MOT") == []


def _words_in_any_row(session, word):
    """Every table and column, whatever is in it: a new table is searched the day it exists."""
    found = []
    for table in Incident.metadata.sorted_tables:
        if table.name.startswith(("commune", "departement", "region", "intercommunalite", "term")):
            continue  # nothing of a case is written there
        for row in session.execute(select(table)).mappings():
            found += [
                (table.name, name)
                for name, value in row.items()
                if word in (value.decode("latin-1") if isinstance(value, bytes) else str(value))
            ]
    return found


def test_the_search_for_words_finds_them_where_they_are(desk, session):
    desk.published(title="MOT")
    assert ("incident", "title") in _words_in_any_row(session, "MOT")
    assert ("revision", "content") in _words_in_any_row(session, "MOT")


def test_after_an_erasure_the_words_are_in_no_file_of_the_instance(
    settings, pen, desk, cast, engine
):
    filed = desk.published(narrative="Xylophone-Zinzolin", title="Xylophone-Zinzolin")
    files = [path for path in settings.instance.rglob("*") if path.is_file()]
    if engine.dialect.name == "sqlite":
        assert any(b"Xylophone-Zinzolin" in path.read_bytes() for path in files)
    with pen() as p:
        acts.erase(p, filed.id, by=cast.ada, restriction="erreur", single=True)
    for path in settings.instance.rglob("*"):
        assert not path.is_file() or b"Xylophone-Zinzolin" not in path.read_bytes(), path.name


def test_a_reader_that_delays_scrubbing_is_reported_to_the_operator(
    pen, desk, cast, monkeypatch, caplog
):
    filed = desk.published()
    monkeypatch.setattr(_steps, "empty_log", lambda engine: False)
    with pen() as p:
        acts.erase(p, filed.id, by=cast.ada, restriction="erreur", single=True)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_a_source_that_another_case_cites_outlives_an_erasure(pen, desk, cast, session):
    shared = SourceContent("https://exemple.test/article", kind="presse")
    kept = desk.published(sources=(shared,))
    gone = desk.published(sources=(shared, SourceContent("https://exemple.test/autre")))
    with pen() as p:
        acts.erase(p, gone.id, by=cast.ada, restriction="erreur", single=True)
    assert contents.content_of(_case(session, kept)).sources == (shared,)
    assert session.scalars(select(Source.url)).all() == ["https://exemple.test/article"]


def test_an_erased_draft_is_a_discarded_one(pen, desk, cast, session):
    filed = desk.draft()
    public = head(session)
    with pen() as p:
        acts.erase(p, filed.id, by=cast.ada, restriction="erreur", single=True)
    session.rollback()
    assert head(session) == public
    assert (
        _told(_last(session, Ledger.DESK))[0] | {"act": "discarded", "reason": None}
        == _told(_last(session, Ledger.DESK))[0]
    )


def test_an_approval_to_erase_falls_with_the_next_change(pen, desk, cast, content):
    filed = desk.published()
    with pen() as p:
        acts.approve(p, filed.id, by=cast.chloe, purpose="erase")
        DO[Act.FOLLOWED_UP](p, filed.id, cast, content)

    def erase():
        with pen() as p:
            acts.erase(p, filed.id, by=cast.ada, restriction="erreur")

    assert _refused(Refused, erase).key == "second_person_missing"


# --- two people at once ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "start", "key", "state"),
    [
        (Act.PUBLISHED, "ready", "already_published", CaseState.PUBLISHED),
        (Act.WITHDRAWN, "published", "already_withdrawn", CaseState.WITHDRAWN),
        (Act.ERASED, "published", "case_erased", CaseState.ERASED),
        (Act.MERGED, "published", "case_merged", CaseState.MERGED),
        (Act.DISCARDED, "draft", "case_erased", CaseState.ERASED),
    ],
)
def test_the_loser_of_a_race_gets_the_present_state(
    pen, desk, cast, content, session, act, start, key, state
):
    desk.published()
    filed = getattr(desk, start)()
    looked_at = session.get_one(Incident, filed.id)  # what the loser's page still shows
    before = looked_at.state
    session.expunge(looked_at)
    with pen() as p:
        DO[act](p, filed.id, cast, content)

    def again():
        with pen() as p:
            DO[act](p, filed.id, replace(cast, bruno=cast.chloe), content)

    refused = _refused(Refused, again)
    assert looked_at.state == before != state
    assert (refused.key, refused.values["state"]) == (key, state)


def test_the_approval_of_a_member_disabled_since_is_void(pen, desk, cast, content):
    filed = desk.ready(content(justice=True))
    with pen() as p:
        accounts.disable_member(p, cast.email("chloe"))

    def publish():
        with pen() as p:
            DO[Act.PUBLISHED](p, filed.id, cast, content)

    assert [line.code for line in _refused(Incomplete, publish).values["lines"]] == ["second"]


def test_a_member_disabled_a_second_ago_no_longer_acts(pen, desk, cast):
    filed = desk.ready()
    with pen() as p:
        accounts.disable_member(p, cast.email("bruno"))

    def publish():
        with pen() as p:
            acts.publish(p, filed.id, by=cast.bruno, reason="lu", attested=ATTEST)

    assert _refused(Refused, publish).key == "member_may_not_act"


def test_a_redaction_of_another_cases_fragment_is_refused(pen, desk, cast, content):
    filed = desk.published()
    with pytest.raises(Invalid) as refused, pen() as p:
        acts.redact(
            p,
            filed.id,
            content(),
            by=cast.bruno,
            reason="jugement",
            public_note="Passage retiré.",
            replies={4711: "Autre texte."},
        )
    assert (refused.value.key, refused.value.values["id"]) == ("no_such_fragment", 4711)


def test_a_word_retired_since_may_stay_where_it_stands(pen, desk, cast, content, session):
    """Else a court's order could not be carried out on an old case; a new one may not take it."""
    filed = desk.published(level="commune")
    with housekeeping(session.get_bind().engine) as keeping:
        keeping.get_one(vocabulary.VocabularyEntry, ("niveau", "commune")).retired_at = AT
        keeping.get_one(Dataset, vocabulary.DATASET).version = "sans commune"
    with pen() as p:
        acts.correct(
            p,
            filed.id,
            content(level="commune", date="2009"),
            by=cast.bruno,
            reason="date",
            public_note="La date est 2009.",
        )
    with pytest.raises(Invalid) as refused, pen() as p:
        acts.draft(p, content(level="commune"), by=cast.bruno, reason="neuf")
    assert [fault.field for fault in refused.value.values["faults"]] == ["level"]


def test_a_redaction_reaches_replies_and_the_notes_of_earlier_corrections(
    pen, desk, cast, content, session
):
    filed = desk.published()
    reply = desk.received_reply(filed, text="M. Untel répond.")
    with pen() as p:
        acts.reply(p, reply, by=cast.bruno, reason="reçue")
    with pen() as p:
        acts.correct(
            p,
            filed.id,
            content(date="2009"),
            by=cast.bruno,
            reason="date",
            public_note="M. Untel a donné la date.",
        )
    note = _case(session, filed).corrections[0].id
    with pen() as p:
        acts.redact(
            p,
            filed.id,
            content(date="2009"),
            by=cast.bruno,
            reason="jugement",
            public_note="Un nom est retiré.",
            replies={reply: "L’élu répond."},
            corrections={note: "La date a été donnée."},
        )
    desk.destroy()
    case = _case(session, filed)
    assert [row.text for row in case.replies] == ["L’élu répond."]
    assert [row.note for row in case.corrections] == ["La date a été donnée.", "Un nom est retiré."]
    words = b"".join((row.content or b"") + (row.html or b"") for row in _revisions(session, filed))
    assert b"Untel" not in words
