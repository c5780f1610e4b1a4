"""What a search means for one case, by the letter of its document.

Engines answer for all cases at once and in other ways; their tests hold them to this. It also
judges the few cases that have changed since the index last followed the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from register.search.query_model import Document, QueryAlternative, QueryPart, SearchQuery

Fields = Sequence[Sequence[str]]


def strength(search_query: SearchQuery, document: Document) -> int | None:
    """How many wanted parts the strong fields answer; None for a case that is no answer."""
    everywhere = (*document.strong, *document.weak)
    if not all(
        _part_matches(part, everywhere, document.forms) for part in search_query.required_parts
    ):
        return None
    if any(_part_matches(part, everywhere, document.forms) for part in search_query.excluded_parts):
        return None
    return sum(
        _part_matches(part, document.strong, document.strong_forms)
        for part in search_query.required_parts
    )


def _part_matches(part: QueryPart, fields: Fields, forms: Iterable[str]) -> bool:
    return any(
        _alternative_matches(alternative, fields, forms) for alternative in part.alternatives
    )


def _alternative_matches(
    alternative: QueryAlternative, fields: Fields, forms: Iterable[str]
) -> bool:
    if alternative.prefix:
        return any(form.startswith(alternative.tokens[0]) for form in forms)
    if alternative.is_phrase:
        return any(_has_run(alternative.tokens, field) for field in fields)
    all_tokens = {token for field in fields for token in field}
    return all_tokens.issuperset(alternative.tokens)


def _has_run(tokens: Sequence[str], field: Sequence[str]) -> bool:
    """Whether the tokens stand in the field, one after the other."""
    size = len(tokens)
    if size == 1:
        return tokens[0] in field
    run = tuple(tokens)
    return any(tuple(field[start : start + size]) == run for start in range(len(field) - size + 1))
