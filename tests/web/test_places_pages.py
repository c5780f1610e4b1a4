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


def place_response(client: FlaskClient, typed: str, path: str = "/communes") -> TestResponse:
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
    """The places of a choice: the address of each, and the text beside it."""
    items = re.findall(r'<li class="entry row">(.*?)</li>', html, re.DOTALL)
    return [(unescape(re.findall(r'href="([^"]+)"', item)[0]), words(item)) for item in items]


def offered_links(client: FlaskClient, **parameters: str) -> list[tuple[str, str, str]]:
    """The links that a list offers beside its cases: address, label, text."""
    html = unescape(body(client.get("/incidents", query_string=parameters)))
    links = re.findall(r'href="([^"]+)"><span class="vh">([^<]+)\s: </span>([^<]+)</a>', html)
    return [(address, label, words(text)) for address, label, text in links if label != "Retirer"]


def suggested_places(client: FlaskClient, typed: str) -> list[dict[str, Any]]:
    """The places offered for a text."""
    answer = client.get("/communes/suggest", query_string={"q": typed})
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    document = json.loads(answer.get_data(as_text=True))
    assert set(document) == {"q", "places"}
    places: list[dict[str, Any]] = document["places"]
    return places


# --- one reading ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "location"),
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
def test_one_reading_leads_straight_to_the_place(
    client: FlaskClient, typed: str, location: str
) -> None:
    answer = place_response(client, typed)
    assert (answer.status_code, answer.location) == (303, location)
    assert client.get(location).status_code == 200


@pytest.mark.parametrize(
    ("typed", "location"),
    [
        ("gagny", "/incidents?commune=93032"),
        ("93", "/incidents?departement=93"),
        ("Pierrefitte-sur-Seine", "/incidents?commune=93059"),
        ("Paris 18e", "/incidents?commune=75118"),
    ],
)
def test_a_list_keeps_the_code_that_was_meant(
    client: FlaskClient, typed: str, location: str
) -> None:
    answer = place_response(client, typed, "/incidents")
    assert (answer.status_code, answer.location) == (303, location)


@pytest.mark.parametrize(
    ("code", "chip"),
    [
        ("93066", "Commune : Saint-Denis (Seine-Saint-Denis)"),
        ("93059", "Commune : Saint-Denis (pour Pierrefitte-sur-Seine)"),
        ("75118", "Commune : Paris (pour Paris 18e Arrondissement)"),
    ],
)
def test_a_chip_names_the_requested_and_the_resolved_place(
    client: FlaskClient, code: str, chip: str
) -> None:
    html = body(client.get(f"/incidents?commune={code}"))
    chips = re.findall(r'<span class="vh">Retirer[^<]*</span>([^<]+)', html)
    assert [" ".join(unescape(text).split()) for text in chips] == [chip]


def test_a_former_commune_selects_the_cases_of_the_one_of_today(client: FlaskClient) -> None:
    def cases(code: str) -> list[str]:
        return re.findall(r'<h2><a href="(/incidents/\d+)"', body(client.get(code)))

    assert cases("/incidents?commune=93059") == cases("/incidents?commune=93066") != []


# --- several ----------------------------------------------------------------------------------


def test_places_with_cases_come_first_and_each_has_its_departement(client: FlaskClient) -> None:
    places = entries(body(place_response(client, "St Denis")))
    assert {address for address, _text in places[:2]} == {"/communes/93066", "/communes/97411"}
    assert "93066 Saint-Denis (Seine-Saint-Denis) commune, un cas, nom de la commune" in {
        text for _address, text in places
    }
    assert all("aucun cas" in text for _address, text in places[2:])


def test_both_readings_of_a_number_that_is_two_codes_are_offered(client: FlaskClient) -> None:
    places = dict(entries(body(place_response(client, "13001"))))
    assert places["/communes/13001"] == (
        "13001 Aix-en-Provence (Bouches-du-Rhône) commune, aucun cas, code Insee"
    )
    assert places["/communes/13055?nom=13201"] == (
        "13055 Marseille (Bouches-du-Rhône) commune, un cas, code postal (Marseille 1er "
        "Arrondissement)"
    )
    assert len(places) == 2


def test_a_postal_code_of_forty_six_communes_shows_them_all(client: FlaskClient) -> None:
    html = body(place_response(client, "51300"))
    places = entries(html)
    # It is the INSEE code of a forty-seventh as well.
    assert len({address for address, _text in places}) == 47
    assert "47 lieux répondent" in words(html)
    assert sum(text.endswith("code postal") for _address, text in places) == 46
    assert places[-1][0] == "/communes/51300"
    assert places[-1][1].endswith("code Insee")


def test_a_departement_has_as_many_cases_as_its_filter(client: FlaskClient) -> None:
    places = dict(entries(body(place_response(client, "La Réunion"))))
    assert places["/departements/974"] == "974 La Réunion département, un cas, nom du département"
    assert "nom de la commune" in places["/communes/47222"]


def test_a_choice_within_a_list_keeps_the_search(client: FlaskClient) -> None:
    html = body(client.get("/incidents?lieu=subligny&famille=acces&pays=BE&endroit=Waterloo"))
    addresses = [address for address, _text in entries(html)]
    assert "/incidents?commune=18256&famille=acces" in addresses
    assert any(address.startswith("/incidents?endroit=Subligny") for address in addresses)
    assert all("famille=acces" in address and "BE" not in address for address in addresses)
    assert "Revenir à la liste sans ce lieu" in words(html)


def test_another_place_typed_in_a_choice_keeps_the_search(client: FlaskClient) -> None:
    address = "/incidents?lieu=st+denis&q=filmer&famille=acces&famille=securite&tri=date&page=2"
    html = body(client.get(address.replace("&page=2", "")))
    (form,) = re.findall(r'<form class="search" action="/incidents".*?</form>', html, re.DOTALL)
    (box,) = re.findall(r'<input id="lieu"[^>]*>', form)
    assert 'name="lieu"' in box
    assert 'value="st denis"' in box
    assert "data-suggest-fill" in box
    hidden_fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]+)">', form)
    assert hidden_fields == [
        ("q", "filmer"),
        ("famille", "acces"),
        ("famille", "securite"),
        ("tri", "date"),
    ]
    location = client.get("/incidents", query_string=[*hidden_fields, ("lieu", "gagny")]).location
    assert location.startswith("/incidents?q=filmer&commune=93032&famille=")


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
    places = entries(body(place_response(client, typed)))
    assert f"/communes/{first}" in dict(places)
    prefix_matches = [address for address, text in places if text.endswith("début du nom")]
    assert prefix_matches == [f"/communes/{code}" for code in towns]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("filmer à gagny", "93032"),
        ("conseil municipal Noisy-le-Sec", "93053"),
        ("filmer au conseil municipal de Noisy-le-Sec", "93053"),
    ],
)
def test_a_place_in_a_phrase_is_where_it_leads(client: FlaskClient, typed: str, code: str) -> None:
    assert place_response(client, typed).location == f"/communes/{code}"
    assert place_response(client, typed, "/incidents").location == f"/incidents?commune={code}"


def test_several_places_in_a_phrase_are_a_choice(client: FlaskClient) -> None:
    places = entries(body(place_response(client, "filmer à Saint-Denis")))
    assert len(places) == 4
    assert all(text.endswith("lieu nommé dans la phrase") for _address, text in places)


@pytest.mark.parametrize(
    ("typed", "codes"),
    [("75000", ["75"]), ("69000", ["69"]), ("13000", ["13"]), ("20", ["2A", "2B"])],
)
def test_a_code_of_no_place_offers_its_departement(
    client: FlaskClient, typed: str, codes: list[str]
) -> None:
    html = body(place_response(client, typed))
    assert "Des noms proches" in words(html)
    assert [address for address, _text in entries(html)] == [
        f"/departements/{code}" for code in codes
    ]


@pytest.mark.parametrize(
    ("typed", "code", "kind"),
    [
        ("Saint-Pierre-et-Miquelon", "975", "collectivité d’outre-mer"),
        ("Polynésie française", "987", "collectivité d’outre-mer"),
        ("988", "988", "collectivité d’outre-mer"),
        ("La Réunion", "974", "département"),
        ("93", "93", "département"),
    ],
)
def test_an_overseas_collectivity_is_no_departement(
    client: FlaskClient, typed: str, code: str, kind: str
) -> None:
    (departement,) = [
        place for place in suggested_places(client, typed) if place["kind"] == "departement"
    ]
    assert departement["code"] == code
    assert departement["detail"].partition(" · ")[0] == kind
    assert ("département" in departement["why"]) == (kind == "département")
    assert f"{kind} {departement['name']}" in {
        text for _address, _label, text in offered_links(client, q=typed)
    }


def test_a_place_is_offered_under_one_label_with_cases_first(client: FlaskClient) -> None:
    unfiltered = offered_links(client, q="st denis")
    assert {label for _address, label, _text in unfiltered} == {"Page du lieu"}
    assert {address for address, _label, _text in unfiltered[:2]} == {
        "/communes/93066",
        "/communes/97411",
    }
    assert len(unfiltered) == 4
    filtered = offered_links(client, q="st denis", famille="acces")
    assert {label for _address, label, _text in filtered} == {"Limiter à"}
    assert all("famille=acces" in address for address, _label, _text in filtered)


def test_a_short_name_is_offered_with_the_town_that_has_the_case(client: FlaskClient) -> None:
    first = ("/communes/93066?nom=93059", "Page du lieu", "Saint-Denis (Seine-Saint-Denis)")
    assert offered_links(client, q="pierrefitte")[0] == first
    places = dict(entries(body(place_response(client, "pierrefitte"))))
    assert places["/communes/93066?nom=93059"].endswith("début du nom (Pierrefitte-sur-Seine)")


@pytest.mark.parametrize(
    ("query", "advice"),
    [
        ("commune=93055", "Rien au registre ne répond à ce filtre."),
        ("commune=93055&famille=acces", "à tous ces filtres à la fois. Retirez-en un."),
        ("du=1950&au=1951", "Élargissez les dates"),
        ("annee=1950", "Élargissez les dates"),
    ],
)
def test_an_empty_list_has_advice_on_its_filters(
    client: FlaskClient, query: str, advice: str
) -> None:
    text = words(body(client.get(f"/incidents?{query}")))
    assert advice in text
    all_advice = {"à ce filtre.", "Retirez-en un", "Élargissez les dates"}
    assert sum(each in text for each in all_advice) == 1


# --- no place, and places that the territory does not have ------------------------------------


def test_an_unknown_place_is_reported_with_advice(client: FlaskClient) -> None:
    html = body(place_response(client, "zzzzzz"))
    text = words(html)
    assert "Aucun lieu ne répond à « zzzzzz »" in text
    assert "code postal" in text
    assert "ne sont pas encore compris" not in text
    assert entries(html) == []


def test_names_that_are_near_are_offered(client: FlaskClient) -> None:
    html = body(place_response(client, "Levalloi-Peret"))
    places = dict(entries(html))
    assert "Des noms proches" in words(html)
    assert places["/communes/92044"] == (
        "92044 Levallois-Perret (Hauts-de-Seine) commune, un cas, orthographe proche"
    )
    assert '<meta name="robots" content="noindex">' in html


@pytest.mark.parametrize("path", ["/communes", "/incidents"])
@pytest.mark.parametrize(
    ("typed", "near"),
    [("Renèves", "21522"), ("gagni", "93032"), ("lyonn", "69123"), ("gagni 93", "93032")],
)
def test_one_corrected_spelling_is_offered_and_never_settled(
    client: FlaskClient, typed: str, near: str, path: str
) -> None:
    html = body(place_response(client, typed, path))
    (address,) = [address for address, _text in entries(html)]
    assert address == (f"/communes/{near}" if path == "/communes" else f"/incidents?commune={near}")
    assert "Des noms proches" in words(html)


def test_a_town_abroad_is_no_misspelt_commune(client: FlaskClient) -> None:
    for typed, expected in (
        ("Genève", ["/incidents?pays=CH", "/communes/21522"]),
        ("à Bruxelles", ["/incidents?pays=BE", "/communes/28236?nom=28063", "/communes/80146"]),
    ):
        html = body(place_response(client, typed))
        assert f"« {typed} » n’est pas en France" in words(html)
        assert [address for address, _text in entries(html)] == expected
    assert "Belgique pays, deux cas" in dict(entries(html))["/incidents?pays=BE"]


@pytest.mark.parametrize(
    ("typed", "commune", "country"),
    [("Liège", "37127", "BE"), ("Lucerne", "50281", "CH"), ("Enghien", "95210", "BE")],
)
def test_a_commune_of_nearly_the_name_of_a_town_abroad_is_a_choice(
    client: FlaskClient, typed: str, commune: str, country: str
) -> None:
    html = body(place_response(client, typed))
    assert f"Deux lieux répondent à « {typed} »" in words(html)
    addresses = [address for address, _text in entries(html)]
    assert addresses == [f"/communes/{commune}", f"/incidents?pays={country}"]


@pytest.mark.parametrize(
    ("typed", "location"),
    [
        ("Châlons-sur-Marne", "/communes/51108?nom=51108"),
        ("Est Ensemble", "/incidents?epci=200057875"),
        ("métropole de Lyon", "/incidents?epci=200046977"),
        ("Grand Lyon", "/incidents?epci=200046977"),
        ("Loire-Inférieure", "/departements/44"),
        ("Le Liège", "/communes/37127"),
    ],
)
def test_a_former_name_or_an_intercommunalite_leads_to_its_place(
    client: FlaskClient, typed: str, location: str
) -> None:
    assert place_response(client, typed).location == location
    assert client.get(location).status_code == 200


def test_a_former_area_offers_what_it_became(client: FlaskClient) -> None:
    places = dict(entries(body(place_response(client, "Seine-et-Oise"))))
    assert set(places) == {f"/departements/{code}" for code in (78, 91, 92, 93, 94, 95)}
    assert places["/departements/78"].endswith("ancien département (Seine-et-Oise)")
    assert "Ce département n’existe plus" in words(body(place_response(client, "Seine-et-Oise")))
    assert "Cette région n’existe plus" in words(body(place_response(client, "Nord-Pas-de-Calais")))
    lists = dict(entries(body(place_response(client, "Nord-Pas-de-Calais", "/incidents"))))
    assert set(lists) == {
        "/incidents?region=32",
        "/incidents?departement=59",
        "/incidents?departement=62",
    }


@pytest.mark.parametrize(
    ("typed", "location", "text"),
    [
        ("Bernissart", "/incidents?endroit=Bernissart", "Bernissart (Belgique)"),
        ("bernissart belgique", "/incidents?endroit=Bernissart", "Bernissart (Belgique)"),
        ("Waterloo", "/incidents?endroit=Waterloo", "Waterloo (Belgique)"),
        ("Belgique", "/incidents?pays=BE", "Belgique"),
        ("Versoix", "/incidents?endroit=Versoix", "Versoix (Suisse)"),
    ],
)
def test_a_place_abroad_leads_to_its_cases(
    client: FlaskClient, typed: str, location: str, text: str
) -> None:
    for path in ("/communes", "/incidents"):
        answer = place_response(client, typed, path)
        assert (answer.status_code, answer.location) == (303, location)
    assert client.get(location).status_code == 200
    if typed == text.partition(" ")[0]:
        assert (location, "Limiter à", text) in offered_links(client, q=typed)


def test_a_choice_of_free_text_places_names_their_countries(app: Flask, desk: Any) -> None:
    for label in ("Namur", "Namur, devant le parlement"):
        desk.published(commune="", country="BE", place_label=label)
    html = body(Context().run(app.test_client().get, "/communes?q=namur"))
    page_text = words(html)
    assert "Deux lieux répondent à « namur »" in page_text
    assert "mais le registre y a des cas" in page_text
    assert "introuvable" not in page_text
    assert "Des noms proches" not in page_text
    assert [text for _address, text in entries(html)] == [
        "Namur (Belgique) lieu, un cas",
        "Namur, devant le parlement (Belgique) lieu, un cas",
    ]


def test_a_country_may_be_called_like_a_commune(client: FlaskClient) -> None:
    places = entries(body(place_response(client, "Suisse")))
    assert [address for address, _text in places] == ["/incidents?pays=CH", "/communes/57662"]


def test_a_place_that_cases_name_is_no_misspelt_commune(app: Flask, desk: Any) -> None:
    def read() -> TestResponse:
        return Context().run(app.test_client().get, "/communes?q=Canada")

    html = body(read())
    assert "« Canada » n’est pas en France" in words(html)
    # Canala is one letter away.
    assert [address for address, _text in entries(html)] == [
        "/incidents?pays=CA",
        "/communes/98804",
    ]
    desk.published(commune="", country="CA", place_label="Montréal")
    assert read().location == "/incidents?pays=CA"


def test_a_free_text_place_stands_beside_the_communes_of_that_name(client: FlaskClient) -> None:
    html = body(place_response(client, "Subligny"))
    places = entries(html)
    assert "Quatre lieux répondent à « Subligny »" in words(html)
    assert {address for address, _text in places[1:]} == {
        f"/communes/{c}" for c in (18256, 50584, 89404)
    }
    first, text = places[0]
    assert text == f"{SUBLIGNY} lieu, un cas", "what has a case comes before what has none"
    assert "Subligny (la source" in words(body(client.get(first)))


def test_a_collectivity_with_cases_under_a_label_is_a_choice(client: FlaskClient) -> None:
    addresses = dict(entries(body(place_response(client, "Saint-Pierre-et-Miquelon"))))
    assert "/departements/975" in addresses
    assert any(address.startswith("/incidents?endroit=Saint-Pierre") for address in addresses)


def test_the_page_of_a_collectivity_names_its_cases_without_a_code(client: FlaskClient) -> None:
    html = body(client.get("/departements/975"))
    assert "Aucun cas inscrit sous le code de ce lieu" in words(html)
    assert "le registre n’en connaît pas" not in words(html)
    assert "Saint-Pierre-et-Miquelon (collectivité)" in words(html)
    assert "le registre n’en connaît pas" in words(body(client.get("/departements/976")))


@pytest.mark.parametrize(("typed", "code"), [("Dijon", "21231"), ("Paris", "75056")])
def test_a_label_that_only_mentions_a_town_is_no_second_reading(
    client: FlaskClient, typed: str, code: str
) -> None:
    assert place_response(client, typed).location == f"/communes/{code}"


def test_labels_of_hidden_cases_are_nowhere(app: Flask, desk: Any, pen: Any, cast: Any) -> None:
    hidden = {"commune": "", "country": "BE", "place_label": "Zinzolinville"}
    desk.ready(**hidden)
    desk.withdrawn(**hidden)
    desk.erased(**hidden)

    def read(address: str) -> str:
        return Context().run(app.test_client().get, address).get_data(as_text=True)

    pages = ("/communes?q={}", "/communes/suggest?q={}", "/incidents?lieu={}")

    def belgian_cases() -> set[str]:
        return {
            text
            for page in pages
            for address, text in re.findall(
                r"(pays=BE).{,120}?(\w+ cas\b)", read(page.format("belgique")), re.DOTALL
            )
        }

    for page in pages:
        assert "endroit=" not in read(page.format("zinzolinville"))
    assert belgian_cases() == {"aucun cas"}
    case = desk.published(**hidden)
    for page in pages:
        assert "endroit=Zinzolinville" in read(page.format("zinzolinville"))
        assert "pays=BE" in read(page.format("belgique"))
    assert "aucun cas" not in belgian_cases()
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="erreur")
    for page in pages:
        assert "endroit=" not in read(page.format("zinzolinville"))
    assert belgian_cases() == {"aucun cas"}


# --- a commune under another name -------------------------------------------------------------


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
def test_a_commune_names_the_former_commune_that_led_to_it(
    client: FlaskClient, address: str, note: str
) -> None:
    html = body(client.get(address))
    paragraph = re.search(r'<p class="note">(.*?)</p>', html)
    assert paragraph
    assert words(paragraph[1]) == note
    path = address.partition("?")[0]
    assert f'<link rel="canonical" href="http://127.0.0.1:5000{path}">' in html
    assert '<p class="note">' not in body(client.get(path))


def test_a_former_code_without_a_name_is_shown_as_a_code(client: FlaskClient) -> None:
    answer = client.get("/communes/20004")
    assert answer.status_code == 301
    assert answer.location.endswith("?nom=20004")
    assert "L’ancien code 20004 mène aujourd’hui à cette commune." in words(
        body(client.get(answer.location))
    )


@pytest.mark.parametrize("code", ["93059", "75118", "13201"])
def test_a_former_code_leads_to_a_page_with_a_note(client: FlaskClient, code: str) -> None:
    answer = client.get(f"/communes/{code}")
    assert answer.status_code == 301
    assert answer.location.endswith(f"?nom={code}")
    assert '<p class="note">' in body(client.get(answer.location))


@pytest.mark.parametrize("code", ["93032", "93066", "99999", "x", "93059 ", "930590", "75118"])
def test_a_name_that_is_no_former_one_is_not_found(client: FlaskClient, code: str) -> None:
    answer = client.get("/communes/93066", query_string={"nom": code})
    assert answer.status_code == 404


def test_an_empty_name_is_none(client: FlaskClient) -> None:
    assert '<p class="note">' not in body(client.get("/communes/93066?nom="))


# --- suggestions ------------------------------------------------------------------------------


def test_a_suggestion_has_all_that_the_list_shows(client: FlaskClient) -> None:
    assert suggested_places(client, "gagny") == [
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
    places = {place["address"]: place for place in suggested_places(client, typed)}
    assert address in places
    if detail is not None:
        assert places[address]["detail"] == detail
    assert client.get(address).status_code == 200


@pytest.mark.parametrize("typed", ["saint", "le", "seine", "93", "51300", "commune", "bel"])
def test_suggestions_are_few_and_each_leads_somewhere(client: FlaskClient, typed: str) -> None:
    places = suggested_places(client, typed)
    assert 0 < len(places) <= MAX_SUGGESTIONS
    assert len({place["address"] for place in places}) == len(places)
    for place in places:
        assert client.get(place["address"]).status_code == 200


@pytest.mark.parametrize("typed", ["saint-den", "montreuil", "subligny", "pierrefitte", "paris 1"])
def test_a_form_reads_the_text_of_a_suggestion_as_that_place(
    client: FlaskClient, typed: str
) -> None:
    places = [place for place in suggested_places(client, typed) if place["kind"] == "commune"]
    assert places
    for place in places:
        assert place_response(client, place["text"]).location == place["address"], place


@pytest.mark.parametrize(
    "typed",
    ["", " ", "\u00a0", "zzzzzz", "'", '"', "%", "§", "()", "\u202e", "*", "-", "💬", "à" * 300],
)
def test_what_cannot_be_completed_is_an_empty_list(client: FlaskClient, typed: str) -> None:
    assert suggested_places(client, typed) == []


def test_the_text_is_bounded_and_the_last_one_counts(client: FlaskClient) -> None:
    answer = client.get("/communes/suggest?q=puteaux&q=" + "x" * 500)
    assert len(answer.get_json()["q"]) == 200
    assert client.get("/communes/suggest").get_json() == {"q": "", "places": []}
    assert client.get("/communes/suggest?q=" + "x" * 5000).status_code == 414
    assert client.get("/communes/suggest?q=%00").status_code == 400


def test_suggest_is_no_code_of_a_commune(client: FlaskClient) -> None:
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
def test_a_page_with_a_place_field_has_one_script(client: FlaskClient, address: str) -> None:
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
def test_a_page_without_a_place_field_has_no_script(client: FlaskClient, address: str) -> None:
    # A block of data for machines is none: nothing runs it.
    html = body(client.get(address)).replace('<script type="application/ld+json">', "")
    assert "<script" not in html


def test_the_place_field_has_the_attributes_that_its_script_reads(client: FlaskClient) -> None:
    html = body(place_response(client, '"><b>zzz'))
    (box,) = re.findall(r'<input id="q"[^>]*>', html)
    assert 'value="&#34;&gt;&lt;b&gt;zzz"' in box
    assert 'data-suggest="/communes/suggest"' in box
    for name in ("label", "one", "many"):
        assert re.search(rf'data-suggest-{name}="[^"]+"', box), name
    assert "#" in re.findall(r'data-suggest-many="([^"]+)"', box)[0]
    assert "data-suggest-fill" not in box
