"""Pages of legal days, and their files for a calendar application."""

from __future__ import annotations

from datetime import date
from html.parser import HTMLParser

import pytest
from icalendar import Calendar

pytestmark = pytest.mark.one_database

ASKED = "depuis=demande&jour=2026-11-12"
SUED = "depuis=citation&jour=2026-11-12"


def _events(response):
    assert response.mimetype == "text/calendar"
    return list(Calendar.from_ical(response.get_data()).events)


def test_from_one_day_the_page_gives_every_other_with_its_article(client):
    html = client.get(f"/vos-droits/document?{ASKED}").text
    for day in ("2026-12-12", "2027-02-12", "2027-01-12", "2027-04-12"):
        assert f'<time datetime="{day}">' in html
    assert "R343-1" in html
    assert "un mois, de date à date" in html
    # The letter of the referral has the days that are known, and not those to come.
    letter = html.partition('id="lettre-saisine"')[2].partition("</details>")[0]
    letter = letter.replace("\u00a0", " ")
    assert "12 novembre 2026" in letter
    assert "12 décembre 2026" in letter
    assert "[date]" not in letter
    reminder = html.partition('id="lettre-rappel"')[2].partition("</details>")[0]
    assert "[date]" in reminder


def test_the_sued_see_who_can_help_first_and_then_the_ten_days(client):
    html = client.get(f"/vos-droits/poursuite?{SUED}").text
    assert html.index('id="aide"') < html.index('id="jours"')
    first = html.partition('id="jours"')[2].partition("</li>")[0]
    assert "offre de preuve" in first
    assert '<time datetime="2026-11-22">' in first
    english = client.get(f"/en/vos-droits/poursuite?{SUED}").text
    assert "Last day to serve the offer of proof" in english


def test_what_is_typed_is_in_no_cache_and_sent_to_nobody(client):
    plain = client.get("/vos-droits/document")
    assert "ETag" in plain.headers
    for page in ("document", "document.ics"):
        response = client.get(f"/vos-droits/{page}?{ASKED}")
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers
    assert client.get(f"/vos-droits/document?{ASKED}").headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("typed", ["novembre 2026", "vers le 12/11/2026", "31/02/2026"])
def test_without_a_whole_day_nothing_is_computed(client, typed):
    response = client.get("/vos-droits/document", query_string={"jour": typed})
    assert response.status_code == 400
    assert 'id="jours"' not in response.text
    assert "jour-faute" in response.text
    there = client.get("/vos-droits/document.ics", query_string={"jour": typed})
    assert there.status_code == 303
    assert there.location.startswith("/vos-droits/document?")


def test_the_file_has_whole_days_with_the_same_names_each_time(client):
    address = f"/vos-droits/poursuite.ics?{SUED}"
    events = _events(client.get(address))
    days = {str(event["summary"]): event["dtstart"].dt for event in events}
    assert days["Dernier jour pour signifier l’offre de preuve"] == date(2026, 11, 22)
    # Of several possible days, the earliest.
    assert days["L’adversaire peut offrir la preuve contraire"] == date(2026, 11, 17)
    assert all(event["dtend"].dt > event["dtstart"].dt for event in events)
    assert all("dtstamp" in event and event["class"] == "PRIVATE" for event in events)
    assert all(len(list(event.walk("VALARM"))) == 2 for event in events)
    neutral = _events(client.get(f"{address}&titres=neutres"))
    assert {str(event["summary"]) for event in neutral} == {"Échéance"}
    assert not any("description" in event for event in neutral)
    assert [event["uid"] for event in neutral] == [event["uid"] for event in events]
    assert len({event["uid"] for event in events}) == len(events)


class _Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.addresses = []

    def handle_starttag(self, tag, attrs):
        address = dict(attrs).get("href", "")
        if tag == "a" and address.startswith("/vos-droits/"):
            self.addresses.append(address)


def test_rights_lead_to_the_calendars_and_these_to_their_files(client):
    links = _Links()
    links.feed(client.get("/vos-droits").text)
    assert links.addresses == ["/vos-droits/document", "/vos-droits/poursuite"]
    links = _Links()
    links.feed(client.get(f"/vos-droits/document?{ASKED}").text)
    files = [address for address in links.addresses if ".ics" in address]
    assert len(files) == 2
    assert all(_events(client.get(address)) for address in files)
