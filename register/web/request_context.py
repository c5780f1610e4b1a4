"""Data version, vocabularies, gazetteer and keys of the register, cached for requests."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import cast

from flask import current_app, g

from register.cases import statistics, vocabulary
from register.cases.data_version import DataVersion
from register.cases.data_version import read_data_version as read_standing
from register.cases.vocabulary import Vocabulary
from register.config import Settings
from register.db import db
from register.journal import LedgerPosition
from register.operations import setup
from register.report_keys import KeyStore
from register.territory import place_queries
from register.territory.gazetteer import Gazetteer
from register.territory.gazetteer import load_gazetteer as read_gazetteer
from register.territory.place_queries import CommuneDetails
from register.web.languages import language

_GAZETTEER = "register.gazetteer"
_CASE_COUNTS = "register.known_places"
_KEY_STORE = "register.key_store"
# Purpose of the key that signs session cookies and their CSRF tokens.
COOKIE_PURPOSE = "cookies and their forms"
# Purpose of the key that signs the forms without session.
FORM_PURPOSE = "forms without a session"
# Reading the gazetteer takes half a second: a second reader waits instead of reading it too.
_loading_lock = Lock()


def settings() -> Settings:
    """The settings of the current application."""
    return cast(Settings, current_app.extensions["register.settings"])


def current_data_version() -> DataVersion:
    """The data version at the first call in this request.

    A view calls it before it reads anything else, so that its content is never older than the
    version in its ETag.
    """
    if "register_standing" not in g:
        g.register_standing = read_standing(db.session())
    return cast(DataVersion, g.register_standing)


def head() -> LedgerPosition:
    """The head of the public ledger in the data version of this request."""
    return current_data_version().head


def current_vocabulary() -> Vocabulary:
    """The vocabularies in the reader's language, looked up once a request."""
    if "register_book" not in g:
        version = current_data_version().vocabulary
        g.register_book = vocabulary.vocabulary_at(db.session(), version, language())
    return cast(Vocabulary, g.register_book)


def french_vocabulary() -> Vocabulary:
    """The vocabularies in French, for texts that are stored or sent."""
    return vocabulary.vocabulary_at(db.session(), current_data_version().vocabulary)


def find_commune(code: str) -> CommuneDetails | None:
    """The details of a commune by its code; None for an unknown one."""
    return place_queries.load_details(db.session(), current_data_version().territory, code)


def gazetteer() -> Gazetteer:
    """The gazetteer, shared by all requests of one territory version."""
    version = current_data_version().territory
    with _loading_lock:
        cached = cast("Gazetteer | None", current_app.extensions.get(_GAZETTEER))
        if cached is None or cached.version != version:
            cached = read_gazetteer(db.session())
            current_app.extensions[_GAZETTEER] = cached
        return cached


def commune_case_counts() -> Mapping[str, int]:
    """Number of public cases by commune code, counted once for each data version."""
    data_key = f"{head().digest} {current_data_version().territory}"
    cached = cast("tuple[str, Mapping[str, int]]", current_app.extensions.get(_CASE_COUNTS))
    if cached is None or cached[0] != data_key:
        cached = (data_key, statistics.count_by_commune(db.session()))
        current_app.extensions[_CASE_COUNTS] = cached
    return cached[1]


def key_store() -> KeyStore:
    """The key store, opened once in the life of a process.

    :raises SealError: the seal key is missing or foreign, or no ``init`` yet.
    """
    cached = _cached_key_store()
    if cached is not None:
        return cached
    with _loading_lock:
        # Another thread may have opened it while this one waited.
        cached = _cached_key_store()
        if cached is None:
            cached = setup.key_store(settings(), db.session())
            current_app.extensions[_KEY_STORE] = cached
        return cached


def _cached_key_store() -> KeyStore | None:
    return cast("KeyStore | None", current_app.extensions.get(_KEY_STORE))


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
