"""Hostile input in every text field of members: stored safely, or refused with the form.

The fields are read from the pages, so that new ones are covered.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import attested_acts as acts
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
from register.config import Settings
from register.text.normalisation import one_line

# Slow: run by ``make prove``.
pytestmark = [pytest.mark.prove, pytest.mark.parametrize("settings", ["sqlite"], indirect=True)]

# Valid values of fields that refuse an arbitrary word.
VALID_VALUES = {
    "into": "1",
    "received_on": "2026-03-02",
    "on": "2026-03-02",
    "adresse": "quelqu-un@register.test",
}


def fill_form(form: PageForm, **typed: str) -> Pairs:
    """The fields of a form with ``typed``, every choice made, and valid values elsewhere."""
    radios = dict(reversed(form.unchecked_radios))
    checked = [pair for pair in form.fields if pair[0] != "csrf_token"]
    radio_choices = [pair for pair in radios.items() if pair[0] not in form.names]
    pairs = []
    for name, value in (*checked, *form.unchecked_boxes, *radio_choices):
        is_box = name in form.boxes
        default = value or (
            VALID_VALUES.get(name, "essai") if is_box and not _may_be_empty(name) else ""
        )
        pairs.append((name, typed.get(name, default)))
    return pairs


def _may_be_empty(name: str) -> bool:
    """Whether a field refuses an arbitrary word: rows, dates, places, numbers."""
    return (
        bool(re.search(r"-\d|date|_on$|^place|^linked|^request", name)) and name not in VALID_VALUES
    )


def text_forms(page: str, address: str) -> list[PageForm]:
    """The POST forms of a page that have text fields."""
    parsed = [form for form in FormParser(page).forms if form.method.lower() == "post"]
    for form in parsed:
        form.action = form.action or address
        form.boxes = [name for name in form.boxes if name and name not in SECRET_FIELDS]
    return [form for form in parsed if form.boxes]


def post_form(browser: MemberClient, form: PageForm, pairs: Pairs) -> TestResponse:
    """Send a form in the encoding of the page."""
    pairs = [*pairs, ("csrf_token", browser.csrf)]
    body, content_type = encode(pairs, is_multipart=form.is_multipart)
    address = form.action.partition("#")[0]
    return browser.client.post(address, data=body, content_type=content_type)


# --- the pages with forms ---------------------------------------------------------------------

# Sign-in, sign-out, factor and invitation have tests in tests/web/account.
# A file has no form.
OUTSIDE = re.compile(r"/compte/(connexion|deconnexion|seconde-preuve|invitation)|.*\.(csv|zip)$")
# Pages that show their form after a first choice.
SECOND_STEP = {"reunir": "?avec=1"}


class MemberForms:
    """Every member page with a text field, on cases created as needed."""

    def __init__(self, app: Flask, signed: Any, desk: Any, pen: Any, cast: Any) -> None:
        self.app, self.desk, self.pen, self.cast = app, desk, pen, cast
        self.browser = signed("ada")
        desk.published()  # nº 1, the target of merges

    def rules(self) -> list[str]:
        """The routes for GET."""
        addresses = [
            str(rule)
            for rule in self.app.url_map.iter_rules()
            if rule.endpoint.startswith(("moderation.", "account."))
            and "GET" in (rule.methods or ())
            and not OUTSIDE.match(str(rule))
        ]
        return sorted(addresses)

    def pages(self) -> Iterator[tuple[str, str]]:
        """Every route, with the state of its case."""
        for rule in self.rules():
            if "<int:incident_id>" in rule and rule.count("<") == 1:
                rule += SECOND_STEP.get(rule.rpartition("/")[2], "")
                yield from itertools.product([rule], ["draft", "published", "withdrawn"])
            elif "<int:reply_id>" in rule and rule.count("<") == 1:
                yield rule, "reply"
            elif "<" not in rule:
                yield rule, ""

    def open_form(self, rule: str, state: str) -> tuple[str, list[PageForm]]:
        """The address for a new case, and the forms of its page."""
        address = rule
        if state == "reply":
            reply = self.desk.received_reply(self.desk.published())
            address = rule.replace("<int:reply_id>", str(reply))
        elif state:
            address = rule.replace("<int:incident_id>", str(self._case(state)))
        response = self.browser.get(address)
        if response.status_code != 200:  # not in this state; a reply by post has no sealed identity
            missing = 404 if rule.endswith("/identite") else 409
            assert response.status_code in (303, 409, missing), address
            return address, []
        assert active_markup(response.text) == [], address
        return address, text_forms(response.text, address)

    def _case(self, state: str) -> int:
        case = getattr(self.desk, state)()
        if state == "published":
            self.desk.received_reply(case)
            with self.pen() as p:
                options = {"by": self.cast.bruno, "reason": "suite", "title": "Une suite"}
                acts.follow_up(p, case.id, text="Un texte.", **options)
        return int(case.id)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application without a pushed context: each request has its own session."""
    with plain_app(settings) as app:
        yield app


@pytest.fixture
def member_forms(app, signed, desk, pen, cast) -> MemberForms:
    return MemberForms(app, signed, desk, pen, cast)


# --- hostile texts ----------------------------------------------------------------------------


def lost_texts(response: TestResponse, form: PageForm, typed: dict[str, str]) -> list[str]:
    """The fields whose text was neither stored nor returned in the form."""
    if response.status_code == 303:
        return []
    returned: dict[str, set[str]] = {}
    for form_back in text_forms(response.text, form.action):
        for name, value in form_back.fields:
            returned.setdefault(name, set()).add(_comparable(value))
    return [
        f"{name}: {returned.get(name)}"[:200]
        for name, text in typed.items()
        if _comparable(text) not in returned.get(name, set())
    ]


def _comparable(text: str) -> str:
    # Werkzeug decodes lone surrogates as U+FFFD (multipart) or %ED… (URL-encoded).
    return one_line(re.sub("\ufffd|%ED%[AB][0-9A-F]%[89AB][0-9A-F]", "", text))


def check_response(member_forms: MemberForms, form: PageForm, typed: dict[str, str]) -> None:
    response = post_form(member_forms.browser, form, fill_form(form, **typed))
    request = (form.action, {name: text[:60] for name, text in typed.items()})
    assert response.status_code in (200, 303, 409, 422), (response.status_code, request)
    assert active_markup(response.text) == [], request
    assert lost_texts(response, form, typed) == [], (response.status_code, request)
    if response.status_code == 303:
        assert "attaque.test" not in (response.location or "")
        page = member_forms.browser.get(urlsplit(response.location).path)
        assert page.status_code == 200, request
        assert active_markup(page.text) == [], request


def test_well_known_form_fields_are_found_on_the_pages(member_forms: MemberForms) -> None:
    """Proof that the fields of pages are found."""
    fields = {
        (form.action.partition("?")[0].rpartition("/")[2], name)
        for rule, state in member_forms.pages()
        for form in member_forms.open_form(rule, state)[1]
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
    } <= fields
    assert len(fields) > 80


@pytest.mark.parametrize("text", MIXED_STRINGS, ids=range(len(MIXED_STRINGS)))
def test_every_field_of_a_form_takes_hostile_text_at_once(
    member_forms: MemberForms, text: str
) -> None:
    for rule, state in member_forms.pages():
        for form in member_forms.open_form(rule, state)[1]:
            check_response(member_forms, form, dict.fromkeys(form.boxes, text))


def test_each_field_takes_hostile_text_alone(member_forms: MemberForms) -> None:
    strings = itertools.cycle(attack.text for attack in sample_strings(3) if attack.group != "long")
    tried: set[tuple[str, str]] = set()
    for rule, state in member_forms.pages():
        for position, form in enumerate(member_forms.open_form(rule, state)[1]):
            # All pages of the editor have the same fields.
            form_name = "nouveau" if len(form.boxes) > 20 else rule
            for name in dict.fromkeys(form.boxes):
                if (form_name, name) not in tried:
                    tried.add((form_name, name))
                    # A new case each time, since most acts are possible once.
                    new_forms = member_forms.open_form(rule, state)[1]
                    check_response(member_forms, new_forms[position], {name: next(strings)})
    assert len(tried) > 60


@pytest.mark.parametrize("letter", ["😀", "<"])
def test_an_overlong_text_is_stored_or_shown_again(member_forms: MemberForms, letter: str) -> None:
    for position, (rule, state) in enumerate(member_forms.pages()):
        for form in member_forms.open_form(rule, state)[1]:
            boxes = [name for name in form.boxes if not re.search(r"-[1-9]", name)]
            name = boxes[position % len(boxes)]
            check_response(member_forms, form, {name: letter * LONG})


def test_invalid_percent_encodings_do_not_lose_the_other_fields(member_forms: MemberForms) -> None:
    address = "/moderation/dossiers/nouveau"
    bodies = [b"%ED%A0%80", b"%FF%FE", b"%C3", b"%", b"%u0041", b"%00", b"%ED%B0%80%"]
    for broken in bodies:
        body = (
            b"title="
            + broken
            + b"&summary=gard%C3%A9&csrf_token="
            + member_forms.browser.csrf.encode()
        )
        response = member_forms.browser.client.post(
            address, data=body, content_type="application/x-www-form-urlencoded"
        )
        assert response.status_code == 422, broken
        assert "gardé" in response.text
    # A body that is not ASCII has no readable CSRF token.
    body = b"title=\xed\xa0\x80&csrf_token=" + member_forms.browser.csrf.encode()
    response = member_forms.browser.client.post(
        address, data=body, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 403


def _check_new_case(member_forms: MemberForms, strings: list[HostileString]) -> None:
    rule = "/moderation/dossiers/nouveau"
    (form,) = member_forms.open_form(rule, "")[1]
    text_fields = [
        name
        for name in form.boxes
        if not re.search("date|_on$|url|typed|number|language|country|outlets", name)
    ]
    assert {"title", "summary", "narrative", "note", "reason"} <= set(text_fields)
    assert len(text_fields) > 12
    for attack in strings:
        typed = dict.fromkeys(text_fields, attack.text)
        check_response(member_forms, form, typed)


def test_sample_hostile_strings_in_a_new_case(member_forms: MemberForms) -> None:
    _check_new_case(member_forms, sample_strings(3))


@pytest.mark.prove
def test_every_hostile_string_in_a_new_case(member_forms: MemberForms) -> None:
    _check_new_case(member_forms, hostile_strings(turn=1))
