"""Places that no code names: what a source calls the place of a case, and countries abroad.

"Bernissart", "a commune that the source does not name": the territory knows none of them, and a
reader who types one must still come to its cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.orm import Session

from register.cases.core_tables import CASE, PLACE
from register.cases.filters import LENGTH_LIMIT
from register.cases.models import State
from register.cases.versioned_cache import Once
from register.journal import Position
from register.text.countries import country_name
from register.text.dates import Language
from register.text.fold import fold_name
from register.text.sanitize import one_line

HOME = "FR"
# A list that is read to its end; whoever sees more of them types one word more.
MOST = 12
# One letter begins the name of half the places.
_LEAST = 3


@dataclass(frozen=True)
class Label:
    """What some public cases call their place: the words, the country, and how many cases.

    ``label`` is empty for cases abroad that name no place. ``words`` are the label's, folded.
    """

    label: str
    country: str
    count: int
    words: tuple[str, ...]


@dataclass(frozen=True)
class Elsewhere:
    """A place that leads to its cases by a filter.

    ``kind`` and ``code`` are the filter's name and value: ``endroit`` and a label, or ``pays``
    and an ISO code. ``within`` is the country around a label abroad. ``named``: the place begins
    with the words that were typed, rather than having them somewhere.
    """

    kind: str
    code: str
    name: str
    within: str
    count: int
    named: bool


_kept: Once[Sequence[Label]] = Once()


def labels(session: Session, head: Position) -> Sequence[Label]:
    """The labels and countries of the public cases at a position of the ledger, by their words.

    :param head: read first, on the same session.
    """
    return _kept.of(head.digest, lambda: _counted(session))


def matching(
    rows: Iterable[Label], typed: str, *, begun: bool = False, language: Language = "fr"
) -> list[Elsewhere]:
    """The places that have all the words typed, those that begin with them first.

    :param begun: the last word is still being typed, and may be the beginning of one.
    """
    words = tuple(fold_name(typed).split())
    if not words or len(max(words, key=len)) < _LEAST:
        return []
    rows = list(rows)
    found = [*_countries(rows, words, begun, language), *_labelled(rows, words, begun, language)]
    return sorted(found, key=lambda place: (not place.named, fold_name(place.name)))[:MOST]


def _counted(session: Session) -> Sequence[Label]:
    """All that have a label, if it is the only way to one of them: "the town hall" leads nowhere
    that the commune of its case does not."""
    coded = or_(
        exists().where(PLACE.c.incident_id == CASE.c.id),
        CASE.c.departement != "",
        CASE.c.region != "",
    )
    asked = (
        select(CASE.c.place_label, CASE.c.country, func.count())
        .where(CASE.c.state == State.PUBLISHED)
        .where(or_(CASE.c.place_label != "", CASE.c.country != HOME))
        .group_by(CASE.c.place_label, CASE.c.country)
        .having(or_(CASE.c.country != HOME, func.sum(case((coded, 0), else_=1)) > 0))
    )
    rows = [
        Label(label, country, count, tuple(fold_name(label).split()))
        for label, country, count in session.execute(asked)
    ]
    return sorted(rows, key=lambda row: (row.words, row.label, row.country))


def _countries(
    rows: Sequence[Label], words: Sequence[str], begun: bool, language: Language
) -> Iterator[Elsewhere]:
    counts = Counter[str]()
    for row in rows:
        if row.country != HOME:
            counts[row.country] += row.count
    for code, count in counts.items():
        name = country_name(code, language)
        called = tuple(fold_name(name).split())
        if _begins(called, words, begun):
            yield Elsewhere("pays", code, name, "", count, named=True)


def _labelled(
    rows: Sequence[Label], words: Sequence[str], begun: bool, language: Language
) -> Iterator[Elsewhere]:
    """Cases that share a label are one place, as the filter has it, whatever their country."""
    counts, countries = Counter[str](), dict[str, set[str]]()
    for row in rows:
        counts[row.label] += row.count
        countries.setdefault(row.label, set()).add(row.country)
    for row in {row.label: row for row in rows if _can_be_asked(row.label)}.values():
        abroad = sorted(country_name(code, language) for code in countries[row.label] - {HOME})
        around = fold_name(" ".join(abroad)).split()
        if _has(row.words, around, words, begun):
            named = _begins(row.words, words, begun)
            within = ", ".join(abroad)
            yield Elsewhere("endroit", row.label, row.label, within, counts[row.label], named)


def _can_be_asked(label: str) -> bool:
    """Whether the filter takes the label as a value: an address does not carry a paragraph."""
    return 0 < len(label) <= LENGTH_LIMIT and one_line(label) == label


def _begins(called: Sequence[str], words: Sequence[str], begun: bool) -> bool:
    *whole, last = words
    start = called[: len(words)]
    if len(start) < len(words) or list(start[:-1]) != whole:
        return False
    return start[-1].startswith(last) if begun else start[-1] == last


def _has(called: Sequence[str], around: Sequence[str], words: Sequence[str], begun: bool) -> bool:
    """Whether each word stands in the label or its country, one at least in the label."""
    said = [word in called for word in words]
    if begun and any(word.startswith(words[-1]) for word in called):
        said[-1] = True
    return any(said) and all(here or word in around for here, word in zip(said, words, strict=True))
