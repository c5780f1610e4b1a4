"""Passwords: argon2id (RFC 9106), and one that is easy to copy by hand when none is given."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from register.errors import Invalid

MIN_LENGTH = 12
MAX_LENGTH = 256  # argon2 would hash a megabyte too, for as long as that takes
_HASHER = PasswordHasher()  # RFC 9106's low-memory profile: 64 MiB, 3 passes
# No 0/O, 1/l/I: the password is read off a terminal once.
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def hashed(password: str) -> str:
    """The argon2id hash to keep.

    :raises Invalid: ``password_short`` or ``password_long``.
    """
    if len(password) < MIN_LENGTH:
        raise Invalid("password_short", limit=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise Invalid("password_long", limit=MAX_LENGTH)
    return _HASHER.hash(password)


def matches(hash_: str, password: str) -> bool:
    """Whether ``password`` is the one behind the hash; False for a hash that is none."""
    try:
        return _HASHER.verify(hash_, password)
    except (VerificationError, InvalidHashError):
        return False


def generated() -> str:
    """A random password of four groups of five letters: 100 bits."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
