"""After any sequence of acts, what is kept, what is made anew and what is told say the same."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from act_runner import ACTS, STATES, RunActs, with_words, word_of
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from reference_model import (
    ALLOWED,
    CHANGES,
    MOVING,
    OUTCOMES,
    PLACES,
    TAKING_BACK,
    Case,
    Event,
    Place,
)
from shared_registers import AppAnswer, AppClient, RegisterReset
from sqlalchemy import Engine

from register.cases.case_content import Content
from register.config import Settings
from register.errors import RegisterError
from register.journal import Act, JournalEntry, Ledger, writing
from register.web import etag

pytestmark = pytest.mark.prove

# A thousand in all; PostgreSQL takes three times as long for a page.
SEQUENCES = {"sqlite": 900, "postgresql": 100}

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)

_NAME = re.compile(rb"<id>[^<]*:evenement/([0-9a-f-]{36})</id>")
_LISTED = re.compile(rb'<h[23]><a href="/incidents/([1-9][0-9]*)">')


# --- a register and its sequences --------------------------------------------------------------


class House:
    """One register for all sequences, on which two cases are public and two are ready drafts."""

    def __init__(
        self,
        settings: Settings,
        engine: Engine,
        desk: Any,
        cast: Any,
        content: Callable[..., Content],
    ) -> None:
        self.engine, self.cast = engine, cast
        self.sequences = self.done = self.refused = self.compared = 0
        self.moves = 0
        self.cases = []
        for place in range(4):
            word = word_of(place, 0)
            told = with_words(content(), word)
            self.cases.append(Case(desk.ready(told).id, told, word=word))
        for case in self.cases[:2]:
            line = self.act("publish", case, RunActs(cast, case.content, 0, case.word))
            assert line is not None
            case.state, case.number = "published", line.case_number
            self.moves += 1
            case.events.append(_event(self.moves, line, None, case.content))
        self.again = RegisterReset(engine)
        self.keeping, self.fresh = AppClient(settings), AppClient(settings)

    def act(self, name: str, case: Case, told: RunActs, minutes: int = 0) -> JournalEntry | None:
        """Do an act; its line, or None when it was refused."""
        try:
            with writing(self.engine, AT + timedelta(minutes=minutes)) as p:
                return ACTS[name](p, case, told)
        except RegisterError:
            return None


def test_every_act_has_the_states_that_allow_it() -> None:
    assert set(ACTS) == set(ALLOWED)


def _event(place: int, line: JournalEntry, before: Content | None, after: Content | None) -> Event:
    return Event(place, line.event, Act(line.act), line.case_number or 0, before, after)


class Step(NamedTuple):
    """One thing that is tried. ``look`` chooses a page that is looked at afterwards."""

    name: str
    which: int
    into: int
    change: dict[str, object]
    outcome: str
    look: int
    # One step in eight is tried on any case, whether the rules allow it or not.
    wild: bool


WHICH = st.integers(0, 3)
STEPS = st.lists(
    st.builds(
        Step,
        # Corrections and redactions as often as all that follows them.
        name=st.sampled_from([*ACTS, "correct", "correct", "redact", "withdraw", "restore"]),
        which=WHICH,
        into=WHICH,
        change=st.sampled_from(CHANGES),
        outcome=st.sampled_from(OUTCOMES),
        look=st.integers(0, len(PLACES) - 1),
        wild=st.integers(0, 7).map(lambda number: number == 7),
    ),
    min_size=3,
    max_size=9,
)


class Sequence:
    """One sequence of acts, and what has to be seen after each."""

    def __init__(self, house: House) -> None:
        self.house = house
        house.again.restart()
        house.sequences += 1
        self.cases = copy.deepcopy(house.cases)
        self.moves = house.moves
        self.steps = 0
        self.taken: set[str] = set()
        # What an address was answered last, and after how many public lines.
        self.seen: dict[str, tuple[int, AppAnswer]] = {}

    def act(self, step: Step) -> None:
        """Try a step; whether it is refused, and all that is seen then, is known before."""
        case, name = self._chosen(step)
        other = self.cases[step.into]
        change = {"outcome": step.outcome} if name == "follow_up" else step.change
        changes = {"follow_up", "correct", "redact", "edit"}
        content = replace(case.content, **(change if name in changes else {}))
        word = case.word
        if name == "redact":
            word = word_of(self.cases.index(case), self.steps + 1)
            content = with_words(content, word)
        allowed = case.state in ALLOWED[name] and not (
            (name == "correct" and content == case.content)
            or (name == "merge" and (other.state != "published" or other is case))
        )
        told = RunActs(self.house.cast, content, other.number or 0, word)
        self.steps += 1
        before = None if allowed else self.house.again.rows()
        line = self.house.act(name, case, told, self.steps)
        assert (line is not None) == allowed, (name, case)
        if line is None:
            assert self.house.again.rows() == before
            self.house.refused += 1
            return
        self.house.done += 1
        self._note(name, case, told, line, other, step.look)

    def _chosen(self, step: Step) -> tuple[Case, str]:
        """A case, and an act that its state allows; a wild step is taken as it is."""
        case = self.cases[step.which]
        if step.wild:
            return case, step.name
        fit = [each for each in self.cases if each.state in ALLOWED[step.name]]
        if fit:
            return fit[step.which % len(fit)], step.name
        open_acts = [name for name in ACTS if case.state in ALLOWED[name]]
        return case, open_acts[step.look % len(open_acts)] if open_acts else step.name

    def _note(self, name, case, told, line, other, look) -> None:
        """What the act did to the case, by its name; then see whether everybody is told so."""
        were = [place.outcome(self.cases) for place in PLACES]
        shown = case.shown
        if told.word != case.word:
            self.taken.add(case.word)
            case.word = told.word
        case.content = told.content
        case.state = STATES.get(name, case.state)
        case.number = line.case_number
        if name == "merge":
            case.into = other.number
        if line.ledger == Ledger.PUBLIC:
            self.moves += 1
            case.events.append(_event(self.moves, line, shown, case.shown))
        now = [place.outcome(self.cases) for place in PLACES]
        moved = [
            place for place, was, is_now in zip(PLACES, were, now, strict=True) if was != is_now
        ]
        assert line.ledger == Ledger.PUBLIC or not moved
        # One page and its feed: of those that it moves, or any.
        place = moved[look % len(moved)] if moved and look % 3 else PLACES[look]
        self._look(place, case, alone=look % 2 == 0, home=look % 7 == 0)

    # --- what has to be seen ---------------------------------------------------------------

    def _look(self, place: Place, case: Case, *, alone: bool, home: bool) -> None:
        """See a page and its feed, and of the case itself its page or, ``alone``, its feed."""
        own = f"/incidents/{case.number}{'.atom' if alone else ''}" if case.number else ""
        addresses = [place.page, place.feed]
        addresses += [own] if own else []
        addresses += ["/"] if home else []
        found = {address: self._kept(address) for address in addresses}
        # In the other order: what one answer leaves behind for the next is never the same.
        self.house.fresh.forget()
        for address in reversed(addresses):
            assert self.house.fresh.get(address) == found[address], address
            self.house.compared += 1
        gone = self.taken | {each.word for each in self.cases if each.shown is None}
        for address, answer in found.items():
            assert not [word for word in gone if word.encode() in answer.body], address
        self._agree(place, found[place.page], found[place.feed])
        if own:
            self._own(case, own, found[own])

    def _kept(self, address: str) -> AppAnswer:
        """What the application that keeps pages answers, first and again."""
        ask = self.house.keeping.get
        moves, known = self.seen.get(address, (-1, None))
        tag = known.header("ETag") if known else ""
        first = ask(address, tag)
        if tag:
            # Not modified exactly when no public line was written since.
            assert (first.status == 304) == (moves == self.moves), address
        if first.status == 304:
            first = ask(address)
        if moves == self.moves:
            assert first == known, address
        assert ask(address) == first, address
        if first.status == 200:
            assert first.header("ETag")
            assert ask(address, first.header("ETag")).status == 304, address
        self.seen[address] = (self.moves, first)
        return first

    def _agree(self, place: Place, page: AppAnswer, feed: AppAnswer) -> None:
        assert (page.status, feed.status) == (200, 200)
        listed = [int(number) for number in _LISTED.findall(page.body)]
        assert listed == place.listed(self.cases), place.page
        told = self._told(feed)
        assert set(told) >= place.must(self.cases), place.feed
        assert set(told) <= place.may(self.cases), place.feed
        # The page and the feed by themselves, whatever was expected.
        assert set(listed) <= {event.number for event in told}
        gone = {case.number for case in self.cases if case.shown is None}
        for event in told:
            assert event.number in listed or event.act in MOVING, place.feed
            if event.number in gone:
                assert event.act in TAKING_BACK, place.feed
                assert [other.number for other in told].count(event.number) == 1, place.feed

    def _told(self, feed: AppAnswer) -> list[Event]:
        """The events of a feed, newest first; each once."""
        events = {event.name: event for case in self.cases for event in case.events}
        told = [events[name.decode()] for name in _NAME.findall(feed.body)]
        places = [event.place for event in told]
        assert places == sorted(set(places), reverse=True)
        return told

    def _own(self, case: Case, address: str, answer: AppAnswer) -> None:
        suffix = ".atom" if address.endswith(".atom") else ""
        if case.state == "merged":
            assert answer.status == 301, address
            assert answer.header("Location") == f"/incidents/{case.into}{suffix}"
        elif suffix:
            assert answer.status == 200, address
            # The feed of a case that was joined to this one leads here, and its last event with it.
            joined = [each for each in self.cases if each.into == case.number and each.is_gone]
            expected = [*case.told(), *(event for each in joined for event in each.told())]
            expected.sort(key=lambda event: event.place, reverse=True)
            assert self._told(answer) == expected, address
        else:
            assert answer.status == (200 if case.shown else 410), address


def test_after_each_act_of_a_thousand_sequences_every_page_agrees(
    settings: Settings,
    engine: Engine,
    desk: Any,
    cast: Any,
    content: Callable[..., Content],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # A page is valid for a civil day: the run may pass midnight.
    monkeypatch.setattr(etag, "now", lambda: NOON)
    wanted = SEQUENCES[engine.dialect.name]
    house = House(settings, engine, desk, cast, content)

    @hypothesis_settings(
        max_examples=wanted,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=STEPS)
    def run(steps: list[Step]) -> None:
        sequence = Sequence(house)
        for step in steps:
            sequence.act(step)

    try:
        run()
    finally:
        house.keeping.close()
        house.fresh.close()
    told = f"{house.sequences} sequences, {house.done} acts, {house.refused} refused"
    print(f"{engine.dialect.name}: {told}, {house.compared} answers compared")
    assert house.sequences >= wanted
    assert house.done >= 3 * wanted
    assert house.refused >= wanted / 4
