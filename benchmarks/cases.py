"""Realistic cases in any number: a thousand through the ordinary import, the rest as their copies.

A copy is a whole case (rows, snapshot, public line) under other ids, at another commune and
another day. It serves reading only: the journal's chain is not continued for it.
"""

from __future__ import annotations

import csv
import random
import time
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import Engine, MetaData, Table, text

from register.exchange.importer import Publication, import_file
from register.exchange.table import COLUMNS

SEEDED = 1_000
_TYPES = (
    "interdiction_filmer",
    "plainte_diffamation",
    "refus_document",
    "expulsion",
    "retrait_financement",
    "denigrement_public",
    "menace_poursuites",
    "menace_violence",
)
_OUTCOMES = ("inconnue", "en_cours", "resolue", "classement_sans_suite", "autre")
_SENTENCES = (
    "Le maire suspend la séance et demande que la caméra soit éteinte",
    "La commune refuse de communiquer le procès-verbal demandé par écrit",
    "Une plainte est annoncée après la publication d’un billet sur le budget",
    "L’accès à la salle du conseil est refusé à une rédactrice du blog",
    "La subvention du journal associatif n’est pas reconduite",
    "Un agent demande l’effacement des images prises en réunion publique",
)


def communes(engine: Engine, count: int, chance: random.Random) -> list[str]:
    """Codes of communes, the populous ones more often."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT code, coalesce(population, 0) FROM commune WHERE NOT retired")
        ).all()
    weights = [row[1] + 200 for row in rows]
    return chance.choices([row[0] for row in rows], weights=weights, k=count)


def write_file(path: Path, engine: Engine, count: int, seed: int = 1) -> None:
    """An import file of ``count`` cases."""
    chance = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for number, commune in enumerate(communes(engine, count, chance)):
            writer.writerow(_row(number, commune, chance))


def _row(number: int, commune: str, chance: random.Random) -> dict[str, str]:
    kinds = chance.sample(_TYPES, k=chance.choice((1, 1, 1, 2, 2, 3)))
    day = date(2004, 1, 1) + timedelta(days=chance.randrange(7_900))
    against = any(kind.startswith("plainte") for kind in kinds)
    return {
        "id": f"B{number:06d}",
        "date": chance.choice((day.isoformat(), day.isoformat()[:7], day.isoformat()[:4])),
        "pays": "FR",
        "commune": commune,
        "niveau": "commune",
        "acteur": chance.choice(("maire", "elu", "collectivite", "agent")),
        "cible": chance.choice(("blogueur", "citoyen", "media_local", "association")),
        "media": f"Le Cahier {chance.randrange(400)}",
        "types": ";".join(kinds),
        "resume": f"{chance.choice(_SENTENCES)} ({chance.randrange(10_000)})",
        "demarches": "courrier resté sans réponse",
        "procedure": "contre_cible" if against else "aucune",
        "juridiction": "tribunal judiciaire" if against else "",
        "issue": chance.choice(_OUTCOMES),
        "source_url": f"https://journal.example/{number}",
        "source_type": "presse locale",
        "preuve": chance.choice(("allegue", "documente", "documente")),
        "invitation": "cas produit pour une mesure",
    }


def seed(engine: Engine, folder: Path, by: int, second: int) -> float:
    """Import and publish the first thousand; rows a second."""
    path = folder / "cases.csv"
    write_file(path, engine, SEEDED)
    begun = time.perf_counter()
    report = import_file(engine, path, publish=Publication(by, "mesure", second=second))
    spent = time.perf_counter() - begun
    if report.published != SEEDED:
        raise RuntimeError(f"{report.published} of {SEEDED} cases published")
    return SEEDED / spent


def grow(engine: Engine, total: int) -> None:
    """Copy the seeded cases until there are ``total`` of them."""
    metadata = MetaData()
    metadata.reflect(engine)
    chance = random.Random(total)
    with engine.begin() as connection:
        (present,) = connection.execute(text("SELECT count(*) FROM incident")).one()
        for copy in range(present // SEEDED, total // SEEDED):
            _copy(connection, metadata, copy, chance, engine)
        connection.execute(text("ANALYZE"))


# Which columns carry which kind of id; every other column is copied as it is.
_SHIFTED = {
    "incident": {"id": "case", "number": "case", "revision_id": "revision"},
    "incident_type": {"incident_id": "case"},
    "incident_place": {"incident_id": "case"},
    "incident_outlet": {"incident_id": "case"},
    "incident_source": {"incident_id": "case"},
    "proceeding": {"id": "proceeding", "incident_id": "case"},
    "revision": {"id": "revision", "incident_id": "case"},
    "journal_entry": {
        "seq": "line",
        "case_number": "case",
        "incident_id": "case",
        "revision_id": "revision",
    },
}


def _copy(connection, metadata, copy: int, chance: random.Random, engine: Engine) -> None:  # type: ignore[no-untyped-def]
    step = {
        "case": copy * SEEDED,
        "revision": copy * SEEDED * 2,
        "proceeding": copy * SEEDED,
        "line": copy * SEEDED + copy,
    }
    for name, shifted in _SHIFTED.items():
        connection.execute(text(_copying(metadata.tables[name], shifted, step)))
    places = communes(engine, SEEDED, chance)
    connection.execute(
        text("UPDATE incident_place SET code = :code WHERE incident_id = :id"),
        [{"code": code, "id": step["case"] + at + 1} for at, code in enumerate(places)],
    )
    connection.execute(
        text(
            "UPDATE incident SET sort_day = date(sort_day, :days) WHERE id > :low AND id <= :high"
        ),
        {
            "days": f"-{copy % 300} days",
            "low": step["case"],
            "high": step["case"] + SEEDED,
        },
    )


def _copying(table: Table, shifted: dict[str, str], step: dict[str, int]) -> str:
    values = []
    for column in table.columns:
        if column.name in shifted:
            values.append(f"{column.name} + {step[shifted[column.name]]}")
        elif column.name == "event":
            values.append("lower(hex(randomblob(16)))")
        else:
            values.append(column.name)
    names = ", ".join(column.name for column in table.columns)
    where = {
        "incident": f"id <= {SEEDED}",
        "revision": f"id <= {SEEDED * 2}",
        "journal_entry": f"ledger = 'public' AND act = 'published' AND incident_id <= {SEEDED}",
    }.get(table.name, f"incident_id <= {SEEDED}")
    told = ", ".join(values)
    return f"INSERT INTO {table.name} ({names}) SELECT {told} FROM {table.name} WHERE {where}"
