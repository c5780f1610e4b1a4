"""When the tests happen, and a case as a test holds it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Filed:
    """A case as tests name it: the desk's id, and the number once it is public."""

    id: int
    number: int | None = None
