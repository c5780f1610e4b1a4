"""Setup of a register: identity, tables, ledgers, keys, data sets, first invitation."""

from __future__ import annotations

import hmac
import secrets
import uuid
from contextlib import closing
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import Date, Engine, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from register import encryption
from register.accounts import acts as accounts
from register.accounts import one_use_links, sealed_address
from register.cases import case_codes, published_texts, vocabulary
from register.cases.persistence import refresh_checklists
from register.config import Settings
from register.db import Base, housekeeping, now
from register.errors import SealError
from register.evidence import blob_store
from register.evidence.sealed_files import NAMES_PURPOSE, SealedFiles
from register.journal import open_ledgers, writing
from register.key_store import KeyStore, default_url
from register.mail.outbox import KEY_PURPOSE, Outbox
from register.mail_urls import sender_domain
from register.operations import schema
from register.reports.models import Report
from register.text.dates import paris_day


class Identity(Base):
    """One row, fixed at ``init``: instance id, authority of its URIs (RFC 4151), seal check.

    The authority is a host, and the day one on which it was the register's.
    """

    __tablename__ = "identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    instance_id: Mapped[str] = mapped_column(String(36))
    tag_authority: Mapped[str] = mapped_column(String(253))
    tag_date: Mapped[date] = mapped_column(Date)
    seal_check: Mapped[str] = mapped_column(String(64))

    def uri(self, name: str) -> str:
        """The permanent ``tag:`` URI of a thing of this register.

        :param name: already percent-encoded.
        """
        return f"tag:{self.tag_authority},{self.tag_date.isoformat()}:{name}"


def init(settings: Settings, engine: Engine) -> tuple[bool, Path]:
    """Create a register, or load this code's data sets into an existing one.

    Seal key and root key are made with the identity and never again: a second root key could
    decrypt nothing of what the first has encrypted.

    :returns: whether the register is new, and the path of its seal key.
    :raises SchemaError: ``schema_other`` for tables of another version.
    """
    if schema.current_revision(engine):
        # Only ``upgrade`` migrates existing tables, after a copy.
        schema.require(engine)
    else:
        schema.migrate(engine)
    with housekeeping(engine) as session:
        open_ledgers(session)
        created = session.get(Identity, 1) is None
        if created:
            _create_identity(settings, session)
        key_folder = encryption.key_folder(settings.seal_dir, identity(session).instance_id)
    make_key_store(settings, engine)
    # Each time, which also completes an interrupted ``init``.
    refresh(engine)
    return created, key_folder / encryption.KEY_FILE


def _create_identity(settings: Settings, session: Session) -> None:
    """Create instance id, keys and key store."""
    instance_id, root = str(uuid.uuid4()), secrets.token_bytes(32)
    key_folder = encryption.key_folder(settings.seal_dir, instance_id)
    path, _key = encryption.make_key(key_folder)
    with closing(key_store_in(key_folder, instance_id, settings.key_store_url)) as store:
        try:
            store.make_store(root)
        except SealError:
            # The key has wrapped nothing, and the next try makes another.
            path.unlink()
            raise
    session.add(
        Identity(
            id=1,
            instance_id=instance_id,
            tag_authority=settings.host,
            tag_date=paris_day(now()),
            seal_check=encryption.check_value(root, instance_id),
        )
    )


def refresh(engine: Engine) -> None:
    """Load the vocabularies of this code; make again what follows from them and the territory.

    The register's first line, or a line on the texts that this version of the code changed.
    """
    with housekeeping(engine) as session:
        vocabulary.load_file(session, now())
        refresh_checklists(session)
        case_codes.refresh(session, now())
    with writing(engine) as tx:
        published_texts.seal(tx)


def first_invitation(engine: Engine) -> tuple[str, datetime] | None:
    """An invitation for the first administrator: its token, and the time of its expiry.

    Each call replaces the previous invitation, whose link may be lost. None when there is an
    account, which can invite others.
    """
    with Session(engine) as session:
        if accounts.all_members(session):
            return None
    with writing(engine) as tx:
        return one_use_links.invite_first_administrator(tx), tx.at + one_use_links.LIFETIME


def identity(session: Session) -> Identity:
    """The identity of the register.

    :raises SealError: ``not_initialised``.
    """
    existing = session.scalars(select(Identity)).first()
    if existing is None:
        raise SealError("not_initialised")
    return existing


def require_seal(settings: Settings, session: Session, *, reads_only: bool = False) -> None:
    """Require seal key and key store to exist and to be this register's.

    :param reads_only: write nothing.
    :raises SealError: missing, foreign, or no ``init`` yet.
    """
    with closing(key_store(settings, session, reads_only=reads_only)) as store:
        store.require()
        _require_root(store, identity(session))


def remove_secret(settings: Settings) -> bool:
    """Remove the key that former versions stored in the data folder; whether there was one."""
    path = settings.instance / "secret_key"
    existed = path.exists()
    path.unlink(missing_ok=True)
    return existed


def _require_root(store: KeyStore, existing: Identity) -> None:
    """Require a key store to contain the root key of this database.

    :raises SealError: ``seal_foreign``, or as :attr:`KeyStore.root`.
    """
    root_check = encryption.check_value(store.root, existing.instance_id)
    if not hmac.compare_digest(root_check, existing.seal_check):
        raise SealError("seal_foreign", path=store.where)


def key_store(settings: Settings, session: Session, *, reads_only: bool = False) -> KeyStore:
    """The key store with this machine's seal key, not yet connected.

    :param reads_only: write nothing.
    :raises SealError: the seal key is missing or cannot be read, or no ``init`` yet.
    """
    instance_id = identity(session).instance_id
    key_folder = encryption.key_folder(settings.seal_dir, instance_id)
    return key_store_in(key_folder, instance_id, settings.key_store_url, reads_only=reads_only)


def key_store_in(
    folder: Path, instance_id: str, url: str = "", *, reads_only: bool = False
) -> KeyStore:
    """The key store that is wrapped by the seal key of a folder, not yet connected.

    :param url: its own database; a file of the folder by default.
    :raises SealError: as :func:`encryption.load_key`.
    """
    seal_key = encryption.load_key(folder)
    return KeyStore(
        url or default_url(folder), seal_key, instance_id, folder, reads_only=reads_only
    )


def open_key_store(settings: Settings, engine: Engine) -> KeyStore:
    """The key store of the register in a database; raises as :func:`key_store`."""
    with Session(engine) as session:
        return key_store(settings, session)


def sealed_files(settings: Settings, store: KeyStore) -> SealedFiles:
    """The evidence files of the register; raises as :meth:`KeyStore.derived_key`."""
    blobs = blob_store.open_store(settings.evidence_url, settings.instance)
    return SealedFiles(blobs, store.derived_key(NAMES_PURPOSE))


def outbox(settings: Settings, store: KeyStore) -> Outbox:
    """The outbox of a register with a mail server; raises as :meth:`KeyStore.derived_key`."""
    return Outbox(store.derived_key(KEY_PURPOSE), sender_domain(settings.mail_from))


def use_address_key(settings: Settings, engine: Engine) -> None:
    """Have an engine read and write members' addresses with the key of its register."""

    def open_key() -> bytes:
        with closing(open_key_store(settings, engine)) as store:
            return store.derived_key(sealed_address.KEY_PURPOSE)

    sealed_address.use_address_key(engine, open_key)


def make_key_store(settings: Settings, engine: Engine) -> None:
    """Make the key store of a register that has none and needs none of its old keys.

    It then encrypts the addresses that a former version stored plain.

    A store of a former version gets the seal key as its root key, which had this role.

    :raises SealError: ``keystore_missing`` when the missing store contained the root key or the
        keys of reports, which a new store would make unreadable for ever.
    """
    with Session(engine) as session:
        existing, store = identity(session), key_store(settings, session)
        key = encryption.load_key(encryption.key_folder(settings.seal_dir, existing.instance_id))
        key_check = encryption.check_value(key, existing.instance_id)
        # In registers of former versions, the seal key is also the root key.
        is_root = hmac.compare_digest(key_check, existing.seal_check)
        sealed = select(Report.key).where(Report.sealed.is_not(None)).limit(1)
        in_use = not is_root or session.scalar(sealed) is not None
    with closing(store):
        store.make_store(create=not in_use)
        _require_root(store, existing)
        key = store.derived_key(sealed_address.KEY_PURPOSE)
        sealed_address.seal_plain_addresses(engine, key)
