"""Forms as further token runs, for engines that have no positions of forms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from register.search.engine_interface import Document, QueryPart, SearchQuery

_MARK = "'"  # in no token of the analyzer


def with_literal_runs(document: Document) -> Document:
    """Document whose fields are followed by the same fields as marked forms."""
    return replace(
        document,
        strong=(*document.strong, *map(_marked, document.strong_forms)),
        weak=(*document.weak, *map(_marked, document.weak_forms)),
    )


def with_literal_tokens(search_query: SearchQuery) -> SearchQuery:
    """Query whose literal alternatives are of marked forms."""
    return SearchQuery(tuple(map(_part, search_query.parts)))


def unique_forms(fields: Iterable[Sequence[str]]) -> frozenset[str]:
    """Forms of some fields."""
    return frozenset(form for field in fields for form in field)


def _part(part: QueryPart) -> QueryPart:
    alternatives = (
        replace(alternative, tokens=_marked(alternative.tokens), literal=False)
        if alternative.literal
        else alternative
        for alternative in part.alternatives
    )
    return replace(part, alternatives=tuple(alternatives))


def _marked(forms: Sequence[str]) -> tuple[str, ...]:
    return tuple(_MARK + form for form in forms)
