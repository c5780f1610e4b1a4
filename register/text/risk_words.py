"""The French words that make :mod:`register.text.personal_data` ask for a reason.

Each line is a regular expression over folded text: small letters, no accents, no hyphens nor
apostrophes, one space between words. It has to match whole words. The lists are kept short on
purpose: a flag raised on every text is a flag that nobody reads any more.
"""

from __future__ import annotations

HEALTH = (
    r"maladies?",
    r"arrets? maladie",
    r"handicapee?s?",
    r"(?:en situation de|son|sa|leur) handicap",
    r"cancers?",
    r"cancereu(?:x|ses?)",
    r"sida",
    r"seropositi(?:fs?|ves?)",
    r"vih",
    r"depressi(?:fs?|ves?)",
    r"(?:en|une|sa|pour) depression",
    r"psychiatri(?:e|ques?)",
    r"psychiatres?",
    r"schizophren(?:e|es|ie)",
    r"bipolaires?",
    r"autistes?",
    r"troubles? (?:mental|mentaux|psychiques?)",
    r"alcooli(?:ques?|sme)",
    r"toxicoman(?:e|es|ie)",
    # "Enceinte" alone is the council room's: "dans l'enceinte de la mairie".
    r"femmes? enceintes?",
    r"(?:est|etait|tombee) enceinte",
    r"enceinte de \w+ (?:mois|semaines)",
    r"grossesse",
    r"fausse couche",
    r"avortement",
    r"hospitalisee?s?",
    r"certificats? medica(?:l|ux)",
    r"dossiers? medica(?:l|ux)",
    r"suicid(?:e|aires?)",
    r"tentatives? de suicide",
    r"burn out",
)

SEX_LIFE = (
    r"homosexuel(?:le)?s?",
    r"homosexualite",
    r"lesbiennes?",
    r"gays?",
    r"bisexuel(?:le)?s?",
    r"transsexuel(?:le)?s?",
    r"transgenres?",
    r"orientation sexuelle",
    r"vie (?:sexuelle|intime)",
    r"relations? sexuelles?",
    r"adulteres?",
    r"(?:son|leur) amant",
    r"sa maitresse",
    r"extra conjugale?s?",
    r"prostituee?s?",
    r"photos? intimes?",
    r"sex ?tapes?",
)

RELIGION = (
    r"musulmane?s?",
    r"islamistes?",
    r"catholiques?",
    r"(?:juive?s?|juifs?)",
    r"chretien(?:ne)?s?",
    # "Protestant" alone is as often the participle of protester, and "orthodoxe" an opinion.
    r"protestantes?",
    r"(?:est|etait|eglise|temple|pasteur) protestante?",
    r"bouddhistes?",
    r"hindou(?:e|iste)?s?",
    r"athees?",
    r"evangeliques?",
    r"temoins? de jehovah",
    r"scientologues?",
    r"convertie?s? a l islam",
    r"francs? macon(?:ne)?s?",
)

MINOR = (
    # Not the adjective: "modification mineure", "rôle mineur".
    r"(?:une?|des|deux|trois|les?|la|l|ce|cette|ces|enfants?|fils|filles?|jeunes?|victimes?"
    r"|personnes?|eleves?|encore) mineure?s?(?! de fond)",
    r"agee?s? (?:seulement )?de (?:\d|1[0-7]) ans",
    r"(?:enfant|fille|fils|garcon|adolescente?|eleve|gamine?|jeune) de (?:\d|1[0-7]) ans",
    r"collegien(?:ne)?s?",
    r"lyceen(?:ne)?s?",
    r"ecolier(?:e)?s?",
    r"adolescente?s?",
    r"fillettes?",
    r"nourrissons?",
    r"(?:mon|son|leur) (?:enfant|bebe)",
    r"(?:mes|ses|leurs) enfants",
)

GRAVE_ACCUSATION = (
    r"corruptions?",
    r"corrompue?s?",
    r"corrupteurs?",
    r"pots? de vin",
    r"pedophil(?:e|es|ie)",
    r"pedocriminel(?:le)?s?",
    r"pedocriminalite",
    # Not the verb, which is what one does to a law or to a right.
    r"viols?",
    r"violeurs?",
    r"incestes?",
    r"agressions? sexuelles?",
    r"agresseurs? sexuels?",
    r"harcelements? sexuels?",
    r"escrocs?",
    r"escroqueries?",
    r"detournements? (?:de|d) (?:fonds|argent|biens|deniers|subventions?)(?: publics?)?",
    r"prises? illegales? d interets?",
    r"trafics? d influence",
    # The article sets apart the trade from the traffic of a road.
    r"trafics? (?:de|d)(?! (?:la|l|routes?|vehicules?|voitures?|trains?|donnees)\b) \w+",
    r"trafiquante?s?",
    r"abus de biens? socia(?:l|ux)",
    r"abus de (?:confiance|faiblesse)",
    r"concussions?",
    r"favoritisme",
    r"emplois? fictifs?",
    r"blanchiments?",
    r"fraudes? (?:fiscales?|electorales?)",
    r"(?:voleurs?|voleuses?)",
    r"faux en ecritures?",
    r"extorsions?",
    r"rackets?",
    r"nazie?s?",
    r"neo ?nazie?s?",
    r"nazisme",
    r"negationnis(?:me|tes?)",
    r"mafias?",
    r"mafieu(?:x|ses?)",
    r"assassin(?:s|ats?)?",
    r"meurtri(?:ers?|eres?)",
    r"meurtres?",
    r"terroris(?:me|tes?)",
    r"proxenet(?:e|es|isme)",
)
