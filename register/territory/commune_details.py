"""A commune's sheet: all that pages say of it, kept for as long as its version is loaded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.orm import Session

from register.territory import places
from register.territory.models import Commune, Departement, Region

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
    gone without a successor; ``former_name``: what the place was called under the code that was asked
    for, when that is another than the commune's.
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
        places.departement if kind == "departement" else places.region
    )
    place = load_place(session, code)
    if len(_cached_names) >= _MAX_CACHED:
        _cached_names.clear()
    _cached_names[key] = name = place.name if place else code
    return name


def _read_details(session: Session, code: str) -> CommuneDetails | None:
    areas = places.surroundings(session, code)
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
        postal_codes=tuple(places.postal_codes(session, commune.code)),
        aliases=tuple(
            AlternativeName(alias.code, alias.kind, alias.name)
            for alias in places.commune_aliases(session, commune.code)
        ),
        former_codes=tuple(
            former_code
            for former_code in places.codes_of_commune(session, commune.code)
            if former_code != commune.code
        ),
        point=_point(commune),
        is_exact=commune.precision == EXACT_PRECISION,
        former_name=(places.former_name(session, code) or code) if code != commune.code else "",
    )


def _commune_group(session: Session, siren: str | None) -> CommuneGroup | None:
    epci = places.intercommunalite(session, siren) if siren else None
    if epci is None:
        return None
    size = places.commune_count(session, intercommunalite=epci.code)
    return CommuneGroup(epci.code, epci.name, epci.kind, size)


def _point(commune: Commune) -> tuple[float, float] | None:
    if commune.lat is None or commune.lon is None:
        return None
    return commune.lat, commune.lon
