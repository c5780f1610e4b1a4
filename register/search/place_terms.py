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
_UNSAID = "arrondissement"


@dataclass(frozen=True)
class Toponyms:
    """What is said of a commune, from the code that a case was filed under.

    ``names``: the commune's of today and, if another, that of the place filed under; ``others``:
    its former and smaller places, its département, its région; ``codes``: INSEE and postal.
    """

    names: tuple[str, ...]
    others: tuple[str, ...]
    codes: tuple[str, ...]
    departement: str


def of(session: Session, codes: Collection[str]) -> dict[str, Toponyms]:
    """The names behind some codes, present or former; looked up together, whatever their number."""
    found = session.execute(
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
    present = {row[1] for row in found}
    aliases = _aliases(session, present)
    postal = _postal(session, present)
    told = {}
    for filed, code, name, departement, around, region in found:
        former = [alias for _kind, own, alias in aliases[code] if own == filed != code]
        smaller = [alias for kind, _own, alias in aliases[code] if kind != _UNSAID]
        others = [*smaller, around or "", region or ""]
        told[filed] = Toponyms(
            names=_once([name, *former]),
            others=_once(other for other in others if other not in (name, *former)),
            codes=_once([code, filed, *postal[code]]),
            departement=departement or "",
        )
    return told


def area(session: Session, departement: str, region: str) -> tuple[str, ...]:
    """The names of a département and a région that a case names without a commune."""
    names = [
        session.scalar(select(table.name).where(table.code == code))
        for table, code in ((Departement, departement), (Region, region))
        if code
    ]
    return _once(name for name in names if name)


def _aliases(session: Session, codes: Collection[str]) -> dict[str, list[tuple[str, str, str]]]:
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    rows = session.execute(
        select(CommuneAlias.current_code, CommuneAlias.kind, CommuneAlias.code, CommuneAlias.name)
        .where(CommuneAlias.current_code.in_(codes))
        .order_by(CommuneAlias.code, CommuneAlias.kind)
    )
    for current, kind, code, name in rows:
        found[current].append((kind, code, name))
    return found


def _postal(session: Session, codes: Collection[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    rows = session.execute(
        select(CommunePostal.commune_code, CommunePostal.postal)
        .where(CommunePostal.commune_code.in_(codes))
        .order_by(CommunePostal.postal)
    )
    for commune, postal in rows:
        found[commune].append(postal)
    return found


def _once(texts: object) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))  # type: ignore[call-overload]
