"""Sentences and labels for the lines of the journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from register.cases.members_journal import MembersJournalLine
from register.cases.vocabulary import Vocabulary
from register.journal import Act, Ledger
from register.pages.web.public_pages import page_path
from register.text.dates import day_words
from register.web.l10n import number
from register.web.template_env import first_upper

# Sentences by act, or by "act.variant" where the details of a line distinguish cases of one act.
ACT_SENTENCES: dict[str, Any] = {
    "opened": lazy_gettext("%(who)s a ouvert le registre"),
    "published": lazy_gettext("%(who)s a publié le cas"),
    "followed_up": lazy_gettext("%(who)s a ajouté une suite"),
    "replied": lazy_gettext("%(who)s a publié un droit de réponse"),
    "corrected": lazy_gettext("%(who)s a corrigé le cas"),
    "redacted": lazy_gettext("%(who)s a retiré un passage et détruit les textes antérieurs"),
    "withdrawn": lazy_gettext("%(who)s a retiré le cas"),
    "restored": lazy_gettext("%(who)s a rétabli le cas"),
    "merged": lazy_gettext("%(who)s a réuni le cas au cas nº %(into)s"),
    "erased": lazy_gettext("%(who)s a effacé le cas"),
    "drafted": lazy_gettext("%(who)s a ouvert un brouillon"),
    "edited": lazy_gettext("%(who)s a modifié le dossier"),
    "discarded": lazy_gettext("%(who)s a abandonné un brouillon et détruit ses textes"),
    "draft_merged": lazy_gettext("%(who)s a réuni un brouillon au cas nº %(into)s"),
    "approved": lazy_gettext("%(who)s a approuvé une version, pour la publier"),
    "approved.erase": lazy_gettext("%(who)s a approuvé l’effacement du dossier"),
    "approved.change": lazy_gettext("%(who)s a approuvé un changement du cas, publié aussitôt"),
    "change_proposed": lazy_gettext(
        "%(who)s a proposé un changement du cas, à approuver par un autre membre"
    ),
    "change_refused": lazy_gettext("%(who)s a refusé un changement du cas, avec son motif"),
    "change_refused.own": lazy_gettext("%(who)s a repris son changement du cas"),
    "destroyed": lazy_gettext(
        "%(who)s a confirmé la destruction des versions qu’un caviardage avait cachées"
    ),
    "destroyed.term": lazy_gettext(
        "%(who)s a détruit les versions qu’un caviardage avait cachées, leur terme étant venu"
    ),
    "destruction_kept": lazy_gettext(
        "%(who)s a annulé la destruction de versions qu’un caviardage avait cachées : elles "
        "restent cachées au public"
    ),
    "invited": lazy_gettext("%(who)s a noté l’invitation de l’autorité à répondre"),
    "invited.not": lazy_gettext("%(who)s a noté pourquoi l’autorité n’est pas invitée à répondre"),
    "reply_received": lazy_gettext("%(who)s a enregistré un droit de réponse reçu"),
    "reply_refused": lazy_gettext("%(who)s a refusé un droit de réponse"),
    "claimed": lazy_gettext("%(who)s a pris le dossier en main"),
    "released": lazy_gettext("%(who)s a rendu le dossier"),
    "released.other": lazy_gettext("%(who)s a rendu le dossier que %(holder)s avait en main"),
    "noted": lazy_gettext("%(who)s a écrit une note interne"),
    "report_received": lazy_gettext("Un signalement est arrivé"),
    "report_added": lazy_gettext("L’auteur d’un signalement a écrit, ou changé son contact"),
    "report_withdrawn": lazy_gettext("L’auteur d’un signalement l’a retiré"),
    "report_claimed": lazy_gettext("%(who)s a pris un signalement en main"),
    "report_released": lazy_gettext("%(who)s a rendu un signalement"),
    "report_asked": lazy_gettext("%(who)s a posé une question à l’auteur d’un signalement"),
    "report_read": lazy_gettext("%(who)s a lu ce que l’auteur d’un signalement a envoyé depuis"),
    "report_accepted": lazy_gettext("%(who)s a rattaché un signalement à un dossier"),
    "report_accepted.new": lazy_gettext("%(who)s a retenu un signalement et ouvert un brouillon"),
    "report_declined": lazy_gettext("%(who)s a écarté un signalement"),
    "report_spam": lazy_gettext("%(who)s a mis un signalement parmi les indésirables"),
    "report_spam_agreed": lazy_gettext(
        "%(who)s a confirmé un signalement parmi les indésirables, rangé avec d’autres"
    ),
    "report_reopened": lazy_gettext("%(who)s a repris l’examen d’un signalement"),
    "report_viewed": lazy_gettext("%(who)s a ouvert un signalement"),
    "copy_viewed": lazy_gettext("%(who)s a ouvert ce qu’un dossier garde d’un signalement"),
    "report_contact": lazy_gettext("%(who)s a ouvert le contact laissé avec un signalement"),
    "source_withdrawn": lazy_gettext(
        "L’auteur d’un signalement l’a retiré : les approbations du brouillon sont tombées"
    ),
    "source_withdrawn.public": lazy_gettext(
        "L’auteur d’un signalement demande à le reprendre : les changements du cas qui attendaient "
        "et répétaient ses mots sont détruits"
    ),
    "report_returned": lazy_gettext(
        "%(who)s a remis dans la file un signalement dont la question est restée sans réponse"
    ),
    "report_purged": lazy_gettext("%(who)s a détruit les textes d’un signalement"),
    "report_purged.kept": lazy_gettext(
        "%(who)s a détruit ce qu’un cas effacé gardait d’un signalement"
    ),
    "report_purged.counted": lazy_gettext(
        "%(who)s a oublié un signalement et n’en garde que le décompte"
    ),
    "member_invited": lazy_gettext("%(who)s a préparé une invitation à rejoindre le bureau"),
    "member_uninvited": lazy_gettext("%(who)s a repris une invitation à rejoindre le bureau"),
    "member_added": lazy_gettext("%(who)s a ouvert un compte : %(member)s"),
    "member_added.self": lazy_gettext("%(who)s a ouvert son compte, par invitation"),
    "member_confirmed": lazy_gettext("%(who)s a confirmé un compte : %(member)s"),
    "member_disabled": lazy_gettext("%(who)s a désactivé un compte : %(member)s"),
    "member_enabled": lazy_gettext("%(who)s a rouvert un compte : %(member)s"),
    "member_role": lazy_gettext("%(who)s a changé un rôle : %(member)s"),
    "member_reset": lazy_gettext("%(who)s a remis à zéro un mot de passe : %(member)s"),
    "member_password": lazy_gettext("%(who)s a changé son mot de passe"),
    "member_factor": lazy_gettext("%(who)s a mis en place sa seconde preuve"),
    "member_factor.codes": lazy_gettext("%(who)s a renouvelé ses codes de secours"),
    "member_factor_reset": lazy_gettext("%(who)s a retiré une seconde preuve : %(member)s"),
    "signed_in": lazy_gettext("%(who)s a ouvert une séance"),
    "sessions_ended": lazy_gettext("%(who)s a fermé une de ses séances"),
    "sessions_ended.several": lazy_gettext("%(who)s a fermé plusieurs de ses séances : %(count)s"),
    "sessions_ended.other": lazy_gettext("%(who)s a fermé les séances de %(member)s"),
    "browsers_forgotten": lazy_gettext("%(who)s a fait oublier ses navigateurs"),
    "sign_ins_failed": lazy_gettext(
        "Connexions manquées au compte de %(member)s le %(day)s : %(count)s"
    ),
    "page_edited": lazy_gettext("%(who)s a modifié la page %(page)s"),
    "page_restored": lazy_gettext("%(who)s a rétabli le texte livré de la page %(page)s"),
}

GROUP_NAMES: dict[str, Any] = {
    "brouillons": lazy_gettext("Brouillons"),
    "relecture": lazy_gettext("Relecture"),
    "actes-publics": lazy_gettext("Actes publics"),
    "droit-de-reponse": lazy_gettext("Droit de réponse"),
    "en-main": lazy_gettext("Dossiers en main, notes"),
    "signalements": lazy_gettext("Signalements"),
    "comptes": lazy_gettext("Comptes"),
    "connexions": lazy_gettext("Connexions"),
    "pages": lazy_gettext("Pages du site"),
}

# Names of the kinds of public lines, for the public page and the desk.
PUBLIC_KIND_NAMES: dict[str, Any] = {
    "publication": lazy_gettext("Publication"),
    "suite": lazy_gettext("Suite"),
    "reponse": lazy_gettext("Droit de réponse"),
    "correction": lazy_gettext("Correction"),
    "caviardage": lazy_gettext("Passage retiré"),
    "retrait": lazy_gettext("Retrait"),
    "retablissement": lazy_gettext("Rétablissement"),
    "reunion": lazy_gettext("Réunion"),
    "effacement": lazy_gettext("Effacement"),
    "ouverture": lazy_gettext("Ouverture du registre"),
}

KIND_NAMES: dict[str, Any] = {
    "brouillon": lazy_gettext("Brouillon ouvert"),
    "modification": lazy_gettext("Modification"),
    "abandon": lazy_gettext("Abandon d’un brouillon"),
    "brouillon-reuni": lazy_gettext("Brouillon réuni à un cas"),
    "accord": lazy_gettext("Accord d’un second membre"),
    "changement-propose": lazy_gettext("Changement proposé"),
    "changement-refuse": lazy_gettext("Changement refusé ou repris"),
    "destruction": lazy_gettext("Versions cachées détruites"),
    "destruction-annulee": lazy_gettext("Destruction annulée"),
    "invitation": lazy_gettext("Invitation à répondre"),
    **PUBLIC_KIND_NAMES,
    # As opposed to replies that were only received, or refused.
    "reponse": lazy_gettext("Droit de réponse publié"),
    "reponse-recue": lazy_gettext("Droit de réponse reçu"),
    "reponse-refusee": lazy_gettext("Droit de réponse refusé"),
    "prise": lazy_gettext("Dossier pris en main"),
    "rendu": lazy_gettext("Dossier rendu"),
    "note": lazy_gettext("Note interne"),
    "signalement-recu": lazy_gettext("Signalement arrivé"),
    "signalement-complete": lazy_gettext("Signalement complété par son auteur"),
    "signalement-retire": lazy_gettext("Signalement retiré par son auteur"),
    "signalement-ouvert": lazy_gettext("Signalement ouvert"),
    "contact-ouvert": lazy_gettext("Contact ouvert"),
    "copie-ouverte": lazy_gettext("Copie d’un signalement ouverte"),
    "brouillon-sans-signalement": lazy_gettext("Brouillon privé de son signalement"),
    "signalement-pris": lazy_gettext("Signalement pris en main"),
    "signalement-rendu": lazy_gettext("Signalement rendu"),
    "question": lazy_gettext("Question posée"),
    "signalement-lu": lazy_gettext("Réponse lue"),
    "signalement-retenu": lazy_gettext("Signalement retenu"),
    "signalement-ecarte": lazy_gettext("Signalement écarté"),
    "indesirable": lazy_gettext("Signalement indésirable"),
    "indesirables-confirmes": lazy_gettext("Signalement confirmé indésirable"),
    "signalement-repris": lazy_gettext("Signalement repris"),
    "signalement-revenu": lazy_gettext("Signalement revenu dans la file"),
    "signalement-detruit": lazy_gettext("Signalement détruit à sa date"),
    "membre-invite": lazy_gettext("Invitation d’un membre"),
    "invitation-reprise": lazy_gettext("Invitation reprise"),
    "membre-ajoute": lazy_gettext("Compte ouvert"),
    "membre-confirme": lazy_gettext("Compte confirmé"),
    "membre-desactive": lazy_gettext("Compte désactivé"),
    "membre-reactive": lazy_gettext("Compte rouvert"),
    "membre-role": lazy_gettext("Changement de rôle"),
    "membre-remis": lazy_gettext("Compte remis à zéro"),
    "mot-de-passe": lazy_gettext("Mot de passe changé"),
    "seconde-preuve": lazy_gettext("Seconde preuve mise en place"),
    "seconde-preuve-retiree": lazy_gettext("Seconde preuve retirée"),
    "connexion": lazy_gettext("Connexion"),
    "seances-fermees": lazy_gettext("Séances fermées"),
    "navigateurs-oublies": lazy_gettext("Navigateurs oubliés"),
    "connexions-manquees": lazy_gettext("Connexions manquées"),
    "page-modifiee": lazy_gettext("Page du site modifiée"),
    "page-retablie": lazy_gettext("Page du site rétablie"),
}

LEDGER_LABELS: dict[str, Any] = {
    "public": lazy_gettext("livre public"),
    "bureau": lazy_gettext("livre du bureau"),
    "signalements": lazy_gettext("livre des signalements"),
}

# The attestations of moderators, by code.
ATTESTED_WORDS: dict[str, Any] = {
    "attribution": lazy_gettext("chaque accusation est attribuée"),
    "no_private_person": lazy_gettext("aucun particulier n’est nommé"),
    "no_private_life": lazy_gettext("rien ne relève de la vie privée"),
    "without_report": lazy_gettext("rien ne repose sur le seul signalement retiré par son auteur"),
}

ROLE_WORDS: dict[str, Any] = {
    "moderator": lazy_gettext("modérateur"),
    "administrator": lazy_gettext("administrateur"),
}

# The checks of one line, each with the sentences for success and failure.
LINE_CHECKS: dict[str, tuple[Any, Any]] = {
    "journal_chain": (
        lazy_gettext(
            "La ligne suit bien de la précédente : son empreinte, calculée à nouveau, concorde."
        ),
        lazy_gettext(
            "La ligne ne suit pas de la précédente : son empreinte, calculée à nouveau, diffère."
        ),
    ),
    "journal_private": (
        lazy_gettext("La partie réservée est celle que la ligne a scellée : l’empreinte concorde."),
        lazy_gettext(
            "La partie réservée n’est pas celle que la ligne a scellée : l’empreinte diffère."
        ),
    ),
    "journal_columns": (
        lazy_gettext("Ce que la liste affiche répète le texte scellé."),
        lazy_gettext("Ce que la liste affiche contredit le texte scellé."),
    ),
}
# Gives the name of a member by id; None stands for the console.
MemberNames = Callable[[int | None], str]

# Acts that the register does by itself on a due day.
_AUTOMATIC_ACTS = frozenset(
    {
        Act.REPORT_DECLINED.value,
        Act.REPORT_RETURNED.value,
        Act.REPORT_PURGED.value,
        Act.DESTROYED.value,
        Act.SIGN_INS_FAILED.value,
    }
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
    count = private.get("count")
    fields = {
        "who": first_upper(actor(line, member_name)),
        "into": private.get("into", "…"),
        "holder": _member_name(private.get("holder"), member_name),
        "member": _member_name(private.get("member"), member_name),
        "page": page_path(private["page"]) if "page" in private else "/…",
        "count": number(count) if isinstance(count, int) else "…",
        "day": _day_words(private.get("day")),
    }
    return str(ACT_SENTENCES.get(_sentence_key(line), line.act)) % fields


def _sentence_key(line: MembersJournalLine) -> str:
    """The key of a line in :data:`ACT_SENTENCES`."""
    private = line.private
    variants = {
        Act.APPROVED: (str(private.get("purpose")), private.get("purpose") in ("erase", "change")),
        Act.CHANGE_REFUSED: ("own", private.get("taken_back") is True),
        Act.DESTROYED: ("term", line.by is None),
        Act.INVITED: ("not", private.get("invited") is False),
        Act.RELEASED: ("other", private.get("holder", line.by) != line.by),
        Act.MEMBER_FACTOR: ("codes", private.get("what") == "codes"),
        Act.MEMBER_ADDED: ("self", line.by is not None and private.get("member") == line.by),
        Act.SESSIONS_ENDED: _sessions_variant(line),
        Act.SOURCE_WITHDRAWN: ("public", private.get("still_public") is True),
        Act.REPORT_ACCEPTED: ("new", private.get("new") is True),
        Act.REPORT_PURGED: (
            # Purges of what remains of a report after its texts.
            "kept" if "kept" in private else "counted",
            "kept" in private or "counted" in private,
        ),
    }
    variant, holds = (
        variants.get(Act(line.act), ("", False)) if line.act in set(Act) else ("", False)
    )
    return f"{line.act}.{variant}" if holds else line.act


def _sessions_variant(line: MembersJournalLine) -> tuple[str, bool]:
    count = line.private.get("count")
    is_own = line.private.get("member") == line.by
    return ("several", isinstance(count, int) and count > 1) if is_own else ("other", True)


def _day_words(day: object) -> str:
    try:
        return day_words(date.fromisoformat(str(day)))
    except ValueError:
        return "…"


def _member_name(member_id: object, member_name: MemberNames) -> str:
    return member_name(member_id) if isinstance(member_id, int) else "…"


def details(
    line: MembersJournalLine, member_name: MemberNames, vocabulary: Vocabulary
) -> Sequence[tuple[str, str]]:
    """The private details of a line, as (label, words)."""
    return [(label, words) for label, words in _details(line, member_name, vocabulary) if words]


def _details(
    line: MembersJournalLine, member_name: MemberNames, vocabulary: Vocabulary
) -> Iterator[tuple[str, str]]:
    private = line.private
    restriction = str(private.get("restriction") or "")
    public = vocabulary.label("restriction", line.reason) if line.reason else ""
    yield _("Version"), str(private.get("revision") or private.get("version") or "")
    yield _("Motif public"), public
    if restriction and restriction != line.reason:
        yield _("Motif pour les membres"), vocabulary.label("restriction", restriction)
    if line.report:
        yield _("Motif"), vocabulary.label("refus", str(private.get("reason") or ""))
    yield (
        _("Approuvé par"),
        ", ".join(
            _member_name(identifier, member_name)
            for identifier in _as_list(private.get("approved_by"))
        ),
    )
    attested = _as_list(private.get("attested"))
    attested_words = [str(words) for code, words in ATTESTED_WORDS.items() if code in attested]
    yield _("Attesté"), ", ".join(attested_words)
    yield _("Rôle"), str(ROLE_WORDS.get(str(private.get("role")), private.get("role") or ""))
    destroyed = _as_list(private.get("destroyed"))
    yield _("Versions détruites"), ", ".join(str(identifier) for identifier in destroyed)


def _as_list(detail: object) -> list[Any]:
    return detail if isinstance(detail, list) else []
