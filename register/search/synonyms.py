"""Synonyms of words and expressions: other expressions, or codes of the vocabularies."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from register.cases.vocabulary import VOCABULARY_FILE
from register.search import analyzer
from register.search.engine_interface import CODE, QueryAlternative

FILE = Path(__file__).with_name("synonyms.toml")
# Vocabularies whose English labels mean their codes: their words are in no text.
_ENGLISH_LISTS = ("type", "cible", "acteur", "issue")

Expression = tuple[str, ...]  # tokens


@dataclass(frozen=True)
class SynonymTable:
    """Expression → alternatives with the same meaning.

    ``by_company``: token → the alternatives that replace it beside one of some tokens. "Condamné"
    beside "blogueur" means a case against a blogger that ended so, and not any conviction.
    """

    alternatives: Mapping[Expression, tuple[QueryAlternative, ...]]
    by_company: Mapping[str, tuple[tuple[frozenset[str], tuple[QueryAlternative, ...]], ...]]
    longest: int


def parse_table(
    source: Mapping[str, Any], vocabulary: Mapping[str, Any] | None = None
) -> SynonymTable:
    """Table of the parsed synonym file and of the parsed vocabulary file."""
    alternatives: dict[Expression, dict[QueryAlternative, None]] = {}
    for group in source.get("groupe", ()):
        expressions = _expressions(group["mots"])
        for expression in expressions:
            others = map(_phrase, (other for other in expressions if other != expression))
            alternatives.setdefault(expression, {}).update(dict.fromkeys(others))
    for see in (*source.get("vers", ()), *_english_labels(vocabulary or {})):
        targets = (*map(_phrase, _expressions(see.get("voir", ()))), *_codes(see))
        for expression in _expressions(see["mots"]):
            alternatives.setdefault(expression, {}).update(dict.fromkeys(targets))
    by_company: dict[str, list[tuple[frozenset[str], tuple[QueryAlternative, ...]]]] = {}
    for company in source.get("avec", ()):
        neighbours = frozenset(token for (token,) in _expressions(company["avec"]))
        for (token,) in _expressions(company["mots"]):
            by_company.setdefault(token, []).append((neighbours, _codes(company)))
    return SynonymTable(
        {expression: tuple(found) for expression, found in alternatives.items()},
        {token: tuple(companies) for token, companies in by_company.items()},
        max(map(len, alternatives), default=1),
    )


def _english_labels(vocabulary: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for name in _ENGLISH_LISTS:
        for word in vocabulary.get(name, ()):
            # The French word is in the texts already.
            if analyzer.tokens(word["en"]) != analyzer.tokens(word["fr"]):
                yield {"mots": [word["en"]], "codes": [f"{name}:{word['code']}"]}


def _expressions(phrases: Iterable[str]) -> list[Expression]:
    """Expressions as tokens, without duplicates such as "caméra" and "caméras"."""
    token_runs = (tuple(analyzer.tokens(phrase)) for phrase in phrases)
    return list(dict.fromkeys(expression for expression in token_runs if expression))


def _phrase(expression: Expression) -> QueryAlternative:
    return QueryAlternative(expression, synonym=True)


def _codes(group: Mapping[str, Any]) -> tuple[QueryAlternative, ...]:
    """Alternatives of codes, which are what a word means in some company."""
    return tuple(
        QueryAlternative((CODE + code,), synonym="avec" not in group)
        for code in group.get("codes", ())
    )


@cache
def load_table() -> SynonymTable:
    """Table of the register."""
    files = (path.read_text(encoding="utf-8") for path in (FILE, VOCABULARY_FILE))
    return parse_table(*map(tomllib.loads, files))
