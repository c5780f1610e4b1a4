"""Search documents of public cases, with the place names of their communes.

A document is made of the revision that readers see, never of the desk's rows. It has no URLs of
sources, notes or reasons.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from markupsafe import Markup
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from register.cases.case_content import CaseSnapshot, parse_snapshot
from register.cases.core_tables import CASE, REVISION
from register.cases.models import CaseState
from register.cases.vocabulary import Vocabulary
from register.search import analyzer, synonyms
from register.search.engine_interface import CODE, Document
from register.territory import place_queries
from register.territory.place_queries import find_commune
from register.text.countries import country_name
from register.text.normalisation import fold

# Twenty arrondissements would make "arrondissement" a frequent word of every case of Paris.
_OMITTED_KIND = "arrondissement"


@dataclass(frozen=True)
class Toponyms:
    """Names and codes of a commune, looked up by the code that a case was filed under.

    ``names``: its present name and, if different, that of the filed code. ``other_names``: its
    former and smaller places, and its département and région in one word each. ``codes``: INSEE and
    postal codes.
    """

    names: tuple[str, ...]
    other_names: tuple[str, ...]
    codes: tuple[str, ...]
    departement: str


def find_toponyms(code: str) -> Toponyms | None:
    """Toponyms of a filed code, present or former."""
    place = find_commune(code)
    if place is None:
        return None
    commune = place.commune
    former = [alias.name for alias in place.aliases if alias.code == code != commune.code]
    smaller = [alias.name for alias in place.aliases if alias.kind != _OMITTED_KIND]
    areas = filter(None, (place.departement, place.region))
    other_names = [*smaller, *(synonyms.area_word(area.name) for area in areas)]
    names = tuple(dict.fromkeys((commune.name, *former)))
    return Toponyms(
        names=names,
        other_names=tuple(dict.fromkeys(name for name in other_names if name not in names)),
        codes=tuple(dict.fromkeys((commune.code, code, *commune.postal_codes))),
        departement=commune.departement_code,
    )


# --- documents ------------------------------------------------------------------------------

# To be changed with the content of documents: indexes are then rebuilt.
VERSION = 4

# URLs are left out: their words would match every case that cites the same newspaper.
_URL = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4}-[0-9]{2})(-[0-9]{2})?[~?]?")
_NON_WORD = re.compile(r"[\W_]+")
_BLOCK_TAG = re.compile(r"<(?:/?(?:p|li|ul|ol|h[1-6]|blockquote|pre)|br)\b")
# Vocabulary and field of the codes whose labels are searched.
_CASE_CODES = (
    ("cible", "target"),
    ("acteur", "actor"),
    ("niveau", "level"),
    ("preuve", "evidence"),
    ("issue", "outcome"),
)
_PROCEEDING_CODES = (("sens", "direction"), ("nature", "nature"), ("acteur", "plaintiff"))
# Vocabularies whose codes a word may mean; see synonyms.toml.
_SEARCH_LISTS = frozenset({"type", "cible", "acteur", "issue"})
_LINKED_LIMIT = 20  # linked communes of a document; a filter finds the case by the others


_PUBLIC_REVISIONS = (
    select(CASE.c.number, REVISION.c.content, REVISION.c.html)
    .join(REVISION, REVISION.c.id == CASE.c.revision_id)
    .where(CASE.c.state == CaseState.PUBLISHED)
)


def documents(session: Session, numbers: Sequence[int], vocabulary: Vocabulary) -> list[Document]:
    """Documents of the public cases among some numbers, in no order."""
    revisions = _PUBLIC_REVISIONS.where(CASE.c.number.in_(numbers))
    return revision_documents(session, revisions, vocabulary)


def revision_documents(
    session: Session, revisions: Select[tuple[Any, Any, Any]], vocabulary: Vocabulary
) -> list[Document]:
    """Documents of revisions, which are selected as number, content and HTML."""
    return [
        document(number, parse_snapshot(content, html), vocabulary)
        for number, content, html in session.execute(revisions).all()
    ]


def document(number: int, case: CaseSnapshot, vocabulary: Vocabulary) -> Document:
    """Document of one case."""
    content = case.content
    toponyms = {code: place for code in _commune_codes(content) if (place := find_toponyms(code))}
    weak_texts = chain(_weak_texts(content, case.html, toponyms), _code_labels(content, vocabulary))
    strong_forms = _form_fields(_strong_texts(content, toponyms))
    weak_forms = _form_fields(_URL.sub(" ", text) for text in weak_texts)
    strong_codes = dict.fromkeys(_number_codes(number, content, toponyms))
    weak_codes = dict.fromkeys(_word_codes(content))
    return Document(
        number=number,
        strong=(*map(_tokens, strong_forms), *((CODE + code,) for code in strong_codes)),
        weak=(*map(_tokens, weak_forms), *((CODE + code,) for code in weak_codes)),
        strong_forms=strong_forms,
        weak_forms=weak_forms,
    )


def _form_fields(texts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Texts as forms, without duplicates: a label may repeat the title."""
    return tuple(dict.fromkeys(field for field in map(tuple, map(analyzer.forms, texts)) if field))


def _tokens(field: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(analyzer.token_of, field))


def load_weak_texts(session: Session, numbers: Collection[int]) -> dict[int, list[str]]:
    """Number → texts of the page other than title, outlets, place and labels, of public cases."""
    texts = {}
    for revision in session.execute(_PUBLIC_REVISIONS.where(CASE.c.number.in_(numbers))):
        case = parse_snapshot(revision.content, revision.html)
        weak_texts = _weak_texts(case.content, case.html, {})
        texts[revision.number] = [_URL.sub(" ", text) for text in weak_texts if text]
    return texts


def _commune_codes(content: Mapping[str, Any]) -> list[str]:
    own = [content["commune"]] if content["commune"] else []
    return [*own, *content["linked_communes"][:_LINKED_LIMIT]]


def _strong_texts(content: Mapping[str, Any], toponyms: Mapping[str, Toponyms]) -> Iterator[str]:
    """Yield the title, the outlets and the place."""
    yield content["title"]
    for outlet in content["outlets"]:
        yield outlet
        # Readers also search for "lavoixdunord", as in its domain name.
        yield _NON_WORD.sub("", fold(outlet))
    yield content["place_label"]
    if place := toponyms.get(content["commune"]):
        yield from place.names
        yield from place.codes


def _number_codes(
    number: int, content: Mapping[str, Any], toponyms: Mapping[str, Toponyms]
) -> Iterator[str]:
    """Yield the codes that a number of a search, or "bâillon", may mean."""
    yield f"numero:{number}"
    if content["date"]:
        yield f"an:{content['date'][:4]}"
    places = (toponyms[code].departement for code in _commune_codes(content) if code in toponyms)
    for departement in (content["departement"], *places):
        if departement:
            yield f"dep:{departement}"
    for proceeding in content["proceedings"]:
        yield f"sens:{proceeding['direction']}"


def _word_codes(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the codes that words or a date of a search may mean."""
    for name, code in _vocabulary_codes(content):
        if name in _SEARCH_LISTS and code:
            yield f"{name}:{code}"
    steps = [step for proceeding in content["proceedings"] for step in proceeding["steps"]]
    dates = [content["date"], content["end_date"], *(step["date"] for step in steps)]
    dates += [date for name, date in (content["request"] or {}).items() if name.endswith("_on")]
    for date in filter(None, map(_DATE.fullmatch, dates)):
        yield f"mois:{date[1]}"
        if date[2]:
            yield f"jour:{date[1]}{date[2]}"


def _weak_texts(
    content: Mapping[str, Any], html: Mapping[str, Any], toponyms: Mapping[str, Toponyms]
) -> Iterator[str]:
    """Yield the other texts of the case's page."""
    for name in ("summary", "actor_text", "steps_taken", "precision_note", "amount"):
        yield content[name]
    yield _visible_text(html.get("narrative", ""))
    for area in (
        place_queries.departement(content["departement"]),
        place_queries.region(content["region"]),
    ):
        if area:
            yield synonyms.area_word(area.name)
    if content["country"] != "FR":
        yield country_name(content["country"])
    for position, code in enumerate(_commune_codes(content)):
        if commune_terms := toponyms.get(code):
            # The names of the authority's commune are strong fields.
            if position > 0 or not content["commune"]:
                yield from commune_terms.names
            yield from commune_terms.other_names
    for proceeding in content["proceedings"]:
        for name in ("docket", "legal_basis", "amount"):
            yield proceeding[name]
        for step in proceeding["steps"]:
            yield step["court"]
            yield step["note"]
    if info_request := content["request"]:
        for name in ("asked", "asked_of", "cada_number"):
            yield info_request[name]
        # The page says "avis CADA", which is in no column.
        if any(info_request[name] for name in ("cada_number", "cada_opinion_on", "opinion")):
            yield "CADA"
    for follow_up, fragment in zip(content["follow_ups"], html.get("follow_ups", ()), strict=False):
        yield follow_up["title"]
        yield _visible_text(fragment)
    for reply in content["replies"]:
        for name in ("author", "capacity", "text"):
            yield reply[name]
    for piece in content.get("pieces", ()):
        for name in ("caption", "warning", "transcript", "no_transcript"):
            yield piece[name]
        for page in piece["pages"]:
            yield page["alt"]


def _vocabulary_codes(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield vocabulary and code, which may be empty, of what the page says in labels.

    Families are left out: the label of one of them has "menaces" for every case of the courts.
    """
    yield from (("type", code) for code in content["types"])
    yield from ((name, content[field]) for name, field in _CASE_CODES)
    for proceeding in content["proceedings"]:
        yield from ((name, proceeding[field]) for name, field in _PROCEEDING_CODES)
        for step in proceeding["steps"]:
            yield from (("etape", step["step"]), ("issue", step["outcome"]))


def _code_labels(content: Mapping[str, Any], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the labels of the case's codes, so that "relaxe" or "interdiction de filmer" match."""
    for name, code in dict.fromkeys(_vocabulary_codes(content)):
        if code:
            yield vocabulary.label(name, code)


def _visible_text(html: str) -> str:
    """Text of rendered HTML, without the URLs of its links."""
    # A space before each block separates the last word of a paragraph from the next one.
    markup = Markup(_BLOCK_TAG.sub(r" \g<0>", html))  # noqa: S704 # sanitised, and used as text
    return str(markup.striptags())
