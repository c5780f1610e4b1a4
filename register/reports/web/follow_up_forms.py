"""The forms of the follow-up page: the code, a message, a contact, a withdrawal.

They have no session whose token they could bear: a signed token of their own stands in its place
(``register.reports.web.form_tokens``).
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, ValidationError

from register.reports.models import MessageKind
from register.reports.report_content import CONTACT_LIMIT, MESSAGE_LIMIT
from register.web.form_fields import BaseForm, MultilineField, line_field, text_field

# What the author of a report may say that a message is.
KIND_LABELS = {
    MessageKind.ANSWER.value: _("Je réponds à la question"),
    MessageKind.ADDITION.value: _("J’ajoute quelque chose"),
    MessageKind.CORRECTION.value: _("Je corrige une erreur"),
}
_OPENS_NOTHING = _(
    "Ce code n’ouvre rien. Reprenez-le lettre par lettre. S’il est ancien, ce qu’il "
    "ouvrait a pu être effacé."
)
_NO_CONTACT = _("Écrivez une adresse ou un numéro, ou ne changez rien.")
_NOT_CONFIRMED = _("Cochez la case pour confirmer. Rien n’a été retiré.")


class SessionlessForm(BaseForm):
    """A form without a session."""

    class Meta(BaseForm.Meta):
        """No token of a session."""

        csrf = False


class ReceiptCodeForm(SessionlessForm):
    """What opens a report."""

    code = line_field(_("Votre code"), limit=200)

    def reject(self) -> None:
        """Say so, in one sentence for whatever was wrong with it."""
        self.code.errors = [_OPENS_NOTHING]


class MessageForm(SessionlessForm):
    """An answer, an addition or a correction."""

    nature = RadioField(
        _("Ce message"),
        choices=[SelectChoice(code, name) for code, name in KIND_LABELS.items()],
        validate_choice=False,
    )
    message = text_field(_("Votre message"), required=True, limit=MESSAGE_LIMIT)

    @property
    def kind(self) -> MessageKind:
        """What it is said to be; whatever else was sent is an addition."""
        code = self.nature.data
        return MessageKind(code) if code in KIND_LABELS else MessageKind.ADDITION


class ContactForm(SessionlessForm):
    """How to be reached; an empty one takes back what was left before."""

    contact = text_field(_("Comment vous joindre"), limit=CONTACT_LIMIT)
    # Whether there is nothing yet that an empty one could take back.
    is_needed = False

    def validate_contact(self, field: MultilineField) -> None:
        """Refuse to keep nothing."""
        if self.is_needed and not field.data:
            raise ValidationError(_NO_CONTACT)


class WithdrawalForm(SessionlessForm):
    """To take a report back, or to ask for it once its case is public."""

    # A button alone is pressed by mistake.
    confirme = BooleanField(
        _("Oui, je veux que mon signalement soit retiré"), validators=[DataRequired(_NOT_CONFIRMED)]
    )
    raison = text_field(_("Pourquoi (facultatif)"), limit=MESSAGE_LIMIT)
