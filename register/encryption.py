"""Seal key files, and authenticated encryption with keys derived by purpose.

The seal key wraps the keys of the key store, and is never stored with the register. ``init`` makes
it, one for each instance id, and only ``seal rotate`` replaces it: the new key is beside it as the
pending key until the store is wrapped by it. The key of the store is the one of the two that
decrypts the store's instance row.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from register.errors import SealError

KEY_FILE = "seal.key"
PENDING_KEY_FILE = "seal.key.new"  # the next key, during a rotation
# First byte of everything encrypted, so that another format can be added later.
_VERSION = b"\x01"
_NONCE_LENGTH = 12  # bytes, as NIST SP 800-38D §8.2.2 requires for random nonces


def key_folder(configured: Path | None, instance_id: str) -> Path:
    """The folder of the key: the configured one, else the user's state folder by instance id.

    The state folder is XDG's (Base Directory Specification, ``$XDG_STATE_HOME``).
    """
    if configured is not None:
        return configured
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "webcitoyen" / instance_id


def make_key(folder: Path) -> tuple[Path, bytes]:
    """Make the key of a new instance, mode 600, synced to disk.

    :raises SealError: ``seal_exists`` when there is a key already; it is never replaced.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / KEY_FILE
    key = secrets.token_bytes(32)
    try:
        _write_key(path, key)
    except FileExistsError as error:
        raise SealError("seal_exists", path=str(path)) from error
    return path, key


def _write_key(path: Path, key: bytes) -> None:
    """Write a key to a new file, mode 600, synced to disk.

    Written by root, it gets the folder's owner, because the service must read it.
    """
    with new_file(path) as file:
        folder = path.parent.stat()
        if os.geteuid() == 0:
            os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
        file.write(f"{key.hex()}\n".encode("ascii"))
    sync_path(path.parent)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A new file to write to, mode 600; synced to disk at the end of the block.

    :raises FileExistsError: there is one already, or a link.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def sync_path(path: Path) -> None:
    """Sync a written file, or the names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def load_key(folder: Path) -> bytes:
    """Read the key.

    :raises SealError: ``seal_missing`` or ``seal_unreadable``.
    """
    return read_key(folder / KEY_FILE)


def read_key(path: Path) -> bytes:
    """Read a key from its file.

    :raises SealError: ``seal_missing`` or ``seal_unreadable``.
    """
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError as error:
        raise SealError("seal_missing", path=str(path)) from error
    except (OSError, ValueError) as error:
        raise SealError("seal_unreadable", path=str(path)) from error
    if len(key) != 32:
        raise SealError("seal_unreadable", path=str(path))
    return key


def present_keys(folder: Path) -> list[bytes]:
    """The key and the pending one, as far as they exist and can be read."""
    keys = []
    for file_name in (KEY_FILE, PENDING_KEY_FILE):
        with suppress(SealError):
            keys.append(read_key(folder / file_name))
    return keys


def pending_key(folder: Path) -> bytes:
    """The pending key of a rotation; made and synced to disk if there is none."""
    path = folder / PENDING_KEY_FILE
    with suppress(SealError):
        return read_key(path)
    path.unlink(missing_ok=True)
    key = secrets.token_bytes(32)
    _write_key(path, key)
    return key


def adopt_pending(folder: Path) -> None:
    """Replace the key by the pending one."""
    (folder / PENDING_KEY_FILE).replace(folder / KEY_FILE)
    sync_path(folder)


def drop_pending(folder: Path) -> None:
    """Delete the pending key."""
    (folder / PENDING_KEY_FILE).unlink(missing_ok=True)
    sync_path(folder)


@contextmanager
def lock_folder(folder: Path) -> Iterator[bool]:
    """Lock a folder for one process at a time; yields whether it is locked."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def check_value(root: bytes, instance_id: str) -> str:
    """An HMAC (RFC 2104) by which the database recognises its root key."""
    label = b"webcitoyen seal check " + instance_id.encode()
    return hmac.new(root, label, hashlib.sha256).hexdigest()


def encrypt(key: bytes, purpose: str, plaintext: bytes, owner: bytes) -> bytes:
    """Encrypt with AES-256-GCM and a key derived for the purpose (RFC 5116, 5869).

    :param key: 32 bytes: the root key, the seal key or a report's.
    :param purpose: the kind of content, which selects the derived key.
    :param owner: identifier of what the content belongs to, as associated data: somebody with
        write access to the database cannot move one member's secret to another's row.
    :returns: version byte, nonce of 12 bytes, ciphertext with its tag of 16.
    """
    nonce = secrets.token_bytes(_NONCE_LENGTH)
    return _VERSION + nonce + _cipher(key, purpose).encrypt(nonce, plaintext, _VERSION + owner)


def decrypt(key: bytes, purpose: str, encrypted: bytes, owner: bytes) -> bytes:
    """Decrypt what :func:`encrypt` returned.

    :raises SealError: ``seal_opens_nothing`` for another key, purpose or owner, or changed bytes.
    """
    return decryptor(key, purpose)(encrypted, owner)


def decryptor(key: bytes, purpose: str) -> Callable[[bytes, bytes], bytes]:
    """A function that decrypts (encrypted, owner) for one purpose, deriving the key only once."""
    cipher = _cipher(key, purpose)

    def decrypt_bytes(encrypted: bytes, owner: bytes) -> bytes:
        version, sealed = encrypted[:1], encrypted[1:]
        nonce, ciphertext = sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:]
        try:
            if version != _VERSION:
                raise ValueError(version)
            return cipher.decrypt(nonce, ciphertext, version + owner)
        except (InvalidTag, ValueError) as error:
            raise SealError("seal_opens_nothing") from error

    return decrypt_bytes


def derive_key(key: bytes, purpose: str) -> bytes:
    """The key of one purpose, 32 bytes, derived from another key (HKDF-SHA-256, RFC 5869)."""
    hkdf_info = b"webcitoyen " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=hkdf_info).derive(key)


def keyed_digest(key: bytes, purpose: str, plaintext: bytes) -> bytes:
    """The HMAC-SHA-256 of a text for one purpose, 32 bytes: a look-up that names nothing."""
    return hmac.digest(derive_key(key, purpose), plaintext, hashlib.sha256)


def _cipher(key: bytes, purpose: str) -> AESGCM:
    return AESGCM(derive_key(key, purpose))
