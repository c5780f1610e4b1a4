"""What the pages ask of the territory: one place by its code, and what surrounds it."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from register.territory import models
from register.text.normalisation import fold_name
from register.text.typography import french

# A well-formed code may still belong to no place.
_COMMUNE = re.compile(r"(?:[0-9]{2}|2[AB])[0-9]{3}")
_DEPARTEMENT = re.compile(r"0[1-9]|[1-8][0-9]|9[0-5]|2[AB]|97[1-8]|98[46-9]")
_REGION = re.compile(r"0[1-9]|[1-9][0-9]")


def is_commune_code(text: str) -> bool:
    """Five characters, as INSEE writes them: digits, ``2A`` and ``2B`` in upper case."""
    return _COMMUNE.fullmatch(text) is not None


def is_departement_code(text: str) -> bool:
    """``01`` to ``95``, ``2A``, ``2B``, ``971`` to ``978``, ``984`` and ``986`` to ``989``."""
    return text != "20" and _DEPARTEMENT.fullmatch(text) is not None


def departement_prefix(code: str) -> str:
    """The first digits of a postal or INSEE code, which are those of its département."""
    return code[:3] if code[:2] in ("97", "98") else code[:2]


def is_region_code(text: str) -> bool:
    """Two digits, other than ``00``."""
    return _REGION.fullmatch(text) is not None


_CODES = models.CommuneCode.__table__.c
_CURRENT_CODE_STMT = select(_CODES.current_code).where(_CODES.code == bindparam("code"))


def current_code(session: Session, code: str) -> str | None:
    """The code of the commune that ``code`` leads to, itself included; None when unknown."""
    return session.scalar(_CURRENT_CODE_STMT, {"code": code})


def codes_of_commune(session: Session, code: str) -> list[str]:
    """Every code that leads to the commune ``code``, its own included."""
    stmt = select(models.CommuneCode.code).where(models.CommuneCode.current_code == code)
    return list(session.scalars(stmt.order_by(models.CommuneCode.code)))


def former_name(session: Session, code: str) -> str | None:
    """The name that a former code had; None for a present commune, or when nobody kept it.

    The sources give names to delegated and associated communes and to arrondissements only: about
    half of the former codes have none.
    """
    stmt = (
        select(models.CommuneAlias.name)
        .where(models.CommuneAlias.code == code, models.CommuneAlias.current_code != code)
        .order_by(models.CommuneAlias.kind.desc())
    )
    return session.scalars(stmt).first()


def filed_name(session: Session, code: str) -> str | None:
    """What a commune was called when it had this code, or is called today; None when unknown."""
    current = current_code(session, code)
    former = former_name(session, code) if current not in (None, code) else None
    place = session.get(models.Commune, current) if current else None
    return former or (place.name if place else None)


def commune_aliases(session: Session, code: str) -> list[models.CommuneAlias]:
    """Delegated, associated and former communes and arrondissements of a commune, by code."""
    stmt = select(models.CommuneAlias).where(models.CommuneAlias.current_code == code)
    return list(session.scalars(stmt.order_by(models.CommuneAlias.code, models.CommuneAlias.kind)))


def postal_codes(session: Session, code: str) -> list[str]:
    """Postal codes of a commune, in order; some have none."""
    stmt = select(models.CommunePostal.postal).where(models.CommunePostal.commune_code == code)
    return list(session.scalars(stmt.order_by(models.CommunePostal.postal)))


def departement(session: Session, code: str) -> models.Departement | None:
    """The département or overseas collectivity with this code."""
    return session.get(models.Departement, code)


def departements(session: Session, region: str | None = None) -> list[models.Departement]:
    """Every present département and overseas collectivity, or those of a région, by code."""
    stmt = select(models.Departement).where(models.Departement.retired.is_(False))
    if region is not None:
        stmt = stmt.where(models.Departement.region_code == region)
    return list(session.scalars(stmt.order_by(models.Departement.code)))


def region(session: Session, code: str) -> models.Region | None:
    """The région with this code."""
    return session.get(models.Region, code)


def regions(session: Session) -> list[models.Region]:
    """Every present région, in the order of names as people sort them, accents aside."""
    stmt = select(models.Region).where(models.Region.retired.is_(False))
    return list(session.scalars(stmt.order_by(models.Region.folded)))


def commune_count(session: Session, **areas: str) -> int:
    """How many present communes are in all the areas: ``departement="93"``, ``region="11"``."""
    codes = {f"{kind}_code": code for kind, code in areas.items()}
    stmt = select(func.count()).select_from(models.Commune).filter_by(retired=False, **codes)
    return session.scalar(stmt) or 0


# The precision of a commune's point that is a real place; any other stands for several communes.
EXACT_PRECISION = "geonames"

_DIGITS = re.compile("[0-9]+")
_MAX_CACHED = 4096  # about 4 MB
K = TypeVar("K")
V = TypeVar("V")


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

    @property
    def qualified_name(self) -> str:
        """The commune of today with its département."""
        return qualified_name(self.commune.name, self.departement.name if self.departement else "")

    def other_names(self, *kinds: str) -> list[AlternativeName]:
        """Other names of some kinds (see ``CommuneAlias``), its own left out.

        They come in the order of names, and a second arrondissement before a tenth.
        """
        matches = [
            alias
            for alias in self.aliases
            if alias.kind in kinds and alias.name != self.commune.name
        ]
        return sorted(
            matches,
            key=lambda alias: _DIGITS.sub(lambda number: number[0].zfill(5), fold_name(alias.name)),
        )

    @property
    def unnamed_codes(self) -> list[str]:
        """Former codes that nobody kept a name for."""
        named_codes = {alias.code for alias in self.aliases}
        return [code for code in self.former_codes if code not in named_codes]

    def name_at_code(self, code: str) -> AlternativeName | None:
        """The place that a code names beside the commune: one that it was made of, or a part.

        The alias of a code that nobody kept a name for has neither name nor kind. A commune that
        keeps the code of one of those it was made of may be asked for by that one's name.
        """
        for alias in self.aliases:
            if alias.code == code and alias.name != self.commune.name:
                return alias
        return AlternativeName(code, "", "") if code in self.former_codes else None


def qualified_name(name: str, area_name: str | None) -> str:
    """ "Gagny (Seine-Saint-Denis)": a place and what is around it, unless that is called so too."""
    return french(f"{name} ({area_name})" if area_name and area_name != name else name)


_cached_names: dict[tuple[str, str, str], str] = {}
_cached_details: dict[tuple[str, str], CommuneDetails | None] = {}


def load_details(session: Session, version: str, code: str) -> CommuneDetails | None:
    """The sheet behind a code, present or former; None for an unknown one.

    :param version: the territory's, as loaded now: a yearly update makes every sheet anew.
    """
    return _get_or_read(_cached_details, (version, code), lambda: _read_details(session, code))


def area_name(session: Session, version: str, kind: str, code: str) -> str:
    """The name of a ``departement`` or a ``region``; its code when there is none."""

    def read_name() -> str:
        place: models.Departement | models.Region | None = (
            departement(session, code) if kind == "departement" else region(session, code)
        )
        return place.name if place else code

    return _get_or_read(_cached_names, (version, kind, code), read_name)


def _get_or_read(cached: dict[K, V], key: K, read: Callable[[], V]) -> V:
    with suppress(KeyError):  # another thread may empty the table at any moment
        return cached[key]
    value = read()
    if len(cached) >= _MAX_CACHED:
        cached.clear()
    cached[key] = value
    return value


_SURROUNDINGS_STMT = (
    select(models.Commune, models.Departement, models.Region)
    .select_from(models.CommuneCode)
    .join(models.Commune, models.Commune.code == models.CommuneCode.current_code)
    .outerjoin(models.Departement, models.Departement.code == models.Commune.departement_code)
    .outerjoin(models.Region, models.Region.code == models.Commune.region_code)
    .where(models.CommuneCode.code == bindparam("code"))
)


def _read_details(session: Session, code: str) -> CommuneDetails | None:
    areas = session.execute(_SURROUNDINGS_STMT, {"code": code}).first()
    if areas is None:
        return None
    commune, departement, region = areas
    aliases = commune_aliases(session, commune.code)
    siren = commune.intercommunalite_code
    epci = session.get(models.Intercommunalite, siren) if siren else None
    group = None
    if epci is not None:
        size = commune_count(session, intercommunalite=epci.code)
        group = CommuneGroup(epci.code, epci.name, epci.kind, size)
    lat, lon = commune.lat, commune.lon
    return CommuneDetails(
        commune=PlaceName(commune.code, commune.name),
        population=commune.population,
        retired=commune.retired,
        departement=PlaceName(departement.code, departement.name) if departement else None,
        region=PlaceName(region.code, region.name) if region else None,
        group=group,
        postal_codes=tuple(postal_codes(session, commune.code)),
        aliases=tuple(AlternativeName(alias.code, alias.kind, alias.name) for alias in aliases),
        former_codes=tuple(
            former_code
            for former_code in codes_of_commune(session, commune.code)
            if former_code != commune.code
        ),
        point=None if lat is None or lon is None else (lat, lon),
        is_exact=commune.precision == EXACT_PRECISION,
        former_name=(former_name(session, code) or code) if code != commune.code else "",
    )
