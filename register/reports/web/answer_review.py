"""What is about to be sent, or was, in the words of the form: for whoever wrote it to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import ngettext

from register.errors import TextError
from register.reports import plain_words
from register.reports.report_content import ReportContent
from register.reports.web.report_form import place_label, proceedings_choices
from register.text import typed_dates
from register.web.l10n import count_words, edtf_words, typeset
from register.web.languages import language

# Characters of a text on the receipt, which has to go on one sheet.
_EXCERPT = 200
_EXCERPT_LINE = 100
_MAX_LINES = 4


@dataclass(frozen=True)
class ReviewedAnswer:
    """One answer: the id of its field, what it answers to, its lines, and what they were read as.

    ``note``: that the words stay as they are, where they were read as nothing. ``is_cut``: whether
    only the beginning is here.
    """

    field: str
    label: str
    lines: tuple[str, ...]
    interpretation: str = ""
    note: str = ""
    is_cut: bool = False


def list_answers(sent: ReportContent) -> list[ReviewedAnswer]:
    """What was filled in, in the order of the form."""
    return [answer for answer in _all_answers(sent) if any(answer.lines)]


def short_answers(sent: ReportContent) -> list[ReviewedAnswer]:
    """The same for a receipt: long texts by their beginning, links by their number."""
    return [_shorten(answer) for answer in list_answers(sent)]


def added_text(before: ReportContent, after: ReportContent) -> str:
    """What a second filling of a form says that the first did not; empty where it says the same.

    The account stands first and bare, the other answers after it with what they answer to; then
    those that were emptied: what somebody thought better of must reach whoever reads.
    """
    first, second = list_answers(before), list_answers(after)
    known_answers = {(answer.field, answer.lines, answer.interpretation) for answer in first}
    remaining_fields = {answer.field for answer in second}
    new_answers = [
        answer
        for answer in second
        if (answer.field, answer.lines, answer.interpretation) not in known_answers
    ]
    emptied = [
        typeset(_("%(label)s : à retirer", label=answer.label))
        for answer in first
        if answer.field not in remaining_fields
    ]
    return "\n\n".join([*("\n".join(_answer_lines(answer)) for answer in new_answers), *emptied])


def _answer_lines(answer: ReviewedAnswer) -> Iterator[str]:
    if answer.field != "recit":
        yield typeset(_("%(label)s :", label=answer.label))
    yield from answer.lines


def _all_answers(sent: ReportContent) -> Iterator[ReviewedAnswer]:
    yield ReviewedAnswer("recit", _("Ce qui s’est passé"), (sent.account,))
    yield ReviewedAnswer("types", _("De quoi il s’agit"), _word_labels("type", sent.types))
    yield _place_answer(sent)
    yield _date_answer(sent)
    yield ReviewedAnswer(
        "acteur",
        _("Qui a agi"),
        _non_empty(*_word_labels("acteur", (sent.actor,)), sent.actor_text),
    )
    yield ReviewedAnswer(
        "cible",
        _("Qui était visé"),
        _non_empty(*_word_labels("cible", (sent.target,)), sent.target_text),
    )
    proceedings_labels = proceedings_choices()
    proceedings_label = (
        str(proceedings_labels[sent.began])
        if sent.began in proceedings_labels and sent.began
        else ""
    )
    yield ReviewedAnswer("procedure", _("Plainte ou procès"), _non_empty(proceedings_label))
    yield ReviewedAnswer("liens", _("Où cela peut se vérifier"), sent.links)


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
    if _lacks_year(sent.when):
        note = _("Gardé avec vos mots. Si vous la savez, ajoutez l’année.")
    return ReviewedAnswer("quand", label, _non_empty(sent.when), note=note)


def _lacks_year(when: str) -> bool:
    try:
        typed_dates.parse_typed_date(when)
    except TextError as error:
        return error.key == "typed_date_year"
    return False


def _word_labels(name: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    """Plain words of codes; a code that has none any more is told as it is."""
    words_by_code = plain_words.words(name, language())
    return tuple(
        words_by_code[code].label if code in words_by_code else code for code in codes if code
    )


def _non_empty(*lines: str) -> tuple[str, ...]:
    return tuple(line for line in lines if line)


def _shorten(answer: ReviewedAnswer) -> ReviewedAnswer:
    if answer.field == "liens":
        return ReviewedAnswer(answer.field, answer.label, (_line_count(len(answer.lines)),))
    longest = _EXCERPT if answer.field == "recit" else _EXCERPT_LINE
    full_lines = [" ".join(line.split()) for line in answer.lines]
    lines = [_truncate(line, longest) for line in full_lines[:_MAX_LINES]] + ["…"] * (
        len(full_lines) > _MAX_LINES
    )
    return ReviewedAnswer(
        answer.field, answer.label, tuple(lines), answer.interpretation, is_cut=lines != full_lines
    )


def _line_count(lines: int) -> str:
    return str(ngettext("une ligne", "%(count)s lignes", lines, count=count_words(lines)))


def _truncate(line: str, longest: int) -> str:
    """The beginning of a line, cut at a word."""
    if len(line) <= longest:
        return line
    return (line[:longest].rsplit(" ", 1)[0] or line[:longest]) + "…"
