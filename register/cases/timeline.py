"""The timeline of a case: its events in order, as pure functions on the canonical content.

It holds the facts, the steps of each proceeding, a request for a document with its legal terms,
and the follow-ups, replies and corrections. Only what is recorded is an event: that a ruling on
appeal implies a first one is no knowledge of the register's.

No event gets a date that no source gives. An undated event follows the previous event of its own
chain or, if there is none, precedes the next one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import Any

from register.cases.legal_rules import exact_days
from register.text import dates


class TimelineKind(StrEnum):
    """The kind of an event; a closed list, because each kind has its own text in the page."""

    FACTS = "facts"
    STEP = "step"  # of a proceeding; ``code`` is of the vocabulary ``etape``
    REQUESTED = "asked"  # request for a document
    REFUSED = "refused"  # in writing
    SILENCE = "silence"  # a month without an answer, which is a refusal
    CADA = "cada"  # referral to the commission
    OPINION = "opinion"  # of the commission
    OBTAINED = "obtained"  # outcome of the request; ``code`` is of ``issue``
    LAST = "last"  # the last known fact
    END = "end"  # the outcome of the case itself; ``code`` is of ``issue``
    FOLLOW_UP = "follow_up"
    REPLY = "reply"
    CORRECTION = "correction"


@dataclass(frozen=True)
class TimelineItem:
    """One event.

    ``date`` is EDTF, empty when unknown. ``end`` marks an outcome. ``number`` is the rank of the
    proceeding, follow-up, reply or correction that it belongs to, from 1. ``part`` is that piece
    of the canonical content. ``follow_up`` is the rank of the follow-up that added a step, or 0.
    ``terms`` are legal terms that run from it, by the codes of ``legal_rules.toml``, as EDTF days.
    """

    kind: TimelineKind
    date: str = ""
    end: bool = False
    code: str = ""
    outcome: str = ""
    number: int = 0
    follow_up: int = 0
    part: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    terms: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


# Steps that open a proceeding; a formal notice or a resolution precedes it.
OPENING_STEPS = frozenset(
    {"plainte", "citation_directe", "assignation", "refere", "mise_en_examen"}
)
# Outcomes of a request that only repeat the opinion.
OPINION_OUTCOMES = frozenset({"avis_cada_favorable", "avis_cada_defavorable"})
# Acts of the register itself.
REGISTER_KINDS = frozenset({TimelineKind.FOLLOW_UP, TimelineKind.REPLY, TimelineKind.CORRECTION})
# A decision of which no source says whether it is a first ruling, a ruling on appeal…
DECISION_STEP = "decision"
# Outcomes that are pending or unknown.
UNDECIDED = frozenset({"", "en_cours", "inconnue"})


def case_timeline(content: Mapping[str, Any]) -> list[TimelineItem]:
    """The events of a case in order, from its canonical content."""
    chains = [[TimelineItem(TimelineKind.FACTS, content["date"], part=content)]]
    chains += [
        list(_proceeding_items(proceeding, number))
        for number, proceeding in enumerate(content["proceedings"], start=1)
    ]
    if content["request"]:
        chains.append([*_request_items(content["request"]), *_cada_items(content["request"])])
    events = [event for chain in chains for event in chain]
    chains.append(list(_end_items(content, events)))
    # The text of these follow-ups stands with the step that they added.
    merged_follow_ups = {event.follow_up for event in events}
    for kind, list_name, date_key in (
        (TimelineKind.FOLLOW_UP, "follow_ups", "happened_on"),
        (TimelineKind.REPLY, "replies", "published_at"),
        (TimelineKind.CORRECTION, "corrections", "made_at"),
    ):
        for number, fragment in enumerate(content[list_name], start=1):
            day = fragment[date_key]
            if kind is not TimelineKind.FOLLOW_UP:
                day = _paris_day(day)
            elif number in merged_follow_ups:
                continue
            chains.append([TimelineItem(kind, day, number=number, part=fragment)])
    return _sort_chains(chains)


def list_decisions(content: Mapping[str, Any]) -> list[TimelineItem]:
    """The decisions of a case's proceedings, the latest last.

    :param content: canonical content, with its follow-ups, replies and corrections or without.
    """
    events = case_timeline({"follow_ups": (), "replies": (), "corrections": (), **content})
    return [
        event
        for event in events
        if event.kind is TimelineKind.STEP and event.outcome not in UNDECIDED
    ]


def recorded_steps(proceeding: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The steps of a proceeding; a decision of which neither day nor outcome is known is none."""
    return [
        step
        for step in proceeding["steps"]
        if step["step"] != DECISION_STEP
        or step["outcome"] not in UNDECIDED
        or step["date"].removeprefix("inconnue")
    ]


def _proceeding_items(proceeding: Mapping[str, Any], number: int) -> Iterator[TimelineItem]:
    steps = recorded_steps(proceeding)
    latest = next((step for step in reversed(steps) if step["outcome"] not in UNDECIDED), None)
    for step in steps:
        yield TimelineItem(
            TimelineKind.STEP,
            step["date"].removeprefix("inconnue"),
            end=step is latest,
            code=step["step"],
            outcome=step["outcome"],
            number=number,
            follow_up=step["follow_up"],
            part=step,
        )


def _request_items(request: Mapping[str, Any]) -> Iterator[TimelineItem]:
    """A request for a document and its refusal, with the terms whose first day is known."""
    item = partial(TimelineItem, part=request)
    asked_on, refused_on = exact_day(request["asked_on"]), exact_day(request["refused_on"])
    days = exact_days(demande=asked_on, refus=refused_on)
    yield item(TimelineKind.REQUESTED, request["asked_on"], terms=_legal_terms(days, "silence"))
    referral_terms = _legal_terms(days, "saisine")
    if request["refusal"] == "implicite":
        # The day that the law sets, unless a source gives another one.
        day = request["refused_on"] or _edtf_day(days.get("silence"))
        yield item(TimelineKind.SILENCE, day, terms=referral_terms)
    elif request["refusal"] or request["refused_on"]:
        yield item(TimelineKind.REFUSED, request["refused_on"], terms=referral_terms)


def _cada_items(request: Mapping[str, Any]) -> Iterator[TimelineItem]:
    """The referral of a request to the CADA, the opinion, and the outcome of the request."""
    item = partial(TimelineItem, part=request)
    is_opinion_outcome = request["outcome"] in OPINION_OUTCOMES
    if _is_referred(request):
        days = exact_days(enregistrement=exact_day(request["cada_registered_on"]))
        terms = _legal_terms(days, "avis", "confirmation", "tribunal")
        yield item(TimelineKind.CADA, request["cada_registered_on"], terms=terms)
    if _has_opinion(request):
        yield item(
            TimelineKind.OPINION,
            request["cada_opinion_on"],
            end=is_opinion_outcome,
            code=request["outcome"] if is_opinion_outcome else "",
        )
    if request["outcome"] not in UNDECIDED and not is_opinion_outcome:
        yield item(TimelineKind.OBTAINED, code=request["outcome"], end=True)


def request_clock(request: Mapping[str, Any] | None) -> tuple[str, date | None]:
    """The last known event of a request from which legal terms run, and its day.

    Events are those of ``legal_rules.toml``; empty where none is known to the day, or the request
    is decided.
    """
    if request is None or request["outcome"] not in UNDECIDED | OPINION_OUTCOMES:
        return "", None
    event, day = "demande", exact_day(request["asked_on"])
    if _is_referred(request):
        event, day = "enregistrement", exact_day(request["cada_registered_on"])
    elif request["refusal"] == "implicite" and not request["refused_on"]:
        event, day = "refus", exact_days(demande=day).get("silence")
    elif request["refusal"] or request["refused_on"]:
        event, day = "refus", exact_day(request["refused_on"])
    return (event, day) if day else ("", None)


def _is_referred(request: Mapping[str, Any]) -> bool:
    return bool(request["cada_registered_on"] or request["cada_number"])


def _has_opinion(request: Mapping[str, Any]) -> bool:
    return bool(
        request["cada_opinion_on"] or request["opinion"] or request["outcome"] in OPINION_OUTCOMES
    )


def _end_items(
    content: Mapping[str, Any], earlier_items: Sequence[TimelineItem]
) -> Iterator[TimelineItem]:
    """The outcome of the case itself, unless an earlier event has it."""
    outcome = content["outcome"]
    stated_outcomes = {event.outcome or event.code for event in earlier_items if event.end}
    if outcome not in UNDECIDED and outcome not in stated_outcomes:
        yield TimelineItem(TimelineKind.END, content["end_date"], end=True, code=outcome)
    elif content["end_date"] and content["end_date"] not in {event.date for event in earlier_items}:
        yield TimelineItem(TimelineKind.LAST, content["end_date"])


def _paris_day(timestamp: str) -> str:
    return dates.paris_day(datetime.fromisoformat(timestamp)).isoformat()


def exact_day(edtf: str) -> date | None:
    """An exact day, else None: no term runs from a month, a year or an uncertain day."""
    if not edtf:
        return None
    parsed = dates.parse(edtf)
    return parsed.first if parsed.day and not parsed.mark else None


def _legal_terms(days: Mapping[str, date], *codes: str) -> Mapping[str, str]:
    terms = {code: _edtf_day(days.get(code)) for code in codes}
    return MappingProxyType({code: day for code, day in terms.items() if day})


def _edtf_day(day: date | None) -> str:
    # A term may end after the last year that EDTF can write.
    return day.isoformat() if day and day.year <= dates.LAST_YEAR else ""


def _sort_chains(chains: Sequence[Sequence[TimelineItem]]) -> list[TimelineItem]:
    """All events by day; on one day, or with a vague date, in the order of their chain.

    A chain without dates comes after the latest dated event that is not an act of the register:
    a reply of today is no reason to place it later.
    """
    facts_day = _sort_days(chains[0], None)[0]
    dated_events = []
    for chain in chains:
        is_of_register = any(event.kind in REGISTER_KINDS for event in chain)
        sort_days = _sort_days(chain, None if is_of_register else facts_day)
        dated_events += list(zip(sort_days, chain, strict=True))
    fact_days = [day for day, event in dated_events if day and event.kind not in REGISTER_KINDS]
    latest = max(fact_days, default=date.min)

    def sort_key(dated_event: tuple[date | None, TimelineItem]) -> tuple[date, bool]:
        day, event = dated_event
        undated_day = date.min if event.kind is TimelineKind.FACTS else latest
        return day or undated_day, day is None

    return [event for _day, event in sorted(dated_events, key=sort_key)]


def _sort_days(chain: Sequence[TimelineItem], facts_day: date | None) -> list[date | None]:
    """The sort day of each event of a chain; None if no event of it is dated.

    "2006" after a hearing of March 2006 sorts at that hearing, not on the first of January;
    likewise it sorts at ``facts_day`` if that is in 2006.
    """
    days: list[date | None] = []
    reached: date | None = None
    for event in chain:
        edtf = event.date
        if not edtf and event.kind == TimelineKind.FOLLOW_UP:
            edtf = _paris_day(event.part["added_at"])
        if not edtf:
            days.append(reached)
            continue
        parsed = dates.parse(edtf)
        earlier_days = [
            bound
            for bound in (reached, facts_day)
            if bound and parsed.first <= bound <= parsed.last
        ]
        day = max([parsed.first, *earlier_days])
        days.append(day)
        reached = max(reached or day, day)
    # Undated events at the start of a chain go just before its earliest dated one.
    earliest = min((day for day in days if day), default=None)
    return [day or earliest for day in days]
