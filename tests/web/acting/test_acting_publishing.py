"""Publication, approval, invitation and restoration by two moderators."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from register.cases import acts
from register.cases.models import Incident
from register.cases.web.desk import case

pytestmark = pytest.mark.prove


def errors(page: str) -> str:
    """The error summary of a page."""
    found = re.search(r'<div class="errors".*?</div>', page, re.DOTALL)
    return found.group() if found else ""


def at(filed, place=""):
    return f"/moderation/dossiers/{filed.id}/{place}".rstrip("/")


# --- the checklist ------------------------------------------------------------------------------


def test_an_empty_draft_says_every_line_and_where_to_mend_it(signed, desk, content, vu, standing):
    filed = desk.draft(
        content(title="t", summary="", sources=(), types=(), evidence="", outcome="", commune="")
    )
    page = signed("bruno").get(at(filed, "publier")).text
    assert page.count('class="no-go"') == 10
    assert "disabled" not in page
    for place in ("modifier#title", "modifier#sources", "modifier#type_1", "inviter"):
        assert f'href="{at(filed, place)}"' in page
    before = standing()
    answer = signed("bruno").send(at(filed, "publier"), vu(filed) | {"reason": "prêt <à> lire"})
    assert (answer.status_code, standing()) == (422, before)
    told = errors(answer.text)
    assert "Rien n’a été publié" in told
    assert told.count("<li>") == 10
    assert f'href="{at(filed, "publier#attribution")}"' in told
    # Nothing typed is lost.
    assert 'value="prêt &lt;à&gt; lire"' in answer.text


def test_each_line_leads_to_a_place_that_is_there(signed, desk):
    filed, browser = desk.draft(), signed("bruno")
    with desk.pen() as p:
        acts.withdraw_report(p, filed.id, [])
    for place in case._FIX_PAGES.values():
        page, _hash, field = place.partition("#")
        answer = browser.get(at(filed, page))
        assert answer.status_code == 200
        assert not field or f'id="{field}"' in answer.text, place


def test_what_is_ticked_and_typed_comes_back_when_a_line_is_missing(signed, desk, vu, ticked):
    filed = desk.draft()
    told = vu(filed) | ticked | {"reason": "", "flags_reason": "relu"}
    del told["no_private_life"]
    answer = signed("bruno").send(at(filed, "publier"), told)
    assert answer.status_code == 422
    assert re.search(r'id="attribution"[^>]*checked', answer.text)
    assert not re.search(r'id="no_private_life"[^>]*checked', answer.text)
    assert 'href="#reason"' in errors(answer.text)
    assert "L’autorité n’a pas été invitée" in errors(answer.text)


def test_a_published_case_is_public_and_says_its_number(signed, desk, vu, ticked, app):
    filed = desk.ready()
    browser = signed("bruno")
    assert app.test_client().get("/incidents/1").status_code == 404
    answer = browser.send(at(filed, "publier"), vu(filed) | ticked | {"reason": "lu"})
    assert answer.status_code == 303
    assert "Le cas est publié sous le nº\u00a01." in browser.get(answer.location).text
    assert app.test_client().get("/incidents/1").status_code == 200


def test_flagged_words_ask_for_a_reason_and_for_a_second_person(
    signed, desk, content, vu, ticked, session
):
    filed = desk.ready(content(narrative="Selon le blog, joint au 06 12 34 56 78."))
    browser, sent = signed("bruno"), vu(filed) | ticked | {"reason": "lu"}
    page = browser.get(at(filed, "publier")).text
    assert "Numéro de téléphone\u00a0: «\u202f06 12 34 56 78\u202f» (récit)" in page
    answer = browser.send(at(filed, "publier"), sent)
    assert answer.status_code == 422
    assert f'href="{at(filed, "publier#flags_reason")}"' in errors(answer.text)
    done = browser.send(at(filed, "publier"), sent | {"flags_reason": "numéro de la mairie"})
    assert done.status_code == 303
    session.rollback()
    assert session.get_one(Incident, filed.id).state == "published"


# --- the second person --------------------------------------------------------------------------


def test_the_author_is_told_that_another_has_to_approve(signed, desk, content, vu, standing):
    filed = desk.draft(content(justice=True))
    page = signed("bruno").get(at(filed, "approuver")).text
    assert "Cette version est de vous" in page
    assert "<button" not in page.partition('<main id="contenu">')[2]
    before = standing()
    assert signed("bruno").send(at(filed, "approuver"), vu(filed)).status_code == 409
    assert standing() == before


def test_a_second_reading_is_asked_for_by_one_and_given_by_another(signed, desk, content):
    for justice in (True, False):
        filed = desk.draft(content(justice=justice))
        link = f'<a class="tap" href="{at(filed, "approuver")}">'
        assert f"{link}La demander à un autre membre</a>" in signed("bruno").get(at(filed)).text
        assert f"{link}Relire et approuver</a>" in signed("chloe").get(at(filed)).text


def test_an_approval_shows_its_text_is_named_and_falls_with_an_edit(
    signed, desk, content, vu, ticked, pen, cast
):
    filed = desk.draft(content(justice=True))
    with pen() as p:
        acts.invite(p, filed.id, "courriel", by=cast.bruno)
    page = signed("chloe").get(at(filed, "approuver")).text
    assert "Selon le blog, le maire a interdit de <strong>filmer</strong>" in page
    assert signed("chloe").send(at(filed, "approuver"), vu(filed)).status_code == 303
    assert "<b>chloe</b> a approuvé cette version" in signed("bruno").get(at(filed)).text
    with pen() as p:
        acts.edit(p, filed.id, content(justice=True, amount="1 EUR"), by=cast.bruno, reason="r")
    assert "<b>chloe</b> a approuvé" not in signed("bruno").get(at(filed)).text
    answer = signed("bruno").send(at(filed, "publier"), vu(filed) | ticked | {"reason": "lu"})
    assert answer.status_code == 422
    assert "Il manque l’accord d’un second membre" in errors(answer.text)


def test_who_approved_does_not_publish(signed, desk, content, vu, ticked):
    filed = desk.ready(content(justice=True))
    sent = vu(filed) | ticked | {"reason": "lu"}
    page = signed("chloe").get(at(filed, "publier")).text
    assert "c’est donc à un autre membre de publier" in page
    assert signed("chloe").send(at(filed, "publier"), sent).status_code == 422
    assert "Seconde lecture\u00a0: <b>chloe</b>" in signed("bruno").get(at(filed, "publier")).text
    assert signed("bruno").send(at(filed, "publier"), sent).status_code == 303


def test_a_register_of_one_moderator_asks_nobody_and_says_so(
    signed, desk, content, vu, ticked, app, pen, cast
):
    filed = desk.draft(content(justice=True))
    with pen() as p:
        acts.invite(p, filed.id, "courriel", by=cast.bruno)
    settings = app.extensions["register.settings"]
    app.extensions["register.settings"] = replace(settings, single_moderator=True)
    browser = signed("bruno")
    assert "le registre n’a qu’un modérateur" in browser.get(at(filed)).text
    assert "relu par un seul modérateur" in browser.get(at(filed, "publier")).text
    answer = browser.send(at(filed, "publier"), vu(filed) | ticked | {"reason": "lu"})
    assert answer.status_code == 303
    assert "Relu par un seul modérateur" in app.test_client().get("/incidents/1").text


# --- the invitation -----------------------------------------------------------------------------


def test_the_letter_is_french_whoever_copies_it(signed, desk):
    filed = desk.draft()
    bruno = signed("bruno")
    pages = [bruno.get(f"{mount}{at(filed, 'inviter')}").text for mount in ("", "/en")]
    letters = [re.search(r'id="lettre"[^>]*>(.*?)</textarea>', html, re.DOTALL) for html in pages]
    assert letters[0]
    assert letters[1]
    assert letters[0][1] == letters[1][1]
    assert "Madame, Monsieur" in letters[1][1]
    # What stands around it is the reader's own.
    assert '<html lang="en">' in pages[1]
    assert "Invite the authority" in pages[1]


@pytest.mark.parametrize("state", ["draft", "published"])
def test_the_letter_is_ready_to_send_with_its_articles(signed, desk, state):
    filed = getattr(desk, state)()
    page = signed("bruno").get(at(filed, "inviter")).text
    letter = page.partition('id="lettre"')[2].partition("</textarea>")[0]
    # What the title says already is not said again.
    assert "Interdiction de filmer le conseil municipal de Gagny, 17\u00a0mars 2008" in letter
    assert "loi nº\u00a02004-575 du 21\u00a0juin 2004, art.\u00a01-1, III" in letter
    assert "décret nº\u00a02007-1527" in letter
    assert ("/incidents/1" in letter) is (state == "published")


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"how": "yes", "on": "", "text": "courriel"}, "on"),
        ({"how": "yes", "on": "32/13/2026", "text": "courriel"}, "on"),
        ({"how": "yes", "on": "01/01/2999", "text": "courriel"}, "on"),
        ({"how": "yes", "on": "2026-03-02", "text": " "}, "text"),
        ({"how": "peut-être", "on": "2026-03-02", "text": "courriel"}, "how"),
    ],
    ids=["no day", "no such day", "a day to come", "no words", "no answer"],
)
def test_an_invitation_that_cannot_be_comes_back_as_typed(signed, desk, vu, standing, sent, field):
    filed, before = desk.draft(), None
    before = standing()
    answer = signed("bruno").send(at(filed, "inviter"), vu(filed) | sent)
    assert (answer.status_code, standing()) == (422, before)
    assert f'href="#{field}"' in errors(answer.text)
    assert (sent["text"].strip() or "lettre") in answer.text
    assert not sent["on"] or f'value="{sent["on"]}"' in answer.text


def test_why_an_authority_is_not_invited_is_noted_without_a_day(signed, desk, vu):
    filed, browser = desk.draft(), signed("bruno")
    sent = {"how": "no", "on": "2026-03-02", "text": "faits anciens\nélu décédé"}
    assert browser.send(at(filed, "inviter"), vu(filed) | sent).status_code == 303
    page = browser.get(at(filed)).text
    assert "Pas invitée. Faits anciens\nélu décédé" in page


# --- restoration --------------------------------------------------------------------------------


def test_a_text_changed_while_withdrawn_is_restored_with_a_public_note(
    signed, desk, content, vu, ticked, pen, cast, app
):
    filed = desk.withdrawn()
    with pen() as p:
        acts.edit(p, filed.id, content(amount="1 EUR"), by=cast.bruno, reason="r")
    browser, sent = signed("chloe"), vu(filed) | ticked | {"reason": "vérifié"}
    refused = browser.send(at(filed, "retablir"), sent)
    assert refused.status_code == 422
    assert 'href="#public_note"' in errors(refused.text)
    assert 'value="vérifié"' in refused.text
    done = browser.send(at(filed, "retablir"), sent | {"public_note": "Montant ajouté."})
    assert done.status_code == 303
    assert "Montant ajouté." in app.test_client().get(f"/incidents/{filed.number}").text


# --- the page of a case -------------------------------------------------------------------------


def test_the_page_of_a_draft_says_what_is_possible_and_why_not_the_rest(signed, desk):
    filed = desk.draft()
    page = signed("bruno").get(at(filed)).text
    for place in ("publier", "modifier", "inviter", "reunir", "abandonner"):
        assert 'class="btn' in page
        assert f'href="{at(filed, place)}"' in page
    for place in ("retirer", "suite", "approuver", "effacer"):
        assert f'class="btn quiet" href="{at(filed, place)}"' not in page
    assert "Cette version est de vous" in page
    assert "Ce dossier n’est pas encore publié." in page


def test_a_title_that_is_code_is_shown_as_written(signed, desk, content):
    filed = desk.published(content(title="<script>alert(1)</script>", summary="{{ 7*7 }}"))
    desk.received_reply(filed, text="<img src=x onerror=alert(1)>")
    for place in ("", "inviter", "retirer", "reunir", "reponse"):
        page = signed("bruno").get(at(filed, place)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "<img" not in page.partition("<main")[2]


def test_the_invitation_of_a_day_is_dated(signed, desk, pen, cast):
    filed = desk.draft()
    with pen() as p:
        acts.invite(p, filed.id, "courriel", by=cast.bruno, on=date(2026, 2, 20))
    page = signed("chloe").get(at(filed)).text
    assert 'Invitée le <time datetime="2026-02-20">20\u00a0février 2026</time>.' in page
