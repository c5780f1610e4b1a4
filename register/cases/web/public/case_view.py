"""View of a case: its labels, its places, related cases, and who did what to whom."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from markupsafe import Markup

from register.cases import result_lists
from register.cases.data_version import VersionedMapCache
from register.cases.decisions import latest_decision
from register.cases.queries import PublicCase
from register.cases.result_lists import CaseSummary
from register.cases.vocabulary import VocabularyWord
from register.cases.web.decision_words import appeal_words
from register.db import db
from register.errors import TextError
from register.pages.content import fold_headings
from register.territory.place_queries import CommuneDetails, find_commune, qualified_name
from register.territory.web import place_names
from register.text import dates
from register.text.dates import Language
from register.text.typography import first_upper, french
from register.web.l10n import country_name, edtf_words, language, number, typeset
from register.web.request_context import current_vocabulary

_FAMILY_LABEL = Markup(
    '<span class="fam {family}"><i aria-hidden="true">{letter}</i> <span>{label}</span></span>'
)


@dataclass(frozen=True)
class VocabularyLabels:
    """Labels by code, with the framed letter of the family."""

    types: Mapping[str, Markup]
    families: Mapping[str, Markup]


@dataclass(frozen=True)
class Party:
    """A side of an act: its role after an article, and its names; all empty when unknown."""

    role: str
    names: Sequence[str] = ()
    is_target: bool = False

    def __str__(self) -> str:
        return party_label(self.role, ", ".join(self.names))


@dataclass(frozen=True)
class Deed:
    """One line of "who, what, whom": two parties and the noun of the act between them.

    No verb joins them: it would say more than the sources do (who filed what, that it was done).

    :param types: codes of the acts reported together, or of the one that the proceeding is.
    :param noun: what the proceeding is called when no type says it better.
    :param arrow: ``back`` when the person targeted acts, ``both`` when each side does.
    :param proceeding: None for acts reported outside of any.
    :param is_ruled: a court has decided.
    """

    who: Party
    whom: Party
    types: Sequence[str] = ()
    noun: str = ""
    arrow: str = ""
    proceeding: Mapping[str, Any] | None = None
    is_ruled: bool = False


@dataclass(frozen=True)
class CaseView:
    """The page's content besides the snapshot; ``titles``: those of linked cases by number."""

    place: CommuneDetails | None
    linked_places: Sequence[CommuneDetails]
    departement: str
    region: str
    deeds: Sequence[Deed]
    nearby_cases: Sequence[CaseSummary]
    titles: Mapping[int, str]


def build_case_view(content: Mapping[str, Any], case_number: int) -> CaseView:
    """Load the places of a case, its linked cases and those of its commune."""
    session, place = db.session(), find_commune(content["commune"])
    linked_cases = result_lists.load_case_summaries(
        session, [link["number"] for link in content["links"]]
    )
    nearby_cases: Sequence[CaseSummary] = ()
    if place:
        nearby_cases = result_lists.list_commune_cases(session, place.commune.code, case_number)
    return CaseView(
        place=place,
        linked_places=linked_communes(content),
        departement=place_names.place_name("departement", content["departement"]),
        region=place_names.place_name("region", content["region"]),
        deeds=list_deeds(content),
        nearby_cases=nearby_cases,
        titles={number: linked_case.title for number, linked_case in linked_cases.items()},
    )


def linked_communes(content: Mapping[str, Any]) -> list[CommuneDetails]:
    """The communes that a case concerns besides its own."""
    return [place for place in map(find_commune, content["linked_communes"]) if place]


def list_deeds(content: Mapping[str, Any]) -> list[Deed]:
    """The acts reported, then each proceeding; a type that is the proceeding stands there only."""
    place, vocabulary = find_commune(content["commune"]), current_vocabulary()
    actor = content["actor"]
    # The commune of the case is that of its authority only at this level, and of no unknown one.
    is_of_commune = content["level"] in ("", "inconnu", "commune") and actor != "inconnu"
    names = [place.commune.name] if place and is_of_commune else []
    authority = Party(with_article("acteur", actor), names)
    target = Party(with_article("cible", content["target"]), content["outlets"], is_target=True)
    words = {code: vocabulary.word("type", code) for code in content["types"]}
    suits = [code for code, word in words.items() if word and word.extra.get("proceeding")]
    others_do = acts_of_others(content)
    directions = [proceeding["direction"] for proceeding in content["proceedings"]]
    count = directions.count("contre_cible") + directions.count("contre_x")
    # With two such types, or two such proceedings, no source says which is which.
    sued_for = suits[0] if len(suits) == count == 1 else ""
    reported = [code for code in words if code not in (sued_for, *others_do)]
    by_party = ((authority, reported), (Party(""), others_do))
    deeds = [Deed(party, target, codes) for party, codes in by_party if codes]
    for proceeding in content["proceedings"]:
        accuser = Party(with_article("acteur", proceeding["plaintiff"]))
        # A plaintiff in the same role as the actor is the actor. Without a role it is the actor
        # only when suing is what the actor did; otherwise nobody knows who brought it.
        is_actor = proceeding["plaintiff"] == actor or (suits and not proceeding["plaintiff"])
        if is_actor and proceeding["direction"] != "tiers":
            accuser = authority
        deeds.append(_proceeding_deed(proceeding, accuser, authority, target, sued_for))
    return deeds


def acts_of_others(content: Mapping[str, Any]) -> list[str]:
    """The types that the actor of the case only caused, such as a summons by the police."""
    terms = ((code, current_vocabulary().word("type", code)) for code in content["types"])
    actor = content["actor"]
    return [
        code for code, term in terms if term and actor not in term.extra.get("actors", (actor,))
    ]


def _proceeding_deed(
    proceeding: Mapping[str, Any], accuser: Party, authority: Party, target: Party, sued_for: str
) -> Deed:
    """The line of a proceeding, named by its type, else by the step that opened it."""
    direction, vocabulary = proceeding["direction"], current_vocabulary()
    who, whom = {
        "contre_cible": (accuser, target),
        "contre_x": (accuser, Party(str(_("personne de nommé")))),
        "deux_sens": (accuser, target),
        "tiers": (accuser, Party("")),
    }.get(direction, (target, authority))
    word = vocabulary.word("sens", direction)
    noun, arrow = (word.extra["noun"], word.extra.get("arrow", "")) if word else (direction, "")
    steps = (vocabulary.word("etape", step["step"]) for step in proceeding["steps"])
    opening = next((step for step in steps if step and step.extra.get("opens")), None)
    if opening and direction != "contre_x":
        noun = opening.label
    types = [sued_for] if sued_for and direction == "contre_cible" else []
    is_ruled = any(step["outcome"] in vocabulary.court_outcomes for step in proceeding["steps"])
    return Deed(who, whom, types, noun, arrow, proceeding, is_ruled)


# Web archives put the moment of a copy into its address: /20240131235959/.
_COPY_TIME = re.compile(r"/([12][0-9]{3})([01][0-9])([0-3][0-9])[0-9]{0,6}(?:[a-z]{2}_)?/")


def copy_day(address: str) -> str:
    """The day of an archived copy in EDTF, from its address; empty if that has none."""
    match = _COPY_TIME.search(address)
    with suppress(TextError):
        return dates.parse("-".join(match.groups())).edtf if match else ""
    return ""


def source_titles(content: Mapping[str, Any]) -> str:
    """The titles of the sources with their publishers; empty if none has a title."""
    titled = (source for source in content["sources"] if source["title"])
    return " ; ".join(party_label(source["title"], source["publisher"]) for source in titled)


def with_article(name: str, code: str) -> str:
    """The word of an actor or a target after its article."""
    word = current_vocabulary().word(name, code)
    return str(word.extra["with_article"]) if word else code


def party_label(role: str, name: str) -> str:
    """A role with the names that are known of it in brackets."""
    return f"{role} ({name})" if role and name else role or name


def rights_links(types: Iterable[str]) -> list[tuple[str, str]]:
    """Address and heading of each part of the page about rights that concerns these types."""
    terms = (current_vocabulary().word("type", code) for code in types)
    anchors = dict.fromkeys(
        term.extra["rights"] for term in terms if term and "rights" in term.extra
    )
    headings = fold_headings("vos-droits", language())
    return [(f"/vos-droits#{anchor}", headings[anchor]) for anchor in anchors]


# Twenty cases of a list have sixty labels: to look up and escape each of them again would be most
# of the work of a list.
_labels_cache: VersionedMapCache[Language, VocabularyLabels] = VersionedMapCache(2)


def labels() -> VocabularyLabels:
    """The labels of types and families as HTML, cached for each version of the vocabularies."""
    vocabulary = current_vocabulary()

    def build_labels() -> VocabularyLabels:
        families = vocabulary.lists["famille"]
        return VocabularyLabels(
            types={
                code: _family_label(families[vocabulary.family_of[code]], word.label)
                for code, word in vocabulary.lists["type"].items()
            },
            families={code: _family_label(word, word.label) for code, word in families.items()},
        )

    return _labels_cache.get_or_make(vocabulary.version, vocabulary.language, build_labels)


def _family_label(family: VocabularyWord, label: str) -> Markup:
    return _FAMILY_LABEL.format(family=family.code, letter=family.extra["letter"], label=label)


# Bounded, because cases may have many free place labels.
@lru_cache(maxsize=4096, typed=True)
def place_line(name: str, container: str) -> Markup:
    """A place with the area that contains it, unless both have the same name, like Paris."""
    if not container or container == name:
        return Markup("<b>{}</b>").format(_typeset_name(name))
    return Markup("<b>{}</b> ({})").format(_typeset_name(name), _typeset_name(container))


def _typeset_name(name: str) -> str:
    return name if isinstance(name, Markup) else french(name)


def case_description(case: PublicCase) -> str:
    """A case in some sentences, for search engines and shared links.

    Only what a list of cases shows too, and nothing of the title twice: who acted, whom the act
    targeted and how the case ended, in this order, with the day of the latest decision and what was
    filed against it.
    """
    content, vocabulary = case.snapshot.content, current_vocabulary()
    title = content["title"].lower()
    others_do = acts_of_others(content)
    codes = (code for code in content["types"] if code not in others_do)
    labels = (vocabulary.label("type", code).lower() for code in codes)
    types = ", ".join(label for label in labels if label not in title)
    target = party_label(with_article("cible", content["target"]), ", ".join(content["outlets"]))
    who, whom = with_article("acteur", content["actor"]), typeset(target)
    own_words, label = content["actor_text"], vocabulary.label("acteur", content["actor"])
    if own_words not in ("", content["actor"], label):
        who = gettext("%(who)s (selon la source : « %(words)s »)", who=who, words=french(own_words))
    outcome = gettext("inconnue")
    if content["outcome"] not in ("", "inconnue"):
        outcome = vocabulary.label("issue", content["outcome"])
    if decision := latest_decision(content):
        step = decision.part
        day = edtf_words(step["date"]) if decision.date else ""
        appeal = appeal_words(step) if step["appeal"] in ("oui", "ouvert") else ""
        outcome = ", ".join(filter(None, (outcome, typeset(day), appeal)))
    evidence = vocabulary.label("preuve", content["evidence"]).lower()
    if content["contested"]:
        evidence = gettext("%(evidence)s, contesté", evidence=evidence)
    date_text = edtf_words(content["date"]) if content["date"] else gettext("date inconnue")
    margin = (
        gettext("nº %(number)s", number=number(case.number)),
        "" if date_text in title else typeset(date_text),
    )
    sentences = (
        ", ".join(filter(None, margin)),
        _place_line(content, title),
        first_upper(types),
        gettext("Qui agit : %(who)s. Qui est visé : %(whom)s.", who=who, whom=whom),
        gettext("Issue : %(outcome)s.", outcome=outcome),
        gettext("Niveau de preuve : %(evidence)s.", evidence=evidence),
    )
    return " ".join(f"{sentence.rstrip('.')}." for sentence in sentences if sentence)


def _place_line(content: Mapping[str, Any], title: str) -> str:
    """The place, as exact as it is known."""
    area = country_name(content["country"]) if content["country"] != "FR" else ""
    for kind in ("region", "departement"):
        if content[kind]:
            area = place_names.place_name(kind, content[kind])
    name = content["place_label"]
    if commune := find_commune(content["commune"]):
        # Communes of several départements share a name: this one is always shown.
        name, area = commune.commune.name, commune.departement.name if commune.departement else ""
    if name.lower() not in title:
        return qualified_name(first_upper(name), area)
    return "" if area.lower() in title else typeset(area)
