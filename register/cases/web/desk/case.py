"""Page of a case on the desk, its checklist and its legal periods."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from flask import render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from register.accounts.web import current_member
from register.cases import checklist as checks
from register.cases import deadlines
from register.cases.case_content import CaseSnapshot
from register.cases.checklist import ATTESTATIONS, Circumstances, Flag
from register.cases.deadlines import PeriodScope
from register.cases.member_view import DeskCase, ReplyRow
from register.cases.models import CaseState
from register.cases.vocabulary import VocabularyWord
from register.cases.web.desk.act_view import available_acts, case_address, open_case
from register.cases.web.public.case_view import CaseView, build_case_view
from register.db import db, now
from register.journal import Act
from register.reports.web.desk.report_summary import note_retained_view
from register.text import markup
from register.text.dates import paris_day
from register.web.blueprints import desk
from register.web.error_messages import check_sentence, field_name
from register.web.l10n import typeset
from register.web.languages import in_french
from register.web.messages import (
    APPROVED_BY_READER,
    CASE_STATES,
    FIELD_NAMES,
    LIMITATION_PERIODS,
    MET_CHECKS,
    PERIOD_BEGINNINGS,
    PUBLIC_CHANGES,
    RISK_NAMES,
)
from register.web.request_context import current_vocabulary, settings

# Line of the checklist → page of the case and field where it is fixed.
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
    """A line of the checklist; ``fix_address`` is where an unmet one is fixed."""

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
    # A second person would be needed, but the register has one moderator; the public case says so.
    single: bool

    @property
    def unmet(self) -> Sequence[ChecklistLine]:
        """The lines that block the act."""
        return [line for line in self.lines if not line.met]


@dataclass(frozen=True)
class ActConsequence:
    """The public changes of an act, in sentences; ``until``: the end of a period that it opens."""

    changes: list[str]
    opening: str
    until: date | None


@dataclass(frozen=True)
class RunningPeriod:
    """A limitation period that has not ended."""

    words: str
    began: date
    ends: date
    days_left: int


@dataclass(frozen=True)
class ReplyDeadline:
    """Deadline and length of a reply; ``days_left`` is negative after the deadline."""

    days_left: int
    length: deadlines.TextLength
    limit: deadlines.TextLength

    @property
    def is_long(self) -> bool:
        """Whether it exceeds the length allowed for a reply to this case."""
        return self.length.exceeds(self.limit)


@desk.get("/dossiers/<int:incident_id>", endpoint="dossier")
def show(incident_id: int) -> ResponseReturnValue:
    """The case, its checklist and the available acts."""
    desk_case = open_case(incident_id)
    if desk_case.is_gone:
        return render_template("cases/desk/case_erased.html", file=desk_case)
    note_retained_view(incident_id)
    checklist_view = case_checklist(desk_case)
    return render_template(
        "cases/desk/case.html",
        file=desk_case,
        checked=checklist_view,
        lines=[line for line in checklist_view.lines if line.code not in ATTESTATIONS],
        deeds=available_acts(
            desk_case, current_member.member(), single=settings().single_moderator
        ),
        waiting=desk_case.state in (CaseState.DRAFT, CaseState.WITHDRAWN),
        today=today(),
    )


def case_checklist(
    desk_case: DeskCase, attested: Collection[str] = (), flags_reason: str = ""
) -> CaseChecklist:
    """The checklist for the signed-in member.

    :param attested: the attestations ticked in the form.
    :param flags_reason: the form's reason for keeping flagged words.
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
    if line.met:
        line_text = str(MET_CHECKS[line.code])
    elif line.code == "second" and current_member.member().id in desk_case.approvers("publish"):
        # An approver is not the second person of their own publication.
        line_text = str(APPROVED_BY_READER[desk_case.state])
    else:
        line_text = check_sentence(line)
    return ChecklistLine(
        line.code, line.met, typeset(line_text), case_address(desk_case.id, fix_page)
    )


@desk.app_template_global("desk_today")
def today() -> date:
    """The civil day in Paris."""
    return paris_day(now())


@desk.app_template_global("letter")
def letter(desk_case: DeskCase) -> Markup:
    """The invitation to reply for the authority, in French in every language of the interface."""
    content = desk_case.snapshot.content if desk_case.snapshot else None
    with in_french():
        html = render_template(
            "cases/desk/acts/_invitation_letter.html",
            file=desk_case,
            about=public_view(desk_case),
            content=content,
        )
    return Markup(html)  # noqa: S704 - rendered with every value escaped


@desk.app_template_global("around")
def public_view(desk_case: DeskCase, snapshot: CaseSnapshot | None = None) -> CaseView | None:
    """The view of the case's public page; None once the text is destroyed.

    :param snapshot: another text of the case than the present one.
    """
    if not desk_case.snapshot.content:
        return None
    content = (snapshot or desk_case.snapshot).content
    return build_case_view(db.session(), content, desk_case.number or 0, current_vocabulary())


@desk.app_template_global("consequence")
def act_consequence(act: Act | str) -> ActConsequence:
    """The consequences of an act if it were done today."""
    effect = deadlines.consequence_of(act)
    until = None if effect.scope is PeriodScope.NONE else deadlines.limitation_ends(today())
    changes = [typeset(str(PUBLIC_CHANGES[code])) for code in effect.public]
    return ActConsequence(changes, typeset(str(LIMITATION_PERIODS[effect.scope])), until)


@desk.app_template_global("periods_of")
def running_periods(desk_case: DeskCase) -> list[RunningPeriod]:
    """The limitation periods that run on a case today, by their last day."""
    return [
        RunningPeriod(
            typeset(str(PERIOD_BEGINNINGS[period.act])), period.began, period.ends, period.days_left
        )
        for period in deadlines.running_periods(desk_case.dated_acts, today())
    ]


@desk.app_template_global("reply_clock")
def reply_deadline(desk_case: DeskCase, reply: ReplyRow) -> ReplyDeadline:
    """The deadline and the length of a reply."""
    limit = deadlines.longest_reply(desk_case.content, [row.text for row in desk_case.follow_ups])
    return ReplyDeadline((reply.due_on - today()).days, deadlines.text_length(reply.text), limit)


@desk.app_template_global("risk")
def risk_words(code: str, field: str) -> tuple[str, str]:
    """The names of a risk and of its field."""
    # A field of a row may have no name of its own: "sources.title" has that of "sources".
    field_label = field_name(field) if field in FIELD_NAMES else field_name(field.partition(".")[0])
    return typeset(str(RISK_NAMES.get(code, code))), field_label


@desk.app_template_global("state_words")
def state_words(state: str) -> str:
    """The state of a case in words."""
    return str(CASE_STATES.get(state, state))


@desk.app_template_global("as_inserted")
def as_inserted(text: str) -> Markup:
    """A reply as safe HTML, as readers will see it."""
    return Markup(markup.render_plain_text(text))  # noqa: S704 - escaped by the renderer


@desk.app_template_global("reply_window")
def reply_window(desk_case: DeskCase) -> date | None:
    """The last day to ask for a right of reply; None before any publication."""
    first = desk_case.first_published_at
    return deadlines.reply_window_ends(paris_day(first)) if first else None


@desk.app_template_global("shown_as")
def public_reason(word: VocabularyWord) -> VocabularyWord:
    """The public reason that replaces an internal one."""
    return current_vocabulary().lists["restriction"][word.extra["shown_as"]]


@desk.app_template_global("names_of")
def member_names(ids: Iterable[int]) -> str:
    """The display names of members, separated by commas."""
    return ", ".join(current_member.display_name(member_id) for member_id in ids)
