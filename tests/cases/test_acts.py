"""The acts on cases: their changes, their journal lines and their refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import attested_acts as acts
import pytest
from case_contents import decided
from sqlalchemy import func, select

from register.accounts import acts as accounts
from register.cases import act_permissions, reply_refusals, vocabulary
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
)
from register.cases.persistence import reasons_commitment
from register.cases.risk_flags import parse_reasons
from register.cases.second_person import Approval
from register.cases.vocabulary import Dataset
from register.db import housekeeping
from register.errors import Incomplete, Invalid, NotFound, Refused, TextError
from register.journal import Act, JournalEntry, Ledger, head
from register.journal.models import commitment

pytestmark = pytest.mark.one_database

LATER = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def _load_incident(session, case):
    session.rollback()
    session.expire_all()
    return session.get_one(Incident, case.id)


def _last_line(session, ledger=Ledger.PUBLIC):
    session.rollback()
    return session.scalars(
        select(JournalEntry)
        .where(JournalEntry.ledger == ledger.value)
        .order_by(JournalEntry.seq.desc())
        .limit(1)
    ).one()


def _line_json(line):
    return json.loads(line.public_json), json.loads(line.private_json)


def _revisions(session, case):
    session.rollback()
    session.expire_all()
    return session.scalars(
        select(Revision).where(Revision.incident_id == case.id).order_by(Revision.id)
    ).all()


def _refused(kind, attempt):
    with pytest.raises(kind) as refused:
        attempt()
    return refused.value


# --- an example of each act, for every state ----------------------------------------------------

EXAMPLES = {
    Act.EDITED: lambda p, case_id, cast, content: acts.edit(
        p, case_id, content(title="Un autre titre"), by=cast.bruno, reason="précision"
    ),
    Act.DISCARDED: lambda p, case_id, cast, content: acts.discard(p, case_id, by=cast.bruno),
    Act.APPROVED: lambda p, case_id, cast, content: acts.approve(
        p, case_id, by=cast.ada, purpose="erase"
    ),
    Act.INVITED: lambda p, case_id, cast, content: acts.invite(
        p, case_id, "courriel", by=cast.bruno
    ),
    Act.PUBLISHED: lambda p, case_id, cast, content: acts.publish(
        p, case_id, by=cast.bruno, reason="lu", attested=ATTESTED
    ),
    Act.FOLLOWED_UP: lambda p, case_id, cast, content: acts.follow_up(
        p, case_id, by=cast.bruno, reason="jugement", title="Relaxe", text="Le tribunal relaxe."
    ),
    Act.REPLY_RECEIVED: lambda p, case_id, cast, content: acts.receive_reply(
        p,
        case_id,
        by=cast.bruno,
        author="Ville de Gagny",
        capacity="la commune",
        text="Nous contestons.",
        received_on=date(2026, 3, 2),
    ),
    Act.CORRECTED: lambda p, case_id, cast, content: acts.correct(
        p, case_id, content(title="Un autre titre"), by=cast.bruno, reason="r", public_note="Titre."
    ),
    Act.REDACTED: lambda p, case_id, cast, content: acts.redact(
        p,
        case_id,
        content(title="Un autre titre"),
        by=cast.bruno,
        reason="r",
        public_note="Retrait.",
    ),
    Act.WITHDRAWN: lambda p, case_id, cast, content: acts.withdraw(
        p, case_id, by=cast.bruno, restriction="erreur", reason="erreur de lieu"
    ),
    Act.RESTORED: lambda p, case_id, cast, content: acts.restore(
        p, case_id, by=cast.bruno, reason="vérifié", attested=ATTESTED
    ),
    Act.MERGED: lambda p, case_id, cast, content: acts.merge(
        p, case_id, into=1, by=cast.bruno, second=cast.chloe, reason="même affaire"
    ),
    Act.PARTED: lambda p, case_id, cast, content: acts.part(
        p, case_id, by=cast.bruno, second=cast.chloe, reason="deux affaires"
    ),
    Act.ERASED: lambda p, case_id, cast, content: acts.erase(
        p, case_id, by=cast.ada, restriction="donnee_personnelle", single=True
    ),
}
ATTESTED = ("attribution", "no_private_person", "no_private_life")
STATES = {
    CaseState.DRAFT: "ready",
    CaseState.PUBLISHED: "published",
    CaseState.WITHDRAWN: "withdrawn",
    CaseState.MERGED: "merged",
    CaseState.ERASED: "erased",
}


@pytest.mark.parametrize("state", CaseState)
def test_each_act_obeys_the_table_in_every_state(pen, desk, cast, content, session, state):
    desk.published()  # number 1, the target of the merge
    case = getattr(desk, STATES[state])()
    for act, attempt in EXAMPLES.items():
        # The merge of a draft is an act of its own: nothing public changes.
        looked_up = Act.DRAFT_MERGED if (state, act) == (CaseState.DRAFT, Act.MERGED) else act
        allowed = looked_up in act_permissions.POSSIBLE_ACTS[state]
        before = {ledger: head(session, ledger).seq for ledger in Ledger}
        refused = _refusal_of(pen, lambda p, attempt=attempt: attempt(p, case.id, cast, content))
        if allowed:
            assert refused is None, act
        else:
            expected = _refused(
                Refused, lambda act=looked_up: act_permissions.require_possible(state, act)
            )
            assert (refused.key, refused.values) == (expected.key, expected.values)
            assert refused.values["state"] == state
        session.rollback()
        assert before == {ledger: head(session, ledger).seq for ledger in Ledger}


class Undo(Exception):
    """Rolls back an act once it has succeeded."""


def _refusal_of(pen, attempt):
    """Do an act and roll it back; return its refusal, if any."""
    try:
        with pen() as p:
            attempt(p)
            if p.lines:
                raise Undo
    except Undo:
        return None
    except Refused as refused:
        return refused
    raise AssertionError("an act wrote no line")


@pytest.mark.parametrize("act", EXAMPLES)
def test_no_act_is_allowed_to_an_inactive_member(pen, desk, cast, content, act):
    case = desk.published()
    for stranger in (cast.driss, 404):
        nobody = replace(cast, bruno=stranger, ada=stranger)

        def attempt(nobody=nobody):
            with pen() as p:
                EXAMPLES[act](p, case.id, nobody, content)

        assert _refused(Refused, attempt).key == "member_may_not_act"


@pytest.mark.parametrize("act", EXAMPLES)
def test_a_case_that_is_not_there_is_not_found(pen, cast, content, act):
    def attempt():
        with pen() as p:
            EXAMPLES[act](p, 404, cast, content)

    assert _refused(NotFound, attempt).key == "no_such_case"


@pytest.mark.parametrize("grave", ["moderator", "administrator alone"])
def test_an_erasure_needs_an_administrator_and_a_second_person(pen, desk, cast, grave):
    case = desk.published()
    with pen() as p:
        acts.approve(p, case.id, by=cast.ada, purpose="erase")

    def erase(by):
        with pen() as p:
            acts.erase(p, case.id, by=by, restriction="erreur")

    if grave == "moderator":
        assert _refused(Refused, lambda: erase(cast.chloe)).key == "administrators_only"
    else:
        # Ada approved it herself: one person is not two.
        assert _refused(Refused, lambda: erase(cast.ada)).key == "second_person_missing"


# --- drafts ------------------------------------------------------------------------------------


def test_a_draft_stores_every_field(desk, content, session):
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
            decided(
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
    case = desk.draft(whole)

    incident = _load_incident(session, case)
    assert contents.content_of(incident) == whole
    assert (incident.state, incident.number, incident.first_published_at) == (
        CaseState.DRAFT,
        None,
        None,
    )
    assert (incident.date_first, incident.date_last) == (date(2008, 3, 17), date(2008, 3, 17))
    assert (incident.sort_day, incident.duration) == (date(2008, 3, 17), 805)


def test_a_draft_adds_a_line_to_the_desks_ledger_only(desk, session):
    public_head = head(session)
    case = desk.draft()
    session.rollback()
    assert head(session) == public_head
    line = _last_line(session, Ledger.DESK)
    public, private = _line_json(line)
    assert (public["act"], public["case"], public["reason"]) == ("drafted", None, None)
    assert private["dossier"] == case.id


def test_an_internal_note_is_not_part_of_the_content(pen, cast, content, session):
    with pen() as p:
        incident = acts.draft(p, content(), by=cast.bruno, reason="r", note="vu\r\navec\x00 Amina")
    assert session.scalars(select(Note.text)).all() == ["vu\navec Amina"]
    assert b"Amina" not in _load_incident(session, incident).revision.content


def test_the_line_of_a_draft_commits_to_its_revision(desk, session):
    case = desk.draft()
    line = _last_line(session, Ledger.DESK)
    (revision,) = _revisions(session, case)
    public, private = _line_json(line)
    assert public["content"] == commitment(revision.salt, revision.content)
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


def test_a_reason_that_is_too_long_is_refused(pen, cast, content):
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
        ("date", "date_impossible"),
        ("types", "unknown_code"),
    ]
    assert session.scalar(select(func.count()).select_from(Incident)) == 0


def test_a_text_that_renders_slowly_is_refused(pen, cast, content):
    def draft():
        with pen() as p:
            acts.draft(p, content(narrative="[" * 40_000), by=cast.bruno, reason="r")

    assert _refused(TextError, draft).key == "text_hostile"


def test_invisible_characters_are_never_stored(desk, content, session):
    case = desk.draft(content(title="Gagny\x00 \u202efilm", outlets=("Le\u200b Blog",)))
    incident = _load_incident(session, case)
    assert (incident.title, contents.content_of(incident).outlets) == ("Gagny film", ("Le Blog",))


def test_an_edit_replaces_the_text_and_the_lists(pen, desk, cast, content, session):
    case = desk.draft(content(justice=True))
    changed = content(types=("expulsion", "huis_clos"), commune="93066", outlets=())
    with pen() as p:
        acts.edit(p, case.id, changed, by=cast.chloe, reason="meilleure source")
    assert contents.content_of(_load_incident(session, case)) == changed
    assert [revision.act for revision in _revisions(session, case)] == ["drafted", "edited"]
    assert _last_line(session, Ledger.DESK).member_id == cast.chloe


def test_an_edit_voids_the_approval(pen, desk, cast, content):
    case = desk.ready(content(justice=True))
    with pen() as p:
        acts.edit(p, case.id, content(justice=True, title="Autre"), by=cast.bruno, reason="r")

    def publish():
        with pen() as p:
            EXAMPLES[Act.PUBLISHED](p, case.id, cast, content)

    assert [line.code for line in _refused(Incomplete, publish).values["lines"]] == ["second"]


@pytest.mark.parametrize(("by", "key"), [("bruno", "own_revision"), ("chloe", "already_approved")])
def test_an_approval_is_given_once_and_by_another_member(pen, desk, cast, by, key):
    case = desk.ready()

    def approve():
        with pen() as p:
            acts.approve(p, case.id, by=getattr(cast, by))

    assert _refused(Refused, approve).key == key


def test_an_approval_names_the_revision_and_its_purpose(desk, cast, session):
    case = desk.ready()
    approval = session.scalars(select(Approval)).one()
    (revision,) = _revisions(session, case)
    public, private = _line_json(_last_line(session, Ledger.DESK))
    assert (approval.revision_id, approval.given_by) == (revision.id, cast.chloe)
    assert (private["revision"], private["purpose"]) == (revision.id, "publish")
    assert public["act"] == "approved"


def test_an_approval_has_a_known_purpose(pen, desk, cast):
    case = desk.draft()

    def approve():
        with pen() as p:
            acts.approve(p, case.id, by=cast.chloe, purpose="burn")

    assert _refused(Invalid, approve).key == "unknown_purpose"


@pytest.mark.parametrize("state", ["published", "merged"])
def test_a_public_case_has_no_publication_to_approve(pen, desk, cast, state):
    case = getattr(desk, state)()

    def approve():
        with pen() as p:
            acts.approve(p, case.id, by=cast.chloe)

    assert _refused(Refused, approve).key == "nothing_to_approve"


@pytest.mark.parametrize(
    ("on", "is_invited"), [(date(2026, 2, 1), True), (None, False)], ids=["invited", "or why not"]
)
def test_an_invitation_is_noted_for_members_only(pen, desk, cast, session, on, is_invited):
    case = desk.draft()
    with pen() as p:
        acts.invite(p, case.id, "faits anciens", by=cast.chloe, on=on)
    row = session.scalars(select(Invitation)).one()
    assert (row.invited_on, row.text, row.noted_by) == (on, "faits anciens", cast.chloe)
    assert _line_json(_last_line(session, Ledger.DESK))[1]["invited"] is is_invited


def test_a_discarded_draft_leaves_a_journal_line_and_no_text(desk, session):
    case = desk.discarded(title="Un titre que personne ne lira")
    incident = _load_incident(session, case)
    assert (incident.state, incident.number, incident.title, incident.revision_id) == (
        CaseState.ERASED,
        None,
        "",
        None,
    )
    public, private = _line_json(_last_line(session, Ledger.DESK))
    assert (public["act"], public["case"]) == ("discarded", None)
    assert private["destroyed"] == [revision.id for revision in _revisions(session, case)]


# --- publication -------------------------------------------------------------------------------


def test_a_publication_gives_the_next_number_and_the_first_day(pen, desk, cast, session):
    first = desk.published()
    second = desk.ready()
    with pen(LATER) as p:
        acts.publish(p, second.id, by=cast.bruno, reason="lu", attested=ATTESTED)
    incident = _load_incident(session, second)
    assert (incident.state, incident.number) == (CaseState.PUBLISHED, first.number + 1)
    assert (incident.first_published_at, incident.moved_at) == (LATER, LATER)


def test_the_line_of_a_publication_commits_to_the_public_snapshot(desk, cast, session):
    case = desk.published()
    line = _last_line(session)
    revision = _revisions(session, case)[-1]
    public, private = _line_json(line)
    assert (public["act"], public["case"], public["reason"]) == ("published", case.number, None)
    assert public["content"] == commitment(revision.salt, revision.content)
    assert _load_incident(session, case).revision_id == revision.id == line.revision_id
    assert private["attested"] == sorted(ATTESTED)
    assert private["approved_by"] == [cast.chloe]
    assert json.loads(revision.html)["narrative"].count("<strong>filmer</strong>") == 1


def test_numbers_of_erased_and_merged_cases_are_never_given_again(desk):
    erased, merged = desk.erased(), desk.merged()
    assert desk.published().number > max(erased.number, merged.number)


def test_a_case_with_a_lawsuit_is_published_by_two_members(pen, desk, cast, content):
    case = desk.draft(content(justice=True))
    with pen() as p:
        acts.invite(p, case.id, "courriel", by=cast.bruno)

    def publish(by):
        with pen() as p:
            acts.publish(p, case.id, by=by, reason="lu", attested=ATTESTED)

    refused = _refused(Incomplete, lambda: publish(cast.bruno))
    assert [line.code for line in refused.values["lines"]] == ["second"]
    with pen() as p:
        acts.approve(p, case.id, by=cast.chloe)
    # Chloé approved it: if she also published it, nobody else would have read it.
    assert _refused(Incomplete, lambda: publish(cast.chloe)).key == "checklist"
    publish(cast.bruno)


def test_the_checklist_names_every_line_that_blocks(pen, desk, cast, content):
    case = desk.draft(content(sources=(), evidence=""))

    def publish():
        with pen() as p:
            acts.publish(p, case.id, by=cast.bruno, reason="lu", attested=("attribution", "luck"))

    refused = _refused(Incomplete, publish)
    assert [line.code for line in refused.values["lines"]] == [
        "source",
        "evidence",
        "invitation",
        "no_private_person",
        "no_private_life",
    ]
    assert refused.values["state"] == CaseState.DRAFT


def test_the_reason_for_a_flag_is_stored_and_not_published(desk, session):
    case = desk.published(narrative="Le standard répond au 01 43 01 43 01.")
    revision = _revisions(session, case)[-1]
    assert parse_reasons(revision.flags_reason) == (("telephone", "01 43 01 43 01", "relu"),)
    assert b"relu" not in revision.content


@pytest.mark.parametrize(
    ("justice", "seconded", "waived", "why"),
    [
        (True, False, True, "a second reader was asked for and there is none"),
        (True, True, False, "there was one after all"),
        (False, False, False, "nobody asked for one"),
    ],
)
def test_a_case_of_a_single_moderator_is_marked(
    pen, desk, cast, content, session, justice, seconded, waived, why
):
    case = desk.draft(content(justice=justice))
    with pen() as p:
        acts.invite(p, case.id, "courriel", by=cast.bruno)
        if seconded:
            acts.approve(p, case.id, by=cast.chloe)
        acts.publish(p, case.id, by=cast.bruno, reason="lu", attested=ATTESTED, single=True)
    incident = _load_incident(session, case)
    assert incident.single_review is waived, why
    assert json.loads(_revisions(session, case)[-1].content)["single_review"] is waived


# --- after publication -------------------------------------------------------------------------


def test_a_follow_up_adds_a_fragment_and_leaves_the_account(pen, desk, cast, content, session):
    case = desk.published()
    with pen(LATER) as p:
        acts.follow_up(
            p,
            case.id,
            by=cast.chloe,
            reason="jugement rendu",
            title="Relaxe en appel",
            text="La cour **relaxe**.",
            happened_on="2010-05",
            source_url="https://exemple.test/arret",
            content=content(outcome="resolue"),
        )
    incident = _load_incident(session, case)
    (row,) = incident.follow_ups
    assert (row.title, row.happened_on, row.added_at) == ("Relaxe en appel", "2010-05", LATER)
    assert (incident.outcome, incident.title, incident.moved_at) == (
        "resolue",
        content().title,
        LATER,
    )
    assert incident.first_published_at < LATER
    public, _ = _line_json(_last_line(session))
    assert (public["act"], public["case"]) == ("followed_up", case.number)
    assert "<strong>relaxe</strong>" in _revisions(session, case)[-1].html.decode()


def test_a_follow_up_may_leave_the_content_unchanged(pen, desk, cast, content, session):
    case = desk.published()
    with pen() as p:
        EXAMPLES[Act.FOLLOWED_UP](p, case.id, cast, content)
    assert contents.content_of(_load_incident(session, case)) == content()


def test_a_follow_up_may_not_touch_the_account(pen, desk, cast, content, session):
    case = desk.published()

    def follow_up():
        with pen() as p:
            acts.follow_up(
                p,
                case.id,
                by=cast.bruno,
                reason="r",
                title="t",
                text="t",
                content=content(outcome="resolue", summary="Réécrit."),
            )

    refused = _refused(Refused, follow_up)
    assert (refused.key, refused.values) == ("needs_correction", {"fields": ["summary"]})
    assert contents.content_of(_load_incident(session, case)) == content()


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
def test_an_invalid_follow_up_is_refused(pen, desk, cast, session, changes, kind, key):
    case = desk.published()

    def follow_up():
        fields = {"reason": "r", "title": "t", "text": "t", **changes}
        with pen() as p:
            acts.follow_up(p, case.id, by=cast.bruno, **fields)

    assert _refused(kind, follow_up).key == key
    assert session.scalar(select(func.count()).select_from(FollowUp)) == 0


def test_a_correction_stores_its_public_note_and_the_former_text(pen, desk, cast, content, session):
    case = desk.published()
    with pen(LATER) as p:
        acts.correct(
            p,
            case.id,
            content(title="Refus de filmer à Gagny"),
            by=cast.chloe,
            reason="titre trop long",
            public_note="Le titre a été raccourci.",
        )
    incident = _load_incident(session, case)
    assert (incident.title, incident.moved_at) == ("Refus de filmer à Gagny", LATER)
    (row,) = incident.corrections
    assert (row.note, row.made_at, row.redaction) == ("Le titre a été raccourci.", LATER, False)
    before, after = _revisions(session, case)[-2:]
    assert json.loads(before.content)["title"] == content().title
    assert json.loads(after.content)["corrections"][0]["note"] == "Le titre a été raccourci."
    assert _line_json(_last_line(session))[0]["act"] == "corrected"


@pytest.mark.parametrize("act", [acts.correct, acts.redact])
def test_a_correction_without_a_change_is_refused(pen, desk, cast, content, act):
    case = desk.published()

    def correct():
        with pen() as p:
            act(p, case.id, content(), by=cast.bruno, reason="r", public_note="Rien.")

    assert _refused(Refused, correct).key == "nothing_changed"


@pytest.mark.parametrize("act", [acts.correct, acts.redact])
def test_a_correction_without_a_public_note_is_refused(pen, desk, cast, content, session, act):
    case = desk.published()

    def correct():
        with pen() as p:
            act(p, case.id, content(title="t"), by=cast.bruno, reason="r", public_note=" ")

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
def test_a_correction_that_unmeets_the_checklist_is_refused(
    pen, desk, cast, content, session, changes, line
):
    case = desk.published()

    def correct():
        with pen() as p:
            acts.correct(p, case.id, content(**changes), by=cast.bruno, reason="r", public_note="n")

    refused = _refused(Incomplete, correct)
    assert [unmet.code for unmet in refused.values["lines"]] == [line]
    assert contents.content_of(_load_incident(session, case)) == content()


def test_a_follow_up_with_an_outcome_of_a_court_needs_the_court(pen, desk, cast, content):
    case = desk.published(content(justice=True))
    (suit,) = content(justice=True).proceedings
    ruled = replace(suit, steps=(StepContent("jugement", outcome="relaxe"),))

    def follow_up():
        with pen() as p:
            acts.follow_up(
                p,
                case.id,
                by=cast.bruno,
                reason="jugement",
                title="Relaxe",
                text="Relaxe.",
                content=content(justice=True, proceedings=(ruled,)),
            )

    (line,) = _refused(Incomplete, follow_up).values["lines"]
    assert (line.code, line.values["missing"]) == ("court", ["court", "outcome_date", "appeal"])


def test_a_redaction_destroys_the_passage_in_the_texts_before_it(pen, desk, cast, content, session):
    case = desk.published(narrative="Le voisin, M. Untel, a tout vu.")
    before = [revision.id for revision in _revisions(session, case)]
    with pen(LATER) as p:
        acts.redact(
            p,
            case.id,
            content(narrative="Le voisin, […], a tout vu."),
            by=cast.chloe,
            reason="RGPD",
            public_note="Un passage est retiré.",
        )
    public, hidden = _line_json(_last_line(session))
    assert (public["act"], hidden["hidden"]) == ("redacted", [])
    assert [*hidden["redacted"]] == [str(revision_id) for revision_id in before]
    desk.destroy(by=cast.bruno)
    *earlier, last = _revisions(session, case)
    assert [revision.id for revision in earlier] == before
    for revision in earlier:
        narrative = json.loads(revision.content)["narrative"]
        assert narrative == "Le voisin, [passage retiré], a tout vu."
        assert b"retir" in revision.html
    assert "Untel" not in last.content.decode() + last.html.decode()
    public, private = _line_json(_last_line(session, Ledger.DESK))
    originals = [[private["destruction"], revision_id] for revision_id in before]
    assert (public["act"], private["destroyed"], private["originals"]) == (
        "destroyed",
        [],
        originals,
    )
    assert _load_incident(session, case).corrections[0].redaction is True


def test_a_redaction_reaches_the_words_of_a_follow_up(pen, desk, cast, content, session):
    case = desk.published()
    with pen() as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="M. Untel", text="M. Untel")
        line = acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Rien", text="Rien")
    first = _load_incident(session, case).follow_ups[0].id
    with pen() as p:
        acts.redact(
            p,
            case.id,
            content(),
            by=cast.bruno,
            reason="RGPD",
            public_note="Un nom est retiré.",
            rewrites={"follow_ups": {first: ("Un voisin", "Un voisin")}},
        )
    desk.destroy()
    first, second = _load_incident(session, case).follow_ups
    assert (first.title, first.text, second.title) == ("Un voisin", "Un voisin", "Rien")
    words = b"".join((row.content or b"") + (row.html or b"") for row in _revisions(session, case))
    assert b"Untel" not in words
    assert line.act == "followed_up"


def test_a_redaction_of_a_withdrawn_case_makes_no_public_version(pen, desk, cast, content, session):
    case = desk.withdrawn()
    moved = _load_incident(session, case).moved_at
    with pen(LATER) as p:
        EXAMPLES[Act.REDACTED](p, case.id, cast, content)
    public, private = _line_json(_last_line(session))
    assert (public["act"], public["content"]) == ("redacted", None)
    assert private["snapshot"]
    assert _load_incident(session, case).moved_at == moved


def test_a_redaction_empties_the_digest_of_the_imported_row(pen, desk, cast, content, session):
    case = desk.published()
    with pen() as p:
        p.session.add(Origin(external_id="WC1", incident_id=case.id, digest="a" * 64))
        EXAMPLES[Act.REDACTED](p, case.id, cast, content)
    desk.destroy()
    assert session.scalars(select(Origin.digest)).all() == [""]


@pytest.mark.parametrize(
    ("restriction", "expected"),
    [
        ("donnee_personnelle", "donnee_personnelle"),
        ("decision_de_justice", "decision_de_justice"),
        ("erreur", "erreur"),
        ("securite", "securite"),
        ("reexamen", "reexamen"),
        ("demande_signalant", "reexamen"),  # otherwise the tombstone would reveal the reporter
    ],
)
def test_the_tombstone_has_a_public_reason_that_never_reveals_the_reporter(
    pen, desk, cast, session, restriction, expected
):
    case = desk.published()
    with pen(LATER) as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction=restriction, reason="r")
    incident, line = _load_incident(session, case), _last_line(session)
    public, private = _line_json(line)
    assert (public["reason"], public["content"]) == (expected, None)
    assert b"signalant" not in line.public_json
    assert (private["restriction"], incident.restriction) == (restriction, restriction)
    assert (incident.state, incident.moved_at) == (CaseState.WITHDRAWN, LATER)


def test_the_line_of_an_erasure_has_its_reason_for_members_only(pen, desk, cast, session):
    case = desk.published()
    with pen(LATER) as p:
        acts.erase(p, case.id, by=cast.ada, restriction="decision_de_justice", single=True)
    incident, line = _load_incident(session, case), _last_line(session)
    public, private = _line_json(line)
    assert (public["reason"], public["content"]) == (None, None)
    assert private["restriction"] == incident.restriction == "decision_de_justice"
    assert (incident.state, incident.moved_at) == (CaseState.ERASED, LATER)


@pytest.mark.parametrize("how", ["withdraw", "erase"])
@pytest.mark.parametrize("restriction", ["", "caprice"])
def test_a_withdrawal_or_erasure_for_an_unknown_reason_is_refused(
    pen, desk, cast, how, restriction
):
    case = desk.published()

    def go():
        with pen() as p:
            if how == "withdraw":
                acts.withdraw(p, case.id, by=cast.bruno, restriction=restriction, reason="r")
            else:
                acts.erase(p, case.id, by=cast.ada, restriction=restriction, single=True)

    assert _refused(Invalid, go).key == "unknown_restriction"


# --- restoration -------------------------------------------------------------------------------


def test_a_restored_case_has_its_number_and_first_day(pen, desk, cast, content, session):
    case = desk.withdrawn()
    first_day = _load_incident(session, case).first_published_at
    with pen(LATER) as p:
        EXAMPLES[Act.RESTORED](p, case.id, cast, content)
    incident = _load_incident(session, case)
    assert (incident.state, incident.number, incident.restriction) == (
        CaseState.PUBLISHED,
        case.number,
        "",
    )
    assert (incident.first_published_at, incident.moved_at) == (first_day, LATER)
    assert incident.corrections == []
    public, _ = _line_json(_last_line(session))
    assert public["act"] == "restored"
    assert public["content"] is not None


def test_the_restoration_of_a_changed_case_needs_a_public_note(pen, desk, cast, content, session):
    case = desk.withdrawn()
    with pen() as p:
        acts.edit(p, case.id, content(title="Corrigé"), by=cast.chloe, reason="lieu")

    def restore(**fields):
        with pen() as p:
            acts.restore(p, case.id, by=cast.bruno, reason="r", attested=ATTESTED, **fields)

    assert _refused(Invalid, restore).values == {"field": "public_note"}
    restore(public_note="Le lieu a été corrigé.")
    assert [row.note for row in _load_incident(session, case).corrections] == [
        "Le lieu a été corrigé."
    ]


def test_an_edit_before_an_earlier_withdrawal_needs_no_second_note(
    pen, desk, cast, content, session
):
    case = desk.withdrawn()
    with pen() as p:
        acts.edit(p, case.id, content(title="Corrigé"), by=cast.chloe, reason="lieu")
        acts.restore(
            p, case.id, by=cast.bruno, reason="r", attested=ATTESTED, public_note="Lieu corrigé."
        )
        EXAMPLES[Act.WITHDRAWN](p, case.id, cast, content)
        EXAMPLES[Act.RESTORED](p, case.id, cast, content)
    assert len(_load_incident(session, case).corrections) == 1


def test_a_case_with_a_lawsuit_is_restored_by_two_members(pen, desk, cast, content):
    case = desk.withdrawn(content(justice=True))

    def restore(by):
        with pen() as p:
            acts.restore(p, case.id, by=by, reason="r", attested=ATTESTED)

    refused = _refused(Incomplete, lambda: restore(cast.ada))
    assert [line.code for line in refused.values["lines"]] == ["second"]
    with pen() as p:
        acts.approve(p, case.id, by=cast.chloe)
    restore(cast.bruno)


# --- merging -----------------------------------------------------------------------------------


def test_a_merged_case_leads_to_the_other(desk, session):
    case = desk.merged()
    incident = _load_incident(session, case)
    public, private = _line_json(_last_line(session))
    assert (incident.state, incident.merged_into) == (CaseState.MERGED, 1)
    assert (public["act"], public["case"], private["into"]) == ("merged", case.number, 1)
    assert public["content"] is None


def test_the_merge_of_a_draft_adds_no_public_line(pen, desk, cast, session):
    target, case = desk.published(), desk.draft()
    public = head(session)
    with pen() as p:
        acts.merge(p, case.id, into=target.number, by=cast.bruno, reason="doublon")
    session.rollback()
    assert head(session) == public
    assert _line_json(_last_line(session, Ledger.DESK))[0]["act"] == "draft_merged"


@pytest.mark.parametrize("target", ["itself", "nothing", "withdrawn", "merged", "erased"])
def test_a_case_is_merged_into_another_public_one(pen, desk, cast, target):
    case = desk.published()
    if target in ("itself", "nothing"):
        into = case.number if target == "itself" else 404
    else:
        into = getattr(desk, target)().number

    def merge():
        with pen() as p:
            acts.merge(p, case.id, into=into, by=cast.bruno, second=cast.chloe, reason="r")

    refused = _refused(Refused, merge)
    assert (refused.key, refused.values["number"]) == ("merge_target", into)


# --- the right of reply --------------------------------------------------------------------------


def test_a_received_reply_is_due_in_three_days_and_not_public(desk, session):
    case = desk.published()
    revision = _load_incident(session, case).revision_id
    reply = session.get_one(Reply, desk.received_reply(case))
    assert (reply.state, reply.received_on, reply.due_on) == (
        "received",
        date(2026, 3, 2),
        date(2026, 3, 5),
    )
    public, private = _line_json(_last_line(session, Ledger.DESK))
    assert (public["act"], private["reply"]) == ("reply_received", reply.id)
    assert _load_incident(session, case).revision_id == revision


def test_a_published_reply_is_escaped_and_not_rendered_as_markup(pen, desk, cast, session):
    case = desk.published()
    reply = desk.received_reply(case, text="Nous **contestons**.\n\n<b>Tout</b>")
    with pen(LATER) as p:
        acts.reply(p, reply, by=cast.chloe, reason="droit de réponse")
    row = session.get_one(Reply, reply)
    assert (row.state, row.published_at) == ("published", LATER)
    snapshot = _revisions(session, case)[-1]
    assert json.loads(snapshot.content)["replies"][0]["text"] == (
        "Nous **contestons**.\n\n<b>Tout</b>"
    )
    (html,) = json.loads(snapshot.html)["replies"]
    assert "**contestons**" in html
    assert "&lt;b&gt;" in html
    assert _line_json(_last_line(session))[0]["act"] == "replied"


def test_a_refused_reply_stores_its_reason_and_is_not_public(pen, desk, cast, session):
    case = desk.published()
    reply = desk.received_reply(case)
    public = head(session)
    with pen() as p:
        acts.refuse_reply(p, reply, by=cast.chloe, code="longueur", refusal="Hors délai.\nIci.")
    session.rollback()
    row = session.get_one(Reply, reply)
    assert (row.state, row.refusal, row.published_at) == ("refused", "Hors délai.\nIci.", None)
    assert head(session) == public
    assert _line_json(_last_line(session, Ledger.DESK))[0]["act"] == "reply_refused"


@pytest.mark.parametrize("first", ["reply", "refuse"])
@pytest.mark.parametrize("second", ["reply", "refuse"])
def test_a_reply_is_decided_once(pen, desk, cast, first, second):
    reply = desk.received_reply(desk.published())

    def decide(how):
        with pen() as p:
            if how == "reply":
                acts.reply(p, reply, by=cast.bruno, reason="r")
            else:
                acts.refuse_reply(p, reply, by=cast.bruno, code="longueur", refusal="r")

    decide(first)
    refused = _refused(Refused, lambda: decide(second))
    expected = "published" if first == "reply" else "refused"
    assert (refused.key, refused.values) == ("reply_decided", {"state": expected})


@pytest.mark.parametrize(("lines", "is_accepted"), [(200, True), (201, False)])
def test_a_reply_has_at_most_two_hundred_lines(pen, desk, cast, lines, is_accepted):
    """Décret 2007-1527, article 3: a longer reply is stored, and can only be refused."""
    reply = desk.received_reply(desk.published(), text="\n".join(["ligne"] * lines))

    def insert():
        with pen() as p:
            acts.reply(p, reply, by=cast.bruno, reason="r")

    if is_accepted:
        insert()
    else:
        refused = _refused(Invalid, insert)
        assert (refused.key, refused.values) == ("reply_lines", {"limit": 200})
        with pen() as p:
            acts.refuse_reply(
                p, reply, by=cast.bruno, code="longueur", refusal="plus de 200 lignes"
            )


@pytest.mark.parametrize(
    ("at", "today"),
    [(AT, date(2026, 3, 2)), (AT.replace(hour=23), date(2026, 3, 3))],
    ids=["its day", "at night it is the next one in Paris"],
)
def test_a_reply_or_invitation_of_a_future_day_is_refused(pen, desk, cast, at, today):
    case = desk.published()

    def receive(on):
        with pen(at) as p:
            acts.receive_reply(
                p, case.id, by=cast.bruno, author="a", capacity="c", text="t", received_on=on
            )

    def invite(on):
        with pen(at) as p:
            acts.invite(p, case.id, "courriel", by=cast.bruno, on=on)

    for act, field in ((receive, "received_on"), (invite, "on")):
        act(today)
        refused = _refused(Invalid, lambda act=act: act(today + timedelta(days=1)))
        assert (refused.key, refused.values) == ("day_to_come", {"field": field})


def test_replies_and_invitations_are_refused_when_the_case_has_changed_since(pen, desk, cast):
    case = desk.published()
    reply = desk.received_reply(case)
    for attempt in (
        lambda p: acts.reply(p, reply, by=cast.bruno, reason="r", seen=1),
        lambda p: acts.refuse_reply(p, reply, by=cast.bruno, code="longueur", refusal="r", seen=1),
        lambda p: acts.invite(p, case.id, "courriel", by=cast.bruno, seen=1),
    ):
        with pytest.raises(Refused, match="changed_meanwhile"), pen() as p:
            attempt(p)


@pytest.mark.parametrize("decide", [acts.reply, acts.refuse_reply])
def test_a_reply_that_is_not_there_is_not_found(pen, cast, decide):
    def attempt():
        with pen() as p:
            arguments = {"reason": "r"} if decide is acts.reply else {"code": "delai"}
            decide(p, 404, by=cast.bruno, **arguments)

    assert _refused(NotFound, attempt).values == {"table": "reply", "id": 404}


@pytest.mark.parametrize("decide", [acts.reply, acts.refuse_reply])
def test_a_reply_to_a_withdrawn_case_waits(pen, desk, cast, content, decide):
    case = desk.published()
    reply = desk.received_reply(case)
    with pen() as p:
        EXAMPLES[Act.WITHDRAWN](p, case.id, cast, content)

    def attempt():
        with pen() as p:
            arguments = {"reason": "r"} if decide is acts.reply else {"code": "delai"}
            decide(p, reply, by=cast.bruno, **arguments)

    assert _refused(Refused, attempt).key == "case_withdrawn"


# --- erasure -----------------------------------------------------------------------------------

CODES = {"date", "end_date", "country", "departement", "region", "level", "actor", "target"}
CODES |= {"evidence", "contested", "outcome", "language", "commune", "types"}


def test_an_erasure_destroys_every_text_and_leaves_the_codes(pen, desk, cast, content, session):
    desk.published()
    full_content = content(
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
    case = desk.published(full_content)
    with pen() as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="MOT", title="MOT", text="MOT")
    desk.received_reply(case, text="MOT")
    with pen(LATER) as p:
        p.session.add(Origin(external_id="WC1", incident_id=case.id, digest="MOT"))
        p.session.add(
            Note(incident_id=case.id, written_at=LATER, written_by=cast.bruno, text="MOT")
        )
        acts.approve(p, case.id, by=cast.chloe, purpose="erase")
        line = acts.erase(p, case.id, by=cast.ada, restriction="donnee_personnelle")

    incident = _load_incident(session, case)
    assert contents.content_of(incident) == contents.Content()
    for name in CODES:
        assert getattr(incident, name) == getattr(full_content, name), name
    assert (incident.state, incident.number, incident.revision_id) == (
        CaseState.ERASED,
        case.number,
        None,
    )
    assert (incident.follow_ups, incident.replies, incident.corrections) == ([], [], [])
    assert json.loads(line.private_json)["destroyed"] == [
        revision.id for revision in _revisions(session, case)
    ]
    assert _words_in_any_row(session, "MOT") == []


def _words_in_any_row(session, word):
    """The tables and columns that contain a word; every table is searched, new ones too."""
    places = []
    for table in Incident.metadata.sorted_tables:
        if table.name.startswith("term"):
            continue  # nothing of a case is written there
        for row in session.execute(select(table)).mappings():
            places += [
                (table.name, name)
                for name, value in row.items()
                if word in (value.decode("latin-1") if isinstance(value, bytes) else str(value))
            ]
    return places


def test_the_search_of_all_rows_finds_a_published_text(desk, session):
    desk.published(title="MOT")
    assert ("incident", "title") in _words_in_any_row(session, "MOT")
    assert ("revision", "content") in _words_in_any_row(session, "MOT")


def test_after_an_erasure_the_texts_are_in_no_file_of_the_instance(
    settings, pen, desk, cast, engine
):
    case = desk.published(narrative="Xylophone-Zinzolin", title="Xylophone-Zinzolin")
    files = [path for path in settings.instance.rglob("*") if path.is_file()]
    if engine.dialect.name == "sqlite":
        assert any(b"Xylophone-Zinzolin" in path.read_bytes() for path in files)
    with pen() as p:
        acts.erase(p, case.id, by=cast.ada, restriction="erreur", single=True)
    for path in settings.instance.rglob("*"):
        assert not path.is_file() or b"Xylophone-Zinzolin" not in path.read_bytes(), path.name


def test_a_reader_that_delays_scrubbing_is_reported_to_the_operator(
    pen, desk, cast, monkeypatch, caplog
):
    case = desk.published()
    monkeypatch.setattr(_steps, "empty_log", lambda engine: False)
    with pen() as p:
        acts.erase(p, case.id, by=cast.ada, restriction="erreur", single=True)
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_the_erasure_of_a_draft_is_recorded_as_a_discard(pen, desk, cast, session):
    case = desk.draft()
    public = head(session)
    with pen() as p:
        acts.erase(p, case.id, by=cast.ada, restriction="erreur", single=True)
    session.rollback()
    assert head(session) == public
    assert (
        _line_json(_last_line(session, Ledger.DESK))[0] | {"act": "discarded", "reason": None}
        == _line_json(_last_line(session, Ledger.DESK))[0]
    )


def test_the_next_change_voids_an_approval_to_erase(pen, desk, cast, content):
    case = desk.published()
    with pen() as p:
        acts.approve(p, case.id, by=cast.chloe, purpose="erase")
        EXAMPLES[Act.FOLLOWED_UP](p, case.id, cast, content)

    def erase():
        with pen() as p:
            acts.erase(p, case.id, by=cast.ada, restriction="erreur")

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
    case = getattr(desk, start)()
    looked_at = session.get_one(Incident, case.id)  # the state on the loser's page
    before = looked_at.state
    session.expunge(looked_at)
    with pen() as p:
        EXAMPLES[act](p, case.id, cast, content)

    def again():
        with pen() as p:
            EXAMPLES[act](p, case.id, replace(cast, bruno=cast.chloe, chloe=cast.bruno), content)

    refused = _refused(Refused, again)
    assert looked_at.state == before != state
    assert (refused.key, refused.values["state"]) == (key, state)


def test_the_approval_of_a_member_disabled_since_is_void(pen, desk, cast, content):
    case = desk.ready(content(justice=True))
    with pen() as p:
        accounts.disable_member(p, cast.chloe)

    def publish():
        with pen() as p:
            EXAMPLES[Act.PUBLISHED](p, case.id, cast, content)

    assert [line.code for line in _refused(Incomplete, publish).values["lines"]] == ["second"]


def test_the_act_of_a_member_just_disabled_is_refused(pen, desk, cast):
    case = desk.ready()
    with pen() as p:
        accounts.disable_member(p, cast.bruno)

    def publish():
        with pen() as p:
            acts.publish(p, case.id, by=cast.bruno, reason="lu", attested=ATTESTED)

    assert _refused(Refused, publish).key == "member_may_not_act"


def test_a_redaction_of_another_cases_fragment_is_refused(pen, desk, cast, content):
    case = desk.published()
    with pytest.raises(Invalid) as refused, pen() as p:
        acts.redact(
            p,
            case.id,
            content(),
            by=cast.bruno,
            reason="jugement",
            public_note="Passage retiré.",
            rewrites={"replies": {4711: ["Autre texte."]}},
        )
    assert (refused.value.key, refused.value.values["id"]) == ("no_such_fragment", 4711)


def test_a_retired_word_may_stay_in_an_old_case_and_not_enter_a_new_one(
    pen, desk, cast, content, session
):
    """Otherwise a court's order could not be carried out on an old case."""
    case = desk.published(level="commune")
    with housekeeping(session.get_bind().engine) as keeping:
        keeping.get_one(vocabulary.VocabularyEntry, ("niveau", "commune")).retired_at = AT
        keeping.get_one(Dataset, vocabulary.DATASET).version = "sans commune"
    with pen() as p:
        acts.correct(
            p,
            case.id,
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
    case = desk.published()
    reply = desk.received_reply(case, text="M. Untel répond.")
    with pen() as p:
        acts.reply(p, reply, by=cast.bruno, reason="reçue")
    with pen() as p:
        acts.correct(
            p,
            case.id,
            content(date="2009"),
            by=cast.bruno,
            reason="date",
            public_note="M. Untel a donné la date.",
        )
    note = _load_incident(session, case).corrections[0].id
    with pen() as p:
        acts.redact(
            p,
            case.id,
            content(date="2009"),
            by=cast.bruno,
            reason="jugement",
            public_note="Un nom est retiré.",
            rewrites={
                "replies": {reply: ["L’élu répond."]},
                "corrections": {note: ["La date a été donnée."]},
            },
        )
    desk.destroy()
    incident = _load_incident(session, case)
    assert [row.text for row in incident.replies] == ["L’élu répond."]
    assert [row.note for row in incident.corrections] == [
        "La date a été donnée.",
        "Un nom est retiré.",
    ]
    words = b"".join((row.content or b"") + (row.html or b"") for row in _revisions(session, case))
    assert b"Untel" not in words


def test_a_reply_is_refused_with_a_reason_of_the_law_and_its_day(pen, desk, cast, session):
    reply = desk.received_reply(desk.published())

    def refuse(code):
        with pen() as p:
            acts.refuse_reply(p, reply, by=cast.bruno, code=code)

    refused = _refused(Invalid, lambda: refuse("deplait"))
    assert (refused.key, refused.values) == ("missing", {"field": "code"})
    refuse("sans_rapport")
    session.rollback()
    row = session.get_one(Reply, reply)
    assert (row.refusal_code, row.refusal, row.refused_on) == ("sans_rapport", "", date(2026, 3, 2))
    both = (reply_refusals.reasons("fr"), reply_refusals.reasons("en"))
    assert list(both[0]) == list(both[1])
    assert all(reason.article and reason.sentence for rows in both for reason in rows.values())
