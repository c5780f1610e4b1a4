"""Query of the members' journal, with the names of ledgers and acts in URLs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from register.cases.public_journal import PUBLIC_ACTS_BY_KIND
from register.journal import Act, Ledger

CONSOLE_MEMBER = 0  # stands for acts from the console, which have no member

# Name in URLs of each ledger.
LEDGERS: Mapping[str, Ledger] = MappingProxyType(
    {"public": Ledger.PUBLIC, "bureau": Ledger.DESK, "signalements": Ledger.REPORTS}
)
LEDGER_NAMES: Mapping[str, str] = MappingProxyType(
    {ledger.value: name for name, ledger in LEDGERS.items()}
)

# Name in URLs of each act, by group, in the order of the form. The name of a group stands for all
# of its acts.
ACT_GROUPS: Mapping[str, Mapping[str, Act]] = MappingProxyType(
    {
        "brouillons": {
            "brouillon": Act.DRAFTED,
            "modification": Act.EDITED,
            "abandon": Act.DISCARDED,
            "brouillon-reuni": Act.DRAFT_MERGED,
        },
        "relecture": {
            "accord": Act.APPROVED,
            "changement-propose": Act.CHANGE_PROPOSED,
            "changement-refuse": Act.CHANGE_REFUSED,
            "destruction": Act.DESTROYED,
            "destruction-annulee": Act.DESTRUCTION_KEPT,
            "invitation": Act.INVITED,
        },
        "actes-publics": PUBLIC_ACTS_BY_KIND,
        "droit-de-reponse": {
            "reponse-recue": Act.REPLY_RECEIVED,
            "reponse-refusee": Act.REPLY_REFUSED,
        },
        "en-main": {"prise": Act.CLAIMED, "rendu": Act.RELEASED, "note": Act.NOTED},
        "signalements": {
            "signalement-recu": Act.REPORT_RECEIVED,
            "signalement-complete": Act.REPORT_ADDED,
            "signalement-retire": Act.REPORT_WITHDRAWN,
            "signalement-ouvert": Act.REPORT_VIEWED,
            "contact-ouvert": Act.REPORT_CONTACT_VIEWED,
            "copie-ouverte": Act.COPY_VIEWED,
            "brouillon-sans-signalement": Act.SOURCE_WITHDRAWN,
            "signalement-pris": Act.REPORT_CLAIMED,
            "signalement-rendu": Act.REPORT_RELEASED,
            "question": Act.REPORT_ASKED,
            "signalement-lu": Act.REPORT_READ,
            "signalement-retenu": Act.REPORT_ACCEPTED,
            "signalement-ecarte": Act.REPORT_DECLINED,
            "indesirable": Act.REPORT_SPAM,
            "indesirables-confirmes": Act.REPORT_SPAM_AGREED,
            "signalement-repris": Act.REPORT_REOPENED,
            "signalement-revenu": Act.REPORT_RETURNED,
            "signalement-detruit": Act.REPORT_PURGED,
        },
        "comptes": {
            "membre-invite": Act.MEMBER_INVITED,
            "invitation-reprise": Act.MEMBER_UNINVITED,
            "membre-ajoute": Act.MEMBER_ADDED,
            "membre-confirme": Act.MEMBER_CONFIRMED,
            "membre-desactive": Act.MEMBER_DISABLED,
            "membre-reactive": Act.MEMBER_ENABLED,
            "membre-role": Act.MEMBER_ROLE,
            "membre-remis": Act.MEMBER_RESET,
            "mot-de-passe": Act.MEMBER_PASSWORD,
            "seconde-preuve": Act.MEMBER_FACTOR,
            "seconde-preuve-retiree": Act.MEMBER_FACTOR_RESET,
        },
        "connexions": {
            "connexion": Act.SIGNED_IN,
            "seances-fermees": Act.SESSIONS_ENDED,
            "navigateurs-oublies": Act.BROWSERS_FORGOTTEN,
            "connexions-manquees": Act.SIGN_INS_FAILED,
        },
        "pages": {"page-modifiee": Act.PAGE_EDITED, "page-retablie": Act.PAGE_RESTORED},
    }
)
ACTS_BY_KIND: Mapping[str, Act] = MappingProxyType(
    {kind: act for group in ACT_GROUPS.values() for kind, act in group.items()}
)


@dataclass(frozen=True)
class MembersJournalQuery:
    """Filters of the members' journal.

    ``kind`` is a name of :data:`ACT_GROUPS` or :data:`ACTS_BY_KIND`; ``member`` an id or
    ``CONSOLE_MEMBER``; ``since`` and ``until`` are civil days in Paris, both included;
    ``ledger_name`` is a name of :data:`LEDGERS`.
    """

    member: int | None = None
    kind: str = ""
    number: int | None = None
    incident_id: int | None = None
    since: date | None = None
    until: date | None = None
    ledger_name: str = ""

    def pairs(self) -> list[tuple[str, str]]:
        """Parameters as (name, value), without the unused ones."""
        parameters = {
            "membre": self.member,
            "acte": self.kind,
            "cas": self.number,
            "dossier": self.incident_id,
            "du": self.since,
            "au": self.until,
            "livre": self.ledger_name,
        }
        return [(name, str(value)) for name, value in parameters.items() if value not in (None, "")]

    @property
    def acts(self) -> Sequence[Act]:
        """Acts of ``kind``; an empty sequence means all."""
        if self.kind in ACT_GROUPS:
            return tuple(ACT_GROUPS[self.kind].values())
        return (ACTS_BY_KIND[self.kind],) if self.kind else ()

    @property
    def ledgers(self) -> Sequence[Ledger]:
        """Ledgers that may have matching lines."""
        ledgers = [LEDGERS[self.ledger_name]] if self.ledger_name else list(LEDGERS.values())
        if self.member == CONSOLE_MEMBER:
            # In the reports' ledger, lines without a member are acts of reporters.
            ledgers = [ledger for ledger in ledgers if ledger is not Ledger.REPORTS]
        acts = self.acts
        return [
            ledger for ledger in ledgers if not acts or any(act.ledger is ledger for act in acts)
        ]
