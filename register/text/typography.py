"""French and English typography: no-break spaces, apostrophes, numbers and counts in words.

Rules of the Imprimerie nationale: thin no-break space before ; ? ! and inside guillemets, no-break
space before the colon. Only spaces and apostrophes change, never a word, and nothing inside URLs
and file names, which a reader may copy.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable
from contextlib import suppress

from register.errors import TextError
from register.text.dates import MONTHS, MONTHS_EN, Language, date_words

THIN = "\u202f"
HARD = "\u00a0"

_SPACE = f"[ {HARD}{THIN}]"
# A run of spaces, matched from its first one and without backtracking: without both, a text of
# 50,000 spaces would be read 50,000 times.
_SPACES = f"(?<!{_SPACE}){_SPACE}++"

_TOKEN = re.compile(r"\S+")
_PLACEHOLDER = "\ue000"
_FILE_NAME = re.compile(r"\w\.[A-Za-z][A-Za-z0-9]{1,4}\Z")
_ENTITY = re.compile(r"&(?:#x?[0-9a-fA-F]{1,8}|[a-z]{2,8});")
_ENDS = ".,;:!?)]»”\"'…"

# A pattern and its replacement.
TypographyRule = tuple[re.Pattern[str], "str | Callable[[re.Match[str]], str]"]

# Not after another digit and space: in "1234 567 890" the groups are ambiguous.
_THOUSANDS = re.compile(rf"(?<![\d.,])(?<!\d{_SPACE})\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)")
_RULES: tuple[TypographyRule, ...] = (
    (re.compile(r"(?<=[^\W\d_])'"), "’"),
    (re.compile(rf"«{_SPACE}++|«(?=\S)"), f"«{THIN}"),
    (re.compile(r"(?<=\S)(?=»)"), THIN),
    # A mark without a space before it gets one only at the end of a word: "a;b" may be code.
    (re.compile(r"""(?<=[\w)\]»”’"%€…])(?=[;?!]+(?:[\s)\]»”"]|\Z))"""), THIN),
    (re.compile(rf"{_SPACES}(?=[;?!»])"), THIN),
    # A space before a colon is replaced but never added, because of 10:30 and "http:".
    (re.compile(rf"{_SPACES}(?=:(?:\s|\Z))"), HARD),
    (
        re.compile(rf"(?<![\w.,])(1er|\d{{1,2}}){_SPACE}++(?=(?:{'|'.join(MONTHS)})\b)"),
        rf"\1{HARD}",
    ),
    (re.compile(rf"(?i)(?<!\w)(n[º°]|nos|art\.|pp?\.){_SPACE}++(?=\d)"), rf"\1{HARD}"),
    (re.compile(rf"(?<=\d){_SPACE}++(?=€|%|EUR\b)"), HARD),
    (_THOUSANDS, lambda match: re.sub(_SPACE, THIN, match.group())),
)
_ENGLISH_RULES: tuple[TypographyRule, ...] = (
    (re.compile(r"(?<=[^\W\d_])'"), "’"),
    (re.compile(rf"(?<![\w.,])(\d{{1,2}}) (?=(?:{'|'.join(MONTHS_EN)})\b)"), rf"\1{HARD}"),
    (re.compile(r"\b(Nos?\.|art\.|pp?\.) (?=\d)"), rf"\1{HARD}"),
)

_TAG = re.compile(r"""(<[/!a-zA-Z](?:[^<>"']|"[^"]*+"|'[^']*+')*+>)""")
_VERBATIM = re.compile(r"<(/?)(?:code|pre)\b")

# fmt: off
_NUMBER_WORDS = (
    "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze",
    "douze", "treize", "quatorze", "quinze", "seize",
)
_NUMBER_WORDS_EN = (
    "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
)
# fmt: on


def french(text: str) -> str:
    """A plain text with French spaces and apostrophes; applying it twice changes nothing."""
    return _apply_rules(text, _RULES)


def english(text: str) -> str:
    """A plain text with English apostrophes, and no break within "26 June" or "No. 3"."""
    return _apply_rules(text, _ENGLISH_RULES)


def shortened(text: str, length: int) -> str:
    """A text, cut at a word and with an ellipsis where it is longer."""
    return text if len(text) <= length else text[:length].rsplit(None, 1)[0] + "…"


def typeset(text: str, language: Language) -> str:
    """A plain text with the typography of its language."""
    return french(text) if language == "fr" else english(text)


def _apply_rules(text: str, rules: Iterable[TypographyRule]) -> str:
    """Apply rules to a text, except to tokens that a reader may copy."""
    verbatim_tokens: list[str] = []

    def protect(match: re.Match[str]) -> str:
        token = match.group()
        is_verbatim = (
            # An entity in a plain text (which explains HTML) keeps its semicolon.
            _ENTITY.search(token)
            or "://" in token
            or "@" in token
            or _PLACEHOLDER in token
            or "www." in token.lower()
            or _FILE_NAME.search(token.rstrip(_ENDS))
        )
        if not is_verbatim:
            return token
        verbatim_tokens.append(token)
        return _PLACEHOLDER

    # Verbatim tokens are replaced by a private-use character while the rules run. A token that
    # contains this character is verbatim too, so that every one found afterwards is a placeholder.
    text = _TOKEN.sub(protect, text)
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    if not verbatim_tokens:
        return text
    protected = iter(verbatim_tokens)
    return "".join(
        next(protected) if part == _PLACEHOLDER else part
        for part in re.split(f"({_PLACEHOLDER})", text)
    )


def typeset_html(source: str, language: Language) -> str:
    """A well-formed HTML fragment with its text nodes through :func:`typeset`.

    Tags, attributes and the content of ``code`` and ``pre`` are unchanged.
    """
    depth = 0
    parts: list[str] = []
    for index, part in enumerate(_TAG.split(source)):
        if index % 2:
            if verbatim := _VERBATIM.match(part):
                depth = max(0, depth + (-1 if verbatim[1] else 1))
        elif not depth:
            # Unescaped first: the semicolon of an entity is not punctuation.
            part = html.escape(typeset(html.unescape(part), language), quote=False)
        parts.append(part)
    return "".join(parts)


def number(value: int, language: Language = "fr") -> str:
    """An integer with digits grouped by thin no-break spaces: 34969 is "34 969"."""
    grouped = f"{value:,}"
    return grouped.replace(",", THIN) if language == "fr" else grouped


def count_words(count: int, language: Language = "fr", *, feminine: bool = False) -> str:
    """A count in letters up to sixteen (in English to ten), then in digits: "quatre", "1 482"."""
    if count == 1 and feminine and language == "fr":
        return "une"
    words = _NUMBER_WORDS if language == "fr" else _NUMBER_WORDS_EN
    return words[count] if 0 <= count < len(words) else number(count, language)


# A number with its currency, and a whole day in EDTF, neither as a part of something longer.
_MONEY = re.compile(
    rf"(?<![\w.,/-])(?<!\d{_SPACE})(\d+|\d{{1,3}}(?:{_SPACE}\d{{3}})+){_SPACE}?(EUR|€|CHF)(?!\w)"
)
_DAY = re.compile(r"(?<![\w./?=-])[12]\d{3}-\d\d-\d\d(?![\w/~?-])")


def spell_out(text: str) -> str:
    """A French text with its amounts and days as people write them; what is unclear stays.

    "2500 EUR" is "2 500 €" and "2006-09-05" is "5 septembre 2006".
    """

    def amount(match: re.Match[str]) -> str:
        units = int(re.sub(_SPACE, "", match[1]))
        return f"{number(units)}{HARD}{match[2].replace('EUR', '€')}"

    def day(match: re.Match[str]) -> str:
        with suppress(TextError):
            return date_words(match[0])
        return match[0]

    return _DAY.sub(day, _MONEY.sub(amount, text))


def first_upper(text: str) -> str:
    """The text with its first letter in upper case."""
    return text[:1].upper() + text[1:]
