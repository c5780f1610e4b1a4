"""Accounts, sign-in and invitations."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

ACCOUNT_ERRORS: dict[str, Any] = {
    "member_exists": _("Un compte existe déjà pour %(email)s."),
    "member_disabled": _("Le compte de %(email)s est déjà désactivé."),
    "member_enabled": _("Le compte de %(email)s est déjà ouvert."),
    "member_has_role": _("%(email)s a déjà ce rôle."),
    "member_administrators_only": _(
        "Seul un compte d’administration peut inviter, fermer ou changer des comptes."
    ),
    "member_vouches": _("Le compte de %(email)s n’a pas, ou plus, à être confirmé."),
    "member_vouches_later": _(
        "Votre compte est récent, ou vient d’être rouvert : jusqu’au %(from_day)s, il ne vaut pas "
        "de seconde personne et ne change pas d’autres comptes. Demandez à un membre qui ne l’a "
        "pas ouvert de le confirmer, depuis la page « À faire »."
    ),
    "own_change": _("C’est à un autre membre que vous de le faire."),
    "own_invitation": _(
        "Vous avez ouvert le compte de ce membre : jusqu’au %(from_day)s, c’est à quelqu’un "
        "d’autre d’être la seconde personne, ou de confirmer ce compte."
    ),
    "member_factor_none": _("%(email)s n’a pas de seconde preuve."),
    "member_name": _("Le nom dépasse %(limit)s caractères : raccourcissez-le."),
    "member_not_first": _(
        "Le registre a déjà des comptes : demandez une invitation à l’administration."
    ),
    "invitation_unknown": _(
        "Cette invitation n’ouvre plus de compte : elle a servi, a été reprise ou date de plus "
        "d’une semaine. Demandez-en une autre à qui vous l’a envoyée."
    ),
    "invitation_over": _(
        "Cette invitation n’est plus à reprendre : elle a servi, a déjà été reprise ou a plus "
        "d’une semaine."
    ),
    "member_last_administrator": _(
        "%(email)s est le dernier compte d’administration : nommez quelqu’un d’autre d’abord."
    ),
    "member_may_not_act": _("Ce compte n’existe pas ou a été désactivé : il ne peut plus agir."),
    "member_unknown": _("Aucun compte n’a l’adresse %(email)s."),
    "member_email": _("« %(email)s » n’est pas une adresse électronique complète."),
    "password_short": _("Le mot de passe est trop court : %(limit)s caractères au moins."),
    "password_long": _("Le mot de passe est trop long : %(limit)s caractères au plus."),
    "password_common": _(
        "Ce mot de passe est de ceux que l’on essaie d’abord : choisissez plutôt quatre mots sans "
        "rapport entre eux."
    ),
    "password_leaked": _(
        "Ce mot de passe figure dans une liste de mots de passe volés : choisissez plutôt quatre "
        "mots sans rapport entre eux."
    ),
    "password_yours": _(
        "Le mot de passe contient « %(part)s », qui est dans votre adresse : choisissez-en un qui "
        "ne parle pas de vous."
    ),
}
