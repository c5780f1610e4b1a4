"""Refusals by a second reader: of a version that waits, or of a pending change.

A refused version is never published; a new version answers it. From its first refusal on, a case
needs a second person.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.cases.case_content import CaseSnapshot
from register.cases.models import CaseState, Incident, Revision
from register.text.passage_removal import strings_of_tree
from register.text.quotation import find_quotation, text_of_html

# Characters around a passage that is shown to its writer.
_CONTEXT = 160


@dataclass(frozen=True)
class QuotedPassage:
    """A passage in its field, with the text before and after it."""

    field: str
    before: str
    passage: str
    after: str


def last_refused_version(session: Session, case: Incident) -> Revision | None:
    """The last refused version of a case that is not public; None when there is none."""
    if case.state not in (CaseState.DRAFT, CaseState.WITHDRAWN):
        return None
    refused = select(Revision).where(
        Revision.incident_id == case.id,
        Revision.refused_at.is_not(None),
        Revision.content.is_not(None),
    )
    return session.scalars(refused.order_by(Revision.id.desc()).limit(1)).first()


def locate_passage(snapshot: CaseSnapshot, passage: str) -> QuotedPassage | None:
    """The first place of a quoted passage in the texts of a case."""
    for field, text in _quotable_texts(snapshot):
        match = find_quotation(text, passage)
        if match:
            start, end = match.span()
            return QuotedPassage(
                field,
                text[max(0, start - _CONTEXT) : start].lstrip(),
                match[0],
                text[end : end + _CONTEXT].rstrip(),
            )
    return None


def _quotable_texts(snapshot: CaseSnapshot) -> Iterator[tuple[str, str]]:
    """The texts of a case with the names of their fields: as readers see them, then as stored."""
    for texts, to_text in ((snapshot.html, text_of_html), (snapshot.content, str)):
        for name, node in texts.items():
            for string in strings_of_tree(node):
                yield name, to_text(string)
