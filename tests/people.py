"""The people of the tests, and their work.

Amina reports. Bruno and Chloé moderate, Ada is the administrator. Driss is a stranger here: his
account was disabled, and he knows the addresses that he used to open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import date

import pytest
from argon2 import PasswordHasher
from filed import AT, Filed
from sqlalchemy import Engine, select

from register.accounts import acts as accounts
from register.accounts import passwords
from register.accounts.models import Role
from register.cases import acts
from register.cases.case_content import Content, ProceedingContent, SourceContent
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident
from register.cases.second_person import Destruction
from register.journal import WriteTransaction, writing

PASSWORD = "une-phrase-de-passe"


@dataclass(frozen=True)
class Cast:
    """The ids of the members, as acts take them."""

    bruno: int
    chloe: int
    ada: int
    driss: int

    def email(self, name: str) -> str:
        """The address of one of them, by first name."""
        return f"{name}@register.test"


@contextmanager
def _cheap_passwords() -> Iterator[None]:
    # An honest argon2id takes 50 ms and 64 MiB; here only the accounts matter.
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(passwords, "_HASHER", cheap)
        yield


def hire(engine: Engine) -> Cast:
    roles = {
        "bruno": Role.MODERATOR,
        "chloe": Role.MODERATOR,
        "ada": Role.ADMINISTRATOR,
        "driss": Role.MODERATOR,
    }
    with _cheap_passwords(), writing(engine, AT) as p:
        made = {
            name: accounts.add_member(p, f"{name}@register.test", role, PASSWORD).id
            for name, role in roles.items()
        }
        accounts.disable_member(p, "driss@register.test")
    return Cast(**made)


def a_case(*, justice: bool = False, **changes: object) -> Content:
    """A case that the checklist lets pass; ``justice`` makes it one that asks for two people."""
    told = Content(
        title="Interdiction de filmer le conseil municipal de Gagny",
        summary="Selon le blog, le maire interdit de filmer la séance du conseil.",
        narrative="Selon le blog, le maire a interdit de **filmer** la séance.",
        date="2008-03-17",
        commune="93032",
        level="commune",
        actor="maire",
        target="blogueur",
        outlets=("Gagny Libre",),
        types=("interdiction_filmer",),
        evidence="documente",
        outcome="inconnue",
        sources=(SourceContent(url="https://exemple.test/gagny", kind="presse", label="presse"),),
    )
    if justice:
        suit = ProceedingContent(direction="contre_cible", nature="penale", plaintiff="maire")
        told = replace(told, types=("plainte_diffamation",), proceedings=(suit,))
    return replace(told, **changes)


class Desk:
    """What Bruno and Chloé do all day, in one word each, so that a test tells only its own act."""

    def __init__(
        self, pen: Callable[..., AbstractContextManager[WriteTransaction]], cast: Cast
    ) -> None:
        self.pen = pen
        self.cast = cast

    def draft(self, content: Content | None = None, **changes: object) -> Filed:
        """Bruno's draft."""
        with self.pen() as p:
            return Filed(self._draft(p, content, changes).id)

    def ready(self, content: Content | None = None, **changes: object) -> Filed:
        """Bruno's draft, its authority invited, approved by Chloé."""
        with self.pen() as p:
            return Filed(self._ready(p, content, changes).id)

    def published(self, content: Content | None = None, **changes: object) -> Filed:
        """A case that Bruno published with Chloé's approval."""
        with self.pen() as p:
            case = self._ready(p, content, changes)
            acts.publish(
                p,
                case.id,
                by=self.cast.bruno,
                reason="lu et vérifié",
                attested=ATTESTATIONS,
                flags_reason="relu",
            )
            return Filed(case.id, case.number)

    def withdrawn(self, content: Content | None = None, **changes: object) -> Filed:
        """A published case that Bruno withdrew as a mistake."""
        filed = self.published(content, **changes)
        with self.pen() as p:
            acts.withdraw(
                p, filed.id, by=self.cast.bruno, restriction="erreur", reason="erreur de lieu"
            )
        return filed

    def merged(self, **changes: object) -> Filed:
        """A published case that was merged into another one."""
        other = self.published()
        filed = self.published(**changes)
        with self.pen() as p:
            acts.merge(p, filed.id, into=other.number, by=self.cast.bruno, reason="même affaire")
        return filed

    def erased(self, **changes: object) -> Filed:
        """A published case that Ada erased with Chloé's approval."""
        filed = self.published(**changes)
        with self.pen() as p:
            acts.approve(p, filed.id, by=self.cast.chloe, purpose="erase")
            acts.erase(p, filed.id, by=self.cast.ada, restriction="donnee_personnelle")
        return filed

    def discarded(self, **changes: object) -> Filed:
        """A draft that Bruno gave up."""
        filed = self.draft(**changes)
        with self.pen() as p:
            acts.discard(p, filed.id, by=self.cast.bruno)
        return filed

    def received_reply(self, filed: Filed, text: str = "La commune conteste.") -> int:
        """A right of reply from the mairie, received on 2 March; the reply's id."""
        with self.pen() as p:
            row = acts.receive_reply(
                p,
                filed.id,
                by=self.cast.bruno,
                author="Ville de Gagny",
                capacity="la commune",
                text=text,
                received_on=date(2026, 3, 2),
            )
            return row.id

    def destroy(self, by: int | None = None) -> None:
        """Chloé confirms, or ``by``, the destruction of all that redactions have hidden."""
        with self.pen() as p:
            for which in p.session.scalars(select(Destruction.id).where(Destruction.ending == "")):
                acts.confirm_destruction(p, which, by=by or self.cast.chloe)

    def _draft(
        self, p: WriteTransaction, content: Content | None, changes: dict[str, object]
    ) -> Incident:
        told = content or a_case(**changes)
        return acts.draft(p, told, by=self.cast.bruno, reason="repéré dans la presse")

    def _ready(
        self, p: WriteTransaction, content: Content | None, changes: dict[str, object]
    ) -> Incident:
        case = self._draft(p, content, changes)
        acts.invite(p, case.id, "courriel au maire", by=self.cast.bruno, on=date(2026, 2, 20))
        acts.approve(p, case.id, by=self.cast.chloe)
        return case
