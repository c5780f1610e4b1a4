"""A desk with every kind of page on it, for the tests that look at them one after the other.

Its cases stand in every state, one of them with all that a case may have. Its pages are named in
``PAGES`` and in ``SENT``, each with the member who opens it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from filed import AT
from flask import Flask
from people import Cast
from reported import CONTACT, Inbox
from served import _content, _published, _whole
from signed import Signed
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from register import create_app
from register.accounts import acts as accounts
from register.accounts import invitations, sessions, two_factor
from register.accounts.models import Role
from register.accounts.web.current_member import TOKEN_FIELD
from register.cases import acts
from register.cases.case_content import Content
from register.cases.models import Incident
from register.config import Settings
from register.db import configure_engine, db, engine_options, housekeeping, now
from register.journal import WriteTransaction, writing
from register.operations import setup
from register.pages import acts as editorial
from register.report_keys import KeyStore
from register.text.dates import Language
from register.web import request_context
from register.web.languages import in_language

# By what they are; ``{…}`` is the id of a case, a reply or a version, or an open invitation.
PAGES: Mapping[str, str] = {
    "home": "/moderation",
    "cases": "/moderation/dossiers",
    "cases found": "/moderation/dossiers?etat=brouillon&q=conseil",
    "no case found": "/moderation/dossiers?q=introuvable",
    "place to choose": "/moderation/dossiers?lieu=saint-denis",
    "new case": "/moderation/dossiers/nouveau",
    "bare draft": "/moderation/dossiers/{bare}",
    "draft": "/moderation/dossiers/{draft}",
    "whole case": "/moderation/dossiers/{whole}",
    "withdrawn case": "/moderation/dossiers/{withdrawn}",
    "merged case": "/moderation/dossiers/{merged}",
    "erased case": "/moderation/dossiers/{erased}",
    "edit": "/moderation/dossiers/{draft}/modifier",
    "correct": "/moderation/dossiers/{whole}/corriger",
    "redact": "/moderation/dossiers/{whole}/caviarder",
    "follow-up": "/moderation/dossiers/{whole}/suite",
    "approve": "/moderation/dossiers/{draft}/approuver",
    "approve erasure": "/moderation/dossiers/{whole}/approuver?pour=effacement",
    "invite to reply": "/moderation/dossiers/{draft}/inviter",
    "publish": "/moderation/dossiers/{draft}/publier",
    "restore": "/moderation/dossiers/{withdrawn}/retablir",
    "reply received": "/moderation/dossiers/{whole}/reponse",
    "publish a reply": "/moderation/reponses/{reply}/publier",
    "refuse a reply": "/moderation/reponses/{reply}/refuser",
    "withdraw": "/moderation/dossiers/{whole}/retirer",
    "merge": "/moderation/dossiers/{whole}/reunir",
    "merge into": "/moderation/dossiers/{draft}/reunir?avec={number}",
    "erase": "/moderation/dossiers/{whole}/effacer",
    "discard": "/moderation/dossiers/{bare}/abandonner",
    "versions": "/moderation/dossiers/{draft}/versions",
    "version": "/moderation/dossiers/{draft}/versions/{older}",
    "versions compared": "/moderation/dossiers/{draft}/comparer?de={older}&a={newer}",
    "as of a day": "/moderation/dossiers/{draft}/au/2026-03-02",
    "journal": "/moderation/journal",
    "journal of a case": "/moderation/journal?dossier={whole}",
    "journal line": "/moderation/journal/bureau/3",
    "reports": "/moderation/signalements?cocher=tout",
    "reports at one of several places": "/moderation/signalements?lieu=saint-denis",
    "spam": "/moderation/signalements?casier=indesirables",
    "no report": "/moderation/signalements?casier=retires",
    "report": "/moderation/signalements/{report}",
    "declined report": "/moderation/signalements/{declined}",
    "purged report": "/moderation/signalements/{purged}",
    "report accepted": "/moderation/signalements/{report}/retenir",
    "report attached": "/moderation/signalements/{report}/rattacher",
    "members": "/moderation/membres",
    "site pages": "/moderation/pages",
    "site page": "/moderation/pages/suivre",
    "site page of its own": "/moderation/pages/vos-droits",
    "site page going back": "/moderation/pages/suivre/retablir",
    "site page versions": "/moderation/pages/suivre/versions",
    "site page version": "/moderation/pages/suivre/versions/{page}",
    "site page compared": "/moderation/pages/suivre/comparer?de=0&a={page}",
    "account": "/compte",
    "password": "/compte/mot-de-passe",
    "second factor": "/compte/seconde-preuve",
    "sign in": "/compte/connexion",
    "invitation": "/compte/invitation/{invitation}",
    "dead link": "/compte/invitation/rien",
}
# What somebody sees who is not signed in.
OUTSIDE = frozenset({"sign in", "invitation", "dead link"})
# What has no second factor yet opens the page that sets it up.
WITHOUT_FACTOR = frozenset({"second factor"})
# Forms as they come back: the address, what is sent, the status.
SENT: Mapping[str, tuple[str, Mapping[str, str], int]] = {
    "nothing told of a new case": ("/moderation/dossiers/nouveau", {"faire": "garder"}, 422),
    "a new case looked over": (
        "/moderation/dossiers/nouveau",
        {
            "faire": "relire",
            "sources-0-url": "pas une adresse",
            "date": "32 juin",
            "place-typed": "saint-denis",
            "narrative": "Selon le blog, **rien**.\n\n- un point",
            "proceedings-0-court": "TGI de Paris",
            "request-asked_on": "2019-01-02",
        },
        200,
    ),
    "an edit that comes too late": (
        "/moderation/dossiers/{draft}/modifier",
        {"faire": "garder", "vu": "{older}", "title": "Un autre titre", "reason": "essai"},
        409,
    ),
    "publication refused": (
        "/moderation/dossiers/{bare}/publier",
        {"vu": "{only}", "reason": "essai"},
        422,
    ),
    "withdrawal without a reason": ("/moderation/dossiers/{whole}/retirer", {}, 422),
    "an empty reply": ("/moderation/dossiers/{whole}/reponse", {}, 422),
    "an empty note": ("/moderation/dossiers/{draft}/notes", {"text": " "}, 422),
    "an empty question": ("/moderation/signalements/{report}/question", {"vu": "2"}, 422),
    "a refusal without a reason": ("/moderation/signalements/{report}/ecarter", {"vu": "2"}, 422),
    "a sentence proposed": (
        "/moderation/signalements/{report}/ecarter",
        {"vu": "2", "reason": "doublon", "etape": "proposer"},
        200,
    ),
    "a decided report": ("/moderation/signalements/{declined}/indesirable", {}, 409),
    "nothing ticked": ("/moderation/signalements/tri", {"faire": "ranger"}, 422),
    "invitation without an address": (
        "/moderation/membres/invitations",
        {"role": "moderator"},
        422,
    ),
    "invitation made": (
        "/moderation/membres/invitations",
        {"adresse": "emma@register.test", "role": "moderator"},
        200,
    ),
    "a site page emptied": ("/moderation/pages/suivre", {"vu": "{page}", "title": ""}, 422),
    "a site page looked over": (
        "/moderation/pages/suivre",
        {"faire": "relire", "title": "Suivre", "text": "## Ici {{#ici}}\n\n{{preuves}}"},
        200,
    ),
    "a site page that comes too late": (
        "/moderation/pages/suivre",
        {"vu": "0", "title": "Suivre", "text": "Un autre texte.", "reason": "essai"},
        409,
    ),
    "new codes": ("/compte/codes", {}, 200),
    "empty passwords": ("/compte/mot-de-passe", {}, 422),
}
# A grave act long after the sign-in: who is it? The address and what is sent.
ASKED = ("/moderation/dossiers/{whole}/retirer", {"restriction": "erreur", "reason": "une erreur"})


@dataclass(frozen=True)
class Bureau:
    """The application, and what the addresses of its pages name."""

    app: Flask
    ada: int
    emile: int
    named: Mapping[str, str]
    tongue: Language = "fr"

    def address(self, told: str) -> str:
        """The address of one of :data:`PAGES`, or one that holds ``{…}``."""
        return in_language(PAGES.get(told, told).format(**self.named), self.tongue)

    def member_of(self, page: str) -> int | None:
        """Who opens one of :data:`PAGES`."""
        if page in OUTSIDE:
            return None
        return self.emile if page in WITHOUT_FACTOR else self.ada

    def cookie(self, member: int, *, minutes: int = 0) -> str:
        """The cookie of a session that was opened so many minutes ago."""
        with self.app.app_context(), housekeeping(db.engine) as opened:
            token = sessions.open_session(opened, member, now() - timedelta(minutes=minutes))
        made = self.app.session_interface.get_signing_serializer(self.app)
        assert made
        told: str = made.dumps({TOKEN_FIELD: token, "csrf_token": secrets.token_hex(20)})
        return told

    def signed(self, member: int, *, minutes: int = 0) -> Signed:
        """A member's browser, as tests without a browser hold it."""
        return Signed(self.app, member, now() - timedelta(minutes=minutes))


def bureau(settings: Settings) -> Bureau:
    """Fill a register with members and cases, and make its application."""
    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    configure_engine(engine)
    app = create_app(replace(settings, require_2fa=True))
    with app.app_context():
        ada, bruno, emile, token = _members(engine, request_context.root_key())
    with writing(engine, AT) as pen:
        named = _cases(pen, ada, bruno)
        told = "Un texte de l’association.\n\n{issues}"
        page = editorial.save_page(
            pen, "suivre", "Suivre", told, by=ada, reason="essai", seen_revision=0
        )
        named["page"] = str(page.id)
    with Session(engine) as session:
        store = setup.key_store(settings, session)
    named |= _reports(engine, store, Cast(bruno=bruno, chloe=emile, ada=ada, driss=0))
    store.close()
    engine.dispose()
    return Bureau(app, ada, emile, {**named, "invitation": token})


def _members(engine: Engine, seal_key: bytes) -> tuple[int, int, int, str]:
    """Ada with a second factor, Bruno, Émile without one, Driss who is shut out, Fanny invited."""
    with writing(engine, AT) as pen:
        ada, bruno, emile, driss = (
            accounts.add_member(pen, f"{name}@register.test", role, "une-phrase-de-passe").id
            for name, role in (
                ("ada", Role.ADMINISTRATOR),
                ("bruno", Role.MODERATOR),
                ("emile", Role.MODERATOR),
                ("driss", Role.MODERATOR),
            )
        )
        codes = two_factor.recovery_codes()
        accounts.set_factor(pen, ada, two_factor.new_secret(), seal_key, codes, 0)
        accounts.disable_member(pen, driss, by=ada)
    with writing(engine) as pen:
        token = invitations.invite(pen, "fanny@register.test", Role.MODERATOR, by=ada)
    return ada, bruno, emile, token


def _cases(pen: WriteTransaction, ada: int, bruno: int) -> dict[str, str]:
    """A case in every state; the ids that addresses name."""
    other = _published(pen, _content(title="Un cas voisin"), ada, bruno)
    number = _whole(pen, ada, bruno, other.number or 0)
    whole = pen.session.scalars(select(Incident).where(Incident.number == number)).one()
    reply = acts.receive_reply(
        pen,
        whole.id,
        by=bruno,
        author="Le premier adjoint",
        capacity="l’élu mis en cause",
        text="Je n’ai empêché personne de filmer.",
        received_on=date(2026, 3, 1),
    )
    acts.note(pen, whole.id, "Relire l’arrêt avant de répondre.", by=bruno)
    acts.claim(pen, whole.id, by=bruno)
    draft, older = _draft(pen, ada, bruno)
    states = _gone(pen, ada, bruno, number)
    bare = acts.draft(pen, Content(title="Un titre, et rien d’autre"), by=bruno, reason="à suivre")
    ids = {"whole": whole.id, "reply": reply.id, "draft": draft.id, "bare": bare.id, **states}
    versions = {
        "only": bare.revision_id,
        "older": older,
        "newer": draft.revision_id,
        "number": number,
    }
    return {name: str(told) for name, told in {**ids, **versions}.items()}


def _reports(engine: Engine, store: KeyStore, cast: Cast) -> dict[str, str]:
    """A report with all that one may have, one of each end, and one that is purged."""

    def taken(at: datetime = AT) -> AbstractContextManager[WriteTransaction]:
        return writing(engine, at)

    inbox, today = Inbox(taken, store, cast), now()
    with_all = inbox.waiting(
        AT, contact=CONTACT, suspect=True, links=("https://exemple.test/a", "sans adresse")
    )
    inbox.answered(with_all)
    inbox.received(today - timedelta(days=400), place="au port", place_code="", types=())
    inbox.spam(today)
    return {
        "report": with_all.key,
        "declined": inbox.declined(today).key,
        "purged": inbox.purged(today - timedelta(days=100)).key,
    }


def _draft(pen: WriteTransaction, ada: int, bruno: int) -> tuple[Incident, int]:
    """A draft that was changed once, with words that ask for a reason."""
    told = _content(summary="Selon le blog, l’élu a menacé la blogueuse et sa fille mineure.")
    case = acts.draft(pen, told, by=ada, reason="repéré dans la presse")
    older = case.revision_id
    assert older
    acts.edit(pen, case.id, replace(told, amount="2 000 EUR"), by=bruno, reason="montant relu")
    return case, older


def _gone(pen: WriteTransaction, ada: int, bruno: int, number: int) -> dict[str, int]:
    """A withdrawn case, a merged one, an erased one."""
    withdrawn, merged, erased = (
        _published(pen, _content(title=title), ada, bruno)
        for title in ("Un cas retiré", "Un cas réuni", "Un cas effacé")
    )
    acts.withdraw(pen, withdrawn.id, by=ada, restriction="erreur", reason="erreur de lieu")
    acts.merge(pen, merged.id, into=number, by=ada, reason="deux fois la même affaire")
    acts.approve(pen, erased.id, by=bruno, purpose="erase")
    acts.erase(pen, erased.id, by=ada, restriction="donnee_personnelle")
    return {"withdrawn": withdrawn.id, "merged": merged.id, "erased": erased.id}
