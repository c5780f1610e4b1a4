"""Form of a right of reply."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired

from register.cases import deadlines
from register.cases.acts.replies import AUTHOR_LIMIT
from register.cases.deadlines import TextLength
from register.incoming.content import PASSAGES_LIMIT, TEXT_LIMIT, ReplyContent
from register.incoming.web.incoming_form import IncomingForm, clean_code
from register.reports.report_content import CONTACT_LIMIT
from register.reports.web.answer_fields import CheckedRadio, at_most
from register.reports.web.file_field import files_field
from register.reports.web.public_forms import REPLY_FORM_NAME
from register.web import messages
from register.web.form_fields import line_field, text_field
from register.web.request_validation import DESK_BODY_LIMIT


def _required_line(label: Any, missing: Any) -> Any:
    shorter = at_most(AUTHOR_LIMIT, _("Gardez l’essentiel."))
    return line_field(label, limit=DESK_BODY_LIMIT, validators=[DataRequired(missing), shorter])


def _required_text(label: Any, missing: Any, limit: int) -> Any:
    shorter = at_most(limit, _("Gardez l’essentiel."))
    return text_field(label, limit=DESK_BODY_LIMIT, validators=[DataRequired(missing), shorter])


class ReplyForm(IncomingForm):
    """A right of reply, with what the law asks of its request (décret nº 2007-1527, art. 1 and 2).

    ``auteur``, ``qualite`` and ``texte`` are to be published.
    """

    purpose, rate_limit, too_many = REPLY_FORM_NAME, "reply", messages.incoming.too_many

    role = CheckedRadio(
        _("Qui répond"),
        choices=[SelectChoice(code, label) for code, label in messages.incoming.roles.items()],
        default="",
        validate_choice=False,
        validators=[DataRequired(messages.incoming.role_missing)],
    )
    auteur = _required_line(
        _("Nom ou autorité, tel qu’il paraîtra"), messages.incoming.author_missing
    )
    qualite = _required_line(
        _("En quelle qualité, telle qu’elle paraîtra"), messages.incoming.capacity_missing
    )
    preuve = _required_text(
        _("Ce qui établit votre identité, et votre mandat"),
        messages.incoming.proof_missing,
        PASSAGES_LIMIT,
    )
    fichiers = files_field()
    passages = _required_text(
        _("Les passages que vous contestez"), messages.incoming.passages_missing, PASSAGES_LIMIT
    )
    texte = _required_text(_("Votre réponse"), messages.incoming.text_missing, TEXT_LIMIT)
    contact = line_field(
        _("Vous joindre"),
        limit=DESK_BODY_LIMIT,
        validators=[at_most(CONTACT_LIMIT, _("Une adresse ou un numéro suffit."))],
    )
    cas = HiddenField(filters=[clean_code])

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
