"""Contacts who can help: their text, what is refused, and who sees which."""

from __future__ import annotations

from datetime import date

import pytest

from register.db import now
from register.errors import Invalid
from register.pages import acts, content, help_contacts
from register.pages.help_contacts import ALWAYS, DANGER
from register.pages.web.help import contact_codes, help_codes

pytestmark = pytest.mark.one_database

CONTACT = """## exemple

- nom : Une association
- nom en anglais : An association
- rôle : Conseille.
- rôle en anglais : Advises.
- numéro : 01 02 03 04 05
- lien : https://exemple.test/aide
- pour : justice, violence_physique
- vérifié : 2026-11-28
- source : https://exemple.test/source
"""


def test_the_shipped_contacts_are_complete_and_have_codes_that_exist():
    text = content.shipped_page(content.HELP_PAGE).text
    help_contacts.require_contacts(text, contact_codes())
    contacts = help_contacts.shipped_contacts()
    assert len(contacts) == text.count("\n## ") >= 12
    assert all(contact.checked_on <= now().date() for contact in contacts)
    assert {"tel:17", "tel:112", "sms:114"} <= {contact.phone_address for contact in contacts}


def test_every_type_has_a_contact_of_its_own_beside_those_for_everybody():
    from register.reports import form_vocabulary

    contacts = help_contacts.shipped_contacts()
    for code in form_vocabulary.words("type"):
        own = help_contacts.select_contacts(contacts, help_codes([code]) - {ALWAYS})
        assert own or code == "autre", code


def test_a_contact_is_read_with_its_number_link_codes_and_day():
    (contact,) = help_contacts.contacts_of(f"Une remarque.\n\n{CONTACT}")
    assert contact.key == "exemple"
    assert (contact.names["en"], contact.roles["fr"]) == ("An association", "Conseille.")
    assert (contact.phone, contact.phone_address) == ("01 02 03 04 05", "tel:0102030405")
    assert contact.site == "exemple.test"
    assert contact.codes == {"justice", "violence_physique"}
    assert contact.checked_on == date(2026, 11, 28)
    assert help_contacts.select_contacts([contact], {DANGER}) == []


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        (CONTACT, "Rien.", "help_empty"),
        ("## exemple", "## Une Clé", "help_key"),
        ("## exemple", f"{CONTACT}\n## exemple", "help_twice"),
        ("- rôle : Conseille.\n", "", "help_missing"),
        ("- vérifié : 2026-11-28\n", "", "help_missing"),
        ("- source : https://exemple.test/source\n", "", "help_missing"),
        ("- rôle : Conseille.", "- role : Conseille.", "help_field"),
        ("- rôle : Conseille.", "Conseille.", "help_field"),
        ("- numéro : 01 02 03 04 05", "- numéro : 1\n- numéro : 22", "help_field"),
        ("01 02 03 04 05", "appelez-nous", "help_value"),
        ("https://exemple.test/aide", "javascript:alert(1)", "help_value"),
        ("https://exemple.test/aide", "https://", "help_value"),
        ("https://exemple.test/aide", "https://[exemple", "help_value"),
        ("https://exemple.test/source", "le site", "help_value"),
        ("2026-11-28", "28 novembre", "help_value"),
        ("justice, violence_physique", "justice,", "help_value"),
        ("justice, violence_physique", "justices", "help_code"),
    ],
)
def test_a_contact_that_lacks_something_is_refused_with_what_it_is(before, after, key):
    with pytest.raises(Invalid) as refused:
        help_contacts.require_contacts(CONTACT.replace(before, after), contact_codes())
    assert refused.value.key == key


def test_neither_number_nor_link_is_no_contact():
    lines = [line for line in CONTACT.splitlines() if not line.startswith(("- numéro", "- lien"))]
    with pytest.raises(Invalid, match="help_missing"):
        help_contacts.require_contacts("\n".join(lines))


def test_an_administrator_changes_the_contacts_and_a_broken_text_changes_nothing(
    pen, cast, session
):
    options = {"by": cast.ada, "reason": "numéro vérifié", "seen_revision": 0}
    with pytest.raises(Invalid, match="help_missing"), pen() as p:
        acts.save_page(p, content.HELP_PAGE, "Aide", "## exemple\n\n- nom : Seul", **options)
    session.rollback()
    assert help_contacts.current_contacts(session) == help_contacts.shipped_contacts()
    with pen() as p:
        acts.save_page(p, content.HELP_PAGE, "Aide", CONTACT, **options)
    session.rollback()
    assert [contact.key for contact in help_contacts.current_contacts(session)] == ["exemple"]
