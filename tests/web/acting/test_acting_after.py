"""Acts after publication: replies, withdrawal, merge, erasure; discard of a draft."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from register.cases import acts
from register.cases.models import Reply
from register.db import now
from register.text.dates import paris_day

pytestmark = pytest.mark.prove


def errors(page: str) -> str:
    """The error summary of a page."""
    found = re.search(r'<div class="errors".*?</div>', page, re.DOTALL)
    return found.group() if found else ""


def at(filed, place=""):
    return f"/moderation/dossiers/{filed.id}/{place}".rstrip("/")


# --- the right of reply -------------------------------------------------------------------------

SENT = {
    "author": "Ville de Gagny",
    "capacity": "la commune mise en cause",
    "text": "La ville conteste.\n\nLa séance était **levée**.",
}


def test_a_reply_is_noted_then_published_with_the_weight_of_the_account(
    signed, desk, vu, app, session
):
    filed, browser = desk.published(), signed("bruno")
    today = paris_day(now())
    noted = browser.send(at(filed, "reponse"), vu(filed) | SENT | {"received_on": str(today)})
    assert noted.status_code == 303
    session.rollback()
    reply = session.scalars(select(Reply)).one()
    assert (reply.state, reply.due_on) == ("received", today + timedelta(days=3))
    page = browser.get(noted.location).text
    assert "Publiez-la ou refusez-la avant la fin du" in page
    assert "Trois lignes" not in page
    assert "3 lignes, " in page.replace("\u202f", " ")
    assert "La ville conteste" not in app.test_client().get(f"/incidents/{filed.number}").text
    done = browser.send(f"/moderation/reponses/{reply.id}/publier", vu(filed) | {"reason": "due"})
    assert done.status_code == 303
    public = app.test_client().get(f"/incidents/{filed.number}").text
    account = re.search(r'<(h\d) id="recit">[^<]*</\1>\s*<div class="([^"]*)"', public)
    answer = re.search(r'<(h\d) id="reponse-1">[^<]*</\1>\s*<div class="([^"]*)"', public)
    assert account
    assert answer
    assert account.groups() == answer.groups()
    assert "<p>La ville conteste.</p>\n<p>La séance était **levée**.</p>" in public


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (2, "À publier ou à refuser avant la fin du"),
        (0, "À publier ou à refuser aujourd’hui."),
        (-1, "En retard\u00a0: elle devait être publiée ou refusée le"),
    ],
)
def test_the_three_days_are_counted_down(signed, desk, pen, cast, left, said):
    filed = desk.published()
    received = paris_day(now()) + timedelta(days=left - 3)
    with pen(now()) as p:
        reply = acts.receive_reply(p, filed.id, by=cast.bruno, received_on=received, **SENT).id
    for page in (at(filed), f"/moderation/reponses/{reply}/publier"):
        told = signed("bruno").get(page).text
        assert said in told
        assert ('class="late"' in told) is (left <= 0)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"author": ""}, "author"),
        ({"capacity": " "}, "capacity"),
        ({"text": "\u202e\x00"}, "text"),
        ({"received_on": ""}, "received_on"),
        ({"received_on": "hier"}, "received_on"),
        ({"received_on": "2999-01-01"}, "received_on"),
        ({"author": "a" * 301}, "author"),
        ({"text": "a" * 50_001}, "text"),
    ],
)
def test_a_reply_that_cannot_be_noted_comes_back_as_typed(
    signed, desk, vu, standing, changed, field
):
    filed = desk.published()
    before = standing()
    sent = SENT | {"received_on": "02/03/2026"} | changed
    answer = signed("bruno").send(at(filed, "reponse"), vu(filed) | sent)
    assert (answer.status_code, standing()) == (422, before)
    assert f'href="#{field}"' in errors(answer.text)
    for name, value in sent.items():
        if name != field or len(value) > 300 or name == "received_on":
            assert value in answer.text


def test_a_reply_too_long_is_noted_and_can_only_be_refused(signed, desk, vu, standing):
    filed, browser = desk.published(), signed("bruno")
    long = SENT | {"text": "ligne\n" * 200 + "fin", "received_on": "02/03/2026"}
    assert browser.send(at(filed, "reponse"), vu(filed) | long).status_code == 303
    assert "elle ne peut être que refusée" in browser.get(at(filed)).text
    before = standing()
    sent = vu(filed) | {"reason": "due à la mairie"}
    answer = browser.send("/moderation/reponses/1/publier", sent)
    assert (answer.status_code, standing()) == (422, before)
    assert "refusez celle-ci avec ce motif" in errors(answer.text)
    assert 'value="due à la mairie"' in answer.text
    told = vu(filed) | {"refusal": "Elle dépasse 200 lignes.\nDécret nº 2007-1527."}
    assert browser.send("/moderation/reponses/1/refuser", told).status_code == 303
    assert "Elle dépasse 200 lignes." in browser.get(at(filed)).text


def test_a_refused_reply_is_nowhere_in_public(signed, desk, vu, app):
    filed = desk.published()
    reply = desk.received_reply(filed, text="MARQUE")
    told = vu(filed) | {"refusal": "MOTIF"}
    address = f"/moderation/reponses/{reply}/refuser"
    assert signed("chloe").send(address, told).status_code == 303
    public = app.test_client().get(f"/incidents/{filed.number}").text
    assert "MARQUE" not in public
    assert "MOTIF" not in public


# --- withdrawal ---------------------------------------------------------------------------------


def test_a_withdrawn_case_leaves_a_tombstone_that_does_not_name_who_asked(signed, desk, vu, app):
    filed, browser = desk.published(), signed("bruno")
    page = browser.get(at(filed, "retirer")).text
    assert "Connu des membres seulement\u202f; le public lira\u00a0:" in page
    sent = {"restriction": "demande_signalant", "reason": "SECRET"}
    assert browser.send(at(filed, "retirer"), vu(filed) | sent).status_code == 303
    public = app.test_client().get(f"/incidents/{filed.number}")
    assert public.status_code == 410
    shown = public.text.partition("<main")[2].partition("<footer")[0]
    assert "SECRET" not in shown
    assert "signal" not in shown
    # Word for word what the page of the act announced.
    announced = re.search(r"le public lira\u00a0: «\u202f(.*?)\u202f»", page)
    assert announced
    assert announced[1].partition(".")[0] in shown
    assert "(la personne qui avait signalé les faits l’a demandé)" in browser.get(at(filed)).text


@pytest.mark.parametrize("restriction", ["", "inventé", "<script>"])
def test_a_withdrawal_asks_for_a_reason_of_the_list(signed, desk, vu, standing, restriction):
    filed = desk.published()
    before = standing()
    sent = {"restriction": restriction, "reason": "gardé"}
    answer = signed("bruno").send(at(filed, "retirer"), vu(filed) | sent)
    assert (answer.status_code, standing()) == (422, before)
    assert re.search(r'href="#restriction(-0)?"', errors(answer.text))
    assert 'value="gardé"' in answer.text


def test_a_reply_that_waits_is_said_before_its_case_goes(signed, desk):
    filed = desk.published()
    assert "Une réponse reçue attend" not in signed("bruno").get(at(filed, "retirer")).text
    desk.received_reply(filed)
    for place in ("retirer", "reunir"):
        assert "Une réponse reçue attend" in signed("bruno").get(at(filed, place)).text


# --- merge --------------------------------------------------------------------------------------


def test_both_cases_are_shown_before_they_are_joined(signed, desk, content, vu, app):
    filed = desk.published(content(title="Premier récit"))
    other = desk.published(content(title="Second récit"))
    browser, address = signed("bruno"), at(filed, "reunir")
    assert "Réunir au cas" not in browser.get(address).text
    page = browser.get(f"{address}?avec={other.number}").text
    assert "Premier récit" in page
    assert "Second récit" in page
    assert f'name="into" value="{other.number}"' in page
    sent = {"into": str(other.number), "reason": "même affaire"}
    assert browser.send(address, vu(filed) | sent).status_code == 303
    moved = app.test_client().get(f"/incidents/{filed.number}")
    assert (moved.status_code, moved.location) == (301, f"/incidents/{other.number}")


@pytest.mark.parametrize("asked", ["404", "-1", "x", "9" * 400, "٣", "itself", "withdrawn"])
def test_a_case_is_joined_to_another_public_one_only(signed, desk, vu, standing, asked):
    filed, browser = desk.published(), signed("bruno")
    asked = str(filed.number) if asked == "itself" else asked
    asked = str(desk.withdrawn().number) if asked == "withdrawn" else asked
    page = browser.get(at(filed, f"reunir?avec={asked}")).text
    assert "Aucun autre cas publié ne porte ce numéro." in page
    before = standing()
    answer = browser.send(at(filed, "reunir"), vu(filed) | {"into": asked, "reason": "gardé"})
    assert answer.status_code in (409, 422)
    assert standing() == before
    assert 'value="gardé"' in answer.text


# --- erasure ------------------------------------------------------------------------------------


def test_an_erasure_asks_a_second_person_and_leaves_a_bare_tombstone(
    signed, desk, content, vu, standing, app
):
    filed = desk.published(content(title="MARQUE du titre", narrative="MARQUE du récit"))
    ada, chloe = signed("ada"), signed("chloe")
    sent = {"restriction": "donnee_personnelle"}
    before = standing()
    refused = ada.send(at(filed, "effacer"), vu(filed) | sent)
    assert (refused.status_code, standing()) == (409, before)
    assert "Il faut l’accord d’un second membre" in errors(refused.text)
    assert re.search(r'value="donnee_personnelle" checked', refused.text)
    asked = at(filed, "approuver")
    assert "MARQUE du récit" in chloe.get(f"{asked}?pour=effacement").text
    assert chloe.send(asked, vu(filed) | {"pour": "effacement"}).status_code == 303
    assert "Effacement approuvé par <b>chloe</b>" in ada.get(at(filed, "effacer")).text
    assert ada.send(at(filed, "effacer"), vu(filed) | sent).status_code == 303
    for browser in (ada, chloe):
        page = browser.get(at(filed)).text
        assert "Ce dossier a été effacé" in page
        assert "MARQUE" not in page
    public = app.test_client().get(f"/incidents/{filed.number}")
    assert public.status_code == 410
    assert "MARQUE" not in public.text


def test_who_approved_an_erasure_does_not_erase(signed, desk, vu):
    filed, ada = desk.published(), signed("ada")
    assert ada.send(at(filed, "approuver"), vu(filed) | {"pour": "effacement"}).status_code == 303
    answer = ada.send(at(filed, "effacer"), vu(filed) | {"restriction": "erreur"})
    assert answer.status_code == 409


def test_a_discarded_draft_is_gone(signed, desk, content, vu):
    filed, browser = desk.draft(content(title="MARQUE")), signed("chloe")
    assert browser.send(at(filed, "abandonner"), vu(filed)).status_code == 303
    page = browser.get(at(filed)).text
    assert "Ce brouillon n’a jamais été publié" in page
    assert "MARQUE" not in page


# --- what an act changes, said before it is done ------------------------------------------------

ARTICLE = "loi du 29\u00a0juillet 1881, art.\u00a065"


@pytest.mark.parametrize(
    ("state", "place", "opens"),
    [
        ("draft", "publier", True),
        ("withdrawn", "retablir", True),
        ("published", "reunir?avec=1", True),
        ("published", "retirer", False),
        ("published", "effacer", False),
        ("published", "reponse", False),
    ],
)
def test_each_act_says_what_it_changes_and_whether_it_opens_a_period(
    signed, desk, state, place, opens
):
    desk.published()
    filed = getattr(desk, state)()
    page = signed("ada").get(at(filed, place)).text
    assert "Ce que cela change pour le public" in page
    assert ARTICLE in page
    assert "Information, pas un conseil juridique." in page
    assert ("Fait aujourd’hui, il finirait le" in page) is opens


def test_a_reply_opens_a_period_for_its_own_words(signed, desk):
    reply = desk.received_reply(desk.published())
    page = signed("bruno").get(f"/moderation/reponses/{reply}/publier").text
    assert "pour les mots de la réponse, pas pour le récit" in page
    assert ARTICLE in page


def test_the_running_periods_are_shown_to_members(signed, desk, pen, cast):
    filed = desk.published()
    assert "les trois mois de chaque publication sont passés" in signed("bruno").get(at(filed)).text
    with pen(now()) as p:
        acts.follow_up(p, filed.id, by=cast.bruno, reason="r", title="Suite", text="Texte.")
    page = signed("bruno").get(at(filed)).text
    assert "Suite\u00a0: ce qu’elle ajoute." in page
    assert "Il reste" in page


def test_the_window_of_the_right_of_reply_is_shown(signed, desk):
    page = signed("bruno").get(at(desk.published())).text
    assert f'<time datetime="{date(2026, 6, 2)}">' in page
