"""How every page of the editor works: show the form, grow it, look it over, or save.

Nothing typed is ever lost: whatever is refused comes back with everything that was sent. When
somebody else saved meanwhile, both versions come back, side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _

from register.accounts.web import current_member
from register.cases import acts, changes, revisions, rules
from register.cases.case_content import Content
from register.cases.changes import Change
from register.cases.member_view import Dossier
from register.cases.models import State
from register.cases.validation import LIST_LIMIT
from register.cases.web.desk import content_words
from register.cases.web.desk.act_view import address, opened
from register.cases.web.desk.case_form_mapping import fields_of, place_faults
from register.cases.web.desk.case_forms import Written
from register.cases.web.desk.content_words import Changed
from register.cases.web.desk.duplicates import Alike, likely_of
from register.db import db
from register.errors import Incomplete, Invalid, NotFound, Refused, RegisterError
from register.journal import Act, Entry, Pen, writing
from register.reports.web.desk.traces import note_kept_view
from register.text.errors import TextError
from register.text.markup import render
from register.web.error_messages import say, say_fault
from register.web.errors import status_of
from register.web.l10n import typeset

SAVE, LOOK = "garder", "relire"
TAKEN = "reprendre"
# The change of one's own that is taken up again.
CHANGE = "changement"
WAITS = _(
    "Ce changement attend un autre membre : le public le lira quand il l’aura approuvé. "
    "Dites-le-lui."
)


@dataclass(frozen=True)
class Mode:
    """One way of writing a case: its page, the act it ends in, and what the form holds.

    ``text``: the field that is written in Markdown. ``content``: the content that a form says,
    given the stored one. ``save``: does the act, and gives the id of the case, or the line of
    the act.
    """

    template: str
    act: Act
    form: Callable[..., Written]
    text: str
    content: Callable[[Any, Content], Content]
    save: Callable[[Pen, int, Content, Any, int], int | Entry]
    done: Any
    more: Callable[[Dossier], Mapping[str, Any]] = lambda _file: {}


@dataclass(frozen=True)
class Both:
    """What is stored by now beside what the member wrote, field by field.

    ``untouched``: the fields that differ although the member had not changed them.
    """

    by: int | None
    at: datetime | None
    fields: Sequence[Changed]
    untouched: frozenset[str]


@dataclass
class Page:
    """What a page of the editor shows beside its form."""

    mode: Mode
    file: Dossier | None
    form: Any
    said: str = ""
    both: Both | None = None
    preview: str = ""
    focus: str = ""
    likely: Sequence[Alike] = ()

    def shown(self, status: int = 200) -> ResponseReturnValue:
        """The page."""
        act = self.mode.act.value
        if self.file is not None:
            # What the case keeps of reports stands beside the form.
            note_kept_view(self.file.id)
        resumed = taken_up(self.file) if self.file is not None else None
        told = {**vars(self), "act": act, "resumed": resumed}
        body = render_template(self.mode.template, page=self, **told)
        return body, status


def written(mode: Mode, file: Dossier | None) -> ResponseReturnValue:
    """Show the editor, or do what its button says.

    :param file: the case as it is now; None for a new one.
    :raises Refused: the page is opened in a state in which there is nothing to write.
    """
    content = file.content if file else Content()
    shown = {**fields_of(content), **(mode.more(file) if file else {})}
    if request.method != "POST":
        if file:
            rules.rule_for(State(file.state), mode.act)
        vu = str((file.revision_id if file else 0) or 0)
        form = mode.form(data={**shown, "vu": vu, **_taken_up(mode, file)})
        return Page(mode, file, form).shown()
    page = Page(mode, file, mode.form(data=shown))
    _take(page.form, request.form.getlist(TAKEN), shown)
    doing = request.form.get("faire", SAVE)
    if doing[:1] in ("+", "-"):
        page.focus = _grow(page.form, doing)
        return page.shown()
    if doing == LOOK:
        return _looked_over(page)
    return _saved(page, content)


def _taken_up(mode: Mode, file: Dossier | None) -> Mapping[str, Any]:
    """What the member proposed and takes up again, as the form's fields hold it."""
    change = taken_up(file) if file else None
    if change is None or change.proposal.act is not mode.act:
        return {}
    told = change.proposal
    words = dict(told.words or {})
    if "title" in words:
        words["heading"] = words.pop("title")
    # Upon the text that it was written on: what others changed since is shown when it is saved.
    seen = {"vu": str(change.revision), "reason": told.reason}
    return {**(fields_of(told.content) if told.content else {}), **words, **seen}


def taken_up(file: Dossier) -> Change | None:
    """The member's own change of a case that the address or the form names, if it is there."""
    named = request.values.get(CHANGE, "")
    if not (named.isascii() and named.isdecimal() and len(named) < 11):
        return None
    me = current_member.member()
    own = (row for row in changes.of_case(db.session(), me, file.id) if row.made_by == me.id)
    return next((row for row in own if row.id == int(named)), None)


def _take(form: Written, names: Iterable[str], stored: Mapping[str, Any]) -> None:
    """Put what is stored into the fields of which the member takes it."""
    for name in names:
        for own in _FIELDS.get(name, (name,)):
            if own in form._fields and own in stored:
                form._fields[own].process(None, stored[own])


# Fields of the form that hold a field of the content, where they are called otherwise.
_FIELDS = {
    "types": ("type_1", "type_2", "type_3"),
    "linked_communes": ("linked",),
    **dict.fromkeys(("commune", "departement", "region"), ("place", "departement", "region")),
}


def _grow(form: Written, doing: str) -> str:
    """Add a row to a list, or take one away; where to go on in the page."""
    lists, name = form.lists(), doing[1:]
    if doing[0] == "+":
        rows = lists.get(name)
        if rows is not None and len(rows.entries) < LIST_LIMIT:
            return str(rows.append_entry().id)
        return name if rows is not None else ""
    for rows in lists.values():
        for index, entry in enumerate(rows.entries):
            if entry.name == name:
                rows.pop_entry(index)  # type: ignore[call-arg]
                return str(rows.id)
    return ""


def _looked_over(page: Page) -> ResponseReturnValue:
    """Show what was understood, the faults so far, and the text as readers will see it."""
    page.form.validate()
    # They are asked for when something is saved, and nothing is.
    for name in ("reason", "public_note"):
        if name in page.form._fields:
            page.form._fields[name].errors = []
    field = page.form._fields[page.mode.text]
    try:
        page.preview = render(field.data)
    except TextError as error:
        field.errors = [*field.errors, say(error)]
    page.focus = "apercu" if page.preview else ""
    if page.file is None:
        # A case that is there already is found before a second draft of it is saved.
        page.likely = likely_of(page.mode.content(page.form, Content()))
    return page.shown()


def _saved(page: Page, stored: Content) -> ResponseReturnValue:
    if not page.form.validate():
        return page.shown(422)
    incident_id = page.file.id if page.file else 0
    by = current_member.member().id
    content = page.mode.content(page.form, stored)
    # Whoever reads while words are destroyed keeps them in the database's log.
    db.session.rollback()
    before = taken_up(page.file) if page.file else None
    db.session.rollback()
    try:
        with writing() as pen:
            saved = page.mode.save(pen, incident_id, content, page.form, by)
            if before is not None:
                acts.refuse_change(pen, before.id, by=by)
    except (Refused, Invalid, Incomplete, TextError) as error:
        return _refused(page, error)
    waits = isinstance(saved, Entry) and saved.act == Act.CHANGE_PROPOSED
    flash(typeset(str(WAITS if waits else page.mode.done)))
    return redirect(address(saved if isinstance(saved, int) else incident_id), 303)


def _refused(page: Page, error: RegisterError | TextError) -> ResponseReturnValue:
    if error.key == "changed_meanwhile" and page.file:
        _show_both(page, opened(page.file.id))
    elif error.key == "content":
        left = place_faults(page.form, error.values["faults"])  # type: ignore[arg-type]
        page.said = " ".join(say_fault(fault) for fault in left)
    else:
        _tell(page, error)
    return page.shown(status_of(error) if isinstance(error, RegisterError) else 422)


def _tell(page: Page, error: RegisterError | TextError) -> None:
    """An error beside its field, or at the head of the page when it is of none."""
    name = str(error.values.get("field", page.mode.text if isinstance(error, TextError) else ""))
    field = page.form._fields.get({"title": "heading"}.get(name, name))
    if field is None or not hasattr(field, "errors") or isinstance(field.errors, dict):
        page.said = typeset(say(error))
    else:
        field.errors = [*field.errors, typeset(say(error))]


def _show_both(page: Page, file: Dossier) -> None:
    """Set what is stored by now beside what was written, and let it be saved on top knowingly."""
    before, page.file = page.form.seen, file
    mine = content_words.words_of(asdict(page.mode.content(page.form, file.content)))
    theirs = content_words.words_of(asdict(file.content))
    page.both = Both(
        by=file.revision_by,
        at=file.revision_at,
        fields=content_words.changes(theirs, mine),
        untouched=_untouched(file.id, before, mine),
    )
    page.form.vu.data = str(file.revision_id or 0)
    page.focus = "deux-versions"


def _untouched(incident_id: int, before: int, mine: content_words.Told) -> frozenset[str]:
    """The fields that still say what they said in the revision that was looked at."""
    try:
        past = revisions.content_of(db.session(), current_member.member(), incident_id, before)
    except NotFound:
        return frozenset()
    seen = content_words.words_of(asdict(past.content))
    return frozenset(name for name, words in mine.items() if seen[name] == words)
