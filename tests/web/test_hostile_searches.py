"""Any text in the search field: results or an error message, and never a failure."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from search_helpers import Searcher, follow, heading

from register.web.request_validation import PARAMETER_LIMIT, QUERY_LIMIT

pytestmark = pytest.mark.prove

TEXTS = {
    "long": "a" * 10_000,
    "long words": "filmer " * 1_400,
    "as long as may be": "é" * 200,
    "many words": " ".join(f"mot{n}" for n in range(40)),
    "deep": "(" * 90 + "filmer" + ")" * 90,
    "deep quotes": '"' * 150,
    "deep guillemets": "«" * 60 + "filmer" + "»" * 60,
    "open quote": 'filmer "conseil',
    "open guillemets": "« filmer",
    "crossed quotes": '"filmer « conseil" maire »',
    "operators": "AND OR NOT NEAR/3 filmer:* ^2 ~ + - && || ! \\",
    "only minus": "-",
    "minuses": "- -- --- -filmer --filmer",
    "only excluded": "-filmer",
    "star": "*",
    "one letter": "f*",
    "stars": "f* i* l* m*",
    "inner star": "f*lm*r",
    "wildcard": "fil?er %_ film%",
    "beginning of all": "con*",
    "right to left": "\u202efilmer\u202c \u2067maire\u2069 العربية",
    "zero width": "fil\u200bmer \ufeff\u2060",
    "combining": "e" + "\u0301" * 150,
    "emoji": "📹 filmer 👩‍👩‍👧",
    "astral": "𝓯𝓲𝓵𝓶𝓮𝓻",
    "slashes": "../../etc/passwd \\\\x\\y",
    "sql": "'; DROP TABLE incident; --",
    "html": "<script>alert(1)</script> <img src=x onerror=y>",
    "template": "{{ 7*7 }} {% raw %} %(value)s %s",
    "code": "§dep:93 §an:2008 =film",
    "numbers": "0 00 000 93 2A 2a 971 99999 18446744073709551616",
    "spaces": "   \u00a0 \u3000  ",
    "silent": "le la les de du des",
    "newlines": "filmer\nmaire\r\nGagny",
    "nul": "fil\x00mer",
    "escape": "\x1b[31mfilmer",
    "surrogate": "%ED%A0%80",
    "not utf-8": "%FF%FE",
    "half a sequence": "%C3",
    "half a percent": "%",
}
RAW = frozenset({"surrogate", "not utf-8", "half a sequence", "half a percent"})


@pytest.fixture
def searcher(demo_app) -> Searcher:
    """A reader of the demonstration."""
    follow(demo_app)
    return Searcher(demo_app)


def _statuses(query: str, *others: int) -> tuple[int, ...]:
    """The statuses that may answer a query string: 414 for one beyond the limits, and only then."""
    if len(query) > QUERY_LIMIT or query.count("&") >= PARAMETER_LIMIT:
        return (414,)
    return (200, 303, 400, *others)


@pytest.mark.parametrize("path", ["/incidents", "/incidents.atom", "/communes/93032.atom"])
@pytest.mark.parametrize("name", TEXTS)
def test_any_text_is_answered(searcher, name, path) -> None:
    text = TEXTS[name] if name in RAW else quote(TEXTS[name])
    answer = searcher.get(f"{path}?q={text}")
    # A text of nothing is left out of the address of the list.
    assert answer.status_code in _statuses(f"q={text}", 422), answer.status_code
    if path == "/incidents" and answer.status_code == 200:
        assert heading(answer.text)
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text


@pytest.mark.parametrize("name", TEXTS)
def test_any_text_is_answered_beside_filters(searcher, name) -> None:
    text = TEXTS[name] if name in RAW else quote(TEXTS[name])
    query = f"q={text}&departement=93&famille=acces&tri=date&page=1"
    answer = searcher.get(f"/incidents?{query}")
    assert answer.status_code in _statuses(query), answer.status_code


@pytest.mark.parametrize(
    "query",
    [
        "&".join(["type=expulsion"] * 500),
        "&".join(f"type=x{n}" for n in range(500)),
        "&".join(f"inconnu{n}=1" for n in range(500)),
        "&".join(["q=filmer"] * 50),
        "q=filmer&" + "&".join(f"annee={year}" for year in range(1990, 2010)),
        "q=&q=&lieu=&departement=&page=",
        "q[]=filmer&q[0]=x&q.x=1",
        "%71=filmer",
        "q=filmer&q=maire",
        "Q=filmer",
        "q=filmer;famille=acces",
        "q=filmer&page=10000",
        "q=filmer&lieu=" + quote("St Denis" * 20),
    ],
)
def test_any_parameters_are_answered(searcher, query) -> None:
    answer = searcher.get(f"/incidents?{query}")
    assert answer.status_code in _statuses(query, 404), answer.status_code


@given(text=st.text(max_size=60))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_generated_texts_are_never_a_failure(searcher, text) -> None:
    address = quote(text.encode("utf-8", "surrogatepass"))
    assert searcher.get(f"/incidents?q={address}").status_code in (200, 303, 400)


def test_searches_keep_the_caches_within_their_limits(searcher) -> None:
    """Six hundred searches, none of them repeated."""
    from register.cases import facet_index
    from register.web import fragments, maps

    for n in range(300):
        searcher.get(q=f"filmer mot{n}")
        searcher.get(f"/incidents?media=blog{n}")
    assert 0 < searcher.app.extensions["register.fragments"]._cache.size <= fragments.CACHE_LIMIT
    assert 0 < len(maps._drawings) <= maps._drawings.limit == 32
    assert len(facet_index._cached_indexes) <= facet_index.INDEX_LIMIT
    middleware = searcher.app.wsgi_app
    while not hasattr(middleware, "caches"):
        middleware = middleware.app
    assert middleware.caches.size <= 2 * fragments.CACHE_LIMIT
