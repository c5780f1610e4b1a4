"""Forged form tokens, guessed receipt codes, rate limits and cross-site requests."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from databases import plain_app
from flask import Flask
from hostile_requests import ACCOUNT, ADDRESSES, Stranger, amina, app, form_pairs, load_report
from hostile_strings import LONG, sample_strings
from report_factory import CODE, count_rows, nonce

from register.config import Settings
from register.db import now
from register.key_store import KeyStore
from register.reports import receipt_codes
from register.reports.models import Report
from register.reports.web import public_forms
from register.text.dates import paris_day

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

__all__ = ["amina", "app"]  # fixtures imported from hostile_requests


@pytest.fixture
def limited_app(settings: Settings) -> Iterator[Flask]:
    """The application with rate limits, minimum age and the hidden field."""
    with plain_app(replace(settings, rate_limits=True)) as app:
        yield app


# --- tokens -----------------------------------------------------------------------------------


def sign_token(app: Flask, purpose: str, value: object, days_ago: int = 0) -> str:
    """A token signed by the register ``days_ago``."""
    with app.app_context():
        serializer = public_forms._signer(purpose)
    signer = serializer.make_signer(serializer.salt)
    timestamp = signer.get_timestamp() - days_ago * 24 * 3600
    signer.get_timestamp = lambda: timestamp  # type: ignore[method-assign]
    return signer.sign(serializer.dump_payload(value)).decode()


def test_an_invalid_token_brings_the_form_back_with_the_text_and_a_new_one(
    app: Flask, settings: Settings, amina: Stranger
) -> None:
    own_token = amina.form()
    assert amina.send("/signaler", form_pairs(sign_token(app, "signaler", nonce()))).code
    assert amina.send("/signaler", form_pairs(sign_token(app, "signaler", nonce(), 2))).code
    report_count = count_rows(settings, Report)
    for token in (
        "",
        "x",
        "é\x00",
        own_token[:-1],
        own_token[:-3] + ("AAA" if own_token[-3:] != "AAA" else "BBB"),
        own_token * 40,
        nonce(),
        receipt_codes.new_key().upper(),
        sign_token(app, "signaler", nonce(), 4),
        sign_token(app, "signaler", nonce(), -400),
        sign_token(app, "suivi", nonce()),
        sign_token(app, "signaler", "pas un nonce"),
        sign_token(app, "signaler", ["a"]),
        sign_token(app, "signaler", None),
    ):
        answer = amina.send("/signaler", form_pairs(token, cible_texte="un blogueur"))
        assert answer.status == 422, token[:40]
        assert answer.field_values("recit") == [ACCOUNT]
        assert answer.field_values("cible_texte") == ["un blogueur"]
        (new_token,) = set(answer.field_values("jeton"))
        assert new_token not in ("", token)
    assert count_rows(settings, Report) == report_count
    assert amina.send("/signaler", form_pairs(new_token)).code


def test_yesterday_is_relative_to_the_day_the_form_was_shown(
    app: Flask, settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    shown_on = paris_day(now()) - timedelta(days=2)
    form = form_pairs(sign_token(app, "signaler", nonce(), 2), quand="hier soir")
    first = amina.send("/signaler", form)
    assert amina.send("/signaler", form).code == first.code
    report = load_report(settings, store, first.code)
    assert report.received
    content = report.received.sent
    assert (content.when, content.date) == ("hier soir", (shown_on - timedelta(days=1)).isoformat())


def test_a_form_sent_again_is_the_same_report_or_an_addition(
    settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    token = amina.form()
    first = amina.send("/signaler", form_pairs(token))
    assert first.code
    assert amina.send("/signaler", form_pairs(token)).code == first.code
    assert amina.send("/signaler", form_pairs(token, quand="hier soir")).status == 409
    other = amina.send("/signaler", form_pairs(token, recit="Un autre récit."))
    assert other.status == 409
    assert "Un autre récit." in other.field_values("recit")
    assert count_rows(settings, Report) == 1
    added = amina.send("/signaler/ajouter", form_pairs(token, recit="Un autre récit."))
    again = amina.send("/signaler/ajouter", form_pairs(token, recit="Un autre récit."))
    assert added.code == again.code == first.code
    report = load_report(settings, store, first.code)
    assert [message.text for message in report.messages] == ["Un autre récit."]
    # A token without a report allows no addition.
    unattached = amina.send("/signaler/ajouter", form_pairs(amina.form(), recit="Perdu ?"))
    assert unattached.status in (409, 422)
    assert "Perdu ?" in unattached.field_values("recit")
    assert count_rows(settings, Report) == 1


# --- codes ------------------------------------------------------------------------------------


def test_a_code_is_accepted_in_every_usual_spelling(amina: Stranger) -> None:
    code = amina.report(recit="Une histoire à suivre.").code
    letters = code.replace("-", "")
    spaced = "  ".join(letters)
    for typed in (
        code,
        letters,
        letters.lower(),
        spaced,
        f"\t{code.lower()}\r\n",
        code.replace("-", "\u2011"),
        code.replace("-", " – "),
        letters.replace("0", "O").replace("1", "I"),
        letters.replace("0", "o").replace("1", "l").lower(),
        "".join(chr(ord(letter) + 0xFEE0) for letter in letters),
        f"« {code} ».",
    ):
        answer = amina.send("/suivi", [("code", typed)])
        assert answer.status == 200, typed
        assert "Une histoire à suivre." in answer.text


def test_all_unknown_codes_get_the_same_page(amina: Stranger) -> None:
    amina.report()
    pages = set()
    for typed in (
        "0000-0000-0000-0000",
        "ZZZZ-ZZZZ-ZZZZ-ZZZZ",
        "0000-0000-0000-000",
        "x" * LONG,
        "é" * 200,
        "' OR 1=1 --",
        "\x00\ud800",
        "\u202e",
        "",
        *(attack.text for attack in sample_strings(1)),
    ):
        for path in ADDRESSES[2:7]:
            answer = amina.send(path, [("code", typed), ("message", "x"), ("confirme", "y")])
            assert answer.status == 422, (path, typed[:40])
            page = re.sub(r'(name="code"[^>]* value=)"[^"]*"|value="[^"]*"', "", answer.text)
            # The sentence on the form of the code, which its sender sees anyway.
            page, count = re.subn(
                "Ce code n’ouvre rien[^<]*|Écrivez le code de[^<]*|Un code a seize[^<]*", "", page
            )
            assert count == 2, (path, typed[:40])
            pages.add(page)
    assert len(pages) == 1


@pytest.mark.parametrize("tries", [150, pytest.param(10_000, marks=pytest.mark.prove)])
def test_guessing_codes_costs_little_and_blocks_nobody_else(
    limited_app: Flask, settings: Settings, tries: int
) -> None:
    guesser, other = Stranger(limited_app, "192.0.2.66"), Stranger(limited_app, "192.0.2.77")
    code = other.report().code
    start, statuses = time.process_time(), []
    for _ in range(tries):
        typed = receipt_codes.format_code(receipt_codes.derive_code(b"guess", nonce()))
        answer = guesser.send("/suivi", [("code", typed)])
        statuses.append(answer.status)
        if answer.status == 429:
            assert int(answer.response.headers["Retry-After"]) > 0
            assert typed in answer.field_values("code")
    seconds = time.process_time() - start
    print(f"{tries} codes in {seconds:.1f} s of the processor, {statuses.count(422)} looked up")
    assert set(statuses) == {422, 429}
    assert statuses.count(422) <= 20
    assert seconds < 0.02 * tries
    # Others still read their reports and send new ones.
    assert other.send("/suivi", [("code", code)]).status == 200
    assert other.report().code
    # The guesser’s address may still report: a council room shares one.
    assert guesser.report().code
    assert count_rows(settings, Report) == 3


# --- limits -----------------------------------------------------------------------------------


def test_a_rate_limited_sender_keeps_the_text_and_gets_a_retry_time(
    limited_app: Flask, settings: Settings, store: KeyStore
) -> None:
    sender, other = (
        Stranger(limited_app, "2001:db8:7:7::1"),
        Stranger(limited_app, "2001:db8:7:8::1"),
    )
    neighbour = Stranger(limited_app, "2001:db8:7:7:ffff::2")
    answers = [sender.report(recit=f"Récit {number}.") for number in range(12)]
    assert [answer.status for answer in answers] == [200] * 10 + [429] * 2
    refused = answers[-1]
    assert int(refused.response.headers["Retry-After"]) > 0
    assert refused.field_values("recit") == ["Récit 11."]
    # Limits count a whole /64, whatever the headers say.
    assert neighbour.report().status == 429
    forged = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    pairs = form_pairs(sender.form())
    assert sender.send("/signaler", pairs, headers=forged).status == 429
    assert other.report().code
    assert count_rows(settings, Report) == 11
    assert load_report(settings, store, answers[0].code).summary.suspect


def test_the_hidden_field_and_haste_mark_a_report_as_suspect_without_showing_it(
    limited_app: Flask, settings: Settings, store: KeyStore
) -> None:
    robot, person = Stranger(limited_app, "192.0.2.10"), Stranger(limited_app, "192.0.2.11")
    hasty = robot.report()
    caught = robot.send(
        "/signaler",
        form_pairs(sign_token(limited_app, "signaler", nonce(), 1), site_web="http://a.test"),
    )
    calm = person.send("/signaler", form_pairs(sign_token(limited_app, "signaler", nonce(), 1)))
    suspect = [
        load_report(settings, store, answer.code).summary.suspect
        for answer in (hasty, caught, calm)
    ]
    assert suspect == [True, True, False]
    pages = [CODE.sub("", answer.text) for answer in (hasty, caught, calm)]
    assert len({re.sub(r'value="[^"]*"', "", page) for page in pages}) == 1
    report_pages = [person.send("/suivi", [("code", answer.code)]).text for answer in (hasty, calm)]
    masked = {re.sub(r'value="[^"]*"', "", CODE.sub("", page)) for page in report_pages}
    assert len(masked) == 1


# --- other sites ------------------------------------------------------------------------------


def test_a_cross_site_form_is_refused(settings: Settings, amina: Stranger) -> None:
    code = amina.report().code
    token = amina.form()
    foreign_headers: tuple[dict[str, str], ...] = (
        {"Origin": "https://attaque.test"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost.attaque.test"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    )
    for headers in foreign_headers:
        for path in ADDRESSES:
            pairs = [*form_pairs(token), ("code", code), ("message", "x"), ("confirme", "y")]
            answer = amina.send(path, pairs, headers=headers)
            assert answer.status == 403, (path, headers)
            assert ACCOUNT not in answer.text
    assert count_rows(settings, Report) == 1
    own_headers = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert amina.send("/signaler", form_pairs(token), headers=own_headers).code
    # Links from other sites are allowed.
    assert amina.get("/signaler", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


def test_unusual_requests_set_no_cookie_and_are_not_cached(amina: Stranger) -> None:
    """:class:`Stranger` checks both on each response."""
    code = amina.report().code
    for path in ADDRESSES:
        amina.get(path)
        amina.send(path, [("code", code), ("jeton", "x")])
        for method in ("PUT", "DELETE"):
            assert amina.request(method, path).status == 405
