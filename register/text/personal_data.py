"""Detection of personal and sensitive data in texts, flagged for a moderator to decide.

A flag asks for a reason and forbids nothing: a few false positives cost less than a missed
telephone number, but many of them would be ignored. URLs are not scanned: a link to an article is
not a statement of the register.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from register.text.normalisation import clean, fold
from register.text.person_names import private_names

_URL = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.)\S+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")

# Ten digits from 0, or nine after +33 or 0033, as printed and as typed. Not inside a longer number,
# such as a docket, SIRET or file number. With one separator throughout: "01/02/2006 10:30" is no
# telephone number.
_PHONE = re.compile(
    r"(?<![\d+])(?:(?:\+|00)33[\s.\-]?(?:\(0\)[\s.\-]?)?|0)[1-9]"
    r"(?:(?P<between>[\s.\-/]{1,3})\d{2}(?:(?P=between)\d{2}){3}|\d{8})(?!\d)"
)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
# Since 2009 AA-123-AA, before 1234 ABC 75. Neither has I, O or U, which also excludes "100 EUR 50"
# and "12 TGI 75". Upper case only: in lower case they are words.
_PLATE = re.compile(
    r"\b(?:[A-HJ-NP-TV-Z]{2}([ -]?)\d{3}\1[A-HJ-NP-TV-Z]{2}"
    r"|\d{2,4}[ -][A-HJ-NP-TV-Z]{2,3}[ -](?:\d{2}|2[AB]|97\d))\b"
)
# At most three digits: "en 2006, place de la Mairie" is a date and a place.
_STREET_ADDRESS = re.compile(
    r"(?<![\d.,/])\d{1,3}(?:\s?(?:bis|ter|quater))?,?\s{1,3}"
    r"(?:rue|avenue|av\.|boulevard|bd\.?|place|impasse|allée|chemin|route|quai|cours(?!\sd['’])"
    r"|square|passage|villa|résidence|lotissement|sente|sentier|venelle|ruelle|faubourg|hameau)"
    r"\s[^\n,;.:()]{1,40}",
    re.IGNORECASE,
)
# A country, two check digits and at most 30 others, of which the country says how many (ISO 13616).
_IBAN = re.compile(r"\b(?=([A-Z]{2}\d{2}(?:[ .\u00a0\u202f-]?[A-Z0-9]){11,30}))", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\W_]+")
_IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO", 16: "BE", 18: "DK FI NL", 19: "SI", 20: "AT EE LT LU", 21: "CH HR LI LV",
        22: "BG DE GB IE", 23: "GI IL", 24: "AD CZ DZ ES RO SE SK TN", 25: "PT", 26: "IS TR",
        27: "FR GR IT MC SM", 28: "AL CY HU MA PL", 31: "MT",
    }.items()
    for country in countries.split()
}  # fmt: skip
# Kind, what every text with a match has, and the pattern, which takes longer to search for.
_PATTERNS = (
    ("telephone", "", _PHONE),
    ("courriel", "@", _EMAIL),
    ("plaque", "", _PLATE),
    ("adresse", "", _STREET_ADDRESS),
)


def _read_words() -> Iterator[tuple[str, re.Pattern[str]]]:
    """The patterns of the file of words, in its order; each matches a space and whole folded words.

    Behind a space they are found in half the time that they take behind a word boundary.
    """
    tables = tomllib.loads(Path(__file__).with_name("risk_words.toml").read_text("utf-8"))
    fragments = tables.pop("fragments")
    for code, patterns in tables.items():
        pattern = "|".join(patterns)
        for name, fragment in fragments.items():
            pattern = pattern.replace(f"<{name}>", fragment)
        yield code, re.compile(rf" (?:{pattern})\b")


_WORDS = tuple(_read_words())
# Every kind of risk, in the order of the flags.
CODES = tuple(dict.fromkeys(("nom", "iban", *(code for code, *_pattern in (*_PATTERNS, *_WORDS)))))


@dataclass(frozen=True)
class Risk:
    """A risk flag: its stable code and the words of the text that raise it."""

    code: str
    excerpt: str


# The risks of each text already read; None where none are kept, so that no process remembers a text
# that is not public, or was erased.
_read: ContextVar[dict[str, tuple[Risk, ...]] | None] = ContextVar("read", default=None)


@contextmanager
def reading_once() -> Iterator[None]:
    """Read each text once until the end: an import needs the risks of a text six times."""
    token = _read.set({})
    try:
        yield
    finally:
        _read.reset(token)


def risks(text: str) -> tuple[Risk, ...]:
    """The risks of a text without duplicates, by kind and then in the order of the text."""
    already = _read.get()
    if already is None:
        return _find_risks(text)
    if text not in already:
        already[text] = _find_risks(text)
    return already[text]


def _find_risks(text: str) -> tuple[Risk, ...]:
    scanned = clean(text)
    if "://" in scanned or "www." in scanned.lower():
        scanned = _URL.sub(" ", scanned)
    flags = [
        Risk("nom", " ".join(scanned[start:end].split())) for start, end in private_names(scanned)
    ]
    flags += [Risk("iban", account) for account in _ibans(scanned)]
    flags += [
        Risk(code, " ".join(match.group().split()))
        for code, sign, pattern in _PATTERNS
        if sign in scanned
        for match in pattern.finditer(scanned)
    ]
    flags += _word_risks(scanned)
    return tuple(dict.fromkeys(flags))


def _word_risks(text: str) -> Iterator[Risk]:
    folded_words = [fold(word).replace(" ", "") for word in _WORD.findall(text)]
    folded = "".join(f" {word}" for word in folded_words)
    matches = [(code, match) for code, pattern in _WORDS for match in pattern.finditer(folded)]
    if not matches:
        return
    # Folding may lengthen a word (œ). The start of each folded word leads back to the word in the
    # text, from which the excerpt is cut.
    words = list(_WORD.finditer(text))
    starts = list(accumulate((len(word) + 1 for word in folded_words), initial=0))
    for code, match in matches:
        first = words[bisect_right(starts, match.start()) - 1]
        last = words[bisect_right(starts, match.end() - 2) - 1]
        yield Risk(code, " ".join(text[first.start() : last.end()].split()))


def _ibans(text: str) -> Iterator[str]:
    """Bank accounts with a valid check number (ISO 7064, mod 97), without separators."""
    for match in _IBAN.finditer(text):
        account = _SEPARATORS.sub("", match.group(1)).upper()
        account = account[: _IBAN_LENGTHS.get(account[:2], 0)]
        if (
            account
            and int("".join(str(int(sign, 36)) for sign in account[4:] + account[:4])) % 97 == 1
        ):
            yield account
