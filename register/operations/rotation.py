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
    store, key_folder = _open_store(settings, engine)
    try:
        with encryption.lock_folder(key_folder) as has_lock:
            _require_lock(has_lock)
            _settle(store, key_folder, undo=False)
            store.require()
            encryption.pending_key(key_folder)
    finally:
        store.close()
    return key_folder / encryption.PENDING_KEY_FILE


def rotate(settings: Settings, engine: Engine) -> tuple[Path, int]:
    """Replace the seal key; where it is, and how many keys are wrapped by it.

    :raises SealError: ``seal_busy`` while another process does, or a key or store that is not
        there or not this instance's.
    """
    store, key_folder = _open_store(settings, engine)
    try:
        with encryption.lock_folder(key_folder) as has_lock:
            _require_lock(has_lock)
            _settle(store, key_folder, undo=False)
            store.require()
            count = store.rewrap(encryption.pending_key(key_folder))
            encryption.adopt_pending(key_folder)
            store.empty_log()
    finally:
        store.close()
    return key_folder / encryption.KEY_FILE, count


def settle(settings: Settings, engine: Engine) -> None:
    """Finish or undo a rotation that was cut short; nothing while one is under way.

    :raises SealError: a key or store that is not there or not this instance's.
    """
    store, key_folder = _open_store(settings, engine)
    try:
        with encryption.lock_folder(key_folder) as has_lock:
            if has_lock:
                _settle(store, key_folder, undo=True)
    finally:
        store.close()


def _open_store(settings: Settings, engine: Engine) -> tuple[KeyStore, Path]:
    with Session(engine) as session:
        instance_identity = setup.identity(session)
        if instance_identity is None:
            raise SealError("not_initialised")
        store = setup.key_store(settings, session)
        return store, encryption.key_folder(settings.seal_dir, instance_identity.instance_id)


def _require_lock(has_lock: bool) -> None:
    if not has_lock:
        raise SealError("seal_busy")


def _settle(store: KeyStore, key_folder: Path, *, undo: bool) -> None:
    if not (key_folder / encryption.PENDING_KEY_FILE).exists():
        return
    # Neither is given up before the other is known to open the store.
    if _opens_store(store, key_folder / encryption.KEY_FILE):
        if undo:
            encryption.drop_pending(key_folder)
    elif _opens_store(store, key_folder / encryption.PENDING_KEY_FILE):
        encryption.adopt_pending(key_folder)


def _opens_store(store: KeyStore, path: Path) -> bool:
    try:
        seal_key = encryption.read_key(path)
    except SealError:
        return False
    return store.is_wrapped_by(seal_key)
