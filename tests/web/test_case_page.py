"""The page of a case: its summary, its line of events, its history, and bad data."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from case_contents import decided, full_case
from flask import Flask

from register.cases import acts, queries
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


def test_the_summary_explains_its_level_of_evidence_and_its_outcome(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    suit = decided(
        direction="contre_cible",
        plaintiff="maire",
        court="tribunal de Bobigny",
        amount="5 000 €",
        outcome="relaxe",
        outcome_date="2010",
        appeal="oui",
    )
    case_content = replace(
        content(justice=True),
        proceedings=(suit,),
        outcome="relaxe",
        evidence="juge",
        contested=True,
        amount="12 000 € de frais payés par la commune",
    )
    desk.published(case_content)
    html = page(app, "/incidents/1")
    summary = words(html[html.index('<dl class="sum">') : html.index("</dl>")])
    for text in (
        "Type de fait",
        "Faits 17 mars 2008",
        "Lieu Gagny (Seine-Saint-Denis)",
        "Qui agit Maire",
        "Qui est visé Blogueur ou blogueuse, Gagny Libre",
        "Niveau de preuve Jugé, contesté Une décision de justice s’est prononcée sur ces faits",
        "La personne ou l’autorité mise en cause conteste les faits.",
        "Issue Relaxe de la personne poursuivie, 2010, tribunal de Bobigny, recours formé",
        "Montants connus 12 000 € de frais payés par la commune Demandé en justice : 5 000 €",
    ):
        assert text in summary, text


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
        ("gap", "date inconnue", "Acte qui ouvre la procédure"),
        ("", "3 février 2009", "Audience"),
        ("gap", "date inconnue", "Jugement"),
        ("end", "juin 2010", "Arrêt, relaxe de la personne poursuivie"),
        ("", "2011", "Le conseil change son règlement"),
        ("", "2 mars 2026", "Réponse publiée : Ville de Gagny"),
    ]
    line = section(html, "fil")
    assert "Un rond vide marque ce qui manque au registre." in words(line)
    assert "sans réponse, refus le 1er mai 2008" in words(line)
    assert "CADA à saisir au plus tard le 1er juillet 2008" in words(line)
    # A follow-up's text is read at its date, and nowhere else.
    assert html.count("<strong>permis</strong>") == 1
    assert "<strong>permis</strong>" in line
    assert line.count('id="suites"') == 1
    assert 'href="#reponse-1"' in line


def test_a_line_without_a_gap_explains_no_hollow_dot(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    desk.published(replace(content(), outcome="resolue", end_date="2009"))
    html = page(app, "/incidents/1")
    assert [dot_class for dot_class, *_rest in events(html)] == ["", "end"]
    assert "Un rond vide" not in words(html)


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
    assert text.count("Le texte de cette version est détruit.") == 4
    assert "?version=" not in html
    assert text.count("celle que vous lisez") == 1


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
    assert f'href="/incidents/1?version={first}"' in current
    assert f"version={second}" not in current
    # An older version lists nothing that came after it.
    earlier = section(page(app, f"/incidents/1?version={first}"), "corrections")
    assert "Le titre" not in words(earlier)
    assert f"Version {first}, celle que vous lisez." in words(earlier)


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
    assert changes[1].reason == "erreur"
    # Nothing of the text had changed meanwhile, so that there is no note.
    assert changes[2].part is None


# --- what a reader may do ------------------------------------------------------------------------


def test_a_reader_can_cite_follow_reply_and_report(app: Flask, desk: Any) -> None:
    desk.published()
    version = db.session.query(JournalEntry.seq).filter_by(act=Act.PUBLISHED).scalar()
    html = page(app, "/incidents/1")
    citation = section(html, "citer")
    assert "cas nº 1, « Interdiction de filmer le conseil municipal de Gagny »" in words(citation)
    assert f"http://127.0.0.1:5000/incidents/1?version={version}, consulté le [date]." in citation
    for form in ("bib", "ris", "json"):
        assert f'href="/incidents/1/citation.{form}?version={version}"' in citation
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
    assert events(html) == [
        ("", "date inconnue", "Le fait rapporté"),
        ("gap", "date inconnue", "Issue du cas"),
    ]
    assert "Lieu Commune que la source ne nomme pas" in words(html)
    assert "Presse, date inconnue." in words(section(html, "sources")).replace("presse", "Presse")


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
    assert len(events(html)) == 81
    assert "Procédure 40, contre la personne visée" in words(section(html, "fil"))
    assert section(html, "sources").count("<li>") == 40
    # Each is set in its own direction, and pulls nothing around it into it.
    assert f"<bdi>{ARABIC}</bdi></a>" in html
    assert f"<bdi>{ARABIC}</bdi>, <span" in section(html, "sources")


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
