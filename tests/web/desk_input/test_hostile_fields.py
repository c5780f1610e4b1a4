"""Whatever is typed into whichever box behind the door: kept safely, or a sentence and the form.

The forms are read from the pages themselves, so that a new box is tried from its first day.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from databases import plain_app
from flask import Flask
from form_client import FormParser, MemberClient, PageForm, Pairs, encode
from hostile_strings import (
    LONG,
    MIXED_STRINGS,
    HostileString,
    active_markup,
    hostile_strings,
    sample_strings,
)
from werkzeug.test import TestResponse

from register.accounts.web.reauthentication import SECRET_FIELDS
from register.cases import acts
from register.config import Settings
from register.text.normalisation import one_line

# Long: for ``make prove``.
pytestmark = [pytest.mark.prove, pytest.mark.parametrize("settings", ["sqlite"], indirect=True)]

# What a box holds that is not the one that is tried, so that the others are no reason to refuse.
HONEST = {
    "into": "1",
    "received_on": "2026-03-02",
    "on": "2026-03-02",
    "adresse": "quelqu-un@register.test",
}


def filled(form: PageForm, **typed: str) -> Pairs:
    """The fields of a form with these boxes typed in, every choice made, and the rest honest."""
    radios = dict(reversed(form.unchecked_radios))
    checked = [pair for pair in form.fields if pair[0] != "csrf_token"]
    chosen = [pair for pair in radios.items() if pair[0] not in form.names]
    pairs = []
    for name, value in (*checked, *form.unchecked_boxes, *chosen):
        is_box = name in form.boxes
        honest = value or (HONEST.get(name, "essai") if is_box and not _may_be_empty(name) else "")
        pairs.append((name, typed.get(name, honest)))
    return pairs


def _may_be_empty(name: str) -> bool:
    """What would only be refused for what it is: rows, dates, places, numbers."""
    return bool(re.search(r"-\d|date|_on$|^place|^linked|^request", name)) and name not in HONEST


def forms(page: str, address: str) -> list[PageForm]:
    """The forms of a page that change something and have a box to type in."""
    parsed = [form for form in FormParser(page).forms if form.method.lower() == "post"]
    for form in parsed:
        form.action = form.action or address
        form.boxes = [name for name in form.boxes if name and name not in SECRET_FIELDS]
    return [form for form in parsed if form.boxes]


def post(browser: MemberClient, form: PageForm, pairs: Pairs) -> TestResponse:
    """Send a form as the page says that it is sent."""
    pairs = [*pairs, ("csrf_token", browser.csrf)]
    body, content_type = encode(pairs, is_multipart=form.is_multipart)
    address = form.action.partition("#")[0]
    return browser.client.post(address, data=body, content_type=content_type)


# --- where the forms are ----------------------------------------------------------------------

# Signing out, in or anew is the account's own matter, with tests of its own.
OUTSIDE = re.compile("/compte/(connexion|deconnexion|seconde-preuve|invitation)")
# Pages whose form is there once something was chosen.
SECOND_STEP = {"reunir": "?avec=1"}


class Desk:
    """Every page behind the door that has a form with a box, on cases that are made as needed."""

    def __init__(self, app: Flask, signed: Any, desk: Any, pen: Any, cast: Any) -> None:
        self.app, self.desk, self.pen, self.cast = app, desk, pen, cast
        self.browser = signed("ada")
        desk.published()  # nº 1, which others are joined to

    def rules(self) -> list[str]:
        """The addresses that take both a look and a form."""
        found = [
            str(rule)
            for rule in self.app.url_map.iter_rules()
            if rule.endpoint.startswith(("moderation.", "account."))
            and "GET" in (rule.methods or ())
            and not OUTSIDE.match(str(rule))
        ]
        return sorted(found)

    def pages(self) -> Iterator[tuple[str, str]]:
        """Every address, with the state of the case that it is of."""
        for rule in self.rules():
            if "<int:incident_id>" in rule and rule.count("<") == 1:
                rule += SECOND_STEP.get(rule.rpartition("/")[2], "")
                yield from itertools.product([rule], ["draft", "published", "withdrawn"])
            elif "<int:reply_id>" in rule:
                yield rule, "reply"
            elif "<" not in rule and not rule.endswith(".csv"):
                yield rule, ""

    def opened(self, rule: str, state: str) -> tuple[str, list[PageForm]]:
        """The address on a new case, and the forms of its page."""
        address = rule
        if state == "reply":
            reply = self.desk.received_reply(self.desk.published())
            address = rule.replace("<int:reply_id>", str(reply))
        elif state:
            address = rule.replace("<int:incident_id>", str(self._case(state)))
        answer = self.browser.get(address)
        if answer.status_code != 200:  # not in this state
            assert answer.status_code in (303, 409), address
            return address, []
        assert active_markup(answer.text) == [], address
        return address, forms(answer.text, address)

    def _case(self, state: str) -> int:
        filed = getattr(self.desk, state)()
        if state == "published":
            self.desk.received_reply(filed)
            with self.pen() as p:
                told = {"by": self.cast.bruno, "reason": "suite", "title": "Une suite"}
                acts.follow_up(p, filed.id, text="Un texte.", **told)
        return int(filed.id)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application without a context of its own: each request reads the register anew."""
    with plain_app(settings) as made:
        yield made


@pytest.fixture
def here(app, signed, desk, pen, cast) -> Desk:
    return Desk(app, signed, desk, pen, cast)


# --- what becomes of what is typed ------------------------------------------------------------


def lost(answer: TestResponse, form: PageForm, typed: dict[str, str]) -> list[str]:
    """The boxes whose text is neither kept by the register nor back in the form."""
    if answer.status_code == 303:
        return []
    kept: dict[str, set[str]] = {}
    for back in forms(answer.text, form.action):
        for name, value in back.fields:
            kept.setdefault(name, set()).add(_bare(value))
    return [
        f"{name}: {kept.get(name)}"[:200]
        for name, text in typed.items()
        if _bare(text) not in kept.get(name, set())
    ]


def _bare(text: str) -> str:
    # What Werkzeug makes of half a character: in a form in parts, and in an ordinary one.
    return one_line(re.sub("\ufffd|%ED%[AB][0-9A-F]%[89AB][0-9A-F]", "", text))


def answered(here: Desk, form: PageForm, typed: dict[str, str]) -> None:
    answer = post(here.browser, form, filled(form, **typed))
    where = (form.action, {name: text[:60] for name, text in typed.items()})
    assert answer.status_code in (200, 303, 409, 422), (answer.status_code, where)
    assert active_markup(answer.text) == [], where
    assert lost(answer, form, typed) == [], (answer.status_code, where)
    if answer.status_code == 303:
        assert "attaque.test" not in (answer.location or "")
        shown = here.browser.get(urlsplit(answer.location).path)
        assert shown.status_code == 200, where
        assert active_markup(shown.text) == [], where


def test_well_known_form_fields_are_found_on_the_pages(here: Desk) -> None:
    """The counter-proof: the reading of pages finds the boxes."""
    found = {
        (form.action.partition("?")[0].rpartition("/")[2], name)
        for rule, state in here.pages()
        for form in here.opened(rule, state)[1]
        for name in form.boxes
    }
    assert {
        ("notes", "text"),
        ("nouveau", "narrative"),
        ("modifier", "title"),
        ("corriger", "public_note"),
        ("suite", "heading"),
        ("publier", "reason"),
        ("retirer", "reason"),
        ("reunir", "reason"),
        ("reponse", "author"),
        ("inviter", "text"),
        ("refuser", "refusal"),
        ("invitations", "adresse"),
    } <= found
    assert len(found) > 80


@pytest.mark.parametrize("text", MIXED_STRINGS, ids=range(len(MIXED_STRINGS)))
def test_every_field_of_a_form_takes_hostile_text_at_once(here: Desk, text: str) -> None:
    for rule, state in here.pages():
        for form in here.opened(rule, state)[1]:
            answered(here, form, dict.fromkeys(form.boxes, text))


def test_each_field_takes_hostile_text_alone(here: Desk) -> None:
    strings = itertools.cycle(attack.text for attack in sample_strings(3) if attack.group != "long")
    tried: set[tuple[str, str]] = set()
    for rule, state in here.pages():
        for at, form in enumerate(here.opened(rule, state)[1]):
            # The editor has the same boxes on each of its pages.
            whole = "nouveau" if len(form.boxes) > 20 else rule
            for name in dict.fromkeys(form.boxes):
                if (whole, name) not in tried:
                    tried.add((whole, name))
                    # What an act has done once is not done again: each has a case of its own.
                    own = here.opened(rule, state)[1]
                    answered(here, own[at], {name: next(strings)})
    assert len(tried) > 60


@pytest.mark.parametrize("letter", ["😀", "<"])
def test_two_hundred_thousand_letters_in_a_field_are_stored_or_shown_again(
    here: Desk, letter: str
) -> None:
    for place, (rule, state) in enumerate(here.pages()):
        for form in here.opened(rule, state)[1]:
            boxes = [name for name in form.boxes if not re.search(r"-[1-9]", name)]
            name = boxes[place % len(boxes)]
            answered(here, form, {name: letter * LONG})


def test_half_characters_as_browsers_would_never_send_them(here: Desk) -> None:
    address = "/moderation/dossiers/nouveau"
    bodies = [b"%ED%A0%80", b"%FF%FE", b"%C3", b"%", b"%u0041", b"%00", b"%ED%B0%80%"]
    for broken in bodies:
        body = b"title=" + broken + b"&summary=gard%C3%A9&csrf_token=" + here.browser.csrf.encode()
        answer = here.browser.client.post(
            address, data=body, content_type="application/x-www-form-urlencoded"
        )
        assert answer.status_code == 422, broken
        assert "gardé" in answer.text
    # Bytes that no form is made of: there is no token to be read in such a body either.
    body = b"title=\xed\xa0\x80&csrf_token=" + here.browser.csrf.encode()
    answer = here.browser.client.post(
        address, data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 403


def _new_case(here: Desk, strings: list[HostileString]) -> None:
    rule = "/moderation/dossiers/nouveau"
    (form,) = here.opened(rule, "")[1]
    free = [
        name
        for name in form.boxes
        if not re.search("date|_on$|url|typed|number|language|country|outlets", name)
    ]
    assert {"title", "summary", "narrative", "note", "reason"} <= set(free)
    assert len(free) > 12
    for attack in strings:
        typed = dict.fromkeys(free, attack.text)
        answered(here, form, typed)


def test_some_of_each_kind_of_string_in_a_new_case(here: Desk) -> None:
    _new_case(here, sample_strings(3))


@pytest.mark.prove
def test_every_string_in_a_new_case(here: Desk) -> None:
    _new_case(here, hostile_strings(turn=1))
