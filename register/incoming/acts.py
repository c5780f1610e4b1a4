"""Acts on what is sent online about a case: receive, read, destroy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from register.accounts.vouching import load_acting_member
from register.cases import acts as cases
from register.cases.models import Incident
from register.db import empty_log
from register.errors import NotFound, Refused
from register.evidence.sealed_files import FileManifest
from register.incoming import content, queries, retention
from register.incoming.content import NoticeContent, ReplyContent
from register.incoming.models import Incoming, IncomingFile, IncomingKind
from register.journal import Act, WriteTransaction, writing
from register.key_store import KeyStore
from register.post import acts as post
from register.reports import receipt_codes
from register.reports.report_files import sealed_rows
from register.text.dates import paris_day

# Undecided online replies of one case. Each act on a case loads all its replies, so that their
# number must have an end; it is more than one source may send in a day.
WAITING_LIMIT = 100


@dataclass(frozen=True)
class Receipt:
    """The key and code of what was received; ``is_other``: with another content, before."""

    key: str
    code: str
    is_other: bool = False


def find_received(
    session: Session, store: KeyStore, sent: ReplyContent | NoticeContent, nonce: str
) -> Receipt | None:
    """What was received before with a form's nonce; None if nothing was. It only reads.

    :raises Invalid: ``report_nonce``.
    """
    code, receipt = receipt_codes.derive_receipt(store, nonce)
    existing = session.scalar(select(Incoming).where(Incoming.receipt == receipt))
    if existing is None:
        return None
    data_key = content.data_key(store, existing)
    if data_key is None:
        return Receipt(existing.key, code)
    before = content.unseal_fields(data_key, existing.key, existing.sealed_content)
    return Receipt(existing.key, code, is_other=before["digest"] != content.digest(sent))


def receive(
    tx: WriteTransaction,
    store: KeyStore,
    number: int,
    sent: ReplyContent,
    nonce: str,
    *,
    language: str = "fr",
    files: Sequence[FileManifest] = (),
) -> Receipt:
    """Receive a right of reply to a public case: the reply itself, and what is sealed beside it.

    The same form sent again gives the receipt of the first.

    :param number: of the case.
    :param files: documents, whose blobs are all stored.
    :raises NotFound: ``no_such_case``.
    :raises Refused: the case is not public; ``evidence_again``; ``replies_waiting`` when
        :data:`WAITING_LIMIT` of the case wait for a decision.
    """
    sent = replace(sent, files=tuple(file.sha256 for file in files))
    existing = find_received(tx.session, store, sent, nonce)
    if existing is not None:
        return existing
    incident_id = tx.session.scalar(select(Incident.id).where(Incident.number == number))
    if incident_id is None:
        raise NotFound("no_such_case")
    if queries.count_waiting(tx.session, incident_id) >= WAITING_LIMIT:
        raise Refused("replies_waiting", limit=WAITING_LIMIT)
    reply = cases.receive_reply(
        tx,
        incident_id,
        by=None,
        author=sent.author,
        capacity=sent.capacity,
        text=sent.text,
        received_on=paris_day(tx.at),
    )
    row, data_key, code = add_row(tx, store, nonce, incident_id, sent, language, reply.id)
    for position, file in enumerate(sealed_rows(tx.session, data_key, files), start=1):
        tx.session.add(IncomingFile(**file, incoming_key=row.key, position=position))
    tx.session.flush()
    return Receipt(row.key, code)


def add_row(
    tx: WriteTransaction,
    store: KeyStore,
    nonce: str,
    incident_id: int,
    sent: ReplyContent | NoticeContent,
    language: str,
    reply_id: int | None = None,
) -> tuple[Incoming, bytes, str]:
    """Add the row of what is received; with its data key, and the code for its author."""
    code, receipt = receipt_codes.derive_receipt(store, nonce)
    key = receipt_codes.new_key()
    data_key = store.new_key(content.key_name(key))
    row = Incoming(
        key=key,
        kind=IncomingKind.REPLY if isinstance(sent, ReplyContent) else IncomingKind.NOTICE,
        receipt=receipt,
        incident_id=incident_id,
        reply_id=reply_id,
        day=paris_day(tx.at),
        sealed_content=content.seal(data_key, key, sent, language),
    )
    tx.session.add(row)
    tx.session.flush()
    return row, data_key, code


def read(tx: WriteTransaction, key: str, *, by: int) -> None:
    """Record that a member read what was sealed; only the first reading is recorded."""
    member = load_acting_member(tx, by)
    row = tx.load(Incoming, key)
    if row.read_on is None:
        row.read_on = paris_day(tx.at)
        _record(tx, Act.INCOMING_READ, row, member.id)


def purge(tx: WriteTransaction, *, only_erased: bool = False) -> int:
    """Destroy the sealed parts that are due, and delete the rows of old ones; how many.

    Their keys are destroyed after the commit, by :func:`run_retention`.
    """
    today = paris_day(tx.at)
    due = tx.session.scalars(retention.due_statement(today, only_erased=only_erased)).all()
    for row in due:
        _destroy_content(tx, row)
    old = () if only_erased else tx.session.scalars(retention.old_statement(today)).all()
    for row in old:
        _record(tx, Act.INCOMING_PURGED, row, None)
        for review in queries.review_rows(tx.session, row.key):
            tx.session.delete(review)
        tx.session.flush()
        tx.session.delete(row)
    tx.session.flush()
    return len(due) + len(old)


def purge_again(tx: WriteTransaction, key: str) -> bool:
    """Destroy a sealed part again after a restore; False where that is done."""
    row = tx.session.get(Incoming, key)
    if row is None or row.sealed_content is None:
        return False
    _destroy_content(tx, row)
    return True


def run_retention(
    engine: Engine, store: KeyStore, at: datetime, *, only_erased: bool = False
) -> int:
    """Do what is due, and destroy the keys with which nothing is encrypted any more; how much.

    :param only_erased: do what depends on no clock.
    """
    done, may_have_more = 0, True
    while may_have_more:
        with writing(engine, at) as tx:
            batch = purge(tx, only_erased=only_erased)
        done += batch
        may_have_more = batch >= retention.BATCH_SIZE
    with Session(engine) as session:
        keys = session.scalars(select(Incoming.key).where(Incoming.sealed_content.is_(None)))
        unused = store.names() & {content.key_name(key) for key in keys}
    if done:
        empty_log(engine)
    if unused:
        store.destroy(sorted(unused))
        store.empty_log()
    return done


def _destroy_content(tx: WriteTransaction, row: Incoming) -> None:
    row.sealed_content, row.purged_on = None, paris_day(tx.at)
    for review in queries.review_rows(tx.session, row.key):
        review.sealed_texts = None
        if review.clock.closed_on is None:
            post.close_row(tx, review.clock, by=None)
    # The worker deletes the files that nothing refers to any more.
    tx.session.execute(delete(IncomingFile).where(IncomingFile.incoming_key == row.key))
    _record(tx, Act.INCOMING_PURGED, row, None)


def _record(tx: WriteTransaction, act: Act, row: Incoming, by: int | None) -> None:
    number = tx.session.scalar(select(Incident.number).where(Incident.id == row.incident_id))
    details = {"incoming": row.key, "reply": row.reply_id, "kind": row.kind}
    tx.record(act, by=by, incident=row.incident_id, case=number, details=details)
