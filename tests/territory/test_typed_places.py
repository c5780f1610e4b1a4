"""Typed places, each with all its readings.

A place is a code: five characters for a commune, two or three for a département, ``R`` and two for
a région. Several codes are in the order of the readings; a row with a count has the first ones
only.
"""

from __future__ import annotations

import pytest
from territory_rows import sole_reading

from register.territory.gazetteer import Gazetteer
from register.territory.readings import PlaceReading
from register.territory.resolve import resolve

NAMES = [
    ("Gagny", "93032"),
    ("gagny", "93032"),
    ("GAGNY", "93032"),
    (" \u00a0Gagny\u202f ", "93032"),
    ("L'Haÿ-les-Roses", "94038"),
    ("L’HAŸ LES ROSES", "94038"),
    ("l'hay-les-roses", "94038"),
    ("L Hay les Roses", "94038"),
    ("Asnières\u2011sur\u2011Seine", "92004"),
    ("asnieres sur seine", "92004"),
    ("Noisy\u2212le\u2212Sec", "93053"),
    ("Noisy\u2010le\u2010Sec", "93053"),
    ("Che\u0301cy", "45089"),
    ("Châlons-en-Champagne", "51108"),
    ("Œuilly", "51410 02565"),
    ("oeuilly", "51410 02565"),
    ("Y", "80829"),
    ("y", "80829"),
    ("Saint-Étienne", "42218"),
    ("st etienne", "42218"),
    ("ST-ETIENNE", "42218"),
    ("Ste Geneviève des Bois", "91549 45278"),
    ("Saint Ouen l'Aumône", "95572"),
    ("St. Ouen-sur-Seine", "93070"),
    ("Sts-Geosmes", "52449"),
    ("Villeneuve-d'Ascq", "59009"),
    ("Ville-d'Avray", "92077"),
    ("La Ville-du-Bois", "91665"),
    ("Saint-Denis", "97411 93066 11339 30247"),
    ("st denis", "97411 93066 11339 30247"),
    ("La Rochelle", "17300 70450"),
    ("Pierrefitte", "79209 88347 19166 23152"),
    # Paris is a commune and a département of the same area: one reading.
    ("Paris", "75056"),
    ("Vienne", "38544 86"),
    ("Creuse", "80225 23"),
    ("Bretagne", "90019 36024 R53"),
    ("la Réunion", "47222 974"),
    # Small words left out, put in or wrong.
    ("Le Bourget", "93013"),
    ("Bourget", "93013"),
    ("le havre", "76351"),
    ("Havre", "76351"),
    ("rochelle", "17300 70450"),
    ("Mans", "72181"),
    ("kremlin bicetre", "94043"),
    ("Haÿ les Roses", "94038"),
    ("le Puteaux", "92062"),
    ("noisy sec", "93053"),
    ("Asnières Seine", "92004"),
    ("Vitry s/Seine", "94081"),
    ("Fontenay s/s Bois", "94033"),
    # Names of institutions.
    ("mairie de Gagny", "93032"),
    ("mairie Gagny", "93032"),
    ("la mairie de Gagny", "93032"),
    ("Mairie de l'Haÿ-les-Roses", "94038"),
    ("mairie du Bourget", "93013"),
    ("mairie des Lilas", "93045"),
    ("ville de Puteaux", "92062"),
    ("Ville du Mans", "72181"),
    ("commune d'Orléans", "45234"),
    ("conseil municipal de Noisy-le-Sec", "93053"),
    ("conseil municipal Noisy-le-Sec", "93053"),
    ("maire de Hénin-Beaumont", "62427"),
    ("hôtel de ville de Paris", "75056"),
    ("à Gagny", "93032"),
    ("au Bourget", "93013"),
    # With a code, a département or a région.
    ("Saint-Denis 974", "97411"),
    ("St Denis 974", "97411"),
    ("974 st denis", "97411"),
    ("Saint-Denis (93)", "93066"),
    ("Saint-Denis, 93", "93066"),
    ("Saint-Denis ( 974 )", "97411"),
    ("93 Saint-Denis", "93066"),
    ("Saint-Denis 93200", "93066"),
    ("93200 Saint-Denis", "93066"),
    ("93200 SAINT-DENIS (93)", "93066"),
    ("Saint-Denis 93066", "93066"),
    ("Saint-Denis, Seine-Saint-Denis", "93066"),
    ("saint denis (seine saint denis)", "93066"),
    ("Saint-Denis, La Réunion", "97411"),
    ("Saint-Denis Réunion", "97411"),
    ("Saint-Denis de la Réunion", "97411"),
    ("Saint-Denis, Île-de-France", "93066"),
    ("Saint-Denis en Occitanie", "11339 30247"),
    ("Saint-Denis dans le 93", "93066"),
    ("Saint-Denis, département 93", "93066"),
    ("commune de Saint-Denis (93)", "93066"),
    ("Vienne 38", "38544"),
    ("Vienne (Isère)", "38544"),
    ("Sainte-Marie 974", "97418"),
    ("Bonifacio 2A", "2A041"),
    ("bonifacio 2a", "2A041"),
    ("Bourg 33", "33067"),
    ("Paris (75)", "75056"),
    ("Gagny CEDEX", "93032"),
    ("92800 Puteaux Cedex", "92062"),
    ("93521 Saint-Denis Cedex 1", "93066"),
    ("93220 Gagny, France", "93032"),
    ("Port 974", "97407"),
    ("Les Granges, Aube", "10168"),
]

CODES = [
    ("93032", "93032", "code_insee"),
    ("93066", "93066", "code_insee"),
    ("80829", "80829", "code_insee"),
    ("13055", "13055", "code_insee"),
    ("01004", "01004", "code_insee"),
    ("2A004", "2A004", "code_insee"),
    ("2a004", "2A004", "code_insee"),
    ("93220", "93032", "code_postal"),
    (" 93220 ", "93032", "code_postal"),
    ("93 220", "93032", "code_postal"),
    ("93200", "93066", "code_postal"),
    ("93380", "93066", "code_postal"),
    ("97400", "97411", "code_postal"),
    ("20000", "2A004", "code_postal"),
    ("75018", "75056", "code_postal"),
    ("75116", "75056", "code_postal"),
    ("20004", "2A004", "ancien_code"),
    ("93059", "93066", "ancien_code"),
    ("93", "93", "departement_code"),
    ("1", "01", "departement_code"),
    ("01", "01", "departement_code"),
    ("2A", "2A", "departement_code"),
    ("2b", "2B", "departement_code"),
    ("75", "75", "departement_code"),
    ("974", "974", "departement_code"),
    ("988", "988", "departement_code"),
    ("le 93", "93", "departement_code"),
    ("dans le 93", "93", "departement_code"),
    ("département 93", "93", "departement_code"),
]

# Both a postal code and an INSEE code: how many readings, the first of them, and why.
COLLISIONS = [
    ("13001", 2, "13055:code_postal 13001:code_insee"),
    ("69003", 2, "69123:code_postal 69003:code_insee"),
    ("51300", 47, "51649:code_postal 51262:code_postal"),
]

# A name of today, which some commune had once: only the one of today is read.
SHADOWED = [("Avignon", "84007"), ("Laval", "53130"), ("Saint-Étienne", "42218")]

GROUPS = [
    ("Est Ensemble", "200057875"),
    ("Grand Poitiers", "200069854"),
    ("grand poitiers", "200069854"),
    ("communauté urbaine du Grand Poitiers", "200069854"),
    ("métropole de Lyon", "200046977"),
    ("Plaine Commune", "200057867"),
    ("CC Faucigny - Glières", "200000172"),
    ("Grand Lyon", "200046977"),
    ("la MEL", "200093201"),
    ("Lille Métropole", "200093201"),
    ("Métropole d'Aix-Marseille", "200054807"),
    ("TPM", "248300543"),
    ("GPSO", "200057974"),
    ("POLD", "200057982"),
]

# Départements and régions of before, and what they became.
FORMER_AREAS = [
    ("Nord-Pas-de-Calais", "R32 59 62", "ancienne_region"),
    ("région Picardie", "R32 80 60 02", "ancienne_region"),
    ("Seine-et-Oise", "93 92 78 94 91 95", "ancien_departement"),
    ("Loire-Inférieure", "44", "ancien_departement"),
]

AREAS = [
    ("Seine-Saint-Denis", "93"),
    ("93 - Seine-Saint-Denis", "93"),
    ("Hauts de Seine", "92"),
    ("Hauts-de-Seine (92)", "92"),
    ("Isère", "38"),
    ("l'Isère", "38"),
    ("département de l'Isère", "38"),
    ("dept Isère", "38"),
    ("conseil départemental du Val-de-Marne", "94"),
    ("Côte d’Or", "21"),
    ("cotes d armor", "22"),
    ("Corse du Sud", "2A"),
    ("Nord", "59"),
    ("Mayotte", "976"),
    ("Guadeloupe", "971"),
    ("Nouvelle Calédonie", "988"),
    ("Corse", "R94"),
    ("ile de france", "R11"),
    ("région Île-de-France", "R11"),
    ("conseil régional de Bretagne", "R53"),
    ("la Normandie", "R28"),
    ("Provence-Alpes-Côte d'Azur", "R93"),
    ("PACA", "R93"),
    ("pays de loire", "R52"),
]

# An arrondissement or a former commune: the present commune, and the name and code that led to it.
PARTS = [
    ("Paris 18e", "75056", "Paris 18e Arrondissement", "75118"),
    ("Paris 18", "75056", "Paris 18e Arrondissement", "75118"),
    ("paris 18 eme", "75056", "Paris 18e Arrondissement", "75118"),
    ("Paris 18ème arrondissement", "75056", "Paris 18e Arrondissement", "75118"),
    ("Paris 18ᵉ", "75056", "Paris 18e Arrondissement", "75118"),
    ("Paris XVIIIe", "75056", "Paris 18e Arrondissement", "75118"),
    ("PARIS XVIII", "75056", "Paris 18e Arrondissement", "75118"),
    ("18e arrondissement de Paris", "75056", "Paris 18e Arrondissement", "75118"),
    ("mairie du 18e arrondissement de Paris", "75056", "Paris 18e Arrondissement", "75118"),
    ("18e Paris", "75056", "Paris 18e Arrondissement", "75118"),
    ("18e arrondissement", "75056", "Paris 18e Arrondissement", "75118"),
    ("75118", "75056", "Paris 18e Arrondissement", "75118"),
    ("75018", "75056", "Paris 18e Arrondissement", "75118"),
    ("Paris 75018", "75056", "Paris 18e Arrondissement", "75118"),
    ("75018 Paris", "75056", "Paris 18e Arrondissement", "75118"),
    ("Paris 75118", "75056", "Paris 18e Arrondissement", "75118"),
    ("75116", "75056", "Paris 16e Arrondissement", "75116"),
    ("Paris 1er", "75056", "Paris 1er Arrondissement", "75101"),
    ("Marseille 13001", "13055", "Marseille 1er Arrondissement", "13201"),
    ("13001 Marseille", "13055", "Marseille 1er Arrondissement", "13201"),
    ("Marseille 16", "13055", "Marseille 16e Arrondissement", "13216"),
    ("Marseille XVI", "13055", "Marseille 16e Arrondissement", "13216"),
    ("13216", "13055", "Marseille 16e Arrondissement", "13216"),
    ("Lyon 3eme", "69123", "Lyon 3e Arrondissement", "69383"),
    ("Lyon III", "69123", "Lyon 3e Arrondissement", "69383"),
    ("lyon 2nd", "69123", "Lyon 2e Arrondissement", "69382"),
    ("69383", "69123", "Lyon 3e Arrondissement", "69383"),
    ("Pierrefitte-sur-Seine", "93066", "Pierrefitte-sur-Seine", "93059"),
    ("pierrefitte sur seine (93)", "93066", "Pierrefitte-sur-Seine", "93059"),
    ("93059", "93066", "Pierrefitte-sur-Seine", "93059"),
    ("Le Chesnay", "78158", "Le Chesnay", "78158"),
    ("Oullins", "69149", "Oullins", "69149"),
    ("Courcouronnes", "91228", "Courcouronnes", "78182"),
    ("Châlons-sur-Marne", "51108", "Châlons-sur-Marne", "51108"),
    ("chalons sur marne (51)", "51108", "Châlons-sur-Marne", "51108"),
    ("Laval (38)", "38206", "Laval", "38206"),
    ("Annecy-le-Vieux", "74010", "Annecy-le-Vieux", "74011"),
    ("Équeurdreville-Hainneville", "50129", "Équeurdreville-Hainneville", "50173"),
    # A former code without a recorded name.
    ("20004", "2A004", None, "20004"),
]

ALMOST = [
    # A letter missing, added or replaced, or two letters exchanged.
    ("gagni", "93032"),
    ("ggagny", "93032"),
    ("gagyn", "93032"),
    ("gagn", "93032"),
    ("Putaux", "92062"),
    ("puteau", "92062 55202"),
    ("ganny", "93032 27279"),
    ("noisy le sek", "93053"),
    ("hénin beaumon", "62427"),
    ("Levalois-Perret", "92044"),
    ("lyonn", "69123"),
    ("gagni 93", "93032"),
    ("93220 gagni", "93032"),
    ("mairie de Gagni", "93032"),
    ("Marseile 3e", "13055"),
    ("Pari 18e", "75056"),
    ("Seine-Sain-Denis", "93"),
    ("Bretagme", "R53 90019 36024"),
]

# The beginning of a longer name.
BEGINNINGS = [
    ("Levallois", "92044"),
    ("L'Haÿ", "94038"),
    ("Haÿ", "94038"),
    ("Vitry 94", "94081"),
    ("Noisy", "93051 93053 78455 77339 77338 95456"),
]

# Names of small communes that are also short for much larger ones.
SHORT = [
    ("Evry", "89162", "91228"),
    ("St Ouen", "41226 80711", "93070"),
    ("Aulnay", "17024 10017 86013", "93005"),
    ("Asnières", "27021", "92004"),
    ("mairie d'Asnières", "27021", "92004"),
    ("Saint-Germain", "10340 70464 86223 07241 54475", "78551"),
    ("Neuilly", "27429 58191 89196", "92051 93050 93049"),
    ("Bourg", "33067 52062", "01053"),
]

PHRASES = [
    ("filmer à gagny", "93032"),
    ("filmer le conseil municipal Noisy-le-Sec", "93053"),
    ("expulsion du public à Paris 18e", "75056"),
    ("blog de Saint-Denis 93", "93066"),
    ("de Gagny au Bourget en voiture", "93032 93013"),
    ("filmer à Evry", "89162 91228"),
]

NEAR = [
    ("Gagny 75", "93032"),
    ("Gagny (75)", "93032"),
    ("Ganni", "93032"),
    ("Clichi-sous-boix", "93014"),
    ("Oberviliers", "93001"),
    ("Saint-Denis 59", "97411 93066 11339 30247"),
    ("Ourcouronnes", "91228"),
    # Unknown codes whose first digits are those of a département.
    ("75000", "75"),
    ("69000", "69"),
    ("13000", "13"),
    ("97499", "974"),
    ("20", "2A 2B"),
    ("20999", "2A 2B"),
]

NONSENSE = [
    "",
    "   ",
    "()",
    "(93)x",
    "99999",
    "96",
    "96000",
    "00",
    "2C",
    "Nulle-Part",
    "Paris 21e",
    "Lyon 10e",
    "xkcd qsd",
    "\0",
    "\u202e\u200f\u2066",
    "'’-",
    "٩٣",
    "93'; DROP TABLE commune; --",
    "x" * 10_000,
    " " * 10_000,
    "\ud800",
]


def _code(reading: PlaceReading) -> str:
    return f"R{reading.code}" if reading.kind == "region" else reading.code


def _codes(readings: tuple[PlaceReading, ...]) -> list[str]:
    return [_code(reading) for reading in readings]


@pytest.mark.parametrize(("typed", "codes"), NAMES)
def test_a_name_has_these_readings(gazetteer: Gazetteer, typed: str, codes: str) -> None:
    resolution = resolve(gazetteer, typed)
    assert _codes(resolution.readings) == codes.split()
    assert resolution.readings[0].why == "nom"
    assert resolution.near_readings == ()


@pytest.mark.parametrize(("typed", "code", "why"), CODES)
def test_a_code_has_one_reading(gazetteer: Gazetteer, typed: str, code: str, why: str) -> None:
    reading = sole_reading(resolve(gazetteer, typed))
    assert reading is not None
    assert (_code(reading), reading.why) == (code, why)


@pytest.mark.parametrize(("typed", "count", "first"), COLLISIONS)
def test_a_string_that_is_two_codes_has_all_readings(
    gazetteer: Gazetteer, typed: str, count: int, first: str
) -> None:
    readings = resolve(gazetteer, typed).readings
    assert len(readings) == count
    summaries = [f"{reading.code}:{reading.why}" for reading in readings]
    assert summaries[: len(first.split())] == first.split()


@pytest.mark.parametrize(("typed", "code"), AREAS)
def test_the_name_of_a_departement_or_region_has_one_reading(
    gazetteer: Gazetteer, typed: str, code: str
) -> None:
    reading = sole_reading(resolve(gazetteer, typed))
    assert reading is not None
    assert _code(reading) == code
    assert reading.why == ("region_nom" if code.startswith("R") else "departement_nom")


@pytest.mark.parametrize(("typed", "code"), [*SHADOWED, *GROUPS])
def test_a_name_of_today_or_of_an_intercommunalite_has_one_reading(
    gazetteer: Gazetteer, typed: str, code: str
) -> None:
    reading = resolve(gazetteer, typed).sole_reading
    assert reading is not None
    assert (reading.code, reading.alias_name) == (code, None)


@pytest.mark.parametrize(("typed", "codes", "why"), FORMER_AREAS)
def test_a_former_departement_or_region_has_those_that_it_became(
    gazetteer: Gazetteer, typed: str, codes: str, why: str
) -> None:
    readings = resolve(gazetteer, typed).readings
    assert set(_codes(readings)) == set(codes.split())
    assert {reading.why for reading in readings} == {why}
    assert len({reading.alias_name for reading in readings}) == 1


@pytest.mark.parametrize("typed", ["Genève", "Bruxelles", "Waterloo", "gagni", "Renèves"])
def test_a_correction_is_never_the_sole_reading(gazetteer: Gazetteer, typed: str) -> None:
    resolution = resolve(gazetteer, typed)
    assert resolution.sole_reading is None
    assert resolution.near_readings


@pytest.mark.parametrize(("typed", "code", "alias_name", "alias_code"), PARTS)
def test_a_smaller_or_former_place_leads_to_the_commune(
    gazetteer: Gazetteer, typed: str, code: str, alias_name: str | None, alias_code: str
) -> None:
    reading = sole_reading(resolve(gazetteer, typed))
    assert reading is not None
    assert (reading.code, reading.alias_name, reading.alias_code) == (code, alias_name, alias_code)


@pytest.mark.parametrize(("typed", "codes"), ALMOST)
def test_a_corrected_name_is_offered_and_never_settled(
    gazetteer: Gazetteer, typed: str, codes: str
) -> None:
    resolution = resolve(gazetteer, typed)
    assert (resolution.readings, resolution.sole_reading) == ((), None)
    assert _codes(resolution.near_readings) == codes.split()
    assert {reading.why for reading in resolution.near_readings} == {"orthographe_proche"}


def test_names_that_are_nearly_the_phrase_are_offered_with_the_place_in_it(
    gazetteer: Gazetteer,
) -> None:
    resolution = resolve(gazetteer, "gagny la ville")
    assert [(r.code, r.why) for r in resolution.readings] == [("93032", "dans_la_phrase")]
    assert {r.name for r in resolution.near_readings} >= {"Magny-la-Ville", "Pagny-la-Ville"}
    assert resolution.sole_reading is None


@pytest.mark.parametrize(("typed", "codes"), BEGINNINGS)
def test_the_beginning_of_a_name_is_resolved_and_marked_as_such(
    gazetteer: Gazetteer, typed: str, codes: str
) -> None:
    resolution = resolve(gazetteer, typed)
    assert _codes(resolution.readings) == codes.split()
    assert {reading.why for reading in resolution.readings} == {"debut_du_nom"}


@pytest.mark.parametrize(("typed", "exact", "longer"), SHORT)
def test_a_small_namesake_is_offered_with_the_longer_names(
    gazetteer: Gazetteer, typed: str, exact: str, longer: str
) -> None:
    readings = resolve(gazetteer, typed).readings
    assert _codes(readings)[: len(exact.split())] == exact.split()
    longer_readings = [reading for reading in readings if reading.why == "debut_du_nom"]
    assert _codes(tuple(longer_readings)) == longer.split()
    # With a case, the namesake alone is offered.
    with_case = resolve(gazetteer, typed, {exact.split()[0]: 1}).readings
    assert "debut_du_nom" not in {reading.why for reading in with_case}


@pytest.mark.parametrize("typed", ["Évry (89)", "89140 Évry", "Évry, Yonne", "Aulnay (86)"])
def test_a_small_namesake_with_its_departement_has_one_reading(
    gazetteer: Gazetteer, typed: str
) -> None:
    assert sole_reading(resolve(gazetteer, typed)) is not None


def test_a_longer_name_with_cases_follows_a_namesake_that_is_no_larger(
    gazetteer: Gazetteer,
) -> None:
    readings = resolve(gazetteer, "Pierrefitte", {"93066": 1}).readings
    assert _codes(readings) == ["79209", "88347", "19166", "23152", "93066"]
    assert (readings[-1].why, readings[-1].alias_name) == ("debut_du_nom", "Pierrefitte-sur-Seine")
    # Paris-l'Hôpital is a village, and no reading of "Paris".
    assert sole_reading(resolve(gazetteer, "Paris", {"71343": 1})) is not None


@pytest.mark.parametrize(("typed", "codes"), PHRASES)
def test_a_place_in_a_phrase_is_resolved_and_marked_as_such(
    gazetteer: Gazetteer, typed: str, codes: str
) -> None:
    resolution = resolve(gazetteer, typed)
    assert _codes(resolution.readings) == codes.split()
    assert {reading.why for reading in resolution.readings} == {"dans_la_phrase"}


@pytest.mark.parametrize(("typed", "codes"), NEAR)
def test_an_unknown_name_has_near_names(gazetteer: Gazetteer, typed: str, codes: str) -> None:
    resolution = resolve(gazetteer, typed)
    assert not resolution.readings
    assert _codes(resolution.near_readings)[: len(codes.split())] == codes.split()
    assert len(resolution.near_readings) <= 6


@pytest.mark.parametrize("typed", NONSENSE)
def test_nonsense_has_no_reading(gazetteer: Gazetteer, typed: str) -> None:
    resolution = resolve(gazetteer, typed)
    assert not resolution.readings
    assert sole_reading(resolution) is None
    assert len(resolution.readings) <= 1


def test_the_tables_have_at_least_150_rows() -> None:
    exact = (NAMES, CODES, COLLISIONS, AREAS, PARTS)
    tables = (*exact, ALMOST, BEGINNINGS, SHORT, PHRASES, NEAR, NONSENSE)
    assert len({str(row) for table in tables for row in table}) >= 150


def test_a_former_name_is_offered_beside_places_with_that_short_name(gazetteer: Gazetteer) -> None:
    readings = resolve(gazetteer, "Boulogne").readings
    assert (readings[0].code, readings[0].alias_name) == ("85084", "Boulogne")
    assert "Boulogne-Billancourt" in {reading.name for reading in readings}


def test_of_too_many_longer_names_the_most_populous_are_near_readings(gazetteer: Gazetteer) -> None:
    resolution = resolve(gazetteer, "Sainte")
    assert not resolution.readings
    assert len(resolution.near_readings) == 6
    assert all(reading.name.startswith("Sainte-") for reading in resolution.near_readings)


def test_cases_come_before_people_among_near_names(gazetteer: Gazetteer) -> None:
    assert resolve(gazetteer, "Sainte", {"04175": 3}).near_readings[0].code == "04175"
