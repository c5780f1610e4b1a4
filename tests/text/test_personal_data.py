"""Risk flags: personal data is found, and common contents of cases raise no flag."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from register.text import personal_data
from register.text.personal_data import Risk, reading_once, risks


def codes(text: str) -> list[str]:
    return [risk.code for risk in risks(text)]


@pytest.mark.parametrize(
    ("text", "code", "excerpt"),
    [
        ("appelé au 06 12 34 56 78 hier", "telephone", "06 12 34 56 78"),
        ("Tél.01.23.45.67.89", "telephone", "01.23.45.67.89"),
        ("01-23-45-67-89", "telephone", "01-23-45-67-89"),
        ("0612345678", "telephone", "0612345678"),
        ("+33 6 12 34 56 78", "telephone", "+33 6 12 34 56 78"),
        ("+33612345678", "telephone", "+33612345678"),
        ("0033 (0)1 23 45 67 89", "telephone", "0033 (0)1 23 45 67 89"),
        ("06\u00a012\u00a034\u00a056\u00a078", "telephone", "06 12 34 56 78"),
        ("écrire à j.dupont@ville-x.fr.", "courriel", "j.dupont@ville-x.fr"),
        ("mailto:a@b.fr", "courriel", "a@b.fr"),
        ("une Clio AB-123-CD grise", "plaque", "AB-123-CD"),
        ("AB123CD", "plaque", "AB123CD"),
        ("1234 AB 75", "plaque", "1234 AB 75"),
        ("au 12 bis, rue des Lilas, à", "adresse", "12 bis, rue des Lilas"),
        ("3 avenue Foch", "adresse", "3 avenue Foch"),
        ("12 cours Victor-Hugo", "adresse", "12 cours Victor-Hugo"),
        ("domiciliée au village", "adresse", "domiciliée au"),
        ("en arrêt maladie", "sante", "arrêt maladie"),
        ("sa dépression", "sante", "sa dépression"),
        ("il est séropositif", "sante", "séropositif"),
        ("elle était enceinte", "sante", "était enceinte"),
        ("son homosexualité", "vie_sexuelle", "homosexualité"),
        ("sa maîtresse", "vie_sexuelle", "sa maîtresse"),
        ("élu musulman", "religion", "musulman"),
        ("témoins de Jéhovah", "religion", "témoins de Jéhovah"),
        ("franc-maçon", "religion", "franc-maçon"),
        ("un mineur entendu", "mineur", "un mineur"),
        ("âgée de 15 ans", "mineur", "âgée de 15 ans"),
        ("une lycéenne", "mineur", "lycéenne"),
        ("accusé de corruption", "accusation_grave", "accusé de corruption"),
        ("un PÉDOPHILE", "accusation_grave", "PÉDOPHILE"),
        ("prise illégale d’intérêts", "accusation_grave", "prise illégale d’intérêts"),
        ("détournement de fonds publics", "accusation_grave", "détournement de fonds publics"),
        ("harcèlement sexuel", "accusation_grave", "harcèlement sexuel"),
        ("trafic de drogue", "accusation_grave", "trafic de drogue"),
        ("pots-de-vin", "accusation_grave", "pots-de-vin"),
        ("le cœur de la mafia", "accusation_grave", "mafia"),
        ("filmé par Jeanne Martin hier", "nom", "Jeanne Martin"),
        ("FR76 3000 6000 0112 3456 7890 189.", "iban", "FR7630006000011234567890189"),
        ("be68539007547034 au", "iban", "BE68539007547034"),
        ("délégué CGT de la ville", "syndicat", "délégué CGT"),
        ("l’agente est syndiquée", "syndicat", "syndiquée"),
        ("secrétaire de la section CFDT", "syndicat", "secrétaire de la section CFDT"),
        ("représentante SUD Santé", "syndicat", "représentante SUD Santé"),
        ("un militant du RN", "opinion_politique", "militant du RN"),
        ("il a sa carte au PS", "opinion_politique", "sa carte au PS"),
        ("elle est encartée", "opinion_politique", "encartée"),
        ("sympathisant d’extrême droite", "opinion_politique", "sympathisant d’extrême droite"),
        (
            "sanctionnée pour ses opinions politiques",
            "opinion_politique",
            "ses opinions politiques",
        ),
        ("une journaliste proche du PCF", "opinion_politique", "journaliste proche du PCF"),
        ("il a voté pour le RN", "opinion_politique", "a voté pour le RN"),
        ("le maire a volé l’appareil", "accusation_grave", "a volé"),
        ("l’adjoint a violemment frappé la journaliste", "accusation_grave", "a violemment frappé"),
        ("reconnu coupable de vol", "accusation_grave", "coupable de vol"),
        ("des détournements", "accusation_grave", "détournements"),
        ("les comptes falsifiés", "accusation_grave", "falsifiés"),
        ("il a trafiqué les listes", "accusation_grave", "a trafiqué"),
        ("soupçonné d’avoir menti", "accusation_grave", "soupçonné d’avoir"),
    ],
)
def test_a_risk_is_found(text: str, code: str, excerpt: str) -> None:
    assert risks(text) == (Risk(code, excerpt),)


@pytest.mark.parametrize(
    "text",
    [
        "Crim. 2 nov. 2016, n° 15-87.163",
        "CAA Paris n° 22PA03737, CE n° 452521, avis CADA 20204485, RG 06/01234",
        "commune 93032, code postal 93220, SIRET 012 345 678 00012 et 01234567890123",
        "le 01/02/2006 10:30, puis le 2006-06-26 12:34:56",
        "7400 EUR puis 3000 EUR pour le blogueur, 1 EUR symbolique",
        "Menaces de mort, dans la rue, puis alerte à la bombe",
        "En 2006, place de la Mairie ; une rue de la crue",
        "deux cours d'appel et 2 cours d'appel",
        "25 à 35 droits de réponse en un an et demi, 17e chambre",
        "dans l'enceinte de la mairie",
        "une modification mineure, un rôle mineur",
        "condamné après 10 ans, il y a 3 ans",
        "en protestant contre une méthode peu orthodoxe",
        "violer la loi, violation, un violon, violences aggravées",
        "trafic routier, trafic de la ville, le trafic du site",
        "insinuation grave contre le blogueur",
        "@Mairie_de_X a bloqué 3 comptes",
        "mairie.fr/rue-du-bac",
        "FR76 3000 6000 0112 3456 7890 188 et FR76, ZZ68 5390 0754 7034",
        "Le syndicat SNJ dénonce ; la CGT et FO aussi",
        "le syndicat mixte, membre du syndicat des eaux",
        "l’élue PS, la mairie RN, le groupe socialiste, un élu membre du PCF",
        "les responsables politiques",
        "membre de droit, le sud de la France, représentant du Sud, la droite de la salle",
        "il a frappé à la porte, la grêle a frappé la région, cela a détourné l’attention",
        "coupable de diffamation, mis en examen pour diffamation, accusé d’injure",
        "Journaliste frappé, photos effacées, téléphone confisqué ; vol de nuit",
        "",
    ],
)
def test_common_contents_of_cases_are_no_risk(text: str) -> None:
    assert risks(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "https://exemple.fr/corruption-0612345678?de=a@b.fr",
        "http://www.exemple.fr/12-rue-des-lilas/viol",
        "www.exemple.fr/mafia",
    ],
)
def test_addresses_of_sources_are_not_scanned(text: str) -> None:
    assert risks(f"Voir {text} (archive)") == ()


def test_risks_are_distinct_and_in_order() -> None:
    found_codes = codes("viol, viol, 06 12 34 56 78, cancer, mafia et a@b.fr")
    assert found_codes == ["telephone", "courriel", "sante", "accusation_grave", "accusation_grave"]


def test_decomposed_accents_are_recognised() -> None:
    assert codes("un pe\u0301dophile") == ["accusation_grave"]


@given(st.text())
def test_an_excerpt_is_made_of_the_text(text: str) -> None:
    for risk in risks(text + " œuvre de corruption"):
        assert risk.excerpt
    assert Risk("accusation_grave", "corruption") in risks(text + " œuvre de corruption")


@pytest.mark.parametrize(
    "pattern",
    ["a", "a@", "0", "06", "06 ", "1 rue ", "1 ", "AB-123-", "a.", "+33", "http://", "une "],
)
def test_a_long_repetitive_text_is_scanned_quickly(pattern: str) -> None:
    text = (pattern * 50_000)[:50_000]
    start = time.process_time()
    risks(text)
    assert time.process_time() - start < 2


def test_a_text_is_kept_during_an_import_only(monkeypatch):
    read = []
    monkeypatch.setattr(personal_data, "_find_risks", lambda text: (read.append(text), ())[1])
    assert risks("un texte") == risks("un texte")
    assert len(read) == 2
    with reading_once():
        assert risks("un texte") == risks("un texte")
        assert len(read) == 3
    risks("un texte")
    assert len(read) == 4
