"""A case from complaint to settlement by the forms of the desk, read in public after each step."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextvars import Context
from html import unescape

import atom
import pytest
from case_contents import a_case
from cast import Desk
from flask import Flask
from form_client import FilledForm, MemberClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases import acts
from register.cases.case_content import Content, ProceedingContent, StepContent
from register.cases.checklist import ATTESTATIONS
from register.cases.second_person import PendingChange
from register.cases.verify import verify

pytestmark = pytest.mark.one_database

COURTS = {
    "jugement": "tribunal correctionnel de Bobigny",
    "arret": "cour d’appel de Paris",
    "cassation": "Cour de cassation, chambre criminelle",
    "transaction": "cour d’appel de Versailles",
}
# Step, day, outcome and appeal as they are entered; outcome, day, and appeal as readers read them
# in French, and the outcome in English.
STAGES = (
    (
        "jugement",
        "17 mars 2021",
        "relaxe",
        "oui",
        "Relaxe de la personne poursuivie",
        "appel formé",
    ),
    (
        "arret",
        "9 juin 2022",
        "condamnation_cible",
        "oui",
        "Condamnation de la personne visée",
        "pourvoi formé",
    ),
    ("cassation", "28 novembre 2023", "cassation_renvoi", "", "Cassation avec renvoi", ""),
    ("transaction", "6 mai 2025", "accord", "", "Accord entre les parties", ""),
)
ENGLISH = ("Acquittal", "Ruling against the person targeted", "Decision quashed", "Settlement")


def words(html: str) -> str:
    """The text of some HTML, with ordinary spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split()).replace(" ,", ",")


def reader(app: Flask, address: str) -> str:
    """A page as a stranger reads it."""

    def fetch() -> str:
        response = app.test_client(use_cookies=False).get(address)
        assert response.status_code == 200, address
        return response.get_data(as_text=True)

    return Context().run(fetch)


def steps_of(html: str) -> list[str]:
    """The events of a case's line, each as text."""
    line = html[html.index('id="fil"') :].partition("</section>")[0]
    return [words(event) for event in re.split('<li class="step', line)[1:]]


def add_decision(bruno: MemberClient, desk: Desk, incident_id: int, stage: tuple[str, ...]) -> None:
    """Add one decision by the form of a follow-up; Chloé approves it."""
    step, day, outcome, appeal, title, _words = stage
    path = f"/moderation/dossiers/{incident_id}/suite"
    form = FilledForm(bruno.get(path).text)
    fields = form.sent(
        heading=f"{title}.", text=f"Selon la presse : {outcome}.", happened_on=day, reason="lu"
    )
    response = bruno.send(
        path,
        {
            **fields,
            **dict.fromkeys(ATTESTATIONS, "y"),
            "source_url": f"https://exemple.test/{step}",
            "decision-proceeding": "1",
            "decision-step": step,
            "decision-outcome": outcome,
            "decision-court": COURTS[step],
            "decision-appeal": appeal,
        },
    )
    assert response.status_code == 303, words(response.text)
    with desk.pen() as p:
        change_id = p.session.scalars(select(PendingChange.id)).one()
        acts.approve_change(p, change_id, by=desk.cast.chloe)


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


def test_each_decision_stands_dated_and_sourced_once_and_the_latest_is_the_outcome(
    app: Flask, desk: Desk, bruno: MemberClient, session: Session
) -> None:
    complaint = StepContent("plainte", "2019-06-11", source_url="https://exemple.test/plainte")
    content: Content = a_case(
        justice=True,
        date="2019-04-26",
        outcome="en_cours",
        proceedings=(
            ProceedingContent("contre_cible", "penale", plaintiff="maire", steps=(complaint,)),
        ),
    )
    case = desk.published(content)
    number = case.number
    summary = reader(app, f"/incidents/{number}").partition('<ol class="scale')[0]
    assert ("Documenté" in summary, "Jugé" in summary) == (True, False)
    for position, stage in enumerate(STAGES):
        step, day, outcome, _appeal, title, appeal_words = stage
        add_decision(bruno, desk, case.id, stage)
        page = reader(app, f"/incidents/{number}")
        text = words(page)
        # Page: the latest decision is the outcome, with its day, court and appeal.
        outcome_line = ", ".join(filter(None, (title, day, COURTS[step], appeal_words)))
        assert outcome_line in text, outcome_line
        assert "appel éventuel inconnu" not in text
        assert "recours éventuel inconnu" not in text
        # Timeline: every decision so far, once, in order, with court, source and text.
        events = steps_of(page)
        for earlier in STAGES[: position + 1]:
            _step, earlier_day, earlier_outcome, _appeal, earlier_title, earlier_words = earlier
            [event] = [event for event in events if earlier_day in event]
            assert earlier_title.lower() in event.lower()
            assert f"Selon la presse : {earlier_outcome}." in event
            assert earlier_words in event
            court = COURTS[earlier[0]]
            assert court[:1].upper() + court[1:] in event
            assert text.count(f"Selon la presse : {earlier_outcome}.") == 1
        assert page.count(f'href="https://exemple.test/{step}"') == 1
        assert "en attente" not in page
        # Evidence level: a court has ruled, also once the parties have settled.
        assert "Jugé" in text
        # List and its filters.
        row = words(reader(app, f"/incidents?issue={outcome}&preuve=juge"))
        assert title.lower() in row.lower()
        assert ("recours formé" in row) == bool(appeal_words)
        assert "aucun cas" in words(reader(app, "/incidents?preuve=documente"))
        # Home: no earlier follow-up stands beside the outcome of today.
        home = reader(app, "/")
        states = [words(line) for line in re.findall(r'<p class="state">.*?</p>', home, re.DOTALL)]
        assert ["Jugé"] * min(position + 1, 5) == states[: position + 1]
        # Description and card, feed, JSON-LD, English page.
        description = re.search(r'<meta name="description" content="([^"]*)"', page)
        assert description
        ended = ", ".join(filter(None, (title.lower(), day, appeal_words)))
        assert f"Issue : {ended}." in words(description[1])
        entry = atom.read(reader(app, f"/incidents/{number}.atom").encode()).entries[0]
        feed_text = words(entry.content)
        assert day in feed_text
        assert title.lower() in feed_text.lower()
        assert COURTS[step] in feed_text
        assert entry.content.count(f"https://exemple.test/{step}") == 1
        block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
        assert block
        [report] = [node for node in json.loads(block[1])["@graph"] if node["@type"] == "Report"]
        assert report["version"] in text
        cited = [source["url"] for source in report["isBasedOn"]]
        for earlier in ("plainte", *(earlier[0] for earlier in STAGES[: position + 1])):
            assert cited.count(f"https://exemple.test/{earlier}") == 1
        english = words(reader(app, f"/en/incidents/{number}"))
        assert ENGLISH[position] in english
        assert list(verify(session)) == []
        session.rollback()
