"""Places of reports that the territory does not have: online, a country, a town abroad.

The typed words stay as they are. What they were recognised as is read again from them, so that no
field of a report holds it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from register.territory.place_queries import countries_of_town
from register.text.countries import named_country
from register.text.normalisation import fold, one_line
from register.text.typography import first_upper

# Countries of ISO 3166-1 that are territories of France, and so have places of their own here.
_FRENCH_TERRITORIES = frozenset(
    ["FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "WF", "PF", "NC", "TF"]
)
_SERVICES = "facebook|twitter|instagram|youtube|tiktok|whatsapp|linkedin|telegram|mastodon|bluesky"
_ONLINE = re.compile(
    r"en ligne|online|sur x|(?:(?:sur|via|on|par) )?(?:(?:l|le|la|les|un|une|the|ma|mon|leur) )?"
    r"(?:(?:page|compte|groupe) )?(?:internet|web|site internet|reseaux sociaux|reseau social"
    rf"|social media|social networks|{_SERVICES})(?: de la (?:mairie|ville|commune))?"
)
_ABROAD_NAMES = frozenset(
    {"etranger", "a l etranger", "a letranger", "abroad", "hors de france", "pays etranger"}
) | {"hors france", "outside france", "outside of france", "dans un autre pays", "un autre pays"}


@dataclass(frozen=True)
class OutsidePlace:
    """What a typed place without a code is.

    ``countries``: ISO codes that it may be in, none for a place online or abroad without a country.
    ``town``: the name of a town abroad, where it is a known one. ``is_explicit``: the words cannot
    be a place of the territory too.
    """

    countries: tuple[str, ...] = ()
    town: str = ""
    is_online: bool = False
    is_explicit: bool = False

    @property
    def sole_country(self) -> str:
        """Its country, where there is only one."""
        return self.countries[0] if len(self.countries) == 1 else ""


def read_outside_place(typed: str) -> OutsidePlace | None:
    """What a typed place is, if it is online or abroad."""
    folded = fold(typed)
    if _ONLINE.fullmatch(folded):
        return OutsidePlace(is_online=True, is_explicit=True)
    if folded in _ABROAD_NAMES:
        return OutsidePlace(is_explicit=True)
    country = named_country(typed)
    if country in _FRENCH_TERRITORIES:
        return None
    if country:
        before = one_line(re.split(r"[(,][^(,]*$", typed)[0]) if re.search("[(,]", typed) else ""
        town = before if country in countries_of_town(before) else ""
        return OutsidePlace((country,), first_upper(town), is_explicit=bool(before))
    countries = tuple(code for code in countries_of_town(typed) if code not in _FRENCH_TERRITORIES)
    return OutsidePlace(countries, first_upper(one_line(typed))) if countries else None
