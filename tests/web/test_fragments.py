"""Fragments of pages: equal to those made without a cache, dropped with their data version."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context

import pytest
from flask import Flask
from form_client import FormClient

from register.web import fragments

pytestmark = pytest.mark.one_database

# Pages that share rows, at several levels, in both languages, with and without marked words.
ADDRESSES = (
    "/",
    "/incidents",
    "/incidents?page=2",
    "/incidents?q=filmer",
    "/incidents?q=filmer&famille=acces",
    "/incidents?q=maire",
    "/incidents?famille=acces",
    "/incidents?tri=maj",
    "/incidents/1",
    "/incidents/2",
    "/communes/93032",
    "/departements/93",
    "/regions/11",
    "/statistiques",
    "/incidents.atom",
    "/incidents.atom?famille=acces",
    "/registre.atom",
    "/en/",
    "/en/incidents",
    "/en/incidents?q=filmer",
    "/en/incidents/1",
    "/en/communes/93032",
)


def read(app: Flask, address: str) -> str:
    # A request with a cookie is not answered by the page cache.
    headers = {"Cookie": "autre=1"}
    return Context().run(app.test_client(use_cookies=False).get, address, headers=headers).text


def test_pages_are_the_same_with_and_without_cached_fragments(demo_app: Flask) -> None:
    uncached = {}
    for address in ADDRESSES:
        fragments.attach(demo_app)
        uncached[address] = read(demo_app, address)
    fragments.attach(demo_app)
    for _round in range(2):
        for address in (*ADDRESSES, *reversed(ADDRESSES)):
            assert read(demo_app, address) == uncached[address], address
    assert demo_app.extensions["register.fragments"]._cache.size > 0


# Each token and code is another one in another page.
DRAWN = re.compile(r'(?<=value=")[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?=")')
TYPED = {"recit": "Ce que Zénobie a vu.", "lieu": "Xanadou", "types": "interdiction_filmer"}
# Pages of forms: the same with faults, with what was typed, and empty.
FORMS: Mapping[str, Mapping[str, str]] = {
    "/signaler": {"etape": "modifier", "contact": "zenobie@exemple.test", **TYPED},
    "/en/signaler": {"etape": "verifier", **TYPED, "recit": "", "quand": "m" * 501},
    "/compte/connexion": {"adresse": "zenobie@exemple.test", "mot_de_passe": ""},
}


def test_a_form_is_the_same_before_and_after_its_constant_parts_are_cached(app: Flask) -> None:
    def pages() -> list[str]:
        visitor = FormClient(app)
        read = [visitor.get(address).text for address in FORMS]
        for address, typed in FORMS.items():
            visitor.get(address)
            read.append(visitor.send(address, **typed).text)
        return [DRAWN.sub("", page) for page in read]

    first = pages()
    assert any("Zénobie" in page for page in first)
    # After a filled one, and with all parts cached.
    assert pages() == first


def test_constant_fragments_hold_nothing_of_a_request(app: Flask) -> None:
    visitor, secrets = FormClient(app), {"Zénobie", "Xanadou", "zenobie@exemple.test"}
    for address, typed in FORMS.items():
        for _round in range(2):
            visitor.get(address)
            secrets |= set(DRAWN.findall(visitor.answer.text))
            visitor.send(address, **typed)
    visitor.get("/signaler")
    visitor.send("/signaler", etape="envoyer", recit=TYPED["recit"])
    secrets.add(dict(visitor.form("/suivi").fields)["code"])
    cache = app.extensions["register.constant_fragments"]._cache
    cached = "".join(made for made, _size in cache._cached.values())
    assert "Ce que deviendra votre texte" in cached
    assert len(secrets) > 8
    assert {secret for secret in secrets if secret in cached} == set()


def test_a_fragment_that_several_threads_ask_for_at_once_is_made_once() -> None:
    cache, made = fragments.FragmentCache(), []

    def make() -> str:
        time.sleep(0.1)
        made.append("row")
        return "row"

    with ThreadPoolExecutor(4) as threads:
        rows = list(threads.map(lambda key: cache.get_or_make(key, make), [1, 1, 1, 2]))
    assert (rows, made) == (["row"] * 4, ["row"] * 2)


def test_a_fragment_whose_making_failed_is_made_by_the_next_reader() -> None:
    cache = fragments.FragmentCache()

    def fail() -> str:
        raise ValueError

    for _time in range(2):
        with pytest.raises(ValueError):  # any error of a template
            cache.get_or_make(1, fail)
    assert cache.get_or_make(1, lambda: "row") == "row"
