"""Pages that tell rather than list: the editorial ones, and how to write to the register."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass

from flask import render_template
from flask_babel import gettext as _
from markupsafe import Markup

from register.cases import deadlines, queries
from register.cases.vocabulary import VocabularyWord
from register.cases.web.public.cases import case_number
from register.config import LEGAL_FIELDS
from register.db import db
from register.pages import content as editorial
from register.pages.content import fill_markers
from register.pages.vocabulary_examples import examples
from register.reports import plain_words
from register.text.dates import paris_day
from register.web.blueprints import public
from register.web.languages import in_language, language
from register.web.request_context import current_vocabulary, settings

# For each marker of a page, the vocabulary that it asks for.
MARKER_LISTS: Mapping[str, str] = {
    "types": "type",
    "preuves": "preuve",
    "issues": "issue",
    "sens": "sens",
    "refus": "refus",
    "retraits": "restriction",
}


@dataclass(frozen=True)
class DefinedWord:
    """A word with what it means, an example where it has one, and the name one can link to."""

    anchor: str
    label: str
    definition: str
    example: str


@dataclass(frozen=True)
class WordGroup:
    """Words under one heading; the only group of a vocabulary without families has none."""

    anchor: str
    label: str
    definition: str
    words: tuple[DefinedWord, ...]


def definitions(marker: str) -> str:
    """The definitions that a marker stands for, as HTML."""
    return render_template("pages/_definitions.html", groups=list(_word_groups(marker)))


def _word_groups(marker: str) -> Iterator[WordGroup]:
    list_name = MARKER_LISTS[marker]
    words = [word for word in current_vocabulary().lists[list_name].values() if _is_public(word)]
    if list_name != "type":
        yield WordGroup("", "", "", _define_words(list_name, words))
        return
    for family in current_vocabulary().lists["famille"].values():
        family_words = [word for word in words if word.extra["famille"] == family.code]
        # The family of what fits nowhere has one type, with its own name.
        if len(family_words) == 1 and family_words[0].label == family.label:
            yield WordGroup("", "", "", _define_words(list_name, family_words))
        elif family_words:
            definition = family.definition
            yield WordGroup(
                f"famille-{family.code}",
                family.label,
                definition,
                _define_words(list_name, family_words),
            )


def _is_public(word: VocabularyWord) -> bool:
    """Whether readers may meet a word: none that is retired, or that members alone know of."""
    return not word.retired and word.extra.get("public", True)


def _define_words(list_name: str, words: Iterable[VocabularyWord]) -> tuple[DefinedWord, ...]:
    examples_by_code = _examples(list_name)
    return tuple(
        DefinedWord(
            f"{list_name}-{word.code}".replace("_", "-"),
            word.label,
            word.definition,
            examples_by_code.get(word.code, ""),
        )
        for word in words
    )


def _examples(list_name: str) -> Mapping[str, str]:
    if list_name == "type":
        return {code: word.example for code, word in plain_words.words("type", language()).items()}
    return examples(list_name, language()) if list_name in ("preuve", "issue") else {}


def _editorial_view(name: str) -> Callable[[], str]:
    def view() -> str:
        page = editorial.current_page(db.session(), editorial.text_name(name, language()))
        return render_template("pages/page.html", page=page, body=fill_page(page.html), name=name)

    return view


for _name in editorial.PAGE_NAMES:
    public.add_url_rule(f"/{_name}", _name.replace("-", "_"), _editorial_view(_name))


def page_path(name: str) -> str:
    """Where readers find one of the texts of ``editorial.TEXTS``."""
    page_language = editorial.language_of(name)
    return in_language(f"/{name.removesuffix(editorial.ENGLISH_SUFFIX)}", page_language)


def fill_page(html: str) -> Markup:
    """The HTML of an editorial page with the settings and definitions that it asks for."""
    all_settings = asdict(settings())
    legal_settings = {key: str(all_settings[key]) for key in LEGAL_FIELDS}
    filled_html = fill_markers(
        html, legal_settings, placeholder=_("non renseigné"), definitions=definitions
    )
    return Markup(filled_html)  # noqa: S704 - rendered through an allow-list, values escaped


@public.get("/incidents/<number>/droit-de-reponse")
def right_of_reply(number: str) -> str:
    """How the one who is written about may answer (LCEN art. 1-1 III, décret 2007-1527)."""
    case = queries.load_public_case(db.session(), case_number(number))
    # Each text made public opens its own three months: the last one ends last.
    until = deadlines.reply_window_ends(paris_day(case.version_at))
    return render_template("pages/right_of_reply.html", case=case, until=until)


@public.get("/incidents/<number>/signaler-contenu")
def notice(number: str) -> str:
    """How to notify content held to be illegal (regulation (EU) 2022/2065, art. 16)."""
    case = queries.load_public_case(db.session(), case_number(number))
    return render_template("pages/content_notice.html", case=case)
