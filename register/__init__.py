"""Web Citoyen: a public register of intimidation of bloggers and local independent media."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from register.config import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The register as a Flask application.

    Imports what it needs inside itself, so that importing a module below stays light.

    :param settings: those of the environment by default.
    :raises register.errors.ConfigError: a setting makes no sense, or the data folder cannot be
        made.
    """
    from register import cli, config
    from register.db import configure_engine, db, engine_options
    from register.errors import ConfigError
    from register.operations import setup
    from register.postgresql import replica_engine
    from register.program_files import program_folder
    from register.search.engine_interface import open_search_engine
    from register.web.application import Application, attach

    settings = settings or config.load()
    try:
        settings.instance.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        path = error.filename or settings.instance
        raise ConfigError("config_instance", path=path) from error
    app = Application(
        __name__,
        instance_path=str(settings.instance),
        template_folder=str(program_folder("templates")),
        # No route of Flask's: register.web.assets serves these files, and is the only door to them.
        static_folder=None,
    )
    app.static_folder = str(program_folder("static"))
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(
            settings.database_url, settings.database_connections
        ),
    )
    app.extensions["register.settings"] = settings
    db.init_app(app)
    with app.app_context():
        configure_engine(db.engine)
        setup.use_address_key(settings, db.engine)
        if settings.replica_url:
            replica = replica_engine(db.engine, settings.replica_url)
            setup.use_address_key(settings, replica)
            app.extensions["register.replica"] = replica
        app.extensions["register.search"] = open_search_engine(settings, db.engine)
    attach(app)
    cli.attach(app)
    return app
