"""Detection of names of private persons in French prose.

A name is a title and a surname (M. Martin), a first name and a surname (Jeanne Martin, MARTIN
Jeanne), or initials and a surname (J. Martin). First names come from a list; a surname is any
capitalised word that is no common one. A name in apposition to an elected person's or a
minister's or prefect's function ("le maire de Gagny, Jean Martin", "Jean Martin, maire de Gagny")
is not private; nor is one that names a street or a school.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from register.text.normalisation import fold

FIRST_NAMES_FILE = Path(__file__).parent / "first_names.txt"
WORDS = {
    name: frozenset(words.split())
    for name, words in tomllib.loads(
        (Path(__file__).parent / "person_words.toml").read_text("utf-8")
    ).items()
}
_QUALIFIERS = WORDS["qualifiers"] | WORDS["councils"] | WORDS["presidencies"]
# Tokens between a function and a name; first names and initials of one person.
_REACH = 12
_FIRST_NAMES_LIMIT = 6

_TOKEN = re.compile(r"([^\W\d_]+(?:-[^\W\d_]+)*)")
_SENTENCE_END = re.compile(r"[.;:!?\n]")
# "Henri IV", "le Milan AC".
_NUMERAL_OR_ABBREVIATION = re.compile(r"[IVX]+|[A-Z]{2}")
_AFTER_TITLE = re.compile(r"\.?\s{1,2}|\.")
_INSIDE = re.compile(r"\.?\s{1,2}|\.?-?|['’]")


@cache
def first_names() -> frozenset[str]:
    """The first names of Insee's list, folded."""
    lines = FIRST_NAMES_FILE.read_text("utf-8").splitlines()
    names = " ".join(line for line in lines if not line.startswith("#")).split()
    return frozenset(names) - WORDS["not_first_names"]


class _Token(NamedTuple):
    start: int
    end: int
    word: str
    folded: str  # hyphens as spaces
    gap: str  # between the token before and this one

    @property
    def is_capitalised(self) -> bool:
        return self.word[0].isupper()

    @property
    def is_initial(self) -> bool:
        return self.is_capitalised and all(len(part) == 1 for part in self.folded.split())

    @property
    def is_first_name(self) -> bool:
        # The list has no names of two letters, but compounds do: Marie-Jo.
        first, *others = self.folded.split() or [""]
        return (
            self.is_capitalised
            and first in first_names()
            and all(len(part) == 2 or part in first_names() for part in others)
        )

    def is_joined(self, pattern: re.Pattern[str]) -> bool:
        return pattern.fullmatch(self.gap) is not None


class _Name(NamedTuple):
    """A name from one token to before another, with its words apart from its title."""

    first: int
    after: int
    words: tuple[str, ...]
    title: str


def private_names(text: str) -> Iterator[tuple[int, int]]:
    """The places, in order, of names of persons that stand with no public function."""
    reader = _Reader(text)
    names = list(reader.names())
    public = {name.words for name in names if reader.is_public(name)}
    surnames = {words[-1] for words in public}
    for name in names:
        # Once "le maire Jean Martin" was written, "M. Martin" is he.
        is_public = name.words in public or (name.title and name.words[-1] in surnames)
        if not is_public and not reader.is_place(name):
            yield reader.tokens[name.first].start, reader.tokens[name.after - 1].end


class _Reader:
    def __init__(self, text: str) -> None:
        parts = _TOKEN.split(text)  # gaps and words in turn
        ends = list(accumulate(map(len, parts)))
        gaps, words = parts[::2], parts[1::2]
        self.tokens = list(map(_Token, ends[::2], ends[1::2], words, map(fold, words), gaps))
        # A token that ends every search for one: empty, and behind the end of a sentence.
        self.tokens.append(_Token(len(text), len(text), " ", "", "."))

    def names(self) -> Iterator[_Name]:
        index = 0
        while index < len(self.tokens) - 1:
            name = self._name_at(index)
            if name:
                yield name
            index = name.after if name else index + 1

    def _name_at(self, index: int) -> _Name | None:
        tokens = self.tokens
        token = tokens[index]
        is_title = token.folded in WORDS["titles"] and (
            token.is_capitalised or token.folded not in WORDS["capital_titles"]
        )
        if not is_title and token.word.islower():
            return None  # as most words are: no name begins with one
        first = index + 1 if is_title else index
        if is_title and not tokens[first].is_joined(_AFTER_TITLE):
            return None
        # "Saint Maurice Plage"
        if index and tokens[index - 1].folded in WORDS["saints"] and token.gap.isspace():
            return None
        after = first
        while after < first + _FIRST_NAMES_LIMIT and (
            tokens[after].is_first_name
            or (tokens[after].is_initial and tokens[after].folded not in WORDS["titles"])
        ):
            if after > first and not tokens[after].is_joined(_INSIDE):
                break
            after += 1
        surname_end = self._surname_end(after) if is_title or after > first else 0
        is_initials = all(part.is_initial for part in tokens[first:after])
        if after > first and is_initials and not is_title:
            is_lettered = first > 0 and tokens[first - 1].folded in WORDS["lettered"]
            if is_lettered or not tokens[after].gap.startswith("."):
                return None
        if surname_end:
            after = surname_end
        elif (
            after - first < (1 if is_title else 2)
            or tokens[after - 1].is_initial
            or _NUMERAL_OR_ABBREVIATION.fullmatch(tokens[after].word)
        ):
            after = self._reversed_end(index)
            first = index
        if not after:
            return None
        words = tuple(part.folded for part in tokens[first:after])
        return _Name(index, after, words, token.folded if is_title else "")

    def _surname_end(self, index: int) -> int:
        """The index after the surname that begins at the index, or 0."""
        tokens = self.tokens
        start = index
        while (
            index < start + 3
            and tokens[index].folded in WORDS["particles"]
            and (tokens[index].is_capitalised or tokens[index].folded in WORDS["small_particles"])
            and tokens[index].is_joined(_INSIDE)
        ):
            index += 1
        if index > start and tokens[start].word in ("le", "la", "l"):
            return 0
        if not self._is_surname(index):
            return 0
        is_double = self._is_surname(index + 1) and tokens[index + 1].gap.isspace()
        return index + 2 if is_double else index + 1

    def _is_surname(self, index: int) -> bool:
        token = self.tokens[index]
        return (
            token.is_capitalised
            and len(token.folded) > 1
            and token.folded not in WORDS["not_surnames"]
            and not _NUMERAL_OR_ABBREVIATION.fullmatch(token.word)
            and token.is_joined(_INSIDE)
        )

    def _reversed_end(self, index: int) -> int:
        """The index after "MARTIN Jeanne", or 0."""
        surname, first_name = self.tokens[index : index + 2]
        is_reversed = (
            len(surname.word) > 3
            and surname.word.isupper()
            and surname.folded not in WORDS["not_surnames"]
            and first_name.is_first_name
            and not first_name.word.isupper()
            and first_name.gap.isspace()
            and not self._surname_end(index + 2)
        )
        return index + 2 if is_reversed else 0

    def is_place(self, name: _Name) -> bool:
        """Whether the name is a street's, a school's, a law's: "rue du Docteur Jean Martin"."""
        tokens = self.tokens
        index = name.first
        honours: list[str] = []
        while index > 0 and tokens[index].gap.strip("’' ") == "":
            index -= 1
            if tokens[index].folded in WORDS["places"]:
                is_honoured = name.title in WORDS["honours"] or not WORDS["articles"] >= {*honours}
                return not honours or is_honoured
            if tokens[index].folded not in WORDS["honours"] or len(honours) > 3:
                return False
            honours.append(tokens[index].folded)
        return False

    def is_public(self, name: _Name) -> bool:
        """Whether the name is in apposition to a public function."""
        if name.title in WORDS["lawyers"]:
            return False
        return self._has_function_before(name.first) or self._has_function_after(name.after)

    def _has_function_before(self, index: int) -> bool:
        tokens = self.tokens
        has_comma = "," in tokens[index].gap
        if _SENTENCE_END.search(tokens[index].gap):
            return False
        portfolio = False
        for position in range(index - 1, max(index - _REACH, -1), -1):
            token = tokens[position]
            if self._is_function(position):
                is_relative = has_comma and self._is_of_relation(position)
                return not is_relative and (
                    not portfolio or token.folded in WORDS["functions_with_a_field"]
                )
            if not self._is_complement(position) or (
                position == index - 1 and token.word in WORDS["articles"]
            ):
                return False
            portfolio = portfolio or self._is_portfolio(position)
            if "," in token.gap or _SENTENCE_END.search(token.gap):
                return False
        return False

    def _has_function_after(self, index: int) -> bool:
        tokens = self.tokens
        gap = tokens[index].gap
        has_article = False
        for position in range(index, index + 6):
            if _SENTENCE_END.search(tokens[position].gap):
                return False
            token = tokens[position]
            if self._is_function(position):
                return not has_article or "(" in gap or self._closes(position + 1)
            is_party = token.word.isupper() and 1 < len(token.word) < 6
            if token.folded not in _QUALIFIERS and not is_party:
                return False
            has_article = has_article or token.folded in ("le", "la", "l", "les")
        return False

    def _closes(self, index: int) -> bool:
        """Whether an apposition ends: "Jean Martin, le maire de Gagny, a écrit"."""
        for position in range(index, index + _REACH):
            if re.search(r"[,;.:)!?\n]", self.tokens[position].gap):
                return True
            if not self._is_complement(position):
                return False
        return False

    def _is_complement(self, index: int) -> bool:
        token = self.tokens[index]
        return (
            token.is_capitalised
            or token.word in WORDS["articles"]
            or token.folded in _QUALIFIERS
            or self._is_portfolio(index)
        )

    def _is_portfolio(self, index: int) -> bool:
        """Whether the token is "culture" in "à la culture"."""
        token = self.tokens[index]
        return (
            not token.is_capitalised
            and token.word not in WORDS["articles"]
            and token.folded not in _QUALIFIERS
            and self.tokens[index - 1].word in WORDS["articles"]
        )

    def _is_of_relation(self, index: int) -> bool:
        """Whether the function is a complement: "l'épouse du maire"."""
        before = [token.folded for token in self.tokens[max(index - 4, 0) : index]]
        return not WORDS["relations"].isdisjoint(before)

    def _is_function(self, index: int) -> bool:
        tokens = self.tokens
        function = next(
            (part for part in tokens[index].folded.split() if part in WORDS["functions"]), ""
        )
        following = {token.folded for token in tokens[index + 1 : index + 5]}
        if function.startswith("conseiller"):
            return not WORDS["councils"].isdisjoint(following)
        if function.startswith("president"):
            return not (WORDS["presidencies"] | WORDS["councils"]).isdisjoint(following)
        if function.startswith("secretaire"):
            return {"d", "etat"} <= following
        if function in WORDS["functions_with_a_field"]:
            nearest = {token.folded for token in tokens[max(index - 1, 0) : index + 4]}
            return WORDS["staff"].isdisjoint(nearest)
        return bool(function)
