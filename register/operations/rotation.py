"""Another seal key in the place of the one in use, while the register is served.

The new key is on disk beside the other before the store is wrapped by it, and takes its place
afterwards. Until then, whichever of the two opens the store is the key: what was cut short is
finished where the store is wrapped by the new key already, and undone where it is not.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register import encryption
from register.config import Settings
from register.errors import SealError
from register.operations import setup
from register.report_keys import KeyStore


def prepare(settings: Settings, engine: Engine) -> Path:
    """Make the pending key, to be copied to the other machines before :func:`rotate`; where it is.

    :raises SealError: as :func:`rotate`.
    """
    store, where = _store(settings, engine)
    try:
        with encryption.alone(where) as held:
            _require(held)
            _settle(store, where, undo=False)
            store.require()
            encryption.pending(where)
    finally:
        store.close()
    return where / encryption.PENDING


def rotate(settings: Settings, engine: Engine) -> tuple[Path, int]:
    """Replace the seal key; where it is, and how many keys are wrapped by it.

    :raises SealError: ``seal_busy`` while another process does, or a key or store that is not
        there or not this instance's.
    """
    store, where = _store(settings, engine)
    try:
        with encryption.alone(where) as held:
            _require(held)
            _settle(store, where, undo=False)
            store.require()
            count = store.wrap_again(encryption.pending(where))
            encryption.adopt_pending(where)
            store.scrub()
    finally:
        store.close()
    return where / encryption.NAME, count


def settle(settings: Settings, engine: Engine) -> None:
    """Finish or undo a rotation that was cut short; nothing while one is under way.

    :raises SealError: a key or store that is not there or not this instance's.
    """
    store, where = _store(settings, engine)
    try:
        with encryption.alone(where) as held:
            if held:
                _settle(store, where, undo=True)
    finally:
        store.close()


def _store(settings: Settings, engine: Engine) -> tuple[KeyStore, Path]:
    with Session(engine) as session:
        known = setup.identity(session)
        if known is None:
            raise SealError("not_initialised")
        store = setup.key_store(settings, session)
        return store, encryption.folder(settings.seal_dir, known.instance_id)


def _require(held: bool) -> None:
    if not held:
        raise SealError("seal_busy")


def _settle(store: KeyStore, where: Path, *, undo: bool) -> None:
    if not (where / encryption.PENDING).exists():
        return
    # Neither is given up before the other is known to open the store.
    if _opens(store, where / encryption.NAME):
        if undo:
            encryption.drop_pending(where)
    elif _opens(store, where / encryption.PENDING):
        encryption.adopt_pending(where)


def _opens(store: KeyStore, path: Path) -> bool:
    try:
        seal_key = encryption.read(path)
    except SealError:
        return False
    return store.is_opened_by(seal_key)
