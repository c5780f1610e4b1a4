"""Concurrent acts on reports."""

from __future__ import annotations

import threading

import pytest
from case_contents import a_case
from report_factory import a_report, nonce, receive_report
from sqlalchemy import func, select

from register.cases import acts as cases
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident
from register.cases.verify import verify
from register.errors import Incomplete, Refused
from register.journal import writing
from register.operations.missing_data import lost_keys
from register.reports import acts, queries
from register.reports.models import MessageKind, Report, ReportState, RetainedReport
from register.reports.verify import problems

ROUNDS = 4


@pytest.fixture
def at_once(engine):
    """``at_once(act, act)``: the outcomes of acts started together, each in a transaction."""

    def run(*functions):
        barrier = threading.Barrier(len(functions))
        outcomes: list[object] = [None] * len(functions)

        def start(index, act):
            barrier.wait()
            try:
                with writing(engine) as p:
                    outcomes[index] = act(p)
            except Refused as refused:
                outcomes[index] = refused.key

        threads = [
            threading.Thread(target=start, args=(index, act)) for index, act in enumerate(functions)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        return outcomes

    return run


def _check_consistency(session, store):
    session.rollback()
    session.expire_all()
    assert [*verify(session, []), *problems(session)] == []
    assert lost_keys(session, store) == 0


def test_two_concurrent_answers_are_both_stored_in_order(session, pen, store, at_once, inbox):
    report = inbox.waiting()
    for _ in range(ROUNDS):
        session.rollback()
        before = len(queries.get_report(session, store, report.key).messages)
        session.rollback()
        first, second = nonce(), nonce()
        outcomes = at_once(
            lambda p, form=first: acts.add(p, store, report.key, MessageKind.ANSWER, "Oui.", form),
            lambda p, form=second: acts.add(p, store, report.key, MessageKind.ANSWER, "Non.", form),
        )
        assert outcomes == [True, True]
        session.rollback()
        messages = queries.get_report(session, store, report.key).messages[before:]
        assert sorted(message.text for message in messages) == ["Non.", "Oui."]
    _check_consistency(session, store)


def test_an_answer_sent_twice_concurrently_is_stored_once(session, pen, store, at_once, inbox):
    report = inbox.waiting()
    form = nonce()
    answer = lambda p: acts.add(p, store, report.key, MessageKind.ANSWER, "Oui.", form)  # noqa: E731
    assert sorted(at_once(answer, answer, answer)) == [False, False, True]
    session.rollback()
    assert len(queries.get_report(session, store, report.key).messages) == 2
    _check_consistency(session, store)


def test_a_form_sent_twice_concurrently_makes_one_report(session, pen, store, at_once):
    form = nonce()
    send = lambda p: acts.receive(p, store, a_report(), form)  # noqa: E731
    outcomes = at_once(send, send, send)
    assert sorted(report.is_duplicate for report in outcomes) == [False, True, True]
    assert len({(report.key, report.code) for report in outcomes}) == 1
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Report)) == 1
    _check_consistency(session, store)


def test_a_withdrawal_while_a_moderator_accepts_ends_withdrawn(session, pen, store, at_once, cast):
    """In either order, no case keeps a copy of the withdrawn report."""
    for _ in range(ROUNDS):
        report = receive_report(pen, store)
        accepted, withdrawn = at_once(
            lambda p, key=report.key: acts.accept(
                p, store, key, by=cast.bruno, reason="r", new=a_case()
            ),
            lambda p, key=report.key: acts.withdraw(p, store, key, nonce()),
        )
        assert withdrawn is True
        assert isinstance(accepted, int) or accepted == "report_state"
        session.rollback()
        session.expire_all()
        assert session.get_one(Report, report.key).state == ReportState.WITHDRAWN
        assert session.scalar(select(func.count()).select_from(RetainedReport)) == 0
        session.rollback()
    _check_consistency(session, store)


def test_one_of_two_concurrent_decisions_is_refused(session, pen, store, at_once, cast):
    for _ in range(ROUNDS):
        report = receive_report(pen, store)
        outcomes = at_once(
            lambda p, key=report.key: acts.decline(
                p, store, key, "doublon", by=cast.bruno, sentence="Déjà là."
            ),
            lambda p, key=report.key: acts.accept(
                p, store, key, by=cast.chloe, reason="r", new=a_case()
            ),
        )
        assert outcomes.count("report_state") == 1
    _check_consistency(session, store)


def test_a_concurrent_purge_keeps_the_keys_of_new_reports(session, pen, store, at_once, inbox):
    """A key is on disk before its report, and must not look unused to the purge."""
    for _ in range(ROUNDS):
        outcomes = at_once(
            *[lambda p: acts.receive(p, store, a_report(), nonce()) for _ in range(3)],
            lambda p: acts.purge(p, store, 24),
        )
        assert len({report.key for report in outcomes[:3]}) == 3
    _check_consistency(session, store)
    # A report has two keys: its own, and one of its contact, even of an empty one.
    assert len(store.names()) == 2 * 3 * ROUNDS


def test_a_concurrent_withdrawal_and_publication_are_serialised(
    session, store, at_once, inbox, desk, cast
):
    """A withdrawal after publication is a request; publication after withdrawal is refused."""

    def publish(p, draft_id):
        try:
            return cases.publish(p, draft_id, by=cast.bruno, reason="r", attested=ATTESTATIONS).act
        except Incomplete as incomplete:
            return [line.code for line in incomplete.values["lines"]]

    results = set()
    for turn in range(ROUNDS):
        draft = desk.ready()
        received = inbox.accepted(into=draft.id)
        competing = [
            lambda p, key=received.key: acts.withdraw(p, store, key, nonce()),
            lambda p, draft_id=draft.id: publish(p, draft_id),
        ]
        withdrawn, published = (
            at_once(*competing) if turn % 2 else reversed(at_once(*reversed(competing)))
        )
        session.rollback()
        session.expire_all()
        incident, report = (
            session.get_one(Incident, draft.id),
            session.get_one(Report, received.key),
        )
        if withdrawn:
            assert (published, incident.number, report.state) == (
                ["report_withdrawn"],
                None,
                "withdrawn",
            )
        else:
            assert (published, report.state) == ("published", "accepted")
            assert incident.number
        results.add(bool(withdrawn))
        _check_consistency(session, store)
    assert results
