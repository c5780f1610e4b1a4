"""The worker process: started by ``serve``, or by the command ``webcitoyen follow``."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from importlib.metadata import version
from typing import NoReturn, TypeVar

from flask import Flask

from register.config import Settings
from register.db import db
from register.key_store import KeyStore
from register.mail import preferences
from register.mail.delivery import MailConnection
from register.mail_urls import parse_mail_url, sender_domain
from register.operations import setup
from register.sources.page_fetch import PageFetcher
from register.web.logs import error_fields, log
from register.worker.background import BackgroundJob
from register.worker.copy_job import CopyJob
from register.worker.jobs import EvidenceJob, IndexJob, ReplayListJob, RetentionJob
from register.worker.lock import worker_lock
from register.worker.loop import POLL_SECONDS, Job, Worker
from register.worker.mail_job import MailJob
from register.worker.notice_job import NoticeJob
from register.worker.source_jobs import LinkJob, SourceCopyJob

T = TypeVar("T")
NICENESS = 5  # in favour of the processes that answer


def run_worker(app: Flask) -> NoReturn:
    """Run the jobs in the foreground until TERM or INT, which end the process at once.

    It may be killed at any moment: each job goes on from what it has committed.
    """
    # A transaction that stands still, of retention for example, would keep the write lock.
    limit = "-c idle_in_transaction_session_timeout=20s"
    os.environ["PGOPTIONS"] = f"{os.environ.get('PGOPTIONS', '')} {limit}"
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_signal: os._exit(0))
    # A terminal that closes, or an operator who meant the server.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.nice(NICENESS)
    settings: Settings = app.extensions["register.settings"]
    log().info("following", search=settings.search)
    with app.app_context():
        engine = db.engine
        engine.dispose()  # connections without the option
        open_store = partial(setup.open_key_store, settings, engine)

        def opener(made_with: Callable[[KeyStore], T]) -> Callable[[], T]:
            def make() -> T:
                with closing(open_store()) as store:
                    return made_with(store)

            return make

        open_files = opener(partial(setup.sealed_files, settings))
        software = f"WebCitoyen/{version('webcitoyen')}"
        fetcher = PageFetcher(f"{software} (+{settings.base_url})")
        jobs: tuple[Job, ...] = (
            RetentionJob(engine, open_store, settings.undecided_after, _log_event),
            EvidenceJob(engine, open_files),
            ReplayListJob(engine, open_store),
            BackgroundJob(CopyJob(engine, open_store, open_files)),
            IndexJob(engine, app.extensions["register.search"]),
            BackgroundJob(SourceCopyJob(engine, open_store, open_files, fetcher, software)),
            *([BackgroundJob(LinkJob(engine, fetcher))] if settings.link_checks else []),
        )
        if settings.mail_url:
            server, domain = parse_mail_url(settings.mail_url), sender_domain(settings.mail_from)
            open_outbox = opener(partial(setup.outbox, settings))
            open_key = opener(lambda store: store.derived_key(preferences.KEY_PURPOSE))
            connect = partial(MailConnection, server, domain)
            jobs += (
                NoticeJob(engine, settings, open_outbox, open_key),
                BackgroundJob(
                    MailJob(engine, open_outbox, connect, settings.mail_from, _log_event)
                ),
            )
        worker = Worker(engine, worker_lock(settings, engine), jobs, _log_event)
        while True:
            worker.poll()
            time.sleep(POLL_SECONDS)


def _log_event(event: str, error: BaseException | None = None, **fields: object) -> None:
    if error is None:
        log().info(event, **fields)
    else:
        log().error(event, **error_fields(error))
