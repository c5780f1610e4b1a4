"""How an index stands beside the ledger, for an operator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine as Database
from sqlalchemy.orm import Session

from register.cases.data_version import read_data_version
from register.search import indexer
from register.search.engine import IndexNotReady, SearchEngine
from register.search.leader_election import Lease
from register.search.query_model import Cursor, SearchQuery


@dataclass(frozen=True)
class IndexStatus:
    """What was found.

    ``cursor``: None without an index that can be read. ``cases``: how many it holds.
    ``intact``: every byte is as the follower wrote it. ``on_this_ledger``: it follows this ledger, and not
    that of before a restore. ``is_current_version``: it was made by this version. ``lines_behind``: public lines
    that it has not followed. ``has_follower``: somebody holds the lease.
    """

    engine: str
    cursor: Cursor | None
    cases: int = 0
    intact: bool = False
    on_this_ledger: bool = False
    is_current_version: bool = False
    lines_behind: int = 0
    has_follower: bool = False

    @property
    def is_usable(self) -> bool:
        """Whether pages may search in it; what it lacks they judge from the database."""
        readable = self.cursor is not None and indexer.is_readable(self.cursor)
        return readable and self.intact and self.on_this_ledger


def read_index_status(database: Database, index: SearchEngine, lease: Lease) -> IndexStatus:
    """Look at an index, without changing anything.

    :raises SQLAlchemyError: the database does not answer.
    :raises OSError: the lease's files cannot be read.
    """
    has_follower = lease.is_held()
    with Session(database) as session:
        try:
            matches = index.find(session, SearchQuery())
        except IndexNotReady:
            return IndexStatus(index.name, None, has_follower=has_follower)
        cursor = matches.cursor
        return IndexStatus(
            index.name,
            cursor,
            cases=len(matches.strength),
            intact=index.intact(deep=True),
            on_this_ledger=indexer.is_on_chain(session, cursor),
            is_current_version=cursor.made_with == indexer.made_with(read_data_version(session)),
            lines_behind=indexer.lines_behind(session, cursor),
            has_follower=has_follower,
        )
