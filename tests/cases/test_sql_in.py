"""A list of integers is one SQL parameter, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import or_, select

from register.cases.core_tables import SMALL_LIST, is_among
from register.cases.vocabulary import VocabularyEntry

_ENTRY = VocabularyEntry.__table__.c
POSITION, CODE = _ENTRY.position, _ENTRY.code


def _codes(session, *clauses):
    stmt = select(CODE).where(_ENTRY.list == "type", *clauses)
    return session.scalars(stmt.order_by(POSITION)).all()


@pytest.fixture
def positions(session):
    """The positions of three types, by code."""
    stmt = select(CODE, POSITION).where(_ENTRY.list == "type").order_by(POSITION).limit(3)
    return dict(session.execute(stmt).all())


def test_a_column_is_compared_with_a_list_of_numbers(session, positions):
    first, *others = positions
    assert _codes(session, is_among(POSITION, positions.values())) == list(positions)
    assert _codes(session, is_among(POSITION, [positions[first]])) == [first]
    assert _codes(session, is_among(POSITION, [])) == []
    assert (
        _codes(
            session, is_among(POSITION, positions.values()), ~is_among(POSITION, [positions[first]])
        )
        == others
    )
    either = or_(is_among(POSITION, [positions[first]]), CODE.in_(others[:1]))
    assert _codes(session, either) == [first, others[0]]


def test_a_long_list_gives_the_same_rows_as_a_short_one(session, positions):
    beyond = range(10**8, 10**8 + SMALL_LIST)
    assert _codes(session, is_among(POSITION, [*positions.values(), *beyond])) == list(positions)
    assert _codes(session, is_among(POSITION, beyond)) == []


def test_a_statement_is_compiled_once_for_all_lists(session):
    keys = {
        select(CODE).where(is_among(POSITION, numbers))._generate_cache_key().key
        for numbers in ([], [1], [2, 3], range(SMALL_LIST))
    }
    assert len(keys) == 1
