"""Bad input in the editor: an error with the form kept, or a safe record."""

from __future__ import annotations

import time
from collections.abc import Callable
from io import BytesIO

import pytest
from cast import Desk
from form_client import FilledForm, MemberClient, Pairs
from hostile_strings import HOSTILE_TEXTS
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from register.cases import case_content as contents
from register.cases.case_content import (
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)
from register.cases.models import Incident, Revision
from register.text.normalisation import clean

pytestmark = pytest.mark.prove

# Fields that accept any text.
FREE_TEXT_FIELDS = (
    "title",
    "summary",
    "narrative",
    "precision_note",
    "place_label",
    "actor_text",
    "outlets",
    "steps_taken",
    "amount",
    "sources-0-title",
    "sources-0-label",
    "sources-0-publisher",
    "proceedings-0-docket",
    "proceedings-0-docket",
    "proceedings-0-legal_basis",
    "proceedings-0-amount",
    "proceedings-0-steps-0-note",
    "request-asked",
    "request-asked_of",
    "request-cada_number",
    "request-opinion",
    "reason",
)


@pytest.fixture
def bruno(signed: Callable[[str], MemberClient]) -> MemberClient:
    return signed("bruno")


def open_editor(bruno: MemberClient, desk: Desk) -> tuple[str, FilledForm]:
    """The editor of a draft with a row in each list."""
    number = desk.published().number or 0
    steps = (StepContent("plainte", "2007-01-01"),)
    case = desk.draft(
        sources=(SourceContent(url="https://exemple.test/a"),),
        proceedings=(ProceedingContent(direction="tiers", steps=steps),),
        linked_communes=("92062",),
        request=RequestContent(asked="un rapport"),
        links=(LinkContent("voir_aussi", number),),
    )
    path = f"/moderation/dossiers/{case.id}/modifier"
    return path, FilledForm(bruno.get(path).text)


def is_kept(form: FilledForm, name: str, value: str) -> bool:
    """Whether a refused form contains the typed text, without hidden characters."""
    shown = " ".join(clean(form[name]).split())
    return shown == " ".join(clean(value).split())


def comes_back(response: TestResponse, form: FilledForm, name: str, value: str) -> bool:
    """Assert that a refused form contains everything that was sent."""
    returned_form = FilledForm(response.text)
    is_summary_kept = name == "summary" or returned_form["summary"] == form["summary"]
    # Only text fields return what was typed.
    is_text_field = f'<input class="input" type="text" id="{name}"' in response.text
    is_text_field = is_text_field or f'<textarea class="input" id="{name}"' in response.text
    return is_summary_kept and (not is_text_field or is_kept(returned_form, name, value))


def test_a_script_in_each_field_is_refused_or_stored_safely(
    bruno: MemberClient, desk: Desk
) -> None:
    path, form = open_editor(bruno, desk)
    for name in [name for name in form.fields if not name.endswith("-lignes")]:
        response = bruno.send(path, form.sent(reason="essai") | {name: [HOSTILE_TEXTS["script"]]})
        assert response.status_code in (303, 409, 422), name
        if response.status_code == 303:
            form = FilledForm(bruno.get(path).text)
        else:
            assert comes_back(response, form, name, HOSTILE_TEXTS["script"]), name
            assert "<script>alert" not in response.text


def test_hostile_text_in_every_field_comes_back_complete(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    path, form = open_editor(bruno, desk)
    revision_count = session.scalar(select(func.count(Revision.id)))
    field_names = [name for name in form.fields if name != "vu" and not name.endswith("-lignes")]
    for kind, text in HOSTILE_TEXTS.items():
        response = bruno.send(path, form.sent() | {name: [text] for name in field_names})
        assert response.status_code == 422, kind
        returned_form = FilledForm(response.text)
        for name in field_names:
            assert name == "summary" or comes_back(response, returned_form, name, text), (
                kind,
                name,
            )
        assert "<script>alert" not in response.text
    session.rollback()
    assert session.scalar(select(func.count(Revision.id))) == revision_count


def test_hostile_text_in_free_text_fields_is_stored_safely(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    path, _form = open_editor(bruno, desk)
    for kind, text in HOSTILE_TEXTS.items():
        form = FilledForm(bruno.get(path).text)
        response = bruno.send(
            path, form.sent(reason="essai") | {name: [text] for name in FREE_TEXT_FIELDS}
        )
        assert response.status_code == (422 if kind == "blank" else 303), kind
        if response.status_code == 422:
            assert all(
                is_kept(FilledForm(response.text), name, text) for name in FREE_TEXT_FIELDS
            ), kind
            continue
        session.rollback()
        case = session.scalars(select(Incident).order_by(Incident.id.desc())).first()
        assert case
        # The editor shows the stored text, which has no illegal characters.
        assert is_kept(FilledForm(bruno.get(path).text), "title", case.title)
        stored_text = case.title + contents.content_of(case).narrative
        assert clean(stored_text) == stored_text


@pytest.mark.parametrize("letter", ["a", "😀", "[", "\n"])
def test_an_overlong_text_in_a_field_comes_back(
    bruno: MemberClient, desk: Desk, letter: str
) -> None:
    path, form = open_editor(bruno, desk)
    long_text = letter * 200_000
    for name in ("title", "narrative", "date", "place-typed", "sources-0-url", "reason", "vu"):
        fields = form.sent(reason="essai") | {name: [long_text], "csrf_token": [bruno.csrf]}
        start = time.monotonic()
        response = bruno.client.post(
            path, data=multipart_body(fields), content_type=f"{MULTIPART}; boundary=x"
        )
        assert time.monotonic() - start < 10
        assert response.status_code in (409, 422) or not letter.strip(), name
        if response.status_code != 303:
            assert comes_back(response, form, name, long_text), name
        form = FilledForm(bruno.get(path).text)


MULTIPART = "multipart/form-data"


def multipart_body(form: Pairs) -> bytes:
    """A multipart form as sent by a browser (RFC 7578)."""
    head = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    parts = [head.format(name, value) for name, values in form.items() for value in values]
    return ("".join(parts) + "--x--\r\n").encode()


def test_the_form_is_multipart(bruno: MemberClient) -> None:
    page = bruno.get("/moderation/dossiers/nouveau").text
    assert page.count('enctype="multipart/form-data"') == 1


def test_an_oversized_form_is_answered_with_an_error_page(bruno: MemberClient) -> None:
    response = bruno.send("/moderation/dossiers/nouveau", title="a" * 5_000_000)
    assert response.status_code == 413


@pytest.mark.parametrize("name", ["sources-{}-url", "proceedings-{}-docket", "linked-{}-typed"])
def test_thousands_of_rows_are_refused(
    bruno: MemberClient, desk: Desk, session: Session, name: str
) -> None:
    path, form = open_editor(bruno, desk)
    fields: Pairs = form.sent(reason="essai", title="Gardé")
    fields |= {name.format(row_number): ["https://exemple.test/"] for row_number in range(3_000)}
    response = bruno.send(path, fields)
    assert (response.status_code, FilledForm(response.text)["title"]) == (422, "Gardé")
    assert "40 au plus" in response.text
    assert session.scalar(select(func.count(Revision.id))) == 3


@pytest.mark.parametrize(
    "name",
    [
        "sources-99999999999999999999-url",
        "sources-²-url",
        "sources--1-url",
        "sources-0",
        "sources-",
        "sources-0-",
        "sources-0-url-0",
        "proceedings-0-steps-x-date",
        "proceedings-0-steps",
        "request",
        "place",
        "",
        "sources-0-url\n",
        "reprendre",
        "types",
    ],
)
def test_unknown_field_names_change_nothing(bruno: MemberClient, desk: Desk, name: str) -> None:
    path, form = open_editor(bruno, desk)
    response = bruno.send(path, form.sent(reason="essai") | {name: ["x"]})
    assert response.status_code in (303, 422)


def test_only_the_first_value_of_a_doubled_field_is_read(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    path, form = open_editor(bruno, desk)
    response = bruno.send(path, form.sent(reason="essai") | {"title": ["Premier", "Second"]})
    assert response.status_code == 303
    titles = session.scalars(select(Incident.title)).all()
    assert "Premier" in titles
    assert "Second" not in titles


def test_a_file_instead_of_a_text_is_ignored(bruno: MemberClient, desk: Desk) -> None:
    path, form = open_editor(bruno, desk)
    fields = {**form.sent(reason="essai"), "title": (BytesIO(b"x"), "x.txt")}
    response = bruno.client.post(path, data={**fields, "csrf_token": bruno.csrf})
    assert response.status_code == 303


def test_a_doubled_value_in_a_list_is_refused(bruno: MemberClient, desk: Desk) -> None:
    path, form = open_editor(bruno, desk)
    doubled = {"sources-1-url": [form["sources-0-url"]], "sources-1-kind": [form["sources-0-kind"]]}
    response = bruno.send(path, form.sent(reason="essai") | doubled)
    assert response.status_code == 422
    assert "deux fois" in response.text
    types = {"type_1": ["huis_clos"], "type_2": ["huis_clos"]}
    response = bruno.send(path, form.sent(reason="essai") | types)
    assert (response.status_code, FilledForm(response.text).invalid) == (422, ["type_1"])


def test_errors_of_the_act_are_shown_at_their_fields(bruno: MemberClient, desk: Desk) -> None:
    path, form = open_editor(bruno, desk)
    invalid_fields = {
        "date": ["2008"],
        "end_date": ["2001"],
        "country": ["BE"],
        "links-0-number": ["4242"],
        "place-code": ["commune:99999"],
        "language": ["français"],
    }
    response = bruno.send(path, form.sent(reason="essai") | invalid_fields)
    assert response.status_code == 422
    invalid_names = set(FilledForm(response.text).invalid)
    assert {"end_date", "links-0-number"} <= invalid_names
    for name in ("#end_date", "#links-0-number", "#place-typed", "#linked-0-typed", "#language"):
        assert f'<a href="{name}">' in response.text, name


def test_a_link_in_a_source_is_never_a_script(bruno: MemberClient, desk: Desk) -> None:
    path, form = open_editor(bruno, desk)
    for address in ("javascript:alert(1)", "data:text/html,x", "//exemple.test", "exemple.test"):
        for name in ("sources-0-url", "sources-0-archived_url", "proceedings-0-steps-0-source_url"):
            response = bruno.send(path, form.sent(reason="essai") | {name: [address]})
            assert (response.status_code, FilledForm(response.text).invalid) == (422, [name])
