"""What the place of a report stands for in the territory, as it is known today."""

from __future__ import annotations

from sqlalchemy.orm import Session

from register.reports.report_content import ReportContent
from register.reports.report_to_draft import ReportedPlace
from register.territory import places


def reported_place(session: Session, sent: ReportContent) -> ReportedPlace | None:
    """The place that a report was read as; None when it was left in words, or is in no list."""
    kind, _colon, code = sent.place_code.partition(":")
    name = _place_name(session, kind, code) if code else ""
    return ReportedPlace(kind, code, name) if name else None


def _place_name(session: Session, kind: str, code: str) -> str:
    if kind == "commune" and places.is_commune_code(code):
        # A case is filed under this very code.
        return places.filed_name(session, code) or ""
    if kind == "departement":
        departement = places.departement(session, code)
        return departement.name if departement else ""
    if kind == "region":
        region = places.region(session, code)
        return region.name if region else ""
    return ""
