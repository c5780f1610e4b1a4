"""Places and readings as pages name them."""

from __future__ import annotations

from urllib.parse import urlencode

from flask_babel import gettext as _

from register.territory import place_queries
from register.territory.place_queries import find_commune, qualified_name
from register.territory.places import CommuneGroup
from register.territory.readings import PlaceReading
from register.text.typography import french
from register.web import urls

# Query parameter of a commune's page: the former code or name that led there.
ALIAS_PARAMETER = "nom"

# Collectivities with the number of a département and another status (Constitution, articles 72-3,
# 74 and 76).
_COLLECTIVITIES = frozenset({"975", "977", "978", "986", "987", "988", "989"})
_TERRITORIES = frozenset({"984"})


def group_label(group: CommuneGroup) -> str:
    """An intercommunalité with its kind in words: data sets shorten it before the name.

    A métropole says in its name that it is one.
    """
    kind_labels = {
        "CC": _("Communauté de communes"),
        "CA": _("Communauté d’agglomération"),
        "CU": _("Communauté urbaine"),
    }
    if group.kind not in kind_labels:
        return french(group.name)
    return french(f"{kind_labels[group.kind]} {group.name.removeprefix(group.kind).lstrip()}")


def commune_url(code: str, alias: str) -> str:
    """The page of a commune of today, which says under what code or name it was asked for."""
    return f"{urls.commune(code)}?{urlencode({ALIAS_PARAMETER: alias})}"


def kind_label(kind: str, code: str) -> str:
    """What a place is, in words; many lands beyond the sea are no départements.

    :param kind: ``commune``, ``departement``, ``region``, ``endroit`` or ``pays``.
    """
    if kind == "departement" and code in _TERRITORIES:
        return str(_("territoire d’outre-mer"))
    if kind == "departement" and code in _COLLECTIVITIES:
        return str(_("collectivité d’outre-mer"))
    kind_labels = {
        "commune": _("commune"),
        "departement": _("département"),
        "region": _("région"),
        "epci": _("intercommunalité"),
        "endroit": _("lieu"),
        "pays": _("pays"),
    }
    return str(kind_labels[kind])


def place_name(kind: str, code: str) -> str:
    """The name of a place, or its code when the territory does not know it.

    A former code asks for the whole commune of today: both are named.

    :param kind: ``commune``, ``departement``, ``region`` or ``epci``.
    """
    if kind == "epci":
        group = place_queries.group(code)
        return group_label(group) if group else code
    if kind != "commune":
        return place_queries.area_name(kind, code)
    details = find_commune(code)
    if details is None:
        return code
    name, former_name = details.commune.name, details.former_name
    if details.commune.code == code or former_name == name:
        return name
    return str(_("%(name)s (pour %(former)s)", name=name, former=former_name))


def full_name(kind: str, code: str) -> str:
    """A place with its département, by the name that its code has."""
    details = find_commune(code) if kind == "commune" else None
    if details is None:
        return place_name(kind, code)
    departement_name = details.departement.name if details.departement else ""
    return qualified_name(details.former_name or details.commune.name, departement_name)


def describe_place(kind: str, code: str) -> str:
    """A place that was read, in words: "Puteaux (Hauts-de-Seine), commune"."""
    return f"{full_name(kind, code)}, {kind_label(kind, code)}"


def match_reason(reading: PlaceReading) -> str:
    """What makes a text mean this place, in words."""
    name, alias_name = french(reading.name), french(reading.alias_name or "")
    has_alias = alias_name not in ("", name)
    names = {"through": alias_name, "name": name}
    if has_alias and reading.why == "arrondissement":
        return str(_("%(through)s, arrondissement de %(name)s", **names))
    if has_alias and reading.why == "ancien_nom":
        return str(_("%(through)s, ancien nom, aujourd’hui %(name)s", **names))
    if has_alias and reading.why == "ancienne_commune":
        return str(_("%(through)s, ancienne commune, aujourd’hui %(name)s", **names))
    is_overseas = reading.code in _COLLECTIVITIES | _TERRITORIES
    number_label, name_label = _("numéro du département"), _("nom du département")
    if is_overseas:
        number_label, name_label = _("numéro de la collectivité"), _("nom de la collectivité")
    reasons = {
        "code_insee": _("code Insee"),
        "departement_code": number_label,
        "nom": _("nom de la commune"),
        "code_postal": _("code postal"),
        "ancien_code": _("ancien code Insee"),
        "departement_nom": name_label,
        "region_nom": _("nom de la région"),
        "epci_nom": _("nom de l’intercommunalité"),
        "arrondissement": _("arrondissement"),
        "ancienne_commune": _("ancienne commune"),
        "ancien_nom": _("ancien nom"),
        "ancien_departement": _("ancien département"),
        "ancienne_region": _("ancienne région"),
        "dans_la_phrase": _("lieu nommé dans la phrase"),
        "debut_du_nom": _("début du nom"),
        "fin_du_nom": _("fin du nom"),
        "orthographe_proche": _("orthographe proche"),
        "endroit": _("lieu nommé par la source"),
        "pays": _("pays"),
    }
    return f"{reasons[reading.why]} ({alias_name})" if has_alias else reasons[reading.why]
