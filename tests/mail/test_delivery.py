"""What the mail server answers, and what the register makes of it."""

from __future__ import annotations

import socket

import pytest
from cast import AT
from mail_server import Mailbox, accept_password, mail_server
from raw_http import free_port

from register.mail.delivery import DeliveryError, DeliveryScope, MailConnection
from register.mail.messages import MailKind, compose
from register.mail_urls import parse_mail_url
from tests.sources.web_hosts import make_certificate

ADDRESS = "secret.address@elsewhere.test"


def _mail(recipient=ADDRESS):
    return compose(
        MailKind.TEST,
        {"link": "https://registre.test"},
        sender="Web Citoyen <registre@registre.test>",
        recipient=recipient,
        message_id="<1@registre.test>",
        at=AT,
    )


def _send(url, timeout=5.0):
    with MailConnection(parse_mail_url(url), "registre.test", timeout) as connection:
        connection.send(_mail())


def _error(url, timeout=5.0):
    with pytest.raises(DeliveryError) as refused:
        _send(url, timeout)
    error = refused.value
    # Exceptions of smtplib have recipients and the words of the server.
    assert ADDRESS not in repr(error)
    assert error.__cause__ is None
    assert error.__suppress_context__
    return error.scope, error.reply_code


def test_two_mails_go_over_one_connection(mailbox):
    with MailConnection(parse_mail_url(mailbox.url), "registre.test") as connection:
        connection.send(_mail())
        connection.send(_mail("b@elsewhere.test"))
    # Its own name is that of the address: not the machine's.
    assert mailbox.greetings == ["registre.test"]
    assert mailbox.recipients == [ADDRESS, "b@elsewhere.test"]
    assert mailbox.mails[0]["Message-ID"] == "<1@registre.test>"


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"rcpt_answer": "450 4.2.0 Greylisted"}, (DeliveryScope.MAIL, 450)),
        ({"rcpt_answer": "550 5.1.1 No such user"}, (DeliveryScope.RECIPIENT, 550)),
        ({"data_answer": "452 4.3.1 Full"}, (DeliveryScope.MAIL, 452)),
        ({"data_answer": "554 5.7.1 Spam"}, (DeliveryScope.RECIPIENT, 554)),
        ({"data_answer": "421 4.3.2 Closing"}, (DeliveryScope.SERVER, 421)),
        ({"mail_answer": "550 5.7.1 Not your address"}, (DeliveryScope.SERVER, 550)),
        ({"drops_after_data": True}, (DeliveryScope.SERVER, 0)),
    ],
)
def test_an_answer_concerns_the_mail_or_the_server(mailbox, answers, expected):
    for name, value in answers.items():
        setattr(mailbox, name, value)
    assert _error(mailbox.url) == expected


def test_a_refused_mail_leaves_the_connection_usable(mailbox):
    with MailConnection(parse_mail_url(mailbox.url), "registre.test") as connection:
        mailbox.rcpt_answer = "550 5.1.1 No such user"
        with pytest.raises(DeliveryError):
            connection.send(_mail())
        mailbox.rcpt_answer = ""
        connection.send(_mail())
    assert mailbox.greetings == ["registre.test"]


def test_a_server_that_is_slow_or_away_is_given_up(mailbox):
    mailbox.seconds = 1.0
    assert _error(mailbox.url, timeout=0.2) == (DeliveryScope.SERVER, 0)
    assert _error(f"smtp://127.0.0.1:{free_port()}") == (DeliveryScope.SERVER, 0)
    # It accepts connections, and says nothing.
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        assert _error(f"smtp://127.0.0.1:{port}", timeout=0.2) == (DeliveryScope.SERVER, 0)
        assert _error(f"smtps://127.0.0.1:{port}", timeout=0.2) == (DeliveryScope.SERVER, 0)


def test_a_password_is_sent_only_over_tls_with_a_valid_certificate(tmp_path, monkeypatch):
    context, authority = make_certificate(tmp_path, "localhost")
    options = {
        "tls_context": context,
        "require_starttls": True,
        "auth_required": True,
        "authenticator": accept_password("moi", "p@sse"),
    }
    with mail_server(Mailbox(), **options) as mailbox:
        port = mailbox.url.rpartition(":")[2]
        url = f"smtp://moi:p%40sse@localhost:{port}/?starttls=on"
        assert _error(url) == (DeliveryScope.SERVER, 0)  # unknown authority
        monkeypatch.setenv("SSL_CERT_FILE", authority)
        _send(url)
        assert _error(url.replace("localhost", "127.0.0.1")) == (DeliveryScope.SERVER, 0)
        assert _error(url.replace("p%40sse", "autre")) == (DeliveryScope.SERVER, 535)
        assert _error(f"smtps://localhost:{port}", timeout=1.0) == (DeliveryScope.SERVER, 0)
        assert len(mailbox.mails) == 1


def test_a_server_without_starttls_gets_nothing(mailbox):
    url = f"{mailbox.url.replace('smtp://', 'smtp://moi:passe@')}?starttls=on"
    assert _error(url) == (DeliveryScope.SERVER, 0)
    assert mailbox.mails == []


def test_smtps_is_encrypted_from_the_first_byte(tmp_path, monkeypatch):
    context, authority = make_certificate(tmp_path, "localhost")
    monkeypatch.setenv("SSL_CERT_FILE", authority)
    # Another way than the controller's: its first connection would have to trust the certificate.
    with mail_server(Mailbox(), server_hostname="localhost", ssl_context=context) as mailbox:
        _send(mailbox.url.replace("smtp://127.0.0.1", "smtps://localhost"))
        assert len(mailbox.mails) == 1
