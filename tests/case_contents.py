"""Contents of cases: a publishable one, a rich one, one with every field."""

from __future__ import annotations

from dataclasses import replace

from register.cases.case_content import (
    Content,
    LinkContent,
    ProceedingContent,
    RequestContent,
    SourceContent,
    StepContent,
)


def a_case(*, justice: bool = False, **changes: object) -> Content:
    """A case that passes the checklist; with ``justice`` one that needs two members."""
    content = Content(
        title="Interdiction de filmer le conseil municipal de Gagny",
        summary="Selon le blog, le maire interdit de filmer la séance du conseil.",
        narrative="Selon le blog, le maire a interdit de **filmer** la séance.",
        date="2008-03-17",
        commune="93032",
        level="commune",
        actor="maire",
        target="blogueur",
        outlets=("Gagny Libre",),
        types=("interdiction_filmer",),
        evidence="documente",
        outcome="inconnue",
        sources=(SourceContent(url="https://exemple.test/gagny", kind="presse", label="presse"),),
    )
    if justice:
        suit = ProceedingContent(direction="contre_cible", nature="penale", plaintiff="maire")
        content = replace(content, types=("plainte_diffamation",), proceedings=(suit,))
    return replace(content, **changes)


def decided(
    direction: str,
    *,
    steps: tuple[StepContent, ...] = (),
    court: str = "",
    outcome: str = "",
    outcome_date: str = "",
    appeal: str = "",
    **fields: str,
) -> ProceedingContent:
    """A proceeding with a decision after its other steps."""
    decision = StepContent("decision", outcome_date, outcome, court=court, appeal=appeal)
    return ProceedingContent(direction, steps=(*steps, decision), **fields)


def rich_case(**changes: object) -> Content:
    """A case with most fields."""
    content = Content(
        title="Un élu empêche de filmer le conseil",
        summary="Un élu se place devant la caméra d'un blogueur pendant le conseil",
        narrative=(
            "Selon le blog, l'élu s'est placé devant la caméra.\n\n## La séance\n\n- le maire a "
            "suspendu la séance ;\n- le public a été **évacué**.\n\n> Rien ne l'interdit.\n\n"
            "L'article est [en ligne](https://exemple.test/seance)."
        ),
        date="2019-05-20",
        end_date="2019-06",
        commune="22266",
        linked_communes=("22278",),
        level="commune",
        actor="maire",
        actor_text="le premier adjoint au maire",
        target="blogueur",
        outlets=("Le Blog de l'Argoat",),
        types=("interdiction_filmer", "plainte_diffamation", "menace_violence"),
        evidence="juge",
        contested=True,
        outcome="relaxe",
        steps_taken="lettre au préfet",
        amount="1 500 EUR",
        sources=(
            SourceContent(
                url="https://exemple.test/" + "un-chemin-qui-n-en-finit-pas-" * 6,
                kind="presse",
                label="presse locale",
                published_on="2019-05-22",
                checked_on="2026-02",
                archived_url="https://archive.test/seance",
            ),
        ),
        proceedings=(
            ProceedingContent(
                direction="contre_cible",
                nature="penale",
                plaintiff="maire",
                docket="19/00001",
                legal_basis="loi du 29 juillet 1881, art. 32",
                steps=(
                    StepContent(
                        "decision",
                        "2020-02",
                        "relaxe",
                        court="tribunal correctionnel de Saint-Brieuc",
                        appeal="oui",
                    ),
                ),
            ),
            ProceedingContent(direction="par_cible", nature="administrative"),
        ),
    )
    return replace(content, **changes)


def full_case(number: int) -> Content:
    """A case with every field."""
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
                docket="06/123",
                legal_basis="loi de 1881, art. 29",
                amount="1 €",
                steps=(
                    StepContent("plainte", "2006-07-01", "", "avec partie civile"),
                    StepContent(
                        step="jugement",
                        date="2007?",
                        outcome="relaxe",
                        source_url="https://exemple.test/j",
                        court="tribunal de Bobigny",
                        appeal="ouvert",
                        appeal_until="2007-04",
                    ),
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
