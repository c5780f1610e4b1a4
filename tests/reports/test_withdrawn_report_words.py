"""Removal of a withdrawn report's words from cases that are not public.

A draft contains such words when an earlier version copied the account, or when a member pasted
it. ``_make_copied_draft`` makes such a draft.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import attested_acts as cases
import pytest
from case_contents import a_case
from cast import AT
from report_factory import WORDS, Inbox, nonce
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases import member_view, revisions
from register.cases.case_content import RequestContent
from register.cases.case_evidence import case_key_name
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident, Note, Revision
from register.cases.second_person import PendingChange
from register.cases.urgency import Urgency
from register.cases.verify import verify
from register.cases.vocabulary import current_vocabulary
from register.db import Base
from register.errors import Incomplete, Invalid, Refused
from register.journal import Act, JournalEntry, Ledger
from register.operations.missing_data import lost_keys
from register.reports import acts, queries, report_content
from register.reports.models import Message, MessageKind, Report, RetainedReport
from register.reports.verify import problems
from register.search import draft_search, query_parser

pytestmark = pytest.mark.one_database

ACTOR = "le premier adjoint, M. Martin"
TARGET = "mon carnet de bord"
FREE_TEXTS = {"account": WORDS, "actor_text": ACTOR, "target_text": TARGET}
# Parts of the copied passages.
PASSAGES = ("retirer ma caméra par la police", "M. Martin", "carnet de bord")


def _make_copied_draft(inbox: Inbox, when: str = "hier soir", **changes: object) -> tuple[str, int]:
    """Make a draft that contains the words of its report; return the key and the draft's id."""
    report = inbox.received(**FREE_TEXTS, when=when)
    content = a_case(
        narrative=f"Selon l’auteur : {WORDS}",
        actor_text=ACTOR,
        outlets=("Gagny Libre", "Mon carnet de bord"),
        **changes,
    )
    with inbox.pen() as p:
        draft_id = acts.accept(
            p, inbox.store, report.key, by=inbox.cast.bruno, reason=f"« {WORDS} »", new=content
        )
    return report.key, draft_id


def _approve(inbox: Inbox, draft_id: int) -> None:
    with inbox.pen() as p:
        cases.invite(p, draft_id, "courriel", by=inbox.cast.bruno, on=AT.date())
        cases.approve(p, draft_id, by=inbox.cast.chloe)


def _withdraw(inbox: Inbox, key: str) -> None:
    with inbox.pen() as p:
        assert acts.withdraw(p, inbox.store, key, nonce())


def _publish(inbox: Inbox, draft_id: int) -> None:
    with inbox.pen() as p:
        cases.publish(
            p,
            draft_id,
            by=inbox.cast.bruno,
            reason="lu",
            attested=ATTESTATIONS,
            flag_reasons="relu",
        )


def _stored_text(session: Session, inbox: Inbox) -> str:
    """Every row of every table, with the retained copies that can still be decrypted."""
    session.rollback()
    session.expire_all()
    rows = [
        repr(tuple(row)) if not isinstance(value, bytes) else value.decode("utf-8", "replace")
        for table in Base.metadata.sorted_tables
        for row in session.execute(select(table))
        for value in row
    ]
    for copy in session.scalars(select(RetainedReport)):
        key = inbox.store.key(case_key_name(copy.incident_id))
        if key:
            rows.append(repr(report_content.decrypt_content(key, copy.key, copy.sealed)))
    return "\n".join(rows)


def _check_consistency(session: Session, inbox: Inbox) -> None:
    session.rollback()
    session.expire_all()
    assert [*verify(session, []), *problems(session)] == []
    assert lost_keys(session, inbox.store) == 0


def _load_incident(session: Session, incident_id: int) -> Incident:
    session.rollback()
    session.expire_all()
    return session.get_one(Incident, incident_id)


def test_copied_words_are_in_the_draft_until_the_report_is_withdrawn(session, inbox):
    """A check of the test below: the search of all rows finds the words."""
    _make_copied_draft(inbox)
    stored_text = _stored_text(session, inbox)
    assert all(passage in stored_text for passage in PASSAGES)


def test_after_the_withdrawal_and_after_the_purge_no_table_contains_a_passage(session, inbox):
    key, draft_id = _make_copied_draft(inbox)
    with inbox.pen() as p:
        cases.note(p, draft_id, f"Je lis : {WORDS}", by=inbox.cast.bruno)
        cases.note(p, draft_id, "appeler la mairie", by=inbox.cast.bruno)
        cases.invite(p, draft_id, f"On me dit : {WORDS}", by=inbox.cast.bruno)
        term = Urgency(term_on=AT.date() + timedelta(days=10), term_label=WORDS[:80])
        cases.set_urgency(p, draft_id, term, by=inbox.cast.bruno)
    _withdraw(inbox, key)
    stored_text = _stored_text(session, inbox)
    assert [passage for passage in PASSAGES if passage in stored_text] == []
    draft = _load_incident(session, draft_id)
    remaining = contents.content_of(draft)
    assert (remaining.narrative, remaining.actor_text) == ("", "")
    assert remaining.outlets == ("Gagny Libre",)
    assert draft.summary == a_case().summary
    assert draft.term_label == ""
    assert [note.text for note in session.scalars(select(Note))] == ["appeler la mairie"]
    assert case_key_name(draft_id) not in inbox.store.names()
    _check_consistency(session, inbox)
    with inbox.pen(AT + timedelta(days=91)) as p:
        acts.purge(p, inbox.store, undecided_after=24)
    stored_text = _stored_text(session, inbox)
    assert [passage for passage in PASSAGES if passage in stored_text] == []
    assert session.get_one(Report, key).sealed is None
    _check_consistency(session, inbox)


def test_words_of_a_former_version_are_removed_and_the_present_version_stays(session, inbox):
    key, draft_id = _make_copied_draft(inbox)
    with inbox.pen() as p:
        cases.edit(p, draft_id, a_case(), by=inbox.cast.bruno, reason="récrit")
    _withdraw(inbox, key)
    first, second = session.scalars(select(Revision).order_by(Revision.id)).all()
    assert (first.content, first.salt, first.html, first.reason) == (None,) * 4
    assert second.content is not None
    stored_text = _stored_text(session, inbox)
    assert [passage for passage in PASSAGES if passage in stored_text] == []
    _check_consistency(session, inbox)


def test_the_line_of_a_lost_report_names_its_day_and_the_destroyed_versions(session, inbox):
    key, draft_id = _make_copied_draft(inbox)
    _withdraw(inbox, key)
    session.rollback()
    line = session.scalars(
        select(JournalEntry).where(JournalEntry.act == Act.SOURCE_WITHDRAWN)
    ).one()
    assert (line.ledger, line.member_id, line.incident_id) == (Ledger.REPORTS, None, draft_id)
    assert json.loads(line.public_json)["at"] == "2026-03-02"
    private = json.loads(line.private_json)
    assert private["destroyed"] == [session.scalars(select(Revision.id)).one()]
    # No line links a draft with its report.
    assert key not in line.private_json.decode()


def test_nothing_can_be_approved_or_published_until_a_version_is_attested(session, inbox, cast):
    key, draft_id = _make_copied_draft(inbox)
    _approve(inbox, draft_id)
    _withdraw(inbox, key)
    viewer = session.get_one(Member, cast.bruno)
    file = member_view.load_desk_case(session, viewer, draft_id)
    assert file.report_withdrawn
    assert file.approvers("publish") == frozenset()
    # The remaining fields are shown, although the last snapshot is destroyed.
    assert file.snapshot.content["summary"] == a_case().summary
    with pytest.raises(Incomplete) as incomplete:
        _publish(inbox, draft_id)
    assert "report_withdrawn" in [line.code for line in incomplete.value.values["lines"]]
    with pytest.raises(Refused) as refused, inbox.pen() as p:
        cases.approve(p, draft_id, by=cast.ada)
    assert refused.value.key == "report_withdrawn"
    with pytest.raises(Invalid) as invalid, inbox.pen() as p:
        cases.edit(p, draft_id, a_case(), by=cast.bruno, reason="récrit")
    assert (invalid.value.key, invalid.value.values["field"]) == (
        "report_withdrawn",
        "without_report",
    )
    with inbox.pen() as p:
        cases.edit(p, draft_id, a_case(), by=cast.bruno, reason="récrit", without_report=True)
    _check_consistency(session, inbox)
    with inbox.pen() as p:
        cases.approve(p, draft_id, by=cast.chloe)
    _publish(inbox, draft_id)
    assert _load_incident(session, draft_id).number == 1
    _check_consistency(session, inbox)


def test_a_draft_that_needs_two_members_needs_a_new_approval(session, inbox, cast):
    report = inbox.received()
    with inbox.pen() as p:
        draft_id = acts.accept(
            p, inbox.store, report.key, by=cast.bruno, reason="r", new=a_case(justice=True)
        )
    _approve(inbox, draft_id)
    _withdraw(inbox, report.key)
    # Nothing was copied: the version stays, and its approval is void.
    assert _load_incident(session, draft_id).revision_id is not None
    content = a_case(justice=True)
    with inbox.pen() as p:
        cases.edit(p, draft_id, content, by=cast.bruno, reason="r", without_report=True)
    with pytest.raises(Incomplete) as incomplete:
        _publish(inbox, draft_id)
    assert [line.code for line in incomplete.value.values["lines"]] == ["second"]


def test_a_draft_that_lost_its_report_can_be_discarded(session, inbox, cast):
    key, draft_id = _make_copied_draft(inbox)
    _withdraw(inbox, key)
    with inbox.pen() as p:
        cases.discard(p, draft_id, by=cast.bruno)
    _check_consistency(session, inbox)


def test_the_words_are_removed_from_a_merged_draft_too(session, inbox, desk, cast):
    other = desk.published()
    key, draft_id = _make_copied_draft(inbox)
    with inbox.pen() as p:
        cases.merge(p, draft_id, into=other.number, by=cast.bruno, reason="même affaire")
    _withdraw(inbox, key)
    stored_text = _stored_text(session, inbox)
    assert [passage for passage in PASSAGES if passage in stored_text] == []
    _check_consistency(session, inbox)


def test_text_written_after_the_report_is_removed_from_the_draft_too(session, inbox, cast):
    later = "Depuis, la police municipale passe chaque soir devant ma porte."
    when = "le soir où le conseil a voté le budget"
    key, draft_id = _make_copied_draft(inbox, when=when)
    with inbox.pen() as p:
        acts.add(p, inbox.store, key, MessageKind.ADDITION, later, nonce())
        acts.add(p, inbox.store, key, MessageKind.ANSWER, "Oui.", nonce())
        edited = a_case(
            narrative=f"L’auteur ajoute : {later}",
            precision_note=f"C’était {when}.",
            summary="Est-ce vrai ? Oui.",
        )
        cases.edit(p, draft_id, edited, by=cast.bruno, reason="complété")
    assert later in _stored_text(session, inbox)
    _withdraw(inbox, key)
    stored_text = _stored_text(session, inbox)
    assert [words for words in (later, when) if words in stored_text] == []
    # Short common words are not removed.
    assert _load_incident(session, draft_id).summary == "Est-ce vrai ? Oui."
    _check_consistency(session, inbox)


@pytest.mark.parametrize("merged", [False, True], ids=["joined", "merged"])
def test_pending_changes_of_a_public_case_are_removed(session, inbox, desk, cast, merged):
    """Otherwise the words, proposed for a public case, could be approved later."""
    other = desk.published(justice=True)
    report = inbox.accepted(into=None if merged else other.id)
    if merged:
        draft = queries.get_report(session, inbox.store, report.key).case.id
        with inbox.pen() as p:
            cases.merge(p, draft, into=other.number, by=cast.bruno, reason="même affaire")
    signature = {"by": cast.bruno, "reason": "r"}
    with inbox.pen() as p:
        cases.follow_up(p, other.id, title="Suite", text=f"Selon l’auteur : {WORDS}", **signature)
        cases.follow_up(
            p, other.id, title="Suite", text="Le conseil en parle en juin.", **signature
        )
        corrected = a_case(justice=True, narrative=f"Selon l’auteur : {WORDS}")
        cases.correct(p, other.id, corrected, public_note="Récit complété.", **signature)
    with inbox.pen() as p:
        assert acts.withdraw(p, inbox.store, report.key, nonce()) is merged
    session.rollback()
    (remaining,) = session.scalars(select(PendingChange)).all()
    assert "juin" in remaining.payload.decode()
    assert not _load_incident(session, other.id).report_withdrawn
    _check_consistency(session, inbox)


def test_text_written_while_a_case_was_withdrawn_is_treated_as_a_draft(session, inbox, desk, cast):
    """Otherwise the words, copied into a withdrawn case, would return with its restoration."""
    case = desk.withdrawn()
    report = inbox.accepted(into=case.id)
    with inbox.pen() as p:
        edited = a_case(narrative=f"Selon l’auteur : {WORDS}")
        cases.edit(p, case.id, edited, by=cast.bruno, reason="complété")
    with inbox.pen() as p:
        assert not acts.withdraw(p, inbox.store, report.key, nonce())
    assert contents.content_of(_load_incident(session, case.id)).narrative == ""
    texts = [text for text in session.scalars(select(Revision.content)) if text is not None]
    assert not any(WORDS.encode() in text for text in texts)
    _check_consistency(session, inbox)
    restoration = {
        "by": cast.bruno,
        "reason": "r",
        "attested": ATTESTATIONS,
        "public_note": "Revu.",
    }
    with pytest.raises(Incomplete) as refused, inbox.pen() as p:
        cases.restore(p, case.id, **restoration)
    assert [line.code for line in refused.value.values["lines"]] == ["report_withdrawn"]
    with inbox.pen() as p:
        cases.edit(p, case.id, a_case(), by=cast.bruno, reason="sans lui", without_report=True)
    with inbox.pen() as p:
        cases.restore(p, case.id, **restoration)
    _check_consistency(session, inbox)


def test_words_are_removed_from_all_former_versions_of_a_withdrawn_case(session, inbox, desk, cast):
    case = desk.withdrawn()
    report = inbox.accepted(into=case.id)
    for narrative in (f"Selon l’auteur : {WORDS}", "Selon le blog, le maire a refusé."):
        with inbox.pen() as p:
            cases.edit(p, case.id, a_case(narrative=narrative), by=cast.bruno, reason="r")
    with inbox.pen() as p:
        assert not acts.withdraw(p, inbox.store, report.key, nonce())
    remaining = contents.content_of(_load_incident(session, case.id))
    assert remaining.narrative == "Selon le blog, le maire a refusé."
    texts = [text for text in session.scalars(select(Revision.content)) if text is not None]
    assert not any(WORDS.encode() in text for text in texts)
    _check_consistency(session, inbox)


def test_the_withdrawal_of_one_of_two_reports_leaves_the_other_copy_and_the_key(
    session, inbox, cast
):
    key, draft_id = _make_copied_draft(inbox)
    other = inbox.received(account="Je l’ai vu aussi, depuis le balcon d’en face.")
    with inbox.pen() as p:
        acts.accept(p, inbox.store, other.key, by=cast.bruno, reason="", into=draft_id)
    _withdraw(inbox, key)
    session.rollback()
    (retained,) = queries.retained_reports(session, inbox.store, draft_id)
    assert retained.account.startswith("Je l’ai vu aussi")
    _check_consistency(session, inbox)


def test_the_search_of_drafts_no_longer_finds_the_words(session, inbox, cast):
    key, draft_id = _make_copied_draft(inbox)
    viewer, words = session.get_one(Member, cast.bruno), current_vocabulary(session)

    def ids(text: str) -> frozenset[int]:
        session.rollback()
        return draft_search.find_drafts(session, viewer, query_parser.parse(text), words).ids

    assert ids("caméra") == {draft_id}
    _withdraw(inbox, key)
    assert ids("caméra") == frozenset()
    cache = draft_search._caches[session.get_bind().engine]
    assert "camera" not in repr(cache.documents)


def test_a_place_in_words_is_removed_from_label_and_title(session, inbox, cast):
    report = inbox.received(place="derrière le marché", place_code="")
    content = a_case(
        commune="",
        place_label="Derrière le marché",
        title="Interdiction de filmer, derrière le marché, mars 2026",
    )
    with inbox.pen() as p:
        draft_id = acts.accept(p, inbox.store, report.key, by=cast.bruno, reason="r", new=content)
    _withdraw(inbox, report.key)
    draft = _load_incident(session, draft_id)
    assert (draft.title, draft.place_label) == ("", "")
    _check_consistency(session, inbox)


def test_codes_dates_and_addresses_stay_whatever_was_reported(session, inbox, cast):
    link = a_case().sources[0].url
    report = inbox.received(
        account=f"Voir {link} pour la suite de cette affaire", actor_text="maire"
    )
    with inbox.pen() as p:
        draft_id = acts.accept(p, inbox.store, report.key, by=cast.bruno, reason="r", new=a_case())
    _withdraw(inbox, report.key)
    assert contents.content_of(_load_incident(session, draft_id)) == a_case()


def test_the_withdrawal_of_a_report_of_a_public_case_changes_no_text(session, inbox, desk):
    case = desk.published(narrative=f"Selon l’auteur : {WORDS}")
    report = inbox.accepted(into=case.id)
    with inbox.pen() as p:
        assert not acts.withdraw(p, inbox.store, report.key, nonce())
    assert not _load_incident(session, case.id).report_withdrawn
    with pytest.raises(Refused), inbox.pen() as p:
        cases.withdraw_report(p, case.id, [WORDS])
    session.rollback()
    assert session.scalars(select(Message)).one()
    past = revisions.case_at_revision(
        session,
        session.get_one(Member, inbox.cast.bruno),
        case.id,
        _load_incident(session, case.id).revision_id,
    )
    assert replace(past.content).narrative.endswith(WORDS)


def test_typed_answers_are_removed_from_the_draft_and_short_ones_stay(session, inbox):
    asked = "le contrat passé avec l’agence de ma belle-sœur pour le bulletin de mars"
    answers = (("document_autorite", "Mairie de Gagny"), ("document_objet", asked))
    report = inbox.received(answers=answers)
    content = a_case(request=RequestContent(asked=asked, asked_of="Mairie de Gagny"))
    with inbox.pen() as p:
        draft_id = acts.accept(
            p, inbox.store, report.key, by=inbox.cast.bruno, reason="lu", new=content
        )
    assert "belle-sœur" in _stored_text(session, inbox)
    _withdraw(inbox, report.key)
    assert "belle-sœur" not in _stored_text(session, inbox)
    remaining = contents.content_of(_load_incident(session, draft_id)).request
    assert (remaining.asked, remaining.asked_of) == ("", "Mairie de Gagny")
    _check_consistency(session, inbox)
