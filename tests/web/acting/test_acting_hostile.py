"""Hostile input in every field of every act: an error sentence or a safe record."""

from __future__ import annotations

import pytest
from hostile_strings import HOSTILE_TEXTS, OVERSIZED_TEXTS

from register.accounts.models import Member
from register.cases import acts
from register.cases.member_view import load_desk_case

pytestmark = pytest.mark.prove

HOSTILE = {**HOSTILE_TEXTS, **OVERSIZED_TEXTS}
# Each act with the fields that are typed in, on a case in a state.
FIELDS = {
    ("draft", "publier"): ("reason", "flags_reason"),
    ("draft", "inviter"): ("how", "on", "text"),
    ("withdrawn", "retablir"): ("reason", "flags_reason", "public_note"),
    ("published", "reponse"): ("author", "capacity", "received_on", "text"),
    ("published", "retirer"): ("restriction", "reason"),
    ("published", "reunir"): ("into", "reason"),
    ("published", "effacer"): ("restriction",),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_every_field_of_every_act_accepts_hostile_text_safely(signed, desk, vu, name):
    told, cases = HOSTILE[name], {}
    for (state, place), fields in FIELDS.items():
        # What an act has done once is not done again: each has a case of its own.
        filed = cases[place] = getattr(desk, state)()
        sent = vu(filed) | dict.fromkeys(fields, told) | {"vu": vu(filed)["vu"]}
        for address in (place, f"{place}?avec=1&pour=effacement"):
            answer = signed("ada").send(f"/moderation/dossiers/{filed.id}/{address}", sent)
            assert answer.status_code in (303, 409, 422), (place, name)
            _is_safe(answer.text)
    for filed in cases.values():
        page = signed("bruno").get(f"/moderation/dossiers/{filed.id}")
        assert page.status_code == 200
        _is_safe(page.text)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("route", ["publier", "refuser"])
def test_a_decision_on_a_reply_accepts_hostile_text_safely(signed, desk, vu, name, route):
    filed = desk.published()
    reply = desk.received_reply(filed)
    sent = vu(filed) | {"reason": HOSTILE[name], "refusal": HOSTILE[name]}
    answer = signed("bruno").send(f"/moderation/reponses/{reply}/{route}", sent)
    assert answer.status_code in (303, 422)
    _is_safe(answer.text)
    _is_safe(signed("bruno").get(f"/moderation/dossiers/{filed.id}").text)


@pytest.mark.parametrize("name", ["controls", "bidi", "surrogate"])
def test_stored_texts_have_no_invisible_character(signed, desk, vu, session, cast, name):
    filed = desk.published()
    sent = {"author": HOSTILE[name], "capacity": HOSTILE[name], "text": HOSTILE[name]}
    sent |= vu(filed) | {"received_on": "2026-03-02"}
    answer = signed("bruno").send(f"/moderation/dossiers/{filed.id}/reponse", sent)
    assert answer.status_code == 303
    session.rollback()
    (row,) = load_desk_case(session, session.get_one(Member, cast.bruno), filed.id).replies
    for kept in (row.author, row.capacity, row.text):
        assert kept
        assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for sign in kept)
        assert not set(kept) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def test_a_field_sent_twice_or_not_at_all_is_no_crash(signed, desk, vu):
    filed = desk.published()
    seen = list(vu(filed).items())
    for place in ("retirer", "reunir", "reponse", "inviter", "effacer"):
        address, browser = f"/moderation/dossiers/{filed.id}/{place}", signed("ada")
        assert browser.send(address, {}).status_code in (409, 422)
        twice = [*seen, *seen, ("reason", "a"), ("reason", "b"), ("text", "a"), ("text", "b")]
        assert browser.send(address, twice).status_code in (409, 422)


def test_a_text_of_the_case_cannot_break_its_page(signed, desk, pen, cast, content):
    """A note, a follow-up and an invitation are shown as typed."""
    told = HOSTILE["script"]
    filed = desk.published(content(title=told, summary=told, narrative=told, outlets=(told,)))
    with pen() as p:
        acts.note(p, filed.id, told, by=cast.bruno)
        acts.invite(p, filed.id, told, by=cast.bruno)
        acts.follow_up(p, filed.id, by=cast.bruno, reason=told, title=told, text=told)
    for place in ("", "inviter", "retirer", "reunir?avec=1", "reponse"):
        _is_safe(signed("bruno").get(f"/moderation/dossiers/{filed.id}/{place}".rstrip("/")).text)


def _is_safe(page: str) -> None:
    body = page.partition("<main")[2]
    assert "<script>" not in body
    assert "<img" not in body
    assert "\x00" not in page
