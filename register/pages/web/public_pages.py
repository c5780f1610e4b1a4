"""Pages that tell rather than list: the editorial ones, and how to write to the register."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from flask import get_template_attribute, render_template
from flask_babel import gettext as _
from markupsafe import Markup

from register.cases import queries
from register.cases.queries import MergedCase, PublicCase
from register.cases.vocabulary import VocabularyWord
from register.config import LEGAL_FIELDS
from register.db import db
from register.errors import Moved
from register.pages import content as editorial
from register.pages import help_contacts
from register.pages.content import DEFINITIONS, fill_markers
from register.pages.web.help import contacts_html
from register.reports import form_vocabulary
from register.web import urls
from register.web.blueprints import public
from register.web.l10n import in_language, language, typeset
from register.web.request_context import current_vocabulary, head, settings

# The word that heads some others, if there is one, and these.
WordGroup = tuple[VocabularyWord | None, Sequence[VocabularyWord]]


def definitions(marker: str) -> str:
    """The definitions, or the contacts who can help, that a marker stands for, as HTML."""
    if marker == editorial.HELP_MARKER:
        return contacts_html(help_contacts.current_contacts(db.session()))
    list_name = DEFINITIONS[marker]
    words = [
        word
        for word in current_vocabulary().lists[list_name].values()
        # Readers meet no word that is retired, or that members alone know of.
        if not word.retired and word.extra.get("public", True)
    ]
    groups: list[WordGroup] = [(None, words)]
    examples = editorial.examples(list_name, language())
    if list_name == "type":
        groups = list(_families(words))
        plain_types = form_vocabulary.words("type", language())
        examples = {code: word.example for code, word in plain_types.items()}
    return render_template(
        "pages/_definitions.html", list_name=list_name, groups=groups, examples=examples
    )


def _families(types: Sequence[VocabularyWord]) -> Iterator[WordGroup]:
    """The types by family; without its name where it has one type of that name."""
    for family in current_vocabulary().lists["famille"].values():
        family_types = [word for word in types if word.extra["famille"] == family.code]
        is_alone = [word.label for word in family_types] == [family.label]
        if family_types:
            yield None if is_alone else family, family_types


def editorial_page(name: str) -> str:
    """An editorial page in the reader's language."""
    page = editorial.current_page(db.session(), editorial.text_name(name, language()))
    title, body = typeset(page.title), fill_page(page.html)
    return render_template("pages/page.html", title=title, body=body, name=name)


# Rules without arguments, which the sitemap lists.
for _name in editorial.PAGE_NAMES:
    public.add_url_rule(
        f"/{_name}", _name.replace("-", "_"), lambda name=_name: editorial_page(name)
    )


def is_public(name: str) -> bool:
    """Whether one of the texts of ``editorial.TEXT_NAMES`` is a page of the site."""
    return name in editorial.PUBLIC_TEXT_NAMES


def page_path(name: str) -> str:
    """Where readers find one of the texts of ``editorial.TEXT_NAMES``; members, the others."""
    if not is_public(name):
        return f"/moderation/pages/{name}"
    page_language = editorial.language_of(name)
    return in_language(f"/{name.removesuffix(editorial.ENGLISH_SUFFIX)}", page_language)


def fill_page(html: str) -> Markup:
    """The HTML of an editorial page with the settings and definitions that it asks for."""
    legal_settings = {name: getattr(settings(), name) for name in LEGAL_FIELDS}

    def fill(part: str) -> Markup:
        filled_html = fill_markers(
            part, legal_settings, placeholder=_("non renseigné"), definitions=definitions
        )
        return Markup(filled_html)  # noqa: S704 - rendered through an allow-list, values escaped

    opening, folds = editorial.split_folds(html)
    filled_folds = [(anchor, fill(heading), fill(text)) for anchor, heading, text in folds]
    render: Callable[..., Markup] = get_template_attribute("pages/_folds.html", "with_folds")
    return render(fill(opening), filled_folds, editorial.FOLDS_ANCHOR)


@public.get("/miroirs")
def mirrors() -> str:
    """What a static copy has and has not, and the onion address."""
    head()
    return render_template("pages/mirrors.html")


@public.get("/incidents/<number>/signaler-contenu")
def notice(number: str) -> str:
    """How to notify content held to be illegal (regulation (EU) 2022/2065, art. 16)."""
    return render_template("pages/content_notice.html", case=readable_case(number))


def readable_case(number: str) -> PublicCase | MergedCase:
    """The public case of a number; a merged one too, whose versions can be read."""
    session, case_number = db.session(), urls.case_number(number)
    try:
        return queries.load_public_case(session, case_number)
    except Moved:
        return queries.load_merged_case(session, case_number)
