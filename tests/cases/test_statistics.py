"""Figures: each is the size of the list that it leads to, of public cases only."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from urllib.parse import parse_qs

import facet_data
import pytest
from sqlalchemy.orm import Session

from register.cases import acts, former_codes, result_lists, statistics
from register.cases.case_content import ProceedingContent
from register.cases.filters import CaseQuery, parse
from register.cases.former_codes import FormerCode
from register.cases.statistics import Figure, FigureGroup, Statistics
from register.cases.vocabulary import current_vocabulary
from register.db import db
from register.journal import head

pytestmark = pytest.mark.one_database


def suit(direction, outcome="", **told):
    """A proceeding; where a court ended it, all is said that has to be said."""
    known = {"court": "inconnue", "outcome_date": "inconnue", "appeal": "inconnu"}
    return ProceedingContent(
        direction=direction, nature="penale", outcome=outcome, **{**known, **told}
    )


# Beside the cases with every facet: those of several proceedings, and of years far apart.
MORE = (
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
def made_up(desk):
    """A register with every kind of case, and others that nobody sees."""
    facet_data.publish_all(desk)
    for told in MORE:
        desk.published(**told)
        desk.draft(**told)
    desk.withdrawn(**MORE[0])
    desk.erased(**MORE[3])


def told_of(session) -> Statistics:
    session.rollback()
    return statistics.load_statistics(session, current_vocabulary(session), head(session))


def every(told: Statistics):
    """Every figure there is, whatever fields there are."""
    for field in fields(told):
        yield from _figures(getattr(told, field.name))


def _figures(found):
    if isinstance(found, Figure):
        yield found
    elif isinstance(found, FigureGroup):
        yield from (found.total, *found.parts)
    elif found is not None:
        for one in found:
            yield from _figures(one)


def agree(session) -> list[Figure]:
    """Follow every figure to its list, by the address that a page gives it."""
    words, at = current_vocabulary(session), head(session)
    found = list(every(told_of(session)))
    for figure in found:
        query = parse(parse_qs(figure.query.query_string()), words)
        assert query == figure.query
        assert query.is_bare == (figure.query == CaseQuery())
        total = result_lists.query_case_page(session, query, words, at).total
        # By the database alone, as well as by the sets that the list was counted with.
        assert figure.count == total == facet_data.count_in_database(session, query, words, None), (
            figure
        )
    return found


def by_code(figures) -> dict[str, int]:
    return {figure.code: figure.count for figure in figures}


def test_every_figure_of_a_made_up_register_is_the_size_of_its_list(session, made_up):
    found = agree(session)
    assert len(found) > 45
    assert len({figure.query.query_string() for figure in found}) > 40


def test_every_figure_of_the_demonstration_is_the_size_of_its_list(demo_app):
    with demo_app.app_context():
        found = agree(db.session())
        assert len(found) > 50
        assert found[0].count == 34
        db.session.remove()


def test_an_empty_register_has_no_figure_but_zero(session, desk):
    for hidden in (desk.draft, desk.discarded, desk.withdrawn, desk.erased):
        hidden()
    assert {figure.count for figure in agree(session)} == {0}


def test_each_case_is_in_one_line_of_what_it_has_one_of(session, made_up):
    told = told_of(session)
    dated = [*([told.earlier] if told.earlier else []), *told.years, told.undated]
    for lines in (dated, told.targets, told.levels, told.evidence, told.outcomes, told.durations):
        assert sum(figure.count for figure in lines) == told.total.count
    unmeasured = by_code(told.durations)["inconnue"]
    assert told.with_known_duration.count + unmeasured == told.total.count
    assert told.unknown.count == by_code(told.outcomes)["inconnue"]


def test_lines_come_in_the_order_of_their_words_and_without_a_zero(session, made_up):
    told, words = told_of(session), current_vocabulary(session)
    assert all(line.count for lines in (told.years, told.targets, told.outcomes) for line in lines)
    for name, lines in (("cible", told.targets), ("niveau", told.levels), ("issue", told.outcomes)):
        codes = [figure.code for figure in lines]
        assert codes == [code for code in words.lists[name] if code in codes]
    assert [figure.code for figure in told.years] == sorted(figure.code for figure in told.years)


def test_of_forty_years_each_is_told_and_what_came_before_in_one_line(session, made_up):
    told = told_of(session)
    last = int(told.years[-1].code)
    assert last == 2013
    assert told.years[0].code == "1974" == str(last - statistics.YEAR_LIMIT + 1)
    assert (told.earlier.code, told.earlier.count) == ("1973", 2)
    assert told.earlier.query == CaseQuery({"au": ("1973",)})


def test_a_proceeding_is_told_by_who_acts_and_by_what_came_of_it(session, desk):
    for case in MORE[:5]:
        desk.published(**case)
    desk.published()
    told = told_of(session)
    assert (told.total.count, told.with_proceedings.count) == (6, 5)
    groups = {
        group.total.code: (group.total.count, by_code(group.parts)) for group in told.proceedings
    }
    assert groups == {
        # Two of one kind are in one line once; without an outcome, it is unknown.
        "contre_cible": (
            4,
            {"contre_cible.relaxe": 2, "contre_cible.inconnue": 1, "contre_cible.desistement": 1},
        ),
        "par_cible": (1, {"par_cible.condamnation_auteur": 1}),
        "recours_cible": (1, {"recours_cible.annulation": 1}),
        "tiers": (1, {"tiers.en_cours": 1}),
    }


def test_figures_follow_the_public_ledger_and_not_the_desk(session, pen, desk, cast):
    filed = desk.published()
    first = told_of(session)
    desk.draft()
    assert told_of(session) is first
    with pen() as p:
        acts.withdraw(p, filed.id, by=cast.bruno, restriction="erreur", reason="r")
    assert told_of(session).total.count == 0


def test_of_eight_readers_one_counts(engine, session, desk, monkeypatch):
    desk.published()
    counted = []
    count = statistics._count_statistics
    statistics._statistics_cache.clear()
    monkeypatch.setattr(
        statistics, "_count_statistics", lambda *told: counted.append(1) or count(*told)
    )

    def read(_place):
        with Session(engine) as own:
            at = head(own)
            return statistics.load_statistics(own, current_vocabulary(own), at).total.count

    session.rollback()
    with ThreadPoolExecutor(8) as readers:
        assert set(readers.map(read, range(32))) == {1}
    assert counted == [1]


def test_the_code_of_every_proceeding_can_be_kept_once_its_case_is_gone(session):
    words = current_vocabulary(session)
    room = FormerCode.__table__.c.code.type.length
    for direction in words.lists["sens"]:
        for outcome in words.lists["issue"]:
            assert len(former_codes.proceeding_code(direction, outcome)) <= room
