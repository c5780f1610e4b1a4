"""How a page of the site is written: what one types, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flask_babel import gettext as _

from register.config import LEGAL_FIELDS
from register.pages.rendering import DEFINITIONS


def writing_help(page: str) -> Sequence[tuple[str, str]]:
    """What is typed, each with what it means.

    :param page: the page that is written, for the example of a link to one of its headings.
    """
    return (
        (
            "## Filmer {#filmer}",
            _(
                "Un titre, et le nom par lequel d’autres pages mènent à lui : "
                "/%(page)s#filmer. Ne changez pas un nom qui existe.",
                page=page,
            ),
        ),
        ("### Deux délais", _("Un sous-titre.")),
        ("**important**", _("En gras. Une étoile de chaque côté : en italique.")),
        ("- un point", _("Un point d’une liste. « 1. » commence une liste numérotée.")),
        ("[la méthode](/methode)", _("Un lien vers une autre page du site.")),
        ("[plus bas](#filmer)", _("Un lien vers un titre de la même page.")),
        (
            "{contact_email}",
            _(
                "Un réglage du registre, mis à jour tout seul. Tous : %(names)s.",
                names=_join_markers(LEGAL_FIELDS),
            ),
        ),
        (
            "{types}",
            _(
                "Seul dans son paragraphe : les définitions d’un vocabulaire. Tous : %(names)s.",
                names=_join_markers(DEFINITIONS),
            ),
        ),
    )


def _join_markers(markers: Iterable[str]) -> str:
    return ", ".join(f"{{{marker}}}" for marker in markers)
