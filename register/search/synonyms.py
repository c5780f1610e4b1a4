"""Synonyms of words and expressions: other expressions, or codes of the vocabularies."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from register.cases.vocabulary import VOCABULARY_FILE
from register.search import analyzer
from register.search.engine_interface import CODE, QueryAlternative
from register.territory import place_queries

FILE = Path(__file__).with_name("synonyms.toml")
# Vocabularies whose English labels mean their codes: their words are in no text.
_ENGLISH_LISTS = ("type", "cible", "acteur", "issue")

Expression = tuple[str, ...]  # tokens


@dataclass(frozen=True)
class SynonymTable:
    """Expression → alternatives with the same meaning.

    ``companies``: tokens, and those beside which the alternatives replace them. "Condamné" beside
    "blogueur" means a case against a blogger that ended so, and not any conviction.
    """

    alternatives: Mapping[Expression, Mapping[QueryAlternative, None]]
    companies: tuple[tuple[frozenset[str], frozenset[str], tuple[QueryAlternative, ...]], ...]
    longest: int


def parse_table(
    source: Mapping[str, Any], vocabulary: Mapping[str, Any] | None = None
) -> SynonymTable:
    """Table of the parsed synonym file and of the parsed vocabulary file."""
    alternatives: dict[Expression, dict[QueryAlternative, None]] = {}
    groups = [group | {"voir": group["mots"]} for group in source.get("groupe", ())]
    for see in (*groups, *source.get("vers", ()), *_english_labels(vocabulary or {})):
        targets, codes = _expressions(see.get("voir", ())), _codes(see)
        for expression in _expressions(see["mots"]):
            phrases = (
                QueryAlternative(target, synonym=True) for target in targets if target != expression
            )
            alternatives.setdefault(expression, {}).update(dict.fromkeys((*phrases, *codes)))
    companies = tuple(
        (
            frozenset(analyzer.tokens(" ".join(company["mots"]))),
            frozenset(analyzer.tokens(" ".join(company["avec"]))),
            _codes(company),
        )
        for company in source.get("avec", ())
    )
    return SynonymTable(alternatives, companies, max(map(len, alternatives), default=1))


def _english_labels(vocabulary: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """English labels that are not the French ones, which are in the texts already."""
    return [
        {"mots": [word["en"]], "codes": [f"{name}:{word['code']}"]}
        for name in _ENGLISH_LISTS
        for word in vocabulary.get(name, ())
        if analyzer.tokens(word["en"]) != analyzer.tokens(word["fr"])
    ]


def _expressions(phrases: Iterable[str]) -> list[Expression]:
    """Expressions as tokens, without duplicates such as "caméra" and "caméras"."""
    token_runs = (tuple(analyzer.tokens(phrase)) for phrase in phrases)
    return list(dict.fromkeys(expression for expression in token_runs if expression))


def _codes(group: Mapping[str, Any]) -> tuple[QueryAlternative, ...]:
    """Alternatives of codes, which are what a word means in some company."""
    return tuple(
        QueryAlternative((CODE + code,), synonym="avec" not in group)
        for code in group.get("codes", ())
    )


def area_word(name: str) -> str:
    """The name of a département or région as the one word that documents have of it.

    As several words, Seine-Saint-Denis would answer "Saint-Denis", and Pas-de-Calais "Calais".
    """
    return "".join(analyzer.forms(name))


@cache
def area_words() -> Mapping[Expression, str]:
    """Tokens of the names of several words → the one word."""
    areas = (*place_queries.departements(), *place_queries.regions())
    words = {tuple(analyzer.tokens(area.name)): area_word(area.name) for area in areas}
    return {tokens: word for tokens, word in words.items() if len(tokens) > 1}


# Read at the start, so that a server goes on answering while its program is being replaced.
_TEXTS = tuple(path.read_text(encoding="utf-8") for path in (FILE, VOCABULARY_FILE))


@cache
def load_table() -> SynonymTable:
    """Table of the register."""
    table = parse_table(*map(tomllib.loads, _TEXTS))
    alternatives = dict(table.alternatives)
    for expression, word in area_words().items():
        one_word = QueryAlternative((analyzer.token_of(word),))
        alternatives[expression] = {**alternatives.get(expression, {}), one_word: None}
    return replace(table, alternatives=alternatives, longest=max(map(len, alternatives)))
