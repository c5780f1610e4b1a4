"""Two machines that share a database and a key store agree about cookies, marks and locks."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest
from form_client import PASSWORD, SIGN_IN, FormClient, sign_in

from register import create_app
from register.db import db
from register.key_store import default_url

pytestmark = pytest.mark.one_database

WRONG = "quelque-chose-de-faux"


@pytest.fixture
def other(settings, app, tmp_path):
    """The application on another machine: its own data folder, and a copy of the seal key."""
    shutil.copytree(settings.seal_dir, tmp_path / "seal-there")
    for kept in (tmp_path / "seal-there").glob("keys.sqlite3*"):
        kept.unlink()
    there = create_app(
        replace(
            settings,
            instance=tmp_path / "there",
            seal_dir=tmp_path / "seal-there",
            key_store_url=default_url(settings.seal_dir),
        )
    )
    there.testing = True
    yield there
    with there.app_context():
        db.session.remove()
        db.engine.dispose()


def moved(visitor, app):
    """The same browser, before the other machine."""
    there = FormClient(app)
    there.client.set_cookie("registre", visitor.cookie("registre"))
    mark = visitor.cookie("connu", path="/compte")
    there.client.set_cookie("connu", mark, path="/compte")
    return there


def test_a_session_of_one_machine_is_valid_on_the_other(app, other, cast):
    bruno = moved(sign_in(app, cast.email("bruno")), other)
    assert bruno.get("/compte").status_code == 200
    assert bruno.send("/compte/deconnexion").status_code == 303


def test_locks_and_browser_tokens_are_shared_between_machines(app, other, cast):
    known = sign_in(app, cast.email("bruno"))
    known.get("/compte")
    known.send("/compte/deconnexion")
    for machine in (app, other):
        for _ in range(5):
            sign_in(machine, cast.email("bruno"), WRONG)
    for machine in (app, other):
        assert sign_in(machine, cast.email("bruno")).answer.status_code == 422
    there = moved(known, other)
    there.get(SIGN_IN)
    there.send(SIGN_IN, adresse=cast.email("bruno"), mot_de_passe=PASSWORD)
    assert there.answer.status_code == 303


def test_the_data_folder_holds_no_key(app, other, settings):
    app.test_client().get("/")
    assert not (settings.instance / "secret_key").exists()
    assert app.secret_key == other.secret_key
