"""Days of a procedure from one day that a reader types, as a page and for a calendar application.

What is typed stays in the address of the page: it is neither stored nor logged, no cache keeps the
page, and no link sends the address on.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flask import make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from register.cases import legal_rules
from register.cases.legal_rules import EVENTS, LegalDeadline, LegalRule, Procedure
from register.db import now
from register.text import dates
from register.text.date_reading import read_date
from register.text.normalisation import one_line
from register.text.typography import first_upper
from register.web.blueprints import public
from register.web.calendar_file import CalendarDay, calendar_file
from register.web.l10n import count_words, day_words, language, typeset
from register.web.list_query import list_address
from register.web.request_context import head

# Read at the start, so that a server goes on answering while its program is being replaced.
_LETTERS: Sequence[Mapping[str, str]] = tomllib.loads(
    Path(__file__).parent.with_name("document_letters.toml").read_text("utf-8")
)["letter"]
# Titles that say nothing, for a calendar that others may see.
_PLAIN_TITLES = "neutres"


@dataclass(frozen=True)
class CalendarQuery:
    """What was asked for; ``day`` is None where nothing was typed, or no day was recognised."""

    procedure: Procedure
    event: str
    day: date | None
    typed: str

    @property
    def fault(self) -> str:
        """Why nothing is computed; empty without a reason."""
        if self.day is not None or not self.typed:
            return ""
        return typeset(_("Écrivez un jour entier : 12 novembre 2026, 12/11/2026, ou hier."))

    def address(self, suffix: str = "", **parameters: str) -> str:
        """The address of the page, or of its calendar."""
        typed = self.day.isoformat() if self.day else self.typed
        pairs = {"depuis": self.event, "jour": typed, **parameters}
        return list_address(f"/vos-droits/{self.procedure.value}{suffix}", pairs.items())


def _parse(procedure: Procedure) -> CalendarQuery:
    events = EVENTS[procedure]
    event = request.args.get("depuis", "")
    typed = one_line(request.args.get("jour", ""))[: dates.MAX_LENGTH]
    reading = read_date(typed, dates.paris_day(now()))
    partial_date = dates.parse(reading.start) if reading.start and not reading.end else None
    is_day = partial_date is not None and partial_date.day and not partial_date.mark
    return CalendarQuery(
        procedure,
        event if event in events else events[0],
        partial_date.first if partial_date and is_day else None,
        typed,
    )


def calendar_page(procedure: Procedure) -> ResponseReturnValue:
    """The days of a procedure, and the form that asks for the first."""
    head()
    query, today = _parse(procedure), dates.paris_day(now())
    deadlines = legal_rules.legal_calendar(query.event, query.day) if query.day else ()
    response = make_response(
        render_template(
            "pages/legal_calendar.html",
            query=query,
            today=today,
            events={code: legal_rules.EVENT_LABELS[code][language()] for code in EVENTS[procedure]},
            days=sorted(
                (deadline for deadline in deadlines if deadline.last),
                # What may be lost comes first.
                key=lambda deadline: (deadline.rule.kind == "check", deadline.last),
            ),
            checks=[deadline for deadline in deadlines if not deadline.last],
            letters=_letters(query, deadlines) if procedure is Procedure.DOCUMENT else (),
            plain_titles=_PLAIN_TITLES,
        ),
        400 if query.fault else 200,
    )
    if request.args:
        response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def calendar_download(procedure: Procedure) -> ResponseReturnValue:
    """The days; of several possible ones the earliest: an alarm too early costs nothing."""
    query = _parse(procedure)
    day = query.day
    if day is None:
        return redirect(query.address(), 303)
    is_plain = request.args.get("titres") == _PLAIN_TITLES
    # The same day in another calendar, or with other titles, is the same event.
    return calendar_file(
        [
            CalendarDay(
                f"{procedure.value}/{query.event}/{day}/{deadline.rule.code}",
                deadline.first,
                _("Échéance") if is_plain else deadline.rule.labels[language()],
                "" if is_plain else _description(deadline),
            )
            for deadline in legal_rules.legal_calendar(query.event, day)
            if deadline.first and deadline.rule.kind != "check"
        ],
        filename="echeances.ics",
    )


# Rules without arguments, which the sitemap lists.
for _procedure in Procedure:
    _address, _name = f"/vos-droits/{_procedure.value}", _procedure.value
    public.add_url_rule(_address, f"legal_{_name}", lambda own=_procedure: calendar_page(own))
    public.add_url_rule(
        f"{_address}.ics", f"calendar_{_name}", lambda own=_procedure: calendar_download(own)
    )


def _description(deadline: LegalDeadline) -> str:
    parts = [
        deadline.rule.texts[language()],
        span_words(deadline),
        rule_source(deadline.rule),
        _("Information, pas un conseil juridique : vérifiez avec un avocat."),
    ]
    return "\n\n".join(first_upper(typeset(str(part))) for part in parts if part)


def span_words(deadline: LegalDeadline) -> str:
    """On what the day depends; empty for one that is certain."""
    if deadline.is_exact or not deadline.first or not deadline.last:
        return ""
    sentence = _(
        "Entre le %(first)s et le %(last)s, selon le jour de ce que vous ferez avant. Refaites le "
        "calcul ce jour-là.",
        first=day_words(deadline.first),
        last=day_words(deadline.last),
    )
    return typeset(sentence)


def rule_source(rule: LegalRule) -> str:
    """The articles of a rule: "loi du 29 juillet 1881, article 55"."""
    name, articles = legal_rules.LAWS[rule.law][language()], _(" et ").join(rule.articles)
    if len(rule.articles) > 1:
        return str(_("%(law)s, articles %(articles)s", law=name, articles=articles))
    return str(_("%(law)s, article %(articles)s", law=name, articles=articles))


def rule_link(rule: LegalRule) -> str:
    """The address of the law that a rule stands in."""
    return legal_rules.LAWS[rule.law]["link"]


def extension_words(deadline: LegalDeadline) -> str:
    """The working day to which an article puts a day off; empty where it does not."""
    day = deadline.put_off_to
    if day is None:
        return ""
    law, article = deadline.rule.extension
    return typeset(
        _(
            "Ce jour n’est pas ouvrable. Selon l’article %(article)s (%(law)s), le délai va alors "
            "jusqu’au %(day)s. N’y comptez pas sans l’avoir vérifié avec un avocat.",
            article=article,
            law=legal_rules.LAWS[law][language()],
            day=day_words(day),
        )
    )


def term_words(rule: LegalRule) -> str:
    """How a day is computed: "un mois, de date à date"."""
    if rule.backwards:
        return str(_("%(count)s mois en arrière, de date à date", count=count_words(rule.months)))
    if rule.months == 1:
        return str(_("un mois, de date à date"))
    if rule.months:
        return str(_("%(count)s mois, de date à date", count=count_words(rule.months)))
    return str(_("%(count)s jours, celui de l’événement non compté", count=count_words(rule.days)))


def _letters(
    query: CalendarQuery, deadlines: Sequence[LegalDeadline]
) -> Sequence[tuple[str, str, str]]:
    """Code, name and text of each letter to copy, with the days that are known."""
    days: dict[str, str] = dict.fromkeys(EVENTS[Procedure.DOCUMENT], "[date]")
    for deadline in deadlines:
        # Not those that the reader is still to bring about.
        if deadline.is_exact and deadline.first and not deadline.rule.opens_within:
            days[deadline.rule.opens] = dates.day_words(deadline.first)
    if query.day:
        days[query.event] = dates.day_words(query.day)
    return [(row["code"], row[language()], row["text"].strip() % days) for row in _LETTERS]
