"""Names of private persons are flagged, and public functions, streets and media are not."""

from __future__ import annotations

import time

import pytest

from register.text.person_names import private_names
from register.text.personal_data import risks
from tools.risk_figures import case_texts

# One sentence each, with the name that is flagged.
PRIVATE = [
    ("Le maire a frappé Jean Dupont devant la mairie.", "Jean Dupont"),
    ("Selon Jeanne Martin, le maire l’a menacée.", "Jeanne Martin"),
    ("M. Martin tient un blog à Gagny.", "M. Martin"),
    ("Mme Durand a porté plainte.", "Mme Durand"),
    ("Mlle Petit, étudiante, filmait le conseil.", "Mlle Petit"),
    ("Monsieur Lefèvre a reçu une lettre.", "Monsieur Lefèvre"),
    ("madame Bernard, la voisine", "madame Bernard"),
    ("son avocate, Me Claire Roux, a répondu", "Me Claire Roux"),
    ("l’avocat du maire, Me Girard", "Me Girard"),
    ("le certificat du Dr Moreau", "Dr Moreau"),
    ("le docteur Moreau a constaté les blessures", "docteur Moreau"),
    ("Jean-Pierre Le Goff a publié la vidéo.", "Jean-Pierre Le Goff"),
    ("le blogueur Henri de La Tour", "Henri de La Tour"),
    ("un texte signé Paul d’Ormesson", "Paul d’Ormesson"),
    ("DUPONT Jean, né à Lille", "DUPONT Jean"),
    ("Jean DUPONT a témoigné.", "Jean DUPONT"),
    ("JEAN DUPONT A TÉMOIGNÉ", "JEAN DUPONT"),
    ("signé J. Dupont", "J. Dupont"),
    ("un article de J.-P. Bruneau", "J.-P. Bruneau"),
    ("la journaliste Morgane Le Bihan", "Morgane Le Bihan"),
    ("l’épouse du maire, Sophie Laurent, a crié", "Sophie Laurent"),
    ("le fils du maire, Kévin Laurent", "Kévin Laurent"),
    ("le directeur de cabinet du maire, Luc Perrin, l’a suivi", "Luc Perrin"),
    ("son chef de cabinet Luc Perrin", "Luc Perrin"),
    ("la directrice de la communication, Anne Blanc", "Anne Blanc"),
    ("l’agent municipal Karim Benali", "Karim Benali"),
    ("un policier, Yassine El Amrani", "Yassine El Amrani"),
    ("Fatoumata Diallo, habitante du quartier", "Fatoumata Diallo"),
    ("le président de l’association, Marc Faure", "Marc Faure"),
    ("Réponse du maire à la journaliste Marie Dupont", "Marie Dupont"),
    ("La lettre du maire à Paul Noël", "Paul Noël"),
    ("le maire et Mme Dupuis", "Mme Dupuis"),
    ("le maire poursuit Gérard Lebrun en diffamation", "Gérard Lebrun"),
    ("Gérard Lebrun, adjoint technique à la mairie", "Gérard Lebrun"),
    ("Marie-Jo Zimmer, retraitée", "Marie-Jo Zimmer"),
    ("Anne-Sophie et Luc Bertin", "Luc Bertin"),
    ("MM. Farinet et Verneau", "MM. Farinet"),
    ("Thomas Bernard Durand", "Thomas Bernard Durand"),
    ("Martin Bernard a filmé la scène.", "Martin Bernard"),
    ("Élodie Garcia (blogueuse) et sa sœur", "Élodie Garcia"),
    ("« Il m’a bousculé », raconte Théo Lambert.", "Théo Lambert"),
    ("Contactée, Inès Roussel confirme.", "Inès Roussel"),
    ("Lettre adressée à M. Paul Vidal", "M. Paul Vidal"),
    ("l’instituteur Alain Mercier", "Alain Mercier"),
    ("Le rédacteur en chef adjoint, Yann Kerjean", "Yann Kerjean"),
    ("M. O’Brien filmait.", "M. O’Brien"),
    ("Mme N’Diaye a été entendue.", "Mme N’Diaye"),
    ("Camille van der Berg, correspondante", "Camille van der Berg"),
    ("Ludovic Saint-Martin a reçu un courrier", "Ludovic Saint-Martin"),
    ("Le Dr. House-Martin a soigné", "Dr. House-Martin"),
    ("Monsieur Paul habite ici", "Monsieur Paul"),
    ("l'opposant Éric Fontaine (liste citoyenne)", "Éric Fontaine"),
    ("les parents de Lina Morel", "Lina Morel"),
    ("Nathalie Delbecque ne filme plus les séances.", "Nathalie Delbecque"),
    ("Mme Dupont-Aignan-Leroy, secrétaire de mairie", "Mme Dupont-Aignan-Leroy"),
    ("Antoine\u00a0Rey a saisi la CADA", "Antoine\u00a0Rey"),
    ("c’est Hugo Masson qui filmait", "Hugo Masson"),
    ("d’après Léa Chevalier, personne n’est intervenu", "Léa Chevalier"),
    ("Bruno Leclerc, fils de l’ancien maire", "Bruno Leclerc"),
    ("Le compte de Manon Brunet est bloqué.", "Manon Brunet"),
    ("la maison de Jean Dupont", "Jean Dupont"),
    ("Pour Nadia Haddad, le maire ment.", "Nadia Haddad"),
]
# A first name that fewer than a hundred persons bear, without a title.
MISSED = ["Xénocrate Barbaroux a filmé la scène.", "Nguyen Thi Lan tient le site."]
# Sentences without a private person's name.
PUBLIC = [
    "Le maire Jean Dupont a suspendu le conseil.",
    "Le maire de Gagny, Jean Dupont, a suspendu le conseil.",
    "Jean Dupont, maire de Gagny, a suspendu le conseil.",
    "Jean Dupont (maire) ; Jean Dupont (PS), maire de Gagny",
    "L’adjoint à la culture Paul Durand et l’adjointe aux finances, Anne Blanc, sont partis.",
    "la députée LFI Marie Martin",
    "Marie Martin, alors députée de la circonscription",
    "le conseiller municipal Luc Petit, la conseillère d’opposition Anne Roy",
    "l’ancien maire Paul Vidal",
    "le sénateur-maire Paul Vidal",
    "la ministre de la Culture, Françoise Nyssen",
    "le préfet du Nord, Michel Lalande",
    "Jean Dupont, le maire de Gagny, a écrit.",
    "Le maire Jean Dupont a parlé. Puis M. Dupont est sorti. Jean Dupont est revenu.",
    "Mme Dupont, maire de Gagny",
    "M. le maire, Mme la préfète, Monsieur Le Maire, Madame la Présidente du conseil",
    "le président de la région, Xavier Bertrand",
    "Jean Dupont est maire de Gagny depuis 2020.",
    "rue Jean Jaurès, avenue du Général de Gaulle, place du Docteur Jean Martin",
    "l’école Jean Moulin, le collège Paul Éluard, le lycée Marie Curie, la salle Charles Trenet",
    "Charlie Hebdo, France Bleu Gironde, France Inter, Midi Libre, Paris Match, Nice Matin",
    "Les amis de S. G., blog parodique ; Le Petit Bédouin ; Journal de Saint-Denis",
    "la loi Sandrier, la loi Jean Dupont",
    "La commune de Saint-Jean-de-Luz et celle de Villeneuve-Saint-Georges ; Saint Maurice Plage",
    "Mars 2020. Avril Mai. En Juillet, Claire a vu. Pierre Après. Après Pierre, le maire.",
    "Cour de cassation, tribunal judiciaire de Chartres, Conseil d’État, CAA Paris, TGI Caen",
    "Jean D. et M. X ont été entendus ; Mme Y. aussi.",
    "agent de catégorie C. Cette mesure ; un plan B. Après cela",
    "Henri IV, Louis XIV et Jean Paul II",
    "Pascal, Marie et Jean ont vu la scène.",
    "le bourgmestre de Waterloo, Florence Reuter",
    "le Premier ministre Jean Castex, la secrétaire d’État chargée du numérique Marina Ferrari",
    "les élus Jean Dupont",
    "Union européenne, Agence France Presse, Reporters sans frontières",
    "la vice-présidente du conseil départemental, Anne Dubois",
    "l’eurodéputée Manon Aubry",
    "Jean Dupont, premier adjoint, et Paul Rey, élu de la majorité",
    "Monsieur le Premier ministre",
]


def names(text: str) -> list[str]:
    return [text[start:end] for start, end in private_names(text)]


def test_private_names_are_flagged_whole() -> None:
    assert {sentence: names(sentence)[-1:] for sentence, _name in PRIVATE} == {
        sentence: [name] for sentence, name in PRIVATE
    }


def test_rare_first_names_without_title_are_missed() -> None:
    assert [sentence for sentence in MISSED if names(sentence) == []] == MISSED[:1]


def test_public_functions_places_and_media_are_not_flagged() -> None:
    assert {sentence: names(sentence) for sentence in PUBLIC if names(sentence)} == {}


def test_no_case_of_the_demonstration_is_flagged() -> None:
    """They name nobody: the figure stands in docs/proofs.md."""
    texts = list(case_texts())
    assert len({place.split()[0] for place, _text in texts}) == 34
    assert [place for place, text in texts if risks(text)] == []


def test_every_name_of_a_list_is_flagged() -> None:
    assert names("Paulette Bertrand, née en 1926 ; Lucien Carillon (1928) et M. Roseman") == [
        "Paulette Bertrand",
        "Lucien Carillon",
        "M. Roseman",
    ]


def test_only_the_elected_person_is_public_beside_another_name() -> None:
    assert names("Le maire Jean Martin et sa femme Anne Martin ; M. Martin est sorti.") == [
        "Anne Martin"
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        "Jean ",
        "J. ",
        "M. ",
        "maire de ",
        "le maire Jean Martin, ",
        "rue du ",
        "MARTIN ",
        "A",
        "Jean-",
    ],
)
def test_a_long_repetitive_text_is_read_quickly(pattern: str) -> None:
    text = (pattern * 50_000)[:50_000]
    start = time.process_time()
    list(private_names(text))
    assert time.process_time() - start < 2
