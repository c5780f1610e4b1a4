"""How people speak of a place: articles, "mairie de", "18e", CEDEX. Text only, no place is known.

Everything here reads folded words (:func:`register.text.normalisation.fold_name`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from register.text.normalisation import fold_name

Words = tuple[str, ...]

# Longer than any place name; what comes after is not read.
MAX_TYPED_LENGTH = 200

ARTICLES = frozenset({"le", "la", "les", "l"})
# What stands before a place: "à Gagny", "du Bourget", "dans l'Isère".
PREPOSITIONS = frozenset({"a", "au", "aux", "de", "d", "du", "des", "dans", "en", "sur"})
CONTRACTED_ARTICLES = {"du": "le", "au": "le", "des": "les", "aux": "les"}
SMALL_WORDS = ARTICLES | PREPOSITIONS | {"et", "lez", "pres", "sous"}

COMMUNE, DEPARTEMENT, REGION = "commune", "departement", "region"
ALL_KINDS = frozenset({COMMUNE, DEPARTEMENT, REGION})

# Words for a territory and its seat: said before its name, they are part of it.
SEATS = {
    "commune": COMMUNE,
    "hotel de ville": COMMUNE,
    "mairie": COMMUNE,
    "municipalite": COMMUNE,
    "ville": COMMUNE,
    "departement": DEPARTEMENT,
    "dep": DEPARTEMENT,
    "dept": DEPARTEMENT,
    "dpt": DEPARTEMENT,
    "prefecture": DEPARTEMENT,
    "region": REGION,
}
# Who acts there: said before its name, they lead to it, and still say something of their own.
BODIES = {
    "conseil municipal": COMMUNE,
    "maire": COMMUNE,
    "conseil departemental": DEPARTEMENT,
    "conseil general": DEPARTEMENT,
    "prefet": DEPARTEMENT,
    "conseil regional": REGION,
}
OFFICES = SEATS | BODIES
_LONGEST_OFFICE = max(len(office.split()) for office in OFFICES)

ARRONDISSEMENT_WORDS = frozenset({"arrondissement", "arrond", "arrdt", "arrt", "ardt", "arr"})
_ORDINAL_ENDINGS = ("e", "er", "ere", "eme", "ieme", "nd", "nde", "re")
_ORDINAL = re.compile(rf"([0-9]{{1,2}}|[ivx]+)({'|'.join(_ORDINAL_ENDINGS)})?")
_ROMAN_UNITS = ("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix")
_ROMAN_NUMERALS = {
    "x" * (number // 10) + _ROMAN_UNITS[number % 10]: number for number in range(1, 40)
}
# "s/Seine" and "s/s Bois" on forms and signposts.
_ABBREVIATIONS = {"s": ("sur", "sous"), "ss": ("sous",)}


class NameCandidate(NamedTuple):
    """One way to take the words: those that name the place, and the kinds it may be of.

    ``office`` is the word that stood before it, or "".
    """

    words: Words
    kinds: frozenset[str] = ALL_KINDS
    office: str = ""


def name_candidates(typed: str) -> Iterator[NameCandidate]:
    """The ways to take a text, the most literal first; none for a text without words."""
    words = _without_cedex(tuple(fold_name(typed).split()))
    if words:
        yield from _name_candidates(words)
    if len(words) > 1 and words[-1] == "france":
        yield from _name_candidates(words[:-1])


def _name_candidates(words: Words) -> Iterator[NameCandidate]:
    yield NameCandidate(words)
    bare_words = words[1:] if words[0] in ARTICLES else words
    for size in range(min(_LONGEST_OFFICE, len(bare_words) - 1), 0, -1):
        office = " ".join(bare_words[:size])
        if office in OFFICES:
            yield NameCandidate(
                after_preposition(bare_words[size:]), frozenset({OFFICES[office]}), office
            )
            return
    if words[0] in PREPOSITIONS and len(words) > 1:
        yield NameCandidate(after_preposition(words))


def after_preposition(words: Words) -> Words:
    """``words`` without their preposition; "du Bourget" is "le Bourget"."""
    if words[0] not in PREPOSITIONS or len(words) == 1:
        return words
    article = CONTRACTED_ARTICLES.get(words[0])
    return (article, *words[1:]) if article else words[1:]


def without_article(name: str) -> str:
    """A name without its article; an article alone is a name."""
    first_word, _, remainder = name.partition(" ")
    return remainder if first_word in ARTICLES and remainder else name


def skeleton(name: str) -> str:
    """A name without its small words, which people leave out or mistake for one another."""
    remaining_words = " ".join(word for word in name.split() if word not in SMALL_WORDS)
    return remaining_words or name


def initials(name: str) -> Iterator[str]:
    """What a long name is called for short, with its small words or without: IDF, PACA."""
    for words in (name.split(), skeleton(name).split()):
        if len(words) > 2:
            yield "".join(word[0] for word in words)


def expand_abbreviations(name: str) -> Iterator[str]:
    """The names that "Vitry s/Seine" may stand for."""
    words = name.replace("s s ", "ss ").split()
    for index, word in enumerate(words):
        for expanded in _ABBREVIATIONS.get(word, ()):
            yield " ".join([*words[:index], expanded, *words[index + 1 :]])


class Ordinal(NamedTuple):
    """A number such as 18, 18e or XVIII; ``is_explicit``: a word or an ending says it is a rank."""

    number: int
    is_explicit: bool


def parse_ordinal(word: str) -> Ordinal | None:
    """The rank that a word may be, up to 99 in digits and 39 in Roman numerals."""
    match = _ORDINAL.fullmatch(word)
    if match is None:
        return None
    number = int(match[1]) if match[1].isdecimal() else _ROMAN_NUMERALS.get(match[1], 0)
    return Ordinal(number, match[2] is not None) if number else None


def parse_arrondissement(words: Words) -> tuple[Words, int] | None:
    """The city and the rank in "Paris 18", "18e Paris", "18e arrondissement de Paris".

    The city may be left out after a rank and the word arrondissement.
    """
    words = _join_ordinal_endings(words[1:] if words[0] in ARTICLES else words)
    bare_words = tuple(word for word in words if word not in ARRONDISSEMENT_WORDS)
    has_arrondissement_word = len(bare_words) < len(words)
    if (
        bare_words
        and (last_ordinal := parse_ordinal(bare_words[-1]))
        and (has_arrondissement_word or len(bare_words) > 1)
    ):
        return bare_words[:-1], last_ordinal.number
    if (
        len(bare_words) > 1
        and (first_ordinal := parse_ordinal(bare_words[0]))
        and (has_arrondissement_word or first_ordinal.is_explicit)
    ):
        return after_preposition(bare_words[1:]), first_ordinal.number
    return None


def _join_ordinal_endings(words: Words) -> Words:
    """ "18 ème" in one word."""
    joined: list[str] = []
    for word in words:
        if word in _ORDINAL_ENDINGS and joined and joined[-1].isdecimal():
            joined[-1] += word
        else:
            joined.append(word)
    return tuple(joined)


def _without_cedex(words: Words) -> Words:
    """Without the postman's word, nor the number after it, which is no arrondissement's."""
    if "cedex" not in words[1:]:
        return words
    cedex_index = words.index("cedex", 1)
    following = words[cedex_index + 1 :]
    return words[:cedex_index] + (
        following[1:] if following and parse_ordinal(following[0]) else following
    )


_SMALL = """
a au aucun aurons aux avec avoir car ce celle celles celui cent ces cet cette ceux chacun chez
cinq contre d dans de demie des deux dix donc dont douze du elle en entre est et etais ete etre eu
hors huit il irai irais je l la le les leur lez ma mais mes mille moins mon ne neuf ni nos nous on
ont or ou par parce pas plus pour premieres pres quarante quatre que qui quoi sa sans saurais se
sept serez sers ses si six son sont sous soyons sur sus ta tes ton tous tout toute trente tres
trois tu un une us vas vers vingt vis vos vous y
"""

_WORDS = """
abondance abondant agneaux aigle aigre aiguille aiguilles aiguillon aime aire aires allons ame
ames ance andouille ange angle angles angoisse anse appelle arches arcs ardentes armes arrest
arroses art athee attaques aubaine aube auge aunes autels autruche autun avant aveux avion aviron
avoine avril ay azur baby bac bache bain bains baleine ballon ballons bancs bannieres bans bar
barbe barde barges barils baron baronnie barre barres bars bas basse basses bataille batie baties
batons bats baume beau beauvoir beaux belle belles belvedere besace bidon biere bio blanc blanche
blond bois bon bonhomme bonne bonnes bonnet bord bordes bords borne bosse bouchon boue bouille
bouillie bouillon boulay boule boulot bouquet bourdon bourg bourguignon bourguignons bourre bourse
boursieres bouteille brain branche branches bras breche breches breves brie brigue brin brosse
brosses broye brusque bruyere bruyeres buis buisson bulle bulles bus by cabanes cagnotte caille
camarade came camelin camembert camp campagne camps canal canari cannelle canton carnet carreau
casse casses cassis cause cavalerie caves cellier celliers cendre cene centres cercles cercueil
cerise cerises cerisiers cesse chaine chaise chaises chambre champ champagne champs chance change
chant chapeau chapelle chapelles chardonnay charge charme charmee charmes charron chars chasse
chat chateau chatelain chatte chaudiere chaume chaussee chauve chef chemin cheminot chene chenes
cher cheres cheris cheval chevaline cheville chevreuil chevrier chiche choisies choux cierges
cieux cigogne cire citerne clans claviers clef clefs cloitre clos cloue cluses coeur coin coinces
colle colombe colombier colonne combe combes combles commune compas compote comte condamine
confort conte contes coq coquille cordon corne cornet corps corte cote coteau coteaux cotes
couches coudes couleuvre coulon cour courant courbe courbes couronne cours course court courtes
couture coutures couverte crans creances creche crete creuse crique crise croisette croix croutes
cry cultures cure cures cuve cuves dame dance dangers dauphin dauphine debat degre denier desert
deserts detroit devise diamant die don donjon doree dos douce doue douillet doux drain drap dun
dunes ecaille echelle echelles eclaires ecluse ecole ecorces ecot ecueil ecurie eglise elan engins
entrelacs epargnes epine epineuse escale escales espere essai essarts estampes etable etables
etain etalon etang etangs etoile falaise faucon faux fer ferme ferre ferte fete feu feux feves
fief fiefs fille fins fleche fleure fleurie flotte folie folies folles fonds fontaine fontaines
force forestiere foret forge forges fort forteresse fosse fosses fougere fougeres four fourches
fournes fours frais franc francs frasne freneuse fresnes frette frettes frise fronton garde
garenne gars gas gemeaux gene genets geste giron givre glanes goes gorges goule goulet gousse gout
gouts gouttieres gouvernes grace graces grand grande grandes grands grange granges gras grasse
grave grenade gres greve grillon gros grues gueux guise habit haie haies haleine halles ham
hanches haut haute hautes hauts haye herbe herbiers herisson heron his hommes hopital hotel
hotellerie houilles houlette houx huile if ifs ile iles indre iron isle issus jalons jardin jas
jeu jeune jeux job joie joue jour jours joyeuse joyeux juif jumeaux jumelles jure jury lac lacs
lama lance lande landes lange lasse lattes lee lent lentilles lesson lettre levee leves levier
libre lie lies lieu lieux ligne limon limons lin linge lion lire lisse lisses livre loge loges
long longue lot louches loue louer loup loupe loupes loups lourde lourdes lune lus lutter luxe
luzerne lys machine mage mages magne magnet maille maillot main maire maison maisons male manoir
many marchais marche marches mare marges marines marque marques marquise marre mars martre martyre
mas maures mauves maux maze mens menton menus mer mere merle mers mesnil messe mines minot mire
miroir misery moisson mole molles monastere monnaie mont montagne montagnes monte monts morte
mortiers motte mouche mouches mouettes mouille moule moules moulin moulineaux moulins moult mousse
moutier moutiers mouton moyen mur mure mures murs mus nages neuve noble noce noeud noir noire nom
nord notre noue nouvelle novel noyer noyers nuits oie oms ondes ongles oraison orange orge orgueil
ormes orne os our oust outre oye paille palais palis palme pannes parade parc pardon parent parois
passa passage passais pauvre pauvres pavie pavillon pays peintre peintures pelerin pelouse perche
pere periers perles perron pers pertes pertuis petit petite petites peuple piano pied pierres
pieux pile piles pilles pin pince pins pis place places plage plaine plaines plaisance plaisir
plan planche planches planes planque planques plans plateau plats pleine pleure pleurs poil pointe
pois poisson poissons poivre pole pommier pommiers ponce pont ponts port porte portes poses
possession poste poterie pouille poule prairie pre precheur precieux preuve priez prince prix
propre pruniers publier puits pure quartier quinte racines raids ramasse rance rancon rang raye
real regard regle reine relevant repos retail reunion reveillon ribaute riche rideau ris rive
rives riviere rivieres roc roche rocher rochers roches roi romaine roman romans ronce ronde roques
roquette roquettes rosiere rosieres rouge rouges rouget rouille rousse rousses routes routier roux
royale rue rues rustiques sable sables sabres sache sain sains saint sainte saintes saints sales
salin salins salle salles salon sap sapins saules sault sauvage sauvages sauve sceau sceaux sec
sein sel selle selles semons sens sentinelle sequestre sere serein serpent serre serres servant
serve seuil sieges signes simple singles soie somme sorbier sort sos souche soudan soude soulages
soupir source sources sourd souterraine still sud suisse sure survie syndicat table tablier tache
taillant taille taillee taillis talence talon tampon target tasse taule temple tende tendon tendu
teneur termes terrasse terre terres tertre this tierce tilleul tilleuls titre tombe tombes tonne
tonnerre tort touche touches tour tourbe tourne tourneur tours toussaint trades trait tranche
trans trappes trefle treize tresse tresses treve treves tricot trinite tronche union usage
vaillant val vallee vallees vanne var vaudeville vaux vendue vent ventes ventouse ver vere verge
verger vergers verges vergne verne verriere verrieres verrue vert verts vertu vertus very veuve
veuves vic vicomte vie vieille vieilles viens vieux vif vigne vignes vignoble village villages
ville villes villette vin vins violes vire vitre vives vivier vogue voie voisines voisins voue
vraie vue
"""

_FIRST_NAMES = """
alan alban albert alex amand amelie amy anais andre anne antoine arnaud aubin barry basile benoit
bernard bertrand billy blaise brice camille charles charly christophe clair claude clement
colomban constant cyr denis desire didier elie eloi etienne eugene eve felix florent florentin
france francois frederic gael gaston gautier genevieve georges gerard germain germaine gilbert
gilles gregoire guillaume hans helene henri herve hilaire honore hubert jacques jean jerome joseph
josse julie julien julienne juliette justin justine laure laurent laurie leger leon leonard
lorraine louis luc luce lucie lucien lucy madeleine marc marcel marguerite marie marin martial
martin mary mathieu mathurin maurice maurin maxime medard michel morand nicolas nicole noe noel
patrice paul paule paulien paulin philippe pierre quentin raphael raymond regina regis remy rene
robert roger roland romain rose sabine salome samson sebastien serge severin simeon simon solange
suzanne suzy sylvain sylvestre thibaud thierry thomas urbain valentin valentine victoire victor
vincent vivien yves
"""

ORDINARY = frozenset((_SMALL + _WORDS + _FIRST_NAMES).split())


def is_ordinary(words: tuple[str, ...]) -> bool:
    """Whether folded words, without a sign that they name a place, are taken for something else.

    A name of one or two letters always is.
    """
    name = "".join(words)
    return all(word in ORDINARY for word in words) or (len(name) < 3 and name.isalpha())
