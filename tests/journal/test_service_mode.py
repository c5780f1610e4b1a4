"""Service mode: its line in the desk ledger, and the acts that it refuses."""

from __future__ import annotations

import pytest

from register.accounts import sessions
from register.errors import ReadOnly
from register.journal import Act, Ledger, head, service_mode, writing
from register.journal.service_mode import ModeState, ServiceMode, read_mode

RECORDED = {"by": None, "details": {"member": 1, "count": 1}}


def change(engine, mode):
    with writing(engine) as tx:
        return sessions.change_mode(tx, mode), tx.at


def test_the_last_line_about_the_mode_is_the_present_one(engine, session):
    assert read_mode(session) == ModeState()
    session.rollback()
    assert change(engine, ServiceMode.READ_ONLY)[0]
    changed, at = change(engine, ServiceMode.LOCKDOWN)
    assert changed
    assert change(engine, ServiceMode.LOCKDOWN)[0] is False
    assert read_mode(session) == ModeState(ServiceMode.LOCKDOWN, at)
    assert head(session, Ledger.DESK).seq == 2


@pytest.mark.parametrize(
    ("mode", "is_form", "signing_in", "is_refused"),
    [
        (ServiceMode.OPEN, True, False, False),
        (ServiceMode.READ_ONLY, True, False, True),
        (ServiceMode.READ_ONLY, True, True, False),
        # The worker, a command, a page that records that it was read.
        (ServiceMode.READ_ONLY, False, False, False),
        (ServiceMode.LOCKDOWN, True, False, True),
        (ServiceMode.LOCKDOWN, True, True, True),
        (ServiceMode.LOCKDOWN, False, False, False),
    ],
)
def test_a_closed_register_refuses_the_acts_of_forms(
    engine, session, mode, is_form, signing_in, is_refused
):
    change(engine, mode)
    before = head(session, Ledger.DESK).seq
    session.rollback()

    def act():
        with service_mode.answering(form=is_form), writing(engine, signing_in=signing_in) as tx:
            tx.record(Act.SESSIONS_ENDED, **RECORDED)

    if is_refused:
        with pytest.raises(ReadOnly, match=mode.value):
            act()
    else:
        act()
    assert head(session, Ledger.DESK).seq == before + (not is_refused)
