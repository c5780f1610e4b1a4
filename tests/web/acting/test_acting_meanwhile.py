"""Acts on a case that changed meanwhile: status 409, comparison, retained input."""

from __future__ import annotations

import re

import pytest

from register.cases import acts

pytestmark = pytest.mark.prove


def at(filed, place):
    return f"/moderation/dossiers/{filed.id}/{place}"


@pytest.fixture
def edited(pen, cast, content):
    """``edited(filed)``: a change by Chloé while Bruno has the page open."""

    def change(filed, **changes):
        with pen() as p:
            told = content(amount="1 EUR", **changes)
            acts.edit(p, filed.id, told, by=cast.chloe, reason="montant")

    return change


def test_the_loser_compares_keeps_the_words_and_sends_again(
    signed, desk, edited, vu, ticked, standing
):
    filed, browser = desk.ready(), signed("bruno")
    seen = vu(filed)
    edited(filed)
    before, now = standing(), vu(filed)
    sent = ticked | {"reason": "lu et vérifié", "flags_reason": "relu"}
    refused = browser.send(at(filed, "publier"), seen | sent)
    assert (refused.status_code, standing()) == (409, before)
    assert f"comparer?de={seen['vu']}&amp;a={now['vu']}" in refused.text
    assert 'value="lu et vérifié"' in refused.text
    assert f'name="vu" value="{now["vu"]}"' in refused.text
    # What was attested was another text: it is attested anew.
    assert not re.search(r'id="attribution"[^>]*checked', refused.text)
    assert browser.send(at(filed, "publier"), now | sent).status_code == 303


@pytest.mark.parametrize("told", [{}, {"vu": ""}, {"vu": "x"}, {"vu": "0"}, {"vu": "9" * 5000}])
@pytest.mark.parametrize("place", ["publier", "inviter", "abandonner"])
def test_a_form_that_does_not_say_what_was_seen_does_nothing(
    signed, desk, ticked, standing, place, told
):
    filed = desk.ready()
    before = standing()
    sent = ticked | {"reason": "gardé", "how": "no", "text": "gardé"}
    answer = signed("bruno").send(at(filed, place), told | sent)
    assert (answer.status_code, standing()) == (409, before)
    assert place == "abandonner" or "gardé" in answer.text


def test_two_who_withdraw_at_once_are_one_and_a_409_with_its_text(signed, desk, vu, standing):
    filed = desk.published()
    seen = vu(filed)
    first = {"restriction": "erreur", "reason": "premier"}
    assert signed("bruno").send(at(filed, "retirer"), seen | first).status_code == 303
    before = standing()
    second = {"restriction": "securite", "reason": "mon motif"}
    answer = signed("chloe").send(at(filed, "retirer"), seen | second)
    assert (answer.status_code, standing()) == (409, before)
    assert "déjà retiré" in answer.text
    assert 'value="mon motif"' in answer.text
    assert re.search(r'value="securite" checked', answer.text)


def test_a_reply_is_noted_although_the_text_moved(signed, desk, pen, cast, content, vu):
    """The deadline of a reply does not depend on the text it answers."""
    filed = desk.published()
    seen = vu(filed)
    with pen() as p:
        told = content(amount="1 EUR")
        acts.correct(p, filed.id, told, by=cast.chloe, reason="r", public_note="Montant.")
    sent = {"author": "a", "capacity": "c", "text": "t", "received_on": "2026-03-02"}
    assert signed("bruno").send(at(filed, "reponse"), seen | sent).status_code == 303


def test_a_member_disabled_a_second_ago_does_nothing(signed, desk, pen, vu, standing):
    from register.accounts import acts as accounts

    filed, browser = desk.published(), signed("chloe")
    with pen() as p:
        accounts.disable_member(p, "chloe@register.test")
    before = standing()
    sent = {"restriction": "erreur", "reason": "r"}
    answer = browser.send(at(filed, "retirer"), vu(filed) | sent)
    assert answer.status_code in (303, 403)
    assert "/moderation" not in (answer.location or "")
    assert standing() == before
