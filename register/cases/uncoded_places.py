"""Places without a code of the territory: free labels of cases, and countries abroad.

"Bernissart", "a commune that the source does not name": a reader who types one of them still has
to find its cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, IS_PUBLIC, PLACE
from register.cases.data_version import VersionedCache
from register.cases.filters import LENGTH_LIMIT
from register.journal import LedgerPosition
from register.text.countries import country_name
from register.text.dates import Language
from register.text.normalisation import fold_name, one_line

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


def load_place_labels(session: Session, head: LedgerPosition) -> Sequence[PlaceLabel]:
    """Labels and countries of the public cases at a ledger position, in the order of words.

    :param head: read first, on the same session.
    """
    return _labels_cache.get_or_make(head.digest, lambda: _count_labels(session))


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
    places = [
        *_matching_countries(place_labels, words, is_partial, language),
        *_matching_labels(place_labels, words, is_partial, language),
    ]
    return sorted(places, key=lambda place: (not place.is_prefix_match, fold_name(place.name)))[
        :MATCH_LIMIT
    ]


def _count_labels(session: Session) -> Sequence[PlaceLabel]:
    """Labels and countries that no code replaces.

    A label in France counts if one of its cases has no code: "the town hall" of cases that all
    name a commune is left out.
    """
    has_code = or_(
        exists().where(PLACE.c.incident_id == CASE.c.id),
        CASE.c.departement != "",
        CASE.c.region != "",
    )
    stmt = (
        select(CASE.c.place_label, CASE.c.country, func.count())
        .where(IS_PUBLIC)
        .where(or_(CASE.c.place_label != "", CASE.c.country != HOME_COUNTRY))
        .group_by(CASE.c.place_label, CASE.c.country)
        .having(or_(CASE.c.country != HOME_COUNTRY, func.sum(case((has_code, 0), else_=1)) > 0))
    )
    place_labels = [
        PlaceLabel(label, country, count, tuple(fold_name(label).split()))
        for label, country, count in session.execute(stmt)
    ]
    return sorted(
        place_labels,
        key=lambda place_label: (place_label.words, place_label.label, place_label.country),
    )


def _matching_countries(
    place_labels: Sequence[PlaceLabel], words: Sequence[str], is_partial: bool, language: Language
) -> Iterator[UncodedPlace]:
    counts = Counter[str]()
    for place_label in place_labels:
        if place_label.country != HOME_COUNTRY:
            counts[place_label.country] += place_label.count
    for code, count in counts.items():
        name = country_name(code, language)
        name_words = tuple(fold_name(name).split())
        if _starts_with(name_words, words, is_partial):
            yield UncodedPlace("pays", code, name, "", count, is_prefix_match=True)


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
        if _contains_all(name_words, country_words, words, is_partial):
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


def _contains_all(
    label_words: Sequence[str], country_words: Sequence[str], words: Sequence[str], is_partial: bool
) -> bool:
    """Whether each word is in the label or its country, and at least one in the label."""
    in_label = [word in label_words for word in words]
    if is_partial and any(word.startswith(words[-1]) for word in label_words):
        in_label[-1] = True
    return any(in_label) and all(
        is_in_label or word in country_words
        for is_in_label, word in zip(in_label, words, strict=True)
    )
