"""The public pages as a stranger meets them, on the demonstration's cases and on the tests' own."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from contextvars import Context
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import attested_acts as acts
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from register.cases.case_content import Content, LinkContent, ProceedingContent, StepContent
from register.cases.filters import CaseQuery
from register.db import db
from register.journal import Act, JournalEntry
from register.pages import content as editorial
from register.web import urls

pytestmark = pytest.mark.one_database

# What machines read, and no browser runs: nothing in it can end it but its end.
_DATA = re.compile(r'<script type="application/ld\+json">([^<>&\']*)</script>')
# The one script: it offers places under a box for them, on pages that have one. A page that is
# written in counts letters too, and warns before what was written is left; one that leads to the
# form with its place sends it there.
_SCRIPT = r'<script type="module" src="/static/js/combobox\.[0-9a-f]{10}\.js"></script>'
_WRITING_SCRIPTS = {
    "/signaler": ("count", "days", "questions", "unsaved", "uploads"),
    "/incidents/1/droit-de-reponse": ("count", "unsaved", "uploads"),
}
_SHEET = re.compile(r'<link rel="stylesheet" href="(/static/css/areas/public\.[0-9a-f]{10}\.css)">')


TOP = Path(__file__).resolve().parents[2]
SHEETS = sorted((TOP / "static" / "css").glob("*.css"))
TEMPLATES = sorted((TOP / "templates").rglob("*.html"))

ADDRESSES = [
    "/",
    "/incidents",
    "/incidents?page=2",
    "/incidents?famille=acces&departement=93&tri=maj",
    "/incidents?du=1800&au=1801",
    "/incidents/1",
    "/incidents/1/droit-de-reponse",
    "/incidents/1/signaler-contenu",
    "/communes",
    "/communes?q=zzz",
    "/communes/93032",
    "/communes/94038",
    "/departements",
    "/departements/93",
    "/departements/975",
    "/regions",
    "/regions/11",
    "/donnees",
    "/statistiques",
    "/registre",
    "/registre?acte=publication",
    "/signaler",
    *(f"/{name}" for name in editorial.PAGE_NAMES),
]


class Stranger:
    """A client whose every request has a context of its own.

    The ``app`` fixture keeps one pushed, and Flask would reuse it: a second request would see
    what the first had looked up, as no reader ever does.
    """

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, address: str) -> TestResponse:
        """The answer at an address."""
        return Context().run(self.client.get, address)


def body(client: FlaskClient | Stranger, address: str) -> str:
    """The HTML at an address that must answer."""
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)
    return answer.get_data(as_text=True)


def words(html: str) -> str:
    """The text of a page on one line, every space an ordinary one, none before a comma."""
    spaced = " ".join(unescape(re.sub(r"<[^>]+>", " ", _DATA.sub("", html))).split())
    return re.sub(r" (?=[,.)])", "", spaced)


def numbers(html: str) -> list[int]:
    """The cases that a list shows, in its order."""
    titles = re.findall(r'<h[23]><a href="/incidents/([0-9]+)">', html)
    return [int(number) for number in titles]


def deed_lines(html: str) -> list[str]:
    """Each line of "who, what, whom", as it is read aloud."""
    lines = re.findall(r'<p class="deed ?[a-z]*">(.*?)</p>', html, re.DOTALL)
    return [words(re.sub(r"</?(?:a|bdi)\b[^>]*>", "", line)) for line in lines]


# --- every page -------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_each_page_answers_with_one_title_and_one_main(client: FlaskClient, address: str) -> None:
    html = body(client, address)
    assert html.count("<h1") == 1
    assert html.count("<main") == 1
    assert re.search(r"<title>\S.+ – Web Citoyen</title>", html)
    assert '<meta name="description" content="' in html
    assert "{" not in words(html), "a placeholder was left"


def test_every_link_of_every_page_leads_somewhere(client: FlaskClient) -> None:
    links = {
        unescape(link)
        for address in ADDRESSES
        for link in re.findall(r'(?:href|action)="(/[^"]*)"', body(client, address))
    }
    assert len(links) > 150
    for link in sorted(links):
        if not link.startswith("/static/"):
            assert client.get(link).status_code in (200, 301, 303), link


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_page_calls_a_script_or_somebody_else(client: FlaskClient, address: str) -> None:
    html, blocks = _DATA.subn("", body(client, address))
    assert blocks <= 1
    scripts = re.findall(r"<script\b[^>]*>[^<]*</script>", html)
    assert len(scripts) == html.count("<script")
    for name in (*_WRITING_SCRIPTS.get(address, ()), "send"):
        scripts = [script for script in scripts if f"/static/js/{name}." not in script]
    assert len(scripts) <= 1
    assert all(re.fullmatch(_SCRIPT, script) for script in scripts)
    assert " style=" not in html
    assert not re.search(r'(?:src|<link rel="stylesheet" href)="(?!/static/)', html)


def test_the_addresses_are_those_of_the_router(demo_app: Flask) -> None:
    with demo_app.test_request_context("/"):
        addresses = {
            demo_app.url_for("public.case", number="7"): urls.case(7),
            demo_app.url_for("public.cases"): urls.cases(),
            demo_app.url_for("public.cases", type="autre"): urls.cases(
                CaseQuery({"type": ("autre",)})
            ),
            demo_app.url_for("public.commune", code="2A004"): urls.commune("2A004"),
            demo_app.url_for("public.departement", code="2A"): urls.departement("2A"),
            demo_app.url_for("public.region", code="11"): urls.region("11"),
        }
    assert list(addresses) == list(addresses.values())


@pytest.mark.parametrize("address", ADDRESSES)
def test_the_style_of_a_page_is_small_and_one_file(client: FlaskClient, address: str) -> None:
    (sheet,) = _SHEET.findall(body(client, address))
    with client.get(sheet) as answer:
        assert answer.status_code == 200
        assert len(gzip.compress(answer.data)) < 12 * 1024
        # What a page needs first stands first.
        assert answer.data.startswith((TOP / "static/css/tokens.css").read_bytes())


def test_every_public_page_has_the_same_sheet(client: FlaskClient) -> None:
    """A browser's cache must not show which pages were read."""
    pages = (*ADDRESSES, "/suivi", "/suivi/verifier", "/nulle-part")
    assert len({_SHEET.findall(client.get(address).text)[0] for address in pages}) == 1


def test_the_desk_has_little_style_of_its_own_and_none_has_anothers() -> None:
    desk = [sheet for sheet in SHEETS if sheet.stem in ("desk", "beside", "reports", "account")]
    assert sum(sheet.stat().st_size for sheet in desk) < 12 * 1024
    for sheet in SHEETS:
        css = sheet.read_text("utf-8")
        assert "data:" not in css, sheet.name
        assert "url(" not in css, sheet.name
        assert "@import" not in css, sheet.name


def test_safe_html_is_only_what_the_renderer_wrote() -> None:
    allowed = {"html.narrative", "html.replies[loop.index0]", "html.follow_ups[loop.index0]"}
    allowed |= {"html.follow_ups[number - 1]"}
    # In a feed: a fragment's own text, and a reply's wherever it stands.
    allowed |= {"told.html", "html"}
    # On the desk, what the same renderer made of a text that is not saved yet.
    allowed |= {"preview"}
    for template in TEMPLATES:
        for trusted in re.findall(r"{{ ([^}|]+?) \| safe", template.read_text("utf-8")):
            assert trusted in allowed | {"page.html"}, (template.name, trusted)


# --- lists ------------------------------------------------------------------------------------


def test_the_whole_register_is_on_two_pages_and_no_third(client: FlaskClient) -> None:
    first, second = body(client, "/incidents"), body(client, "/incidents?page=2")
    listed = numbers(first) + numbers(second)
    assert sorted(listed) == list(range(1, 35))
    assert 'href="/incidents?page=2" rel="next"' in first
    assert 'href="/incidents" rel="prev"' in second
    assert client.get("/incidents?page=3").status_code == 404


@pytest.mark.parametrize("page", ["0", "-1", "01", "1.5", "x", "10000000", "٢"])
def test_a_page_number_is_strict(client: FlaskClient, page: str) -> None:
    assert client.get("/incidents", query_string={"page": page}).status_code == 400
    assert client.get("/communes/93032", query_string={"page": page}).status_code == 400


@pytest.mark.parametrize(
    "query", ["type=inconnu", "commune=9303", "du=hier", "duree=longue", "tri=au-hasard", "pays=XX"]
)
def test_a_filter_without_sense_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/incidents?{query}").status_code == 400


def test_a_valid_query_is_served_however_it_is_written(client: FlaskClient) -> None:
    redirect = client.get("/incidents?type=&departement=93&departement=93&utm_source=x&du=")
    assert (redirect.status_code, redirect.location) == (303, "/incidents?departement=93")
    html = body(client, "/incidents?departement=93&departement=93&utm_source=x")
    assert '<link rel="canonical" href="http://127.0.0.1:5000/incidents?departement=93">' in html
    assert '<meta name="robots" content="noindex">' in html
    assert "noindex" not in body(client, "/incidents?page=2")


def test_an_active_filter_is_a_chip_that_takes_it_off(client: FlaskClient) -> None:
    html = body(client, "/incidents?departement=93&famille=acces")
    assert "Département : Seine-Saint-Denis" in words(html)
    assert '<a href="/incidents?famille=acces">' in html
    assert '<a href="/incidents?departement=93">' in html
    assert 'value="acces" checked' in html
    assert 'name="departement" value="93" checked' in html


def test_an_empty_list_links_to_the_report_form(client: FlaskClient) -> None:
    text = words(body(client, "/incidents?du=1800&au=1801"))
    assert "aucun cas" in text
    assert "Signaler un incident" in text


# --- places -----------------------------------------------------------------------------------


def test_a_typed_place_becomes_a_code(client: FlaskClient) -> None:
    answer = client.get("/incidents?lieu=gagny")
    assert (answer.status_code, answer.location) == (303, "/incidents?commune=93032")
    html = body(client, answer.location)
    assert "Interdiction de filmer" in html
    assert "Gagny" in html


def test_a_typed_place_keeps_the_other_filters_and_replaces_places(client: FlaskClient) -> None:
    answer = client.get("/incidents?lieu=Puteaux&departement=93&sens=par_cible&tri=maj&page=2")
    assert answer.location == "/incidents?commune=92062&sens=par_cible&tri=maj"
    assert client.get("/incidents?lieu=93").location == "/incidents?departement=93"
    assert client.get("/communes?q=93").location == "/departements/93"


def test_several_readings_are_a_choice(client: FlaskClient) -> None:
    html = body(client, "/incidents?lieu=saint-denis&famille=pression")
    assert 'href="/incidents?commune=93066&amp;famille=pression"' in html
    text = words(body(client, "/communes?q=saint-denis"))
    assert "Saint-Denis (La Réunion)" in text
    assert "Saint-Denis (Aude) commune, aucun cas" in text


def test_an_unknown_place_is_quoted_and_escaped(client: FlaskClient) -> None:
    html = body(client, "/communes?q=%3Cb%3Ezzz")
    assert "Aucun lieu ne répond à « <b>zzz »" in words(html.replace("&lt;b&gt;", "&lt;b&gt;"))
    assert "<b>zzz" not in html
    assert 'value="&lt;b&gt;zzz"' in html


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("/communes/93059", "/communes/93066?nom=93059"),
        ("/communes/2a004", "/communes/2A004"),
        ("/departements/2a", "/departements/2A"),
    ],
)
def test_a_former_or_small_letter_code_leads_on(
    client: FlaskClient, address: str, location: str
) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.location) == (301, location)


@pytest.mark.parametrize(
    "address",
    [
        "/communes/9303",
        "/communes/930320",
        "/communes/99999",
        "/communes/93032.html",
        "/departements/20",
        "/departements/1",
        "/departements/99",
        "/regions/00",
        "/regions/99",
        "/regions/1",
    ],
)
def test_a_code_is_strict(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_commune_names_the_former_ones_that_lead_to_it(client: FlaskClient) -> None:
    text = words(body(client, "/communes/93066"))
    assert "Un cas inscrit, pour des faits de 2020." in text
    assert "Réunit : Pierrefitte-sur-Seine (93059)" in text


def test_a_commune_without_a_case_is_a_page(client: FlaskClient) -> None:
    text = words(body(client, "/communes/94038"))
    assert "Aucun cas inscrit." in text
    assert "Signaler un incident à L’Haÿ-les-Roses" in text


# --- cases of the demonstration ---------------------------------------------------------------


def test_who_acts_against_whom_in_the_four_cases_of_puteaux(client: FlaskClient) -> None:
    assert len(numbers(body(client, "/communes/92062"))) == 4
    by_target = numbers(body(client, "/incidents?commune=92062&sens=par_cible"))
    against = numbers(body(client, "/incidents?commune=92062&sens=contre_cible"))
    assert (len(by_target), len(against)) == (1, 3)
    assert deed_lines(body(client, f"/incidents/{by_target[0]}")) == [
        "Le maire (Puteaux) ; acte : P Dénigrement public, selon la source"
        " ; visant : Un blogueur (monputeaux.com)",
        "Un blogueur (monputeaux.com) ; acte : Plainte ou action, selon une décision de justice"
        " ; visant : Le maire (Puteaux)",
    ]
    lines = {
        line for number in against for line in deed_lines(body(client, f"/incidents/{number}"))
    }
    assert (
        "La collectivité (Puteaux) ; acte : J Plainte en diffamation, selon une décision de justice"
        " ; visant : Un blogueur (monputeaux.com)"
    ) in lines
    assert len(lines) == 3
    assert not any(line.startswith("Un blogueur") for line in lines)


def test_the_undated_case_is_shown_as_such_and_comes_last(client: FlaskClient) -> None:
    (undated,) = numbers(body(client, "/incidents?sans_date=1"))
    assert numbers(body(client, "/incidents?page=2"))[-1] == undated
    text = words(body(client, f"/incidents/{undated}"))
    assert "Quand date inconnue" in text
    assert "Saint-Pierre-et-Miquelon" in text


def test_unnamed_and_foreign_places_are_shown_as_such(client: FlaskClient) -> None:
    abroad = words(body(client, "/incidents?pays=BE"))
    assert "Bernissart (Belgique)" in abroad
    assert "Waterloo (Belgique)" in abroad
    assert "9 avril 2025 (incertain)" in abroad
    everything = body(client, "/incidents") + body(client, "/incidents?page=2")
    assert "Commune non nommée (TA Dijon)" in words(everything)
    assert "Subligny (la source ne dit pas laquelle" in words(everything)


def test_a_linked_commune_lists_the_case_too(client: FlaskClient) -> None:
    assert numbers(body(client, "/communes/97411")) == numbers(body(client, "/communes/97413"))


def test_home_gives_counts_and_no_rank(client: FlaskClient) -> None:
    html = body(client, "/")
    text = words(html)
    assert "34 cas inscrits" in text
    assert "de 2003 à 2025" in text
    names = re.findall(r'<li><a href="/departements/[^"]+"><span>([^<]+)', html)
    assert names[0] == "Ardèche"
    assert len(names) == len(set(names)) == 15


@pytest.mark.parametrize("number", ["0", "01", "-1", "1.rss", "1x", "9999999999", "%31%30%30%30"])
def test_a_case_number_is_strict(client: FlaskClient, number: str) -> None:
    assert client.get(f"/incidents/{number}").status_code == 404
    assert client.get(f"/incidents/{number}/droit-de-reponse").status_code == 404


@pytest.mark.parametrize(("version", "status"), [("x", 400), ("01", 400), ("999999", 404)])
def test_a_version_is_strict(client: FlaskClient, version: str, status: int) -> None:
    assert client.get(f"/incidents/1?version={version}").status_code == status


def test_the_legal_notice_marks_what_no_setting_gives(client: FlaskClient) -> None:
    html = body(client, "/mentions-legales")
    assert "non renseigné" in html
    assert 'href="/methode"' in html


# --- cases made for the purpose ---------------------------------------------------------------


def _with_proceedings(content: Content) -> Content:
    ruling = StepContent(
        "jugement", "2021-03", "relaxe", court="tribunal judiciaire de Bobigny", appeal="oui"
    )
    suit = ProceedingContent(
        direction="contre_cible",
        nature="penale",
        plaintiff="maire",
        steps=(StepContent("audience"), ruling),
    )
    return replace(
        content,
        commune="93059",
        types=("plainte_diffamation",),
        proceedings=(suit,),
        outcome="relaxe",
        evidence="juge",
        contested=True,
        precision_note="deux sources: 2 et 4 mai",
    )


def test_a_case_page_shows_all_of_its_snapshot(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    case = desk.published(_with_proceedings(content()))
    html = body(Stranger(app), f"/incidents/{case.number}")
    text = words(html)
    assert "Saint-Denis (Seine-Saint-Denis), alors Pierrefitte-sur-Seine" in text
    deed = "Le maire (Saint-Denis) ; acte : J Plainte en diffamation, selon une décision de justice"
    assert deed_lines(html) == [f"{deed} ; visant : Un blogueur (Gagny Libre)"]
    outcome = "Issue Relaxe de la personne poursuivie, mars 2021, tribunal judiciaire de Bobigny"
    assert f"{outcome}, appel formé" in text
    assert "Jugement, relaxe de la personne poursuivie" in text
    assert "Qui le dit Jugé : 1 source, presse. Contesté par la personne" in text
    assert "<strong>filmer</strong>" in html
    assert "Pas de réponse publiée" in text
    assert f"http://127.0.0.1:5000/incidents/{case.number}" in text


def test_a_reply_stands_as_tall_as_the_account(app: Flask, desk: Any, cast: Any) -> None:
    case = desk.published()
    reply = desk.received_reply(case, "La commune <b>conteste</b>.")
    with desk.pen() as p:
        acts.reply(p, reply, by=cast.bruno, reason="droit de réponse")
    html = body(Stranger(app), f"/incidents/{case.number}")
    account, answer = html.index('id="recit"'), html.index('id="reponse-1"')
    assert account < answer
    between = html[account:answer]
    assert between.count("<section") == 1, "something stands between the account and the reply"
    for start in (account, answer):
        assert html[start - 4 : start].startswith("<h2 ")
        assert '<div class="prose">' in html[start : start + 200]
    assert "&lt;b&gt;conteste&lt;/b&gt;" in html


def test_follow_ups_and_corrections_are_dated_and_the_old_version_stays(
    app: Flask, desk: Any, cast: Any, content: Callable[..., Content]
) -> None:
    case = desk.published()
    with desk.pen() as p:
        acts.follow_up(
            p,
            case.id,
            by=cast.bruno,
            reason="presse",
            title="Le conseil change son règlement",
            text="Selon la presse, filmer est permis.",
            happened_on="2009-01",
        )
    with desk.pen() as p:
        changed = replace(content(), title="Un titre corrigé")
        acts.correct(
            p, case.id, changed, by=cast.bruno, reason="erreur", public_note="Le titre change"
        )
    client = Stranger(app)
    text = words(body(client, f"/incidents/{case.number}"))
    assert "janvier 2009 Le conseil change son règlement" in text
    assert "2 mars 2026 Correction Le titre change" in text
    first = db.session.query(JournalEntry.seq).filter_by(act=Act.PUBLISHED).scalar()
    old = body(client, f"/incidents/{case.number}?version={first}")
    assert "Vous lisez la version" in words(old)
    assert "Interdiction de filmer le conseil municipal de Gagny" in words(old)
    assert '<meta name="robots" content="noindex">' in old
    assert "Le conseil change son règlement" in words(body(client, "/"))


def test_linked_cases_link_to_each_other(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    first = desk.published(title="Le premier cas")
    link = LinkContent("fait_suite", first.number)
    second = desk.published(replace(content(), title="Le second cas", links=(link,)))
    client = Stranger(app)
    assert "Fait suite à nº 1, Le premier cas" in words(body(client, f"/incidents/{second.number}"))
    assert "A pour suite nº 2, Le second cas" in words(body(client, f"/incidents/{first.number}"))


def test_a_merged_case_leads_to_the_other_and_a_withdrawn_one_is_gone(
    app: Flask, desk: Any
) -> None:
    merged = desk.merged(title="Le cas réuni")
    client = Stranger(app)
    answer = client.get(f"/incidents/{merged.number}/droit-de-reponse")
    assert (answer.status_code, answer.location) == (301, "/incidents/1/droit-de-reponse")
    assert client.get(f"/incidents/{merged.number}/signaler-contenu").status_code == 200
    withdrawn = desk.withdrawn(title="Le cas retiré")
    assert client.get(f"/incidents/{withdrawn.number}").status_code == 410
    assert client.get(f"/incidents/{withdrawn.number}/signaler-contenu").status_code == 410
    for address in ("/", "/incidents", "/communes/93032", "/departements/93"):
        html = body(client, address)
        assert "Le cas réuni" not in html
        assert "Le cas retiré" not in html
    assert f"Le cas nº {withdrawn.number} n’est plus affiché" in words(body(client, "/"))


@pytest.mark.parametrize("language", ["", "/en"])
def test_the_page_of_a_merged_case_is_a_notice(app: Flask, desk: Any, language: str) -> None:
    merged = desk.merged(title="Le cas réuni")
    client, address = Stranger(app), f"{language}/incidents/{merged.number}"
    before = client.get("/incidents/1").text
    html = body(client, address)
    assert '<meta name="robots" content="noindex">' in html
    assert re.search(r'rel="canonical" href="[^"]*' + address + '"', html)
    assert f'href="{language}/incidents/1"' in html
    assert "/incidents/2?version=3" in html
    assert "https://exemple.test/" in html
    assert "Le cas réuni" not in html
    # Its version is as it was, under the notice, and not for search engines.
    pinned = body(client, f"{address}?version=3")
    assert "Le cas réuni" in pinned
    assert f'href="{language}/incidents/1"' in pinned
    assert '<meta name="robots" content="noindex">' in pinned
    assert "application/ld+json" not in html + pinned
    assert client.get(f"{address}?version=4").status_code == 404
    assert client.get("/incidents/1").text == before
    assert "/incidents/2<" not in body(client, "/sitemap.xml")


def test_the_notice_of_a_hidden_merged_case_names_the_other_and_nothing_else(
    app: Flask, desk: Any, cast: Any
) -> None:
    merged, client = desk.merged(title="Le cas réuni"), Stranger(app)
    with desk.pen() as p:
        acts.withdraw(p, 1, by=cast.bruno, restriction="erreur", reason="r")
    html = body(client, f"/incidents/{merged.number}")
    text = words(html)
    assert "Le cas nº 1 n’est plus affiché." in text
    assert "Ses sources et ses versions ne sont plus affichées." in text
    assert "exemple.test" not in html
    for path in ("?version=3", "/preuve?version=3", "/citation.bib?version=3"):
        assert client.get(f"/incidents/{merged.number}{path}").status_code == 410, path


def test_an_empty_register_has_the_same_pages(app: Flask) -> None:
    for address in ADDRESSES:
        if "/1" not in address and "page" not in address:
            assert Stranger(app).get(address).status_code == 200, address
    text = words(body(Stranger(app), "/"))
    # What does not exist yet has no heading of its own.
    assert "Derniers événements" not in text
    assert "Aucun cas n’est encore inscrit." in words(body(Stranger(app), "/incidents"))


def test_the_home_page_of_an_empty_register_mentions_no_order(app: Flask) -> None:
    home = app.test_client().get("/").text
    assert "Aucun lieu pour l’instant" in home
    assert "Par ordre alphabétique" not in home


@pytest.mark.parametrize(
    "address",
    ["/", "/incidents", "/communes/93032", "/departements/93", "/registre", "/incidents/1"],
)
def test_each_feed_leads_to_the_page_that_explains_it(client: FlaskClient, address: str) -> None:
    page = client.get(address).text
    assert '<a class="tap" href="/suivre">' in page
    assert "collez l’adresse" in client.get("/suivre").text
