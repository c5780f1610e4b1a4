"""Form of a right of reply."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms.validators import DataRequired

from register.cases import deadlines
from register.cases.acts.replies import AUTHOR_LIMIT
from register.cases.deadlines import TextLength
from register.incoming.content import PASSAGES_LIMIT, REPLY_LIMIT, ReplyContent
from register.incoming.web.incoming_form import KEEP_SHORT, IncomingForm
from register.reports.report_content import CONTACT_LIMIT
from register.reports.web.answer_fields import CheckedRadio, hidden_field, long_field, short_field
from register.reports.web.file_field import files_field
from register.reports.web.public_forms import REPLY_FORM_NAME
from register.web import messages
from register.web.form_fields import LineField, MultilineField, code_choices


def _line(label: Any, missing: Any) -> LineField:
    return short_field(label, AUTHOR_LIMIT, KEEP_SHORT, conditions=[DataRequired(missing)])


def _text(label: Any, missing: Any, limit: int) -> MultilineField:
    return long_field(label, limit, KEEP_SHORT, missing=missing)


class ReplyForm(IncomingForm):
    """A right of reply, with what the law asks of its request (décret nº 2007-1527, art. 1 and 2).

    ``auteur``, ``qualite`` and ``texte`` are to be published.
    """

    purpose, rate_limit, too_many = REPLY_FORM_NAME, "reply", messages.incoming.too_many

    role = CheckedRadio(
        _("Qui répond"),
        choices=code_choices(messages.incoming.roles),
        validators=[DataRequired(messages.incoming.role_missing)],
    )
    auteur = _line(_("Nom ou autorité, tel qu’il paraîtra"), messages.incoming.author_missing)
    qualite = _line(
        _("En quelle qualité, telle qu’elle paraîtra"), messages.incoming.capacity_missing
    )
    preuve = _text(
        _("Ce qui établit votre identité, et votre mandat"),
        messages.incoming.proof_missing,
        PASSAGES_LIMIT,
    )
    fichiers = files_field()
    passages = _text(
        _("Les passages que vous contestez"), messages.incoming.passages_missing, PASSAGES_LIMIT
    )
    texte = _text(_("Votre réponse"), messages.incoming.text_missing, REPLY_LIMIT)
    contact = short_field(_("Vous joindre"), CONTACT_LIMIT, _("Une adresse ou un numéro suffit."))
    cas = hidden_field()

    @property
    def length(self) -> TextLength:
        """The length of the typed reply."""
        return deadlines.text_length(self.texte.data)

    @property
    def sent(self) -> ReplyContent:
        """What the form says, once it is valid."""
        return ReplyContent(
            author=self.auteur.data,
            capacity=self.qualite.data,
            text=self.texte.data,
            role=str(self.role.data),
            proof=self.preuve.data,
            passages=self.passages.data,
            contact=self.contact.data,
            files=tuple(file.sha256 for file in self.fichiers.manifests),
        )

    def is_whole(self) -> bool:
        """Whether no document was lost on its way."""
        return self.fichiers.require_whole()
