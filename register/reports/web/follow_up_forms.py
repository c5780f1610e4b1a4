"""The forms of the follow-up page: the code, a message, a contact, a withdrawal.

They have no session whose token they could bear: a signed token of their own stands in its place
(``register.reports.web.form_tokens``).
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from wtforms import BooleanField, RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, ValidationError

from register.reports.models import Kind
from register.reports.report_content import CONTACT_LIMIT, MESSAGE_LIMIT
from register.web.form_fields import Area, Form, line, text

# What the author of a report may say that a message is.
KINDS = {
    Kind.ANSWER.value: _("Je réponds à la question"),
    Kind.ADDITION.value: _("J’ajoute quelque chose"),
    Kind.CORRECTION.value: _("Je corrige une erreur"),
}
_OPENS_NOTHING = _(
    "Ce code n’ouvre rien. Reprenez-le lettre par lettre. S’il est ancien, ce qu’il "
    "ouvrait a pu être effacé."
)
_NO_CONTACT = _("Écrivez une adresse ou un numéro, ou ne changez rien.")
_NOT_CONFIRMED = _("Cochez la case pour confirmer. Rien n’a été retiré.")


class CodeForm(Form):
    """A form without a session."""

    class Meta(Form.Meta):
        """No token of a session."""

        csrf = False


class Code(CodeForm):
    """What opens a report."""

    code = line(_("Votre code"), limit=200)

    def opens_nothing(self) -> None:
        """Say so, in one sentence for whatever was wrong with it."""
        self.code.errors = [_OPENS_NOTHING]


class Message(CodeForm):
    """An answer, an addition or a correction."""

    nature = RadioField(
        _("Ce message"),
        choices=[SelectChoice(code, name) for code, name in KINDS.items()],
        validate_choice=False,
    )
    message = text(_("Votre message"), needed=True, limit=MESSAGE_LIMIT)

    @property
    def kind(self) -> Kind:
        """What it is said to be; whatever else was sent is an addition."""
        said = self.nature.data
        return Kind(said) if said in KINDS else Kind.ADDITION


class Contact(CodeForm):
    """How to be reached; an empty one takes back what was left before."""

    contact = text(_("Comment vous joindre"), limit=CONTACT_LIMIT)
    # Whether there is nothing yet that an empty one could take back.
    is_needed = False

    def validate_contact(self, field: Area) -> None:
        """Refuse to keep nothing."""
        if self.is_needed and not field.data:
            raise ValidationError(_NO_CONTACT)


class Withdrawal(CodeForm):
    """To take a report back, or to ask for it once its case is public."""

    # A button alone is pressed by mistake.
    confirme = BooleanField(
        _("Oui, je veux que mon signalement soit retiré"), validators=[DataRequired(_NOT_CONFIRMED)]
    )
    raison = text(_("Pourquoi (facultatif)"), limit=MESSAGE_LIMIT)
