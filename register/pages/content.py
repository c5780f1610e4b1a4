"""The editorial pages: Markdown shipped with the code, or what administrators wrote instead."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy.orm import Session

from register.pages import queries
from register.pages.rendering import render_page
from register.text.dates import Language
from register.text.typography import typeset

FOLDER = Path(__file__).parent / "shipped"
# What a page in English is called: the name of the French one with this behind it.
ENGLISH_SUFFIX = ".en"
PAGE_NAMES = (
    "a-propos",
    "methode",
    "vos-droits",
    "suivre",
    "mentions-legales",
    "confidentialite",
    "accessibilite",
)
TEXT_NAMES = (*PAGE_NAMES, *(f"{name}{ENGLISH_SUFFIX}" for name in PAGE_NAMES))


@dataclass(frozen=True)
class ShippedPage:
    """A page as it comes with the code: what a person would write, and its HTML."""

    title: str
    text: str
    html: str
    digest: str


@dataclass(frozen=True)
class EditorialPage:
    """A page as it stands: its title as plain text, the rest as safe HTML with its markers."""

    title: str
    html: str


def current_page(session: Session, name: str) -> EditorialPage:
    """What readers see now: the newest text of the administrators, or else the shipped one.

    :param name: one of ``TEXT_NAMES``.
    """
    revision = queries.newest_revision(session, name)
    published = shipped_page(name) if revision is None or revision.shipped else revision
    return EditorialPage(typeset(published.title, language_of(name)), published.html)


def text_name(name: str, language: Language) -> str:
    """Which of ``TEXT_NAMES`` tells a page in a language."""
    return f"{name}{ENGLISH_SUFFIX}" if language == "en" else name


def language_of(text: str) -> Language:
    """The language of one of ``TEXT_NAMES``."""
    return "en" if text.endswith(ENGLISH_SUFFIX) else "fr"


@cache
def shipped_page(name: str) -> ShippedPage:
    """A page as it comes with the code."""
    language = language_of(name)
    source = (FOLDER / language / f"{name.removesuffix(ENGLISH_SUFFIX)}.md").read_text("utf-8")
    heading, _, text = source.partition("\n")
    digest = hashlib.sha256(source.encode()).hexdigest()
    text = text.strip()
    return ShippedPage(
        heading.removeprefix("# ").strip(), text, render_page(text, language), digest
    )


def prepare() -> None:
    """Read every page now."""
    for name in TEXT_NAMES:
        shipped_page(name)
