"""Acts on accounts: who may do them, their refusals and their journal lines."""

from __future__ import annotations

import json

import pytest
from cast import AT
from ledger_lines import lines_since
from sqlalchemy import func, select

from register.accounts import acts as accounts
from register.accounts import passwords, sessions, two_factor, vouching
from register.accounts.models import Member, RecoveryCode, Role
from register.db import housekeeping
from register.errors import Invalid, NotFound, Refused
from register.journal import Ledger

PASSWORD = "une-phrase-de-passe"


NEW = "une-tout-autre-phrase"
SEAL_KEY = bytes(range(32))

pytestmark = pytest.mark.one_database


def _lines(session):
    session.rollback()
    return [
        (line.act, line.member_id, json.loads(line.private_json))
        for line in lines_since(session, 0, Ledger.DESK)
    ]


def _refused(pen, kind, act, *arguments, **keywords):
    with pytest.raises(kind) as refused, pen() as p:
        act(p, *arguments, **keywords)
    return refused.value


def test_a_new_account_writes_its_line_without_an_address(pen, session):
    with pen() as p:
        member = accounts.add_member(p, " Amina@Register.TEST ", Role.ADMINISTRATOR, PASSWORD)
        accounts.add_member(p, "ada@register.test", Role.MODERATOR, PASSWORD, by=member.id)
    first, second = _lines(session)
    assert first[:2] == ("member_added", None)
    assert second[:2] == ("member_added", member.id)
    assert {key: first[2][key] for key in ("member", "role")} == {
        "member": 1,
        "role": "administrator",
    }
    assert "register.test" not in str((first, second))
    assert [row.email for row in accounts.all_members(session)] == [
        "amina@register.test",
        "ada@register.test",
    ]


def test_a_second_account_at_one_address_is_refused(pen, session, cast):
    refused = _refused(
        pen, Refused, accounts.add_member, "BRUNO@register.test", Role.MODERATOR, PASSWORD
    )
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
def test_an_invalid_address_is_refused(pen, email):
    refused = _refused(pen, Invalid, accounts.add_member, email, Role.MODERATOR, PASSWORD)
    assert refused.key == "member_email"
    assert len(refused.values["email"]) <= 254


@pytest.mark.parametrize(
    ("password", "key"),
    [("", "password_short"), ("x" * 11, "password_short"), ("x" * 257, "password_long")],
)
def test_a_password_that_is_too_short_or_too_long_is_refused(pen, cast, password, key):
    arguments = ("amina@register.test", Role.MODERATOR, password)
    assert _refused(pen, Invalid, accounts.add_member, *arguments).key == key
    assert _refused(pen, Invalid, accounts.reset_member, cast.bruno, password).key == key


def test_a_disabled_member_keeps_authorship_and_may_not_act(pen, session, desk, cast):
    case = desk.published()
    with pen() as p:
        accounts.disable_member(p, cast.chloe, by=cast.ada)
    act, by, details = _lines(session)[-1]
    assert (act, by, details["member"]) == ("member_disabled", cast.ada, cast.chloe)
    approved = [line for line in lines_since(session, 0, Ledger.DESK) if line.act == "approved"]
    assert [(line.member_id, line.incident_id) for line in approved] == [(cast.chloe, case.id)]
    assert (
        _refused(pen, Refused, vouching.load_acting_member, cast.chloe).key == "member_may_not_act"
    )


def test_disabling_a_disabled_member_is_refused(pen, cast):
    refused = _refused(pen, Refused, accounts.disable_member, cast.driss)
    assert refused.key == "member_disabled"


def test_the_last_administrator_cannot_be_disabled(pen, cast):
    refused = _refused(pen, Refused, accounts.disable_member, cast.ada)
    assert refused.key == "member_last_administrator"


def test_an_administrator_can_be_disabled_while_another_remains(pen, session, cast):
    with pen() as p:
        zoe = accounts.add_member(p, "zoe@register.test", Role.ADMINISTRATOR, PASSWORD).id
        accounts.disable_member(p, cast.ada)
    assert not accounts.find_by_email(session, cast.email("ada")).is_active
    refused = _refused(pen, Refused, accounts.disable_member, zoe)
    assert refused.key == "member_last_administrator"


def test_a_reset_sets_a_new_password_and_enables_the_account(pen, session, cast):
    with pen() as p:
        accounts.reset_member(p, cast.driss, "une-autre-phrase", by=cast.ada)
    driss = accounts.find_by_email(session, cast.email("driss"))
    assert driss.is_active
    assert passwords.matches(driss.password_hash, "une-autre-phrase")
    assert not passwords.matches(driss.password_hash, PASSWORD)
    act, by, details = _lines(session)[-1]
    assert (act, by, details["member"]) == ("member_reset", cast.ada, cast.driss)
    with pen() as p:
        assert vouching.load_acting_member(p, cast.driss).id == cast.driss


def test_an_unknown_address_is_not_found(session, cast):
    with pytest.raises(NotFound) as unknown:
        accounts.find_by_email(session, "amina@register.test")
    assert unknown.value.key == "member_unknown"
    assert unknown.value.values == {"email": "amina@register.test"}


@pytest.mark.parametrize(
    ("act", "arguments"), [(accounts.disable_member, ()), (accounts.reset_member, (PASSWORD,))]
)
def test_an_unknown_account_is_not_found(pen, cast, act, arguments):
    assert _refused(pen, NotFound, act, 1_000, *arguments).key == "no_such_row"


def test_an_account_is_found_however_its_address_is_typed(session, cast):
    assert accounts.find_by_email(session, "  ADA@Register.test ").id == cast.ada


def test_the_role_of_an_administrator_is_recognised(session, cast):
    assert accounts.find_by_email(session, cast.email("ada")).is_administrator
    assert not accounts.find_by_email(session, cast.email("bruno")).is_administrator


def test_an_invalid_hash_matches_no_password():
    assert not passwords.matches("", PASSWORD)
    assert not passwords.matches("$argon2id$", PASSWORD)


# --- roles, and the right to change them --------------------------------------------------------


def test_a_role_is_granted_and_withdrawn(pen, session, cast):
    with pen() as p:
        accounts.set_role(p, cast.bruno, Role.ADMINISTRATOR, by=cast.ada)
    act, by, details = _lines(session)[-1]
    assert (act, by) == ("member_role", cast.ada)
    assert (details["member"], details["role"]) == (cast.bruno, "administrator")
    with pen() as p:
        accounts.set_role(p, cast.ada, Role.MODERATOR, by=cast.bruno)
    assert not accounts.find_by_email(session, cast.email("ada")).is_administrator
    refused = _refused(pen, Refused, accounts.set_role, cast.ada, Role.MODERATOR)
    assert refused.key == "member_has_role"


def test_the_role_of_the_last_administrator_cannot_be_changed(pen, session, cast):
    refused = _refused(pen, Refused, accounts.set_role, cast.ada, Role.MODERATOR, by=cast.ada)
    assert refused.key == "member_last_administrator"
    with pen() as p:
        # A disabled administrator does not count.
        accounts.set_role(p, cast.driss, Role.ADMINISTRATOR)
    for act, arguments in ((accounts.set_role, (Role.MODERATOR,)), (accounts.disable_member, ())):
        refused = _refused(pen, Refused, act, cast.ada, *arguments, by=cast.ada)
        assert refused.key == "member_last_administrator"


def test_two_administrators_cannot_both_be_disabled(pen, session, cast):
    with pen() as p:
        accounts.set_role(p, cast.bruno, Role.ADMINISTRATOR, by=cast.ada)

    def disable_both(p):
        accounts.disable_member(p, cast.ada)
        accounts.disable_member(p, cast.bruno)

    assert _refused(pen, Refused, disable_both).key == "member_last_administrator"
    assert accounts.find_by_email(session, cast.email("ada")).is_active


ADMINISTERED = {
    "add_member": ("zoe@register.test", Role.MODERATOR, NEW),
    "disable_member": (2,),
    "enable_member": (4,),
    "reset_member": (2, NEW),
    "set_role": (2, Role.ADMINISTRATOR),
    "reset_factor": (2,),
}


@pytest.mark.parametrize("name", ADMINISTERED)
def test_a_moderator_changes_no_account(pen, session, cast, name):
    before = _lines(session)
    act = getattr(accounts, name)
    refused = _refused(pen, Refused, act, *ADMINISTERED[name], by=cast.bruno)
    assert refused.key == "member_administrators_only"
    refused = _refused(pen, Refused, act, *ADMINISTERED[name], by=cast.driss)
    assert refused.key == "member_may_not_act"
    assert _lines(session) == before


@pytest.mark.parametrize(
    "name", ["disable_member", "enable_member", "reset_member", "set_role", "reset_factor"]
)
def test_an_unknown_member_id_is_not_found(pen, cast, name):
    arguments = (99, *ADMINISTERED[name][1:])
    refused = _refused(pen, NotFound, getattr(accounts, name), *arguments, by=cast.ada)
    assert refused.key == "no_such_row"


def test_an_enabled_account_has_its_former_password(pen, session, cast):
    before = accounts.find_by_email(session, cast.email("driss")).password_hash
    session.rollback()
    with pen() as p:
        accounts.enable_member(p, cast.driss, by=cast.ada)
    driss = accounts.find_by_email(session, cast.email("driss"))
    assert (driss.is_active, driss.password_hash) == (True, before)
    assert _lines(session)[-1][:2] == ("member_enabled", cast.ada)
    refused = _refused(pen, Refused, accounts.enable_member, cast.driss, by=cast.ada)
    assert refused.key == "member_enabled"


# --- acts on one's own account ------------------------------------------------------------------


@pytest.fixture
def sessions_of(engine, session):
    """``sessions_of(member)``: open two sessions; return their ids and a lister."""

    def open_two(member_id):
        with housekeeping(engine) as housekeeping_session:
            tokens = [sessions.add_session(housekeeping_session, member_id, AT) for _ in range(2)]
            ids = [sessions.find_session(housekeeping_session, token, AT).id for token in tokens]

        def remaining():
            session.rollback()
            return [row.id for row in sessions.list_sessions(session, member_id, AT)]

        assert sorted(remaining()) == ids
        return ids, remaining

    return open_two


def test_a_new_password_ends_the_other_sessions(pen, session, cast, sessions_of):
    (own_session, _other), remaining = sessions_of(cast.bruno)
    _chloes, chloes_remaining = sessions_of(cast.chloe)
    with pen() as p:
        accounts.change_password(p, cast.bruno, NEW, except_session=own_session)
    bruno = accounts.find_by_email(session, cast.email("bruno"))
    assert passwords.matches(bruno.password_hash, NEW)
    assert remaining() == [own_session]
    assert len(chloes_remaining()) == 2
    assert _lines(session)[-1][:2] == ("member_password", cast.bruno)


@pytest.mark.parametrize(
    ("password", "key"),
    [
        ("court", "password_short"),
        ("motdepasse2026", "password_common"),
        ("un-bruno-tout-neuf", "password_yours"),
    ],
)
def test_a_refused_password_changes_nothing(pen, session, cast, sessions_of, password, key):
    _ids, remaining = sessions_of(cast.bruno)
    refused = _refused(pen, Invalid, accounts.change_password, cast.bruno, password)
    assert refused.key == key
    assert len(remaining()) == 2
    assert passwords.matches(
        accounts.find_by_email(session, cast.email("bruno")).password_hash, PASSWORD
    )


@pytest.mark.parametrize("name", ["disable_member", "reset_member", "reset_factor"])
def test_disabling_or_resetting_an_account_ends_its_sessions(pen, cast, sessions_of, name):
    with pen() as p:
        accounts.set_factor(p, cast.bruno, "A" * 32, SEAL_KEY, [], 1)
    _ids, remaining = sessions_of(cast.bruno)
    with pen() as p:
        getattr(accounts, name)(
            p, *((cast.bruno, NEW) if name == "reset_member" else (cast.bruno,))
        )
    assert remaining() == []


def test_a_second_factor_is_set_up_renewed_and_reset(pen, session, cast):
    first, second = two_factor.recovery_codes(), two_factor.recovery_codes()
    with pen() as p:
        accounts.set_factor(p, cast.bruno, "A" * 32, SEAL_KEY, first, 77)
    bruno = accounts.find_by_email(session, cast.email("bruno"))
    assert (bruno.has_factor, bruno.totp_step) == (True, 77)
    assert two_factor.open_secret(SEAL_KEY, bruno.id, bruno.totp_secret) == "A" * 32
    assert b"AAAA" not in bruno.totp_secret
    assert accounts.count_unused_codes(session, cast.bruno) == 10
    session.rollback()
    with pen() as p:
        accounts.renew_codes(p, cast.bruno, second)
    stored = {row.code_hash for row in session.scalars(select(RecoveryCode))}
    assert stored == {two_factor.recovery_digest(code) for code in second}
    session.rollback()
    with pen() as p:
        accounts.reset_factor(p, cast.bruno, by=cast.ada)
    session.expire_all()
    bruno = accounts.find_by_email(session, cast.email("bruno"))
    assert (bruno.has_factor, accounts.count_unused_codes(session, cast.bruno)) == (False, 0)
    lines = [(act, by, details.get("what")) for act, by, details in _lines(session)[-3:]]
    assert lines == [
        ("member_factor", cast.bruno, "secret"),
        ("member_factor", cast.bruno, "codes"),
        ("member_factor_reset", cast.ada, None),
    ]


def test_a_missing_second_factor_cannot_be_renewed_or_removed(pen, cast):
    for act, arguments in ((accounts.renew_codes, (["a"],)), (accounts.reset_factor, ())):
        refused = _refused(pen, Refused, act, cast.bruno, *arguments)
        assert refused.key == "member_factor_none"


def test_the_line_of_a_factor_contains_neither_secret_nor_codes(pen, session, cast):
    codes = two_factor.recovery_codes()
    with pen() as p:
        accounts.set_factor(p, cast.bruno, "GEZDGNBVGY3TQOJQ", SEAL_KEY, codes, 77)
    line = str(_lines(session)[-1])
    assert not any(part in line for part in ("GEZDGN", *codes))


@pytest.mark.parametrize(
    ("act", "arguments"),
    [
        (accounts.change_password, (NEW,)),
        (accounts.set_factor, ("A" * 32, SEAL_KEY, [], 1)),
        (accounts.renew_codes, ([],)),
    ],
)
def test_a_disabled_member_cannot_change_their_own_account(pen, cast, act, arguments):
    assert _refused(pen, Refused, act, cast.driss, *arguments).key == "member_may_not_act"


def test_a_name_is_cleaned_and_refused_when_too_long(pen, session, cast):
    with pen() as p:
        accounts.add_member(p, "a@register.test", Role.MODERATOR, NEW, name=" Ami\x00na\n\u202eM. ")
    assert accounts.find_by_email(session, "a@register.test").display_name == "Amina M."
    arguments = ("b@register.test", Role.MODERATOR, NEW)
    assert (
        _refused(pen, Invalid, accounts.add_member, *arguments, name="x" * 81).key == "member_name"
    )


# --- generated passwords ------------------------------------------------------------------------


def test_generated_passwords_are_long_readable_and_unique():
    generated = {passwords.generate_password() for _ in range(200)}
    assert len(generated) == 200
    for password in generated:
        assert [len(part) for part in password.split("-")] == [5, 5, 5, 5]
        assert not set(password) & set("01lIOo")


def test_the_hasher_of_the_register_is_rfc_9106s_low_memory_profile(costly_hashes):
    hasher = passwords._HASHER
    assert (hasher.memory_cost, hasher.time_cost, hasher.parallelism) == (65_536, 3, 4)
    assert passwords.hash_password(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")
