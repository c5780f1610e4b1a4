"""Filters and globals of the templates, and the loading of the templates at start."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from operator import index
from typing import Any

from flask import Flask
from flask_babel import get_translations
from flask_babel import gettext as _
from jinja2 import DictLoader, TemplateError
from markupsafe import Markup

from register.accounts.web import current_member
from register.cases.decisions import latest_decision
from register.cases.desk_lists import DeskCaseSummary
from register.cases.result_lists import CaseSummary
from register.cases.web import decision_words
from register.cases.web.public import structured_data
from register.cases.web.public.case_view import copy_day, labels, place_line, rights_links
from register.errors import ConfigError
from register.incoming import retention as incoming_retention
from register.pages.web import legal_calendars
from register.reports import retention as report_retention
from register.reports.web.desk import labels as report_labels
from register.text import dates, markup, typography
from register.text.dates import Language
from register.text.typography import first_upper
from register.web import l10n, messages, urls
from register.web.error_messages import field_name
from register.web.maps import locator
from register.web.request_context import copied_at, current_mode, current_vocabulary, settings

# Titles, notes and dates of the cache of typeset texts.
_CACHE_SIZE = 4096
_SUMMARY_LENGTH = 240  # characters of a summary in a list

_french = lru_cache(maxsize=_CACHE_SIZE)(typography.french)


def drop_texts() -> None:
    """Drop every cached text: of a draft, a report or a case that may be erased since."""
    for cached in (_french, l10n.cached_typeset, place_line):
        cached.cache_clear()


def attach(app: Flask) -> None:
    """Add filters and globals to the templates of an application."""
    environment = app.jinja_env
    environment.policies["ext.i18n.trimmed"] = True
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.newstyle_gettext = True  # type: ignore[attr-defined]
    environment.filters.update(
        french=_french,
        # A text of a case; its amounts and days are in words where it is in French.
        spelled=lambda text, lang: _french(typography.spell_out(text) if lang == "fr" else text),
        typeset=l10n.typeset,
        edtf=lambda edtf: l10n.typeset(l10n.edtf_words(edtf)) if edtf else "",
        edtf_time=edtf_time,
        day=_day,
        day_time=day_time,
        moment=moment_time,
        clock=l10n.clock,
        number=l10n.number,
        count=l10n.count_words,
        count_start=lambda count: first_upper(l10n.count_words(count)),
        first_upper=first_upper,
        country=l10n.country_name,
        tongue=l10n.language_name,
        place=case_place,
        at=_at_commune,
        called=list_title,
        told_in=with_language,
        copy_day=copy_day,
    )
    environment.globals.update(
        _=_translate,
        gettext=_translate,
        ngettext=_translate_counted,
        labels=labels,
        language=l10n.language,
        tongues=l10n.LANGUAGE_NAMES,
        this_page=l10n.this_page,
        in_language=l10n.in_language,
        field_name=field_name,
        # A ``lang`` attribute when the language is not the page's.
        lang=lambda lang: Markup(' lang="{}"').format(lang) if lang != l10n.language() else "",
        located=locator,
        word=lambda name, code: current_vocabulary().label(name, code),
        vocabulary=lambda name: [
            word for word in current_vocabulary().lists[name].values() if not word.retired
        ],
        rel=markup.LINK_REL,
        settings=settings,
        mode=current_mode,
        copied_at=copied_at,
        member=current_member.member,
        who=current_member.display_name,
        to=urls,
        structured=structured_data,
        rights=rights_links,
        latest_decision=latest_decision,
        decisions=decision_words,
        messages=messages,
        report_labels=report_labels,
        report_retention=report_retention,
        incoming_retention=incoming_retention,
        legal=legal_calendars,
    )


# Jinja's own functions take five calls for each of the hundred sentences of a page.
def _translate(sentence: str, /, **values: Any) -> Markup:
    """A sentence in the page's language, as HTML; the values are escaped."""
    return _translated(l10n.language(), sentence) % values


def _translate_counted(singular: str, plural: str, num: int, /, **values: Any) -> Markup:
    # Without index(), the French source texts, which have no catalogue, would put any object that
    # is no number in the plural.
    return _translated_counted(l10n.language(), singular, plural, index(num)) % {
        "num": num,
        **values,
    }


@lru_cache(maxsize=_CACHE_SIZE)
def _translated(_language: str, sentence: str) -> Markup:
    return Markup(get_translations().ugettext(sentence))  # noqa: S704 - from our catalogue


@lru_cache(maxsize=_CACHE_SIZE)
def _translated_counted(_language: str, singular: str, plural: str, count: int) -> Markup:
    sentence = get_translations().ungettext(singular, plural, count)
    return Markup(sentence)  # noqa: S704 - from our catalogue


@lru_cache(maxsize=_CACHE_SIZE)
def _cached_time(edtf: str, lang: Language) -> Markup:
    partial_date = dates.parse(edtf)
    words = typography.typeset(partial_date.words(lang), lang)
    return Markup('<time datetime="{}">{}</time>').format(partial_date.html_datetime, words)


def edtf_time(edtf: str) -> Markup:
    """A partial date as a ``time`` element; an empty one as "date inconnue"."""
    if edtf:
        return _cached_time(edtf, l10n.language())
    return Markup('<span class="date">{}</span>').format(_("date inconnue"))


def _day(moment: date | datetime) -> str:
    return l10n.typeset(l10n.day_words(moment))


def day_time(moment: date | datetime | str) -> Markup:
    """The civil day in Paris of a date or time as a ``time`` element.

    :param moment: as an object or in RFC 3339.
    """
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    civil_day = dates.paris_day(moment) if isinstance(moment, datetime) else moment
    return Markup('<time datetime="{}">{}</time>').format(civil_day.isoformat(), _day(civil_day))


def moment_time(moment: datetime) -> Markup:
    """The civil day in Paris of a time as a ``time`` element with the time to the second."""
    local_time = moment.astimezone(dates.PARIS)
    exact_time = local_time.isoformat(timespec="seconds")
    return Markup('<time datetime="{}">{}</time>').format(exact_time, _day(local_time))


def _at_commune(name: str) -> str:
    """A commune after its preposition: "au Havre", "aux Abymes", "à Puteaux"; "in Le Havre"."""
    if l10n.language() == "en":
        return f"in {_french(name)}"
    for article, contraction in (("Le ", "au "), ("Les ", "aux ")):
        if name.startswith(article):
            return contraction + _french(name.removeprefix(article))
    return f"à {_french(name)}"


def list_title(case: CaseSummary | DeskCaseSummary) -> str:
    """The text of a case in a list: its summary cut at a word, or else its title.

    A default title would repeat the type, place and date next to it in the list.
    """
    list_text = typography.shortened(case.summary or case.title, _SUMMARY_LENGTH)
    return with_language(_french(list_text), case.language)


def with_language(text: str, lang: str) -> str:
    """A text with a ``lang`` element when its language is not the page's (WCAG 2.2, 3.1.2)."""
    if not text or lang == l10n.language():
        return text
    return Markup('<span lang="{}">{}</span>').format(lang, text)


def case_place(case: CaseSummary | DeskCaseSummary) -> Markup:
    """The place of a case, as exact as is known: from the commune to the country."""
    if case.commune_name:
        return place_line(case.commune_name, case.departement_name or "")
    if case.country != "FR":
        country_label = l10n.country_name(case.country)
        label = with_language(_french(first_upper(case.place_label)), case.language)
        return place_line(label or country_label, country_label)
    area = case.departement_name or case.region_name or ""
    if case.place_label:
        label = with_language(_french(first_upper(case.place_label)), case.language)
        return place_line(label, area)
    return place_line(area or _("lieu inconnu"), "")


def read(app: Flask) -> None:
    """Read the source of every template, once in the life of a process.

    During an upgrade in place, a process would otherwise show old and new pages.

    :raises ConfigError: ``config_templates``.
    """
    environment, sources = app.jinja_env, {}
    # Templates are reloaded only during development.
    environment.auto_reload = app.debug
    for name in template_names(app):
        try:
            sources[name] = environment.loader.get_source(environment, name)[0]  # type: ignore[union-attr]
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError("config_templates", path=name) from error
    app.jinja_loader = DictLoader(sources)


def require(app: Flask) -> None:
    """Compile every template that was read. A faulty one prevents a renewal.

    :raises ConfigError: ``config_templates``.
    """
    for name in template_names(app):
        try:
            app.jinja_env.get_template(name)
        except TemplateError as error:
            raise ConfigError("config_templates", path=name) from error


def template_names(app: Flask) -> list[str]:
    """The names of all templates, without loading them.

    :raises ConfigError: ``config_templates``, when there are none.
    """
    names = app.jinja_env.list_templates()
    if not names:
        raise ConfigError("config_templates", path=app.template_folder)
    return names
