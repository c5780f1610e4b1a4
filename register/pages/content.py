"""Editorial pages: texts shipped with the code, revisions by administrators, and their HTML."""

from __future__ import annotations

import hashlib
import html
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from sqlalchemy import ForeignKey, Index, ScalarSelect, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from register.config import LEGAL_FIELDS
from register.db import Base, UTCDateTime
from register.errors import Invalid, NotFound
from register.text import markup
from register.text.dates import Language


class PageRevision(Base):
    """One version of an editorial page; the newest one of a page is what readers see.

    ``shipped`` says that the page went back to the text that comes with the code, whatever that
    is in the version that runs; ``title`` and ``text`` then tell what it was on that day.
    """

    __tablename__ = "page_revision"
    __table_args__ = (Index("ix_page_revision_page", "page", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    page: Mapped[str] = mapped_column(String(40))
    shipped: Mapped[bool]
    title: Mapped[str] = mapped_column(String(160))
    text: Mapped[str] = mapped_column(Text)
    # Rendered and sanitised when written, its markers still to be filled; by which renderer.
    html: Mapped[str] = mapped_column(Text)
    renderer: Mapped[str] = mapped_column(String(80))
    # What the code's own text was then, so that one sees when an upgrade has changed it.
    base: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UTCDateTime)
    made_by: Mapped[int] = mapped_column(ForeignKey("member.id"))
    reason: Mapped[str] = mapped_column(Text)
    # Drawn at random: a page's validity holds it, and a number could come again after a restore.
    mark: Mapped[str] = mapped_column(String(32))


_REVISION_COLUMNS = PageRevision.__table__.c


def newest_revision(session: Session, page: str) -> PageRevision | None:
    """The last revision of a page; None for one that nobody has changed."""
    stmt = select(PageRevision).where(PageRevision.page == page)
    return session.scalar(stmt.order_by(PageRevision.id.desc()).limit(1))


def newest_revisions(
    session: Session, *, with_desk_texts: bool = False
) -> Mapping[str, PageRevision]:
    """The last revision of every public page that has one, by the names of the pages."""
    names = TEXT_NAMES if with_desk_texts else PUBLIC_TEXT_NAMES
    is_listed = PageRevision.page.in_(names)
    last_ids = select(func.max(PageRevision.id)).where(is_listed).group_by(PageRevision.page)
    revisions = session.scalars(select(PageRevision).where(PageRevision.id.in_(last_ids)))
    return {revision.page: revision for revision in revisions}


def page_revisions(session: Session, page: str) -> Sequence[PageRevision]:
    """All revisions of a page, the newest first."""
    stmt = select(PageRevision).where(PageRevision.page == page)
    return session.scalars(stmt.order_by(PageRevision.id.desc())).all()


def get_revision(session: Session, page: str, revision_id: int) -> PageRevision:
    """One revision of a page.

    :raises NotFound: ``no_such_revision``, also for one of another page.
    """
    page_revision = session.get(PageRevision, revision_id)
    if page_revision is None or page_revision.page != page:
        raise NotFound("no_such_revision")
    return page_revision


def validity_mark() -> ScalarSelect[str]:
    """What tells the pages of now from those of any other moment, as a part of a statement."""
    return (
        select(_REVISION_COLUMNS.mark)
        .order_by(_REVISION_COLUMNS.id.desc())
        .limit(1)
        .scalar_subquery()
    )


# --- rendering -----------------------------------------------------------------------------

# Vocabulary of the definitions that a page may ask for, by their marker.
DEFINITIONS: Mapping[str, str] = {
    "types": "type",
    "preuves": "preuve",
    "issues": "issue",
    "sens": "sens",
    "refus": "refus",
    "retraits": "restriction",
}
# Stands for the contacts of who can help, as a paragraph of its own.
HELP_MARKER = "aides"

_MARKER = re.compile(r"\{([a-z_]+)\}")
# Alone in its paragraph: the parts that follow, each under its heading, fold.
FOLD_MARKER = "<p>{replis}</p>"
_FOLD_HEADING = re.compile(r'<h2(?: id="([a-z0-9-]+)")?>(.*)</h2>\n?')
# Where the list of folds can be linked to.
FOLDS_ANCHOR = "sommaire"
# Where every page's first link leads, past its header.
MAIN_ANCHOR = "contenu"
_STANDALONE_MARKER = re.compile(rf"<p>\{{({'|'.join((*DEFINITIONS, HELP_MARKER))})\}}</p>")
# The renderer leaves h1 and h2 to the page that shows a text; here the text is the page.
_HEADING_SHIFTS = (("h3>", "h2>"), ("h4>", "h3>"), ("h5>", "h4>"))
_ANCHORED_HEADING = re.compile(r"<(h[234])>([^\n]*?)\s*\{#([a-z0-9-]{1,40})\}</\1>")


def render_page(source: str, language: Language = "fr") -> str:
    """The HTML of a page's text, its markers still to be filled.

    :raises TextError: too long, or made to hold the renderer up.
    :raises Invalid: ``page_marker`` (a marker that nothing fills, or definitions in the middle of
        a sentence) or ``page_anchor`` (two headings with one name, or one with a name of the
        frame of pages), each with ``words``.
    """
    page_html = markup.render_markdown(source, language, site_links=True)
    for lower, higher in _HEADING_SHIFTS:
        page_html = page_html.replace(lower, higher)
    markers = _STANDALONE_MARKER.sub("", page_html.replace(FOLD_MARKER, "", 1))
    for name in _MARKER.findall(markers):
        if name not in LEGAL_FIELDS:
            raise Invalid("page_marker", words=f"{{{name}}}")
    anchors = Counter(match[2] for match in _ANCHORED_HEADING.findall(page_html))
    anchors.update((FOLDS_ANCHOR, MAIN_ANCHOR))
    for name, occurrences in anchors.items():
        if occurrences > 1:
            raise Invalid("page_anchor", words=f"{{#{name}}}")
    return _ANCHORED_HEADING.sub(r'<\1 id="\3">\2</\1>', page_html)


def split_folds(page_html: str) -> tuple[str, Iterable[tuple[str, str, str]]]:
    """What a page shows at once, and its folds: anchor (or empty), heading and contents."""
    opening, _marker, folded = page_html.partition(FOLD_MARKER)
    before, *parts = _FOLD_HEADING.split(folded)
    anchors = (anchor or "" for anchor in parts[::3])
    return opening + before, zip(anchors, parts[1::3], parts[2::3], strict=True)


def fill_markers(
    page_html: str,
    setting_texts: Mapping[str, str],
    placeholder: str,
    definitions: Callable[[str], str],
) -> str:
    """The HTML of a page with its markers filled.

    :param setting_texts: plain texts by the names of settings; they are escaped.
    :param placeholder: what stands for an empty value.
    :param definitions: safe HTML for one of :data:`DEFINITIONS`, or for :data:`HELP_MARKER`.
    """

    def fill(match: re.Match[str]) -> str:
        return html.escape(setting_texts[match.group(1)] or placeholder)

    # What is typed into a setting, or written in a definition, is never taken for a marker.
    pieces = _STANDALONE_MARKER.split(page_html)
    pieces[::2] = [_MARKER.sub(fill, piece) for piece in pieces[::2]]
    pieces[1::2] = [definitions(name) for name in pieces[1::2]]
    return "".join(pieces)


# --- shipped texts --------------------------------------------------------------------------

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
# Its text holds the contacts of ``help_contacts`` in both languages.
HELP_PAGE = "aide"
PUBLIC_TEXT_NAMES = (*PAGE_NAMES, *(f"{name}{ENGLISH_SUFFIX}" for name in PAGE_NAMES), HELP_PAGE)
# Texts with the same editor and history that no reader is shown.
READY_SENTENCES = "phrases-en-danger"
TEXT_NAMES = (*PUBLIC_TEXT_NAMES, READY_SENTENCES, f"{READY_SENTENCES}{ENGLISH_SUFFIX}")


@dataclass(frozen=True)
class ShippedPage:
    """A page as it comes with the code: what a person would write, and its HTML."""

    title: str
    text: str
    html: str
    digest: str


def current_page(session: Session, name: str) -> ShippedPage | PageRevision:
    """What readers see of one of ``TEXT_NAMES`` now."""
    return published_text(name, newest_revision(session, name))


def published_text(name: str, revision: PageRevision | None) -> ShippedPage | PageRevision:
    """What readers see of a page by its newest revision: that, or the shipped text."""
    return shipped_page(name) if revision is None or revision.shipped else revision


def source_file(name: str) -> str:
    """The file name under which the text of one of ``TEXT_NAMES`` is published and sealed."""
    return f"{name}.md"


def source_bytes(page: ShippedPage | PageRevision) -> bytes:
    """A page in Markdown, in the form of the shipped files."""
    return f"# {page.title}\n\n{page.text}\n".encode()


def sealed_version(revision: PageRevision) -> dict[str, object]:
    """What the private part of a journal line holds of a revision that readers see."""
    return {"version": revision.id, "html": hashlib.sha256(revision.html.encode()).hexdigest()}


def text_name(name: str, language: Language) -> str:
    """Which of ``TEXT_NAMES`` tells a page in a language."""
    return f"{name}{ENGLISH_SUFFIX}" if language == "en" else name


def language_of(text: str) -> Language:
    """The language of one of ``TEXT_NAMES``."""
    return "en" if text.endswith(ENGLISH_SUFFIX) else "fr"


@cache
def shipped_source(name: str) -> str:
    """The Markdown of a page as it comes with the code."""
    file = FOLDER / language_of(name) / f"{name.removesuffix(ENGLISH_SUFFIX)}.md"
    return file.read_text("utf-8")


@cache
def shipped_page(name: str) -> ShippedPage:
    """A page as it comes with the code."""
    language, source = language_of(name), shipped_source(name)
    heading, _, text = source.partition("\n")
    digest = hashlib.sha256(source.encode()).hexdigest()
    text = text.strip()
    return ShippedPage(
        heading.removeprefix("# ").strip(), text, render_page(text, language), digest
    )


def ready_sentences(session: Session, language: Language) -> Sequence[tuple[str, str]]:
    """Headings and words of the sentences for somebody in danger, to be copied."""
    text = current_page(session, text_name(READY_SENTENCES, language)).text
    parts = (part.partition("\n") for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:])
    pairs = [(heading.strip(), words.strip()) for heading, _newline, words in parts]
    return [(heading, words) for heading, words in pairs if words]


@cache
def fold_headings(name: str, language: Language) -> Mapping[str, str]:
    """The headings of a shipped page's folds, by anchor."""
    _opening, folds = split_folds(shipped_page(text_name(name, language)).html)
    return {anchor: html.unescape(heading) for anchor, heading, _text in folds}


EXAMPLES_FILE = Path(__file__).with_name("examples.toml")
_EXAMPLES: Mapping[str, Sequence[Mapping[str, str]]] = tomllib.loads(
    EXAMPLES_FILE.read_text("utf-8")
)


def examples(name: str, language: Language) -> Mapping[str, str]:
    """The examples of a vocabulary by its codes, if it has any; each goes on after "Par exemple".

    Those of the types are with the words of the form.
    """
    return {row["code"]: row[language] for row in _EXAMPLES.get(name, ())}


# Read at the start, so that a server goes on answering while its program is being replaced.
for _name in TEXT_NAMES:
    shipped_source(_name)
