"""Transition table and retention terms of reports."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from ledger_lines import REPORTER_ACTS

from register.errors import Refused
from register.journal import Act
from register.reports import retention
from register.reports.acts import transitions
from register.reports.models import OPEN_STATES, ReportState

# A row for each state; a dash where the act is refused, else the state that it leads to.
TABLE = """
          claimed   released asked    accepted declined spam reopened returned added     withdrawn read      spam_agreed destroyed assigned  urgency
received  in_review -        waiting  accepted declined spam -        -        received  withdrawn received  -           -         in_review received
in_review in_review received waiting  accepted declined spam -        -        in_review withdrawn in_review -           -         in_review in_review
waiting   waiting   waiting  waiting  accepted declined spam -        received in_review withdrawn waiting   -           -         waiting   waiting
accepted  -         -        accepted -        -        -    received -        accepted  withdrawn accepted  -           -         -         accepted
declined  -         -        -        -        -        -    received -        declined  -         declined  -           -         -         -
withdrawn -         -        -        -        -        -    -        -        -         -         withdrawn -           withdrawn -         -
spam      -         -        -        -        -        -    received -        spam      -         spam      spam        -         -         -
"""  # noqa: E501
_HEADER, *_ROWS = [line.split() for line in TABLE.strip().splitlines()]
CELLS = [
    (ReportState(row[0]), Act(f"report_{name}"), None if cell == "-" else ReportState(cell))
    for row in _ROWS
    for name, cell in zip(_HEADER, row[1:], strict=True)
]


def test_the_table_covers_every_state_and_act():
    assert {state for state, _act, _end in CELLS} == set(ReportState)
    report_acts = {act for act in Act if act.value.startswith("report_")}
    # Receiving makes a report; a conclusion, a purge, a view, a note, a mask change no state.
    excluded = {
        Act.REPORT_RECEIVED,
        Act.REPORT_PURGED,
        Act.REPORT_CONCLUDED,
        Act.REPORT_VIEWED,
        Act.REPORT_CONTACT_VIEWED,
        Act.REPORT_NOTED,
        Act.REPORT_MASKED,
        Act.REPORT_FILE_REMOVED,
    }
    assert {act for _, act, _ in CELLS} == report_acts - excluded
    assert report_acts > REPORTER_ACTS


@pytest.mark.parametrize(("state", "act", "end"), CELLS, ids=str)
def test_an_act_leads_to_the_state_of_the_table(state, act, end):
    assert transitions.allows(state, act) is (end is not None)
    if end is not None:
        assert transitions.next_state(state, act) is end
        return
    with pytest.raises(Refused) as refused:
        transitions.next_state(state, act)
    assert (refused.value.key, refused.value.values) == (
        "report_state",
        {"state": state.value, "act": act.value},
    )


@pytest.mark.parametrize("state", ReportState)
def test_ended_states_have_a_purge_term_and_open_ones_have_none(state):
    days = {"spam": 7, "declined": 90, "withdrawn": 90}
    ended = date(2026, 3, 2)
    expected = ended + timedelta(days[state]) if state in days else None
    assert retention.purge_day(state, ended) == expected
    # The term of an accepted report begins with the end of the work on it.
    has_no_day = state in OPEN_STATES or state is ReportState.ACCEPTED
    assert has_no_day is (expected is None)
