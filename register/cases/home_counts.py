"""Counts of the public cases, made once for each position of the public ledger.

The register knows only what was reported to it: a count is never a rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases.models import Incident, IncidentPlace, IncidentType, Scope, State
from register.cases.versioned_cache import Once
from register.cases.vocabulary import Book
from register.journal import Position
from register.territory import loader
from register.territory.models import Commune, CommuneCode, Departement
from register.text.fold import fold_name


@dataclass(frozen=True)
class Summary:
    """What the home page says of the whole register.

    ``departements``: code, name and count, in the order of the names. ``abroad``: ISO country
    codes other than FR, and their counts. ``unplaced``: French cases without a département.
    """

    total: int
    first_year: int | None
    last_year: int | None
    families: Mapping[str, int]
    departements: Sequence[tuple[str, str, int]]
    abroad: Sequence[tuple[str, int]]
    unplaced: int


# Counting takes a second on a hundred thousand cases.
_kept: Once[Summary] = Once()


def summary(session: Session, book: Book, head: Position) -> Summary:
    """The counts at a position of the public ledger.

    :param head: read first, on the same session.
    """
    moment = (head.digest, book.version, loader.version(session))
    return _kept.of(moment, lambda: _counted(session, book))


def _counted(session: Session, book: Book) -> Summary:
    public = Incident.state == State.PUBLISHED
    total = session.scalar(select(func.count()).select_from(Incident).where(public)) or 0
    years = span(session)
    departements = _departements(session)
    abroad = session.execute(
        select(Incident.country, func.count())
        .where(public, Incident.country != "FR")
        .group_by(Incident.country)
        .order_by(Incident.country)
    ).all()
    placed = sum(count for _, _, count in departements)
    return Summary(
        total=total,
        first_year=years[0].year if years else None,
        last_year=years[1].year if years else None,
        families={name: _in_family(session, book, name) for name in book.lists["famille"]},
        departements=departements,
        abroad=[(code, count) for code, count in abroad],
        unplaced=total - placed - sum(count for _, count in abroad),
    )


def _in_family(session: Session, book: Book, family: str) -> int:
    counted = (
        select(func.count(IncidentType.incident_id.distinct()))
        .join(Incident, Incident.id == IncidentType.incident_id)
        .where(Incident.state == State.PUBLISHED, IncidentType.code.in_(book.types_of([family])))
    )
    return session.scalar(counted) or 0


_OF_AUTHORITY = (IncidentPlace.incident_id == Incident.id) & (
    IncidentPlace.scope == Scope.AUTHORITY.value
)


def _departements(session: Session) -> list[tuple[str, str, int]]:
    rows = session.execute(
        select(Departement.code, Departement.name, func.count())
        .select_from(Incident)
        .outerjoin(IncidentPlace, _OF_AUTHORITY)
        .outerjoin(CommuneCode, CommuneCode.code == IncidentPlace.code)
        .outerjoin(Commune, Commune.code == CommuneCode.current_code)
        .join(
            Departement,
            Departement.code == func.coalesce(Commune.departement_code, Incident.departement),
        )
        .where(Incident.state == State.PUBLISHED, Incident.country == "FR")
        .group_by(Departement.code, Departement.name)
    ).all()
    return sorted(
        ((code, name, count) for code, name, count in rows), key=lambda row: fold_name(row[1])
    )


def known_places(session: Session) -> Mapping[str, int]:
    """How many public cases each commune has, for ordering the readings of a typed place."""
    rows = session.execute(
        select(CommuneCode.current_code, func.count(Incident.id.distinct()))
        .join(IncidentPlace, IncidentPlace.code == CommuneCode.code)
        .join(Incident, Incident.id == IncidentPlace.incident_id)
        .where(Incident.state == State.PUBLISHED)
        .group_by(CommuneCode.current_code)
    )
    return dict(rows.all())


def span(session: Session) -> tuple[date, date] | None:
    """First and last day that the public cases touch; None for an empty register."""
    first, last = session.execute(
        select(func.min(Incident.date_first), func.max(Incident.date_first)).where(
            Incident.state == State.PUBLISHED
        )
    ).one()
    return (first, last) if first and last else None
