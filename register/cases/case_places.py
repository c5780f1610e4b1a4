"""Places of public cases without a code of the territory.

"Bernissart", or "a commune that the source does not name", still has to be found by a reader who
types it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from register.cases.data_version import VersionedMapCache
from register.cases.facet_index import FacetIndex
from register.text.countries import country_name
from register.text.dates import Language
from register.text.normalisation import fold_name, one_line

HOME_COUNTRY = "FR"
MATCH_LIMIT = 12  # places of a list that a reader scans to its end
_MIN_LETTERS = 3  # of the longest typed word; shorter ones match too many places


@dataclass(frozen=True)
class UncodedPlace:
    """Place with the filter that selects its cases.

    ``kind`` and ``code`` are the filter's name and value: ``endroit`` and a label, or ``pays``
    and an ISO code. ``countries`` are the countries of a label abroad. ``words`` are those of the
    name, folded. ``is_prefix_match``: the name begins with the typed words, rather than having them
    somewhere.
    """

    kind: str
    code: str
    name: str
    countries: str
    count: int
    words: Sequence[str]
    is_prefix_match: bool = False


_places_cache: VersionedMapCache[Language, Sequence[UncodedPlace]] = VersionedMapCache(2)


def load_places(index: FacetIndex, language: Language) -> Sequence[UncodedPlace]:
    """Labels and countries of the public cases of an index, in the order of names."""

    def list_places() -> Sequence[UncodedPlace]:
        places = _list_places(index, language)
        return sorted(places, key=lambda place: (place.words, place.kind == "endroit", place.name))

    return _places_cache.get_or_make(index.version, language, list_places)


def match_places(
    index: FacetIndex, typed: str, language: Language, *, is_partial: bool = False
) -> list[UncodedPlace]:
    """Places that have all the typed words, those that begin with them first.

    :param is_partial: the last word is still being typed and matches as a prefix.
    """
    words = fold_name(typed).split()
    if max(map(len, words), default=0) < _MIN_LETTERS:
        return []
    beginning, others = [], []
    for place in load_places(index, language):
        if _starts_with(place.words, words, is_partial):
            beginning.append(replace(place, is_prefix_match=True))
        elif place.kind == "endroit" and _has_words(place, words, is_partial):
            others.append(place)
    return [*beginning, *others][:MATCH_LIMIT]


def _list_places(index: FacetIndex, language: Language) -> Iterator[UncodedPlace]:
    """Yield the countries abroad, and the labels that no code replaces, whatever their countries.

    A label in France counts if one of its cases has no code: "the town hall" of cases that all
    name a commune is left out.
    """
    axes = index.axes
    coded = axes["commune"].members | axes["departement"].members | axes["region"].members
    labels, countries = axes["endroit"], axes["pays"]
    label_counts: dict[str, Counter[str]] = defaultdict(Counter)
    for country, count in countries.counts.items():
        cases = countries.union([country]) & labels.members
        counts = listed = labels.count(cases)
        if country == HOME_COUNTRY:
            listed = labels.count(cases & ~coded)
        else:
            name = country_name(country, language)
            yield UncodedPlace("pays", country, name, "", count, fold_name(name).split())
        for label in listed:
            label_counts[label][country] = counts[label]
    for label, by_country in label_counts.items():
        # The filter accepts only a label on one line.
        if one_line(label) == label:
            codes_abroad = by_country.keys() - {HOME_COUNTRY}
            abroad = ", ".join(sorted(country_name(code, language) for code in codes_abroad))
            words = fold_name(label).split()
            yield UncodedPlace("endroit", label, label, abroad, by_country.total(), words)


def _has_words(place: UncodedPlace, words: Sequence[str], is_partial: bool) -> bool:
    """Whether each word is in a label or its countries, and at least one in the label."""
    in_label = [word in place.words for word in words]
    if is_partial and any(word.startswith(words[-1]) for word in place.words):
        in_label[-1] = True
    if not any(in_label):
        return False
    country_words = fold_name(place.countries).split()
    return all(
        is_in_label or word in country_words
        for is_in_label, word in zip(in_label, words, strict=True)
    )


def _starts_with(name_words: Sequence[str], words: Sequence[str], is_partial: bool) -> bool:
    first_words = list(name_words[: len(words)])
    if is_partial and len(first_words) == len(words):
        first_words[-1] = first_words[-1][: len(words[-1])]
    return first_words == words
