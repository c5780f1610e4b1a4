"""Another seal key in the place of the one in use, while the register is served.

The new key is on disk beside the other before the store is wrapped by it, and takes its place
afterwards. Until then, whichever of the two opens the store is the key: what was cut short is
finished where the store is wrapped by the new key already, and undone where it is not.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register import seal
from register.config import Settings
from register.errors import SealError
from register.keystore import KeyStore
from register.operations import opening


def prepare(settings: Settings, engine: Engine) -> Path:
    """Make the pending key, to be copied to the other machines before :func:`rotate`; where it is.

    :raises SealError: as :func:`rotate`.
    """
    store, where = _store(settings, engine)
    try:
        with seal.alone(where) as held:
            _require(held)
            _settle(store, where, undo=False)
            store.require()
            seal.pending(where)
    finally:
        store.close()
    return where / seal.PENDING


def rotate(settings: Settings, engine: Engine) -> tuple[Path, int]:
    """Replace the seal key; where it is, and how many keys are wrapped by it.

    :raises SealError: ``seal_busy`` while another process does, or a key or store that is not
        there or not this instance's.
    """
    store, where = _store(settings, engine)
    try:
        with seal.alone(where) as held:
            _require(held)
            _settle(store, where, undo=False)
            store.require()
            count = store.wrap_again(seal.pending(where))
            seal.adopt_pending(where)
            store.scrub()
    finally:
        store.close()
    return where / seal.NAME, count


def settle(settings: Settings, engine: Engine) -> None:
    """Finish or undo a rotation that was cut short; nothing while one is under way.

    :raises SealError: a key or store that is not there or not this instance's.
    """
    store, where = _store(settings, engine)
    try:
        with seal.alone(where) as held:
            if held:
                _settle(store, where, undo=True)
    finally:
        store.close()


def _store(settings: Settings, engine: Engine) -> tuple[KeyStore, Path]:
    with Session(engine) as session:
        known = opening.identity(session)
        if known is None:
            raise SealError("not_initialised")
        store = opening.key_store(settings, session)
        return store, seal.folder(settings.seal_dir, known.instance_id)


def _require(held: bool) -> None:
    if not held:
        raise SealError("seal_busy")


def _settle(store: KeyStore, where: Path, *, undo: bool) -> None:
    if not (where / seal.PENDING).exists():
        return
    # Neither is given up before the other is known to open the store.
    if _opens(store, where / seal.NAME):
        if undo:
            seal.drop_pending(where)
    elif _opens(store, where / seal.PENDING):
        seal.adopt_pending(where)


def _opens(store: KeyStore, path: Path) -> bool:
    try:
        seal_key = seal.read(path)
    except SealError:
        return False
    return store.is_opened_by(seal_key)
