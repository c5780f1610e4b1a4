"""Rotation of the seal key while the register is served.

The new key is written beside the old one before the store is wrapped by it, and replaces it
afterwards. Until then, the one that unwraps the store is the key. An interrupted rotation is
finished when the store is already wrapped by the new key, and undone otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import Engine

from register import encryption
from register.config import Settings
from register.errors import SealError
from register.key_store import KeyStore
from register.operations import setup


def prepare(settings: Settings, engine: Engine) -> Path:
    """Make the pending key, to be copied to the other machines before :func:`rotate`.

    :returns: the path of the pending key.
    :raises SealError: as :func:`rotate`.
    """
    with _locked_store(settings, engine) as (_store, key_folder):
        encryption.pending_key(key_folder)
    return key_folder / encryption.PENDING_KEY_FILE


def rotate(settings: Settings, engine: Engine) -> tuple[Path, int]:
    """Replace the seal key.

    :returns: the path of the new key, and the number of keys wrapped by it.
    :raises SealError: ``seal_busy`` during the rotation of another process; or a key or store that
        is missing or not this instance's.
    """
    with _locked_store(settings, engine) as (store, key_folder):
        count = store.rewrap(encryption.pending_key(key_folder))
        encryption.adopt_pending(key_folder)
        store.empty_log()
    return key_folder / encryption.KEY_FILE, count


def settle(settings: Settings, engine: Engine) -> None:
    """Finish or undo an interrupted rotation; nothing while one is running.

    :raises SealError: a key or store that is missing or not this instance's.
    """
    store, key_folder = _open_store(settings, engine)
    with closing(store), encryption.lock_folder(key_folder) as has_lock:
        if has_lock:
            _settle(store, key_folder, undo=True)


def _open_store(settings: Settings, engine: Engine) -> tuple[KeyStore, Path]:
    store = setup.open_key_store(settings, engine)
    return store, encryption.key_folder(settings.seal_dir, store.instance_id)


@contextmanager
def _locked_store(settings: Settings, engine: Engine) -> Iterator[tuple[KeyStore, Path]]:
    """The key store and the folder of its keys, for one rotation at a time."""
    store, key_folder = _open_store(settings, engine)
    with closing(store), encryption.lock_folder(key_folder) as has_lock:
        if not has_lock:
            raise SealError("seal_busy")
        _settle(store, key_folder, undo=False)
        store.require()
        yield store, key_folder


def _settle(store: KeyStore, key_folder: Path, *, undo: bool) -> None:
    """Adopt the pending key if it unwraps the store; with ``undo``, delete it if the other does."""
    if not (key_folder / encryption.PENDING_KEY_FILE).exists():
        return
    # Neither key is deleted before the other one has unwrapped the store.
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
