"""The names and codes by which people look for a commune, for the documents of its cases."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from register.territory.models import (
    Commune,
    CommuneAlias,
    CommuneCode,
    CommunePostal,
    Departement,
    Region,
)

# Twenty of them would make every case of Paris one of "arrondissement".
_OMITTED_KIND = "arrondissement"


@dataclass(frozen=True)
class Toponyms:
    """What is said of a commune, from the code that a case was filed under.

    ``names``: the commune's of today and, if another, that of the place filed under; ``other_names``:
    its former and smaller places, its département, its région; ``codes``: INSEE and postal.
    """

    names: tuple[str, ...]
    other_names: tuple[str, ...]
    codes: tuple[str, ...]
    departement: str


def find_toponyms(session: Session, codes: Collection[str]) -> dict[str, Toponyms]:
    """The names behind some codes, present or former; looked up together, whatever their number."""
    commune_rows = session.execute(
        select(
            CommuneCode.code,
            Commune.code,
            Commune.name,
            Departement.code,
            Departement.name,
            Region.name,
        )
        .join(Commune, Commune.code == CommuneCode.current_code)
        .outerjoin(Departement, Departement.code == Commune.departement_code)
        .outerjoin(Region, Region.code == Commune.region_code)
        .where(CommuneCode.code.in_(codes))
    ).all()
    present = {row[1] for row in commune_rows}
    aliases = _aliases(session, present)
    postal = _postal_codes(session, present)
    toponyms = {}
    for filed_code, code, name, departement, departement_name, region_name in commune_rows:
        former = [alias for _kind, own, alias in aliases[code] if own == filed_code != code]
        smaller = [alias for kind, _own, alias in aliases[code] if kind != _OMITTED_KIND]
        other_names = [*smaller, departement_name or "", region_name or ""]
        toponyms[filed_code] = Toponyms(
            names=_unique([name, *former]),
            other_names=_unique(other for other in other_names if other not in (name, *former)),
            codes=_unique([code, filed_code, *postal[code]]),
            departement=departement or "",
        )
    return toponyms


def area_names(session: Session, departement: str, region: str) -> tuple[str, ...]:
    """The names of a département and a région that a case names without a commune."""
    names = [
        session.scalar(select(table.name).where(table.code == code))
        for table, code in ((Departement, departement), (Region, region))
        if code
    ]
    return _unique(name for name in names if name)


def _aliases(session: Session, codes: Collection[str]) -> dict[str, list[tuple[str, str, str]]]:
    aliases: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    alias_rows = session.execute(
        select(CommuneAlias.current_code, CommuneAlias.kind, CommuneAlias.code, CommuneAlias.name)
        .where(CommuneAlias.current_code.in_(codes))
        .order_by(CommuneAlias.code, CommuneAlias.kind)
    )
    for current, kind, code, name in alias_rows:
        aliases[current].append((kind, code, name))
    return aliases


def _postal_codes(session: Session, codes: Collection[str]) -> dict[str, list[str]]:
    postal_codes: dict[str, list[str]] = defaultdict(list)
    postal_rows = session.execute(
        select(CommunePostal.commune_code, CommunePostal.postal)
        .where(CommunePostal.commune_code.in_(codes))
        .order_by(CommunePostal.postal)
    )
    for commune, postal in postal_rows:
        postal_codes[commune].append(postal)
    return postal_codes


def _unique(texts: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))  # type: ignore[call-overload]
