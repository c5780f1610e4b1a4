"""What the pages ask of the territory: one place by its code, and what surrounds it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from register.territory.codes import is_commune_code, is_departement_code, is_region_code
from register.territory.models import (
    Commune,
    CommuneAlias,
    CommuneCode,
    CommunePostal,
    Departement,
    Intercommunalite,
    Region,
)

__all__ = [
    "codes_of_commune",
    "commune",
    "commune_aliases",
    "commune_count",
    "commune_name",
    "communes_of_departement",
    "current_code",
    "departement",
    "departements",
    "departements_of_region",
    "filed_name",
    "former_name",
    "intercommunalite",
    "is_commune_code",
    "is_departement_code",
    "is_region_code",
    "postal_codes",
    "region",
    "regions",
    "surroundings",
]


def commune(session: Session, code: str) -> Commune | None:
    """The commune that lives at this code; None for an unknown code and for a former one.

    A commune that vanished without a successor still lives at its code, ``retired``.
    """
    if current_code(session, code) != code:
        return None
    return session.get(Commune, code)


_SURROUNDINGS_STMT = (
    select(Commune, Departement, Region)
    .select_from(CommuneCode)
    .join(Commune, Commune.code == CommuneCode.current_code)
    .outerjoin(Departement, Departement.code == Commune.departement_code)
    .outerjoin(Region, Region.code == Commune.region_code)
    .where(CommuneCode.code == bindparam("code"))
)


def surroundings(
    session: Session, code: str
) -> tuple[Commune, Departement | None, Region | None] | None:
    """The commune of today behind a code, with its département and région, in one look-up."""
    row = session.execute(_SURROUNDINGS_STMT, {"code": code}).first()
    return (row[0], row[1], row[2]) if row else None


_CODE_COLUMNS = CommuneCode.__table__.c
_CURRENT_CODE_STMT = select(_CODE_COLUMNS.current_code).where(
    _CODE_COLUMNS.code == bindparam("code")
)


def current_code(session: Session, code: str) -> str | None:
    """The code of the commune that ``code`` leads to, itself included; None when unknown."""
    return session.scalar(_CURRENT_CODE_STMT, {"code": code})


_COMMUNE_NAME_STMT = select(Commune.__table__.c.name).where(
    Commune.__table__.c.code == bindparam("code")
)


def commune_name(session: Session, code: str) -> str | None:
    """The official name of the commune at this very code."""
    return session.scalar(_COMMUNE_NAME_STMT, {"code": code})


def codes_of_commune(session: Session, code: str) -> list[str]:
    """Every code that leads to the commune ``code``, its own included."""
    stmt = select(CommuneCode.code).where(CommuneCode.current_code == code)
    return list(session.scalars(stmt.order_by(CommuneCode.code)))


def former_name(session: Session, code: str) -> str | None:
    """The name that a former code had; None for a present commune, or when nobody kept it.

    The sources give names to delegated and associated communes and to arrondissements only: about
    half of the former codes have none.
    """
    stmt = (
        select(CommuneAlias.name)
        .where(CommuneAlias.code == code, CommuneAlias.current_code != code)
        .order_by(CommuneAlias.kind.desc())
    )
    return session.scalars(stmt).first()


def filed_name(session: Session, code: str) -> str | None:
    """What a commune was called when it had this code, or is called today; None when unknown."""
    current = current_code(session, code)
    former = former_name(session, code) if current not in (None, code) else None
    return former or (commune_name(session, current) if current else None)


def commune_aliases(session: Session, code: str) -> list[CommuneAlias]:
    """Delegated, associated and former communes and arrondissements of a commune, by code."""
    stmt = select(CommuneAlias).where(CommuneAlias.current_code == code)
    return list(session.scalars(stmt.order_by(CommuneAlias.code, CommuneAlias.kind)))


def postal_codes(session: Session, code: str) -> list[str]:
    """Postal codes of a commune, in order; some have none."""
    stmt = select(CommunePostal.postal).where(CommunePostal.commune_code == code)
    return list(session.scalars(stmt.order_by(CommunePostal.postal)))


def intercommunalite(session: Session, code: str) -> Intercommunalite | None:
    """The intercommunalité with this SIREN number."""
    return session.get(Intercommunalite, code)


def departement(session: Session, code: str) -> Departement | None:
    """The département or overseas collectivity with this code."""
    return session.get(Departement, code)


def departements(session: Session) -> list[Departement]:
    """Every present département and overseas collectivity, by code."""
    stmt = select(Departement).where(Departement.retired.is_(False))
    return list(session.scalars(stmt.order_by(Departement.code)))


def departements_of_region(session: Session, code: str) -> list[Departement]:
    """The present départements of a région, by code."""
    stmt = select(Departement).where(
        Departement.region_code == code, Departement.retired.is_(False)
    )
    return list(session.scalars(stmt.order_by(Departement.code)))


def region(session: Session, code: str) -> Region | None:
    """The région with this code."""
    return session.get(Region, code)


def regions(session: Session) -> list[Region]:
    """Every present région, in the order of names as people sort them, accents aside."""
    stmt = select(Region).where(Region.retired.is_(False))
    return list(session.scalars(stmt.order_by(Region.folded)))


def communes_of_departement(session: Session, code: str) -> list[Commune]:
    """The present communes of a département, in the order of names, accents aside."""
    stmt = select(Commune).where(Commune.departement_code == code, Commune.retired.is_(False))
    return list(session.scalars(stmt.order_by(Commune.folded, Commune.code)))


def commune_count(
    session: Session,
    *,
    departement: str | None = None,
    region: str | None = None,
    intercommunalite: str | None = None,
) -> int:
    """How many present communes answer to all the codes given."""
    stmt = select(func.count()).select_from(Commune).where(Commune.retired.is_(False))
    if departement is not None:
        stmt = stmt.where(Commune.departement_code == departement)
    if region is not None:
        stmt = stmt.where(Commune.region_code == region)
    if intercommunalite is not None:
        stmt = stmt.where(Commune.intercommunalite_code == intercommunalite)
    return session.scalar(stmt) or 0


# The precision of a commune's point that is a real place; any other stands for several communes.
EXACT_PRECISION = "geonames"

_MAX_CACHED = 4096  # about 4 MB


@dataclass(frozen=True)
class PlaceName:
    """A place by its code and official name."""

    code: str
    name: str


@dataclass(frozen=True)
class CommuneGroup:
    """An intercommunalité: its SIREN number, official name, kind and number of communes."""

    code: str
    name: str
    kind: str
    size: int


@dataclass(frozen=True)
class AlternativeName:
    """A name that leads to the commune, with its code and kind."""

    code: str
    kind: str
    name: str


@dataclass(frozen=True)
class CommuneDetails:
    """The commune of today and what surrounds it.

    ``population`` and ``point`` (degrees of latitude and longitude, WGS 84) are None where
    unknown; ``is_exact``: the point is that of the commune, not of several around it; ``retired``:
    gone without a successor; ``former_name``: what the place was called under the code that was
    asked for, when that is another than the commune's.
    """

    commune: PlaceName
    population: int | None
    retired: bool
    departement: PlaceName | None
    region: PlaceName | None
    group: CommuneGroup | None
    postal_codes: tuple[str, ...]
    aliases: tuple[AlternativeName, ...]
    former_codes: tuple[str, ...]
    point: tuple[float, float] | None = None
    is_exact: bool = True
    former_name: str = ""


_cached_names: dict[tuple[str, str, str], str] = {}
_cached_details: dict[tuple[str, str], CommuneDetails | None] = {}


def load_details(session: Session, version: str, code: str) -> CommuneDetails | None:
    """The sheet behind a code, present or former; None for an unknown one.

    :param version: the territory's, as loaded now: a yearly update makes every sheet anew.
    """
    key = (version, code)
    with suppress(KeyError):  # another thread may empty the table at any moment
        return _cached_details[key]
    details = _read_details(session, code)
    if len(_cached_details) >= _MAX_CACHED:
        _cached_details.clear()
    _cached_details[key] = details
    return details


def area_name(session: Session, version: str, kind: str, code: str) -> str:
    """The name of a ``departement`` or a ``region``; its code when there is none."""
    key = (version, kind, code)
    with suppress(KeyError):
        return _cached_names[key]
    load_place: Callable[[Session, str], Departement | Region | None] = (
        departement if kind == "departement" else region
    )
    place = load_place(session, code)
    if len(_cached_names) >= _MAX_CACHED:
        _cached_names.clear()
    _cached_names[key] = name = place.name if place else code
    return name


def _read_details(session: Session, code: str) -> CommuneDetails | None:
    areas = surroundings(session, code)
    if areas is None:
        return None
    commune, departement, region = areas
    return CommuneDetails(
        commune=PlaceName(commune.code, commune.name),
        population=commune.population,
        retired=commune.retired,
        departement=PlaceName(departement.code, departement.name) if departement else None,
        region=PlaceName(region.code, region.name) if region else None,
        group=_commune_group(session, commune.intercommunalite_code),
        postal_codes=tuple(postal_codes(session, commune.code)),
        aliases=tuple(
            AlternativeName(alias.code, alias.kind, alias.name)
            for alias in commune_aliases(session, commune.code)
        ),
        former_codes=tuple(
            former_code
            for former_code in codes_of_commune(session, commune.code)
            if former_code != commune.code
        ),
        point=_point(commune),
        is_exact=commune.precision == EXACT_PRECISION,
        former_name=(former_name(session, code) or code) if code != commune.code else "",
    )


def _commune_group(session: Session, siren: str | None) -> CommuneGroup | None:
    epci = intercommunalite(session, siren) if siren else None
    if epci is None:
        return None
    size = commune_count(session, intercommunalite=epci.code)
    return CommuneGroup(epci.code, epci.name, epci.kind, size)


def _point(commune: Commune) -> tuple[float, float] | None:
    if commune.lat is None or commune.lon is None:
        return None
    return commune.lat, commune.lon
