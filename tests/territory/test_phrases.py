"""Extraction of places from phrases: the places that are recognised, and other words."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.territory.gazetteer import Gazetteer
from register.territory.name_normalisation import split_words
from register.territory.place_extraction import MAX_PLACES, ExtractedPlace, extract_places
from register.territory.places import Area, Commune, Communes, Territory


def summaries(places: tuple[ExtractedPlace, ...]) -> list[tuple[str, str, str]]:
    """The codes of each place, its words, and the remaining text."""
    return [
        (
            " ".join(reading.code for reading in place.resolution.readings),
            place.matched_text,
            place.remaining_text,
        )
        for place in places
    ]


@pytest.mark.parametrize(
    ("text", "codes", "name", "rest"),
    [
        ("filmer à gagny", "93032", "gagny", "filmer"),
        ("filmer a gagny", "93032", "gagny", "filmer"),
        ("gagny filmer", "93032", "gagny", "filmer"),
        ("Gagny filmer", "93032", "Gagny", "filmer"),
        ("FILMER GAGNY", "93032", "GAGNY", "FILMER"),
        ("filmer à Gagny, huis clos", "93032", "Gagny", "filmer huis clos"),
        ("filmer (Gagny) huis clos", "93032", "Gagny", "filmer huis clos"),
        ("conseil municipal Noisy-le-Sec", "93053", "Noisy-le-Sec", "conseil municipal"),
        ("conseil municipal de noisy le sec", "93053", "noisy le sec", "conseil municipal"),
        ("conseil municipal des Lilas", "93045", "Lilas", "conseil municipal"),
        ("filmer au bourget", "93013", "bourget", "filmer"),
        ("blog de L’Haÿ-les-Roses", "94038", "L’Haÿ-les-Roses", "blog"),
        ("blog d'orléans", "45234", "orléans", "blog"),
        ("blog de Saint-Denis 93", "93066", "Saint-Denis 93", "blog"),
        ("blog de Saint-Denis (93) relaxe", "93066", "Saint-Denis (93)", "blog relaxe"),
        ("93200 saint denis blog", "93066", "93200 saint denis", "blog"),
        ("saint denis réunion blog", "97411", "saint denis réunion", "blog"),
        ("blog de Saint-Denis", "97411 93066 11339 30247", "Saint-Denis", "blog"),
        ("filmer 93220", "93032", "93220", "filmer"),
        ("93220 filmer", "93032", "93220", "filmer"),
        ("filmer 93032", "93032", "93032", "filmer"),
        ("maire du 93", "93", "93", "maire"),
        ("filmer dans le 93", "93", "93", "filmer"),
        ("filmer dans le 01", "01", "01", "filmer"),
        ("filmer (93)", "93", "93", "filmer"),
        ("filmer 93", "93", "93", "filmer"),
        ("blog 2a censure", "2A", "2a", "blog censure"),
        ("censure dans l’Isère", "38", "Isère", "censure"),
        ("censure dans le Nord", "59", "Nord", "censure"),
        ("censure en bretagne", "R53", "bretagne", "censure"),
        ("censure seine-saint-denis", "93", "seine-saint-denis", "censure"),
        ("expulsion Paris 18e", "75056", "Paris 18e", "expulsion"),
        ("expulsion paris 18", "75056", "paris 18", "expulsion"),
        (
            "18e arrondissement de Paris, expulsion",
            "75056",
            "18e arrondissement de Paris",
            "expulsion",
        ),
        ("expulsion Paris 18 mars 2008", "75056", "Paris", "expulsion 18 mars 2008"),
        ("Paris 18 élus", "75056", "Paris", "18 élus"),
        ("TGI de Paris (17e chambre)", "75056", "Paris", "TGI (17e chambre)"),
        ("huis clos à pierrefitte-sur-seine", "93066", "pierrefitte-sur-seine", "huis clos"),
        ('"conseil municipal" gagny', "93032", "gagny", '"conseil municipal"'),
        ("gagny -filmer", "93032", "gagny", "-filmer"),
        # A small place in lower case is recognised after "à", a town anywhere.
        ("filmer à bérigny", "50046", "bérigny", "filmer"),
        ("puteaux blog", "92062", "puteaux", "blog"),
        # A common word is a place after a preposition or beside a code.
        ("filmer à nice", "06088", "nice", "filmer"),
        ("plainte du maire de Sens", "89387", "Sens", "plainte du maire"),
        ("maire de publier", "74218", "publier", "maire"),
        ("filmer à Vue", "44220", "Vue", "filmer"),
        ("plainte sens 89", "89387", "sens 89", "plainte"),
        ("garde des enfants à La Garde", "83062 04092 38177", "La Garde", "garde des enfants"),
    ],
)
def test_a_place_is_extracted_from_a_phrase(
    gazetteer: Gazetteer, text: str, codes: str, name: str, rest: str
) -> None:
    places = extract_places(gazetteer, text)
    expected = codes.replace("R", "")
    assert summaries(places) == [(expected, name, rest)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Gagny", "93032"),
        ("  gagny ", "93032"),
        ("à gagny", "93032"),
        ("93220 Gagny", "93032"),
        ("mairie de Gagny", "93032"),
        ("ville de Puteaux", "92062"),
        ("93", "93"),
        ("Seine-Saint-Denis", "93"),
        ("Paris 18e", "75056"),
        # As the whole text, even a common word is a place if it is the exact name of one.
        ("sens", "89387"),
        ("Y", "80829"),
    ],
)
def test_the_whole_text_is_a_place(gazetteer: Gazetteer, text: str, code: str) -> None:
    assert summaries(extract_places(gazetteer, text)) == [(code, text.strip(), "")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "filmer",
        "interdiction de filmer le conseil municipal",
        "garde à vue",
        "la garde à vue d'un blogueur",
        "droit de publier",
        "refus de publier une vidéo",
        "plainte contre le maire",
        "Plainte contre le Maire",
        "PLAINTE CONTRE LE MAIRE",
        "Plainte Contre Le Maire",
        "le maire",
        "maire",
        "en cours",
        "en ligne",
        "au cours du conseil",
        "au titre de la loi",
        "vidéo de son conseil",
        "bon sens",
        "Sens interdit",
        "perd le nord",
        "Il écrit. Publier ce récit est interdit.",
        "plainte de marie",
        "place publique",
        "tribunal de grande instance",
        "liberté de la presse",
        "blog bérigny",
        # Numbers that are no codes.
        "article 65",
        "article 93-3",
        "loi du 29 juillet 1881",
        "mars 2008",
        "30 mars",
        "conseil du 12",
        "tome 2",
        "alinéa (1) de la loi",
        "-noisy-le-sec plainte",
        "arrêt de la Chambre criminelle",
        "La Chambre criminelle juge",
        "séance le 12 à huit heures",
        "75 articles",
        "amende de 10000 euros",
        "10000 € d’amende",
        "conseil du 12/05/2008",
        "2008",
        # Words with a search operator, and parts of addresses.
        '"maire de gagny" plainte',
        "« Gagny » plainte",
        "plainte -gagny",
        "gagn* filmer",
        "gagny.blogspot.com",
        "@gagny plainte",
        # Misspelt names are left to the spelling suggestions.
        "filmer à gagni",
    ],
)
def test_a_phrase_without_a_place_has_none(gazetteer: Gazetteer, text: str) -> None:
    assert extract_places(gazetteer, text) == ()


def test_a_place_with_cases_is_recognised_and_comes_first(gazetteer: Gazetteer) -> None:
    assert extract_places(gazetteer, "blog bérigny") == ()
    assert summaries(extract_places(gazetteer, "blog bérigny", {"50046": 1})) == [
        ("50046", "bérigny", "blog")
    ]
    first = extract_places(gazetteer, "blog de Saint-Denis", {"30247": 1})[0].resolution.readings[0]
    assert first.code == "30247"


def test_cases_do_not_make_an_ordinary_word_a_place(gazetteer: Gazetteer) -> None:
    assert extract_places(gazetteer, "garde vue", {"44220": 9}) == ()


def test_several_places_are_extracted_longest_name_first(gazetteer: Gazetteer) -> None:
    places = extract_places(gazetteer, "filmer à Gagny, à Noisy-le-Sec, à Puteaux et à Nanterre")
    assert [place.matched_text for place in places] == ["Noisy-le-Sec", "Gagny", "Puteaux"]
    assert len(places) == MAX_PLACES
    assert places[1].remaining_text == "filmer à Noisy-le-Sec, à Puteaux et à Nanterre"


def test_a_place_that_is_named_twice_is_offered_once(gazetteer: Gazetteer) -> None:
    assert len(extract_places(gazetteer, "plainte à Gagny, relaxe à Gagny")) == 1


def test_letters_may_come_decomposed(gazetteer: Gazetteer) -> None:
    text = unicodedata.normalize("NFD", "filmer à Évry-Courcouronnes")
    places = extract_places(gazetteer, text)
    assert [place.resolution.readings[0].code for place in places] == ["91228"]
    assert places[0].remaining_text == "filmer"


def test_the_matched_words_resolve_to_the_same_place_alone(gazetteer: Gazetteer) -> None:
    place = extract_places(gazetteer, "blog de Saint-Denis (93) relaxe")[0]
    assert extract_places(gazetteer, place.matched_text)[0].resolution == place.resolution


@given(st.text(max_size=300))
def test_any_text_has_an_answer(text: str) -> None:
    territory = Territory(
        communes=Communes([Commune("77001", "Le Bourg", "77", population=100)]),
        departements=[Area("77", "Marne", "11")],
        regions=[Area("11", "Plaine")],
    )
    gazetteer = Gazetteer(territory)
    for place in extract_places(gazetteer, text):
        assert place.matched_text in text
        assert place.resolution.readings


@given(st.text(max_size=80))
def test_words_have_their_positions_in_the_text(text: str) -> None:
    words = split_words(text)
    assert all(text[word.start : word.end].strip() for word in words)
    assert all(first.end <= second.start for first, second in pairwise(words))
