"""Cases with every facet, searches among them, and expected counts.

Expected counts come from the database, one list at a time; updated indexes are compared with
rebuilt ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases import case_places, communes_with_cases, facet_index, result_lists, statistics
from register.cases.case_content import ProceedingContent
from register.cases.case_sets import to_numbers
from register.cases.core_tables import CASE
from register.cases.facet_index import FacetIndex, FacetVersion
from register.cases.filters import FILTERS, CaseQuery, clause
from register.cases.models import CaseState
from register.cases.result_lists import CasePage
from register.cases.selection import Selection
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition, head
from register.territory import place_queries
from register.territory.places import territory

SUIT = ProceedingContent(direction="contre_cible", nature="penale", plaintiff="maire")
APPEAL = ProceedingContent(direction="recours_cible")

# The changes of each case to ``content`` of conftest.
CASES: tuple[dict[str, Any], ...] = (
    {},
    {"date": "2008", "types": ("expulsion", "huis_clos"), "outlets": ("Gagny Libre", "Écho")},
    {"date": "2008-12", "target": "citoyen", "outlets": ("L’Écho d’en bas",)},
    {"date": "2009-01-01", "actor": "police", "level": "etat", "evidence": "allegue"},
    {"date": "2009~", "outcome": "resolue", "outlets": ("GAGNY LIBRE", "ECHO")},
    {"date": "", "types": ("autre",), "outlets": ()},
    {"date": "", "commune": "92062", "outcome": "en_cours"},
    {"date": "2010-06-30", "end_date": "2012", "commune": "93066"},
    {"date": "2010?", "end_date": "2010-12", "commune": "93059", "types": ("huis_clos",)},
    {"date": "2011", "commune": "93032", "linked_communes": ("13055", "13001")},
    {"date": "2011-02", "commune": "13055", "linked_communes": ("93059", "2A004")},
    {"date": "2012-02-29", "commune": "", "departement": "93", "level": "departement"},
    {"date": "2012", "commune": "", "region": "11", "level": "region"},
    {"date": "2012", "commune": "", "departement": "974", "target": "media_local"},
    {"date": "2013", "commune": "", "country": "BE", "place_label": "Liège"},
    {"date": "", "commune": "", "country": "BE", "place_label": "Liège", "target": "citoyen"},
    {"date": "2013-07", "commune": "", "place_label": "Une commune du Nord"},
    {"date": "1999", "types": ("plainte_diffamation",), "proceedings": (SUIT,)},
    {"date": "2013-08", "types": ("refus_information", "autre"), "proceedings": (APPEAL,)},
    {"date": "2008-05", "types": ("expulsion",), "commune": "97411", "actor": "inconnu"},
)


def publish_all(desk: Any) -> None:
    """Publish every case, between hidden ones that would match too."""
    for position, changes in enumerate(CASES):
        desk.published(**changes)
        if position % 7 == 3:
            desk.withdrawn(**changes)
            desk.draft(**changes)
        if position == 10:
            desk.merged(**changes)
            desk.erased(**changes)


# --- searches ----------------------------------------------------------------------------------

# Values of each filter, with and without cases.
POOL: Mapping[str, tuple[str, ...]] = {
    "commune": ("93032", "93059", "93066", "13055", "13001", "2A004", "75056"),
    "departement": ("93", "92", "13", "2A", "974", "75"),
    "region": ("11", "93", "94", "04", "28"),
    # Grand Paris Grand Est, Plaine Commune, Aix-Marseille-Provence, Faucigny-Glières.
    "epci": ("200058790", "200057867", "200054807", "200000172"),
    "endroit": ("Liège", "Une commune du Nord", "Nulle part"),
    "pays": ("FR", "BE", "CH"),
    "famille": ("acces", "justice", "pression", "autre"),
    "type": (
        "interdiction_filmer",
        "expulsion",
        "huis_clos",
        "autre",
        "plainte_diffamation",
        "surveillance",
    ),
    "cible": ("blogueur", "citoyen", "media_local", "association"),
    "acteur": ("maire", "police", "inconnu", "elu"),
    "niveau": ("commune", "departement", "region", "etat"),
    "issue": ("inconnue", "resolue", "en_cours", "relaxe"),
    "preuve": ("documente", "allegue"),
    "sens": ("contre_cible", "recours_cible", "tiers"),
    "procedure": ("contre_cible.inconnue", "recours_cible.inconnue", "tiers.relaxe"),
    "media": ("Gagny Libre", "gagny libre", "ECHO", "l'echo d'en bas", "Personne"),
    "duree": ("moins-d-un-an", "un-a-trois-ans", "inconnue"),
    "sans_date": ("1",),
    "annee": ("1999", "2008", "2009", "2010", "2012", "2013", "2020"),
    "du": ("2009", "2010-07", "2012-02-29"),
    "au": ("2008-12-31", "2011", "2012-02"),
}
FACETS = (
    "famille",
    "type",
    "cible",
    "acteur",
    "niveau",
    "issue",
    "preuve",
    "annee",
    "departement",
    "media",
)
# Numbers of public and of hidden cases, and numbers of no case.
HITS = st.dictionaries(st.integers(1, 40) | st.just(10**9), st.integers(0, 3))


def _values(name: str) -> st.SearchStrategy[tuple[str, ...]]:
    max_values = 1 if FILTERS[name].is_single else 3
    with_value = st.lists(st.sampled_from(POOL[name]), min_size=1, max_size=max_values, unique=True)
    return with_value.map(lambda values: tuple(sorted(values)))


@st.composite
def searches(draw: st.DrawFn) -> tuple[CaseQuery, dict[int, int] | None]:
    """A search of up to five filters, half of the time with hits of words."""
    names = draw(st.lists(st.sampled_from(sorted(POOL)), max_size=5, unique=True))
    values = {name: draw(_values(name)) for name in sorted(names)}
    hits = draw(st.none() | HITS)
    if hits is not None:
        values["q"] = ("un mot",)
    return CaseQuery(values), hits


def select_cases(
    session: Session,
    query: CaseQuery,
    book: Vocabulary,
    at: LedgerPosition,
    hits: Mapping[int, int] | None = None,
) -> Selection:
    """The cases of a search at a position of the public ledger."""
    return Selection(facet_index.load_index(session, book, at), query, hits)


def list_page(
    session: Session,
    query: CaseQuery,
    book: Vocabulary,
    at: LedgerPosition,
    hits: Mapping[int, int] | None = None,
) -> CasePage:
    """The page of a search at a position of the public ledger."""
    return result_lists.load_page(session, select_cases(session, query, book, at, hits))


# --- facet indexes ----------------------------------------------------------------------------


def index_content(index: FacetIndex) -> tuple[object, ...]:
    """The content of an index, independent of how it is stored."""
    public = to_numbers(index.public_cases)
    sets = {
        name: {code: to_numbers(axis.union([code])) for code in axis.counts}
        for name, axis in index.axes.items()
    }
    counts = {name: axis.count(index.public_cases) for name, axis in index.axes.items()}
    members = {name: to_numbers(axis.members) for name, axis in index.axes.items()}
    orders = {
        name: (list(order.numbers), [order.keys[number] for number in order.numbers])
        for name, order in index.orders.items()
    }
    return public, sets, counts, members, orders


def page_content(index: FacetIndex, book: Vocabulary) -> tuple[object, ...]:
    """What pages show of an index: totals, places, years, neighbours, points and figures."""
    whole = Selection(index, CaseQuery())
    at_places = [CaseQuery({"departement": (code,)}) for code in ("93", "92", "13")]
    return (
        statistics.summarise(index, book),
        statistics.count_figures(index, book),
        [(whole.page_numbers(), whole.facet_counts, whole.map_points)],
        [Selection(index, query, {}).map_points for query in at_places],
        [
            Selection(index, CaseQuery({"pays": ("FR",)}, order, page)).page_numbers()
            for order in ("date", "maj")
            for page in (1, 2)
        ],
        list(case_places._list_places(index, "fr")),
        index.outlet_names,
        communes_with_cases.list_communes(index, territory().communes),
        [
            communes_with_cases.nearest_communes(index, place)
            for code in ("93032", "13055")
            if (place := place_queries.commune(code))
        ],
    )


class CheckedFacetIndexes:
    """Facet indexes at successive versions, each compared with a rebuilt one.

    ``build_count``: how many indexes were built from scratch instead of updated.
    """

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.build_count = 0
        self._build = facet_index._build
        patch.setattr(facet_index, "_cached_indexes", {})
        patch.setattr(facet_index, "_build", self._count_and_build)

    def _count_and_build(self, session: Session, version: FacetVersion) -> FacetIndex:
        self.build_count += 1
        return self._build(session, version)

    def restart(self) -> None:
        """Empty the cache before the register returns to an earlier state.

        The cache never stores a version earlier than those it has.
        """
        facet_index._cached_indexes.clear()

    def load_checked(self, session: Session, book: Vocabulary) -> FacetIndex:
        """The index at the session's version."""
        position = head(session)
        index = facet_index.load_index(session, book, position)
        assert index.version.head == position
        fresh_index = self._build(session, index.version)
        assert index_content(index) == index_content(fresh_index)
        assert page_content(index, book) == page_content(fresh_index, book)
        return index


# --- expected counts ----------------------------------------------------------------------------


def retired(book: Vocabulary) -> Vocabulary:
    """The same vocabularies with a used type and a used outcome retired."""
    lists = {name: dict(words) for name, words in book.lists.items()}
    for name, code in (("type", "expulsion"), ("issue", "resolue")):
        lists[name][code] = replace(lists[name][code], retired=True)
    return replace(book, version=f"{book.version}-retired", lists=lists)


def count_in_database(
    session: Session, query: CaseQuery, book: Vocabulary, hits: Mapping[int, int] | None
) -> int:
    """How many cases the database finds, by the filters' own clauses."""
    query_stmt = select(func.count()).select_from(CASE).where(CASE.c.state == CaseState.PUBLISHED)
    return (
        session.scalar(query_stmt.where(*(clause(query, name, hits) for name in query.values))) or 0
    )


def count_facets(
    session: Session, query: CaseQuery, book: Vocabulary, hits: Mapping[int, int] | None
) -> dict[str, dict[str, int]]:
    """The expected counts: the size of each list with one value of a facet chosen."""
    return {
        name: {
            value: size
            for value in sorted(VALUES[name](book))
            if (size := count_in_database(session, with_value(query, name, value), book, hits))
        }
        for name in FACETS
    }


def with_value(query: CaseQuery, name: str, value: str) -> CaseQuery:
    """A search with one value of a filter instead of its former ones."""
    return replace(query, values={**query.values, name: (value,)})


def _words(name: str) -> Any:
    return lambda book: book.lists[name]


def _outlets(_book: Vocabulary) -> Iterable[str]:
    return ("gagny libre", "echo", "l echo d en bas", "personne")


def _years(_book: Vocabulary) -> Iterator[str]:
    return map(str, range(1998, 2016))


def _departements(_book: Vocabulary) -> Iterable[str]:
    return ("13", "2A", "59", "75", "92", "93", "94", "974")


VALUES: Mapping[str, Any] = {
    "media": _outlets,
    "annee": _years,
    "departement": _departements,
    **{
        name: _words(name)
        for name in FACETS
        if name not in ("media", "annee", "departement", "type", "acteur", "issue")
    },
    # Of long vocabularies the used codes, and some others.
    "type": lambda _book: (*POOL["type"], "refus_information", "retrait_financement"),
    "acteur": lambda _book: (*POOL["acteur"], "agent"),
    "issue": lambda _book: (*POOL["issue"], "classement_sans_suite"),
}
