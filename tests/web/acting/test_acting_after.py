"""Acts after publication: replies, withdrawal, merge, erasure; discard of a draft."""

from __future__ import annotations

import re
from datetime import date, timedelta

import attested_acts as acts
import pytest
from sqlalchemy import select

from register.cases.models import Reply
from register.db import now
from register.text.dates import paris_day

pytestmark = pytest.mark.prove


def errors(page: str) -> str:
    """The error summary of a page."""
    match = re.search(r'<div class="errors".*?</div>', page, re.DOTALL)
    return match.group() if match else ""


def case_path(case, place=""):
    return f"/moderation/dossiers/{case.id}/{place}".rstrip("/")


# --- the right of reply -------------------------------------------------------------------------

REPLY = {
    "author": "Ville de Gagny",
    "capacity": "la commune mise en cause",
    "text": "La ville conteste.\n\nLa séance était **levée**.",
}


def test_a_received_reply_is_published_with_the_layout_of_the_account(
    signed, desk, revision_field, app, session
):
    case, browser = desk.published(), signed("bruno")
    today = paris_day(now())
    received = browser.send(
        case_path(case, "reponse"), revision_field(case) | REPLY | {"received_on": str(today)}
    )
    assert received.status_code == 303
    session.rollback()
    reply = session.scalars(select(Reply)).one()
    assert (reply.state, reply.due_on) == ("received", today + timedelta(days=3))
    page = browser.get(received.location).text
    assert "Publiez-la ou refusez-la avant la fin du" in page
    assert "Trois lignes" not in page
    assert "3 lignes, " in page.replace("\u202f", " ")
    assert "La ville conteste" not in app.test_client().get(f"/incidents/{case.number}").text
    published = browser.send(
        f"/moderation/reponses/{reply.id}/publier",
        revision_field(case) | acts.TICKED | {"reason": "due"},
    )
    assert published.status_code == 303
    public = app.test_client().get(f"/incidents/{case.number}").text
    account = re.search(r'<(h\d) id="recit">[^<]*</\1>\s*<div class="([^"]*)"', public)
    reply_heading = re.search(r'<(h\d) id="reponse-1">[^<]*</\1>\s*<div class="([^"]*)"', public)
    assert account
    assert reply_heading
    assert account.groups() == reply_heading.groups()
    assert "<p>La ville conteste.</p>\n<p>La séance était **levée**.</p>" in public


@pytest.mark.parametrize(
    ("days_left", "sentence"),
    [
        (2, "À publier ou à refuser avant la fin du"),
        (0, "À publier ou à refuser aujourd’hui."),
        (-1, "En retard\u00a0: elle devait être publiée ou refusée le"),
    ],
)
def test_the_deadline_of_a_reply_is_shown(signed, desk, pen, cast, days_left, sentence):
    case = desk.published()
    received = paris_day(now()) + timedelta(days=days_left - 3)
    with pen(now()) as p:
        reply = acts.receive_reply(p, case.id, by=cast.bruno, received_on=received, **REPLY).id
    for path in (case_path(case), f"/moderation/reponses/{reply}/publier"):
        html = signed("bruno").get(path).text
        assert sentence in html
        assert ('class="late"' in html) is (days_left <= 0)


@pytest.mark.parametrize(
    ("changes", "field"),
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
def test_an_invalid_reply_comes_back_as_typed(
    signed, desk, revision_field, line_counts, changes, field
):
    case = desk.published()
    counts_before = line_counts()
    form = REPLY | {"received_on": "02/03/2026"} | changes
    response = signed("bruno").send(case_path(case, "reponse"), revision_field(case) | form)
    assert (response.status_code, line_counts()) == (422, counts_before)
    assert f'href="#{field}"' in errors(response.text)
    for name, value in form.items():
        if name != field or len(value) > 300 or name == "received_on":
            assert value in response.text


def test_an_overlong_reply_is_stored_and_can_only_be_refused(
    signed, desk, revision_field, line_counts
):
    case, browser = desk.published(), signed("bruno")
    long_reply = REPLY | {"text": "ligne\n" * 200 + "fin", "received_on": "02/03/2026"}
    assert (
        browser.send(case_path(case, "reponse"), revision_field(case) | long_reply).status_code
        == 303
    )
    assert "elle ne peut être que refusée" in browser.get(case_path(case)).text
    counts_before = line_counts()
    publication = revision_field(case) | acts.TICKED | {"reason": "due à la mairie"}
    response = browser.send("/moderation/reponses/1/publier", publication)
    assert (response.status_code, line_counts()) == (422, counts_before)
    assert "refusez celle-ci avec ce motif" in errors(response.text)
    assert 'value="due à la mairie"' in response.text
    words = {"code": "longueur", "refusal": "Elle dépasse 200 lignes.\nDécret nº 2007-1527."}
    refusal = revision_field(case) | words
    assert browser.send("/moderation/reponses/1/refuser", refusal).status_code == 303
    assert "Elle dépasse 200 lignes." in browser.get(case_path(case)).text


def test_a_refused_reply_is_not_public(signed, desk, revision_field, app):
    case = desk.published()
    reply = desk.received_reply(case, text="MARQUE")
    refusal = revision_field(case) | {"code": "tiers", "refusal": "MOTIF"}
    address = f"/moderation/reponses/{reply}/refuser"
    assert signed("chloe").send(address, refusal).status_code == 303
    public = app.test_client().get(f"/incidents/{case.number}").text
    assert "MARQUE" not in public
    assert "MOTIF" not in public


# --- withdrawal ---------------------------------------------------------------------------------


def test_a_tombstone_does_not_reveal_who_asked_for_the_withdrawal(
    signed, desk, revision_field, app
):
    case, browser = desk.published(), signed("bruno")
    page = browser.get(case_path(case, "retirer")).text
    assert "Connu des membres seulement\u202f; le public lira\u00a0:" in page
    form = {"restriction": "demande_signalant", "reason": "SECRET"}
    assert browser.send(case_path(case, "retirer"), revision_field(case) | form).status_code == 303
    public = app.test_client().get(f"/incidents/{case.number}")
    assert public.status_code == 410
    tombstone = public.text.partition("<main")[2].partition("<footer")[0]
    assert "SECRET" not in tombstone
    assert "signal" not in tombstone
    # The tombstone repeats the sentence announced on the page of the act.
    announced = re.search(r"le public lira\u00a0: «\u202f(.*?)\u202f»", page)
    assert announced
    assert announced[1].partition(".")[0] in tombstone
    assert (
        "(la personne qui avait signalé les faits l’a demandé)" in browser.get(case_path(case)).text
    )


@pytest.mark.parametrize("restriction", ["", "inventé", "<script>"])
def test_a_withdrawal_requires_a_listed_reason(
    signed, desk, revision_field, line_counts, restriction
):
    case = desk.published()
    counts_before = line_counts()
    form = {"restriction": restriction, "reason": "gardé"}
    response = signed("bruno").send(case_path(case, "retirer"), revision_field(case) | form)
    assert (response.status_code, line_counts()) == (422, counts_before)
    assert re.search(r'href="#restriction(-0)?"', errors(response.text))
    assert 'value="gardé"' in response.text


def test_a_pending_reply_is_mentioned_before_its_case_is_withdrawn_or_merged(signed, desk):
    case = desk.published()
    assert "Une réponse reçue attend" not in signed("bruno").get(case_path(case, "retirer")).text
    desk.received_reply(case)
    for act in ("retirer", "reunir"):
        assert "Une réponse reçue attend" in signed("bruno").get(case_path(case, act)).text


# --- merge --------------------------------------------------------------------------------------


def test_both_cases_are_shown_before_a_merge(signed, desk, content, revision_field, app):
    case = desk.published(content(title="Premier récit"))
    other = desk.published(content(title="Second récit"))
    browser, address = signed("bruno"), case_path(case, "reunir")
    assert "Réunir au cas" not in browser.get(address).text
    page = browser.get(f"{address}?avec={other.number}").text
    assert "Premier récit" in page
    assert "Second récit" in page
    assert f'name="into" value="{other.number}"' in page
    form = {"into": str(other.number), "reason": "même affaire"}
    proposal = browser.send(address, revision_field(case) | form)
    assert proposal.status_code == 303
    # What is public is merged once another member agrees.
    change = re.search(r"changements/[0-9]+", browser.get(proposal.location).text)
    assert signed("chloe").send(case_path(case, change[0])).status_code == 303
    notice = app.test_client().get(f"/incidents/{case.number}")
    assert "Ce cas est réuni à un autre" in notice.text
    assert f'href="/incidents/{other.number}"' in notice.text


@pytest.mark.parametrize("number", ["404", "-1", "x", "9" * 400, "٣", "itself", "withdrawn"])
def test_a_case_is_merged_into_another_public_case_only(
    signed, desk, revision_field, line_counts, number
):
    case, browser = desk.published(), signed("bruno")
    number = str(case.number) if number == "itself" else number
    number = str(desk.withdrawn().number) if number == "withdrawn" else number
    page = browser.get(case_path(case, f"reunir?avec={number}")).text
    assert "Aucun autre cas publié ne porte ce numéro." in page
    counts_before = line_counts()
    response = browser.send(
        case_path(case, "reunir"), revision_field(case) | {"into": number, "reason": "gardé"}
    )
    assert response.status_code in (409, 422)
    assert line_counts() == counts_before
    assert 'value="gardé"' in response.text


# --- erasure ------------------------------------------------------------------------------------


def test_an_erasure_needs_a_second_member_and_leaves_a_tombstone_without_text(
    signed, desk, content, revision_field, line_counts, app
):
    case = desk.published(content(title="MARQUE du titre", narrative="MARQUE du récit"))
    ada, chloe = signed("ada"), signed("chloe")
    form = {"restriction": "donnee_personnelle"}
    counts_before = line_counts()
    refused = ada.send(case_path(case, "effacer"), revision_field(case) | form)
    assert (refused.status_code, line_counts()) == (409, counts_before)
    assert "Il faut l’accord d’un second membre" in errors(refused.text)
    assert re.search(r'value="donnee_personnelle" checked', refused.text)
    approve_path = case_path(case, "approuver")
    assert "MARQUE du récit" in chloe.get(f"{approve_path}?pour=effacement").text
    assert (
        chloe.send(approve_path, revision_field(case) | {"pour": "effacement"}).status_code == 303
    )
    assert "Effacement approuvé par <b>chloe</b>" in ada.get(case_path(case, "effacer")).text
    assert ada.send(case_path(case, "effacer"), revision_field(case) | form).status_code == 303
    for browser in (ada, chloe):
        page = browser.get(case_path(case)).text
        assert "Ce dossier a été effacé" in page
        assert "MARQUE" not in page
    public = app.test_client().get(f"/incidents/{case.number}")
    assert public.status_code == 410
    assert "MARQUE" not in public.text


def test_the_approver_of_an_erasure_cannot_erase(signed, desk, revision_field):
    case, ada = desk.published(), signed("ada")
    assert (
        ada.send(
            case_path(case, "approuver"), revision_field(case) | {"pour": "effacement"}
        ).status_code
        == 303
    )
    response = ada.send(
        case_path(case, "effacer"), revision_field(case) | {"restriction": "erreur"}
    )
    assert response.status_code == 409


def test_a_discarded_draft_shows_no_text(signed, desk, content, revision_field):
    case, browser = desk.draft(content(title="MARQUE")), signed("chloe")
    assert browser.send(case_path(case, "abandonner"), revision_field(case)).status_code == 303
    page = browser.get(case_path(case)).text
    assert "Ce brouillon n’a jamais été publié" in page
    assert "MARQUE" not in page


# --- effects shown before an act ----------------------------------------------------------------

ARTICLE = "loi du 29\u00a0juillet 1881, art.\u00a065"


@pytest.mark.parametrize(
    ("state", "act", "opens_period"),
    [
        ("draft", "publier", True),
        ("withdrawn", "retablir", True),
        ("published", "reunir?avec=1", True),
        ("published", "retirer", False),
        ("published", "effacer", False),
        ("published", "reponse", False),
    ],
)
def test_each_act_shows_its_effects_and_whether_it_opens_a_limitation_period(
    signed, desk, state, act, opens_period
):
    desk.published()
    case = getattr(desk, state)()
    page = signed("ada").get(case_path(case, act)).text
    assert "Ce que cela change pour le public" in page
    assert ARTICLE in page
    assert "Information, pas un conseil juridique." in page
    assert ("Fait aujourd’hui, il finirait le" in page) is opens_period


def test_a_reply_opens_a_limitation_period_for_its_own_text(signed, desk):
    reply = desk.received_reply(desk.published())
    page = signed("bruno").get(f"/moderation/reponses/{reply}/publier").text
    assert "pour les mots de la réponse, pas pour le récit" in page
    assert ARTICLE in page


def test_running_limitation_periods_are_shown_to_members(signed, desk, pen, cast):
    case = desk.published()
    assert (
        "les trois mois de chaque publication sont passés"
        in signed("bruno").get(case_path(case)).text
    )
    with pen(now()) as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Suite", text="Texte.")
    page = signed("bruno").get(case_path(case)).text
    assert "Suite\u00a0: ce qu’elle ajoute." in page
    assert "Il reste" in page


def test_the_window_of_the_right_of_reply_is_shown(signed, desk):
    page = signed("bruno").get(case_path(desk.published())).text
    assert f'<time datetime="{date(2026, 6, 2)}">' in page
