"""Who can help: its page, and the contacts that other pages show for what happened."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import cast

from flask import g, render_template
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError

from register.db import db
from register.pages import help_contacts
from register.pages.help_contacts import ALWAYS, DANGER, HelpContact, select_contacts
from register.reports import form_vocabulary
from register.web.blueprints import public
from register.web.l10n import language
from register.web.request_context import head

# Contacts under a heading: the anchor of the heading, the heading, the contacts.
HelpGroup = tuple[str, str, Sequence[HelpContact]]


@public.get("/aide")
def help_page() -> str:
    """Who can help with what, from the contacts that administrators keep."""
    head()
    contacts = help_contacts.current_contacts(db.session())
    return render_template("pages/help.html", groups=group_contacts(contacts))


def group_contacts(contacts: Sequence[HelpContact]) -> list[HelpGroup]:
    """Each contact once: for danger, for whatever happened, by what happened."""
    urgent = select_contacts(contacts, {DANGER})
    general = [contact for contact in select_contacts(contacts, {ALWAYS}) if contact not in urgent]
    others = [contact for contact in contacts if contact not in [*urgent, *general]]
    groups = (
        (DANGER, _("En danger maintenant"), urgent),
        (ALWAYS, _("Quoi qu’il arrive"), general),
        ("selon", _("Selon ce qui vous arrive"), others),
    )
    return [group for group in groups if group[2]]


@public.app_template_global("help_families")
def family_labels(contact: HelpContact) -> list[str]:
    """The families of what a contact helps with, in the reader's language."""
    lang = language()
    labels = form_vocabulary.words("famille", lang)
    return [
        labels[family].label
        for family, words in form_vocabulary.families(lang).items()
        if contact.codes & {family, *(word.code for word in words)}
    ]


@public.app_template_global("all_help_contacts")
def current_contacts() -> tuple[HelpContact, ...]:
    """The contacts now, read once in a request; those of the code where the database is away."""
    if "register_help_contacts" not in g:
        g.register_help_contacts = help_contacts.shipped_contacts()
        with suppress(SQLAlchemyError, OSError):
            g.register_help_contacts = help_contacts.current_contacts(db.session())
    return cast("tuple[HelpContact, ...]", g.register_help_contacts)


@public.app_template_global("help_contacts")
def contacts_for(types: Collection[str], *, danger: bool = False) -> Sequence[HelpContact]:
    """The contacts for types of incidents; with ``danger``, those for it only."""
    return select_contacts(current_contacts(), {DANGER} if danger else help_codes(types))


@public.app_template_global("help_contacts_by_key")
def contacts_by_key() -> Mapping[str, HelpContact]:
    """The contacts by the keys under which notices name them."""
    return {contact.key: contact for contact in current_contacts()}


def help_codes(types: Collection[str]) -> set[str]:
    """The codes under which contacts for types of incidents are found."""
    families: Mapping[str, Sequence[form_vocabulary.FormWord]] = form_vocabulary.families()
    own = {code for code, words in families.items() if any(word.code in types for word in words)}
    return {*types, *own, ALWAYS}


def contact_codes() -> set[str]:
    """Every code that a contact may have, beside those of ``help_contacts``."""
    return {*form_vocabulary.words("type"), *form_vocabulary.words("famille")}


def contacts_html(contacts: Sequence[HelpContact]) -> Markup:
    """The contacts by what they help with, as a part of a page."""
    groups = group_contacts(contacts)
    html = render_template("pages/_help_groups.html", groups=groups)
    return Markup(html)  # noqa: S704 - rendered with every value escaped
