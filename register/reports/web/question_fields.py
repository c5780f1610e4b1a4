"""Fields of the questions by type, and the groups in which a page shows them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from flask import render_template
from flask_babel import lazy_gettext as _
from flask_babel.speaklater import LazyString
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.form import BaseForm as PlainForm
from wtforms.validators import StopValidation

from register.cases.deadlines import offer_of_proof_ends
from register.db import now
from register.reports import questions
from register.reports.questions import Notice, Question
from register.reports.report_content import ReportContent
from register.reports.web.answer_fields import (
    CheckedRadio,
    CheckedSelect,
    hidden_field,
    short_field,
)
from register.reports.web.public_forms import SessionlessForm
from register.text.dates import Language, paris_day
from register.web.form_fields import code_choices
from register.web.l10n import day_words, language, typeset

FIELD_PREFIX = "q_"
# More choices than these stand in a list.
_MOST_RADIOS = 4


def field_name(question: Question) -> str:
    """The name of a question's field."""
    return f"{FIELD_PREFIX}{question.key}"


def _only_for_its_types(question: Question) -> Any:
    """A validator that lets pass the answer to a question whose types are no longer ticked."""

    def check(form: Any, field: Any) -> None:
        if not question.types & set(form.types.data or ()):
            field.errors = []
            raise StopValidation()

    return check


def _choices(question: Question) -> list[SelectChoice]:
    return code_choices({"": _("Sans réponse"), **question.choices(language())})


def _question_field(question: Question) -> Any:
    label = LazyString(lambda: question.labels[language()])
    if question.is_coded:
        has_few = len(question.choices("fr")) <= _MOST_RADIOS
        return (CheckedRadio if has_few else CheckedSelect)(
            label, choices=partial(_choices, question), validators=[_only_for_its_types(question)]
        )
    return short_field(label, question.limit, conditions=[_only_for_its_types(question)])


# Made from the data, so that a question that is added there has a field.
_FIELDS = {question: _question_field(question) for question in questions.current_questions()}


class QuestionFields(SessionlessForm):
    """Fields of questions; ``questions_vues``: whether the sent page showed the questions."""

    questions_vues = hidden_field()

    def add_questions(self, asked: Iterable[Question], sent: Any = None) -> None:
        """Add the fields of some questions, each of which takes a twentieth of a millisecond.

        :param sent: the fields of the request, if any.
        """
        for question in asked:
            name = field_name(question)
            # A form with fields of its class refuses those of an instance; its base takes them.
            PlainForm.__setitem__(self, name, _FIELDS[question])
            self[name].process(sent)
            self[name].post_process(sent)

    def question_field(self, question: Question) -> Any:
        """The field of a question that was added."""
        return self[field_name(question)]


# A heading with its questions.
AskedGroup = tuple[str, Sequence[Question]]


@dataclass(frozen=True)
class AskedParts:
    """What a page asks and says about the ticked types."""

    types: frozenset[str]
    groups: Sequence[AskedGroup]
    notices: tuple[Notice, ...]
    all_notices: tuple[Notice, ...] = questions.NOTICES

    @property
    def field_names(self) -> set[str]:
        """The names of the fields of its questions, and of their marker."""
        names = {field_name(question) for _label, own in self.groups for question in own}
        return {*names, "questions_vues"} if names else set()


def asked_parts(types: Collection[str]) -> AskedParts:
    """The questions under their headings, in the order of the form, and the notices."""
    return AskedParts(
        frozenset(types),
        _groups(questions.questions_for(types)),
        tuple(questions.notices_for(types)),
    )


def _groups(selected: Collection[Question]) -> list[AskedGroup]:
    groups = [
        (labels[language()], [question for question in selected if question.group == code])
        for code, labels in questions.GROUP_LABELS.items()
    ]
    return [group for group in groups if group[1]]


@cache
def questions_html(_language: Language) -> str:
    """All questions without an answer, in the language of the request."""
    form, asked = QuestionFields(formdata=None), questions.current_questions()
    form.add_questions(asked)
    return render_template("reports/questions.html", form=form, groups=_groups(asked))


def summons_words(sent: ReportContent) -> str:
    """Until when an offer of proof is possible; empty without the day of a summons."""
    summoned = questions.answer_day(sent, questions.SUMMONED_ON)
    if summoned is None:
        return ""
    pattern: Mapping[str, Any] = {
        "past": _(
            "Les dix jours pour l’offre de preuve, comptés du %(from)s, semblent passés depuis le "
            "%(until)s : voyez un avocat quand même, aujourd’hui."
        ),
        "coming": _(
            "Citation remise le %(from)s : l’offre de preuve doit être signifiée au plus tard le "
            "%(until)s (loi du 29 juillet 1881, art. 55). N’attendez pas ce jour : voyez un avocat "
            "aujourd’hui."
        ),
    }
    ends = offer_of_proof_ends(summoned)
    words = str(pattern["past" if ends < paris_day(now()) else "coming"])
    return typeset(words % {"from": day_words(summoned), "until": day_words(ends)})
