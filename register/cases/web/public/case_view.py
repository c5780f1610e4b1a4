"""View of a case's page: its places, its related cases, and who acts against whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy.orm import Session

from register.cases import queries
from register.cases.queries import CaseSummary
from register.cases.vocabulary import Vocabulary, VocabularyWord
from register.territory.place_queries import CommuneDetails
from register.territory.web import place_names
from register.web.request_context import find_commune


@dataclass(frozen=True)
class ActStatement:
    """One line of "who acts against whom", which reads as a sentence.

    ``proceeding`` is None for the act itself; an unknown party is empty.
    """

    by: str
    verb: str
    against: str
    proceeding: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class CaseView:
    """The page's content besides the snapshot; ``titles``: those of linked cases by number."""

    place: CommuneDetails | None
    linked_places: Sequence[CommuneDetails]
    departement: str
    region: str
    act_statements: Sequence[ActStatement]
    nearby_cases: Sequence[CaseSummary]
    titles: Mapping[int, str] = field(default_factory=dict)

    @property
    def proceedings(self) -> int:
        """The number of proceedings."""
        return sum(statement.proceeding is not None for statement in self.act_statements)


def build_case_view(
    session: Session, content: Mapping[str, Any], case_number: int, vocabulary: Vocabulary
) -> CaseView:
    """Load the places of a case, its linked cases and those of its commune."""
    commune_code = content["commune"]
    place = find_commune(commune_code) if commune_code else None
    linked_places = [find_commune(code) for code in content["linked_communes"]]
    linked_cases = queries.load_case_summaries(
        session, [link["number"] for link in content["links"]]
    )
    return CaseView(
        place=place,
        linked_places=[linked_place for linked_place in linked_places if linked_place],
        departement=_area_name("departement", content["departement"]),
        region=_area_name("region", content["region"]),
        act_statements=act_statements(content, vocabulary, place.commune.name if place else ""),
        nearby_cases=queries.list_commune_cases(session, place.commune.code, case_number)
        if place
        else (),
        titles={number: linked_case.title for number, linked_case in linked_cases.items()},
    )


def act_statements(
    content: Mapping[str, Any], vocabulary: Vocabulary, place: str
) -> list[ActStatement]:
    """The acts reported, then each proceeding.

    :param place: the name of the authority's commune, if there is one.
    """
    authority = _party_label(_with_article(vocabulary, "acteur", content["actor"]), place)
    target = _party_label(
        _with_article(vocabulary, "cible", content["target"]), ", ".join(content["outlets"])
    )
    sued = any(proceeding["direction"] == "contre_cible" for proceeding in content["proceedings"])
    statements = [
        ActStatement(authority, _type_verb(vocabulary, code), target)
        for code in content["types"]
        # The proceeding has a line of its own, with court and outcome.
        if not (sued and vocabulary.family_of.get(code) == "justice")
    ]
    for proceeding in content["proceedings"]:
        by, against = _proceeding_parties(
            proceeding, vocabulary, content["actor"], authority, target
        )
        statements.append(
            ActStatement(by, _proceeding_verb(proceeding, content, vocabulary), against, proceeding)
        )
    return statements


def _proceeding_parties(
    proceeding: Mapping[str, Any], vocabulary: Vocabulary, actor: str, authority: str, target: str
) -> tuple[str, str]:
    """Plaintiff and defendant; a plaintiff in the same role as the actor is the actor."""
    plaintiff = _with_article(vocabulary, "acteur", proceeding["plaintiff"])
    if proceeding["direction"] == "contre_cible":
        other = proceeding["plaintiff"] not in ("", actor)
        return plaintiff if other else authority, target
    if proceeding["direction"] == "tiers":
        return plaintiff, ""
    return target, authority


def _type_verb(vocabulary: Vocabulary, code: str) -> str:
    word = vocabulary.word("type", code)
    return _join_link(word.extra["act"], word) if word else code


def _join_link(verb: str, word: VocabularyWord) -> str:
    """A verb with the preposition before its object."""
    return f"{verb} {word.extra['link']}".strip()


def _proceeding_verb(
    proceeding: Mapping[str, Any], content: Mapping[str, Any], vocabulary: Vocabulary
) -> str:
    """The verb of a proceeding; against the target, the verb of a type may be more exact."""
    word = vocabulary.word("sens", proceeding["direction"])
    if word is None:
        return str(proceeding["direction"])
    verb = str(word.extra["verb"])
    if proceeding["direction"] != "contre_cible":
        return _join_link(verb, word)
    # "poursuit en diffamation" is more exact than "poursuit", but with two such types it is not
    # known which of them this proceeding is.
    exact_verbs = [
        type_verb
        for code in content["types"]
        if (type_verb := _type_verb(vocabulary, code)).startswith(verb)
    ]
    return exact_verbs[0] if len(exact_verbs) == 1 else _join_link(verb, word)


def _party_label(role: str, name: str) -> str:
    return f"{role} ({name})" if role and name else role or name


def _with_article(vocabulary: Vocabulary, name: str, code: str) -> str:
    word = vocabulary.word(name, code)
    return str(word.extra["with_article"]) if word else code


def _area_name(kind: str, code: str) -> str:
    return place_names.place_name(kind, code) if code else ""


# Headings of the page about rights; the vocabulary says which types lead to which.
RIGHTS_HEADINGS: Mapping[str, Any] = {
    "filmer": _("Puis-je filmer le conseil\u202f?"),
    "document": _("Puis-je obtenir ce document\u202f?"),
    "mise-en-demeure": _("J’ai reçu une mise en demeure"),
    "poursuite": _("On me poursuit pour ce que j’ai écrit"),
    "convocation": _("La police me convoque"),
    "retrait": _("Mon texte ou ma vidéo a été retiré"),
    "violences": _("On m’a frappé, on m’a pris mon téléphone"),
    "droit-de-reponse": _("On me demande de publier une réponse"),
}


def rights_links(types: Iterable[str], vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """Address and heading of each right that concerns these types, in their order."""
    terms = (vocabulary.word("type", code) for code in types)
    anchors = dict.fromkeys(
        term.extra["rights"] for term in terms if term and "rights" in term.extra
    )
    return [(f"/vos-droits#{anchor}", str(RIGHTS_HEADINGS[anchor])) for anchor in anchors]
