"""The queue of the desk: every open thing is in it once, in order of urgency."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from itertools import groupby

import attested_acts as cases
import pytest
from cast import AT
from report_factory import nonce
from sqlalchemy import event, select

from register.accounts.models import Member
from register.cases.models import Incident, Reply, Revision
from register.cases.second_person import Approval, Destruction, PendingChange
from register.cases.todo_clauses import TodoContext
from register.cases.urgency import Urgency
from register.cases.vocabulary import current_vocabulary
from register.errors import Invalid, NotFound, Refused, SealError
from register.key_store import KeyStore
from register.reports import acts
from register.reports.models import OPEN_STATES, MessageKind, Report, ReportState
from register.reports.queue_statements import QueueKind
from register.reports.work_queue import load_queue

pytestmark = pytest.mark.one_database

RISKY = "Joindre le maire au 01 23 45 67 89."


@pytest.fixture
def queue(session, store, cast):
    """``queue("bruno", page_size=…)``: the queue of a member."""

    def load(name="chloe", at=AT, **options):
        session.rollback()
        session.expire_all()
        member = session.get_one(Member, getattr(cast, name))
        context = TodoContext(current_vocabulary(session), at)
        return load_queue(session, store, member, context, **{"page_size": 200, **options})

    return load


@pytest.fixture
def crowded(desk, inbox, store, cast, content):
    """A register with a thing of each kind; the names by id and key."""
    replied, quiet = desk.published(), desk.published()
    ids = {
        "danger case": desk.published().id,
        "term case": desk.draft().id,
        "mine": desk.draft().id,
        "held": desk.published().id,
        "incomplete": desk.draft(title="").id,
        "justice": desk.draft(content(justice=True)).id,
        "ready": desk.ready().id,
        "edited": desk.withdrawn().id,
        "quiet withdrawn": desk.withdrawn().id,
        "quiet": quiet.id,
        "replied": replied.id,
        "changed": desk.published(justice=True).id,
        "redacted": desk.published().id,
        "erasable": desk.published().id,
        "danger report": inbox.received().key,
        "term report": inbox.waiting().key,
        "my report": inbox.received().key,
        "news": inbox.declined().key,
        "report": inbox.received().key,
        "review": inbox.held().key,
        "waiting": inbox.waiting().key,
        "suspect": inbox.received(suspect=True).key,
        "spam": inbox.received().key,
        "quiet spam": inbox.spam().key,
        "quiet declined": inbox.declined().key,
        "quiet accepted": inbox.accepted(into=quiet.id).key,
    }
    desk.received_reply(replied)
    by = {"by": cast.bruno, "reason": "r"}
    with desk.pen() as p:
        cases.set_urgency(p, ids["danger case"], Urgency(danger=True), by=cast.bruno)
        cases.set_urgency(p, ids["term case"], Urgency(False, date(2026, 3, 20)), by=cast.ada)
        cases.claim(p, ids["mine"], by=cast.chloe)
        cases.assign(p, ids["held"], to=cast.bruno, by=cast.ada)
        cases.edit(p, ids["edited"], content(title="Autre"), **by)
        for number in range(2):
            cases.follow_up(p, ids["changed"], title="t", text=f"{RISKY} {number}", **by)
        cases.redact(p, ids["redacted"], content(narrative=""), public_note="n", **by)
        cases.approve(p, ids["erasable"], by=cast.chloe, purpose="erase")
        cases.refuse_change(p, 1, by=cast.chloe, refusal="r")
        acts.set_urgency(p, store, ids["danger report"], Urgency(danger=True), by=cast.bruno)
        term = Urgency(False, date(2026, 3, 5), "audience")
        acts.set_urgency(p, store, ids["term report"], term, by=cast.bruno)
        acts.assign(p, ids["my report"], to=cast.chloe, by=cast.bruno)
        acts.add(p, store, ids["news"], MessageKind.ADDITION, "Encore.", nonce())
        acts.spam(p, ids["spam"], by=cast.bruno, together=True)
    return {value: name for name, value in ids.items()}


def test_each_kind_of_thing_is_in_the_queue_once_in_order(queue, crowded):
    page = queue()
    listed = [(item.kind, crowded[item.incident or item.report]) for item in page.items]
    groups = [(kind, [name for _k, name in group]) for kind, group in groupby(listed, _kind)]
    assert [(kind, sorted(names)) for kind, names in groups] == [
        (QueueKind.DANGER, ["danger case", "danger report"]),
        (QueueKind.TERM, ["term case", "term report"]),
        (QueueKind.MINE, ["mine", "my report"]),
        (QueueKind.REPLY, ["replied"]),
        (QueueKind.NEWS, ["news"]),
        (QueueKind.REPORT, ["report", "review"]),
        (QueueKind.DRAFT, ["incomplete", "justice", "ready"]),
        (QueueKind.EDITED, ["edited"]),
        (QueueKind.CHANGE, ["changed"]),
        (QueueKind.RETURNED, ["changed"]),
        (QueueKind.DESTRUCTION, ["redacted"]),
        (QueueKind.ERASURE, ["erasable"]),
        (QueueKind.HELD, ["held"]),
        (QueueKind.WAITING, ["waiting"]),
        (QueueKind.SUSPECT, ["suspect"]),
        (QueueKind.SPAM, ["spam"]),
    ]
    assert page.counts == Counter(kind for kind, _name in listed)
    # The nearer term comes first, whatever it is about; so does the oldest draft.
    assert dict(groups)[QueueKind.TERM] == ["term report", "term case"]
    assert dict(groups)[QueueKind.DRAFT] == ["incomplete", "justice", "ready"]
    # After a year, the outcomes that nobody has followed come last.
    assert queue(at=AT + timedelta(days=400)).items[-1].kind is QueueKind.OUTCOME
    assert queue("driss").items == ()


def _kind(pair):
    return pair[0]


def test_a_refused_version_waits_for_its_writer_unless_another_member_has_it(queue, desk, cast):
    case = desk.ready()
    with desk.pen() as p:
        cases.refuse_version(p, case.id, by=cast.chloe, refusal="Qui le dit ?")
    kinds = {name: [item.kind for item in queue(name).items] for name in ("bruno", "chloe")}
    assert kinds == {"bruno": [QueueKind.MINE], "chloe": [QueueKind.DRAFT]}
    with desk.pen() as p:
        cases.assign(p, case.id, to=cast.ada, by=cast.ada)
    assert [item.kind for item in queue("bruno").items] == [QueueKind.DRAFT]


def test_pages_of_the_queue_follow_one_another(queue, crowded):
    whole = queue().items
    pages = [queue(page=number, page_size=6) for number in (1, 2, 3, 4)]
    assert [item for page in pages for item in page.items] == list(whole)
    assert {(page.pages, page.total) for page in pages} == {(4, len(whole))}
    # Beyond the last page is the last page.
    assert queue(page=99, page_size=6) == pages[-1]
    of_kind = queue(kind=QueueKind.DRAFT, page_size=2, page=2)
    assert [item.kind for item in of_kind.items] == [QueueKind.DRAFT]
    assert (of_kind.pages, of_kind.counts) == (2, pages[0].counts)
    assert queue(kind=QueueKind.OUTCOME).items == []


def test_a_page_says_what_its_drafts_lack(queue, crowded):
    page = queue()
    names = {crowded[case_id]: case_id for case_id in page.cases}
    assert page.cases[names["incomplete"]].unmet == "texts"
    assert names["incomplete"] in page.uninvited
    assert names["ready"] not in page.uninvited
    assert page.waits[names["ready"]] == ["pret"]
    assert page.waits[names["justice"]] == ["a_relire", "second"]
    assert page.reports[next(key for key, name in crowded.items() if name == "report")].sent


def test_the_queue_is_whole_without_the_keys_of_reports(queue, crowded, monkeypatch):
    whole = queue()

    def lost(*_arguments):
        raise SealError("seal_missing")

    monkeypatch.setattr(KeyStore, "keys", lost)
    page = queue()
    assert page.items == whole.items
    assert {summary.sent for summary in page.reports.values()} == {None}


def test_the_queries_of_the_queue_do_not_grow_with_its_things(queue, crowded, engine, desk, inbox):
    def statements():
        executed = []
        count = lambda *_: executed.append(1)  # noqa: E731 # a listener
        queue()
        event.listen(engine, "before_cursor_execute", count)
        queue()
        event.remove(engine, "before_cursor_execute", count)
        return len(executed)

    few = statements()
    for _ in range(5):
        desk.draft()
        inbox.received()
    assert statements() == few


def test_nothing_unfinished_is_outside_the_queue(queue, desk, inbox, store, cast, content, session):
    """Whatever members and reporters do, each open thing is listed once."""
    chance = random.Random(21)
    refs = [desk.draft(), desk.ready(), desk.published(), desk.published(justice=True)]
    refs += [desk.withdrawn(), desk.published()]
    ids = [ref.id for ref in refs]
    keys = [inbox.received(suspect=position == 0).key for position in range(6)]
    members = [cast.bruno, cast.chloe, cast.ada]
    by_other = {"reason": "r"}

    def act(p, incident_id, key, by):
        options = {"by": by, **by_other}
        attest = ("attribution", "no_private_person", "no_private_life")
        doings = [
            lambda: cases.claim(p, incident_id, by=by),
            lambda: cases.assign(p, incident_id, to=chance.choice(members), by=by),
            lambda: cases.release(p, incident_id, by=by),
            lambda: cases.set_urgency(p, incident_id, Urgency(chance.random() < 0.5), by=by),
            lambda: cases.set_urgency(p, incident_id, Urgency(False, AT.date()), by=by),
            lambda: cases.edit(p, incident_id, content(title=str(by)), **options),
            lambda: cases.publish(p, incident_id, attested=attest, **options),
            lambda: cases.withdraw(p, incident_id, restriction="erreur", **options),
            lambda: cases.restore(p, incident_id, attested=attest, **options),
            lambda: cases.follow_up(p, incident_id, title="t", text=RISKY, **options),
            lambda: cases.redact(p, incident_id, content(narrative=""), public_note="n", **options),
            lambda: cases.receive_reply(
                p, incident_id, by=by, author="a", capacity="c", text="t", received_on=AT.date()
            ),
            lambda: cases.approve(p, incident_id, by=by, purpose="erase"),
            lambda: cases.erase(p, incident_id, by=by, restriction="erreur"),
            lambda: cases.merge(p, incident_id, into=1, **options),
            lambda: cases.discard(p, incident_id, by=by),
            lambda: ids.append(cases.draft(p, content(), **options).id),
            lambda: cases.approve_change(p, chance.randint(1, 4), by=by),
            lambda: cases.refuse_change(p, chance.randint(1, 4), by=by, refusal="r"),
            lambda: cases.confirm_destruction(p, chance.randint(1, 4), by=by),
            lambda: cases.refuse_reply(
                p, chance.randint(1, 4), by=by, code="longueur", refusal="r"
            ),
            lambda: acts.claim(p, key, by=by),
            lambda: acts.assign(p, key, to=chance.choice(members), by=by),
            lambda: acts.release(p, key, by=by),
            lambda: acts.set_urgency(p, store, key, Urgency(chance.random() < 0.5), by=by),
            lambda: acts.ask_reporter(p, store, key, "Où ?", by=by),
            lambda: acts.add(p, store, key, MessageKind.ANSWER, "Là.", nonce()),
            lambda: acts.mark_read(p, key, by=by),
            lambda: acts.spam(p, key, by=by, together=True),
            lambda: acts.confirm_spam(p, key, by=by),
            lambda: acts.decline(p, store, key, "doublon", by=by, sentence="s"),
            lambda: acts.accept(p, store, key, by=by, reason="r", into=incident_id),
            lambda: acts.withdraw(p, store, key, nonce()),
            lambda: acts.reopen(p, store, key, by=by),
        ]
        chance.choice(doings)()

    done = 0
    for step in range(280):
        with suppress(Refused, Invalid, NotFound), desk.pen() as p:
            act(p, chance.choice(ids), chance.choice(keys), chance.choice(members))
            done += 1
        if step % 8 == 7:
            listed = Counter(map(_thing, queue(chance.choice(["bruno", "chloe", "ada"])).items))
            assert listed == Counter(_unfinished(session)), step
    assert done > 70


def _thing(item):
    """What an item of the queue is about."""
    rows = {
        QueueKind.REPLY: "reply",
        QueueKind.CHANGE: "change",
        QueueKind.RETURNED: "change",
        QueueKind.DESTRUCTION: "destruction",
    }
    if item.kind in rows:
        return rows[item.kind], item.ref
    if item.kind is QueueKind.ERASURE:
        return "erasure", item.incident
    return ("report", item.report) if item.report else ("case", item.incident)


def _unfinished(session):
    """Everything that waits for somebody, from a scan of the tables."""
    session.rollback()
    session.expire_all()
    incidents = {case.id: case for case in session.scalars(select(Incident))}
    revisions = {row.id: row.act for row in session.scalars(select(Revision))}
    for case in incidents.values():
        is_marked = case.danger_on or case.term_on or (case.held_until and case.held_until > AT)
        is_edited = case.state == "withdrawn" and revisions[case.revision_id] in (
            "edited",
            "redacted",
        )
        is_live = case.state in ("draft", "published", "withdrawn")
        if case.state == "draft" or is_edited or (is_live and is_marked):
            yield "case", case.id
    for reply in session.scalars(select(Reply)):
        if reply.state == "received" and incidents[reply.incident_id].state == "published":
            yield "reply", reply.id
    for change in session.scalars(select(PendingChange)):
        yield "change", change.id
    for row in session.scalars(select(Destruction)):
        if row.ended_at is None and incidents[row.incident_id].state != "erased":
            yield "destruction", row.id
    yield from {
        ("erasure", approval.incident_id)
        for approval in session.scalars(select(Approval).where(Approval.purpose == "erase"))
        if approval.revision_id == incidents[approval.incident_id].revision_id
    }
    for report in session.scalars(select(Report)):
        is_marked = report.state == ReportState.ACCEPTED and (report.danger_on or report.term_on)
        in_bulk = report.state == ReportState.SPAM and report.together_by
        is_open = report.state in OPEN_STATES or report.asked_on
        if is_open or report.news or is_marked or in_bulk:
            yield "report", report.key
