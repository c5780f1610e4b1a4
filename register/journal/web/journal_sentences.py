"""Sentences and labels for the lines of the journal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _

from register.cases.members_journal import MembersJournalLine
from register.cases.vocabulary import Vocabulary
from register.journal import Act, Ledger
from register.pages.web.public_pages import page_path
from register.text.dates import day_words
from register.text.typography import first_upper
from register.web.l10n import number
from register.web.messages.journal import ATTESTED_WORDS, MASK_REASONS, PUBLIC_KINDS, ROLE_WORDS

# Sentences by act, or by "act.variant" where the details of a line distinguish cases of one act.
ACT_SENTENCES: dict[str, Any] = {
    "opened": _("%(who)s a ouvert le registre"),
    "published": _("%(who)s a publié le cas"),
    "followed_up": _("%(who)s a ajouté une suite"),
    "replied": _("%(who)s a publié un droit de réponse"),
    "corrected": _("%(who)s a corrigé le cas"),
    "redacted": _("%(who)s a retiré un passage du cas et de ses versions d’avant"),
    "withdrawn": _("%(who)s a retiré le cas"),
    "restored": _("%(who)s a rétabli le cas"),
    "merged": _("%(who)s a réuni le cas au cas nº %(into)s"),
    "parted": _("%(who)s a séparé le cas de celui auquel il était réuni"),
    "erased": _("%(who)s a effacé le cas"),
    "texts_changed": _("%(who)s a mis à jour les libellés, les noms de lieux ou les pages"),
    "page_changed": _("%(who)s a modifié la page %(page)s"),
    "page_changed.restored": _("%(who)s a rétabli le texte livré de la page %(page)s"),
    "drafted": _("%(who)s a ouvert un brouillon"),
    "edited": _("%(who)s a modifié le dossier"),
    "discarded": _("%(who)s a abandonné un brouillon et détruit ses textes"),
    "draft_merged": _("%(who)s a réuni un brouillon au cas nº %(into)s"),
    "approved": _("%(who)s a approuvé une version, pour la publier"),
    "approved.erase": _("%(who)s a approuvé l’effacement du dossier"),
    "approved.change": _("%(who)s a approuvé un changement du cas, publié aussitôt"),
    "version_refused": _("%(who)s a refusé une version, avec son motif"),
    "change_proposed": _("%(who)s a proposé un changement du cas, à approuver par un autre membre"),
    "change_refused": _("%(who)s a refusé un changement du cas, avec son motif"),
    "change_refused.own": _("%(who)s a repris son changement du cas"),
    "destroyed": _("%(who)s a confirmé la destruction de ce qu’un caviardage avait caché"),
    "destroyed.term": _("%(who)s a détruit ce qu’un caviardage avait caché, le terme étant venu"),
    "destruction_kept": _(
        "%(who)s a annulé la destruction de ce qu’un caviardage avait caché : le public ne le lit "
        "toujours pas"
    ),
    "invited": _("%(who)s a noté l’invitation de l’autorité à répondre"),
    "invited.not": _("%(who)s a noté pourquoi l’autorité n’est pas invitée à répondre"),
    "reply_received": _("%(who)s a enregistré un droit de réponse reçu"),
    "reply_refused": _("%(who)s a refusé un droit de réponse"),
    "claimed": _("%(who)s a pris le dossier en main"),
    "released": _("%(who)s a rendu le dossier"),
    "released.other": _("%(who)s a rendu le dossier que %(holder)s avait en main"),
    "assigned": _("%(who)s a confié le dossier à %(member)s"),
    "assigned.self": _("%(who)s garde le dossier en main, sans terme"),
    "urgency_set": _("%(who)s a ôté du dossier la marque de danger et l’échéance"),
    "urgency_set.danger": _("%(who)s a marqué le dossier d’un danger"),
    "urgency_set.term": _("%(who)s a noté une échéance pour le dossier"),
    "urgency_set.both": _("%(who)s a marqué le dossier d’un danger et noté une échéance"),
    "noted": _("%(who)s a écrit une note interne"),
    "report_received": _("Un signalement est arrivé"),
    "report_added": _("L’auteur d’un signalement a écrit, ou changé son contact"),
    "report_withdrawn": _("L’auteur d’un signalement l’a retiré"),
    "report_destroyed": _("L’auteur d’un signalement en a fait détruire les textes"),
    "report_claimed": _("%(who)s a pris un signalement en main"),
    "report_released": _("%(who)s a rendu un signalement"),
    "report_released.other": _("%(who)s a rendu un signalement que %(holder)s avait en main"),
    "report_assigned": _("%(who)s a confié un signalement à %(member)s"),
    "report_assigned.self": _("%(who)s garde un signalement en main, sans terme"),
    "report_urgency": _("%(who)s a ôté d’un signalement la marque de danger et l’échéance"),
    "report_urgency.danger": _("%(who)s a marqué un signalement d’un danger"),
    "report_urgency.term": _("%(who)s a noté une échéance pour un signalement"),
    "report_urgency.both": _("%(who)s a marqué un signalement d’un danger et noté une échéance"),
    "report_asked": _("%(who)s a posé une question à l’auteur d’un signalement"),
    "report_noted": _("%(who)s a écrit une note sur un signalement"),
    "report_masked": _("%(who)s a masqué pour toujours un passage d’un signalement"),
    "report_read": _("%(who)s a lu ce que l’auteur d’un signalement a envoyé depuis"),
    "report_accepted": _("%(who)s a rattaché un signalement à un dossier"),
    "report_accepted.new": _("%(who)s a retenu un signalement et ouvert un brouillon"),
    "report_declined": _("%(who)s a écarté un signalement"),
    "report_spam": _("%(who)s a mis un signalement parmi les indésirables"),
    "report_spam_agreed": _(
        "%(who)s a confirmé un signalement parmi les indésirables, rangé avec d’autres"
    ),
    "report_reopened": _("%(who)s a repris l’examen d’un signalement"),
    "report_viewed": _("%(who)s a ouvert un signalement"),
    "copy_viewed": _("%(who)s a ouvert ce qu’un dossier garde d’un signalement"),
    "report_contact": _("%(who)s a ouvert le contact laissé avec un signalement"),
    "source_withdrawn": _(
        "L’auteur d’un signalement l’a retiré : les approbations du brouillon sont tombées"
    ),
    "source_withdrawn.public": _(
        "L’auteur d’un signalement demande à le reprendre : les changements du cas qui attendaient "
        "et répétaient ses mots sont détruits"
    ),
    "report_returned": _(
        "%(who)s a remis dans la file un signalement dont la question est restée sans réponse"
    ),
    "report_concluded": _(
        "Le travail sur un signalement retenu est terminé : ses textes ont un jour de destruction"
    ),
    "report_purged": _("%(who)s a détruit les textes d’un signalement"),
    "report_purged.kept": _("%(who)s a détruit ce qu’un cas effacé gardait d’un signalement"),
    "report_purged.counted": _("%(who)s a oublié un signalement et n’en garde que le décompte"),
    "member_invited": _("%(who)s a préparé une invitation à rejoindre le bureau"),
    "member_uninvited": _("%(who)s a repris une invitation à rejoindre le bureau"),
    "member_added": _("%(who)s a ouvert un compte : %(member)s"),
    "member_added.self": _("%(who)s a ouvert son compte, par invitation"),
    "member_confirmed": _("%(who)s a confirmé un compte : %(member)s"),
    "member_disabled": _("%(who)s a désactivé un compte : %(member)s"),
    "member_enabled": _("%(who)s a rouvert un compte : %(member)s"),
    "member_role": _("%(who)s a changé un rôle : %(member)s"),
    "member_reset": _("%(who)s a remis à zéro un mot de passe : %(member)s"),
    "member_password": _("%(who)s a changé son mot de passe"),
    "member_password.link": _("%(who)s a choisi un nouveau mot de passe, par un lien"),
    "member_password_link": _("%(who)s a préparé un lien de mot de passe : %(member)s"),
    "member_link_revoked": _("%(who)s a repris un lien de mot de passe : %(member)s"),
    "member_factor": _("%(who)s a mis en place sa seconde preuve"),
    "member_factor.codes": _("%(who)s a renouvelé ses codes de secours"),
    "member_factor_reset": _("%(who)s a retiré une seconde preuve : %(member)s"),
    "signed_in": _("%(who)s a ouvert une séance"),
    "sessions_ended": _("%(who)s a fermé une de ses séances"),
    "sessions_ended.several": _("%(who)s a fermé plusieurs de ses séances : %(count)s"),
    "sessions_ended.other": _("%(who)s a fermé les séances de %(member)s"),
    "browsers_forgotten": _("%(who)s a fait oublier ses navigateurs"),
    "sign_ins_failed": _("Connexions manquées au compte de %(member)s le %(day)s : %(count)s"),
    "page_edited": _("%(who)s a modifié la page %(page)s"),
    "page_restored": _("%(who)s a rétabli le texte livré de la page %(page)s"),
}

# Name in URLs of each act, with its label, by group; the name of a group stands for all its acts.
ACT_GROUPS: Mapping[str, Mapping[str, tuple[Act, Any]]] = {
    "brouillons": {
        "brouillon": (Act.DRAFTED, _("Brouillon ouvert")),
        "modification": (Act.EDITED, _("Modification")),
        "abandon": (Act.DISCARDED, _("Abandon d’un brouillon")),
        "brouillon-reuni": (Act.DRAFT_MERGED, _("Brouillon réuni à un cas")),
    },
    "relecture": {
        "accord": (Act.APPROVED, _("Accord d’un second membre")),
        "version-refusee": (Act.VERSION_REFUSED, _("Version refusée")),
        "changement-propose": (Act.CHANGE_PROPOSED, _("Changement proposé")),
        "changement-refuse": (Act.CHANGE_REFUSED, _("Changement refusé ou repris")),
        "destruction": (Act.DESTROYED, _("Destruction après un caviardage")),
        "destruction-annulee": (Act.DESTRUCTION_KEPT, _("Destruction annulée")),
        "invitation": (Act.INVITED, _("Invitation à répondre")),
    },
    "actes-publics": {
        **{kind: act for kind, act in PUBLIC_KINDS.items() if kind != "page"},
        # As opposed to replies that were only received, or refused.
        "reponse": (Act.REPLIED, _("Droit de réponse publié")),
    },
    "droit-de-reponse": {
        "reponse-recue": (Act.REPLY_RECEIVED, _("Droit de réponse reçu")),
        "reponse-refusee": (Act.REPLY_REFUSED, _("Droit de réponse refusé")),
    },
    "en-main": {
        "prise": (Act.CLAIMED, _("Dossier pris en main")),
        "rendu": (Act.RELEASED, _("Dossier rendu")),
        "confie": (Act.ASSIGNED, _("Dossier confié à un membre")),
        "urgence": (Act.URGENCY_SET, _("Danger ou échéance d’un dossier")),
        "note": (Act.NOTED, _("Note interne")),
    },
    "signalements": {
        "signalement-recu": (Act.REPORT_RECEIVED, _("Signalement arrivé")),
        "signalement-complete": (Act.REPORT_ADDED, _("Signalement complété par son auteur")),
        "signalement-retire": (Act.REPORT_WITHDRAWN, _("Signalement retiré par son auteur")),
        "signalement-efface": (Act.REPORT_DESTROYED, _("Signalement détruit par son auteur")),
        "signalement-ouvert": (Act.REPORT_VIEWED, _("Signalement ouvert")),
        "contact-ouvert": (Act.REPORT_CONTACT_VIEWED, _("Contact ouvert")),
        "copie-ouverte": (Act.COPY_VIEWED, _("Copie d’un signalement ouverte")),
        "brouillon-sans-signalement": (
            Act.SOURCE_WITHDRAWN,
            _("Brouillon privé de son signalement"),
        ),
        "signalement-pris": (Act.REPORT_CLAIMED, _("Signalement pris en main")),
        "signalement-rendu": (Act.REPORT_RELEASED, _("Signalement rendu")),
        "signalement-confie": (Act.REPORT_ASSIGNED, _("Signalement confié à un membre")),
        "signalement-urgence": (Act.REPORT_URGENCY, _("Danger ou échéance d’un signalement")),
        "question": (Act.REPORT_ASKED, _("Question posée")),
        "signalement-note": (Act.REPORT_NOTED, _("Note sur un signalement")),
        "passage-masque": (Act.REPORT_MASKED, _("Passage d’un signalement masqué")),
        "signalement-lu": (Act.REPORT_READ, _("Réponse lue")),
        "signalement-retenu": (Act.REPORT_ACCEPTED, _("Signalement retenu")),
        "signalement-ecarte": (Act.REPORT_DECLINED, _("Signalement écarté")),
        "indesirable": (Act.REPORT_SPAM, _("Signalement indésirable")),
        "indesirables-confirmes": (Act.REPORT_SPAM_AGREED, _("Signalement confirmé indésirable")),
        "signalement-repris": (Act.REPORT_REOPENED, _("Signalement repris")),
        "signalement-revenu": (Act.REPORT_RETURNED, _("Signalement revenu dans la file")),
        "signalement-termine": (Act.REPORT_CONCLUDED, _("Travail terminé sur un signalement")),
        "signalement-detruit": (Act.REPORT_PURGED, _("Signalement détruit à sa date")),
    },
    "comptes": {
        "membre-invite": (Act.MEMBER_INVITED, _("Invitation d’un membre")),
        "invitation-reprise": (Act.MEMBER_UNINVITED, _("Invitation reprise")),
        "membre-ajoute": (Act.MEMBER_ADDED, _("Compte ouvert")),
        "membre-confirme": (Act.MEMBER_CONFIRMED, _("Compte confirmé")),
        "membre-desactive": (Act.MEMBER_DISABLED, _("Compte désactivé")),
        "membre-reactive": (Act.MEMBER_ENABLED, _("Compte rouvert")),
        "membre-role": (Act.MEMBER_ROLE, _("Changement de rôle")),
        "membre-remis": (Act.MEMBER_RESET, _("Compte remis à zéro")),
        "mot-de-passe": (Act.MEMBER_PASSWORD, _("Mot de passe changé")),
        "lien-mot-de-passe": (Act.MEMBER_PASSWORD_LINK, _("Lien de mot de passe préparé")),
        "lien-repris": (Act.MEMBER_LINK_REVOKED, _("Lien de mot de passe repris")),
        "seconde-preuve": (Act.MEMBER_FACTOR, _("Seconde preuve mise en place")),
        "seconde-preuve-retiree": (Act.MEMBER_FACTOR_RESET, _("Seconde preuve retirée")),
    },
    "connexions": {
        "connexion": (Act.SIGNED_IN, _("Connexion")),
        "seances-fermees": (Act.SESSIONS_ENDED, _("Séances fermées")),
        "navigateurs-oublies": (Act.BROWSERS_FORGOTTEN, _("Navigateurs oubliés")),
        "connexions-manquees": (Act.SIGN_INS_FAILED, _("Connexions manquées")),
    },
    "pages": {
        "page": PUBLIC_KINDS["page"],
        "page-modifiee": (Act.PAGE_EDITED, _("Page du site modifiée")),
        "page-retablie": (Act.PAGE_RESTORED, _("Page du site rétablie")),
    },
}
ACTS_BY_NAME: Mapping[str, tuple[Act, ...]] = {
    **{kind: (act,) for kinds in ACT_GROUPS.values() for kind, (act, _label) in kinds.items()},
    **{group: tuple(act for act, _label in kinds.values()) for group, kinds in ACT_GROUPS.items()},
}

# Gives the name of a member by id; None stands for the console.
MemberNames = Callable[[int | None], str]

# Acts that the register does by itself on a due day.
_AUTOMATIC_ACTS = (
    Act.REPORT_DECLINED,
    Act.REPORT_RETURNED,
    Act.REPORT_CONCLUDED,
    Act.REPORT_PURGED,
    Act.DESTROYED,
    Act.SIGN_INS_FAILED,
)


def actor(line: MembersJournalLine, member_name: MemberNames) -> str:
    """The name of the actor: a member, the console, a reporter, or the register itself."""
    if line.by is None and line.act in _AUTOMATIC_ACTS:
        return str(_("le registre"))
    if line.by is None and line.ledger == Ledger.REPORTS.value:
        return str(_("l’auteur du signalement"))
    return member_name(line.by)


def sentence(line: MembersJournalLine, member_name: MemberNames) -> str:
    """A line as a sentence without full stop."""
    private = line.private
    count, day = private.get("count"), "…"
    with suppress(ValueError):
        day = day_words(date.fromisoformat(str(private.get("day"))))
    fields = {
        "who": first_upper(actor(line, member_name)),
        "into": private.get("into", "…"),
        "holder": _member_name(private.get("holder"), member_name),
        "member": _member_name(private.get("member"), member_name),
        "page": page_path(private["page"]) if "page" in private else "/…",
        "count": number(count) if isinstance(count, int) else "…",
        "day": day,
    }
    return str(ACT_SENTENCES.get(_sentence_key(line), line.act)) % fields


def _sentence_key(line: MembersJournalLine) -> str:
    """The key of a line in :data:`ACT_SENTENCES`."""
    private = line.private
    purpose, count = str(private.get("purpose")), private.get("count")
    sessions = "several" if isinstance(count, int) and count > 1 else ""
    is_own = line.by is not None and private.get("member") == line.by
    released = "other" if private.get("holder", line.by) != line.by else ""
    assigned = "self" if is_own else ""
    marks = [mark for mark in ("danger", "term") if private.get(mark)]
    urgency = "both" if len(marks) == 2 else "".join(marks)
    variants: dict[str, str] = {
        Act.APPROVED: purpose if purpose in ("erase", "change") else "",
        Act.CHANGE_REFUSED: "own" if private.get("taken_back") is True else "",
        Act.PAGE_CHANGED: "restored" if private.get("restored") is True else "",
        Act.DESTROYED: "term" if line.by is None else "",
        Act.INVITED: "not" if private.get("invited") is False else "",
        Act.RELEASED: released,
        Act.REPORT_RELEASED: released,
        Act.ASSIGNED: assigned,
        Act.REPORT_ASSIGNED: assigned,
        Act.URGENCY_SET: urgency,
        Act.REPORT_URGENCY: urgency,
        Act.MEMBER_PASSWORD: "link" if "link" in private else "",
        Act.MEMBER_FACTOR: "codes" if private.get("what") == "codes" else "",
        Act.MEMBER_ADDED: "self" if is_own else "",
        Act.SESSIONS_ENDED: sessions if private.get("member") == line.by else "other",
        Act.SOURCE_WITHDRAWN: "public" if private.get("still_public") is True else "",
        Act.REPORT_ACCEPTED: "new" if private.get("new") is True else "",
        # Purges of what remains of a report after its texts.
        Act.REPORT_PURGED: next((name for name in ("kept", "counted") if name in private), ""),
    }
    variant = variants.get(line.act)
    return f"{line.act}.{variant}" if variant else line.act


def _member_name(member_id: object, member_name: MemberNames) -> str:
    return member_name(member_id) if isinstance(member_id, int) else "…"


def details(
    line: MembersJournalLine, member_name: MemberNames, vocabulary: Vocabulary
) -> Sequence[tuple[str, str]]:
    """The private details of a line, as (label, words)."""
    private = line.private
    restriction = str(private.get("restriction") or "")
    members_reason = restriction if restriction != line.reason else ""
    code = str(private.get("reason") or "") if line.report else ""
    role = str(private.get("role") or "")
    approved_by, attested, destroyed = (
        private[name] if isinstance(private.get(name), list) else []
        for name in ("approved_by", "attested", "destroyed")
    )
    fields = (
        (_("Version"), str(private.get("revision") or private.get("version") or "")),
        (_("Motif public"), vocabulary.label("restriction", line.reason)),
        (_("Motif pour les membres"), vocabulary.label("restriction", members_reason)),
        (_("Motif"), str(MASK_REASONS.get(code) or vocabulary.label("refus", code))),
        (_("Approuvé par"), ", ".join(_member_name(by, member_name) for by in approved_by)),
        (_("Attesté"), ", ".join(str(ATTESTED_WORDS.get(str(name), name)) for name in attested)),
        (_("Rôle"), str(ROLE_WORDS.get(role, role))),
        (_("Versions détruites"), ", ".join(map(str, destroyed))),
        (_("Versions privées d’un passage"), ", ".join(private.get("redacted", ()))),
    )
    return [(str(label), words) for label, words in fields if words]
