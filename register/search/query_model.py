"""What is asked of a search and what it is asked of: the forms that every engine shares.

Both sides are made of *tokens*: stems of folded words, and codes that begin with ``CODE``, such as
``§an:2008``, which no text can hold. An engine compares tokens and knows no language.
"""

from __future__ import annotations

from dataclasses import dataclass

CODE = "§"


@dataclass(frozen=True)
class QueryAlternative:
    """One way in which a case may say a part of what is asked.

    ``is_phrase``: the tokens follow one another in one field; otherwise each stands somewhere in
    the case. ``prefix``: the only token is the beginning of a form, a word as it is written.
    """

    tokens: tuple[str, ...]
    is_phrase: bool = True
    prefix: bool = False


@dataclass(frozen=True)
class QueryPart:
    """One word or phrase as typed; a case answers it by any of its ways.

    ``excluded``: a case that answers it is left out.
    """

    typed: str
    alternatives: tuple[QueryAlternative, ...]
    excluded: bool = False


@dataclass(frozen=True)
class SearchQuery:
    """A whole search: a case answers all parts that are not excluded, and none that is.

    Without a part, and with nothing but excluded ones, every other case answers.
    """

    parts: tuple[QueryPart, ...] = ()

    @property
    def required_parts(self) -> tuple[QueryPart, ...]:
        """The parts that a case has to answer."""
        return tuple(part for part in self.parts if not part.excluded)

    @property
    def excluded_parts(self) -> tuple[QueryPart, ...]:
        """The parts that no case may answer."""
        return tuple(part for part in self.parts if part.excluded)


@dataclass(frozen=True)
class Document:
    """A public case as an engine holds it.

    ``strong`` are the fields that weigh more (title, outlets, place and codes), ``weak`` the
    others; each is a run of tokens, and no phrase goes from one field to the next. ``forms`` are
    the words of all fields as they are written, folded, each once; ``strong_forms`` those of the
    strong ones.
    """

    number: int
    strong: tuple[tuple[str, ...], ...]
    weak: tuple[tuple[str, ...], ...]
    forms: frozenset[str]
    strong_forms: frozenset[str]


@dataclass(frozen=True)
class Cursor:
    """The line of the public ledger that an index has followed, and what its documents are made of.

    The line is named by its digest too: after a restore the same number is another line.
    ``made_with`` changes when the same case makes another document (analysis, vocabularies,
    territory).
    """

    seq: int
    digest: str
    made_with: str


@dataclass(frozen=True)
class IndexMatches:
    """What an index proposes: for each case number, how many wanted parts its strong fields answer.

    Only cases that answer all wanted parts and no unwanted one are in it. ``cursor``: where the
    index stood, or earlier; never later.
    """

    cursor: Cursor
    strength: dict[int, int]
