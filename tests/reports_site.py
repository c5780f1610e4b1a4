"""A register with reports and notices in every state, and every page of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial

from cast import Desk, hire
from databases import open_engine
from notice_pages import AUTHOR_PAGES, DESK_PAGES, make_notices
from page_sites import PageSite, SitePage
from report_factory import CONTACT, QUESTION, Inbox, a_report, nonce
from sqlalchemy.orm import Session

from register import create_app
from register.cases import acts as incidents
from register.config import Settings
from register.db import db, now
from register.incoming import acts as incoming
from register.journal import writing
from register.operations import setup
from register.reports import acts, queries, receipt_codes, report_content
from register.reports.acts.reporter import ReceivedReport
from register.reports.web import public_forms
from register.reports.web.report_views import PURPOSE as REPORTING

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
    "q_seance_ordre": "police",
    "q_seance_motif": "la gêne que causeraient des vidéos, " * 8,
    "q_seance_vote": "oui",
}
# An answer of each kind.
ANSWERED = (
    ("certificat", "oui"),
    ("citation_le", "vendredi 20 novembre 2026"),
    ("citation_le_date", "2026-11-20"),
    ("danger_maintenant", "oui"),
    ("proces_passage", "ce que j’ai écrit du marché de la piscine, " * 6),
    ("proces_qui", "maire"),
    ("proces_somme", "10 000 €"),
    ("proces_tribunal", "tribunal judiciaire de Bobigny"),
)
FAULTY = {
    "recit": "",
    "lieu": "st denis",
    "acteur": "inconnu au bataillon",
    "quand": "m" * 501,
    "liens": "https://exemple.test/\n" * 21,
    "contact": "m" * 501,
}


def _report_sent(
    etape: str, status: int = 200, jeton: str = "{report token}", **typed: str
) -> SitePage:
    return SitePage("/signaler", {**FULL, **typed, "jeton": jeton, "etape": etape}, status)


def _code_sent(name: str) -> SitePage:
    return SitePage("/suivi", {"code": f"{{code of {name}}}"})


def _follow_up_sent(path: str, status: int, of: str = "received", **typed: str) -> SitePage:
    fields = {"code": f"{{code of {of}}}", "jeton": "{follow-up token}", **typed}
    return SitePage(f"/suivi/{path}", fields, status)


STATES = (
    "received",
    "contact",
    "held",
    "waiting",
    "answered",
    "draft",
    "asked",
    "published",
    "requested",
    "case withdrawn",
    "declined",
    "undecided",
    "withdrawn",
    "spam",
    "purged",
)
_LONG_ANSWER = {"types": "interdiction_filmer", "q_seance_motif": "m" * 501, "jeton": "x"}
REPORTER_PAGES: Mapping[str, SitePage] = {
    "form": SitePage("/signaler"),
    "form with faults": SitePage("/signaler", {**FAULTY, "etape": "verifier", "jeton": "x"}, 422),
    "place choice": _report_sent("verifier", 422, lieu="st denis"),
    "place nearly named": _report_sent("verifier", 422, lieu="Saint Dennis"),
    "check": _report_sent("verifier"),
    "check of a sentence": SitePage(
        "/signaler",
        {"recit": "Ils ont coupé le micro.", "jeton": "{report token}", "etape": "verifier"},
    ),
    "check of questions passed over": _report_sent("verifier", questions_vues="oui"),
    "questions with faults": SitePage(
        "/signaler", {**FAULTY, **_LONG_ANSWER, "etape": "verifier"}, 422
    ),
    "form again": _report_sent("modifier"),
    "form left open too long": _report_sent("envoyer", 422, jeton="rien"),
    # Too few words for being taken for those of a page before.
    "receipt": _report_sent("envoyer", recit="Le maire a fait couper le micro du blogueur."),
    "already sent": _report_sent("envoyer", 409, jeton="{used}"),
    "code asked for": SitePage("/suivi"),
    "wrong code": SitePage("/suivi", {"code": "AAAA-BBBB-CCCC-DDDD"}, 422),
    **{f"{name} report": _code_sent(name) for name in STATES},
    "empty answer": _follow_up_sent("message", 422, "waiting"),
    "answer too late": _follow_up_sent("message", 422, "waiting", jeton="x", message="Un mot."),
    "message kept": _follow_up_sent("message", 200, "contact", message="Encore un mot."),
    "empty contact": _follow_up_sent("contact", 422),
    "withdrawal not confirmed": _follow_up_sent("retirer", 422),
    "destruction not confirmed": _follow_up_sent("detruire", 422, "withdrawn"),
    "receipt to verify": SitePage("/suivi/verifier"),
    "receipt verified": SitePage("/suivi/verifier", {"recu": "{recu}"}),
    "receipt unknown": SitePage("/suivi/verifier", {"recu": '{{"salt": ""}}'}),
    "no receipt": SitePage("/suivi/verifier", {"recu": ""}, 422),
    **AUTHOR_PAGES,
}
_AT = "/moderation/signalements"
_DESK: Mapping[str, SitePage] = {
    "home": SitePage("/moderation"),
    "list": SitePage(_AT),
    "spam tray": SitePage(f"{_AT}?casier=indesirables"),
    "empty tray": SitePage(f"{_AT}?casier=en-retard&q=introuvable"),
    "place of several": SitePage(f"{_AT}?lieu=saint-denis&type=interdiction_filmer"),
    "nothing ticked": SitePage(f"{_AT}/tri", {"faire": "ranger"}, 422),
    **{f"{name} report on the desk": SitePage(f"{_AT}/{{{name}}}") for name in STATES},
    "empty question": SitePage(f"{_AT}/{{contact}}/question", {"text": ""}, 422),
    "declined without a reason": SitePage(f"{_AT}/{{contact}}/ecarter", {"sentence": "Non."}, 422),
    "sentence proposed": SitePage(
        f"{_AT}/{{contact}}/ecarter", {"reason": "insuffisant", "etape": "proposer"}
    ),
    "question to the withdrawn": SitePage(
        f"{_AT}/{{withdrawn}}/question", {"text": "Pourquoi ?", "vu": "0"}, 409
    ),
    "accept": SitePage(f"{_AT}/{{contact}}/retenir"),
    "accept without a reason": SitePage(f"{_AT}/{{contact}}/retenir", {"vu": "0"}, 422),
    "attach": SitePage(f"{_AT}/{{contact}}/rattacher"),
    "attach to a case": SitePage(f"{_AT}/{{contact}}/rattacher?dossier={{case}}"),
    "attach to nothing": SitePage(f"{_AT}/{{contact}}/rattacher?numero=999"),
    "mask": SitePage(f"{_AT}/{{contact}}/masquer"),
    "mask shown": SitePage(
        f"{_AT}/{{contact}}/masquer",
        {"passage": "police municipale", "reason": "securite", "etape": "voir"},
    ),
    "mask without a reason": SitePage(
        f"{_AT}/{{contact}}/masquer", {"passage": "conseil", "etape": "voir"}, 422
    ),
    "editor beside a report": SitePage("/moderation/dossiers/{case of draft}/modifier"),
    "case of a report": SitePage("/moderation/dossiers/{case of draft}"),
    "journal": SitePage("/moderation/journal"),
    **DESK_PAGES,
}
MEMBER_PAGES = {name: replace(page, member="bruno") for name, page in _DESK.items()}
PAGES: Mapping[str, SitePage] = {**REPORTER_PAGES, **MEMBER_PAGES}


def reports_site(settings: Settings) -> PageSite:
    """Fill a register with members, cases, reports and notices, and make its application."""
    with open_engine(settings.database_url) as engine:
        cast = hire(engine)
        with Session(engine) as session:
            store = setup.key_store(settings, session)
        pen = partial(writing, engine)
        inbox = Inbox(lambda at=None: pen(at or now()), store, cast)
        app = create_app(settings)
        with app.app_context():
            used, report_nonce = _used_form(REPORTING)
            used_notice, notice_nonce = _used_form(public_forms.NOTICE_FORM_NAME)
            db.engine.dispose()
        reports, cases = _reports(inbox, Desk(inbox.pen, cast))
        with inbox.pen() as p:
            acts.receive(p, store, a_report(), report_nonce)
        notices = make_notices(inbox, int(cases["noticed"]), now(), notice_nonce)
        incoming.run_retention(engine, store, now())
        with Session(engine) as session:
            view = queries.get_report(session, store, reports["received"].key)
            assert view.received
            recu = report_content.receipt_document(
                view.received, view.summary.day, setup.identity(session).tag_authority
            )
        store.close()
    names = {name: report.key for name, report in reports.items()}
    names |= {
        f"code of {name}": receipt_codes.format_code(report.code)
        for name, report in reports.items()
    }
    names |= {**cases, **notices, "recu": recu.decode()}
    names |= {"used": used, "used notice": used_notice}
    return PageSite(app, PAGES, {"bruno": cast.bruno, "ada": cast.ada}, names)


def _used_form(purpose: str) -> tuple[str, str]:
    """The token of a form that is sent again, and its nonce."""
    signed = public_forms.new_token(purpose)
    token = public_forms.read_token(purpose, signed)
    assert token
    return signed, token.nonce


def _reports(inbox: Inbox, desk: Desk) -> tuple[dict[str, ReceivedReport], dict[str, str]]:
    """A report in each state; the ids of their cases, and the number of one."""
    at, day = now(), timedelta(days=1)
    case, withdrawn = desk.published(), desk.published(title="Un autre cas de Gagny")
    reports = {
        "undecided": inbox.received(at - 800 * day),
        # Purging it declines undecided reports too.
        "purged": inbox.purged(at - 120 * day),
        "received": inbox.received(at),
        "contact": inbox.received(
            at - 3 * day, account=LONG * 3, contact=CONTACT, answers=ANSWERED
        ),
        "held": inbox.held(at),
        "waiting": inbox.waiting(at - day),
        "answered": inbox.waiting(at - day, contact=CONTACT),
        "draft": inbox.accepted(at, account=LONG, types=("interdiction_filmer", "expulsion")),
        "asked": inbox.accepted(at, account=LONG, language="en"),
        "published": inbox.accepted(at, into=case.id),
        "requested": inbox.accepted(at, into=case.id),
        "case withdrawn": inbox.accepted(at, into=withdrawn.id),
        "declined": inbox.declined(at),
        "withdrawn": inbox.withdrawn(at),
        "spam": inbox.spam(at),
        "suspect": inbox.received(at, suspect=True),
    }
    inbox.answered(reports["answered"], at=at)
    with inbox.pen() as p:
        acts.ask_reporter(p, inbox.store, reports["asked"].key, QUESTION, by=inbox.cast.bruno)
        acts.withdraw(p, inbox.store, reports["requested"].key, nonce(), "On m’a reconnue.")
        incidents.withdraw(
            p, withdrawn.id, by=inbox.cast.bruno, restriction="erreur", reason="lieu"
        )
        report = queries.get_report(p.session, inbox.store, reports["draft"].key)
        assert report.case
        cases = {"case": case.id, "case of draft": report.case.id, "noticed": case.number}
    return reports, {name: str(number) for name, number in cases.items()}
