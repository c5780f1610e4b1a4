"""The members' journal below the web: which lines, for whom, in which order, how they are found."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select, update

from register.accounts.models import Member
from register.cases import acts, members_journal
from register.cases.members_journal import list_lines, load_checked_line
from register.errors import NotFound
from register.journal import Act, JournalEntry, Ledger
from register.journal.models import PUBLIC_ACTS
from register.journal.queries import CONSOLE_MEMBER, JournalQuery
from register.text.dates import paris_day

pytestmark = pytest.mark.one_database

DAYS = [datetime(2026, 3, day, hour, 30, tzinfo=UTC) for day in (2, 3, 9) for hour in (8, 22, 23)]


@pytest.fixture
def days(desk, cast, pen, content, session):
    """Two cases and a draft, over three days, at hours that are another day in Paris."""
    first, other = desk.published(), desk.published(title="Un autre")
    draft = desk.draft(title="Un brouillon")
    for at in DAYS:
        with pen(at) as p:
            acts.note(p, draft.id, "à vérifier", by=cast.bruno)
            acts.follow_up(p, first.id, by=cast.chloe, reason="s", title="t", text="t")
            acts.claim(p, other.id, by=cast.ada)
    with pen(DAYS[-1]) as p:
        acts.withdraw(p, other.id, by=cast.bruno, restriction="erreur", reason="r")
    session.rollback()
    return SimpleNamespace(first=first, other=other, draft=draft)


@pytest.fixture
def bruno(session, cast):
    return session.get_one(Member, cast.bruno)


def _all(session, viewer, asked, limit=members_journal.PAGE_SIZE):
    """Every line that is asked for, page after page."""
    part = list_lines(session, viewer, asked, None, limit)
    found = list(part.lines)
    while part.older:
        assert len(part.lines) == limit
        part = list_lines(session, viewer, asked, part.older, limit)
        found += part.lines
    assert len(part.lines) <= limit
    return found


def _places(lines):
    return [(line.ledger, line.seq) for line in lines]


def _expected(session, asked, numbers):
    """The same, by reading all lines and looking at each."""
    rows = session.scalars(select(JournalEntry)).all()
    wanted = [row for row in rows if _is_asked(row, asked, numbers)]
    wanted.sort(key=lambda row: (row.at, row.ledger, row.seq), reverse=True)
    return [(row.ledger, row.seq) for row in wanted]


def _is_asked(row, asked, numbers):
    day = paris_day(row.at)
    return (
        (asked.member is None or (row.member_id or CONSOLE_MEMBER) == asked.member)
        and (not asked.acts or row.act in {act.value for act in asked.acts})
        and (asked.number is None or row.incident_id == numbers.get(asked.number, -1))
        and (asked.incident_id is None or row.incident_id == asked.incident_id)
        and (asked.since is None or day >= asked.since)
        and (asked.until is None or day <= asked.until)
        and row.ledger in asked.ledgers
    )


def test_each_filter_of_the_journal_selects_its_lines_and_no_other(session, days, bruno, cast):
    numbers = {days.first.number: days.first.id, days.other.number: days.other.id}
    spans = [(None, None), (date(2026, 3, 3), None), (None, date(2026, 3, 3))]
    spans += [(date(2026, 3, 3), date(2026, 3, 3)), (date(2026, 4, 1), date(2026, 4, 2))]
    seen = 0
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
        asked = JournalQuery(ledgers, acts_, member, since=since, until=until)
        found = _places(_all(session, bruno, asked))
        assert found == _expected(session, asked, numbers), asked
        seen += bool(found)
    assert seen > 60


@pytest.mark.parametrize("member", [None, "bruno"])
@pytest.mark.parametrize("kinds", [(), (Act.NOTED,), tuple(PUBLIC_ACTS)])
def test_a_case_is_found_by_number_and_dossier(session, days, bruno, cast, kinds, member):
    numbers = {days.first.number: days.first.id, days.other.number: days.other.id}
    for number, dossier in itertools.product(
        [None, days.first.number, 999], [None, days.first.id, days.draft.id, 999]
    ):
        who = getattr(cast, member) if member else None
        asked = JournalQuery(member=who, acts=kinds, number=number, incident_id=dossier)
        expected = _expected(session, asked, numbers)
        assert _places(_all(session, bruno, asked)) == expected, asked
    # By its number a case is found with what came before it had one.
    mine = _all(session, bruno, JournalQuery(number=days.first.number))
    assert Act.DRAFTED.value in {line.act for line in mine}


@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_follow_one_another_without_a_line_twice_or_left_out(session, days, bruno, limit):
    whole = _places(_all(session, bruno, JournalQuery(), 1000))
    assert _places(_all(session, bruno, JournalQuery(), limit)) == whole
    assert len(whole) == len(set(whole)) == len(session.scalars(select(JournalEntry)).all())


def test_lines_written_meanwhile_do_not_come_among_older_ones(session, pen, days, cast, bruno):
    start = list_lines(session, bruno, JournalQuery(), None, 3)
    rest = _places(list_lines(session, bruno, JournalQuery(), start.older, 1000).lines)
    session.rollback()
    with pen(datetime(2027, 5, 1, tzinfo=UTC)) as p:
        acts.note(p, days.draft.id, "plus tard", by=cast.bruno)
        acts.follow_up(p, days.first.id, by=cast.bruno, reason="s", title="t", text="t")
    assert _places(list_lines(session, bruno, JournalQuery(), start.older, 1000).lines) == rest


def test_a_line_that_is_none_begins_no_page(session, days, bruno):
    with pytest.raises(NotFound) as refused:
        list_lines(session, bruno, JournalQuery(), (Ledger.DESK, 10**6))
    assert refused.value.key == "no_such_line"


def test_a_clock_that_was_set_back_hides_no_line(session, pen, days, cast, bruno):
    midnight = datetime(2026, 3, 20, 23, 0, tzinfo=UTC)  # the 21st begins in Paris
    for minutes in (5, -5, 1):
        with pen(midnight + timedelta(minutes=minutes)) as p:
            acts.note(p, days.draft.id, "à une autre heure", by=cast.bruno)
    session.rollback()
    noted = JournalQuery(acts=(Act.NOTED,), since=date(2026, 3, 21))
    assert [line.at.minute for line in _all(session, bruno, noted)] == [5, 1]
    noted = JournalQuery(acts=(Act.NOTED,), since=date(2026, 3, 20), until=date(2026, 3, 20))
    assert [line.at.minute for line in _all(session, bruno, noted)] == [55]


def test_a_line_shows_the_title_while_the_case_has_one(session, desk, bruno):
    filed = desk.erased(title="Zinzolin")
    lines = _all(session, bruno, JournalQuery(incident_id=filed.id))
    assert {line.state for line in lines} == {"erased"}
    assert {line.title for line in lines} == {""}
    kept = desk.draft(title="Gardé")
    session.rollback()
    assert _all(session, bruno, JournalQuery(incident_id=kept.id))[0].title == "Gardé"


def test_an_inactive_member_reads_no_journal(session, days, cast):
    driss = session.get_one(Member, cast.driss)
    assert list_lines(session, driss, JournalQuery()) == members_journal.MembersJournalPage(
        [], None
    )
    for seq in (1, 999):
        with pytest.raises(NotFound) as refused:
            load_checked_line(session, driss, Ledger.DESK, seq)
        assert refused.value.key == "no_such_line"


# --- one line ------------------------------------------------------------------------------


def test_a_line_is_checked_against_its_chain(session, days, bruno):
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
def test_what_was_changed_in_a_line_is_seen_on_it(session, days, bruno, column, value, problems):
    session.execute(
        update(JournalEntry)
        .where(JournalEntry.ledger == "public", JournalEntry.seq == 2)
        .values({column: value}),
        execution_options={"synchronize_session": False},
    )
    assert load_checked_line(session, bruno, Ledger.PUBLIC, 2).problems == problems
    # And the list is shown all the same.
    assert _all(session, bruno, JournalQuery())


@pytest.mark.parametrize("ledger", [Ledger.REPORTS, Ledger.PUBLIC])
def test_an_unknown_line_is_not_found(session, days, bruno, ledger):
    with pytest.raises(NotFound):
        load_checked_line(session, bruno, ledger, 10**6)


def test_a_ledger_of_days_tells_no_hour(session, days):
    row = session.scalars(select(JournalEntry).where(JournalEntry.ledger == "public")).first()
    columns = {column.name: getattr(row, column.name) for column in JournalEntry.__table__.columns}
    (line,) = members_journal.make_lines(
        session, [SimpleNamespace(**columns | {"ledger": "reports"})]
    )
    assert (line.at, line.day) == (None, paris_day(row.at))


# --- how they are found --------------------------------------------------------------------


def test_every_filter_of_the_journal_uses_a_database_index(session, days, bruno, cast, engine):
    """However long the journal grows, no question reads all of it or puts it in order."""
    if engine.dialect.name != "sqlite":
        return  # PostgreSQL reads small tables whole, and rightly so.
    asked, said = [], []

    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "FROM journal_entry" in statement:
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    for question in (
        JournalQuery(),
        JournalQuery(member=cast.bruno),
        JournalQuery(member=CONSOLE_MEMBER),
        JournalQuery(acts=(Act.APPROVED,)),
        JournalQuery(acts=(Act.MEMBER_ADDED, Act.MEMBER_DISABLED), member=cast.ada),
        JournalQuery(number=days.first.number, acts=(Act.FOLLOWED_UP,)),
        JournalQuery(since=date(2026, 3, 3), until=date(2026, 3, 9)),
    ):
        page = list_lines(session, bruno, question, None, 2)
        list_lines(session, bruno, question, page.older, 2)
    event.remove(engine, "before_cursor_execute", note)
    assert len(asked) > 50
    for statement, parameters in asked:
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        said += [row[3] for row in plan]
    assert [told for told in said if told.startswith("SCAN")] == []
    # Nor is anything put in order once it was found.
    assert [told for told in said if "TEMP B-TREE" in told] == []
