"""Whatever is sent to the forms of citizens: received as it was typed, or a sentence and the form.

Nothing that anybody typed is lost without a word, nothing runs, and no answer is the register's
fault.
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
    ADDRESSES,
    CHOSEN,
    HONEST,
    TYPED,
    ReporterAnswer,
    Stranger,
    amina,
    app,
    filled,
    received,
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

# Long: for ``make prove``.
pytestmark = [pytest.mark.prove, pytest.mark.parametrize("settings", ["sqlite"], indirect=True)]

__all__ = ["amina", "app"]  # the fixtures of the other module


def _bare(text: str) -> str:
    # What Werkzeug makes of half a character: in a form in parts, and in an ordinary one.
    return one_line(re.sub("\ufffd|%ED%[AB][0-9A-F]%[89AB][0-9A-F]", "", text))


def _said(file: queries.ReportView) -> str:
    """All that a report holds, as one text."""
    assert file.received
    sent = file.received.sent
    words = (sent.account, sent.place, sent.when, sent.actor_text, sent.target_text, *sent.links)
    return _bare(" ".join([*words, file.contact]))


def nothing_is_lost(
    settings: Settings, store: KeyStore, answer: ReporterAnswer, typed: dict[str, str]
) -> None:
    """What was typed is in the register, or in the form that came back."""
    told = {name: text for name, text in typed.items() if name in TYPED and name != "site_web"}
    if answer.code:
        held = _said(received(settings, store, answer.code))
        lost = [name for name, text in told.items() if _bare(text) not in held]
    else:
        assert answer.status in (200, 409, 422, 429), answer.status
        back = {name: set(map(_bare, answer.kept(name))) for name in told}
        lost = [name for name, text in told.items() if _bare(text) not in {*back[name], ""}]
        lost = [name for name in lost if not _lines_are_back(told[name], back[name])]
    assert lost == [], answer.status


def _lines_are_back(text: str, back: set[str]) -> bool:
    return any(_bare(text) in one for one in back)


# --- texts ------------------------------------------------------------------------------------


def _try(settings: Settings, store: KeyStore, who: Stranger, typed: dict[str, str]) -> None:
    jeton = who.form()
    for etape in ("verifier", "envoyer"):
        answer = who.send("/signaler", filled(jeton, etape, **typed))
        if "jeton" not in typed:
            nothing_is_lost(settings, store, answer, typed)
    if answer.code:
        shown = who.send("/suivi", [("code", answer.code)])
        assert shown.status == 200
        assert _bare(typed.get("recit", HONEST))[:200] in _bare(_text_of(shown.text))


def _text_of(page: str) -> str:
    return FormParser(page).text


def test_strings_in_every_box_at_once_and_in_each_alone(
    settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    for text in MIXED_STRINGS:
        _try(settings, store, amina, dict.fromkeys(TYPED, text))
    for name, text in zip((*TYPED, *CHOSEN), itertools.cycle(MIXED_STRINGS)):
        _try(settings, store, amina, {name: text})


def test_half_characters_as_browsers_would_never_send_them(amina: Stranger) -> None:
    jeton = amina.form().encode()
    for broken in (b"%ED%A0%80", b"%FF%FE", b"%C3", b"%", b"%u0041", b"%00", b"%ED%B0%80%"):
        body = b"quand=" + broken + b"&recit=gard%C3%A9&etape=verifier&jeton=" + jeton
        answer = amina.raw("/signaler", body, URL_ENCODED)
        assert answer.status == 200, broken
        assert "gardé" in answer.text
    # Bytes that no form is made of.
    answer = amina.raw("/signaler", b"recit=\xed\xa0\x80&jeton=" + jeton, URL_ENCODED)
    assert answer.status in (200, 422)


# The longest as browsers send this form, in parts, and those that grow when they are shown.
OVERLONG = [
    ("😀", True),
    ("<", True),
    *(
        pytest.param(*other, marks=pytest.mark.prove)
        for other in [("a", False), ("é", False), ("<", False), ("é", True)]
    ),
]


@pytest.mark.parametrize(("letter", "in_parts"), OVERLONG)
def test_two_hundred_thousand_letters_come_back_with_a_sentence(
    settings: Settings, store: KeyStore, amina: Stranger, letter: str, in_parts: bool
) -> None:
    for name in ("recit", "quand", "liens", "contact"):
        typed = {"recit": HONEST, "cible_texte": "gardé", name: letter * LONG}
        pairs = filled(amina.form(), **typed)
        answer = amina.send("/signaler", pairs, in_parts=in_parts)
        assert answer.status == 422, name
        assert "gardé" in answer.kept("cible_texte")
        nothing_is_lost(settings, store, answer, typed)


def test_a_text_of_any_script_is_received_as_it_was_typed(
    settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    text = "Ligne 1\r\nLigne\u00a02 « oui »\n\nيوم\u200f 中文 ñandú e\u0301 👩‍👩‍👧‍👦\t=1+1"
    answer = amina.report(recit=text, contact="+33 6 00 00 00 00")
    file = received(settings, store, answer.code)
    assert file.received
    assert file.received.sent.account == clean(text).strip()
    assert file.contact == "+33 6 00 00 00 00"


@pytest.mark.prove
def test_every_string_of_the_list_in_every_box(
    settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    for attack in hostile_strings(turn=2):
        if attack.group != "long":
            _try(settings, store, amina, dict.fromkeys(TYPED, attack.text))


# --- stored, and shown ------------------------------------------------------------------------


def _stored(
    settings: Settings, store: KeyStore, strings: list[HostileString], by: int
) -> list[str]:
    """A report of each string, and all that is written about it; their codes."""
    told = []
    with open_engine(settings.database_url) as engine:
        for place, attack in enumerate(strings):
            text = clean(attack.text).strip()[:2_000]
            line = one_line(text)[:400]
            if not line:
                continue
            sent = a_report(
                account=text,
                place=line,
                place_code="",
                when=line,
                actor_text=line,
                target_text=line,
                links=(line,),
            )
            with writing(engine) as pen:
                filed = acts.receive(pen, store, sent, nonce(), contact=line)
            with writing(engine) as pen:
                acts.add(pen, store, filed.key, MessageKind.ADDITION, text, nonce())
                acts.ask_reporter(pen, store, filed.key, text, by=by)
            if place % 3 == 0:
                with writing(engine) as pen:
                    acts.decline(pen, store, filed.key, "hors_champ", by=by, sentence=text)
            elif place % 3 == 1:
                more = {"reason": "signalé", "new": a_case(), "sentence": text}
                with writing(engine) as pen:
                    acts.accept(pen, store, filed.key, by=by, **more)
            told.append(filed.code)
    return told


def _shown(app: Flask, settings: Settings, store: KeyStore, told: list[str], by: int) -> None:
    stranger, member = Stranger(app), MemberClient(app, by)
    for code in told:
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
    trays = ["", *(f"?casier={tray.value}" for tray in ReportFolder), "?q=script"]
    for number, tray in itertools.product((1, 2), trays):
        address = f"/moderation/signalements{tray}{'&' if tray else '?'}page={number}"
        answer = member.get(address)
        assert answer.status_code in (200, 303), address
        assert active_markup(answer.text) == [], address


def test_some_strings_of_each_kind_run_nowhere_once_they_are_stored(
    app: Flask, settings: Settings, store: KeyStore, cast
) -> None:
    told = _stored(settings, store, sample_strings(1), cast.bruno)
    assert len(told) >= 15
    _shown(app, settings, store, told, cast.bruno)


@pytest.mark.prove
def test_no_string_runs_anywhere_once_it_is_stored(
    app: Flask, settings: Settings, store: KeyStore, cast
) -> None:
    told = _stored(settings, store, hostile_strings(turn=3), cast.bruno)
    assert len(told) > 250
    _shown(app, settings, store, told, cast.bruno)


# --- bodies -----------------------------------------------------------------------------------


def test_bodies_that_no_form_has(settings: Settings, amina: Stranger) -> None:
    assert amina.send("/signaler", filled(amina.form()), in_parts=True).code
    body = f'{{"recit": "{HONEST}", "jeton": "{amina.form()}", "etape": "envoyer"}}'.encode()
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


def test_fields_by_the_thousand_and_fields_twice(
    settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    many = [(f"champ{number}", "x") for number in range(20_000)]
    for in_parts in (False, True):
        answer = amina.send("/signaler", [*filled(amina.form()), *many], in_parts=in_parts)
        assert answer.code or answer.status in (400, 413, 422)
    made = count_rows(settings, Report)
    twice = [*filled(amina.form()), ("recit", "Un second récit."), ("etape", "modifier")]
    answer = amina.send("/signaler", twice)
    assert answer.code
    file = received(settings, store, answer.code)
    assert file.received
    assert file.received.sent.account == HONEST
    ticked = [("types", "expulsion")] * 300 + [
        ("types", "nulle_part"),
        ("types", "menace_violence"),
    ]
    answer = amina.send("/signaler", [*filled(amina.form()), *ticked])
    assert answer.status == 422
    assert HONEST in answer.kept("recit")
    answer = amina.send("/signaler", [*filled(amina.form()), *ticked[:300], ticked[-1]])
    file = received(settings, store, answer.code)
    assert file.received
    assert set(file.received.sent.types) == {"expulsion", "menace_violence"}
    assert len(file.received.sent.types) == 2
    assert count_rows(settings, Report) == made + 2


def test_a_file_in_the_place_of_a_text_is_none(settings: Settings, amina: Stranger) -> None:
    head = '--x\r\nContent-Disposition: form-data; name="recit"; filename="a.txt"\r\n'
    body = f"{head}Content-Type: text/plain\r\n\r\n{HONEST}\r\n--x--\r\n".encode()
    assert amina.raw("/signaler", body, "multipart/form-data; boundary=x").status == 422
    assert count_rows(settings, Report) == 0
