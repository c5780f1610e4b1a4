"""A register with a report in every state, for the tests that look at pages one after the other.

Amina sent them all; Bruno has done something with most. ``OPEN`` are the pages of those who report,
``DESK`` those of members: what is asked for, what is sent with it, and the status of the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from flask import Flask
from people import Cast, Desk, hire
from registers import opened
from reported import CONTACT, Inbox, a_report, nonce
from signed import Signed
from sqlalchemy.orm import Session

from register import create_app
from register.cases import acts as incidents
from register.config import Settings
from register.db import db, now
from register.journal import writing
from register.operations import setup
from register.operations.instance_identity import tag_uri_maker
from register.reports import acts, queries, receipt_codes, report_content
from register.reports.acts.reporter import ReceivedReport
from register.reports.web import public_forms
from register.reports.web.follow_up_views import PURPOSE as FOLLOWING
from register.reports.web.report_views import PURPOSE as REPORTING
from register.text.dates import Language
from register.web.languages import in_language

LONG = (
    "Je filmais le conseil depuis le public, comme à chaque séance depuis deux ans. Le maire a "
    "suspendu la séance et m’a fait éteindre ma caméra par la police municipale.\n\nUne adjointe a "
    "dit au micro que je serais poursuivie si une seule image paraissait. "
)
FULL = {
    "recit": LONG * 3,
    "lieu": "gagny",
    "quand": "17 mars 2024",
    "acteur": "maire",
    "acteur_texte": "le maire, puis une adjointe",
    "cible": "blogueur",
    "cible_texte": "le site d’un collectif d’habitants",
    "procedure": "contre_cible",
    "liens": "https://exemple.test/" + "un-chemin-qui-n-en-finit-pas-" * 6 + "\njournal de mardi",
    "contact": CONTACT,
    "types": "interdiction_filmer",
}
FAULTY = {
    "recit": "",
    "lieu": "st denis",
    "acteur": "inconnu au bataillon",
    "quand": "m" * 501,
    "liens": "https://exemple.test/\n" * 21,
    "contact": "m" * 501,
}


@dataclass(frozen=True)
class Page:
    """What is asked of the register: an address, a form if there is one, the status."""

    path: str
    fields: Mapping[str, str] | None = None
    status: int = 200


def _form(etape: str, status: int = 200, jeton: str = "{report}", **typed: str) -> Page:
    return Page("/signaler", {**FULL, **typed, "jeton": jeton, "etape": etape}, status)


def _opened(name: str) -> Page:
    return Page("/suivi", {"code": f"{{code of {name}}}"})


def _followed(path: str, status: int, of: str = "received", **typed: str) -> Page:
    told = {"code": f"{{code of {of}}}", "jeton": "{follow}", **typed}
    return Page(f"/suivi/{path}", told, status)


STATES = (
    "received",
    "contact",
    "held",
    "waiting",
    "answered",
    "draft",
    "published",
    "requested",
    "case withdrawn",
    "declined",
    "undecided",
    "withdrawn",
    "spam",
    "purged",
)
OPEN: Mapping[str, Page] = {
    "form": Page("/signaler"),
    "form with faults": Page("/signaler", {**FAULTY, "etape": "verifier", "jeton": "x"}, 422),
    "place choice": _form("verifier", 422, lieu="st denis"),
    "place nearly named": _form("verifier", 422, lieu="Saint Dennis"),
    "check": _form("verifier"),
    "check of a sentence": Page(
        "/signaler", {"recit": "Ils ont coupé le micro.", "jeton": "{report}", "etape": "verifier"}
    ),
    "form again": _form("modifier"),
    "form left open too long": _form("envoyer", 422, jeton="rien"),
    "receipt": _form("envoyer"),
    "already sent": _form("envoyer", 409, jeton="{used}"),
    "code asked for": Page("/suivi"),
    "wrong code": Page("/suivi", {"code": "AAAA-BBBB-CCCC-DDDD"}, 422),
    **{f"{name} report": _opened(name) for name in STATES},
    "empty answer": _followed("message", 422, "waiting"),
    "answer too late": _followed("message", 422, "waiting", jeton="x", message="Un mot."),
    "message kept": _followed("message", 200, "contact", message="Encore un mot."),
    "empty contact": _followed("contact", 422),
    "withdrawal not confirmed": _followed("retirer", 422),
    "receipt to verify": Page("/suivi/verifier"),
    "receipt verified": Page("/suivi/verifier", {"recu": "{recu}"}),
    "receipt unknown": Page("/suivi/verifier", {"recu": '{{"salt": ""}}'}),
    "no receipt": Page("/suivi/verifier", {"recu": ""}, 422),
}
_AT = "/moderation/signalements"
DESK: Mapping[str, Page] = {
    "home": Page("/moderation"),
    "list": Page(_AT),
    "spam tray": Page(f"{_AT}?casier=indesirables"),
    "empty tray": Page(f"{_AT}?casier=en-retard&q=introuvable"),
    "place of several": Page(f"{_AT}?lieu=saint-denis&type=interdiction_filmer"),
    "nothing ticked": Page(f"{_AT}/tri", {"faire": "ranger"}, 422),
    **{f"{name} report on the desk": Page(f"{_AT}/{{{name}}}") for name in STATES},
    "empty question": Page(f"{_AT}/{{contact}}/question", {"text": ""}, 422),
    "declined without a reason": Page(f"{_AT}/{{contact}}/ecarter", {"sentence": "Non."}, 422),
    "sentence proposed": Page(
        f"{_AT}/{{contact}}/ecarter", {"reason": "insuffisant", "etape": "proposer"}
    ),
    "question to the withdrawn": Page(
        f"{_AT}/{{withdrawn}}/question", {"text": "Pourquoi ?", "vu": "0"}, 409
    ),
    "accept": Page(f"{_AT}/{{contact}}/retenir"),
    "accept without a reason": Page(f"{_AT}/{{contact}}/retenir", {"vu": "0"}, 422),
    "attach": Page(f"{_AT}/{{contact}}/rattacher"),
    "attach to a case": Page(f"{_AT}/{{contact}}/rattacher?dossier={{case}}"),
    "attach to nothing": Page(f"{_AT}/{{contact}}/rattacher?numero=999"),
    "editor beside a report": Page("/moderation/dossiers/{case of draft}/modifier"),
    "case of a report": Page("/moderation/dossiers/{case of draft}"),
    "journal": Page("/moderation/journal"),
}


@dataclass(frozen=True)
class Letterbox:
    """The application, its members, and what the pages above name."""

    app: Flask
    cast: Cast
    named: Mapping[str, str] = field(repr=False)
    tongue: Language = "fr"

    def page(self, name: str) -> Page:
        """One of the pages, as it can be asked for now: a form that is sent has a new token."""
        found = OPEN.get(name) or DESK[name]
        with self.app.app_context():
            new = {
                "report": public_forms.new_token(REPORTING),
                "follow": public_forms.new_token(FOLLOWING),
            }
        named = {**self.named, **new}
        fields = found.fields and {key: said.format(**named) for key, said in found.fields.items()}
        path = in_language(found.path.format(**named), self.tongue)
        return Page(path, fields, found.status)

    def signed(self) -> Signed:
        """Bruno's browser, as tests without a browser hold it."""
        return Signed(self.app, self.cast.bruno)


def letterbox(settings: Settings) -> Letterbox:
    """Fill a register with members, cases and reports, and make its application."""
    with opened(settings.database_url) as engine:
        cast = hire(engine)
        with Session(engine) as session:
            store = setup.key_store(settings, session)
        pen = partial(writing, engine)
        inbox = Inbox(lambda at=None: pen(at or now()), store, cast)
        app = create_app(settings)
        with app.app_context():
            used = public_forms.new_token(REPORTING)
            token = public_forms.read_token(REPORTING, used)
            db.engine.dispose()
        assert token
        reports, cases = _reports(inbox, Desk(inbox.pen, cast))
        with inbox.pen() as p:
            acts.receive(p, store, a_report(), token.nonce)
        with Session(engine) as session:
            file = queries.get_report(session, store, reports["received"].key)
            assert file.received
            recu = report_content.receipt_document(
                file.received, file.summary.day, tag_uri_maker(session).authority
            )
        store.close()
    named = {name: filed.key for name, filed in reports.items()}
    named |= {
        f"code of {name}": receipt_codes.format_code(filed.code) for name, filed in reports.items()
    }
    return Letterbox(app, cast, {**named, **cases, "used": used, "recu": recu.decode()})


def _reports(inbox: Inbox, desk: Desk) -> tuple[dict[str, ReceivedReport], dict[str, str]]:
    """One in each state; the ids of the cases that are made of them."""
    at, day = now(), timedelta(days=1)
    case, gone = desk.published(), desk.published(title="Un autre cas de Gagny")
    reports = {
        "undecided": inbox.received(at - 800 * day),
        # What purges it declines what nobody decided, too.
        "purged": inbox.purged(at - 120 * day),
        "received": inbox.received(at),
        "contact": inbox.received(at - 3 * day, account=LONG * 3, contact=CONTACT),
        "held": inbox.held(at),
        "waiting": inbox.waiting(at - day),
        "answered": inbox.waiting(at - day, contact=CONTACT),
        "draft": inbox.accepted(at, account=LONG, types=("interdiction_filmer", "expulsion")),
        "published": inbox.accepted(at, into=case.id),
        "requested": inbox.accepted(at, into=case.id),
        "case withdrawn": inbox.accepted(at, into=gone.id),
        "declined": inbox.declined(at),
        "withdrawn": inbox.withdrawn(at),
        "spam": inbox.spam(at),
        "suspect": inbox.received(at, suspect=True),
    }
    inbox.answered(reports["answered"], at=at)
    with inbox.pen() as p:
        acts.withdraw(p, inbox.store, reports["requested"].key, nonce(), "On m’a reconnue.")
        incidents.withdraw(p, gone.id, by=inbox.cast.bruno, restriction="erreur", reason="lieu")
        line = queries.get_report(p.session, inbox.store, reports["draft"].key)
        assert line.case
    return reports, {"case": str(case.id), "case of draft": str(line.case.id)}
