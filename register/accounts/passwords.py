"""Passwords: long, none that everybody tries, kept as argon2id (RFC 9106)."""

from __future__ import annotations

import base64
import re
import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from register.accounts import common_passwords
from register.bulkhead import Bulkhead
from register.errors import Invalid
from register.text.fold import fold

MIN_LENGTH = 12
MAX_LENGTH = 256  # argon2 would hash a megabyte too, for as long as that takes
_HASHER = PasswordHasher()  # RFC 9106's low-memory profile: 64 MiB, 3 passes
# Each takes 64 MiB and every core: a burst would take both from readers. Whoever is not known to
# be a member waits apart, so that no number of them keeps a member waiting.
STRANGERS = Bulkhead(max_running=2, max_waiting=4, turn_timeout=2)
MEMBERS = Bulkhead(max_running=1, max_waiting=3, turn_timeout=5)
# No 0/O, 1/l/I: the password is read off a terminal once.
_GENERATED_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
# Shorter parts of an address are in too many words to be looked for inside them; those of a
# domain ("asso", "free", "mail") are common words themselves.
_MIN_NAME_LENGTH = 4
_MIN_DOMAIN_LENGTH = 5
_NON_WORD = re.compile(r"[\W_]+")


def hash_password(password: str, email: str = "", name: str = "") -> str:
    """The argon2id hash to keep.

    :param email: the member's address, which a password may not be made of; nor of their name.
    :raises Invalid: ``password_short``, ``password_long``, ``password_common``,
        ``password_leaked`` or ``password_yours``.
    """
    normalised = unicodedata.normalize("NFKC", password)
    if len(normalised) < MIN_LENGTH:
        raise Invalid("password_short", limit=MIN_LENGTH)
    if len(password) > MAX_LENGTH:
        raise Invalid("password_long", limit=MAX_LENGTH)
    part = _email_part_in(password, email)
    if part:
        raise Invalid("password_yours", part=part)
    own_words = _NON_WORD.sub(" ", f"{email} {name}")
    if common_passwords.is_common(normalised, (own_words,)):
        raise Invalid("password_common")
    if common_passwords.is_leaked(normalised):
        raise Invalid("password_leaked")
    # No turn to wait for: it is done under the pen, which one at a time holds.
    return _HASHER.hash(_bytes(password))


def matches(hash_: str, password: str) -> bool:
    """Whether ``password`` is the one behind the hash; False for a hash that is none.

    A password longer than any that is kept takes no longer. Whoever calls this for a request holds
    a turn of :data:`STRANGERS` or :data:`MEMBERS`.
    """
    try:
        is_right = _HASHER.verify(hash_, _bytes(password[:MAX_LENGTH]))
    except (VerificationError, InvalidHashError):
        return False
    return is_right and len(password) <= MAX_LENGTH


def verify_nothing(password: str) -> bool:
    """Take the time of a verification for an account that does not exist; always False."""
    return matches(_dummy_hash(_HASHER), password) and False


def generate_password() -> str:
    """A random password of four groups of five letters: 100 bits."""
    return "-".join("".join(secrets.choice(_GENERATED_LETTERS) for _ in range(5)) for _ in range(4))


@cache
def _dummy_hash(hasher: PasswordHasher) -> str:
    """A hash of the same cost as a member's, that no password has: its bytes are random."""

    def random(size: int) -> str:
        return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")

    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${random(hasher.salt_len)}${random(hasher.hash_len)}"


def _bytes(password: str) -> bytes:
    # One keyboard sends é as one sign, another as two (NIST SP 800-63B §5.1.1.2 asks for this); a
    # lone surrogate has no encoding, and is no reason for a crash.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _email_part_in(password: str, email: str) -> str:
    """The longest part of an address that the password holds, or the empty text."""
    name, _, domain = email.partition("@")
    # Not the last: "media" and "info" say nothing of whose address it is.
    labels = domain.split(".")[:-1]
    parts = {
        part for part in (name, *_split_words(name)) if len(_letters(part)) >= _MIN_NAME_LENGTH
    }
    parts |= {
        part
        for label in labels
        for part in (label, *_split_words(label))
        if len(_letters(part)) >= _MIN_DOMAIN_LENGTH
    }
    letters = _letters(password)
    return max((part for part in parts if _letters(part) in letters), key=len, default="")


def _split_words(address_part: str) -> list[str]:
    return _NON_WORD.split(address_part)


def _letters(text: str) -> str:
    return _NON_WORD.sub("", fold(text))
