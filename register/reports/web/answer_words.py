"""Answers of a report in words, for the review page and the receipt page.

The other words of the receipt page are in ``templates/reports/receipt.html``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from babel.dates import get_day_names
from flask_babel import gettext as _
from flask_babel import ngettext

from register.reports import form_vocabulary
from register.reports.outside_places import read_outside_place
from register.reports.questions import AnswerKind, Question, answer_date, answered
from register.reports.report_content import ReportContent, SentFile
from register.reports.web.bound_case import case_words
from register.reports.web.file_field import file_words
from register.reports.web.question_fields import FIELD_PREFIX, field_name
from register.territory.web.place_names import describe_place
from register.text.date_reading import interval_end, read_date
from register.web import messages
from register.web.l10n import count_words, country_name, day_words, edtf_words, language, typeset

# Characters of a text on the receipt, which must fit on one sheet.
_EXCERPT = 200
_EXCERPT_LINE = 100
_MAX_LINES = 4
_MAX_ANSWERS = 8


@dataclass(frozen=True)
class ReviewedAnswer:
    """An answer: the id of its field, its label, its lines, and what they were recognised as.

    ``note``: says that unrecognised words stay as typed. ``is_cut``: the lines are an excerpt.
    """

    field: str
    label: str
    lines: tuple[str, ...]
    interpretation: str = ""
    note: str = ""
    is_cut: bool = False


def list_answers(sent: ReportContent, displayed_on: date | None = None) -> list[ReviewedAnswer]:
    """The answers that were filled in, in the order of the form.

    :param displayed_on: the day of the form, for notes on a date that may still be changed.
    """
    began = messages.reports.proceedings.get(sent.began, "") if sent.began else ""
    types = tuple(_word_label("type", code) for code in sent.types)
    actor, target = _word_label("acteur", sent.actor), _word_label("cible", sent.target)
    kind, _colon, code = sent.place_code.partition(":")
    place = describe_place(kind, code) if code else _outside_words(sent.place)
    place_note = "" if place else _("Gardé avec vos mots : la modération cherchera.")
    date, date_note = _date_words(sent), _date_note(sent, displayed_on)
    all_answers = (
        ReviewedAnswer("recit", _("Ce qui s’est passé"), (sent.account,)),
        ReviewedAnswer("types", _("De quoi il s’agit"), types),
        ReviewedAnswer("lieu", _("Où"), (sent.place,), place, place_note),
        ReviewedAnswer("quand", _("Quand"), (sent.when,), date, date_note),
        ReviewedAnswer("acteur", _("Qui a agi"), (actor, sent.actor_text)),
        ReviewedAnswer("cible", _("Qui était visé"), (target, sent.target_text)),
        ReviewedAnswer("procedure", _("Plainte ou procès"), (str(began),)),
        ReviewedAnswer("liens", _("Où cela peut se vérifier"), sent.links),
        ReviewedAnswer("fichiers", _("Fichiers"), tuple(map(_file_line, sent.files))),
        ReviewedAnswer("cas", _("À ajouter au cas"), (case_words(sent),)),
        *(_question_answer(sent, question, value) for question, value in answered(sent)),
    )
    filled = (replace(answer, lines=tuple(filter(None, answer.lines))) for answer in all_answers)
    return [answer for answer in filled if answer.lines]


def _question_answer(sent: ReportContent, question: Question, value: str) -> ReviewedAnswer:
    words, edtf = question.value_words(value, language()), answer_date(sent, question.key)
    is_words = question.kind is AnswerKind.DATE and not edtf
    return ReviewedAnswer(
        field_name(question),
        question.labels[language()],
        (words,),
        edtf_words(edtf) if edtf else "",
        _("Gardé avec vos mots.") if is_words else "",
    )


def short_answers(sent: ReportContent) -> list[ReviewedAnswer]:
    """The answers on a receipt: excerpts of long texts, and the number of links."""
    answers, question_lines = [], []
    for answer in list_answers(sent):
        if answer.field.startswith(FIELD_PREFIX):
            question_lines.append(f"{answer.label} {' '.join(answer.lines)}")
            continue
        if answer.field == "liens":
            count = len(answer.lines)
            links_text = ngettext("une ligne", "%(count)s lignes", count, count=count_words(count))
            answers.append(replace(answer, lines=(links_text,)))
            continue
        longest = _EXCERPT if answer.field == "recit" else _EXCERPT_LINE
        answers.append(_excerpt(answer, longest, _MAX_LINES))
    if question_lines:
        # Under one heading: a line each would not fit on a sheet.
        questions = ReviewedAnswer("questions", _("Vos réponses"), tuple(question_lines))
        answers.append(_excerpt(questions, _EXCERPT_LINE, _MAX_ANSWERS))
    return answers


def _excerpt(answer: ReviewedAnswer, longest: int, most_lines: int) -> ReviewedAnswer:
    full_lines = [" ".join(line.split()) for line in answer.lines]
    lines = full_lines[:most_lines]
    for number, line in enumerate(lines):
        if len(line) > longest:
            # Cut between words where there are several.
            lines[number] = (line[:longest].rsplit(" ", 1)[0] or line[:longest]) + "…"
    if len(full_lines) > most_lines:
        lines.append("…")
    return replace(answer, lines=tuple(lines), note="", is_cut=lines != full_lines)


def _file_line(file: SentFile) -> str:
    """A file by its kind and size, and by the beginning of its digest."""
    return typeset(
        _("%(file)s, empreinte %(digest)s…", file=file_words(file), digest=file.sha256[:16])
    )


def _outside_words(typed: str) -> str:
    """What a place is that the territory does not have: online, abroad, a country."""
    place = read_outside_place(typed)
    if place is None:
        return ""
    if place.is_online:
        return str(_("en ligne"))
    names = _(" ou ").join(country_name(code) for code in place.countries)
    return str(_("à l’étranger : %(country)s", country=names) if names else _("à l’étranger"))


def _date_words(sent: ReportContent) -> str:
    """The date that was recognised in the typed words; empty for none."""
    if not sent.date:
        return ""
    end = interval_end(sent.when, sent.date)
    return " – ".join(edtf_words(edtf) for edtf in (sent.date, end) if edtf)


def _date_note(sent: ReportContent, displayed_on: date | None) -> str:
    """What is odd about the typed date; it is never a reason to refuse it."""
    reading = read_date(sent.when, displayed_on) if displayed_on else None
    if reading and reading.is_impossible:
        return str(_("Ce jour n’existe pas dans le calendrier. Vos mots sont gardés tels quels."))
    if not sent.date:
        return str(_("Gardé avec vos mots."))
    if reading is None or reading.start != sent.date:
        return ""
    notes = []
    if reading.weekday is not None:
        names = get_day_names("wide", locale=language())
        notes.append(_("Ce jour-là était un %(weekday)s.", weekday=names[reading.weekday]))
    if reading.is_future:
        notes.append(_("Ce jour n’est pas encore venu. Est-ce bien celui-là ?"))
    if reading.is_year_missing:
        notes.append(_("L’année est supposée : ajoutez-la si c’en est une autre."))
    if reading.span:
        first, last = (day_words(day) for day in reading.span)
        notes.append(
            _(
                "Un moment entre le %(first)s et le %(last)s, noté par son milieu.",
                first=first,
                last=last,
            )
        )
    return " ".join(notes)


def _word_label(name: str, code: str) -> str:
    """The plain words of a code; one that is no longer in the form stands for itself."""
    return form_vocabulary.labels(name, language()).get(code, code)
