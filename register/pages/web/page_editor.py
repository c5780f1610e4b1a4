"""Editorial pages for administrators: list, editor, return to the shipped text, history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup
from wtforms import HiddenField

from register.accounts.web import current_member
from register.config import LEGAL_FIELDS
from register.db import db
from register.errors import Invalid, Refused, RegisterError, TextError
from register.pages import acts, help_contacts
from register.pages import content as editorial
from register.pages.acts import REASON_LIMIT, TEXT_LIMIT, TITLE_LIMIT
from register.pages.content import DEFINITIONS, PageRevision, ShippedPage, render_page
from register.pages.web.help import contact_codes, contacts_html
from register.pages.web.public_pages import fill_page, is_public, page_path
from register.text.text_comparison import FieldChange, FieldTexts, field_changes
from register.web.blueprints import administrators_only, asks_password, desk
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.form_fields import DeskForm, line_field, text_field
from register.web.l10n import typeset

# The fields that hold the page itself.
CONTENT_FIELDS = ("title", "text")


def _revision_number(raw: str) -> int:
    return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 10 else 0


class ReasonForm(DeskForm):
    """Why a page changes, and what its administrator had before their eyes."""

    vu = HiddenField()
    reason = line_field(lazy_gettext("Pourquoi ce changement"), required=True, limit=REASON_LIMIT)

    @property
    def seen_revision(self) -> int:
        """The revision looked at; 0, the shipped text, when the form does not say."""
        return _revision_number(str(self.vu.data or ""))


class PageForm(ReasonForm):
    """The whole of a page."""

    title = line_field(lazy_gettext("Titre"), required=True, limit=TITLE_LIMIT)
    text = text_field(lazy_gettext("Texte de la page"), required=True, limit=TEXT_LIMIT)

    @property
    def content(self) -> dict[str, Any]:
        """The page as it was written."""
        return {name: self[name].data for name in CONTENT_FIELDS}


PAGES_PATH = "/moderation/pages"
PAGE_RULE = f"/pages/<any({', '.join(repr(name) for name in editorial.TEXT_NAMES)}):page>"
PREVIEW_ACTION = "relire"
TAKE_FIELD = "reprendre"
# They say who answers for the site and what becomes of what people send: a few words changed here,
# and whoever writes to us trusts what is no longer true.
LEGAL_PAGES = frozenset(
    name + suffix
    for name in ("confidentialite", "mentions-legales")
    for suffix in ("", editorial.ENGLISH_SUFFIX)
)


@dataclass(frozen=True)
class CurrentPage:
    """A page as it stands, and its last revision, when anybody has changed it."""

    name: str
    last_revision: PageRevision | None

    @property
    def published(self) -> ShippedPage | PageRevision:
        """What readers see of it."""
        return editorial.published_text(self.name, self.last_revision)

    @property
    def language(self) -> str:
        """The language that it is in."""
        return editorial.language_of(self.name)

    @property
    def is_public(self) -> bool:
        """Whether it is a page of the site."""
        return is_public(self.name)

    @property
    def path(self) -> str:
        """Where readers find it."""
        return page_path(self.name)

    @property
    def revision_id(self) -> int:
        """The revision that stands; 0 where nobody has changed the page."""
        return self.last_revision.id if self.last_revision else 0

    @property
    def is_shipped(self) -> bool:
        """Whether readers see the text that comes with the code."""
        return self.last_revision is None or self.last_revision.shipped

    @property
    def is_outdated(self) -> bool:
        """Whether the code's own text has changed since the page was given another one."""
        revision, own = self.last_revision, editorial.shipped_page(self.name).digest
        return revision is not None and not revision.shipped and revision.base != own


@desk.get("/pages")
@administrators_only
def pages() -> ResponseReturnValue:
    """Every page, with what readers see of it now."""
    revisions = editorial.newest_revisions(db.session(), with_desk_texts=True)
    current_pages = [CurrentPage(name, revisions.get(name)) for name in editorial.TEXT_NAMES]
    return render_template("pages/desk/list.html", rows=current_pages)


def current_page(page: str) -> CurrentPage:
    """A page as it stands."""
    return CurrentPage(page, editorial.newest_revision(db.session(), page))


def _page_fields(page_text: ShippedPage | PageRevision) -> FieldTexts:
    return {name: getattr(page_text, name) for name in CONTENT_FIELDS}


@desk.post("/pages/apercu")
@administrators_only
def page_preview() -> ResponseReturnValue:
    """A text as readers will see it: a fragment of a page."""
    source, page = request.form.get("texte", ""), request.args.get("page", "")
    try:
        html, problem, status = preview_html(page, source), "", 200
    except Invalid as error:
        html, problem, status = Markup(), error_sentence(error), 422
    return render_template("web/markdown_preview.html", html=html, error_text=problem), status


def preview_html(page: str, text: str) -> Markup:
    """A text of a page as readers will see it.

    :raises Invalid: as :func:`acts.save_page` for this text, or ``help_code``.
    :raises TextError: a text that the renderer does not take.
    """
    html = render_page(text, editorial.language_of(page))
    if page != editorial.HELP_PAGE:
        return fill_page(html)
    help_contacts.require_contacts(text, contact_codes())
    return contacts_html(help_contacts.contacts_of(text))


# --- writing a page ----------------------------------------------------------------------------


def is_legal_page(page: str) -> bool:
    """Whether readers rely on what a page promises."""
    return page in LEGAL_PAGES


@desk.route(PAGE_RULE, methods=["GET", "POST"])
@administrators_only
@asks_password(
    lazy_gettext("changer ce que le registre promet ou dit de ses responsables"), when=is_legal_page
)
def page_edit(page: str) -> ResponseReturnValue:
    """Show the editor of a page, or do what its button says."""
    current = current_page(page)
    if request.method != "POST":
        initial = {**_page_fields(current.published), "vu": str(current.revision_id)}
        return _editor_page(current, PageForm(formdata=None, data=initial))
    form = PageForm()
    for name in set(request.form.getlist(TAKE_FIELD)) & set(CONTENT_FIELDS):
        form[name].data = getattr(current.published, name)
    if request.form.get("faire") == PREVIEW_ACTION:
        form.validate()
        # The reason is required where something is saved.
        form.reason.errors = []
        preview = ""
        try:
            preview = preview_html(page, form.text.data)
        except Invalid as error:
            form.text.errors = [*form.text.errors, typeset(error_sentence(error))]
        return _editor_page(current, form, preview=preview)
    if not form.is_sent:
        return _editor_page(current, form, 422)
    changes = {**form.content, "reason": form.reason.data, "seen_revision": form.seen_revision}
    try:
        preview_html(page, form.text.data)
        current_member.run_act(lambda tx, by: acts.save_page(tx, page, **changes, by=by))
    except (Refused, Invalid) as error:
        return _refusal_page(current_page(page), form, error)
    saved = _("Les phrases sont enregistrées : les membres les ont dans leurs questions.")
    if current.is_public:
        saved = _("La page est enregistrée : les lecteurs voient le nouveau texte.")
    flash(typeset(saved))
    return redirect(f"{PAGES_PATH}/{page}/versions", 303)


def _editor_page(
    current: CurrentPage, form: PageForm, status: int = 200, **extra: Any
) -> ResponseReturnValue:
    body = render_template(
        "pages/desk/edit.html",
        now=current,
        form=form,
        setting_markers=", ".join(f"{{{name}}}" for name in LEGAL_FIELDS),
        definition_markers=", ".join(f"{{{name}}}" for name in DEFINITIONS),
        **extra,
    )
    return body, status


def _refusal_page(
    current: CurrentPage, form: PageForm, error: RegisterError
) -> ResponseReturnValue:
    status = status_of(error)
    if error.key == "page_changed_meanwhile":
        # What was written comes back beside what stands, to be saved on top of it knowingly.
        form.vu.data = str(current.revision_id)
        changes = page_changes(_page_fields(current.published), form.content)
        return _editor_page(current, form, status, both=changes)
    is_of_text = error.key in ("page_marker", "page_anchor") or error.key.startswith("help_")
    if isinstance(error, TextError) or is_of_text:
        form.text.errors = [*form.text.errors, typeset(error_sentence(error))]
        return _editor_page(current, form, status)
    return _editor_page(current, form, status, said=typeset(error_sentence(error)))


# --- going back --------------------------------------------------------------------------------


@desk.route(f"{PAGE_RULE}/retablir", methods=["GET", "POST"])
@administrators_only
@asks_password(
    lazy_gettext("rétablir ce que le registre promet ou dit de ses responsables"),
    when=is_legal_page,
)
def page_restore(page: str) -> ResponseReturnValue:
    """Show what would change if the page said again what comes with the code, and do it."""
    current = current_page(page)
    form = ReasonForm()
    if request.method != "POST":
        form.vu.data = str(current.revision_id)
        return _restore_page(current, form)
    if not form.is_sent:
        return _restore_page(current, form, status=422)
    reason, seen = form.reason.data, form.seen_revision
    try:
        current_member.run_act(
            lambda tx, by: acts.restore_page(tx, page, by=by, reason=reason, seen_revision=seen)
        )
    except Refused as error:
        current = current_page(page)
        form.vu.data = str(current.revision_id)
        return _restore_page(current, form, typeset(error_sentence(error)), status_of(error))
    flash(typeset(_("La page montre de nouveau le texte livré avec le logiciel.")))
    return redirect(f"{PAGES_PATH}/{page}/versions", 303)


def _restore_page(
    current: CurrentPage, form: ReasonForm, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    shipped = editorial.shipped_page(current.name)
    body = render_template(
        "pages/desk/restore.html",
        now=current,
        form=form,
        problem=problem,
        changes=page_changes(_page_fields(current.published), _page_fields(shipped)),
    )
    return body, status


# --- history -----------------------------------------------------------------------------------


@desk.get(f"{PAGE_RULE}/versions")
@administrators_only
def page_versions(page: str) -> ResponseReturnValue:
    """Every revision of a page, the newest first, down to the text that came with the code."""
    revisions = editorial.page_revisions(db.session(), page)
    return render_template("pages/desk/versions.html", now=current_page(page), rows=revisions)


# Beyond the bound a number is none that the database could hold.
@desk.get(f"{PAGE_RULE}/versions/<int(min=1, max=999999999):revision>")
@administrators_only
def page_version(page: str, revision: int) -> ResponseReturnValue:
    """The page as a revision kept it."""
    page_revision = editorial.get_revision(db.session(), page, revision)
    return render_template(
        "pages/desk/version.html",
        now=current_page(page),
        row=page_revision,
        page_html=fill_page(page_revision.html),
    )


@desk.get(f"{PAGE_RULE}/comparer")
@administrators_only
def page_compare(page: str) -> ResponseReturnValue:
    """What changed between two revisions, word by word; 0 is the text that comes with the code."""
    older, newer = (_revision_number(request.args.get(name, "")) for name in ("de", "a"))
    return render_template(
        "pages/desk/compared.html",
        now=current_page(page),
        older=older,
        newer=newer,
        changes=page_changes(_version_fields(page, older), _version_fields(page, newer)),
    )


def _version_fields(page: str, revision_id: int) -> FieldTexts:
    if revision_id:
        return _page_fields(editorial.get_revision(db.session(), page, revision_id))
    return _page_fields(editorial.shipped_page(page))


ELLIPSIS = "[…]"
CONTEXT_LENGTH = 160  # characters that are shown of what did not change, on either side of what did


def page_changes(before: FieldTexts, after: FieldTexts) -> list[FieldChange]:
    """The fields that differ, each with its differences and a few words around them."""
    changes = []
    for change in field_changes(before, after):
        pieces = list(change.difference.pieces)
        for index, piece in enumerate(pieces):
            if piece.kind == "same" and len(piece.text) > 3 * CONTEXT_LENGTH:
                # Without its middle, or without what leads up to it or follows it.
                lead = piece.text[:CONTEXT_LENGTH].rpartition(" ")[0] + " " if index else ""
                is_last = index == len(pieces) - 1
                end = "" if is_last else " " + piece.text[-CONTEXT_LENGTH:].partition(" ")[2]
                pieces[index] = replace(piece, text=f"{lead}{ELLIPSIS}{end}")
        changes.append(replace(change, difference=replace(change.difference, pieces=tuple(pieces))))
    return changes
