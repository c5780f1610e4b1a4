"""Error pages: the right status, words that help, nothing repeated, and no trace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from flask import Blueprint, Flask, abort, request
from flask.testing import FlaskClient
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError

from register import create_app
from register.cases.checklist import CheckItem
from register.cases.queries import Tombstone
from register.errors import (
    ConfigError,
    Gone,
    Incomplete,
    Invalid,
    Moved,
    NotFound,
    Refused,
    SealError,
    TextError,
)
from register.web import errors, messages
from register.web.headers import SECURITY_HEADERS

MARKER = "<marqueur>"
AT = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # already the 3rd in Paris


def tombstone(act: str, reason: str) -> Gone:
    return Gone("case_gone", tombstone=Tombstone(7, act, AT, reason))


RAISED: dict[str, tuple[Exception, int]] = {
    "refused": (Refused("already_published", state="published", act="published"), 409),
    "not-found": (NotFound("no_such_case"), 404),
    "nobody": (NotFound("member_unknown", email=MARKER), 404),
    "filter": (Invalid("filter", name="type", value=MARKER), 400),
    "filters": (Invalid("filter_too_many", name="type"), 400),
    "page": (Invalid("page", value=MARKER), 400),
    "form": (Invalid("missing", field="reason"), 422),
    "quoting-form": (Invalid("unknown_restriction", value=MARKER), 422),
    "text": (TextError("text_too_long", limit=50_000), 422),
    "date": (TextError("date_form", text=MARKER), 422),
    "checklist": (Incomplete("checklist", lines=[CheckItem("source", False)], state="draft"), 422),
    "withdrawn": (tombstone("withdrawn", "securite"), 410),
    "erased": (tombstone("erased", "donnee_personnelle"), 410),
    "unexplained": (tombstone("withdrawn", ""), 410),
    "version": (Gone("version_destroyed"), 410),
    "setting": (ConfigError("config_text", name=MARKER, limit=500), 500),
    "seal": (SealError("seal_missing", path=MARKER), 500),
    "bug": (ZeroDivisionError(MARKER), 500),
    "locked": (OperationalError(MARKER, {"q": MARKER}, Exception(MARKER)), 503),
    "unreachable": (InterfaceError(MARKER, {}, Exception(MARKER)), 503),
    "crowded": (TimeoutError(MARKER), 503),
}
ABORTED = (400, 404, 405, 409, 410, 413, 418, 422, 429, 500, 503)


def broken() -> Blueprint:
    """Routes that go wrong in every way there is."""
    blueprint = Blueprint("broken", __name__)

    @blueprint.route("/broken/<name>")
    def broken(name: str) -> str:
        raise RAISED[name][0]

    @blueprint.route("/abort/<int:code>")
    def abort_(code: int) -> str:
        return abort(code)

    @blueprint.route("/moved")
    def moved() -> str:
        raise Moved("case_merged", number=12)

    @blueprint.route("/body", methods=["POST"])
    def body() -> str:
        return request.form["missing"]

    @blueprint.route("/slash/")
    def slash() -> str:
        return ""

    return blueprint


@pytest.fixture(scope="module")
def broken_app(registers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with registers.new("sqlite", tmp_path_factory.mktemp("errors")) as settings:
        app = create_app(settings)
        blueprint = broken()
        # These tests are of a view's own failure, not of the check of forms.
        app.extensions["csrf"].exempt(blueprint)
        app.register_blueprint(blueprint)
        yield app


@pytest.fixture
def client(broken_app: Flask) -> FlaskClient:
    return broken_app.test_client()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize("name", RAISED)
def test_each_error_has_its_status_its_page_and_repeats_nothing(
    client: FlaskClient, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _error, status = RAISED[name]
    answer = client.get(f"/broken/{name}?q=marqueur", headers={"User-Agent": "marqueur"})
    assert answer.status_code == status
    assert answer.content_type == "text/html; charset=utf-8"
    assert SECURITY_HEADERS.items() <= dict(answer.headers).items()
    assert answer.text.count("<h1>") == 1
    assert 'class="skip"' in answer.text  # the site's own page, not the last resort
    assert "marqueur" not in answer.text
    assert "Traceback" not in answer.text
    assert "broken/" not in answer.text
    assert "marqueur" not in capsys.readouterr().err


@pytest.mark.parametrize("code", ABORTED)
def test_each_status_has_its_words(client: FlaskClient, code: int) -> None:
    answer = client.get(f"/abort/{code}")
    assert answer.status_code == code
    assert str(errors.error_text(code).title) in answer.text
    assert str(errors.error_text(code).advice) in answer.text


def test_an_error_page_has_the_reason_unless_it_quotes_input(client: FlaskClient) -> None:
    assert "Ce cas est déjà publié." in client.get("/broken/refused").text
    assert "Aucun cas publié ne porte ce numéro." in client.get("/broken/not-found").text
    assert "citez une source au moins" in client.get("/broken/checklist").text
    assert str(errors.error_text(422).lede) in client.get("/broken/quoting-form").text


def test_a_tombstone_has_a_paris_date_its_reason_and_what_remains(client: FlaskClient) -> None:
    page = client.get("/broken/withdrawn").text
    assert "Ce cas a été retiré" in page
    assert "3\u00a0mars 2026" in page
    assert "La sécurité d’une personne pouvait être menacée" in page
    assert "Ce qui reste" in page
    erased = client.get("/broken/erased").text
    assert "Ce cas a été effacé le 3\u00a0mars 2026\u202f; ses textes sont détruits." in erased
    assert "sécurité" not in erased


def test_a_tombstone_is_not_for_search_engines(client: FlaskClient) -> None:
    assert '<meta name="robots" content="noindex">' in client.get("/broken/withdrawn").text


def test_a_merged_case_leads_to_the_other(client: FlaskClient) -> None:
    answer = client.get("/moved")
    assert (answer.status_code, answer.headers["Location"]) == (301, "/incidents/12")


def test_a_redirect_of_the_routing_stays_one(client: FlaskClient) -> None:
    assert client.get("/slash").status_code == 308


def test_a_405_answer_lists_the_allowed_methods(client: FlaskClient) -> None:
    answer = client.put("/slash/")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_a_form_field_that_is_not_there_is_400(client: FlaskClient) -> None:
    assert client.post("/body").status_code == 400


def test_a_failure_is_noted_under_its_reference_and_nothing_else(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    page = client.get("/broken/bug?q=secret", headers={"User-Agent": "agent"}).text
    (line,) = lines(capsys)
    assert line["event"] == "failure"
    assert line["exception"] == "ZeroDivisionError"
    assert line["endpoint"] == "broken.broken"
    assert str(line["reference"]) in page
    assert any(str(place).startswith("test_errors:") for place in line["lines"])
    assert set(line) <= {
        "event",
        "level",
        "timestamp",
        "reference",
        "endpoint",
        "exception",
        "lines",
        "cause",
    }


def test_two_failures_have_two_references(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    client.get("/broken/bug")
    client.get("/broken/bug")
    first, second = lines(capsys)
    assert first["reference"] != second["reference"]


def test_an_unreachable_database_is_answered_with_retry_after(client: FlaskClient) -> None:
    answer = client.get("/broken/locked")
    assert answer.headers["Retry-After"] == "10"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_template_at_fault_leaves_a_plain_page(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_args: object, **_values: object) -> str:
        raise RuntimeError(MARKER)

    monkeypatch.setattr(errors, "render_template", fail)
    answer = client.get("/nulle-part")
    assert (answer.status_code, answer.get_data()) == (404, errors.plain_page(404))
    assert [line["exception"] for line in lines(capsys)] == ["RuntimeError"]
    failed = client.get("/broken/bug")
    first, second = lines(capsys)
    assert first["reference"] == second["reference"]
    assert failed.get_data() == errors.plain_page(500, str(first["reference"]))


@pytest.mark.parametrize("status", [int(code) for code in messages.errors.error_pages])
def test_the_plain_page_is_whole_and_needs_nothing(status: int) -> None:
    page = errors.plain_page(status, "abcd1234").decode()
    assert page.startswith("<!doctype html>")
    assert "abcd1234" in page
    assert "style" not in page
    assert "script" not in page


def test_library_warnings_are_logged_without_their_message(
    broken_app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    import logging

    warn: Callable[..., None] = logging.getLogger("gunicorn.error").warning
    warn("Exception while serving %s from %s", "/incidents?q=marqueur", "203.0.113.7")
    logging.getLogger("werkzeug").info("203.0.113.7 GET /")
    (line,) = lines(capsys)
    assert line["event"] == "library"
    assert line["logger"] == "gunicorn.error"
    assert "marqueur" not in json.dumps(line)
    assert "203.0.113.7" not in json.dumps(line)
