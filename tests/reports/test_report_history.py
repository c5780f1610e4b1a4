"""Order of the journal lines about a report, within a day whose lines are in two ledgers."""

from __future__ import annotations

from datetime import timedelta

from cast import AT
from report_factory import QUESTION, nonce

from register.reports import acts
from register.reports.history import history


def test_lines_of_a_day_are_in_the_order_that_states_and_views_force(
    session, pen, store, inbox, cast
):
    """Ledgers alone would list everything of the reporter before or after all of the members."""
    report = inbox.received()
    key = report.key
    steps = (
        lambda p: acts.view(p, [key], by=cast.bruno),
        lambda p: acts.claim(p, key, by=cast.bruno),
        lambda p: acts.ask_reporter(p, store, key, QUESTION, by=cast.bruno),
    )
    for minute, step in enumerate(steps):
        with pen(AT + timedelta(minutes=minute)) as p:
            step(p)
    inbox.answered(report, at=AT + timedelta(minutes=5))
    steps = (
        lambda p: acts.mark_read(p, key, by=cast.bruno),
        lambda p: acts.view(p, [key], by=cast.chloe),
        lambda p: acts.release(p, key, by=cast.bruno),
        lambda p: acts.decline(p, store, key, "doublon", by=cast.chloe, sentence="Déjà là."),
    )
    for minute, step in enumerate(steps, start=6):
        with pen(AT + timedelta(minutes=minute)) as p:
            step(p)
    inbox.answered(report, "Relisez.", at=AT + timedelta(days=1))
    with pen(AT + timedelta(days=1, minutes=1)) as p:
        acts.reopen(p, store, key, by=cast.bruno)
        acts.withdraw(p, store, key, nonce())
    lines = [line.act.removeprefix("report_") for line in history(session, key, AT.date())][::-1]
    # The release was before Chloé's view or after it: nothing tells which.
    assert lines == [
        "received", "viewed", "claimed", "asked", "added", "read", "released", "viewed",
        "declined", "reopened", "added", "withdrawn",
    ]  # fmt: skip
