"""Static copies of a register for tests, without the pages of places that no case is about.

Nor are the texts that the journal seals in them, some dozens.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from flask import Flask
from werkzeug import Response

from register.cli.exchange import site_reader
from register.exchange.mirror import Fetch, MirrorOutcome, mirror

# There are some hundred, in two languages and with their feeds.
_LEFT_OUT = re.compile(r"(?:/en)?/(?:departements/(?!2A|93)|regions/(?!94|11)|registre/textes/)")


def small_site(app: Flask) -> Fetch:
    """Reads an application as ``webcitoyen mirror`` does, but for pages of other places."""
    read = site_reader(app)

    def fetch(address: str, tag: str, path: Path) -> Response:
        if _LEFT_OUT.match(address):
            return Response(status=404)
        return read(address, tag, path)

    return fetch


def copy_site(app: Flask, folder: Path, cases: Iterable[int] = ()) -> MirrorOutcome | None:
    """Make or renew a static copy."""
    return mirror(small_site(app), app.extensions["register.settings"].base_url, folder, cases)
