"""Query parser: words, "phrases", -excluded words, prefixes*, dates, periods and case numbers.

All words are required. What is quoted matches by the letter; a plain word also matches its other
forms and its synonyms. A number of a département or a year means only that, unless it is quoted.
There are no syntax errors: unknown syntax is read as words. "OU" and "ET" in capitals between
words, and "OR" and "AND", are ignored: there is no OR.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from register.errors import Invalid
from register.search import analyzer, query_readings
from register.search.engine_interface import CODE, QueryAlternative, QueryPart, SearchQuery
from register.search.synonyms import area_words, load_table
from register.territory.place_queries import is_departement_code
from register.text.normalisation import one_line

LENGTH_LIMIT = 200  # characters
PARTS_LIMIT = 24
MIN_PREFIX_LENGTH = 3  # shorter prefixes match too many words

_PIECE = re.compile(
    rf"""
    (?P<without>(?<!\S)[-\u2212](?=\S))?
    (?:
        ["“”„](?P<phrase>[^"“”„]*)["“”„]
      | «(?P<guillemets>[^«»]*)»
      | (?P<readable>{query_readings.PATTERN})
      | (?P<plain>[^\s"“”„«»]+)
    )
    """,
    re.VERBOSE | re.IGNORECASE,
)
# One name with its inner punctuation: "Noisy-le-Sec", "93sang30.com", "l’affaire". "17/0815" is
# the number of a file, not two départements.
_CHUNK = re.compile(r"(?:[\w\-\u2010\u2011.@&'’ʼ]|(?<=\d)/(?=\d))+\*?")
# End of a domain name.
_SITE = re.compile(r"\w\.[a-z]{2,4}$", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)[0-9]{2}")
_SHORT_PREFIX = re.compile(rf"(?<!\w)\w{{1,{MIN_PREFIX_LENGTH - 1}}}\*")
# Operators of other search engines.
_OR_OPERATORS = frozenset({"OU", "OR"})
_OPERATORS = _OR_OPERATORS | {"ET", "AND"}
# In a query all in capitals, "OR" may be the French word for gold.
_CAPITALS_OPERATORS = frozenset({"OU", "ET"})


@dataclass(frozen=True)
class _Word:
    """Word or phrase of a query, before synonyms.

    ``short``: it was typed as a prefix that is too short, and is read as a word.
    """

    typed: str
    span: tuple[int, int]
    forms: tuple[str, ...]
    excluded: bool = False
    phrase: bool = False
    prefix: bool = False
    short: bool = False
    reading: QueryPart | None = None

    @property
    def tokens(self) -> tuple[str, ...]:
        return tuple(analyzer.token_of(form) for form in self.forms)

    @property
    def is_plain(self) -> bool:
        """Whether it may be part of an expression that has synonyms."""
        return not (self.excluded or self.phrase or self.prefix or self.reading)


def parse(search_text: str) -> SearchQuery:
    """Parse a typed search.

    :raises Invalid: ``search_too_long``, ``search_too_many``, or without any word to search for
        ``search_no_word``, ``search_short_beginning`` or ``search_silent``.
    """
    line = one_line(search_text)
    if len(line) > LENGTH_LIMIT:
        raise Invalid("search_too_long", limit=LENGTH_LIMIT)
    words = list(_words(line))
    if line and all(word.short for word in words):
        raise _no_terms_error(line)
    parts = tuple(dict.fromkeys(_parts(line, words)))
    if len(parts) > PARTS_LIMIT:
        raise Invalid("search_too_many", limit=PARTS_LIMIT)
    return SearchQuery(parts)


def find_or_operator(search_text: str) -> str:
    """First ignored OR operator of a search, or an empty string."""
    _meaningful, ignored = _pieces(one_line(search_text))
    return next((word for word in ignored if word in _OR_OPERATORS), "")


def without_operators(search_text: str) -> str:
    """Search text without its ignored operators."""
    return " ".join(piece.group() for piece in _pieces(one_line(search_text))[0])


def _no_terms_error(line: str) -> Invalid:
    """Error for a search without terms: no word, a short prefix, or stop words only."""
    if not any(character.isalnum() for character in line):
        return Invalid("search_no_word", words=line)
    if _SHORT_PREFIX.search(line):
        return Invalid("search_short_beginning", words=line, limit=MIN_PREFIX_LENGTH)
    return Invalid("search_silent", words=line)


def _pieces(line: str) -> tuple[list[re.Match[str]], list[str]]:
    """Words and phrases of a line, and the ignored operators between them."""
    pieces = list(_PIECE.finditer(line))
    other_text = "".join(piece.group() for piece in pieces if piece.group() not in _OPERATORS)
    operators = _CAPITALS_OPERATORS if other_text.isupper() else _OPERATORS
    ignored = [piece for piece in pieces[1:-1] if piece.group() in operators]
    return [piece for piece in pieces if piece not in ignored], [piece.group() for piece in ignored]


def _words(line: str) -> Iterator[_Word]:
    for piece in _pieces(line)[0]:
        excluded = piece["without"] is not None
        quoted = piece["phrase"] if piece["phrase"] is not None else piece["guillemets"]
        typed = piece["readable"]
        if quoted is not None:
            if forms := analyzer.forms(quoted):
                yield _Word(
                    f'"{quoted.strip()}"', piece.span(), tuple(forms), excluded, phrase=True
                )
        elif typed and (reading := query_readings.read(typed)):
            forms = analyzer.forms(typed)
            part = replace(reading, excluded=excluded)
            yield _Word(typed, piece.span(), tuple(forms), excluded, reading=part)
        else:
            for chunk in _CHUNK.finditer(line, *piece.span("readable" if typed else "plain")):
                yield from _chunk_words(chunk, excluded)


def _chunk_words(chunk: re.Match[str], excluded: bool) -> Iterator[_Word]:
    typed, span = chunk.group(), chunk.span()
    forms = analyzer.forms(typed)
    if typed.endswith("*") and forms and len(forms[-1]) >= MIN_PREFIX_LENGTH:
        if forms[:-1]:
            yield _Word(typed, span, tuple(forms[:-1]), excluded)
        yield _Word(typed, span, (forms[-1],), excluded, prefix=True)
    elif forms:
        short = typed.endswith("*") and len(forms) == 1
        yield _Word(typed.rstrip("*"), span, tuple(forms), excluded, short=short)


def _parts(line: str, words: Sequence[_Word]) -> Iterator[QueryPart]:
    start = 0
    while start < len(words):
        size, alternatives = _expression_at(words, start)
        first, last = words[start], words[start + size - 1]
        compounds = _compound_alternatives(words, start, size)
        yield first.reading or QueryPart(
            first.typed if size == 1 else line[first.span[0] : last.span[1]],
            tuple(dict.fromkeys((*alternatives, *compounds))),
            first.excluded,
            _year_filters(alternatives),
        )
        start += size


def _year_filters(alternatives: Sequence[QueryAlternative]) -> tuple[tuple[str, str], ...]:
    name, _colon, year = alternatives[0].tokens[0].partition(":")
    return (("annee", year),) if name == f"{CODE}an" else ()


def _word_alternatives(word: _Word) -> Iterator[QueryAlternative]:
    """Yield the word, its spelling in one word, and a domain name without its end."""
    if word.prefix:
        yield QueryAlternative(word.forms, prefix=True)
    elif word.phrase:
        yield QueryAlternative(word.forms, literal=True)
        if area := area_words().get(word.tokens):
            yield QueryAlternative((area,), literal=True)
    else:
        yield QueryAlternative(_meaning_tokens(word))
        if len(word.forms) > 1:
            yield QueryAlternative((analyzer.token_of("".join(word.forms)),))
            if _SITE.search(word.typed):
                yield QueryAlternative(word.tokens[:-1])


def _compound_alternatives(
    words: Sequence[_Word], start: int, size: int
) -> Iterator[QueryAlternative]:
    """Yield a word joined with each neighbour: "vote inutile" also matches voteinutile.fr."""
    pairs = pairwise(words[max(0, start - 1) : start + 2]) if size == 1 else ()
    for pair in pairs:
        if all(map(_is_plain_word, pair)):
            joined = "".join(form for word in pair for form in word.forms)
            yield QueryAlternative((analyzer.token_of(joined),))


def _is_plain_word(word: _Word) -> bool:
    """Whether a word is plain and does not mean a département or a year."""
    return word.is_plain and not _meaning_tokens(word)[0].startswith(CODE)


def _meaning_tokens(word: _Word) -> tuple[str, ...]:
    """Tokens of a word, or the code of a number that is a département or a year."""
    form = word.forms[0]
    if len(word.forms) > 1:
        return word.tokens
    if is_departement_code(form.upper()):
        return (f"{CODE}dep:{form.upper()}",)
    if _YEAR.fullmatch(form):
        return (f"{CODE}an:{form}",)
    return word.tokens


def _expression_at(words: Sequence[_Word], start: int) -> tuple[int, tuple[QueryAlternative, ...]]:
    """Number of words of the longest expression at a position, and its alternatives.

    A word alone if no expression of the synonym table begins there.
    """
    table = load_table()
    run_tokens: list[str] = []
    longest_match = 1, tuple(_word_alternatives(words[start]))
    for size, word in enumerate(words[start : start + table.longest], start=1):
        if not word.is_plain:
            break
        run_tokens += word.tokens
        if equivalents := table.alternatives.get(tuple(run_tokens)):
            # Words typed apart may be apart in a text; one word with punctuation is a phrase.
            literal = QueryAlternative(tuple(run_tokens), is_phrase=size == 1)
            longest_match = size, (literal, *equivalents)
    if longest_match[0] == 1 and (codes := _codes_by_company(words, start)):
        return 1, codes
    return longest_match


def _codes_by_company(words: Sequence[_Word], start: int) -> tuple[QueryAlternative, ...]:
    """Codes that a word means beside the other words; none if these lead to several."""
    if not words[start].is_plain:
        return ()
    tokens = {token for word in words if word.is_plain for token in word.tokens}
    matches = [
        codes
        for own_tokens, neighbours, codes in load_table().companies
        if own_tokens.issuperset(words[start].tokens) and neighbours & tokens
    ]
    return matches[0] if len(matches) == 1 else ()
