"""The territory's tables, which :mod:`register.territory.dataset` fills.

No foreign key is declared between them: a yearly reload replaces rows in an order of its own.
Rows of ``region``, ``departement``, ``commune`` and ``commune_code`` are never deleted, so that
cases may refer to them for ever; a place that a new data set no longer knows is *retired*.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from register.db import Base, UTCDateTime


class Region(Base):
    """One of the 18 régions; the overseas collectivities belong to none."""

    __tablename__ = "region"

    code: Mapped[str] = mapped_column(String(3), primary_key=True)
    name: Mapped[str]
    folded: Mapped[str]
    retired: Mapped[bool] = mapped_column(default=False)


class Departement(Base):
    """A département, or an overseas collectivity (975 to 989, then without a région)."""

    __tablename__ = "departement"

    code: Mapped[str] = mapped_column(String(3), primary_key=True)
    name: Mapped[str]
    folded: Mapped[str]
    region_code: Mapped[str | None] = mapped_column(String(3), index=True)
    retired: Mapped[bool] = mapped_column(default=False)


class Intercommunalite(Base):
    """An EPCI with taxes of its own; ``code`` is its SIREN number.

    ``kind`` is the DGCL's: ``CC``, ``CA``, ``CU``, ``METRO`` or ``MET69``.
    """

    __tablename__ = "intercommunalite"

    code: Mapped[str] = mapped_column(String(9), primary_key=True)
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(8))


class CommuneRow(Base):
    """A commune by its INSEE code. ``lat`` and ``lon`` are degrees (WGS 84).

    ``precision`` says what the point is worth: ``geonames`` a real place, ``code_postal`` the mean
    of those that share the postal code, ``arrondissement`` the mean of the arrondissement, empty
    when there is no point.
    """

    __tablename__ = "commune"

    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    name: Mapped[str]
    folded: Mapped[str] = mapped_column(index=True)
    departement_code: Mapped[str] = mapped_column(String(3), index=True)
    region_code: Mapped[str | None] = mapped_column(String(3), index=True)
    intercommunalite_code: Mapped[str | None] = mapped_column(String(9), index=True)
    population: Mapped[int | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    precision: Mapped[str] = mapped_column(String(16))
    retired: Mapped[bool] = mapped_column(default=False)


Commune = CommuneRow


class CommunePostal(Base):
    """A postal code of a commune; two thirds of the postal codes are shared by several."""

    __tablename__ = "commune_postal"

    postal: Mapped[str] = mapped_column(String(5), primary_key=True)
    commune_code: Mapped[str] = mapped_column(String(5), primary_key=True, index=True)


class CommuneAlias(Base):
    """Another name that leads to a present commune.

    ``kind``: ``deleguee``, ``associee``, ``arrondissement`` (of Paris, Lyon or Marseille), or
    ``ancienne``: a name or a commune that an earlier data set had and the present one lost.
    The code alone is not unique, and may be that of the present commune itself.
    """

    __tablename__ = "commune_alias"

    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str]
    folded: Mapped[str] = mapped_column(index=True)
    current_code: Mapped[str] = mapped_column(String(5), index=True)
    population: Mapped[int | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    precision: Mapped[str] = mapped_column(String(16))


class CommuneCode(Base):
    """Every code that ever led to a commune, and the commune it leads to now.

    Present communes lead to themselves, so that one join lists the cases of a commune, whichever
    code they were filed under.
    """

    __tablename__ = "commune_code"

    code: Mapped[str] = mapped_column(String(5), primary_key=True)
    current_code: Mapped[str] = mapped_column(String(5), index=True)


class Dataset(Base):
    """The version of a data set that the tables hold: ``territory``, and the vocabularies'."""

    __tablename__ = "dataset"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[str] = mapped_column(String(32))
    loaded_at: Mapped[datetime] = mapped_column(UTCDateTime)
