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

QUEUE = "/moderation/signalements"


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application without a context, so that each request has its own session."""
    with plain_app(settings) as made:
        yield made


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


@pytest.fixture
def chloe(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("chloe")


def at(filed, act: str = "retenir") -> str:
    return f"{QUEUE}/{filed.key}/{act}"


def text(page: str) -> str:
    """The visible text of a page, on one line."""
    seen = re.sub(r"<[^>]+>", " ", page).replace("\u202f", " ").replace("\u00a0", " ")
    return " ".join(seen.split())


def taken(form: FilledForm) -> list[str]:
    return form.fields.get("reprendre", [])


def drafted(session, cast, answer) -> tuple[int, object]:
    """The id and the content of the draft that an answer redirects to."""
    assert answer.status_code == 303, text(answer.text)
    found = re.fullmatch(r"/moderation/dossiers/(\d+)/modifier", answer.headers["Location"])
    assert found
    session.rollback()
    session.expire_all()
    file = load_desk_case(session, session.get(Member, cast.bruno), int(found[1]))
    return file.id, file.content


def test_a_report_becomes_a_draft_with_its_facts_and_without_its_account(
    bruno, inbox: Inbox, session, store, cast
):
    filed = inbox.received(date="2026-03-01", contact=CONTACT, actor_text="le premier édile")
    page = bruno.get(at(filed)).text
    form = FilledForm(page)
    assert taken(form) == ["place", "date", "types", "actor", "target", "links"]
    said = text(page)
    assert WORDS in said
    assert "le premier édile" in said
    assert "Commune : Gagny (Seine-Saint-Denis)" in said
    assert CONTACT not in page
    answer = bruno.send(at(filed), form.sent(reason="vu dans la presse", sentence="Merci."))
    incident, content = drafted(session, cast, answer)
    assert content.title == "Interdiction de filmer, Gagny, 1er mars 2026"
    assert (content.commune, content.date, content.actor) == ("93032", "2026-03-01", "maire")
    assert content.sources == (SourceContent(url="https://exemple.test/seance"),)
    assert (content.narrative, content.summary, content.actor_text) == ("", "", "")
    file = queries.get_report(session, store, filed.key)
    assert (file.decision.sentence, file.decision.incident) == ("Merci.", incident)
    # In the editor and on the page of the case, the report stands beside it.
    editor = bruno.get(answer.headers["Location"]).text
    assert "Le signalement est retenu" in text(editor)
    assert 'data-into="#narrative"' not in editor
    assert "Copier" in editor
    assert editor.index(WORDS) < editor.index('id="dossier"')
    case = bruno.get(f"/moderation/dossiers/{incident}").text
    assert "Signalements à l’origine de ce dossier" in case
    assert WORDS in case
    assert at(filed, "").rstrip("/") in case
    assert "data-copy" not in case
    assert CONTACT not in editor + case


def test_only_ticked_parts_are_taken_and_a_forged_part_is_ignored(
    bruno, inbox: Inbox, session, cast
):
    filed = inbox.received()
    sent = FilledForm(bruno.get(at(filed)).text).sent(reason="r")
    sent["reprendre"] = ["account", "contact", "date", "narrative", "\x00"]
    _incident, content = drafted(session, cast, bruno.send(at(filed), sent))
    assert content.narrative == ""
    assert (content.title, content.commune, content.types, content.sources) == ("", "", (), ())


def test_the_form_names_values_that_cannot_be_taken_over(bruno, inbox: Inbox, session, cast):
    links = ("javascript:alert(1)", "https://exemple.test/bon")
    filed = inbox.received(place_code="commune:00000", links=links)
    page = bruno.get(at(filed)).text
    said = text(page)
    assert "Non repris : javascript:alert(1) : l’adresse doit commencer par http" in said
    assert "Non repris : « commune:00000 » n’est pas dans la liste" in said
    assert "Non repris : les mots ne disent pas de date" in said
    assert 'href="javascript' not in page
    sent = FilledForm(page).sent(reason="r")
    _incident, content = drafted(session, cast, bruno.send(at(filed), sent))
    assert content.place_label == ""
    assert [source.url for source in content.sources] == ["https://exemple.test/bon"]


def test_a_form_without_a_reason_comes_back_filled_in(bruno, inbox: Inbox, session):
    hostile = inbox.received(account="> " * 3_000 + "fin")
    form = FilledForm(bruno.get(at(hostile)).text)
    sent = form.sent(sentence="Une phrase.")
    sent["reprendre"] = ["types"]
    answer = bruno.send(at(hostile), sent)
    assert answer.status_code == 422
    again = FilledForm(answer.text)
    assert again.invalid == ["reason"]
    assert (again["sentence"], taken(again)) == ("Une phrase.", ["types"])
    long = bruno.send(at(hostile), {**sent, "reason": "r", "sentence": "a" * 2_001})
    assert long.status_code == 422
    assert FilledForm(long.text).invalid == ["sentence"]
    assert session.get(Report, hostile.key).state == "received"


def test_required_fields_are_marked(bruno, inbox: Inbox):
    page = bruno.get(at(inbox.received())).text
    assert "Pourquoi ce dossier (obligatoire)" in text(page)
    assert text(page).count("(obligatoire)") == 1
    assert FilledForm(page).required == ["reason"]


def test_later_messages_are_shown_on_the_acceptance_form(bruno, inbox: Inbox):
    quiet, answered = inbox.waiting(), inbox.waiting()
    inbox.answered(answered, text="L’article est sur https://exemple.test/suite")
    page = bruno.get(at(answered)).text
    messages = page.partition("<details open>")[2].partition("</details>")[0]
    assert "exemple.test/suite" in messages
    assert "n’est repris tout seul" in messages
    assert "<details open>" not in bruno.get(at(quiet)).text


def test_a_second_acceptance_is_refused_with_the_form_filled_in(
    bruno, chloe, inbox: Inbox, session, cast
):
    filed = inbox.received()
    his, hers = (FilledForm(one.get(at(filed)).text) for one in (bruno, chloe))
    incident, _content = drafted(
        session, cast, bruno.send(at(filed), his.sent(reason="le premier"))
    )
    sent = hers.sent(reason="la seconde", sentence="À vous.")
    sent["reprendre"] = ["place"]
    answer = chloe.send(at(filed), sent)
    assert answer.status_code == 409
    again = FilledForm(answer.text)
    assert (again["reason"], again["sentence"], taken(again)) == (
        "la seconde",
        "À vous.",
        ["place"],
    )
    assert "« retenu »" in text(answer.text)
    assert f'href="/moderation/dossiers/{incident}"' in answer.text
    joined = chloe.send(at(filed, "rattacher"), dossier=str(incident), vu="0", sentence="À vous.")
    assert joined.status_code == 409
    assert FilledForm(joined.text, "rattachement")["sentence"] == "À vous."
    assert session.query(RetainedReport).count() == 1


def test_an_unread_message_blocks_the_acceptance(bruno, inbox: Inbox, session, cast):
    filed = inbox.waiting()
    form = FilledForm(bruno.get(at(filed)).text)
    assert form["vu"] == "1"
    inbox.answered(filed, text="En fait, c’était le préfet.")
    answer = bruno.send(at(filed), form.sent(reason="r", sentence="s"))
    assert answer.status_code == 409
    assert "En fait, c’était le préfet." in answer.text
    again = FilledForm(answer.text)
    assert (again["vu"], again["reason"], again["sentence"]) == ("2", "r", "s")
    drafted(session, cast, bruno.send(at(filed), again.sent()))
    # A form that says nothing of what was read has read nothing.
    other = inbox.received()
    sent = FilledForm(bruno.get(at(other)).text).sent(reason="r")
    assert bruno.send(at(other), {**sent, "vu": "x"}).status_code == 409


def test_a_report_withdrawn_meanwhile_is_not_accepted(bruno, inbox: Inbox, session, store):
    filed = inbox.received()
    form = FilledForm(bruno.get(at(filed)).text)
    with inbox.pen() as p:
        acts.withdraw(p, store, filed.key, nonce())
    answer = bruno.send(at(filed), form.sent(reason="r", sentence="Merci."))
    assert answer.status_code == 409
    assert "« retiré par son auteur »" in text(answer.text)
    assert FilledForm(answer.text)["sentence"] == "Merci."
    assert session.query(RetainedReport).count() == 0
    assert "« retiré par son auteur »" in text(bruno.get(at(filed)).text)


def test_a_report_taken_back_after_it_was_accepted_leaves_no_copy_with_the_draft(
    bruno, inbox: Inbox, session, store, cast
):
    filed = inbox.received()
    sent = FilledForm(bruno.get(at(filed)).text).sent(reason="r")
    incident, _content = drafted(session, cast, bruno.send(at(filed), sent))
    with inbox.pen() as p:
        acts.withdraw(p, store, filed.key, nonce())
    for address in (
        f"/moderation/dossiers/{incident}",
        f"/moderation/dossiers/{incident}/modifier",
    ):
        page = bruno.get(address).text
        assert "L’auteur du signalement l’a retiré le 2 mars 2026" in text(page)
        assert WORDS not in page


def test_the_acceptance_page_explains_why_a_report_cannot_be_accepted(bruno, inbox: Inbox):
    for make, said in (
        (inbox.declined, "« écarté »"),
        (inbox.spam, "« indésirable »"),
        (inbox.purged, "« écarté »"),
    ):
        filed = make()
        for act in ("retenir", "rattacher"):
            answer = bruno.get(at(filed, act))
            assert answer.status_code == 200
            assert said in text(answer.text)
            assert 'name="reason"' not in answer.text
    gone = inbox.purged()
    answer = bruno.send(at(gone), vu="0", reason="Mes mots à garder", sentence="Et ceux-ci.")
    assert answer.status_code == 409
    assert "Mes mots à garder" in answer.text
    assert bruno.get(f"{QUEUE}/{'0' * 32}/retenir").status_code == 404


def test_a_report_is_attached_to_a_similar_case(bruno, inbox: Inbox, desk: Desk, session, store):
    case = desk.published()
    filed = inbox.received(date="2008-03-17", contact=CONTACT)
    page = bruno.get(at(filed)).text
    assert "même commune, mêmes jours" in text(page)
    step = f"{at(filed, 'rattacher')}?dossier={case.id}"
    assert f'href="{step}"' in page
    page = bruno.get(step).text
    assert "Le cas nº 1" in text(page)
    assert WORDS in page
    sent = {**FilledForm(page, "rattachement").fields, "sentence": ["Déjà connu, merci."]}
    answer = bruno.send(at(filed, "rattacher"), sent)
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/moderation/dossiers/{case.id}",
    )
    session.rollback()
    assert queries.retained_reports(session, store, case.id)[0].account == WORDS
    file = queries.get_report(session, store, filed.key)
    assert (file.case.number, file.decision.sentence) == (case.number, "Déjà connu, merci.")
    page = bruno.get(f"/moderation/dossiers/{case.id}").text
    assert WORDS in page
    assert CONTACT not in page
    # Whoever reads the public page sees nothing of it.
    assert WORDS not in bruno.get(f"/incidents/{case.number}").text


def test_an_impossible_attachment_is_explained_and_the_sentence_stays(
    bruno, inbox: Inbox, desk: Desk, session
):
    merged, erased = desk.merged(), desk.erased()
    filed = inbox.received()
    for told, said in (
        ({}, "Donnez le numéro d’un cas ou d’un dossier"),
        ({"numero": "douze"}, "Donnez le numéro d’un cas ou d’un dossier"),
        ({"numero": "99"}, "Aucun cas ne porte le numéro 99."),
        ({"dossier": "9999999999"}, "Aucun dossier du bureau ne porte"),
        ({"numero": str(merged.number)}, "réuni au cas nº 1"),
        ({"dossier": str(erased.id)}, "Les textes de ce dossier sont détruits"),
    ):
        answer = bruno.send(at(filed, "rattacher"), vu="0", sentence="À garder.", **told)
        assert answer.status_code == 422
        assert said in text(answer.text), told
        assert FilledForm(answer.text, "rattachement")["sentence"] == "À garder."
    looked = bruno.get(f"{at(filed, 'rattacher')}?numero={merged.number}")
    assert "réuni au cas nº 1" in text(looked.text)
    assert session.get(Report, filed.key).state == "received"
    answer = bruno.send(at(filed, "rattacher"), vu="0", numero="nº 1")
    assert answer.status_code == 303


def test_similar_reports_are_listed_with_reasons(bruno, inbox: Inbox):
    filed = inbox.received(date="2026-03-01")
    other = inbox.held(date="2026-03-01")
    page = bruno.get(at(filed)).text
    assert f'href="{QUEUE}/{other.key}"' in page
    assert "Gagny, Interdiction de filmer" in text(page)
    told = text(page).partition("Autres signalements")[2]
    assert re.search(r"même source, \w+ mots communs, même commune, mêmes jours", told)


def test_only_the_holder_of_a_report_decides(bruno, chloe, inbox: Inbox, cast):
    filed = inbox.received()
    form = FilledForm(chloe.get(at(filed)).text)
    with inbox.pen(now()) as p:
        acts.claim(p, filed.key, by=cast.bruno)
    page = chloe.get(at(filed)).text
    assert "Bruno a ce signalement en main" in text(page)
    answer = chloe.send(at(filed), form.sent(reason="r", sentence="s"))
    assert answer.status_code == 409
    assert FilledForm(answer.text)["reason"] == "r"
    assert bruno.send(at(filed), form.sent(reason="r")).status_code == 303


def test_only_members_see_the_acceptance_pages(app, inbox: Inbox, signed):
    filed = inbox.received()
    stranger, driss = app.test_client(), signed("driss").client
    for one in (stranger, driss):
        for act in ("retenir", "rattacher"):
            answer = one.get(at(filed, act))
            assert answer.status_code in (303, 403)
            assert WORDS not in answer.text
