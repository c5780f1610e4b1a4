"""Titles of searches in French sentences."""

from __future__ import annotations

import pytest

from register.cases.filters import CaseQuery
from register.cases.web.public import search_title
from register.web.request_context import current_vocabulary, head

pytestmark = pytest.mark.one_database

CASES = [
    ({"du": "2006", "au": "2006"}, "En 2006"),
    ({"du": "2006-06", "au": "2006-06"}, "En juin 2006"),
    ({"du": "2006-06-26", "au": "2006-06-26"}, "Le 26 juin 2006"),
    ({"du": "2006", "au": "2008"}, "De 2006 à 2008"),
    ({"du": "2006-06", "au": "2007-08"}, "De juin 2006 à août 2007"),
    ({"du": "2006-04", "au": "2007"}, "D’avril 2006 à 2007"),
    ({"du": "2006-03-03", "au": "2007-06-05"}, "Du 3 mars 2006 au 5 juin 2007"),
    ({"du": "2006-08-01", "au": "2007"}, "Du 1er août 2006 à 2007"),
    ({"du": "2006", "au": "2007-06-05"}, "De 2006 au 5 juin 2007"),
    ({"du": "2006-06-26"}, "Depuis le 26 juin 2006"),
    ({"du": "2006-06"}, "Depuis juin 2006"),
    ({"du": "2006~"}, "Depuis 2006"),
    ({"au": "2008"}, "Jusqu’en 2008"),
    ({"au": "2008-06"}, "Jusqu’en juin 2008"),
    ({"au": "2008-06-05"}, "Jusqu’au 5 juin 2008"),
    ({"niveau": "commune"}, "Autorité communale"),
    ({"niveau": ["commune", "etat"]}, "Autorité communale ou de l’État"),
    ({"preuve": "juge"}, "Faits jugés"),
    ({"preuve": ["allegue", "juge"]}, "Faits allégués ou jugés"),
    ({"media": "monputeaux"}, "Média « monputeaux »"),
    ({"endroit": "salle des fêtes"}, "Lieu nommé « salle des fêtes »"),
    ({"famille": "autre"}, "Famille « autre »"),
    ({"type": "autre", "acteur": "maire"}, "Type « autre » par le maire"),
    ({"sens": "contre_cible"}, "Procédure contre la personne visée"),
    ({"sens": "recours_cible"}, "Recours de la personne visée"),
    (
        {"procedure": "contre_cible.relaxe"},
        "Procédure contre la personne visée (relaxe de la personne poursuivie)",
    ),
    ({"procedure": "recours_cible.inconnue"}, "Recours de la personne visée (issue inconnue)"),
    ({"duree": "moins-d-un-an"}, "Durée de moins d’un an"),
    ({"duree": ["inconnue", "un-a-trois-ans"]}, "Durée inconnue ou d’un à trois ans"),
    ({"commune": "97411"}, "Saint-Denis (La Réunion)"),
    ({"commune": "75056"}, "Paris"),
    ({"q": "filmer", "du": "2006", "au": "2008"}, "« filmer », de 2006 à 2008"),
]


@pytest.fixture
def make_query(demo_app):
    """Make a query from filters and values, in a request of the demonstration."""

    def build(filters: dict[str, str | list[str]]) -> CaseQuery:
        return CaseQuery(
            {
                name: (value,) if isinstance(value, str) else tuple(value)
                for name, value in filters.items()
            }
        )

    with demo_app.test_request_context("/incidents"):
        head()
        yield build


def spaced(text: str) -> str:
    """The text with ordinary spaces only."""
    return " ".join(text.split())


@pytest.mark.parametrize(("filters", "expected"), CASES, ids=[title for _filters, title in CASES])
def test_title_of_a_search(make_query, filters, expected) -> None:
    query = make_query(filters)
    assert spaced(search_title.phrase(query)) == expected
    title = spaced(search_title.page_title(query, 29))
    assert title == f"{expected} : 29 cas"


def test_title_for_every_word_of_the_vocabularies(make_query) -> None:
    """At most one colon, before the count."""
    for name in ("famille", "type", "acteur", "cible", "sens", "issue", "preuve", "niveau"):
        for code in current_vocabulary().lists[name]:
            title = spaced(search_title.page_title(make_query({name: code}), 0))
            assert title.count(":") == 1, title
            assert title.endswith(" : aucun cas")
            assert len(title) > len("Autre : aucun cas"), title


def test_every_code_has_a_sentence_form(make_query) -> None:
    from register.cases.case_codes import DURATIONS
    from register.web import messages

    assert set(messages.filters.duration_phrases) == set(DURATIONS)
    assert set(messages.filters.duration_labels) == set(DURATIONS)
    for name in ("niveau", "preuve", "sens"):
        assert all("phrase" in word.extra for word in current_vocabulary().lists[name].values())
