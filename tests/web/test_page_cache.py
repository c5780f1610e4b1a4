"""A cached page is never stale or withdrawn, and never escapes request validation or a header."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from contextvars import Context
from datetime import UTC, datetime, timedelta
from time import perf_counter

import attested_acts as acts
import pytest
from flask import Response, g, make_response
from search_helpers import follow
from sqlalchemy import create_engine, text

from register.cases import data_version as standings
from register.cases.data_version import DataVersion, DataVersionReader
from register.concurrency_limit import Bulkhead
from register.db import configure_engine, engine_options, now
from register.journal import LedgerPosition, writing
from register.web import etag, page_cache, request_context
from register.web.etag import (
    BUILD_KEY,
    SEARCH_KEY,
    build_digest,
    is_unchanged,
    last_modified,
    matches_tag,
    page_version,
)
from register.web.headers import SECURITY_HEADERS

pytestmark = pytest.mark.one_database


@pytest.fixture
def stranger(app):
    """``stranger("/")``: a reader's request, in a context of its own."""
    # Cookies are sent as a test writes them; the client would replace them by its own.
    client = app.test_client(use_cookies=False)

    def open_address(address, method="GET", **options):
        return Context().run(lambda: client.open(address, method=method, **options))

    return open_address


@pytest.fixture
def cache_middleware(app):
    """The page cache, within the layers of request validation and headers around it."""
    middleware = app.wsgi_app
    while not isinstance(middleware, page_cache.PageCacheMiddleware):
        middleware = middleware.app
    return middleware


@pytest.fixture
def built_paths(cache_middleware, monkeypatch):
    """The paths of the pages that Flask built."""
    paths = []
    flask = cache_middleware.app

    def recording(environ, start_response):
        paths.append(environ["PATH_INFO"])
        return flask(environ, start_response)

    monkeypatch.setattr(cache_middleware, "app", recording)
    return paths


def _headers(answer):
    return sorted(answer.headers.items())


ADDRESSES = (
    "/",
    "/incidents",
    "/incidents/1",
    "/communes/93032",
    "/methode",
    "/incidents.atom",
    "/incidents/1.atom",
    "/registre/tete",
)


# --- what a reader gets ------------------------------------------------------------------------


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_cached_page_equals_the_page_of_flask_to_the_byte(address, stranger, desk, built_paths):
    desk.published()
    first, again = stranger(address), stranger(address)
    assert built_paths == [address]
    assert (again.status, again.data) == (first.status, first.data)
    assert _headers(again) == _headers(first)
    assert set(SECURITY_HEADERS) <= set(again.headers.keys())
    assert again.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_matching_etag_is_answered_304_with_and_without_a_cached_page(
    address, stranger, desk, built_paths, cache_middleware
):
    desk.published()
    tag = stranger(address).headers["ETag"]
    from_cache = stranger(address, headers={"If-None-Match": tag})
    cache_middleware.caches.find("elsewhere", "")  # empties them
    from_tag = stranger(address, headers={"If-None-Match": f'"x", W/{tag}'})
    assert built_paths == [address]
    for answer in (from_cache, from_tag):
        assert (answer.status_code, answer.data) == (304, b"")
        assert answer.headers["ETag"] == tag
        assert "Content-Security-Policy" in answer.headers
        assert {"Content-Type", "Content-Length"}.isdisjoint(answer.headers.keys())


def test_a_head_has_the_headers_of_the_page_and_no_body(stranger, desk, built_paths):
    desk.published()
    from_flask = stranger("/incidents", "HEAD")
    page = stranger("/incidents")
    from_cache = stranger("/incidents", "HEAD")
    assert built_paths == ["/incidents", "/incidents"]
    assert _headers(from_flask) == _headers(page) == _headers(from_cache)
    assert from_flask.data == from_cache.data == b""
    tag = page.headers["ETag"]
    assert stranger("/incidents", "HEAD", headers={"If-None-Match": tag}).status_code == 304


def test_request_validation_runs_before_the_page_cache(stranger, desk, built_paths):
    desk.published()
    stranger("/incidents")
    elsewhere = stranger("/incidents", headers={"Host": "ailleurs.test"})
    assert elsewhere.status_code == 400
    assert "Content-Security-Policy" in elsewhere.headers
    assert stranger("/incidents", headers={"Transfer-Encoding": "chunked"}).status_code == 400
    assert stranger("/incidents", "POST").status_code == 405
    # Both of our names get the page: its addresses come from the settings and not from these.
    for host in ("localhost", "127.0.0.1:8080"):
        answer = stranger("/incidents", headers={"Host": host})
        assert answer.data == stranger("/incidents").data


def test_a_request_with_a_cookie_bypasses_the_page_cache(stranger, desk, built_paths):
    desk.published()
    tag = stranger("/incidents").headers["ETag"]
    answer = stranger("/incidents", headers={"Cookie": "session=x", "If-None-Match": tag})
    assert answer.status_code == 200
    assert "ETag" not in answer.headers
    assert built_paths == ["/incidents"] * 2


def test_an_address_is_its_own_page(stranger, desk):
    desk.published()
    assert stranger("/incidents").text != stranger("/incidents?departement=75").text
    assert stranger("/incidents?departement=75").status_code == 200
    # The order of parameters is part of the address: two values, the same page.
    first, second = (
        stranger(f"/incidents?{query}")
        for query in ("departement=93&type=expulsion", "type=expulsion&departement=93")
    )
    assert first.headers["ETag"] != second.headers["ETag"]


def test_errors_and_redirects_are_never_cached(stranger, desk, built_paths, cache_middleware):
    withdrawn = desk.withdrawn()
    desk.merged()
    addresses = {
        "/incidents?page=9": 404,
        "/incidents/99": 404,
        f"/incidents/{withdrawn.number}": 410,
        "/incidents/3.atom": 301,
        "/communes/93032?page=x": 400,
        "/communes/2a004": 301,
    }
    for address, status in addresses.items():
        for _ in range(2):
            answer = stranger(address, headers={"If-None-Match": "*"})
            assert answer.status_code == status, address
            assert "ETag" not in answer.headers
    assert len(built_paths) == 2 * len(addresses)
    assert cache_middleware.caches.size == 0


def test_addresses_of_no_page_do_not_wait_for_the_database(stranger, cache_middleware, monkeypatch):
    def refuse():
        raise AssertionError("the database was asked")

    monkeypatch.setattr(cache_middleware._watch, "read", refuse)
    assert stranger("/healthz").status_code == 200
    assert stranger("/robots.txt").status_code == 200
    assert stranger("/nulle-part").status_code == 404


def test_the_first_part_of_a_public_address_is_never_a_parameter(app):
    """The page cache tells public addresses by it."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("public."):
            assert "<" not in rule.rule[1:].split("/")[0]


# --- searches by words -------------------------------------------------------------------------

SEARCHES = ("/incidents?q=filmer", "/incidents.atom?q=filmer", "/communes/93032.atom?q=filmer")


@pytest.fixture
def stamp(app, monkeypatch):
    """``stamp("b")``: from now on the index bears this stamp; what it finds is another matter."""
    index = app.extensions[SEARCH_KEY]
    return lambda value: monkeypatch.setattr(index, "stamp", lambda: value)


@pytest.mark.parametrize("address", SEARCHES)
def test_a_search_is_cached_like_any_page(address, app, stranger, desk, built_paths):
    desk.published()
    follow(app)
    first, again = stranger(address), stranger(address)
    assert built_paths == [address.partition("?")[0]]
    assert (again.data, _headers(again)) == (first.data, _headers(first))
    tag = first.headers["ETag"]
    assert stranger(address, headers={"If-None-Match": tag}).status_code == 304
    assert len(built_paths) == 1


@pytest.mark.parametrize(
    "address", [*SEARCHES, "/incidents?%71=filmer", "/incidents?utm_source=&q=filmer"]
)
def test_a_search_page_is_rebuilt_when_the_index_has_moved(
    address, app, stranger, desk, built_paths, stamp
):
    desk.published()
    follow(app)
    stamp("a")
    before = stranger(address).headers["ETag"]
    stamp("b")
    answer = stranger(address, headers={"If-None-Match": before})
    assert (answer.status_code, answer.headers["ETag"] == before) == (200, False)
    assert len(built_paths) == 2
    # A page that was made of the index as it was is right again when the index is.
    stamp("a")
    assert stranger(address, headers={"If-None-Match": before}).status_code == 304
    assert len(built_paths) == 2


@pytest.mark.parametrize("address", [*ADDRESSES, "/incidents?famille=acces&media=q=x"])
def test_no_other_page_depends_on_the_index(address, app, stranger, desk, built_paths, monkeypatch):
    def refuse():
        raise AssertionError("the index was asked")

    desk.published()
    monkeypatch.setattr(app.extensions[SEARCH_KEY], "stamp", refuse)
    assert stranger(address).status_code == 200
    assert stranger(address).status_code == 200
    assert len(built_paths) == 1


def test_a_search_evicts_no_page_of_another_index(app, stranger, desk, built_paths, stamp):
    desk.published()
    follow(app)
    stamp("a")
    for address in ("/", "/incidents", *SEARCHES):
        stranger(address)
    stamp("b")
    stranger(SEARCHES[0])
    built_paths.clear()
    for address in ("/", "/incidents"):
        stranger(address)
    assert built_paths == []


def test_search_results_are_never_older_than_the_etag_of_the_page(
    app, stranger, desk, monkeypatch, stamp
):
    """The index moves between the page's first look at it and what it finds there."""
    desk.published()
    follow(app)
    stamp("a")
    read = request_context.read_data_version

    def reading(session):
        stamp("b")
        return read(session)

    monkeypatch.setattr(request_context, "read_data_version", reading)
    late = stranger(SEARCHES[0]).headers["ETag"]
    monkeypatch.setattr(request_context, "read_data_version", read)
    assert stranger(SEARCHES[0]).headers["ETag"] != late
    stamp("a")
    assert stranger(SEARCHES[0]).headers["ETag"] == late


@pytest.mark.parametrize("address", SEARCHES)
def test_an_answer_without_an_index_is_not_cached(
    address, app, stranger, desk, built_paths, cache_middleware
):
    desk.published()
    for _ in range(2):
        answer = stranger(address, headers={"If-None-Match": "*"})
        assert answer.status_code == 200
        assert {"ETag", "Last-Modified"}.isdisjoint(answer.headers.keys())
    assert len(built_paths) == 2
    assert cache_middleware.caches.size == 0
    follow(app)
    assert "ETag" in stranger(address).headers


def test_a_feed_of_a_search_has_last_modified_only_if_all_cases_were_searched(
    app, stranger, desk, monkeypatch
):
    from register.search import service

    desk.published()
    follow(app)
    assert stranger(SEARCHES[1]).headers["Last-Modified"] == MOVED_HEADER
    desk.published()
    monkeypatch.setattr(service, "CHANGED_LIMIT", 0)
    answer = stranger(SEARCHES[1])
    assert "Last-Modified" not in answer.headers
    assert "ETag" in answer.headers


def test_a_cached_search_never_shows_a_withdrawn_case(
    app, stranger, desk, cast, content, pen, built_paths
):
    case = desk.published(title=f"Le mot {WORD}", summary=f"Encore {WORD}")
    follow(app)
    addresses = (f"/incidents?q={WORD}", f"/incidents.atom?q={WORD}&famille=acces")
    tags = {address: stranger(address).headers["ETag"] for address in addresses}
    assert all("Encore" in stranger(address).text for address in addresses)
    with pen() as p:
        _withdraw(p, case, cast, content)
    for address, tag in tags.items():
        answer = stranger(address, headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert "Encore" not in answer.text


# --- what is cached, and what not --------------------------------------------------------------


def _with_header(name, value):
    response = make_response("une page")
    response.headers[name] = value
    return response


@pytest.mark.parametrize(
    ("view", "times", "tagged"),
    [
        (lambda: make_response("une page"), 1, True),
        (lambda: Response("<feed/>", content_type="application/atom+xml; charset=utf-8"), 1, True),
        (lambda: {"seq": 1}, 1, True),
        (lambda: _with_header("X-Own", "its own"), 1, True),
        (lambda: Response(iter(("a", "b"))), 3, True),
        (lambda: _with_header("Set-Cookie", "a=b"), 3, False),
        (lambda: _with_header("Cache-Control", "no-store"), 3, False),
        (lambda: ("une page", 203), 3, False),
        (lambda: ("", 204), 3, False),
    ],
    ids=["page", "feed", "json", "header", "stream", "cookie", "no-store", "203", "204"],
)
def test_a_page_is_cached_as_its_view_allows(
    view, times, tagged, app, stranger, built_paths, monkeypatch
):
    monkeypatch.setitem(app.view_functions, "public.home", view)
    answers = [stranger("/") for _ in range(3)]
    assert len(built_paths) == times
    assert len({answer.data for answer in answers}) == 1
    assert len({tuple(_headers(answer)) for answer in answers}) == 1
    assert ("ETag" in answers[0].headers) is tagged
    if tagged:
        # A streamed answer is made each time, and is not made for who has it.
        tag = {"If-None-Match": answers[0].headers["ETag"]}
        assert stranger("/", headers=tag).status_code == 304
        assert len(built_paths) == times
        assert stranger("/", headers={"If-None-Match": "*"}).status_code == 304


def test_a_stream_answered_304_is_closed(app, stranger, monkeypatch):
    closed = []

    def stream():
        try:
            yield "a"
        finally:
            closed.append(True)

    def view():
        response = Response(stream())
        response.call_on_close(lambda: closed.append("answer"))
        return response

    monkeypatch.setitem(app.view_functions, "public.home", view)
    assert stranger("/", headers={"If-None-Match": "*"}).status_code == 304
    assert closed == ["answer"]


# --- every act shows on the next page ----------------------------------------------------------

WORD = "zinzolin"


def _publish(p, case, cast, content):
    draft = acts.draft(p, content(summary=f"Encore {WORD}"), by=cast.bruno, reason="r")
    acts.invite(p, draft.id, "courriel", by=cast.bruno)
    acts.approve(p, draft.id, by=cast.chloe)
    attested = ("attribution", "no_private_person", "no_private_life")
    acts.publish(p, draft.id, by=cast.bruno, reason="r", attested=attested)


def _follow_up(p, case, cast, content):
    acts.follow_up(p, case.id, by=cast.bruno, reason="r", title=WORD, text="t")


def _correct(p, case, cast, content):
    corrected = content(title=WORD, summary=WORD)
    acts.correct(p, case.id, corrected, by=cast.bruno, reason="r", public_note="n")


def _redact(p, case, cast, content):
    redacted = content(title="Autre", summary="Autre")
    acts.redact(p, case.id, redacted, by=cast.bruno, reason="r", public_note="Passage retiré.")


def _withdraw(p, case, cast, content):
    acts.withdraw(p, case.id, by=cast.bruno, restriction="erreur", reason="erreur")


def _restore(p, case, cast, content):
    acts.approve(p, case.id, by=cast.chloe)
    attested = ("attribution", "no_private_person", "no_private_life")
    acts.restore(p, case.id, by=cast.bruno, reason="r", attested=attested)


def _merge(p, case, cast, content):
    acts.merge(p, case.id, into=1, by=cast.bruno, second=cast.chloe, reason="même affaire")


def _erase(p, case, cast, content):
    acts.approve(p, case.id, by=cast.chloe, purpose="erase")
    acts.erase(p, case.id, by=cast.ada, restriction="erreur")


FEEDS = ("/incidents.atom", "/communes/93032.atom")
PLACES = ("/", "/incidents", "/communes/93032", "/departements/93", *FEEDS)
CASE = "/incidents/2"
# For each act: how the case reads before, and where the word is seen before and after it.
EVERYWHERE = {*PLACES, CASE}
EACH = {
    # On the page of the other case too, as a case of the same place.
    "publish": (_publish, "published", set(), EVERYWHERE),
    "follow_up": (_follow_up, "published", set(), {CASE, "/", *FEEDS}),
    "correct": (_correct, "published", set(), EVERYWHERE),
    "redact": (_redact, "marked", EVERYWHERE, set()),
    "withdraw": (_withdraw, "marked", EVERYWHERE, set()),
    "restore": (_restore, "withdrawn", set(), EVERYWHERE),
    "merge": (_merge, "marked", EVERYWHERE, set()),
    "erase": (_erase, "marked", EVERYWHERE, set()),
}


def _publish_case_before(desk, cast, pen, state):
    """Case 2 beside a plain case 1, with the word in it unless it is only ``published``."""
    desk.published()
    if state == "published":
        return desk.published()
    case = desk.published(title=f"Le mot {WORD}", summary=f"Encore {WORD}")
    if state == "withdrawn":
        with pen() as p:
            _withdraw(p, case, cast, None)
    return case


def _addresses_with_word(stranger, tags=None):
    """The addresses that show the word, and the tag of each; ``tags`` are sent back."""
    states = {}
    for address in (*PLACES, CASE):
        headers = {"If-None-Match": tags[address]} if tags and tags[address] else {}
        answer = stranger(address, headers=headers)
        assert answer.status_code != 304, address
        states[address] = (WORD in answer.text, answer.headers.get("ETag"))
    return {a for a, (seen, _) in states.items() if seen}, {
        a: tag for a, (_, tag) in states.items()
    }


@pytest.mark.prove
@pytest.mark.parametrize("name", EACH)
def test_the_next_request_shows_the_act(name, stranger, desk, cast, content, pen):
    act, state, before, after = EACH[name]
    case = _publish_case_before(desk, cast, pen, state)
    assert _addresses_with_word(stranger)[0] == before
    addresses, tags = _addresses_with_word(stranger)  # these are the cached pages
    assert addresses == before
    with pen() as p:
        act(p, case, cast, content)
    assert _addresses_with_word(stranger, tags)[0] == after
    assert _addresses_with_word(stranger)[0] == after


def test_changes_of_another_process_are_served_at_once(
    stranger, desk, cast, content, settings, session
):
    """The other process has its own connections, and sends this one nothing."""
    case = desk.published(title=WORD, summary=WORD)
    addresses = (*PLACES, f"/incidents/{case.number}")
    for _ in range(2):
        assert all(WORD in stranger(address).text for address in addresses)
    session.rollback()
    other = create_engine(settings.database_url, **engine_options(settings.database_url))
    configure_engine(other)
    with writing(other) as p:
        _withdraw(p, case, cast, content)
    other.dispose()
    assert not any(WORD in stranger(address).text for address in addresses)


# --- races -------------------------------------------------------------------------------------


@contextmanager
def _act_after_version_read(monkeypatch, action):
    """Call ``action`` once, right after a page has read the data version."""
    read, actions = standings.read_data_version, [action]

    def reading(session):
        version = read(session)
        if actions:
            actions.pop()()
        return version

    monkeypatch.setattr(request_context, "read_data_version", reading)
    yield
    assert not actions


def test_a_page_begun_before_an_act_is_not_cached_for_after_it(
    stranger, desk, cast, content, engine, session, monkeypatch, cache_middleware
):
    """The act commits between the page's first look and its content."""
    case = desk.published(title=WORD, summary=WORD)
    session.rollback()

    def act():
        with writing(engine) as p:
            # Erasing waits for readers to let go of SQLite's log, and this reader is halfway.
            _withdraw(p, case, cast, content)

    with _act_after_version_read(monkeypatch, act):
        late = stranger("/incidents")
    assert late.status_code == 200
    assert WORD not in stranger("/incidents").text
    # And the late page's value is not the value of the page as it is now.
    assert stranger("/incidents").headers["ETag"] != late.headers["ETag"]
    assert (
        stranger("/incidents", headers={"If-None-Match": late.headers["ETag"]}).status_code == 200
    )


def test_a_page_that_ends_after_the_next_version_began_is_not_cached(
    stranger, desk, cast, content, engine, session, monkeypatch, cache_middleware, built_paths
):
    case = desk.published(title=WORD, summary=WORD)
    session.rollback()

    def act_and_look():
        with writing(engine) as p:
            _withdraw(p, case, cast, content)
        # Another reader comes by meanwhile: the cache is now of the position after the act.
        assert WORD not in stranger("/").text

    with _act_after_version_read(monkeypatch, act_and_look):
        stranger("/incidents")
    cached_pages = cache_middleware.caches.size
    assert WORD not in stranger("/incidents").text
    assert cache_middleware.caches.size > cached_pages
    assert built_paths == ["/incidents", "/", "/incidents"]


def test_no_page_of_an_earlier_version_stays_in_memory(
    app, stranger, desk, cast, content, pen, cache_middleware
):
    case = desk.published(title=WORD, summary=WORD)
    for address in PLACES:
        stranger(address)

    def cached_fragments():
        return [
            text for text, _size in app.extensions["register.fragments"]._cache._cached.values()
        ]

    assert any(WORD in text for text in cached_fragments())
    with pen() as p:
        _withdraw(p, case, cast, content)
    stranger("/methode")
    caches = cache_middleware.caches
    pages = [*caches._reserved._cached.values(), *caches._general._cached.values()]
    assert len(pages) == 1
    assert not any(WORD.encode() in page.body for page, _size in pages)
    assert not any(WORD in text for text in cached_fragments())


# --- room for what is cheap -------------------------------------------------------------------


@pytest.mark.parametrize("cookie", [{}, {"Cookie": "autre=1"}])
def test_searches_beyond_the_bound_are_refused_and_other_pages_are_answered(
    stranger, desk, cache_middleware, monkeypatch, cookie
):
    desk.published()
    stranger("/incidents?famille=acces")
    monkeypatch.setattr(cache_middleware, "_searches", Bulkhead(1, 0, 0.01))
    with cache_middleware._searches.turn():
        refused = stranger("/incidents?q=filmer", headers=cookie)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        assert "Trop de recherches" in refused.text
        assert stranger("/en/incidents?q=filmer").status_code == 503
        for address in ("/", "/incidents", "/incidents/1", "/healthz"):
            assert stranger(address, headers=cookie).status_code == 200
        # A cached search costs nothing.
        assert stranger("/incidents?famille=acces").status_code == 200
    assert stranger("/incidents?q=filmer", headers=cookie).status_code == 200


# --- a database that does not answer -----------------------------------------------------------


def test_an_unreadable_database_is_answered_by_flask(app, stranger, desk, engine, session):
    desk.published()
    app.testing = False
    stranger("/incidents")
    session.rollback()
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE dataset RENAME TO dataset_away"))
    try:
        answer = stranger("/incidents")
        assert answer.status_code in (500, 503)
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Content-Security-Policy" in answer.headers
    finally:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE dataset_away RENAME TO dataset"))
    assert stranger("/incidents").status_code == 200


def test_the_version_reader_reads_what_a_session_reads(engine, session, desk):
    watch = DataVersionReader(engine)
    before = watch.read()
    assert before == standings.read_data_version(session)
    desk.published()
    assert watch.read() == standings.read_data_version(session) != before


def test_the_version_reader_returns_nothing_rather_than_fail(engine):
    watch = DataVersionReader(engine)
    assert watch.read() is not None
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            # As when the server is started anew under us.
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        assert watch.read() is None
        assert watch.read() is not None
    engine.dispose()
    assert watch.read() is not None
    engine.dispose()


def test_the_version_reader_without_a_register_returns_nothing(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path}/nowhere/register.sqlite3")
    assert DataVersionReader(engine).read() is None
    engine = create_engine(f"sqlite:///{tmp_path}/empty.sqlite3")
    assert DataVersionReader(engine).read() is None
    engine.dispose()


def test_a_register_without_a_line_stands_at_the_beginning(engine, session):
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM journal_head"))
    assert DataVersionReader(engine).read() == standings.read_data_version(session)
    assert DataVersionReader(engine).read().head.seq == 0


# --- the tag -----------------------------------------------------------------------------------

VERSION = DataVersion(LedgerPosition(3, "aa"), "words", "pages")
ENVIRON = {"PATH_INFO": "/incidents", "QUERY_STRING": "page=2", "SCRIPT_NAME": ""}


@pytest.mark.parametrize(
    ("version", "build", "environ"),
    [
        (dataclasses.replace(VERSION, head=LedgerPosition(4, "bb")), "build", ENVIRON),
        (dataclasses.replace(VERSION, vocabulary="other"), "build", ENVIRON),
        (dataclasses.replace(VERSION, pages="other"), "build", ENVIRON),
        (VERSION, "other", ENVIRON),
        (VERSION, "build", ENVIRON | {"PATH_INFO": "/communes"}),
        (VERSION, "build", ENVIRON | {"QUERY_STRING": "page=3"}),
        (VERSION, "build", ENVIRON | {"SCRIPT_NAME": "/registre"}),
    ],
    ids=["line", "vocabulary", "pages", "build", "path", "query", "mount"],
)
def test_an_etag_changes_with_everything_a_page_is_made_from(version, build, environ):
    before, after = page_version(VERSION, "build", ENVIRON), page_version(version, build, environ)
    assert before == page_version(VERSION, "build", dict(ENVIRON))
    assert before.tag != after.tag
    # Only the address leaves the position alone.
    assert (before.position == after.position) is (environ != ENVIRON)


def test_the_index_is_part_of_an_etag_and_not_of_the_cache_version():
    first, second = (page_version(VERSION, "build", ENVIRON, index) for index in ("a", "b"))
    assert first.tag != second.tag
    assert first.position == second.position == page_version(VERSION, "build", ENVIRON).position


def test_an_etag_changes_with_the_day_in_paris(monkeypatch):
    def at(hour):
        monkeypatch.setattr(etag, "now", lambda: datetime(2026, 7, 1, hour, tzinfo=UTC))
        return page_version(VERSION, "build", ENVIRON)

    assert at(20) == at(21)
    assert at(21).tag != at(22).tag  # midnight in Paris, in summer


def test_another_build_or_setting_is_another_etag(app, settings, stranger, monkeypatch):
    digest = build_digest(app, settings)
    assert build_digest(app, settings) == digest == app.extensions[BUILD_KEY]
    assert build_digest(app, dataclasses.replace(settings, publisher_name="Une autre")) != digest
    # Two machines of one register may differ in it.
    assert build_digest(app, dataclasses.replace(settings, trusted_proxies=1)) == digest
    before = stranger("/methode").headers["ETag"]
    monkeypatch.setitem(app.extensions, BUILD_KEY, "another build")
    answer = stranger("/methode", headers={"If-None-Match": before})
    assert (answer.status_code, answer.headers["ETag"] == before) == (200, False)


def test_another_vocabulary_is_another_etag(stranger, engine):
    before = stranger("/methode").headers["ETag"]
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE dataset SET version = version || 'x' WHERE name = 'vocabulary'")
        )
    answer = stranger("/methode", headers={"If-None-Match": before})
    assert answer.status_code == 200


# --- conditional requests ----------------------------------------------------------------------

TAG = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (f'"{TAG}"', True),
        (f'W/"{TAG}"', True),
        (f'"other", W/"more" ,"{TAG}"', True),
        (f'"broken, W/, ,,"{TAG}"', True),
        ("*", True),
        (" * ", True),
        ("", False),
        (TAG, False),
        (f'"{TAG[:-1]}"', False),
        (f'"{TAG}-gzip"', False),
        (f'"x{TAG}"', False),
        ('*, "other"', False),
        ('"' * 4000, False),
        ("\xe9\xff,;=\\", False),
        (f'"{TAG}", ' * 4000, False),
    ],
)
def test_a_list_of_tags_is_read_in_one_pass(header, expected):
    assert matches_tag(header, TAG) is expected


def test_a_long_or_odd_list_of_tags_is_read_within_a_second(stranger, desk):
    desk.published()
    tag = stranger("/incidents").headers["ETag"]
    # As long as the server lets a header through.
    for header in ('W/"' * 5000, '"x",' * 4000, "\xff" * 15000, ",", '"', "W/", f"{tag}{tag}"):
        start = perf_counter()
        answer = stranger("/incidents", headers={"If-None-Match": header})
        assert answer.status_code in (200, 304)
        assert perf_counter() - start < 1


MOVED = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
MOVED_HEADER = "Mon, 02 Mar 2026 09:30:00 GMT"


@pytest.mark.parametrize(
    ("headers", "expected", "why"),
    [
        ({"HTTP_IF_MODIFIED_SINCE": MOVED_HEADER}, True, "the very time we gave"),
        ({"HTTP_IF_MODIFIED_SINCE": "Mon, 02 Mar 2026 09:30:01 GMT"}, False, "a later one"),
        ({"HTTP_IF_MODIFIED_SINCE": "Mon, 02 Mar 2026 09:29:59 GMT"}, False, "an earlier one"),
        ({"HTTP_IF_MODIFIED_SINCE": "x" * 9000}, False, "nonsense"),
        (
            {"HTTP_IF_MODIFIED_SINCE": MOVED_HEADER, "HTTP_IF_NONE_MATCH": '"other"'},
            False,
            "the tag decides where both are told",
        ),
        ({"HTTP_IF_MODIFIED_SINCE": "", "HTTP_IF_NONE_MATCH": f'"{TAG}"'}, True, "it does"),
        ({}, False, "nothing told"),
    ],
)
def test_a_time_counts_without_a_tag_and_when_it_is_the_very_one_sent(headers, expected, why):
    assert last_modified(MOVED) == MOVED_HEADER
    assert is_unchanged(headers, TAG, MOVED_HEADER) is expected, why


def test_an_answer_without_a_time_is_not_older_than_any():
    assert not is_unchanged({"HTTP_IF_MODIFIED_SINCE": ""}, TAG, "")


@pytest.fixture
def view_time(app, monkeypatch):
    """``view_time["at"]``: the last change of the content of a public view."""
    moved = {}

    def view():
        g.register_moved_at = moved["at"]
        return Response("<feed/>", content_type="application/atom+xml; charset=utf-8")

    monkeypatch.setitem(app.view_functions, "public.home", view)
    return moved


def test_a_view_with_the_time_of_its_content_has_a_last_modified(stranger, view_time, built_paths):
    view_time["at"] = MOVED
    first, again = stranger("/"), stranger("/")
    assert first.headers["Last-Modified"] == again.headers["Last-Modified"] == MOVED_HEADER
    unchanged = stranger("/", headers={"If-Modified-Since": MOVED_HEADER})
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert unchanged.headers["ETag"] == first.headers["ETag"]
    other = {"If-Modified-Since": MOVED_HEADER, "If-None-Match": '"other"'}
    assert stranger("/", headers=other).status_code == 200
    assert built_paths == ["/"]


def test_a_feed_has_the_time_of_the_last_line_as_last_modified(stranger, desk):
    desk.published()
    for address in FEEDS:
        assert stranger(address).headers["Last-Modified"] == MOVED_HEADER
        headers = {"If-Modified-Since": MOVED_HEADER}
        assert stranger(address, headers=headers).status_code == 304
    assert "Last-Modified" not in stranger("/incidents").headers


def test_if_modified_since_is_answered_304_when_the_page_is_rebuilt(
    stranger, view_time, built_paths
):
    view_time["at"] = MOVED
    assert stranger("/", headers={"If-Modified-Since": MOVED_HEADER}).status_code == 304
    assert stranger("/", "HEAD", headers={"If-Modified-Since": MOVED_HEADER}).status_code == 304


def test_a_last_modified_time_that_may_still_change_is_not_sent(stranger, view_time):
    view_time["at"] = now() - timedelta(seconds=100)
    answer = stranger("/")
    assert "Last-Modified" not in answer.headers
    assert "ETag" in answer.headers
