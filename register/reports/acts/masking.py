"""Internal notes on a report; masking of a passage and destruction of a file, both for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, NamedTuple, cast

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from register.accounts.vouching import load_acting_member
from register.cases.acts.evidence import REMOVAL_REASONS, remove_sent_file
from register.cases.case_evidence import case_key_name
from register.db import empty_log
from register.errors import Invalid, NotFound
from register.evidence.sealed_files import open_manifest, seal_manifest
from register.journal import Act, WriteTransaction
from register.journal.models import new_salt
from register.key_store import KeyStore
from register.reports import receipt_codes, report_content
from register.reports.acts import transitions
from register.reports.acts.moderation import load_for_member
from register.reports.models import (
    DestroyedFile,
    Message,
    Report,
    ReportEvidence,
    ReportNote,
    RetainedReport,
)
from register.reports.queries import ReportView, get_report
from register.reports.questions import typed_answers
from register.reports.report_content import Received, ReportContent
from register.text.dates import paris_day
from register.text.passage_removal import PassageRemoval

# What stands in the place of a masked passage.
MASK = "[passage masqué]"
MASK_REASONS = ("personne_privee", "coordonnees", "vie_privee", "securite")
PASSAGE_LIMIT = 2_000
_MIN_PASSAGE = 2
_CONTEXT_LENGTH = 60  # characters shown on either side of a passage
# Fields of a content with words of the reporter; codes name nobody.
_TEXT_FIELDS = ("account", "place", "when", "actor_text", "target_text")


class StoredNote(NamedTuple):
    """A decrypted note of a member."""

    day: date
    by: int
    text: str


def get_notes(session: Session, store: KeyStore, key: str) -> list[StoredNote]:
    """The internal notes on a report, for members; never for its author."""
    stmt = select(ReportNote).where(ReportNote.report_key == key).order_by(ReportNote.position)
    rows = session.scalars(stmt).all()
    data_key = store.key(key) if rows else None
    if data_key is None:
        return []
    return [
        StoredNote(row.day, *report_content.decrypt_note(data_key, row.key, row.sealed))
        for row in rows
    ]


def note(tx: WriteTransaction, store: KeyStore, key: str, text: str, *, by: int) -> None:
    """Write an internal note; any member may, also where another holds the report."""
    load_acting_member(tx, by)
    report = transitions.load_report(tx, key)
    data_key = transitions.require_data_key(store, report)
    body, note_key = transitions.require_text(text), receipt_codes.new_key()
    count_stmt = select(func.count()).where(ReportNote.report_key == key)
    tx.session.add(
        ReportNote(
            key=note_key,
            report_key=key,
            position=(tx.session.scalar(count_stmt) or 0) + 1,
            day=paris_day(tx.at),
            sealed=report_content.encrypt_note(data_key, note_key, by, body),
        )
    )
    transitions.record(tx, Act.REPORT_NOTED, key, by)


@dataclass(frozen=True)
class Occurrence:
    """A passage where it stands: the code of the text, and the words around it."""

    place: str
    before: str
    passage: str
    after: str


def occurrences(
    report_view: ReportView, notes: Sequence[StoredNote], passage: str
) -> list[Occurrence]:
    """Where a passage stands in the texts that :func:`mask` changes.

    :raises Invalid: as :func:`mask`.
    """
    removal = _passage_removal(passage)
    sent = report_view.summary.sent
    texts = [
        *(_content_texts(sent) if sent else ()),
        *((message.kind.value, message.text) for message in report_view.messages),
        *(("note", stored.text) for stored in notes),
        ("decision", report_view.decision.sentence),
        ("term", report_view.term_label),
    ]
    matches = [
        Occurrence(
            place,
            text[max(start - _CONTEXT_LENGTH, 0) : start],
            text[start:end],
            text[end : end + _CONTEXT_LENGTH],
        )
        for place, text in texts
        for start, end in removal.spans(text)
    ]
    if not matches:
        raise Invalid("passage_absent", field="passage")
    return matches


def mask(
    tx: WriteTransaction, store: KeyStore, key: str, passage: str, reason: str, *, by: int
) -> None:
    """Destroy a passage in the texts of a report and in the copy that its case retains.

    The digest of the receipt stays, so that the reporter's file still verifies.

    :raises Invalid: ``missing``, ``too_long``, ``passage_short`` or ``passage_absent`` for the
        passage; ``unknown_code`` for the reason.
    """
    report = load_for_member(tx, key, by)
    data_key = transitions.require_data_key(store, report)
    if reason not in MASK_REASONS:
        raise Invalid("unknown_code", field="reason", value=reason[:40])
    report_view, notes = get_report(tx.session, store, key), get_notes(tx.session, store, key)
    # Refuses a passage that stands nowhere.
    occurrences(report_view, notes, passage)
    removal = _passage_removal(passage)
    _mask_content(tx, store, report, data_key, removal)
    _mask_rows(tx, key, data_key, removal)
    _mask_columns(report, data_key, removal)
    _empty_log_after_commit(tx)
    transitions.record(tx, Act.REPORT_MASKED, key, by, reason=reason)


def destroy_file(
    tx: WriteTransaction, store: KeyStore, key: str, file_key: str, reason: str, *, by: int
) -> None:
    """Destroy a file of a report, also in its case with the copies made of it; again, nothing.

    Its key goes with its rows, the worker deletes its blobs. Its digest stays in the content, which
    the reporter's receipt proves.

    :param reason: one of :data:`REMOVAL_REASONS`.
    :raises NotFound: ``no_sent_file``.
    :raises Refused: ``copy_in_document`` while the text of a case shows a copy of it.
    """
    report = load_for_member(tx, key, by)
    data_key = transitions.require_data_key(store, report)
    if reason not in REMOVAL_REASONS:
        raise Invalid("unknown_code", field="reason", value=reason[:40])
    if tx.session.get(DestroyedFile, file_key) is not None:
        return
    row = tx.session.get(ReportEvidence, file_key)
    if row is None or row.report_key != key:
        raise NotFound("no_sent_file")
    remove_sent_file(tx, store, row.file_id, reason, by=by)
    destroy_row(tx, data_key, row, reason)
    transitions.record(tx, Act.REPORT_FILE_REMOVED, key, by, file=file_key, why=reason)


def destroy_row(tx: WriteTransaction, data_key: bytes, row: ReportEvidence, reason: str) -> None:
    """Delete the row of a file, and leave what its author reads of it."""
    file = replace(open_manifest(data_key, row.sealed, row.key), file_id="", key=b"", name="")
    tx.session.add(
        DestroyedFile(
            key=row.key,
            report_key=row.report_key,
            day=paris_day(tx.at),
            reason=reason,
            sealed=seal_manifest(data_key, file, row.key),
        )
    )
    tx.session.delete(row)
    _empty_log_after_commit(tx)


def _empty_log_after_commit(tx: WriteTransaction) -> None:
    engine = cast(Engine, tx.session.get_bind())
    # SQLite overwrites freed pages, but the log holds the former ones until it is emptied.
    tx.after_commit(lambda: empty_log(engine))


def _passage_removal(passage: str) -> PassageRemoval:
    words = transitions.require_text(passage, PASSAGE_LIMIT, field="passage")
    if len(words) < _MIN_PASSAGE:
        raise Invalid("passage_short", field="passage", limit=_MIN_PASSAGE)
    return PassageRemoval([words], MASK)


def _content_texts(sent: ReportContent) -> Iterator[tuple[str, str]]:
    for name in _TEXT_FIELDS:
        yield name, getattr(sent, name)
    for link in sent.links:
        yield "links", link
    for _question, words in typed_answers(sent):
        yield "answers", words


def _mask_content(
    tx: WriteTransaction, store: KeyStore, report: Report, data_key: bytes, removal: PassageRemoval
) -> None:
    received = report_content.decrypt_content(data_key, report.key, report.sealed or b"")
    changes: dict[str, Any] = {
        name: removal.remove_from(getattr(received.sent, name)) for name in _TEXT_FIELDS
    }
    changes["links"] = tuple(removal.remove_from(link) for link in received.sent.links)
    typed = {key: removal.remove_from(words) for key, words in typed_answers(received.sent)}
    changes["answers"] = tuple(sorted({**dict(received.sent.answers), **typed}.items()))
    sent = replace(received.sent, **changes)
    if sent == received.sent:
        return
    # A new salt: with the former one, the passage could be guessed from the stored digest.
    masked = Received(sent, new_salt())
    for retained, case_key in retained_copies(tx, store, report, data_key):
        retained.sealed = report_content.encrypt_content(case_key, retained.key, masked)
    report.sealed = report_content.encrypt_content(data_key, report.key, masked)
    report.account_lookup = None
    report.masked_digest = report_content.content_digest(sent, report.day, masked.salt)


def retained_copies(
    tx: WriteTransaction, store: KeyStore, report: Report, data_key: bytes
) -> Iterator[tuple[RetainedReport, bytes]]:
    """The copies of a report that its case retains, each with the key of the case."""
    incident = report_content.decrypt_decision(data_key, report.key, report.decision).incident
    case_key = store.key(case_key_name(incident)) if incident else None
    if case_key is None:
        return
    received = report_content.decrypt_content(data_key, report.key, report.sealed or b"")
    stmt = select(RetainedReport).where(RetainedReport.incident_id == incident)
    for retained in tx.session.scalars(stmt).all():
        # No column links a copy to its report: their contents are compared.
        if report_content.decrypt_content(case_key, retained.key, retained.sealed) == received:
            yield retained, case_key


def _mask_rows(tx: WriteTransaction, key: str, data_key: bytes, removal: PassageRemoval) -> None:
    """Mask the passage in messages and notes, which are a text with its kind or its member."""
    sealed_texts: tuple[tuple[Any, Any, Any], ...] = (
        (Message, report_content.decrypt_message, report_content.encrypt_message),
        (ReportNote, report_content.decrypt_note, report_content.encrypt_note),
    )
    for model, decrypt, encrypt in sealed_texts:
        for row in tx.session.scalars(select(model).where(model.report_key == key)):
            label, text = decrypt(data_key, row.key, row.sealed)
            row.sealed = encrypt(data_key, row.key, label, removal.remove_from(text))


def _mask_columns(report: Report, data_key: bytes, removal: PassageRemoval) -> None:
    """Mask the passage in the sentence of the decision and in the label of the term."""
    if report.decision is not None:
        decision = report_content.decrypt_decision(data_key, report.key, report.decision)
        masked = replace(decision, sentence=removal.remove_from(decision.sentence))
        report.decision = report_content.encrypt_decision(data_key, report.key, masked)
    label = report_content.decrypt_label(data_key, report.key, report.term_label)
    masked_label = removal.remove_from(label)
    report.term_label = report_content.encrypt_label(data_key, report.key, masked_label)
