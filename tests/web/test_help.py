"""Who can help on the pages: by type, with its day, also while the database is away."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from form_client import FormClient, MemberClient
from sqlalchemy.exc import OperationalError

from register.pages import help_contacts
from register.pages.content import HELP_PAGE, shipped_page
from register.pages.help_contacts import DANGER
from register.pages.web import help as help_pages
from register.reports import questions
from register.reports.questions import Notice

pytestmark = pytest.mark.one_database

EDITOR = f"/moderation/pages/{HELP_PAGE}"


def plain(html: str) -> str:
    return html.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/aide", ("Police ou gendarmerie", "Vérifié le", "116 006", "28 novembre 2026")),
        ("/en/aide", ("Police or gendarmerie", "Checked on", "116 006", "28 November 2026")),
        ("/vos-droits", ("Police ou gendarmerie", "Vérifié le", "CADA")),
        ("/en/vos-droits", ("Police or gendarmerie", "Checked on", "CADA")),
    ],
)
def test_the_contacts_are_on_their_page_and_on_that_of_the_rights(
    client: FlaskClient, address: str, words: tuple[str, ...]
) -> None:
    html = plain(client.get(address).text)
    for word in words:
        assert word in html
    assert '<a class="tap" href="tel:17">17</a>' in html
    assert re.search(r'href="https://www\.cada\.fr/formulaire-de-saisine" rel="[^"]*noopener', html)


@pytest.mark.parametrize("address", ["/vos-droits", "/en/vos-droits"])
def test_articles_of_law_lead_to_the_official_text(client: FlaskClient, address: str) -> None:
    html = client.get(address).text
    links = re.findall(
        r'href="(https://(?:www\.legifrance\.gouv\.fr|eur-lex\.europa\.eu)/[^"]+)"', html
    )
    assert len(links) > 30
    assert "https://www.legifrance.gouv.fr/loda/id/LEGITEXT000006070722" in links
    assert "https://eur-lex.europa.eu/eli/dir/2024/1069/oj" in links
    assert 'id="baillon"' in html


def send_step(app: Flask, step: str, **typed: str) -> FormClient:
    visitor = FormClient(app)
    visitor.get("/signaler")
    fields = {**dict(visitor.form("/signaler").fields), "recit": "On m’a poursuivi.", "etape": step}
    visitor.post("/signaler", {**fields, **typed})
    return visitor


def test_a_report_shows_who_helps_with_what_was_ticked(app: Flask) -> None:
    for step in ("verifier", "envoyer"):
        html = plain(send_step(app, step, types="plainte_diffamation").answer.text)
        assert "Qui peut vous aider" in html, step
        assert "Aide juridictionnelle" in html
        assert "3039" in html
        assert "cada.fr" not in html
        html = plain(send_step(app, step, types="refus_document").answer.text)
        assert "cada.fr" in html
        assert "Aide juridictionnelle" not in html
    assert "Qui peut vous aider" not in send_step(app, "envoyer").answer.text


def test_whoever_is_in_danger_can_call_from_the_form(client: FlaskClient) -> None:
    html = client.get("/signaler").text
    for address in ("tel:17", "tel:112", "sms:114"):
        assert f'href="{address}"' in html


def test_a_notice_names_its_contacts_with_the_day_of_their_last_check(app: Flask) -> None:
    html = plain(send_step(app, "verifier", types="convocation_audition").answer.text)
    notice = html[html.index("Convoqué") :].partition("</p>")[0]
    assert 'href="tel:3039"' in notice
    assert "Défenseur des droits" in notice
    assert notice.count("vérifié le") == 2
    assert 'datetime="2026-11-28"' in notice


@pytest.mark.parametrize("notice", questions.NOTICES, ids=lambda notice: notice.code)
def test_every_notice_names_contacts_that_help_with_its_types(notice: Notice) -> None:
    contacts = {contact.key: contact for contact in help_contacts.shipped_contacts()}
    assert notice.contacts
    for key in notice.contacts:
        assert contacts[key].codes & {*help_pages.help_codes(notice.types), DANGER}, key


def test_a_contact_that_an_administrator_took_out_is_not_named(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(help_contacts, "current_contacts", lambda _session: ())
    html = plain(send_step(app, "verifier", types="convocation_audition").answer.text)
    notice = html[html.index("Convoqué") :].partition("</p>")[0]
    assert ("/aide" in notice, "vérifié le" in notice) == (True, False)


def test_the_form_has_the_shipped_contacts_while_the_database_is_away(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_session: object) -> None:
        raise OperationalError("select", {}, Exception("away"))

    monkeypatch.setattr(help_contacts, "current_contacts", fail)
    with app.test_request_context("/signaler"):
        assert help_pages.contacts_for((), danger=True)[0].phone == "17"


def test_an_administrator_changes_a_number_and_readers_see_it_at_once(
    signed: Callable[[str], MemberClient], app: Flask
) -> None:
    ada, client = signed("ada"), app.test_client()
    page = shipped_page(HELP_PAGE)
    html = ada.get(EDITOR).text
    assert "plainte_diffamation" in html, "the editor lists the codes"
    fields = {"title": page.title, "reason": "vérifié", "vu": "0"}
    broken = page.text.replace("- pour : danger\n", "- pour : dangers\n", 1)
    answer = ada.send(EDITOR, {**fields, "text": broken})
    assert answer.status_code == 422
    assert "dangers" in answer.text
    assert client.get("/aide").text.count("3939") == 0
    preview = ada.send(EDITOR, {**fields, "text": page.text, "faire": "relire"})
    assert "Défenseur des droits" in preview.text
    changed = page.text.replace("- numéro : 3039", "- numéro : 3939")
    assert ada.send(EDITOR, {**fields, "text": changed}).status_code == 303
    assert 'href="tel:3939"' in client.get("/aide").text
    assert 'href="tel:3939"' in client.get("/vos-droits").text
