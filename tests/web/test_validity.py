"""A kept page is never a stale or a hidden one, and never escapes a header."""

from __future__ import annotations

import dataclasses
from contextvars import Context

import pytest

from register.incidents import acts
from register.journal import writing
from register.web.validity import Shelf, build


@pytest.fixture
def stranger(app):
    """``stranger("/")``: a reader's request, in a context of its own."""
    # Cookies are sent as a test writes them; the client would replace them by its own.
    client = app.test_client(use_cookies=False)
    return lambda address, **options: Context().run(lambda: client.get(address, **options))


def test_a_page_carries_its_value_and_a_second_question_costs_a_304(stranger, desk):
    filed = desk.published()
    for address in ("/", "/incidents", f"/incidents/{filed.number}", "/communes/93032"):
        first = stranger(address)
        again = stranger(address)
        assert first.headers["ETag"] == again.headers["ETag"]
        assert first.data == again.data
        assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]
        assert again.headers["Cache-Control"] == "no-cache"
        known = stranger(address, headers={"If-None-Match": first.headers["ETag"]})
        assert (known.status_code, known.data) == (304, b"")
        assert "Content-Security-Policy" in known.headers


def _withdraw(p, filed, cast, content):
    acts.withdraw(p, filed.id, by=cast.bruno, restriction="erreur", reason="erreur")


def _erase(p, filed, cast, content):
    acts.approve(p, filed.id, by=cast.chloe, purpose="erase")
    acts.erase(p, filed.id, by=cast.ada, restriction="erreur")


def _redact(p, filed, cast, content):
    acts.redact(
        p, filed.id, content(), by=cast.bruno, reason="jugement", public_note="Passage retiré."
    )


@pytest.mark.parametrize("hide", [_withdraw, _erase, _redact])
def test_what_is_hidden_is_on_no_kept_page(hide, stranger, desk, cast, content, engine):
    filed = desk.published(title="Le mot zinzolin", summary="Encore zinzolin")
    addresses = ("/", "/incidents", f"/incidents/{filed.number}", "/communes/93032")
    for address in addresses:
        assert "zinzolin" in stranger(address).text
        assert "zinzolin" in stranger(address).text  # this one is the kept page
    before = {address: stranger(address).headers["ETag"] for address in addresses}
    with writing(engine) as p:
        hide(p, filed, cast, content)
    for address in addresses:
        answer = stranger(address, headers={"If-None-Match": before[address]})
        assert answer.status_code != 304
        assert "zinzolin" not in answer.text


def test_what_is_published_is_on_the_next_page_asked_for(stranger, desk):
    assert "zinzolin" not in stranger("/incidents").text
    desk.published(summary="Un cas zinzolin")
    assert "zinzolin" in stranger("/incidents").text


def test_an_address_is_its_own_page(stranger, desk):
    desk.published()
    assert stranger("/incidents").text != stranger("/incidents?departement=75").text
    assert stranger("/incidents?departement=75").status_code == 200
    assert stranger("/incidents?page=9").status_code == 404
    assert stranger("/incidents?page=9").status_code == 404


def test_a_reader_with_a_cookie_is_given_nothing_that_is_kept(app, stranger, desk):
    desk.published()
    answer = stranger("/incidents", headers={"Cookie": "session=x"})
    assert answer.status_code == 200
    assert "ETag" not in answer.headers


def test_another_build_or_setting_is_another_value(app, settings):
    here = build(app, settings)
    assert build(app, settings) == here
    assert build(app, dataclasses.replace(settings, publisher_name="Une autre")) != here
    # The secret is no part of what readers are told a hash of.
    assert build(app, dataclasses.replace(settings, secret_key="x" * 40)) == here


def test_a_shelf_is_bounded_in_bytes_and_holds_one_position():
    shelf = Shelf(limit=100)
    for number in range(10):
        shelf.keep("a", str(number), b"x" * 30)
    assert [number for number in range(10) if shelf.find("a", str(number))] == [7, 8, 9]
    assert shelf.find("b", "9") is None
    shelf.keep("b", "9", b"new")
    assert shelf.find("a", "9") is None
    assert shelf.find("b", "9") == b"new"


def test_the_page_asked_for_last_stays():
    shelf = Shelf(limit=60)
    shelf.keep("a", "1", b"x" * 30)
    shelf.keep("a", "2", b"x" * 30)
    assert shelf.find("a", "1")
    shelf.keep("a", "3", b"x" * 30)
    assert (shelf.find("a", "1") is None, shelf.find("a", "2") is None) == (False, True)


def test_the_same_page_kept_twice_counts_once():
    shelf = Shelf(limit=60)
    for _ in range(5):
        shelf.keep("a", "1", b"x" * 50)
    assert shelf.find("a", "1") == b"x" * 50
