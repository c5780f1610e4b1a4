"""Table of what came by post or by a form about a case, and the last day of each kind.

A row holds neither text nor name: the paper itself stays with whoever received it, and what was
sent by a form is sealed in :mod:`register.incoming`.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from sqlalchemy import Date, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from register.cases.legal_rules import rule
from register.cases.models import partial
from register.db import Base


class PostKind(StrEnum):
    """What came; the values are those of forms."""

    SUMMONS = "citation"  # to a criminal court
    WRIT = "assignation"  # for a civil court
    ORDER = "decision"  # a court's decision to be carried out
    PRIVACY = "rgpd"  # a request about personal data
    ERROR = "erreur"  # a notice of an error
    ILLEGAL = "illicite"  # a notice of content held to be illegal
    COMPLAINT = "reclamation"  # about the decision on one of the two
    DEMAND = "mise_en_demeure"
    OTHER = "autre"


# The rule of law that sets the last day of a kind; of the others, the paper or the member does.
RULES = {
    PostKind.SUMMONS: "offre_de_preuve",
    PostKind.WRIT: "offre_de_preuve",
    PostKind.PRIVACY: "reponse_rgpd",
}


# Days that the register sets itself, where the law says "timely" (regulation (EU) 2022/2065,
# art. 16 (6) and 20 (4)).
OWN_TERMS = {
    PostKind.ERROR: dt.timedelta(days=30),
    PostKind.ILLEGAL: dt.timedelta(days=7),
    PostKind.COMPLAINT: dt.timedelta(days=30),
}


class ReceivedPost(Base):
    """Something that came, from its receipt until a member has dealt with it.

    ``entered_by`` is None for what its author sent by a form: it is closed by a decision.
    """

    __tablename__ = "received_post"
    __table_args__ = (
        Index("ix_received_post_due", "due_on", **partial("closed_on IS NULL")),
        Index("ix_received_post_closed", "closed_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    received_on: Mapped[dt.date] = mapped_column(Date)
    due_on: Mapped[dt.date] = mapped_column(Date)
    incident_id: Mapped[int | None] = mapped_column(ForeignKey("incident.id"), index=True)
    entered_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))
    closed_on: Mapped[dt.date | None] = mapped_column(Date)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("member.id"))


def last_day(kind: PostKind, received_on: dt.date) -> dt.date | None:
    """The last day that the law or the register sets for a kind; None where neither does."""
    if kind in OWN_TERMS:
        return received_on + OWN_TERMS[kind]
    return rule(RULES[kind]).last_day(received_on) if kind in RULES else None
