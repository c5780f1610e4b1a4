"""The forms of sign-in and of a member's own account."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired

from register.accounts.models import Role
from register.accounts.passwords import MIN_LENGTH
from register.web.form_fields import Form, line

ROLES = {
    Role.MODERATOR.value: _("Modération"),
    Role.ADMINISTRATOR.value: _("Administration"),
}
MISSING = _("Ce champ doit être rempli.")
_REFUSED = _(
    "Le mot de passe ou le code n’est pas le bon. Un code ne sert qu’une fois : attendez que "
    "votre téléphone affiche le suivant."
)
_BUSY = _(
    "Trop de mots de passe sont vérifiés en ce moment : le vôtre n’a pas été examiné, et rien "
    "n’est fait. Attendez une minute, puis recommencez."
)
# Why a code that was to set up a second factor does not do.
WRONG_CODE = _(
    "Ce code n’est pas celui du moment. Attendez le suivant, et vérifiez que l’heure du "
    "téléphone est réglée automatiquement."
)
# Why a form that came with another session's token, or without a cookie, is shown again.
TOO_EARLY = _(
    "Cette page avait été ouverte trop tôt. Recommencez ; si cela se répète, acceptez les "
    "cookies de ce site : sans eux, il ne peut pas vous reconnaître."
)


def secret(label: Any, **more: Any) -> PasswordField:
    """A password, kept letter by letter: a space at its end is one of its letters."""
    return PasswordField(label, validators=[InputRequired(MISSING)], **more)


def code(label: Any, **more: Any) -> StringField:
    """A code of the second factor, as a telephone shows it or as it was noted."""
    return StringField(label, **more)


def length_hint() -> str:
    """What a new password has to be."""
    said = _("Au moins %(limit)s caractères. Quatre ou cinq mots sans rapport vont très bien.")
    return str(said) % {"limit": MIN_LENGTH}


class SignIn(Form):
    """Address, password and code, asked for at once: no answer tells which of them was wrong."""

    adresse = line(_("Adresse électronique"), needed=True, limit=254)
    mot_de_passe = secret(_("Mot de passe"))
    code_a_usage_unique = code(_("Code"))
    suite = HiddenField()

    def empty_secrets(self) -> None:
        """Show neither password nor code again."""
        self.mot_de_passe.data = self.code_a_usage_unique.data = ""


class Proof(Form):
    """Password and code, asked for again."""

    preuve_mot_de_passe = secret(_("Mot de passe"))
    preuve_code = code(_("Code"))

    def is_refused(self) -> None:
        """Say that they were not the right ones, and not which."""
        self.preuve_mot_de_passe.errors = [_REFUSED]

    def is_busy(self) -> None:
        """Say that they were not looked at."""
        self.preuve_mot_de_passe.errors = [_BUSY]


class Invited(Form):
    """What somebody who was invited says of themselves."""

    # Only the first one of a register says at which address they will sign in.
    adresse = line(_("Votre adresse électronique"), limit=254)
    nom = line(_("Votre nom, comme le verront les autres membres"), needed=True, limit=80)
    nouveau_mot_de_passe = secret(_("Mot de passe"))


class Factor(Form):
    """One code, which shows that the telephone has the secret."""

    code_a_usage_unique = code(_("Code à six chiffres"), validators=[InputRequired(MISSING)])

    def is_refused(self, said: str) -> None:
        """Say why the code does not do, and do not show it again."""
        self.code_a_usage_unique.errors = [said]
        self.code_a_usage_unique.data = ""


class NewPassword(Form):
    """The password of now, a code where there is a second factor, and the new password."""

    mot_de_passe = secret(_("Mot de passe actuel"))
    code_a_usage_unique = code(_("Code"))
    nouveau_mot_de_passe = secret(_("Nouveau mot de passe"))

    def is_refused(self) -> None:
        """Say that password or code were not the right ones, and not which."""
        self.mot_de_passe.errors = [_REFUSED]

    def is_busy(self) -> None:
        """Say that password and code were not looked at."""
        self.mot_de_passe.errors = [_BUSY]


class Invite(Form):
    """Whom to invite, and to do what."""

    adresse = line(_("Adresse électronique"), needed=True, limit=254)
    role = SelectField(
        _("Rôle"), choices=lambda: [(code, str(name)) for code, name in ROLES.items()]
    )


class RoleOf(Form):
    """Another role for a member."""

    role = SelectField(
        _("Rôle"), choices=lambda: [(code, str(name)) for code, name in ROLES.items()]
    )
