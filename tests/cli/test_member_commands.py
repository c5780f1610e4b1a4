"""Accounts from the console: the first way in, invitations, a lost second factor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cast import AT
from click.testing import Result
from databases import Registers
from flask import Flask

from register import config, create_app
from register import demo as demonstration
from register.accounts import acts as accounts
from register.accounts import one_use_links, passwords
from register.accounts.models import MemberInvitation, Role
from register.db import db, now
from register.errors import NotFound
from register.journal import writing
from register.mail import outbox as mails
from register.operations import setup
from register.web import request_context

PASSWORD = "une-longue-phrase"
_LINK = re.compile(r"^http://127\.0\.0\.1:5000/compte/invitation/([\w-]{43})$", re.MULTILINE)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_HASHER", type("Quick", (), {"hash": lambda *_: "hash"})())


@pytest.fixture
def instance(registers: Registers, tmp_path: Path) -> Iterator[None]:
    """A register that ``init`` has made."""
    with registers.new("sqlite", tmp_path):
        yield


@pytest.fixture
def run(
    instance: None, run_on_new_instance: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """``run("init")`` on that register, without the vocabularies, which it has."""
    monkeypatch.setattr(setup, "refresh", lambda *_: None)
    return run_on_new_instance


@pytest.fixture
def initialised_app(run: Callable[..., Result]) -> Iterator[Flask]:
    """The application of the instance."""
    app = create_app(config.load())
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def _token(result: Result) -> str:
    (token,) = _LINK.findall(result.stdout)
    return str(token)


def test_init_prints_an_invitation_until_the_first_account_exists(
    run: Callable[..., Result], initialised_app: Flask
) -> None:
    second = run("init")
    assert "une seule fois, jusqu’au" in second.stdout
    lost, token = _token(second), _token(run("init"))
    with pytest.raises(NotFound):
        one_use_links.find(db.session(), MemberInvitation, lost, now())
    assert (
        one_use_links.find(db.session(), MemberInvitation, token, now()).role == Role.ADMINISTRATOR
    )
    db.session.rollback()
    with writing() as pen:
        ada = one_use_links.accept(pen, token, "Ada", PASSWORD, email="ada@register.test")
    assert ada.is_administrator
    third = run("init")
    assert (third.exit_code, _LINK.findall(third.stdout)) == (0, [])


def test_init_invites_nobody_where_an_account_was_added(
    run: Callable[..., Result], initialised_app: Flask
) -> None:
    added = run("member", "add", "ada@x.test", "--role", "administrator")
    assert added.exit_code == 0
    assert _LINK.findall(run("init").stdout) == []


def test_a_member_is_invited_from_the_console(
    run: Callable[..., Result], initialised_app: Flask
) -> None:
    invite = run("member", "invite", "Chloe@x.test", "--role", "moderator")
    invitation = one_use_links.find(db.session(), MemberInvitation, _token(invite), now())
    assert (invitation.email, invitation.role, invitation.invited_by) == (
        "chloe@x.test",
        "moderator",
        None,
    )


@pytest.fixture
def mail_server_is_set(monkeypatch: pytest.MonkeyPatch, run: Callable[..., Result]) -> None:
    """The settings of mail, before the application is made; ``run`` has cleared all others."""
    monkeypatch.setenv("REGISTER_MAIL_URL", "smtp://127.0.0.1")
    monkeypatch.setenv("REGISTER_MAIL_FROM", "registre@registre.test")


def test_an_invitation_from_the_console_leaves_by_mail_where_there_is_a_server(
    run: Callable[..., Result], mail_server_is_set: None, initialised_app: Flask
) -> None:
    refused = run("member", "invite", "pas une adresse", "--role", "moderator")
    assert refused.exit_code == 1
    invite = run("member", "invite", "chloe@x.test", "--role", "moderator")
    assert (invite.exit_code, _LINK.findall(invite.stdout)) == (0, [])
    assert "par courriel à chloe@x.test" in invite.stdout
    [message_id] = mails.due_mails(db.session(), now(), 9)
    outbox = request_context.outbox()
    assert outbox is not None
    mail = outbox.claim(db.session(), message_id, now())
    assert mail is not None
    assert (mail.address, mail.values["role"]) == ("chloe@x.test", "modération")
    token = mail.values["link"].rpartition("/")[2]
    assert one_use_links.find(db.session(), MemberInvitation, token, now()).email == mail.address


@pytest.mark.parametrize("email", ["pas une adresse", "ada@x.test"])
def test_an_impossible_invitation_is_refused_with_a_reason(
    email: str, run: Callable[..., Result], initialised_app: Flask
) -> None:
    run("member", "add", "ada@x.test", "--role", "administrator")
    refusal = run("member", "invite", email, "--role", "moderator")
    assert refusal.exit_code == 1
    assert refusal.stderr.strip().endswith(".")
    assert _LINK.findall(refusal.stdout) == []


def test_a_common_password_is_refused_with_a_reason(
    run: Callable[..., Result], initialised_app: Flask
) -> None:
    words = ("member", "add", "ada@x.test", "--role", "administrator", "--password-stdin")
    refusal = run(*words, stdin="motdepasse2026\n")
    assert refusal.exit_code == 1
    assert "quatre mots" in refusal.stderr
    accepted = run(*words, stdin=f"{PASSWORD}\n")
    assert (accepted.exit_code, "ada@x.test" in run("member", "list").stdout) == (0, True)


def test_a_lost_second_factor_is_taken_away_with_the_password_only_when_asked(
    run: Callable[..., Result], initialised_app: Flask
) -> None:
    run("member", "add", "ada@x.test", "--role", "administrator")
    ada = accounts.find_by_email(db.session(), "ada@x.test").id
    db.session.rollback()
    with writing(db.engine, AT) as pen:
        accounts.set_factor(pen, ada, "A" * 32, bytes(32), [], 1)
    assert "\tseconde preuve" in run("member", "list").stdout
    run("member", "reset", "ada@x.test")
    assert "\tseconde preuve" in run("member", "list").stdout
    removal = run("member", "reset", "ada@x.test", "--factor")
    assert (removal.exit_code, "Seconde preuve retirée" in removal.stdout) == (0, True)
    assert "\tsans seconde preuve" in run("member", "list").stdout
    second_removal = run("member", "reset", "ada@x.test", "--factor")
    assert (second_removal.exit_code, "Seconde preuve" in second_removal.stdout) == (0, False)


def test_a_factor_is_given_up_on_this_machine_only(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTER_REQUIRE_2FA", "off")
    assert run("init").exit_code == 0
    monkeypatch.setenv("REGISTER_BASE_URL", "https://registre.example")
    refusal = run("member", "list")
    assert (refusal.exit_code, refusal.output.count("\n")) == (1, 1)
    assert "REGISTER_REQUIRE_2FA" in refusal.stderr


def test_the_demonstration_asks_for_no_second_factor(run: Callable[..., Result]) -> None:
    app = demonstration.application(5000)
    assert app.extensions["register.settings"].require_2fa is False
    assert config.load().require_2fa is True
