"""The demonstration: an instance of its own, filled through the ordinary import."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register import config, create_app
from register.accounts import acts as accounts
from register.accounts import passwords
from register.accounts.models import Role
from register.errors import NotFound
from register.exchange.case_csv_import import ImportReport, PublishOptions, import_file
from register.journal import writing

CASES = Path(__file__).with_name("incidents.csv")
MODERATOR = "moderation@demo.example"
ADMINISTRATOR = "administration@demo.example"
REASON = "Reprise du fichier de démonstration, établi d’après la presse et les juridictions"
# What the legal notice says where nobody was named: a page that sends its readers to "non
# renseigné" shows nothing of how the register is written to. Each says that it is made up.
_LEGAL = {
    "publisher_name": "Association fictive (démonstration)",
    "publisher_director": "Personne fictive (démonstration)",
    "publisher_address": "1 rue de l’Exemple, 00000 Démonstration",
    "publisher_phone": "00 00 00 00 00",
    "hosting_name": "Hébergeur fictif (démonstration)",
    "hosting_address": "2 rue de l’Exemple, 00000 Démonstration",
    "hosting_phone": "00 00 00 00 00",
    "contact_email": "contact@demo.example",
}


def application(port: int) -> Flask:
    """The application of the demonstration, in ``demo`` within the data folder, on loopback."""
    settings = config.load()
    folder = settings.instance / "demo"
    legal: dict[str, Any] = {
        name: getattr(settings, name) or default_text for name, default_text in _LEGAL.items()
    }
    return create_app(
        dataclasses.replace(
            settings,
            instance=folder,
            database_url=f"sqlite:///{folder / 'register.sqlite3'}",
            base_url=f"http://127.0.0.1:{port}",
            seal_dir=settings.instance / "demo-seal",
            # Its passwords are printed: a second factor would keep nobody out but the curious.
            require_2fa=False,
            **legal,
        )
    )


def import_demo_cases(
    engine: Engine, folder: Path, progress: Callable[[int, int], None]
) -> ImportReport:
    """Members and cases; cases that are there already stay as they are."""
    by = _member(engine, folder, ADMINISTRATOR, Role.ADMINISTRATOR)
    second = _member(engine, folder, MODERATOR, Role.MODERATOR)
    publish = PublishOptions(second)
    report = import_file(engine, CASES, by=by, reason=REASON, publish=publish, progress=progress)
    # A row that differs from that of an earlier version's file is no fault here.
    outcomes = [
        outcome
        for outcome in report.outcomes
        if all(fault.key != "id_changed" for fault in outcome.faults)
    ]
    return ImportReport(outcomes)


def sign_ins(folder: Path) -> list[tuple[str, str, str]]:
    """Role, address and password of the demonstration's two members."""
    stored = json.loads(_sign_in_file(folder).read_text(encoding="utf-8"))
    return [
        (role.value, email, stored[email])
        for role, email in ((Role.MODERATOR, MODERATOR), (Role.ADMINISTRATOR, ADMINISTRATOR))
    ]


def _sign_in_file(folder: Path) -> Path:
    return folder / "sign-in.json"


def _member(engine: Engine, folder: Path, email: str, role: Role) -> int:
    with Session(engine) as session:
        try:
            return accounts.find_by_email(session, email).id
        except NotFound:
            pass
    password = passwords.generate_password()
    path = _sign_in_file(folder)
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.touch(mode=0o600)
    path.write_text(json.dumps({**stored, email: password}), encoding="utf-8")
    with writing(engine) as tx:
        return accounts.add_member(tx, email, role, password).id
