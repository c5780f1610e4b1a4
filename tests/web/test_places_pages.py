"""From what a person types for a place to the page of it, and the places offered meanwhile."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextvars import Context
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from register.cases import acts
from register.cases.case_content import Content
from register.territory.readings import EXACTNESS, PlaceReading
from register.territory.web import place_names
from register.territory.web.place_choice import MAX_SUGGESTIONS

pytestmark = pytest.mark.one_database

SUBLIGNY = "Subligny (la source ne dit pas laquelle des trois communes de ce nom)"


def found(client: FlaskClient, typed: str, path: str = "/communes") -> TestResponse:
    """The answer to a typed place."""
    return client.get(path, query_string={"q" if path == "/communes" else "lieu": typed})


def body(answer: TestResponse) -> str:
    """The HTML of an answer that must be a page."""
    assert answer.status_code == 200, answer.location
    return answer.get_data(as_text=True)


def words(html: str) -> str:
    """The text of a page on one line, every space an ordinary one, none before a comma."""
    spaced = " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
    return re.sub(r" (?=[,.)])", "", spaced)


def entries(html: str) -> list[tuple[str, str]]:
    """The places of a choice: where each leads, and everything that is said of it."""
    parts = re.findall(r'<li class="entry row">(.*?)</li>', html, re.DOTALL)
    return [(unescape(re.findall(r'href="([^"]+)"', part)[0]), words(part)) for part in parts]


def offers(client: FlaskClient, **asked: str) -> list[tuple[str, str, str]]:
    """What a list offers beside its cases: where each link leads, under which label, its text."""
    html = unescape(body(client.get("/incidents", query_string=asked)))
    found = re.findall(r'href="([^"]+)"><span class="vh">([^<]+)\s: </span>([^<]+)</a>', html)
    return [(led, label, words(text)) for led, label, text in found if label != "Retirer"]


def suggested(client: FlaskClient, typed: str) -> list[dict[str, Any]]:
    """The places offered for a text."""
    answer = client.get("/communes/suggest", query_string={"q": typed})
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    told = json.loads(answer.get_data(as_text=True))
    assert set(told) == {"q", "places"}
    places: list[dict[str, Any]] = told["places"]
    return places


# --- one reading ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "led"),
    [
        ("gagny", "/communes/93032"),
        ("GAGNY ", "/communes/93032"),
        ("93220", "/communes/93032"),
        ("93032", "/communes/93032"),
        ("mairie de Gagny", "/communes/93032"),
        ("St Denis (93)", "/communes/93066"),
        ("93", "/departements/93"),
        ("2a", "/departements/2A"),
        ("Hauts de Seine", "/departements/92"),
        ("Île-de-France", "/regions/11"),
        ("Pierrefitte-sur-Seine", "/communes/93066?nom=93059"),
        ("93059", "/communes/93066?nom=93059"),
        ("Paris 18e", "/communes/75056?nom=75118"),
        ("75118", "/communes/75056?nom=75118"),
        ("Arbignieu", "/communes/01015?nom=01015"),
        ("Dijon", "/communes/21231"),
    ],
)
def test_one_reading_leads_straight_to_the_place(client: FlaskClient, typed: str, led: str) -> None:
    answer = found(client, typed)
    assert (answer.status_code, answer.location) == (303, led)
    assert client.get(led).status_code == 200


@pytest.mark.parametrize(
    ("typed", "led"),
    [
        ("gagny", "/incidents?commune=93032"),
        ("93", "/incidents?departement=93"),
        ("Pierrefitte-sur-Seine", "/incidents?commune=93059"),
        ("Paris 18e", "/incidents?commune=75118"),
    ],
)
def test_a_list_keeps_the_code_that_was_meant(client: FlaskClient, typed: str, led: str) -> None:
    answer = found(client, typed, "/incidents")
    assert (answer.status_code, answer.location) == (303, led)


@pytest.mark.parametrize(
    ("filed", "chip"),
    [
        ("93066", "Commune : Saint-Denis (Seine-Saint-Denis)"),
        ("93059", "Commune : Saint-Denis (pour Pierrefitte-sur-Seine)"),
        ("75118", "Commune : Paris (pour Paris 18e Arrondissement)"),
    ],
)
def test_a_chip_names_the_requested_and_the_resolved_place(
    client: FlaskClient, filed: str, chip: str
) -> None:
    html = body(client.get(f"/incidents?commune={filed}"))
    chips = re.findall(r'<span class="vh">Retirer[^<]*</span>([^<]+)', html)
    assert [" ".join(unescape(text).split()) for text in chips] == [chip]


def test_a_former_commune_selects_the_cases_of_the_one_of_today(client: FlaskClient) -> None:
    def cases(code: str) -> list[str]:
        return re.findall(r'<h2><a href="(/incidents/\d+)"', body(client.get(code)))

    assert cases("/incidents?commune=93059") == cases("/incidents?commune=93066") != []


# --- several ----------------------------------------------------------------------------------


def test_cases_come_first_and_each_place_says_where_it_is(client: FlaskClient) -> None:
    told = entries(body(found(client, "St Denis")))
    assert {led for led, _text in told[:2]} == {"/communes/93066", "/communes/97411"}
    assert "93066 Saint-Denis (Seine-Saint-Denis) commune, un cas, nom de la commune" in {
        text for _led, text in told
    }
    assert all("aucun cas" in text for _led, text in told[2:])


def test_a_number_that_is_two_codes_says_which_is_which(client: FlaskClient) -> None:
    told = dict(entries(body(found(client, "13001"))))
    assert told["/communes/13001"] == (
        "13001 Aix-en-Provence (Bouches-du-Rhône) commune, aucun cas, code Insee"
    )
    assert told["/communes/13055?nom=13201"] == (
        "13055 Marseille (Bouches-du-Rhône) commune, un cas, code postal (Marseille 1er "
        "Arrondissement)"
    )
    assert len(told) == 2


def test_a_postal_code_of_forty_six_communes_shows_them_all(client: FlaskClient) -> None:
    html = body(found(client, "51300"))
    told = entries(html)
    # It is the INSEE code of a forty-seventh as well.
    assert len({led for led, _text in told}) == 47
    assert "47 lieux répondent" in words(html)
    assert sum(text.endswith("code postal") for _led, text in told) == 46
    assert told[0][0] == "/communes/51300"
    assert told[0][1].endswith("code Insee")


def test_a_departement_has_as_many_cases_as_its_filter(client: FlaskClient) -> None:
    told = dict(entries(body(found(client, "La Réunion"))))
    assert told["/departements/974"] == "974 La Réunion département, un cas, nom du département"
    assert "nom de la commune" in told["/communes/47222"]


def test_a_choice_within_a_list_keeps_the_search(client: FlaskClient) -> None:
    html = body(client.get("/incidents?lieu=subligny&famille=acces&pays=BE&endroit=Waterloo"))
    told = [led for led, _text in entries(html)]
    assert "/incidents?commune=18256&famille=acces" in told
    assert any(led.startswith("/incidents?endroit=Subligny") for led in told)
    assert all("famille=acces" in led and "BE" not in led for led in told)
    assert "Revenir à la liste sans ce lieu" in words(html)


def test_another_place_typed_in_a_choice_keeps_the_search(client: FlaskClient) -> None:
    asked = "/incidents?lieu=st+denis&q=filmer&famille=acces&famille=securite&tri=date&page=2"
    html = body(client.get(asked.replace("&page=2", "")))
    (form,) = re.findall(r'<form class="search" action="/incidents".*?</form>', html, re.DOTALL)
    (box,) = re.findall(r'<input id="lieu"[^>]*>', form)
    assert 'name="lieu"' in box
    assert 'value="st denis"' in box
    assert "data-suggest-fill" in box
    kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)">', form)
    assert kept == [("q", "filmer"), ("famille", "acces"), ("famille", "securite"), ("tri", "date")]
    led = client.get("/incidents", query_string=[*kept, ("lieu", "gagny")]).location
    assert led.startswith("/incidents?q=filmer&commune=93032&famille=")


@pytest.mark.parametrize(
    ("typed", "first", "towns"),
    [
        ("Evry", "89162", ["91228"]),
        ("St Ouen", "41226", ["93070"]),
        ("Neuilly", "27429", ["92051", "93050", "93049"]),
    ],
)
def test_a_town_follows_its_small_namesakes(
    client: FlaskClient, typed: str, first: str, towns: list[str]
) -> None:
    told = entries(body(found(client, typed)))
    assert f"/communes/{first}" in dict(told)
    begun = [led for led, text in told if text.endswith("début du nom")]
    assert begun == [f"/communes/{code}" for code in towns]


@pytest.mark.parametrize(
    ("typed", "led"),
    [
        ("filmer à gagny", "93032"),
        ("conseil municipal Noisy-le-Sec", "93053"),
        ("filmer au conseil municipal de Noisy-le-Sec", "93053"),
    ],
)
def test_a_place_in_a_phrase_is_where_it_leads(client: FlaskClient, typed: str, led: str) -> None:
    assert found(client, typed).location == f"/communes/{led}"
    assert found(client, typed, "/incidents").location == f"/incidents?commune={led}"


def test_several_places_in_a_phrase_are_a_choice(client: FlaskClient) -> None:
    told = entries(body(found(client, "filmer à Saint-Denis")))
    assert len(told) == 4
    assert all(text.endswith("lieu nommé dans la phrase") for _led, text in told)


@pytest.mark.parametrize(
    ("typed", "led"),
    [("75000", ["75"]), ("69000", ["69"]), ("13000", ["13"]), ("20", ["2A", "2B"])],
)
def test_a_code_of_nothing_is_near_its_departement(
    client: FlaskClient, typed: str, led: list[str]
) -> None:
    html = body(found(client, typed))
    assert "Des noms proches" in words(html)
    assert [address for address, _text in entries(html)] == [f"/departements/{one}" for one in led]


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("Saint-Pierre-et-Miquelon", "975", "collectivité d’outre-mer"),
        ("Polynésie française", "987", "collectivité d’outre-mer"),
        ("988", "988", "collectivité d’outre-mer"),
        ("La Réunion", "974", "département"),
        ("93", "93", "département"),
    ],
)
def test_an_overseas_collectivity_is_no_departement(
    client: FlaskClient, typed: str, code: str, said: str
) -> None:
    (land,) = [one for one in suggested(client, typed) if one["kind"] == "departement"]
    assert land["code"] == code
    assert land["detail"].partition(" · ")[0] == said
    assert ("département" in land["why"]) == (said == "département")
    assert f"{said} {land['name']}" in {text for _led, _label, text in offers(client, q=typed)}


def test_a_place_is_offered_in_one_way_with_cases_first(client: FlaskClient) -> None:
    alone = offers(client, q="st denis")
    assert {label for _led, label, _text in alone} == {"Page du lieu"}
    assert {led for led, _label, _text in alone[:2]} == {"/communes/93066", "/communes/97411"}
    assert len(alone) == 4
    narrowed = offers(client, q="st denis", famille="acces")
    assert {label for _led, label, _text in narrowed} == {"Limiter à"}
    assert all("famille=acces" in led for led, _label, _text in narrowed)


def test_a_short_name_is_offered_with_the_town_that_has_the_case(client: FlaskClient) -> None:
    first = ("/communes/93066?nom=93059", "Page du lieu", "Saint-Denis (Seine-Saint-Denis)")
    assert offers(client, q="pierrefitte")[0] == first
    told = dict(entries(body(found(client, "pierrefitte"))))
    assert told["/communes/93066?nom=93059"].endswith("début du nom (Pierrefitte-sur-Seine)")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("commune=93055", "Rien au registre ne répond à ce filtre."),
        ("commune=93055&famille=acces", "à tous ces filtres à la fois. Retirez-en un."),
        ("du=1950&au=1951", "Élargissez les dates"),
        ("annee=1950", "Élargissez les dates"),
    ],
)
def test_an_empty_list_says_what_to_change(client: FlaskClient, asked: str, said: str) -> None:
    told = words(body(client.get(f"/incidents?{asked}")))
    assert said in told
    others = {"à ce filtre.", "Retirez-en un", "Élargissez les dates"}
    assert sum(one in told for one in others) == 1


# --- none, and places that the territory does not know ----------------------------------------


def test_no_place_at_all_says_so_and_what_to_try(client: FlaskClient) -> None:
    html = body(found(client, "zzzzzz"))
    told = words(html)
    assert "Aucun lieu ne répond à « zzzzzz »" in told
    assert "code postal" in told
    assert "ne sont pas encore compris" not in told
    assert entries(html) == []


def test_names_that_are_near_are_offered(client: FlaskClient) -> None:
    html = body(found(client, "Levalloi-Peret"))
    told = dict(entries(html))
    assert "Des noms proches" in words(html)
    assert told["/communes/92044"] == (
        "92044 Levallois-Perret (Hauts-de-Seine) commune, un cas, orthographe proche"
    )
    assert '<meta name="robots" content="noindex">' in html


@pytest.mark.parametrize(
    ("typed", "led", "text"),
    [
        ("Bernissart", "/incidents?endroit=Bernissart", "Bernissart (Belgique)"),
        ("bernissart belgique", "/incidents?endroit=Bernissart", "Bernissart (Belgique)"),
        ("Waterloo", "/incidents?endroit=Waterloo", "Waterloo (Belgique)"),
        ("Belgique", "/incidents?pays=BE", "Belgique"),
        ("Versoix", "/incidents?endroit=Versoix", "Versoix (Suisse)"),
    ],
)
def test_a_place_abroad_leads_to_its_cases(
    client: FlaskClient, typed: str, led: str, text: str
) -> None:
    for path in ("/communes", "/incidents"):
        answer = found(client, typed, path)
        assert (answer.status_code, answer.location) == (303, led)
    assert client.get(led).status_code == 200
    if typed == text.partition(" ")[0]:
        assert (led, "Limiter à", text) in offers(client, q=typed)


def test_several_places_of_cases_alone_say_what_they_are(app: Flask, desk: Any) -> None:
    for land in ("Namur", "Namur, devant le parlement"):
        desk.published(commune="", country="BE", place_label=land)
    html = body(Context().run(app.test_client().get, "/communes?q=namur"))
    told = words(html)
    assert "Deux lieux répondent à « namur »" in told
    assert "mais le registre y a des cas" in told
    assert "introuvable" not in told
    assert "Des noms proches" not in told
    assert [text for _led, text in entries(html)] == [
        "Namur (Belgique) lieu, un cas",
        "Namur, devant le parlement (Belgique) lieu, un cas",
    ]


def test_a_country_may_be_called_like_a_commune(client: FlaskClient) -> None:
    told = entries(body(found(client, "Suisse")))
    assert [led for led, _text in told] == ["/incidents?pays=CH", "/communes/57662"]


def test_a_place_that_cases_name_is_no_misspelt_commune(app: Flask, desk: Any) -> None:
    def read() -> TestResponse:
        return Context().run(app.test_client().get, "/communes?q=Canada")

    assert read().location == "/communes/98804", "Canala, one letter away"
    desk.published(commune="", country="CA", place_label="Montréal")
    assert read().location == "/incidents?pays=CA"


def test_a_free_text_place_stands_beside_the_communes_of_that_name(client: FlaskClient) -> None:
    html = body(found(client, "Subligny"))
    told = entries(html)
    assert "Quatre lieux répondent à « Subligny »" in words(html)
    assert {led for led, _text in told[1:]} == {f"/communes/{c}" for c in (18256, 50584, 89404)}
    first, text = told[0]
    assert text == f"{SUBLIGNY} lieu, un cas", "what has a case comes before what has none"
    assert "Subligny (la source" in words(body(client.get(first)))


def test_a_collectivity_with_cases_under_a_label_is_a_choice(client: FlaskClient) -> None:
    told = dict(entries(body(found(client, "Saint-Pierre-et-Miquelon"))))
    assert "/departements/975" in told
    assert any(led.startswith("/incidents?endroit=Saint-Pierre") for led in told)


@pytest.mark.parametrize(("typed", "led"), [("Dijon", "21231"), ("Paris", "75056")])
def test_a_label_that_only_mentions_a_town_is_not_in_its_way(
    client: FlaskClient, typed: str, led: str
) -> None:
    assert found(client, typed).location == f"/communes/{led}"


def test_labels_of_hidden_cases_are_nowhere(app: Flask, desk: Any, pen: Any, cast: Any) -> None:
    hidden = {"commune": "", "country": "BE", "place_label": "Zinzolinville"}
    desk.ready(**hidden)
    desk.withdrawn(**hidden)
    desk.erased(**hidden)

    def read(address: str) -> str:
        return Context().run(app.test_client().get, address).get_data(as_text=True)

    pages = ("/communes?q={}", "/communes/suggest?q={}", "/incidents?lieu={}")
    for page in pages:
        assert "endroit=" not in read(page.format("zinzolinville"))
        assert "pays=BE" not in read(page.format("belgique"))
    filed = desk.published(**hidden)
    for page in pages:
        assert "endroit=Zinzolinville" in read(page.format("zinzolinville"))
        assert "pays=BE" in read(page.format("belgique"))
    with pen() as p:
        acts.withdraw(p, filed.id, by=cast.bruno, restriction="erreur", reason="erreur")
    for page in pages:
        assert "endroit=" not in read(page.format("zinzolinville"))
        assert "pays=BE" not in read(page.format("belgique"))


# --- a commune that was asked for under another name ------------------------------------------


@pytest.mark.parametrize(
    ("address", "note"),
    [
        (
            "/communes/93066?nom=93059",
            "« Pierrefitte-sur-Seine » fait aujourd’hui partie de cette commune.",
        ),
        (
            "/communes/75056?nom=75118",
            "Paris 18e Arrondissement : cette page est celle de toute la ville.",
        ),
        ("/communes/01015?nom=01015", "« Arbignieu » fait aujourd’hui partie de cette commune."),
    ],
)
def test_a_commune_says_what_led_to_it(client: FlaskClient, address: str, note: str) -> None:
    html = body(client.get(address))
    told = re.search(r'<p class="note">(.*?)</p>', html)
    assert told
    assert words(told[1]) == note
    path = address.partition("?")[0]
    assert f'<link rel="canonical" href="http://127.0.0.1:5000{path}">' in html
    assert '<p class="note">' not in body(client.get(path))


def test_a_code_that_nobody_kept_a_name_for_says_so(client: FlaskClient) -> None:
    answer = client.get("/communes/01003")
    assert answer.status_code == 301
    assert answer.location.endswith("?nom=01003")
    assert "L’ancien code 01003 mène aujourd’hui à cette commune." in words(
        body(client.get(answer.location))
    )


@pytest.mark.parametrize("code", ["93059", "75118", "13201"])
def test_a_former_code_leads_to_the_page_that_says_so(client: FlaskClient, code: str) -> None:
    answer = client.get(f"/communes/{code}")
    assert answer.status_code == 301
    assert answer.location.endswith(f"?nom={code}")
    assert '<p class="note">' in body(client.get(answer.location))


@pytest.mark.parametrize("code", ["93032", "93066", "99999", "x", "93059 ", "930590", "75118"])
def test_a_name_that_never_led_here_is_no_page(client: FlaskClient, code: str) -> None:
    answer = client.get("/communes/93066", query_string={"nom": code})
    assert answer.status_code == 404


def test_an_empty_name_is_none(client: FlaskClient) -> None:
    assert '<p class="note">' not in body(client.get("/communes/93066?nom="))


# --- suggestions ------------------------------------------------------------------------------


def test_a_suggestion_has_all_that_the_list_shows(client: FlaskClient) -> None:
    assert suggested(client, "gagny") == [
        {
            "kind": "commune",
            "code": "93032",
            "name": "Gagny",
            "within": "Seine-Saint-Denis",
            "why": "nom de la commune",
            "cases": 2,
            "address": "/communes/93032",
            "detail": "deux cas",
            "text": "Gagny (Seine-Saint-Denis)",
        }
    ]


@pytest.mark.parametrize(
    ("typed", "address", "detail"),
    [
        ("gagn", "/communes/93032", "deux cas"),
        ("93220", "/communes/93032", "code postal · deux cas"),
        ("93032", "/communes/93032", "code Insee · deux cas"),
        (
            "pierrefitte-sur-s",
            "/communes/93066?nom=93059",
            "Pierrefitte-sur-Seine, ancienne commune, aujourd’hui Saint-Denis · un cas",
        ),
        (
            "paris 18",
            "/communes/75056?nom=75118",
            "Paris 18e Arrondissement, arrondissement de Paris · un cas",
        ),
        ("seine-saint-d", "/departements/93", "département · six cas"),
        ("île-de-fr", "/regions/11", None),
        ("bernis", "/incidents?endroit=Bernissart", "un cas"),
        ("belg", "/incidents?pays=BE", "pays · deux cas"),
    ],
)
def test_what_is_being_typed_is_completed(
    client: FlaskClient, typed: str, address: str, detail: str | None
) -> None:
    told = {place["address"]: place for place in suggested(client, typed)}
    assert address in told
    if detail is not None:
        assert told[address]["detail"] == detail
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("typed", ["saint", "le", "seine", "93", "51300", "commune", "bel"])
def test_suggestions_are_few_and_each_leads_somewhere(client: FlaskClient, typed: str) -> None:
    places = suggested(client, typed)
    assert 0 < len(places) <= MAX_SUGGESTIONS
    assert len({place["address"] for place in places}) == len(places)
    for place in places:
        assert client.get(place["address"]).status_code == 200


@pytest.mark.parametrize("typed", ["saint-den", "montreuil", "subligny", "pierrefitte", "paris 1"])
def test_a_form_reads_the_text_of_a_suggestion_as_that_place(
    client: FlaskClient, typed: str
) -> None:
    places = [place for place in suggested(client, typed) if place["kind"] == "commune"]
    assert places
    for place in places:
        assert found(client, place["text"]).location == place["address"], place


@pytest.mark.parametrize(
    "typed",
    ["", " ", "\u00a0", "zzzzzz", "'", '"', "%", "§", "()", "\u202e", "*", "-", "💬", "à" * 300],
)
def test_what_cannot_be_completed_is_an_empty_list(client: FlaskClient, typed: str) -> None:
    assert suggested(client, typed) == []


def test_the_text_is_bounded_and_the_last_one_counts(client: FlaskClient) -> None:
    answer = client.get("/communes/suggest?q=puteaux&q=" + "x" * 500)
    assert len(answer.get_json()["q"]) == 200
    assert client.get("/communes/suggest").get_json() == {"q": "", "places": []}
    assert client.get("/communes/suggest?q=" + "x" * 5000).status_code == 400
    assert client.get("/communes/suggest?q=%00").status_code == 400


def test_suggestions_are_no_commune(client: FlaskClient) -> None:
    assert client.get("/communes/suggestion").status_code == 404
    assert client.get("/communes/suggest.atom").status_code == 404


def test_suggestions_are_stored_nowhere_and_count_what_is_published(
    app: Flask, desk: Any, content: Callable[..., Content]
) -> None:
    def answers() -> list[TestResponse]:
        client = app.test_client()
        return [
            Context().run(client.get, "/communes/suggest?q=gagny"),
            Context().run(client.post, "/communes/suggest", data={"q": "gagny"}),
        ]

    for counted in (0, 1):
        for answer in answers():
            assert answer.get_json()["q"] == "gagny"
            assert answer.get_json()["places"][0]["cases"] == counted
            assert "Set-Cookie" not in answer.headers
            assert "ETag" not in answer.headers
            assert answer.headers["Cache-Control"] == "no-store"
        desk.published(content())


# --- the words and the script -----------------------------------------------------------------


@pytest.mark.parametrize("why", [*EXACTNESS, "endroit", "pays"])
def test_every_reason_has_its_words(app: Flask, why: str) -> None:
    with app.test_request_context():
        alone = place_names.match_reason(PlaceReading("commune", "93066", "Saint-Denis", "93", why))
        through = place_names.match_reason(
            PlaceReading(
                "commune", "93066", "Saint-Denis", "93", why, "Pierrefitte-sur-Seine", "93059"
            )
        )
    assert alone
    assert "Pierrefitte-sur-Seine" in through


@pytest.mark.parametrize("address", ["/communes", "/communes?q=zzzzzz", "/communes?q=subligny"])
def test_a_page_with_a_box_for_places_has_its_one_script(client: FlaskClient, address: str) -> None:
    html = body(client.get(address))
    scripts = re.findall(r"<script[^>]*>.*?</script>", html, re.DOTALL)
    (source,) = re.findall(r'^<script type="module" src="([^"]+)"></script>$', "\n".join(scripts))
    assert re.fullmatch(r"/static/js/combobox\.[0-9a-f]{10}\.js", source)
    (sheets,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', html)
    with client.get(sheets) as answer:
        assert ".suggest" in answer.get_data(as_text=True)
    with client.get(source) as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "text/javascript"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "immutable" in answer.headers["Cache-Control"]


def test_the_script_is_allowed_by_the_policy_and_nothing_else_is(client: FlaskClient) -> None:
    policy = client.get("/communes").headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["script-src"] == rules["connect-src"] == rules["style-src"] == "'self'"


@pytest.mark.parametrize("address", ["/registre", "/statistiques", "/methode"])
def test_a_page_without_a_box_has_no_script(client: FlaskClient, address: str) -> None:
    # A block of data for machines is none: nothing runs it.
    told = body(client.get(address)).replace('<script type="application/ld+json">', "")
    assert "<script" not in told


def test_the_box_says_what_the_script_needs(client: FlaskClient) -> None:
    html = body(found(client, '"><b>zzz'))
    (box,) = re.findall(r'<input id="q"[^>]*>', html)
    assert 'value="&#34;&gt;&lt;b&gt;zzz"' in box
    assert 'data-suggest="/communes/suggest"' in box
    for name in ("label", "one", "many"):
        assert re.search(rf'data-suggest-{name}="[^"]+"', box), name
    assert "#" in re.findall(r'data-suggest-many="([^"]+)"', box)[0]
    assert "data-suggest-fill" not in box
