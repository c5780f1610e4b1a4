"""Forms of sign-in, invitation and account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired

from register.accounts.models import PASSKEY_NAME_LENGTH, SESSION_NAME_LENGTH
from register.accounts.passwords import MIN_LENGTH
from register.web import messages
from register.web.form_fields import BaseForm, line_field


def password_field(label: Any, **options: Any) -> PasswordField:
    """A password field, without cleaning: a space at its end belongs to the password."""
    return PasswordField(label, validators=[InputRequired(messages.accounts.required)], **options)


def length_hint() -> str:
    """The hint beside a field for a new password."""
    hint = _("Au moins %(limit)s caractères. Quatre ou cinq mots sans rapport vont très bien.")
    return str(hint) % {"limit": MIN_LENGTH}


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


class InvitedForm(BaseForm):
    """Name, password and, for the first administrator, address of an invited person."""

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


class LinkedPasswordForm(BaseForm):
    """A new password, and a code if there is a second factor, by a link of an administrator."""

    nouveau_mot_de_passe = password_field(_("Nouveau mot de passe"))
    code_a_usage_unique = CodeField(_("Code"))


class PasskeyForm(BaseForm):
    """The name of a new passkey, and what the browser answered."""

    nom = line_field(_("Nom de la clé d’accès"), required=True, limit=PASSKEY_NAME_LENGTH)
    cle = HiddenField()


class SessionNameForm(BaseForm):
    """The name of a session; empty for none."""

    nom = line_field(_("Nom de la séance"), limit=SESSION_NAME_LENGTH)


def _labelled(names: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(code, str(name)) for code, name in names.items()]


def _role_field() -> SelectField:
    return SelectField(_("Rôle"), choices=lambda: _labelled(messages.accounts.roles))


class MemberInviteForm(BaseForm):
    """Address and role for an invitation."""

    adresse = line_field(_("Adresse électronique"), required=True, limit=254)
    role = _role_field()


class RoleForm(BaseForm):
    """New role of a member."""

    role = _role_field()


class NoticeModeForm(BaseForm):
    """When a member gets mail about what waits at the desk."""

    rythme = SelectField(
        _("Quand vous écrire"), choices=lambda: _labelled(messages.accounts.notice_modes)
    )
