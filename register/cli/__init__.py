"""The ``webcitoyen`` command."""

from __future__ import annotations

import click
from flask import Flask

from register.cli import backups, diagnosis, exchange, maintenance, members, operations, sources
from register.server import process_start

COMMANDS: tuple[click.Command, ...] = (
    operations.init,
    operations.upgrade,
    operations.serve,
    operations.check,
    maintenance.follow,
    diagnosis.doctor,
    operations.verify,
    operations.demo,
    maintenance.seal,
    maintenance.purge,
    maintenance.move,
    maintenance.mode,
    backups.backup,
    backups.restore,
    members.member,
    diagnosis.mail,
    exchange.import_,
    exchange.case_file,
    exchange.mirror,
    maintenance.search,
    sources.sources,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="webcitoyen")
def main() -> None:
    """Web Citoyen : le registre public des intimidations de blogueurs."""
    # Every command may read the seal key, and some decrypt reports.
    process_start.protect()


for command in COMMANDS:
    main.add_command(command)


def attach(app: Flask) -> None:
    """Add the commands to ``flask --app register``."""
    for command in COMMANDS:
        app.cli.add_command(command)
