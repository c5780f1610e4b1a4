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
from register.reports import acts, queries
from register.reports.models import MessageKind, Report, ReportState, RetainedReport
from register.reports.verify import lost_keys, problems

ROUNDS = 4


@pytest.fixture
def at_once(engine):
    """``at_once(act, act)``: the outcomes of acts started together, each in a transaction."""

    def run(*doing):
        begun = threading.Barrier(len(doing))
        came: list[object] = [None] * len(doing)

        def one(place, act):
            begun.wait()
            try:
                with writing(engine) as p:
                    came[place] = act(p)
            except Refused as refused:
                came[place] = refused.key

        threads = [
            threading.Thread(target=one, args=(place, act)) for place, act in enumerate(doing)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive()
        return came

    return run


def _sound(session, store):
    session.rollback()
    session.expire_all()
    assert [*verify(session, []), *problems(session)] == []
    assert lost_keys(session, store) == 0


def test_two_concurrent_answers_are_both_stored_in_order(session, pen, store, at_once, inbox):
    filed = inbox.waiting()
    for _ in range(ROUNDS):
        session.rollback()
        before = len(queries.get_report(session, store, filed.key).messages)
        session.rollback()
        one, other = nonce(), nonce()
        came = at_once(
            lambda p, form=one: acts.add(p, store, filed.key, MessageKind.ANSWER, "Oui.", form),
            lambda p, form=other: acts.add(p, store, filed.key, MessageKind.ANSWER, "Non.", form),
        )
        assert came == [True, True]
        session.rollback()
        said = queries.get_report(session, store, filed.key).messages[before:]
        assert sorted(message.text for message in said) == ["Non.", "Oui."]
    _sound(session, store)


def test_an_answer_sent_twice_concurrently_is_stored_once(session, pen, store, at_once, inbox):
    filed = inbox.waiting()
    form = nonce()
    answer = lambda p: acts.add(p, store, filed.key, MessageKind.ANSWER, "Oui.", form)  # noqa: E731
    assert sorted(at_once(answer, answer, answer)) == [False, False, True]
    session.rollback()
    assert len(queries.get_report(session, store, filed.key).messages) == 2
    _sound(session, store)


def test_a_form_sent_twice_concurrently_makes_one_report(session, pen, store, at_once):
    form = nonce()
    send = lambda p: acts.receive(p, store, a_report(), form)  # noqa: E731
    came = at_once(send, send, send)
    assert sorted(filed.is_duplicate for filed in came) == [False, True, True]
    assert len({(filed.key, filed.code) for filed in came}) == 1
    session.rollback()
    assert session.scalar(select(func.count()).select_from(Report)) == 1
    _sound(session, store)


def test_a_withdrawal_while_a_moderator_accepts_ends_withdrawn(session, pen, store, at_once, cast):
    """In either order, no case rests on a withdrawn report."""
    for _ in range(ROUNDS):
        filed = receive_report(pen, store)
        accepted, withdrawn = at_once(
            lambda p, key=filed.key: acts.accept(
                p, store, key, by=cast.bruno, reason="r", new=a_case()
            ),
            lambda p, key=filed.key: acts.withdraw(p, store, key, nonce()),
        )
        assert withdrawn is True
        assert isinstance(accepted, int) or accepted == "report_state"
        session.rollback()
        session.expire_all()
        assert session.get_one(Report, filed.key).state == ReportState.WITHDRAWN
        assert session.scalar(select(func.count()).select_from(RetainedReport)) == 0
        session.rollback()
    _sound(session, store)


def test_one_of_two_concurrent_decisions_is_refused(session, pen, store, at_once, cast):
    for _ in range(ROUNDS):
        filed = receive_report(pen, store)
        came = at_once(
            lambda p, key=filed.key: acts.decline(
                p, store, key, "doublon", by=cast.bruno, sentence="Déjà là."
            ),
            lambda p, key=filed.key: acts.accept(
                p, store, key, by=cast.chloe, reason="r", new=a_case()
            ),
        )
        assert came.count("report_state") == 1
    _sound(session, store)


def test_a_concurrent_purge_keeps_the_keys_of_new_reports(session, pen, store, at_once, inbox):
    """A key is on disk before its report, and must not look unused to the purge."""
    for _ in range(ROUNDS):
        came = at_once(
            *[lambda p: acts.receive(p, store, a_report(), nonce()) for _ in range(3)],
            lambda p: acts.purge(p, store, 24),
        )
        assert len({filed.key for filed in came[:3]}) == 3
    _sound(session, store)
    # One of the report, and one of the contact, whether any was left or not.
    assert len(store.names()) == 2 * 3 * ROUNDS


def test_a_concurrent_withdrawal_and_publication_are_serialised(
    session, store, at_once, inbox, desk, cast
):
    """A withdrawal after publication is a request; publication after withdrawal is refused."""

    def publish(p, incident):
        try:
            return cases.publish(p, incident, by=cast.bruno, reason="r", attested=ATTESTATIONS).act
        except Incomplete as incomplete:
            return [line.code for line in incomplete.values["lines"]]

    ends = set()
    for turn in range(ROUNDS):
        draft = desk.ready()
        filed = inbox.accepted(into=draft.id)
        doing = [
            lambda p, key=filed.key: acts.withdraw(p, store, key, nonce()),
            lambda p, incident=draft.id: publish(p, incident),
        ]
        taken, made = at_once(*doing) if turn % 2 else reversed(at_once(*reversed(doing)))
        session.rollback()
        session.expire_all()
        case, report = session.get_one(Incident, draft.id), session.get_one(Report, filed.key)
        if taken:
            assert (made, case.number, report.state) == (["report_withdrawn"], None, "withdrawn")
        else:
            assert (made, report.state) == ("published", "accepted")
            assert case.number
        ends.add(bool(taken))
        _sound(session, store)
    assert ends
