"""The life of two cases, from the invitation of the first member to the erasure of what is left.

Everything is done through pages, as the people of an association would: one administers, one
moderates, each at a browser of their own, and a third reads the public site.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from desk_steps import (
    Member,
    Story,
    agree,
    approve,
    attest,
    come_back,
    correct,
    draft,
    erase,
    follow_up,
    heading,
    invite_authority,
    invited,
    join,
    merge,
    missing,
    publish,
    redact,
    reply,
    restore,
    withdraw,
)
from feed_reader import number_of
from fresh_register import FreshRegister
from input_devices import Keys
from page_checks import AtDesk
from playwright.sync_api import expect
from reader_steps import by_commune, entries, finds, get
from viewports import DESKTOP, PHONE, Viewport, each_of

pytestmark = pytest.mark.browser

# As the register's own list of press cases tells it: register/demo/incidents.csv, WC017.
CHARTRES = Story(
    source="https://www.evasionfm.com/jean-pierre-gorges-fait-appel-apres-la-relaxe-des-elus-de-"
    "chartres-ecologie",
    kind="Presse",
    told_by="Évasion FM",
    title="Quatre élus d’opposition et un blog satirique poursuivis à Chartres",
    summary="Selon Évasion FM, quatre élus et le directeur de publication d’un blog satirique "
    "sont poursuivis en diffamation, puis relaxés.",
    outlet="blog satirique",
    type="Plainte en diffamation",
    date="octobre 2020",
    place="Chartres",
    actor="Maire",
    level="Commune",
    target="Membre élu de l’opposition",
    evidence="Jugé",
    outcome="Relaxe de la personne poursuivie",
    court="tribunal judiciaire de Chartres",
    decided_on="3 février 2023",
)
# The same affair, which somebody writes down a second time.
AGAIN = replace(
    CHARTRES,
    title="Relaxe pour un blog satirique de Chartres",
    summary="Selon Évasion FM, le tribunal relaxe le directeur de publication d’un blog.",
)
APPEAL = "Selon Évasion FM, le maire a fait appel de la relaxe."
REPLY = "La ville de Chartres conteste cette présentation : le maire a fait appel."
CORRECTED = "sont poursuivis en diffamation par le maire, puis relaxés"
CORRECTION = "Le résumé dit maintenant qui a engagé l’action."
PASSAGE = "quatre élus et"
REDACTION = "Un passage a été retiré."
FEED = "/communes/28085.atom"

WAYS = {
    "phone": Viewport(PHONE, scripts=False),
    "phone with scripts": Viewport(PHONE, scripts=True),
    "desktop": Viewport(DESKTOP, scripts=False),
    "desktop with scripts": Viewport(DESKTOP, scripts=True, database="postgresql"),
    "keyboard alone": Viewport(DESKTOP, scripts=True, user=Keys),
    "keyboard alone without scripts": Viewport(PHONE, scripts=False, user=Keys),
}


@pytest.mark.parametrize(("way", "life"), each_of(WAYS), indirect=["life"])
def test_two_cases_from_the_first_invitation_to_the_end(
    way: Viewport, life: FreshRegister, at_desk: AtDesk
) -> None:
    ada, bruno, reader = (
        Member(way.user(at_desk(way.width, scripts=way.scripts)), f"{name}@registre.example")
        for name in ("ada", "bruno", "reader")
    )
    join(ada, life.first_link, "Ada", first=True)
    join(bruno, invited(ada, bruno.email), "Bruno")
    # In a team of two, nobody else can say that Bruno is not Ada once more.
    life.confirm(bruno.email)
    come_back(bruno)

    case = draft(bruno, CHARTRES)
    number = first_publication(bruno, ada, case)
    is_found(reader, number, CHARTRES.summary)

    follow_up(bruno, case, "Le maire fait appel", APPEAL)
    agree(ada, case)
    reply(bruno, case, "Ville de Chartres", REPLY)
    agree(ada, case)
    corrected = CHARTRES.summary.replace("diffamation,", "diffamation par le maire,")
    correct(bruno, case, corrected, CORRECTION)
    agree(ada, case)
    redacted = corrected.replace(PASSAGE, "[…]")
    redact(bruno, case, redacted, REDACTION)
    everything_is_read(reader, number)

    withdraw(bruno, case)
    is_gone(reader, number)

    approve(ada, case)
    restore(bruno, case)
    is_found(reader, number, redacted)

    other = draft(bruno, AGAIN)
    expect(bruno.page.get_by_role("heading", name="Peut-être le même cas")).to_be_visible()
    invite_authority(bruno, "déjà consultée pour le premier dossier")
    approve(ada, other)
    kept = publish(bruno, other)
    merge(bruno, case, kept)
    leads_to(reader, number, kept)

    erase(ada, bruno, other)
    is_erased(reader, number, kept)


def first_publication(bruno: Member, ada: Member, case: str) -> int:
    """What is missing is said and nothing happens; with a second person's yes it is published."""
    page = bruno.page
    bruno.user.press("Publier")
    attest(bruno)
    bruno.user.press("Publier")
    expect(page.get_by_role("alert")).to_contain_text("Rien n’a été publié")
    assert len(page.get_by_role("alert").get_by_role("link").all()) == 2
    page.goto(case)
    assert len(missing(page)) == 2
    invite_authority(bruno, "faits anciens, que la source a déjà publiés")
    assert len(missing(page)) == 1
    approve(ada, case)
    return publish(bruno, case)


def is_found(reader: Member, number: int, summary: str) -> None:
    """By word, by commune and in the commune's feed; its own page and feed are there.

    What lists show of a case is its summary.
    """
    finds(reader.user, "satirique", [summary])
    assert by_commune(reader.user) == [summary]
    assert get(reader.page, f"/incidents/{number}").status == 200
    assert number_of(entries(reader.page, FEED)[0]) == number
    assert CHARTRES.title in entries(reader.page, f"/incidents/{number}.atom")[0].title


def everything_is_read(reader: Member, number: int) -> None:
    """Follow-up, reply, correction and redaction are on the page and in the feed."""
    page = reader.page
    page.goto(f"/incidents/{number}")
    body = page.locator("main")
    for words in (APPEAL, REPLY, CORRECTED, CORRECTION, REDACTION):
        expect(body).to_contain_text(words)
    expect(body).not_to_contain_text(PASSAGE)
    told_of = [entry.title for entry in entries(page, FEED)]
    assert len(told_of) == 5, told_of
    assert PASSAGE not in get(page, FEED).text()


def is_gone(reader: Member, number: int) -> None:
    """A tombstone stays, and one entry in each feed that says so; nothing is found any more."""
    page = reader.page
    finds(reader.user, "satirique", [])
    page.goto("/incidents")
    expect(page.locator("main")).not_to_contain_text("satirique")
    assert by_commune(reader.user) == []
    answer = page.goto(f"/incidents/{number}")
    assert answer
    assert answer.status == 410
    heading(page, "Ce cas a été retiré")
    for path in (FEED, f"/incidents/{number}.atom"):
        told_of = entries(page, path)
        assert [number_of(entry) for entry in told_of] == [number]
        assert "satirique" not in get(page, path).text()


def leads_to(reader: Member, number: int, kept: int) -> None:
    """Its address leads to the other case, which alone is found."""
    answer = get(reader.page, f"/incidents/{number}")
    assert (answer.status, answer.headers["location"]) == (301, f"/incidents/{kept}")
    finds(reader.user, "relaxe", [AGAIN.summary])
    assert by_commune(reader.user) == [AGAIN.summary]


def is_erased(reader: Member, number: int, kept: int) -> None:
    """Nothing is left of the texts; the number, the notice and the entries stay."""
    page = reader.page
    finds(reader.user, "relaxe", [])
    assert by_commune(reader.user) == []
    answer = page.goto(f"/incidents/{kept}")
    assert answer
    assert answer.status == 410
    heading(page, "Ce cas a été effacé")
    told_of = entries(page, FEED)
    assert kept in {number_of(entry) for entry in told_of}
    assert "Évasion" not in get(page, FEED).text()
    assert get(page, f"/incidents/{number}").status in (301, 410)
