"""Transition rules of cases: who may do which act in which state, as pure functions on tables.

A refusal carries a key, which ``web`` and ``cli`` turn into a sentence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, replace

from register.accounts.models import Role
from register.cases.case_content import Content, RequestContent
from register.cases.models import CaseState
from register.cases.validation import UNKNOWN_WORD
from register.errors import Refused, TextError
from register.journal import Act
from register.text import dates

_DESK_ACTS = (
    Act.CLAIMED,
    Act.RELEASED,
    Act.ASSIGNED,
    Act.URGENCY_SET,
    Act.NOTED,
    Act.APPROVED,
    Act.INVITED,
    Act.CONTACT_NOTED,
    Act.CONTACT_ERASED,
    Act.SOURCE_COPIED,
    Act.EVIDENCE_ADDED,
    Act.EVIDENCE_REMOVED,
    Act.COPY_REQUESTED,
    Act.COPY_PAGE_REVIEWED,
    Act.COPY_REMOVED,
)
# State → the acts that are possible in it: for any member, but for ``ADMINISTRATORS_ACTS``. An act
# that is not listed is refused for the reason in REFUSALS.
POSSIBLE_ACTS: Mapping[CaseState, Collection[Act]] = {
    CaseState.DRAFT: (
        *_DESK_ACTS,
        *(Act.EDITED, Act.VERSION_REFUSED, Act.SOURCE_DROPPED, Act.DISCARDED),
        *(Act.PUBLISHED, Act.DRAFT_MERGED, Act.ERASED),
    ),
    CaseState.PUBLISHED: (
        *_DESK_ACTS,
        *(Act.FOLLOWED_UP, Act.REPLY_RECEIVED, Act.REPLIED, Act.REPLY_REFUSED),
        *(Act.CORRECTED, Act.REDACTED, Act.WITHDRAWN, Act.MERGED, Act.ERASED),
    ),
    CaseState.WITHDRAWN: (
        *_DESK_ACTS,
        *(Act.EDITED, Act.VERSION_REFUSED, Act.REDACTED, Act.RESTORED, Act.MERGED, Act.ERASED),
    ),
    CaseState.MERGED: (Act.APPROVED, Act.NOTED, Act.WITHDRAWN, Act.PARTED, Act.ERASED),
    CaseState.ERASED: (),
}
# Acts of administrators, which a second person must approve in any case. For what a content
# requires, see the checklist.
ADMINISTRATORS_ACTS = (Act.ERASED,)

# The reason of a refusal; the state's own reason when the act has none.
REFUSALS: dict[tuple[CaseState, Act], str] = {
    (CaseState.PUBLISHED, Act.PUBLISHED): "already_published",
    (CaseState.PUBLISHED, Act.EDITED): "published_changes_by_correction",
    (CaseState.PUBLISHED, Act.DISCARDED): "published_is_withdrawn",
    (CaseState.PUBLISHED, Act.RESTORED): "already_published",
    (CaseState.PUBLISHED, Act.DRAFT_MERGED): "not_a_draft",
    (CaseState.PUBLISHED, Act.SOURCE_DROPPED): "copy_goes_by_redaction",
    (CaseState.WITHDRAWN, Act.SOURCE_DROPPED): "copy_goes_by_redaction",
    (CaseState.WITHDRAWN, Act.PUBLISHED): "withdrawn_is_restored",
    (CaseState.WITHDRAWN, Act.WITHDRAWN): "already_withdrawn",
    (CaseState.WITHDRAWN, Act.DISCARDED): "not_a_draft",
    (CaseState.WITHDRAWN, Act.DRAFT_MERGED): "not_a_draft",
    (CaseState.DRAFT, Act.WITHDRAWN): "draft_is_discarded",
    (CaseState.DRAFT, Act.MERGED): "draft_has_no_number",
}
_STATE_REFUSALS = {
    CaseState.DRAFT: "not_published_yet",
    CaseState.PUBLISHED: "not_in_this_state",
    CaseState.WITHDRAWN: "case_withdrawn",
    CaseState.MERGED: "case_merged",
    CaseState.ERASED: "case_erased",
}


def require_possible(state: CaseState, act: Act) -> None:
    """Check that an act is possible in a state.

    :raises Refused: with the current state.
    """
    if act not in POSSIBLE_ACTS[state]:
        key = REFUSALS.get((state, act), _STATE_REFUSALS[state])
        raise Refused(key, state=state.value, act=act.value)


def require_allowed(state: CaseState, act: Act, role: Role, *, has_second: bool) -> None:
    """Check the state, the role and the second person.

    :param has_second: whether another member approved this revision for this act (or the register
        has a single moderator, who answers for both).
    :raises Refused: with the current state.
    """
    require_possible(state, act)
    if act in ADMINISTRATORS_ACTS and role is not Role.ADMINISTRATOR:
        raise Refused("administrators_only", state=state.value, act=act.value)
    if act in ADMINISTRATORS_ACTS and not has_second:
        raise Refused("second_person_missing", state=state.value, act=act.value)


def changed_fields(before: Content, after: Content) -> frozenset[str]:
    """The names of the fields that differ.

    ``proceedings.steps`` stands for one step added to the last of a proceeding, ``proceedings`` for
    any other change of them.
    """
    names = {
        spec.name
        for spec in fields(Content)
        if spec.name != "proceedings" and getattr(before, spec.name) != getattr(after, spec.name)
    }
    if before.proceedings != after.proceedings:
        names.add("proceedings.steps" if _adds_one_step(before, after) else "proceedings")
    return frozenset(names)


def _adds_one_step(before: Content, after: Content) -> bool:
    """Whether the proceedings differ by one step after the last of one of them."""
    changed = [
        (old, new)
        for old, new in zip(before.proceedings, after.proceedings, strict=False)
        if old != new
    ]
    return (
        len(before.proceedings) == len(after.proceedings)
        and len(changed) == 1
        and all(replace(new, steps=new.steps[:-1]) == old for old, new in changed)
    )


# What a follow-up may change; any other change is a correction. The evidence level follows from
# the decision that it adds.
FOLLOW_UP_FIELDS = frozenset({"outcome", "end_date", "proceedings.steps", "request"})


def require_follow_up(before: Content, after: Content) -> None:
    """Check that a follow-up adds to what is published, and neither changes nor removes any of it.

    It may add one step, move the end on, complete the request, and change an outcome, which was
    that of its day, to another known one.

    :raises Refused: ``needs_correction`` with the fields.
    """
    forbidden_fields = changed_fields(before, after) - FOLLOW_UP_FIELDS
    allowed_changes = {
        "outcome": _outcome_follows(before.outcome, after.outcome),
        "end_date": _end_follows(before.end_date, after.end_date),
        "request": before.request is None or _request_follows(before.request, after.request),
    }
    forbidden_fields |= {name for name, is_allowed in allowed_changes.items() if not is_allowed}
    if forbidden_fields:
        raise Refused("needs_correction", fields=sorted(forbidden_fields))


def _outcome_follows(before: str, after: str) -> bool:
    return after == before or after not in ("", UNKNOWN_WORD)


def _end_follows(before: str, after: str) -> bool:
    """Whether a date of the end is that of before or a later one, as exact as it."""
    if not before or before == after:
        return True
    try:
        earlier, later = dates.parse(before), dates.parse(after)
    except TextError:
        # The validation of the content refuses it, with its reason; an empty one removes the date.
        return bool(after)
    return later.first >= earlier.first and later.last >= earlier.last


def _request_follows(before: RequestContent, after: RequestContent | None) -> bool:
    """Whether a request has only fields added, apart from its outcome."""
    return after is not None and all(
        _outcome_follows(stored, vars(after)[name])
        if name == "outcome"
        else stored in ("", vars(after)[name])
        for name, stored in vars(before).items()
    )
