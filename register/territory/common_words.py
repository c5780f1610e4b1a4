"""Names of places that French also uses as ordinary words or as first names.

"Garde à vue", "contre", "publier", "en ligne", "la chambre": Vue, Contre, Publier, Ligné and La
Chambre are communes. The list was made by going through all names of one word, an article aside,
and keeping what a French reader takes for a word first; the small words of the language are in it,
so that a name of several words is ordinary when all of them are. It decides nothing but how sure a
sign must be before such a word within a phrase is offered as a place: one that is missing here is
offered a little too readily, and nothing else (:mod:`register.territory.disambiguation`).
"""

from __future__ import annotations

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
