"""Passkeys: what is accepted, what is refused and why, and what remains of them where."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cast import AT, PASSWORD
from ledger_lines import lines_since
from software_authenticator import PRESENT, SoftwareAuthenticator
from sqlalchemy import select, text, update
from webauthn.helpers import base64url_to_bytes

from register.accounts import acts as accounts
from register.accounts import authentication, passkey_ceremonies, passkeys, two_factor
from register.accounts.models import Member, Passkey
from register.accounts.passkey_ceremonies import Answer, RelyingParty
from register.cases.verify import verify
from register.errors import Invalid, Refused
from register.journal import Ledger

pytestmark = pytest.mark.one_database

KEY = bytes(range(32))
PARTY = RelyingParty("localhost", "http://localhost:5000")
LATER = AT + timedelta(minutes=1)
NAME = "clé bleue du tiroir"


class Ceremonies:
    """Options and answers between one register and its authenticators."""

    def __init__(self, engine, session, pen, member):
        self.engine, self.session, self.pen, self.member = engine, session, pen, member

    def existing(self):
        self.session.rollback()
        return passkeys.list_passkeys(self.session, KEY, self.member)

    def created(self, device, at=AT, answered_at=None):
        challenge = passkey_ceremonies.new_challenge(at)
        member = self.session.get_one(Member, self.member)
        arguments = (KEY, PARTY, challenge, member, self.existing())
        options = passkey_ceremonies.creation_options(*arguments)
        answer = Answer(device.create(options), challenge, PARTY)
        return passkey_ceremonies.verify_creation(answer, answered_at or at)

    def add(self, device=None, name=NAME):
        device = device or SoftwareAuthenticator()
        credential = self.created(device)
        with self.pen() as p:
            passkeys.add_passkey(p, self.member, KEY, name, credential)
        return device

    def answer(self, device, at=LATER, **falsified):
        challenge = passkey_ceremonies.new_challenge(at)
        text_ = device.get(passkey_ceremonies.request_options(PARTY, challenge))
        return Answer(**{"text": text_, "challenge": challenge, "party": PARTY} | falsified)

    def sign_in(self, answer, at=LATER):
        self.session.rollback()
        return authentication.authenticate_by_passkey(
            self.engine, KEY, answer, browser_token="", at=at
        )

    def refusal(self, answer, at=LATER):
        with pytest.raises(Refused) as refused:
            self.sign_in(answer, at)
        return refused.value.key


@pytest.fixture
def bruno(engine, session, pen, cast):
    """Bruno, who has a second factor."""
    with pen() as p:
        secret = two_factor.new_secret()
        accounts.set_factor(p, cast.bruno, secret, KEY, two_factor.recovery_codes(), 1)
    return Ceremonies(engine, session, pen, cast.bruno)


def _lines(session):
    session.rollback()
    return [
        (line.act, line.member_id, json.loads(line.private_json))
        for line in lines_since(session, 0, Ledger.DESK)
    ]


def test_a_passkey_signs_its_member_in_and_its_use_is_stored(bruno, cast):
    device = bruno.add()
    other = bruno.add(SoftwareAuthenticator(count=None), "téléphone")
    for minutes, authenticator in enumerate((device, other, other), start=1):
        at = AT + timedelta(minutes=minutes)
        verified = bruno.sign_in(bruno.answer(authenticator, at), at)
        assert verified.member_id == cast.bruno
        assert verified.browser_token
    first, second = bruno.existing()
    assert (first.name, second.name) == (NAME, "téléphone")
    assert (first.row.added_at, first.row.used_at) == (AT, AT + timedelta(minutes=1))
    assert (first.row.sign_count, second.row.sign_count) == (1, 0)


@pytest.mark.parametrize("count", [0, None])
def test_an_answer_works_once_with_and_without_a_counter(bruno, count):
    device = bruno.add(SoftwareAuthenticator(count=count))
    earlier, answer = bruno.answer(device, AT), bruno.answer(device)
    bruno.sign_in(answer)
    assert bruno.refusal(answer) == "passkey_expired"
    # Nor does one to a challenge that was issued before.
    assert bruno.refusal(earlier) == "passkey_expired"
    assert bruno.existing()[0].row.copied_at is None


def _response(**changes):
    def falsify(answer):
        answer["response"] |= changes

    return falsify


FALSE_ANSWERS = (
    ({"origin": "https://register.test.example"}, "passkey_refused"),
    ({"origin": "http://localhost:5001"}, "passkey_refused"),
    ({"host": "example.org"}, "passkey_refused"),
    ({"flags": PRESENT}, "passkey_refused"),  # no finger, face or PIN
    ({"flags": 0x04}, "passkey_refused"),  # nobody was there
    ({"key": SoftwareAuthenticator().key}, "passkey_refused"),
    ({"credential_id": bytes(32)}, "passkey_unknown"),
    ({"user_handle": ""}, "passkey_unknown"),
    ({"user_handle": "AAAA"}, "passkey_unknown"),
    ({"falsify": lambda answer: answer.pop("response")}, "passkey_refused"),
    ({"falsify": lambda answer: answer.pop("rawId")}, "passkey_refused"),
    ({"falsify": lambda answer: answer.update(id="x")}, "passkey_refused"),
    ({"falsify": lambda answer: answer.update(rawId="é")}, "passkey_refused"),
    ({"falsify": lambda answer: answer.update(type=3)}, "passkey_refused"),
    ({"falsify": _response(clientDataJSON="AAAA")}, "passkey_refused"),
    ({"falsify": _response(clientDataJSON="bnVsbA")}, "passkey_refused"),  # null
    ({"falsify": _response(clientDataJSON="e30")}, "passkey_refused"),  # {}
    ({"falsify": _response(authenticatorData="AAAA")}, "passkey_refused"),
    ({"falsify": _response(authenticatorData=7)}, "passkey_refused"),
    ({"falsify": _response(signature="")}, "passkey_refused"),
    ({"falsify": _response(userHandle=["x"])}, "passkey_refused"),
)


def test_a_false_answer_is_refused(bruno):
    device = bruno.add()
    for changes, key in FALSE_ANSWERS:
        assert bruno.refusal(bruno.answer(replace(device, **changes))) == key, changes
    assert bruno.existing()[0].row.used_at is None
    assert bruno.sign_in(bruno.answer(device))


def test_what_is_no_answer_is_refused(bruno):
    bruno.add()
    challenge = passkey_ceremonies.new_challenge(LATER)
    for junk in ("", "[]", "3", "null", "{", "{}", "\ud800", "[" * 16_000):
        answer = Answer(junk, challenge, PARTY)
        assert bruno.refusal(answer) == "passkey_refused"
        with pytest.raises(Refused, match="passkey_refused"):
            passkey_ceremonies.verify_creation(answer, LATER)


def test_a_challenge_is_needed_and_lasts_five_minutes(bruno):
    device = bruno.add()
    other = passkey_ceremonies.new_challenge(LATER)
    assert bruno.refusal(bruno.answer(device, challenge=None)) == "passkey_expired"
    assert bruno.refusal(bruno.answer(device, challenge=other)) == "passkey_refused"
    assert bruno.refusal(bruno.answer(device), LATER - timedelta(seconds=1)) == "passkey_expired"
    assert bruno.refusal(bruno.answer(device), LATER + timedelta(minutes=5)) == "passkey_expired"
    longest = Answer(" " * 20_000 + bruno.answer(device).text, other, PARTY)
    assert bruno.refusal(longest) == "passkey_refused"
    assert bruno.sign_in(bruno.answer(device), LATER + timedelta(minutes=4))


FALSELY_MADE = (
    {"origin": "https://elsewhere.test"},
    {"host": "elsewhere.test"},
    {"flags": PRESENT},
    {"credential_id": bytes(1_024)},
    {"falsify": _response(attestationObject="AAAA")},
    {"falsify": _response(attestationObject="oA")},  # an empty map
)


def test_a_passkey_that_was_falsely_made_is_not_added(bruno):
    for changes in FALSELY_MADE:
        with pytest.raises(Refused, match="passkey_refused"):
            bruno.created(SoftwareAuthenticator(**changes))
    with pytest.raises(Refused, match="passkey_expired"):
        bruno.created(SoftwareAuthenticator(), answered_at=AT + timedelta(minutes=5))


def test_a_counter_that_goes_back_closes_the_passkey_for_its_owner_too(bruno, session):
    device = bruno.add()
    copy = device.copied()
    bruno.sign_in(bruno.answer(device))
    at = LATER + timedelta(minutes=1)
    assert bruno.refusal(bruno.answer(copy, at), at) == "passkey_copied"
    assert bruno.existing()[0].row.copied_at == at
    assert bruno.refusal(bruno.answer(device, at), at) == "passkey_copied"
    counted = "SELECT count FROM sign_in_failures WHERE account = :member"
    assert session.scalar(text(counted), {"member": bruno.member}) == 1


def test_password_and_passkey_confirm_a_member_and_neither_does_alone(bruno, pen, cast):
    device = bruno.add()
    minutes = iter(range(1, 60))

    def confirmed(password, member=bruno.member):
        at = AT + timedelta(minutes=next(minutes))
        answer = bruno.answer(device, at)
        return authentication.reauthenticate(bruno.engine, KEY, member, password, "", at, answer)

    assert confirmed(PASSWORD)
    assert not confirmed("autre chose")
    with pytest.raises(Refused, match="passkey_unknown"):
        confirmed(PASSWORD, cast.chloe)
    # Ten failures within a quarter of an hour, the passkey at hand or not.
    for _count in range(9):
        assert not confirmed("autre chose")
    assert not confirmed(PASSWORD)


def test_options_require_verification_and_leave_existing_authenticators_out(bruno, session):
    device = bruno.add()
    challenge = passkey_ceremonies.new_challenge(AT)
    member = session.get_one(Member, bruno.member)
    made = json.loads(
        passkey_ceremonies.creation_options(KEY, PARTY, challenge, member, bruno.existing())
    )
    assert made["rp"] == {"name": "Web Citoyen", "id": "localhost"}
    assert made["attestation"] == "none"
    assert made["timeout"] == 300_000
    selection = made["authenticatorSelection"]
    assert (selection["residentKey"], selection["userVerification"]) == ("required", "required")
    (excluded,) = made["excludeCredentials"]
    assert base64url_to_bytes(excluded["id"]) == device.credential_id
    assert excluded["transports"] == ["hybrid", "internal"]
    used = json.loads(passkey_ceremonies.request_options(PARTY, challenge))
    assert used.keys() == {"challenge", "timeout", "rpId", "allowCredentials", "userVerification"}
    assert (used["allowCredentials"], used["userVerification"]) == ([], "required")
    allowed = json.loads(passkey_ceremonies.request_options(PARTY, challenge, bruno.existing()))
    assert [each["id"] for each in allowed["allowCredentials"]] == [excluded["id"]]


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("https://Registre.example", "https://registre.example"),
        ("https://registre.example:443", "https://registre.example"),
        ("https://registre.example:8443", "https://registre.example:8443"),
        ("http://localhost:5000", "http://localhost:5000"),
        ("http://127.0.0.1:5000", None),
        ("http://[::1]:5000", None),
        ("http://" + "duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad" + ".onion", None),
    ],
)
def test_the_site_of_a_passkey_is_a_host_by_name(address, origin):
    party = passkey_ceremonies.relying_party(address)
    assert (party.origin if party else None) == origin


# --- acts ----------------------------------------------------------------------------------------


def test_lines_name_neither_the_passkey_nor_its_credential(bruno, session, pen):
    device = bruno.add()
    with pen() as p:
        assert passkeys.remove_passkey(p, bruno.member, bruno.existing()[0].row.id)
        assert not passkeys.remove_passkey(p, bruno.member, 99)
    (added, _by, private), (removed, by, same) = _lines(session)[-2:]
    assert (added, removed, by) == ("passkey_added", "passkey_removed", bruno.member)
    assert private == same
    assert set(private) - {"by", "dossier", "revision"} == {"member", "passkey"}
    assert NAME not in str(_lines(session))
    assert device.credential_id.hex() not in str(_lines(session))
    assert bruno.refusal(bruno.answer(device)) == "passkey_unknown"


def test_a_passkey_needs_a_name_a_second_factor_and_room(bruno, session, pen, cast):
    credential = bruno.created(SoftwareAuthenticator())

    def refused(member=bruno.member, name=NAME):
        with pytest.raises((Invalid, Refused)) as error, pen() as p:
            passkeys.add_passkey(p, member, KEY, name, credential)
        return error.value.key

    assert refused(name=" ") == refused(name="x" * 41) == "passkey_name"
    assert refused(cast.chloe) == "passkey_factor"
    assert refused(cast.driss) == "member_may_not_act"
    with pen() as p:
        passkeys.add_passkey(p, bruno.member, KEY, NAME, credential)
    assert refused() == "passkey_exists"
    for _count in range(passkeys.MAX_PASSKEYS - 1):
        bruno.add()
    assert refused() == "passkey_limit"


def test_nobody_removes_the_passkey_of_another_member(bruno, pen, cast):
    bruno.add()
    with pen() as p:
        assert not passkeys.remove_passkey(p, cast.chloe, bruno.existing()[0].row.id)


@pytest.mark.parametrize(
    "act",
    [
        lambda p, c: accounts.reset_factor(p, c.bruno, by=c.ada),
        lambda p, c: accounts.disable_member(p, c.bruno, by=c.ada),
        lambda p, c: accounts.reset_member(p, c.bruno, "une-tout-autre-phrase"),
    ],
)
def test_passkeys_go_with_the_second_factor_and_with_the_account(bruno, session, pen, cast, act):
    device = bruno.add()
    with pen() as p:
        act(p, cast)
    assert bruno.existing() == []
    assert bruno.refusal(bruno.answer(device)) == "passkey_unknown"
    assert list(verify(session)) == []


def test_a_new_password_or_other_codes_leave_passkeys(bruno, pen):
    device = bruno.add()
    with pen() as p:
        accounts.change_password(p, bruno.member, "une-tout-autre-phrase")
        accounts.renew_codes(p, bruno.member, two_factor.recovery_codes())
    assert bruno.sign_in(bruno.answer(device))


def test_a_passkey_that_a_restore_brought_back_is_removed_again(bruno, session, pen):
    bruno.add()
    bruno.add()
    private = _lines(session)[-1][2]
    for is_done in (True, False):
        with pen() as p:
            again = passkeys.remove_again(p, private["passkey"], event="e")
        assert again is is_done
    assert len(bruno.existing()) == 1
    act, by, again = _lines(session)[-1]
    assert (act, by, again["passkey"]) == ("passkey_removed", None, private["passkey"])
    assert list(verify(session)) == []


# --- at rest -------------------------------------------------------------------------------------


def test_names_credentials_and_keys_are_encrypted(bruno, session):
    device = bruno.add()
    (row,) = session.execute(select(Passkey.__table__)).all()
    stored = repr(tuple(row)).encode()
    public_key = bruno.existing()[0].credential.public_key
    for secret in (NAME.encode(), device.credential_id, public_key):
        assert secret not in row.sealed
        assert repr(secret)[2:-1].encode() not in stored
        assert secret.hex().encode() not in row.sealed


def test_a_passkey_written_into_another_account_opens_nothing(bruno, session, pen, cast):
    device = bruno.add()
    with pen() as p:
        accounts.set_factor(p, cast.ada, two_factor.new_secret(), KEY, ["a"], 1)
    session.execute(update(Passkey).values(member_id=cast.ada))
    session.commit()
    assert bruno.refusal(bruno.answer(device)) == "passkey_refused"
    problems = list(verify(session))
    assert [(each.key, each.values["member"]) for each in problems] == [
        ("member_standing", member) for member in sorted((cast.bruno, cast.ada))
    ]


def test_the_library_is_imported_at_the_first_passkey_and_not_at_a_start():
    at_the_top = re.compile(r"^(?:import|from) webauthn", re.MULTILINE)
    top = Path(passkeys.__file__).parent.parent
    assert [path for path in top.rglob("*.py") if at_the_top.search(path.read_text("utf-8"))] == []
