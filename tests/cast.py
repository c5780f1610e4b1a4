"""The people of the tests, and their acts.

Amina reports. Bruno and Chloé are moderators, Ada is the administrator. The account of Driss was
disabled; he still knows the addresses of the desk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache

import attested_acts as acts
import pytest
from argon2 import PasswordHasher
from case_contents import a_case, rich_case
from sqlalchemy import Engine, select

from register.accounts import acts as accounts
from register.accounts import passwords
from register.accounts.models import Role
from register.cases.case_content import Content, LinkContent
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident
from register.cases.second_person import Destruction
from register.journal import WriteTransaction, writing

PASSWORD = "une-phrase-de-passe"
# The time of the tests.
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@dataclass(frozen=True)
class CaseRef:
    """A case: its id, and its number once published."""

    id: int
    number: int | None = None


@dataclass(frozen=True)
class Cast:
    """The ids of the members."""

    bruno: int
    chloe: int
    ada: int
    driss: int

    def email(self, name: str) -> str:
        """The e-mail address of a member, by first name."""
        return f"{name}@register.test"


# A hash of the register takes 50 ms of four processors, and 64 MiB; ``costly_hashes`` has them.
COSTLY_HASHER = passwords._HASHER
CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@cache
def _password_hash() -> str:
    return CHEAP_HASHER.hash(PASSWORD)


@contextmanager
def _cheap_passwords() -> Iterator[None]:
    # Checking and hashing the same four passwords would be most of what many tests do.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hash_password", lambda *_: _password_hash())
        yield


def add_members(p: WriteTransaction, roles: Mapping[str, Role]) -> dict[str, int]:
    """Accounts with ``PASSWORD``, by address; their ids."""
    with _cheap_passwords():
        return {
            email: accounts.add_member(p, email, role, PASSWORD).id for email, role in roles.items()
        }


def hire(engine: Engine) -> Cast:
    roles = {
        "bruno": Role.MODERATOR,
        "chloe": Role.MODERATOR,
        "ada": Role.ADMINISTRATOR,
        "driss": Role.MODERATOR,
    }
    with writing(engine, AT) as p:
        members = add_members(p, {f"{name}@register.test": role for name, role in roles.items()})
        accounts.disable_member(p, members["driss@register.test"])
    return Cast(*members.values())


def ready_case(p: WriteTransaction, content: Content, *, by: int, second: int) -> Incident:
    """A draft whose authority was invited, and that a second member approved."""
    case = acts.draft(p, content, by=by, reason="repéré dans la presse")
    acts.invite(p, case.id, "courriel au maire", by=by, on=date(2026, 2, 20))
    acts.approve(p, case.id, by=second)
    return case


def publish_case(p: WriteTransaction, content: Content, *, by: int, second: int) -> Incident:
    """A published case."""
    case = ready_case(p, content, by=by, second=second)
    attestations = {"attested": ATTESTATIONS, "flag_reasons": "relu"}
    acts.publish(p, case.id, by=by, reason="lu et vérifié", **attestations)
    return case


def publish_full_case(pen: WriteTransaction, linked_number: int, *, by: int, second: int) -> int:
    """A contested case with a reply, a follow-up, a correction and a link."""
    content = rich_case()
    case = publish_case(pen, content, by=by, second=second)
    row = acts.receive_reply(
        pen,
        case.id,
        by=by,
        author="Commune de Rostrenen",
        capacity="la commune",
        text="La commune conteste : la séance avait été levée.",
        received_on=date(2026, 3, 1),
    )
    acts.reply(pen, row.id, by=by, second=second, reason="demande régulière")
    acts.follow_up(
        pen,
        case.id,
        by=by,
        second=second,
        reason="nouvelle audience",
        title="L'audience d'appel est fixée",
        text="Elle se tiendra à **Rennes**.",
        happened_on="2026-02-27",
        source_url="https://exemple.test/appel",
    )
    corrected = replace(content, steps_taken="lettre au préfet, puis à la CADA")
    corrected = replace(corrected, links=(LinkContent("voir_aussi", linked_number),))
    members = {"by": by, "second": second}
    acts.correct(
        pen, case.id, corrected, reason="oubli", public_note="Démarche ajoutée.", **members
    )
    assert case.number
    return case.number


class Desk:
    """Acts of Bruno and Chloé that bring a case into a state.

    :param add_first_case: ``Registers.first_case`` of the register, while ``pen`` is the given one.
    """

    def __init__(
        self,
        pen: Callable[..., AbstractContextManager[WriteTransaction]],
        cast: Cast,
        add_first_case: Callable[[str, Callable[[], CaseRef]], CaseRef] | None = None,
    ) -> None:
        self.pen = self._first_pen = pen
        self.cast = cast
        self._add_first_case = add_first_case

    def draft(self, content: Content | None = None, **changes: object) -> CaseRef:
        """Bruno's draft."""

        def add(content: Content) -> CaseRef:
            with self.pen() as p:
                case = acts.draft(p, content, by=self.cast.bruno, reason="repéré dans la presse")
                return CaseRef(case.id)

        return self._add("draft", add, content, changes)

    def ready(self, content: Content | None = None, **changes: object) -> CaseRef:
        """Bruno's draft, its authority invited, approved by Chloé."""

        def add(content: Content) -> CaseRef:
            with self.pen() as p:
                return CaseRef(ready_case(p, content, **self._two).id)

        return self._add("ready", add, content, changes)

    def published(self, content: Content | None = None, **changes: object) -> CaseRef:
        """A case that Bruno published with Chloé's approval."""

        def add(content: Content) -> CaseRef:
            with self.pen() as p:
                case = publish_case(p, content, **self._two)
                return CaseRef(case.id, case.number)

        return self._add("published", add, content, changes)

    def _add(
        self,
        state: str,
        add: Callable[[Content], CaseRef],
        content: Content | None,
        changes: Mapping[str, object],
    ) -> CaseRef:
        if content or changes or self.pen != self._first_pen or not self._add_first_case:
            return add(content or a_case(**changes))
        return self._add_first_case(state, lambda: add(a_case()))

    def withdrawn(self, content: Content | None = None, **changes: object) -> CaseRef:
        """A published case that Bruno withdrew as a mistake."""
        case = self.published(content, **changes)
        with self.pen() as p:
            acts.withdraw(
                p, case.id, by=self.cast.bruno, restriction="erreur", reason="erreur de lieu"
            )
        return case

    def merged(self, **changes: object) -> CaseRef:
        """A published case that was merged into another one."""
        other = self.published()
        case = self.published(**changes)
        with self.pen() as p:
            acts.merge(
                p,
                case.id,
                into=other.number,
                by=self.cast.bruno,
                second=self.cast.chloe,
                reason="même affaire",
            )
        return case

    def erased(self, **changes: object) -> CaseRef:
        """A published case that Ada erased with Chloé's approval."""
        case = self.published(**changes)
        with self.pen() as p:
            acts.approve(p, case.id, by=self.cast.chloe, purpose="erase")
            acts.erase(p, case.id, by=self.cast.ada, restriction="donnee_personnelle")
        return case

    def discarded(self, **changes: object) -> CaseRef:
        """A draft that Bruno gave up."""
        case = self.draft(**changes)
        with self.pen() as p:
            acts.discard(p, case.id, by=self.cast.bruno)
        return case

    def received_reply(self, case: CaseRef, text: str = "La commune conteste.") -> int:
        """A right of reply from the mairie, received on 2 March; the reply's id."""
        with self.pen() as p:
            row = acts.receive_reply(
                p,
                case.id,
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
            for destruction_id in p.session.scalars(
                select(Destruction.id).where(Destruction.ending == "")
            ):
                acts.confirm_destruction(p, destruction_id, by=by or self.cast.chloe)

    @property
    def _two(self) -> dict[str, int]:
        return {"by": self.cast.bruno, "second": self.cast.chloe}
