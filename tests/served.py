"""The demonstration as a real server shows it, for the tests that read it as people do.

Beside the 34 cases there is one that has everything a case may have, one that has more of it than
any form takes and lacks the rest, one that was withdrawn, and one that was erased. Errors that a
sound register does not make have addresses of their own here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from unittest.mock import patch

from flask import Blueprint, Flask, abort
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from register import create_app
from register.accounts.models import Member, Role
from register.cases import acts, validation
from register.cases.case_content import Content, LinkContent, ProceedingContent, SourceContent
from register.cases.checklist import ATTESTATIONS
from register.cases.models import CaseState, Incident, IncidentPlace
from register.config import Settings
from register.db import configure_engine, db, engine_options
from register.demo.instance import import_demo_cases
from register.journal import JournalEntry, WriteTransaction, writing
from register.search import indexer
from register.server.process_start import listen
from register.server.waitress_server import Server
from register.web.languages import in_language

AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)

_ARABIC = "صوت المدينة"

# The pages that are looked at, by what they are; ``{…}`` is the number of a case.
PAGES: Mapping[str, str] = {
    "home": "/",
    "list": "/incidents",
    "second page": "/incidents?page=2",
    "filtered": "/incidents?departement=92&famille=justice&famille=pression",
    "nothing found": "/incidents?departement=92&sans_date=1",
    "words": "/incidents?q=filmer",
    "words and filters": "/incidents?q=maire&famille=justice&tri=date",
    "words that nobody says": "/incidents?q=introuvabl",
    "commune by a former name": "/communes/93066?nom=93059",
    "place abroad": "/communes?q=Bernissart",
    "case": "/incidents/{puteaux}",
    "untitled date": "/incidents/{undated}",
    "case abroad": "/incidents/{abroad}",
    "whole case": "/incidents/{whole}",
    "case of Gagny": "/incidents/{gagny}",
    "right of reply": "/incidents/{puteaux}/droit-de-reponse",
    "notice": "/incidents/{puteaux}/signaler-contenu",
    "commune": "/communes/92062",
    "empty commune": "/communes/22001",
    "commune of many names": "/communes/14488",
    "communes": "/communes",
    "choice": "/communes?q=saint-denis",
    "unknown place": "/communes?q=zzzzzz",
    "departement": "/departements/93",
    "departements": "/departements",
    "region": "/regions/11",
    "regions": "/regions",
    "data": "/donnees",
    "figures": "/statistiques",
    "ledger": "/registre",
    "filtered ledger": "/registre?acte=publication&acte=retrait",
    "about": "/a-propos",
    "method": "/methode",
    "rights": "/vos-droits",
    "following": "/suivre",
    "legal notice": "/mentions-legales",
    "privacy": "/confidentialite",
    "accessibility": "/accessibilite",
    "report": "/signaler",
    "tombstone": "/incidents/{withdrawn}",
    "missing": "/nulle-part",
}
# What few readers meet, and what is too much of everything: looked at before a release.
_FAILING = (400, 403, 405, 413, 429, 500, 503)
FAILS = "/erreur/"
RARE: Mapping[str, str] = {
    "worst case": "/incidents/{worst}",
    "commune of the worst case": "/communes/29019",
    "list with the worst case": "/incidents?departement=29",
    "former version": "/incidents/{whole}?version={first}",
    "search to put right": "/incidents?du=hier+peut-%C3%AAtre&q=%22maire&famille=presse",
    "erased": "/incidents/{erased}",
    **{f"error {status}": f"{FAILS}{status}" for status in _FAILING},
}
# The same in the other language.
ENGLISH: Mapping[str, str] = {
    f"{name} in English": in_language(path, "en") for name, path in {**PAGES, **RARE}.items()
}
_REFUSED = {"tombstone": 410, "erased": 410, "missing": 404, "search to put right": 400}
STATUS: Mapping[str, int] = {
    f"{name}{tongue}": status
    for name, status in (*_REFUSED.items(), *((f"error {told}", told) for told in _FAILING))
    for tongue in ("", " in English")
}


@dataclass(frozen=True)
class Site:
    """A running register: where it listens, and the numbers of the cases that pages name."""

    base: str
    numbers: Mapping[str, int]

    def url(self, page: str) -> str:
        """The address of one of :data:`PAGES`, :data:`RARE` or :data:`ENGLISH`, or of a path."""
        path = {**PAGES, **RARE, **ENGLISH}.get(page, page).format(**self.numbers)
        return self.base + path


@contextmanager
def site(settings: Settings) -> Iterator[Site]:
    """Fill a register and serve it on a free loopback port."""
    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    configure_engine(engine)
    report = import_demo_cases(engine, settings.instance, lambda _done, _all: None)
    assert report.published == 34, report
    numbers = _cases(engine)
    app = create_app(settings)
    app.register_blueprint(_failing())
    # What the follower does beside a site that is really served.
    indexer.catch_up(engine, app.extensions["register.search"])
    engine.dispose()
    with _serving(app) as base:
        yield Site(base, numbers)


@contextmanager
def empty(settings: Settings) -> Iterator[Site]:
    """Serve a register in which nothing stands yet."""
    with _serving(create_app(settings)) as base:
        yield Site(base, {})


@contextmanager
def _serving(app: Flask) -> Iterator[str]:
    """Where an application listens."""
    server = Server(app, listen("127.0.0.1", 0))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(15)
        with app.app_context():
            db.engine.dispose()
    assert not thread.is_alive()


def _failing() -> Blueprint:
    """Pages that fail on purpose."""
    blueprint = Blueprint("failing", __name__)

    @blueprint.get(f"{FAILS}<int:status>")
    def fail(status: int) -> str:
        abort(status)

    return blueprint


def _cases(engine: Engine) -> dict[str, int]:
    """Add the cases that the demonstration lacks; the numbers of those that pages show."""
    with Session(engine) as session:
        numbers = {
            "puteaux": _number(session, IncidentPlace.code == "92062"),
            "gagny": _number(session, IncidentPlace.code == "93032"),
            "undated": _number(session, Incident.date == ""),
            "abroad": _number(session, Incident.country == "BE"),
        }
        by = session.scalars(select(Member.id).where(Member.role == Role.ADMINISTRATOR)).one()
        second = session.scalars(select(Member.id).where(Member.role == Role.MODERATOR)).one()
    with writing(engine, AT) as pen:
        numbers["whole"] = _whole(pen, by, second, numbers["puteaux"])
        numbers["worst"] = _worst(pen, by, second)
        erased = _published(pen, _content(title="Un cas effacé"), by, second)
        acts.approve(pen, erased.id, by=second, purpose="erase")
        acts.erase(pen, erased.id, by=by, restriction="donnee_personnelle")
        assert erased.number
        numbers["erased"] = erased.number
        withdrawn = _published(pen, _content(title="Un cas retiré"), by, second)
        acts.withdraw(pen, withdrawn.id, by=by, restriction="erreur", reason="erreur de lieu")
        assert withdrawn.number
        numbers["withdrawn"] = withdrawn.number
    with Session(engine) as session:
        # The version of a case is the number of its line.
        of_whole = select(func.min(JournalEntry.seq)).where(
            JournalEntry.case_number == numbers["whole"]
        )
        numbers["first"] = session.scalars(of_whole).one()
    return numbers


def _number(session: Session, *such: object) -> int:
    query = select(Incident.number).where(Incident.state == CaseState.PUBLISHED, *such)
    query = query.outerjoin(IncidentPlace, IncidentPlace.incident_id == Incident.id)
    found = session.scalars(query.order_by(Incident.number)).first()
    assert found
    return found


def _content(**changes: object) -> Content:
    told = Content(
        title="Un élu empêche de filmer le conseil",
        summary="Un élu se place devant la caméra d'un blogueur pendant le conseil",
        narrative=(
            "Selon le blog, l'élu s'est placé devant la caméra.\n\n## La séance\n\n- le maire a "
            "suspendu la séance ;\n- le public a été **évacué**.\n\n> Rien ne l'interdit.\n\n"
            "L'article est [en ligne](https://exemple.test/seance)."
        ),
        date="2019-05-20",
        end_date="2019-06",
        commune="22266",
        linked_communes=("22278",),
        level="commune",
        actor="maire",
        actor_text="le premier adjoint au maire",
        target="blogueur",
        outlets=("Le Blog de l'Argoat",),
        types=("interdiction_filmer", "plainte_diffamation", "menace_violence"),
        evidence="documente",
        contested=True,
        outcome="relaxe",
        steps_taken="lettre au préfet",
        amount="1 500 EUR",
        sources=(
            SourceContent(
                url="https://exemple.test/" + "un-chemin-qui-n-en-finit-pas-" * 6,
                kind="presse",
                label="presse locale",
                published_on="2019-05-22",
                checked_on="2026-02",
                archived_url="https://archive.test/seance",
            ),
        ),
        proceedings=(
            ProceedingContent(
                direction="contre_cible",
                nature="penale",
                plaintiff="maire",
                court="tribunal correctionnel de Saint-Brieuc",
                docket="19/00001",
                legal_basis="loi du 29 juillet 1881, art. 32",
                outcome="relaxe",
                outcome_date="2020-02",
                appeal="oui",
            ),
            ProceedingContent(direction="par_cible", nature="administrative", outcome="inconnue"),
        ),
    )
    return replace(told, **changes)


def _worst(pen: WriteTransaction, by: int, second: int) -> int:
    """Much of everything that can be much, nothing of what can be missing; forms stop earlier."""
    sources = tuple(
        SourceContent(
            url=f"https://exemple.test/{number}", title=f"{_ARABIC} {number}", publisher=_ARABIC
        )
        for number in range(200)
    )
    proceedings = tuple(
        ProceedingContent(direction="contre_cible", docket=f"RG {number}") for number in range(40)
    )
    told = _content(
        summary="Selon le blog, le conseil municipal a délibéré sur la caméra",
        title="Le conseil municipal délibère, une fois encore, sur la caméra " * 5,
        narrative=("Selon le blog, filmer est interdit. " * 20 + "\n\n") * 69,
        date="",
        end_date="",
        commune="29019",
        linked_communes=(),
        actor_text="",
        outlets=(_ARABIC,),
        contested=False,
        outcome="inconnue",
        steps_taken="",
        amount="",
        sources=sources,
        proceedings=proceedings,
    )
    with patch.object(validation, "LIST_LIMIT", len(sources)):
        case = _published(pen, told, by, second)
    assert case.number
    return case.number


def _published(pen: WriteTransaction, content: Content, by: int, second: int) -> Incident:
    case = acts.draft(pen, content, by=by, reason="repéré dans la presse")
    acts.invite(pen, case.id, "courriel au maire", by=by, on=date(2026, 2, 20))
    acts.approve(pen, case.id, by=second)
    acts.publish(pen, case.id, by=by, reason="lu", attested=ATTESTATIONS, flags_reason="relu")
    return case


def _whole(pen: WriteTransaction, by: int, second: int, other: int) -> int:
    """A contested case with a reply, a follow-up, a correction and a link."""
    content = _content()
    case = _published(pen, content, by, second)
    row = acts.receive_reply(
        pen,
        case.id,
        by=by,
        author="Commune de Rostrenen",
        capacity="la commune",
        text="La commune conteste : la séance avait été levée.",
        received_on=date(2026, 3, 1),
    )
    acts.reply(pen, row.id, by=by, second=second, reason="demande régulière")
    acts.follow_up(
        pen,
        case.id,
        by=by,
        second=second,
        reason="nouvelle audience",
        title="L'audience d'appel est fixée",
        text="Elle se tiendra à **Rennes**.",
        happened_on="2026-02-27",
        source_url="https://exemple.test/appel",
    )
    corrected = replace(content, steps_taken="lettre au préfet, puis à la CADA")
    corrected = replace(corrected, links=(LinkContent("voir_aussi", other),))
    both = {"by": by, "second": second}
    acts.correct(pen, case.id, corrected, reason="oubli", public_note="Démarche ajoutée.", **both)
    assert case.number
    return case.number
