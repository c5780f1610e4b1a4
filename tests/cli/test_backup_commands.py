"""``webcitoyen backup``, ``restore`` and ``doctor --rehearse`` as an operator types them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from report_factory import nonce
from sqlalchemy.orm import Session

from register.db import now
from register.operations import replay_list
from register.operations.doctor import examine
from register.reports import acts as reports


def test_a_register_is_backed_up_rehearsed_lost_and_restored(
    run_on_register, settings, engine, desk, inbox, store, pen, tmp_path: Path, monkeypatch, request
):
    case, report = desk.published(), inbox.received(now())
    folder, keys = str(tmp_path / "backup"), str(tmp_path / "keys")
    refused = run_on_register("backup", folder, "--keys", keys)
    assert (refused.exit_code, "--same-device" in refused.output) == (1, True)
    assert not Path(folder).exists()
    nothing = run_on_register("doctor", "--rehearse")
    assert (nothing.exit_code, "Aucune sauvegarde" in nothing.output) == (1, True)
    made = run_on_register("backup", folder, "--keys", keys, "--same-device", "--keep", "3")
    assert made.exit_code == 0, made.output
    assert "Copie vérifiée" in made.output
    rehearsed = run_on_register("doctor", "--rehearse")
    assert "se restaure entière" in rehearsed.output, rehearsed.output
    left = [path.name for top in (folder, keys) for path in Path(top).glob(".*")]
    assert left == []
    assert {f.code for f in examine(settings)} >= {"backup", "rehearsal"}
    replay_list.note(store, replay_list.BACKUP, {"at": (now() - timedelta(days=3)).isoformat()})
    assert "backup" in {f.code for f in examine(settings) if not f.good}

    with pen(now()) as p:
        reports.withdraw(p, store, report.key, nonce())
    with Session(engine) as session:
        replay_list.update(session, store)
    engine.dispose()
    monkeypatch.setenv("REGISTER_INSTANCE", str(tmp_path / "new"))
    if engine.dialect.name == "sqlite":
        monkeypatch.setenv("REGISTER_DATABASE_URL", f"sqlite:///{tmp_path}/new/register.sqlite3")
    else:
        full = run_on_register("restore", folder, "--keys", keys)
        assert (full.exit_code, "n’est pas vide" in full.output) == (1, True)
        server = request.getfixturevalue("server")
        server.execute("CREATE DATABASE restored_here")
        request.addfinalizer(lambda: server.execute("DROP DATABASE restored_here WITH (FORCE)"))
        monkeypatch.setenv("REGISTER_DATABASE_URL", server.url("restored_here"))
    restored = run_on_register("restore", folder, "--keys", keys)
    assert restored.exit_code == 0, restored.output
    assert "Signalements retirés de nouveau : 1" in restored.output
    assert run_on_register("verify").exit_code == 0
    assert report.key not in restored.output
    assert case.number
