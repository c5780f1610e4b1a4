"""Typography: the spaces and apostrophes that people do not type, French ones above all.

Rules of the Imprimerie nationale: thin no-break space before ; ? ! and inside guillemets,
no-break space before the colon. Only spaces and apostrophes change, never a word, and nothing
inside addresses and file names, which a reader may copy. English asks for little of it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable

from register.text.dates import MONTHS, MONTHS_EN, Language

THIN = "\u202f"
HARD = "\u00a0"

_SPACE = f"[ {HARD}{THIN}]"
# A run of spaces, taken from its first one and never given back: without both conditions a
# text of 50,000 spaces would be read 50,000 times.
_SPACES = f"(?<!{_SPACE}){_SPACE}++"

_TOKEN = re.compile(r"\S+")
_PLACEHOLDER = "\ue000"
_FILE_NAME = re.compile(r"\w\.[A-Za-z][A-Za-z0-9]{1,4}\Z")
_ENTITY = re.compile(r"&(?:#x?[0-9a-fA-F]{1,8}|[a-z]{2,8});")
_ENDS = ".,;:!?)]»”\"'…"

# What is found, and what stands there instead.
TypographyRule = tuple[re.Pattern[str], "str | Callable[[re.Match[str]], str]"]


def _thin_groups(match: re.Match[str]) -> str:
    return re.sub(_SPACE, THIN, match.group())


# The number before must have ended: in "1234 567 890" nobody knows where the groups begin.
_THOUSANDS = re.compile(rf"(?<![\d.,])(?<!\d{_SPACE})\d{{1,3}}(?:{_SPACE}\d{{3}})+(?!\d)")
_RULES: tuple[TypographyRule, ...] = (
    (re.compile(r"(?<=[^\W\d_])'"), "’"),
    (re.compile(rf"«{_SPACE}++|«(?=\S)"), f"«{THIN}"),
    (re.compile(r"(?<=\S)(?=»)"), THIN),
    # Without a space before it, a mark gets one only at the end of a word: "a;b" may be code.
    (re.compile(r"""(?<=[\w)\]»”’"%€…])(?=[;?!]+(?:[\s)\]»”"]|\Z))"""), THIN),
    (re.compile(rf"{_SPACES}(?=[;?!»])"), THIN),
    # The colon gets no space of its own making, because of 10:30 and of "http:".
    (re.compile(rf"{_SPACES}(?=:(?:\s|\Z))"), HARD),
    (
        re.compile(rf"(?<![\w.,])(1er|\d{{1,2}}){_SPACE}++(?=(?:{'|'.join(MONTHS)})\b)"),
        rf"\1{HARD}",
    ),
    (re.compile(rf"(?i)(?<!\w)(n[º°]|nos|art\.|pp?\.){_SPACE}++(?=\d)"), rf"\1{HARD}"),
    (re.compile(rf"(?<=\d){_SPACE}++(?=€|%|EUR\b)"), HARD),
    (_THOUSANDS, _thin_groups),
)
_ENGLISH_RULES: tuple[TypographyRule, ...] = (
    (re.compile(r"(?<=[^\W\d_])'"), "’"),
    (re.compile(rf"(?<![\w.,])(\d{{1,2}}) (?=(?:{'|'.join(MONTHS_EN)})\b)"), rf"\1{HARD}"),
    (re.compile(r"\b(Nos?\.|art\.|pp?\.) (?=\d)"), rf"\1{HARD}"),
)

_TAG = re.compile(r"""(<[/!a-zA-Z](?:[^<>"']|"[^"]*+"|'[^']*+')*+>)""")
_VERBATIM = re.compile(r"<(/?)(?:code|pre)\b")

_NUMBER_WORDS = (
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
)
_NUMBER_WORDS_EN = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
)


def french(text: str) -> str:
    """A plain text with French spaces and apostrophes; applying it twice changes nothing."""
    return _apply_rules(text, _RULES)


def english(text: str) -> str:
    """A plain text with the apostrophes of English, and no break within "26 June" or "No. 3"."""
    return _apply_rules(text, _ENGLISH_RULES)


def typeset(text: str, language: Language) -> str:
    """A plain text with the marks of its language."""
    return french(text) if language == "fr" else english(text)


def _apply_rules(text: str, rules: Iterable[TypographyRule]) -> str:
    """The text by some rules, what a reader may copy left as it is."""
    verbatim_tokens: list[str] = []

    def protect(match: re.Match[str]) -> str:
        token = match.group()
        if not _is_verbatim(token):
            return token
        verbatim_tokens.append(token)
        return _PLACEHOLDER

    # Held tokens stand as one private-use character while the rules run. A token that already
    # has that character is held too, so that every one found afterwards is ours.
    text = _TOKEN.sub(protect, text)
    for pattern, replacement in rules:
        text = pattern.sub(replacement, text)
    protected = iter(verbatim_tokens)
    return "".join(
        next(protected) if part == _PLACEHOLDER else part
        for part in re.split(f"({_PLACEHOLDER})", text)
    )


def typeset_html(source: str, language: Language) -> str:
    """The text nodes of a well-formed HTML fragment through :func:`typeset`.

    Tags, attributes and the content of ``code`` and ``pre`` are left alone.
    """
    depth = 0
    parts: list[str] = []
    for index, part in enumerate(_TAG.split(source)):
        if index % 2:
            if verbatim := _VERBATIM.match(part):
                depth = max(0, depth + (-1 if verbatim[1] else 1))
        elif not depth:
            # The semicolon of an entity is not punctuation: typography sees the characters.
            part = html.escape(typeset(html.unescape(part), language), quote=False)
        parts.append(part)
    return "".join(parts)


def number(value: int, language: Language = "fr") -> str:
    """An integer with its digits in threes: 34969 is "34 969", by a thin no-break space."""
    grouped = f"{value:,}"
    return grouped.replace(",", THIN) if language == "fr" else grouped


def count_words(count: int, language: Language = "fr", *, feminine: bool = False) -> str:
    """A count in letters up to sixteen, in digits beyond: "quatre", "une", "1 482".

    English has them up to ten, as its newspapers do.
    """
    if language == "en":
        return (
            _NUMBER_WORDS_EN[count]
            if 0 <= count < len(_NUMBER_WORDS_EN)
            else number(count, language)
        )
    if count == 1 and feminine:
        return "une"
    return _NUMBER_WORDS[count] if 0 <= count < len(_NUMBER_WORDS) else number(count)


def _is_verbatim(token: str) -> bool:
    # An entity that is shown as such (the text explains HTML) keeps its own semicolon.
    if _ENTITY.search(token):
        return True
    if "://" in token or "@" in token or _PLACEHOLDER in token or "www." in token.lower():
        return True
    return _FILE_NAME.search(token.rstrip(_ENDS)) is not None
