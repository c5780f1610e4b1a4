"""Hostile input to the public report forms.

Each text is stored as typed, or the form comes back with it and an explanation; no markup becomes
active, and no response is a server error.
"""

from __future__ import annotations

import itertools
import re

import pytest
from case_contents import a_case
from databases import open_engine
from flask import Flask
from form_client import URL_ENCODED, FormParser, MemberClient
from hostile_requests import (
    ACCOUNT,
    ADDRESSES,
    CHOICE_FIELDS,
    TEXT_FIELDS,
    ReporterAnswer,
    Stranger,
    amina,
    app,
    form_pairs,
    load_report,
)
from hostile_strings import (
    LONG,
    MIXED_STRINGS,
    HostileString,
    active_markup,
    hostile_strings,
    sample_strings,
)
from report_factory import a_report, count_rows, nonce
from sqlalchemy.orm import Session

from register.config import Settings
from register.journal import writing
from register.key_store import KeyStore
from register.reports import acts, queries
from register.reports.models import MessageKind, Report
from register.reports.report_lists import ReportFolder
from register.text.normalisation import clean, one_line

# Slow: run by ``make prove``.
pytestmark = [pytest.mark.prove, pytest.mark.parametrize("settings", ["sqlite"], indirect=True)]

__all__ = ["amina", "app"]  # fixtures imported from hostile_requests


def _comparable(text: str) -> str:
    # Werkzeug decodes lone surrogates as U+FFFD (multipart) or %ED… (URL-encoded).
    return one_line(re.sub("\ufffd|%ED%[AB][0-9A-F]%[89AB][0-9A-F]", "", text))


def _report_text(report: queries.ReportView) -> str:
    """All texts of a report, joined."""
    assert report.received
    sent = report.received.sent
    texts = (sent.account, sent.place, sent.when, sent.actor_text, sent.target_text, *sent.links)
    return _comparable(" ".join([*texts, report.contact]))


def check_nothing_is_lost(
    settings: Settings, store: KeyStore, answer: ReporterAnswer, typed: dict[str, str]
) -> None:
    """Check that each typed text is stored, or is in the form that came back."""
    texts = {
        name: text for name, text in typed.items() if name in TEXT_FIELDS and name != "site_web"
    }
    if answer.code:
        stored_text = _report_text(load_report(settings, store, answer.code))
        lost = [name for name, text in texts.items() if _comparable(text) not in stored_text]
    else:
        assert answer.status in (200, 409, 422, 429), answer.status
        returned = {name: set(map(_comparable, answer.field_values(name))) for name in texts}
        lost = [
            name for name, text in texts.items() if _comparable(text) not in {*returned[name], ""}
        ]
        lost = [name for name in lost if not _is_text_back(texts[name], returned[name])]
    assert lost == [], answer.status


def _is_text_back(text: str, returned: set[str]) -> bool:
    return any(_comparable(text) in returned_text for returned_text in returned)


# --- texts ------------------------------------------------------------------------------------


def _send_and_check(
    settings: Settings, store: KeyStore, stranger: Stranger, typed: dict[str, str]
) -> None:
    token = stranger.form()
    for etape in ("verifier", "envoyer"):
        answer = stranger.send("/signaler", form_pairs(token, etape, **typed))
        if "jeton" not in typed:
            check_nothing_is_lost(settings, store, answer, typed)
    if answer.code:
        report_page = stranger.send("/suivi", [("code", answer.code)])
        assert report_page.status == 200
        assert _comparable(typed.get("recit", ACCOUNT))[:200] in _comparable(
            _visible_text(report_page.text)
        )


def _visible_text(page: str) -> str:
    return FormParser(page).text


def test_strings_in_all_fields_at_once_and_in_each_alone(
    settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    for text in MIXED_STRINGS:
        _send_and_check(settings, store, amina, dict.fromkeys(TEXT_FIELDS, text))
    for name, text in zip((*TEXT_FIELDS, *CHOICE_FIELDS), itertools.cycle(MIXED_STRINGS)):
        _send_and_check(settings, store, amina, {name: text})


def test_invalid_percent_encodings_do_not_lose_the_other_fields(amina: Stranger) -> None:
    token = amina.form().encode()
    for broken in (b"%ED%A0%80", b"%FF%FE", b"%C3", b"%", b"%u0041", b"%00", b"%ED%B0%80%"):
        body = b"quand=" + broken + b"&recit=gard%C3%A9&etape=verifier&jeton=" + token
        answer = amina.raw("/signaler", body, URL_ENCODED)
        assert answer.status == 200, broken
        assert "gardé" in answer.text
    # Raw bytes that are not ASCII.
    answer = amina.raw("/signaler", b"recit=\xed\xa0\x80&jeton=" + token, URL_ENCODED)
    assert answer.status in (200, 422)


# Letters of several bytes, letters that HTML escapes; as a multipart form or URL-encoded.
OVERLONG = [
    ("😀", True),
    ("<", True),
    *(
        pytest.param(*other, marks=pytest.mark.prove)
        for other in [("a", False), ("é", False), ("<", False), ("é", True)]
    ),
]


@pytest.mark.parametrize(("letter", "in_parts"), OVERLONG)
def test_an_overlong_text_comes_back_with_an_error(
    settings: Settings, store: KeyStore, amina: Stranger, letter: str, in_parts: bool
) -> None:
    for name in ("recit", "quand", "liens", "contact"):
        typed = {"recit": ACCOUNT, "cible_texte": "gardé", name: letter * LONG}
        pairs = form_pairs(amina.form(), **typed)
        answer = amina.send("/signaler", pairs, in_parts=in_parts)
        assert answer.status == 422, name
        assert "gardé" in answer.field_values("cible_texte")
        check_nothing_is_lost(settings, store, answer, typed)


def test_a_text_of_any_script_is_received_as_it_was_typed(
    settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    text = "Ligne 1\r\nLigne\u00a02 « oui »\n\nيوم\u200f 中文 ñandú e\u0301 👩‍👩‍👧‍👦\t=1+1"
    answer = amina.report(recit=text, contact="+33 6 00 00 00 00")
    report = load_report(settings, store, answer.code)
    assert report.received
    assert report.received.sent.account == clean(text).strip()
    assert report.contact == "+33 6 00 00 00 00"


@pytest.mark.prove
def test_every_hostile_string_in_every_field(
    settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    for attack in hostile_strings(turn=2):
        if attack.group != "long":
            _send_and_check(settings, store, amina, dict.fromkeys(TEXT_FIELDS, attack.text))


# --- stored and shown ------------------------------------------------------------------------


def _store_reports(
    settings: Settings, store: KeyStore, strings: list[HostileString], by: int
) -> list[str]:
    """Store each string as a report, its messages and its decision; the reports' codes."""
    codes = []
    with open_engine(settings.database_url) as engine:
        for position, attack in enumerate(strings):
            text = clean(attack.text).strip()[:2_000]
            line = one_line(text)[:400]
            if not line:
                continue
            content = a_report(
                account=text,
                place=line,
                place_code="",
                when=line,
                actor_text=line,
                target_text=line,
                links=(line,),
            )
            with writing(engine) as pen:
                report = acts.receive(pen, store, content, nonce(), contact=line)
            with writing(engine) as pen:
                acts.add(pen, store, report.key, MessageKind.ADDITION, text, nonce())
                acts.ask_reporter(pen, store, report.key, text, by=by)
            if position % 3 == 0:
                with writing(engine) as pen:
                    acts.decline(pen, store, report.key, "hors_champ", by=by, sentence=text)
            elif position % 3 == 1:
                options = {"reason": "signalé", "new": a_case(), "sentence": text}
                with writing(engine) as pen:
                    acts.accept(pen, store, report.key, by=by, **options)
            codes.append(report.code)
    return codes


def _check_pages(
    app: Flask, settings: Settings, store: KeyStore, codes: list[str], by: int
) -> None:
    stranger, member = Stranger(app), MemberClient(app, by)
    for code in codes:
        assert stranger.send("/suivi", [("code", code)]).status == 200
        with open_engine(settings.database_url) as engine, Session(engine) as session:
            key = queries.key_by_code(session, store, code)
        for address in (
            f"/moderation/signalements/{key}",
            f"/moderation/signalements/{key}/retenir",
        ):
            answer = member.get(address)
            assert answer.status_code in (200, 303, 409), address
            assert active_markup(answer.text) == [], address
    folders = ["", *(f"?casier={folder.value}" for folder in ReportFolder), "?q=script"]
    for page_number, folder in itertools.product((1, 2), folders):
        address = f"/moderation/signalements{folder}{'&' if folder else '?'}page={page_number}"
        answer = member.get(address)
        assert answer.status_code in (200, 303), address
        assert active_markup(answer.text) == [], address


def test_no_stored_sample_string_becomes_active_markup(
    app: Flask, settings: Settings, store: KeyStore, cast
) -> None:
    codes = _store_reports(settings, store, sample_strings(1), cast.bruno)
    assert len(codes) >= 15
    _check_pages(app, settings, store, codes, cast.bruno)


@pytest.mark.prove
def test_no_stored_string_becomes_active_markup(
    app: Flask, settings: Settings, store: KeyStore, cast
) -> None:
    codes = _store_reports(settings, store, hostile_strings(turn=3), cast.bruno)
    assert len(codes) > 250
    _check_pages(app, settings, store, codes, cast.bruno)


# --- bodies -----------------------------------------------------------------------------------


def test_a_body_of_another_type_is_refused(settings: Settings, amina: Stranger) -> None:
    assert amina.send("/signaler", form_pairs(amina.form()), in_parts=True).code
    body = f'{{"recit": "{ACCOUNT}", "jeton": "{amina.form()}", "etape": "envoyer"}}'.encode()
    for kind in ("application/json", "text/plain", "", "multipart/form-data", "\u00e9", "a/b;;;="):
        for path in ADDRESSES:
            answer = amina.raw(path, body, kind)
            assert answer.status in (400, 413, 415, 422), (kind, path)
    for path in ADDRESSES:
        for kind in (URL_ENCODED, "multipart/form-data; boundary=x"):
            for empty in (b"", b"&&&&", b"=", b"--x", b"--x\r\n\r\n--x--\r\n", b"\x00" * 100):
                answer = amina.raw(path, empty, kind)
                assert answer.status in (200, 400, 413, 422), (kind, path, empty)
                assert not answer.code
    assert count_rows(settings, Report) == 1


def test_thousands_of_fields_and_doubled_fields(
    settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    many_pairs = [(f"champ{number}", "x") for number in range(20_000)]
    for in_parts in (False, True):
        answer = amina.send(
            "/signaler", [*form_pairs(amina.form()), *many_pairs], in_parts=in_parts
        )
        assert answer.code or answer.status in (400, 413, 422)
    report_count = count_rows(settings, Report)
    doubled_pairs = [
        *form_pairs(amina.form()),
        ("recit", "Un second récit."),
        ("etape", "modifier"),
    ]
    answer = amina.send("/signaler", doubled_pairs)
    assert answer.code
    report = load_report(settings, store, answer.code)
    assert report.received
    assert report.received.sent.account == ACCOUNT
    types = [("types", "expulsion")] * 300 + [("types", "nulle_part"), ("types", "menace_violence")]
    answer = amina.send("/signaler", [*form_pairs(amina.form()), *types])
    assert answer.status == 422
    assert ACCOUNT in answer.field_values("recit")
    answer = amina.send("/signaler", [*form_pairs(amina.form()), *types[:300], types[-1]])
    report = load_report(settings, store, answer.code)
    assert report.received
    assert set(report.received.sent.types) == {"expulsion", "menace_violence"}
    assert len(report.received.sent.types) == 2
    assert count_rows(settings, Report) == report_count + 2


def test_a_file_instead_of_a_text_is_refused(settings: Settings, amina: Stranger) -> None:
    head = '--x\r\nContent-Disposition: form-data; name="recit"; filename="a.txt"\r\n'
    body = f"{head}Content-Type: text/plain\r\n\r\n{ACCOUNT}\r\n--x--\r\n".encode()
    assert amina.raw("/signaler", body, "multipart/form-data; boundary=x").status == 422
    assert count_rows(settings, Report) == 0
