"""What people say for the same thing, from a data file that anyone can extend."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from register.search import analyzer
from register.search.query_model import CODE, Way

FILE = Path(__file__).with_name("synonyms.toml")

Table = Mapping[tuple[str, ...], tuple[Way, ...]]


def of(tokens: tuple[str, ...]) -> tuple[Way, ...]:
    """The other ways to say an expression; none for one that the file does not have."""
    return _table().get(tokens, ())


def longest() -> int:
    """How many words the longest expression has."""
    return max(map(len, _table()), default=1)


def read(source: Mapping[str, Any]) -> Table:
    """The table that a parsed file makes: expression → ways, from both kinds of entries."""
    table: dict[tuple[str, ...], dict[Way, None]] = {}
    for group in source.get("groupe", ()):
        expressions = _expressions(group["mots"])
        for one in expressions:
            others = (Way(other) for other in expressions if other != one)
            table.setdefault(one, {}).update(dict.fromkeys(others))
    for lead in source.get("vers", ()):
        ways = [Way((CODE + code,)) for code in lead["codes"]]
        for one in _expressions(lead["mots"]):
            table.setdefault(one, {}).update(dict.fromkeys(ways))
    return {one: tuple(ways) for one, ways in table.items()}


def _expressions(told: Iterable[str]) -> list[tuple[str, ...]]:
    """Expressions as tokens, each once: "caméra" and "caméras" are the same."""
    made = (tuple(analyzer.tokens(one)) for one in told)
    return list(dict.fromkeys(one for one in made if one))


@cache
def _table() -> Table:
    return read(tomllib.loads(FILE.read_text(encoding="utf-8")))
