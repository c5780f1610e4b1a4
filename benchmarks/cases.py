"""Realistic cases as an import file: many communes, dates of every precision, types, courts.

Nothing in them is true of anybody. Chance is seeded: two runs write the same file.
"""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from pathlib import Path

from register.exchange.row_mapping import COLUMNS
from register.territory.places import territory

_TYPES = (
    "interdiction_filmer",
    "plainte_diffamation",
    "refus_information",
    "expulsion",
    "retrait_financement",
    "denigrement_public",
    "menace_poursuites",
    "menace_violence",
    "degradation",
)
_OUTCOMES = ("inconnue", "en_cours", "resolue", "classement_sans_suite", "autre")
_SENTENCES = (
    "Le maire suspend la séance et demande que la caméra soit éteinte",
    "La commune refuse de communiquer le procès-verbal demandé par écrit",
    "Une plainte est annoncée après la publication d’un billet sur le budget",
    "L’accès à la salle du conseil est refusé à une rédactrice du blog",
    "La subvention du journal associatif n’est pas reconduite",
    "Un agent demande l’effacement des images prises en réunion publique",
    "Selon le blog, aucune délibération ne fonde cette décision",
    "La rédaction dit avoir écrit deux fois au préfet, sans réponse",
)
_COURTS = (
    "tribunal judiciaire",
    "tribunal correctionnel",
    "tribunal judiciaire, puis cour d’appel",
)
# Who acts against whom, by what the case is of; most cases have no proceedings.
_DIRECTION = {
    "plainte_diffamation": "contre_cible",
    "refus_information": "recours_cible",
    "menace_violence": "par_cible",
    "degradation": "par_cible",
}


def communes(count: int, chance: random.Random) -> list[str]:
    """Codes of communes, the populous ones more often."""
    places = [place for place in territory().communes.values() if not place.retired]
    weights = [(place.population or 0) + 200 for place in places]
    return chance.choices([place.code for place in places], weights=weights, k=count)


def write_file(path: Path, places: list[str], first: int, chance: random.Random) -> None:
    """An import file of one case for each place, numbered from ``first``."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="")
        writer.writeheader()
        for number, commune in enumerate(places, first):
            writer.writerow(_row(number, commune, chance))


def _row(number: int, commune: str, chance: random.Random) -> dict[str, str]:
    kinds = chance.sample(_TYPES, k=chance.choice((1, 1, 1, 2, 2, 3)))
    day = date(2004, 1, 1) + timedelta(days=chance.randrange(7_900))
    sentences = chance.sample(_SENTENCES, k=chance.choice((1, 2, 2, 3)))
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
        "resume": f"{'. '.join(sentences)} ({chance.randrange(10_000)})",
        "demarches": "courrier resté sans réponse",
        **_proceedings(kinds, chance),
        "source_url": f"https://journal.example/{number}",
        "source_type": "presse locale",
        "preuve": chance.choice(("allegue", "documente", "documente")),
        "invitation": "cas produit pour une mesure",
    }


def _proceedings(kinds: list[str], chance: random.Random) -> dict[str, str]:
    outcome = chance.choice(_OUTCOMES)
    direction = next((_DIRECTION[kind] for kind in kinds if kind in _DIRECTION), "")
    if not direction or (direction != "contre_cible" and chance.random() < 0.5):
        return {"procedure": "aucune", "issue": outcome}
    return {"procedure": direction, "juridiction": chance.choice(_COURTS), "issue": outcome}
