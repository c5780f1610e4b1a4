"""Accounts, sign-in and invitations."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

MEMBERS: dict[str, Any] = {
    "member_exists": _("Un compte existe déjà pour %(email)s."),
    "member_disabled": _("Le compte de %(email)s est déjà désactivé."),
    "member_last_administrator": _(
        "%(email)s est le dernier compte d’administration : nommez quelqu’un d’autre d’abord."
    ),
    "member_may_not_act": _("Ce compte n’existe pas ou a été désactivé : il ne peut plus agir."),
    "member_unknown": _("Aucun compte n’a l’adresse %(email)s."),
    "member_email": _("« %(email)s » n’est pas une adresse électronique complète."),
    "password_short": _("Le mot de passe est trop court : %(limit)s caractères au moins."),
    "password_long": _("Le mot de passe est trop long : %(limit)s caractères au plus."),
}
