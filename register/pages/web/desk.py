"""The editorial pages, for administrators: which there are, writing one, going back to its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from register.cases.web.desk import act_view
from register.db import db
from register.errors import Invalid, Refused, RegisterError
from register.pages import acts, queries
from register.pages import content as editorial
from register.pages.models import PageRevision
from register.pages.rendering import rendered
from register.pages.web.forms import WRITTEN, PageForm, ReasonForm
from register.pages.web.markdown_help import writing_help
from register.pages.web.page_diff import changes
from register.pages.web.public import path_of, whole
from register.text.errors import TextError
from register.web.error_messages import say
from register.web.errors import status_of
from register.web.l10n import typeset

HOME = "/moderation/pages"
ONE = f"/pages/<any({', '.join(repr(name) for name in editorial.TEXTS)}):page>"
LOOK = "relire"
TAKEN = "reprendre"


@dataclass(frozen=True)
class Standing:
    """A page as it stands: what it says, and who wrote that, when anybody did."""

    name: str
    title: str
    text: str
    written: PageRevision | None

    @property
    def tongue(self) -> str:
        """The language that it is in."""
        return editorial.language_of(self.name)

    @property
    def path(self) -> str:
        """Where readers find it."""
        return path_of(self.name)

    @property
    def revision(self) -> int:
        """The revision that stands; 0 where nobody has changed the page."""
        return self.written.id if self.written else 0

    @property
    def is_shipped(self) -> bool:
        """Whether readers see the text that comes with the code."""
        return self.written is None or self.written.shipped

    @property
    def is_behind(self) -> bool:
        """Whether the code's own text has changed since the page was given another one."""
        own = editorial.shipped(self.name).digest
        return not self.is_shipped and self.written is not None and self.written.base != own


def route(blueprint: Blueprint) -> None:
    """The addresses of this module."""
    blueprint.add_url_rule("/pages", view_func=pages)
    blueprint.add_url_rule("/pages/apercu", view_func=page_preview, methods=["POST"])
    blueprint.add_url_rule(ONE, view_func=page_edit, methods=["GET", "POST"])
    blueprint.add_url_rule(f"{ONE}/retablir", view_func=page_restore, methods=["GET", "POST"])


def pages() -> ResponseReturnValue:
    """Every page, with what readers see of it now."""
    written = queries.newest_of_each(db.session())
    rows = [_standing(name, written.get(name)) for name in editorial.TEXTS]
    return render_template("moderation/pages/list.html", rows=rows)


def standing(page: str) -> Standing:
    """A page as it stands."""
    return _standing(page, queries.newest(db.session(), page))


def _standing(name: str, written: PageRevision | None) -> Standing:
    shown = editorial.shipped(name) if written is None or written.shipped else written
    return Standing(name, shown.title, shown.text, written)


def page_preview() -> ResponseReturnValue:
    """A text as readers will see it: a fragment of a page."""
    text, page = request.form.get("texte", ""), request.args.get("page", "")
    try:
        html, said, status = whole(rendered(text, editorial.language_of(page))), "", 200
    except (Invalid, TextError) as error:
        html, said, status = Markup(), say(error), 422
    return render_template("moderation/preview.html", html=html, said=said), status


# --- writing a page ----------------------------------------------------------------------------


def page_edit(page: str) -> ResponseReturnValue:
    """Show the editor of a page, or do what its button says."""
    now = standing(page)
    if request.method != "POST":
        shown = {"title": now.title, "text": now.text, "vu": str(now.revision)}
        return _editor(now, PageForm(formdata=None, data=shown))
    form = PageForm()
    for name in set(request.form.getlist(TAKEN)) & set(WRITTEN):
        form[name].data = getattr(now, name)
    if request.form.get("faire") == LOOK:
        return _looked_over(now, form)
    if not form.is_sent:
        return _editor(now, form, 422)
    return _saved(now, form)


def _editor(now: Standing, form: PageForm, status: int = 200, **more: Any) -> ResponseReturnValue:
    body = render_template(
        "moderation/pages/edit.html",
        now=now,
        form=form,
        help=writing_help(now.name),
        **more,
    )
    return body, status


def _looked_over(now: Standing, form: PageForm) -> ResponseReturnValue:
    """Show the text as readers will see it, and what is wrong with it so far."""
    form.validate()
    # It is asked for when something is saved, and nothing is.
    form.reason.errors = []
    preview = ""
    try:
        preview = whole(rendered(form.text.data, editorial.language_of(now.name)))
    except (Invalid, TextError) as error:
        form.text.errors = [*form.text.errors, typeset(say(error))]
    return _editor(now, form, preview=preview)


def _saved(now: Standing, form: PageForm) -> ResponseReturnValue:
    title, text, told = form.title.data, form.text.data, {"reason": form.reason.data}
    try:
        act_view.penned(
            lambda pen, by: acts.save(pen, now.name, title, text, by=by, seen=form.seen, **told)
        )
    except (Refused, Invalid, TextError) as error:
        return _refused(now.name, form, error)
    flash(typeset(_("La page est enregistrée : les lecteurs voient le nouveau texte.")))
    return redirect(f"{HOME}/{now.name}/versions", 303)


def _refused(page: str, form: PageForm, error: RegisterError | TextError) -> ResponseReturnValue:
    now = standing(page)
    status = status_of(error) if isinstance(error, RegisterError) else 422
    if error.key == "page_changed_meanwhile":
        # What was written comes back beside what stands, to be saved on top of it knowingly.
        form.vu.data = str(now.revision)
        mine = {name: form[name].data for name in WRITTEN}
        theirs = {name: getattr(now, name) for name in WRITTEN}
        return _editor(now, form, status, both=changes(theirs, mine))
    if isinstance(error, TextError) or error.key in ("page_marker", "page_anchor"):
        form.text.errors = [*form.text.errors, typeset(say(error))]
        return _editor(now, form, status)
    return _editor(now, form, status, said=typeset(say(error)))


# --- going back --------------------------------------------------------------------------------


def page_restore(page: str) -> ResponseReturnValue:
    """Show what would change if the page said again what comes with the code, and do it."""
    now = standing(page)
    form = ReasonForm()
    if request.method != "POST":
        form.vu.data = str(now.revision)
        return _going_back(now, form)
    if not form.is_sent:
        return _going_back(now, form, status=422)
    reason = form.reason.data
    try:
        act_view.penned(
            lambda pen, by: acts.restore(pen, page, by=by, reason=reason, seen=form.seen)
        )
    except Refused as error:
        now = standing(page)
        form.vu.data = str(now.revision)
        return _going_back(now, form, typeset(say(error)), status_of(error))
    flash(typeset(_("La page montre de nouveau le texte livré avec le logiciel.")))
    return redirect(f"{HOME}/{page}/versions", 303)


def _going_back(
    now: Standing, form: ReasonForm, said: str = "", status: int = 200
) -> ResponseReturnValue:
    own = editorial.shipped(now.name)
    body = render_template(
        "moderation/pages/restore.html",
        now=now,
        form=form,
        said=said,
        changes=changes(
            {"title": now.title, "text": now.text}, {"title": own.title, "text": own.text}
        ),
    )
    return body, status
