"""Answers of a report in the words of the form, for the reporter's review and receipt."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from register.errors import TextError
from register.reports import plain_words
from register.reports.report_content import ReportContent
from register.reports.web.report_form import place_label, proceedings_choices
from register.text import dates
from register.web.l10n import count_words, edtf_words, typeset
from register.web.languages import language

# Characters of a text on the receipt, which must fit on one sheet.
_EXCERPT = 200
_EXCERPT_LINE = 100
_MAX_LINES = 4


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


def list_answers(sent: ReportContent) -> list[ReviewedAnswer]:
    """The answers that were filled in, in the order of the form."""
    proceedings_label = proceedings_choices().get(sent.began, "") if sent.began else ""
    all_answers = (
        ReviewedAnswer("recit", _("Ce qui s’est passé"), (sent.account,)),
        ReviewedAnswer("types", _("De quoi il s’agit"), _word_labels("type", sent.types)),
        _place_answer(sent),
        _date_answer(sent),
        ReviewedAnswer(
            "acteur",
            _("Qui a agi"),
            _non_empty(*_word_labels("acteur", (sent.actor,)), sent.actor_text),
        ),
        ReviewedAnswer(
            "cible",
            _("Qui était visé"),
            _non_empty(*_word_labels("cible", (sent.target,)), sent.target_text),
        ),
        ReviewedAnswer("procedure", _("Plainte ou procès"), _non_empty(str(proceedings_label))),
        ReviewedAnswer("liens", _("Où cela peut se vérifier"), sent.links),
    )
    return [answer for answer in all_answers if any(answer.lines)]


def short_answers(sent: ReportContent) -> list[ReviewedAnswer]:
    """The answers on a receipt: excerpts of long texts, and the number of links."""
    return [_shorten(answer) for answer in list_answers(sent)]


def added_text(before: ReportContent, after: ReportContent) -> str:
    """The answers of a second filling that differ from the first; empty if none does.

    The changed account comes first, then other changed answers under their labels, then the labels
    of emptied ones, so that moderators learn what the reporter took back.
    """
    first, second = list_answers(before), list_answers(after)
    unchanged = {(answer.field, answer.lines, answer.interpretation) for answer in first}
    remaining_fields = {answer.field for answer in second}
    parts = []
    for answer in second:
        if (answer.field, answer.lines, answer.interpretation) not in unchanged:
            is_account = answer.field == "recit"
            heading = () if is_account else (typeset(_("%(label)s :", label=answer.label)),)
            parts.append("\n".join([*heading, *answer.lines]))
    parts += [
        typeset(_("%(label)s : à retirer", label=answer.label))
        for answer in first
        if answer.field not in remaining_fields
    ]
    return "\n\n".join(parts)


def _place_answer(sent: ReportContent) -> ReviewedAnswer:
    label = _("Où")
    if sent.place_code:
        return ReviewedAnswer(
            "lieu", label, _non_empty(sent.place), interpretation=place_label(sent.place_code)
        )
    note = _("Gardé avec vos mots : la modération cherchera.")
    return ReviewedAnswer("lieu", label, _non_empty(sent.place), note=note)


def _date_answer(sent: ReportContent) -> ReviewedAnswer:
    label = _("Quand")
    if sent.date:
        return ReviewedAnswer(
            "quand", label, _non_empty(sent.when), interpretation=edtf_words(sent.date)
        )
    note = _("Gardé avec vos mots.")
    try:
        dates.parse_typed_date(sent.when)
    except TextError as error:
        if error.key == "typed_date_year":
            note = _("Gardé avec vos mots. Si vous la savez, ajoutez l’année.")
    return ReviewedAnswer("quand", label, _non_empty(sent.when), note=note)


def _word_labels(name: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Plain words of codes; a code that is no longer in the form stands for itself."""
    words_by_code = plain_words.words(name, language())
    return tuple(
        words_by_code[code].label if code in words_by_code else code for code in codes if code
    )


def _non_empty(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


def _shorten(answer: ReviewedAnswer) -> ReviewedAnswer:
    if answer.field == "liens":
        count = len(answer.lines)
        links_text = ngettext("une ligne", "%(count)s lignes", count, count=count_words(count))
        return ReviewedAnswer(answer.field, answer.label, (str(links_text),))
    longest = _EXCERPT if answer.field == "recit" else _EXCERPT_LINE
    full_lines = [" ".join(line.split()) for line in answer.lines]
    lines = [_truncate(line, longest) for line in full_lines[:_MAX_LINES]] + ["…"] * (
        len(full_lines) > _MAX_LINES
    )
    return ReviewedAnswer(
        answer.field, answer.label, tuple(lines), answer.interpretation, is_cut=lines != full_lines
    )


def _truncate(line: str, longest: int) -> str:
    """The beginning of a line, cut between words where there are several."""
    if len(line) <= longest:
        return line
    return (line[:longest].rsplit(" ", 1)[0] or line[:longest]) + "…"
