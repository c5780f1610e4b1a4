"""A register with every page of the desk and of accounts, and cases in every state."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime, timedelta

import attested_acts as acts
from case_contents import rich_case
from case_files import CaseFiles
from cast import AT, PASSWORD, Cast, publish_case, publish_full_case
from databases import open_engine
from page_sites import PageSite, SitePage
from report_factory import CONTACT, Inbox
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from register import create_app
from register.accounts import acts as accounts
from register.accounts import one_use_links, passkeys, two_factor
from register.accounts.models import Role
from register.accounts.passkeys import Credential
from register.cases.case_content import Content
from register.cases.models import Incident
from register.config import Settings
from register.db import now
from register.journal import WriteTransaction, writing
from register.key_store import KeyStore
from register.operations import setup
from register.pages import acts as editorial
from register.web import request_context

# By description; ``{…}`` is the id of a case, reply or version, or a token of an invitation.
_PATHS: Mapping[str, str] = {
    "home": "/moderation",
    "cases": "/moderation/dossiers",
    "cases found": "/moderation/dossiers?etat=brouillon&q=conseil",
    "no case found": "/moderation/dossiers?q=introuvable",
    "place to choose": "/moderation/dossiers?lieu=saint-denis",
    "new case": "/moderation/dossiers/nouveau",
    "file import": "/moderation/importer",
    "bare draft": "/moderation/dossiers/{bare}",
    "draft": "/moderation/dossiers/{draft}",
    "whole case": "/moderation/dossiers/{whole}",
    "withdrawn case": "/moderation/dossiers/{withdrawn}",
    "files": "/moderation/dossiers/{draft}/pieces",
    "copy": "/moderation/dossiers/{draft}/pieces/{file}/copie",
    "merged case": "/moderation/dossiers/{merged}",
    "erased case": "/moderation/dossiers/{erased}",
    "edit": "/moderation/dossiers/{draft}/modifier",
    "correct": "/moderation/dossiers/{whole}/corriger",
    "redact": "/moderation/dossiers/{whole}/caviarder",
    "follow-up": "/moderation/dossiers/{whole}/suite",
    "approve": "/moderation/dossiers/{draft}/approuver",
    "approve erasure": "/moderation/dossiers/{whole}/approuver?pour=effacement",
    "invite to reply": "/moderation/dossiers/{draft}/inviter",
    "invite by mail": "/moderation/dossiers/{whole}/inviter/courriel",
    "authority's address": "/moderation/dossiers/{whole}/contact",
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
    "a day to come": "/moderation/dossiers/{draft}/au/2999-03-02",
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
    "state of the service": "/moderation/etat",
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
    "password link": "/compte/nouveau-mot-de-passe/{link}",
}
# Pages without sign-in.
OUTSIDE = ("sign in", "invitation", "dead link", "password link")
# Pages of what is not there.
ABSENT = ("dead link", "a day to come")
# Pages of Émile, who has no second factor yet.
WITHOUT_FACTOR = ("second factor",)


def _page(name: str, path: str) -> SitePage:
    member = "emile" if name in WITHOUT_FACTOR else "" if name in OUTSIDE else "ada"
    return SitePage(path, status=404 if name in ABSENT else 200, member=member)


def _form(path: str, status: int, fields: Mapping[str, str], minutes: int = 0) -> SitePage:
    return SitePage(path, fields, status, "ada", minutes)


PAGES: Mapping[str, SitePage] = {
    **{name: _page(name, path) for name, path in _PATHS.items()},
    # Returned forms.
    "new case left empty": _form("/moderation/dossiers/nouveau", 422, {"faire": "garder"}),
    "new case previewed": _form(
        "/moderation/dossiers/nouveau",
        200,
        {
            "faire": "relire",
            "sources-0-url": "pas une adresse",
            "date": "32 juin",
            "place-typed": "saint-denis",
            "narrative": "Selon le blog, **rien**.\n\n- un point",
            "proceedings-0-docket": "RG 12",
            "request-asked_on": "2019-01-02",
        },
    ),
    "an edit that comes too late": _form(
        "/moderation/dossiers/{draft}/modifier",
        409,
        {"faire": "garder", "vu": "{older}", "title": "Un autre titre", "reason": "essai"},
    ),
    "publication refused": _form(
        "/moderation/dossiers/{bare}/publier", 422, {"vu": "{only}", "reason": "essai"}
    ),
    "withdrawal without a reason": _form("/moderation/dossiers/{whole}/retirer", 422, {}),
    "an empty reply": _form("/moderation/dossiers/{whole}/reponse", 422, {}),
    "an empty note": _form("/moderation/dossiers/{draft}/notes", 422, {"text": " "}),
    "an empty question": _form("/moderation/signalements/{report}/question", 422, {"vu": "2"}),
    "a refusal without a reason": _form(
        "/moderation/signalements/{report}/ecarter", 422, {"vu": "2"}
    ),
    "a sentence proposed": _form(
        "/moderation/signalements/{report}/ecarter",
        200,
        {"vu": "2", "reason": "doublon", "etape": "proposer"},
    ),
    "a decided report": _form("/moderation/signalements/{declined}/indesirable", 409, {}),
    "nothing ticked": _form("/moderation/signalements/tri", 422, {"faire": "ranger"}),
    "invitation without an address": _form(
        "/moderation/membres/invitations", 422, {"role": "moderator"}
    ),
    "invitation made": _form(
        "/moderation/membres/invitations",
        200,
        {"adresse": "emma@register.test", "role": "moderator"},
    ),
    "password link made": _form("/moderation/membres/{emile}/mot-de-passe", 200, {}),
    "a site page emptied": _form("/moderation/pages/suivre", 422, {"vu": "{page}", "title": ""}),
    "site page previewed": _form(
        "/moderation/pages/suivre",
        200,
        {"faire": "relire", "title": "Suivre", "text": "## Ici {{#ici}}\n\n{{preuves}}"},
    ),
    "a site page that comes too late": _form(
        "/moderation/pages/suivre",
        409,
        {"vu": "0", "title": "Suivre", "text": "Un autre texte.", "reason": "essai"},
    ),
    "new codes": _form("/compte/codes", 200, {}),
    "new passkey": _form("/compte/cles/nouvelle", 200, {}),
    "a passkey without an answer": _form("/compte/cles", 409, {"nom": "clé bleue"}),
    "an address that nobody checked": _form("/moderation/dossiers/{whole}/contact", 422, {}),
    "empty passwords": _form("/compte/mot-de-passe", 422, {}),
    # A grave act asks for the password again.
    "password needed again": _form(
        "/moderation/dossiers/{whole}/retirer",
        403,
        {"restriction": "erreur", "reason": "une erreur"},
        minutes=20,
    ),
}


def desk_site(settings: Settings) -> PageSite:
    """Fill a register with members and cases, and make its application."""
    # An address with a name, to which passkeys are bound, and mail that no worker sends.
    mail = {"mail_url": "smtp://127.0.0.1", "mail_from": "registre@register.test"}
    app = create_app(replace(settings, require_2fa=True, base_url="http://localhost", **mail))
    with open_engine(settings.database_url) as engine:
        with app.app_context():
            ada, bruno, emile, tokens = _members(engine, request_context.root_key())
        with writing(engine, AT) as pen:
            names = _cases(pen, ada, bruno)
            text = "Un texte de l’association.\n\n{issues}"
            page = editorial.save_page(
                pen, "suivre", "Suivre", text, by=ada, reason="essai", seen_revision=0
            )
            names["page"] = str(page.id)
        with Session(engine) as session:
            store = setup.key_store(settings, session)
        names |= _reports(engine, store, Cast(bruno=bruno, chloe=emile, ada=ada, driss=0))
        files = setup.sealed_files(settings, store)
        case_files = CaseFiles(engine, lambda: writing(engine), store, files, bruno)
        names["file"] = case_files.added(int(names["draft"]))
        case_files.copied(int(names["draft"]), names["file"])
        store.close()
    members = {"ada": ada, "emile": emile}
    return PageSite(app, PAGES, members, {**names, **tokens, "emile": str(emile)})


def _members(engine: Engine, seal_key: bytes) -> tuple[int, int, int, dict[str, str]]:
    """Ada with a second factor and a passkey, Bruno, Émile without, Driss disabled, Fanny invited.

    Bruno has a link to choose a new password.
    """
    with writing(engine, AT) as pen:
        ada, bruno, emile, driss = (
            accounts.add_member(pen, f"{name}@register.test", role, PASSWORD).id
            for name, role in (
                ("ada", Role.ADMINISTRATOR),
                ("bruno", Role.MODERATOR),
                ("emile", Role.MODERATOR),
                ("driss", Role.MODERATOR),
            )
        )
        codes = two_factor.recovery_codes()
        accounts.set_factor(pen, ada, two_factor.new_secret(), seal_key, codes, 0)
        credential = Credential(b"id", b"public key", 0, ())
        passkeys.add_passkey(pen, ada, seal_key, "téléphone", credential)
        accounts.disable_member(pen, driss, by=ada)
    with writing(engine) as pen:
        tokens = {
            "invitation": one_use_links.invite(pen, "fanny@register.test", Role.MODERATOR, by=ada),
            "link": one_use_links.make_link(pen, bruno, by=ada),
        }
    return ada, bruno, emile, tokens


def _cases(pen: WriteTransaction, ada: int, bruno: int) -> dict[str, str]:
    """Cases in every state; the ids in addresses."""
    other = publish_case(pen, rich_case(title="Un cas voisin"), by=ada, second=bruno)
    number = publish_full_case(pen, other.number or 0, by=ada, second=bruno)
    full = pen.session.scalars(select(Incident).where(Incident.number == number)).one()
    reply = acts.receive_reply(
        pen,
        full.id,
        by=bruno,
        author="Le premier adjoint",
        capacity="l’élu mis en cause",
        text="Je n’ai empêché personne de filmer.",
        received_on=date(2026, 3, 1),
    )
    acts.note_contact(
        pen,
        full.id,
        by=bruno,
        address="mairie@gagny.example",
        source="https://gagny.example/contact",
        checked_on=date(2026, 3, 1),
        is_public_office=True,
    )
    acts.note(pen, full.id, "Relire l’arrêt avant de répondre.", by=bruno)
    acts.claim(pen, full.id, by=bruno)
    draft, older = _draft(pen, ada, bruno)
    hidden = _hidden_cases(pen, ada, bruno, number)
    bare = acts.draft(pen, Content(title="Un titre, et rien d’autre"), by=bruno, reason="à suivre")
    ids = {"whole": full.id, "reply": reply.id, "draft": draft.id, "bare": bare.id, **hidden}
    versions = {
        "only": bare.revision_id,
        "older": older,
        "newer": draft.revision_id,
        "number": number,
    }
    return {name: str(number) for name, number in {**ids, **versions}.items()}


def _reports(engine: Engine, store: KeyStore, cast: Cast) -> dict[str, str]:
    """A report with every kind of content, a declined one and a purged one; their keys."""

    def begin(at: datetime = AT) -> AbstractContextManager[WriteTransaction]:
        return writing(engine, at)

    inbox, today = Inbox(begin, store, cast), now()
    full = inbox.waiting(
        AT, contact=CONTACT, suspect=True, links=("https://exemple.test/a", "sans adresse")
    )
    inbox.answered(full)
    inbox.received(today - timedelta(days=400), place="au port", place_code="", types=())
    inbox.spam(today)
    return {
        "report": full.key,
        "declined": inbox.declined(today).key,
        "purged": inbox.purged(today - timedelta(days=100)).key,
    }


def _draft(pen: WriteTransaction, ada: int, bruno: int) -> tuple[Incident, int]:
    """A draft with two revisions and risky words."""
    content = rich_case(summary="Selon le blog, l’élu a menacé la blogueuse et sa fille mineure.")
    case = acts.draft(pen, content, by=ada, reason="repéré dans la presse")
    older = case.revision_id
    assert older
    acts.edit(pen, case.id, replace(content, amount="2 000 EUR"), by=bruno, reason="montant relu")
    return case, older


def _hidden_cases(pen: WriteTransaction, ada: int, bruno: int, number: int) -> dict[str, int]:
    """A withdrawn case, a merged one, an erased one."""
    withdrawn, merged, erased = (
        publish_case(pen, rich_case(title=title), by=ada, second=bruno)
        for title in ("Un cas retiré", "Un cas réuni", "Un cas effacé")
    )
    acts.withdraw(pen, withdrawn.id, by=ada, restriction="erreur", reason="erreur de lieu")
    acts.merge(pen, merged.id, into=number, by=ada, reason="deux fois la même affaire")
    acts.approve(pen, erased.id, by=bruno, purpose="erase")
    acts.erase(pen, erased.id, by=ada, restriction="donnee_personnelle")
    return {"withdrawn": withdrawn.id, "merged": merged.id, "erased": erased.id}
