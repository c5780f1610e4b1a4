"""The overview of running days at the desk, and its file."""

from __future__ import annotations

from datetime import timedelta

import pytest
from icalendar import Calendar

from register.cases.case_content import RequestContent
from register.db import now
from register.journal import writing
from register.reports.desk_deadlines import DeadlineKind
from register.text.dates import paris_day
from register.web import messages

pytestmark = pytest.mark.one_database

LIST = "/moderation/echeances"


@pytest.fixture
def desk(desk, engine):
    """The desk at the present time, which pages use."""
    desk.pen = lambda: writing(engine, now())
    return desk


def test_the_empty_overview_says_so(signed):
    html = signed("bruno").get(LIST).text
    assert "Aucun jour ne court" in html
    assert ".ics" not in html
    assert "Toutes les échéances" in signed("bruno").get(f"{LIST}?sorte=reponse").text


def test_days_are_listed_filtered_and_downloaded_without_content(signed, desk, cast):
    case = desk.published()
    desk.received_reply(case)
    bruno = signed("bruno")
    html = bruno.get(LIST).text
    assert f'href="/moderation/dossiers/{case.id}#reponses"' in html
    assert f'href="/moderation/dossiers/{case.id}#delais"' in html
    assert "passé depuis" in html
    assert html.index("#reponses") < html.index("#delais")
    only = bruno.get(f"{LIST}?sorte=prescription").text
    assert "#reponses" not in only
    assert "Aucun jour ne répond" in bruno.get(f"{LIST}?membre={cast.driss}").text
    assert bruno.get(f"{LIST}?sorte=&membre=").location == LIST
    assert bruno.get(f"{LIST}?sorte=autre").status_code == 400
    assert bruno.get(f"{LIST}?page=2").status_code == 404

    response = bruno.get(f"{LIST}.ics")
    assert response.headers["Cache-Control"] == "no-store"
    text = response.get_data(as_text=True)
    events = list(Calendar.from_ical(text).events)
    assert [str(event["summary"]) for event in events] == [
        "Web Citoyen : réponse à publier ou à refuser",
        "Web Citoyen : fin des trois mois pour poursuivre une publication",
    ]
    assert [len(list(event.walk("VALARM"))) for event in events] == [2, 0]
    assert "Gagny" not in text
    assert f"dossiers/{case.id}" not in text
    again = list(Calendar.from_ical(bruno.get(f"{LIST}.ics").get_data()).events)
    assert [event["uid"] for event in again] == [event["uid"] for event in events]


def test_every_kind_has_its_words():
    assert set(messages.desk.deadline_kinds) == set(DeadlineKind)


def test_the_days_of_a_request_name_their_rule(signed, desk):
    yesterday = (paris_day(now()) - timedelta(days=1)).isoformat()
    draft = desk.draft(request=RequestContent(asked="les budgets", asked_on=yesterday))
    html = signed("bruno").get(f"{LIST}?sorte=demande").text
    assert html.index("la demande est refusée") < html.index("pour saisir la CADA")
    assert html.count(f'href="/moderation/dossiers/{draft.id}#texte"') == 2
    events = Calendar.from_ical(signed("bruno").get(f"{LIST}.ics?sorte=demande").get_data()).events
    assert len({event["uid"] for event in events}) == 2
