"""The language of a search: words, "phrases", -words and beginnings*, as people type them.

All words have to be there. A quoted phrase is taken by the letter; a plain word is also looked for
by its synonyms. A number that is a département's or a year means that, and nothing else, unless it
is quoted. Whatever cannot be read as more is read as words: no text is an error of syntax. "OU" and
"ET" in capitals between words, and their English, are left out: there are no alternatives.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from register.errors import Invalid
from register.search import analyzer, synonyms
from register.search.query_model import CODE, Asked, Part, Way
from register.territory.codes import is_departement_code
from register.text.sanitize import one_line

LENGTH_LIMIT = 200  # characters
PARTS_LIMIT = 24
# A beginning of one or two letters is that of every other word.
SHORTEST_BEGINNING = 3

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
_SHORT_BEGINNING = re.compile(rf"(?<!\w)\w{{1,{SHORTEST_BEGINNING - 1}}}\*")
# What other searches take for operators.
_EITHER = frozenset({"OU", "OR"})
_OPERATORS = _EITHER | {"ET", "AND"}
# Among words in capitals these are nothing else; "OR" may be the metal there.
_ALWAYS = frozenset({"OU", "ET"})


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


def parse(text: str) -> Asked:
    """Read what a person typed.

    :raises Invalid: ``search_too_long``, ``search_too_many``, or one of those of
        :func:`_nothing_in` when there is nothing to look for.
    """
    line = one_line(text)
    if len(line) > LENGTH_LIMIT:
        raise Invalid("search_too_long", limit=LENGTH_LIMIT)
    read = list(_words(line))
    if line and all(word.short for word in read):
        raise _nothing_in(line)
    parts = tuple(dict.fromkeys(_parts(read)))
    if len(parts) > PARTS_LIMIT:
        raise Invalid("search_too_many", limit=PARTS_LIMIT)
    return Asked(parts)


def alternative(text: str) -> str:
    """The first word of a search that asks for one thing or another; empty without one."""
    _read, left_out = _pieces(one_line(text))
    return next((word for word in left_out if word in _EITHER), "")


def obeyed(text: str) -> str:
    """A search as it is read: without the operators that are left out."""
    return " ".join(piece.group() for piece in _pieces(one_line(text))[0])


def _nothing_in(line: str) -> Invalid:
    """Why there is nothing to look for: no word, too short a beginning, or silent ones only."""
    if not any(character.isalnum() for character in line):
        return Invalid("search_no_word", words=line)
    if _SHORT_BEGINNING.search(line):
        return Invalid("search_short_beginning", words=line, limit=SHORTEST_BEGINNING)
    return Invalid("search_silent", words=line)


def _pieces(line: str) -> tuple[list[re.Match[str]], list[str]]:
    """The words and phrases of a line, and the operators between them that are left out."""
    found = list(_PIECE.finditer(line))
    others = "".join(piece.group() for piece in found if piece.group() not in _OPERATORS)
    meant = _ALWAYS if others.isupper() else _OPERATORS
    inner = [piece for piece in found[1:-1] if piece.group() in meant]
    return [piece for piece in found if piece not in inner], [piece.group() for piece in inner]


def _words(line: str) -> Iterator[_Word]:
    for piece in _pieces(line)[0]:
        excluded = piece["without"] is not None
        quoted = piece["phrase"] if piece["phrase"] is not None else piece["guillemets"]
        if quoted is None:
            yield from _plain(piece["plain"], excluded)
        elif forms := analyzer.forms(quoted):
            yield _Word(quoted.strip(), tuple(forms), excluded, phrase=True)


def _plain(text: str, excluded: bool) -> Iterator[_Word]:
    for chunk in _CHUNK.findall(text):
        forms = analyzer.forms(chunk)
        if not forms:
            continue
        if chunk.endswith("*") and len(forms[-1]) >= SHORTEST_BEGINNING:
            if forms[:-1]:
                yield _Word(chunk, tuple(forms[:-1]), excluded)
            yield _Word(chunk, (forms[-1],), excluded, prefix=True)
        else:
            short = chunk.endswith("*") and len(forms) == 1
            yield _Word(chunk.rstrip("*"), tuple(forms), excluded, short=short)


def _parts(read: Sequence[_Word]) -> Iterator[Part]:
    start = 0
    while start < len(read):
        size, ways = _spoken_of(read, start)
        glued = _glued(read, start, size)
        if size:
            typed = " ".join(word.typed for word in read[start : start + size])
            yield Part(typed, _once(*ways, *glued))
        else:
            size = 1
            part = _part(read[start])
            yield replace(part, ways=_once(*part.ways, *glued))
        start += size


def _part(word: _Word) -> Part:
    if word.prefix:
        return Part(word.typed, (Way(word.forms, prefix=True),), word.excluded)
    return Part(word.typed, _once(Way(_meant(word)), *_written(word)), word.excluded)


def _written(word: _Word) -> Iterator[Way]:
    """How else one chunk may be written: in one word, or without the end of a site's address."""
    if word.phrase or len(word.forms) < 2:
        return
    yield Way((analyzer.token_of("".join(word.forms)),))
    if _SITE.search(word.typed):
        yield Way(word.tokens[:-1])


def _glued(read: Sequence[_Word], start: int, size: int) -> Iterator[Way]:
    """A word written together with its neighbour: "vote inutile" finds voteinutile.fr."""
    if size > 1 or not _is_a_word(read[start]):
        return
    for one in (start - 1, start):
        pair = read[one : one + 2] if one >= 0 else ()
        if len(pair) == 2 and all(map(_is_a_word, pair)):
            yield Way((analyzer.token_of("".join(form for word in pair for form in word.forms)),))


def _is_a_word(word: _Word) -> bool:
    """Whether it is plain, and no number that means a place or a time."""
    return word.is_plain and not _meant(word)[0].startswith(CODE)


def _once(*ways: Way) -> tuple[Way, ...]:
    return tuple(dict.fromkeys(ways))


def _meant(word: _Word) -> tuple[str, ...]:
    """The tokens of a word; a number alone is a place or a time."""
    form = word.forms[0]
    if len(word.forms) > 1 or word.phrase:
        return word.tokens
    if is_departement_code(form.upper()):
        return (f"{CODE}dep:{form.upper()}",)
    if _YEAR.fullmatch(form):
        return (f"{CODE}an:{form}",)
    return word.tokens


def _spoken_of(read: Sequence[_Word], start: int) -> tuple[int, tuple[Way, ...]]:
    """How many plain words from here on have synonyms as one expression, and all its ways."""
    run: list[str] = []
    found: tuple[int, tuple[Way, ...]] = (0, ())
    for size, word in enumerate(read[start : start + synonyms.longest()], start=1):
        if not word.is_plain:
            break
        run += word.tokens
        others = synonyms.of(tuple(run))
        if others:
            # Words typed apart may stand apart, as any words may; one chunk stays one.
            found = size, (Way(tuple(run), together=size == 1), *others)
    return found
