"""Data version, vocabularies, gazetteer and keys of the register, cached for requests."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from threading import Lock
from typing import cast

from flask import current_app, g, request
from sqlalchemy.exc import SQLAlchemyError

from register.cases import vocabulary
from register.cases.data_version import DataVersion, read_data_version
from register.cases.facet_index import FacetIndex, load_index
from register.cases.vocabulary import Vocabulary
from register.config import Settings
from register.db import REPLICA_KEY, db
from register.evidence.sealed_files import SealedFiles
from register.journal import LedgerPosition, WriteTransaction
from register.journal.service_mode import ModeState, read_mode
from register.key_store import KeyStore
from register.mail.messages import MailKind
from register.mail.outbox import Outbox
from register.operations import setup
from register.text.dates import Language
from register.web.l10n import language

_KEY_STORE = "register.key_store"
_SEALED_FILES = "register.sealed_files"
# Purpose of the key that signs session cookies and their CSRF tokens.
COOKIE_PURPOSE = "cookies and their forms"
# Purpose of the key that signs the forms without session.
FORM_PURPOSE = "forms without a session"
# WSGI environ key of the time at which a static copy of the site is made.
COPY_KEY = "register.copied_at"
_opening_lock = Lock()


def settings() -> Settings:
    """The settings of the current application."""
    return cast(Settings, current_app.extensions["register.settings"])


def current_data_version() -> DataVersion:
    """The data version at the first call in this request.

    A view calls it before it reads anything else, so that its content is never older than the
    version in its ETag.
    """
    if "register_standing" not in g:
        g.register_standing = read_data_version(db.session())
    return cast(DataVersion, g.register_standing)


def read_from_replica(primary: DataVersion) -> None:
    """Read this request from the replica, if there is one and it has what the primary has.

    :param primary: the data version of the primary, read in this request.
    """
    replica = current_app.extensions.get(REPLICA_KEY)
    if replica is None:
        return
    session = db.session()
    session.info[REPLICA_KEY] = replica
    try:
        version = read_data_version(session)
    except SQLAlchemyError:
        version = None
    if version == primary:
        g.register_standing = version
    else:
        # Behind, or away.
        session.rollback()
        del session.info[REPLICA_KEY]


def has_data_version() -> bool:
    """Whether this request has read the data version."""
    return "register_standing" in g


def head() -> LedgerPosition:
    """The head of the public ledger in the data version of this request."""
    return current_data_version().head


def take_mode(state: ModeState) -> None:
    """Use a service mode that was read in this request already."""
    g.register_mode = state


def current_mode() -> ModeState:
    """The service mode, read once in this request; open when the database cannot say."""
    if "register_mode" not in g:
        g.register_mode = ModeState()
        with suppress(SQLAlchemyError):
            g.register_mode = read_mode(db.session())
    return cast(ModeState, g.register_mode)


def copied_at() -> datetime | None:
    """When the copy is made that this page is for; None for a reader."""
    return cast("datetime | None", request.environ.get(COPY_KEY))


def current_vocabulary() -> Vocabulary:
    """The vocabularies in the reader's language, looked up once a request."""
    if "register_book" not in g:
        version = current_data_version().vocabulary
        g.register_book = vocabulary.vocabulary_at(db.session(), version, language())
    return cast(Vocabulary, g.register_book)


def vocabulary_in(lang: Language) -> Vocabulary:
    """The vocabularies in a language, whatever that of the page: for texts to be stored or sent."""
    return vocabulary.vocabulary_at(db.session(), current_data_version().vocabulary, lang)


def commune_case_counts() -> Mapping[str, int]:
    """Number of public cases by commune code."""
    return current_facet_index().axes["commune"].counts


def current_facet_index() -> FacetIndex:
    """The facet index of the data version of this request."""
    return load_index(db.session(), current_vocabulary(), head())


def key_store() -> KeyStore:
    """The key store, opened once in the life of a process.

    :raises SealError: the seal key is missing or foreign, or no ``init`` yet.
    """
    extensions = current_app.extensions
    if _KEY_STORE not in extensions:
        with _opening_lock:
            # Another thread may have opened it while this one waited.
            if _KEY_STORE not in extensions:
                extensions[_KEY_STORE] = setup.key_store(settings(), db.session())
    return cast(KeyStore, extensions[_KEY_STORE])


def sealed_files() -> SealedFiles:
    """The evidence files, whose store is opened once in the life of a process.

    :raises SealError: as :func:`root_key`.
    """
    extensions = current_app.extensions
    if _SEALED_FILES not in extensions:
        extensions[_SEALED_FILES] = setup.sealed_files(settings(), key_store())
    return cast(SealedFiles, extensions[_SEALED_FILES])


def root_key() -> bytes:
    """The root key, for the encryption of second factors and the counting of sign-in attempts.

    :raises SealError: seal key or key store missing or foreign, or no ``init`` yet.
    """
    return key_store().root


def derived_key(purpose: str) -> bytes:
    """The key of one purpose.

    :raises SealError: as :func:`root_key`.
    """
    return key_store().derived_key(purpose)


def outbox() -> Outbox | None:
    """The outbox; None in a register without a mail server, whose members hand things over.

    :raises SealError: as :func:`root_key`.
    """
    return setup.outbox(settings(), key_store()) if settings().mail_url else None


def send_mail(tx: WriteTransaction, kind: MailKind, recipient: int | str, **values: str) -> bool:
    """Write a mail in the transaction of an act; False in a register without a mail server.

    The parameters are those of :meth:`Outbox.enqueue`.
    """
    mail_outbox = outbox()
    if mail_outbox is not None:
        mail_outbox.enqueue(tx.session, kind, recipient, tx.at, **values)
    return mail_outbox is not None
