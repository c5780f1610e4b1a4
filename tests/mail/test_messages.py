"""The texts of mails and their headers."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default

import pytest
from cast import AT

from register.mail.messages import MailKind, compose, mail_texts, require_values

SENDER = "Web Citoyen <registre@registre.test>"


def _composed(kind=MailKind.TEST, values=None, recipient="amina@elsewhere.test", sender=SENDER):
    return compose(
        kind,
        values or {"link": "https://registre.test"},
        sender=sender,
        recipient=recipient,
        message_id="<1@registre.test>",
        at=AT,
    )


def test_every_kind_has_its_text():
    assert mail_texts().keys() == set(MailKind)


@pytest.mark.parametrize("kind", MailKind)
def test_a_mail_is_short_plain_text_that_no_machine_answers(kind):
    links = {"link", "profile"}
    values = {
        name: f"https://registre.test/{name}" if name in links else "une chose attend"
        for name in mail_texts()[kind].names
    }
    raw = _composed(kind, values).as_bytes()
    assert raw.isascii()
    mail = message_from_bytes(raw, policy=default)
    assert mail["From"] == SENDER
    assert mail["To"] == "amina@elsewhere.test"
    assert mail["Date"].datetime == AT
    assert mail["Message-ID"] == "<1@registre.test>"
    assert (mail["Auto-Submitted"], mail["Content-Language"]) == ("auto-generated", "fr")
    assert (mail.get_content_type(), mail.get_content_charset()) == ("text/plain", "utf-8")
    assert mail.get_param("format") == "flowed"
    lines = mail.get_content().splitlines()
    assert all(len(line) <= 78 or "://" in line for line in lines)
    assert all(address in lines for address in values.values() if "://" in address)
    # A browser that loads something would tell when the mail is read.
    assert "<" not in mail.get_content()
    assert "{" not in mail.get_content() + mail["Subject"]
    # Of two attempts, the bytes are the same.
    assert _composed(kind, values).as_bytes() == raw


@pytest.mark.parametrize(
    "recipient",
    [
        "a@b.test\r\nBcc: eve@evil.test",
        "a@b.test\nSubject: x",
        "a@b.test, eve@evil.test",
        "a@b.test eve@evil.test",
        "a b@c.test",
        "",
        "a",
        "é@b.test",
    ],
)
def test_an_address_cannot_add_a_header_or_a_recipient(recipient):
    with pytest.raises(ValueError):
        _composed(recipient=recipient)


@pytest.mark.parametrize("value", ["x\r\nBcc: eve@evil.test", "x\ny", "x\x00", "x\u2028y"])
def test_a_value_is_one_line(value):
    with pytest.raises(ValueError):
        require_values(MailKind.TEST, {"link": value})


@pytest.mark.parametrize("values", [{}, {"link": "x", "name": "Amina"}])
def test_a_text_gets_the_values_that_it_names(values):
    with pytest.raises(ValueError):
        require_values(MailKind.TEST, values)
