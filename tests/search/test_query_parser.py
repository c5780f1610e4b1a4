"""How a typed search becomes a query."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.cases.vocabulary import VOCABULARY_FILE
from register.errors import Invalid
from register.search import analyzer, query_parser, synonyms
from register.search.engine_interface import QueryAlternative, SearchQuery


def synonym(*tokens: str) -> QueryAlternative:
    return QueryAlternative(tokens, synonym=True)


def first_alternatives(text: str) -> list[tuple[str, ...]]:
    """The tokens of each part as typed, "-" before those that are excluded."""
    return [
        (("-",) if part.excluded else ()) + part.alternatives[0].tokens
        for part in query_parser.parse(text).parts
    ]


@pytest.mark.parametrize(
    ("typed", "expected", "why"),
    [
        ("", [], "nothing"),
        ("filmer", [("film",)], "a word"),
        ("Filmer à Gagny", [("film",), ("gagny",)], "words; the silent one goes"),
        ('"mise en demeure"', [("mise", "demeure")], "a phrase"),
        ("« mise en demeure »", [("mise", "demeure")], "French quotes"),
        ("«\u202fmise en demeure\u202f»", [("mise", "demeure")], "with their thin spaces"),
        ("“mise en demeure”", [("mise", "demeure")], "curly quotes"),
        ("filmer -Puteaux", [("film",), ("-", "puteau")], "a word to leave out"),
        ('-"mise en demeure"', [("-", "mise", "demeure")], "a phrase to leave out"),
        ("−Puteaux", [("-", "puteau")], "the minus sign of some keyboards"),
        ("Noisy-le-Sec", [("noisy", "sec")], "hyphens hold a name together"),
        ("noisy le sec", [("noisy",), ("sec",)], "spaces do not"),
        ("l’affaire", [("affair",)], "elision"),
        ("l'affaire", [("affair",)], "with a straight apostrophe"),
        ("93sang30.com", [("93sang30", "com")], "an outlet by its address"),
        ("93sang30", [("93sang30",)], "and by its name"),
        ("93", [("§dep:93",)], "a département"),
        ("2a", [("§dep:2A",)], "Corsica, in small letters"),
        ("974", [("§dep:974",)], "overseas"),
        ("20", [("20",)], "no département is 20 any more"),
        ("2008", [("§an:2008",)], "a year"),
        ("1850", [("1850",)], "not one of this register's"),
        ('"2008"', [("2008",)], "quoted, by the letter"),
        ('"93"', [("93",)], "quoted, by the letter"),
        ("film*", [("film",)], "a beginning"),
        ("filmer ab*", [("film",), ("ab",)], "too short for one: a word"),
        ("l’expuls*", [("expuls",)], "the word before the beginning is silent"),
        ("a,b;c/d", [("b",)], "marks between words, silent letters"),
        ("(filmer OR/AND) {gagny}", [("film",), ("or",), ("gagny",)], "no operators"),
        ("filmer - gagny", [("film",), ("gagny",)], "a dash alone leaves nothing out"),
        ('filmer "gagny', [("film",), ("gagny",)], "a quote that is not closed"),
        ("\u202efilmer\u0000", [("film",)], "hidden characters"),
    ],
)
def test_a_typed_text_is_parsed_into_its_words(
    typed: str, expected: list[tuple[str, ...]], why: str
) -> None:
    assert first_alternatives(typed) == expected, why


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("de la", "search_silent"),
        ("les*", "search_silent"),
        ('""', "search_no_word"),
        ('"', "search_no_word"),
        ("???", "search_no_word"),
        ("-", "search_no_word"),
        ("*", "search_no_word"),
        ("a*", "search_short_beginning"),
        ("ab*", "search_short_beginning"),
        ("-ab*", "search_short_beginning"),
        ("d’ab*", "search_short_beginning"),
        ("le ab* 93*", "search_short_beginning"),
    ],
)
def test_a_query_without_a_searchable_word_is_refused_with_its_reason(typed: str, key: str) -> None:
    with pytest.raises(Invalid) as refusal:
        query_parser.parse(typed)
    assert refusal.value.key == key


@pytest.mark.parametrize(
    ("typed", "expected", "operator"),
    [
        ("filmer OU maire", [("film",), ("mair",)], "OU"),
        ("filmer OR maire", [("film",), ("mair",)], "OR"),
        ("filmer ET maire", [("film",), ("mair",)], ""),
        ("filmer AND maire", [("film",), ("mair",)], ""),
        ("93 OR 2008", [("§dep:93",), ("§an:2008",)], "OR"),
        ("filmer or maire", [("film",), ("or",), ("mair",)], ""),
        ("BIJOU OR MAIRE", [("bijou",), ("or",), ("mair",)], ""),
        ("BIJOU OU MAIRE", [("bijou",), ("mair",)], "OU"),
        ("OR filmer", [("or",), ("film",)], ""),
        ('"filmer OR maire"', [("filmer", "or", "maire")], ""),
        ("filmer -OR maire", [("film",), ("-", "or"), ("mair",)], ""),
    ],
)
def test_operators_between_words_are_left_out(
    typed: str, expected: list[tuple[str, ...]], operator: str
) -> None:
    assert first_alternatives(typed) == expected
    assert query_parser.find_or_operator(typed) == operator


def test_a_trailing_star_is_a_prefix_search() -> None:
    (part,) = query_parser.parse("film*").parts
    assert part.alternatives == (QueryAlternative(("film",), prefix=True),)


def test_a_word_is_searched_with_its_synonyms() -> None:
    (part,) = query_parser.parse("caméra").parts
    assert synonym("film") in part.alternatives
    assert synonym("video") in part.alternatives


def test_an_acronym_and_its_words_are_synonyms() -> None:
    (short,) = query_parser.parse("TGI").parts
    (long,) = query_parser.parse("tribunal de grande instance").parts
    assert synonym("tribunal", "grand", "instanc") in short.alternatives
    assert synonym("tgi") in long.alternatives
    # Typed without quotes, its words may stand apart.
    assert long.alternatives[0] == QueryAlternative(
        ("tribunal", "grand", "instanc"), is_phrase=False
    )


@pytest.mark.parametrize("typed", ["SLAPP", "bâillon", "procédure bâillon", "procédures-bâillons"])
def test_a_gag_suit_leads_to_the_suits_against_the_target(typed: str) -> None:
    (part,) = query_parser.parse(typed).parts
    assert synonym("§sens:contre_cible") in part.alternatives


@pytest.mark.parametrize("typed", ['"caméra"', "-caméra", "caméra*"])
def test_a_quoted_word_has_no_synonyms(typed: str) -> None:
    (part,) = query_parser.parse(typed).parts
    assert len(part.alternatives) == 1


def test_what_is_quoted_is_literal() -> None:
    quoted, plain = query_parser.parse('"cours d’appel" cours').parts
    assert quoted.alternatives == (QueryAlternative(("cours", "appel"), literal=True),)
    assert not plain.alternatives[0].literal


@pytest.mark.parametrize(
    ("typed", "code", "filters"),
    [
        ("26 juin 2006", "§jour:2006-06-26", {"du": "2006-06-26", "au": "2006-06-26"}),
        ("26/06/2006", "§jour:2006-06-26", {"du": "2006-06-26", "au": "2006-06-26"}),
        ("2006-06-26", "§jour:2006-06-26", {"du": "2006-06-26", "au": "2006-06-26"}),
        ("1er juin 2006", "§jour:2006-06-01", {"du": "2006-06-01", "au": "2006-06-01"}),
        ("June 26, 2006", "§jour:2006-06-26", {"du": "2006-06-26", "au": "2006-06-26"}),
        ("juin 2006", "§mois:2006-06", {"du": "2006-06", "au": "2006-06"}),
        ("nº 5", "§numero:5", {}),
        ("n°5", "§numero:5", {}),
        ("numéro 05", "§numero:5", {}),
        ("no. 12", "§numero:12", {}),
        ("depuis 2020", "§an:2020", {"du": "2020"}),
        ("après 2019", "§an:2020", {"du": "2020"}),
        ("avant 2005", "§an:2004", {"au": "2004"}),
        ("jusqu’en 2004", "§an:2004", {"au": "2004"}),
        ("entre 2008 et 2010", "§an:2009", {"du": "2008", "au": "2010"}),
        ("from 2008 to 2010", "§an:2009", {"du": "2008", "au": "2010"}),
        ("avant le 12 mars 2006", "§jour:2006-03-11", {"au": "2006-03-11"}),
        ("avant mars 2006", "§mois:2006-02", {"au": "2006-02-28"}),
        ("depuis le 26/06/2006", "§jour:2006-06-26", {"du": "2006-06-26"}),
        ("après juin 2006", "§mois:2006-07", {"du": "2006-07-01"}),
        ("since June 26, 2006", "§an:2007", {"du": "2006-06-26"}),
        ("en cours", "§issue:en_cours", {"issue": "en_cours"}),
    ],
)
def test_a_date_a_period_and_a_number_are_read_as_codes_and_filters(
    typed: str, code: str, filters: dict[str, str]
) -> None:
    first, part, last = query_parser.parse(f"maire {typed} gagny").parts
    assert (first.typed, part.typed, last.typed) == ("maire", typed, "gagny")
    assert QueryAlternative((code,)) in part.alternatives
    assert dict(part.filters) == filters
    assert query_parser.parse(f"-{typed}").parts[0].excluded


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("gagny 2006", [("gagny",), ("§an:2006",)]),
        ("3 blogs 2006", [("3",), ("blog",), ("§an:2006",)]),
        ("31/02/2006", [("31", "02", "2006")]),
        ("17/0815", [("17", "0815")]),
        ("n° 22PA03737", [("22pa03737",)]),
        ("en cours de séance", [("=cours",), ("seanc",)]),
        ('"26 juin 2006"', [("26", "juin", "2006")]),
    ],
)
def test_a_text_that_only_resembles_a_date_or_a_number_is_words(
    typed: str, expected: list[tuple[str, ...]]
) -> None:
    assert first_alternatives(typed) == expected


def test_a_date_is_also_searched_as_texts_write_it() -> None:
    (part,) = query_parser.parse("05/09/2006").parts
    phrases = [alternative.tokens for alternative in part.alternatives]
    assert ("2006", "09", "05") in phrases
    assert ("5", "septembr", "2006") in phrases


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("blogueur condamné", "§issue:condamnation_cible"),
        ("condamnation d’une blogueuse", "§issue:condamnation_cible"),
        ("journaliste de Gagny condamnée", "§issue:condamnation_cible"),
        ("maire condamné", "§issue:condamnation_auteur"),
    ],
)
def test_condamne_beside_a_person_means_that_this_person_was(typed: str, code: str) -> None:
    parts = query_parser.parse(typed).parts
    (convicted,) = [part for part in parts if part.typed.startswith("condamn")]
    assert convicted.alternatives[0] == QueryAlternative((code,))


@pytest.mark.parametrize("typed", ["condamné", "le maire fait condamner un blogueur"])
def test_condamne_alone_or_between_two_is_the_word(typed: str) -> None:
    parts = query_parser.parse(typed).parts
    (convicted,) = [part for part in parts if part.typed.startswith("condamn")]
    assert convicted.alternatives[0].tokens == ("condamn",)


def test_a_query_has_its_text_and_can_lose_a_part_or_its_synonyms() -> None:
    query = query_parser.parse("caméra « mise en demeure » -gagny tribunal de grande instance")
    assert query.text == 'caméra "mise en demeure" -gagny tribunal de grande instance'
    assert query.without(query.parts[1]).text == "caméra -gagny tribunal de grande instance"
    assert query_parser.parse(query.text) == query
    typed = query.without_synonyms.parts[0].alternatives
    assert typed == (QueryAlternative(("cam",)),)


def test_a_search_that_is_too_long_or_has_too_many_words_is_refused() -> None:
    with pytest.raises(Invalid, match="search_too_long"):
        query_parser.parse("x" * (query_parser.LENGTH_LIMIT + 1))
    with pytest.raises(Invalid, match="search_too_many"):
        query_parser.parse(
            " ".join(f"mot{number}" for number in range(query_parser.PARTS_LIMIT + 1))
        )


def test_a_line_of_the_synonym_file_takes_effect() -> None:
    table = synonyms.parse_table(
        {
            "groupe": [{"mots": ["drone", "prise aérienne"]}],
            "vers": [{"mots": ["muselière"], "codes": ["sens:contre_cible"], "voir": ["bâillon"]}],
        }
    )
    assert table.alternatives[("dron",)] == {synonym("pri", "aerien"): None}
    assert table.alternatives[("pri", "aerien")] == {synonym("dron"): None}
    assert [*table.alternatives[("musel",)]] == [synonym("baillon"), synonym("§sens:contre_cible")]
    assert table.longest == 2


def test_the_data_file_has_no_line_that_does_nothing() -> None:
    source = tomllib.loads(synonyms.FILE.read_text("utf-8"))
    vocabulary = tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))
    for kind in ("groupe", "vers"):
        for group in source[kind]:
            table = synonyms.parse_table({kind: [group]}).alternatives
            assert len(table) == len(group["mots"]), group["mots"]
            assert all(table.values()), group["mots"]
    codes = [
        code
        for kind in ("vers", "avec")
        for group in source[kind]
        for code in group.get("codes", ())
    ]
    for name, code in (each.split(":") for each in codes):
        assert code in {word["code"] for word in vocabulary[name]}


def test_an_english_label_means_the_code_of_its_vocabulary() -> None:
    vocabulary = tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))
    for name in ("type", "cible", "acteur", "issue"):
        for word in vocabulary[name]:
            (part,) = query_parser.parse(word["en"]).parts
            code = synonym(f"§{name}:{word['code']}")
            assert code in part.alternatives or analyzer.tokens(word["en"]) == analyzer.tokens(
                word["fr"]
            )


@given(st.text(max_size=400))
def test_any_text_is_parsed_into_a_query_or_refused(text: str) -> None:
    try:
        query = query_parser.parse(text)
    except Invalid:
        return
    assert isinstance(query, SearchQuery)
    assert len(query.parts) <= query_parser.PARTS_LIMIT
    assert all(alternative.tokens for part in query.parts for alternative in part.alternatives)
