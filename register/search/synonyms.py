"""What people say for the same thing, from a data file that anyone can extend."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from register.search import analyzer
from register.search.query_model import CODE, QueryAlternative

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
