"""The tables behind the entities, for reading.

A page needs rows, not entities: what the ORM does around a row (state, identity, expiry) costs
more than SQLite's answer. Writing goes through the entities of ``models``.
"""

from __future__ import annotations

from register.cases.models import (
    CaseLink,
    Correction,
    FollowUp,
    FormerCode,
    Incident,
    IncidentPlace,
    IncidentType,
    Outlet,
    Proceeding,
    Reply,
    Revision,
)
from register.journal import JournalEntry
from register.territory.models import Commune, CommuneCode, Departement, Region

CASE = Incident.__table__
PLACE = IncidentPlace.__table__
CASE_TYPE = IncidentType.__table__
OUTLET = Outlet.__table__
PROCEEDING = Proceeding.__table__
REVISION = Revision.__table__
CASE_LINK = CaseLink.__table__
FOLLOW_UP = FollowUp.__table__
REPLY = Reply.__table__
CORRECTION = Correction.__table__
FORMER_CODE = FormerCode.__table__
JOURNAL_ENTRY = JournalEntry.__table__
COMMUNE = Commune.__table__
COMMUNE_CODE = CommuneCode.__table__
DEPARTEMENT = Departement.__table__
REGION = Region.__table__
