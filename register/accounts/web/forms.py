"""Forms of sign-in, invitation and account."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired

from register.accounts.models import PASSKEY_NAME_LENGTH, SESSION_NAME_LENGTH
from register.accounts.passwords import MIN_LENGTH
from register.web import messages
from register.web.form_fields import BaseForm, code_choices, line_field

# Beside a field for a new password.
LENGTH_HINT = _(
    "Au moins %(limit)s caractères. Quatre ou cinq mots sans rapport vont très bien.",
    limit=MIN_LENGTH,
)


def password_field(label: Any) -> PasswordField:
    """A password field, without cleaning: a space at its end belongs to the password."""
    return PasswordField(label, validators=[InputRequired(messages.accounts.required)])


class CodeField(StringField):
    """A code that works once; no page repeats it."""

    def _value(self) -> str:
        return ""


class SignInForm(BaseForm):
    """Address, password and code together, so that no answer reveals which was wrong."""

    adresse = line_field(_("Adresse électronique"), required=True, limit=254)
    mot_de_passe = password_field(_("Mot de passe"))
    code_a_usage_unique = CodeField(_("Code"))
    suite = HiddenField()
    # The answer of a passkey, which a script adds in the place of all other fields.
    cle = HiddenField()


class ProofForm(BaseForm):
    """Password and code for reauthentication."""

    preuve_mot_de_passe = password_field(_("Mot de passe"))
    preuve_code = CodeField(_("Code"))


class LinkForm(BaseForm):
    """A form that uses a link; ``template`` shows it."""

    template: ClassVar[str]


class InvitedForm(LinkForm):
    """Name, password and, for the first administrator, address of an invited person."""

    template = "accounts/invitation.html"

    # Only the invitation of the first administrator has no address.
    adresse = line_field(_("Votre adresse électronique"), limit=254)
    nom = line_field(_("Votre nom, comme le verront les autres membres"), required=True, limit=80)
    nouveau_mot_de_passe = password_field(_("Mot de passe"))


class FactorForm(BaseForm):
    """One code, which proves that the application has the secret."""

    code_a_usage_unique = CodeField(
        _("Code à six chiffres"), validators=[InputRequired(messages.accounts.required)]
    )


class NewPasswordForm(BaseForm):
    """The current password, a code if there is a second factor, and the new password."""

    mot_de_passe = password_field(_("Mot de passe actuel"))
    code_a_usage_unique = CodeField(_("Code"))
    nouveau_mot_de_passe = password_field(_("Nouveau mot de passe"))


class LinkedPasswordForm(LinkForm):
    """A new password, and a code if there is a second factor, by a link of an administrator."""

    template = "accounts/password_link.html"
    nouveau_mot_de_passe = password_field(_("Nouveau mot de passe"))
    code_a_usage_unique = CodeField(_("Code"))


class PasskeyForm(BaseForm):
    """The name of a new passkey, and what the browser answered."""

    nom = line_field(_("Nom de la clé d’accès"), required=True, limit=PASSKEY_NAME_LENGTH)
    cle = HiddenField()


class SessionNameForm(BaseForm):
    """The name of a session; empty for none."""

    nom = line_field(_("Nom de la séance"), limit=SESSION_NAME_LENGTH)


class MemberInviteForm(BaseForm):
    """Address and role for an invitation."""

    adresse = line_field(_("Adresse électronique"), required=True, limit=254)
    role = SelectField(_("Rôle"), choices=code_choices(messages.accounts.roles))


class RoleForm(BaseForm):
    """New role of a member."""

    role = SelectField(_("Rôle"), choices=code_choices(messages.accounts.roles))


class NoticeModeForm(BaseForm):
    """When a member gets mail about what waits at the desk."""

    rythme = SelectField(
        _("Quand vous écrire"), choices=code_choices(messages.accounts.notice_modes)
    )
