"""A process that writes to the register of its environment until it is killed.

It prints a line for each report that is acknowledged: reports with files, published cases, files of
cases, and now and then a withdrawn report and an erased case.
"""

from __future__ import annotations

import itertools
import secrets
import sys
import time
from contextlib import closing, suppress
from dataclasses import replace

import attested_acts as acts
from case_contents import a_case
from cast import publish_case
from databases import open_engine
from report_factory import a_report
from sqlalchemy import Engine, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from register import config
from register.accounts.models import Member
from register.evidence.sealed_files import SealedFiles, new_file
from register.journal import writing
from register.key_store import KeyStore
from register.operations import setup
from register.reports import acts as reports

FILE_BYTES = 1_200_000
PAUSE = 1.0  # seconds between two rounds


def main() -> None:
    """Write for ever."""
    settings = config.load()
    with open_engine(settings.database_url) as engine:
        setup.use_address_key(settings, engine)
        with Session(engine) as session:
            store = setup.key_store(settings, session)
            members = {m.email.partition("@")[0]: m.id for m in session.scalars(select(Member))}
        with closing(store):
            files = setup.sealed_files(settings, store)
            for count in itertools.count():
                # On SQLite a writer may wait in vain for the others, and nothing is acknowledged.
                with suppress(OperationalError):
                    _write(engine, store, files, members, count)
                time.sleep(PAUSE)


def _write(
    engine: Engine, store: KeyStore, files: SealedFiles, members: dict[str, int], count: int
) -> None:
    file = replace(new_file("a.txt"), mime="text/plain")
    stored = files.write(file, [secrets.token_bytes(FILE_BYTES)], 2 * FILE_BYTES)
    with writing(engine) as tx:
        sent = reports.receive(tx, store, a_report(), secrets.token_hex(16), files=[stored])
    print(sent.key, flush=True)
    with writing(engine) as tx:
        content = a_case(title=f"Cas {count}")
        case = publish_case(tx, content, by=members["bruno"], second=members["chloe"])
    if count % 5 == 0:
        with writing(engine) as tx:
            reports.withdraw(tx, store, sent.key, secrets.token_hex(16), destroys=True)
            acts.approve(tx, case.id, by=members["chloe"], purpose="erase")
            acts.erase(tx, case.id, by=members["ada"], restriction="donnee_personnelle")


if __name__ == "__main__":
    sys.exit(main())
