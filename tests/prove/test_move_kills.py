"""A move to PostgreSQL that is killed at any moment loses nothing, and can be started again."""

from __future__ import annotations

import gc
import random
import subprocess
from dataclasses import replace
from itertools import chain

import pytest
from databases import open_engine
from raw_http import command, environ, until
from reports_site import reports_site
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from register.cases import verify as proofs
from register.db import db
from register.operations.doctor import examine
from register.reports import verify as reports

pytestmark = pytest.mark.prove

KILLS = 10
SEED = 20261128
TABLES = 30


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_killed_move_is_started_again(settings, server):
    site = reports_site(settings)
    with site.app.app_context():
        db.session.remove()
        db.engine.dispose()
    gc.collect()
    server.execute("CREATE DATABASE killed", "CREATE DATABASE killed_keys")
    url, keys_url = server.url("killed"), server.url("killed_keys")
    arguments = command("move", url, "--keys", keys_url)
    chance = random.Random(SEED)

    def start():
        return subprocess.Popen(
            arguments, env=environ(settings), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    copied = sorted(chance.sample(range(1, TABLES), KILLS))
    for count in copied:
        process = start()
        until(lambda least=count: _copied_tables(url) >= least, 30)
        process.kill()
        process.communicate()
    process = start()
    output = process.communicate(timeout=90)[0].decode()
    print(f"killed after {copied} tables; {output.splitlines()[:2]}")
    assert process.returncode == 0, output
    moved = replace(settings, database_url=url, key_store_url=keys_url, search="postgresql")
    for each in (settings, moved):
        with open_engine(each.database_url) as engine, Session(engine) as session:
            assert list(chain(proofs.verify(session), reports.problems(session))) == []
    assert {finding.code for finding in examine(moved) if not finding.good} == {"left_over"}


def _copied_tables(url):
    with open_engine(url) as engine, engine.connect() as connection:
        if not inspect(connection).has_table("unfinished_move"):
            return 0
        count = "SELECT count(*) FROM unfinished_move WHERE table_name <> ''"
        return connection.exec_driver_sql(count).scalar()
