"""The forms of the editorial pages. Each carries the revision that was looked at."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import HiddenField

from register.pages.acts import REASON_LIMIT, TEXT_LIMIT, TITLE_LIMIT
from register.web.form_fields import DeskForm, line, text

# The fields that hold the page itself.
WRITTEN = ("title", "text")


class ReasonForm(DeskForm):
    """Why a page changes, and what its administrator had before their eyes."""

    vu = HiddenField()
    reason = line(_("Pourquoi ce changement"), needed=True, limit=REASON_LIMIT)

    @property
    def seen(self) -> int:
        """The revision looked at; 0, the shipped text, when the form does not say."""
        told = str(self.vu.data or "")
        return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 else 0


class PageForm(ReasonForm):
    """The whole of a page."""

    title = line(_("Titre"), needed=True, limit=TITLE_LIMIT)
    text = text(_("Texte de la page"), needed=True, limit=TEXT_LIMIT)
