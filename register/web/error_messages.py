"""Every reason that is raised below ``web``, as a sentence for the person who meets it.

The layers below raise keys and values; this is the one place that turns them into words, for the
pages and for the command line alike. It works before there is an application, because a setting
that makes no sense is told before one can be made.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from register.cases.checklist import Line
from register.cases.validation import Fault
from register.errors import RegisterError
from register.journal.verify import Problem
from register.text.dates import day_words
from register.text.errors import TextError
from register.web.messages import (
    FIELD_REASONS,
    FIELDS,
    LEDGERS,
    LINES,
    PROBLEMS,
    REASONS,
    REPORT_STATES,
    RISKS,
    STATES,
)

# What was typed or handed in. A public error page repeats none of it: such a page can be linked
# to with any words in the address, and would show them as the register's own.
QUOTING = frozenset(
    {"value", "email", "text", "path", "cause", "column", "copy", "faults", "words"}
)

_UNKNOWN = _("Ce qui était demandé n’a pas pu être fait (%(key)s).")
_QUOTED = _("%(label)s « %(excerpt)s »")
_LABELLED = _("%(label)s : %(reason)s")
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def say(error: RegisterError | TextError, *, quoting: bool = True) -> str:
    """An error as a sentence for a person.

    :param quoting: False on pages that anybody can be led to: the answer is empty when the
        sentence would repeat what was typed.
    """
    sentence = REASONS.get(error.key)
    if not quoting and (sentence is None or QUOTING & placeholders(sentence)):
        return ""
    reason = say_reason(error.key, error.values)
    if error.key in FIELD_REASONS and "field" in error.values:
        return _labelled(str(error.values["field"]), reason)
    return reason


def say_reason(key: str, values: Mapping[str, object]) -> str:
    """A reason alone, for a report that names row and column itself."""
    return _filled(REASONS, key, values)


def say_line(line: Line) -> str:
    """An unmet line of the checklist: what is missing, and what to do."""
    return _filled(LINES, line.code, line.values)


def say_fault(fault: Fault) -> str:
    """A field that cannot be kept as it is, and why."""
    return _labelled(fault.field, say_reason(fault.key, fault.values))


def say_problem(problem: Problem) -> str:
    """What does not hold in the journal or in the present, and where."""
    return _filled(PROBLEMS, problem.key, problem.values)


def field_name(name: str) -> str:
    """A field's name in words; one without words is told as it is."""
    return str(FIELDS.get(name, name))


def placeholders(sentence: object) -> set[str]:
    """The values that a sentence asks for."""
    return set(_PLACEHOLDER.findall(str(sentence)))


class _Values(dict[str, str]):
    """Values in words; one that was not given is shown as an ellipsis rather than as a crash."""

    def __missing__(self, _name: str) -> str:
        return "…"


def _filled(sentences: Mapping[str, Any], key: str, values: Mapping[str, object]) -> str:
    sentence = sentences.get(key, _UNKNOWN)
    told = _Values({name: _word(name, value) for name, value in values.items()})
    return str(sentence) % (told if key in sentences else {"key": key})


def _word(name: str, value: object) -> str:
    way = _WAYS.get(name)
    return way(value) if way else str(value)


def _labelled(field: str, reason: str) -> str:
    label = field_name(field)
    # A sentence after a colon begins small in French; one that begins with a quote is left.
    reason = reason[0].lower() + reason[1:]
    return str(_LABELLED) % {"label": label[0].upper() + label[1:], "reason": reason}


def _one_of(words: Mapping[str, Any]) -> Callable[[Any], str]:
    return lambda value: str(words.get(str(value), value))


def _all(say_one: Callable[[Any], str], between: str) -> Callable[[Any], str]:
    def told(values: Iterable[Any]) -> str:
        return between.join(say_one(value) for value in values)

    return told


def _flag(flag: tuple[str, str, str]) -> str:
    _field, code, excerpt = flag
    return str(_QUOTED) % {"label": RISKS.get(code, code), "excerpt": excerpt}


_WAYS: dict[str, Callable[[Any], str]] = {
    # What a case and a report are called alike, a case says.
    "state": _one_of({**REPORT_STATES, **STATES}),
    "ledger": _one_of(LEDGERS),
    "field": field_name,
    "fields": _all(field_name, ", "),
    "missing": _all(field_name, ", "),
    "names": _all(str, ", "),
    "lines": _all(say_line, " "),
    "faults": _all(say_fault, " "),
    "flags": _all(_flag, ", "),
    "from_day": lambda value: day_words(value) if value else "…",
}
