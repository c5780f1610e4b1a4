"""A worker that is killed again and again while it sends mails, and a mail server that is away."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
from mail_server import Mailbox, mail_server
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from register.db import housekeeping, now
from register.mail.messages import MailKind
from register.mail.models import MailState, OutgoingMail
from register.mail.outbox import CLAIM_DURATION, Outbox

pytestmark = pytest.mark.prove

MAILS, KILLS = 1_000, 10
# A worker on a clock that is some seconds ahead; it ends once nothing is due.
_WORKER = """
import sys
from datetime import timedelta
from sqlalchemy import create_engine
from register.db import configure_engine, engine_options, now
from register.mail.delivery import MailConnection
from register.mail.outbox import Outbox
from register.mail_urls import parse_mail_url
from register.worker.mail_job import IDLE_SECONDS, MailJob
database, url, seconds = sys.argv[1:]
engine = create_engine(database, **engine_options(database))
configure_engine(engine)
job = MailJob(
    engine,
    lambda: Outbox(bytes(32), "registre.test"),
    lambda: MailConnection(parse_mail_url(url), "registre.test"),
    "registre@registre.test",
    lambda *_event, **_fields: None,
    lambda: now() + timedelta(seconds=float(seconds)),
)
while job.run(lambda _done, _total: None) != IDLE_SECONDS:
    pass
"""


def _worker(url, mailbox, ahead):
    return subprocess.Popen(
        [sys.executable, "-c", _WORKER, url, mailbox.url, str(ahead.total_seconds())],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def _count(engine, state):
    with Session(engine) as session:
        stmt = select(func.count()).select_from(OutgoingMail)
        return session.scalar(stmt.where(OutgoingMail.state == state.value))


def test_a_thousand_mails_survive_ten_kills(settings, engine, capsys):
    outbox, chance = Outbox(bytes(32), "registre.test"), random.Random(24)
    with housekeeping(engine) as session:
        for number in range(MAILS):
            recipient = f"recipient{number}@elsewhere.test"
            outbox.enqueue(session, MailKind.TEST, recipient, now(), link="https://a.test")
    ahead, kills = timedelta(), 0
    with mail_server(Mailbox()) as mailbox:
        while kills < KILLS:
            worker, sent = _worker(settings.database_url, mailbox, ahead), len(mailbox.mails)
            # In the midst of its work: a part of the thousand each time.
            goal = sent + chance.randint(40, 90)
            while len(mailbox.mails) < goal and worker.poll() is None:
                time.sleep(0.001)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            kills += 1
        # Those that a killed worker had claimed are due again.
        for _run in range(2):
            ahead += CLAIM_DURATION + timedelta(seconds=1)
            assert _worker(settings.database_url, mailbox, ahead).wait(300) == 0
    copies = Counter(mail["Message-ID"] for mail in mailbox.mails)
    recipients = Counter(mailbox.recipients)
    assert _count(engine, MailState.SENT) == MAILS
    assert len(recipients) == len(copies) == MAILS
    # A copy has the Message-ID of the first; at most one for each kill.
    assert sorted(copies.values()) == sorted(recipients.values())
    duplicates = len(mailbox.mails) - MAILS
    assert duplicates <= KILLS
    with capsys.disabled():
        print(f"\n{MAILS} mails, {kills} kills, {duplicates} sent twice")
