"""The forms of sign-in and of a member's own account."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired

from register.accounts.models import Role
from register.accounts.passwords import MIN_LENGTH
from register.web.form_fields import BaseForm, line_field

ROLE_LABELS = {
    Role.MODERATOR.value: _("Modération"),
    Role.ADMINISTRATOR.value: _("Administration"),
}
REQUIRED_MESSAGE = _("Ce champ doit être rempli.")
_REFUSED_MESSAGE = _(
    "Le mot de passe ou le code n’est pas le bon. Un code ne sert qu’une fois : attendez que "
    "votre téléphone affiche le suivant."
)
_BUSY_MESSAGE = _(
    "Trop de mots de passe sont vérifiés en ce moment : le vôtre n’a pas été examiné, et rien "
    "n’est fait. Attendez une minute, puis recommencez."
)
# Why a code that was to set up a second factor does not do.
WRONG_CODE_MESSAGE = _(
    "Ce code n’est pas celui du moment. Attendez le suivant, et vérifiez que l’heure du "
    "téléphone est réglée automatiquement."
)
# Why a form that came with another session's token, or without a cookie, is shown again.
TOO_EARLY_MESSAGE = _(
    "Cette page avait été ouverte trop tôt. Recommencez ; si cela se répète, acceptez les "
    "cookies de ce site : sans eux, il ne peut pas vous reconnaître."
)


def password_field(label: Any, **options: Any) -> PasswordField:
    """A password, kept letter by letter: a space at its end is one of its letters."""
    return PasswordField(label, validators=[InputRequired(REQUIRED_MESSAGE)], **options)


def code_field(label: Any, **options: Any) -> StringField:
    """A code of the second factor, as a telephone shows it or as it was noted."""
    return StringField(label, **options)


def length_hint() -> str:
    """What a new password has to be."""
    hint = _("Au moins %(limit)s caractères. Quatre ou cinq mots sans rapport vont très bien.")
    return str(hint) % {"limit": MIN_LENGTH}


class SignInForm(BaseForm):
    """Address, password and code, asked for at once: no answer tells which of them was wrong."""

    adresse = line_field(_("Adresse électronique"), required=True, limit=254)
    mot_de_passe = password_field(_("Mot de passe"))
    code_a_usage_unique = code_field(_("Code"))
    suite = HiddenField()

    def empty_secrets(self) -> None:
        """Show neither password nor code again."""
        self.mot_de_passe.data = self.code_a_usage_unique.data = ""


class ProofForm(BaseForm):
    """Password and code, asked for again."""

    preuve_mot_de_passe = password_field(_("Mot de passe"))
    preuve_code = code_field(_("Code"))

    def set_refused(self) -> None:
        """Say that they were not the right ones, and not which."""
        self.preuve_mot_de_passe.errors = [_REFUSED_MESSAGE]

    def set_busy(self) -> None:
        """Say that they were not looked at."""
        self.preuve_mot_de_passe.errors = [_BUSY_MESSAGE]


class InvitedForm(BaseForm):
    """What somebody who was invited says of themselves."""

    # Only the first one of a register says at which address they will sign in.
    adresse = line_field(_("Votre adresse électronique"), limit=254)
    nom = line_field(_("Votre nom, comme le verront les autres membres"), required=True, limit=80)
    nouveau_mot_de_passe = password_field(_("Mot de passe"))


class FactorForm(BaseForm):
    """One code, which shows that the telephone has the secret."""

    code_a_usage_unique = code_field(
        _("Code à six chiffres"), validators=[InputRequired(REQUIRED_MESSAGE)]
    )

    def set_refused(self, problem: str) -> None:
        """Say why the code does not do, and do not show it again."""
        self.code_a_usage_unique.errors = [problem]
        self.code_a_usage_unique.data = ""


class NewPasswordForm(BaseForm):
    """The password of now, a code where there is a second factor, and the new password."""

    mot_de_passe = password_field(_("Mot de passe actuel"))
    code_a_usage_unique = code_field(_("Code"))
    nouveau_mot_de_passe = password_field(_("Nouveau mot de passe"))

    def set_refused(self) -> None:
        """Say that password or code were not the right ones, and not which."""
        self.mot_de_passe.errors = [_REFUSED_MESSAGE]

    def set_busy(self) -> None:
        """Say that password and code were not looked at."""
        self.mot_de_passe.errors = [_BUSY_MESSAGE]


class MemberInviteForm(BaseForm):
    """Whom to invite, and to do what."""

    adresse = line_field(_("Adresse électronique"), required=True, limit=254)
    role = SelectField(
        _("Rôle"), choices=lambda: [(code, str(name)) for code, name in ROLE_LABELS.items()]
    )


class RoleForm(BaseForm):
    """Another role for a member."""

    role = SelectField(
        _("Rôle"), choices=lambda: [(code, str(name)) for code, name in ROLE_LABELS.items()]
    )
