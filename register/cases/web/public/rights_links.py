"""From what happened to what one may do: the headings of "Vos droits" for the types of a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from register.cases.vocabulary import Vocabulary

# The headings as a reader asks them; which type leads to which is in the vocabulary.
RIGHTS_HEADINGS: Mapping[str, Any] = {
    "filmer": _("Puis-je filmer le conseil\u202f?"),
    "document": _("Puis-je obtenir ce document\u202f?"),
    "mise-en-demeure": _("J’ai reçu une mise en demeure"),
    "poursuite": _("On me poursuit pour ce que j’ai écrit"),
    "convocation": _("La police me convoque"),
    "retrait": _("Mon texte ou ma vidéo a été retiré"),
    "violences": _("On m’a frappé, on m’a pris mon téléphone"),
    "droit-de-reponse": _("On me demande de publier une réponse"),
}


def rights_links(types: Iterable[str], vocabulary: Vocabulary) -> list[tuple[str, str]]:
    """Address and heading of what concerns these types, each once, in their order."""
    terms = (vocabulary.word("type", code) for code in types)
    anchors = dict.fromkeys(
        term.extra["rights"] for term in terms if term and "rights" in term.extra
    )
    return [(f"/vos-droits#{anchor}", str(RIGHTS_HEADINGS[anchor])) for anchor in anchors]
