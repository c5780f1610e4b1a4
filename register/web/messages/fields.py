"""Fields of a case: their names, and what a field got wrong."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

FIELD_ERRORS: dict[str, Any] = {
    "missing": _("Ce champ doit être rempli."),
    "too_long": _("Le texte dépasse %(limit)s caractères."),
    "too_many": _("Il y en a trop : %(limit)s au plus."),
    "twice": _("La même valeur est donnée deux fois."),
    "unknown_code": _("« %(value)s » n’est pas dans la liste."),
    "commune_abroad": _("La commune %(value)s est en France, et le pays n’est pas la France."),
    "ends_before": _("La fin (%(value)s) est avant le début."),
    "url": _("L’adresse doit commencer par http:// ou https:// et nommer un site."),
    "date_form": _(
        "La date doit s’écrire AAAA, AAAA-MM ou AAAA-MM-JJ, suivie de ~ (environ) ou de ? "
        "(incertain) s’il le faut."
    ),
    "typed_date": _(
        "Cette date n’a pas été comprise : écrivez-la comme « 26 juin 2006 », « juin 2006 », "
        "« 2006 » ou « vers 2006 », ou laissez vide ce que la source ne dit pas."
    ),
    "typed_date_year": _("L’année manque : écrivez-la avec ses quatre chiffres."),
    "date_impossible": _("Cette date n’existe dans aucun calendrier, ou sort de 1000 à 2999."),
    "text_too_long": _("Le texte dépasse %(limit)s caractères."),
    "text_hostile": _(
        "La mise en forme du texte est trop enchevêtrée : retirez les signes répétés."
    ),
}

# Names of fields as a sentence says them; ``say_fault`` raises the first letter.
FIELD_NAMES: dict[str, Any] = {
    "title": _("titre"),
    "summary": _("résumé"),
    "narrative": _("récit"),
    "date": _("date"),
    "end_date": _("date de fin"),
    "precision_note": _("précision publique"),
    "country": _("pays"),
    "commune": _("commune"),
    "linked_communes": _("communes liées"),
    "departement": _("département"),
    "region": _("région"),
    "place_label": _("lieu"),
    "level": _("niveau"),
    "actor": _("auteur de l’acte"),
    "actor_text": _("auteur de l’acte, selon la source"),
    "target": _("personne visée"),
    "outlets": _("médias"),
    "types": _("types"),
    "evidence": _("niveau de preuve"),
    "contested": _("contestation"),
    "outcome": _("issue"),
    "steps_taken": _("démarches"),
    "amount": _("montant"),
    "language": _("langue"),
    "sources": _("sources"),
    "sources.kind": _("sorte de source"),
    "sources.url": _("adresse de la source"),
    "sources.label": _("nom de la source"),
    "sources.publisher": _("publié par"),
    "sources.archived_url": _("adresse de la copie archivée"),
    "sources.published_on": _("date de la source"),
    "sources.checked_on": _("date de vérification de la source"),
    "source_url": _("adresse de la source"),
    "proceeding": _("procédure"),
    "proceedings": _("procédures"),
    "proceedings.course": _("suite des procédures"),
    "proceedings.direction": _("sens de la procédure"),
    "proceedings.nature": _("nature de la procédure"),
    "proceedings.plaintiff": _("partie qui agit"),
    "proceedings.outcome": _("issue de la procédure"),
    "proceedings.outcome_date": _("date de la décision"),
    "proceedings.appeal": _("appel"),
    "proceedings.docket": _("numéro de l’affaire"),
    "proceedings.legal_basis": _("fondement juridique"),
    "proceedings.step": _("étape"),
    "proceedings.steps": _("étapes de la procédure"),
    "court": _("juridiction"),
    "outcome_date": _("date de la décision"),
    "appeal": _("appel"),
    "request": _("demande d’information"),
    "request.asked": _("objet de la demande"),
    "request.asked_of": _("destinataire de la demande"),
    "request.asked_on": _("date de la demande"),
    "request.refusal": _("forme du refus"),
    "request.refused_on": _("date du refus"),
    "request.cada_number": _("numéro de la CADA"),
    "request.cada_registered_on": _("date de saisine de la CADA"),
    "request.cada_opinion_on": _("date de l’avis de la CADA"),
    "request.opinion": _("avis de la CADA"),
    "request.outcome": _("issue de la demande"),
    "links": _("cas liés"),
    "follow_ups": _("suites"),
    "replies": _("réponses"),
    "corrections": _("corrections"),
    "single_review": _("relu par un seul modérateur"),
    "reason": _("motif"),
    "public_note": _("note publique"),
    "text": _("texte"),
    "author": _("auteur de la réponse"),
    "capacity": _("qualité de l’auteur de la réponse"),
    "refusal": _("motif du refus"),
}
