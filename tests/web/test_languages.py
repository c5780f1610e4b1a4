"""French at the plain address, English under ``/en``: the addresses, the words, and no mixture."""

from __future__ import annotations

import re
from contextvars import Context
from datetime import date
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html as markup
from test_catalogue import ENGLISH
from test_pages import ADDRESSES, Stranger

from register.pages import content as editorial
from register.web.l10n import in_language

pytestmark = pytest.mark.one_database

_DECLARED_LANGUAGE = re.compile(r'<html lang="(fr|en)">')
_ALTERNATE = re.compile(r'<link rel="alternate" hreflang="([a-z-]+)" href="http://[^/]+([^"]*)">')
# Addresses as a page holds them; a quotation mark in a text is written otherwise.
_LINK = re.compile(r'\b(?:href|action|formaction|src|data-[a-z]+)="(/[^"]*)"')
# French terms that the English pages explain.
_GLOSSED = {"directeur de la publication"}


@pytest.fixture
def stranger(demo_app: Flask) -> Stranger:
    """Whoever comes for the first time."""
    return Stranger(demo_app)


def english(address: str) -> str:
    """The English address of a page."""
    return in_language(address, "en")


def english_text(html: str) -> str:
    """The text that an English reader hears: all but what is marked as another language's."""
    top = markup.fromstring(html)
    for element in top.xpath("//*[@lang and @lang != 'en' and not(self::html)] | //script"):
        element.drop_tree()
    attributes = top.xpath("//@aria-label | //@title | //@placeholder | //@alt | //meta/@content")
    return " ".join([*top.itertext(), *map(str, attributes)])


# --- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_page_declares_its_language_and_links_the_other(stranger: Stranger, address: str) -> None:
    for language in ("fr", "en"):
        answer = stranger.get(in_language(address, language))
        html = answer.get_data(as_text=True)
        assert answer.status_code == 200
        assert _DECLARED_LANGUAGE.findall(html) == [language]
        other = {"fr": "en", "en": "fr"}[language]
        other_address = in_language(address, other).replace("&", "&amp;")
        assert f'<a lang="{other}" hreflang="{other}" href="{other_address}">' in html
        canonical = re.findall(r'<link rel="canonical" href="http://[^/]+([^"]*)">', html)
        alternates = dict(_ALTERNATE.findall(html))
        assert set(alternates) == ({"fr", "en", "x-default"} if canonical else set())
        if canonical:
            assert canonical == [alternates[language]]
            assert alternates["x-default"] == alternates["fr"]
            assert alternates["en"] == english(alternates["fr"])


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_english_page_leads_to_english_pages(stranger: Stranger, address: str) -> None:
    html = stranger.get(english(address)).get_data(as_text=True)
    for link in map(unescape, _LINK.findall(html.replace('hreflang="fr" href', "the-other"))):
        assert link == english(link), link
    plain = stranger.get(address).get_data(as_text=True)
    for link in map(unescape, _LINK.findall(plain.replace('hreflang="en" href', "the-other"))):
        assert not link.startswith("/en"), link


@pytest.mark.parametrize(
    ("address", "location"),
    [
        ("/en", "/en/"),
        ("/en?q=a", "/en/?q=a"),
        ("/en/incidents.atom?q=maire", "/incidents.atom?q=maire"),
        ("/en/communes/93032.csv", "/communes/93032.csv"),
        ("/en/registre.jsonl", "/registre.jsonl"),
        ("/en/api/v1/incidents", "/api/v1/incidents"),
        ("/en/registre/tete", "/registre/tete"),
        ("/en/static/css/a.css", "/static/css/a.css"),
        ("/en/robots.txt", "/robots.txt"),
        # Two slashes would be another site's.
        ("/en//elsewhere.example/x.csv", "/elsewhere.example/x.csv"),
        ("/en/\\elsewhere.example/x.csv", "/%5Celsewhere.example/x.csv"),
    ],
)
def test_an_address_without_languages_has_no_english_one(
    client: FlaskClient, address: str, location: str
) -> None:
    answer = client.get(address)
    assert (answer.status_code, answer.headers["Location"]) == (308, location)
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("address", ["/en/en", "/en/en/", "/en/en/incidents", "/english", "/fr/"])
def test_there_is_one_address_for_each_language(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_a_typed_place_leads_on_in_the_same_language(client: FlaskClient) -> None:
    answer = client.get("/en/incidents?lieu=gagny")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/en/incidents?commune=93032"
    assert client.get("/en/communes?q=gagny").headers["Location"].startswith("/en/communes/93032")


@pytest.mark.parametrize("address", ["/en/moderation", "/en/compte", "/en/moderation/dossiers"])
def test_the_desk_needs_a_sign_in_in_both_languages(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/en/compte/connexion?")
    assert answer.headers["Cache-Control"] == "no-store"
    sign_in_page = client.get(answer.headers["Location"])
    assert sign_in_page.status_code == 200
    assert '<html lang="en">' in sign_in_page.get_data(as_text=True)


def test_the_language_is_in_the_address_and_nowhere_else(client: FlaskClient) -> None:
    headers = {"Accept-Language": "en", "Register-Language": "en"}
    html = client.get("/", headers=headers, environ_overrides={"register.language": "en"})
    assert '<html lang="fr">' in html.get_data(as_text=True)
    assert "Vary" not in html.headers or "Language" not in html.headers["Vary"]


def test_feeds_are_french(client: FlaskClient) -> None:
    html = client.get("/en/communes/93032").get_data(as_text=True)
    assert 'href="/communes/93032.atom"' in html
    assert 'xml:lang="fr"' in client.get("/communes/93032.atom").get_data(as_text=True)


def test_a_form_sent_in_english_is_answered_in_english(client: FlaskClient) -> None:
    html = client.get("/en/signaler").get_data(as_text=True)
    assert 'action="/en/signaler"' in html
    token = re.findall(r'name="jeton" value="([^"]+)"', html)[0]
    answer = client.post("/en/signaler", data={"jeton": token, "etape": "verifier"})
    assert answer.status_code == 422
    assert '<html lang="en">' in answer.get_data(as_text=True)
    # What was sent would be lost on the way to the other language.
    assert '<a lang="fr"' not in answer.get_data(as_text=True)


# --- words ------------------------------------------------------------------------------------

# Pieces of French sentences that no English one holds, long enough to be nothing else.
_PIECES = (
    {
        piece.strip()
        for message in ENGLISH
        for sentence in ([message.id] if isinstance(message.id, str) else message.id)
        for piece in re.split(r"%\(\w+\)[sd]|<[^>]*>", sentence)
        if len(piece.strip()) > 12 and " " in piece.strip()
    }
    - _GLOSSED
    - {
        piece.strip()
        for message in ENGLISH
        for sentence in ([message.string] if isinstance(message.string, str) else message.string)
        for piece in re.split(r"%\(\w+\)[sd]|<[^>]*>", sentence)
    }
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_no_sentence_of_the_other_language_is_on_a_page(stranger: Stranger, address: str) -> None:
    # The French page first, and again: what is cached of one must not come up on the other.
    before = stranger.get(address).get_data(as_text=True)
    html = stranger.get(english(address)).get_data(as_text=True)
    text = " ".join(english_text(html).split())
    assert [piece for piece in _PIECES if " ".join(piece.split()) in text] == []
    again = Stranger(stranger.client.application).get(address).get_data(as_text=True)
    assert _without_tokens(again) == _without_tokens(before)


def _without_tokens(html: str) -> str:
    return re.sub(r'name="(?:jeton|csrf_token)" value="[^"]*"', "", html)


def test_a_case_stays_in_its_language_and_is_marked_as_such(stranger: Stranger) -> None:
    html = stranger.get("/en/incidents/1").get_data(as_text=True)
    assert '<h1 lang="fr">' in html
    assert "The text of this case is in French" in html
    assert "The text of this case" not in stranger.get("/incidents/1").get_data(as_text=True)
    list_html = stranger.get("/en/incidents").get_data(as_text=True)
    titles = re.findall(r'<h2><a href="/en/incidents/[0-9]+">(.*?)</a></h2>', list_html)
    assert len(titles) == 20
    assert all(title.startswith('<span lang="fr">') for title in titles)


@pytest.mark.parametrize("name", editorial.PAGE_NAMES)
def test_an_editorial_page_has_both_languages_with_the_same_headings(
    stranger: Stranger, name: str
) -> None:
    pages = [stranger.get(f"{mount}/{name}").get_data(as_text=True) for mount in ("", "/en")]
    french, english = (re.findall(r'<(h[23]) id="([^"]+)"', html) for html in pages)
    assert french == english
    titles = [re.findall(r"<h1>(.*?)</h1>", html)[0] for html in pages]
    assert titles[0] != titles[1]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("/en/incidents?departement=93&famille=acces", "Access to information and meetings"),
        ("/en/incidents/1", "No.\u00a01"),
        ("/en/communes/93032", "Gagny"),
        ("/en/statistiques", "Figures"),
    ],
)
def test_vocabularies_are_in_english(stranger: Stranger, address: str, text: str) -> None:
    assert text in stranger.get(address).get_data(as_text=True)


def test_counts_and_days_are_worded_in_english(demo_app: Flask) -> None:
    from register.web import l10n

    def formatted(address: str) -> list[str]:
        with demo_app.test_request_context(address, environ_overrides=_language_environ(address)):
            return [
                l10n.number(34_969),
                l10n.count_words(0),
                l10n.count_words(4),
                l10n.count_words(1, feminine=True),
                l10n.count_words(1_482),
                l10n.edtf_words("2006-06~"),
                l10n.edtf_words("2006?"),
                l10n.edtf_words(""),
                l10n.day_words(date(2006, 6, 1)),
                l10n.country_name("BE"),
                l10n.language_name("fr"),
                l10n.typeset("l'été : « 3 juin » ?"),
                l10n.with_label("Titre", "x"),
                l10n.quoted('a "b" c'),
            ]

    assert formatted("/en/") == [
        "34,969", "no", "four", "one", "1,482", "about June 2006", "2006 (uncertain)",
        "date unknown", "1 June 2006", "Belgium", "French", "l’été : « 3 juin » ?", "Titre: x",
        "“a ‘b’ c”",
    ]  # fmt: skip
    assert formatted("/") == [
        "34\u202f969", "zéro", "quatre", "une", "1\u202f482", "vers juin 2006",
        "2006 (incertain)", "date inconnue", "1er juin 2006", "Belgique", "français",
        "l’été\u00a0: «\u202f3\u00a0juin\u202f»\u202f?", "Titre\u00a0: x",
        "«\u202fa “b” c\u202f»",
    ]  # fmt: skip


def _language_environ(address: str) -> dict[str, str]:
    # A context is made without the layers around the application.
    return {"register.language": "en"} if address.startswith("/en") else {}


# --- cached pages ------------------------------------------------------------------------------


def test_the_same_page_in_two_languages_has_two_etags(stranger: Stranger) -> None:
    tags = {mount: stranger.get(f"{mount}/incidents/1").headers["ETag"] for mount in ("", "/en")}
    assert tags[""] != tags["/en"]
    for mount, tag in tags.items():
        other = {"": "/en", "/en": ""}[mount]
        headers = {"If-None-Match": tag}
        client = stranger.client
        same = Context().run(client.get, f"{mount}/incidents/1", headers=headers)
        assert same.status_code == 304
        changed = Context().run(client.get, f"{other}/incidents/1", headers=headers)
        assert changed.status_code == 200


@pytest.mark.parametrize(
    ("address", "status"), [("/en/nulle-part", 404), ("/en/incidents/99", 404)]
)
def test_an_error_is_worded_in_english(client: FlaskClient, address: str, status: int) -> None:
    answer = client.get(address)
    html = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert "Page not found" in html
    assert 'href="/en/"' in html


# --- periods, suggestions and refusals ----------------------------------------------------------


def test_a_period_is_worded_in_english(stranger: Stranger) -> None:
    html = stranger.get("/en/incidents?du=2006-06&au=2007-03").get_data(as_text=True)
    assert "June 2006" in html
    assert "juin 2006" not in html


def test_suggestions_lead_on_in_the_same_language(client: FlaskClient) -> None:
    for mount, detail in (("", "deux cas"), ("/en", "two cases")):
        first = client.get(f"{mount}/communes/suggest?q=gagny").get_json()["places"][0]
        assert first["address"] == f"{mount}/communes/93032"
        assert first["detail"] == detail
    assert client.get("/en/communes/suggest?q=belgi").get_json()["places"][0]["name"] == "Belgium"


def test_a_text_that_speaks_of_links_stays_as_it_is(demo_app: Flask) -> None:
    html = '<p title="a">&lt;a href="/incidents/1"&gt; href="/y"</p><a href="/incidents/1">un</a>'
    with demo_app.test_request_context("/", environ_overrides={"register.language": "en"}):
        sent = demo_app.process_response(demo_app.make_response(html)).get_data(as_text=True)
    assert sent == html.replace('<a href="/incidents/1">', '<a href="/en/incidents/1">')


@pytest.mark.parametrize(
    ("address", "status"), [("/en/incidents?q=%00", 400), ("/incidents?q=%00", 400)]
)
def test_a_refusal_before_flask_is_in_the_readers_language(
    client: FlaskClient, address: str, status: int
) -> None:
    answer = client.get(address)
    assert answer.status_code == status
    language = "en" if address.startswith("/en") else "fr"
    assert f'<html lang="{language}">' in answer.text
    assert ("Adresse incomprise" in answer.text) is (language == "fr")
    assert f'href="{english("/") if language == "en" else "/"}"' in answer.text


def test_a_report_in_english_may_be_as_long_as_a_french_one() -> None:
    from register.web.l10n import without_prefix
    from register.web.request_validation import body_limit

    for path in ("/signaler", "/moderation/dossiers/1/modifier", "/"):
        assert body_limit(without_prefix(english(path)), 1) == body_limit(path, 1)
    assert without_prefix("/english") == "/english"
    assert without_prefix("/en") == ""


@pytest.mark.parametrize("address", ["/en/suivi/recu.json", "/en/moderation/journal.csv"])
def test_addresses_refused_with_a_page_are_not_redirected_to_french(
    client: FlaskClient, address: str
) -> None:
    assert client.get(address).status_code != 308


def test_a_page_in_the_wrong_language_leaves_no_sentence_for_others(demo_app: Flask) -> None:
    client = demo_app.test_client()
    with demo_app.app_context():
        # One context for two requests, so that the second finds the locale of the first.
        client.get("/statistiques?utm_id=1")
        client.get("/en/statistiques?utm_id=1")
    assert "Figures" in client.get("/en/statistiques?utm_id=2").text
    assert "Journal public" not in client.get("/en/statistiques?utm_id=3").text
