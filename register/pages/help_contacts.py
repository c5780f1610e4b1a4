"""Who can help a reporter: contacts that an editorial text holds as data.

The text has one part a contact, in both languages, so that a number or an address exists once::

    ## france-victimes

    - nom : France Victimes
    - nom en anglais : France Victimes
    - rôle : Écoute les victimes…
    - rôle en anglais : Listens to victims…
    - numéro : 116 006
    - lien : https://www.france-victimes.fr/
    - pour : danger, violence_physique
    - vérifié : 2026-11-28
    - source : https://…

``pour`` takes the codes of types and families, and two words of its own: :data:`DANGER` and
:data:`ALWAYS`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from register.errors import Invalid
from register.pages import content
from register.pages.content import HELP_PAGE
from register.text.dates import Language

# Codes that are no type: whoever is in danger now; whatever happened.
DANGER, ALWAYS = "danger", "toujours"
_PART = re.compile(r"^## ", re.MULTILINE)
_KEY = re.compile(r"[a-z0-9-]{1,40}")
# An entry, and the character that a Markdown list begins with.
_ENTRY = re.compile(r"[-*]\s+([^:]+?)\s*:\s*(.*)")
# A number to write to has the word SMS before it.
_PHONE = re.compile(r"(?:SMS )?\+?[0-9][0-9 ]{1,18}")
_CODE = re.compile(r"[a-z_]+")
_NAME, _ENGLISH_NAME, _ROLE, _ENGLISH_ROLE = "nom", "nom en anglais", "rôle", "rôle en anglais"
_PHONE_FIELD, _LINK, _CODES, _CHECKED, _SOURCE = "numéro", "lien", "pour", "vérifié", "source"
_REQUIRED = (_NAME, _ENGLISH_NAME, _ROLE, _ENGLISH_ROLE, _CODES, _CHECKED, _SOURCE)
_FIELDS = (*_REQUIRED, _PHONE_FIELD, _LINK)


@dataclass(frozen=True)
class HelpContact:
    """An organisation or a service; ``phone`` and ``link`` may be empty, but not both.

    :param codes: what it helps with.
    :param checked_on: the day on which number and link were compared with ``source``.
    """

    key: str
    names: Mapping[Language, str] = field(hash=False)
    roles: Mapping[Language, str] = field(hash=False)
    phone: str
    link: str
    codes: frozenset[str]
    checked_on: date
    source: str

    @property
    def phone_address(self) -> str:
        """The address of the number (RFC 3966, RFC 5724)."""
        digits = self.phone.replace(" ", "")
        text_number = digits.removeprefix("SMS")
        return f"sms:{text_number}" if text_number != digits else f"tel:{digits}"

    @property
    def site(self) -> str:
        """The host of the link, as people say it."""
        return urlsplit(self.link).hostname or ""


def current_contacts(session: Session) -> tuple[HelpContact, ...]:
    """The contacts that readers see now, in their order."""
    return contacts_of(content.current_page(session, HELP_PAGE).text)


def shipped_contacts() -> tuple[HelpContact, ...]:
    """The contacts that come with the code, for pages that are made without the database."""
    return contacts_of(content.shipped_page(HELP_PAGE).text)


@lru_cache(maxsize=4)
def contacts_of(text: str) -> tuple[HelpContact, ...]:
    """The contacts of a text that was accepted; a part that is none any more is left out."""
    contacts = []
    for key, lines in _parts(text):
        try:
            contacts.append(_contact(key, lines))
        except Invalid:
            # A later version of the code may ask for more than the one that stored the text.
            continue
    return tuple(contacts)


def select_contacts(
    contacts: Sequence[HelpContact], codes: Collection[str]
) -> Sequence[HelpContact]:
    """The contacts that help with one of the codes, in their order."""
    return [contact for contact in contacts if not contact.codes.isdisjoint(codes)]


def require_contacts(text: str, codes: Collection[str] | None = None) -> None:
    """Refuse a text that does not hold contacts.

    :param codes: those that exist beside ``DANGER`` and ``ALWAYS``; None if they are not known.
    :raises Invalid: ``help_empty``, ``help_key``, ``help_twice``, ``help_field``,
        ``help_missing``, ``help_value`` or ``help_code``, each with ``words``.
    """
    contacts = [_contact(key, lines) for key, lines in _parts(text)]
    if not contacts:
        raise Invalid("help_empty", field="text")
    keys = [contact.key for contact in contacts]
    for contact in contacts:
        if keys.count(contact.key) > 1:
            raise Invalid("help_twice", words=contact.key, field="text")
        unknown = contact.codes - {DANGER, ALWAYS} - set(codes or contact.codes)
        if unknown:
            raise Invalid("help_code", words=f"{contact.key} : {min(unknown)}", field="text")


def _parts(text: str) -> Iterator[tuple[str, list[str]]]:
    """The key and the lines of each part; what comes before the first is for its editors."""
    for part in _PART.split(text)[1:]:
        key, *lines = part.splitlines()
        yield key.strip(), [line.strip() for line in lines if line.strip()]


def _contact(key: str, lines: Sequence[str]) -> HelpContact:
    if not _KEY.fullmatch(key):
        raise Invalid("help_key", words=key, field="text")
    cells: dict[str, str] = {}
    for line in lines:
        entry = _ENTRY.fullmatch(line)
        if entry is None or entry[1] not in _FIELDS or entry[1] in cells:
            raise Invalid("help_field", words=f"{key} : {line[:80]}", field="text")
        cells[entry[1]] = entry[2].strip()
    phone, link = cells.get(_PHONE_FIELD, ""), cells.get(_LINK, "")
    for name in _REQUIRED if link else (*_REQUIRED, _PHONE_FIELD):
        if not cells.get(name):
            raise Invalid("help_missing", words=f"{key} : {name}", field="text")
    if phone and not _PHONE.fullmatch(phone):
        raise _value_error(key, _PHONE_FIELD, phone)
    for name, address in ((_LINK, link), (_SOURCE, cells[_SOURCE])):
        if address and not _is_address(address):
            raise _value_error(key, name, address)
    codes = frozenset(code.strip() for code in cells[_CODES].split(","))
    for code in codes:
        if not _CODE.fullmatch(code):
            raise _value_error(key, _CODES, code)
    try:
        checked_on = date.fromisoformat(cells[_CHECKED])
    except ValueError:
        raise _value_error(key, _CHECKED, cells[_CHECKED]) from None
    return HelpContact(
        key=key,
        names={"fr": cells[_NAME], "en": cells[_ENGLISH_NAME]},
        roles={"fr": cells[_ROLE], "en": cells[_ENGLISH_ROLE]},
        phone=phone,
        link=link,
        codes=codes,
        checked_on=checked_on,
        source=cells[_SOURCE],
    )


def _is_address(address: str) -> bool:
    """Whether it is an address of the web that a page may link to."""
    if not re.fullmatch(r"https?://[^\s\"<>\\]{3,500}", address):
        return False
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False


def _value_error(key: str, name: str, value: str) -> Invalid:
    return Invalid("help_value", words=f"{key} : {name} : {value[:80]}", field="text")
