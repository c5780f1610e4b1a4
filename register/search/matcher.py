"""What a search means for one case, by the letter of its document.

Engines answer for all cases at once and in other ways; their tests hold them to this. It also
judges the few cases that have changed since the index last followed the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from register.search.query_model import Asked, Document, Part, Way

Fields = Sequence[Sequence[str]]


def strength(asked: Asked, document: Document) -> int | None:
    """How many wanted parts the strong fields answer; None for a case that is no answer."""
    everywhere = (*document.strong, *document.weak)
    if not all(_answers(part, everywhere, document.forms) for part in asked.wanted):
        return None
    if any(_answers(part, everywhere, document.forms) for part in asked.unwanted):
        return None
    return sum(_answers(part, document.strong, document.strong_forms) for part in asked.wanted)


def _answers(part: Part, fields: Fields, forms: Iterable[str]) -> bool:
    return any(_says(way, fields, forms) for way in part.ways)


def _says(way: Way, fields: Fields, forms: Iterable[str]) -> bool:
    if way.prefix:
        return any(form.startswith(way.tokens[0]) for form in forms)
    if way.together:
        return any(_follow(way.tokens, field) for field in fields)
    said = {token for field in fields for token in field}
    return said.issuperset(way.tokens)


def _follow(tokens: Sequence[str], field: Sequence[str]) -> bool:
    """Whether the tokens stand in the field, one after the other."""
    size = len(tokens)
    if size == 1:
        return tokens[0] in field
    wanted = tuple(tokens)
    return any(
        tuple(field[start : start + size]) == wanted for start in range(len(field) - size + 1)
    )
