"""Source of each text that a case's pages show: a field, a fixed label, or a fact of the register.

``python -m tools.text_sources [NUMBER…]`` makes the demonstration, and prints every text node of
each case's page (French and English), description, feed entry and JSON-LD with what
it comes from. It ends with 1 when one comes from nowhere.

A word of a vocabulary counts only where a field of the case holds its code, or where the page
explains the whole vocabulary (a scale of evidence).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import unescape
from itertools import combinations
from typing import Any
from urllib.parse import urlsplit

import lxml.etree
import lxml.html
from babel import Locale
from flask import Flask
from sqlalchemy import select

from register.cases.models import CaseState, Incident, Revision
from register.cases.vocabulary import LANGUAGES, Vocabulary, vocabulary_at
from register.db import db
from register.errors import TextError
from register.journal import JournalEntry
from register.journal.models import rfc3339
from register.pages.content import fold_headings
from register.territory.place_queries import area_name, find_commune
from register.text import dates
from register.text.countries import country_name
from register.text.dates import Language
from register.web.request_context import current_vocabulary
from tools.catalogue import extract_messages, load_translation
from tools.docs.furnished import demonstration

# Field of the document → list of the vocabulary that its codes belong to.
LISTS = {
    "types": "type",
    "target": "cible",
    "actor": "acteur",
    "plaintiff": "acteur",
    "level": "niveau",
    "evidence": "preuve",
    "direction": "sens",
    "nature": "nature",
    "outcome": "issue",
    "step": "etape",
    "kind": "source",
}
# Parts of a page that explain every word of a vocabulary, or speak of other cases.
BASE_ADDRESS = "http://127.0.0.1:5000"
# Names that no catalogue translates.
NAMES = ("Web", "Citoyen", "English", "Français")
EXPLANATIONS = frozenset({"levels", "defs", "scale"})
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]")
_TAG = re.compile(r"<[^>]+>")
_MARKS = " .,;:()[]«»“”\"'’–—-/!?…·→←↔"
# A text is cut after these when no source holds it whole.
_CUTS = re.compile(r"(?<=[,;:.!?)»])\s+|\s+(?=[(«])|(?<=[(«])|(?=[)»])|\s+[–:]\s+|, | et | and ")


@dataclass(frozen=True)
class TextNode:
    """A text of one surface (page, description, feed…), and where it stands there."""

    surface: str
    place: str
    text: str
    explains: bool = False


@dataclass
class Sources:
    """The texts that a case's pages may show, folded → what each comes from."""

    exact: dict[str, str] = field(default_factory=dict)
    long_texts: dict[str, str] = field(default_factory=dict)
    origins: dict[tuple[str, bool], str | None] = field(default_factory=dict)

    def add(self, origin: str, *texts: object) -> None:
        for shown in texts:
            if folded := fold(str(shown)):
                self.exact.setdefault(folded, origin)


def fold(text: str) -> str:
    """A text without differences of spaces, case, and marks at its ends."""
    return " ".join(_plain(text).split()).strip(_MARKS)


# --- fixed labels -------------------------------------------------------------------------------


@cache
def catalogue() -> tuple[Mapping[str, str], list[tuple[list[str], re.Pattern[str]]]]:
    """The sentences of the site: those that are fixed, and patterns of those with a blank."""
    fixed: dict[str, str] = {}
    patterns: list[tuple[list[str], re.Pattern[str]]] = []
    forms = [form for message in load_translation() for form in (message.id, message.string)]
    # Feeds are French and have no translations.
    forms += [message for _path, _line, message, *_rest in extract_messages("templates")]
    for form in forms:
        for sentence in (form,) if isinstance(form, str) else form:
            for piece in _TAG.split(sentence):
                _add_piece(piece, sentence, fixed, patterns)
    return fixed, patterns


def _add_piece(
    piece: str,
    sentence: str,
    fixed: dict[str, str],
    patterns: list[tuple[list[str], re.Pattern[str]]],
) -> None:
    parts = [_inner_text(part) for part in _PLACEHOLDER.split(piece)]
    for part in parts:
        if folded := fold(part):
            fixed.setdefault(folded, sentence)
    # A blank may hold an element of its own: then the words on both sides are nodes.
    for first, last in combinations(range(len(parts)), 2):
        words = parts[first : last + 1]
        words[0], words[-1] = words[0].lstrip(_MARKS), words[-1].rstrip(_MARKS)
        if any(re.search(r"\w", part) for part in words):
            patterns.append((words, re.compile("(.+?)".join(map(re.escape, words)))))


def _inner_text(text: str) -> str:
    """A part of a sentence with its marks, for a pattern."""
    return re.sub(r"\s+", " ", _plain(text.replace("%%", "%")))


def _plain(text: str) -> str:
    for typeset, plain in (("\u00a0", " "), ("\u202f", " "), ("’", "'"), ("\u2011", "-")):
        text = text.replace(typeset, plain)
    return unescape(text).casefold()


# --- sources of one case --------------------------------------------------------------------------


def case_sources(number: int) -> Sources:
    """What the pages of a public case may show."""
    sources, session = Sources(), db.session()
    cases = session.scalars(select(Incident).where(Incident.state == CaseState.PUBLISHED)).all()
    case = next(case for case in cases if case.number == number)
    content = json.loads(session.get_one(Revision, case.revision_id).content or b"{}")
    vocabularies = [
        vocabulary_at(session, current_vocabulary().version, lang) for lang in LANGUAGES
    ]
    for path, name, leaf in leaves(content):
        for vocabulary in vocabularies:
            sources.add(path, *leaf_forms(name, leaf, vocabulary))
        if isinstance(leaf, str) and len(leaf) > 40:
            sources.long_texts[fold(re.sub(r"[*_`#>\[\]\\]", "", leaf))] = path
    ruled = [leaf for path, name, leaf in leaves(content["proceedings"]) if name == "outcome"]
    for origin, forms in register_facts(case, cases):
        sources.add(origin, *forms)
    if any(name == "appeal" for _path, name, _leaf in leaves(content["proceedings"])):
        sources.add("proceedings.steps.appeal", "appel", "appeal", "pourvoi", "recours")
    if content["outcome"] in ("", "inconnue"):
        sources.add("no outcome", "inconnue", "unknown")
    for vocabulary in vocabularies:
        if set(ruled) & vocabulary.court_outcomes:
            sources.add("proceedings.outcome", vocabulary.label("source", "decision_justice"))
        headings = fold_headings("vos-droits", vocabulary.language)
        sources.add("page of rights: heading", *headings.values())
    for name in ("sources", "proceedings", "replies", "corrections", "follow_ups"):
        sources.add(f"number of {name}", len(content[name]))
    return sources


def all_vocabularies() -> Iterator[Vocabulary]:
    """The vocabularies in each language."""
    for lang in LANGUAGES:
        yield vocabulary_at(db.session(), current_vocabulary().version, lang)


def leaves(node: Any, path: str = "", name: str = "") -> Iterator[tuple[str, str, Any]]:
    """Each value of a document with the path and the name of its field."""
    if isinstance(node, Mapping):
        for key, child in node.items():
            yield from leaves(child, f"{path}.{key}" if path else key, key)
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield from leaves(child, f"{path}[{index}]", name)
    elif node not in (None, ""):
        yield path, name, node


def leaf_forms(name: str, leaf: Any, vocabulary: Vocabulary) -> Iterator[str]:
    """The forms in which a value is shown."""
    lang = vocabulary.language
    yield str(leaf)
    if not isinstance(leaf, str):
        return
    if name in LISTS and (word := vocabulary.word(LISTS[name], leaf)):
        yield from (word.label, word.definition, *map(str, word.extra.values()))
        if name == "types":
            family = vocabulary.lists["famille"][vocabulary.family_of[leaf]]
            yield from (family.label, family.definition, str(family.extra["letter"]))
    elif name == "language":
        yield str(Locale(lang).languages[leaf])
    elif name == "country":
        yield country_name(leaf, lang)
    elif name in ("commune", "linked_communes", "departement", "region"):
        yield from place_forms(name, leaf)
    elif name.endswith("url"):
        yield urlsplit(leaf).netloc
        yield urlsplit(leaf).netloc.removeprefix("www.")
    yield from date_forms(leaf, lang)
    yield from amount_forms(leaf)


def place_forms(name: str, code: str) -> Iterator[str]:
    """The names of a place and of the areas around it."""
    if name in ("departement", "region"):
        yield area_name(name, code)
        return
    details = find_commune(code)
    if details is None:
        return
    yield from (details.commune.name, details.commune.code, details.former_name or "")
    for area in (details.departement, details.region):
        if area is not None:
            yield from (area.name, area.code)


def date_forms(edtf: str, lang: Language) -> Iterator[str]:
    try:
        yield dates.date_words(edtf[:10] if "T" in edtf else edtf, lang)
    except TextError:
        # Not a date, or a text with dates in digits: each may be shown in words.
        in_words = re.sub(
            r"\b\d{4}-\d\d(-\d\d)?\b", lambda match: dates.date_words(match[0], lang), edtf
        )
        if in_words != edtf:
            yield in_words


def amount_forms(text: str) -> Iterator[str]:
    in_words = re.sub(r"(?<=\d)[ .](?=\d{3}\b)", "", text)
    in_words = re.sub(r"\d{4,}", lambda match: f"{int(match[0]):,}".replace(",", " "), in_words)
    yield re.sub(r"\b(EUR|euros?)\b", "€", in_words)


# --- origin of a text -----------------------------------------------------------------------------


def origin_of(node: TextNode, sources: Sources) -> str | None:
    """What a text comes from; None for a text without a source."""
    return _origin(fold(node.text), sources, node.explains)


def _origin(text: str, sources: Sources, explains: bool) -> str | None:
    """The origin of a text as a whole, or of each of the parts that it can be cut into."""
    key = (text, explains)
    if key not in sources.origins:
        sources.origins[key] = None  # a pattern never explains itself
        sources.origins[key] = _whole_origin(text, sources, explains) or _joined_origin(
            text, sources, explains
        )
    return sources.origins[key]


def _whole_origin(text: str, sources: Sources, explains: bool) -> str | None:
    if not re.search(r"\w", text):
        return "punctuation"
    if text in sources.exact:
        return sources.exact[text]
    if text.startswith(BASE_ADDRESS):
        return "address"
    fixed, patterns = catalogue()
    word = vocabulary_words().get(text)
    if word and explains:
        return f"vocabulary: {word}"
    if text in fixed and not word:
        return "label"
    if len(text) > 3:
        for long_text, path in sources.long_texts.items():
            if text in long_text:
                return path
    for words, pattern in patterns:
        if all(word in text for word in words) and (match := pattern.fullmatch(text)):
            origins = [_origin(fold(part), sources, explains) for part in match.groups()]
            if all(origins):
                return "label with " + ", ".join(dict.fromkeys(filter(None, origins)))
    return None


def _joined_origin(text: str, sources: Sources, explains: bool) -> str | None:
    """The origins of the fewest parts that a text can be cut into, each explained as a whole."""
    starts = [0, *(cut.end() for cut in _CUTS.finditer(text))]
    ends = [*(cut.start() for cut in _CUTS.finditer(text)), len(text)]
    best: list[tuple[str, ...] | None] = [()] + [None] * len(ends)
    for last, end in enumerate(ends):
        for first, start in enumerate(starts[: last + 1]):
            before = best[first]
            if before is None or (first, last) == (0, len(ends) - 1):
                continue
            origin = _whole_origin(fold(text[start:end]), sources, explains)
            if origin and (best[last + 1] is None or len(before) < len(best[last + 1] or ())):
                best[last + 1] = (*before, origin)
    parts = best[-1]
    return " + ".join(dict.fromkeys(parts)) if parts else None


@cache
def vocabulary_words() -> Mapping[str, str]:
    """Every label of the vocabularies, folded → its list and code."""
    words: dict[str, str] = {}
    for lang in LANGUAGES:
        for name, entries in vocabulary_at(
            db.session(), current_vocabulary().version, lang
        ).lists.items():
            for code, word in entries.items():
                for label in (word.label, word.definition):
                    words.setdefault(fold(label), f"{name}.{code}")
    return words


# --- surfaces -------------------------------------------------------------------------------------


def text_nodes(surface: str, markup: bytes | str) -> Iterator[TextNode]:
    """The texts of a page or fragment of HTML, scripts and styles left out."""
    root = lxml.html.fromstring(markup)
    explained = {
        element
        for parent in root.iter()
        if isinstance(parent.tag, str) and EXPLANATIONS & set((parent.get("class") or "").split())
        for element in parent.iter()
        if isinstance(element.tag, str)
    }
    for element in root.iter():
        if not isinstance(element.tag, str) or element.tag in ("script", "style"):
            continue
        place = f"{element.tag}.{element.get('class')}" if element.get("class") else element.tag
        for text in (element.text, *(child.tail for child in element)):
            if text and text.strip():
                yield TextNode(surface, place, " ".join(text.split()), element in explained)
        for attribute in ("title", "alt", "aria-label"):
            if shown := element.get(attribute):
                yield TextNode(surface, f"{place}@{attribute}", shown, element in explained)


def surfaces(app: Flask, number: int) -> Iterator[TextNode]:
    """The texts of everything that is made of a case."""
    client = app.test_client()
    for prefix in ("", "/en"):
        page = client.get(f"{prefix}/incidents/{number}")
        document = lxml.html.fromstring(page.data)
        yield from text_nodes(f"page{prefix}", page.data)
        for meta in document.xpath("//meta[@content]"):
            if "description" in (meta.get("name") or meta.get("property") or ""):
                yield TextNode(f"description{prefix}", "meta", meta.get("content"))
        for script in document.xpath("//script[@type='application/ld+json']"):
            for path, name, leaf in leaves(json.loads(script.text)):
                if isinstance(leaf, str) and not name.startswith("@") and name != "url":
                    yield TextNode(f"JSON-LD{prefix}", path, leaf)
    feed = lxml.etree.fromstring(client.get(f"/incidents/{number}.atom").data)
    atom = "{http://www.w3.org/2005/Atom}"
    for entry in feed.iter(f"{atom}entry"):
        for tag in ("title", "summary", "content"):
            if (part := entry.find(f"{atom}{tag}")) is not None and part.text:
                yield from text_nodes(f"feed {tag}", f"<div>{part.text}</div>")


def register_facts(
    case: Incident, cases: Iterable[Incident]
) -> Iterator[tuple[str, Iterable[object]]]:
    """Facts of the journal about a case, and titles of the cases that its page leads to."""
    session = db.session()
    lines = session.scalars(
        select(JournalEntry).where(JournalEntry.case_number == case.number)
    ).all()
    revision_ids = session.scalars(select(Revision.id).where(Revision.incident_id == case.id)).all()
    yield "number", [case.number]
    yield "journal: line", [line.seq for line in lines]
    yield "journal: time", [rfc3339(line.at) for line in lines]
    yield (
        "journal: digest",
        [f"{json.loads(line.public_json)['content'] or ''}"[:12] for line in lines],
    )
    for day in {dates.paris_day(line.at) for line in lines}:
        yield "journal: day", [day.isoformat(), *(dates.day_words(day, lang) for lang in LANGUAGES)]
    yield "version: rank", range(1, len(revision_ids) + 1)
    yield "version: id", revision_ids
    yield "fixed name", NAMES
    for other in cases:
        yield (
            f"case {other.number}: title",
            [other.title, other.summary, *(f"{mark} {other.number}" for mark in ("nº", "No."))],
        )
        for lang in LANGUAGES:
            yield f"case {other.number}: date", list(date_forms(other.date, lang))


def report(app: Flask, numbers: Iterable[int] = ()) -> list[str]:
    """Lines on every text of the public cases; those of texts without a source begin with "?".

    :param numbers: of the cases that are meant; all by default.
    """
    lines = []
    chosen = set(numbers)
    with app.app_context():
        published = select(Incident.number).where(Incident.state == CaseState.PUBLISHED)
        case_numbers = [
            number
            for number in db.session().scalars(published.order_by(Incident.number))
            if number is not None and (number in chosen or not chosen)
        ]
    for number in case_numbers:
        # Without a context of the caller, which would fix the language of all pages.
        nodes = list(dict.fromkeys(surfaces(app, number)))
        with app.test_request_context():
            sources = case_sources(number)
            for node in nodes:
                origin = origin_of(node, sources)
                mark = " " if origin else "?"
                where = f"{number} {node.surface} {node.place}"
                lines.append(f"{mark} {where} | {node.text} | {origin}")
    return lines


def main() -> int:
    with demonstration() as app:
        lines = report(app, map(int, sys.argv[1:]))
    print("\n".join(lines))
    unexplained = [line for line in lines if line.startswith("?")]
    print(f"{len(lines)} texts, {len(unexplained)} without a source")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
