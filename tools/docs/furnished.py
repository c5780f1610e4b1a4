"""A demonstration to take components from: its real cases, what became of one, and two reports."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register import config, create_app
from register.accounts.models import Member, Role
from register.cases import acts, case_content
from register.cases.case_content import StepContent
from register.cases.checklist import ATTESTATIONS
from register.cases.models import Incident
from register.db import db
from register.demo import import_demo_cases
from register.journal import writing
from register.operations import setup

# The case of the demonstration in which something happened after the judgment: Chartres, 2023.
FOLLOWED = "28085"
_SOURCE = (
    "https://www.evasionfm.com/jean-pierre-gorges-fait-appel-apres-la-relaxe-des-elus-de-"
    "chartres-ecologie"
)


@contextmanager
def demonstration() -> Iterator[Flask]:
    """The application on a register that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="webcitoyen-docs-") as folder:
        instance = Path(folder) / "instance"
        settings = dataclasses.replace(
            config.load(),
            instance=instance,
            database_url=f"sqlite:///{instance / 'register.sqlite3'}",
            base_url="http://127.0.0.1:5000",
            seal_dir=Path(folder) / "seal",
            require_2fa=False,
            rate_limits=False,
        )
        app = create_app(settings)
        with app.app_context():
            setup.init(settings, db.engine)
            furnish(db.engine, instance)
            db.engine.dispose()
        yield app
        with app.app_context():
            db.engine.dispose()


def furnish(engine: Engine, instance: Path) -> None:
    """Import the demonstration's cases, and add what the source says became of one of them."""
    import_demo_cases(engine, instance, lambda _done, _all: None)
    with Session(engine) as session:
        case = session.scalars(select(Incident).where(Incident.commune == FOLLOWED)).first()
        if case is None:
            raise LookupError(f"the demonstration has no case at {FOLLOWED} any more")
        content, key = case_content.content_of(case), case.id
        by = session.scalars(select(Member.id).where(Member.role == Role.ADMINISTRATOR)).first()
        second = session.scalars(select(Member.id).where(Member.role == Role.MODERATOR)).first()
        assert by is not None  # noqa: S101 (just made by fill)
    first = content.proceedings[0]
    # On which day the source does not say.
    appeal = StepContent(step="appel", source_url=_SOURCE)
    continued = dataclasses.replace(first, steps=(*first.steps, appeal))
    with writing(engine) as tx:
        acts.follow_up(
            tx,
            key,
            by=by,
            second=second,
            reason="la source le dit aussi",
            attested=ATTESTATIONS,
            title="Le maire fait appel",
            text="Selon Évasion FM, le maire a fait appel de la relaxe.",
            source_url=_SOURCE,
            content=dataclasses.replace(content, proceedings=(continued, *content.proceedings[1:])),
        )
