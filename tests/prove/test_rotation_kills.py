"""The seal key is replaced, again and again cut short, under those who report: nothing is lost."""

from __future__ import annotations

import signal
import sys
import time

import pytest
from raw_http import Served, command, free_port, until
from report_clients import Serve
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from test_reports_kills import is_opened_by_code, received_accounts, reporters

from register import encryption
from register.cases.verify import verify
from register.config import Settings
from register.key_store import KeyStore
from register.operations.missing_data import lost_keys
from register.reports.verify import problems

pytestmark = [pytest.mark.prove, pytest.mark.parametrize("settings", ["sqlite"], indirect=True)]

# Where a rotation ends itself as a power cut would: the new key on disk, its rows written, the
# transaction over, the former key gone.
ENDINGS = {
    "prepared": "key_store.KeyStore.rewrap = end",
    "written": "sqlalchemy.event.listen(sqlalchemy.Engine, 'commit', end)",
    "wrapped": "encryption.adopt_pending = end",
    "adopted": "key_store.KeyStore.empty_log = end",
}
SCRIPT = """
import os, signal, sqlalchemy
from register import create_app, encryption, key_store
from register.db import db
from register.operations import rotation
def end(*_): os.kill(os.getpid(), signal.SIGKILL)
app = create_app()
with app.app_context():
    settings, engine = app.extensions["register.settings"], db.engine
    {ending}
    rotation.rotate(settings, engine)
"""
RANDOM_KILLS = 6


class _Run(Served):
    """A program beside the server, with the settings of the register."""

    def wait(self) -> int:
        return self.process.wait(60)


def test_an_interrupted_rotation_under_reports_loses_nothing(
    settings: Settings, engine: Engine, store: KeyStore
) -> None:
    assert settings.seal_dir
    root, first = store.root, encryption.load_key(settings.seal_dir)
    port, variables = free_port(), {"REGISTER_RATE_LIMITS": "off"}
    served = Serve(settings, port, **variables)
    seal_keys = {first}
    try:
        until(served.is_up, 30, served.logged)
        with reporters(port) as threads:

            def acknowledged() -> int:
                return sum(len(thread.acknowledged) for thread in threads)

            def go_on() -> None:
                expected_count = acknowledged() + 20
                until(lambda: acknowledged() >= expected_count, 120, served.logged)

            go_on()
            for restarted in (False, True):
                for ending in ENDINGS.values():
                    script = SCRIPT.format(ending=ending)
                    killed_run = _Run([sys.executable, "-c", script], settings)
                    assert killed_run.wait() == -signal.SIGKILL, killed_run.logged()
                    killed_run.close()
                    if restarted:
                        served.kill_all()
                        served.close()
                        served = Serve(settings, port, **variables)
                        until(served.is_up, 30, served.logged)
                        assert not (settings.seal_dir / encryption.PENDING_KEY_FILE).exists()
                    go_on()
            for turn in range(RANDOM_KILLS):
                run = _Run(command("seal", "rotate"), settings)
                time.sleep(0.4 + 0.2 * turn)
                run.process.kill()
                run.wait()
                run.close()
                go_on()
            run = _Run(command("seal", "rotate"), settings)
            assert run.wait() == 0, run.logged()
            run.close()
            go_on()
            seal_keys.add(encryption.load_key(settings.seal_dir))
        codes = {
            account: code for thread in threads for account, code in thread.acknowledged.items()
        }
        odd_statuses = [status for thread in threads for status in thread.odd_statuses]
        unopened = [
            code for account, code in codes.items() if not is_opened_by_code(port, account, code)
        ]
        assert served.end() == 0
    finally:
        served.close()
    received = received_accounts(engine, store)
    print(f"{len(codes)} acknowledged under {2 * len(ENDINGS) + RANDOM_KILLS + 1} rotations")
    assert odd_statuses == []
    assert unopened == []
    assert [account for account in codes if received[account] != 1] == []
    assert len(seal_keys) == 2
    assert store.root == root
    with Session(engine) as session:
        assert lost_keys(session, store) == 0
        assert list(problems(session)) == []
        assert list(verify(session)) == []
