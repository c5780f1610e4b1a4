"""What came by post: its last day, its lines in the journal, and its page."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from alembic import command
from cast import AT
from sqlalchemy import inspect, select

from register.db import now
from register.errors import Invalid, NotFound, Refused
from register.journal import Act, JournalEntry
from register.operations import schema
from register.post import acts
from register.post.models import PostKind, ReceivedPost
from register.text.dates import paris_day
from register.web import messages

pytestmark = pytest.mark.one_database

TODAY = date(2026, 3, 2)
PAGE = "/moderation/courrier"


@pytest.mark.parametrize(
    ("kind", "typed", "due"),
    [
        (PostKind.SUMMONS, None, date(2026, 3, 12)),  # loi du 29 juillet 1881, art. 55
        (PostKind.WRIT, None, date(2026, 3, 12)),
        (PostKind.PRIVACY, None, date(2026, 4, 2)),  # RGPD, art. 12, 3
        (PostKind.ORDER, date(2026, 3, 9), date(2026, 3, 9)),
        # The nearest of two days is the one that counts.
        (PostKind.SUMMONS, date(2026, 3, 5), date(2026, 3, 5)),
        (PostKind.SUMMONS, date(2026, 5, 5), date(2026, 3, 12)),
    ],
)
def test_the_last_day_is_that_of_the_law_or_an_earlier_one(pen, cast, kind, typed, due):
    with pen() as p:
        assert acts.enter_post(p, kind, TODAY, by=cast.bruno, due_on=typed).due_on == due


def test_a_day_that_cannot_be_is_refused(pen, cast):
    with pen() as p:
        with pytest.raises(Invalid, match="missing"):
            acts.enter_post(p, PostKind.ORDER, TODAY, by=cast.bruno)
        with pytest.raises(Invalid, match="day_to_come"):
            acts.enter_post(p, PostKind.SUMMONS, TODAY + timedelta(days=1), by=cast.bruno)
        with pytest.raises(Invalid, match="post_due_before"):
            acts.enter_post(p, PostKind.ORDER, TODAY, by=cast.bruno, due_on=date(2026, 3, 1))
        with pytest.raises(Invalid, match="no_such_case"):
            acts.enter_post(p, PostKind.SUMMONS, TODAY, by=cast.bruno, case=99)


def test_each_act_leaves_a_line_without_the_day(pen, cast, desk, session):
    case = desk.published()
    with pen() as p:
        post_id = acts.enter_post(p, PostKind.SUMMONS, TODAY, by=cast.bruno, case=case.number).id
    with pen(AT + timedelta(days=1)) as p:
        acts.close_post(p, post_id, by=cast.chloe)
        with pytest.raises(Refused, match="post_closed"):
            acts.close_post(p, post_id, by=cast.chloe)
        with pytest.raises(NotFound):
            acts.close_post(p, 99, by=cast.chloe)
        with pytest.raises(NotFound):
            acts.close_post(p, 10**20, by=cast.chloe)
    row = session.get_one(ReceivedPost, post_id)
    assert (row.incident_id, row.closed_on, row.closed_by) == (
        case.id,
        TODAY + timedelta(days=1),
        cast.chloe,
    )
    stmt = select(JournalEntry).where(JournalEntry.act.in_([Act.POST_ENTERED, Act.POST_CLOSED]))
    lines = session.scalars(stmt.order_by(JournalEntry.seq)).all()
    assert [line.member_id for line in lines] == [cast.bruno, cast.chloe]
    assert all(line.case_number == case.number for line in lines)
    assert not any(b"2026-03-12" in line.private_json + line.public_json for line in lines)


def test_the_table_comes_back_empty(engine, pen, cast, session):
    with pen() as p:
        acts.enter_post(p, PostKind.SUMMONS, TODAY, by=cast.bruno)
    session.rollback()
    command.downgrade(schema.alembic_config(engine), "0042")
    assert "received_post" not in inspect(engine).get_table_names()
    schema.migrate(engine)
    assert session.scalars(select(ReceivedPost)).all() == []


def test_a_summons_is_entered_shown_first_and_closed(signed, session):
    bruno = signed("bruno")
    today = paris_day(now())
    refused = bruno.send(PAGE, kind="decision", received_on=today.isoformat())
    assert refused.status_code == 422
    assert 'href="#due_on"' in refused.text
    assert bruno.send(PAGE, kind="", received_on="").status_code == 422
    assert bruno.send(PAGE, kind="citation", received_on=today.isoformat()).status_code == 303
    last = f'<time datetime="{today + timedelta(days=10)}">'
    assert last in bruno.get(PAGE).text
    assert "Prévenez le directeur de la publication" in bruno.get("/moderation").text
    overview = bruno.get("/moderation/echeances?sorte=courrier").text
    assert last in overview
    assert "courrier ou signalement" in bruno.get("/moderation/echeances.ics").text
    (post_id,) = session.scalars(select(ReceivedPost.id))
    session.rollback()
    assert bruno.send(f"{PAGE}/{post_id}/clore").status_code == 303
    assert bruno.send(f"{PAGE}/{post_id}/clore").status_code == 409
    assert "Prévenez" not in bruno.get("/moderation").text
    assert "Aucun jour ne répond" in bruno.get("/moderation/echeances?sorte=courrier").text
    driss = signed("driss")
    stranger = driss.send(PAGE, kind="citation", received_on=today.isoformat())
    assert stranger.status_code in (303, 403)
    assert len(session.scalars(select(ReceivedPost.id)).all()) == 1


def test_every_kind_has_its_words():
    assert set(messages.desk.post_kinds) == set(PostKind)
