"""References to a case, parsed by common reference programs."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from datetime import date
from typing import Any

import attested_acts as acts
import bibtexparser
import pytest
import rispy
from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle
from citeproc import formatter as formatters
from citeproc.source.json import CiteProcJSON
from flask import Flask
from pylatexenc.latex2text import LatexNodes2Text
from werkzeug.test import TestResponse

from register.cases.case_content import Content, SourceContent
from register.cases.web.public import citations
from register.cases.web.public.citations import CaseReference
from register.db import db
from register.journal import Act, JournalEntry
from register.text import dates

pytestmark = pytest.mark.one_database

BASE = "http://127.0.0.1:5000"
FORMS = {
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "json": "application/vnd.citationstyles.csl+json",
}
ARABIC = "جريدة الوطن"
# Titles with characters that need escapes in one of the formats.
TITLES = {
    "accents": "À Gagny, l’œuvre du maire : « où est-ce ? »",
    "braces": "Le {maire} et l’}accolade{",
    "marks": r"50 % de #filmer & $1_000 ~ C:\chemin",
    "a field of its own": 'Un titre}, url = {http://ailleurs.test}, note = {"rien',
    "long": ("Le maire interdit de filmer, puis il poursuit " * 7)[:300],
    "arabic": f"Le blog {ARABIC} est poursuivi",
}
DATES = ("2006-06-26", "2006-06", "2006", "2006~", "2006-06-26?", "")


def case_reference(
    title: str = "Un titre", facts: str = "2006-06", **changes: Any
) -> CaseReference:
    base_reference = CaseReference(
        number=7,
        version=12,
        title=title,
        publisher="Association « Web Citoyen » & amis",
        address=f"{BASE}/incidents/7?version=12",
        language="fr",
        issued=date(2026, 3, 2),
        first_published=date(2026, 1, 9),
        facts=dates.parse(facts) if facts else None,
        note="Registre public, cas nº 7.",
        keywords=("Gagny Libre", ARABIC),
    )
    return replace(base_reference, **changes)


def from_bibtex(text: str) -> dict[str, str]:
    """The fields of the only entry, with TeX converted to text."""
    library = bibtexparser.parse_string(text)
    assert not library.failed_blocks
    (entry,) = library.entries
    fields = {field.key: field.value for field in entry.fields}
    plain = LatexNodes2Text(keep_comments=True)
    for name in ("title", "publisher", "keywords", "author"):
        fields[name] = plain.latex_to_text(fields[name])
    return fields


def from_ris(text: str) -> dict[str, Any]:
    (record,) = rispy.loads(text)
    return record


def from_csl(text: str) -> dict[str, Any]:
    (item,) = json.loads(text)
    return item


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_bibtex_fields_are_read_back(title: str) -> None:
    read = from_bibtex(citations.bibtex(case_reference(title)))
    assert read["title"] == title
    assert read["author"] == "Web Citoyen"
    assert read["publisher"] == "Association « Web Citoyen » & amis"
    assert read["keywords"] == f"Gagny Libre, {ARABIC}"
    assert (read["url"], read["version"]) == (f"{BASE}/incidents/7?version=12", "12")
    assert (read["year"], read["month"], read["date"]) == ("2026", "3", "2026-03-02")


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_ris_fields_are_read_back(title: str) -> None:
    read = from_ris(citations.ris(case_reference(title)))
    assert read["title"] == title
    assert read["authors"] == ["Web Citoyen"]
    assert read["publisher"] == "Association « Web Citoyen » & amis"
    assert read["keywords"] == ["Gagny Libre", ARABIC]
    assert read["urls"] == [f"{BASE}/incidents/7?version=12"]
    assert (read["year"], read["date"]) == ("2026", "2026/03/02/")


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_csl_fields_are_read_back(title: str) -> None:
    read = from_csl(citations.csl(case_reference(title)))
    assert read["title"] == title
    assert read["publisher"] == "Association « Web Citoyen » & amis"
    assert read["keyword"] == f"Gagny Libre, {ARABIC}"
    assert read["URL"] == f"{BASE}/incidents/7?version=12"
    assert read["issued"] == {"date-parts": [[2026, 3, 2]]}


@pytest.mark.parametrize("title", TITLES.values(), ids=TITLES)
def test_csl_title_in_a_bibliography(title: str) -> None:
    bibliography_line = _bibliography(citations.csl(case_reference(title)))
    assert " ".join(title.split()) in bibliography_line
    assert "2026" in bibliography_line


def _bibliography(text: str) -> str:
    """The only line of a bibliography in the Harvard style."""
    source = CiteProcJSON(json.loads(text))
    style = CitationStylesStyle("harvard-cite-them-right", validate=False)
    bibliography = CitationStylesBibliography(style, source, formatters.plain)
    bibliography.register(Citation([CitationItem(from_csl(text)["id"])]))
    (line,) = bibliography.bibliography()
    return str(line)


@pytest.mark.parametrize("edtf", DATES)
def test_date_of_the_facts_has_its_known_precision(edtf: str) -> None:
    reference = case_reference(facts=edtf)
    bib, ris = citations.bibtex(reference), citations.ris(reference)
    assert from_bibtex(bib).get("eventdate", "") == edtf
    assert from_ris(ris)["custom1"] == edtf
    read = from_csl(citations.csl(reference))
    parts = [int(part) for part in edtf.rstrip("~?").split("-") if part]
    assert read.get("event-date", {"date-parts": [[]]})["date-parts"] == [parts]
    assert ("circa" in read.get("event-date", {})) == edtf.endswith(("~", "?"))


@pytest.mark.parametrize("write", [citations.bibtex, citations.ris, citations.csl])
def test_line_break_in_a_title_starts_no_field(write: Callable[[CaseReference], str]) -> None:
    text = write(case_reference("Un titre\r\nER  - \r\nTY  - BOOK\nurl = {x}"))
    assert "Un titre ER - TY - BOOK url =" in text
    assert len(text.splitlines()) == len(write(case_reference()).splitlines())


# --- the addresses -------------------------------------------------------------------------------


def get(app: Flask, address: str) -> TestResponse:
    return Context().run(app.test_client().get, address)


@pytest.fixture
def arabic(desk: Any, content: Callable[..., Content]) -> Any:
    """A published case with characters that need escapes."""
    return desk.published(replace(content(), title="L'été {à} Gagny", outlets=(ARABIC,), date=""))


def test_citation_of_the_current_version(app: Flask, arabic: Any) -> None:
    version = db.session.query(JournalEntry.seq).filter_by(act=Act.PUBLISHED).scalar()
    pinned = f"{BASE}/incidents/1?version={version}"
    for form, mimetype in FORMS.items():
        answer = get(app, f"/incidents/1/citation.{form}")
        assert (answer.status_code, answer.mimetype) == (200, mimetype)
        assert f'"webcitoyen-1-v1.{form}"' in answer.headers["Content-Disposition"]
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["ETag"]
    bib, ris, csl = (
        get(app, f"/incidents/1/citation.{form}").get_data(as_text=True) for form in FORMS
    )
    assert (from_bibtex(bib)["title"], from_bibtex(bib)["url"]) == ("L’été {à} Gagny", pinned)
    assert from_bibtex(bib)["keywords"] == ARABIC
    assert (from_ris(ris)["title"], from_ris(ris)["urls"]) == ("L’été {à} Gagny", [pinned])
    assert (from_csl(csl)["title"], from_csl(csl)["URL"]) == ("L’été {à} Gagny", pinned)
    assert "date inconnue" in from_csl(csl)["note"]
    assert "event-date" not in from_csl(csl)
    # Only the reader knows the day of consultation.
    assert "accessed" not in from_csl(csl)
    assert "urldate" not in from_bibtex(bib)


def test_citation_of_an_older_version(
    app: Flask, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    case = desk.published()
    with desk.pen() as p:
        changed = replace(content(), title="Un titre corrigé")
        acts.correct(p, case.id, changed, by=cast.bruno, reason="erreur", public_note="Le titre")
    first = db.session.query(JournalEntry.seq).filter_by(act=Act.PUBLISHED).scalar()
    current = get(app, "/incidents/1/citation.ris").get_data(as_text=True)
    earlier = get(app, f"/incidents/1/citation.ris?version={first}").get_data(as_text=True)
    assert from_ris(current)["title"] == "Un titre corrigé"
    assert from_ris(earlier)["title"] == "Interdiction de filmer le conseil municipal de Gagny"
    assert from_ris(earlier)["urls"] == [f"{BASE}/incidents/1?version={first}"]
    assert [from_ris(text)["edition"] for text in (earlier, current)] == ["1", "2"]
    assert f"version 1 (ligne {first} du journal public)" in from_ris(earlier)["notes"][0]


def test_citation_names_the_sources_that_have_a_title(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    sources = (
        SourceContent(url="https://exemple.test/1", title="La caméra", publisher="L'Écho"),
        SourceContent(url="https://exemple.test/2"),
        SourceContent(url="https://exemple.test/3", title="Le conseil"),
    )
    desk.published(replace(content(), sources=sources))
    note = from_csl(get(app, "/incidents/1/citation.json").get_data(as_text=True))["note"]
    assert note.endswith("Sources : La caméra (L’Écho) ; Le conseil.")


@pytest.mark.parametrize("form", FORMS)
def test_citation_follows_the_state_of_the_case(app: Flask, desk: Any, form: str) -> None:
    merged, withdrawn, erased = desk.merged(), desk.withdrawn(), desk.erased()
    answer = get(app, f"/incidents/{merged.number}/citation.{form}")
    assert (answer.status_code, answer.location) == (301, f"/incidents/1/citation.{form}")
    # A version that somebody cited stays.
    answer = get(app, f"/incidents/{merged.number}/citation.{form}?version=3")
    assert f"/incidents/{merged.number}?version=3" in answer.text
    for case in (withdrawn, erased):
        assert get(app, f"/incidents/{case.number}/citation.{form}").status_code == 410
    for number, status in (("99", 404), ("01", 404), ("x", 404), (str(10**12), 404)):
        assert get(app, f"/incidents/{number}/citation.{form}").status_code == status
    assert get(app, f"/incidents/1/citation.{form}?version=x").status_code == 400
    assert get(app, f"/incidents/1/citation.{form}?version=999").status_code == 404
    assert get(app, "/incidents/1/citation.doc").status_code == 404
