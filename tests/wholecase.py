"""A case in which every field says something."""

from __future__ import annotations

from register.cases.case_content import (
    Content,
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)


def whole(number: int) -> Content:
    """A content in which every field says something."""
    return Content(
        title="Le maire refuse un document",
        summary="Selon le blog, le maire refuse de communiquer un rapport.",
        narrative="Selon le blog :\n\n- un refus ;\n- un avis.",
        date="2006-06~",
        end_date="2007-02-03",
        precision_note="Deux sources donnent le 27 et le 31 mars.",
        commune="93059",  # a former code: Pierrefitte-sur-Seine
        linked_communes=("93032", "92062"),
        departement="93",
        region="11",
        place_label="au marché",
        level="commune",
        actor="maire",
        actor_text="le premier magistrat",
        target="blogueur",
        outlets=("Gagny Libre", "Le Petit Gagnyssois"),
        types=("refus_document", "plainte_diffamation", "denigrement_public"),
        evidence="juge",
        contested=True,
        outcome="relaxe",
        steps_taken="a saisi le préfet",
        amount="1 500 €",
        language="oc",
        sources=(
            SourceContent(
                url="https://exemple.test/a?b=1&c=é",
                kind="decision_justice",
                label="jugement",
                title="Un « titre »",
                publisher="Le Monde",
                published_on="2006-07",
                archived_url="https://archive.test/a",
                checked_on="2026-01-02",
            ),
            SourceContent(url="http://exemple.test/b", kind="blog"),
        ),
        proceedings=(
            ProceedingContent(
                direction="contre_cible",
                nature="penale",
                plaintiff="maire",
                court="tribunal de Bobigny",
                docket="06/123",
                legal_basis="loi de 1881, art. 29",
                amount="1 €",
                outcome="relaxe",
                outcome_date="inconnue",
                appeal="inconnu",
                steps=(
                    StepContent("plainte", "2006-07-01", "", "avec partie civile"),
                    StepContent("jugement", "2007?", "relaxe", "", "https://exemple.test/j"),
                ),
            ),
            ProceedingContent(direction="recours_cible", nature="inconnue"),
        ),
        request=RequestContent(
            asked="un rapport",
            asked_of="la mairie",
            asked_on="2006-06-01",
            refusal="implicite",
            refused_on="2006-07-01",
            cada_number="20061234",
            cada_registered_on="2006-07-20",
            cada_opinion_on="2006-09-01",
            opinion="favorable",
            outcome="avis_cada_favorable",
        ),
        links=(LinkContent("fait_suite", number),),
    )
