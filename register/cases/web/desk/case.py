"""Page of a case on the desk, its checklist, its legal periods and its revisions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from register.accounts.web import current_member
from register.cases import checklist, deadlines, reply_refusals, revisions
from register.cases.checklist import ATTESTATIONS, Circumstances
from register.cases.deadlines import LimitationPeriod, PeriodScope, TextLength
from register.cases.member_view import DeskCase
from register.cases.models import CaseState, Reply
from register.cases.pieces import unready_pieces
from register.cases.reply_refusals import RefusalReason
from register.cases.revisions import CaseAtRevision, RevisionSummary
from register.cases.risk_flags import displayed_texts, with_stored
from register.cases.vocabulary import VocabularyWord
from register.cases.web.desk import act_view
from register.cases.web.desk.act_forms import parse_id, today
from register.cases.web.desk.content_words import FlagLine, flag_lines
from register.cases.web.field_texts import content_changes
from register.cases.web.public.case_view import CaseView, build_case_view
from register.db import db
from register.errors import NotFound
from register.journal import Act
from register.text import markup
from register.text.dates import paris_day
from register.web import messages
from register.web.blueprints import desk
from register.web.error_messages import check_sentence
from register.web.l10n import day_words, in_french, language, typeset
from register.web.request_context import current_vocabulary, key_store, settings

# Line of the checklist → page of the case and field where it is fixed.
_FIX_PAGES = {
    "texts": "modifier#title",
    "summary_length": "modifier#summary",
    "source": "modifier#sources",
    "pieces": "modifier#pieces",
    "copies": "modifier#pieces",
    "types": "modifier#type_1",
    "parties": "modifier#actor",
    "place": "modifier#quand",
    "evidence": "modifier#evidence",
    "outcome": "modifier#outcome",
    "court": "modifier#procedures",
    "invitation": "inviter",
    "flags": "modifier#flag_reasons",
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
    flags: Sequence[FlagLine]
    needs_second: bool
    # A second person would be needed, but the register has one moderator; the public case says so.
    single: bool

    @property
    def unmet(self) -> Sequence[ChecklistLine]:
        """The lines that block the act."""
        return [line for line in self.lines if not line.met]


@desk.get("/dossiers/<int:incident_id>", endpoint="dossier")
def show(incident_id: int) -> ResponseReturnValue:
    """The case, its checklist and the available acts."""
    desk_case = act_view.open_case(incident_id)
    if desk_case.is_gone:
        return render_template("cases/desk/case_erased.html", file=desk_case)
    act_view.note_retained_view(incident_id)
    checklist_view = case_checklist(desk_case)
    return render_template(
        "cases/desk/case.html",
        file=desk_case,
        checked=checklist_view,
        lines=[line for line in checklist_view.lines if line.code not in ATTESTATIONS],
        deeds=act_view.available_acts(desk_case),
        waiting=desk_case.state in (CaseState.DRAFT, CaseState.WITHDRAWN),
    )


@desk.app_template_global("case_checklist")
def case_checklist(
    desk_case: DeskCase,
    attested: Collection[str] = (),
    flag_reasons: Mapping[str, str] | None = None,
) -> CaseChecklist:
    """The checklist for the signed-in member.

    :param attested: the attestations ticked in the form.
    :param flag_reasons: the reasons typed in the form for flags without a stored one.
    """
    reasons = with_stored(flag_reasons or {}, desk_case.flag_reasons)
    single = settings().single_moderator
    circumstances = Circumstances(
        invited=bool(desk_case.invitations),
        seconded=bool(desk_case.second_persons.get("publish")),
        single_moderator=single,
        attested=attested,
        flag_reasons=reasons,
        needed_before=desk_case.needs_second_person,
        displayed_texts=displayed_texts(desk_case.snapshot.content),
        report_withdrawn=desk_case.report_withdrawn,
        unready_pieces=unready_pieces(
            db.session(),
            key_store() if desk_case.content.pieces else None,
            desk_case.id,
            desk_case.content.pieces,
            desk_case.content.pieces if desk_case.state == CaseState.PUBLISHED else (),
        ),
    )
    result = checklist.build_checklist(desk_case.content, current_vocabulary(), circumstances)
    return CaseChecklist(
        [_checklist_line(desk_case, line) for line in result.items],
        flag_lines(result.flags, reasons),
        result.needs_second,
        result.needs_second and single,
    )


def _checklist_line(desk_case: DeskCase, line: checklist.CheckItem) -> ChecklistLine:
    act = "publier" if desk_case.state == CaseState.DRAFT else "retablir"
    fix_page = _FIX_PAGES.get(line.code, f"{act}#{line.code}")
    if line.met:
        line_text = str(messages.desk.met_checks[line.code])
    elif line.code == "second" and current_member.member().id in desk_case.approvers("publish"):
        # An approver is not the second person of their own publication.
        line_text = str(messages.desk.approved_by_reader[desk_case.state])
    else:
        line_text = check_sentence(line)
    return ChecklistLine(
        line.code, line.met, typeset(line_text), act_view.case_address(desk_case.id, fix_page)
    )


desk.add_app_template_global(today, "desk_today")


@desk.app_template_global("letter")
def letter(desk_case: DeskCase) -> Markup:
    """The invitation to reply for the authority, in French in every language of the interface."""
    with in_french():
        html = render_template(
            "cases/desk/acts/_invitation_letter.html",
            file=desk_case,
            about=public_view(desk_case),
            content=desk_case.snapshot.content if desk_case.snapshot else None,
        )
    return Markup(html)  # noqa: S704 - rendered with every value escaped


@desk.app_template_global("around")
def public_view(desk_case: DeskCase) -> CaseView | None:
    """The view of the case's public page; None once the text is destroyed."""
    if not desk_case.snapshot.content:
        return None
    return build_case_view(desk_case.snapshot.content, desk_case.number or 0)


@desk.app_template_global("consequence")
def act_consequence(act: Act | str) -> Mapping[str, Any]:
    """The public changes of an act if it were done today, the period that it opens, its end."""
    effect = deadlines.CONSEQUENCES[Act(act)]
    return {
        "changes": [typeset(str(messages.desk.public_changes[code])) for code in effect.public],
        "opening": typeset(str(messages.desk.limitation_periods[effect.scope])),
        "until": None if effect.scope is PeriodScope.NONE else deadlines.limitation_ends(today()),
    }


@desk.app_template_global("periods_of")
def running_periods(desk_case: DeskCase) -> list[LimitationPeriod]:
    """The limitation periods that run on a case today, by their last day."""
    return deadlines.running_periods(desk_case.dated_acts, today())


@desk.app_template_global("reply_lengths")
def reply_lengths(desk_case: DeskCase, reply: Reply) -> tuple[TextLength, TextLength]:
    """The length of a reply, and the longest that is allowed for a reply to this case."""
    limit = deadlines.longest_reply(deadlines.answered_texts(desk_case.snapshot.content))
    return deadlines.text_length(reply.text), limit


@desk.app_template_global("as_inserted")
def as_inserted(text: str) -> Markup:
    """A reply as safe HTML, as readers will see it."""
    return Markup(markup.render_plain_text(text))  # noqa: S704 - escaped by the renderer


@desk.app_template_global("refusal_reasons")
def refusal_reasons() -> Mapping[str, RefusalReason]:
    """The reasons for which a reply may be refused, by code."""
    return reply_refusals.reasons(language())


@desk.app_template_global("reply_window")
def reply_window(moved_at: datetime) -> date:
    """The last day to ask for a right of reply: each text made public opens its three months."""
    return deadlines.reply_window_ends(paris_day(moved_at))


@desk.app_template_global("shown_as")
def public_reason(word: VocabularyWord) -> VocabularyWord:
    """The public reason that replaces an internal one."""
    return current_vocabulary().lists["restriction"][word.extra["shown_as"]]


@desk.get("/dossiers/<int:incident_id>/versions")
def versions(incident_id: int) -> ResponseReturnValue:
    """The revisions, newest first; with a day in the query, a redirect to the case of that day."""
    desk_case = act_view.open_case(incident_id)
    day_text = request.args.get("au", "").strip()
    if day_text:
        page = f"au/{quote(day_text, safe='')}"
        return redirect(act_view.case_address(incident_id, page), 303)
    return _versions_page(desk_case)


def _versions_page(desk_case: DeskCase, problem: str = "") -> str:
    viewer = current_member.member()
    revision_rows = revisions.list_revisions(db.session(), viewer, desk_case.id)
    return render_template(
        "cases/desk/versions.html", file=desk_case, rows=revision_rows, problem=problem
    )


@desk.get("/dossiers/<int:incident_id>/versions/<int:revision>")
def version(incident_id: int, revision: int) -> str:
    """The case at a revision."""
    desk_case = act_view.open_case(incident_id)
    past = revisions.case_at_revision(db.session(), current_member.member(), incident_id, revision)
    return _version_page(desk_case, past)


@desk.get("/dossiers/<int:incident_id>/au/<day>")
def as_of(incident_id: int, day: str) -> ResponseReturnValue:
    """The case at the end of a day in Paris; 404 with the reason and the versions without one."""
    desk_case, problem = act_view.open_case(incident_id), ""
    try:
        at = date.fromisoformat(day)
    except ValueError:
        return _versions_page(desk_case, _("Écrivez le jour ainsi : 2026-03-31.")), 404
    day_in_words = day_words(at)
    if at > today():
        problem = _("Le %(day)s n’est pas encore venu.", day=day_in_words)
        return _versions_page(desk_case, problem), 404
    try:
        past = revisions.case_at_day(db.session(), current_member.member(), incident_id, at)
    except NotFound:
        opened_on = paris_day(desk_case.created_at)
        problem = (
            _(
                "Ce dossier n’existait pas encore le %(day)s : il a été ouvert le %(opened)s.",
                day=day_in_words,
                opened=day_words(opened_on),
            )
            if at < opened_on
            else _("Le texte du %(day)s a été détruit.", day=day_in_words)
        )
        return _versions_page(desk_case, problem), 404
    return _version_page(desk_case, past, at)


def _version_page(desk_case: DeskCase, past: CaseAtRevision, day: date | None = None) -> str:
    return render_template("cases/desk/version.html", file=desk_case, past=past, day=day)


@desk.get("/dossiers/<int:incident_id>/comparer")
def compare(incident_id: int) -> str:
    """The difference between two revisions, by default the last two, by field and word."""
    desk_case, viewer = act_view.open_case(incident_id), current_member.member()
    rows = revisions.list_revisions(db.session(), viewer, incident_id)
    readable_ids = [row.id for row in rows if not row.is_destroyed]
    newer = parse_id(request.args.get("a", "")) or next(iter(readable_ids), 0)
    older = parse_id(request.args.get("de", "")) or next(
        (revision_id for revision_id in readable_ids if revision_id < newer), newer
    )
    before, after = (
        revisions.case_at_revision(db.session(), viewer, incident_id, revision_id).snapshot.content
        for revision_id in (older, newer)
    )
    changes = content_changes(before, after)
    return render_template(
        "cases/desk/versions_compared.html",
        file=desk_case,
        rows=rows,
        older=older,
        newer=newer,
        changes=changes,
    )


@desk.app_template_global("version_words")
def version_words(version: RevisionSummary, desk_case: DeskCase) -> str:
    """The sentence of a revision's act: "Chloé a corrigé le cas"."""
    who = current_member.display_name(version.made_by)
    names = {"who": who[:1].upper() + who[1:], "into": desk_case.merged_into}
    if version.act is Act.MERGED and not desk_case.merged_into:
        return str(_("%(who)s a réuni le cas à un autre", **names))
    return str(messages.journal.act_sentences.get(version.act, version.act)) % names
