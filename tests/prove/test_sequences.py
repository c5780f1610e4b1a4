"""After any sequence of acts, cached pages, uncached pages and feeds agree."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from act_runner import ACTS, RunActs, with_words, word_of
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


class SharedRegister:
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
        self.sequence_count = self.act_count = self.refusal_count = self.comparison_count = 0
        self.public_line_count = 0
        self.cases = []
        for place in range(4):
            word = word_of(place, 0)
            case_content = with_words(content(), word)
            self.cases.append(Case(desk.ready(case_content).id, case_content, word=word))
        for case in self.cases[:2]:
            line = self.act("publish", case, RunActs(cast, case.content, 0, case.word))
            assert line is not None
            case.state, case.number = "published", line.case_number
            self.public_line_count += 1
            case.events.append(_event(self.public_line_count, line, None, case.content))
        self.reset = RegisterReset(engine)
        self.caching_client, self.fresh_client = AppClient(settings), AppClient(settings)

    def act(self, name: str, case: Case, run: RunActs, minutes: int = 0) -> JournalEntry | None:
        """Do an act; its line, or None when it was refused."""
        try:
            with writing(self.engine, AT + timedelta(minutes=minutes)) as p:
                return ACTS[name](p, case, run)
        except RegisterError:
            return None


def test_every_act_has_the_states_that_allow_it() -> None:
    assert set(ACTS) == set(ALLOWED)


def _event(place: int, line: JournalEntry, before: Content | None, after: Content | None) -> Event:
    return Event(place, line.event, Act(line.act), line.case_number or 0, before, after)


class Step(NamedTuple):
    """An act that is tried. ``look`` chooses a page that is compared afterwards."""

    name: str
    which: int
    into: int
    change: dict[str, object]
    outcome: str
    look: int
    # One step in eight is tried on any case, whether the rules allow it or not.
    wild: bool


CASE_INDEXES = st.integers(0, 3)
STEPS = st.lists(
    st.builds(
        Step,
        # Corrections and redactions as often as all that follows them.
        name=st.sampled_from([*ACTS, "correct", "correct", "redact", "withdraw", "restore"]),
        which=CASE_INDEXES,
        into=CASE_INDEXES,
        change=st.sampled_from(CHANGES),
        outcome=st.sampled_from(OUTCOMES),
        look=st.integers(0, len(PLACES) - 1),
        wild=st.integers(0, 7).map(lambda number: number == 7),
    ),
    min_size=3,
    max_size=9,
)


class Sequence:
    """One sequence of acts, with the answers that are required after each."""

    def __init__(self, shared: SharedRegister) -> None:
        self.shared = shared
        shared.reset.restart()
        shared.sequence_count += 1
        self.cases = copy.deepcopy(shared.cases)
        self.public_line_count = shared.public_line_count
        self.steps = 0
        self.removed_words: set[str] = set()
        # The last answer of each address, and after how many public lines it came.
        self.answers: dict[str, tuple[int, AppAnswer]] = {}

    def act(self, step: Step) -> None:
        """Try a step; the model says whether it is refused, and what each page shows then."""
        case, name = self._choose(step)
        other = self.cases[step.into]
        change = {"outcome": step.outcome} if name == "follow_up" else step.change
        changes = {"follow_up", "correct", "redact", "edit"}
        content = replace(case.content, **(change if name in changes else {}))
        word = case.word
        if name == "redact":
            word = word_of(self.cases.index(case), self.steps + 1)
            content = with_words(content, word)
        allowed = case.allows(name) and not (
            (name == "correct" and content == case.content)
            or (name == "merge" and (other.state != "published" or other is case))
        )
        run = RunActs(self.shared.cast, content, other.number or 0, word)
        self.steps += 1
        before = None if allowed else self.shared.reset.rows()
        line = self.shared.act(name, case, run, self.steps)
        assert (line is not None) == allowed, (name, case)
        if line is None:
            assert self.shared.reset.rows() == before
            self.shared.refusal_count += 1
            return
        self.shared.act_count += 1
        self._apply(name, case, run, line, other, step.look)

    def _choose(self, step: Step) -> tuple[Case, str]:
        """A case, and an act that its state allows; a wild step is taken as it is."""
        case = self.cases[step.which]
        if step.wild:
            return case, step.name
        fit = [each for each in self.cases if each.allows(step.name)]
        if fit:
            return fit[step.which % len(fit)], step.name
        open_acts = [name for name in ACTS if case.allows(name)]
        return case, open_acts[step.look % len(open_acts)] if open_acts else step.name

    def _apply(self, name, case, run, line, other, look) -> None:
        """Change the model's case as the act does; then require pages that show it."""
        outcomes_before = [place.outcome(self.cases) for place in PLACES]
        public_content = case.public_content
        if run.word != case.word:
            self.removed_words.add(case.word)
            case.word = run.word
        case.content = run.content
        into = other.number if name == "merge" else case.into
        case.move(name)
        case.number = line.case_number
        if name in ("merge", "part"):
            case.into = other.number if name == "merge" else None
        if line.ledger == Ledger.PUBLIC:
            self.public_line_count += 1
            case.events.append(
                _event(self.public_line_count, line, public_content, case.public_content)
            )
            if name in ("merge", "part"):
                case.joins.append((into, case.events[-1]))
        outcomes_after = [place.outcome(self.cases) for place in PLACES]
        moved = [
            place
            for place, before, after in zip(PLACES, outcomes_before, outcomes_after, strict=True)
            if before != after
        ]
        assert line.ledger == Ledger.PUBLIC or not moved
        # One page and its feed: of those that it moves, or any.
        place = moved[look % len(moved)] if moved and look % 3 else PLACES[look]
        self._require_answers(place, case, alone=look % 2 == 0, home=look % 7 == 0)

    # --- the required answers --------------------------------------------------------------

    def _require_answers(self, place: Place, case: Case, *, alone: bool, home: bool) -> None:
        """Compare a page and its feed, and of the case itself its page or, ``alone``, its feed."""
        case_address = f"/incidents/{case.number}{'.atom' if alone else ''}" if case.number else ""
        addresses = [place.page, place.feed]
        addresses += [case_address] if case_address else []
        addresses += ["/"] if home else []
        answers = {address: self._get_cached(address) for address in addresses}
        # In the reverse order: what one answer leaves in caches for the next is never the same.
        self.shared.fresh_client.forget()
        for address in reversed(addresses):
            assert self.shared.fresh_client.get(address) == answers[address], address
            self.shared.comparison_count += 1
        removed_words = self.removed_words | {
            each.word for each in self.cases if each.public_content is None
        }
        for address, answer in answers.items():
            assert not [word for word in removed_words if word.encode() in answer.body], address
        self._require_agreement(place, answers[place.page], answers[place.feed])
        if case_address:
            self._require_case_answer(case, case_address, answers[case_address])

    def _get_cached(self, address: str) -> AppAnswer:
        """The answer of the application with a page cache, the same twice."""
        get = self.shared.caching_client.get
        public_lines, earlier = self.answers.get(address, (-1, None))
        etag_header = earlier.header("ETag") if earlier else ""
        first = get(address, etag_header)
        if etag_header:
            # Not modified exactly when no public line was written since.
            assert (first.status == 304) == (public_lines == self.public_line_count), address
        if first.status == 304:
            first = get(address)
        if public_lines == self.public_line_count:
            assert first == earlier, address
        assert get(address) == first, address
        if first.status == 200:
            assert first.header("ETag")
            assert get(address, first.header("ETag")).status == 304, address
        self.answers[address] = (self.public_line_count, first)
        return first

    def _require_agreement(self, place: Place, page: AppAnswer, feed: AppAnswer) -> None:
        assert (page.status, feed.status) == (200, 200)
        listed = [int(number) for number in _LISTED.findall(page.body)]
        assert listed == place.listed(self.cases), place.page
        events = self._feed_events(feed)
        assert set(events) >= place.must(self.cases), place.feed
        assert set(events) <= place.may(self.cases), place.feed
        # The page and the feed by themselves, whatever was expected.
        assert set(listed) <= {event.number for event in events}
        removed_numbers = {case.number for case in self.cases if case.public_content is None}
        for event in events:
            assert event.number in listed or event.act in MOVING, place.feed
            if event.number in removed_numbers:
                assert event.act in TAKING_BACK, place.feed
                assert [other.number for other in events].count(event.number) == 1, place.feed

    def _feed_events(self, feed: AppAnswer) -> list[Event]:
        """The events of a feed, newest first; each once."""
        events = {event.name: event for case in self.cases for event in case.events}
        listed_events = [events[name.decode()] for name in _NAME.findall(feed.body)]
        places = [event.place for event in listed_events]
        assert places == sorted(set(places), reverse=True)
        return listed_events

    def _require_case_answer(self, case: Case, address: str, answer: AppAnswer) -> None:
        suffix = ".atom" if address.endswith(".atom") else ""
        if case.state == "merged" and suffix:
            assert answer.status == 301, address
            assert answer.header("Location") == f"/incidents/{case.into}{suffix}"
        elif case.state == "merged":
            assert answer.status == 200, address
            assert f"/incidents/{case.into}".encode() in answer.body
        elif suffix:
            assert answer.status == 200, address
            # The feed of a case that was joined to this one leads here, and its last event with it.
            joined = [event for each in self.cases for event in each.events_in_feed_of(case)]
            expected = [*case.own_feed(), *joined]
            expected.sort(key=lambda event: event.place, reverse=True)
            assert self._feed_events(answer) == expected, address
        else:
            assert answer.status == (200 if case.public_content else 410), address


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
    expected_count = SEQUENCES[engine.dialect.name]
    shared = SharedRegister(settings, engine, desk, cast, content)

    @hypothesis_settings(
        max_examples=expected_count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=STEPS)
    def run(steps: list[Step]) -> None:
        sequence = Sequence(shared)
        for step in steps:
            sequence.act(step)

    try:
        run()
    finally:
        shared.caching_client.close()
        shared.fresh_client.close()
    summary = f"{shared.sequence_count} sequences, {shared.act_count} acts"
    summary += f", {shared.refusal_count} refused"
    print(f"{engine.dialect.name}: {summary}, {shared.comparison_count} answers compared")
    assert shared.sequence_count >= expected_count
    assert shared.act_count >= 3 * expected_count
    assert shared.refusal_count >= expected_count / 4
