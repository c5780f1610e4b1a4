"""The list of cases by words and filters: its results, title, counts and offers."""

from __future__ import annotations

import re
from html import unescape

import attested_acts as acts
import pytest
from search_helpers import Searcher, boxes, follow, heading, links, numbers, plain

from register.cases.filters import FILTERS
from register.cases.web.public.filter_panel import CHECKBOX_FILTERS

pytestmark = pytest.mark.one_database

COUNTED = (
    "famille",
    "type",
    "departement",
    "annee",
    "acteur",
    "cible",
    "niveau",
    "issue",
    "preuve",
    "media",
)


@pytest.fixture
def demo(demo_app) -> Searcher:
    """A reader of the demonstration."""
    follow(demo_app)
    return Searcher(demo_app)


@pytest.fixture
def reader(app) -> Searcher:
    """A reader of a register without a case; ``follow(reader.app)`` after each act."""
    return Searcher(app)


# --- the box -----------------------------------------------------------------------------------


# The box with the examples below it.
_BOX = re.compile(r'<label for="q".*?<p class="hint" id="qh">.*?</p>', re.DOTALL)


@pytest.mark.parametrize("path", ["/", "/incidents"])
def test_one_box_takes_words_and_places(demo, path) -> None:
    box = _BOX.search(demo.page(path))
    assert box
    assert 'name="q"' in box.group()
    for example in ("Gagny", "93", "filmer", "relaxe"):
        address = links(box.group())[example]
        assert numbers(demo.page(address)), example


def test_the_box_and_the_filters_are_one_form(demo) -> None:
    """Whatever button is pressed, words and ticks that are not yet applied go together."""
    html = demo.page(q="filmer", famille="acces", tri="maj")
    [form] = re.findall(r"<form.*?</form>", html, re.DOTALL)
    assert 'id="filtres"' in form
    box = re.search(r'<input id="q" name="q"[^>]*>.*?</button>', html, re.DOTALL)
    assert box
    assert 'value="filmer"' in box.group()
    assert box.group().count('form="filtres"') == 2
    assert 'name="q"' not in form
    assert 'name="famille" value="acces" checked' in form
    assert '<input type="hidden" name="tri" value="maj">' in form


# --- what a page is called ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, "Le registre"),
        ({"q": "filmer"}, "« filmer » : six cas"),
        ({"q": '"conseil municipal"'}, "« “conseil municipal” » : "),
        ({"commune": "93032"}, "Gagny (Seine-Saint-Denis) : "),
        (
            {"type": "interdiction_filmer", "acteur": "maire", "departement": "93"},
            "Interdiction de filmer par le maire, Seine-Saint-Denis : un cas",
        ),
        (
            {"q": "blog", "cible": "blogueur", "annee": ["2007", "2008"]},
            "« blog », contre un blogueur, 2007 ou 2008 : ",
        ),
        ({"niveau": "etat"}, "Autorité de l’État : "),
        ({"du": "2010", "au": "2012-06"}, "De 2010 à juin 2012 : "),
        ({"sans_date": "1"}, "Date inconnue : un cas"),
        ({"q": "filmer", "annee": "1999"}, "« filmer », 1999 : aucun cas"),
        ({"departement": ["92", "93", "22", "75"]}, "Côtes-d’Armor, Paris ou deux autres : "),
    ],
)
def test_the_title_of_a_search_names_its_filters(demo, parameters, expected) -> None:
    html = demo.page(**parameters)
    assert heading(html).startswith(expected)
    (title,) = re.findall(r"<title>(.*?)</title>", html.partition("</head>")[0])
    assert plain(title).startswith(heading(html))


def test_a_long_search_has_a_bounded_title(demo) -> None:
    html = demo.page()
    several = {
        name: list(boxes(html, name))[:8]
        for name in ("type", "acteur", "cible", "issue", "niveau", "preuve", "annee")
    }
    title = heading(demo.page(q="mot " * 40, **several))
    assert len(title) < 600
    assert "mot… »" in title
    assert " ou six autres" in title
    assert title.endswith(" et deux autres filtres : aucun cas")


def test_only_the_bare_list_is_for_search_engines(demo) -> None:
    for parameters in ({"q": "filmer"}, {"famille": "acces"}, {"tri": "maj"}):
        assert '<meta name="robots" content="noindex">' in demo.page(**parameters)
    assert "noindex" not in demo.page()


# --- results -----------------------------------------------------------------------------------


def test_the_words_are_marked_in_what_the_list_shows(demo) -> None:
    html = demo.page(q="filmer")
    marked = re.findall(r"<mark>(.*?)</mark>", html)
    assert {"filmer", "caméra", "vidéo"} <= {word.lower() for word in marked}
    assert "<mark>" not in demo.page(famille="acces")


def test_what_is_marked_is_still_escaped(reader, desk) -> None:
    desk.published(summary="Un <b>zinzolin</b> & un <mark>autre</mark>")
    follow(reader.app)
    html = reader.page(q="zinzolin")
    assert "Un &lt;b&gt;<mark>zinzolin</mark>&lt;/b&gt; &amp; un &lt;mark&gt;autre" in html


def test_a_result_shows_the_sentence_of_the_account_with_its_word(reader, desk) -> None:
    account = "Rien ici. Selon le blog, un zinzolin puis une quintefeuille. Ni là."
    desk.published(narrative=account, contested=True)
    desk.published(narrative=account)
    desk.published(title="Un zinzolin à Gagny")
    follow(reader.app)
    html = reader.page(q="zinzolin")
    assert numbers(html) == [3, 2, 1]
    entries = re.findall(r'<li class="entry row">.*?</li>', html, re.DOTALL)
    assert "Un <mark>zinzolin</mark> à Gagny" in entries[0]
    assert "Selon le blog, un <mark>zinzolin</mark> puis une quintefeuille.</p>" in entries[1]
    assert "Rien ici" not in html
    # A list does not repeat the account of a contested case.
    assert "Trouvé plus loin dans la fiche" in plain(entries[2])
    assert "quintefeuille" not in entries[2]


def test_a_result_shows_no_account_that_was_withdrawn(reader, desk, pen, cast) -> None:
    case = desk.published(narrative="Selon le blog, un zinzolin puis une quintefeuille.")
    follow(reader.app)
    pages = [{"q": "zinzolin"}, {"q": "zinzolin introuvable"}]
    assert all("quintefeuille" in reader.page(**parameters) for parameters in pages)
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="x")
    for _follows in range(2):
        for parameters in pages:
            html = reader.page(**parameters)
            assert "quintefeuille" not in html
            assert "autre cas" not in plain(html)
        follow(reader.app)


def test_a_number_that_is_a_place_or_a_year_needs_no_mark(demo) -> None:
    for text in ("93", "2008"):
        html = demo.page(q=text)
        assert numbers(html)
        assert "Trouvé plus loin" not in plain(html)


def test_the_order_is_by_strength_then_by_date_and_can_be_changed(reader, desk) -> None:
    desk.published(date="2001", narrative="Selon le blog, un zinzolin.")
    desk.published(date="2003", narrative="Selon le blog, un zinzolin.")
    desk.published(date="2002", title="Un zinzolin")
    follow(reader.app)
    assert numbers(reader.page(q="zinzolin")) == [3, 2, 1]
    assert numbers(reader.page(q="zinzolin", tri="date")) == [2, 3, 1]
    assert numbers(reader.page(q="zinzolin", tri="maj")) == [3, 2, 1]
    addresses = links(reader.page(q="zinzolin", tri="date"))
    assert addresses["pertinence"] == "/incidents?q=zinzolin"
    assert "pertinence" not in links(reader.page())


def test_a_search_has_pages(reader, desk) -> None:
    for _ in range(21):
        desk.published(title="Un zinzolin")
    follow(reader.app)
    first, second = reader.page(q="zinzolin"), reader.page(q="zinzolin", page="2")
    assert numbers(first) + numbers(second) == list(range(21, 0, -1))
    assert 'href="/incidents?q=zinzolin&amp;page=2" rel="next"' in first
    assert reader.get(q="zinzolin", page="3").status_code == 404


def test_a_withdrawn_case_leaves_results_before_the_index_follows(reader, desk, pen, cast) -> None:
    from register.cases import acts

    case = desk.published(title="Un zinzolin")
    follow(reader.app)
    assert numbers(reader.page(q="zinzolin")) == [1]
    with pen() as p:
        acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="erreur")
    assert heading(reader.page(q="zinzolin")).endswith("aucun cas")
    assert heading(reader.page(q="zinzolin", famille="acces")).endswith("aucun cas")
    desk.published(title="Un autre zinzolin")
    assert numbers(reader.page(q="zinzolin")) == [2]


# --- an index that is behind the ledger --------------------------------------------------------


def test_results_without_an_index_are_marked_and_have_no_etag(reader, desk) -> None:
    desk.published(title="Un zinzolin")
    desk.published(narrative="Selon le blog, un zinzolin.")
    answer = reader.get(q="zinzolin")
    assert "La recherche se met à jour" in plain(answer.text)
    assert numbers(answer.text) == [1]
    assert "ETag" not in answer.headers
    follow(reader.app)
    answer = reader.get(q="zinzolin")
    assert "La recherche se met à jour" not in plain(answer.text)
    assert numbers(answer.text) == [1, 2]
    assert "ETag" in answer.headers


# --- facets ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"q": "blog"},
        {"departement": ["92", "93"], "famille": "justice"},
        {"q": "maire", "type": ["expulsion", "plainte_diffamation"], "preuve": "documente"},
        {"annee": ["2007", "2008"], "media": "monputeaux.com"},
    ],
)
def test_a_count_is_that_of_the_list_it_leads_to(demo, parameters) -> None:
    html = demo.page(**parameters)
    for name in COUNTED:
        for value, (count, ticked) in boxes(html, name).items():
            values = parameters.get(name, ())
            assert ticked is (value in ([values] if isinstance(values, str) else values))
            assert _total(demo.page(**{**parameters, name: value})) == count, (name, value)


def _total(html: str) -> int:
    """How many cases the pages of a list have."""
    last = re.search(r"Page 1 sur ([0-9]+)", plain(html))
    if not last:
        return len(numbers(html))
    words = re.search(r": ([0-9]+) cas", heading(html))
    assert words, heading(html)
    return int(words.group(1))


def test_every_value_with_a_case_is_offered_and_no_other(demo) -> None:
    html = demo.page()
    assert sum(count for count, _ in boxes(html, "departement").values()) > 20
    assert list(boxes(html, "annee")) == sorted(boxes(html, "annee"), reverse=True)
    for name in COUNTED:
        assert all(count for count, _ in boxes(html, name).values()), name
    # Except what is ticked, so that it can be taken off.
    html = demo.page(type="surveillance", preuve="allegue")
    assert boxes(html, "type")["surveillance"][1]


def test_outlets_are_those_with_the_most_cases_in_the_order_of_their_names(reader, desk) -> None:
    for place in range(14):
        desk.published(outlets=(f"Blog {place:02}",))
    desk.published(outlets=("Blog 13", "Zoo"))
    follow(reader.app)
    outlets = boxes(reader.page(), "media")
    assert list(outlets) == sorted(outlets)
    assert len(outlets) == 12
    assert outlets["Blog 13"] == (2, False)
    # One that is searched for has its box, however few cases it has.
    outlets = boxes(reader.page(media=["zoo"]), "media")
    assert outlets["zoo"] == (1, True)
    html = reader.page(media="nulle part")
    assert 'name="media" value="nulle part"' in html


def test_every_filter_has_a_field_of_the_form(demo) -> None:
    # The words have the box above the list, which belongs to the same form.
    for name in set(FILTERS) - set(CHECKBOX_FILTERS) - {"q"}:
        value = {"q": "mot", "commune": "93032", "region": "11", "endroit": "ici", "pays": "BE"}
        value["epci"] = "200057875"
        value["procedure"] = "contre_cible.relaxe"
        parameters = {name: value.get(name, "1" if name == "sans_date" else "2008")}
        form = demo.page(**parameters).partition('<details class="filters">')[2]
        assert f'name="{name}" value="{parameters[name]}"' in form, name


def test_the_filters_in_force_are_chips(demo) -> None:
    addresses = links(demo.page(q="filmer", departement="93", annee="2006"))
    assert addresses["Retirer : Mots : filmer"] == "/incidents?departement=93&annee=2006"
    assert addresses["Retirer : Année des faits : 2006"] == "/incidents?q=filmer&departement=93"
    assert addresses["Tout effacer"] == "/incidents"
    for code, around in (("93066", "Seine-Saint-Denis"), ("97411", "La Réunion")):
        addresses = links(demo.page(commune=code))
        assert f"Retirer : Commune : Saint-Denis ({around})" in addresses


# --- the address -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "location"),
    [
        ("lieu=&famille=pression&media=&du=&au=", "/incidents?famille=pression"),
        ("q=filmer&tri=date&lieu=&media=", "/incidents?q=filmer&tri=date"),
        ("q=", "/incidents"),
        ("media=+&page=2&media=gagny+libre", "/incidents?media=gagny+libre&page=2"),
    ],
)
def test_empty_fields_are_taken_out_of_the_address(demo, query, location) -> None:
    answer = demo.get(f"/incidents?{query}")
    assert (answer.status_code, answer.location) == (303, location)


@pytest.mark.parametrize("query", ["famille=pression", "utm_source=", "q=filmer&tri=pertinence"])
def test_other_addresses_are_not_redirected(demo, query) -> None:
    assert demo.get(f"/incidents?{query}").status_code == 200


def test_a_place_or_a_fault_is_reported_beside_empty_fields(demo) -> None:
    answer = demo.get("/incidents?lieu=gagny&media=&famille=acces")
    assert answer.location == "/incidents?commune=93032&famille=acces"
    assert demo.get("/incidents?lieu=&du=hier").status_code == 400


# --- alternatives ------------------------------------------------------------------------------


def test_an_ignored_operator_is_reported(demo) -> None:
    html = demo.page(q="filmer OU caméra")
    assert re.search(r"<h1>«\s*filmer caméra\s*»", html), "an operator that is not obeyed"
    assert "« OU » n’est pas compris" in plain(html)
    assert numbers(html) == numbers(demo.page(q="filmer caméra")) != []
    for text in ("filmer ET caméra", "filmer ou caméra", "« filmer OU caméra »", "OU"):
        answer = demo.get(q=text)
        assert "n’est pas compris" not in plain(answer.text), text


# --- the feed of this very search --------------------------------------------------------------


def test_the_feed_of_a_search_is_one_click_away_and_has_its_cases(demo) -> None:
    html = demo.page(q="filmer", famille="acces", tri="date", page="1")
    address = links(html)["Suivre cette recherche (flux)"]
    assert address == "/incidents.atom?q=filmer&famille=acces"
    assert f'href="{address.replace("&", "&amp;")}"' in html.partition("</head>")[0]
    feed = demo.get(address)
    feed_numbers = {
        int(number) for number in re.findall(r'href="[^"]*/incidents/([0-9]+)"', feed.text)
    }
    assert feed_numbers == set(numbers(html))


# --- offers ------------------------------------------------------------------------------------


def test_a_place_among_the_words_is_offered_and_never_forced(demo) -> None:
    html = demo.page(q="filmer à gagny")
    assert numbers(html)
    addresses = links(html)
    assert addresses["Limiter à : Gagny (Seine-Saint-Denis)"] == "/incidents?q=filmer&commune=93032"
    # Already there, it is offered no more.
    limited_html = demo.page(addresses["Limiter à : Gagny (Seine-Saint-Denis)"])
    assert "Limiter à" not in plain(limited_html)
    assert numbers(limited_html)


@pytest.mark.parametrize(
    ("text", "label", "address"),
    [
        ("gagny", "Page du lieu : Gagny (Seine-Saint-Denis)", "/communes/93032"),
        ("93220", "Page du lieu : Gagny (Seine-Saint-Denis)", "/communes/93032"),
        ("93032", "Page du lieu : Gagny (Seine-Saint-Denis)", "/communes/93032"),
        ("93", "Page du lieu : département Seine-Saint-Denis", "/departements/93"),
        ("filmer 2008", "Limiter à : année 2008", "/incidents?q=filmer&annee=2008"),
    ],
)
def test_a_text_that_is_a_place_or_a_year_leads_there(demo, text, label, address) -> None:
    assert links(demo.page(q=text))[label] == address


def test_a_place_of_several_readings_is_offered_with_what_is_around(demo) -> None:
    addresses = links(demo.page(q="filmer saint-denis"))
    assert addresses["Limiter à : Saint-Denis (Seine-Saint-Denis)"].endswith("&commune=93066")
    assert addresses["Limiter à : Saint-Denis (La Réunion)"] == "/incidents?q=filmer&commune=97411"


def test_a_place_of_many_readings_leads_to_the_choice(demo) -> None:
    addresses = links(demo.page(q="filmer à Sainte-Colombe", famille="acces"))
    assert len([text for text in addresses if text.startswith("Limiter à : Sainte-Colombe (")]) == 4
    (choice,) = [addresses[text] for text in addresses if "autres lieux de ce nom" in text]
    html = demo.page(choice)
    offered = re.findall(r"/incidents\?q=filmer&amp;commune=[0-9AB]{5}&amp;famille=acces", html)
    assert len(offered) > 4


def test_a_quoted_or_joined_year_is_a_word(demo) -> None:
    for text in ('"2008"', "blog2008", "2008-2009", "12008"):
        assert "année 2008" not in plain(demo.page(q=text)), text


def test_a_search_for_a_town_abroad_leads_to_its_country(demo) -> None:
    addresses = links(demo.page(q="Liège"))
    assert addresses["Belgique : deux cas"] == "/incidents?pays=BE"


def test_a_search_for_an_intercommunalite_counts_its_cases(demo) -> None:
    addresses = links(demo.page(q="Est Ensemble"))
    assert addresses["Cas du lieu : Est Ensemble : deux cas"] == "/incidents?epci=200057875"


def test_a_postal_code_comes_before_an_insee_code(demo) -> None:
    pages = [text for text in links(demo.page(q="97411")) if text.startswith("Page du lieu")]
    assert pages == [
        "Page du lieu : Saint-Paul (La Réunion)",
        "Page du lieu : Saint-Denis (La Réunion)",
    ]


def test_a_word_with_a_stem_of_its_own_is_no_misspelling(demo) -> None:
    assert "Essayez avec" not in plain(demo.page(q="droite"))


def test_a_word_that_is_lacking_is_named_without_its_elision(demo) -> None:
    assert "Sans « accès » :" in plain(demo.page(q="filmer d’accès"))
    assert "Sans « aujourd’hui » :" in plain(demo.page(q="filmer aujourd’hui"))


def test_a_misspelt_word_is_put_right_by_a_click(demo) -> None:
    addresses = links(demo.page(q="filmmer", departement="93"))
    assert addresses["Essayez avec « filmer »"] == "/incidents?q=filmer&departement=93"
    assert "Essayez avec" not in plain(demo.page(q="filmer"))


# --- no result ---------------------------------------------------------------------------------


def test_an_empty_result_suggests_what_to_do(demo) -> None:
    html = demo.page(q="filmer relaxe", departement="93", famille="securite")
    addresses = links(html)
    assert heading(html).endswith("aucun cas")
    assert "Signaler un incident" in addresses
    suggestions = [text for text in addresses if text.endswith(" cas")]
    assert suggestions
    for text in suggestions:
        count = re.search(r": (\w+) cas$", text)
        assert count, text
        suggested_html = demo.page(addresses[text])
        assert heading(suggested_html).endswith(f": {count.group(1)} cas"), text


def test_a_wider_place_is_offered_where_it_finds_something(demo) -> None:
    html = demo.page(q="diffamation", commune="93032")
    assert "/incidents?q=diffamation&amp;departement=93" in html


# --- further cases -----------------------------------------------------------------------------


FURTHER = '<h2 class="body year">'


def results(html: str) -> list[int]:
    """The cases of the first list."""
    return numbers(html.partition(FURTHER)[0])


def further(html: str) -> list[tuple[str, str, list[int]]]:
    """Each list of further cases: its heading, the address of its search, its case numbers."""
    parts = re.split(rf'{FURTHER}<a class="tap" href="([^"]+)">(.*?)</a></h2>', html)
    found = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    return [(plain(title), unescape(address), numbers(part)) for address, title, part in found]


def test_few_results_are_followed_by_the_cases_that_lack_a_word(demo) -> None:
    # What a search for the shorter text finds, in the same order.
    html = demo.page(q="publicité municipale")
    assert heading(html).endswith("aucun cas")
    first, second = further(html)
    assert first[:2] == ("Sans « municipale » : un autre cas", "/incidents?q=publicit%C3%A9")
    assert second[:2] == ("Sans « publicité » : cinq autres cas", "/incidents?q=municipale")
    assert (first[2], second[2]) == (
        numbers(demo.page(q="publicité")),
        numbers(demo.page(q="municipale")),
    )
    # With results, those are not repeated.
    html = demo.page(q="filmer gagny")
    lists = [results(html), *(cases for *_, cases in further(html))]
    assert len(lists) == 3
    assert len(set().union(*lists)) == sum(map(len, lists))
    assert further(demo.page(q="filmer")) == further(demo.page(q="blogueur maire")) == []


def test_further_cases_keep_the_filters_and_exclusions_of_the_search(demo) -> None:
    html = demo.page(q="filmer gagny -commissariat", cible="blogueur")
    ((_title, address, cases),) = [f for f in further(html) if "gagny" in f[0]]
    assert address == "/incidents?q=filmer+-commissariat&cible=blogueur"
    assert set(cases) == set(numbers(demo.page(q="filmer -commissariat", cible="blogueur"))) - set(
        results(html)
    )


def test_further_cases_beyond_twenty_are_a_link(demo) -> None:
    html = demo.page(q="maire zinzolin")
    ((title, address, cases),) = further(html)
    assert title.startswith("Sans « zinzolin » : ")
    assert (address, cases) == ("/incidents?q=maire", [])


def test_a_further_case_that_no_word_matches_is_not_said_to_have_one(demo) -> None:
    html = demo.page(q="puteaux avant 2005")
    assert "Sans « puteaux » : un autre cas" in plain(html)
    assert "Trouvé plus loin" not in plain(html)


def test_further_cases_are_listed_in_english(demo) -> None:
    html = demo.get("/en/incidents?q=filming+ban+gagny").text
    assert "Without “gagny”: three other cases" in plain(html)


@pytest.mark.parametrize(
    ("text", "label", "address"),
    [
        (
            "filmer 26 juin 2006",
            "le 26 juin 2006",
            "/incidents?q=filmer&du=2006-06-26&au=2006-06-26",
        ),
        ("puteaux avant 2005", "jusqu’en 2004", "/incidents?q=puteaux&au=2004"),
        ("maire depuis 2020", "depuis 2020", "/incidents?q=maire&du=2020"),
        ("plainte en cours", "en cours", "/incidents?q=plainte&issue=en_cours"),
    ],
)
def test_a_date_or_a_state_is_said_to_be_read_and_offered_as_a_filter(
    demo, text, label, address
) -> None:
    html = demo.page(q=text)
    assert links(html)[f"Limiter à : {label}"] == address
    assert "est lu comme un filtre" in plain(html)
    assert set(numbers(demo.page(address))) == set(results(html))


def test_a_name_that_is_nearly_a_place_leads_to_it(demo) -> None:
    # No case is at Bobigny; Puteaux is in the words of some.
    assert "/communes/93008" in links(demo.page(q="Bobignyy")).values()
    addresses = links(demo.page(q="Puteauxx"))
    assert addresses["Essayez avec « puteaux »"] == "/incidents?q=puteaux"


# --- what makes no sense -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"du": "hier"}, "« Depuis » : écrivez une année"),
        ({"q": "x" * 201}, "200 caractères"),
        ({"q": " ".join(f"mot{n}" for n in range(25))}, "24 mots"),
        ({"q": "le de la"}, "trop courants"),
        ({"media": "x" * 121}, "« Blog ou média »"),
        ({"type": "nulle-part"}, "« Type de fait » ne connaît pas la valeur « nulle-part »."),
        ({"type": "expulsions"}, "La plus proche est « expulsion »."),
        ({"type": ["expulsion"] * 101}, "« Type de fait » prend 100 valeurs au plus"),
        ({"sans_date": ["1", "1"]}, "« Date » ne prend qu’une valeur"),
        ({"media": "x" * 121}, "« xxx"),
        ({"media": "x" * 121}, "dépasse 120 caractères"),
        ({"commune": "00000"}, "« Commune » : aucun territoire ne porte le code « 00000 »."),
        ({"tri": "au-hasard"}, "« Ordre » ne connaît pas la valeur « au-hasard »."),
        ({"tri": "<b>x</b>"}, "« <b>x</b> »"),
        ({"q": "!!!"}, "pas de mot à chercher dans « !!! »"),
        ({"q": "-"}, "pas de mot à chercher"),
        ({"q": "ab*"}, "« ab* » : le début d’un mot se cherche à partir de 3 lettres"),
    ],
)
def test_a_faulty_search_is_reported_and_the_form_stays_filled(demo, parameters, message) -> None:
    answer = demo.get(**{"famille": "acces", "au": "2012", **parameters})
    assert answer.status_code == 400
    assert heading(answer.text) == "Recherche à reprendre"
    assert message in plain(answer.text)
    assert 'value="acces" checked' in answer.text
    assert 'name="au" value="2012"' in answer.text
    for name in ("du", "q", "media"):
        if name in parameters:
            value = parameters[name][: 120 if name == "media" else 200]
            assert f'value="{value}"' in answer.text
            assert f'href="#{name}"' in answer.text


def test_several_faults_are_reported_at_once(demo) -> None:
    answer = demo.get(du="hier", au="demain", type="x", q="filmer")
    assert plain(answer.text).count("écrivez une année") == 2
    assert "« Type de fait »" in plain(answer.text)
    assert 'value="filmer"' in answer.text
    assert answer.text.count('aria-invalid="true"') == 2


def test_the_page_number_is_no_field_of_the_form(demo) -> None:
    answer = demo.get(q="filmer", page="x")
    assert answer.status_code == 400
    assert "Recherche à reprendre" not in answer.text
