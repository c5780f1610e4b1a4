"""The page of the differences between two public versions of a case."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import attested_acts as acts
import pytest
from case_contents import a_case, decided
from databases import plain_app
from lxml import html

pytestmark = pytest.mark.one_database

BEFORE = "Le maire a promis une salle. " * 20 + "Il l'a refusée."
AFTER = BEFORE.replace("refusée", "rendue")


@pytest.fixture
def app(settings):
    """The application without a pushed context: each request has its own session."""
    with plain_app(settings) as app:
        yield app


@pytest.fixture
def case(desk, cast):
    """A case with a correction of its narrative and a decision, in lines 2 and 3 of the ledger."""
    content = a_case(narrative=BEFORE, proceedings=(decided("contre_cible"),))
    published = desk.published(content)
    corrected = replace(content, narrative=AFTER, target="citoyen")
    with desk.pen() as p:
        acts.correct(
            p,
            published.id,
            corrected,
            by=cast.bruno,
            second=cast.chloe,
            reason="r",
            public_note="La décision est corrigée.",
        )
    return published


def words(response) -> str:
    text = unescape(html.fromstring(response.text).text_content())
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").split())


def versions(client) -> list[str]:
    """The addresses of the differences that the page of the case links to."""
    links = html.fromstring(client.get("/incidents/1").text).xpath("//a/@href")
    return [link for link in links if "/versions/" in link]


def test_a_correction_leads_to_what_it_changed_word_by_word(app, case):
    client = app.test_client()
    [address] = versions(client)
    response = client.get(address)
    text = words(response)
    assert "De la version 1 à la version 2" in text
    assert "La décision est corrigée." in text
    assert "[retiré : refusée]" in text.replace("] ", "]")
    assert "[ajouté : rendue]" in text.replace("] ", "]")
    # The field of the person targeted differs; proceedings do not, and are left out.
    assert "citoyen" in text
    assert "Procédure" not in text
    assert '<meta name="robots" content="noindex">' in response.text
    assert response.headers["ETag"]
    again = client.get(address, headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    english = client.get(f"/en{address}")
    assert "From version 1 to version 2" in words(english)


@pytest.mark.parametrize(
    "pair", ["3-2", "2-2", "2-99", "1-2", "02-3", "2-", "2-3-4", "a-b", f"2-{10**20}"]
)
def test_other_pairs_are_no_page(app, case, pair):
    [address] = versions(app.test_client())
    assert address == "/incidents/1/versions/2-3"
    assert app.test_client().get(f"/incidents/1/versions/{pair}").status_code == 404
    assert app.test_client().get("/incidents/9/versions/2-3").status_code == 404


def test_no_difference_shows_a_text_that_readers_can_no_longer_read(app, desk, case, cast):
    client = app.test_client()
    [address] = versions(client)
    with desk.pen() as p:
        acts.redact(
            p,
            case.id,
            a_case(narrative="Rien.", proceedings=(decided("contre_cible"),)),
            by=cast.bruno,
            reason="r",
            public_note="Un passage a été retiré.",
        )
    redacted = client.get(address)
    assert (redacted.status_code, "rendue" in redacted.text) == (200, False)
    with desk.pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="r")
    withdrawn = client.get(address)
    assert withdrawn.status_code == 410
    assert "refusée" not in withdrawn.text
