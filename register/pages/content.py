"""The editorial pages: Markdown shipped with the code, or what administrators wrote instead."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from register.pages import queries
from register.pages.rendering import rendered
from register.text.dates import Language
from register.text.typography import typeset

FOLDER = Path(__file__).parent / "shipped"
# What a page in English is called: the name of the French one with this behind it.
ENGLISH = ".en"
NAMES = (
    "a-propos",
    "methode",
    "vos-droits",
    "suivre",
    "mentions-legales",
    "confidentialite",
    "accessibilite",
)
TEXTS = (*NAMES, *(f"{name}{ENGLISH}" for name in NAMES))


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
    """What readers see now: the newest text of the administrators, or else the shipped one.

    :param name: one of ``TEXTS``.
    """
    written = queries.newest(session, name)
    told = shipped(name) if written is None or written.shipped else written
    return Page(typeset(told.title, language_of(name)), told.html)


def text_of(name: str, language: Language) -> str:
    """Which of ``TEXTS`` tells a page in a language."""
    return f"{name}{ENGLISH}" if language == "en" else name


def language_of(text: str) -> Language:
    """The language of one of ``TEXTS``."""
    return "en" if text.endswith(ENGLISH) else "fr"


@cache
def shipped(name: str) -> Shipped:
    """A page as it comes with the code."""
    language = language_of(name)
    source = (FOLDER / language / f"{name.removesuffix(ENGLISH)}.md").read_text("utf-8")
    heading, _, text = source.partition("\n")
    digest = hashlib.sha256(source.encode()).hexdigest()
    text = text.strip()
    return Shipped(heading.removeprefix("# ").strip(), text, rendered(text, language), digest)


def prepare() -> None:
    """Read every page now."""
    for name in TEXTS:
        shipped(name)
