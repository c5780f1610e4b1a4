"""The editorial pages, for administrators: which there are, writing one, going back to its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from markupsafe import Markup
from wtforms import HiddenField

from register.cases.web.desk import act_view, content_words
from register.cases.web.desk.content_words import FieldChange
from register.config import LEGAL_FIELDS
from register.db import db
from register.errors import Invalid, Refused, RegisterError, TextError
from register.pages import acts, queries
from register.pages import content as editorial
from register.pages.acts import REASON_LIMIT, TEXT_LIMIT, TITLE_LIMIT
from register.pages.content import DEFINITIONS, render_page
from register.pages.queries import PageRevision
from register.pages.web.public_pages import fill_page, page_path
from register.text.text_diff import DiffPiece, TextDiff
from register.web.blueprints import desk
from register.web.error_messages import error_sentence
from register.web.errors import status_of
from register.web.form_fields import DeskForm, line_field, text_field
from register.web.l10n import typeset
from register.web.view_permissions import administrators_only, asks_password

# The fields that hold the page itself.
CONTENT_FIELDS = ("title", "text")


class ReasonForm(DeskForm):
    """Why a page changes, and what its administrator had before their eyes."""

    vu = HiddenField()
    reason = line_field(lazy_gettext("Pourquoi ce changement"), required=True, limit=REASON_LIMIT)

    @property
    def seen_revision(self) -> int:
        """The revision looked at; 0, the shipped text, when the form does not say."""
        raw = str(self.vu.data or "")
        return int(raw) if raw.isascii() and raw.isdecimal() and len(raw) < 10 else 0


class PageForm(ReasonForm):
    """The whole of a page."""

    title = line_field(lazy_gettext("Titre"), required=True, limit=TITLE_LIMIT)
    text = text_field(lazy_gettext("Texte de la page"), required=True, limit=TEXT_LIMIT)


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
    """A page as it stands: what it says, and who wrote that, when anybody did."""

    name: str
    title: str
    text: str
    last_revision: PageRevision | None

    @property
    def language(self) -> str:
        """The language that it is in."""
        return editorial.language_of(self.name)

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
        own = editorial.shipped_page(self.name).digest
        return (
            not self.is_shipped
            and self.last_revision is not None
            and self.last_revision.base != own
        )


@desk.get("/pages")
@administrators_only
def pages() -> ResponseReturnValue:
    """Every page, with what readers see of it now."""
    revisions = queries.newest_revisions(db.session())
    current_pages = [_current_page(name, revisions.get(name)) for name in editorial.TEXT_NAMES]
    return render_template("pages/desk/list.html", rows=current_pages)


def current_page(page: str) -> CurrentPage:
    """A page as it stands."""
    return _current_page(page, queries.newest_revision(db.session(), page))


def _current_page(name: str, revision: PageRevision | None) -> CurrentPage:
    published = editorial.shipped_page(name) if revision is None or revision.shipped else revision
    return CurrentPage(name, published.title, published.text, revision)


@desk.post("/pages/apercu")
@administrators_only
def page_preview() -> ResponseReturnValue:
    """A text as readers will see it: a fragment of a page."""
    source, page = request.form.get("texte", ""), request.args.get("page", "")
    try:
        html, problem, status = fill_page(render_page(source, editorial.language_of(page))), "", 200
    except (Invalid, TextError) as error:
        html, problem, status = Markup(), error_sentence(error), 422
    return render_template("web/markdown_preview.html", html=html, error_text=problem), status


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
        initial = {"title": current.title, "text": current.text, "vu": str(current.revision_id)}
        return _editor_page(current, PageForm(formdata=None, data=initial))
    form = PageForm()
    for name in set(request.form.getlist(TAKE_FIELD)) & set(CONTENT_FIELDS):
        form[name].data = getattr(current, name)
    if request.form.get("faire") == PREVIEW_ACTION:
        return _preview_page(current, form)
    if not form.is_sent:
        return _editor_page(current, form, 422)
    return _save_page(current, form)


def _editor_page(
    current: CurrentPage, form: PageForm, status: int = 200, **extra: Any
) -> ResponseReturnValue:
    body = render_template(
        "pages/desk/edit.html",
        now=current,
        form=form,
        help=writing_help(current.name),
        **extra,
    )
    return body, status


def _preview_page(current: CurrentPage, form: PageForm) -> ResponseReturnValue:
    """Show the text as readers will see it, and what is wrong with it so far."""
    form.validate()
    # It is asked for when something is saved, and nothing is.
    form.reason.errors = []
    preview = ""
    try:
        preview = fill_page(render_page(form.text.data, editorial.language_of(current.name)))
    except (Invalid, TextError) as error:
        form.text.errors = [*form.text.errors, typeset(error_sentence(error))]
    return _editor_page(current, form, preview=preview)


def _save_page(current: CurrentPage, form: PageForm) -> ResponseReturnValue:
    title, source, options = form.title.data, form.text.data, {"reason": form.reason.data}
    try:
        act_view.run_act(
            lambda tx, by: acts.save_page(
                tx, current.name, title, source, by=by, seen_revision=form.seen_revision, **options
            )
        )
    except (Refused, Invalid, TextError) as error:
        return _refusal_page(current.name, form, error)
    flash(typeset(_("La page est enregistrée : les lecteurs voient le nouveau texte.")))
    return redirect(f"{PAGES_PATH}/{current.name}/versions", 303)


def _refusal_page(
    page: str, form: PageForm, error: RegisterError | TextError
) -> ResponseReturnValue:
    current = current_page(page)
    status = status_of(error) if isinstance(error, RegisterError) else 422
    if error.key == "page_changed_meanwhile":
        # What was written comes back beside what stands, to be saved on top of it knowingly.
        form.vu.data = str(current.revision_id)
        mine = {name: form[name].data for name in CONTENT_FIELDS}
        theirs = {name: getattr(current, name) for name in CONTENT_FIELDS}
        return _editor_page(current, form, status, both=page_changes(theirs, mine))
    if isinstance(error, TextError) or error.key in ("page_marker", "page_anchor"):
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
    reason = form.reason.data
    try:
        act_view.run_act(
            lambda tx, by: acts.restore_page(
                tx, page, by=by, reason=reason, seen_revision=form.seen_revision
            )
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
    shipped_page = editorial.shipped_page(current.name)
    body = render_template(
        "pages/desk/restore.html",
        now=current,
        form=form,
        problem=problem,
        changes=page_changes(
            {"title": current.title, "text": current.text},
            {"title": shipped_page.title, "text": shipped_page.text},
        ),
    )
    return body, status


ELLIPSIS = "[…]"
CONTEXT_LENGTH = 160  # characters that are shown of what did not change, on either side of what did


def page_changes(
    before: content_words.FieldTexts, after: content_words.FieldTexts
) -> list[FieldChange]:
    """The fields that differ, each with its differences and a few words around them."""
    field_changes = content_words.field_changes(before, after)
    return [
        replace(change, difference=_trim_difference(change.difference)) for change in field_changes
    ]


def _trim_difference(difference: TextDiff) -> TextDiff:
    last = len(difference.pieces) - 1
    pieces = (
        _trim_piece(piece, first=index == 0, last=index == last)
        for index, piece in enumerate(difference.pieces)
    )
    return replace(difference, pieces=tuple(pieces))


def _trim_piece(piece: DiffPiece, *, first: bool, last: bool) -> DiffPiece:
    """What did not change, without its middle, or without what leads up to it or follows it."""
    if piece.kind != "same" or len(piece.text) <= 3 * CONTEXT_LENGTH:
        return piece
    before = "" if first else piece.text[:CONTEXT_LENGTH].rpartition(" ")[0] + " "
    after = "" if last else " " + piece.text[-CONTEXT_LENGTH:].partition(" ")[2]
    return replace(piece, text=f"{before}{ELLIPSIS}{after}")


def writing_help(page: str) -> Sequence[tuple[str, str]]:
    """What is typed, each with what it means.

    :param page: the page that is written, for the example of a link to one of its headings.
    """
    return (
        (
            "## Filmer {#filmer}",
            _(
                "Un titre, et le nom par lequel d’autres pages mènent à lui : "
                "/%(page)s#filmer. Ne changez pas un nom qui existe.",
                page=page,
            ),
        ),
        ("### Deux délais", _("Un sous-titre.")),
        ("**important**", _("En gras. Une étoile de chaque côté : en italique.")),
        ("- un point", _("Un point d’une liste. « 1. » commence une liste numérotée.")),
        ("[la méthode](/methode)", _("Un lien vers une autre page du site.")),
        ("[plus bas](#filmer)", _("Un lien vers un titre de la même page.")),
        (
            "{contact_email}",
            _(
                "Un réglage du registre, mis à jour tout seul. Tous : %(names)s.",
                names=_join_markers(LEGAL_FIELDS),
            ),
        ),
        (
            "{types}",
            _(
                "Seul dans son paragraphe : les définitions d’un vocabulaire. Tous : %(names)s.",
                names=_join_markers(DEFINITIONS),
            ),
        ),
    )


def _join_markers(markers: Iterable[str]) -> str:
    return ", ".join(f"{{{marker}}}" for marker in markers)
