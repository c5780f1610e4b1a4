"""Codes of cases: the projection that filters, counts, feeds and look-ups read.

A code is one value by which a case is found. The codes of a case are those of its document, as
they were entered, and what these lead to today: the commune of today, the areas around it, the
family of a type, the year of a date.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, String, Text, bindparam, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from register.cases.case_content import Content
from register.cases.decisions import proceeding_outcomes
from register.cases.models import CaseState, Incident
from register.cases.vocabulary import Dataset, current_vocabulary
from register.db import Base
from register.territory import dataset, place_queries
from register.text import dates
from register.text.normalisation import fold

# Code of a duration, and of the outcome of a proceeding, that is unknown.
UNKNOWN = "inconnue"
# Code of a duration → its most days, from the first possible day to the last.
_LONGEST_DAYS = {"moins-d-un-an": 365, "un-a-trois-ans": 3 * 365, "plus-de-trois-ans": math.inf}
DURATIONS = (*_LONGEST_DAYS, UNKNOWN)
# A longer label of a place fits no filter, and no key of an index.
LABEL_LIMIT = 120


class CaseCode(Base):
    """A code that a case has, or that it lost while it was public.

    ``axis`` is the name of a filter, or of what other queries look up. ``since_line`` is the number
    of the public line since which the public case has the code, ``until_line`` that of the line by
    which it lost it; 0 stands for neither. So a public case is found by the rows with the first and
    without the second, hidden cases and drafts have rows with neither, and feeds of a code also
    list the act by which a case lost it, even after the texts of the case are destroyed.
    """

    __tablename__ = "case_code"
    __table_args__ = (
        Index("ix_case_code_axis", "axis", "code", "until_line", "since_line", "incident_id"),
        {"sqlite_with_rowid": False},
    )

    incident_id: Mapped[int] = mapped_column(ForeignKey("incident.id"), primary_key=True)
    axis: Mapped[str] = mapped_column(String(24), primary_key=True)
    code: Mapped[str] = mapped_column(Text, primary_key=True)
    until_line: Mapped[int] = mapped_column(primary_key=True, default=0)
    since_line: Mapped[int] = mapped_column(default=0)


CASE_CODE = CaseCode.__table__
IS_PRESENT = CASE_CODE.c.until_line == 0
# Built once, because an import executes them for every row.
_CASE_ROWS = select(CASE_CODE).where(CASE_CODE.c.incident_id == bindparam("case"))
_IS_PRESENT_OF_CASE = (CASE_CODE.c.incident_id == bindparam("case")) & IS_PRESENT
_DELETE_PRESENT = CASE_CODE.delete().where(_IS_PRESENT_OF_CASE)
_DATE_PRESENT = CASE_CODE.update().where(_IS_PRESENT_OF_CASE).values(since_line=bindparam("since"))
_INSERT = CASE_CODE.insert()
IS_PUBLIC_CODE = IS_PRESENT & (CASE_CODE.c.since_line > 0)

CodesByAxis = Mapping[str, frozenset[str]]

# Axes that a public line commits to under these names when the case loses their codes: codes, never
# free text, which is destroyed with its case.
COMMITTED_AXES = (
    *("commune", "departement", "region", "pays", "type", "cible", "acteur", "niveau", "issue"),
    *("preuve", "sens", "procedure", "duree", "sans_date", "du", "au"),
)
# Axes whose rows are named otherwise, because the filter of this name selects what they lead to.
_STORED_NAMES = {
    "commune": "commune_saisie",
    "departement": "departement_saisi",
    "region": "region_saisie",
}
_RESOLVED_AXES = ("commune", "departement", "region", "famille", "annee")
_SOURCE_AXES = (*_STORED_NAMES.values(), "type", "du")


def codes_of(content: Content) -> CodesByAxis:
    """Axis → codes of a document, as they were entered.

    Days are ISO strings, which sort as days do: ``du`` is the last possible day of the incident,
    ``au`` the first.
    """
    day = dates.parse(content.date) if content.date else None
    end = dates.parse(content.end_date) if content.end_date else None
    codes: dict[str, Iterable[str]] = {
        "commune": (content.commune, *content.linked_communes),
        "departement": (content.departement,),
        "region": (content.region,),
        "pays": (content.country,),
        "endroit": (content.place_label,) if len(content.place_label) <= LABEL_LIMIT else (),
        "type": content.types,
        "cible": (content.target,),
        "acteur": (content.actor,),
        "niveau": (content.level,),
        "issue": (content.outcome,),
        "preuve": (content.evidence,),
        "sens": (proceeding.direction for proceeding in content.proceedings),
        "procedure": (
            proceeding_code(proceeding.direction, outcome)
            for proceeding, outcome in zip(
                content.proceedings, proceeding_outcomes(content), strict=True
            )
        ),
        "media": map(fold, content.outlets),
        "nom_media": content.outlets,
        "source": (source.url for source in content.sources),
        "lien": (str(link.number) for link in content.links),
        "duree": (duration_code((end.last - day.first).days if day and end else None),),
        "sans_date": () if day else ("1",),
        "du": (day.last.isoformat(),) if day else (),
        "au": (day.first.isoformat(),) if day else (),
    }
    return {axis: frozenset(filter(None, axis_codes)) for axis, axis_codes in codes.items()}


def duration_code(days: int | None) -> str:
    """Code of a duration in days; None is an unknown one."""
    if days is None:
        return UNKNOWN
    return next(code for code, longest in _LONGEST_DAYS.items() if days <= longest)


def proceeding_code(direction: str, outcome: str) -> str:
    """Code of a proceeding: its direction and its outcome."""
    return f"{direction}.{outcome or UNKNOWN}"


# --- rows -----------------------------------------------------------------------------------


class CodeKey(NamedTuple):
    """The key of a row of one case."""

    axis: str
    code: str
    until_line: int = 0


# The rows of one case: key → ``since_line``.
CodeRows = Mapping[CodeKey, int]


def stored_keys(codes: Mapping[str, Iterable[str]], until_line: int = 0) -> set[CodeKey]:
    """The keys of codes as they were entered."""
    return {
        CodeKey(_STORED_NAMES.get(axis, axis), code, until_line)
        for axis, axis_codes in codes.items()
        for code in axis_codes
    }


def load_rows(session: Session, incident_id: int) -> dict[CodeKey, int]:
    """All rows of a case."""
    return rows_by_key(session.execute(_CASE_ROWS, {"case": incident_id}))


def rows_by_key(rows: Iterable[Any]) -> dict[CodeKey, int]:
    """Rows of the table, all of one case, by their keys."""
    return {CodeKey(row.axis, row.code, row.until_line): row.since_line for row in rows}


def entered_rows(rows: CodeRows) -> dict[CodeKey, int]:
    """The rows of the codes that were entered."""
    return {key: since for key, since in rows.items() if key.axis not in _RESOLVED_AXES}


@dataclass(frozen=True)
class CodeChange:
    """What an act changes in the rows of a case.

    ``before``: the rows of the codes that the case had; ``after``: the keys of those that it has.
    """

    incident_id: int
    before: CodeRows
    after: frozenset[CodeKey]
    is_public: bool

    @classmethod
    def of(cls, session: Session, case: Incident, content: Content | None) -> CodeChange:
        """The change to the present state of a case.

        :param content: its document; None once it is destroyed.
        """
        # A new case has no revision and no codes.
        rows = entered_rows(load_rows(session, case.id)) if case.revision_id else {}
        return cls(
            case.id,
            {key: since for key, since in rows.items() if not key.until_line},
            frozenset(stored_keys(codes_of(content)) if content else ()),
            case.state == CaseState.PUBLISHED,
        )

    @cached_property
    def _left(self) -> dict[str, list[str]]:
        """The codes that the public case loses, by the names of their axes in a line."""
        names = {_STORED_NAMES.get(axis, axis): axis for axis in COMMITTED_AXES}
        lost_codes = defaultdict(list)
        for key, since in sorted(self.before.items()):
            if since and key.axis in names and not (self.is_public and key in self.after):
                lost_codes[names[key.axis]].append(key.code)
        return lost_codes

    def details(self) -> dict[str, Any]:
        """The detail by which the public line commits to lost codes; most lines have none."""
        return {"left": dict(self._left)} if self._left else {}

    def write(self, session: Session, seq: int = 0) -> None:
        """Write the rows.

        :param seq: number of the public line of the act; unused if the case is hidden before and
            after it.
        """
        rows = {key: (self.before.get(key) or seq) if self.is_public else 0 for key in self.after}
        if rows == self.before:
            return
        since_lines = set(rows.values())
        if rows.keys() == self.before.keys() and len(since_lines) == 1 and not self._left:
            # A case is shown: what its codes lead to is there since the same line.
            session.execute(_DATE_PRESENT, {"case": self.incident_id, "since": since_lines.pop()})
            return
        if self.before:
            session.execute(_DELETE_PRESENT, {"case": self.incident_id})
        ended = stored_keys(self._left, seq)
        rows |= {key: self.before[key._replace(until_line=0)] for key in ended}
        _insert(session, {self.incident_id: {**rows, **resolve(session, rows)}})


def _insert(session: Session, rows_by_case: Mapping[int, CodeRows]) -> None:
    columns = [
        {"incident_id": incident_id, **key._asdict(), "since_line": since}
        for incident_id, rows in rows_by_case.items()
        for key, since in rows.items()
    ]
    if columns:
        session.execute(_INSERT, columns)


# --- what codes lead to today ---------------------------------------------------------------


def resolve(session: Session, rows: CodeRows) -> dict[CodeKey, int]:
    """The rows that the rows of entered codes lead to.

    A code that several lead to is there since the earliest of their lines.
    """
    resolved: dict[CodeKey, int] = {}
    for key, since in rows.items():
        for axis, code in _resolve_code(session, key.axis, key.code):
            if code:
                resolved_key = CodeKey(axis, code, key.until_line)
                resolved[resolved_key] = min(since, resolved.get(resolved_key, since))
    return resolved


def _resolve_code(session: Session, axis: str, code: str) -> Iterator[tuple[str, str | None]]:
    if axis == "type":
        yield "famille", current_vocabulary(session).family_of.get(code)
    elif axis == "du":
        yield "annee", code[:4].lstrip("0")
    elif axis == "region_saisie":
        yield "region", code
    elif axis == "departement_saisi":
        area = place_queries.departement(code)
        yield "departement", code
        yield "region", area.region_code if area else None
    elif axis == "commune_saisie" and (commune := place_queries.commune(code)):
        yield "commune", commune.code
        yield "departement", commune.departement_code
        yield "region", commune.region_code


_DATASET = "case_code"
_BATCH = 1_000  # cases


def refresh(session: Session, at: datetime) -> bool:
    """Make the resolved codes again if vocabularies or territory changed; whether they did."""
    version = f"{current_vocabulary(session).version} {dataset.version()}"
    stored = session.get(Dataset, _DATASET)
    if stored is not None and stored.version == version:
        return False
    session.execute(CASE_CODE.delete().where(CASE_CODE.c.axis.in_(_RESOLVED_AXES)))
    source_stmt = select(CASE_CODE).where(CASE_CODE.c.axis.in_(_SOURCE_AXES))
    last_id = session.scalar(select(func.max(CASE_CODE.c.incident_id))) or 0
    for first in range(1, last_id + 1, _BATCH):
        is_in_batch = CASE_CODE.c.incident_id.between(first, first + _BATCH - 1)
        rows: dict[int, dict[CodeKey, int]] = defaultdict(dict)
        for row in session.execute(source_stmt.where(is_in_batch)):
            rows[row.incident_id][CodeKey(row.axis, row.code, row.until_line)] = row.since_line
        _insert(session, {case_id: resolve(session, of_case) for case_id, of_case in rows.items()})
    session.merge(Dataset(name=_DATASET, version=version, loaded_at=at))
    return True


def has_present_territory(session: Session) -> bool:
    """Whether the codes are resolved with the territory of this program."""
    stored = session.get(Dataset, _DATASET)
    return stored is not None and stored.version.split()[-1] == dataset.version()


_PLACE_LOOKUPS: Mapping[str, Callable[[str], object | None]] = {
    "commune_saisie": place_queries.commune,
    "departement_saisi": place_queries.departement,
    "region_saisie": place_queries.region,
}


def unknown_places(session: Session) -> list[str]:
    """Codes of places of cases, present or former, that the territory does not know."""
    stmt = select(CASE_CODE.c.axis, CASE_CODE.c.code).where(CASE_CODE.c.axis.in_(_PLACE_LOOKUPS))
    places = session.execute(stmt.distinct().order_by(CASE_CODE.c.axis, CASE_CODE.c.code))
    return [code for axis, code in places if _PLACE_LOOKUPS[axis](code) is None]
