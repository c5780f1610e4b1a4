"""The page of a case: its summary, its line of events, its history, and bad data."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from typing import Any

import attested_acts as acts
import pytest
from case_contents import decided, full_case
from cast import AT
from flask import Flask
from flask.testing import FlaskClient

from register.cases import queries
from register.cases.case_content import (
    Content,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.checklist import ATTESTATIONS
from register.db import db
from register.journal import Act, JournalEntry

pytestmark = pytest.mark.one_database

RULING = decided(
    direction="contre_cible",
    plaintiff="maire",
    court="tribunal de Bobigny",
    amount="5000 EUR",
    outcome="relaxe",
    outcome_date="2010",
    appeal="oui",
)
ARABIC = "جريدة الوطن"


def page(app: Flask, address: str) -> str:
    """The HTML at an address that must answer."""
    answer = Context().run(app.test_client().get, address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def words(html: str) -> str:
    """The text of a page on one line, every space an ordinary one, none before a comma."""
    spaced = " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
    return re.sub(r" (?=[,.)])", "", spaced)


def section(html: str, name: str) -> str:
    """The section of a page whose heading has this id."""
    match = re.search(rf'<section[^>]* aria-labelledby="{name}">.*?</section>', html, re.DOTALL)
    assert match, name
    return match[0]


def events(html: str) -> list[tuple[str, str, str]]:
    """The line of events: the class of each dot, its date, its heading."""
    steps = re.findall(
        r'<li class="step row ?([^"]*)"[^>]*><div class="side">(.*?)</div>.*?<h3[^>]*>(.*?)</h3>',
        section(html, "fil"),
        re.DOTALL,
    )
    return [(dot_class, words(date), words(head)) for dot_class, date, head in steps]


# --- at a glance ---------------------------------------------------------------------------------


def facts(html: str) -> str:
    """The words of the facts at the head of the page."""
    return words(html[html.index('<dl class="key">') : html.index("</dl>")])


def test_the_facts_come_first_with_who_says_so_and_how_it_ended(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    case_content = replace(
        content(justice=True),
        proceedings=(RULING,),
        outcome="relaxe",
        evidence="juge",
        contested=True,
        amount="770000 EUR de frais payés par la commune",
        steps_taken="plainte du 2006-09-05, puis recours",
        precision_note="relaxe du 2010-02-30 ?",
    )
    desk.published(case_content)
    html = page(app, "/incidents/1")
    for text in (
        "Quand 17 mars 2008",
        "Où Gagny (Seine-Saint-Denis)",
        "Issue Relaxe de la personne poursuivie, 2010, tribunal de Bobigny, recours formé",
        "Qui le dit Jugé : 1 source, presse.",
        "Contesté par la personne ou l’autorité mise en cause.",
        "Montants connus 770 000 € de frais payés par la commune Demandé en justice : 5 000 €",
        "rapporte Plainte du 5 septembre 2006, puis recours",
        # There is no such day: it stays as it was written.
        "Précision Relaxe du 2010-02-30 ?",
    ):
        assert text in facts(html), text
    # Who, what and whom stand before the facts.
    before = words(html[html.index("<h1>") : html.index('<dl class="key">')])
    assert "Le maire (Gagny) ; acte : J Plainte en diffamation" in before
    assert "visant : Un blogueur ( Gagny Libre)" in before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"evidence": "allegue"},
            "Allégué par une seule partie : 1 source, presse ; aucune décision de justice connue.",
        ),
        ({}, "Documenté : 1 source, presse ; aucune décision de justice connue."),
        (
            {"sources": (SourceContent("https://a.test/"), SourceContent("https://b.test/"))},
            "Documenté : 2 sources ; aucune décision de justice connue.",
        ),
        # A court has ruled, whatever level was chosen.
        ({"proceedings": (replace(RULING, direction="par_cible"),)}, "Jugé : 1 source, presse."),
    ],
)
def test_the_level_of_evidence_says_on_what_it_rests(
    app: Flask, desk: Any, content: Callable[..., Content], changes: Any, sentence: str
) -> None:
    desk.published(replace(content(), **changes))
    assert f"Qui le dit {sentence}" in facts(page(app, "/incidents/1"))


def test_what_is_missing_is_one_line_with_what_to_do_about_it(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    desk.published(replace(content(), steps_taken="aucune connue", narrative=""))
    html = page(app, "/incidents/1")
    assert (
        "Pas de réponse publiée, de suite connue, de démarche, de procédure, de demande de document"
        " ni de correction." in words(html)
    )
    for address in ("droit-de-reponse", "signaler-contenu"):
        assert f'href="/incidents/1/{address}"' in html
    assert 'action="/signaler" id="completer" rel="noreferrer"' in html
    offered = re.findall(r'form="completer" name="manque" value="(\w+)"', html)
    assert offered == ["suite", "demarche", "procedure", "document", "source", "autre"]
    assert re.findall(r"<h[1-4][^>]*>(.*?)</h", html) == [
        "Interdiction de filmer le conseil municipal de Gagny",
        "Qui, quoi, contre qui",
        "Source",
        "Première publication",
        "Lieu",
        "Citer, vérifier, suivre",
    ]


def test_a_contested_case_says_so_and_leads_to_the_reply(
    app: Flask, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    case = desk.published(replace(content(), contested=True))
    html = page(app, "/incidents/1")
    assert f'<span class="disputed">{content().summary}</span>' in html
    assert "#reponse-1" not in html
    reply = desk.received_reply(case)
    with desk.pen() as p:
        acts.reply(p, reply, by=cast.bruno, second=cast.chloe, reason="droit de réponse")
    html = page(app, "/incidents/1")
    assert '<a href="#reponse-1">lire la réponse</a>' in html
    assert "Pas de suite connue" in words(html)


def test_an_invitation_is_public_by_its_day_alone_from_the_next_version_on(
    app: Flask, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    case = desk.published()
    first = "L’autorité a été invitée à répondre le 20 février 2026."
    assert first in words(page(app, "/incidents/1"))
    later = AT + timedelta(hours=1)
    with desk.pen(later) as p:
        acts.invite(p, case.id, "par lettre au 5 rue Secrète", by=cast.bruno, on=date(2026, 3, 1))
    assert first in words(page(app, "/incidents/1"))
    with desk.pen(later) as p:
        acts.follow_up(p, case.id, by=cast.bruno, reason="r", title="Suite", text="Suite.")
    html = page(app, "/incidents/1")
    assert "L’autorité a été invitée à répondre le 1er mars 2026." in words(html)
    assert "Secrète" not in html


def test_an_unknown_outcome_is_not_shown_as_one_still_to_be_chosen(
    app: Flask, desk: Any, content: Callable[..., Content], signed: Any
) -> None:
    desk.published(replace(content(), outcome="inconnue"))
    assert "<dt>Issue</dt><dd>Inconnue</dd>" in page(app, "/incidents/1")
    assert "<dt>Outcome</dt><dd>Unknown</dd>" in page(app, "/en/incidents/1")
    draft = desk.draft(replace(content(), outcome=""))
    html = signed("bruno").get(f"/moderation/dossiers/{draft.id}").text
    assert "<dt>Issue</dt><dd>À choisir</dd>" in html


def test_the_outcome_is_that_of_the_latest_of_two_proceedings(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    ruling = {"court": "inconnue", "appeal": "inconnu"}
    lost = decided("par_cible", outcome="deboute", outcome_date="2009", **ruling)
    won = decided("contre_cible", outcome="relaxe", outcome_date="2010-02", **ruling)
    desk.published(replace(content(justice=True), proceedings=(won, lost)))
    summary = "Relaxe de la personne poursuivie, février 2010, recours éventuel inconnu"
    assert summary in words(page(app, "/incidents/1"))


def test_an_invitation_without_a_day_is_not_said_to_have_been_sent(client: FlaskClient) -> None:
    # Imported: its invitation is a text for members, without a day.
    html = client.get("/incidents/5").text
    assert "Aucun jour d’invitation à répondre n’est noté." in words(html)
    assert "reprise d’archives" not in html


# --- the line of events --------------------------------------------------------------------------


def test_the_line_joins_everything_and_shows_what_is_missing(
    app: Flask, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    ruling = StepContent("arret", "2010-06", "relaxe", court="x", appeal="non")
    steps = (StepContent("audience", "2009-02-03"), ruling)
    suit = ProceedingContent("contre_cible", steps=steps)
    request = RequestContent(asked="un rapport", asked_on="2008-04-01", refusal="implicite")
    case_content = replace(
        content(justice=True), proceedings=(suit,), outcome="relaxe", request=request
    )
    case = desk.published(case_content)
    with desk.pen() as p:
        acts.follow_up(
            p,
            case.id,
            by=cast.bruno,
            second=cast.chloe,
            reason="presse",
            title="Le conseil change son règlement",
            text="Filmer est **permis**.",
            happened_on="2011",
        )
    reply = desk.received_reply(case)
    with desk.pen() as p:
        acts.reply(p, reply, by=cast.bruno, second=cast.chloe, reason="droit de réponse")
    html = page(app, "/incidents/1")
    assert events(html) == [
        ("", "17 mars 2008", "Le fait rapporté"),
        ("", "1er avril 2008", "Demande du document"),
        ("", "1er mai 2008", "Silence valant refus"),
        ("", "3 février 2009", "Audience"),
        ("end", "juin 2010", "Arrêt, relaxe de la personne poursuivie"),
        ("", "2011", "Le conseil change son règlement"),
        ("", "2 mars 2026", "Réponse publiée : Ville de Gagny"),
    ]
    line = section(html, "fil")
    assert "sans réponse, refus le 1er mai 2008" in words(line)
    assert "CADA à saisir au plus tard le 1er juillet 2008" in words(line)
    # A follow-up's text is read at its date, and nowhere else.
    assert html.count("<strong>permis</strong>") == 1
    assert "<strong>permis</strong>" in line
    assert line.count('id="suites"') == 1
    assert 'href="#reponse-1"' in line


# --- what changed --------------------------------------------------------------------------------


@pytest.fixture
def changed_case(desk: Any, cast: Any, content: Callable[..., Content]) -> Any:
    """A case that was followed up, corrected twice, redacted, withdrawn and restored."""
    case = desk.published()
    by = {"by": cast.bruno, "reason": "presse"}
    with desk.pen() as p:
        acts.follow_up(p, case.id, title="Une suite", text="Selon la presse.", **by)
        # In one second, as an import does it.
        for title in ("Un titre", "Un autre titre"):
            corrected = replace(content(), title=title)
            acts.correct(p, case.id, corrected, public_note=f"Le titre devient {title}", **by)
    with desk.pen() as p:
        acts.redact(p, case.id, content(), public_note="Un nom est retiré", **by)
    return case


def test_the_history_lists_each_change_with_its_note_and_version(
    app: Flask, changed_case: Any
) -> None:
    html = section(page(app, "/incidents/1"), "corrections")
    heads = [words(head) for head in re.findall(r"<h3>(.*?)</h3>", html)]
    assert heads == ["Première publication", "Suite", "Correction", "Correction", "Passage retiré"]
    text = words(html)
    assert text.index("Le titre devient Un titre") < text.index("Le titre devient Un autre titre")
    assert "Un nom est retiré" in text
    assert 'href="#suite-1"' in html
    # A redaction destroys what could be read before it; what it left is what is read.
    assert re.findall(r"Version \d, au texte détruit", text) == [
        f"Version {number}, au texte détruit" for number in (1, 2, 3, 4)
    ]
    assert "?version=" not in html
    assert text.count("Version 5, celle que vous lisez") == 1


def test_each_readable_version_is_linked_and_no_other(
    app: Flask, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    case = desk.published()
    with desk.pen() as p:
        corrected = replace(content(), title="Un titre corrigé")
        acts.correct(p, case.id, corrected, by=cast.bruno, reason="erreur", public_note="Le titre")
    first, second = db.session.scalars(
        db.select(JournalEntry.seq)
        .where(JournalEntry.act.in_((Act.PUBLISHED, Act.CORRECTED)))
        .order_by(JournalEntry.seq)
    )
    current = section(page(app, "/incidents/1"), "corrections")
    assert f'<a href="/incidents/1?version={first}">Lire la version 1</a>' in current
    assert f"version={second}" not in current
    assert f"Version 2, celle que vous lisez ; ligne {second}" in words(current)
    assert f'href="/registre?ligne={second}"' in current
    # An older version lists nothing that came after it.
    earlier = page(app, f"/incidents/1?version={first}")
    assert "Le titre" not in words(earlier)
    assert f"Version 1, celle que vous lisez ; ligne {first} du journal public" in words(earlier)
    assert "Vous lisez la version 1, du 2 mars 2026." in words(earlier)


def test_a_withdrawal_that_was_lifted_stays_in_the_history(
    desk: Any, cast: Any, session: Any
) -> None:
    case = desk.withdrawn()
    with desk.pen() as p:
        acts.approve(p, case.id, by=cast.chloe)
        acts.restore(p, case.id, by=cast.bruno, reason="vérifié", attested=ATTESTATIONS)
    changes = queries.list_changes(session, queries.load_public_case(session, case.number))
    assert [change.act for change in changes] == [Act.PUBLISHED, Act.WITHDRAWN, Act.RESTORED]
    assert [change.readable for change in changes] == [True, False, True]
    assert [change.rank for change in changes] == [1, 0, 2]
    assert changes[1].reason == "erreur"
    # Nothing of the text had changed meanwhile, so that there is no note.
    assert changes[2].part is None


# --- what a reader may do ------------------------------------------------------------------------


def test_a_reader_can_cite_follow_reply_and_report(app: Flask, desk: Any) -> None:
    desk.published()
    version = db.session.query(JournalEntry.seq).filter_by(act=Act.PUBLISHED).scalar()
    html = page(app, "/incidents/1")
    citation = html[html.index('<details id="citer">') :]
    assert "cas nº 1, « Interdiction de filmer le conseil municipal de Gagny »" in words(citation)
    assert "version 1 du 2 mars 2026" in words(citation)
    assert f"http://127.0.0.1:5000/incidents/1?version={version}, consulté le [date]." in citation
    for form in ("bib", "ris", "json"):
        assert f'href="/incidents/1/citation.{form}?version={version}"' in citation
    assert (
        f'La version 1 de ce texte est scellée par la <a href="/registre?ligne={version}">' in html
    )
    for address in (".atom", "/droit-de-reponse", "/signaler-contenu"):
        assert f'href="/incidents/1{address}"' in html


# --- bad data ------------------------------------------------------------------------------------


def test_unknown_values_are_shown_as_unknown(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    case_content = replace(
        content(),
        date="",
        commune="",
        place_label="commune que la source ne nomme pas",
        outlets=(),
        level="inconnu",
        actor="inconnu",
        narrative="",
    )
    desk.published(case_content)
    html = page(app, "/incidents/1")
    # A line of events that would only say what is missing is left out.
    assert 'id="fil"' not in html
    assert "Quand date inconnue Où Commune que la source ne nomme pas" in facts(html)
    assert "Titre non relevé (exemple.test) presse ; date de parution inconnue ; pas de copie" in (
        words(section(html, "sources"))
    )


def test_sources_are_numbered_and_show_their_copies(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    first = SourceContent(
        url="https://exemple.test/a",
        kind="blog",
        title="La caméra",
        publisher="L'Écho",
        published_on="2008-03-18",
        archived_url="https://web.archive.org/web/20090131120000/https://exemple.test/a",
        checked_on="2026-01",
    )
    second = SourceContent("https://exemple.test/b", archived_url="https://archive.test/20091399/b")
    desk.published(replace(content(), sources=(first, second)))
    html = page(app, "/incidents/1")
    sources = words(section(html, "sources"))
    assert (
        "La caméra L’Écho, blog ou média citoyen ; 18 mars 2008 ; copie archivée (La caméra),"
        " 31 janvier 2009 ; vérification : janvier 2026." in sources
    )
    # No such day: the address says nothing of when it was copied.
    assert "copie archivée (exemple.test)." in sources
    assert 'id="source-2"' in html
    assert "selon les sources" in words(html)


def test_an_act_names_the_source_of_its_proceeding_by_number(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    sources = tuple(SourceContent(url=f"https://exemple.test/{rank}") for rank in (1, 2, 3))
    steps = (
        StepContent("plainte", "2008", source_url="https://ailleurs.test/"),
        StepContent("audience", "2009", source_url="https://exemple.test/2"),
    )
    suits = (ProceedingContent("contre_x", steps=steps), ProceedingContent("par_cible"))
    desk.published(replace(content(), proceedings=suits, sources=sources))
    html = section(page(app, "/incidents/1"), "qui")
    acts_said = re.findall(r'<span class="said">(.*?)</span>', html)
    assert [words(said) for said in acts_said] == [
        "selon les sources",
        "selon la source 2",
        "selon les sources",
    ]
    assert 'href="#source-2"' in acts_said[1]


def test_long_lists_and_arabic_text_are_shown_whole(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    suits = tuple(
        ProceedingContent(direction="contre_cible", docket=f"RG {number}") for number in range(40)
    )
    sources = tuple(
        SourceContent(url=f"https://exemple.test/{number}", title=ARABIC, publisher=ARABIC)
        for number in range(40)
    )
    account = "\n\n".join("Selon le blog, filmer est interdit. " * 20 for _ in range(66))[:50_000]
    case_content = replace(
        content(justice=True),
        title="Très long " * 29,
        proceedings=suits,
        sources=sources,
        outlets=(ARABIC,),
        narrative=account,
    )
    desk.published(case_content)
    html = page(app, "/incidents/1")
    assert "Procédure 40, contre la personne visée" in words(section(html, "qui"))
    assert 'id="fil"' not in html
    assert section(html, "sources").count("<li ") == 40
    # Each is set in its own direction, and pulls nothing around it into it.
    assert f"<bdi>{ARABIC}</bdi></a>" in html
    assert f"<bdi>{ARABIC}</bdi>, autre" in section(html, "sources")


def test_a_whole_case_leaves_no_placeholder(app: Flask, desk: Any) -> None:
    desk.published()
    desk.published(full_case(1))
    html = page(app, "/incidents/2")
    assert "None" not in words(html)
    assert "%(" not in html
    for name in re.findall(r'href="#([\w-]+)"', html):
        assert f'id="{name}"' in html, name
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
