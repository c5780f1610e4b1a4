"""Accounts: who is let in, who is kept out, and the line that says so."""

from __future__ import annotations

import json

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

from register.errors import Invalid, NotFound, Refused
from register.journal import Ledger, since
from register.members import accounts, passwords
from register.members.models import Member, Role

PASSWORD = "une-phrase-de-passe"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    monkeypatch.setattr(
        passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    )


def _lines(session):
    session.rollback()
    return [
        (line.act, line.member_id, json.loads(line.private_json))
        for line in since(session, 0, Ledger.DESK)
    ]


def _refused(pen, kind, act, *told, **named):
    with pytest.raises(kind) as refused, pen() as p:
        act(p, *told, **named)
    return refused.value


def test_a_new_account_writes_its_line_without_an_address(pen, session):
    with pen() as p:
        member = accounts.add(p, " Amina@Register.TEST ", Role.MODERATOR, PASSWORD)
        accounts.add(p, "ada@register.test", Role.ADMINISTRATOR, PASSWORD, by=member.id)
    first, second = _lines(session)
    assert first[:2] == ("member_added", None)
    assert second[:2] == ("member_added", member.id)
    assert {key: first[2][key] for key in ("member", "role")} == {"member": 1, "role": "moderator"}
    assert "register.test" not in str((first, second))
    assert [row.email for row in accounts.everyone(session)] == [
        "amina@register.test",
        "ada@register.test",
    ]


def test_an_address_has_one_account(pen, session, cast):
    refused = _refused(pen, Refused, accounts.add, "BRUNO@register.test", Role.MODERATOR, PASSWORD)
    assert refused.key == "member_exists"
    assert session.scalar(select(func.count()).select_from(Member)) == 4


@pytest.mark.parametrize(
    "email",
    [
        "",
        "bruno",
        "bruno@",
        "@register.test",
        "bruno@localhost",
        "Bruno <bruno@register.test>",
        "bruno@register.test, chloe@register.test",
        "bru no@register.test",
        "bruno@register.test\nBcc: x@y.test",
        "b" * 65 + "@register.test",
        "b@" + "r" * 260 + ".test",
    ],
)
def test_what_is_no_address_is_refused(pen, email):
    refused = _refused(pen, Invalid, accounts.add, email, Role.MODERATOR, PASSWORD)
    assert refused.key == "member_email"
    assert len(refused.values["email"]) <= 254


@pytest.mark.parametrize(
    ("password", "key"),
    [("", "password_short"), ("x" * 11, "password_short"), ("x" * 257, "password_long")],
)
def test_a_password_is_long_but_has_an_end(pen, cast, password, key):
    told = ("amina@register.test", Role.MODERATOR, password)
    assert _refused(pen, Invalid, accounts.add, *told).key == key
    assert _refused(pen, Invalid, accounts.reset, cast.email("bruno"), password).key == key


@pytest.mark.parametrize("length", [12, 256])
def test_a_password_of_the_least_and_of_the_most_passes(length):
    assert passwords.matches(passwords.hashed("x" * length), "x" * length)


def test_a_disabled_member_keeps_authorship_and_may_not_act(pen, session, desk, cast):
    filed = desk.published()
    with pen() as p:
        accounts.disable(p, "chloe@register.test", by=cast.ada)
    act, by, told = _lines(session)[-1]
    assert (act, by, told["member"]) == ("member_disabled", cast.ada, cast.chloe)
    approved = [line for line in since(session, 0, Ledger.DESK) if line.act == "approved"]
    assert [(line.member_id, line.incident_id) for line in approved] == [(cast.chloe, filed.id)]
    assert _refused(pen, Refused, accounts.acting, cast.chloe).key == "member_may_not_act"


def test_nobody_is_disabled_twice(pen, cast):
    refused = _refused(pen, Refused, accounts.disable, cast.email("driss"))
    assert refused.key == "member_disabled"


def test_the_last_administrator_stays(pen, cast):
    refused = _refused(pen, Refused, accounts.disable, cast.email("ada"))
    assert refused.key == "member_last_administrator"


def test_an_administrator_goes_when_another_remains(pen, session, cast):
    with pen() as p:
        accounts.add(p, "zoe@register.test", Role.ADMINISTRATOR, PASSWORD)
        accounts.disable(p, cast.email("ada"))
    assert not accounts.named(session, cast.email("ada")).is_active
    assert _refused(pen, Refused, accounts.disable, "zoe@register.test").key == (
        "member_last_administrator"
    )


def test_a_reset_gives_a_new_password_and_opens_the_account_again(pen, session, cast):
    with pen() as p:
        accounts.reset(p, cast.email("driss"), "une-autre-phrase", by=cast.ada)
    driss = accounts.named(session, cast.email("driss"))
    assert driss.is_active
    assert passwords.matches(driss.password_hash, "une-autre-phrase")
    assert not passwords.matches(driss.password_hash, PASSWORD)
    act, by, told = _lines(session)[-1]
    assert (act, by, told["member"]) == ("member_reset", cast.ada, cast.driss)
    with pen() as p:
        assert accounts.acting(p, cast.driss).id == cast.driss


@pytest.mark.parametrize("act", [accounts.disable, accounts.reset])
def test_an_unknown_address_is_not_found(pen, cast, act):
    told = ("amina@register.test",) + (() if act is accounts.disable else (PASSWORD,))
    refused = _refused(pen, NotFound, act, *told)
    assert (refused.key, refused.values) == ("member_unknown", {"email": "amina@register.test"})


def test_an_account_is_found_however_its_address_is_typed(session, cast):
    assert accounts.named(session, "  ADA@Register.test ").id == cast.ada


def test_an_administrator_is_one(session, cast):
    assert accounts.named(session, cast.email("ada")).is_administrator
    assert not accounts.named(session, cast.email("bruno")).is_administrator


def test_a_hash_that_is_none_matches_nothing():
    assert not passwords.matches("", PASSWORD)
    assert not passwords.matches("$argon2id$", PASSWORD)


def test_a_generated_password_is_long_readable_and_never_twice_the_same():
    made = {passwords.generated() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        assert [len(part) for part in password.split("-")] == [5, 5, 5, 5]
        assert not set(password) & set("01lIOo")


def test_the_hasher_of_the_register_is_rfc_9106s_low_memory_profile(monkeypatch):
    monkeypatch.undo()
    hasher = passwords._HASHER
    assert (hasher.memory_cost, hasher.time_cost, hasher.parallelism) == (65_536, 3, 4)
    assert passwords.hashed(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
