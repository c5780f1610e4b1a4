"""Places and readings as pages name them."""

from __future__ import annotations

from urllib.parse import urlencode

from flask_babel import gettext as _

from register.territory import place_queries
from register.territory.place_queries import find_commune, qualified_name
from register.territory.places import CommuneGroup
from register.territory.readings import PlaceReading
from register.text.typography import french
from register.web import messages, urls

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
    if group.kind not in messages.places.group_kinds:
        return french(group.name)
    kind_label = messages.places.group_kinds[group.kind]
    return french(f"{kind_label} {group.name.removeprefix(group.kind).lstrip()}")


def commune_url(code: str, alias: str) -> str:
    """The page of a commune of today, which says under what code or name it was asked for."""
    return f"{urls.commune(code)}?{urlencode({ALIAS_PARAMETER: alias})}"


def kind_label(kind: str, code: str) -> str:
    """What a place is, in words; many lands beyond the sea are no départements.

    :param kind: ``commune``, ``departement``, ``region``, ``endroit`` or ``pays``.
    """
    if kind == "departement" and code in _TERRITORIES:
        kind = "territoire"
    elif kind == "departement" and code in _COLLECTIVITIES:
        kind = "collectivite"
    return str(messages.places.kinds[kind])


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
    if has_alias and (sentence := messages.places.alias_reasons.get(reading.why)):
        return str(sentence) % {"through": alias_name, "name": name}
    why = reading.why
    if reading.code in _COLLECTIVITIES | _TERRITORIES:
        why = f"{why}_outre_mer"
    reasons = messages.places.match_reasons
    reason = str(reasons.get(why) or reasons[reading.why])
    return f"{reason} ({alias_name})" if has_alias else reason
