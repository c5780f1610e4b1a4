"""The forms of the editorial pages. Each carries the revision that was looked at."""

from __future__ import annotations

from flask_babel import lazy_gettext
from wtforms import HiddenField

from register.pages.acts import REASON_LIMIT, TEXT_LIMIT, TITLE_LIMIT
from register.web.form_fields import DeskForm, line_field, text_field

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
