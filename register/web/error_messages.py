"""Sentences for the errors raised below the faces.

The layers below raise keys and values; this module alone words them, for pages and for the
command line. It needs no application, because a wrong setting is reported before there is one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import lazy_gettext as _

from register.cases.checklist import CheckItem
from register.cases.validation import ContentFault
from register.errors import RegisterError
from register.journal.verify import Problem
from register.operations.outages import Finding
from register.text.dates import day_words
from register.web import l10n, messages

ERROR_SENTENCES: Mapping[str, Any] = (
    messages.errors.site_errors
    | messages.errors.field_errors
    | messages.errors.import_errors
    | messages.console.console_errors
    | messages.evidence.evidence_errors
)

# Values that the user typed or sent. A public error page repeats none of them: a link could put any
# words in the address, and the page would show them as the register's own.
QUOTED_VALUES = frozenset(
    {"value", "email", "text", "path", "cause", "column", "copy", "faults", "words"}
)

_UNKNOWN_ERROR = _("Ce qui était demandé n’a pas pu être fait (%(key)s).")
_QUOTED = _("%(label)s « %(excerpt)s »")
_TIME = _("%(day)s à %(time)s")
_LABELLED = _("%(label)s : %(reason)s")
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def error_sentence(error: RegisterError, *, quoting: bool = True) -> str:
    """An error as a sentence for a person.

    :param quoting: False on pages that a link can lead to: the result is then empty when the
        sentence would repeat what was typed.
    """
    sentence = ERROR_SENTENCES.get(error.key)
    if not quoting and (sentence is None or QUOTED_VALUES & placeholders(sentence)):
        return ""
    reason = reason_sentence(error.key, error.values)
    if error.key in messages.errors.field_errors and "field" in error.values:
        return _labelled_reason(str(error.values["field"]), reason)
    return reason


def finding_sentence(finding: Finding) -> str:
    """What ``doctor`` says of a finding: the sentence of its error, or that of the check."""
    if finding.error is not None:
        return error_sentence(finding.error)
    good, bad = messages.console.findings[finding.code]
    return str(good if finding.good else bad)


def reason_sentence(key: str, values: Mapping[str, object]) -> str:
    """The sentence of an error without the name of its field."""
    return _fill_sentence(ERROR_SENTENCES, key, values)


def check_sentence(check: CheckItem) -> str:
    """The sentence of an unmet line of the checklist: what is missing, and what to do."""
    return _fill_sentence(messages.desk.unmet_checks, check.code, check.values)


def fault_sentence(fault: ContentFault) -> str:
    """The sentence of a refused field: its name and the reason."""
    return _labelled_reason(fault.field, reason_sentence(fault.key, fault.values))


def problem_sentence(problem: Problem) -> str:
    """The sentence of a problem found in the journal or in the present rows."""
    return _fill_sentence(messages.console.verify_problems, problem.key, problem.values)


def field_name(name: str) -> str:
    """A field's name in words: its own or that of the part's field; else its identifier."""
    part_field = messages.names.field_names.get(name.rpartition(".")[2], name)
    return str(messages.names.field_names.get(name, part_field))


def placeholders(sentence: object) -> set[str]:
    """The names of a sentence's placeholders."""
    return set(_PLACEHOLDER.findall(str(sentence)))


def _fill_sentence(sentences: Mapping[str, Any], key: str, values: Mapping[str, object]) -> str:
    if key not in sentences:
        return str(_UNKNOWN_ERROR) % {"key": key}
    words = {name: _FORMATTERS.get(name, str)(value) for name, value in values.items()}
    # A missing value becomes an ellipsis instead of an error.
    return str(sentences[key]) % defaultdict(lambda: "…", words)


def _labelled_reason(field: str, reason: str) -> str:
    label = field_name(field)
    # A sentence after a colon begins in lower case in French.
    reason = reason[0].lower() + reason[1:]
    return str(_LABELLED) % {"label": label[0].upper() + label[1:], "reason": reason}


def _code_formatter(words: Mapping[str, Any]) -> Callable[[Any], str]:
    return lambda value: str(words.get(str(value), value))


def _list_formatter(format_item: Callable[[Any], str], separator: str) -> Callable[[Any], str]:
    return lambda values: separator.join(map(format_item, values))


_risk_name = _code_formatter(messages.desk.risk_names)
_FORMATTERS: dict[str, Callable[[Any], str]] = {
    # For a state that cases and reports share, the word of cases.
    "state": _code_formatter({**messages.names.report_states, **messages.names.case_states}),
    "ledger": _code_formatter(messages.console.ledger_names),
    "field": field_name,
    "fields": _list_formatter(field_name, ", "),
    "missing": _list_formatter(field_name, ", "),
    "names": _list_formatter(str, ", "),
    "numbers": _list_formatter(str, ", "),
    "word_fields": _list_formatter(_code_formatter(messages.console.word_fields), ", "),
    "lines": _list_formatter(check_sentence, " "),
    "faults": _list_formatter(fault_sentence, " "),
    # Field, code and excerpt of each.
    "flags": _list_formatter(
        lambda flag: str(_QUOTED) % {"label": _risk_name(flag[1]), "excerpt": flag[2]}, ", "
    ),
    "since": lambda at: str(_TIME) % {"day": l10n.day_words(at), "time": l10n.clock(at)},
    "from_day": lambda value: day_words(value) if value else "…",
}
