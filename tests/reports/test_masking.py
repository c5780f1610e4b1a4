"""Internal notes on reports, and passages that are masked for good."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from case_contents import a_case
from cast import AT
from report_factory import nonce, report_row
from sqlalchemy import func, select

from register.cases.urgency import Urgency
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, JournalEntry, Ledger
from register.reports import acts, queries, receipt_codes, report_content
from register.reports.acts.masking import MASK, get_notes, occurrences
from register.reports.models import MessageKind, ReportNote, RetainedReport
from register.reports.verify import problems

pytestmark = pytest.mark.one_database

NAME = "Jeanne  Martin"
ACCOUNT = "Devant moi, JEANNE\nMartin a été bousculée. Jeanne Martinet et Jeanne sont parties."
MASKED = f"Devant moi, {MASK} a été bousculée. Jeanne Martinet et Jeanne sont parties."


def open_report(session, store, report):
    session.rollback()
    return queries.get_report(session, store, report.key)


def last_line(session):
    session.rollback()
    stmt = select(JournalEntry).where(JournalEntry.ledger == Ledger.DESK.value)
    return session.scalar(stmt.order_by(JournalEntry.seq.desc()).limit(1))


def test_a_note_is_read_by_members_and_destroyed_with_the_texts(inbox, session, store, pen, cast):
    report = inbox.held()
    with pen() as p:
        # Another member holds the report.
        acts.note(p, store, report.key, " À rappeler mardi. ", by=cast.chloe)
    with pen() as p:
        acts.note(p, store, report.key, "Fait.", by=cast.bruno)
    session.rollback()
    notes = get_notes(session, store, report.key)
    assert [(note.by, note.text) for note in notes] == [
        (cast.chloe, "À rappeler mardi."),
        (cast.bruno, "Fait."),
    ]
    line = last_line(session)
    assert (line.act, line.member_id) == (Act.REPORT_NOTED, cast.bruno)
    assert b"Fait" not in line.private_json + line.public_json
    assert "rappeler" not in repr(open_report(session, store, report))
    with pen() as p:
        acts.spam(p, report.key, by=cast.bruno)
    with pen(AT + timedelta(days=7)) as p:
        acts.purge(p, store, undecided_after=24)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(ReportNote)) == 0
    assert get_notes(session, store, report.key) == []
    with pytest.raises(Refused, match="report_purged"), pen() as p:
        acts.note(p, store, report.key, "Trop tard.", by=cast.bruno)
    assert list(problems(session)) == []


def test_only_members_write_notes(inbox, store, pen, cast):
    report = inbox.received()
    for text, by, error in (("", cast.bruno, Invalid), ("Un mot.", cast.driss, Refused)):
        with pytest.raises(error), pen() as p:
            acts.note(p, store, report.key, text, by=by)
    with pytest.raises(NotFound), pen() as p:
        acts.note(p, store, "0" * 32, "Un mot.", by=cast.bruno)


@pytest.fixture
def named(inbox, store, pen, cast):
    """An accepted report that names a person in its content, a message and a note."""
    report = inbox.received(
        account=ACCOUNT, actor_text="le maire", links=("https://exemple.test/Jeanne Martin",)
    )
    for kind, text in (
        (MessageKind.ADDITION, "jeanne martin a 17 ans."),
        (MessageKind.CORRECTION, "Rien d’autre."),
    ):
        with pen() as p:
            acts.add(p, store, report.key, kind, text, nonce())
    with pen() as p:
        acts.note(p, store, report.key, "Appeler Jeanne Martin ?", by=cast.bruno)
    with pen() as p:
        acts.accept(
            p,
            store,
            report.key,
            by=cast.bruno,
            reason="r",
            new=a_case(),
            sentence="Nous pensons à Jeanne Martin.",
        )
    return report


def test_a_passage_is_masked_in_every_text(named, session, store, pen, cast, settings):
    before = open_report(session, store, named)
    row = report_row(session, named.key)
    retained = session.scalars(select(RetainedReport)).one()
    old_sealed, old_digest, old_salt = row.sealed, row.digest, before.received.salt
    old_retained = retained.sealed
    whole = report_content.receipt_document(before.received, before.summary.day, "registre.test")
    places = occurrences(before, get_notes(session, store, named.key), NAME)
    assert [(place.place, place.passage) for place in places] == [
        ("account", "JEANNE\nMartin"),
        ("links", "https://exemple.test/Jeanne Martin"),
        ("addition", "jeanne martin"),
        ("note", "Jeanne Martin"),
        ("decision", "Jeanne Martin"),
    ]
    assert (places[0].before, places[0].after[:9]) == ("Devant moi, ", " a été bo")
    with pen() as p:
        acts.mask(p, store, named.key, NAME, "personne_privee", by=cast.bruno)
    after = open_report(session, store, named)
    sent = after.received.sent
    assert (sent.account, sent.actor_text) == (MASKED, "le maire")
    assert sent.links == (MASK,)
    assert [message.text for message in after.messages] == [f"{MASK} a 17 ans.", "Rien d’autre."]
    assert after.decision.sentence == f"Nous pensons à {MASK}."
    assert after.is_masked
    assert not before.is_masked
    (note,) = get_notes(session, store, named.key)
    assert note.text == f"Appeler {MASK} ?"
    assert queries.retained_reports(session, store, after.decision.incident) == [sent]
    line = last_line(session)
    private = json.loads(line.private_json)
    assert (line.act, private["reason"]) == (Act.REPORT_MASKED, "personne_privee")
    assert b"artin" not in line.private_json
    # The receipt of before is still the reporter's; its salt, with which the passage could be
    # guessed, is gone, and the former ciphertexts are in no file.
    assert report_row(session, named.key).digest == old_digest
    assert after.received.salt != old_salt
    assert receipt_codes.receipt_proof(session, whole)[:2] == (after.summary.day, "later")
    left = report_content.receipt_document(after.received, after.summary.day, "registre.test")
    assert receipt_codes.receipt_proof(session, left)[:2] == (after.summary.day, "before")
    assert list(problems(session)) == []
    session.rollback()
    if settings.database_url.startswith("sqlite"):
        path = Path(settings.database_url.removeprefix("sqlite:///"))
        stored = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
        assert old_sealed[:200] not in stored
        assert old_retained[:200] not in stored


def test_a_withdrawn_report_finds_its_masked_copy(inbox, named, session, store, pen, cast):
    with pen() as p:
        acts.mask(p, store, named.key, NAME, "securite", by=cast.chloe)
    with pen() as p:
        acts.withdraw(p, store, named.key, nonce())
    session.rollback()
    assert session.scalars(select(RetainedReport)).all() == []


def test_a_message_alone_is_masked_without_a_new_receipt(inbox, session, store, pen, cast):
    report = inbox.waiting()
    with pen() as p:
        acts.add(p, store, report.key, MessageKind.ANSWER, "Mon 0612345678.", nonce())
    row = report_row(session, report.key)
    sealed = row.sealed
    with pen() as p:
        acts.mask(p, store, report.key, "06 12 34 56 78", "coordonnees", by=cast.bruno)
    view = open_report(session, store, report)
    assert view.messages[-1].text == f"Mon {MASK}."
    assert (report_row(session, report.key).sealed, view.is_masked) == (sealed, False)


def test_an_undecided_report_and_the_label_of_its_term_are_masked(inbox, session, store, pen, cast):
    report = inbox.received(account="Un nom : Zoé.")
    with pen() as p:
        urgency = Urgency(True, date(2026, 3, 9), "audience de Zoé")
        acts.set_urgency(p, store, report.key, urgency, by=cast.bruno)
    with pen() as p:
        acts.mask(p, store, report.key, "Zoé", "personne_privee", by=cast.bruno)
    view = open_report(session, store, report)
    assert view.received.sent.account == f"Un nom : {MASK}."
    assert view.term_label == f"audience de {MASK}"


def test_a_declined_report_keeps_a_sentence_without_the_passage(inbox, session, store, pen, cast):
    report = inbox.declined(account="Un nom : Zoé.")
    with pen() as p:
        acts.mask(p, store, report.key, "Zoé.", "personne_privee", by=cast.bruno)
    assert open_report(session, store, report).received.sent.account == f"Un nom : {MASK}."


@pytest.mark.parametrize(
    ("passage", "reason", "key"),
    [
        ("", "securite", "missing"),
        ("é", "securite", "passage_short"),
        ("x" * 2_001, "securite", "too_long"),
        ("des mots absents", "securite", "passage_absent"),
        ("conseil", "parce que", "unknown_code"),
    ],
)
def test_an_invalid_mask_is_refused(inbox, store, pen, cast, passage, reason, key):
    report = inbox.received()
    with pytest.raises(Invalid, match=key), pen() as p:
        acts.mask(p, store, report.key, passage, reason, by=cast.bruno)


def test_masking_is_for_members_and_needs_texts(inbox, session, store, pen, cast):
    report = inbox.held()
    for by, error in ((cast.driss, Refused), (cast.chloe, Refused)):
        with pytest.raises(error), pen() as p:
            acts.mask(p, store, report.key, "conseil", "securite", by=by)
    purged = inbox.purged()
    with pytest.raises(Refused, match="report_purged"), pen() as p:
        acts.mask(p, store, purged.key, "conseil", "securite", by=cast.bruno)
    with pytest.raises(Invalid, match="passage_absent"):
        occurrences(open_report(session, store, purged), [], "conseil")


def test_only_the_copy_of_the_same_report_is_masked(inbox, desk, session, store, pen, cast):
    case = desk.draft()
    inbox.accepted(into=case.id, account="Zoé y était aussi.")
    report = inbox.accepted(into=case.id, account="Zoé a crié.")
    with pen() as p:
        acts.mask(p, store, report.key, "Zoé", "personne_privee", by=cast.bruno)
    session.rollback()
    accounts = {sent.account for sent in queries.retained_reports(session, store, case.id)}
    assert accounts == {"Zoé y était aussi.", f"{MASK} a crié."}


def test_a_passage_of_a_typed_answer_is_masked_and_a_code_is_left(inbox, session, store, pen, cast):
    answers = (
        ("danger_maintenant", "non"),
        ("seance_motif", "Jeanne Martin dérange, non ?"),
        ("question_d_avant", "Jeanne Martin"),
    )
    report = inbox.accepted(answers=answers)
    view = open_report(session, store, report)
    places = [one.place for one in occurrences(view, (), "jeanne martin")]
    assert places == ["answers", "answers"]
    document = report_content.receipt_document(view.received, view.summary.day, "r")
    with pen() as p:
        acts.mask(p, store, report.key, "jeanne martin", "personne_privee", by=cast.bruno)
    masked = open_report(session, store, report).received.sent
    assert dict(masked.answers) == {
        "danger_maintenant": "non",
        "seance_motif": f"{MASK} dérange, non ?",
        "question_d_avant": MASK,
    }
    # The copy of the case too, and the receipt from before is still recognised.
    (copy,) = queries.retained_reports(session, store, view.decision.incident)
    assert copy == masked
    assert receipt_codes.receipt_proof(session, document).masked == "later"
    with pytest.raises(Invalid, match="passage_absent"), pen() as p:
        acts.mask(p, store, report.key, "ne_sait_pas", "personne_privee", by=cast.bruno)
