"""Connections to PostgreSQL: their number, their time limits, and a server that stops answering."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from databases import plain_app
from server_proxy import server_proxy
from sqlalchemy import make_url, text

from register.db import db, write_engine
from register.errors import SealError
from register.key_store import KeyStore
from register.postgresql import autocommit_engine, request_limits

PROMPT = 3.0  # seconds in which a reader has an answer


@pytest.fixture
def proxy(server):
    with server_proxy(server.socket) as proxy:
        yield proxy


@pytest.fixture
def proxied(registers, tmp_path, server, proxy):
    """The application of a register whose database is behind the proxy."""
    with registers.new("postgresql", tmp_path) as settings:
        url = make_url(settings.database_url).set(query={"host": str(proxy.folder)})
        address = url.render_as_string(hide_password=False)
        with plain_app(replace(settings, database_url=address)) as app:
            yield app


def _timed(call):
    started = time.monotonic()
    return call(), time.monotonic() - started


def _page(app, address="/"):
    return app.test_client().get(address).status_code


def test_readers_of_a_server_that_hangs_get_503_within_seconds(proxied, proxy):
    assert _page(proxied) == 200
    proxy.freeze()
    # More readers at once than there are connections: those that wait for one are told too.
    with ThreadPoolExecutor(12) as threads:
        outcomes = list(
            threads.map(lambda n: _timed(lambda: _page(proxied, f"/?utm_content={n}")), range(12))
        )
    assert {status for status, _seconds in outcomes} == {503}
    assert max(seconds for _status, seconds in outcomes) < PROMPT
    status, seconds = _timed(lambda: _page(proxied))
    assert (status, seconds < 0.5) == (503, True), "the page that was cached, and no new wait"
    proxy.thaw()
    deadline = time.monotonic() + 10
    while _page(proxied) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_server_that_accepts_and_never_answers_is_given_up_once(proxied, proxy):
    proxy.freeze()
    status, seconds = _timed(lambda: _page(proxied))
    assert (status, seconds < PROMPT) == (503, True)


def test_a_server_that_hangs_is_noticed_on_connections_opened_before_any_request(proxied, proxy):
    with proxied.app_context():
        for engine in (db.engine, autocommit_engine(db.engine)):
            engine.connect().close()
    proxy.freeze()
    status, seconds = _timed(lambda: _page(proxied))
    assert (status, seconds < PROMPT) == (503, True)


def test_a_slow_statement_is_waited_for_while_the_server_answers(proxied):
    with proxied.app_context(), request_limits(), db.engine.connect() as connection:
        assert connection.execute(text("SELECT 1 FROM pg_sleep(1.5)")).scalar() == 1


def test_limits_hold_for_requests_and_for_nothing_else(proxied):
    limits = text("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
    with proxied.app_context():
        for engine in (db.engine, write_engine(db.engine), autocommit_engine(db.engine)):
            with request_limits(), engine.connect() as connection:
                assert connection.execute(limits).one() == ("30s", "10s")
            with engine.connect() as connection:
                assert connection.execute(limits).one() == ("0", "0")


def test_a_process_opens_no_more_connections_than_its_setting(proxied, proxy):
    proxied.config["PROPAGATE_EXCEPTIONS"] = False
    with ThreadPoolExecutor(12) as threads:
        statuses = list(threads.map(lambda n: _page(proxied, f"/?utm_content={n}"), range(48)))
    assert 503 not in statuses
    # Of the eight, one is for a key store on a server.
    assert proxy.accepted <= 7


def test_a_connection_lost_under_a_search_is_no_error_of_the_register(proxied, server, monkeypatch):
    search = proxied.extensions["register.search"]
    find = search.find

    def lose_connection(session, query):
        session.execute(text("SELECT 1"))
        pid = session.scalar(text("SELECT pg_backend_pid()"))
        server.execute(f"SELECT pg_terminate_backend({pid}, 5000)")
        return find(session, query)

    monkeypatch.setattr(search, "find", lose_connection)
    assert _page(proxied, "/incidents?q=mairie") == 503
    monkeypatch.undo()
    assert _page(proxied, "/incidents?q=mairie") == 200


@pytest.mark.parametrize(
    ("user", "key"), [("register", "keystore_missing"), ("crowd", "keystore_away")]
)
def test_a_key_store_whose_server_has_no_free_connection_is_not_missing(server, user, key):
    server.execute("DROP ROLE IF EXISTS crowd", "CREATE ROLE crowd LOGIN CONNECTION LIMIT 0")
    url = make_url(server.url("postgres")).set(username=user).render_as_string(hide_password=False)
    store = KeyStore(url, bytes(32), "instance")
    with pytest.raises(SealError, match=key):
        store.require()
    store.close()
