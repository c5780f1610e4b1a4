"""A commune's sheet: all that pages say of it, kept for as long as its version is loaded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.territory import places
from register.territory.models import Commune, Departement, Region

# The precision of a commune's point that is a real place; any other stands for several communes.
EXACT = "geonames"

_KEPT = 4096  # about 4 MB


@dataclass(frozen=True)
class Named:
    """A place by its code and official name."""

    code: str
    name: str


@dataclass(frozen=True)
class Group:
    """An intercommunalité: its SIREN number, official name, kind and number of communes."""

    code: str
    name: str
    kind: str
    size: int


@dataclass(frozen=True)
class Alias:
    """A name that leads to the commune, with its code and kind."""

    code: str
    kind: str
    name: str


@dataclass(frozen=True)
class Sheet:
    """The commune of today and what surrounds it.

    ``population`` and ``point`` (degrees of latitude and longitude, WGS 84) are None where
    unknown; ``exact``: the point is that of the commune, not of several around it; ``retired``:
    gone without a successor; ``filed_as``: what the place was called under the code that was asked
    for, when that is another than the commune's.
    """

    commune: Named
    population: int | None
    retired: bool
    departement: Named | None
    region: Named | None
    group: Group | None
    postal: tuple[str, ...]
    aliases: tuple[Alias, ...]
    former_codes: tuple[str, ...]
    point: tuple[float, float] | None = None
    exact: bool = True
    filed_as: str = ""


_names: dict[tuple[str, str, str], str] = {}
_sheets: dict[tuple[str, str], Sheet | None] = {}


def sheet(session: Session, version: str, code: str) -> Sheet | None:
    """The sheet behind a code, present or former; None for an unknown one.

    :param version: the territory's, as loaded now: a yearly update makes every sheet anew.
    """
    key = (version, code)
    with suppress(KeyError):  # another thread may empty the table at any moment
        return _sheets[key]
    found = _read(session, code)
    if len(_sheets) >= _KEPT:
        _sheets.clear()
    _sheets[key] = found
    return found


def area(session: Session, version: str, kind: str, code: str) -> str:
    """The name of a ``departement`` or a ``region``; its code when there is none."""
    key = (version, kind, code)
    with suppress(KeyError):
        return _names[key]
    find: Callable[[Session, str], Departement | Region | None] = (
        places.departement if kind == "departement" else places.region
    )
    found = find(session, code)
    if len(_names) >= _KEPT:
        _names.clear()
    _names[key] = name = found.name if found else code
    return name


def _read(session: Session, code: str) -> Sheet | None:
    found = places.surroundings(session, code)
    if found is None:
        return None
    commune, departement, region = found
    return Sheet(
        commune=Named(commune.code, commune.name),
        population=commune.population,
        retired=commune.retired,
        departement=Named(departement.code, departement.name) if departement else None,
        region=Named(region.code, region.name) if region else None,
        group=_group(session, commune.intercommunalite_code),
        postal=tuple(places.postal_codes(session, commune.code)),
        aliases=tuple(
            Alias(row.code, row.kind, row.name) for row in places.aliases_of(session, commune.code)
        ),
        former_codes=tuple(
            old for old in places.codes_of(session, commune.code) if old != commune.code
        ),
        point=_point(commune),
        exact=commune.precision == EXACT,
        filed_as=(places.former_name(session, code) or code) if code != commune.code else "",
    )


def _group(session: Session, siren: str | None) -> Group | None:
    found = places.intercommunalite(session, siren) if siren else None
    if found is None:
        return None
    size = places.commune_count(session, intercommunalite=found.code)
    return Group(found.code, found.name, found.kind, size)


def _point(commune: Commune) -> tuple[float, float] | None:
    if commune.lat is None or commune.lon is None:
        return None
    return commune.lat, commune.lon
