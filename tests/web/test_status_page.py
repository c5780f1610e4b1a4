"""``/moderation/etat``: the state of the service, for administrators alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from form_client import FormClient, MemberClient

from register import encryption
from register.accounts import sessions
from register.db import now
from register.journal import writing
from register.journal.service_mode import ServiceMode
from register.operations import doctor, replay_list
from register.worker.lock import FolderLock

pytestmark = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)


def read(app, cast, address="/moderation/etat"):
    ada = FormClient(app)
    ada.client = MemberClient(app, cast.ada).client
    response = ada.get(address)
    assert response.status_code == 200
    return ada.text


def test_only_administrators_read_it(app, cast):
    assert MemberClient(app, cast.bruno).get("/moderation/etat").status_code == 403
    assert app.test_client().get("/moderation/etat").status_code == 303


def test_it_says_worker_backup_mode_and_versions(app, cast, engine, settings, store):
    page = read(app, cast)
    assert "absent, ou il ne bouge plus" in page
    assert "Dernière sauvegarde aucune" in page
    assert "SQLite 3." in page
    lock = FolderLock(settings.instance)
    assert lock.hold()
    at = now() - timedelta(days=doctor.BACKUP_DAYS + 1)
    replay_list.note(store, replay_list.BACKUP, {"at": at.isoformat()})
    with writing(engine) as tx:
        sessions.change_mode(tx, ServiceMode.READ_ONLY)
    page = read(app, cast)
    assert "Suiveur à l’œuvre" in page
    assert "Il en faut une chaque jour" in page
    assert "en lecture seule depuis le" in page
    assert "Worker at work" in read(app, cast, "/en/moderation/etat")
    lock.release()


def test_a_missing_key_is_said_by_its_own_sentence(app, cast, settings):
    read(app, cast)
    (settings.seal_dir / encryption.KEY_FILE).unlink()
    assert "La clé de scellement est introuvable" in read(app, cast)


def test_what_is_wrong_is_said_by_its_cause(app, cast, inbox):
    assert "À regarder" not in read(app, cast)
    inbox.received(now() - timedelta(days=400))
    page = read(app, cast)
    assert "À regarder" in page
    assert "attendent une décision depuis un an" in page
