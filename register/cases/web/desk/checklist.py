"""The checklist of a case as its pages show it: each line in words, and where it is mended."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from register.cases import checklist as checks
from register.cases.checklist import ATTESTATIONS, Circumstances, Flag
from register.cases.member_view import DeskCase
from register.cases.models import CaseState
from register.cases.web.desk.act_view import case_address
from register.web.context import current_vocabulary, settings
from register.web.error_messages import check_sentence
from register.web.l10n import typeset
from register.web.messages import MET_CHECKS

# Where a line is mended: the page of the case, and the field there.
_FIX_PAGES = {
    "texts": "modifier#title",
    "summary_length": "modifier#summary",
    "source": "modifier#sources",
    "types": "modifier#type_1",
    "parties": "modifier#actor",
    "place": "modifier#quand",
    "evidence": "modifier#evidence",
    "outcome": "modifier#outcome",
    "court": "modifier#procedures",
    "invitation": "inviter",
    "second": "approuver",
    "report_withdrawn": "modifier#without_report",
}


@dataclass(frozen=True)
class ChecklistLine:
    """A line of the checklist; ``fix_address`` is the address that mends an unmet one."""

    code: str
    met: bool
    sentence: str
    fix_address: str


@dataclass(frozen=True)
class CaseChecklist:
    """The checklist of a case before one act, for one member."""

    lines: Sequence[ChecklistLine]
    flags: Sequence[Flag]
    needs_second: bool
    # Nobody else is asked: the register has one moderator, and the public case will say so.
    single: bool

    @property
    def unmet(self) -> Sequence[ChecklistLine]:
        """What blocks."""
        return [line for line in self.lines if not line.met]


def case_checklist(
    desk_case: DeskCase, attested: Collection[str] = (), flags_reason: str = ""
) -> CaseChecklist:
    """The checklist as it stands for the member who asks.

    :param attested: what is ticked in the form.
    :param flags_reason: what is written there about flagged words.
    """
    flags, terms = checks.risk_flags(desk_case.content), current_vocabulary()
    single = settings().single_moderator
    circumstances = Circumstances(
        invited=bool(desk_case.invitations),
        seconded=bool(desk_case.second_persons.get("publish")),
        single_moderator=single,
        attested=attested,
        flags_reason=flags_reason,
        needed_before=desk_case.needs_second_person,
        displayed_texts=checks.displayed_texts(desk_case),
        report_withdrawn=desk_case.report_withdrawn,
    )
    lines = checks.build_checklist(desk_case.content, terms, circumstances, flags)
    needs_second = checks.needs_second(
        desk_case.content,
        terms,
        flags,
        needed_before=desk_case.needs_second_person,
        added_texts=circumstances.displayed_texts,
    )
    act = "publier" if desk_case.state == CaseState.DRAFT else "retablir"
    return CaseChecklist(
        [_checklist_line(desk_case, act, line) for line in lines],
        flags,
        needs_second,
        needs_second and single,
    )


def _checklist_line(desk_case: DeskCase, act: str, line: checks.CheckItem) -> ChecklistLine:
    field = line.code if line.code in (*ATTESTATIONS, "flags") else ""
    field = "flags_reason" if field == "flags" else field
    fix_page = _FIX_PAGES.get(line.code) or f"{act}#{field}"
    line_text = MET_CHECKS[line.code] if line.met else check_sentence(line)
    return ChecklistLine(
        line.code, line.met, typeset(str(line_text)), case_address(desk_case.id, fix_page)
    )
