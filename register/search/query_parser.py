"""The language of a search: words, "phrases", -words and beginnings*, as people type them.

All words have to be there. A quoted phrase is taken by the letter; a plain word is also looked for
by its synonyms. A number that is a département's or a year means that, and nothing else, unless it
is quoted. Whatever cannot be read as more is read as words: no text is an error of syntax. "OU" and
"ET" in capitals between words, and their English, are left out: there are no alternatives.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from register.errors import Invalid
from register.search import analyzer
from register.search.engine import CODE, QueryAlternative, QueryPart, SearchQuery
from register.territory.codes import is_departement_code
from register.text.normalisation import one_line

LENGTH_LIMIT = 200  # characters
PARTS_LIMIT = 24
# A beginning of one or two letters is that of every other word.
MIN_PREFIX_LENGTH = 3

_PIECE = re.compile(
    r"""
    (?P<without>(?<!\S)[-\u2212](?=\S))?
    (?:
        ["“”„](?P<phrase>[^"“”„]*)["“”„]
      | «(?P<guillemets>[^«»]*)»
      | (?P<plain>[^\s"“”„«»]+)
    )
    """,
    re.VERBOSE,
)
# What holds the parts of one name together: "Noisy-le-Sec", "93sang30.com", "l’affaire".
# "17/0815" is the number of a file, not two départements.
_CHUNK = re.compile(r"(?:[\w\-\u2010\u2011.@&'’ʼ]|(?<=\d)/(?=\d))+\*?")
# How the address of a site ends; the name is what stands before.
_SITE = re.compile(r"\w\.[a-z]{2,4}$", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_SHORT_PREFIX = re.compile(rf"(?<!\w)\w{{1,{MIN_PREFIX_LENGTH - 1}}}\*")
# What other searches take for operators.
_OR_OPERATORS = frozenset({"OU", "OR"})
_OPERATORS = _OR_OPERATORS | {"ET", "AND"}
# Among words in capitals these are nothing else; "OR" may be the metal there.
_CAPITALS_OPERATORS = frozenset({"OU", "ET"})


@dataclass(frozen=True)
class _Word:
    """One chunk of a search, before synonyms: its forms, whether it is plain, a beginning.

    ``short``: it was meant as a beginning, has too few letters for one, and is read as a word.
    """

    typed: str
    forms: tuple[str, ...]
    excluded: bool = False
    phrase: bool = False
    prefix: bool = False
    short: bool = False

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(analyzer.token_of(form) for form in self.forms)

    @property
    def is_plain(self) -> bool:
        """Whether it may be a part of what has synonyms."""
        return not (self.excluded or self.phrase or self.prefix)


def parse(search_text: str) -> SearchQuery:
    """Read what a person typed.

    :raises Invalid: ``search_too_long``, ``search_too_many``, or one of those of
        :func:`_no_terms_error` when there is nothing to look for.
    """
    line = one_line(search_text)
    if len(line) > LENGTH_LIMIT:
        raise Invalid("search_too_long", limit=LENGTH_LIMIT)
    words = list(_words(line))
    if line and all(word.short for word in words):
        raise _no_terms_error(line)
    parts = tuple(dict.fromkeys(_parts(words)))
    if len(parts) > PARTS_LIMIT:
        raise Invalid("search_too_many", limit=PARTS_LIMIT)
    return SearchQuery(parts)


def find_or_operator(search_text: str) -> str:
    """The first word of a search that asks for one thing or another; empty without one."""
    _meaningful, ignored = _pieces(one_line(search_text))
    return next((word for word in ignored if word in _OR_OPERATORS), "")


def without_operators(search_text: str) -> str:
    """A search as it is read: without the operators that are left out."""
    return " ".join(piece.group() for piece in _pieces(one_line(search_text))[0])


def _no_terms_error(line: str) -> Invalid:
    """Why there is nothing to look for: no word, too short a beginning, or silent ones only."""
    if not any(character.isalnum() for character in line):
        return Invalid("search_no_word", words=line)
    if _SHORT_PREFIX.search(line):
        return Invalid("search_short_beginning", words=line, limit=MIN_PREFIX_LENGTH)
    return Invalid("search_silent", words=line)


def _pieces(line: str) -> tuple[list[re.Match[str]], list[str]]:
    """The words and phrases of a line, and the operators between them that are left out."""
    pieces = list(_PIECE.finditer(line))
    other_text = "".join(piece.group() for piece in pieces if piece.group() not in _OPERATORS)
    operators = _CAPITALS_OPERATORS if other_text.isupper() else _OPERATORS
    ignored = [piece for piece in pieces[1:-1] if piece.group() in operators]
    return [piece for piece in pieces if piece not in ignored], [piece.group() for piece in ignored]


def _words(line: str) -> Iterator[_Word]:
    for piece in _pieces(line)[0]:
        excluded = piece["without"] is not None
        quoted = piece["phrase"] if piece["phrase"] is not None else piece["guillemets"]
        if quoted is None:
            yield from _plain_words(piece["plain"], excluded)
        elif forms := analyzer.forms(quoted):
            yield _Word(quoted.strip(), tuple(forms), excluded, phrase=True)


def _plain_words(text: str, excluded: bool) -> Iterator[_Word]:
    for chunk in _CHUNK.findall(text):
        forms = analyzer.forms(chunk)
        if not forms:
            continue
        if chunk.endswith("*") and len(forms[-1]) >= MIN_PREFIX_LENGTH:
            if forms[:-1]:
                yield _Word(chunk, tuple(forms[:-1]), excluded)
            yield _Word(chunk, (forms[-1],), excluded, prefix=True)
        else:
            short = chunk.endswith("*") and len(forms) == 1
            yield _Word(chunk.rstrip("*"), tuple(forms), excluded, short=short)


def _parts(words: Sequence[_Word]) -> Iterator[QueryPart]:
    start = 0
    while start < len(words):
        size, alternatives = _expression_at(words, start)
        compounds = _compound_alternatives(words, start, size)
        if size:
            typed = " ".join(word.typed for word in words[start : start + size])
            yield QueryPart(typed, _unique(*alternatives, *compounds))
        else:
            size = 1
            part = _part(words[start])
            yield replace(part, alternatives=_unique(*part.alternatives, *compounds))
        start += size


def _part(word: _Word) -> QueryPart:
    if word.prefix:
        return QueryPart(word.typed, (QueryAlternative(word.forms, prefix=True),), word.excluded)
    return QueryPart(
        word.typed,
        _unique(QueryAlternative(_meaning_tokens(word)), *_spelling_alternatives(word)),
        word.excluded,
    )


def _spelling_alternatives(word: _Word) -> Iterator[QueryAlternative]:
    """How else one chunk may be written: in one word, or without the end of a site's address."""
    if word.phrase or len(word.forms) < 2:
        return
    yield QueryAlternative((analyzer.token_of("".join(word.forms)),))
    if _SITE.search(word.typed):
        yield QueryAlternative(word.tokens[:-1])


def _compound_alternatives(
    words: Sequence[_Word], start: int, size: int
) -> Iterator[QueryAlternative]:
    """A word written together with its neighbour: "vote inutile" finds voteinutile.fr."""
    if size > 1 or not _is_plain_word(words[start]):
        return
    for pair_start in (start - 1, start):
        pair = words[pair_start : pair_start + 2] if pair_start >= 0 else ()
        if len(pair) == 2 and all(map(_is_plain_word, pair)):
            yield QueryAlternative(
                (analyzer.token_of("".join(form for word in pair for form in word.forms)),)
            )


def _is_plain_word(word: _Word) -> bool:
    """Whether it is plain, and no number that means a place or a time."""
    return word.is_plain and not _meaning_tokens(word)[0].startswith(CODE)


def _unique(*alternatives: QueryAlternative) -> tuple[QueryAlternative, ...]:
    return tuple(dict.fromkeys(alternatives))


def _meaning_tokens(word: _Word) -> tuple[str, ...]:
    """The tokens of a word; a number alone is a place or a time."""
    form = word.forms[0]
    if len(word.forms) > 1 or word.phrase:
        return word.tokens
    if is_departement_code(form.upper()):
        return (f"{CODE}dep:{form.upper()}",)
    if _YEAR.fullmatch(form):
        return (f"{CODE}an:{form}",)
    return word.tokens


def _expression_at(words: Sequence[_Word], start: int) -> tuple[int, tuple[QueryAlternative, ...]]:
    """How many plain words from here on have synonyms as one expression, and all its ways."""
    run_tokens: list[str] = []
    longest_match: tuple[int, tuple[QueryAlternative, ...]] = (0, ())
    for size, word in enumerate(words[start : start + longest_expression()], start=1):
        if not word.is_plain:
            break
        run_tokens += word.tokens
        equivalents = synonyms_of(tuple(run_tokens))
        if equivalents:
            # Words typed apart may stand apart, as any words may; one chunk stays one.
            longest_match = (
                size,
                (QueryAlternative(tuple(run_tokens), is_phrase=size == 1), *equivalents),
            )
    return longest_match


FILE = Path(__file__).with_name("synonyms.toml")

SynonymTable = Mapping[tuple[str, ...], tuple[QueryAlternative, ...]]


def synonyms_of(tokens: tuple[str, ...]) -> tuple[QueryAlternative, ...]:
    """The other ways to say an expression; none for one that the file does not have."""
    return _table().get(tokens, ())


def longest_expression() -> int:
    """How many words the longest expression has."""
    return max(map(len, _table()), default=1)


def parse_table(source: Mapping[str, Any]) -> SynonymTable:
    """The table that a parsed file makes: expression → ways, from both kinds of entries."""
    table: dict[tuple[str, ...], dict[QueryAlternative, None]] = {}
    for group in source.get("groupe", ()):
        expressions = _expressions(group["mots"])
        for expression in expressions:
            equivalents = (QueryAlternative(other) for other in expressions if other != expression)
            table.setdefault(expression, {}).update(dict.fromkeys(equivalents))
    for code_group in source.get("vers", ()):
        alternatives = [QueryAlternative((CODE + code,)) for code in code_group["codes"]]
        for expression in _expressions(code_group["mots"]):
            table.setdefault(expression, {}).update(dict.fromkeys(alternatives))
    return {expression: tuple(alternatives) for expression, alternatives in table.items()}


def _expressions(phrases: Iterable[str]) -> list[tuple[str, ...]]:
    """Expressions as tokens, each once: "caméra" and "caméras" are the same."""
    token_runs = (tuple(analyzer.tokens(expression)) for expression in phrases)
    return list(dict.fromkeys(expression for expression in token_runs if expression))


@cache
def _table() -> SynonymTable:
    return parse_table(tomllib.loads(FILE.read_text(encoding="utf-8")))
