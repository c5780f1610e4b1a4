"""Static files: under names that change with them, compressed, kept for a year, and no other."""

from __future__ import annotations

import gzip
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from register import create_app
from register.config import Settings
from register.errors import ConfigError
from register.server.startup_checks import require_pages, require_servable
from register.web import assets
from register.web.headers import SECURITY_HEADERS

TOP = Path(__file__).resolve().parents[2]
SHEETS = sorted((TOP / "static" / "css").glob("*.css"))
TEXT = "p { margin: 0 }\n" * 40


@pytest.fixture(scope="module")
def site_settings(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with registers.new("sqlite", tmp_path_factory.mktemp("assets")) as settings:
        yield settings


@pytest.fixture(scope="module")
def app(site_settings: Settings) -> Flask:
    return create_app(site_settings)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sheet(app: Flask) -> str:
    return app.jinja_env.globals["asset"]("css/page.css")


def test_a_sheet_is_served_for_a_year_under_the_name_of_its_content(
    client: FlaskClient, sheet: str
) -> None:
    assert re.fullmatch(r"/static/css/page\.[0-9a-f]{10}\.css", sheet)
    with client.get(sheet) as answer:
        assert answer.status_code == 200
        assert answer.data == (TOP / "static/css/page.css").read_bytes()
        headers = dict(answer.headers)
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert headers["Content-Type"] == 'text/css; charset="utf-8"'
        assert headers["Vary"] == "Accept-Encoding"
        assert SECURITY_HEADERS.items() <= headers.items()
        assert "Access-Control-Allow-Origin" not in headers
        assert "Content-Encoding" not in headers
    with client.get(sheet, headers={"If-None-Match": answer.headers["ETag"]}) as again:
        assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ('W/"{}"', 304),
        ('"{}"', 304),
        ('"other", W/"{}"', 304),
        ('W/"other","{}"', 304),
        ("*", 304),
        (" * ", 304),
        ('W/"other"', 200),
        ("{}", 200),
        ("", 200),
    ],
)
def test_a_client_with_the_asset_gets_304(
    client: FlaskClient, sheet: str, tags: str, status: int
) -> None:
    digest = sheet.split(".")[1]
    with client.get(sheet, headers={"If-None-Match": tags.format(digest)}) as answer:
        assert answer.status_code == status
        assert answer.headers["ETag"] == f'W/"{digest}"'


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        ("gzip, deflate, br", True),
        ("br;q=1, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("identity", False),
        ("x-gzipped", False),
        ("", False),
    ],
)
def test_an_asset_is_compressed_for_clients_that_accept_it(
    client: FlaskClient, sheet: str, accepted: str, packed: bool
) -> None:
    with client.get(sheet, headers={"Accept-Encoding": accepted}) as answer:
        assert answer.headers.get("Content-Encoding") == ("gzip" if packed else None)
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        content = gzip.decompress(answer.data) if packed else answer.data
    assert content == (TOP / "static/css/page.css").read_bytes()


def test_head_range_and_other_methods(client: FlaskClient, sheet: str) -> None:
    with client.head(sheet) as answer:
        assert (answer.status_code, answer.data) == (200, b"")
        assert int(answer.headers["Content-Length"]) > 0
    for byte_range in ("bytes=0-0", "bytes=5-9", "bytes=900000-", "lines=1-2"):
        with client.get(sheet, headers={"Range": byte_range}) as answer:
            # Whole, which any server may answer.
            assert (answer.status_code, len(answer.data)) == (200, answer.content_length)
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        with client.open(sheet, method=method) as answer:
            assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
            assert b"<h1>" in answer.data


@pytest.mark.parametrize(
    "path",
    [
        "/static/",
        "/static",
        "/static/css",
        "/static/css/page.css",
        "/static/css/page.0123456789.css",
        "/static/css/page.0123456789.css.gz",
        "/static/../register.sqlite3",
        "/static/css/../../register.sqlite3",
        "/static/%2e%2e/secret_key",
        "/static//etc/passwd",
        "/static/css/.page.css",
    ],
)
def test_unknown_assets_are_not_found(client: FlaskClient, sheet: str, path: str) -> None:
    for address in (
        path,
        sheet + ".gz",
        "/static/current.txt",
        sheet.replace("/static/", "/static/./"),
    ):
        with client.get(address) as answer:
            assert answer.status_code == 404, address
            assert answer.headers["Cache-Control"] == "no-cache"
            assert SECURITY_HEADERS.items() <= dict(answer.headers).items()


@pytest.mark.parametrize("area", ["public", "account", "desk", "reports"])
def test_the_sheet_of_an_area_consists_of_the_sheets_that_it_names(
    app: Flask, client: FlaskClient, area: str
) -> None:
    imports = (TOP / f"static/css/areas/{area}.css").read_text("utf-8")
    names = re.findall(r'^@import "\.\./([a-z]+\.css)";\n', imports, re.MULTILINE)
    assert len(set(names)) == len(imports.splitlines()) >= 10
    with client.get(app.jinja_env.globals["asset"](f"css/areas/{area}.css")) as answer:
        parts = [(TOP / "static/css" / name).read_bytes() for name in names]
        assert answer.data == b"".join(parts)
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_a_sheet_that_an_area_names_and_that_is_missing_stops_the_start(
    source: Path, tmp_path: Path
) -> None:
    (source / "css/areas").mkdir()
    (source / "css/areas/public.css").write_text('@import "../nowhere.css";\n')
    with pytest.raises(ConfigError) as raised:
        collect_first_sheet(source, tmp_path / "assets")
    assert raised.value.key == "config_static"


def test_flask_has_no_static_route(app: Flask) -> None:
    assert "static" not in {rule.endpoint for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_no_sheet_refers_to_a_file_whose_name_would_change(path: Path) -> None:
    assert "url(" not in path.read_text("utf-8")
    assert "@import" not in path.read_text("utf-8")


# --- the folder of assets ----------------------------------------------------------------------


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "static" / "css"
    folder.mkdir(parents=True)
    (folder / "a.css").write_text(TEXT)
    (folder / "b.css").write_text("p{}")
    return tmp_path / "static"


def collect_first_sheet(source: Path, folder: Path) -> str:
    """The hashed name of the first sheet."""
    return assets.collect(source, folder)["css/a.css"]


def test_files_are_put_whole_and_left_alone_when_they_are_right(
    source: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "assets"
    name = collect_first_sheet(source, folder)
    asset = folder / name
    packed = asset.with_name(asset.name + ".gz")
    assert asset.read_text() == TEXT
    assert gzip.decompress(packed.read_bytes()).decode() == TEXT
    # What hardly shrinks is not compressed.
    assert len(list(folder.rglob("b.*"))) == 1
    before = [path.stat().st_mtime_ns for path in (asset, packed)]
    assert collect_first_sheet(source, folder) == name
    assert [path.stat().st_mtime_ns for path in (asset, packed)] == before
    # A power cut may leave a file empty under its right name.
    asset.write_text("")
    packed.write_bytes(b"")
    collect_first_sheet(source, folder)
    assert asset.read_text() == TEXT
    assert gzip.decompress(packed.read_bytes()).decode() == TEXT


def age(path: Path, seconds: float) -> None:
    """Set the time at which a file was last written to some seconds ago."""
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_former_name_stays_for_a_month_after_it_was_left(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "assets"
    former = folder / collect_first_sheet(source, folder)
    # The process served it for a year.
    age(former, 400 * 24 * 3600)
    (source / "css/a.css").write_text(TEXT * 2)
    present = collect_first_sheet(source, folder)
    assert former.exists()
    age(former, assets.RETIRED_LIFETIME - 60)
    collect_first_sheet(source, folder)
    assert former.exists()
    age(former, assets.RETIRED_LIFETIME + 60)
    collect_first_sheet(source, folder)
    assert sorted(path.name for path in (folder / "css").glob("a.*")) == [
        Path(present).name,
        Path(present).name + ".gz",
    ]


def test_a_name_that_comes_back_is_no_longer_former(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "assets"
    former = folder / collect_first_sheet(source, folder)
    (source / "css/a.css").write_text(TEXT * 2)
    collect_first_sheet(source, folder)
    (source / "css/a.css").write_text(TEXT)
    collect_first_sheet(source, folder)
    age(former, 400 * 24 * 3600)
    collect_first_sheet(source, folder)
    assert former.exists()


def test_concurrent_publications_of_assets_succeed(source: Path, tmp_path: Path) -> None:
    folder = tmp_path / "assets"
    (folder / "css").mkdir(parents=True)
    for number in range(60):
        former = folder / f"css/former{number}.0123456789.css"
        for suffix in ("", ".gz"):
            old_file = former.with_name(former.name + suffix)
            old_file.touch()
            age(old_file, assets.RETIRED_LIFETIME + 60)
    barrier = threading.Barrier(8)
    errors: list[Exception] = []

    def publish() -> None:
        barrier.wait()
        try:
            for _ in range(10):
                collect_first_sheet(source, folder)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=publish) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert not [path for path in folder.rglob("*") if path.name.startswith(".")]
    collect_first_sheet(source, folder)
    assert not list(folder.rglob("former*"))


@pytest.mark.parametrize("name", ["Page.css", "css/README", "img/a b.svg", "a/b/c/d/e.css"])
def test_a_file_that_would_not_be_served_is_refused(
    source: Path, tmp_path: Path, name: str
) -> None:
    (source / name).parent.mkdir(parents=True, exist_ok=True)
    (source / name).write_text("x")
    with pytest.raises(ConfigError) as raised:
        collect_first_sheet(source, tmp_path / "assets")
    assert raised.value.key == "config_static_name"
    assert raised.value.values["path"] == source / name


def test_system_files_among_the_assets_are_ignored(source: Path, tmp_path: Path) -> None:
    (source / ".DS_Store").touch()
    assert ".DS_Store" not in assets.collect(source, tmp_path / "assets")


def test_without_any_file_nothing_starts(site_settings: Settings, tmp_path: Path) -> None:
    app = create_app(site_settings)
    for folder in (tmp_path, tmp_path / "nowhere"):
        app.static_folder = str(folder)
        with pytest.raises(ConfigError) as raised:
            require_pages(app)
        assert raised.value.key == "config_static"
        with pytest.raises(ConfigError):
            assets.collect(folder, tmp_path / "assets")


def test_a_process_serves_assets_published_by_another(source: Path, tmp_path: Path) -> None:
    """During an upgrade a new process's page may send its reader to the old one, and back."""
    folder = tmp_path / "assets"
    statuses: list[str] = []

    def app(_environ: object, start_response) -> list[bytes]:
        start_response("404 NOT FOUND", [])
        return []

    old = assets.StaticFiles(app, source, folder)
    old.collect()
    (source / "css/a.css").write_text(TEXT * 2)
    new = collect_first_sheet(source, folder)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/static/{new}"}
    answer = old(environ, lambda status, _headers: statuses.append(status))
    assert b"".join(answer).decode() == TEXT * 2
    answer.close()
    assert statuses == ["200 OK"]


def test_a_folder_that_cannot_be_written_stops_the_start(
    site_settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "assets").write_text("a file where the folder should be")
    with pytest.raises(ConfigError) as raised:
        require_servable(create_app(replace(site_settings, instance=tmp_path)))
    assert raised.value.key == "config_assets"
    assert str(tmp_path / "assets") in str(raised.value.values["path"])
