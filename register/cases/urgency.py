"""Danger mark and term of a case or report, and its claim or assignment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from register.errors import Invalid
from register.journal import Act
from register.text.normalisation import one_line

# A morning's work; a forgotten claim then expires.
CLAIM_DURATION = timedelta(hours=4)
# The end of an assignment, which does not expire: wherever claims are compared by their end, it
# comes after all of them.
NO_END = datetime(9999, 1, 1, tzinfo=UTC)
# Acts with which the work on a case is done: they end its assignment.
WORK_ENDS = frozenset(
    {Act.PUBLISHED, Act.RESTORED, Act.MERGED, Act.DRAFT_MERGED, Act.DISCARDED, Act.ERASED}
)
# What a second reader does with a version: it ends the reader's own assignment.
READING_ENDS = frozenset({Act.APPROVED, Act.VERSION_REFUSED})
LABEL_LIMIT = 80


@dataclass(frozen=True)
class Urgency:
    """A danger mark, and a term: a day with a short label, such as "offre de preuve"."""

    danger: bool = False
    term_on: date | None = None
    term_label: str = ""

    def validated(self) -> Urgency:
        """A copy with a clean label.

        :raises Invalid: ``missing``: a label without a day; ``too_long``.
        """
        label = one_line(self.term_label)
        if label and self.term_on is None:
            raise Invalid("missing", field="term_on")
        if len(label) > LABEL_LIMIT:
            raise Invalid("too_long", field="term_label", limit=LABEL_LIMIT)
        return Urgency(self.danger, self.term_on, label)

    def line_details(self) -> dict[str, bool]:
        """The details of a journal line: neither the day nor the label, which can be erased."""
        return {"danger": self.danger, "term": self.term_on is not None}


def ends_assignment(act: Act, by: int | None, holder: int | None) -> bool:
    """Whether an act by a member ends the assignment of a case to its holder."""
    return act in WORK_ENDS or (act in READING_ENDS and by == holder)


class ClaimedRow(Protocol):
    """A row with a claim, or a copy of it."""

    @property
    def held_by(self) -> int | None:
        """The member who claimed it, or to whom it was assigned."""

    @property
    def held_until(self) -> datetime | None:
        """The end of the claim."""


def claim_holder(claimed: ClaimedRow, at: datetime) -> int | None:
    """The member whose claim or assignment is valid at a time."""
    is_valid = claimed.held_until is not None and claimed.held_until > at
    return claimed.held_by if is_valid else None
