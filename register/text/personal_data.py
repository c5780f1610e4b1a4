"""What in a text could harm a person: told to the moderator, who decides.

A flag asks for a reason and forbids nothing, so a few false ones are worth a missed telephone
number, and a flood of them is not. Addresses of sources are not scanned: a link to an article
is not a statement of the register.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from register.text import risk_words
from register.text.fold import fold
from register.text.sanitize import clean

MASK = "[masqué]"

_URL = re.compile(r"(?:\b[a-z][a-z0-9+.-]{1,15}://|\bwww\.)\S+", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+")

# Ten digits from 0, or nine after +33 or 0033, as printed and as typed. Not inside a longer
# number: docket, SIRET and file numbers would all hold one. The same separator throughout, or
# "01/02/2006 10:30" would be a telephone.
_PHONE = re.compile(
    r"(?<![\d+])(?:(?:\+|00)33[\s.\-]?(?:\(0\)[\s.\-]?)?|0)[1-9]"
    r"(?:(?P<between>[\s.\-/]{1,3})\d{2}(?:(?P=between)\d{2}){3}|\d{8})(?!\d)"
)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")
# Since 2009 AA-123-AA, before it 1234 ABC 75. I, O and U are in neither, which also keeps
# "100 EUR 50" and "12 TGI 75" out. Case counts: small letters are words.
_PLATE = re.compile(
    r"\b(?:[A-HJ-NP-TV-Z]{2}([ -]?)\d{3}\1[A-HJ-NP-TV-Z]{2}"
    r"|\d{2,4}[ -][A-HJ-NP-TV-Z]{2,3}[ -](?:\d{2}|2[AB]|97\d))\b"
)
# Three digits at most, for "en 2006, place de la Mairie" is a date and a scene.
_STREET_ADDRESS = re.compile(
    r"(?<![\d.,/])\d{1,3}(?:\s?(?:bis|ter|quater))?,?\s{1,3}"
    r"(?:rue|avenue|av\.|boulevard|bd\.?|place|impasse|allée|chemin|route|quai|cours(?!\sd['’])"
    r"|square|passage|villa|résidence|lotissement|sente|sentier|venelle|ruelle|faubourg|hameau)"
    r"\s[^\n,;.:()]{1,40}",
    re.IGNORECASE,
)
_PATTERNS = (
    ("telephone", _PHONE),
    ("courriel", _EMAIL),
    ("plaque", _PLATE),
    ("adresse", _STREET_ADDRESS),
)


def _whole_words(words: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b")


_WORDS = (
    ("adresse", _whole_words((r"domiciliee?s? (?:a|au|rue|\d+)", r"demeurant (?:a|au|rue|\d+)"))),
    ("sante", _whole_words(risk_words.HEALTH)),
    ("vie_sexuelle", _whole_words(risk_words.SEX_LIFE)),
    ("religion", _whole_words(risk_words.RELIGION)),
    ("mineur", _whole_words(risk_words.MINOR)),
    ("accusation_grave", _whole_words(risk_words.GRAVE_ACCUSATION)),
)


@dataclass(frozen=True)
class Risk:
    """One reason to look twice: a stable code and the words of the text that raise it."""

    code: str
    excerpt: str


def risks(text: str) -> tuple[Risk, ...]:
    """The risks of a text, each once, by kind and then in the order of the text."""
    scanned = _URL.sub(" ", clean(text))
    all_risks = [*_by_pattern(scanned), *_by_word(scanned)]
    return tuple(dict.fromkeys(all_risks))


def mask(text: str) -> str:
    """The text with its e-mail addresses and telephone numbers replaced by "[masqué]"."""
    without_mail = _EMAIL.sub(MASK, text)
    # A number inside an address of the web is part of it, and masking it breaks the link.
    parts: list[str] = []
    end = 0
    for url in _URL.finditer(without_mail):
        parts += [_PHONE.sub(MASK, without_mail[end : url.start()]), url.group()]
        end = url.end()
    return "".join(parts) + _PHONE.sub(MASK, without_mail[end:])


def _by_pattern(text: str) -> Iterator[Risk]:
    for code, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            yield Risk(code, " ".join(match.group().split()))


def _by_word(text: str) -> Iterator[Risk]:
    words = list(_WORD.finditer(text))
    # Folding a word may lengthen it (œ), so each keeps the place where its folded form begins,
    # and the excerpt is cut from the text as written.
    starts: list[int] = []
    folded_words: list[str] = []
    length = 0
    for word in words:
        folded_word = fold(word.group()).replace(" ", "")
        starts.append(length)
        folded_words.append(folded_word)
        length += len(folded_word) + 1
    folded = " ".join(folded_words)
    for code, pattern in _WORDS:
        for match in pattern.finditer(folded):
            first = words[bisect_right(starts, match.start()) - 1]
            last = words[bisect_right(starts, match.end() - 1) - 1]
            yield Risk(code, " ".join(text[first.start() : last.end()].split()))
