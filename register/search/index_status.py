"""How an index stands beside the ledger, for an operator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.cases.data_version import standing
from register.search import indexer
from register.search.engine import Engine, Unready
from register.search.leader_election import Lease
from register.search.query_model import Asked, Cursor


@dataclass(frozen=True)
class Condition:
    """What was found.

    ``cursor``: None without an index that can be read. ``cases``: how many it holds.
    ``intact``: every byte is as the follower wrote it. ``ours``: it follows this ledger, and not
    that of before a restore. ``present``: it was made by this version. ``behind``: public lines
    that it has not followed. ``followed``: somebody holds the lease.
    """

    engine: str
    cursor: Cursor | None
    cases: int = 0
    intact: bool = False
    ours: bool = False
    present: bool = False
    behind: int = 0
    followed: bool = False

    @property
    def is_usable(self) -> bool:
        """Whether pages may search in it; what it lacks they judge from the database."""
        readable = self.cursor is not None and indexer.is_readable(self.cursor)
        return readable and self.intact and self.ours


def condition(database: Database, index: Engine, lease: Lease) -> Condition:
    """Look at an index, without changing anything.

    :raises SQLAlchemyError: the database does not answer.
    :raises OSError: the lease's files cannot be read.
    """
    followed = lease.is_held()
    with Session(database) as session:
        try:
            found = index.find(session, Asked())
        except Unready:
            return Condition(index.name, None, followed=followed)
        cursor = found.cursor
        return Condition(
            index.name,
            cursor,
            cases=len(found.strength),
            intact=index.intact(deep=True),
            ours=indexer.is_on_chain(session, cursor),
            present=cursor.made_with == indexer.made_with(standing(session)),
            behind=indexer.behind(session, cursor),
            followed=followed,
        )
