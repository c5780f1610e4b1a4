"""What the place of a report stands for in the territory, as it is known today."""

from __future__ import annotations

from sqlalchemy.orm import Session

from register.reports.report_content import Sent
from register.reports.report_to_draft import Where
from register.territory import places


def where(session: Session, sent: Sent) -> Where | None:
    """The place that a report was read as; None when it was left in words, or is in no list."""
    kind, _colon, code = sent.place_code.partition(":")
    name = _named(session, kind, code) if code else ""
    return Where(kind, code, name) if name else None


def _named(session: Session, kind: str, code: str) -> str:
    if kind == "commune" and places.is_commune_code(code):
        # A case is filed under this very code.
        return places.name_of(session, code) or ""
    if kind == "departement":
        departement = places.departement(session, code)
        return departement.name if departement else ""
    if kind == "region":
        region = places.region(session, code)
        return region.name if region else ""
    return ""
