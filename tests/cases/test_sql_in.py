"""One parameter for any number of integers, on both databases."""

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
def some(session):
    """Three communes whose populations nobody else has."""
    once = select(PEOPLE).where(PEOPLE > 20_000).group_by(PEOPLE).having(func.count() == 1)
    rows = session.execute(select(CODE, PEOPLE).where(PEOPLE.in_(once)).order_by(CODE).limit(3))
    return dict(rows.all())


def test_a_column_is_compared_with_a_list_of_numbers(session, some):
    first, *_rest = some
    assert _codes(session, is_among(PEOPLE, some.values())) == list(some)
    assert _codes(session, is_among(PEOPLE, [some[first]])) == [first]
    assert _codes(session, is_among(PEOPLE, [])) == []
    assert (
        _codes(session, is_among(PEOPLE, some.values()), ~is_among(PEOPLE, [some[first]])) == _rest
    )
    either = or_(is_among(PEOPLE, [some[first]]), CODE.in_(_rest[:1]))
    assert _codes(session, either) == [first, _rest[0]]


def test_a_long_list_gives_the_same_rows_as_a_short_one(session, some):
    beyond = range(10**8, 10**8 + SMALL_LIST)
    assert _codes(session, is_among(PEOPLE, [*some.values(), *beyond])) == list(some)
    assert _codes(session, is_among(PEOPLE, beyond)) == []


def test_a_statement_is_compiled_once_for_all_lists(session):
    keys = {
        select(CODE).where(is_among(PEOPLE, numbers))._generate_cache_key().key
        for numbers in ([], [1], [2, 3], range(SMALL_LIST))
    }
    assert len(keys) == 1
