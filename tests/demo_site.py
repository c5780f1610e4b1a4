"""The demonstration on a real server, for tests in a browser.

Added to its 34 cases are one with every kind of content, one with longer lists than forms accept
and no optional field, one withdrawn and one erased. ``/erreur/<status>`` fails on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from case_contents import rich_case
from cast import AT, publish_case, publish_full_case
from databases import open_engine, serve
from flask import Blueprint, abort
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from register import create_app
from register.accounts.models import Member, Role
from register.cases import acts, validation
from register.cases.case_content import ProceedingContent, SourceContent
from register.cases.models import CaseState, Incident
from register.config import Settings
from register.demo import import_demo_cases
from register.exchange.case_csv_import import RowEffect
from register.journal import JournalEntry, WriteTransaction, writing
from register.search import indexer
from register.web.l10n import in_language

_ARABIC = "صوت المدينة"

# The tested pages, by description; ``{…}`` is the number of a case.
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
    "notice of illegal content": "/incidents/{puteaux}/signaler-contenu/illicite",
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
# Rare pages and extreme cases: tested before a release.
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
_REFUSED_PAGES = {"tombstone": 410, "erased": 410, "missing": 404, "search to put right": 400}
STATUS: Mapping[str, int] = {
    f"{name}{tongue}": status
    for name, status in (
        *_REFUSED_PAGES.items(),
        *((f"error {status}", status) for status in _FAILING),
    )
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
    with open_engine(settings.database_url) as engine:
        report = import_demo_cases(engine, settings.instance, lambda _done, _all: None)
        assert report.count(RowEffect.PUBLISHED) == 34, report
        numbers = _cases(engine)
        app = create_app(settings)
        app.register_blueprint(_failing_pages())
        # A served site has a follower process that does this.
        indexer.catch_up(engine, app.extensions["register.search"])
    with serve(app) as base:
        yield Site(base, numbers)


@contextmanager
def empty(settings: Settings) -> Iterator[Site]:
    """Serve an empty register."""
    with serve(create_app(settings)) as base:
        yield Site(base, {})


def _failing_pages() -> Blueprint:
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
            "puteaux": _number(session, Incident.commune == "92062"),
            "gagny": _number(session, Incident.commune == "93032"),
            "undated": _number(session, Incident.date == ""),
            "abroad": _number(session, Incident.country == "BE"),
        }
        by = session.scalars(select(Member.id).where(Member.role == Role.ADMINISTRATOR)).one()
        second = session.scalars(select(Member.id).where(Member.role == Role.MODERATOR)).one()
    with writing(engine, AT) as pen:
        numbers["whole"] = publish_full_case(pen, numbers["puteaux"], by=by, second=second)
        numbers["worst"] = _publish_worst_case(pen, by=by, second=second)
        erased = publish_case(pen, rich_case(title="Un cas effacé"), by=by, second=second)
        acts.approve(pen, erased.id, by=second, purpose="erase")
        acts.erase(pen, erased.id, by=by, restriction="donnee_personnelle")
        assert erased.number
        numbers["erased"] = erased.number
        withdrawn = publish_case(pen, rich_case(title="Un cas retiré"), by=by, second=second)
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


def _number(session: Session, *conditions: object) -> int:
    query = select(Incident.number).where(Incident.state == CaseState.PUBLISHED, *conditions)
    number = session.scalars(query.order_by(Incident.number)).first()
    assert number
    return number


def _publish_worst_case(pen: WriteTransaction, *, by: int, second: int) -> int:
    """A case with very long texts and lists and no optional field; forms accept less."""
    sources = tuple(
        SourceContent(
            url=f"https://exemple.test/{number}", title=f"{_ARABIC} {number}", publisher=_ARABIC
        )
        for number in range(200)
    )
    proceedings = tuple(
        ProceedingContent(direction="contre_cible", docket=f"RG {number}") for number in range(40)
    )
    content = rich_case(
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
        case = publish_case(pen, content, by=by, second=second)
    assert case.number
    return case.number
