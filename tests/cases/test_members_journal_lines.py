"""The members' journal without the web: its filters, access, order, pages and indexes."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import attested_acts as acts
import pytest
from ledger_lines import PUBLIC_ACTS
from sqlalchemy import event, select, update

from register.accounts.models import Member
from register.cases import members_journal
from register.cases.members_journal import list_lines, load_checked_line
from register.errors import NotFound
from register.journal import Act, JournalEntry, Ledger
from register.journal.queries import CONSOLE_MEMBER, JournalQuery
from register.text.dates import paris_day

pytestmark = pytest.mark.one_database

DAYS = [datetime(2026, 3, day, hour, 30, tzinfo=UTC) for day in (2, 3, 9) for hour in (8, 22, 23)]


@pytest.fixture
def journal_cases(filled, desk, cast, pen):
    return filled(lambda: _fill(desk, cast, pen))


def _fill(desk, cast, pen):
    """Two cases and a draft with acts on three days, some past midnight in Paris only."""
    first, other = desk.published(), desk.published(title="Un autre")
    draft = desk.draft(title="Un brouillon")
    for at in DAYS:
        with pen(at) as p:
            acts.note(p, draft.id, "à vérifier", by=cast.bruno)
            acts.follow_up(p, first.id, by=cast.chloe, reason="s", title="t", text="t")
            acts.claim(p, other.id, by=cast.ada)
    with pen(DAYS[-1]) as p:
        acts.withdraw(p, other.id, by=cast.bruno, restriction="erreur", reason="r")
    return SimpleNamespace(first=first, other=other, draft=draft)


@pytest.fixture
def bruno(session, cast):
    return session.get_one(Member, cast.bruno)


def _all_lines(session, viewer, query, limit=members_journal.PAGE_SIZE):
    """Every line of a query, page after page."""
    page = list_lines(session, viewer, query, None, limit)
    lines = list(page.lines)
    while page.older:
        assert len(page.lines) == limit
        page = list_lines(session, viewer, query, page.older, limit)
        lines += page.lines
    assert len(page.lines) <= limit
    return lines


def _positions(lines):
    return [(line.ledger, line.seq) for line in lines]


def _expected(session, query, numbers):
    """The expected lines, from a scan of the whole journal."""
    rows = session.scalars(select(JournalEntry)).all()
    selected = [row for row in rows if _is_selected(row, query, numbers)]
    selected.sort(key=lambda row: (row.at, row.ledger, row.seq), reverse=True)
    return [(row.ledger, row.seq) for row in selected]


def _is_selected(row, query, numbers):
    day = paris_day(row.at)
    return (
        (query.member is None or (row.member_id or CONSOLE_MEMBER) == query.member)
        and (not query.acts or row.act in {act.value for act in query.acts})
        and (query.number is None or row.incident_id == numbers.get(query.number, -1))
        and (query.incident_id is None or row.incident_id == query.incident_id)
        and (query.since is None or day >= query.since)
        and (query.until is None or day <= query.until)
        and row.ledger in query.ledgers
    )


def test_each_filter_of_the_journal_selects_its_lines_and_no_other(
    session, journal_cases, bruno, cast
):
    numbers = {
        journal_cases.first.number: journal_cases.first.id,
        journal_cases.other.number: journal_cases.other.id,
    }
    spans = [(None, None), (date(2026, 3, 3), None), (None, date(2026, 3, 3))]
    spans += [(date(2026, 3, 3), date(2026, 3, 3)), (date(2026, 4, 1), date(2026, 4, 2))]
    non_empty = 0
    for member, acts_, ledgers, (since, until) in itertools.product(
        [None, CONSOLE_MEMBER, cast.bruno, cast.driss],
        [
            (),
            (Act.NOTED,),
            (Act.FOLLOWED_UP,),
            (Act.CLAIMED, Act.RELEASED, Act.NOTED),
            tuple(PUBLIC_ACTS),
            (Act.ERASED,),
        ],
        [tuple(Ledger), (Ledger.PUBLIC,), (Ledger.DESK,)],
        spans,
    ):
        query = JournalQuery(ledgers, acts_, member, since=since, until=until)
        selected = _positions(_all_lines(session, bruno, query))
        assert selected == _expected(session, query, numbers), query
        non_empty += bool(selected)
    assert non_empty > 60


@pytest.mark.parametrize("member", [None, "bruno"])
@pytest.mark.parametrize("kinds", [(), (Act.NOTED,), tuple(PUBLIC_ACTS)])
def test_a_case_is_found_by_number_and_dossier(session, journal_cases, bruno, cast, kinds, member):
    numbers = {
        journal_cases.first.number: journal_cases.first.id,
        journal_cases.other.number: journal_cases.other.id,
    }
    for number, dossier in itertools.product(
        [None, journal_cases.first.number, 999],
        [None, journal_cases.first.id, journal_cases.draft.id, 999],
    ):
        member_id = getattr(cast, member) if member else None
        query = JournalQuery(member=member_id, acts=kinds, number=number, incident_id=dossier)
        expected = _expected(session, query, numbers)
        assert _positions(_all_lines(session, bruno, query)) == expected, query
    # The number also selects the lines of the case before its publication.
    mine = _all_lines(session, bruno, JournalQuery(number=journal_cases.first.number))
    assert Act.DRAFTED.value in {line.act for line in mine}


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_follow_one_another_without_a_line_twice_or_left_out(
    session, journal_cases, bruno, limit
):
    whole = _positions(_all_lines(session, bruno, JournalQuery(), 1000))
    assert _positions(_all_lines(session, bruno, JournalQuery(), limit)) == whole
    assert len(whole) == len(set(whole)) == len(session.scalars(select(JournalEntry)).all())


def test_lines_written_between_two_pages_are_not_on_the_second(
    session, pen, journal_cases, cast, bruno
):
    start = list_lines(session, bruno, JournalQuery(), None, 3)
    older_lines = _positions(list_lines(session, bruno, JournalQuery(), start.older, 1000).lines)
    session.rollback()
    with pen(datetime(2027, 5, 1, tzinfo=UTC)) as p:
        acts.note(p, journal_cases.draft.id, "plus tard", by=cast.bruno)
        acts.follow_up(p, journal_cases.first.id, by=cast.bruno, reason="s", title="t", text="t")
    assert (
        _positions(list_lines(session, bruno, JournalQuery(), start.older, 1000).lines)
        == older_lines
    )


def test_a_page_that_begins_at_an_unknown_line_is_refused(session, journal_cases, bruno):
    with pytest.raises(NotFound) as refused:
        list_lines(session, bruno, JournalQuery(), (Ledger.DESK, 10**6))
    assert refused.value.key == "no_such_line"


def test_lines_written_after_the_clock_was_set_back_are_listed(
    session, pen, journal_cases, cast, bruno
):
    midnight = datetime(2026, 3, 20, 23, 0, tzinfo=UTC)  # the 21st begins in Paris
    for minutes in (5, -5, 1):
        with pen(midnight + timedelta(minutes=minutes)) as p:
            acts.note(p, journal_cases.draft.id, "à une autre heure", by=cast.bruno)
    session.rollback()
    query = JournalQuery(acts=(Act.NOTED,), since=date(2026, 3, 21))
    assert [line.at.minute for line in _all_lines(session, bruno, query)] == [5, 1]
    query = JournalQuery(acts=(Act.NOTED,), since=date(2026, 3, 20), until=date(2026, 3, 20))
    assert [line.at.minute for line in _all_lines(session, bruno, query)] == [55]


def test_a_line_shows_the_title_unless_the_case_is_erased(session, desk, bruno):
    case = desk.erased(title="Zinzolin")
    lines = _all_lines(session, bruno, JournalQuery(incident_id=case.id))
    assert {line.state for line in lines} == {"erased"}
    assert {line.title for line in lines} == {""}
    draft = desk.draft(title="Gardé")
    session.rollback()
    assert _all_lines(session, bruno, JournalQuery(incident_id=draft.id))[0].title == "Gardé"


def test_an_inactive_member_reads_no_journal(session, journal_cases, cast):
    driss = session.get_one(Member, cast.driss)
    assert list_lines(session, driss, JournalQuery()) == members_journal.MembersJournalPage(
        [], None
    )
    for seq in (1, 999):
        with pytest.raises(NotFound) as refused:
            load_checked_line(session, driss, Ledger.DESK, seq)
        assert refused.value.key == "no_such_line"


# --- one line -----------------------------------------------------------------------------------


def test_a_line_is_checked_against_its_chain(session, journal_cases, bruno):
    first = load_checked_line(session, bruno, Ledger.PUBLIC, 1)
    assert first.previous == "00" * 32
    second = load_checked_line(session, bruno, Ledger.PUBLIC, 2)
    assert (second.problems, second.previous) == (frozenset(), first.line.digest)


@pytest.mark.parametrize(
    ("column", "value", "problems"),
    [
        ("act", "withdrawn", {"journal_columns"}),
        ("member_id", 999, {"journal_columns"}),
        ("private_json", b'{"by":3}', {"journal_private"}),
        ("private_json", b"\xff", {"journal_private"}),
        ("private_salt", b"s" * 32, {"journal_private"}),
        ("digest", b"d" * 32, {"journal_chain"}),
        ("public_json", b"{", {"journal_chain", "journal_unreadable"}),
        ("public_json", b"[1]", {"journal_chain", "journal_unreadable"}),
    ],
)
def test_each_change_of_a_line_is_reported_as_its_problem(
    session, journal_cases, bruno, column, value, problems
):
    session.execute(
        update(JournalEntry)
        .where(JournalEntry.ledger == "public", JournalEntry.seq == 2)
        .values({column: value}),
        execution_options={"synchronize_session": False},
    )
    assert load_checked_line(session, bruno, Ledger.PUBLIC, 2).problems == problems
    # The list still loads.
    assert _all_lines(session, bruno, JournalQuery())


@pytest.mark.parametrize("ledger", [Ledger.REPORTS, Ledger.PUBLIC])
def test_an_unknown_line_is_not_found(session, journal_cases, bruno, ledger):
    with pytest.raises(NotFound):
        load_checked_line(session, bruno, ledger, 10**6)


def test_a_line_of_a_ledger_of_days_has_no_hour(session, journal_cases):
    row = session.scalars(select(JournalEntry).where(JournalEntry.ledger == "public")).first()
    columns = {column.name: getattr(row, column.name) for column in JournalEntry.__table__.columns}
    (line,) = members_journal.make_lines(
        session, [SimpleNamespace(**columns | {"ledger": "reports"})]
    )
    assert (line.at, line.day) == (None, paris_day(row.at))


# --- database indexes ---------------------------------------------------------------------------


def test_every_filter_of_the_journal_uses_a_database_index(
    session, journal_cases, bruno, cast, engine
):
    """The cost of a query does not grow with the journal: no scan and no sort."""
    if engine.dialect.name != "sqlite":
        return  # PostgreSQL reads small tables whole, and rightly so.
    statements, plan_steps = [], []

    def record(_connection, _cursor, statement, parameters, _context, _many):
        if "FROM journal_entry" in statement:
            statements.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", record)
    for query in (
        JournalQuery(),
        JournalQuery(member=cast.bruno),
        JournalQuery(member=CONSOLE_MEMBER),
        JournalQuery(acts=(Act.APPROVED,)),
        JournalQuery(acts=(Act.MEMBER_ADDED, Act.MEMBER_DISABLED), member=cast.ada),
        JournalQuery(number=journal_cases.first.number, acts=(Act.FOLLOWED_UP,)),
        JournalQuery(since=date(2026, 3, 3), until=date(2026, 3, 9)),
    ):
        page = list_lines(session, bruno, query, None, 2)
        list_lines(session, bruno, query, page.older, 2)
    event.remove(engine, "before_cursor_execute", record)
    assert len(statements) > 50
    for statement, parameters in statements:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        plan_steps += [row[3] for row in plan]
    assert [step for step in plan_steps if step.startswith("SCAN")] == []
    # No step sorts rows in a temporary tree.
    assert [step for step in plan_steps if "TEMP B-TREE" in step] == []
