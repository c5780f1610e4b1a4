"""The step that every change of the public text passes: checklist, attestations, flags' reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import bindparam, select

from register.cases import case_content as contents
from register.cases.checklist import ATTESTATIONS, Checklist, Circumstances, build_checklist
from register.cases.models import Incident, Invitation
from register.cases.risk_flags import Flag, document_flags, reason_for, stored_reasons
from register.cases.second_person import Proposal, needed_before
from register.cases.vocabulary import current_vocabulary
from register.errors import Incomplete
from register.journal import WriteTransaction

# What the journal says of an act that passed the checklist: all of it was attested.
ATTESTED = {"attested": sorted(ATTESTATIONS)}
# Built once, because an import executes it for every row.
_INVITED = select(Invitation.id).where(Invitation.incident_id == bindparam("case")).limit(1)


def unexplained_flags(tx: WriteTransaction, case: Incident) -> list[Flag]:
    """The risk flags of the present text that have no reason."""
    reasons = stored_reasons(tx.session, case.id)
    flags = document_flags(contents.document_of(case))
    return [flag for flag in flags if not reason_for(flag, reasons)]


def require_complete(
    tx: WriteTransaction, case: Incident, content: contents.Content, circumstances: Circumstances
) -> Checklist:
    """Check the public text that an act makes.

    :param content: the content after the act.
    :param circumstances: all but the invitation and whether the case needed a second person.
    :raises Incomplete: ``checklist``, with the unmet items.
    """
    vocabulary = current_vocabulary(tx.session)
    circumstances = replace(
        circumstances,
        invited=tx.session.scalar(_INVITED, {"case": case.id}) is not None,
        needed_before=needed_before(tx.session, case, vocabulary),
    )
    result = build_checklist(content, vocabulary, circumstances)
    if result.unmet:
        raise Incomplete("checklist", lines=result.unmet, state=case.state)
    return result


def require_change_complete(
    tx: WriteTransaction, case: Incident, proposal: Proposal, added_texts: Sequence[tuple[str, str]]
) -> Checklist:
    """Check a change of a public case; its second person is decided apart.

    Flags that readers see already need no new reason.

    :param added_texts: the texts that it adds apart from the content, with their fields.
    :raises Incomplete: as :func:`require_complete`.
    """
    document = contents.document_of(case)
    circumstances = Circumstances(
        seconded=True,
        attested=proposal.attested,
        flag_reasons=proposal.flag_reasons,
        displayed_texts=added_texts,
        public_flags=document_flags(document),
    )
    content = proposal.content or contents.parse_content(document)
    return require_complete(tx, case, content, circumstances)
