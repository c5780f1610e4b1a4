"""How an index stands beside the ledger, for an operator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.followers.lease import Lease
from register.followers.search import following
from register.followers.search.asked import Asked, Cursor
from register.followers.search.engine import Engine, Unready
from register.incidents.standing import standing


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
        readable = self.cursor is not None and following.is_readable(self.cursor)
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
            ours=following.is_on_chain(session, cursor),
            present=cursor.made_with == following.made_with(standing(session)),
            behind=following.behind(session, cursor),
            followed=followed,
        )
