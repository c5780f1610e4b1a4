"""Opening a register: tables, ledgers, seal key, vocabularies, territory; each may be repeated."""

from __future__ import annotations

import hmac
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register import encryption
from register.accounts import acts as accounts
from register.accounts import invitations
from register.cases import vocabulary
from register.config import Settings
from register.db import housekeeping, now
from register.errors import SealError
from register.journal import Act, Ledger, head, open_ledgers, writing
from register.operations import schema
from register.operations.models import Identity
from register.report_keys import KeyStore, url_in
from register.reports.models import Report
from register.territory import loader
from register.text.dates import paris_day

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Opened:
    """What ``init`` found or made."""

    made: bool
    seal_path: Path


def init(settings: Settings, engine: Engine, progress: Progress | None = None) -> Opened:
    """Make a register, or bring one that is there in line with this code's data.

    The seal key and the root key are made with the identity and never again: a second root would
    open nothing of what the first has closed.

    :raises SchemaError: ``schema_other`` for tables of another version.
    """
    if schema.present(engine):
        # Tables of another version are upgrade's business, which copies them first.
        schema.require(engine)
    else:
        schema.migrate(engine)
    refresh(engine, progress)
    with housekeeping(engine) as session:
        open_ledgers(session)
        known = identity(session)
        made = known is None
        if known is None:
            path = _identified(settings, session)
        else:
            path = encryption.folder(settings.seal_dir, known.instance_id) / encryption.NAME
    make_key_store(settings, engine)
    # Asked each time: an opening that was cut short is finished by the next one.
    with writing(engine) as pen:
        if head(pen.session, Ledger.PUBLIC).seq == 0:
            pen.record(Act.OPENED, by=None)
    return Opened(made, path)


def _identified(settings: Settings, session: Session) -> Path:
    instance_id, root = str(uuid.uuid4()), secrets.token_bytes(32)
    where = encryption.folder(settings.seal_dir, instance_id)
    path, key = encryption.make(where)
    store = KeyStore(settings.key_store_url or url_in(where), key, instance_id, where)
    try:
        store.make_store(root)
    except SealError:
        # It has wrapped nothing: the next try makes another.
        path.unlink()
        raise
    finally:
        store.close()
    session.add(
        Identity(
            id=1,
            instance_id=instance_id,
            tag_authority=settings.host,
            tag_date=paris_day(now()),
            seal_check=encryption.check_value(root, instance_id),
        )
    )
    return path


def refresh(engine: Engine, progress: Progress | None = None) -> None:
    """Load vocabularies and territory when this code brings newer ones."""
    with housekeeping(engine) as session:
        vocabulary.load(session, now())
        loader.load(session, at=now(), progress=progress)


def first_invitation(engine: Engine) -> tuple[str, datetime] | None:
    """An invitation for the first administrator: its token, and until when it opens an account.

    A new one each time, in the place of the one before, so that a lost link can be had again;
    None once there is an account, which invites the others.
    """
    with Session(engine) as session:
        if accounts.everyone(session):
            return None
    with writing(engine) as pen:
        return invitations.first(pen), pen.at + invitations.LASTS


def identity(session: Session) -> Identity | None:
    """Which register this is; None before ``init``."""
    return session.scalars(select(Identity)).first()


def require_seal(settings: Settings, session: Session) -> None:
    """Let a register pass whose seal key and key store are there and its own.

    :raises SealError: missing, foreign, or no ``init`` yet.
    """
    store = key_store(settings, session)
    try:
        store.require()
        require_root(store, session)
    finally:
        store.close()


def remove_secret(settings: Settings) -> bool:
    """Remove the key that former versions kept in the data folder; whether there was one."""
    path = settings.instance / "secret_key"
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


def require_root(store: KeyStore, session: Session) -> None:
    """Let a key store pass that holds the root key of this database.

    :raises SealError: ``seal_foreign``, or as :attr:`KeyStore.root`.
    """
    known = identity(session)
    if known is None:
        raise SealError("not_initialised")
    found = encryption.check_value(store.root, known.instance_id)
    if not hmac.compare_digest(found, known.seal_check):
        raise SealError("seal_foreign", path=store.where)


def key_store(settings: Settings, session: Session, *, reads_only: bool = False) -> KeyStore:
    """The key store, with the seal key that stands here; nothing of it is opened yet.

    :param reads_only: for a look that writes nothing.
    :raises SealError: the seal key is missing or cannot be read, or no ``init`` yet.
    """
    known = identity(session)
    if known is None:
        raise SealError("not_initialised")
    where = encryption.folder(settings.seal_dir, known.instance_id)
    key = encryption.load(where)
    return KeyStore(
        settings.key_store_url or url_in(where),
        key,
        known.instance_id,
        where,
        reads_only=reads_only,
    )


def _is_root(settings: Settings, session: Session) -> bool:
    """Whether the seal key is the root key, as in registers from before there were root keys."""
    known = identity(session)
    if known is None:
        return False
    key = encryption.load(encryption.folder(settings.seal_dir, known.instance_id))
    return hmac.compare_digest(encryption.check_value(key, known.instance_id), known.seal_check)


def make_key_store(settings: Settings, engine: Engine) -> None:
    """Make the key store of a register that has none, and no report that would need one.

    A store from before there were root keys gets one: the seal key, by which all was made till
    then.

    :raises SealError: ``keystore_missing`` where reports are closed with keys that are not there,
        or the root was in it: another store in its place would make them unreadable for good.
    """
    with Session(engine) as session:
        store = key_store(settings, session)
        sealed = select(Report.key).where(Report.sealed.is_not(None)).limit(1)
        in_use = session.scalar(sealed) is not None or not _is_root(settings, session)
    try:
        store.make_store(anew=not in_use)
        with Session(engine) as session:
            require_root(store, session)
    finally:
        store.close()
