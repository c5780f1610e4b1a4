"""The vocabularies: their codes, which URLs and files contain, and their loading."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace

import pytest
from sqlalchemy import select

from register.cases import vocabulary
from register.cases.vocabulary import LIST_NAMES, VOCABULARY_FILE, VocabularyEntry
from register.db import now

pytestmark = pytest.mark.one_database

CODES = {
    "famille": "acces justice pression securite autre",
    "cible": "blogueur citoyen association media_local presse_locale presse_nationale journaliste "
    "elu_opposition agent_public lanceur_alerte hebergeur autre",
    "acteur": "maire elu cabinet service_communication assemblee agent police collectivite prefet "
    "president_assemblee etat partisans autre inconnu",
    "niveau": "commune intercommunalite departement region outre_mer etat etablissement_public "
    "autre inconnu",
    "preuve": "allegue documente juge",
    "sens": "contre_cible contre_x par_cible recours_cible deux_sens tiers",
    "nature": "penale civile administrative cada disciplinaire inconnue",
    "issue": "inconnue en_cours resolue retrait_contenu fermeture classement_sans_suite "
    "desistement accord nullite_procedure prescription relaxe deboute condamnation_cible "
    "condamnation_auteur annulation mesure_validee cassation_favorable cassation_defavorable "
    "cassation_renvoi sanction_interne tutelle_favorable avis_cada_favorable avis_cada_defavorable "
    "communication_obtenue autre",
    "etape": "mise_en_demeure deliberation plainte citation_directe poursuite_parquet assignation "
    "refere mise_en_examen offre_de_preuve audience decision jugement appel arret pourvoi "
    "cassation desistement transaction execution",
    "source": "presse site_cible blog document_officiel decision_justice video reseau_social "
    "association autre",
    "refus": "hors_champ doublon insuffisant inverifiable risque_personne illicite",
    "restriction": "donnee_personnelle decision_de_justice erreur securite demande_signalant "
    "reexamen",
}
TYPES = {
    "acces": "interdiction_filmer expulsion menace_expulsion huis_clos entrave_acces "
    "refus_information refus_document refus_moyens blocage_reseaux entrave_distribution",
    "justice": "mise_en_demeure menace_poursuites plainte_diffamation plainte_injure "
    "poursuite_autre_fondement plainte_autre convocation_audition levee_anonymat "
    "protection_fonctionnelle",
    "pression": "retrait_financement sanction_employeur pression_hebergeur pression_editoriale "
    "denigrement_public droit_de_reponse",
    "securite": "violence_physique menace_violence confiscation_effacement degradation "
    "cyberharcelement surveillance",
    "autre": "autre",
}
BY_A_COURT = {
    "relaxe",
    "condamnation_cible",
    "condamnation_auteur",
    "nullite_procedure",
    "prescription",
    "deboute",
    "annulation",
    "mesure_validee",
    "cassation_favorable",
    "cassation_defavorable",
    "cassation_renvoi",
}


@pytest.fixture
def vocabularies(session):
    return vocabulary.current_vocabulary(session)


def test_every_list_holds_its_codes_in_order(vocabularies):
    assert set(CODES) | {"type"} == set(LIST_NAMES)
    for name, codes in CODES.items():
        assert list(vocabularies.lists[name]) == codes.split(), name


def test_every_type_belongs_to_its_family(vocabularies):
    families = {code: family for family, codes in TYPES.items() for code in codes.split()}
    assert vocabularies.family_of == families
    assert vocabularies.types_of("justice") == TYPES["justice"].split()
    assert vocabularies.types_of("") == []


def test_only_some_outcomes_need_a_court(vocabularies):
    assert vocabularies.court_outcomes == BY_A_COURT


def test_a_withdrawal_for_the_reporter_is_shown_as_a_review(vocabularies):
    hidden = {
        code for code, word in vocabularies.lists["restriction"].items() if not word.extra["public"]
    }
    assert hidden == {"demande_signalant"}
    assert vocabularies.word("restriction", "demande_signalant").extra["shown_as"] == "reexamen"


@pytest.mark.parametrize("language", vocabulary.LANGUAGES)
def test_every_word_has_label_and_definition_in_both_languages(session, vocabularies, language):
    translated = vocabulary.vocabulary_at(session, vocabularies.version, language)
    assert translated.language == language
    assert {name: list(words) for name, words in translated.lists.items()} == {
        name: list(words) for name, words in vocabularies.lists.items()
    }
    for words in translated.lists.values():
        for word in words.values():
            assert word.label.strip(), word.code
            assert word.definition.strip(), word.code
            assert not any(key.endswith(("_fr", "_en")) for key in word.extra)


def test_a_word_has_the_same_fields_in_both_languages(session, vocabularies):
    english = vocabulary.vocabulary_at(session, vocabularies.version, "en")
    for name, words in vocabularies.lists.items():
        for code, word in words.items():
            other = english.lists[name][code]
            assert set(other.extra) == set(word.extra), code
            for key in ("letter", "famille", "court", "public", "shown_as", "proceeding", "opens"):
                assert other.extra.get(key) == word.extra.get(key)
            french_marks = re.search("[\u202f«»]|\u00a0:", f"{other.label} {other.definition}")
            assert not french_marks, code


def test_the_label_of_an_unknown_code_is_the_code(vocabularies):
    assert (
        vocabularies.label("preuve", "documente") == vocabularies.word("preuve", "documente").label
    )
    assert vocabularies.label("preuve", "jamais") == "jamais"


def test_the_import_file_maps_to_known_kinds_of_sources(vocabularies):
    kinds = vocabulary.source_kinds()
    assert set(kinds.values()) <= set(vocabularies.lists["source"])


def test_the_vocabulary_is_read_once_for_each_version(session):
    assert vocabulary.current_vocabulary(session) is vocabulary.current_vocabulary(session)


def test_loading_the_same_file_again_changes_nothing(session):
    assert vocabulary.load_file(session, now()) is False


def _write_changed_file(path, change):
    """The shipped file with its word ``allegue`` changed."""
    text = VOCABULARY_FILE.read_text("utf-8")
    start = text.index('[[preuve]]\ncode = "allegue"')
    end = text.index("[[preuve]]", start + 1)
    path.write_text(text[:start] + change(text[start:end]) + text[end:], "utf-8")
    return path


def test_a_word_that_leaves_the_file_is_retired_and_still_shown(session, tmp_path):
    label = vocabulary.current_vocabulary(session).label("preuve", "allegue")
    assert (
        vocabulary.load_file(session, now(), _write_changed_file(tmp_path / "v.toml", lambda _: ""))
        is True
    )
    vocabularies = vocabulary.current_vocabulary(session)
    assert not vocabularies.accepts("preuve", "allegue")
    assert vocabularies.has("preuve", "allegue")
    assert vocabularies.label("preuve", "allegue") == label


def test_a_word_that_returns_to_the_file_is_no_longer_retired_and_may_have_a_new_label(
    session, tmp_path
):
    vocabulary.load_file(
        session, now(), _write_changed_file(tmp_path / "without.toml", lambda _: "")
    )
    renamed = _write_changed_file(
        tmp_path / "with.toml", lambda row: row.replace('fr = "', 'fr = "Bien ')
    )
    vocabulary.load_file(session, now(), renamed)
    vocabularies = vocabulary.current_vocabulary(session)
    assert vocabularies.accepts("preuve", "allegue")
    assert vocabularies.label("preuve", "allegue").startswith("Bien ")


def test_a_word_with_a_retirement_date_is_retired(session, tmp_path):
    """As the head of the file says: add ``retired_at`` to the row and leave the row."""
    retired = _write_changed_file(
        tmp_path / "v.toml", lambda row: row.rstrip() + "\nretired_at = 2026-01-01\n\n"
    )
    vocabulary.load_file(session, now(), retired)
    vocabularies = vocabulary.current_vocabulary(session)
    assert not vocabularies.accepts("preuve", "allegue")
    assert vocabularies.has("preuve", "allegue")


def test_a_retired_word_keeps_its_first_retirement_date(session, tmp_path):
    first, later = now().replace(year=2026), now().replace(year=2027)
    vocabulary.load_file(session, first, _write_changed_file(tmp_path / "1.toml", lambda _: ""))
    vocabulary.load_file(
        session, later, _write_changed_file(tmp_path / "2.toml", lambda _: "# again\n")
    )
    term = session.scalars(select(VocabularyEntry).where(VocabularyEntry.code == "allegue")).one()
    assert term.retired_at == first


def test_no_code_is_longer_than_its_column():
    content = tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))
    assert max(len(row["code"]) for name in LIST_NAMES for row in content[name]) <= 40


def test_an_empty_vocabulary_accepts_no_code():
    empty = vocabulary.Vocabulary("", "fr", {name: {} for name in LIST_NAMES})
    assert not empty.accepts("type", "expulsion")
    assert replace(empty, family_of={"expulsion": "acces"}).types_of("acces") == ["expulsion"]


def test_outcomes_name_natures_and_steps_name_recourses(vocabularies):
    for word in vocabularies.lists["issue"].values():
        assert set(word.extra.get("natures", ())) <= set(vocabularies.lists["nature"])
        # A recourse exists only against a decision of a court, or one that is not named.
        if word.extra.get("appeal"):
            assert word.code in BY_A_COURT | {"inconnue", "en_cours", "autre"}
    recourses = {word.extra.get("recourse") for word in vocabularies.lists["etape"].values()}
    assert recourses == {None, "", "appel", "pourvoi"}
