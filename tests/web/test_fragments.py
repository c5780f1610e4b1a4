"""Fragments of pages: equal to those made without a cache, dropped with their data version."""

from __future__ import annotations

from contextvars import Context

import pytest
from flask import Flask

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
