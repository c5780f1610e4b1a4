"""Places of public cases: points of the map, and places without a code of the territory.

Points and places of the whole register are cached for each ledger position; the points of a search
are selected with the sets of the facet index. A place without a code ("Bernissart", "a commune that
the source does not name") still has to be found by a reader who types it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.cases import facet_index, facets
from register.cases.data_version import VersionedCache
from register.cases.facet_index import CaseSet, FacetIndex
from register.cases.filters import LENGTH_LIMIT, CaseQuery, HitStrengths
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition
from register.territory import place_queries
from register.territory.map_ground import map_ground
from register.territory.places import Commune
from register.text.countries import country_name
from register.text.dates import Language
from register.text.normalisation import fold_name, one_line


@dataclass(frozen=True)
class MapPoints:
    """Places of a search on the map.

    ``communes``: those of its cases, as authority or linked. ``departements``: codes of the cases
    that name no commune. ``off_map_count``: number of cases abroad, in a collectivity without an
    outline, or without a place.
    """

    communes: Sequence[Commune]
    departements: Sequence[str]
    off_map_count: int


@dataclass(frozen=True)
class _RegisterPoints:
    """Places of the whole register with their cases; ``placed_cases`` is the set of all these."""

    communes: Sequence[tuple[Commune, CaseSet]]
    departements: Mapping[str, CaseSet]
    placed_cases: int


_points_cache: VersionedCache[_RegisterPoints] = VersionedCache()


def locate_cases(
    session: Session,
    query: CaseQuery,
    vocabulary: Vocabulary,
    head: LedgerPosition,
    hits: HitStrengths | None = None,
) -> MapPoints:
    """Places of the cases of a search, each once.

    :param head: position of the public ledger, read first on the same session.
    :param hits: result of the word search; unused without words.
    :raises ValueError: the search has words and ``hits`` is None.
    """
    index = facet_index.load_index(session, vocabulary, head)
    matches = facets.match_cases(index, query, hits)
    flags = facet_index.to_flags(matches, index.max_number)
    register_points = _points_cache.get_or_make(index.version, lambda: _read_points(index))
    return MapPoints(
        communes=[
            commune
            for commune, case_set in register_points.communes
            if facet_index.count_selected(case_set, matches, flags)
        ],
        departements=[
            code
            for code, case_set in register_points.departements.items()
            if facet_index.count_selected(case_set, matches, flags)
        ],
        off_map_count=(matches & ~register_points.placed_cases).bit_count(),
    )


def _read_points(index: FacetIndex) -> _RegisterPoints:
    communes = [
        (commune, case_set)
        for code, case_set in sorted(index.axes["commune"].items())
        if (commune := place_queries.commune(code)) and commune.map_points
    ]
    without_commune = ~facet_index.union(index.axes["commune"].values())
    departements = {
        code: facet_index.union([case_set]) & without_commune
        for code, case_set in sorted(index.axes["departement_saisi"].items())
        if code in map_ground().shapes
    }
    placed_sets = [*(case_set for _commune, case_set in communes), *departements.values()]
    return _RegisterPoints(communes, departements, facet_index.union(placed_sets))


HOME_COUNTRY = "FR"
MATCH_LIMIT = 12  # places of a list that a reader scans to its end
_MIN_LETTERS = 3  # of the longest typed word; shorter ones match too many places


@dataclass(frozen=True)
class PlaceLabel:
    """Free label and country of some public cases, and the number of these cases.

    ``label`` is empty for cases abroad that name no place. ``words`` are its folded words.
    """

    label: str
    country: str
    count: int
    words: tuple[str, ...]


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


_labels_cache: VersionedCache[Sequence[PlaceLabel]] = VersionedCache()


def load_place_labels(index: FacetIndex) -> Sequence[PlaceLabel]:
    """Labels and countries of the public cases of an index, in the order of words."""
    return _labels_cache.get_or_make(index.version, lambda: _count_labels(index))


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
            country_counts[place_label.country] += place_label.count
    places = []
    for code, count in country_counts.items():
        name = country_name(code, language)
        if _starts_with(fold_name(name).split(), words, is_partial):
            places.append(UncodedPlace("pays", code, name, "", count, is_prefix_match=True))
    places += _matching_labels(place_labels, words, is_partial, language)
    return sorted(places, key=lambda place: (not place.is_prefix_match, fold_name(place.name)))[
        :MATCH_LIMIT
    ]


def _count_labels(index: FacetIndex) -> Sequence[PlaceLabel]:
    """Labels and countries that no code replaces.

    A label in France counts if one of its cases has no code: "the town hall" of cases that all
    name a commune is left out.
    """
    has_code = facet_index.union(
        case_set
        for axis in ("commune", "departement", "region")
        for case_set in index.axes[axis].values()
    )
    labels = {label: facet_index.union([cases]) for label, cases in index.axes["endroit"].items()}
    labels[""] = index.public_cases & ~facet_index.union(labels.values())
    place_labels = []
    for country, case_set in index.axes["pays"].items():
        in_country = facet_index.union([case_set])
        for label, labelled in labels.items():
            cases = labelled & in_country
            is_listed = (
                bool(cases & ~has_code and label) if country == HOME_COUNTRY else bool(cases)
            )
            if is_listed:
                words = tuple(fold_name(label).split())
                place_labels.append(PlaceLabel(label, country, cases.bit_count(), words))
    return sorted(
        place_labels,
        key=lambda place_label: (place_label.words, place_label.label, place_label.country),
    )


def _matching_labels(
    place_labels: Sequence[PlaceLabel], words: Sequence[str], is_partial: bool, language: Language
) -> Iterator[UncodedPlace]:
    """Yield one place for each label, whatever its countries, as the filter ``endroit`` does."""
    counts, countries = Counter[str](), dict[str, set[str]]()
    label_words: dict[str, Sequence[str]] = {}
    for place_label in place_labels:
        label = place_label.label
        counts[label] += place_label.count
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
