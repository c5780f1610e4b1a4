"""How a typed search becomes a query."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.errors import Invalid
from register.search import query_parser
from register.search.engine_interface import QueryAlternative, SearchQuery


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
        ('"mise en demeure"', [("mis", "demeur")], "a phrase"),
        ("« mise en demeure »", [("mis", "demeur")], "French quotes"),
        ("«\u202fmise en demeure\u202f»", [("mis", "demeur")], "with their thin spaces"),
        ("“mise en demeure”", [("mis", "demeur")], "curly quotes"),
        ("filmer -Puteaux", [("film",), ("-", "puteau")], "a word to leave out"),
        ('-"mise en demeure"', [("-", "mis", "demeur")], "a phrase to leave out"),
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
        ('"filmer OR maire"', [("film", "or", "mair")], ""),
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
    assert QueryAlternative(("film",)) in part.alternatives
    assert QueryAlternative(("video",)) in part.alternatives


def test_an_acronym_and_its_words_are_synonyms() -> None:
    (short,) = query_parser.parse("TGI").parts
    (long,) = query_parser.parse("tribunal de grande instance").parts
    assert QueryAlternative(("tribunal", "grand", "instanc")) in short.alternatives
    assert QueryAlternative(("tgi",)) in long.alternatives
    # Typed without quotes, its words may stand apart.
    assert long.alternatives[0] == QueryAlternative(
        ("tribunal", "grand", "instanc"), is_phrase=False
    )


@pytest.mark.parametrize("typed", ["SLAPP", "bâillon", "procédure bâillon", "procédures-bâillons"])
def test_a_gag_suit_leads_to_the_suits_against_the_target(typed: str) -> None:
    (part,) = query_parser.parse(typed).parts
    assert QueryAlternative(("§sens:contre_cible",)) in part.alternatives


@pytest.mark.parametrize("typed", ['"caméra"', "-caméra", "caméra*"])
def test_a_quoted_word_has_no_synonyms(typed: str) -> None:
    (part,) = query_parser.parse(typed).parts
    assert len(part.alternatives) == 1


def test_a_search_that_is_too_long_or_has_too_many_words_is_refused() -> None:
    with pytest.raises(Invalid, match="search_too_long"):
        query_parser.parse("x" * (query_parser.LENGTH_LIMIT + 1))
    with pytest.raises(Invalid, match="search_too_many"):
        query_parser.parse(
            " ".join(f"mot{number}" for number in range(query_parser.PARTS_LIMIT + 1))
        )


def test_a_line_of_the_synonym_file_takes_effect() -> None:
    table = query_parser.parse_table(
        {
            "groupe": [{"mots": ["drone", "prise aérienne"]}],
            "vers": [{"mots": ["muselière"], "codes": ["sens:contre_cible"]}],
        }
    )
    assert table[("dron",)] == (QueryAlternative(("pri", "aerien")),)
    assert table[("pri", "aerien")] == (QueryAlternative(("dron",)),)
    assert table[("musel",)] == (QueryAlternative(("§sens:contre_cible",)),)


def test_the_data_file_has_no_line_that_does_nothing() -> None:
    synonyms = tomllib.loads(query_parser.FILE.read_text("utf-8"))
    for group in synonyms["groupe"]:
        table = query_parser.parse_table({"groupe": [group]})
        assert len(table) == len(group["mots"]), group["mots"]
        assert all(table.values()), group["mots"]


@given(st.text(max_size=400))
def test_any_text_is_parsed_into_a_query_or_refused(text: str) -> None:
    try:
        query = query_parser.parse(text)
    except Invalid:
        return
    assert isinstance(query, SearchQuery)
    assert len(query.parts) <= query_parser.PARTS_LIMIT
    assert all(alternative.tokens for part in query.parts for alternative in part.alternatives)
