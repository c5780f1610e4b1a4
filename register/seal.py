"""The seal key: it opens what the database keeps closed, and never stands with it.

``init`` alone makes it, one for each instance id. The database keeps a check value, so that a
missing or foreign key is noticed at the start and not on the day a report has to be read.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from register.errors import SealError

NAME = "seal.key"
# The first byte of whatever is closed, so that another way of closing can come beside this one.
_VERSION = b"\x01"
_NONCE = 12  # bytes, as NIST SP 800-38D §8.2.2 wants them for random nonces


def folder(configured: Path | None, instance_id: str) -> Path:
    """Where the key stands: the configured folder, else the user's state folder by instance id.

    The state folder is XDG's (Base Directory Specification, ``$XDG_STATE_HOME``).
    """
    if configured is not None:
        return configured
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "webcitoyen" / instance_id


def make(where: Path) -> tuple[Path, bytes]:
    """Make the key of a new instance, mode 600, on disk before this returns.

    :raises SealError: ``seal_exists`` when a key is there already; it is never replaced.
    """
    where.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = where / NAME
    key = secrets.token_bytes(32)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SealError("seal_exists", path=str(path)) from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    return path, key


def load(where: Path) -> bytes:
    """Read the key.

    :raises SealError: ``seal_missing`` or ``seal_unreadable``.
    """
    path = where / NAME
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError as error:
        raise SealError("seal_missing", path=str(path)) from error
    except (OSError, ValueError) as error:
        raise SealError("seal_unreadable", path=str(path)) from error
    if len(key) != 32:
        raise SealError("seal_unreadable", path=str(path))
    return key


def check_value(key: bytes, instance_id: str) -> str:
    """What the database keeps to recognise its key: an HMAC (RFC 2104), which opens nothing."""
    message = b"webcitoyen seal check " + instance_id.encode()
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def require(where: Path, instance_id: str, expected: str) -> bytes:
    """The key, known to be this instance's.

    :raises SealError: missing, unreadable, or ``seal_foreign``.
    """
    key = load(where)
    if not hmac.compare_digest(check_value(key, instance_id), expected):
        raise SealError("seal_foreign", path=str(where / NAME))
    return key


def sealed(key: bytes, purpose: str, plain: bytes, bound: bytes) -> bytes:
    """Close some bytes: AES-256-GCM under a key of their own for each purpose (RFC 5116, 5869).

    :param key: the seal key, 32 bytes.
    :param purpose: what is closed, in a word; another purpose has another key.
    :param bound: what the closed bytes belong to. They open with the same ``bound`` only, so that
        nobody with the database can put one member's secret in another's row.
    :returns: version byte, nonce of 12 bytes, ciphertext with its tag of 16.
    """
    nonce = secrets.token_bytes(_NONCE)
    return _VERSION + nonce + _cipher(key, purpose).encrypt(nonce, plain, _VERSION + bound)


def opened(key: bytes, purpose: str, closed: bytes, bound: bytes) -> bytes:
    """The bytes that :func:`sealed` closed.

    :raises SealError: ``seal_opens_nothing`` for another key, purpose or owner, or changed bytes.
    """
    return opener(key, purpose)(closed, bound)


def opener(key: bytes, purpose: str) -> Callable[[bytes, bytes], bytes]:
    """Opens many things of one purpose, each with what it is bound to, as :func:`opened` one."""
    cipher = _cipher(key, purpose)

    def opened(closed: bytes, bound: bytes) -> bytes:
        version, nonce, rest = closed[:1], closed[1 : 1 + _NONCE], closed[1 + _NONCE :]
        try:
            if version != _VERSION:
                raise ValueError(version)
            return cipher.decrypt(nonce, rest, version + bound)
        except (InvalidTag, ValueError) as error:
            raise SealError("seal_opens_nothing") from error

    return opened


def derived(key: bytes, purpose: str) -> bytes:
    """The key of one purpose, 32 bytes, made from another key (HKDF with SHA-256, RFC 5869)."""
    info = b"webcitoyen " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key)


def _cipher(key: bytes, purpose: str) -> AESGCM:
    return AESGCM(derived(key, purpose))
