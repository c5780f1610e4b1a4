"""The editorial pages: Markdown shipped with the code, rendered once, filled with the settings."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from register.text import markup
from register.text.typography import french

FOLDER = Path(__file__).parent / "pages" / "fr"
NAMES = (
    "a-propos",
    "methode",
    "vos-droits",
    "suivre",
    "mentions-legales",
    "confidentialite",
    "accessibilite",
)

# The renderer lets no address without a scheme through, because in a submitted text it could
# lead anywhere. These pages are ours: their own addresses pass under a name that no one can own
# (RFC 2606 §2) and are given back afterwards.
_OWN = "https://own.invalid/"
_OWN_LINK = re.compile(rf'href="{re.escape(_OWN)}([^"]*)" rel="{re.escape(markup.REL)}"')
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")
# The renderer leaves h1 and h2 to the page that shows a text; here the text is the page.
_RAISED = (("h3>", "h2>"), ("h4>", "h3>"))


@dataclass(frozen=True)
class Page:
    """A page ready to be shown: its title as plain text, the rest as safe HTML."""

    title: str
    html: str


def page(name: str, values: Mapping[str, str], missing: str) -> Page:
    """An editorial page with its ``{placeholders}`` filled.

    :param values: plain texts by placeholder; they are escaped.
    :param missing: what stands for an empty value.
    """
    told = _rendered(name)

    def value(match: re.Match[str]) -> str:
        return html.escape(values[match.group(1)] or missing)

    return Page(told.title, _PLACEHOLDER.sub(value, told.html))


def prepare() -> None:
    """Read every page now."""
    for name in NAMES:
        _rendered(name)


@cache
def _rendered(name: str) -> Page:
    heading, _, body = (FOLDER / f"{name}.md").read_text("utf-8").partition("\n")
    told = markup.render(body.replace("](/", f"]({_OWN}"))
    for lower, higher in _RAISED:
        told = told.replace(lower, higher)
    return Page(french(heading.removeprefix("# ").strip()), _OWN_LINK.sub(r'href="/\1"', told))
