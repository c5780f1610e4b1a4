"""Refusals of a version that waits, and of a pending change, by a second reader."""

from __future__ import annotations

from sqlalchemy import update

from register.accounts.models import Member
from register.cases import case_content as contents
from register.cases import second_person
from register.cases.acts import _steps as steps
from register.cases.acts.marks import end_assignment
from register.cases.acts.public_changes import REASON_LIMIT
from register.cases.case_content import CaseSnapshot
from register.cases.models import Refusable, Reply, Revision
from register.cases.refusals import locate_passage
from register.cases.second_person import PendingChange
from register.errors import Invalid, Refused
from register.journal import Act, JournalEntry, WriteTransaction
from register.text.normalisation import clean

PASSAGE_LIMIT = 1_000


def refuse_version(
    tx: WriteTransaction,
    incident_id: int,
    *,
    by: int,
    refusal: str,
    passage: str = "",
    seen: int | None = None,
) -> JournalEntry:
    """Refuse the current version of a draft or of a withdrawn case, with a reason for its writer.

    It can no longer be approved or published; a new version, saved by any member, answers it.

    :param passage: the passage of the public page that the refusal is about.
    :raises Refused: ``own_version_refused``; ``version_refused`` when another member was first;
        ``report_withdrawn`` when the text of the version is destroyed.
    :raises Invalid: ``passage_missing``: the text has no such passage.
    """
    case, member = steps.begin_act(tx, incident_id, Act.VERSION_REFUSED, by, seen)
    revision = tx.load(Revision, case.revision_id)
    if revision.made_by == member.id:
        raise Refused("own_version_refused", state=case.state)
    if revision.content is None:
        raise Refused("report_withdrawn", state=case.state)
    steps.require_not_refused(case)
    snapshot = contents.parse_snapshot(revision.content, revision.html)
    end_assignment(case, Act.VERSION_REFUSED, member.id)
    _write_refusal(tx, revision, member.id, refusal, passage, snapshot)
    return steps.record(tx, Act.VERSION_REFUSED, case, member.id, revision.id)


def refuse_change(
    tx: WriteTransaction, change_id: int, *, by: int, refusal: str = "", passage: str = ""
) -> JournalEntry:
    """Refuse a change with a reason, or cancel it: its own author, or anybody once their account
    is closed.

    :param passage: the passage of the page with the change that the refusal is about.
    :raises NotFound: ``no_such_change``.
    :raises Refused: ``change_refused``: another member has refused it before.
    :raises Invalid: ``passage_missing``, as for :func:`refuse_version`.
    """
    change = steps.load_row(tx, PendingChange, change_id, "no_such_change")
    case, member = steps.begin_act(tx, change.incident_id, Act.NOTED, by)
    is_own = member.id == change.made_by
    is_orphan = not tx.load(Member, change.made_by).is_active
    if is_own or is_orphan:
        # Nobody else would take it up again.
        tx.session.delete(change)
    else:
        if change.refused_at is not None:
            raise Refused("change_refused", state=case.state)
        proposal = change.proposal
        reply = tx.load(Reply, proposal.reply) if proposal.reply is not None else None
        snapshot = second_person.preview_change(
            contents.document_of(case), proposal, change.made_at, reply
        )
        _write_refusal(tx, change, member.id, refusal, passage, snapshot)
    if not is_own:
        # From now on no change is made alone, not even one without the refused words.
        tx.session.execute(
            update(Revision)
            .where(Revision.incident_id == case.id, Revision.act == Act.PUBLISHED.value)
            .values(needs_second=True)
        )
    tx.session.flush()
    return steps.record(
        tx, Act.CHANGE_REFUSED, case, member.id, change=change_id, taken_back=is_own
    )


def _write_refusal(
    tx: WriteTransaction,
    row: Refusable,
    by: int,
    refusal: str,
    passage: str,
    snapshot: CaseSnapshot,
) -> None:
    row.refusal = steps.required_text("refusal", refusal, multiline=True, limit=REASON_LIMIT)
    passage = clean(passage).strip()
    if len(passage) > PASSAGE_LIMIT:
        raise Invalid("too_long", field="passage", limit=PASSAGE_LIMIT)
    if passage and locate_passage(snapshot, passage) is None:
        raise Invalid("passage_missing", field="passage")
    row.passage, row.refused_by, row.refused_at = passage, by, tx.at
    tx.session.flush()
