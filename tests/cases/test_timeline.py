"""The timeline of a case: recorded events in order, and no others."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest
from case_contents import a_case, full_case

from register.cases.case_content import Content, ProceedingContent, RequestContent, StepContent
from register.cases.timeline import TimelineItem, TimelineKind, case_timeline

AFTER = {
    "added_at": "2026-03-02T09:30:00Z",
    "happened_on": "",
    "title": "Une suite",
    "text": "Selon la presse.",
    "source_url": "",
}


def timeline_of(content: Content, **added: Any) -> list[TimelineItem]:
    """The events of a content with its follow-ups, replies and corrections."""
    return case_timeline(
        {**asdict(content), "follow_ups": [], "replies": [], "corrections": [], **added}
    )


def summaries(events: list[TimelineItem]) -> list[str]:
    """Each event as its day and its code, with a full stop after an outcome.

    A decision without a step of its own has the code of its outcome.
    """
    return [
        f"{event.date or '-'} {code or event.kind}{'.' * event.end}"
        for event in events
        for code in ((event.code == "decision" and event.outcome) or event.code,)
    ]


def case_with_suit(*steps: StepContent, outcome: str = "", **decision: Any) -> Content:
    """A case of March 2008 with one proceeding against the target, and a decision at its end."""
    if outcome:
        steps = (*steps, StepContent("decision", outcome=outcome, **decision))
    row = ProceedingContent(direction="contre_cible", steps=steps)
    return a_case(proceedings=(row,), outcome=outcome)


def test_a_full_case_has_all_its_events_in_order() -> None:
    assert summaries(timeline_of(full_case(1))) == [
        "2006-06~ facts",
        "2006-06-01 asked",
        "2006-07-01 plainte",
        "2006-07-01 silence",
        "2006-07-20 cada",
        "2006-09-01 avis_cada_favorable.",
        "2007? jugement.",
        "2007-02-03 last",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        # An unknown outcome is no event.
        (a_case(outcome="inconnue"), ["2008-03-17 facts"]),
        (a_case(outcome=""), ["2008-03-17 facts"]),
        (a_case(outcome="en_cours"), ["2008-03-17 facts"]),
        (a_case(outcome="resolue", end_date="2009"), ["2008-03-17 facts", "2009 resolue."]),
        # An outcome without a date.
        (a_case(outcome="resolue"), ["2008-03-17 facts", "- resolue."]),
        (a_case(date=""), ["- facts"]),
        # A ruling stands without the unrecorded act that opened its proceeding.
        (case_with_suit(outcome="relaxe", date="2010-02"), ["2008-03-17 facts", "2010-02 relaxe."]),
        (case_with_suit(outcome="relaxe", date="inconnue"), ["2008-03-17 facts", "- relaxe."]),
        # Nor is the first ruling added that a ruling on appeal implies.
        (
            case_with_suit(
                StepContent("plainte", "2008-04"), StepContent("arret", "2010", "relaxe")
            ),
            ["2008-03-17 facts", "2008-04 plainte", "2010 arret."],
        ),
        (
            case_with_suit(StepContent("assignation"), outcome="cassation_favorable", date="2011"),
            ["2008-03-17 facts", "- assignation", "2011 cassation_favorable."],
        ),
        # The order is that of the dates.
        (
            case_with_suit(
                StepContent("refere"), StepContent("arret", "2010"), StepContent("jugement", "2009")
            ),
            ["2008-03-17 facts", "- refere", "2009 jugement", "2010 arret"],
        ),
        # An earlier ruling with another outcome is not the end.
        (
            case_with_suit(
                StepContent("plainte"),
                StepContent("jugement", "2009", "condamnation_cible"),
                outcome="relaxe",
                date="2010",
            ),
            ["2008-03-17 facts", "- plainte", "2009 jugement", "2010 relaxe."],
        ),
        (
            case_with_suit(outcome="relaxe", date="2010", appeal="oui"),
            ["2008-03-17 facts", "2010 relaxe."],
        ),
        # What has yet to be decided is no event.
        (
            case_with_suit(
                StepContent("plainte"),
                StepContent("decision", "2009", "relaxe", appeal="oui"),
                StepContent("arret", "2010", "condamnation_cible", appeal="oui"),
            ),
            ["2008-03-17 facts", "- plainte", "2009 relaxe", "2010 arret."],
        ),
        (
            case_with_suit(
                StepContent("plainte"),
                StepContent("jugement", "2009", "condamnation_cible", appeal="oui"),
                StepContent("arret", "2010", "condamnation_cible", appeal="oui"),
                outcome="cassation_renvoi",
                date="2011",
            ),
            [
                "2008-03-17 facts",
                "- plainte",
                "2009 jugement",
                "2010 arret",
                "2011 cassation_renvoi.",
            ],
        ),
        # Nor is a proceeding that goes on.
        (
            case_with_suit(StepContent("plainte"), StepContent("audience", outcome="en_cours")),
            ["2008-03-17 facts", "- plainte", "- audience"],
        ),
        (
            case_with_suit(StepContent("plainte"), outcome="inconnue", court="TGI de Paris"),
            ["2008-03-17 facts", "- plainte"],
        ),
        (case_with_suit(outcome="en_cours"), ["2008-03-17 facts"]),
    ],
)
def test_only_recorded_events_are_listed(content: Content, expected: list[str]) -> None:
    assert summaries(timeline_of(content)) == expected


def test_a_vague_date_stays_in_the_order_of_its_proceeding() -> None:
    steps = (
        StepContent("plainte", "2009-03"),
        StepContent("audience", "2009"),
        StepContent("jugement", ""),
        StepContent("appel", "2010-05-02"),
    )
    assert summaries(timeline_of(case_with_suit(*steps, outcome="en_cours"))) == [
        "2008-03-17 facts",
        "2009-03 plainte",
        "2009 audience",
        "- jugement",
        "2010-05-02 appel",
    ]


def test_an_undated_proceeding_follows_the_facts_and_precedes_a_reply_of_today() -> None:
    row = ProceedingContent(direction="par_cible", steps=(StepContent("plainte"),))
    reply = {"author": "La ville", "received_on": "2026-03-01", "published_at": AFTER["added_at"]}
    events = timeline_of(a_case(proceedings=(row,), end_date="2009"), replies=[reply])
    assert summaries(events) == ["2008-03-17 facts", "2009 last", "- plainte", "2026-03-02 reply"]


def test_an_undated_follow_up_is_sorted_by_its_addition_and_stays_undated() -> None:
    follow_ups = [AFTER, {**AFTER, "happened_on": "2007"}, {**AFTER, "happened_on": "2008-04~"}]
    correction = {"made_at": "2026-03-01T23:30:00Z", "note": "Le titre change", "redaction": False}
    events = timeline_of(a_case(outcome="resolue"), follow_ups=follow_ups, corrections=[correction])
    assert summaries(events) == [
        "2007 follow_up",
        "2008-03-17 facts",
        "- resolue.",
        "2008-04~ follow_up",
        "- follow_up",
        # The civil day of Paris, where it was past midnight.
        "2026-03-02 correction",
    ]
    assert [event.number for event in events if event.kind == TimelineKind.FOLLOW_UP] == [2, 3, 1]


def test_the_outcome_of_a_proceeding_is_listed_once() -> None:
    content = case_with_suit(outcome="relaxe", date="2010-02", appeal="non")
    events = timeline_of(replace(content, outcome="relaxe", end_date="2010-02"))
    assert summaries(events)[-1] == "2010-02 relaxe."
    assert len(events) == 2


def test_a_follow_up_stands_with_the_decision_that_it_added() -> None:
    content = case_with_suit(
        StepContent("plainte"), outcome="relaxe", date="2010-02-05", follow_up=2
    )
    follow_ups = [AFTER, {**AFTER, "happened_on": "2010-02-05"}]
    events = timeline_of(content, follow_ups=follow_ups)
    assert [event.number for event in events if event.kind == TimelineKind.FOLLOW_UP] == [1]
    assert [event.follow_up for event in events if event.code == "decision"] == [2]


# --- a request for a document --------------------------------------------------------------------


def request_events(**changes: str) -> list[TimelineItem]:
    """The events of a request of 31 January 2020."""
    request = RequestContent(**{"asked": "un rapport", "asked_on": "2020-01-31", **changes})
    return timeline_of(a_case(date="2020", request=request, outcome="resolue"))[1:]


def test_the_terms_of_a_request_run_from_known_days() -> None:
    first, silence, cada, *_rest = request_events(
        refusal="implicite", cada_registered_on="2020-03-15"
    )
    assert (first.kind, dict(first.terms)) == (TimelineKind.REQUESTED, {"silence": "2020-02-29"})
    # The day of an implicit refusal follows from the law.
    assert (silence.kind, silence.date) == (TimelineKind.SILENCE, "2020-02-29")
    assert dict(silence.terms) == {"saisine": "2020-04-29"}
    assert (cada.kind, cada.date) == (TimelineKind.CADA, "2020-03-15")
    assert dict(cada.terms) == {
        "avis": "2020-04-15",
        "confirmation": "2020-05-15",
        "tribunal": "2020-07-15",
    }


@pytest.mark.parametrize("day", ["", "2020-01", "2020", "2020-01-31~", "2020-01-31?"])
def test_no_term_runs_from_an_inexact_day(day: str) -> None:
    first, silence, *_rest = request_events(asked_on=day, refusal="implicite")
    assert (first.date, dict(first.terms)) == (day, {})
    assert (silence.date, dict(silence.terms)) == ("", {})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["2020-01-31 asked"]),
        ({"refusal": "explicite"}, ["2020-01-31 asked", "- refused"]),
        ({"refused_on": "2020-02-03"}, ["2020-01-31 asked", "2020-02-03 refused"]),
        ({"cada_number": "20201234"}, ["2020-01-31 asked", "- cada"]),
        (
            {"opinion": "favorable", "cada_opinion_on": "2020-06"},
            ["2020-01-31 asked", "2020-06 opinion"],
        ),
        (
            {"refusal": "explicite", "outcome": "avis_cada_favorable"},
            ["2020-01-31 asked", "- refused", "- avis_cada_favorable."],
        ),
        (
            {"refusal": "explicite", "outcome": "communication_obtenue"},
            ["2020-01-31 asked", "- refused", "- communication_obtenue."],
        ),
        ({"outcome": "en_cours"}, ["2020-01-31 asked"]),
    ],
)
def test_each_recorded_step_of_a_request_is_listed(
    changes: dict[str, str], expected: list[str]
) -> None:
    assert summaries(request_events(**changes)) == [*expected, "- resolue."]


def test_a_vague_date_that_includes_the_facts_is_not_sorted_before_them() -> None:
    prosecution = case_with_suit(
        StepContent(step="plainte", date="2006"), outcome="relaxe", date="2006"
    )
    events = summaries(timeline_of(replace(prosecution, date="2006-06-26", end_date="2006")))
    assert events[0].startswith("2006-06-26")
    # A step dated before the facts stays before them.
    earlier = case_with_suit(StepContent(step="plainte", date="2005"))
    assert summaries(timeline_of(replace(earlier, date="2006-06-26")))[0].startswith("2005")
    vague = replace(a_case(), date="2006-06", end_date="2006")
    assert summaries(timeline_of(vague))[0].startswith("2006-06")


def test_a_term_after_the_last_year_of_edtf_is_left_out() -> None:
    events = request_events(asked_on="2999-12-31", refusal="implicite")
    assert [event.date for event in events[:2]] == ["2999-12-31", ""]
    assert dict(events[0].terms) == {}
