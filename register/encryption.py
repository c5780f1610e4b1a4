"""The seal key: it wraps the keys of the key store, and never stands with the register.

``init`` makes it, one for each instance id, and ``seal rotate`` alone replaces it: the new key
stands beside it as the pending one until the store is wrapped by it. Whichever of the two opens
the store's own row is the key of the store.
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

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from register.errors import SealError

KEY_FILE = "seal.key"
PENDING_KEY_FILE = (
    "seal.key.new"  # the key that a rotation is about to put in the place of the other
)
# The first byte of whatever is closed, so that another way of closing can come beside this one.
_VERSION = b"\x01"
_NONCE_LENGTH = 12  # bytes, as NIST SP 800-38D §8.2.2 wants them for random nonces


def key_folder(configured: Path | None, instance_id: str) -> Path:
    """Where the key stands: the configured folder, else the user's state folder by instance id.

    The state folder is XDG's (Base Directory Specification, ``$XDG_STATE_HOME``).
    """
    if configured is not None:
        return configured
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "webcitoyen" / instance_id


def make_key(folder: Path) -> tuple[Path, bytes]:
    """Make the key of a new instance, mode 600, on disk before this returns.

    :raises SealError: ``seal_exists`` when a key is there already; it is never replaced.
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
    """Write a key, whole and on disk before this returns, for its owner only.

    That is the folder's owner, also where root writes it: the service has to read it.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    folder = path.parent.stat()
    if os.geteuid() == 0:
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Have the names in a folder on disk."""
    descriptor = os.open(folder, os.O_RDONLY)
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
    """The key and the pending one, as far as they are there and can be read."""
    keys = []
    for file_name in (KEY_FILE, PENDING_KEY_FILE):
        with suppress(SealError):
            keys.append(read_key(folder / file_name))
    return keys


def pending_key(folder: Path) -> bytes:
    """The pending key of a rotation; made, on disk before this returns, where there is none."""
    path = folder / PENDING_KEY_FILE
    with suppress(SealError):
        return read_key(path)
    path.unlink(missing_ok=True)
    key = secrets.token_bytes(32)
    _write_key(path, key)
    return key


def adopt_pending(folder: Path) -> None:
    """Put the pending key in the place of the other, which is gone afterwards."""
    (folder / PENDING_KEY_FILE).replace(folder / KEY_FILE)
    _sync_folder(folder)


def drop_pending(folder: Path) -> None:
    """Give a pending key up."""
    (folder / PENDING_KEY_FILE).unlink(missing_ok=True)
    _sync_folder(folder)


@contextmanager
def lock_folder(folder: Path) -> Iterator[bool]:
    """Hold the folder of the key, so that one process at a time replaces it; whether it is held."""
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
    """What the database keeps to recognise its root: an HMAC (RFC 2104), which opens nothing."""
    label = b"webcitoyen seal check " + instance_id.encode()
    return hmac.new(root, label, hashlib.sha256).hexdigest()


def encrypt(key: bytes, purpose: str, plaintext: bytes, owner: bytes) -> bytes:
    """Close some bytes: AES-256-GCM under a key of their own for each purpose (RFC 5116, 5869).

    :param key: 32 bytes: the root key, the seal key or a report's.
    :param purpose: what is closed, in a word; another purpose has another key.
    :param owner: what the closed bytes belong to. They open with the same ``owner`` only, so that
        nobody with the database can put one member's secret in another's row.
    :returns: version byte, nonce of 12 bytes, ciphertext with its tag of 16.
    """
    nonce = secrets.token_bytes(_NONCE_LENGTH)
    return _VERSION + nonce + _cipher(key, purpose).encrypt(nonce, plaintext, _VERSION + owner)


def decrypt(key: bytes, purpose: str, encrypted: bytes, owner: bytes) -> bytes:
    """The bytes that :func:`encrypt` closed.

    :raises SealError: ``seal_opens_nothing`` for another key, purpose or owner, or changed bytes.
    """
    return decryptor(key, purpose)(encrypted, owner)


def decryptor(key: bytes, purpose: str) -> Callable[[bytes, bytes], bytes]:
    """Opens many things of one purpose, each with what it is bound to, as :func:`decrypt` one."""
    cipher = _cipher(key, purpose)

    def decrypt_bytes(encrypted: bytes, owner: bytes) -> bytes:
        version, nonce, ciphertext = (
            encrypted[:1],
            encrypted[1 : 1 + _NONCE_LENGTH],
            encrypted[1 + _NONCE_LENGTH :],
        )
        try:
            if version != _VERSION:
                raise ValueError(version)
            return cipher.decrypt(nonce, ciphertext, version + owner)
        except (InvalidTag, ValueError) as error:
            raise SealError("seal_opens_nothing") from error

    return decrypt_bytes


def derive_key(key: bytes, purpose: str) -> bytes:
    """The key of one purpose, 32 bytes, made from another key (HKDF with SHA-256, RFC 5869)."""
    hkdf_info = b"webcitoyen " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=hkdf_info).derive(key)


def _cipher(key: bytes, purpose: str) -> AESGCM:
    return AESGCM(derive_key(key, purpose))
