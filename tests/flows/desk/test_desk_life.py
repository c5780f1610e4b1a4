"""The life of two cases, from the invitation of the first member to the erasure of what is left.

Everything is done through pages, as the people of an association would: one administers, one
moderates, each at a browser of their own, and a third reads the public site.
"""

from __future__ import annotations

import json
import re
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
    expect_heading,
    follow_up,
    invite,
    invite_authority,
    join,
    merge,
    part,
    publish,
    redact,
    reply,
    restore,
    unmet_points,
    withdraw,
)
from feed_reader import number_of
from fresh_register import FreshRegister
from input_devices import Keys
from page_checks import AtDesk
from playwright.sync_api import expect
from reader_steps import entries, expect_search_results, get, titles_by_commune
from viewports import DESKTOP, PHONE, Viewport, each_of

# Over a minute each; what its pages do is in tests/web, and a shorter walk through the desk in
# tests/flows/reports/test_report_life.py.
pytestmark = [pytest.mark.browser, pytest.mark.prove]

# From the demonstration's list of press cases: register/demo/incidents.csv, WC017.
CHARTRES = Story(
    source="https://www.evasionfm.com/jean-pierre-gorges-fait-appel-apres-la-relaxe-des-elus-de-"
    "chartres-ecologie",
    kind="Presse",
    publisher="Évasion FM",
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
SECOND_STORY = replace(
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

VIEWPORTS = {
    "phone": Viewport(PHONE, scripts=False),
    "phone with scripts": Viewport(PHONE, scripts=True),
    "desktop": Viewport(DESKTOP, scripts=False),
    "desktop with scripts": Viewport(DESKTOP, scripts=True, database="postgresql"),
    "keyboard alone": Viewport(DESKTOP, scripts=True, user=Keys),
    "keyboard alone without scripts": Viewport(PHONE, scripts=False, user=Keys),
}


@pytest.mark.parametrize(
    ("viewport", "fresh_register"), each_of(VIEWPORTS), indirect=["fresh_register"]
)
def test_two_cases_from_the_first_invitation_to_the_end(
    viewport: Viewport, fresh_register: FreshRegister, at_desk: AtDesk
) -> None:
    ada, bruno, reader = (
        Member(
            viewport.user(at_desk(viewport.width, scripts=viewport.scripts)),
            f"{name}@registre.example",
        )
        for name in ("ada", "bruno", "reader")
    )
    join(ada, fresh_register.first_link, "Ada", first=True)
    join(bruno, invite(ada, bruno.email), "Bruno")
    # In a team of two, nobody else can say that Bruno is not Ada once more.
    fresh_register.confirm(bruno.email)
    come_back(bruno)

    case = draft(bruno, CHARTRES)
    number = first_publication(bruno, ada, case)
    expect_published(reader, number, CHARTRES.summary)

    follow_up(bruno, case, "Le maire fait appel", APPEAL)
    agree(ada, case)
    reply(bruno, case, "Ville de Chartres", REPLY)
    agree(ada, case)
    corrected = CHARTRES.summary.replace("diffamation,", "diffamation par le maire,")
    correct(bruno, case, corrected, CORRECTION)
    agree(ada, case)
    redacted = corrected.replace(PASSAGE, "[…]")
    redact(bruno, case, redacted, REDACTION)
    expect_every_change(reader, number)

    withdraw(bruno, case)
    expect_tombstone(reader, number)

    approve(ada, case)
    restore(bruno, case)
    expect_published(reader, number, redacted)

    second_case = draft(bruno, SECOND_STORY)
    expect(bruno.page.get_by_role("heading", name="Peut-être le même cas")).to_be_visible()
    invite_authority(bruno, "déjà consultée pour le premier dossier")
    approve(ada, second_case)
    remaining_number = publish(bruno, second_case)
    pages = cited_pages(reader, number)
    for _ in range(2):
        merge(bruno, case, remaining_number)
        agree(ada, case, shown="Ce que le public lira")
        expect_notice(reader, number, remaining_number)
        assert cited_pages(reader, number) == pages
        part(ada, case)
        agree(bruno, case, shown="Ce que le public lira")
        assert get(reader.page, f"/incidents/{number}").status == 200
        assert cited_pages(reader, number) == pages
    merge(bruno, case, remaining_number)
    agree(ada, case, shown="Ce que le public lira")

    erase(ada, bruno, second_case)
    expect_erased(reader, number, remaining_number)


def first_publication(bruno: Member, ada: Member, case: str) -> int:
    """First refused with the unmet points; published with a second person's approval."""
    page = bruno.page
    bruno.user.press("Publier")
    attest(bruno)
    bruno.user.press("Publier")
    expect(page.get_by_role("alert")).to_contain_text("Rien n’a été publié")
    assert len(page.get_by_role("alert").get_by_role("link").all()) == 2
    page.goto(case)
    assert len(unmet_points(page)) == 2
    invite_authority(bruno, "faits anciens, que la source a déjà publiés")
    assert len(unmet_points(page)) == 1
    approve(ada, case)
    return publish(bruno, case)


def expect_published(reader: Member, number: int, summary: str) -> None:
    """Require a case in searches, on its commune's page and feed, and its own page and feed.

    What lists show of a case is its summary.
    """
    expect_search_results(reader.user, "satirique", [summary])
    assert titles_by_commune(reader.user) == [summary]
    assert get(reader.page, f"/incidents/{number}").status == 200
    assert number_of(entries(reader.page, FEED)[0]) == number
    assert CHARTRES.title in entries(reader.page, f"/incidents/{number}.atom")[0].title


def expect_every_change(reader: Member, number: int) -> None:
    """Follow-up, reply, correction and redaction are on the page and in the feed."""
    page = reader.page
    page.goto(f"/incidents/{number}")
    body = page.locator("main")
    for words in (APPEAL, REPLY, CORRECTED, CORRECTION, REDACTION):
        expect(body).to_contain_text(words)
    expect(body).not_to_contain_text(PASSAGE)
    titles = [entry.title for entry in entries(page, FEED)]
    assert len(titles) == 5, titles
    assert PASSAGE not in get(page, FEED).text()


def expect_tombstone(reader: Member, number: int) -> None:
    """A tombstone stays, and one entry in each feed that says so; nothing is found any more."""
    page = reader.page
    expect_search_results(reader.user, "satirique", [])
    page.goto("/incidents")
    expect(page.locator("main")).not_to_contain_text("satirique")
    assert titles_by_commune(reader.user) == []
    response = page.goto(f"/incidents/{number}")
    assert response
    assert response.status == 410
    expect_heading(page, "Ce cas a été retiré")
    for path in (FEED, f"/incidents/{number}.atom"):
        feed_entries = entries(page, path)
        assert [number_of(entry) for entry in feed_entries] == [number]
        assert "satirique" not in get(page, path).text()


def cited_pages(reader: Member, number: int) -> list[str]:
    """The proof and the reference of the version that the restoration left."""
    document = get(reader.page, "/registre.jsonl").text()
    lines = [json.loads(line) for line in document.splitlines()]
    version = next(
        line["seq"] for line in lines if (line["case"], line["act"]) == (number, "restored")
    )
    proof = get(reader.page, f"/incidents/{number}/preuve?version={version}").json()
    citation = get(reader.page, f"/incidents/{number}/citation.bib?version={version}").text()
    return [proof["content"], proof["salt"], citation]


def expect_notice(reader: Member, number: int, remaining_number: int) -> None:
    """Its address leads to the other case, which alone is found; its versions can be read."""
    page = reader.page
    response = page.goto(f"/incidents/{number}")
    assert response
    assert response.status == 200
    expect_heading(page, "Ce cas est réuni à un autre")
    page.get_by_role("link", name=re.compile(r"^Version \d+$")).last.click()
    expect(page.get_by_text("telle qu’elle était")).to_be_visible()
    page.get_by_role("link", name=f"cas nº {remaining_number}", exact=True).click()
    expect(page).to_have_url(re.compile(rf"/incidents/{remaining_number}$"))
    expect_search_results(reader.user, "relaxe", [SECOND_STORY.summary])
    assert titles_by_commune(reader.user) == [SECOND_STORY.summary]


def expect_erased(reader: Member, number: int, remaining_number: int) -> None:
    """Require that no text is left; the number, the notice and the entries stay."""
    page = reader.page
    expect_search_results(reader.user, "relaxe", [])
    assert titles_by_commune(reader.user) == []
    response = page.goto(f"/incidents/{remaining_number}")
    assert response
    assert response.status == 410
    expect_heading(page, "Cas effacé")
    feed_entries = entries(page, FEED)
    assert remaining_number in {number_of(entry) for entry in feed_entries}
    assert "Évasion" not in get(page, FEED).text()
    page.goto(f"/incidents/{number}")
    expect(page.get_by_text("Ses sources et ses versions ne sont plus affichées.")).to_be_visible()
