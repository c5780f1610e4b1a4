"""A case's life as one line: what happened, in order, each dated as known. Pure.

The facts, each proceeding's steps, a request for a document with its legal terms, and what was
added since: follow-ups, replies, corrections. What must have taken place and is not recorded is
there as well, and says that it is missing: a ruling on appeal was preceded by a first ruling,
whether or not somebody told us of it.

Nothing is dated that no source dates. An event without a date stands where its own story puts it,
after the step before it or, failing that, before the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from register.cases.deadlines import request_clock
from register.text import dates


class Kind(StrEnum):
    """What an event is; a closed list, each with its words in the page."""

    FACTS = "facts"  # what the case is about
    OPENING = "opening"  # the act that began a proceeding
    STEP = "step"  # of a proceeding; ``code`` is of the vocabulary ``etape``
    OUTCOME = "outcome"  # of a proceeding; ``code`` is of the vocabulary ``issue``
    ASKED = "asked"  # a document was asked for
    REFUSED = "refused"  # in writing
    SILENCE = "silence"  # a month without an answer, which is a refusal
    CADA = "cada"  # the commission was referred to
    OPINION = "opinion"  # and answered
    OBTAINED = "obtained"  # what became of the request; ``code`` is of ``issue``
    LAST = "last"  # the last known fact
    END = "end"  # the outcome of the case itself; ``code`` is of ``issue``
    FOLLOW_UP = "follow_up"
    REPLY = "reply"
    CORRECTION = "correction"


class Known(StrEnum):
    """How an event is known."""

    TOLD = "told"  # somebody told us
    MISSING = "missing"  # it must have taken place, and nobody told us of it
    AWAITED = "awaited"  # it had not taken place yet when the case was last written


@dataclass(frozen=True)
class Event:
    """One event.

    ``date`` is EDTF, empty when unknown. ``end`` marks an outcome. ``number`` is the rank of the
    proceeding, follow-up, reply or correction that it belongs to, from 1. ``part`` is that piece
    of the canonical content. ``terms`` are legal terms that run from it, by their names in
    :class:`register.cases.deadlines.RequestClock`, as EDTF days.
    """

    kind: Kind
    date: str = ""
    known: Known = Known.TOLD
    end: bool = False
    code: str = ""
    outcome: str = ""
    number: int = 0
    part: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    terms: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


# Steps by which a proceeding begins; a formal notice or a resolution comes before it.
OPENINGS = frozenset({"plainte", "citation_directe", "assignation", "refere", "mise_en_examen"})
# Steps and outcomes that cannot be without another step: no ruling on appeal without a first one.
NEEDS = MappingProxyType(
    {
        "appel": "jugement",
        "arret": "jugement",
        "cassation": "pourvoi",
        "cassation_favorable": "pourvoi",
        "cassation_defavorable": "pourvoi",
    }
)
# Outcomes of a request that say no more than the opinion itself.
OPINIONS = frozenset({"avis_cada_favorable", "avis_cada_defavorable"})
# What the register itself did, as opposed to what it tells of.
REGISTER = frozenset({Kind.FOLLOW_UP, Kind.REPLY, Kind.CORRECTION})
# Outcomes that say that nothing is decided, or that nobody knows.
OPEN = frozenset({"", "en_cours", "inconnue"})


def timeline(content: Mapping[str, Any]) -> list[Event]:
    """The events of a case in their order, from its canonical content."""
    chains: list[Iterable[Event]] = [_facts(content)]
    chains += [
        _proceeding(row, number) for number, row in enumerate(content["proceedings"], start=1)
    ]
    if content["request"]:
        chains.append(_request(content["request"]))
    told = [list(chain) for chain in chains]
    told.append(list(_end(content, [event for chain in told for event in chain])))
    told += [[event] for event in _added(content)]
    return _ordered(told)


# --- what there is -------------------------------------------------------------------------------


def _facts(content: Mapping[str, Any]) -> Iterator[Event]:
    yield Event(Kind.FACTS, content["date"], part=content)


def _proceeding(row: Mapping[str, Any], number: int) -> Iterator[Event]:
    """A proceeding's steps, those that are missing among them, and its outcome."""
    steps: Sequence[Mapping[str, Any]] = row["steps"]
    had = {step["step"] for step in steps}
    if not had & OPENINGS:
        yield Event(Kind.OPENING, known=Known.MISSING, number=number, part=row)
    for step in steps:
        yield from _missing(step["step"], had, number, row)
        yield Event(
            Kind.STEP,
            step["date"],
            # An earlier ruling may have said otherwise; the end is what the proceeding came to.
            end=step is steps[-1] and step["outcome"] not in OPEN and _agrees(step, row),
            code=step["step"],
            outcome=step["outcome"],
            number=number,
            part=step,
        )
    yield from _outcome(row, had, number)


def _missing(code: str, had: set[str], number: int, row: Mapping[str, Any]) -> Iterator[Event]:
    """The step without which another cannot have taken place, once."""
    needed = NEEDS.get(code, "")
    if needed and needed not in had:
        had.add(needed)
        yield Event(Kind.STEP, known=Known.MISSING, code=needed, number=number, part=row)


def _agrees(step: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return row["outcome"] in OPEN or step["outcome"] == row["outcome"]


def _outcome(row: Mapping[str, Any], had: set[str], number: int) -> Iterator[Event]:
    """How a proceeding ended, unless one of its steps says so; and the appeal that is pending."""
    told = [step["outcome"] for step in row["steps"]]
    ended = Event(Kind.OUTCOME, code=row["outcome"], number=number, part=row)
    if row["outcome"] == "en_cours":
        yield replace(ended, known=Known.AWAITED)
    elif row["outcome"] in OPEN:
        if OPEN.issuperset(told):
            yield replace(ended, known=Known.MISSING)
    elif row["outcome"] not in told:
        yield from _missing(row["outcome"], had, number, row)
        # A word of the import, which says in so many letters that nobody knows the day.
        day = "" if row["outcome_date"] == "inconnue" else row["outcome_date"]
        yield replace(ended, date=day, end=True)
    if row["appeal"] == "oui":
        yield Event(Kind.STEP, known=Known.AWAITED, code="arret", number=number, part=row)


def _request(asked: Mapping[str, Any]) -> Iterator[Event]:
    """A request for a document; its terms are given only where the day they run from is known."""
    clock = request_clock(
        _day(asked["asked_on"]), _day(asked["refused_on"]), _day(asked["cada_registered_on"])
    )
    referred = bool(asked["cada_registered_on"] or asked["cada_number"])
    gave_opinion = asked["outcome"] in OPINIONS
    answered = bool(asked["cada_opinion_on"] or asked["opinion"] or gave_opinion)
    yield Event(
        Kind.ASKED,
        asked["asked_on"],
        part=asked,
        terms=_terms(silence_refuses=clock.silence_refuses),
    )
    referring = _terms(refer_to_cada_by=clock.refer_to_cada_by)
    if asked["refusal"] == "implicite":
        # The day that the law says, where no source gives another.
        day = asked["refused_on"] or _edtf(clock.silence_refuses)
        yield Event(Kind.SILENCE, day, part=asked, terms=referring)
    elif asked["refusal"] or asked["refused_on"]:
        yield Event(Kind.REFUSED, asked["refused_on"], part=asked, terms=referring)
    elif referred or answered:
        yield Event(Kind.REFUSED, known=Known.MISSING, part=asked)
    if referred:
        running = _terms(
            cada_answers_by=clock.cada_answers_by,
            refusal_confirmed=clock.refusal_confirmed,
            court_by=clock.court_by,
        )
        yield Event(Kind.CADA, asked["cada_registered_on"], part=asked, terms=running)
    elif answered:
        yield Event(Kind.CADA, known=Known.MISSING, part=asked)
    if answered:
        code = asked["outcome"] if gave_opinion else ""
        yield Event(Kind.OPINION, asked["cada_opinion_on"], end=gave_opinion, code=code, part=asked)
    elif referred:
        yield Event(Kind.OPINION, known=Known.MISSING, part=asked)
    if asked["outcome"] not in OPEN and not gave_opinion:
        yield Event(Kind.OBTAINED, code=asked["outcome"], end=True, part=asked)


def _end(content: Mapping[str, Any], before: Sequence[Event]) -> Iterator[Event]:
    """How the case itself ended, unless an event says so already."""
    told = {event.outcome or event.code for event in before if event.end}
    if content["outcome"] not in OPEN and content["outcome"] not in told:
        yield Event(Kind.END, content["end_date"], end=True, code=content["outcome"])
        return
    if content["end_date"] and content["end_date"] not in {event.date for event in before}:
        yield Event(Kind.LAST, content["end_date"])
    if content["outcome"] == "en_cours":
        if not any(event.kind == Kind.OUTCOME and event.known == Known.AWAITED for event in before):
            yield Event(Kind.END, known=Known.AWAITED, code=content["outcome"])
    elif content["outcome"] in OPEN:
        # A proceeding that says how it ended, or that nobody knows, says it already.
        ends = (event for event in before if event.end or event.kind == Kind.OUTCOME)
        if next(ends, None) is None:
            yield Event(Kind.END, known=Known.MISSING, code=content["outcome"])


def _added(content: Mapping[str, Any]) -> Iterator[Event]:
    """What was added to the register since; an undated follow-up is placed by its day there."""
    for number, row in enumerate(content["follow_ups"], start=1):
        yield Event(Kind.FOLLOW_UP, row["happened_on"], number=number, part=row)
    for number, row in enumerate(content["replies"], start=1):
        yield Event(Kind.REPLY, _civil(row["published_at"]), number=number, part=row)
    for number, row in enumerate(content["corrections"], start=1):
        yield Event(Kind.CORRECTION, _civil(row["made_at"]), number=number, part=row)


def _civil(moment: str) -> str:
    return dates.paris_day(datetime.fromisoformat(moment)).isoformat()


def _day(told: str) -> date | None:
    """A day that a term can run from: whole, and neither about nor uncertain."""
    if not told:
        return None
    known = dates.parse(told)
    return known.first if known.day and not known.mark else None


def _terms(**days: date | None) -> Mapping[str, str]:
    return MappingProxyType({name: told for name, day in days.items() if (told := _edtf(day))})


def _edtf(day: date | None) -> str:
    # A request of the last year that can be written has terms in one that cannot.
    return day.isoformat() if day and day.year <= dates.LAST_YEAR else ""


# --- their order ---------------------------------------------------------------------------------


def _ordered(chains: Sequence[Sequence[Event]]) -> list[Event]:
    """All events by day; of one day, and where a date is vague, each chain in its own order.

    A chain without any date follows what is dated of the facts: nothing says when it was, and a
    reply of today is no reason to believe it later.
    """
    began = _days(chains[0], None)[0]
    days = [
        _days(chain, None if chain and chain[0].kind in REGISTER else began) for chain in chains
    ]
    facts = [
        day
        for chain, known in zip(chains, days, strict=True)
        if chain and chain[0].kind not in REGISTER
        for day in known
        if day
    ]
    latest = max(facts, default=date.min)
    placed = []
    for rank, (chain, known) in enumerate(zip(chains, days, strict=True)):
        for place, (day, event) in enumerate(zip(known, chain, strict=True)):
            at = day or (date.min if event.kind == Kind.FACTS else latest)
            placed.append((at, day is None, rank, place, event))
    return [event for *_key, event in sorted(placed, key=lambda entry: entry[:4])]


def _days(chain: Sequence[Event], began: date | None) -> list[date | None]:
    """The day by which each event of a chain is put in order; None if none of them is dated.

    "2006" after a hearing of March 2006 is later than that hearing, not on the first of January;
    nor is it earlier than the facts, where these ``began`` within it.
    """
    days: list[date | None] = []
    reached: date | None = None
    for event in chain:
        span = _span(event)
        if span is None:
            days.append(reached)
            continue
        first, last = span
        # The latest of what came before and may be of the same time.
        day = max([first, *(at for at in (reached, began) if at and first <= at <= last)])
        days.append(day)
        reached = max(reached or day, day)
    # What nothing precedes stands just before the earliest that is dated.
    known = min((day for day in days if day), default=None)
    return [day or known for day in days]


def _span(event: Event) -> tuple[date, date] | None:
    told = event.date
    if not told and event.kind == Kind.FOLLOW_UP:
        told = _civil(event.part["added_at"])
    if not told:
        return None
    known = dates.parse(told)
    return known.first, known.last
