"""Places of public cases without a code of the territory.

"Bernissart", or "a commune that the source does not name", still has to be found by a reader who
types it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from register.cases.data_version import VersionedMapCache
from register.cases.facet_index import FacetIndex
from register.cases.filters import LENGTH_LIMIT
from register.text.countries import country_name
from register.text.dates import Language
from register.text.normalisation import fold_name, one_line

HOME_COUNTRY = "FR"
MATCH_LIMIT = 12  # places of a list that a reader scans to its end
_MIN_LETTERS = 3  # of the longest typed word; shorter ones match too many places


class PlaceLabel(NamedTuple):
    """Free label and country of some public cases, and the number of these cases.

    ``words``: its folded words. ``label`` is empty for cases abroad that name no place.
    """

    words: tuple[str, ...]
    label: str
    country: str
    case_count: int


@dataclass(frozen=True)
class UncodedPlace:
    """Place with the filter that selects its cases.

    ``kind`` and ``code`` are the filter's name and value: ``endroit`` and a label, or ``pays``
    and an ISO code. ``countries`` are the countries of a label abroad. ``is_prefix_match``: the
    name begins with the typed words, rather than having them somewhere.
    """

    kind: str
    code: str
    name: str
    countries: str
    count: int
    is_prefix_match: bool


_labels_cache: VersionedMapCache[str, Sequence[PlaceLabel]] = VersionedMapCache(1)


def load_place_labels(index: FacetIndex) -> Sequence[PlaceLabel]:
    """Labels and countries of the public cases of an index, in the order of words."""
    return _labels_cache.get_or_make(index.version, "", lambda: sorted(_count_labels(index)))


def match_places(
    place_labels: Iterable[PlaceLabel],
    typed: str,
    *,
    is_partial: bool = False,
    language: Language = "fr",
) -> list[UncodedPlace]:
    """Places that have all the typed words, those that begin with them first.

    :param is_partial: the last word is still being typed and matches as a prefix.
    """
    words = tuple(fold_name(typed).split())
    if not words or len(max(words, key=len)) < _MIN_LETTERS:
        return []
    place_labels = list(place_labels)
    country_counts = Counter[str]()
    for place_label in place_labels:
        if place_label.country != HOME_COUNTRY:
            country_counts[place_label.country] += place_label.case_count
    places = []
    for code, count in country_counts.items():
        name = country_name(code, language)
        if _starts_with(fold_name(name).split(), words, is_partial):
            places.append(UncodedPlace("pays", code, name, "", count, is_prefix_match=True))
    places += _matching_labels(place_labels, words, is_partial, language)
    return sorted(places, key=lambda place: (not place.is_prefix_match, fold_name(place.name)))[
        :MATCH_LIMIT
    ]


def _count_labels(index: FacetIndex) -> Iterator[PlaceLabel]:
    """Yield the labels and countries that no code replaces.

    A label in France counts if one of its cases has no code: "the town hall" of cases that all
    name a commune is left out.
    """
    axes = index.axes
    coded = axes["commune"].members | axes["departement"].members | axes["region"].members
    labels, countries = axes["endroit"], axes["pays"]
    for country in countries.counts:
        cases = countries.union([country])
        counts = labels.count(cases & labels.members)
        if country == HOME_COUNTRY:
            uncoded = labels.count(cases & labels.members & ~coded)
            counts = {label: counts[label] for label in uncoded}
        elif unlabelled := cases & ~labels.members:
            counts = {**counts, "": unlabelled.bit_count()}
        for label, count in counts.items():
            yield PlaceLabel(tuple(fold_name(label).split()), label, country, count)


def _matching_labels(
    place_labels: Sequence[PlaceLabel], words: Sequence[str], is_partial: bool, language: Language
) -> Iterator[UncodedPlace]:
    """Yield one place for each label, whatever its countries, as the filter ``endroit`` does."""
    counts, countries = Counter[str](), dict[str, set[str]]()
    label_words: dict[str, Sequence[str]] = {}
    for place_label in place_labels:
        label = place_label.label
        counts[label] += place_label.case_count
        countries.setdefault(label, set()).add(place_label.country)
        # The filter accepts only a short label on one line.
        if 0 < len(label) <= LENGTH_LIMIT and one_line(label) == label:
            label_words[label] = place_label.words
    for label, name_words in label_words.items():
        abroad = sorted(country_name(code, language) for code in countries[label] - {HOME_COUNTRY})
        country_words = fold_name(" ".join(abroad)).split()
        in_label = [word in name_words for word in words]
        if is_partial and any(word.startswith(words[-1]) for word in name_words):
            in_label[-1] = True
        # Each word is in the label or its country, and at least one in the label.
        if any(in_label) and all(
            is_in_label or word in country_words
            for is_in_label, word in zip(in_label, words, strict=True)
        ):
            yield UncodedPlace(
                "endroit",
                label,
                label,
                ", ".join(abroad),
                counts[label],
                is_prefix_match=_starts_with(name_words, words, is_partial),
            )


def _starts_with(name_words: Sequence[str], words: Sequence[str], is_partial: bool) -> bool:
    *complete_words, last_word = words
    first_words = name_words[: len(words)]
    if len(first_words) < len(words) or list(first_words[:-1]) != complete_words:
        return False
    return first_words[-1].startswith(last_word) if is_partial else first_words[-1] == last_word
