"""Every filter: the values that it accepts and refuses, and the cases that it selects."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs

import facet_data
import pytest
from case_contents import decided
from sqlalchemy import select

from register.cases import filters
from register.cases.case_content import ProceedingContent
from register.cases.core_tables import CASE, IS_PUBLIC
from register.cases.filters import FILTERS, CaseQuery, parse, parse_page_number
from register.cases.vocabulary import current_vocabulary
from register.errors import Invalid
from register.journal import head

pytestmark = pytest.mark.one_database

# Values that each filter accepts, and values that it refuses; a test requires every filter.
VALUES = {
    "q": (["filmer", "« conseil municipal » -blog film*", "L’Écho d’en bas", '"((%_'], []),
    "commune": (["93032", "2A004", "93059"], ["gagny", "9303", "2a004", "930320", "٩٣٠٣٢"]),
    "departement": (["93", "2B", "974", "988"], ["20", "00", "2b", "093", "Nord"]),
    "region": (["11", "01", "94"], ["00", "1", "111", "idf"]),
    "epci": (["200057875", "200069854"], ["Est Ensemble", "20005787", "999999999"]),
    "endroit": (["Commune du Nord (non nommée)"], []),
    "pays": (["FR", "BE"], ["fr", "XX", "FRA", "93"]),
    "famille": (["justice", "autre"], ["rumeur", "Justice"]),
    "type": (["interdiction_filmer", "autre"], ["justice", "INTERDICTION_FILMER"]),
    "cible": (["blogueur"], ["maire"]),
    "acteur": (["maire", "inconnu"], ["blogueur"]),
    "niveau": (["commune", "outre_mer"], ["mairie"]),
    "issue": (["relaxe", "inconnue"], ["gagne"]),
    "preuve": (["allegue"], ["certain"]),
    "sens": (["contre_cible", "par_cible"], ["envers"]),
    "procedure": (
        ["contre_cible.relaxe", "tiers.inconnue"],
        ["relaxe", "contre_cible", "contre_cible.", ".relaxe", "relaxe.contre_cible", "tiers.x.y"],
    ),
    "media": (["monputeaux.com", "L’Écho d’en bas"], []),
    "duree": (["moins-d-un-an", "inconnue"], ["longue", "365"]),
    "sans_date": (["1"], ["0", "oui", "true"]),
    "annee": (["2008", "1000", "9999"], ["08", "0999", "20080", "2008-03", "2008~", "٢٠٠٨"]),
    "du": (["2006", "2006-06", "2006-06-26", "2006~", "2006?"], ["26/06/2006", "2006-13", "06"]),
    "au": (["2006", "2006-06-30"], ["demain", "2006-02-30", "2006-06-26T10:00"]),
}


@pytest.fixture
def words(session):
    return current_vocabulary(session)


def test_every_filter_is_tested_in_this_file():
    assert set(VALUES) == set(FILTERS)


@pytest.mark.parametrize("name", VALUES)
def test_a_filter_accepts_valid_values_and_refuses_others(words, name):
    good, bad = VALUES[name]
    for value in good:
        assert parse({name: [value]}, words).values == {name: (value,)}, value
    for value in [*bad, "x" * (FILTERS[name].limit + 1)]:
        with pytest.raises(Invalid) as refused:
            parse({name: [value]}, words)
        assert refused.value.key == "filter"
        assert refused.value.values == {"name": name, "value": value[:120]}


@pytest.mark.parametrize("name", VALUES)
def test_an_empty_value_filters_nothing(words, name):
    assert parse({name: ["", "  ", "\x00"]}, words) == CaseQuery()


@pytest.mark.parametrize("name", VALUES)
def test_a_filter_takes_one_value_or_at_most_a_hundred(words, name):
    limit = 1 if FILTERS[name].is_single else 100
    many = VALUES[name][0][:1] * (limit + 1)
    with pytest.raises(Invalid) as refused:
        parse({name: many}, words)
    if limit == 1:
        assert (refused.value.key, refused.value.values) == ("filter_single", {"name": name})
    else:
        assert refused.value.key == "filter_too_many"
        assert refused.value.values == {"name": name, "limit": 100}
    assert len(parse({name: many[1:]}, words).values) == 1


def test_other_parameters_are_left_to_the_page(words):
    assert parse({"utm_source": ["x"], "Q": ["filmer"]}, words) == CaseQuery()


def test_words_may_be_longer_than_other_values(words):
    assert (FILTERS["q"].limit, {spec.limit for spec in FILTERS.values()}) == (200, {120, 200})
    typed = "mot " * 49 + "mots"
    assert parse({"q": [typed]}, words).words == typed
    assert CaseQuery({"type": ("autre",)}).words == ""


def test_words_are_read_as_they_were_typed_on_one_line(words):
    query = parse({"q": ["  « Filmer »\r\n l’été\u202e\x00 "], "tri": [""]}, words)
    assert query.words == "« Filmer » l’été"
    assert parse(parse_qs(query.query_string()), words) == query


def test_two_ways_to_write_the_same_search_are_equal(words):
    first = parse({"type": ["huis_clos", "expulsion"], "commune": ["93032"], "page": ["1"]}, words)
    second = parse({"commune": [" 93032 "], "type": ["expulsion", "huis_clos", "expulsion"]}, words)
    assert first == second
    assert (
        first.query_string()
        == "commune=93032&type=expulsion&type=huis_clos"
        == second.query_string()
    )


def test_the_canonical_text_reads_back_as_the_same_search(words):
    query = parse(
        {"media": ["L’Écho & Cie"], "du": ["2006~"], "tri": ["maj"], "page": ["3"]}, words
    )
    assert parse(parse_qs(query.query_string()), words) == query
    assert (query.order, query.page, query.is_bare) == ("maj", 3, False)


def test_a_search_without_one_value_starts_at_its_first_page(words):
    query = parse({"type": ["huis_clos", "expulsion"], "page": ["4"]}, words)
    reduced = query.without("type", "huis_clos")
    assert (reduced.values, reduced.page) == ({"type": ("expulsion",)}, 1)
    assert reduced.without("type", "expulsion").is_bare
    assert query.without("commune", "93032").values == query.values
    assert (query.ordered_by("maj").order, query.ordered_by("maj").page, query.at_page(7).page) == (
        "maj",
        1,
        7,
    )


@pytest.mark.parametrize(
    ("parameters", "order", "text"),
    [
        ({}, "date", ""),
        ({"tri": ["date"]}, "date", ""),
        ({"tri": ["maj"]}, "maj", "tri=maj"),
        ({"tri": ["pertinence"]}, "date", ""),
        ({"q": ["filmer"]}, "pertinence", "q=filmer"),
        ({"q": ["filmer"], "tri": ["pertinence"]}, "pertinence", "q=filmer"),
        ({"q": ["filmer"], "tri": ["date"]}, "date", "q=filmer&tri=date"),
        ({"q": ["filmer"], "tri": ["maj"]}, "maj", "q=filmer&tri=maj"),
    ],
)
def test_words_are_listed_by_relevance_unless_another_order_is_asked_for(
    words, parameters, order, text
):
    query = parse(parameters, words)
    assert (query.order, query.query_string()) == (order, text)
    assert parse(parse_qs(text), words) == query


def test_without_its_words_a_search_is_in_the_usual_order(words):
    query = parse({"q": ["filmer"], "type": ["autre"]}, words)
    assert query.without("q", "filmer") == CaseQuery({"type": ("autre",)})
    assert query.ordered_by("") == query
    assert query.ordered_by("date").without("q", "filmer").query_string() == "type=autre"
    assert query.ordered_by("maj").without("q", "filmer").query_string() == "type=autre&tri=maj"


@pytest.mark.parametrize("order", ["titre", "DATE", "Pertinence"])
def test_an_unknown_order_is_refused(words, order):
    with pytest.raises(Invalid) as refused:
        parse({"tri": [order]}, words)
    assert refused.value.values == {"name": "tri", "value": order}


@pytest.mark.parametrize(
    ("text", "number"), [("", 1), ("1", 1), ("20", 20), ("1000000", 1_000_000)]
)
def test_a_page_has_a_number(text, number):
    assert parse_page_number(text) == number


@pytest.mark.parametrize(
    "text", ["0", "01", "-1", "1.0", "x", "10000000", "9" * 30, "１", "1 ", "+1"]
)
def test_a_page_is_a_strict_and_bounded_number(text):
    with pytest.raises(Invalid) as refused:
        parse_page_number(text)
    assert refused.value.key == "page"


# --- selected cases -----------------------------------------------------------------------------


def _selected_numbers(session, words, hits=None, **args):
    session.rollback()
    query = parse({name: [value] for name, value in args.items()}, words)
    page = facet_data.list_page(session, query, words, head(session), hits)
    return [case.number for case in page.cases]


SUIT = ProceedingContent(direction="par_cible")
SELECTIONS = {
    "commune": ({"commune": "93032"}, {"commune": "92062"}, "93032"),
    "departement": ({"commune": "93032"}, {"commune": "92062"}, "93"),
    "region": ({"commune": "93032"}, {"commune": "13055"}, "11"),
    # Est Ensemble: Montreuil is one of its nine communes, Gagny is not.
    "epci": ({"commune": "93048"}, {"commune": "93032"}, "200057875"),
    "endroit": (
        {"commune": "", "place_label": "Une commune du Nord"},
        {"commune": "", "place_label": "Une autre"},
        "Une commune du Nord",
    ),
    "pays": ({"commune": "", "country": "BE", "place_label": "Liège"}, {"commune": "93032"}, "BE"),
    "famille": ({"types": ("plainte_diffamation",)}, {"types": ("expulsion",)}, "justice"),
    "type": ({"types": ("expulsion", "huis_clos")}, {"types": ("expulsion",)}, "huis_clos"),
    "cible": ({"target": "citoyen"}, {"target": "blogueur"}, "citoyen"),
    "acteur": ({"actor": "police"}, {"actor": "maire"}, "police"),
    "niveau": ({"level": "region"}, {"level": "commune"}, "region"),
    "issue": ({"outcome": "resolue"}, {"outcome": "inconnue"}, "resolue"),
    "preuve": ({"evidence": "allegue"}, {"evidence": "documente"}, "allegue"),
    "sens": (
        {"proceedings": (SUIT, ProceedingContent(direction="tiers"))},
        {"proceedings": (ProceedingContent(direction="contre_cible"),)},
        "par_cible",
    ),
    "procedure": (
        {"proceedings": (decided(direction="tiers", outcome="en_cours"),)},
        {
            "proceedings": (
                ProceedingContent(direction="tiers"),
                decided(direction="contre_cible", outcome="en_cours"),
            )
        },
        "tiers.en_cours",
    ),
    "media": (
        {"outlets": ("L’Écho d’en bas",)},
        {"outlets": ("L’Écho d’en haut",)},
        "l'echo d'en bas",
    ),
    "duree": (
        {"date": "2008-01-01", "end_date": "2009-06"},
        {"date": "2008-01-01", "end_date": "2008-03"},
        "un-a-trois-ans",
    ),
    "sans_date": ({"date": ""}, {"date": "2008"}, "1"),
    "annee": ({"date": "2008-12"}, {"date": "2009-01-01"}, "2008"),
    "du": ({"date": "2008-03-17"}, {"date": "2008-03-16"}, "2008-03-17"),
    "au": ({"date": "2008-03-17"}, {"date": "2008-03-18"}, "2008-03-17"),
}


def test_every_filter_has_a_selection_test():
    assert {*SELECTIONS, "q"} == set(FILTERS)


@pytest.mark.parametrize("name", SELECTIONS)
def test_a_filter_selects_the_matching_public_case_only(session, desk, words, name):
    chosen, other, value = SELECTIONS[name]
    matching = desk.published(**chosen)
    desk.published(**other)
    desk.draft(**chosen)
    desk.withdrawn(**chosen)
    assert _selected_numbers(session, words, **{name: value}) == [matching.number]


def test_words_select_the_cases_of_the_search_results(session, desk, words):
    """The filter takes the hits as they are; the search engine's tests cover the matching."""
    matching, other = desk.published(), desk.published()
    hits = {matching.number: 0, desk.withdrawn().number: 1}
    assert _selected_numbers(session, words, hits, q="filmer") == [matching.number]
    assert _selected_numbers(session, words, hits, q="filmer", commune="92062") == []
    assert _selected_numbers(session, words, {}, q="filmer") == []
    assert set(_selected_numbers(session, words, hits, commune="93032")) == {
        matching.number,
        other.number,
    }


def test_values_of_a_filter_are_alternatives_and_filters_add_up(session, desk, words):
    gagny = desk.published(types=("expulsion",))
    puteaux = desk.published(types=("huis_clos",), commune="92062")
    desk.published(types=("autre",))
    either = parse({"type": ["expulsion", "huis_clos"]}, words)
    both = parse({"type": ["expulsion", "huis_clos"], "commune": ["92062"]}, words)
    session.rollback()
    at = head(session)
    numbers = {summary.number for summary in facet_data.list_page(session, either, words, at).cases}
    assert numbers == {gagny.number, puteaux.number}
    page = facet_data.list_page(session, both, words, at)
    assert ([summary.number for summary in page.cases], page.total) == ([puteaux.number], 1)


@pytest.mark.parametrize(
    ("date", "since", "until", "is_selected", "why"),
    [
        ("2006", "2006-06-01", "2006-06-30", True, "some day of 2006 may be in June"),
        ("2006-06", "2006-06-15", "2006-06-20", True, "some day of June is between"),
        ("2006-06~", "2006-06-30", "", True, "about June touches its last day"),
        ("2006", "2007", "", False, "no day of 2006 is in 2007"),
        ("2006", "", "2005", False, "nor in 2005"),
        ("2006-12-31", "2007", "", False, "one day before"),
        ("2006-12-31", "2006", "2006", True, "the last day of the year is in it"),
        ("2006-01-01", "", "2006-01-01", True, "both ends are included"),
        ("2006-06-26", "2006-06-27", "", False, "the end is not the beginning"),
        ("", "1000", "2999", False, "an undated case is in no span"),
    ],
)
def test_a_span_selects_the_dates_that_overlap_it(
    session, desk, words, date, since, until, is_selected, why
):
    case = desk.published(date=date)
    assert _selected_numbers(session, words, du=since, au=until) == (
        [case.number] if is_selected else []
    ), why


@pytest.mark.parametrize(
    ("date", "years"),
    [
        ("2008", ["2008"]),
        ("2008~", ["2008"]),
        ("2008-01-01", ["2008"]),
        ("2008-12-31", ["2008"]),
        ("2008-12?", ["2008"]),
        ("1000", ["1000"]),
        ("2999-12-31", ["2999"]),
        ("", []),
    ],
)
def test_a_date_touches_the_year_in_which_it_lies(session, desk, words, date, years):
    case = desk.published(date=date)
    candidates = ("1000", "2007", "2008", "2009", "2999", "9999")
    selected = [
        year
        for year in candidates
        if _selected_numbers(session, words, annee=year) == [case.number]
    ]
    assert selected == years


def test_several_years_select_none_of_the_years_between(session, desk, words):
    numbers = {date: desk.published(date=date).number for date in ("2006", "2008-05", "2010", "")}
    query = parse({"annee": ["2010", "2006"]}, words)
    session.rollback()
    page = facet_data.list_page(session, query, words, head(session))
    assert {case.number for case in page.cases} == {numbers["2006"], numbers["2010"]}
    chosen = [filters.clause(query, name) for name in query.values]
    assert session.scalars(select(CASE.c.id).where(IS_PUBLIC, *chosen)).all() == [1, 3]


def test_the_end_date_is_not_compared_with_a_span(session, desk, words):
    desk.published(date="2004", end_date="2007")
    assert _selected_numbers(session, words, du="2006") == []


@pytest.mark.parametrize(
    ("date", "end", "duration"),
    [
        ("2008-01-01", "2008-12-31", "moins-d-un-an"),
        ("2008-01-01", "2009-01-01", "un-a-trois-ans"),
        ("2008-01-01", "2010-12-31", "un-a-trois-ans"),
        ("2008-01-01", "2011-01-02", "plus-de-trois-ans"),
        ("2008-01-01", "", "inconnue"),
        ("", "2008", "inconnue"),
    ],
)
def test_each_duration_has_its_bounds(session, desk, words, date, end, duration):
    case = desk.published(date=date, end_date=end)
    selected = {name: _selected_numbers(session, words, duree=name) for name in filters.DURATIONS}
    assert selected == {name: [case.number] if name == duration else [] for name in selected}


@pytest.mark.parametrize(("name", "value"), [("commune", "93066"), ("departement", "93")])
def test_a_former_code_is_listed_under_the_commune_of_today(session, desk, words, name, value):
    """Pierrefitte-sur-Seine (93059) joined Saint-Denis (93066) on 1 January 2025."""
    case = desk.published(commune="93059")
    assert _selected_numbers(session, words, **{name: value}) == [case.number]


def test_a_former_code_asks_for_the_commune_of_today(session, desk, words):
    """The filter by an old code also selects the cases under the new code, as the page does."""
    numbers = {desk.published(commune=code).number for code in ("93059", "93066")}
    assert set(_selected_numbers(session, words, commune="93059")) == numbers


@pytest.mark.parametrize(
    ("name", "value"), [("commune", "13055"), ("departement", "13"), ("region", "93")]
)
def test_a_linked_commune_finds_the_case_once(session, desk, words, name, value):
    case = desk.published(commune="93032", linked_communes=("13055", "13001"))
    assert _selected_numbers(session, words, **{name: value}) == [case.number]


@pytest.mark.parametrize(
    ("place", "name", "value"),
    [
        ({"departement": "93"}, "departement", "93"),
        ({"departement": "93"}, "region", "11"),
        ({"region": "11"}, "region", "11"),
    ],
)
def test_a_case_without_a_commune_is_found_by_its_area(session, desk, words, place, name, value):
    case = desk.published(commune="", **place)
    assert _selected_numbers(session, words, **{name: value}) == [case.number]


def test_a_case_of_a_region_is_in_none_of_its_departements(session, desk, words):
    desk.published(commune="", region="11")
    assert _selected_numbers(session, words, departement="93") == []


def test_a_medium_is_found_however_its_name_is_typed(session, desk, words):
    case = desk.published(outlets=("L’Écho-du-cœur",))
    for typed in ("l'echo du coeur", "L’ÉCHO‑DU‑CŒUR"):
        assert _selected_numbers(session, words, media=typed) == [case.number], typed


def test_a_retired_word_still_finds_the_cases_that_carry_it(session, desk, words):
    case = desk.published(types=("expulsion",))
    retired = replace(words.lists["type"]["expulsion"], retired=True)
    lists = {**words.lists, "type": {**words.lists["type"], "expulsion": retired}}
    assert _selected_numbers(session, replace(words, lists=lists), type="expulsion") == [
        case.number
    ]


@pytest.mark.parametrize("hidden", ["draft", "discarded", "withdrawn", "merged", "erased"])
def test_no_filter_finds_what_is_not_public(session, desk, words, hidden):
    getattr(desk, hidden)(date="2008", end_date="2009-06", outlets=("Caché",), types=("autre",))
    hits = dict.fromkeys(range(1, 9), 1)
    for name, (good, _) in VALUES.items():
        for value in good:
            numbers = _selected_numbers(session, words, hits, **{name: value})
            assert all(number == 1 and hidden == "merged" for number in numbers), (name, value)
    assert _selected_numbers(session, words, media="Caché", duree="un-a-trois-ans") == []


def test_a_quote_in_a_value_is_only_a_quote(session, desk, words):
    case = desk.published(commune="", place_label="L'Île d'\"Yeu\"; --")
    assert _selected_numbers(session, words, endroit="L'Île d'\"Yeu\"; --") == [case.number]
    assert _selected_numbers(session, words, endroit="' OR 1=1 --") == []


@pytest.mark.parametrize(
    ("name", "valid_code", "unknown_code"),
    [("commune", "93059", "99999"), ("departement", "974", "999"), ("region", "11", "00")],
)
def test_an_unknown_code_of_a_place_is_refused(session, words, name, valid_code, unknown_code):
    filters.parse({name: [valid_code]}, words)
    with pytest.raises(Invalid) as refused:
        filters.parse({name: [unknown_code]}, words)
    assert refused.value.values == {"name": name, "value": unknown_code}
