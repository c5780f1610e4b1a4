"""Publication, approval, invitation and restoration by two moderators."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import attested_acts as acts
import pytest
from cast import CaseRef
from form_client import FilledForm

from register.cases.models import Incident
from register.cases.web.desk import case as case_page

pytestmark = pytest.mark.prove


def errors(page: str) -> str:
    """The error summary of a page."""
    match = re.search(r'<div class="errors".*?</div>', page, re.DOTALL)
    return match.group() if match else ""


def case_path(case, place=""):
    return f"/moderation/dossiers/{case.id}/{place}".rstrip("/")


# --- the checklist ------------------------------------------------------------------------------


def test_an_empty_draft_lists_every_missing_line_with_a_link(
    signed, desk, content, revision_field, line_counts
):
    case = desk.draft(
        content(title="t", summary="", sources=(), types=(), evidence="", outcome="", commune="")
    )
    page = signed("bruno").get(case_path(case, "publier")).text
    assert page.count('class="no-go"') == 10
    assert "disabled" not in page
    for place in ("modifier#title", "modifier#sources", "modifier#type_1", "inviter"):
        assert f'href="{case_path(case, place)}"' in page
    counts_before = line_counts()
    response = signed("bruno").send(
        case_path(case, "publier"), revision_field(case) | {"reason": "prêt <à> lire"}
    )
    assert (response.status_code, line_counts()) == (422, counts_before)
    error_list = errors(response.text)
    assert "Rien n’a été publié" in error_list
    assert error_list.count("<li>") == 10
    assert f'href="{case_path(case, "publier#attribution")}"' in error_list
    # The typed reason is kept.
    assert 'value="prêt &lt;à&gt; lire"' in response.text


def test_each_checklist_line_links_to_an_existing_field(signed, desk):
    flagged = {"narrative": "Selon le blog, joint au 06 12 34 56 78."}
    case, browser = desk.draft(**flagged), signed("bruno")
    with desk.pen() as p:
        acts.withdraw_report(p, case.id, [])
    for fix_page in case_page._FIX_PAGES.values():
        page, _hash, field = fix_page.partition("#")
        response = browser.get(case_path(case, page))
        assert response.status_code == 200
        assert not field or f'id="{field}"' in response.text, fix_page


def test_a_refused_publication_keeps_attestations_and_reasons(
    signed, desk, revision_field, attestations
):
    case = desk.draft()
    form = revision_field(case) | attestations | {"reason": ""}
    del form["no_private_life"]
    response = signed("bruno").send(case_path(case, "publier"), form)
    assert response.status_code == 422
    assert re.search(r'id="attribution"[^>]*checked', response.text)
    assert not re.search(r'id="no_private_life"[^>]*checked', response.text)
    assert 'href="#reason"' in errors(response.text)
    assert "L’autorité n’a pas été invitée" in errors(response.text)


def test_a_published_case_is_public_and_has_a_number(
    signed, desk, revision_field, attestations, app
):
    case = desk.ready()
    browser = signed("bruno")
    assert app.test_client().get("/incidents/1").status_code == 404
    response = browser.send(
        case_path(case, "publier"), revision_field(case) | attestations | {"reason": "lu"}
    )
    assert response.status_code == 303
    assert "Le cas est publié sous le nº\u00a01." in browser.get(response.location).text
    assert app.test_client().get("/incidents/1").status_code == 200


def test_each_flagged_passage_has_its_reason_before_a_second_member_approves(
    signed, desk, content, revision_field, attestations, session
):
    flagged = content(narrative="Selon le blog, joint au 06 12 34 56 78.")
    with desk.pen() as p:
        case = CaseRef(acts.draft(p, flagged, by=desk.cast.bruno, reason="r", flag_reasons="").id)
        acts.invite(p, case.id, "courriel", by=desk.cast.bruno)
    bruno, chloe = signed("bruno"), signed("chloe")
    for browser, act, form in (
        (bruno, "publier", attestations | {"reason": "lu"}),
        (chloe, "approuver", {}),
    ):
        refused = browser.send(case_path(case, act), revision_field(case) | form)
        assert (refused.status_code, "06 12 34 56 78" in refused.text) == (
            422 if act == "publier" else 409,
            True,
        )
    assert f'href="{case_path(case, "modifier#flag_reasons")}"' in bruno.get(case_path(case)).text
    edit_page = bruno.get(case_path(case, "modifier")).text
    assert "Numéro de téléphone\u00a0: «\u202f06 12 34 56 78\u202f» (récit)" in edit_page
    saved = FilledForm(edit_page).sent(reason="raison")
    saved |= acts.reason_field("telephone", "06 12 34 56 78", "standard de la mairie")
    assert bruno.send(case_path(case, "modifier"), saved).status_code == 303
    assert "Raison\u00a0: standard de la mairie" in chloe.get(case_path(case, "approuver")).text
    assert chloe.send(case_path(case, "approuver"), revision_field(case)).status_code == 303
    form = revision_field(case) | attestations | {"reason": "lu"}
    assert bruno.send(case_path(case, "publier"), form).status_code == 303
    session.rollback()
    assert session.get_one(Incident, case.id).state == "published"


# --- the second person --------------------------------------------------------------------------


def test_an_author_cannot_approve_their_own_version(
    signed, desk, content, revision_field, line_counts
):
    case = desk.draft(content(justice=True))
    page = signed("bruno").get(case_path(case, "approuver")).text
    assert "Cette version est de vous" in page
    assert "<button" not in page.partition('<main id="contenu">')[2]
    counts_before = line_counts()
    assert (
        signed("bruno").send(case_path(case, "approuver"), revision_field(case)).status_code == 409
    )
    assert line_counts() == counts_before


def test_an_author_asks_for_a_second_reading_and_another_member_approves(signed, desk, content):
    for justice in (True, False):
        case = desk.draft(content(justice=justice))
        link = f'<a class="tap" href="{case_path(case, "approuver")}">'
        assert (
            f"{link}La demander à un autre membre</a>" in signed("bruno").get(case_path(case)).text
        )
        assert f"{link}Relire et approuver</a>" in signed("chloe").get(case_path(case)).text


def test_an_approval_names_its_member_and_ends_with_an_edit(
    signed, desk, content, revision_field, attestations, pen, cast
):
    case = desk.draft(content(justice=True))
    with pen() as p:
        acts.invite(p, case.id, "courriel", by=cast.bruno)
        acts.edit(p, case.id, content(justice=True, amount="2 EUR"), by=cast.bruno, reason="r")
    page = signed("chloe").get(case_path(case, "approuver")).text
    # A first publication has no correction, however often its draft was edited.
    assert "Correction du texte" not in page
    assert "Selon le blog, le maire a interdit de <strong>filmer</strong>" in page
    assert (
        signed("chloe").send(case_path(case, "approuver"), revision_field(case)).status_code == 303
    )
    assert "<b>chloe</b> a approuvé cette version" in signed("bruno").get(case_path(case)).text
    with pen() as p:
        acts.edit(p, case.id, content(justice=True, amount="1 EUR"), by=cast.bruno, reason="r")
    assert "<b>chloe</b> a approuvé" not in signed("bruno").get(case_path(case)).text
    response = signed("bruno").send(
        case_path(case, "publier"), revision_field(case) | attestations | {"reason": "lu"}
    )
    assert response.status_code == 422
    assert "Il manque l’accord d’un second membre" in errors(response.text)


def test_the_approver_cannot_publish(signed, desk, content, revision_field, attestations):
    case = desk.ready(content(justice=True))
    form = revision_field(case) | attestations | {"reason": "lu"}
    page = signed("chloe").get(case_path(case, "publier")).text
    assert "c’est donc à un autre membre de publier" in page
    assert signed("chloe").send(case_path(case, "publier"), form).status_code == 422
    assert (
        "Seconde lecture\u00a0: <b>chloe</b>"
        in signed("bruno").get(case_path(case, "publier")).text
    )
    assert signed("bruno").send(case_path(case, "publier"), form).status_code == 303


def test_a_single_moderator_publishes_alone_and_the_case_says_so(
    signed, desk, content, revision_field, attestations, app, pen, cast
):
    case = desk.draft(content(justice=True))
    with pen() as p:
        acts.invite(p, case.id, "courriel", by=cast.bruno)
    settings = app.extensions["register.settings"]
    app.extensions["register.settings"] = replace(settings, single_moderator=True)
    browser = signed("bruno")
    assert "le registre n’a qu’un modérateur" in browser.get(case_path(case)).text
    assert "relu par un seul modérateur" in browser.get(case_path(case, "publier")).text
    response = browser.send(
        case_path(case, "publier"), revision_field(case) | attestations | {"reason": "lu"}
    )
    assert response.status_code == 303
    assert "Relu par un seul modérateur" in app.test_client().get("/incidents/1").text


# --- the invitation -----------------------------------------------------------------------------


def test_the_letter_is_french_on_the_english_page_too(signed, desk):
    case = desk.draft()
    bruno = signed("bruno")
    pages = [bruno.get(f"{prefix}{case_path(case, 'inviter')}").text for prefix in ("", "/en")]
    letters = [re.search(r'id="lettre"[^>]*>(.*?)</textarea>', html, re.DOTALL) for html in pages]
    assert letters[0]
    assert letters[1]
    assert letters[0][1] == letters[1][1]
    assert "Madame, Monsieur" in letters[1][1]
    # The page around it is in the reader’s language.
    assert '<html lang="en">' in pages[1]
    assert "Invite the authority" in pages[1]


@pytest.mark.parametrize("state", ["draft", "published"])
def test_the_letter_is_ready_to_send_with_its_articles(signed, desk, state):
    case = getattr(desk, state)()
    page = signed("bruno").get(case_path(case, "inviter")).text
    letter = page.partition('id="lettre"')[2].partition("</textarea>")[0]
    # The letter does not repeat what the title contains.
    assert "Interdiction de filmer le conseil municipal de Gagny, 17\u00a0mars 2008" in letter
    assert "loi nº\u00a02004-575 du 21\u00a0juin 2004, art.\u00a01-1, III" in letter
    assert "décret nº\u00a02007-1527" in letter
    assert ("/incidents/1" in letter) is (state == "published")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"how": "yes", "on": "", "text": "courriel"}, "on"),
        ({"how": "yes", "on": "32/13/2026", "text": "courriel"}, "on"),
        ({"how": "yes", "on": "01/01/2999", "text": "courriel"}, "on"),
        ({"how": "yes", "on": "2026-03-02", "text": " "}, "text"),
        ({"how": "peut-être", "on": "2026-03-02", "text": "courriel"}, "how"),
    ],
    ids=["no day", "no such day", "a day to come", "no words", "no answer"],
)
def test_an_invalid_invitation_comes_back_as_typed(
    signed, desk, revision_field, line_counts, form, field
):
    case, counts_before = desk.draft(), None
    counts_before = line_counts()
    response = signed("bruno").send(case_path(case, "inviter"), revision_field(case) | form)
    assert (response.status_code, line_counts()) == (422, counts_before)
    assert f'href="#{field}"' in errors(response.text)
    assert (form["text"].strip() or "lettre") in response.text
    assert not form["on"] or f'value="{form["on"]}"' in response.text


def test_the_reason_for_no_invitation_is_stored_without_a_day(signed, desk, revision_field):
    case, browser = desk.draft(), signed("bruno")
    form = {"how": "no", "on": "2026-03-02", "text": "faits anciens\nélu décédé"}
    assert browser.send(case_path(case, "inviter"), revision_field(case) | form).status_code == 303
    page = browser.get(case_path(case)).text
    assert "Pas invitée. Faits anciens\nélu décédé" in page


# --- restoration --------------------------------------------------------------------------------


def test_a_text_changed_while_withdrawn_is_restored_with_a_public_note(
    signed, desk, content, revision_field, attestations, pen, cast, app
):
    case = desk.withdrawn()
    with pen() as p:
        acts.edit(p, case.id, content(amount="1 EUR"), by=cast.bruno, reason="r")
    browser, form = signed("chloe"), revision_field(case) | attestations | {"reason": "vérifié"}
    refused = browser.send(case_path(case, "retablir"), form)
    assert refused.status_code == 422
    assert 'href="#public_note"' in errors(refused.text)
    assert 'value="vérifié"' in refused.text
    restored = browser.send(case_path(case, "retablir"), form | {"public_note": "Montant ajouté."})
    assert restored.status_code == 303
    assert "Montant ajouté." in app.test_client().get(f"/incidents/{case.number}").text


# --- the page of a case -------------------------------------------------------------------------


def test_the_page_of_a_draft_lists_possible_acts_and_explains_the_others(signed, desk):
    case = desk.draft()
    page = signed("bruno").get(case_path(case)).text
    for act in ("publier", "modifier", "inviter", "reunir", "abandonner"):
        assert 'class="btn' in page
        assert f'href="{case_path(case, act)}"' in page
    for act in ("retirer", "suite", "approuver", "effacer"):
        assert f'class="btn quiet" href="{case_path(case, act)}"' not in page
    assert "Cette version est de vous" in page
    assert "Ce dossier n’est pas encore publié." in page


def test_a_title_with_markup_is_escaped(signed, desk, content):
    case = desk.published(content(title="<script>alert(1)</script>", summary="{{ 7*7 }}"))
    desk.received_reply(case, text="<img src=x onerror=alert(1)>")
    for act in ("", "inviter", "retirer", "reunir", "reponse"):
        page = signed("bruno").get(case_path(case, act)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "<img" not in page.partition("<main")[2]


def test_an_invitation_shows_its_date(signed, desk, pen, cast):
    case = desk.draft()
    with pen() as p:
        acts.invite(p, case.id, "courriel", by=cast.bruno, on=date(2026, 2, 20))
    page = signed("chloe").get(case_path(case)).text
    assert 'Invitée le <time datetime="2026-02-20">20\u00a0février 2026</time>.' in page
