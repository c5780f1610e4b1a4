"""Two machines with one database and key store share cookies, browser tokens and locks."""

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
def other_app(settings, app, tmp_path):
    """The application on another machine: its own data folder, and a copy of the seal key."""
    shutil.copytree(settings.seal_dir, tmp_path / "seal-there")
    for key_file in (tmp_path / "seal-there").glob("keys.sqlite3*"):
        key_file.unlink()
    app_there = create_app(
        replace(
            settings,
            instance=tmp_path / "there",
            seal_dir=tmp_path / "seal-there",
            key_store_url=default_url(settings.seal_dir),
        )
    )
    app_there.testing = True
    yield app_there
    with app_there.app_context():
        db.session.remove()
        db.engine.dispose()


def visit_other_app(visitor, app):
    """The same browser, now a client of the other machine."""
    visitor_there = FormClient(app)
    visitor_there.client.set_cookie("registre", visitor.cookie("registre"))
    browser_token = visitor.cookie("connu", path="/compte")
    visitor_there.client.set_cookie("connu", browser_token, path="/compte")
    return visitor_there


def test_a_session_of_one_machine_is_valid_on_the_other(app, other_app, cast):
    bruno = visit_other_app(sign_in(app, cast.email("bruno")), other_app)
    assert bruno.get("/compte").status_code == 200
    assert bruno.send("/compte/deconnexion").status_code == 303


def test_locks_and_browser_tokens_are_shared_between_machines(app, other_app, cast):
    bruno = sign_in(app, cast.email("bruno"))
    bruno.get("/compte")
    bruno.send("/compte/deconnexion")
    for machine_app in (app, other_app):
        for _ in range(5):
            sign_in(machine_app, cast.email("bruno"), WRONG)
    for machine_app in (app, other_app):
        assert sign_in(machine_app, cast.email("bruno")).answer.status_code == 422
    bruno_there = visit_other_app(bruno, other_app)
    bruno_there.get(SIGN_IN)
    bruno_there.send(SIGN_IN, adresse=cast.email("bruno"), mot_de_passe=PASSWORD)
    assert bruno_there.answer.status_code == 303


def test_the_data_folder_holds_no_key(app, other_app, settings):
    app.test_client().get("/")
    assert not (settings.instance / "secret_key").exists()
    assert app.secret_key == other_app.secret_key
