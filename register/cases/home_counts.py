"""Counts of the public cases, made once for each position of the public ledger.

The register knows only what was reported to it: a count is never a rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.cases.models import CaseState, Incident, IncidentPlace, IncidentType, Scope
from register.cases.versioned_cache import VersionedCache
from register.cases.vocabulary import Vocabulary
from register.journal import LedgerPosition
from register.territory import loader
from register.territory.models import Commune, CommuneCode, Departement
from register.text.fold import fold_name


@dataclass(frozen=True)
class RegisterSummary:
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
_summary_cache: VersionedCache[RegisterSummary] = VersionedCache()


def load_register_summary(
    session: Session, vocabulary: Vocabulary, head: LedgerPosition
) -> RegisterSummary:
    """The counts at a position of the public ledger.

    :param head: read first, on the same session.
    """
    cache_key = (head.digest, vocabulary.version, loader.version(session))
    return _summary_cache.get_or_make(cache_key, lambda: _count_register(session, vocabulary))


def _count_register(session: Session, vocabulary: Vocabulary) -> RegisterSummary:
    is_public = Incident.state == CaseState.PUBLISHED
    total = session.scalar(select(func.count()).select_from(Incident).where(is_public)) or 0
    years = date_span(session)
    departements = _count_departements(session)
    abroad = session.execute(
        select(Incident.country, func.count())
        .where(is_public, Incident.country != "FR")
        .group_by(Incident.country)
        .order_by(Incident.country)
    ).all()
    placed = sum(count for _, _, count in departements)
    return RegisterSummary(
        total=total,
        first_year=years[0].year if years else None,
        last_year=years[1].year if years else None,
        families={
            name: _count_family(session, vocabulary, name) for name in vocabulary.lists["famille"]
        },
        departements=departements,
        abroad=[(code, count) for code, count in abroad],
        unplaced=total - placed - sum(count for _, count in abroad),
    )


def _count_family(session: Session, vocabulary: Vocabulary, family: str) -> int:
    stmt = (
        select(func.count(IncidentType.incident_id.distinct()))
        .join(Incident, Incident.id == IncidentType.incident_id)
        .where(
            Incident.state == CaseState.PUBLISHED,
            IncidentType.code.in_(vocabulary.types_of([family])),
        )
    )
    return session.scalar(stmt) or 0


_IS_AUTHORITY_PLACE = (IncidentPlace.incident_id == Incident.id) & (
    IncidentPlace.scope == Scope.AUTHORITY.value
)


def _count_departements(session: Session) -> list[tuple[str, str, int]]:
    departement_rows = session.execute(
        select(Departement.code, Departement.name, func.count())
        .select_from(Incident)
        .outerjoin(IncidentPlace, _IS_AUTHORITY_PLACE)
        .outerjoin(CommuneCode, CommuneCode.code == IncidentPlace.code)
        .outerjoin(Commune, Commune.code == CommuneCode.current_code)
        .join(
            Departement,
            Departement.code == func.coalesce(Commune.departement_code, Incident.departement),
        )
        .where(Incident.state == CaseState.PUBLISHED, Incident.country == "FR")
        .group_by(Departement.code, Departement.name)
    ).all()
    return sorted(
        ((code, name, count) for code, name, count in departement_rows),
        key=lambda departement_row: fold_name(departement_row[1]),
    )


def count_by_commune(session: Session) -> Mapping[str, int]:
    """How many public cases each commune has, for ordering the readings of a typed place."""
    commune_rows = session.execute(
        select(CommuneCode.current_code, func.count(Incident.id.distinct()))
        .join(IncidentPlace, IncidentPlace.code == CommuneCode.code)
        .join(Incident, Incident.id == IncidentPlace.incident_id)
        .where(Incident.state == CaseState.PUBLISHED)
        .group_by(CommuneCode.current_code)
    )
    return dict(commune_rows.all())


def date_span(session: Session) -> tuple[date, date] | None:
    """First and last day that the public cases touch; None for an empty register."""
    first, last = session.execute(
        select(func.min(Incident.date_first), func.max(Incident.date_first)).where(
            Incident.state == CaseState.PUBLISHED
        )
    ).one()
    return (first, last) if first and last else None
