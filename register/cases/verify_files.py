"""Verification of the files of a case against the journal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from register.cases.models import CaseState, Incident, SourceCopy
from register.journal import Act

if TYPE_CHECKING:
    from register.cases.verify_desk import CaseLine


def copies_hold(copies: Sequence[SourceCopy], lines: Sequence[CaseLine], case: Incident) -> bool:
    """Whether the copies of sources are those that lines name, without the destroyed ones."""
    gone: set[str] = set()
    marked: dict[str, int] = {}  # copy → the redaction that is to destroy it
    for line in lines:
        if line.act is Act.SOURCE_DROPPED:
            gone.add(line.private["copy"])
        if line.act is Act.DESTROYED:
            gone |= set(line.private.get("copies", ()))
        if line.act is Act.REDACTED:
            # Lines of former versions name neither.
            for copy in line.private.get("copies", ()):
                marked[copy] = line.private["destruction"]
    expected = {
        private["copy"]: (
            private["sha256"],
            private["day"],
            private["origin"],
            private.get("captured"),
            marked.get(private["copy"]),
        )
        for private in (line.private for line in lines if line.act is Act.SOURCE_COPIED)
        if private["copy"] not in gone and case.state != CaseState.ERASED
    }
    return expected == {
        copy.file_id: (
            copy.sha256,
            copy.copied_on.isoformat(),
            copy.origin,
            copy.captured_on.isoformat() if copy.captured_on else None,
            copy.destruction_id,
        )
        for copy in copies
    }
