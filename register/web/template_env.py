"""What templates may say: filters for dates, counts and words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from operator import index
from typing import Any

from flask import Flask, g
from flask_babel import get_translations
from flask_babel import gettext as _
from jinja2 import TemplateError
from markupsafe import Markup

from register.accounts.web import current_member
from register.cases.desk_lists import DeskCaseSummary
from register.cases.queries import CaseSummary
from register.cases.vocabulary import VocabularyWord
from register.cases.web.public import json_ld
from register.cases.web.public.case_view import rights_links
from register.cases.web.public.vocabulary_labels import VocabularyLabels, labels, place_line
from register.errors import ConfigError
from register.text import dates, markup, typography
from register.text.dates import Language
from register.web import languages, urls
from register.web.drawings.maps import locator
from register.web.l10n import (
    count_words,
    country_name,
    day_words,
    edtf_words,
    language_name,
    number,
    typeset,
)
from register.web.languages import LANGUAGE_NAMES, in_language, language
from register.web.request_context import current_vocabulary, settings

_LOADED = "register.templates"
# Titles and notes are shown again and again; beyond this the oldest are made anew.
_CACHE_SIZE = 4096
# Characters of a summary in a list: a sentence or two.
_SUMMARY_LENGTH = 240


def attach(app: Flask) -> None:
    """Give an application's templates their words and addresses."""
    environment = app.jinja_env
    environment.policies["ext.i18n.trimmed"] = True
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        _gettext, _ngettext, newstyle=True
    )
    environment.filters.update(
        french=_french,
        typeset=typeset,
        edtf=_edtf,
        edtf_time=edtf_time,
        day=_day,
        day_time=day_time,
        moment=moment_time,
        clock=clock,
        number=number,
        count=count_words,
        count_start=_count_start,
        first_upper=first_upper,
        country=country_name,
        tongue=language_name,
        place=case_place,
        at=_at_commune,
        called=list_title,
        told_in=with_language,
    )
    environment.globals.update(
        labels=_labels,
        language=language,
        tongues=LANGUAGE_NAMES,
        this_page=languages.this_page,
        in_language=in_language,
        lang=_lang,
        located=locator,
        word=_word,
        vocabulary=_vocabulary,
        rel=markup.LINK_REL,
        settings=settings,
        member=current_member.member,
        who=current_member.display_name,
        to=urls,
        structured=json_ld,
        rights=_rights,
    )


def _catalogue() -> Any:
    """The request's catalogue, looked up once: a page asks it a hundred times."""
    catalogue = g.get("register_catalogue")
    if catalogue is None:
        catalogue = g.register_catalogue = get_translations()
    return catalogue


def _gettext(sentence: str) -> str:
    return str(_catalogue().ugettext(sentence))


def _ngettext(singular: str, plural: str, count: int) -> str:
    # French itself has no catalogue, and would take what is no number for several.
    return str(_catalogue().ungettext(singular, plural, index(count)))


_french = lru_cache(maxsize=_CACHE_SIZE)(typography.french)


def _edtf(text: str) -> str:
    """A partial date in words; the caller says what an unknown one is called."""
    return typeset(edtf_words(text)) if text else ""


@lru_cache(maxsize=_CACHE_SIZE)
def _cached_time(text: str, lang: Language) -> Markup:
    date = dates.parse(text)
    words = typography.typeset(date.words(lang), lang)
    return Markup('<time datetime="{}">{}</time>').format(date.html_datetime, words)


def edtf_time(text: str) -> Markup:
    """A partial date as a ``time`` element; an unknown one is said to be so."""
    if text:
        return _cached_time(text, language())
    return Markup('<span class="date">{}</span>').format(_("date inconnue"))


def _day(moment: date | datetime) -> str:
    return typeset(day_words(moment))


def day_time(moment: date | datetime | str) -> Markup:
    """The civil day in Paris of a moment as a ``time`` element; a text is RFC 3339."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    civil_day = dates.paris_day(moment) if isinstance(moment, datetime) else moment
    return Markup('<time datetime="{}">{}</time>').format(civil_day.isoformat(), _day(civil_day))


def moment_time(moment: datetime) -> Markup:
    """The civil day in Paris of a moment as a ``time`` element that holds the moment itself."""
    local_time = moment.astimezone(dates.PARIS)
    return Markup('<time datetime="{}">{}</time>').format(local_time.isoformat(), _day(local_time))


def clock(moment: datetime) -> str:
    """The hour and minute of a moment on the clocks of Paris: "10 h 30", in English "10:30"."""
    local_time = moment.astimezone(dates.PARIS)
    if language() == "en":
        return f"{local_time.hour}:{local_time:%M}"
    return f"{local_time.hour}\u00a0h\u00a0{local_time:%M}"


def first_upper(text: str) -> str:
    """The text with a capital at its head, the rest as it was."""
    return text[:1].upper() + text[1:]


def _count_start(count: int) -> str:
    """A count that begins a sentence."""
    return first_upper(count_words(count))


def _at_commune(name: str) -> str:
    """A commune's name after "à": "au Havre", "aux Abymes", "à Puteaux", and "in Le Havre"."""
    if language() == "en":
        return f"in {_french(name)}"
    for article, contraction in (("Le ", "au "), ("Les ", "aux ")):
        if name.startswith(article):
            return contraction + _french(name.removeprefix(article))
    return f"à {_french(name)}"


def list_title(case: CaseSummary | DeskCaseSummary) -> str:
    """What a list calls a case: its summary, or else its title.

    A title that the register made repeats the type, place and date that stand beside it. What
    happened is in the summary, cut at a word: a list does not quote at length.
    """
    list_text = case.summary or case.title
    if len(list_text) > _SUMMARY_LENGTH:
        list_text = list_text[:_SUMMARY_LENGTH].rsplit(None, 1)[0] + "…"
    return with_language(_french(list_text), case.language)


def with_language(text: str, lang: str) -> str:
    """A text in a language; in its own element where that is not the page's (WCAG 2.2, 3.1.2)."""
    if not text or lang == language():
        return text
    return Markup('<span lang="{}">{}</span>').format(lang, text)


def case_place(case: CaseSummary | DeskCaseSummary) -> Markup:
    """Where a case is: what is known, from the commune to the country."""
    if case.commune_name:
        return place_line(case.commune_name, case.departement_name or "")
    if case.country != "FR":
        country_label = country_name(case.country)
        label = with_language(_french(first_upper(case.place_label)), case.language)
        return place_line(label or country_label, country_label)
    area = case.departement_name or case.region_name or ""
    if case.place_label:
        label = with_language(_french(first_upper(case.place_label)), case.language)
        return place_line(label, area)
    return place_line(area or _("lieu inconnu"), "")


def _lang(lang: str) -> Markup:
    """What an element says of its language, where it is not the page's."""
    return Markup("") if lang == language() else Markup(' lang="{}"').format(lang)


def _labels() -> VocabularyLabels:
    return labels(current_vocabulary())


def _rights(types: Iterable[str]) -> list[tuple[str, str]]:
    """Where one reads what to do when it happens to oneself."""
    return rights_links(types, current_vocabulary())


def _word(name: str, code: str) -> str:
    """The label of a code in one of the vocabularies."""
    return current_vocabulary().label(name, code)


def _vocabulary(name: str) -> list[VocabularyWord]:
    """The words of a vocabulary that are in use, in their order."""
    return [word for word in current_vocabulary().lists[name].values() if not word.retired]


def require(app: Flask) -> None:
    """Read every template now, once in the life of a process.

    Jinja reads a template when it is first shown: of an upgrade in place, a process would show one
    page from before and the next from after. What is not there, or cannot be read, stops the start.

    :raises ConfigError: ``config_templates``.
    """
    environment = app.jinja_env
    # Nothing is looked up again, but for whoever is writing them.
    environment.auto_reload = app.debug
    if app.extensions.get(_LOADED):
        return
    for path in template_names(app):
        try:
            environment.get_template(path)
        except (OSError, UnicodeDecodeError, TemplateError) as error:
            raise ConfigError("config_templates", path=path) from error
    app.extensions[_LOADED] = True


def template_names(app: Flask) -> list[str]:
    """The names of all templates, which takes no reading.

    :raises ConfigError: ``config_templates``, when there are none.
    """
    names = app.jinja_env.list_templates()
    if not names:
        raise ConfigError("config_templates", path=app.template_folder)
    return names
