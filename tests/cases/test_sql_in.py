"""A list of integers is one SQL parameter, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import func, or_, select

from register.cases.core_tables import SMALL_LIST, is_among
from register.territory.models import Commune

PEOPLE = Commune.__table__.c.population
CODE = Commune.__table__.c.code


def _codes(session, *clauses):
    return session.scalars(select(CODE).where(*clauses).order_by(CODE)).all()


@pytest.fixture
def populations(session):
    """The populations of three communes, each population unique."""
    unique = select(PEOPLE).where(PEOPLE > 20_000).group_by(PEOPLE).having(func.count() == 1)
    rows = session.execute(select(CODE, PEOPLE).where(PEOPLE.in_(unique)).order_by(CODE).limit(3))
    return dict(rows.all())


def test_a_column_is_compared_with_a_list_of_numbers(session, populations):
    first, *others = populations
    assert _codes(session, is_among(PEOPLE, populations.values())) == list(populations)
    assert _codes(session, is_among(PEOPLE, [populations[first]])) == [first]
    assert _codes(session, is_among(PEOPLE, [])) == []
    assert (
        _codes(
            session, is_among(PEOPLE, populations.values()), ~is_among(PEOPLE, [populations[first]])
        )
        == others
    )
    either = or_(is_among(PEOPLE, [populations[first]]), CODE.in_(others[:1]))
    assert _codes(session, either) == [first, others[0]]


def test_a_long_list_gives_the_same_rows_as_a_short_one(session, populations):
    beyond = range(10**8, 10**8 + SMALL_LIST)
    assert _codes(session, is_among(PEOPLE, [*populations.values(), *beyond])) == list(populations)
    assert _codes(session, is_among(PEOPLE, beyond)) == []


def test_a_statement_is_compiled_once_for_all_lists(session):
    keys = {
        select(CODE).where(is_among(PEOPLE, numbers))._generate_cache_key().key
        for numbers in ([], [1], [2, 3], range(SMALL_LIST))
    }
    assert len(keys) == 1
