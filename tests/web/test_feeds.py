"""The Atom feeds: every document is valid, and every act is one entry with its own text.

Each feed that a test reads is checked by ``atom.faults`` on the way.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime
from time import sleep
from typing import get_type_hints
from urllib.parse import urlencode, urlsplit

import atom
import attested_acts as acts
import pytest
from case_contents import decided
from cast import CaseRef
from feed_helpers import AT, BASE, MINUTE, FeedClient, TimedDesk, fill, plain, words
from sqlalchemy import select

from register.cases import events
from register.cases.acts.redaction import FIXED_NOTES
from register.cases.case_content import (
    Content,
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.filters import FILTERS
from register.cases.models import FollowUp
from register.errors import RegisterError, TextError
from register.journal import JournalEntry, Ledger, line_time
from register.web import fragments

pytestmark = pytest.mark.one_database


@pytest.fixture
def bruno(desk, pen, content) -> TimedDesk:
    return TimedDesk(desk, pen, content)


@pytest.fixture
def reader(app) -> FeedClient:
    return FeedClient(app)


@pytest.fixture
def case_numbers(bruno, content, filled) -> dict[str, int]:
    return bruno.filled(filled, lambda: fill(bruno, content))


def entry_ids(session, number) -> list[str]:
    """The ids of the entries of a case's public lines, oldest first."""
    session.rollback()
    public = select(JournalEntry.event).where(JournalEntry.ledger == Ledger.PUBLIC.value)
    event_ids = session.scalars(
        public.where(JournalEntry.case_number == number).order_by(JournalEntry.seq)
    )
    return [f"evenement/{name}" for name in event_ids]


# --- the documents ------------------------------------------------------------------------------

# One value for each filter, that some case of the rich register has.
VALUES = {
    "commune": "93032",
    "departement": "93",
    "region": "11",
    "epci": "200054781",
    "endroit": "Bernissart",
    "pays": "BE",
    "famille": "justice",
    "type": "interdiction_filmer",
    "cible": "association",
    "acteur": "prefet",
    "niveau": "outre_mer",
    "issue": "relaxe",
    "preuve": "juge",
    "sens": "par_cible",
    "procedure": "par_cible.inconnue",
    "media": "l'écho & cie",
    "duree": "inconnue",
    "sans_date": "1",
    "du": "2020",
    "au": "2007",
    "annee": "2008",
    "q": "filmer -quetsche",
}
FEEDS = [
    "/incidents.atom",
    *(f"/incidents.atom?{urlencode({name: value})}" for name, value in VALUES.items()),
    "/incidents.atom?commune=93032&type=interdiction_filmer&type=expulsion",
    "/incidents.atom?departement=93&famille=acces&media=gagny+libre&du=2000&au=2030-01",
    "/incidents.atom?commune=93059",
    "/incidents.atom?tri=maj&page=1&utm_source=%F0%9F%8D%89",
    "/communes/93032.atom",
    "/communes/93066.atom",
    "/communes/97411.atom",
    "/communes/93032.atom?type=expulsion&type=plainte_diffamation&famille=acces",
    "/departements/93.atom",
    "/departements/2A.atom",
    "/departements/974.atom",
    "/departements/988.atom",
    "/departements/93.atom?media=gagny+libre",
    "/regions/11.atom",
    "/regions/11.atom?preuve=juge",
    *(f"/incidents/{number}.atom" for number in (1, 2, 3, 10, 11, 12, 14)),
    "/registre.atom?acte=publication",
    "/registre.atom?acte=retrait&acte=suite&mois=2026-03",
]
EMPTY = ["/communes/22001.atom", "/communes/22001.atom?type=expulsion", "/regions/24.atom"]


def test_every_filter_has_its_feed() -> None:
    assert set(VALUES) == set(FILTERS)


def test_every_kind_of_feed_is_a_good_document(reader, case_numbers, session) -> None:
    feeds = {address: reader.feed(address) for address in FEEDS}
    for address, feed in feeds.items():
        assert feed.entries, address
        assert not feed.archive
        assert feed.title.startswith("Web Citoyen – "), address
    assert len({feed.id for feed in feeds.values()}) == len(FEEDS) - 1, "tri and page are no feed"
    for address in EMPTY:
        feed = reader.feed(address)
        assert feed.entries == []
        session.rollback()
        assert feed.updated == line_time(session, 1), "the register's opening, and not now"


def test_a_feed_has_its_title_and_the_page_that_it_follows(reader, case_numbers) -> None:
    for address, title, page in (
        ("/incidents.atom", "tout le registre", "/incidents"),
        (
            "/incidents.atom?sens=par_cible",
            "Procédure par la personne visée",
            "/incidents?sens=par_cible",
        ),
        ("/communes/93032.atom", "Gagny (Seine-Saint-Denis)", "/communes/93032"),
        (
            "/communes/93032.atom?preuve=juge",
            "Faits jugés, Gagny (Seine-Saint-Denis)",
            "/incidents?commune=93032&preuve=juge",
        ),
        (
            "/incidents.atom?commune=93066",
            "Saint-Denis (Seine-Saint-Denis)",
            "/incidents?commune=93066",
        ),
        ("/incidents.atom?commune=97411", "Saint-Denis (La Réunion)", "/incidents?commune=97411"),
        ("/departements/988.atom", "Nouvelle-Calédonie", "/departements/988"),
        ("/regions/11.atom", "Île-de-France", "/regions/11"),
        ("/incidents/3.atom", "cas nº 3 : Interdiction", "/incidents/3"),
        ("/incidents/11.atom", "cas nº 11", "/incidents/11"),
    ):
        feed = reader.feed(address)
        assert plain(feed.title).startswith(f"Web Citoyen – {title}"), feed.title
        assert feed.link("self") == BASE + address
        assert feed.link("alternate") == BASE + page
        assert reader.get(page).status_code in (200, 410)


def test_the_ledger_has_a_feed_that_begins_with_its_opening(reader, bruno, pen) -> None:
    # It was opened today, and not before the acts of the other tests.
    bruno.take = lambda _at: pen(datetime.now(UTC))
    bruno.published(title="Le premier cas")
    assert reader.titles("/registre.atom") == ["Le premier cas", "Ouverture du registre"]
    opening = reader.feed("/registre.atom").entries[-1]
    assert opening.address == f"{BASE}/registre"
    assert reader.titles("/registre.atom?acte=ouverture") == ["Ouverture du registre"]


@pytest.mark.parametrize(
    "typed",
    [
        '"><script>alert(1)</script>&amp;',
        "\u202ea\ufffe\u200b b",
        "]]>",
        "%s %(what)s {0} {{ 1 }}",
        "é" * 120,
    ],
    ids=ascii,
)
def test_what_is_typed_is_quoted_and_cleaned(reader, bruno, typed) -> None:
    bruno.published()
    for place in ("/incidents", "/departements/93"):
        address = f"{place}.atom?{urlencode({'media': typed, 'endroit': typed})}"
        document = reader.document(address).decode()
        assert not _NEVER.search(document)
        assert "<script" not in document
        feed = atom.read(document.encode())
        assert reader.get(feed.link("self").removeprefix(BASE)).data == document.encode()


def test_a_filter_written_in_another_order_is_the_same_feed(reader, case_numbers) -> None:
    document = reader.document(
        "/incidents.atom?type=expulsion&departement=93&type=interdiction_filmer"
    )
    other = "/incidents.atom?type=interdiction_filmer&utm_id=1&departement=93&type=expulsion&page=1"
    assert reader.document(other) == document


def test_entries_carry_what_a_reader_sorts_them_by(reader, case_numbers) -> None:
    by_number = {
        int(urlsplit(entry.address).path.split("/")[2]): entry
        for entry in reader.feed("/incidents.atom").entries
    }
    whole = by_number[case_numbers["everything"]]
    assert whole.terms == [
        *("interdiction_filmer", "plainte_diffamation", "menace_violence"),
        *("93032", "93066", "75056", "93", "75"),
    ]
    assert whole.point.startswith("48.8")
    assert by_number[case_numbers["english"]].language == "en"
    assert whole.language == "fr"
    assert by_number[case_numbers["département"]].terms[-1] == "2A"
    assert by_number[case_numbers["former"]].terms == ["expulsion", "93066", "93"]
    assert (
        by_number[case_numbers["abroad"]].point == by_number[case_numbers["withdrawn"]].point == ""
    )
    assert by_number[case_numbers["withdrawn"]].terms == []


# --- the entry of each act ---------------------------------------------------------------------


def test_a_publication_is_the_whole_case_as_it_reads_now(reader, case_numbers) -> None:
    entry = reader.feed(f"/incidents/{case_numbers['everything']}.atom").entries[-1]
    assert plain(entry.title) == 'L’élu & "le blog" : <b>plainte</b>'
    assert entry.address == f"{BASE}/incidents/{case_numbers['everything']}"
    text = words(entry.content)
    for sentence in (
        "<script>alert(1)</script> & s’en vante.",
        "Faits : 20 mai 2020",
        "deux sources : 20 et 21 mai",
        "Gagny (Seine-Saint-Denis)",
        "Communes liées : Saint-Denis (Seine-Saint-Denis) ; Paris",
        "Niveau de preuve : jugé, contesté",
        "Issue : relaxe de la personne poursuivie",
        "« l’adjoint au maire »",
        "lettre au préfet",
        "Montant : inconnu",
        "Les actes rapportés : interdiction de filmer, menace de violence, selon les sources.",
        "Procédure, contre la personne visée : plainte en diffamation, selon une décision de"
        " justice. Qui agit : le maire (Gagny).",
        "tribunal judiciaire de Bobigny, mars 2021, appel formé Source",
        "Affaire nº 21/00001.",
        "Audience, janvier 2021. renvoyée une fois",
        "Jugement, relaxe de la personne poursuivie",
        "Procédure, par la personne visée : plainte ou action, selon les sources. Qui agit : "
        "un blogueur (Gagny Libre, L’Écho & Cie). Qui est visé : le maire (Gagny).",
        "Ce qui est demandé : le règlement intérieur",
        "a < b & c",
        "La séance avait été levée.",
        "Seconde réponse.",
        "Suite, juin 2021 : L’appel est fixé",
        "Le titre change",
        "L’élu & la caméra",
        "copie archivée",
    ):
        assert sentence in text, sentence
    for address in ("https://exemple.test/jugement?a=1&amp;b=2", "https://archive.test/x"):
        assert f'href="{address}"' in entry.content
    assert "<strong>deux</strong>" in entry.content
    assert "&lt;b&gt;conteste&lt;/b&gt;" in entry.content
    assert "&lt;br&gt;" in entry.content


def test_each_act_is_one_entry_with_its_own_words(reader, bruno, session) -> None:
    other, case = bruno.published(title="Un autre"), bruno.published()
    case_title = "Interdiction de filmer le conseil municipal de Gagny"
    bruno.follows(case, "L'audience", happened_on="2009-01", source_url="https://exemple.test/s")
    bruno.replies(case)
    bruno.corrects(case, title="Un titre corrigé")
    bruno.redacts(case, content=bruno.content(amount="aucun"))
    bruno.withdraws(case)
    bruno.edits(case, amount="un euro")
    bruno.restores(case, "Le montant est revu")
    own = reader.feed(f"/incidents/{case.number}.atom")
    page = f"{BASE}/incidents/{case.number}"
    expected = [
        (f"Rétablissement du cas nº 2 : {case_title}", page, "Le montant est revu"),
        (
            f"Retrait du cas nº 2, levé depuis : {case_title}",
            page,
            "Motif du retrait : le texte publié",
        ),
        (f"Passage retiré du cas nº 2 : {case_title}", f"{page}#corrections", "Un nom est retiré"),
        (f"Correction du cas nº 2 : {case_title}", f"{page}#corrections", "Le titre change"),
        ("Réponse : Ville de Gagny (cas nº 2)", f"{page}#reponse-1", "La commune conteste."),
        ("Suite : L’audience (cas nº 2)", f"{page}#suites", "Faits : janvier 2009."),
        (case_title, page, "Un nom est retiré"),
    ]
    for entry, (title, address, text) in zip(own.entries, expected, strict=True):
        assert plain(entry.title) == title
        assert entry.address == address
        assert text in words(entry.content)
        assert "un euro" not in words(entry.content) or entry is own.entries[-1]
    assert "<strong>voté</strong>" in own.entries[5].content
    assert 'href="https://exemple.test/s"' in own.entries[5].content
    ids = [entry.id.split(":", 2)[2] for entry in reversed(own.entries)]
    assert ids == entry_ids(session, case.number)
    assert reader.feed("/incidents.atom").entries[:-1] == own.entries
    assert other.number == 1


@pytest.mark.parametrize(
    ("end", "title", "text"),
    [
        ("withdraws", "Retrait du cas nº 2", "Motif : le texte publié comportait une erreur."),
        ("erases", "Effacement du cas nº 2", "; ses textes sont détruits."),
        ("merges", "Réunion du cas nº 2 à un autre", "Le cas nº 2 est réuni au cas nº 1"),
    ],
)
def test_a_case_that_is_gone_leaves_one_entry_without_its_text(
    reader, bruno, end, title, text
) -> None:
    other, case = bruno.published(title="Un autre"), bruno.published(commune="93059")
    bruno.follows(case)
    bruno.corrects(case, commune="93059", title="Un titre corrigé")
    getattr(bruno, end)(*((case, other) if end == "merges" else (case,)))
    for address in ("/incidents.atom", "/communes/93066.atom", "/incidents.atom?media=ailleurs"):
        entry = reader.feed(address).entries[0]
        assert plain(entry.title) == title, address
        assert text in words(entry.content)
        assert entry.published == entry.updated
        document = reader.document(address).decode()
        for word in ("Un titre", "filmer</strong>", "Le conseil a voté", "Gagny Libre"):
            assert word not in document.partition("<title>Un autre</title>")[0], (address, word)
    own = reader.get(f"/incidents/{case.number}.atom")
    if end == "merges":
        assert (own.status_code, own.location) == (301, "/incidents/1.atom")
    else:
        assert reader.titles(f"/incidents/{case.number}.atom") == [title]
        assert reader.get(f"/incidents/{case.number}").status_code == 410


def test_the_secret_reason_of_a_withdrawal_is_published_as_a_review(reader, case_numbers) -> None:
    (entry,) = reader.feed(f"/incidents/{case_numbers['withdrawn']}.atom").entries
    assert plain(entry.title) == f"Retrait du cas nº {case_numbers['withdrawn']}"
    assert "Motif : le cas fait l’objet d’un nouvel examen." in words(entry.content)
    for address in ("/incidents.atom", f"/incidents/{case_numbers['withdrawn']}.atom"):
        assert b"demande_" not in reader.document(address)


def test_a_correction_brings_the_publication_back_and_a_follow_up_does_not(reader, bruno) -> None:
    published_case = bruno.published()

    def updated() -> dict[str, datetime]:
        return {entry.id: entry.updated for entry in reader.feed("/incidents.atom").entries}

    def moved(act) -> list[str]:
        """The entries, oldest first, that read otherwise since; not the one that is new."""
        before = updated()
        act(published_case)
        after = updated()
        assert len(after) == len(before) + 1
        return [name for name in reversed(after) if name in before and after[name] != before[name]]

    published = reader.feed("/incidents.atom").entries[0].id
    assert moved(bruno.follows) == []
    follow_up = reader.feed("/incidents.atom").entries[0].id
    assert moved(bruno.replies) == []
    reply = reader.feed("/incidents.atom").entries[0].id
    assert moved(lambda case: bruno.corrects(case, title="Un autre titre")) == [published]
    correction = reader.feed("/incidents.atom").entries[0].id
    assert moved(bruno.redacts) == [published, follow_up, reply, correction]
    newest = reader.feed("/incidents.atom").entries[0]
    assert reader.feed("/incidents.atom").updated == newest.published
    assert set(updated().values()) == {newest.published}


def test_a_lifted_withdrawal_is_an_updated_entry(reader, bruno) -> None:
    """The feed of the commune that the case has left meanwhile has no entry of its restoration."""
    case = bruno.published()
    bruno.withdraws(case)
    (withdrawal,) = reader.feed("/communes/93032.atom").entries
    bruno.edits(case, commune="93066")
    bruno.restores(case, "La commune est rectifiée")
    (restored_entry,) = reader.feed("/communes/93032.atom").entries
    assert (restored_entry.id, restored_entry.published) == (withdrawal.id, withdrawal.published)
    assert restored_entry.updated > withdrawal.updated
    assert "puis rétabli" in words(restored_entry.content)
    restored = reader.feed(f"/incidents/{case.number}.atom").entries[0]
    assert restored_entry.updated == restored.published
    bruno.redacts(case, content=bruno.content(commune="93066", title="Autre titre"))
    redacted, last_entry = reader.feed("/communes/93032.atom").entries
    assert (last_entry.id, last_entry.updated) == (restored_entry.id, redacted.published)


def test_a_publication_names_the_linked_cases_by_their_numbers_alone(reader, bruno) -> None:
    public, withdrawn = bruno.published(), bruno.published(title="Plus jamais")
    links = (LinkContent("fait_suite", public.number), LinkContent("voir_aussi", withdrawn.number))
    case = bruno.published(links=links)
    bruno.withdraws(withdrawn)
    html = reader.feed(f"/incidents/{case.number}.atom").entries[0].content
    assert f'href="{BASE}/incidents/{public.number}"' in html
    assert "(fait suite à)" in html
    assert "Plus jamais" not in html


def test_proceedings_still_pending_are_no_decision_in_an_entry(reader, bruno) -> None:
    suits = (decided("par_cible", outcome="en_cours"),)
    case = bruno.published(proceedings=suits, outcome="en_cours", actor_text="maire")
    text = words(reader.feed(f"/incidents/{case.number}.atom").entries[0].content)
    assert "Issue : en cours" in text
    assert "Décision" not in text
    # The word of the role itself is no word of the source's.
    assert "Qui agit, selon la source" not in text


def test_the_entry_of_a_redacted_fragment_has_its_present_text(reader, bruno, session) -> None:
    case = bruno.published()
    bruno.follows(case, "Un nom", text="Selon la presse, un nom.")
    bruno.follows(case, "La seconde")
    bruno.corrects(case, "Un nom est ajouté", title="Un titre corrigé")
    (first, _second) = session.scalars(select(FollowUp.id).order_by(FollowUp.id))
    session.rollback()
    bruno.redacts(case, rewrites={"follow_ups": {first: ("Une suite", "Selon la presse, rien.")}})
    entries = reader.feed("/incidents.atom").entries
    assert [plain(entry.title) for entry in entries[2:4]] == [
        "Suite : La seconde (cas nº 1)",
        "Suite : Une suite (cas nº 1)",
    ]
    assert "rien." in entries[3].content
    assert "Un nom" not in "".join(entry.content for entry in entries[2:4])


def test_two_replies_published_in_another_order_keep_their_own_words(reader, bruno) -> None:
    case = bruno.published()
    early = bruno.desk.received_reply(case, "La première reçue.")
    late = bruno.desk.received_reply(case, "La seconde reçue.")
    for row in (late, early):
        with bruno.pen() as p:
            acts.reply(p, row, by=bruno.cast.bruno, reason="droit de réponse")
    entries = reader.feed("/incidents.atom").entries
    assert ["première" in entry.content for entry in entries] == [True, False, True]
    page = reader.get("/incidents/1").text
    for entry, text in zip(entries, ("La première reçue.", "La seconde reçue."), strict=False):
        anchor = urlsplit(entry.address).fragment
        section = page[page.index(f'id="{anchor}"') :]
        assert re.search("La (première|seconde) reçue.", section).group() == text


# --- the traps of feedgen ----------------------------------------------------------------------


@pytest.mark.prove
def test_a_document_is_the_same_to_the_byte_two_seconds_later(reader, case_numbers) -> None:
    addresses = [*FEEDS, *EMPTY]
    first = {address: reader.document(address) for address in addresses}
    sleep(2)
    # Neither a cached entry nor a cached document is served again.
    fragments.attach(reader.client.application)
    for address in addresses:
        fresh = reader.get(f"{address}{'&' if '?' in address else '?'}utm_n=1")
        assert fresh.data == first[address], address


@pytest.mark.prove
def test_no_time_of_a_feed_is_that_of_its_reading(reader, case_numbers) -> None:
    last = AT + 100 * MINUTE
    for address in FEEDS:
        feed = reader.feed(address)
        times = [moment for entry in feed.entries for moment in (entry.published, entry.updated)]
        assert feed.updated <= last, address
        assert max(times) <= last
        assert min(times) >= AT


def test_entries_come_in_the_order_of_the_ledger(reader, case_numbers, session) -> None:
    ids = [entry.id.split(":", 2)[2] for entry in reader.feed("/incidents.atom").entries]
    session.rollback()
    lines = session.scalars(
        select(JournalEntry.event).order_by(JournalEntry.seq.desc()).where(JournalEntry.at >= AT)
    )
    in_order = [f"evenement/{name}" for name in lines]
    assert ids == [name for name in in_order if name in set(ids)]


def _poisoned(shape, poison, **values):
    """A part of a case with the poison in every text, and at both ends of every code."""
    texts = {
        spec.name: f"{poison}Texte{poison} du cas"
        for spec in fields(shape)
        if get_type_hints(shape)[spec.name] is str and spec.name not in values
    }
    return shape(**texts, **values)


def _code(poison, code):
    return f"{poison}{code}{poison}"


def poisoned(poison) -> Content:
    """A case with the poison in each of its fields."""

    def coded(**codes):
        return {name: _code(poison, code) for name, code in codes.items()}

    url = f"https://exemple.test/{poison}chemin"
    return _poisoned(
        Content,
        poison,
        **coded(
            date="2008-03-17",
            end_date="2009",
            country="FR",
            commune="93032",
            departement="93",
            region="11",
            level="commune",
            actor="maire",
            target="blogueur",
            evidence="documente",
            outcome="inconnue",
            language="fr",
        ),
        outlets=(f"Gagny{poison} Libre",),
        types=(_code(poison, "plainte_diffamation"),),
        linked_communes=(_code(poison, "93066"),),
        sources=(
            _poisoned(
                SourceContent,
                poison,
                url=url,
                archived_url=url,
                **coded(kind="presse", published_on="2008", checked_on="2026"),
            ),
        ),
        proceedings=(
            _poisoned(
                ProceedingContent,
                poison,
                **coded(direction="contre_cible", nature="penale", plaintiff="maire"),
                steps=(
                    _poisoned(
                        StepContent,
                        poison,
                        source_url=url,
                        **coded(
                            step="refere",
                            date="2009",
                            outcome="en_cours",
                            appeal="non",
                            appeal_until="2009",
                        ),
                    ),
                ),
            ),
        ),
        request=_poisoned(
            RequestContent,
            poison,
            **coded(
                asked_on="2008",
                refusal="explicite",
                refused_on="2008",
                cada_registered_on="2008",
                cada_opinion_on="2008",
                outcome="avis_cada_favorable",
            ),
        ),
    )


# Everything that XML 1.0 §2.2 cannot hold, or that hides and reorders words.
POISONS = {
    "controls": "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0)])),
    "lone surrogates": "\ud800\udfff\udc80",
    "no characters": "\ufffe\uffff",
    "bidirectional": "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    "hidden": "\u200b\u2060\ufeff",
}
_NEVER = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_WHERE = ("/incidents.atom", "/communes/93032.atom", "/regions/11.atom", "/incidents/1.atom")


@pytest.mark.parametrize("poison", POISONS.values(), ids=POISONS)
def test_no_character_makes_a_feed_unreadable(reader, bruno, poison) -> None:
    case_content = poisoned(poison)
    case = bruno.published(case_content)
    bruno.follows(
        case, f"Une{poison} suite", text=f"Un{poison} texte", happened_on="2010", source_url=""
    )
    with bruno.pen() as p:
        row = acts.receive_reply(
            p,
            case.id,
            by=bruno.cast.bruno,
            author=f"Ville{poison}",
            capacity=f"{poison}la commune",
            text=f"La commune{poison} conteste.",
            received_on=AT.date(),
        )
    with bruno.pen() as p:
        acts.reply(p, row.id, reason=f"droit{poison}", **bruno.both)
    bruno.corrects(case, f"Une{poison} note", replace(case_content.cleaned(), amount="rien"))
    # One member alone takes words out, with a fixed note.
    bruno.redacts(case, FIXED_NOTES[0], replace(case_content.cleaned(), amount=""))
    for address in _WHERE:
        document = reader.document(address).decode()
        assert not _NEVER.search(document), address
        assert len(atom.read(document.encode()).entries) == 5


@pytest.mark.parametrize("poison", ["\x0b", "\x7f", "\ud800", "\u202e", "\n"], ids=ascii)
def test_the_address_of_a_follow_up_is_cleaned_or_refused(reader, bruno, poison) -> None:
    case = bruno.published()
    with suppress(RegisterError):
        bruno.follows(case, source_url=f"https://exemple.test/{poison}suite")
    for address in _WHERE:
        assert not _NEVER.search(reader.document(address).decode())


LONG = "Selon le blog, le maire a *refusé* de répondre.\n\n"


@pytest.mark.prove
def test_the_largest_possible_case_is_a_whole_entry(reader, bruno, content) -> None:
    steps = tuple(StepContent("audience", note=f"étape {n} " + "x" * 200) for n in range(39))
    largest = content(
        title="T" * 2000,
        narrative=(LONG * 1200)[:50_000].strip(),
        types=("plainte_diffamation", "plainte_injure", "plainte_autre"),
        outlets=tuple(f"Blog {n} " + "x" * 180 for n in range(40)),
        linked_communes=tuple(f"930{n}" for n in (*range(45, 51), *range(61, 64))),
        sources=tuple(
            SourceContent(url=f"https://exemple.test/{n}?" + "x" * 1900) for n in range(40)
        ),
        proceedings=tuple(
            decided(direction="contre_cible", docket=f"{n}", court="c" * 500, steps=steps)
            for n in range(40)
        ),
    )
    bruno.published(largest)
    for address in ("/incidents.atom", "/incidents/1.atom", "/communes/93045.atom"):
        (entry,) = reader.feed(address).entries
        assert entry.content.count("Affaire nº") == 40
        assert entry.content.count("étape 38 ") == 40
        assert entry.content.count("refusé") == largest.narrative.count("refusé")


@pytest.mark.parametrize(
    "changes",
    [
        {"narrative": "x" * 50_001},
        {"narrative": "*" * 50_000},
        {"title": "x" * 2001},
        {"proceedings": tuple(ProceedingContent("tiers", docket=f"{n}") for n in range(41))},
        {"proceedings": (ProceedingContent("tiers", steps=(StepContent("appel"),) * 41),)},
        {"sources": (SourceContent(url="javascript:alert(1)"),)},
        {"sources": (SourceContent(url="/relative"),)},
        {"language": 'fr" x="'},
        {"date": "hier"},
        {"links": (LinkContent("voir_aussi", 10**12),)},
    ],
)
def test_an_oversized_or_invalid_case_is_refused_and_in_no_feed(reader, bruno, changes) -> None:
    with pytest.raises((RegisterError, TextError)) as refused:
        bruno.published(**changes)
    assert refused.value.key
    assert reader.feed("/incidents.atom").entries == []


# --- archives ----------------------------------------------------------------------------------


@pytest.fixture
def archiving_desk(bruno, monkeypatch, filled) -> TimedDesk:
    """Documents of few events, cut often: an archive is a matter of their names, not of size."""
    monkeypatch.setattr(events, "RECENT_LIMIT", 4)
    monkeypatch.setattr(events, "ARCHIVE_LIMIT", 6)
    monkeypatch.setattr(events, "_CUT_PREFIX", "60")

    def fill_archives() -> list[CaseRef]:
        cases = [bruno.published(title=f"Le cas {n}") for n in range(1, 9)]
        for case in cases:
            bruno.follows(case)
            bruno.follows(case, "La seconde suite")
        return cases

    bruno.cases = bruno.filled(filled, fill_archives)
    return bruno


@pytest.mark.parametrize(
    "address", ["/incidents.atom", "/communes/93032.atom", "/departements/93.atom?famille=acces"]
)
def test_the_whole_history_is_read_by_the_archives_each_event_once(
    reader, archiving_desk, address
) -> None:
    entries = reader.whole(address)
    assert len(entries) == len({entry.id for entry in entries}) == 24
    assert [entry.published for entry in entries] == sorted(
        (entry.published for entry in entries), reverse=True
    )
    first = reader.feed(address)
    assert (len(first.entries), first.archive) == (4, False)
    older = reader.feed(first.link("next").removeprefix(BASE))
    assert older.archive
    assert older.link("current") == BASE + address == first.link("self")
    assert older.link("self") == first.link("prev-archive")
    assert older.id == first.id, "one feed, whatever the document"


def test_an_archive_is_of_one_feed_that_no_removal_shifts(reader, archiving_desk) -> None:
    def documents() -> dict[str, list[str]]:
        ids_by_address, address = {}, reader.feed("/incidents.atom").link("next")
        while address:
            feed = reader.feed(address.removeprefix(BASE))
            ids_by_address[address] = [entry.id for entry in feed.entries]
            address = feed.link("next")
        return ids_by_address

    before = documents()
    withdrawn = archiving_desk.cases[2]
    withdrawn_ids = {
        entry.id for entry in reader.feed(f"/incidents/{withdrawn.number}.atom").entries
    }
    archiving_desk.withdraws(withdrawn)
    for address, ids in before.items():
        feed = reader.feed(address.removeprefix(BASE))
        assert not withdrawn_ids & {entry.id for entry in feed.entries}
        remaining = [entry_id for entry_id in ids if entry_id not in withdrawn_ids]
        assert [entry.id for entry in feed.entries][: len(remaining)] == remaining
    assert len(reader.whole("/incidents.atom")) == 22


def test_an_archive_after_the_last_event_is_an_empty_one(reader, bruno, session) -> None:
    bruno.published()
    session.rollback()
    opening = session.scalar(
        select(JournalEntry.event).where(JournalEntry.ledger == "public", JournalEntry.seq == 1)
    )
    feed = reader.feed(f"/incidents.atom?avant={opening}")
    assert (feed.entries, feed.archive) == ([], True)
