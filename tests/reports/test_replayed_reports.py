"""Acts on reports that a restore does again, with the key of the report and without it."""

from __future__ import annotations

import pytest
from report_factory import report_row
from sqlalchemy.orm import Session

from register.errors import Refused
from register.reports.acts import replays
from register.reports.verify import problems

pytestmark = pytest.mark.one_database


@pytest.fixture(autouse=True)
def sound(engine):
    """At the end, the reports agree with the journal."""
    yield
    with Session(engine) as session:
        assert list(problems(session)) == []


@pytest.mark.parametrize("has_key", [True, False])
def test_a_report_is_withdrawn_again_once(inbox, pen, store, session, has_key):
    key = inbox.received().key
    if not has_key:
        store.destroy([key])
    with pen() as p:
        assert replays.withdraw_again(p, store, key)
    with pen() as p:
        assert not replays.withdraw_again(p, store, key)
        assert not replays.withdraw_again(p, store, "unknown")
    assert report_row(session, key).state == "withdrawn"


@pytest.mark.parametrize(
    ("state", "reason"), [("declined", "insuffisant"), ("spam", ""), ("withdrawn", "")]
)
def test_a_report_is_destroyed_again_in_the_state_that_it_had(
    inbox, pen, store, session, state, reason
):
    key = inbox.received().key
    with pen() as p:
        assert replays.destroy_again(p, store, key, state, reason)
    row = report_row(session, key)
    assert (row.state, row.reason, row.sealed) == (state, reason, None)
    assert store.names() == set()
    with pen() as p:
        assert not replays.destroy_again(p, store, key, state, reason)


def test_a_report_in_that_state_only_loses_its_texts(inbox, pen, store, session):
    key = inbox.declined().key
    with pen() as p:
        assert replays.destroy_again(p, store, key, "declined", "insuffisant")
    assert report_row(session, key).sealed is None


def test_an_open_report_that_was_accepted_later_is_left_to_a_person(inbox, pen, store):
    key = inbox.received().key
    with pen() as p, pytest.raises(Refused):
        replays.destroy_again(p, store, key, "accepted", "")
