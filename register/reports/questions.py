"""Questions by type of incident, which a report may answer, and the notices of these types.

They come from ``questions.toml``; ``tests/reports/test_questions.py`` checks that every type of the
vocabulary has questions or is listed as needing none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any

from register.errors import TextError
from register.reports import form_vocabulary
from register.reports.report_content import LINE_LIMIT, ReportContent, date_key
from register.text import dates
from register.text.dates import Language

# Read at the start, so that a server goes on answering while its program is being replaced.
_DATA: Mapping[str, Any] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))

# Types that need no question.
WITHOUT_QUESTIONS = frozenset(_DATA["without_questions"])
DANGER, SUMMONED_ON = "danger_maintenant", "citation_le"
YES = "oui"


class AnswerKind(StrEnum):
    """The kind of an answer: a code, or typed words."""

    YES_NO = "yes_no"
    CHOICE = "choice"
    DATE = "date"
    TEXT = "text"
    AMOUNT = "amount"
    COURT = "court"


_YES_NO: Mapping[Language, Mapping[str, str]] = {
    "fr": {YES: "Oui", "non": "Non", "ne_sait_pas": "Je ne sais pas"},
    "en": {YES: "Yes", "non": "No", "ne_sait_pas": "I do not know"},
}
# Characters of typed words.
_LIMITS = {AnswerKind.DATE: 100, AnswerKind.AMOUNT: 100, AnswerKind.COURT: 200}


@dataclass(frozen=True)
class Question:
    """A question, with the types for which it is asked.

    ``is_public``: whether a member may let its answer become public. ``fills``: what it fills in a
    draft, a dotted path of ``report_to_draft``; ``values``: what each code puts there.
    ``vocabulary``: the list of the form's words that it chooses from; ``is_future``: the day that
    it asks for may be to come.
    """

    key: str
    group: str
    kind: AnswerKind
    types: frozenset[str]
    is_public: bool
    labels: Mapping[Language, str] = field(hash=False)
    hints: Mapping[Language, str] = field(hash=False)
    choice_rows: tuple[Mapping[str, str], ...] = field(hash=False)
    values: Mapping[str, str] = field(hash=False)
    fills: str = ""
    vocabulary: str = ""
    is_future: bool = False
    is_retired: bool = False

    @cached_property
    def is_coded(self) -> bool:
        """Whether its answers are codes."""
        return self.kind in (AnswerKind.YES_NO, AnswerKind.CHOICE)

    @property
    def has_calendar(self) -> bool:
        """Whether it asks for a day that is past."""
        return self.kind is AnswerKind.DATE and not self.is_future

    @property
    def limit(self) -> int:
        """The most characters of a typed answer."""
        return _LIMITS.get(self.kind, LINE_LIMIT)

    def choices(self, language: Language) -> Mapping[str, str]:
        """The words of each code that may answer it."""
        if self.kind is AnswerKind.YES_NO:
            return _YES_NO[language]
        if self.vocabulary:
            return form_vocabulary.labels(self.vocabulary, language)
        return {row["code"]: row[language] for row in self.choice_rows}

    def value_words(self, value: str, language: Language) -> str:
        """An answer in words; a code that is no longer offered stands for itself."""
        return self.choices(language).get(value, value) if self.is_coded else value


@dataclass(frozen=True)
class Notice:
    """What somebody who ticks one of its types reads at once.

    ``part``: of ``/vos-droits``; ``contacts``: keys of ``help_contacts``.
    """

    code: str
    types: frozenset[str]
    part: str
    contacts: tuple[str, ...]
    texts: Mapping[Language, str] = field(hash=False)


def _by_language(row: Mapping[str, Any], prefix: str = "") -> Mapping[Language, str]:
    return {"fr": row.get(f"{prefix}fr", ""), "en": row.get(f"{prefix}en", "")}


# In the order of the form.
QUESTIONS: Mapping[str, Question] = {
    row["key"]: Question(
        key=row["key"],
        group=row["group"],
        kind=AnswerKind(row["kind"]),
        types=frozenset(row["types"]),
        is_public=row["public"],
        labels=_by_language(row),
        hints=_by_language(row, "hint_"),
        choice_rows=tuple(row.get("choices", ())),
        values=row.get("values", {}),
        fills=row.get("fills", ""),
        vocabulary=row.get("vocabulary", ""),
        is_future=row.get("future", False),
        is_retired=row.get("retired", False),
    )
    for row in _DATA["question"]
}
_DATE_KEYS = frozenset(map(date_key, QUESTIONS))
NOTICES = tuple(
    Notice(
        row["code"], frozenset(row["types"]), row["part"], tuple(row["contacts"]), _by_language(row)
    )
    for row in _DATA["notice"]
)
GROUP_LABELS: Mapping[str, Mapping[Language, str]] = {
    row["code"]: _by_language(row) for row in _DATA["group"]
}


def current_questions() -> list[Question]:
    """The questions that are asked."""
    return [question for question in QUESTIONS.values() if not question.is_retired]


def questions_for(types: Collection[str]) -> list[Question]:
    """The questions for some types."""
    return [question for question in current_questions() if question.types & set(types)]


def notices_for(types: Collection[str]) -> list[Notice]:
    """The notices for some types."""
    return [notice for notice in NOTICES if notice.types & set(types)]


def answered(sent: ReportContent) -> list[tuple[Question, str]]:
    """The questions that a report answers, with the codes or words."""
    values = dict(sent.answers)
    return [(question, values[key]) for key, question in QUESTIONS.items() if values.get(key)]


def typed_answers(sent: ReportContent) -> Iterator[tuple[str, str]]:
    """The keys and words of the answers that were typed; codes name nobody.

    An answer to an unknown question counts as typed.
    """
    for key, value in sent.answers:
        question = QUESTIONS.get(key)
        if key not in _DATE_KEYS and (question is None or not question.is_coded):
            yield key, value


def answer_date(sent: ReportContent, question: str) -> str:
    """The date (EDTF) recognised in the answer to a question; empty for none."""
    return sent.answer(date_key(question))


def answer_day(sent: ReportContent, question: str) -> date | None:
    """The single day recognised in the answer to a question."""
    try:
        parsed = dates.parse(answer_date(sent, question))
    except TextError:
        return None
    return parsed.first if parsed.first == parsed.last and not parsed.mark else None


def is_in_danger(sent: ReportContent | None) -> bool:
    """Whether a report says that somebody is in danger at the moment."""
    return sent is not None and sent.answer(DANGER) == YES
