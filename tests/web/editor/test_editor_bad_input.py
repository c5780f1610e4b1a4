"""Bad input in the editor: an error sentence or a safe record, and a retained form."""

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

# Where a person may write whatever they like.
FREE = (
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
    "proceedings-0-court",
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


def opened(bruno: MemberClient, desk: Desk) -> tuple[str, FilledForm]:
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
    at = f"/moderation/dossiers/{case.id}/modifier"
    return at, FilledForm(bruno.get(at).text)


def kept(page: FilledForm, name: str, value: str) -> bool:
    """Whether a refused form contains the typed text, without hidden characters."""
    shown = " ".join(clean(page[name]).split())
    return shown == " ".join(clean(value).split())


def sent_back(answer: TestResponse, page: FilledForm, name: str, value: str) -> bool:
    """Assert that a refused form contains everything that was sent."""
    back = FilledForm(answer.text)
    others = name == "summary" or back["summary"] == page["summary"]
    # A list of words cannot hold another word, and a hidden field is none that was typed in.
    typed = f'<input class="input" type="text" id="{name}"' in answer.text
    typed = typed or f'<textarea class="input" id="{name}"' in answer.text
    return others and (not typed or kept(back, name, value))


def test_each_field_with_a_script_is_a_sentence_or_a_safe_record(
    bruno: MemberClient, desk: Desk
) -> None:
    at, page = opened(bruno, desk)
    for name in [name for name in page.fields if not name.endswith("-lignes")]:
        answer = bruno.send(at, page.sent(reason="essai") | {name: [HOSTILE_TEXTS["script"]]})
        assert answer.status_code in (303, 409, 422), name
        if answer.status_code == 303:
            page = FilledForm(bruno.get(at).text)
        else:
            assert sent_back(answer, page, name, HOSTILE_TEXTS["script"]), name
            assert "<script>alert" not in answer.text


def test_odd_text_in_every_field_at_once_comes_back_whole(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    at, page = opened(bruno, desk)
    before = session.scalar(select(func.count(Revision.id)))
    typed = [name for name in page.fields if name != "vu" and not name.endswith("-lignes")]
    for odd, text in HOSTILE_TEXTS.items():
        answer = bruno.send(at, page.sent() | {name: [text] for name in typed})
        assert answer.status_code == 422, odd
        back = FilledForm(answer.text)
        for name in typed:
            assert name == "summary" or sent_back(answer, back, name, text), (odd, name)
        assert "<script>alert" not in answer.text
    session.rollback()
    assert session.scalar(select(func.count(Revision.id))) == before


def test_odd_text_where_any_text_may_stand_is_a_safe_record(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    at, _page = opened(bruno, desk)
    for odd, text in HOSTILE_TEXTS.items():
        page = FilledForm(bruno.get(at).text)
        answer = bruno.send(at, page.sent(reason="essai") | {name: [text] for name in FREE})
        assert answer.status_code == (422 if odd == "blank" else 303), odd
        if answer.status_code == 422:
            assert all(kept(FilledForm(answer.text), name, text) for name in FREE), odd
            continue
        session.rollback()
        case = session.scalars(select(Incident).order_by(Incident.id.desc())).first()
        assert case
        # What an editor opens again is what was stored, and it is legal in every feed.
        assert kept(FilledForm(bruno.get(at).text), "title", case.title)
        assert clean(case.title + case.narrative) == case.title + case.narrative


@pytest.mark.parametrize("letter", ["a", "😀", "[", "\n"])
def test_two_hundred_thousand_characters_in_a_field_come_back(
    bruno: MemberClient, desk: Desk, letter: str
) -> None:
    at, page = opened(bruno, desk)
    long = letter * 200_000
    for name in ("title", "narrative", "date", "place-typed", "sources-0-url", "reason", "vu"):
        sent = page.sent(reason="essai") | {name: [long], "csrf_token": [bruno.csrf]}
        began = time.monotonic()
        answer = bruno.client.post(at, data=in_parts(sent), content_type=f"{PARTS}; boundary=x")
        assert time.monotonic() - began < 10
        assert answer.status_code in (409, 422) or not letter.strip(), name
        if answer.status_code != 303:
            assert sent_back(answer, page, name, long), name
        page = FilledForm(bruno.get(at).text)


PARTS = "multipart/form-data"


def in_parts(sent: Pairs) -> bytes:
    """A multipart form as sent by a browser (RFC 7578)."""
    head = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    parts = [head.format(name, value) for name, values in sent.items() for value in values]
    return ("".join(parts) + "--x--\r\n").encode()


def test_the_form_is_sent_in_parts_so_that_it_may_be_long(bruno: MemberClient) -> None:
    page = bruno.get("/moderation/dossiers/nouveau").text
    assert page.count('enctype="multipart/form-data"') == 1


def test_an_oversized_form_is_answered_with_an_error_page(bruno: MemberClient) -> None:
    answer = bruno.send("/moderation/dossiers/nouveau", title="a" * 5_000_000)
    assert answer.status_code == 413


@pytest.mark.parametrize("name", ["sources-{}-url", "proceedings-{}-court", "linked-{}-typed"])
def test_thousands_of_rows_are_a_sentence(
    bruno: MemberClient, desk: Desk, session: Session, name: str
) -> None:
    at, page = opened(bruno, desk)
    sent: Pairs = page.sent(reason="essai", title="Gardé")
    sent |= {name.format(place): ["https://exemple.test/"] for place in range(3_000)}
    answer = bruno.send(at, sent)
    assert (answer.status_code, FilledForm(answer.text)["title"]) == (422, "Gardé")
    assert "40 au plus" in answer.text
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
    at, page = opened(bruno, desk)
    answer = bruno.send(at, page.sent(reason="essai") | {name: ["x"]})
    assert answer.status_code in (303, 422)


def test_a_name_that_is_sent_twice_is_read_once(
    bruno: MemberClient, desk: Desk, session: Session
) -> None:
    at, page = opened(bruno, desk)
    answer = bruno.send(at, page.sent(reason="essai") | {"title": ["Premier", "Second"]})
    assert answer.status_code == 303
    titles = session.scalars(select(Incident.title)).all()
    assert "Premier" in titles
    assert "Second" not in titles


def test_a_file_under_the_name_of_a_text_is_no_text(bruno: MemberClient, desk: Desk) -> None:
    at, page = opened(bruno, desk)
    data = {**page.sent(reason="essai"), "title": (BytesIO(b"x"), "x.txt")}
    answer = bruno.client.post(at, data={**data, "csrf_token": bruno.csrf})
    assert answer.status_code == 303


def test_the_same_value_twice_in_a_list_is_said(bruno: MemberClient, desk: Desk) -> None:
    at, page = opened(bruno, desk)
    twice = {"sources-1-url": [page["sources-0-url"]], "sources-1-kind": [page["sources-0-kind"]]}
    answer = bruno.send(at, page.sent(reason="essai") | twice)
    assert answer.status_code == 422
    assert "deux fois" in answer.text
    types = {"type_1": ["huis_clos"], "type_2": ["huis_clos"]}
    answer = bruno.send(at, page.sent(reason="essai") | types)
    assert (answer.status_code, FilledForm(answer.text).invalid) == (422, ["type_1"])


def test_faults_that_only_the_act_finds_stand_beside_their_fields(
    bruno: MemberClient, desk: Desk
) -> None:
    at, page = opened(bruno, desk)
    wrong = {
        "date": ["2008"],
        "end_date": ["2001"],
        "country": ["BE"],
        "links-0-number": ["4242"],
        "place-code": ["commune:99999"],
        "language": ["français"],
    }
    answer = bruno.send(at, page.sent(reason="essai") | wrong)
    assert answer.status_code == 422
    told = set(FilledForm(answer.text).invalid)
    assert {"end_date", "links-0-number"} <= told
    for name in ("#end_date", "#links-0-number", "#place-typed", "#linked-0-typed", "#language"):
        assert f'<a href="{name}">' in answer.text, name


def test_a_link_in_a_source_is_never_a_script(bruno: MemberClient, desk: Desk) -> None:
    at, page = opened(bruno, desk)
    for address in ("javascript:alert(1)", "data:text/html,x", "//exemple.test", "exemple.test"):
        for name in ("sources-0-url", "sources-0-archived_url", "proceedings-0-steps-0-source_url"):
            answer = bruno.send(at, page.sent(reason="essai") | {name: [address]})
            assert (answer.status_code, FilledForm(answer.text).invalid) == (422, [name])
