"""Acts on a case that changed meanwhile: status 409, comparison, retained input."""

from __future__ import annotations

import re

import attested_acts as acts
import pytest

pytestmark = pytest.mark.prove


def case_path(case, act):
    return f"/moderation/dossiers/{case.id}/{act}"


@pytest.fixture
def edit_meanwhile(pen, cast, content):
    """``edit_meanwhile(case)``: an edit by Chloé while Bruno has the page open."""

    def edit(case, **changes):
        with pen() as p:
            edited = content(amount="1 EUR", **changes)
            acts.edit(p, case.id, edited, by=cast.chloe, reason="montant")

    return edit


def test_a_stale_form_links_to_the_comparison_and_is_sent_again(
    signed, desk, edit_meanwhile, revision_field, attestations, line_counts
):
    case, browser = desk.ready(), signed("bruno")
    seen_revision = revision_field(case)
    edit_meanwhile(case)
    counts_before, current_revision = line_counts(), revision_field(case)
    form = attestations | {"reason": "lu et vérifié"}
    refused = browser.send(case_path(case, "publier"), seen_revision | form)
    assert (refused.status_code, line_counts()) == (409, counts_before)
    assert f"comparer?de={seen_revision['vu']}&amp;a={current_revision['vu']}" in refused.text
    assert 'value="lu et vérifié"' in refused.text
    assert f'name="vu" value="{current_revision["vu"]}"' in refused.text
    # The attestations were for the old text, so they are cleared.
    assert not re.search(r'id="attribution"[^>]*checked', refused.text)
    assert browser.send(case_path(case, "publier"), current_revision | form).status_code == 303


@pytest.mark.parametrize("revision", [{}, {"vu": ""}, {"vu": "x"}, {"vu": "0"}, {"vu": "9" * 5000}])
@pytest.mark.parametrize("act", ["publier", "inviter", "abandonner"])
def test_a_form_without_a_valid_revision_is_refused(
    signed, desk, attestations, line_counts, act, revision
):
    case = desk.ready()
    counts_before = line_counts()
    form = attestations | {"reason": "gardé", "how": "no", "text": "gardé"}
    response = signed("bruno").send(case_path(case, act), revision | form)
    assert (response.status_code, line_counts()) == (409, counts_before)
    assert act == "abandonner" or "gardé" in response.text


def test_the_second_of_two_withdrawals_is_refused_with_its_form(
    signed, desk, revision_field, line_counts
):
    case = desk.published()
    seen_revision = revision_field(case)
    first = {"restriction": "erreur", "reason": "premier"}
    assert (
        signed("bruno").send(case_path(case, "retirer"), seen_revision | first).status_code == 303
    )
    counts_before = line_counts()
    second = {"restriction": "securite", "reason": "mon motif"}
    response = signed("chloe").send(case_path(case, "retirer"), seen_revision | second)
    assert (response.status_code, line_counts()) == (409, counts_before)
    assert "déjà retiré" in response.text
    assert 'value="mon motif"' in response.text
    assert re.search(r'value="securite" checked', response.text)


def test_a_reply_is_accepted_although_the_text_changed(
    signed, desk, pen, cast, content, revision_field
):
    """The deadline of a reply does not depend on the text it answers."""
    case = desk.published()
    seen_revision = revision_field(case)
    with pen() as p:
        corrected = content(amount="1 EUR")
        acts.correct(p, case.id, corrected, by=cast.chloe, reason="r", public_note="Montant.")
    form = {"author": "a", "capacity": "c", "text": "t", "received_on": "2026-03-02"}
    assert signed("bruno").send(case_path(case, "reponse"), seen_revision | form).status_code == 303


def test_a_newly_disabled_member_is_refused(signed, desk, pen, cast, revision_field, line_counts):
    from register.accounts import acts as accounts

    case, browser = desk.published(), signed("chloe")
    with pen() as p:
        accounts.disable_member(p, cast.chloe)
    counts_before = line_counts()
    form = {"restriction": "erreur", "reason": "r"}
    response = browser.send(case_path(case, "retirer"), revision_field(case) | form)
    assert response.status_code in (303, 403)
    assert "/moderation" not in (response.location or "")
    assert line_counts() == counts_before
