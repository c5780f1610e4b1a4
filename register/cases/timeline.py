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

from register.cases.deadlines import request_terms
from register.text import dates


class TimelineKind(StrEnum):
    """What an event is; a closed list, each with its words in the page."""

    FACTS = "facts"  # what the case is about
    OPENING = "opening"  # the act that began a proceeding
    STEP = "step"  # of a proceeding; ``code`` is of the vocabulary ``etape``
    OUTCOME = "outcome"  # of a proceeding; ``code`` is of the vocabulary ``issue``
    REQUESTED = "asked"  # a document was asked for
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


class Certainty(StrEnum):
    """How an event is known."""

    REPORTED = "told"  # somebody told us
    MISSING = "missing"  # it must have taken place, and nobody told us of it
    AWAITED = "awaited"  # it had not taken place yet when the case was last written


@dataclass(frozen=True)
class TimelineItem:
    """One event.

    ``date`` is EDTF, empty when unknown. ``end`` marks an outcome. ``number`` is the rank of the
    proceeding, follow-up, reply or correction that it belongs to, from 1. ``part`` is that piece
    of the canonical content. ``terms`` are legal terms that run from it, by their names in
    :class:`register.cases.deadlines.RequestTerms`, as EDTF days.
    """

    kind: TimelineKind
    date: str = ""
    certainty: Certainty = Certainty.REPORTED
    end: bool = False
    code: str = ""
    outcome: str = ""
    number: int = 0
    part: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    terms: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


# Steps by which a proceeding begins; a formal notice or a resolution comes before it.
OPENING_STEPS = frozenset(
    {"plainte", "citation_directe", "assignation", "refere", "mise_en_examen"}
)
# Steps and outcomes that cannot be without another step: no ruling on appeal without a first one.
PREREQUISITES = MappingProxyType(
    {
        "appel": "jugement",
        "arret": "jugement",
        "cassation": "pourvoi",
        "cassation_favorable": "pourvoi",
        "cassation_defavorable": "pourvoi",
    }
)
# Outcomes of a request that say no more than the opinion itself.
OPINION_OUTCOMES = frozenset({"avis_cada_favorable", "avis_cada_defavorable"})
# What the register itself did, as opposed to what it tells of.
REGISTER_KINDS = frozenset({TimelineKind.FOLLOW_UP, TimelineKind.REPLY, TimelineKind.CORRECTION})
# Outcomes that say that nothing is decided, or that nobody knows.
UNDECIDED = frozenset({"", "en_cours", "inconnue"})


def case_timeline(content: Mapping[str, Any]) -> list[TimelineItem]:
    """The events of a case in their order, from its canonical content."""
    chains: list[Iterable[TimelineItem]] = [_facts_items(content)]
    chains += [
        _proceeding_items(proceeding, number)
        for number, proceeding in enumerate(content["proceedings"], start=1)
    ]
    if content["request"]:
        chains.append(_request_items(content["request"]))
    item_chains = [list(chain) for chain in chains]
    item_chains.append(
        list(_end_items(content, [event for chain in item_chains for event in chain]))
    )
    item_chains += [[event] for event in _register_items(content)]
    return _sort_chains(item_chains)


# --- what there is -------------------------------------------------------------------------------


def _facts_items(content: Mapping[str, Any]) -> Iterator[TimelineItem]:
    yield TimelineItem(TimelineKind.FACTS, content["date"], part=content)


def _proceeding_items(proceeding: Mapping[str, Any], number: int) -> Iterator[TimelineItem]:
    """A proceeding's steps, those that are missing among them, and its outcome."""
    steps: Sequence[Mapping[str, Any]] = proceeding["steps"]
    step_codes = {step["step"] for step in steps}
    if not step_codes & OPENING_STEPS:
        yield TimelineItem(
            TimelineKind.OPENING, certainty=Certainty.MISSING, number=number, part=proceeding
        )
    for step in steps:
        yield from _missing_step(step["step"], step_codes, number, proceeding)
        yield TimelineItem(
            TimelineKind.STEP,
            step["date"],
            # An earlier ruling may have said otherwise; the end is what the proceeding came to.
            end=step is steps[-1]
            and step["outcome"] not in UNDECIDED
            and _outcomes_agree(step, proceeding),
            code=step["step"],
            outcome=step["outcome"],
            number=number,
            part=step,
        )
    yield from _outcome_items(proceeding, step_codes, number)


def _missing_step(
    code: str, step_codes: set[str], number: int, proceeding: Mapping[str, Any]
) -> Iterator[TimelineItem]:
    """The step without which another cannot have taken place, once."""
    required_code = PREREQUISITES.get(code, "")
    if required_code and required_code not in step_codes:
        step_codes.add(required_code)
        yield TimelineItem(
            TimelineKind.STEP,
            certainty=Certainty.MISSING,
            code=required_code,
            number=number,
            part=proceeding,
        )


def _outcomes_agree(step: Mapping[str, Any], proceeding: Mapping[str, Any]) -> bool:
    return proceeding["outcome"] in UNDECIDED or step["outcome"] == proceeding["outcome"]


def _outcome_items(
    proceeding: Mapping[str, Any], step_codes: set[str], number: int
) -> Iterator[TimelineItem]:
    """How a proceeding ended, unless one of its steps says so; and the appeal that is pending."""
    step_outcomes = [step["outcome"] for step in proceeding["steps"]]
    ending = TimelineItem(
        TimelineKind.OUTCOME, code=proceeding["outcome"], number=number, part=proceeding
    )
    if proceeding["outcome"] == "en_cours":
        yield replace(ending, certainty=Certainty.AWAITED)
    elif proceeding["outcome"] in UNDECIDED:
        if UNDECIDED.issuperset(step_outcomes):
            yield replace(ending, certainty=Certainty.MISSING)
    elif proceeding["outcome"] not in step_outcomes:
        yield from _missing_step(proceeding["outcome"], step_codes, number, proceeding)
        # A word of the import, which says in so many letters that nobody knows the day.
        day = "" if proceeding["outcome_date"] == "inconnue" else proceeding["outcome_date"]
        yield replace(ending, date=day, end=True)
    if proceeding["appeal"] == "oui":
        yield TimelineItem(
            TimelineKind.STEP,
            certainty=Certainty.AWAITED,
            code="arret",
            number=number,
            part=proceeding,
        )


def _request_items(request: Mapping[str, Any]) -> Iterator[TimelineItem]:
    """A request for a document; its terms are given only where the day they run from is known."""
    terms = request_terms(
        _exact_day(request["asked_on"]),
        _exact_day(request["refused_on"]),
        _exact_day(request["cada_registered_on"]),
    )
    is_referred = bool(request["cada_registered_on"] or request["cada_number"])
    is_opinion_outcome = request["outcome"] in OPINION_OUTCOMES
    has_opinion = bool(request["cada_opinion_on"] or request["opinion"] or is_opinion_outcome)
    yield TimelineItem(
        TimelineKind.REQUESTED,
        request["asked_on"],
        part=request,
        terms=_legal_terms(silence_refuses=terms.silence_refuses),
    )
    referral_terms = _legal_terms(refer_to_cada_by=terms.refer_to_cada_by)
    if request["refusal"] == "implicite":
        # The day that the law says, where no source gives another.
        day = request["refused_on"] or _edtf_day(terms.silence_refuses)
        yield TimelineItem(TimelineKind.SILENCE, day, part=request, terms=referral_terms)
    elif request["refusal"] or request["refused_on"]:
        yield TimelineItem(
            TimelineKind.REFUSED, request["refused_on"], part=request, terms=referral_terms
        )
    elif is_referred or has_opinion:
        yield TimelineItem(TimelineKind.REFUSED, certainty=Certainty.MISSING, part=request)
    if is_referred:
        cada_terms = _legal_terms(
            cada_answers_by=terms.cada_answers_by,
            refusal_confirmed=terms.refusal_confirmed,
            court_by=terms.court_by,
        )
        yield TimelineItem(
            TimelineKind.CADA, request["cada_registered_on"], part=request, terms=cada_terms
        )
    elif has_opinion:
        yield TimelineItem(TimelineKind.CADA, certainty=Certainty.MISSING, part=request)
    if has_opinion:
        code = request["outcome"] if is_opinion_outcome else ""
        yield TimelineItem(
            TimelineKind.OPINION,
            request["cada_opinion_on"],
            end=is_opinion_outcome,
            code=code,
            part=request,
        )
    elif is_referred:
        yield TimelineItem(TimelineKind.OPINION, certainty=Certainty.MISSING, part=request)
    if request["outcome"] not in UNDECIDED and not is_opinion_outcome:
        yield TimelineItem(TimelineKind.OBTAINED, code=request["outcome"], end=True, part=request)


def _end_items(
    content: Mapping[str, Any], earlier_items: Sequence[TimelineItem]
) -> Iterator[TimelineItem]:
    """How the case itself ended, unless an event says so already."""
    stated_outcomes = {event.outcome or event.code for event in earlier_items if event.end}
    if content["outcome"] not in UNDECIDED and content["outcome"] not in stated_outcomes:
        yield TimelineItem(TimelineKind.END, content["end_date"], end=True, code=content["outcome"])
        return
    if content["end_date"] and content["end_date"] not in {event.date for event in earlier_items}:
        yield TimelineItem(TimelineKind.LAST, content["end_date"])
    if content["outcome"] == "en_cours":
        if not any(
            event.kind == TimelineKind.OUTCOME and event.certainty == Certainty.AWAITED
            for event in earlier_items
        ):
            yield TimelineItem(
                TimelineKind.END, certainty=Certainty.AWAITED, code=content["outcome"]
            )
    elif content["outcome"] in UNDECIDED:
        # A proceeding that says how it ended, or that nobody knows, says it already.
        endings = (
            event for event in earlier_items if event.end or event.kind == TimelineKind.OUTCOME
        )
        if next(endings, None) is None:
            yield TimelineItem(
                TimelineKind.END, certainty=Certainty.MISSING, code=content["outcome"]
            )


def _register_items(content: Mapping[str, Any]) -> Iterator[TimelineItem]:
    """What was added to the register since; an undated follow-up is placed by its day there."""
    for number, fragment in enumerate(content["follow_ups"], start=1):
        yield TimelineItem(
            TimelineKind.FOLLOW_UP, fragment["happened_on"], number=number, part=fragment
        )
    for number, fragment in enumerate(content["replies"], start=1):
        yield TimelineItem(
            TimelineKind.REPLY, _paris_day(fragment["published_at"]), number=number, part=fragment
        )
    for number, fragment in enumerate(content["corrections"], start=1):
        yield TimelineItem(
            TimelineKind.CORRECTION, _paris_day(fragment["made_at"]), number=number, part=fragment
        )


def _paris_day(timestamp: str) -> str:
    return dates.paris_day(datetime.fromisoformat(timestamp)).isoformat()


def _exact_day(edtf: str) -> date | None:
    """A day that a term can run from: whole, and neither about nor uncertain."""
    if not edtf:
        return None
    parsed = dates.parse(edtf)
    return parsed.first if parsed.day and not parsed.mark else None


def _legal_terms(**days: date | None) -> Mapping[str, str]:
    return MappingProxyType({name: edtf for name, day in days.items() if (edtf := _edtf_day(day))})


def _edtf_day(day: date | None) -> str:
    # A request of the last year that can be written has terms in one that cannot.
    return day.isoformat() if day and day.year <= dates.LAST_YEAR else ""


# --- their order ---------------------------------------------------------------------------------


def _sort_chains(chains: Sequence[Sequence[TimelineItem]]) -> list[TimelineItem]:
    """All events by day; of one day, and where a date is vague, each chain in its own order.

    A chain without any date follows what is dated of the facts: nothing says when it was, and a
    reply of today is no reason to believe it later.
    """
    facts_day = _sort_days(chains[0], None)[0]
    chain_days = [
        _sort_days(chain, None if chain and chain[0].kind in REGISTER_KINDS else facts_day)
        for chain in chains
    ]
    fact_days = [
        day
        for chain, sort_days in zip(chains, chain_days, strict=True)
        if chain and chain[0].kind not in REGISTER_KINDS
        for day in sort_days
        if day
    ]
    latest = max(fact_days, default=date.min)
    sort_entries = []
    for rank, (chain, sort_days) in enumerate(zip(chains, chain_days, strict=True)):
        for index, (day, event) in enumerate(zip(sort_days, chain, strict=True)):
            sort_day = day or (date.min if event.kind == TimelineKind.FACTS else latest)
            sort_entries.append((sort_day, day is None, rank, index, event))
    return [event for *_key, event in sorted(sort_entries, key=lambda sort_entry: sort_entry[:4])]


def _sort_days(chain: Sequence[TimelineItem], facts_day: date | None) -> list[date | None]:
    """The day by which each event of a chain is put in order; None if none of them is dated.

    "2006" after a hearing of March 2006 is later than that hearing, not on the first of January;
    nor is it earlier than the facts, where these ``facts_day`` within it.
    """
    days: list[date | None] = []
    reached: date | None = None
    for event in chain:
        span = _day_span(event)
        if span is None:
            days.append(reached)
            continue
        first, last = span
        # The latest of what came before and may be of the same time.
        day = max(
            [first, *(bound for bound in (reached, facts_day) if bound and first <= bound <= last)]
        )
        days.append(day)
        reached = max(reached or day, day)
    # What nothing precedes stands just before the earliest that is dated.
    earliest = min((day for day in days if day), default=None)
    return [day or earliest for day in days]


def _day_span(event: TimelineItem) -> tuple[date, date] | None:
    edtf = event.date
    if not edtf and event.kind == TimelineKind.FOLLOW_UP:
        edtf = _paris_day(event.part["added_at"])
    if not edtf:
        return None
    parsed = dates.parse(edtf)
    return parsed.first, parsed.last
