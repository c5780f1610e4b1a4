"""Tokens, codes, limits and other sites: what is forged, guessed, sent twice or from elsewhere."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from databases import plain_app
from flask import Flask
from hostile_requests import ADDRESSES, HONEST, Stranger, amina, app, filled, received
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

__all__ = ["amina", "app"]  # the fixtures of the other module


@pytest.fixture
def guarded(settings: Settings) -> Iterator[Flask]:
    """The same with limits, minimum time and the trap for robots, as it is in earnest."""
    with plain_app(replace(settings, rate_limits=True)) as made:
        yield made


# --- tokens -----------------------------------------------------------------------------------


def _signed(app: Flask, purpose: str, value: object, days_ago: int = 0) -> str:
    """A token as the register signs it, of another day."""
    with app.app_context():
        maker = public_forms._signer(purpose)
    signer = maker.make_signer(maker.salt)
    then = signer.get_timestamp() - days_ago * 24 * 3600
    signer.get_timestamp = lambda: then  # type: ignore[method-assign]
    return signer.sign(maker.dump_payload(value)).decode()


def test_a_token_of_another_making_keeps_the_text_and_brings_a_new_one(
    app: Flask, settings: Settings, amina: Stranger
) -> None:
    ours = amina.form()
    assert amina.send("/signaler", filled(_signed(app, "signaler", nonce()))).code
    assert amina.send("/signaler", filled(_signed(app, "signaler", nonce(), 2))).code
    made = count_rows(settings, Report)
    for jeton in (
        "",
        "x",
        "é\x00",
        ours[:-1],
        ours[:-3] + ("AAA" if ours[-3:] != "AAA" else "BBB"),
        ours * 40,
        nonce(),
        receipt_codes.new_nonce().upper(),
        _signed(app, "signaler", nonce(), 4),
        _signed(app, "signaler", nonce(), -400),
        _signed(app, "suivi", nonce()),
        _signed(app, "signaler", "pas un nonce"),
        _signed(app, "signaler", ["a"]),
        _signed(app, "signaler", None),
    ):
        answer = amina.send("/signaler", filled(jeton, cible_texte="un blogueur"))
        assert answer.status == 422, jeton[:40]
        assert answer.kept("recit") == [HONEST]
        assert answer.kept("cible_texte") == ["un blogueur"]
        (new,) = set(answer.kept("jeton"))
        assert new not in ("", jeton)
    assert count_rows(settings, Report) == made
    assert amina.send("/signaler", filled(new)).code


def test_yesterday_is_the_day_before_the_form_was_shown_whenever_it_is_sent_again(
    app: Flask, settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    shown = paris_day(now()) - timedelta(days=2)
    form = filled(_signed(app, "signaler", nonce(), 2), quand="hier soir")
    first = amina.send("/signaler", form)
    assert amina.send("/signaler", form).code == first.code
    file = received(settings, store, first.code)
    assert file.received
    told = file.received.sent
    assert (told.when, told.date) == ("hier soir", (shown - timedelta(days=1)).isoformat())


def test_a_form_that_was_sent_before_is_the_same_report_or_an_addition(
    settings: Settings, store: KeyStore, amina: Stranger
) -> None:
    jeton = amina.form()
    first = amina.send("/signaler", filled(jeton))
    assert first.code
    assert amina.send("/signaler", filled(jeton)).code == first.code
    assert amina.send("/signaler", filled(jeton, quand="hier soir")).status == 409
    other = amina.send("/signaler", filled(jeton, recit="Un autre récit."))
    assert other.status == 409
    assert "Un autre récit." in other.kept("recit")
    assert count_rows(settings, Report) == 1
    added = amina.send("/signaler/ajouter", filled(jeton, recit="Un autre récit."))
    again = amina.send("/signaler/ajouter", filled(jeton, recit="Un autre récit."))
    assert added.code == again.code == first.code
    file = received(settings, store, first.code)
    assert [said.text for said in file.messages] == ["Un autre récit."]
    # With a token that has made no report there is nothing to add to.
    nowhere = amina.send("/signaler/ajouter", filled(amina.form(), recit="Perdu ?"))
    assert nowhere.status in (409, 422)
    assert "Perdu ?" in nowhere.kept("recit")
    assert count_rows(settings, Report) == 1


# --- codes ------------------------------------------------------------------------------------


def test_a_code_is_read_as_people_copy_it(amina: Stranger) -> None:
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


def test_what_opens_nothing_is_one_answer(amina: Stranger) -> None:
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
            pages.add(re.sub(r'(name="code"[^>]* value=)"[^"]*"|value="[^"]*"', "", answer.text))
    assert len(pages) == 1


@pytest.mark.parametrize("tries", [150, pytest.param(10_000, marks=pytest.mark.prove)])
def test_codes_that_are_tried_cost_little_and_shut_nobody_else_out(
    guarded: Flask, settings: Settings, tries: int
) -> None:
    guesser, other = Stranger(guarded, "192.0.2.66"), Stranger(guarded, "192.0.2.77")
    code = other.report().code
    begun, answered = time.process_time(), []
    for _ in range(tries):
        typed = receipt_codes.format_code(receipt_codes.derive_code(b"guess", nonce()))
        answer = guesser.send("/suivi", [("code", typed)])
        answered.append(answer.status)
        if answer.status == 429:
            assert int(answer.sent.headers["Retry-After"]) > 0
            assert typed in answer.kept("code")
    took = time.process_time() - begun
    print(f"{tries} codes in {took:.1f} s of the processor, {answered.count(422)} looked up")
    assert set(answered) == {422, 429}
    assert answered.count(422) <= 20
    assert took < 0.02 * tries
    # Neither the one whose code it is, nor whoever reports, notices anything.
    assert other.send("/suivi", [("code", code)]).status == 200
    assert other.report().code
    # Whoever guesses may report still: a council room is one address.
    assert guesser.report().code
    assert count_rows(settings, Report) == 3


# --- limits -----------------------------------------------------------------------------------


def test_whoever_sends_too_much_keeps_the_text_and_is_told_when(
    guarded: Flask, settings: Settings, store: KeyStore
) -> None:
    sender, other = Stranger(guarded, "2001:db8:7:7::1"), Stranger(guarded, "2001:db8:7:8::1")
    neighbour = Stranger(guarded, "2001:db8:7:7:ffff::2")
    every = [sender.report(recit=f"Récit {number}.") for number in range(12)]
    assert [answer.status for answer in every] == [200] * 10 + [429] * 2
    refused = every[-1]
    assert int(refused.sent.headers["Retry-After"]) > 0
    assert refused.kept("recit") == ["Récit 11."]
    # The same /64 is one subscriber, whatever headers say; another one is not.
    assert neighbour.report().status == 429
    forged = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
    pairs = filled(sender.form())
    assert sender.send("/signaler", pairs, headers=forged).status == 429
    assert other.report().code
    # What was received already is answered, however often it is sent.
    assert count_rows(settings, Report) == 11
    assert received(settings, store, every[0].code).summary.suspect


def test_the_trap_and_the_haste_are_told_to_nobody(
    guarded: Flask, settings: Settings, store: KeyStore
) -> None:
    robot, person = Stranger(guarded, "192.0.2.10"), Stranger(guarded, "192.0.2.11")
    hasty = robot.report()
    caught = robot.send(
        "/signaler", filled(_signed(guarded, "signaler", nonce(), 1), site_web="http://a.test")
    )
    calm = person.send("/signaler", filled(_signed(guarded, "signaler", nonce(), 1)))
    suspect = [
        received(settings, store, answer.code).summary.suspect for answer in (hasty, caught, calm)
    ]
    assert suspect == [True, True, False]
    pages = [CODE.sub("", answer.text) for answer in (hasty, caught, calm)]
    assert len({re.sub(r'value="[^"]*"', "", page) for page in pages}) == 1
    shown = [person.send("/suivi", [("code", answer.code)]).text for answer in (hasty, calm)]
    masked = {re.sub(r'value="[^"]*"', "", CODE.sub("", page)) for page in shown}
    assert len(masked) == 1


# --- other sites ------------------------------------------------------------------------------


def test_what_another_site_sends_is_refused(settings: Settings, amina: Stranger) -> None:
    code = amina.report().code
    jeton = amina.form()
    foreign: tuple[dict[str, str], ...] = (
        {"Origin": "https://attaque.test"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://localhost.attaque.test"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
    )
    for headers in foreign:
        for path in ADDRESSES:
            pairs = [*filled(jeton), ("code", code), ("message", "x"), ("confirme", "y")]
            answer = amina.send(path, pairs, headers=headers)
            assert answer.status == 403, (path, headers)
            assert HONEST not in answer.text
    assert count_rows(settings, Report) == 1
    own = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
    assert amina.send("/signaler", filled(jeton), headers=own).code
    # A page may be linked to from anywhere.
    assert amina.get("/signaler", headers={"Sec-Fetch-Site": "cross-site"}).status == 200


def test_no_page_of_theirs_sets_a_cookie_or_may_be_kept(amina: Stranger) -> None:
    """Each answer above is looked at for both; here those that nobody asks for."""
    code = amina.report().code
    for path in ADDRESSES:
        amina.get(path)
        amina.send(path, [("code", code), ("jeton", "x")])
        for method in ("PUT", "DELETE"):
            assert amina.ask(method, path).status == 405
