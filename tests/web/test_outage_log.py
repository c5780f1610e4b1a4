"""Lines of the log in an outage: one for its cause, and one with its failures at its end."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest
from flask import Flask
from flask.testing import FlaskClient
from raw_http import until

from register.errors import SealError, Unavailable
from register.log_priority import priority_prefix
from register.web import logs


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    @app.route("/away/<cause>")
    def away(cause: str) -> str:
        raise Unavailable("storage_moved") if cause == "disk" else SealError("keystore_away")

    return app.test_client()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_an_outage_is_logged_once_and_counted_when_it_is_over(
    client: FlaskClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "QUIET_SECONDS", 1.0)
    pages = [client.get("/away/disk") for _ in range(5)] + [client.get("/away/keys")]
    assert {page.status_code for page in pages} == {503}
    # Outages of applications of other tests may end meanwhile.
    disk, keys = (line for line in _lines(capsys) if line["event"] == "failure")
    assert (disk["event"], disk["exception"]) == ("failure", "Unavailable")
    # Every reader of an outage is shown the reference that the log has.
    assert all(str(disk["reference"]) in page.text for page in pages[:5])
    assert disk["reference"] != keys["reference"]
    references = {disk["reference"], keys["reference"]}
    ends: list[dict[str, object]] = []

    def is_over() -> bool:
        ends.extend(line for line in _lines(capsys) if line["reference"] in references)
        return len(ends) == 2

    until(is_over)
    failures = {line["exception"]: line["failures"] for line in ends}
    assert failures == {"Unavailable": 5, "SealError": 1}
    assert {line["event"] for line in ends} == {"failure_over"}
    client.get("/away/disk")
    assert [line["event"] for line in _lines(capsys)].count("failure") == 1


def test_a_cause_that_goes_on_is_not_over(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setattr(logs, "QUIET_SECONDS", 0.4)
    outages = logs.OutageLog()
    for _ in range(6):
        outages.note(OSError(28, "No space left on device"))
        time.sleep(0.1)
    (line,) = [line for line in _lines(capsys) if line["exception"] == "OSError"]
    assert (line["code"], line["level"]) == ("28", "error")


@pytest.mark.parametrize(
    ("level", "prefix"), [("error", "<3>"), ("warning", "<4>"), ("info", "<6>")]
)
def test_a_line_for_the_journal_begins_with_its_priority(level: str, prefix: str) -> None:
    code = f"""
import os, register.web.logs as logs, register.server.process_start as start
status = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{{status.st_dev}}:{{status.st_ino}}"
logs.configure()
logs.log().{level}("of the application")
start.log_event("of the parent", "{level}")
"""
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    lines = process.stderr.splitlines()
    assert len(lines) == 2, process.stderr
    for line in lines:
        assert line.startswith(prefix)
        assert json.loads(line.removeprefix(prefix))["level"] == level


def test_another_stream_than_the_journal_gets_no_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream in ("", "1:2"):
        monkeypatch.setenv("JOURNAL_STREAM", stream)
        assert priority_prefix("error") == ""
