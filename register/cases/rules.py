"""What may be done to a case, by whom, and with whom: pure, decided by tables.

Nothing here reads a database. A refusal is a key that ``web`` and ``cli`` turn into a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any

from register.accounts.models import Role
from register.cases.case_content import Content, ProceedingContent
from register.cases.models import State
from register.errors import Refused
from register.journal import Act

ANY = frozenset(Role)
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})


@dataclass(frozen=True)
class Rule:
    """Who may do an act, and whether a second person must have said yes to it.

    ``second``: ``never``; ``content`` when the case's content asks for it (a type of the family
    justice, a risk flag); ``always``.
    """

    roles: frozenset[Role]
    second: str = "never"


_EVERY_DAY = Rule(ANY)
_PUBLIC = Rule(ANY, "content")
_GRAVE = Rule(ADMINISTRATORS, "always")

# (state, act) → rule. What is not here is refused, and REFUSALS says why.
TABLE: dict[tuple[State, Act], Rule] = {
    (State.DRAFT, Act.EDITED): _EVERY_DAY,
    (State.DRAFT, Act.DISCARDED): _EVERY_DAY,
    (State.DRAFT, Act.CLAIMED): _EVERY_DAY,
    (State.DRAFT, Act.RELEASED): _EVERY_DAY,
    (State.DRAFT, Act.NOTED): _EVERY_DAY,
    (State.DRAFT, Act.APPROVED): _EVERY_DAY,
    (State.DRAFT, Act.INVITED): _EVERY_DAY,
    (State.DRAFT, Act.PUBLISHED): _PUBLIC,
    (State.DRAFT, Act.DRAFT_MERGED): _EVERY_DAY,
    (State.DRAFT, Act.ERASED): _GRAVE,
    (State.PUBLISHED, Act.CLAIMED): _EVERY_DAY,
    (State.PUBLISHED, Act.RELEASED): _EVERY_DAY,
    (State.PUBLISHED, Act.NOTED): _EVERY_DAY,
    (State.PUBLISHED, Act.APPROVED): _EVERY_DAY,
    (State.PUBLISHED, Act.INVITED): _EVERY_DAY,
    (State.PUBLISHED, Act.FOLLOWED_UP): _EVERY_DAY,
    (State.PUBLISHED, Act.REPLY_RECEIVED): _EVERY_DAY,
    (State.PUBLISHED, Act.REPLIED): _EVERY_DAY,
    (State.PUBLISHED, Act.REPLY_REFUSED): _EVERY_DAY,
    (State.PUBLISHED, Act.CORRECTED): _EVERY_DAY,
    (State.PUBLISHED, Act.REDACTED): _EVERY_DAY,
    (State.PUBLISHED, Act.WITHDRAWN): _EVERY_DAY,
    (State.PUBLISHED, Act.MERGED): _EVERY_DAY,
    (State.PUBLISHED, Act.ERASED): _GRAVE,
    (State.WITHDRAWN, Act.CLAIMED): _EVERY_DAY,
    (State.WITHDRAWN, Act.RELEASED): _EVERY_DAY,
    (State.WITHDRAWN, Act.NOTED): _EVERY_DAY,
    (State.WITHDRAWN, Act.APPROVED): _EVERY_DAY,
    (State.WITHDRAWN, Act.INVITED): _EVERY_DAY,
    (State.WITHDRAWN, Act.EDITED): _EVERY_DAY,
    (State.WITHDRAWN, Act.REDACTED): _EVERY_DAY,
    (State.WITHDRAWN, Act.RESTORED): _PUBLIC,
    (State.WITHDRAWN, Act.MERGED): _EVERY_DAY,
    (State.WITHDRAWN, Act.ERASED): _GRAVE,
    (State.MERGED, Act.APPROVED): _EVERY_DAY,
    (State.MERGED, Act.ERASED): _GRAVE,
}

# Why an act is refused in a state where the table does not have it; the state's own reason when
# the act has none.
REFUSALS: dict[tuple[State, Act], str] = {
    (State.PUBLISHED, Act.PUBLISHED): "already_published",
    (State.PUBLISHED, Act.EDITED): "published_changes_by_correction",
    (State.PUBLISHED, Act.DISCARDED): "published_is_withdrawn",
    (State.PUBLISHED, Act.RESTORED): "already_published",
    (State.PUBLISHED, Act.DRAFT_MERGED): "not_a_draft",
    (State.WITHDRAWN, Act.PUBLISHED): "withdrawn_is_restored",
    (State.WITHDRAWN, Act.WITHDRAWN): "already_withdrawn",
    (State.WITHDRAWN, Act.DISCARDED): "not_a_draft",
    (State.WITHDRAWN, Act.DRAFT_MERGED): "not_a_draft",
    (State.DRAFT, Act.WITHDRAWN): "draft_is_discarded",
    (State.DRAFT, Act.MERGED): "draft_has_no_number",
}
_STATE_REFUSALS = {
    State.DRAFT: "not_published_yet",
    State.PUBLISHED: "not_in_this_state",
    State.WITHDRAWN: "case_withdrawn",
    State.MERGED: "case_merged",
    State.ERASED: "case_erased",
}


def rule_for(state: State, act: Act) -> Rule:
    """The rule of an act in a state.

    :raises Refused: the act is not possible in that state.
    """
    rule = TABLE.get((state, act))
    if rule is None:
        key = REFUSALS.get((state, act), _STATE_REFUSALS[state])
        raise Refused(key, state=state.value, act=act.value)
    return rule


def require(state: State, act: Act, role: Role, *, asks_second: bool, has_second: bool) -> None:
    """Let an act pass or say why not.

    :param asks_second: whether the case's content asks for a second person.
    :param has_second: whether another member approved this very revision for this act (or the
        register has a single moderator, who answers for both).
    :raises Refused: with the state as it now is.
    """
    rule = rule_for(state, act)
    if role not in rule.roles:
        raise Refused("administrators_only", state=state.value, act=act.value)
    wanted = rule.second == "always" or (rule.second == "content" and asks_second)
    if wanted and not has_second:
        raise Refused("second_person_missing", state=state.value, act=act.value)


def changed(before: Content, after: Content) -> frozenset[str]:
    """Which fields differ; those of proceedings that tell their course are named apart.

    ``proceedings.course`` stands for outcome, its date, appeal and steps; ``proceedings`` for
    everything else in them.
    """
    names = {
        spec.name
        for spec in fields(Content)
        if spec.name != "proceedings" and getattr(before, spec.name) != getattr(after, spec.name)
    }
    if before.proceedings != after.proceedings:
        same = [_still(row) for row in before.proceedings] == [
            _still(row) for row in after.proceedings
        ]
        names.add("proceedings.course" if same else "proceedings")
    return frozenset(names)


def _still(row: ProceedingContent) -> ProceedingContent:
    return replace(row, outcome="", outcome_date="", appeal="", steps=())


# What a follow-up may change; everything else is a correction (domain: after publication).
BY_FOLLOW_UP = frozenset({"outcome", "end_date", "proceedings.course", "request"})


def require_follow_up(before: Content, after: Content) -> None:
    """A follow-up moves outcome and steps, never the account.

    :raises Refused: ``needs_correction`` with the fields.
    """
    beyond = changed(before, after) - BY_FOLLOW_UP
    if beyond:
        raise Refused("needs_correction", fields=sorted(beyond))


def texts(content: Content) -> Iterator[tuple[str, str]]:
    """Every free text of a case with its field's name; addresses of sources are no text."""
    skipped = {"url", "archived_url", "source_url"}

    def walk(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
        if isinstance(value, str):
            if value:
                yield prefix, value
        elif isinstance(value, tuple):
            for part in value:
                yield from walk(prefix, part)
        elif hasattr(value, "__dataclass_fields__"):
            for spec in fields(value):
                if spec.name not in skipped:
                    yield from walk(f"{prefix}.{spec.name}", getattr(value, spec.name))

    for spec in fields(content):
        yield from walk(spec.name, getattr(content, spec.name))
