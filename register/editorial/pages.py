"""The editorial pages: Markdown shipped with the code, or what administrators wrote instead."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from register.editorial import queries
from register.editorial.rendering import rendered
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


@dataclass(frozen=True)
class Shipped:
    """A page as it comes with the code: what a person would write, and its HTML."""

    title: str
    text: str
    html: str
    digest: str


@dataclass(frozen=True)
class Page:
    """A page as it stands: its title as plain text, the rest as safe HTML with its markers."""

    title: str
    html: str


def page(session: Session, name: str) -> Page:
    """What readers see now: the newest text of the administrators, or else the shipped one."""
    written = queries.newest(session, name)
    told = shipped(name) if written is None or written.shipped else written
    return Page(french(told.title), told.html)


@cache
def shipped(name: str) -> Shipped:
    """A page as it comes with the code."""
    source = (FOLDER / f"{name}.md").read_text("utf-8")
    heading, _, text = source.partition("\n")
    digest = hashlib.sha256(source.encode()).hexdigest()
    text = text.strip()
    return Shipped(heading.removeprefix("# ").strip(), text, rendered(text), digest)


def prepare() -> None:
    """Read every page now."""
    for name in NAMES:
        shipped(name)
