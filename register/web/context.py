"""What a request needs of the whole register, read once: its position, its words, its places."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import cast

from flask import current_app, g

from register.cases import home_counts, vocabulary
from register.cases.data_version import Standing
from register.cases.data_version import standing as read_standing
from register.cases.vocabulary import Book
from register.config import Settings
from register.db import db
from register.journal import Position
from register.operations import setup
from register.report_keys import KeyStore
from register.territory import commune_details
from register.territory.commune_details import Sheet
from register.territory.gazetteer import Gazetteer
from register.territory.gazetteer import gazetteer as read_gazetteer
from register.web.languages import language

_GAZETTEER = "register.gazetteer"
_KNOWN_PLACES = "register.known_places"
_KEY_STORE = "register.key_store"
# Reading the territory takes half a second: of two first readers, one reads and the other waits.
_reading = Lock()


def settings() -> Settings:
    """The settings this application was made with."""
    return cast(Settings, current_app.extensions["register.settings"])


def standing() -> Standing:
    """Where the register stood when this request first asked.

    A view asks before it reads anything else, so that what it shows is never older than what it
    says it is.
    """
    if "register_standing" not in g:
        g.register_standing = read_standing(db.session())
    return cast(Standing, g.register_standing)


def head() -> Position:
    """Where the public ledger stood when this request first asked."""
    return standing().head


def book() -> Book:
    """The vocabularies in the reader's language, looked up once a request."""
    if "register_book" not in g:
        version = standing().vocabulary
        g.register_book = vocabulary.of_version(db.session(), version, language())
    return cast(Book, g.register_book)


def french_book() -> Book:
    """The vocabularies in French, for what is written down: a title, a sentence that is sent."""
    return vocabulary.of_version(db.session(), standing().vocabulary)


def sheet(code: str) -> Sheet | None:
    """What is known of the commune behind a code; None for an unknown one."""
    return commune_details.sheet(db.session(), standing().territory, code)


def gazetteer() -> Gazetteer:
    """The names and codes of the territory, shared by every request of one version of it."""
    version = standing().territory
    with _reading:
        kept = cast("Gazetteer | None", current_app.extensions.get(_GAZETTEER))
        if kept is None or kept.version != version:
            kept = read_gazetteer(db.session())
            current_app.extensions[_GAZETTEER] = kept
        return kept


def known_places() -> Mapping[str, int]:
    """How many public cases each commune has, counted once for each position of the ledger."""
    moment = f"{head().digest} {standing().territory}"
    kept = cast("tuple[str, Mapping[str, int]]", current_app.extensions.get(_KNOWN_PLACES))
    if kept is None or kept[0] != moment:
        kept = (moment, home_counts.known_places(db.session()))
        current_app.extensions[_KNOWN_PLACES] = kept
    return kept[1]


def key_store() -> KeyStore:
    """The store of reports' keys, opened once in the life of a process.

    :raises SealError: the seal key is missing or foreign, or no ``init`` yet.
    """
    kept = _kept_store()
    if kept is not None:
        return kept
    with _reading:
        # Whoever waited finds the one that was opened meanwhile.
        kept = _kept_store()
        if kept is None:
            kept = setup.key_store(settings(), db.session())
            current_app.extensions[_KEY_STORE] = kept
        return kept


def _kept_store() -> KeyStore | None:
    return cast("KeyStore | None", current_app.extensions.get(_KEY_STORE))
