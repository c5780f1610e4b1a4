"""Follow-ups and corrections, made at once or once a second person approves them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from register.cases import act_permissions, validation
from register.cases import case_content as contents
from register.cases.acts import _steps as steps
from register.cases.acts._public_checks import line_details, propose_if_needed
from register.cases.acts.mergers import merge, part
from register.cases.acts.replies import reply
from register.cases.case_content import Content
from register.cases.models import FollowUp, Incident
from register.cases.risk_flags import GivenReasons
from register.cases.second_person import PendingChange, Proposal
from register.errors import Invalid, Refused, TextError
from register.journal import Act, JournalEntry, WriteTransaction
from register.key_store import KeyStore
from register.text import dates
from register.text.normalisation import one_line

TITLE_LIMIT = 300
REASON_LIMIT = 2_000


def follow_up(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    reason: str,
    attested: Collection[str],
    title: str,
    text: str,
    happened_on: str = "",
    source_url: str = "",
    no_source: str = "",
    flag_reasons: GivenReasons = "",
    content: Content | None = None,
    seen: int | None = None,
    second: int | None = None,
    single: bool = False,
) -> JournalEntry:
    """Add a dated follow-up; ``content`` may add one step to a proceeding, and change the outcome.

    :param no_source: why there is no address of a source; readers see it.
    :param attested: what its author attests (see :data:`register.cases.checklist.ATTESTATIONS`).
    :param flag_reasons: the reasons of the risk flags that the public text does not have yet.
    :param second: a member who approves it in this same act. Without one, a follow-up that needs a
        second person becomes a pending change, and the line is that of the proposal.
    :raises Incomplete: ``checklist``, with the unmet items.
    :raises Refused: ``needs_correction`` when ``content`` changes more than that.
    """
    case, member = steps.begin_act(tx, incident_id, Act.FOLLOWED_UP, by, seen)
    if content is not None:
        before = contents.content_of(case)
        # The evidence level follows from the decision that is added, also in a pending change.
        content = replace(content.cleaned(), evidence=before.evidence)
        act_permissions.require_follow_up(before, content)
        content = _with_follow_up(before, content, len(case.follow_ups) + 1)
        content = steps.valid_content(tx, content, case)
    source_url, no_source = one_line(source_url), one_line(no_source)
    if any(validation.url_faults("source_url", source_url)):
        raise Invalid("url", field="source_url")
    if bool(source_url) == bool(no_source):
        raise Invalid("no_source", field="no_source")
    arguments = {
        "happened_on": _valid_date("happened_on", happened_on),
        "title": steps.required_text("title", title, limit=TITLE_LIMIT),
        "text": steps.required_text("text", text, multiline=True),
        "source_url": source_url,
        "no_source": no_source,
    }
    proposal = Proposal(
        Act.FOLLOWED_UP,
        steps.required_text("reason", reason),
        content,
        arguments,
        attested=attested,
        flag_reasons=flag_reasons,
    )
    proposal_line = propose_if_needed(tx, case, member, proposal, second, single=single)
    if proposal_line is not None:
        return proposal_line
    new_follow_up = FollowUp(added_at=tx.at, **arguments)
    case.follow_ups.append(new_follow_up)
    tx.session.flush()
    case.moved_at = tx.at
    details = {"follow_up": new_follow_up.id, **line_details(second)}
    return steps.record_change(tx, case, member, proposal, details)


def _with_follow_up(before: Content, after: Content, rank: int) -> Content:
    """The content whose added step has the rank of the follow-up that adds it."""
    proceedings = []
    for old, new in zip(before.proceedings, after.proceedings, strict=True):
        added_steps = (replace(step, follow_up=rank) for step in new.steps[len(old.steps) :])
        proceedings.append(replace(new, steps=(*old.steps, *added_steps)))
    return replace(after, proceedings=tuple(proceedings))


def correct(
    tx: WriteTransaction,
    incident_id: int,
    content: Content,
    *,
    by: int,
    reason: str,
    attested: Collection[str],
    public_note: str,
    flag_reasons: GivenReasons = "",
    seen: int | None = None,
    second: int | None = None,
    single: bool = False,
    store: KeyStore | None = None,
) -> JournalEntry:
    """Change a published text, with a public note; the earlier text stays in its revision.

    For the other arguments see :func:`follow_up`, and for ``store`` :func:`publish`.

    :raises Incomplete: ``checklist``, with the unmet items.
    :raises Refused: ``nothing_changed``.
    """
    case, member = steps.begin_act(tx, incident_id, Act.CORRECTED, by, seen)
    content = changed_content(tx, case, content)
    note = steps.required_text("public_note", public_note)
    proposal = Proposal(
        Act.CORRECTED,
        steps.required_text("reason", reason),
        content,
        {"public_note": note},
        attested=attested,
        flag_reasons=flag_reasons,
    )
    proposal_line = propose_if_needed(
        tx, case, member, proposal, second, single=single, store=store
    )
    if proposal_line is not None:
        return proposal_line
    case.moved_at = tx.at
    details = steps.add_correction(tx, case, note)
    details |= line_details(second)
    return steps.record_change(tx, case, member, proposal, details)


def changed_content(
    tx: WriteTransaction, case: Incident, content: Content, *, is_unchanged_allowed: bool = False
) -> Content:
    """The new content of a published case, cleaned and validated.

    :param is_unchanged_allowed: whether the content may equal the present one, because the act
        changes something else.
    :raises Refused: ``nothing_changed``.
    """
    content = steps.valid_content(tx, content, case)
    changed = act_permissions.changed_fields(contents.content_of(case), content)
    if not changed and not is_unchanged_allowed:
        raise Refused("nothing_changed", state=case.state)
    return content


def approve_change(
    tx: WriteTransaction,
    change_id: int,
    *,
    by: int,
    single: bool = False,
    store: KeyStore | None = None,
) -> JournalEntry:
    """Approve a pending change and make it, in the name of the member who proposed it.

    :param single: the register has one moderator, who may approve their own change.
    :raises NotFound: ``no_such_change``.
    :raises Refused: ``change_refused``, ``change_stale`` once readers see another version; the
        refusals of :func:`vouching.require_second`.
    """
    change = steps.load_row(tx, PendingChange, change_id, "no_such_change")
    case, member = steps.begin_act(tx, change.incident_id, Act(change.act), by)
    if change.refused_at is not None:
        raise Refused("change_refused", state=case.state)
    if change.revision_id != case.revision_id:
        raise Refused("change_stale", state=case.state)
    steps.require_second(tx, member, change.made_by, single=single)
    steps.record_approval(tx, case, member, "change", change=change.id)
    proposal = change.proposal
    arguments: dict[str, Any] = {
        **(proposal.words or {}),
        "by": change.made_by,
        "reason": proposal.reason,
        "seen": change.revision_id,
        "second": by,
        "single": single,
    }
    checks: dict[str, Any] = {"attested": proposal.attested, "flag_reasons": proposal.flag_reasons}
    if proposal.act is Act.REPLIED:
        line = reply(tx, proposal.reply or 0, **arguments, **checks)
    elif proposal.act is Act.MERGED:
        arguments["into"] = int(arguments["into"])
        line = merge(tx, case.id, **arguments, store=store)
    elif proposal.act is Act.PARTED:
        line = part(tx, case.id, **arguments, store=store)
    elif proposal.act is Act.FOLLOWED_UP:
        line = follow_up(tx, case.id, content=proposal.content, **arguments, **checks)
    else:
        content = proposal.content or Content()
        line = correct(tx, case.id, content, **arguments, **checks, store=store)
    tx.session.delete(change)
    tx.session.flush()
    return line


def _valid_date(field_name: str, edtf: str) -> str:
    """The date unchanged; an empty one is valid."""
    if edtf:
        try:
            dates.parse(edtf)
        except TextError as error:
            raise Invalid(error.key, field=field_name, value=edtf[:40]) from error
    return edtf
