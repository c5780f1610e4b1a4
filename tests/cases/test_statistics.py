"""Figures count public cases only; each equals the total of the list that it links to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from urllib.parse import parse_qs

import facet_data
import pytest
from case_contents import decided

from register.cases import acts, facet_index, statistics
from register.cases.filters import CaseQuery, parse
from register.cases.statistics import Figure, FigureGroup, Statistics
from register.cases.vocabulary import current_vocabulary
from register.db import db
from register.journal import head

pytestmark = pytest.mark.one_database


def suit(direction, outcome="", **changes):
    """A proceeding with every field that an outcome of a court requires."""
    required = {"court": "inconnue", "outcome_date": "inconnue", "appeal": "inconnu"}
    return decided(direction=direction, outcome=outcome, **{**required, **changes})


# Cases with several proceedings, and cases of distant years, beside those of ``facet_data``.
EXTRA_CASES = (
    {"proceedings": (suit("contre_cible", "relaxe"), suit("par_cible", "condamnation_auteur"))},
    {"proceedings": (suit("contre_cible", "relaxe"), suit("contre_cible", "relaxe", docket="2"))},
    {"proceedings": (suit("contre_cible"), suit("contre_cible", "inconnue"))},
    {"proceedings": (suit("recours_cible", "annulation"), suit("tiers", "en_cours"))},
    {"proceedings": tuple(suit("contre_cible", "desistement", docket=f"{n}") for n in range(40))},
    {"date": "1956-02", "end_date": "1962"},
    {"date": "1974-01-01", "end_date": "1974-01-01"},
    {"date": "1973-12-31"},
)


@pytest.fixture
def varied_cases(filled, desk):
    filled(lambda: _fill(desk))


def _fill(desk):
    """Public cases of every kind, and hidden ones."""
    facet_data.publish_all(desk)
    for changes in EXTRA_CASES:
        desk.published(**changes)
        desk.draft(**changes)
    desk.withdrawn(**EXTRA_CASES[0])
    desk.erased(**EXTRA_CASES[3])


def read_statistics(session) -> Statistics:
    session.rollback()
    words = current_vocabulary(session)
    return statistics.count_figures(facet_index.load_index(session, words, head(session)), words)


def every_figure(stats: Statistics):
    """Every figure in all fields of the statistics."""
    for field in fields(stats):
        yield from _figures(getattr(stats, field.name))


def _figures(part):
    if isinstance(part, Figure):
        yield part
    elif isinstance(part, FigureGroup):
        yield from (part.total, *part.parts)
    elif part is not None:
        for member in part.values() if isinstance(part, Mapping) else part:
            yield from _figures(member)


def check_every_figure(session) -> list[Figure]:
    """Compare every figure with the total of the list at its address."""
    words, at = current_vocabulary(session), head(session)
    figures = list(every_figure(read_statistics(session)))
    for figure in figures:
        query = parse(parse_qs(figure.query.query_string()), words)
        assert query == figure.query
        assert query.is_bare == (figure.query == CaseQuery())
        total = facet_data.list_page(session, query, words, at).total
        # The list is counted from sets; the database must give the same number.
        assert figure.count == total == facet_data.count_in_database(session, query, words, None), (
            figure
        )
    return figures


def by_code(figures) -> dict[str, int]:
    return {figure.code: figure.count for figure in figures}


def test_every_figure_of_a_varied_register_is_the_size_of_its_list(session, varied_cases):
    figures = check_every_figure(session)
    assert len(figures) > 45
    assert len({figure.query.query_string() for figure in figures}) > 40


def test_every_figure_of_the_demonstration_is_the_size_of_its_list(demo_app):
    with demo_app.app_context():
        figures = check_every_figure(db.session())
        assert len(figures) > 50
        assert figures[0].count == 34
        db.session.remove()


def test_an_empty_register_has_no_figure_but_zero(session, desk):
    for hidden in (desk.draft, desk.discarded, desk.withdrawn, desk.erased):
        hidden()
    assert {figure.count for figure in check_every_figure(session)} == {0}


def test_each_breakdown_by_a_single_value_adds_up_to_the_total(session, varied_cases):
    stats = read_statistics(session)
    dated = [*([stats.earlier] if stats.earlier else []), *stats.years, stats.undated]
    assert stats.by_filter.keys() == {"cible", "niveau", "preuve", "issue", "duree"}
    for lines in (dated, *stats.by_filter.values()):
        assert sum(figure.count for figure in lines) == stats.total.count
    unmeasured = by_code(stats.by_filter["duree"])["inconnue"]
    assert stats.with_known_duration.count + unmeasured == stats.total.count
    assert stats.unknown.count == by_code(stats.by_filter["issue"])["inconnue"]


def test_lines_follow_the_order_of_the_vocabulary_and_have_no_zero(session, varied_cases):
    stats, words = read_statistics(session), current_vocabulary(session)
    assert all(line.count for lines in (stats.years, *stats.by_filter.values()) for line in lines)
    for name in ("cible", "niveau", "issue"):
        lines = stats.by_filter[name]
        codes = [figure.code for figure in lines]
        assert codes == [code for code in words.lists[name] if code in codes]
    assert [figure.code for figure in stats.years] == sorted(figure.code for figure in stats.years)


def test_each_of_the_last_forty_years_has_a_line_and_earlier_years_share_one(session, varied_cases):
    stats = read_statistics(session)
    last = int(stats.years[-1].code)
    assert last == 2013
    assert stats.years[0].code == "1974" == str(last - statistics.YEAR_LIMIT + 1)
    assert (stats.earlier.code, stats.earlier.count) == ("1973", 2)
    assert stats.earlier.query == CaseQuery({"au": ("1973",)})


def test_proceedings_are_counted_by_direction_and_outcome(session, desk):
    for changes in EXTRA_CASES[:5]:
        desk.published(**changes)
    desk.published()
    stats = read_statistics(session)
    assert (stats.total.count, stats.with_proceedings.count) == (6, 5)
    groups = {
        group.total.code: (group.total.count, by_code(group.parts)) for group in stats.proceedings
    }
    assert groups == {
        # A case with two equal proceedings counts once; a missing outcome counts as unknown.
        "contre_cible": (
            4,
            {"contre_cible.relaxe": 2, "contre_cible.inconnue": 1, "contre_cible.desistement": 1},
        ),
        "par_cible": (1, {"par_cible.condamnation_auteur": 1}),
        "recours_cible": (1, {"recours_cible.annulation": 1}),
        "tiers": (1, {"tiers.en_cours": 1}),
    }


def test_figures_change_with_the_public_ledger_and_not_with_the_desks(session, pen, desk, cast):
    case = desk.published()
    first = read_statistics(session)
    desk.draft()
    assert read_statistics(session) == first
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    assert read_statistics(session).total.count == 0
