"""``webcitoyen mail test``, and what ``doctor`` says of the outbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from raw_http import free_port

from register.db import housekeeping, now
from register.mail import outbox as mails
from register.mail.messages import MailKind
from register.mail.outbox import Outbox
from register.operations import setup
from register.operations.doctor import examine

pytestmark = pytest.mark.one_database

ADDRESS = "operator@elsewhere.test"


@pytest.fixture
def run(run_on_new_instance, monkeypatch, mailbox):
    monkeypatch.setattr(setup, "refresh", lambda *_: None)
    assert run_on_new_instance("init").exit_code == 0
    monkeypatch.setenv("REGISTER_MAIL_URL", mailbox.url)
    monkeypatch.setenv("REGISTER_MAIL_FROM", "registre@registre.test")
    return run_on_new_instance


def test_a_test_mail_is_sent_at_once(run, mailbox):
    result = run("mail", "test", ADDRESS)
    assert (result.exit_code, mailbox.recipients) == (0, [ADDRESS])
    assert mailbox.mails[0]["From"] == "registre@registre.test"


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"rcpt_answer": "550 5.1.1 No"}, "Le serveur refuse ce message (RCPT, réponse 550)"),
        ({"mail_answer": "530 5.7.0 No"}, "refuse le registre (SMTPSenderRefused, réponse 530)"),
    ],
)
def test_a_refusal_is_one_sentence(run, mailbox, answers, sentence):
    for name, value in answers.items():
        setattr(mailbox, name, value)
    result = run("mail", "test", ADDRESS)
    assert result.exit_code == 1
    assert sentence in result.output
    assert ADDRESS not in result.output


def test_no_server_no_answer_and_no_address_are_one_sentence(run, monkeypatch):
    assert "n’est pas une adresse" in run("mail", "test", "operator").output
    monkeypatch.setenv("REGISTER_MAIL_URL", f"smtp://127.0.0.1:{free_port()}")
    assert "ConnectionRefusedError" in run("mail", "test", ADDRESS).output
    for name in ("URL", "FROM"):
        monkeypatch.delenv(f"REGISTER_MAIL_{name}")
    assert "Aucun serveur de courriel" in run("mail", "test", ADDRESS).output


def _mail_faults(settings):
    findings = (finding for finding in examine(settings) if finding.code.endswith("mail"))
    return {finding.code: finding.detail for finding in findings if not finding.good}


def test_doctor_counts_mails_that_wait_and_those_given_up(settings, engine, mailbox):
    settings = replace(settings, mail_url=mailbox.url, mail_from="registre@registre.test")
    outbox = Outbox(bytes(32), "registre.test")
    with housekeeping(engine) as session:
        for age in (timedelta(minutes=59), timedelta(minutes=61)):
            outbox.enqueue(session, MailKind.TEST, ADDRESS, now() - age, link="https://x.test")
    assert _mail_faults(settings) == {"mail": "1"}
    with housekeeping(engine) as session:
        mails.give_up_old(session, now() + timedelta(days=4))
    assert _mail_faults(settings) == {"dead_mail": "2"}


def test_doctor_says_of_a_mail_server_that_is_away_that_and_no_consequence(settings, engine):
    url = f"smtp://127.0.0.1:{free_port()}"
    settings = replace(settings, mail_url=url, mail_from="registre@registre.test")
    with housekeeping(engine) as session:
        outbox = Outbox(bytes(32), "registre.test")
        hours = timedelta(hours=2)
        outbox.enqueue(session, MailKind.TEST, ADDRESS, now() - hours, link="https://x.test")
    findings = {finding.code: finding for finding in examine(settings) if not finding.good}
    assert {code: finding.detail for code, finding in findings.items()} == {
        "mail_away": "ConnectionRefusedError"
    }
