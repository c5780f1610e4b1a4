"""Hostile input in every field of every act: an error sentence or a safe record."""

from __future__ import annotations

import attested_acts as acts
import pytest
from hostile_strings import HOSTILE_TEXTS, OVERSIZED_TEXTS

from register.accounts.models import Member
from register.cases.member_view import load_desk_case

pytestmark = pytest.mark.prove

HOSTILE = {**HOSTILE_TEXTS, **OVERSIZED_TEXTS}
# Each act with the fields that are typed in, on a case in a state.
FIELDS = {
    ("draft", "publier"): ("reason", "flag_reasons-x"),
    ("draft", "inviter"): ("how", "on", "text"),
    ("withdrawn", "retablir"): ("reason", "flag_reasons-x", "public_note"),
    ("published", "reponse"): ("author", "capacity", "received_on", "text"),
    ("published", "retirer"): ("restriction", "reason"),
    ("published", "reunir"): ("into", "reason"),
    ("published", "effacer"): ("restriction",),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_every_field_of_every_act_accepts_hostile_text_safely(signed, desk, revision_field, name):
    text, cases = HOSTILE[name], {}
    for (state, act), fields in FIELDS.items():
        # One case per act, since most acts are possible once.
        case = cases[act] = getattr(desk, state)()
        form = (
            revision_field(case) | dict.fromkeys(fields, text) | {"vu": revision_field(case)["vu"]}
        )
        for address in (act, f"{act}?avec=1&pour=effacement"):
            response = signed("ada").send(f"/moderation/dossiers/{case.id}/{address}", form)
            assert response.status_code in (303, 409, 422), (act, name)
            _check_is_safe(response.text)
    for case in cases.values():
        page = signed("bruno").get(f"/moderation/dossiers/{case.id}")
        assert page.status_code == 200
        _check_is_safe(page.text)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("route", ["publier", "refuser"])
def test_a_decision_on_a_reply_accepts_hostile_text_safely(
    signed, desk, revision_field, name, route
):
    case = desk.published()
    reply = desk.received_reply(case)
    form = revision_field(case) | {"reason": HOSTILE[name], "refusal": HOSTILE[name]} | acts.TICKED
    response = signed("bruno").send(f"/moderation/reponses/{reply}/{route}", form)
    assert response.status_code in (303, 422)
    _check_is_safe(response.text)
    _check_is_safe(signed("bruno").get(f"/moderation/dossiers/{case.id}").text)


@pytest.mark.parametrize("name", ["controls", "bidi", "surrogate"])
def test_stored_texts_have_no_invisible_character(
    signed, desk, revision_field, session, cast, name
):
    case = desk.published()
    form = {"author": HOSTILE[name], "capacity": HOSTILE[name], "text": HOSTILE[name]}
    form |= revision_field(case) | {"received_on": "2026-03-02"}
    response = signed("bruno").send(f"/moderation/dossiers/{case.id}/reponse", form)
    assert response.status_code == 303
    session.rollback()
    (reply,) = load_desk_case(session, session.get_one(Member, cast.bruno), case.id).replies
    for stored in (reply.author, reply.capacity, reply.text):
        assert stored
        assert not any(ord(character) < 32 or 0x7F <= ord(character) < 0xA0 for character in stored)
        assert not set(stored) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_a_field_sent_twice_or_not_at_all_is_no_crash(signed, desk, revision_field):
    case = desk.published()
    revision = list(revision_field(case).items())
    for act in ("retirer", "reunir", "reponse", "inviter", "effacer"):
        address, browser = f"/moderation/dossiers/{case.id}/{act}", signed("ada")
        assert browser.send(address, {}).status_code in (409, 422)
        doubled = [
            *revision,
            *revision,
            ("reason", "a"),
            ("reason", "b"),
            ("text", "a"),
            ("text", "b"),
        ]
        assert browser.send(address, doubled).status_code in (409, 422)


def test_a_text_of_the_case_cannot_break_its_page(signed, desk, pen, cast, content):
    """A note, a follow-up and an invitation are shown as typed."""
    text = HOSTILE["script"]
    case = desk.published(content(title=text, summary=text, narrative=text, outlets=(text,)))
    with pen() as p:
        acts.note(p, case.id, text, by=cast.bruno)
        acts.invite(p, case.id, text, by=cast.bruno)
        acts.follow_up(p, case.id, by=cast.bruno, reason=text, title=text, text=text)
    for page in ("", "inviter", "retirer", "reunir?avec=1", "reponse"):
        _check_is_safe(
            signed("bruno").get(f"/moderation/dossiers/{case.id}/{page}".rstrip("/")).text
        )


def _check_is_safe(html: str) -> None:
    body = html.partition("<main")[2]
    assert "<script>" not in body
    assert "<img" not in body
    assert "\x00" not in html
