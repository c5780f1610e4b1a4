"""What a page is made from besides its cases, in one look-up: ledger, words, places."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ScalarSelect, select
from sqlalchemy.orm import Session

from register.incidents import vocabulary
from register.journal import Head, Ledger, Position
from register.journal.canonical import GENESIS
from register.territory import loader
from register.territory.models import Dataset

_HEAD = Head.__table__.c
_DATASET = Dataset.__table__.c


def _version(name: str) -> ScalarSelect[str]:
    return select(_DATASET.version).where(_DATASET.name == name).scalar_subquery()


_STANDING = select(
    _HEAD.seq, _HEAD.digest, _version(vocabulary.DATASET), _version(loader.NAME)
).where(_HEAD.ledger == Ledger.PUBLIC.value)


@dataclass(frozen=True)
class Standing:
    """The public ledger's last line, and the versions of vocabularies and territory."""

    head: Position
    vocabulary: str
    territory: str


def standing(session: Session) -> Standing:
    """Where the register stands; asked first, so that nothing shown is older than what it says."""
    row = session.execute(_STANDING).first()
    if row is None:
        return Standing(Position(0, GENESIS.hex()), "", "")
    seq, digest, words, places = row
    return Standing(Position(seq, digest.hex()), words or "", places or "")
