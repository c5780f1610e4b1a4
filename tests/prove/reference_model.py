"""A model, in plain Python, of what a register shows after any acts: no table, no query.

A case is what it reads now and the public lines it had, each with what it read before and after.
A place is a page and its feed: the conditions on a case, part by part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urlencode

from register.cases.case_content import Content
from register.journal import Act

TAKING_BACK = {Act.WITHDRAWN, Act.REDACTED, Act.MERGED, Act.ERASED}
# Acts that may take a case off a list; the others add to it, and are in the feed that lists it.
MOVING = TAKING_BACK | {Act.CORRECTED, Act.FOLLOWED_UP}


class Event(NamedTuple):
    """A public line: its name, and what the public could read before and after it, if anything."""

    place: int
    name: str
    act: Act
    number: int
    before: Content | None
    after: Content | None


@dataclass
class Case:
    """A case as the desk knows it. ``word`` stands in all its texts."""

    id: int
    content: Content
    state: str = "draft"
    number: int | None = None
    word: str = ""
    into: int | None = None
    is_restricted: bool = False  # withdrawn and not restored since, also while it is merged
    events: list[Event] = field(default_factory=list)
    # Its merges and their ends, each with the number of the other case.
    joins: list[tuple[int, Event]] = field(default_factory=list)

    @property
    def public_content(self) -> Content | None:
        """The content that is public, if any."""
        return self.content if self.state == "published" else None

    @property
    def is_gone(self) -> bool:
        """Whether it was public once and is no more."""
        return bool(self.events) and self.state != "published"

    def own_feed(self) -> list[Event]:
        """The events of its own feed, newest first."""
        if self.is_gone:
            return [self.events[-1 - _redactions_since(self)]]
        return self.events[::-1]

    def events_in_feed_of(self, other: Case) -> list[Event]:
        """Its events in the feed of a case that it is, or was, merged into."""
        if self.is_gone:
            return self.own_feed() if self.into == other.number else []
        return [event for number, event in self.joins if number == other.number]

    def allows(self, act: str) -> bool:
        """Whether an act is not refused, by the case itself."""
        is_merged_act = act == "part" or (act == "withdraw" and self.state == "merged")
        if is_merged_act and (self.number is None or (act == "withdraw" and self.is_restricted)):
            return False
        return self.state in ALLOWED[act]

    def move(self, act: str) -> None:
        """Change the state as an act does."""
        was_merged = self.state == "merged"
        if act in ("withdraw", "restore"):
            self.is_restricted = act == "withdraw"
        if act == "part":
            self.state = "withdrawn" if self.is_restricted else "published"
        elif act in STATES and not (act == "withdraw" and was_merged):
            self.state = STATES[act]

    def ever(self, matches: Callable[[Content], bool]) -> bool:
        """Whether the public could ever read something of it that passes."""
        contents = [content for event in self.events for content in (event.before, event.after)]
        return any(content is not None and matches(content) for content in contents)


STATES = {
    "publish": "published",
    "withdraw": "withdrawn",
    "restore": "published",
    "merge": "merged",
    "erase": "erased",
}
# In which states an act is not refused.
ALLOWED = {
    "publish": {"draft"},
    "follow_up": {"published"},
    "reply": {"published"},
    "correct": {"published"},
    "redact": {"published", "withdrawn"},
    "withdraw": {"published", "merged"},
    "edit": {"draft", "withdrawn"},
    "restore": {"withdrawn"},
    "merge": {"draft", "published", "withdrawn"},
    "part": {"merged"},
    "erase": {"draft", "published", "withdrawn", "merged"},
}


# --- places ------------------------------------------------------------------------------------

DEPARTEMENTS = {"93032": "93", "93059": "93", "2A004": "2A"}
REGIONS = {"93": "11", "2A": "94"}
# Of one commune with the other's former code.
COMMUNES = {"93032": "93032", "93059": "93066", "2A004": "2A004"}
PRESSURE = {"retrait_financement"}

Test = Callable[[Content], bool]


def _departement(content: Content) -> str:
    return DEPARTEMENTS.get(content.commune, content.departement)


def _year(content: Content) -> int:
    return int(content.date[:4]) if content.date else 0


TESTS: dict[str, Callable[[str], Test]] = {
    "type": lambda value: lambda content: value in content.types,
    "famille": lambda _value: lambda content: bool(PRESSURE & set(content.types)),
    "issue": lambda value: lambda content: content.outcome == value,
    "media": lambda value: lambda content: value in content.outlets,
    "du": lambda value: lambda content: _year(content) >= int(value),
    "au": lambda value: lambda content: 0 < _year(content) <= int(value),
    "sans_date": lambda _value: lambda content: not content.date,
    "commune": lambda value: (
        lambda content: COMMUNES.get(content.commune) == COMMUNES.get(value, value)
    ),
    "departement": lambda value: lambda content: _departement(content) == value,
    "region": lambda value: lambda content: REGIONS.get(_departement(content)) == value,
}
WORDS = {"media"}


@dataclass(frozen=True)
class Place:
    """A page that lists cases and its feed; ``coded`` outlives a case and ``worded`` does not."""

    page: str
    feed: str
    coded: tuple[Test, ...] = ()
    worded: tuple[Test, ...] = ()

    def lists(self, content: Content | None) -> bool:
        """Whether a case that reads so is listed."""
        return content is not None and all(test(content) for test in (*self.coded, *self.worded))

    def listed(self, cases: Iterable[Case]) -> list[int]:
        """The numbers on the page: the newest first, by their year here, undated ones last."""
        listed = [case for case in cases if self.lists(case.public_content)]
        listed.sort(key=lambda case: (case.content.date, case.number or 0), reverse=True)
        return [case.number or 0 for case in listed]

    def outcome(self, cases: Sequence[Case]) -> tuple[list[int], set[Event]]:
        """The required content of page and feed."""
        return self.listed(cases), self.must(cases)

    def must(self, cases: Iterable[Case]) -> set[Event]:
        """The events that the feed must have."""
        return {event for case in cases for event in self._must(case)}

    def may(self, cases: Iterable[Case]) -> set[Event]:
        """The events that it may have: where it searches by two codes, a case may have had them one
        after the other; and a case may have left one code for another of the same place."""
        return {event for case in cases for event in self._may(case)}

    def _must(self, case: Case) -> Iterator[Event]:
        if self.lists(case.public_content):
            yield from case.events
        elif case.is_gone:
            if self._listed_once(case) or (self.worded and not self.coded):
                yield case.events[-1 - _redactions_since(case)]
        elif case.events:
            for event in case.events:
                has_left = self.lists(event.before) and not self.lists(event.after)
                # Words are not kept: a case that ceased to have one just leaves.
                if has_left and event.act in MOVING and self._worded(case):
                    yield event
                if event.act in TAKING_BACK and self._listed_once(case):
                    yield event

    def _may(self, case: Case) -> Iterator[Event]:
        if self.lists(case.public_content):
            yield from case.events
        elif all(case.ever(test) for test in self.coded):
            if case.is_gone:
                yield case.events[-1 - _redactions_since(case)]
            else:
                moving = MOVING if self.coded else TAKING_BACK
                yield from (event for event in case.events if event.act in moving)

    def _listed_once(self, case: Case) -> bool:
        return case.ever(self.lists)

    def _worded(self, case: Case) -> bool:
        return case.public_content is not None and all(
            test(case.public_content) for test in self.worded
        )


def _redactions_since(case: Case) -> int:
    """How many lines came after the one that removed a case: redactions of a hidden case."""
    removal = {"withdrawn": Act.WITHDRAWN, "merged": Act.MERGED, "erased": Act.ERASED}[case.state]
    return next(back for back, event in enumerate(reversed(case.events)) if event.act == removal)


def _of(kind: str, code: str) -> Place:
    address = {"commune": "/communes", "departement": "/departements", "region": "/regions"}[kind]
    page = f"{address}/{code}"
    return Place(page, f"{page}.atom", (TESTS[kind](code),))


def _search(**values: str) -> Place:
    query = urlencode(values)
    return Place(
        f"/incidents?{query}",
        f"/incidents.atom?{query}",
        tuple(TESTS[name](value) for name, value in values.items() if name not in WORDS),
        tuple(TESTS[name](value) for name, value in values.items() if name in WORDS),
    )


PLACES: Sequence[Place] = (
    Place("/incidents", "/incidents.atom"),
    _search(type="expulsion"),
    _search(type="interdiction_filmer"),
    _search(famille="pression"),
    _search(issue="inconnue"),
    _search(issue="resolue"),
    _search(media="Ajaccio Libre"),
    _search(du="2010"),
    _search(au="2009"),
    _search(sans_date="1"),
    _search(commune="93066"),
    _search(commune="93032", type="expulsion"),
    _search(type="expulsion", media="Gagny Libre"),
    _of("commune", "93032"),
    _of("commune", "93066"),
    _of("commune", "2A004"),
    _of("departement", "93"),
    _of("departement", "2A"),
    _of("region", "94"),
    _of("region", "11"),
)

# Changes by corrections, editions and redactions, some of which undo each other.
CHANGES: Sequence[dict[str, object]] = (
    {"types": ("expulsion",)},
    {"types": ("interdiction_filmer",)},
    {"types": ("retrait_financement", "expulsion")},
    {"commune": "93032", "departement": ""},
    {"commune": "93059", "departement": ""},
    {"commune": "2A004", "departement": ""},
    {"commune": "", "departement": "2A"},
    {"outlets": ("Gagny Libre",)},
    {"outlets": ("Ajaccio Libre", "Gagny Libre")},
    {"outcome": "inconnue"},
    {"outcome": "resolue"},
    {"date": ""},
    {"date": "2008-03-17"},
    {"date": "2012"},
    {"amount": "1 000 euros"},
)
OUTCOMES = ("inconnue", "resolue", "en_cours")
