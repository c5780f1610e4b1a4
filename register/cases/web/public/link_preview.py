"""A case in a few words, for the previews that other sites show with a link to it.

Its social card and its description say who acted, whom the act targeted and how the case ended as
far as the register knows, in this order. What its title says already is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from register.cases.web.public.case_view import case_commune, party_label, with_article
from register.territory.place_queries import qualified_name
from register.territory.web import place_names
from register.text import dates
from register.text.typography import first_upper
from register.web.l10n import country_name, edtf_words, typeset
from register.web.request_context import current_vocabulary


@dataclass(frozen=True)
class LinkPreview:
    """The lines of a preview; place, date and types are empty when the title contains them."""

    place: str
    date: str
    types: str
    parties: str
    outcome: str
    evidence: str

    @property
    def description(self) -> str:
        """The lines as sentences, for the page's description."""
        scene = ", ".join(filter(None, (self.place, self.date)))
        sentences = (f"{scene}." if scene else "", self.parties, self.outcome, self.evidence)
        return " ".join(filter(None, sentences))


def build_link_preview(content: Mapping[str, Any]) -> LinkPreview:
    """The preview of a case from its canonical content."""
    title, vocabulary = content["title"].lower(), current_vocabulary()
    labels = [vocabulary.label("type", code) for code in content["types"]]
    new_labels = [label.lower() for label in labels if label.lower() not in title]
    target = party_label(with_article("cible", content["target"]), ", ".join(content["outlets"]))
    parties = _(
        "Qui agit : %(who)s. Qui est visé : %(whom)s.",
        who=with_article("acteur", content["actor"]),
        whom=typeset(target),
    )
    evidence = vocabulary.label("preuve", content["evidence"]).lower()
    if content["contested"]:
        evidence = _("%(evidence)s, contesté", evidence=evidence)
    return LinkPreview(
        place=_place(content, title),
        date=_date(content, title),
        types=first_upper(", ".join(new_labels)),
        parties=parties,
        outcome=_outcome(content),
        evidence=_("Niveau de preuve : %(evidence)s.", evidence=evidence),
    )


def _place(content: Mapping[str, Any], title: str) -> str:
    """The place, as exact as it is known."""
    area = country_name(content["country"]) if content["country"] != "FR" else ""
    for kind in ("region", "departement"):
        if content[kind]:
            area = place_names.place_name(kind, content[kind])
    if commune := case_commune(content):
        if commune.commune.name.lower() not in title:
            return commune.qualified_name
        # Communes of several départements share a name.
        departement = commune.departement.name if commune.departement else ""
        return "" if departement.lower() in title else typeset(departement)
    label = content["place_label"]
    if label and label.lower() not in title:
        return qualified_name(first_upper(label), area)
    return typeset(area)


def _date(content: Mapping[str, Any], title: str) -> str:
    if not content["date"]:
        return str(_("date inconnue"))
    in_title = dates.date_words(content["date"]) in title
    return "" if in_title else typeset(edtf_words(content["date"]))


def _outcome(content: Mapping[str, Any]) -> str:
    """The outcome of the case, with its day when one proceeding alone ended so."""
    if content["outcome"] in ("", "inconnue"):
        return str(_("Issue inconnue."))
    outcome = current_vocabulary().label("issue", content["outcome"])
    days = [
        proceeding["outcome_date"]
        for proceeding in content["proceedings"]
        if proceeding["outcome"] == content["outcome"]
    ]
    if len(days) == 1 and days[0] not in ("", "inconnue"):
        outcome = f"{outcome}, {typeset(edtf_words(days[0]))}"
    return str(_("Issue : %(outcome)s.", outcome=outcome))
