"""``/metrics``: who may read it, what it says, and that it does not date a report."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from databases import application
from form_client import FormClient
from prometheus_client.parser import text_string_to_metric_families
from report_factory import nonce

from register.db import now
from register.operations import replay_list
from register.operations.web import figures
from register.reports import acts as reports
from register.web import request_counts

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)

TOKEN = "0123456789abcdef0123456789abcdef"


def scrape(app, **options):
    response = FormClient(app).get("/metrics", **options)
    assert response.status_code == 200
    return {
        " ".join((sample.name.removeprefix("webcitoyen_"), *sample.labels.values())): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def status(app, headers=None, address="127.0.0.1", **options):
    environ = {"REMOTE_ADDR": address}
    return FormClient(app).get("/metrics", headers=headers or {}, environ_base=environ, **options)


def test_only_this_machine_or_the_token_reads_the_figures(settings):
    public = replace(
        settings, base_url="https://registre.example", metrics_token=TOKEN, trusted_proxies=1
    )
    with application(public) as app:
        here, elsewhere = {"Host": "127.0.0.1:5000"}, {"Host": "10.0.0.4:5000"}
        assert status(app, here).status_code == 200
        assert status(app, here, "10.0.0.9").status_code == 404
        for name in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
            assert status(app, here | {name: "127.0.0.1"}).status_code == 404, name
        # A proxy that adds nothing still passes on the name that was asked for.
        assert status(app, {"Host": "registre.example"}).status_code == 404
        for value, code in ((f"Bearer {TOKEN}", 200), (f"bearer {TOKEN}", 200), (TOKEN, 404)):
            carried = elsewhere | {"Authorization": value}
            assert status(app, carried, "10.0.0.9").status_code == code, value
        wrong = elsewhere | {"Authorization": f"Bearer {TOKEN[:-1]}"}
        assert status(app, wrong, "10.0.0.9").status_code == 404
    with application(settings) as app:
        empty = {"Host": "10.0.0.4", "Authorization": "Bearer "}
        assert status(app, empty, "10.0.0.9").status_code == 404


def test_the_queue_is_that_of_the_day_before_whatever_happens_today(
    app, settings, inbox, pen, store, monkeypatch
):
    old = inbox.received(now() - timedelta(days=3))
    inbox.received(now())
    first = scrape(app)
    assert first["reports_waiting"] == 1
    assert first["oldest_report_days"] == 3
    with pen(now()) as p:
        reports.withdraw(p, store, old.key, nonce())
    inbox.received(now())
    again = scrape(app)
    assert {name: again[name] for name in first} == first
    tomorrow = now() + timedelta(days=1)
    monkeypatch.setattr(figures, "now", lambda: tomorrow)
    assert scrape(app)["reports_waiting"] == 2


def test_figures_say_backup_index_disk_and_outages(app, engine, store, settings, desk):
    desk.published()
    read = scrape(app)
    assert read["database_up"] == 1
    assert read["worker_running"] == 0
    assert "backup_timestamp_seconds" not in read
    assert re.fullmatch(r"0\.\d\d?|1\.0", str(read["disk_free_ratio"]))
    at = now()
    replay_list.note(store, replay_list.BACKUP, {"at": at.isoformat()})
    assert scrape(app)["backup_timestamp_seconds"] == at.timestamp()
    nowhere = replace(settings, database_url=f"sqlite:///{settings.instance}/none.sqlite3")
    with application(nowhere) as lost:
        assert scrape(lost)["database_up"] == 0


def test_requests_are_counted_by_few_kinds_that_do_not_tell_a_report_from_a_page(app, cast):
    request_counts.of(app).start(None)
    amina = FormClient(app)
    assert amina.get("/").status_code == 200
    amina.get("/signaler")
    assert amina.send("/signaler", etape="verifier", recit="Un soir.").status_code == 200
    assert amina.send("/signaler", etape="envoyer").status_code == 200
    amina.get("/en/moderation")
    amina.get("/incidents/404")
    amina.get("/incidents.atom")
    figures_read = scrape(app)
    counts = {name: read for name, read in figures_read.items() if "requests_total" in name}
    assert counts == {
        "requests_total pages 2xx": 4,
        "requests_total members 3xx": 1,
        "requests_total pages 4xx": 1,
        "requests_total feeds 2xx": 1,
    }
    assert figures_read["request_seconds_count"] == 7
