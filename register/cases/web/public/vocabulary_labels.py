"""Labels of the vocabularies as HTML, cached for each version of the vocabularies.

Twenty cases of a list have sixty labels: to look up and escape each of them again would be most of
the work of a list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup

from register.cases.vocabulary import Vocabulary, VocabularyWord
from register.text.dates import Language
from register.text.typography import french

_FAMILY_LABEL = Markup(
    '<span class="fam {family}"><i aria-hidden="true">{letter}</i> <span>{label}</span></span>'
)


@dataclass(frozen=True)
class VocabularyLabels:
    """Labels by code; those of ``types`` and ``families`` include the family's framed letter."""

    types: Mapping[str, Markup]
    families: Mapping[str, Markup]
    evidence: Mapping[str, str]
    outcomes: Mapping[str, str]


# Labels of one version at a time, by language.
_labels_by_version: dict[str, dict[Language, VocabularyLabels]] = {}


def labels(vocabulary: Vocabulary) -> VocabularyLabels:
    """The labels of a vocabulary, in its version and language."""
    if vocabulary.version not in _labels_by_version:
        _labels_by_version.clear()
    by_language = _labels_by_version.setdefault(vocabulary.version, {})
    if vocabulary.language not in by_language:
        by_language[vocabulary.language] = _build_labels(vocabulary)
    return by_language[vocabulary.language]


def _build_labels(vocabulary: Vocabulary) -> VocabularyLabels:
    families = vocabulary.lists["famille"]
    return VocabularyLabels(
        types={
            code: _family_label(families[vocabulary.family_of[code]], word.label)
            for code, word in vocabulary.lists["type"].items()
        },
        families={code: _family_label(word, word.label) for code, word in families.items()},
        evidence={code: word.label for code, word in vocabulary.lists["preuve"].items()},
        outcomes={code: word.label for code, word in vocabulary.lists["issue"].items()},
    )


def _family_label(family: VocabularyWord, label: str) -> Markup:
    return _FAMILY_LABEL.format(family=family.code, letter=family.extra["letter"], label=label)


# Bounded, because cases may have many free place labels.
@lru_cache(maxsize=4096, typed=True)
def place_line(name: str, container: str) -> Markup:
    """A place with the area that contains it, unless both have the same name, like Paris."""
    if not container or container == name:
        return Markup("<b>{}</b>").format(_typeset_name(name))
    return Markup("<b>{}</b> ({})").format(_typeset_name(name), _typeset_name(container))


def _typeset_name(name: str) -> str:
    return name if isinstance(name, Markup) else french(name)
