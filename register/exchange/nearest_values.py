"""Accepted values nearest to one that an import refuses, by their codes and their names."""

from __future__ import annotations

from collections.abc import Mapping

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from register.cases.case_content import FIELD_RULES, Content, ProceedingContent, StepContent
from register.cases.vocabulary import Vocabulary
from register.territory import place_queries
from register.territory.gazetteer import gazetteer
from register.territory.resolve import resolve
from register.text.countries import countries
from register.text.normalisation import fold

COUNT_LIMIT = 3
# From 0 to 100: lower, the likeness is of a few letters.
_MIN_LIKENESS = 70
_SHORT = 3


def nearest_values(field: str, typed: str, vocabulary: Vocabulary) -> list[str]:
    """The accepted values most like a refused one, at most three.

    :param field: path of a field of the content, such as ``proceedings.direction``.
    """
    if field in ("commune", "linked_communes"):
        return _nearest_communes(typed)
    # By the code and by the name: people write either. A part of two or three letters is in many.
    scorer = fuzz.WRatio if len(typed) > _SHORT else fuzz.ratio
    likeness = {
        code: max(scorer(fold(typed), fold(word)) for word in (code, name) if len(word) > 2)
        for code, name in _accepted_values(field, vocabulary).items()
    }
    ranked = sorted(likeness, key=lambda code: -likeness[code])
    nearest = [code for code in ranked if likeness[code] >= _MIN_LIKENESS]
    # A short list is given whole.
    return nearest[:COUNT_LIMIT] or (ranked if len(ranked) <= COUNT_LIMIT else [])


def _accepted_values(field: str, vocabulary: Vocabulary) -> Mapping[str, str]:
    """Code → name of each value that a field accepts."""
    if field == "contested":
        return {"oui": "oui", "non": "non"}
    if field == "country":
        return countries()
    if field == "departement":
        return {area.code: area.name for area in place_queries.departements()}
    path, _dot, name = field.rpartition(".")
    part_class = {"proceedings": ProceedingContent, "proceedings.steps": StepContent}
    rule = FIELD_RULES[part_class.get(path, Content)].get(name)
    if rule is None:
        return {}
    if rule.choices:
        return {choice: choice for choice in rule.choices if choice}
    return {
        word.code: word.label
        for word in vocabulary.lists.get(rule.vocabulary, {}).values()
        if not word.retired
    }


def _nearest_communes(typed: str) -> list[str]:
    """Codes of communes with their names."""
    communes = gazetteer().communes
    resolution = resolve(gazetteer(), typed)
    readings = (*resolution.readings, *resolution.near_readings)
    codes = [reading.code for reading in readings if reading.code in communes]
    if typed[:1].isdigit():
        matches = process.extract(
            typed.upper(), communes.keys(), scorer=Levenshtein.distance, score_cutoff=1
        )
        codes = [code for code, _distance, _position in matches]
    return [f"{code} ({communes[code].name})" for code in dict.fromkeys(codes)][:COUNT_LIMIT]
