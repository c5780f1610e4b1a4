"""``webcitoyen mirror``: a static copy of the public site, read from its files alone."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from site_copies import copy_site, small_site
from werkzeug import Response

from register.accounts import sessions
from register.cases import acts
from register.exchange import mirror as copies
from register.journal.service_mode import ServiceMode

on_sqlite = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

LINK = re.compile(r'(?<=\s)(?:href|src|action|formaction|poster)="([^"]*)"')


def copied_files(folder: Path) -> dict[str, bytes]:
    site = folder / copies.SITE
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in site.rglob("*")
        if path.is_file()
    }


def local_links(page: Path) -> list[str]:
    links = [unescape(link) for link in LINK.findall(page.read_text("utf-8"))]
    return [link for link in links if not re.match(r"[a-z]+:|#", link)]


@on_sqlite
def test_a_copy_is_whole_leads_to_its_own_files_and_is_renewed(app, desk, pen, cast, tmp_path):
    folder = tmp_path / "copy"
    case, other = desk.published(), desk.published(title="Un arrêté affiché en mairie")
    made = copy_site(app, folder, (case.number, other.number))
    assert made.changed == made.files
    files = copied_files(folder)
    for name in (
        "index.html", "en/index.html", "incidents.html", f"incidents/{case.number}.html",
        f"en/incidents/{case.number}.html", f"incidents/{case.number}.atom", "incidents.atom",
        f"incidents/{case.number}.zip", f"incidents/{case.number}/preuve.json", "registre.html",
        "registre.jsonl", "miroirs.html", "sitemap.xml", "robots.txt", "vos-droits.html",
    ):  # fmt: skip
        assert name in files, name
    assert any(name.startswith("static/css/areas/public.") for name in files)
    assert not any(re.match(r"(en/)?(signaler|suivi|moderation|compte)", name) for name in files)
    site = folder / copies.SITE
    for page in site.rglob("*.html"):
        for link in local_links(page):
            target = (page.parent / unquote(link.partition("#")[0].partition("?")[0])).resolve()
            assert target.is_file(), (page, link)
        assert 'method="post"' not in page.read_text("utf-8")
        assert "Copie statique du registre" in page.read_text("utf-8") or "/en/" in str(page)
    home = files["index.html"].decode()
    assert re.search(r'<form[^>]*action="miroirs.html"', home), "the search box leads to the notice"
    assert "cette copie est statique" in files["miroirs.html"].decode().lower()
    assert "This copy is static" in files["en/miroirs.html"].decode()

    assert copy_site(app, folder) is None
    with pen() as p:
        acts.withdraw(p, other.id, by=cast.bruno, restriction="erreur", reason="Vérifié.")
    renewed = copy_site(app, folder, (case.number, other.number))
    assert 0 < renewed.changed < renewed.files
    after = copied_files(folder)
    assert f"incidents/{case.number}.html" in after
    assert f"incidents/{other.number}.html" not in after
    assert f"incidents/{other.number}.atom" in after, "it says that the case is gone"
    assert "Un arrêté affiché en mairie".encode() not in b"".join(after.values())
    leftovers = [path.name for path in folder.iterdir()]
    assert sorted(name for name in leftovers if not name.startswith(".")) == [
        "manifest.json",
        "site",
    ]
    assert len(leftovers) == 3, "the former copy is destroyed"


@on_sqlite
def test_a_copy_that_fails_leaves_the_last_one_whole(desk, app, tmp_path):
    folder = tmp_path / "copy"
    read, base_url = small_site(app), app.extensions["register.settings"].base_url
    statuses = {}

    def read_some(address, tag, path):
        if address not in ("/", "/incidents", "/miroirs", "/en/miroirs"):
            return Response(status=statuses.get(address, 404))
        return read(address, tag, path)

    assert copies.mirror(read_some, base_url, folder, ()).files == 4
    before = copied_files(folder)
    desk.published()
    statuses["/registre"] = 503
    with pytest.raises(copies.MirrorError, match="mirror_failed"):
        copies.mirror(read_some, base_url, folder, ())
    assert copied_files(folder) == before


@pytest.mark.prove
@on_sqlite
def test_the_command_copies_a_closed_register_too_and_says_when_nothing_changed(
    run_on_register, pen, tmp_path
):
    with pen() as p:
        sessions.change_mode(p, ServiceMode.LOCKDOWN)
    made = run_on_register("mirror", str(tmp_path))
    assert (made.exit_code, "fichiers" in made.output) == (0, True)
    assert "Rien n’a changé" in run_on_register("mirror", str(tmp_path)).output


@pytest.mark.parametrize(
    ("address", "mime", "name"),
    [
        ("/", "text/html", "index.html"),
        ("/en/", "text/html", "en/index.html"),
        ("/incidents?page=2", "text/html", "incidents--page-2.html"),
        ("/incidents/4?version=7", "text/html", "incidents/4--version-7.html"),
        ("/incidents.atom?avant=a-b", "application/atom+xml", "incidents--avant-a-b.atom"),
        ("/incidents/4/preuve", "application/json", "incidents/4/preuve.json"),
        ("/incidents/4/pieces/ab12", "image/jpeg", "incidents/4/pieces/ab12.jpg"),
        ("/static/css/areas/public.1a2b.css", "text/css", "static/css/areas/public.1a2b.css"),
        ("/.well-known/security.txt", "text/plain", ".well-known/security.txt"),
    ],
)
def test_an_address_has_a_file_name_of_its_type(address, mime, name):
    assert copies.file_name(address, mime) == name


@pytest.mark.parametrize(
    "url",
    ["//elsewhere.test/a", "https://elsewhere.test/a", "/a/../b", "/%2e%2e/b", "/incidents?q=a",
     "/incidents?page=1&q=a", "/incidents?page=../a", "mailto:a@b.fr", "/a%00b"],
)  # fmt: skip
def test_what_is_no_page_of_the_site_is_not_followed(url):
    assert copies._site_address(url, "https://registre.example") == ""
