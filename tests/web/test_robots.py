"""What robots and programs find at addresses of their own."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from urllib.robotparser import RobotFileParser

import pytest
from flask.testing import FlaskClient
from PIL import Image

from register import create_app
from register.config import Settings
from register.db import db, now

pytestmark = pytest.mark.one_database

BASE = "http://127.0.0.1:5000"

OPEN = (
    "/",
    "/incidents",
    "/incidents?page=2",
    "/incidents.atom",
    "/incidents/12",
    "/communes",
    "/communes/93032",
    "/communes/93066?nom=93059",
    "/departements/93?page=2",
    "/registre",
    "/registre?page=3",
    "/signaler",
    "/suivre",
    "/vos-droits",
    "/static/css/sheets.0123456789.css",
)
SHUT = (
    "/suivi",
    "/suivi/preuve",
    "/compte",
    "/compte/connexion",
    "/moderation",
    "/moderation/dossiers",
    "/incidents?q=filmer",
    "/incidents?famille=acces&page=2",
    "/incidents?tri=maj",
    "/incidents?lieu=gagny",
    "/communes?q=gagny",
    "/communes/suggest?q=ga",
    "/registre?acte=retrait",
    "/statistiques?famille=acces",
    "/en/suivi",
    "/en/compte",
    "/en/moderation",
    "/en/incidents?q=film",
)


def robots_lines(client: FlaskClient) -> list[tuple[str, str]]:
    """The lines of robots.txt: field and value."""
    answer = client.get("/robots.txt")
    assert answer.status_code == 200
    assert answer.content_type == "text/plain; charset=utf-8"
    lines = [line for line in answer.text.splitlines() if line]
    return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]


def may_read(rules: list[tuple[str, str]], address: str) -> bool:
    """By RFC 9309 §2.2.2: the longest rule that the address begins with decides."""
    fitting = [
        (len(path), name == "Allow")
        for name, path in rules
        if name in ("Allow", "Disallow") and address.startswith(path.removesuffix("*"))
    ]
    return max(fitting, default=(0, True))[1]


@pytest.mark.parametrize("address", OPEN)
def test_engines_may_read_what_is_for_readers(client: FlaskClient, address: str) -> None:
    assert may_read(robots_lines(client), address)


@pytest.mark.parametrize("address", SHUT)
def test_engines_may_not_read_the_rest(client: FlaskClient, address: str) -> None:
    assert not may_read(robots_lines(client), address)


def test_the_rules_are_for_everybody_and_name_the_map(client: FlaskClient) -> None:
    rules = robots_lines(client)
    assert rules[0] == ("User-agent", "*")
    assert rules[-1] == ("Sitemap", f"{BASE}/sitemap.xml")
    assert {name for name, _path in rules[1:-1]} == {"Allow", "Disallow"}
    parser = RobotFileParser()
    parser.parse(client.get("/robots.txt").text.splitlines())
    assert parser.site_maps() == [f"{BASE}/sitemap.xml"]
    assert parser.can_fetch("Googlebot", f"{BASE}/incidents/1")
    assert not parser.can_fetch("Googlebot", f"{BASE}/suivi")


# --- where to report a weakness -----------------------------------------------------------------


def security(settings: Settings, contact: str) -> str:
    """The security.txt of a register with this contact; empty for a 404."""
    app = create_app(replace(settings, contact_email=contact))
    answer = app.test_client().get("/.well-known/security.txt")
    with app.app_context():
        db.engine.dispose()
    assert answer.status_code == 200 if contact else 404
    return answer.text if contact else ""


def test_without_a_contact_there_is_no_security_txt(settings: Settings) -> None:
    assert security(settings, "") == ""


def test_security_txt_has_its_contact_expiry_languages_and_address(settings: Settings) -> None:
    lines = security(settings, "contact@registre.example").splitlines()
    fields = dict(line.split(": ", 1) for line in lines)
    assert list(fields) == ["Contact", "Expires", "Preferred-Languages", "Canonical"]
    assert fields["Contact"] == "mailto:contact@registre.example"
    assert fields["Preferred-Languages"] == "fr, en"
    assert fields["Canonical"] == f"{BASE}/.well-known/security.txt"
    # RFC 9116 §2.5.5: a date in the future, less than a year away.
    until = datetime.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert timedelta(days=300) < until - now() < timedelta(days=365)


def test_a_contact_cannot_add_a_line_or_a_header(settings: Settings) -> None:
    text = security(settings, "a b?subject=x&cc=y%0d@registre.example")
    assert "Contact: mailto:a%20b%3Fsubject%3Dx%26cc%3Dy%250d@registre.example\n" in text
    assert len(text.splitlines()) == 4


# --- icons --------------------------------------------------------------------------------------


def test_the_icon_is_where_programs_look_for_it(client: FlaskClient) -> None:
    answer = client.get("/favicon.ico")
    assert answer.status_code == 302
    with client.get(answer.location) as icon:
        assert icon.status_code == 200
        assert icon.mimetype in ("image/x-icon", "image/vnd.microsoft.icon")
        assert icon.data.startswith(b"\0\0\1\0")


def test_each_page_names_icons_of_the_size_that_it_says(client: FlaskClient) -> None:
    html = client.get("/").text
    icons = re.findall(r'<link rel="(icon|apple-touch-icon)"[^>]* href="([^"]+)">', html)
    assert [rel for rel, _address in icons] == ["icon", "icon", "apple-touch-icon"]
    sizes = {}
    for _rel, address in icons:
        with client.get(address) as icon:
            assert icon.status_code == 200, address
            if icon.mimetype == "image/png":
                image = Image.open(BytesIO(icon.data))
                sizes[image.size] = image.getpixel((image.width // 2, 1))
    green = (0x14, 0x56, 0x4A, 0xFF)
    assert sizes == {(32, 32): green, (180, 180): green}
