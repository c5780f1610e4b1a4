"""Acceptance of a report as a draft, and attachment to a case."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from cast import Desk
from databases import plain_app
from flask import Flask
from form_client import FilledForm, MemberClient
from report_factory import CONTACT, WORDS, Inbox, nonce

from register.accounts.models import Member
from register.cases.case_content import SourceContent
from register.cases.member_view import load_desk_case
from register.config import Settings
from register.db import now
from register.reports import acts, queries
from register.reports.models import Report, RetainedReport

pytestmark = pytest.mark.one_database

LIST_PATH = "/moderation/signalements"


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application without a context, so that each request has its own session."""
    with plain_app(settings) as app:
        yield app


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


@pytest.fixture
def chloe(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("chloe")


def act_path(report, act: str = "retenir") -> str:
    return f"{LIST_PATH}/{report.key}/{act}"


def page_text(html: str) -> str:
    """The visible text of a page, on one line."""
    visible = re.sub(r"<[^>]+>", " ", html).replace("\u202f", " ").replace("\u00a0", " ")
    return " ".join(visible.split())


def ticked_parts(form: FilledForm) -> list[str]:
    return form.fields.get("reprendre", [])


def load_draft(session, cast, response) -> tuple[int, object]:
    """The id and the content of the draft that an answer redirects to."""
    assert response.status_code == 303, page_text(response.text)
    match = re.fullmatch(r"/moderation/dossiers/(\d+)/modifier", response.headers["Location"])
    assert match
    session.rollback()
    session.expire_all()
    case = load_desk_case(session, session.get(Member, cast.bruno), int(match[1]))
    return case.id, case.content


def test_a_report_becomes_a_draft_with_its_facts_and_without_its_account(
    bruno, inbox: Inbox, session, store, cast
):
    report = inbox.received(date="2026-03-01", contact=CONTACT, actor_text="le premier édile")
    html = bruno.get(act_path(report)).text
    form = FilledForm(html)
    assert ticked_parts(form) == ["place", "date", "types", "actor", "target", "links"]
    content_shown = page_text(html)
    assert WORDS in content_shown
    assert "le premier édile" in content_shown
    assert "Commune : Gagny (Seine-Saint-Denis)" in content_shown
    assert CONTACT not in html
    response = bruno.send(
        act_path(report), form.sent(reason="vu dans la presse", sentence="Merci.")
    )
    case_id, content = load_draft(session, cast, response)
    assert content.title == "Interdiction de filmer, Gagny, 1er mars 2026"
    assert (content.commune, content.date, content.actor) == ("93032", "2026-03-01", "maire")
    assert content.sources == (SourceContent(url="https://exemple.test/seance"),)
    assert (content.narrative, content.summary, content.actor_text) == ("", "", "")
    view = queries.get_report(session, store, report.key)
    assert (view.decision.sentence, view.decision.incident) == ("Merci.", case_id)
    # The editor and the page of the case show the report.
    editor = bruno.get(response.headers["Location"]).text
    assert "Le signalement est retenu" in page_text(editor)
    assert 'data-into="#narrative"' not in editor
    assert "Copier" in editor
    assert editor.index(WORDS) < editor.index('id="dossier"')
    case_page = bruno.get(f"/moderation/dossiers/{case_id}").text
    assert "Signalements à l’origine de ce dossier" in case_page
    assert WORDS in case_page
    assert act_path(report, "").rstrip("/") in case_page
    assert "data-copy" not in case_page
    assert CONTACT not in editor + case_page


def test_only_ticked_parts_are_taken_and_a_forged_part_is_ignored(
    bruno, inbox: Inbox, session, cast
):
    report = inbox.received()
    fields = FilledForm(bruno.get(act_path(report)).text).sent(reason="r")
    fields["reprendre"] = ["account", "contact", "date", "narrative", "\x00"]
    _case_id, content = load_draft(session, cast, bruno.send(act_path(report), fields))
    assert content.narrative == ""
    assert (content.title, content.commune, content.types, content.sources) == ("", "", (), ())


def test_the_form_names_values_that_cannot_be_taken_over(bruno, inbox: Inbox, session, cast):
    links = ("javascript:alert(1)", "https://exemple.test/bon")
    report = inbox.received(place_code="commune:00000", links=links)
    html = bruno.get(act_path(report)).text
    content_shown = page_text(html)
    assert "Non repris : javascript:alert(1) : l’adresse doit commencer par http" in content_shown
    assert "Non repris : « commune:00000 » n’est pas dans la liste" in content_shown
    assert "Non repris : les mots ne disent pas de date" in content_shown
    assert 'href="javascript' not in html
    fields = FilledForm(html).sent(reason="r")
    _case_id, content = load_draft(session, cast, bruno.send(act_path(report), fields))
    assert content.place_label == ""
    assert [source.url for source in content.sources] == ["https://exemple.test/bon"]


def test_a_form_without_a_reason_comes_back_filled_in(bruno, inbox: Inbox, session):
    report = inbox.received(account="> " * 3_000 + "fin")
    form = FilledForm(bruno.get(act_path(report)).text)
    fields = form.sent(sentence="Une phrase.")
    fields["reprendre"] = ["types"]
    response = bruno.send(act_path(report), fields)
    assert response.status_code == 422
    returned_form = FilledForm(response.text)
    assert returned_form.invalid == ["reason"]
    assert (returned_form["sentence"], ticked_parts(returned_form)) == ("Une phrase.", ["types"])
    long_response = bruno.send(act_path(report), {**fields, "reason": "r", "sentence": "a" * 2_001})
    assert long_response.status_code == 422
    assert FilledForm(long_response.text).invalid == ["sentence"]
    assert session.get(Report, report.key).state == "received"


def test_required_fields_are_marked(bruno, inbox: Inbox):
    html = bruno.get(act_path(inbox.received())).text
    assert "Pourquoi ce dossier (obligatoire)" in page_text(html)
    assert page_text(html).count("(obligatoire)") == 1
    assert FilledForm(html).required == ["reason"]


def test_later_messages_are_shown_on_the_acceptance_form(bruno, inbox: Inbox):
    unanswered, answered = inbox.waiting(), inbox.waiting()
    inbox.answered(answered, text="L’article est sur https://exemple.test/suite")
    html = bruno.get(act_path(answered)).text
    messages = html.partition("<details open>")[2].partition("</details>")[0]
    assert "exemple.test/suite" in messages
    assert "n’est repris tout seul" in messages
    assert "<details open>" not in bruno.get(act_path(unanswered)).text


def test_a_second_acceptance_is_refused_with_the_form_filled_in(
    bruno, chloe, inbox: Inbox, session, cast
):
    report = inbox.received()
    form_of_bruno, form_of_chloe = (
        FilledForm(browser.get(act_path(report)).text) for browser in (bruno, chloe)
    )
    case_id, _content = load_draft(
        session, cast, bruno.send(act_path(report), form_of_bruno.sent(reason="le premier"))
    )
    fields = form_of_chloe.sent(reason="la seconde", sentence="À vous.")
    fields["reprendre"] = ["place"]
    response = chloe.send(act_path(report), fields)
    assert response.status_code == 409
    returned_form = FilledForm(response.text)
    assert (returned_form["reason"], returned_form["sentence"], ticked_parts(returned_form)) == (
        "la seconde",
        "À vous.",
        ["place"],
    )
    assert "« retenu »" in page_text(response.text)
    assert f'href="/moderation/dossiers/{case_id}"' in response.text
    attachment = chloe.send(
        act_path(report, "rattacher"), dossier=str(case_id), vu="0", sentence="À vous."
    )
    assert attachment.status_code == 409
    assert FilledForm(attachment.text, "rattachement")["sentence"] == "À vous."
    assert session.query(RetainedReport).count() == 1


def test_an_unread_message_blocks_the_acceptance(bruno, inbox: Inbox, session, cast):
    report = inbox.waiting()
    form = FilledForm(bruno.get(act_path(report)).text)
    assert form["vu"] == "1"
    inbox.answered(report, text="En fait, c’était le préfet.")
    response = bruno.send(act_path(report), form.sent(reason="r", sentence="s"))
    assert response.status_code == 409
    assert "En fait, c’était le préfet." in response.text
    returned_form = FilledForm(response.text)
    assert (returned_form["vu"], returned_form["reason"], returned_form["sentence"]) == (
        "2",
        "r",
        "s",
    )
    load_draft(session, cast, bruno.send(act_path(report), returned_form.sent()))
    # A form without a valid revision is refused.
    other_report = inbox.received()
    fields = FilledForm(bruno.get(act_path(other_report)).text).sent(reason="r")
    assert bruno.send(act_path(other_report), {**fields, "vu": "x"}).status_code == 409


def test_a_report_withdrawn_meanwhile_is_not_accepted(bruno, inbox: Inbox, session, store):
    report = inbox.received()
    form = FilledForm(bruno.get(act_path(report)).text)
    with inbox.pen() as p:
        acts.withdraw(p, store, report.key, nonce())
    response = bruno.send(act_path(report), form.sent(reason="r", sentence="Merci."))
    assert response.status_code == 409
    assert "« retiré par son auteur »" in page_text(response.text)
    assert FilledForm(response.text)["sentence"] == "Merci."
    assert session.query(RetainedReport).count() == 0
    assert "« retiré par son auteur »" in page_text(bruno.get(act_path(report)).text)


def test_a_report_withdrawn_after_acceptance_leaves_no_copy_with_the_draft(
    bruno, inbox: Inbox, session, store, cast
):
    report = inbox.received()
    fields = FilledForm(bruno.get(act_path(report)).text).sent(reason="r")
    case_id, _content = load_draft(session, cast, bruno.send(act_path(report), fields))
    with inbox.pen() as p:
        acts.withdraw(p, store, report.key, nonce())
    for address in (f"/moderation/dossiers/{case_id}", f"/moderation/dossiers/{case_id}/modifier"):
        html = bruno.get(address).text
        assert "L’auteur du signalement l’a retiré le 2 mars 2026" in page_text(html)
        assert WORDS not in html


def test_the_acceptance_page_explains_why_a_report_cannot_be_accepted(bruno, inbox: Inbox):
    for make_report, state in (
        (inbox.declined, "« écarté »"),
        (inbox.spam, "« indésirable »"),
        (inbox.purged, "« écarté »"),
    ):
        report = make_report()
        for act in ("retenir", "rattacher"):
            response = bruno.get(act_path(report, act))
            assert response.status_code == 200
            assert state in page_text(response.text)
            assert 'name="reason"' not in response.text
    purged = inbox.purged()
    response = bruno.send(
        act_path(purged), vu="0", reason="Mes mots à garder", sentence="Et ceux-ci."
    )
    assert response.status_code == 409
    assert "Mes mots à garder" in response.text
    assert bruno.get(f"{LIST_PATH}/{'0' * 32}/retenir").status_code == 404


def test_a_report_is_attached_to_a_similar_case(bruno, inbox: Inbox, desk: Desk, session, store):
    case = desk.published()
    report = inbox.received(date="2008-03-17", contact=CONTACT)
    html = bruno.get(act_path(report)).text
    assert "même commune, mêmes jours" in page_text(html)
    attach_path = f"{act_path(report, 'rattacher')}?dossier={case.id}"
    assert f'href="{attach_path}"' in html
    html = bruno.get(attach_path).text
    assert "Le cas nº 1" in page_text(html)
    assert WORDS in html
    fields = {**FilledForm(html, "rattachement").fields, "sentence": ["Déjà connu, merci."]}
    response = bruno.send(act_path(report, "rattacher"), fields)
    assert (response.status_code, response.headers["Location"]) == (
        303,
        f"/moderation/dossiers/{case.id}",
    )
    session.rollback()
    assert queries.retained_reports(session, store, case.id)[0].account == WORDS
    view = queries.get_report(session, store, report.key)
    assert (view.case.number, view.decision.sentence) == (case.number, "Déjà connu, merci.")
    html = bruno.get(f"/moderation/dossiers/{case.id}").text
    assert WORDS in html
    assert CONTACT not in html
    # The public page does not contain the report.
    assert WORDS not in bruno.get(f"/incidents/{case.number}").text


def test_an_impossible_attachment_is_explained_and_the_sentence_stays(
    bruno, inbox: Inbox, desk: Desk, session
):
    merged, erased = desk.merged(), desk.erased()
    report = inbox.received()
    for fields, sentence in (
        ({}, "Donnez le numéro d’un cas ou d’un dossier"),
        ({"numero": "douze"}, "Donnez le numéro d’un cas ou d’un dossier"),
        ({"numero": "99"}, "Aucun cas ne porte le numéro 99."),
        ({"dossier": "9999999999"}, "Aucun dossier du bureau ne porte"),
        ({"numero": str(merged.number)}, "réuni au cas nº 1"),
        ({"dossier": str(erased.id)}, "Les textes de ce dossier sont détruits"),
    ):
        response = bruno.send(act_path(report, "rattacher"), vu="0", sentence="À garder.", **fields)
        assert response.status_code == 422
        assert sentence in page_text(response.text), fields
        assert FilledForm(response.text, "rattachement")["sentence"] == "À garder."
    page = bruno.get(f"{act_path(report, 'rattacher')}?numero={merged.number}")
    assert "réuni au cas nº 1" in page_text(page.text)
    assert session.get(Report, report.key).state == "received"
    response = bruno.send(act_path(report, "rattacher"), vu="0", numero="nº 1")
    assert response.status_code == 303


def test_similar_reports_are_listed_with_reasons(bruno, inbox: Inbox):
    report = inbox.received(date="2026-03-01")
    other = inbox.held(date="2026-03-01")
    html = bruno.get(act_path(report)).text
    assert f'href="{LIST_PATH}/{other.key}"' in html
    assert "Gagny, Interdiction de filmer" in page_text(html)
    similar = page_text(html).partition("Autres signalements")[2]
    assert re.search(r"même source, \w+ mots communs, même commune, mêmes jours", similar)


def test_only_the_holder_of_a_report_decides(bruno, chloe, inbox: Inbox, cast):
    report = inbox.received()
    form = FilledForm(chloe.get(act_path(report)).text)
    with inbox.pen(now()) as p:
        acts.claim(p, report.key, by=cast.bruno)
    html = chloe.get(act_path(report)).text
    assert "Bruno a ce signalement en main" in page_text(html)
    response = chloe.send(act_path(report), form.sent(reason="r", sentence="s"))
    assert response.status_code == 409
    assert FilledForm(response.text)["reason"] == "r"
    assert bruno.send(act_path(report), form.sent(reason="r")).status_code == 303


def test_only_members_see_the_acceptance_pages(app, inbox: Inbox, signed):
    report = inbox.received()
    stranger, driss = app.test_client(), signed("driss").client
    for browser in (stranger, driss):
        for act in ("retenir", "rattacher"):
            response = browser.get(act_path(report, act))
            assert response.status_code in (303, 403)
            assert WORDS not in response.text
