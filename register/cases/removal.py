"""Whether a text says less than another, and adds nothing: pure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import asdict
from typing import Any

from register.cases.case_content import Content

# What may stand in the place of what was taken out.
_MARK = re.compile(r"\[\s*(?:…|\.\.\.|passage retiré)\s*\]", re.IGNORECASE)
_WORD = re.compile(r"\w+|[^\w\s]")
_POINTS = frozenset(".,;:!?…*_()«»-–—")


def is_less(before: str, after: str) -> bool:
    """Whether the words of ``after`` are words of ``before``, in their order."""
    words = iter(_WORD.findall(before))
    told = _WORD.findall(_MARK.sub(" ", after))
    return all(any(word == one for one in words) for word in told if word not in _POINTS)


def additions(before: Content, after: Content) -> list[str]:
    """The fields in which ``after`` says something that ``before`` did not."""
    then, now = _leaves(asdict(before)), _leaves(asdict(after))
    return [name for name in now if not is_less("\n".join(then[name]), "\n".join(now[name]))]


def _leaves(told: Any) -> dict[str, list[str]]:
    """Every value of a content as words, under the name of its field."""
    found: dict[str, list[str]] = defaultdict(list)

    def walk(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, part in value.items():
                walk(f"{name}.{key}" if name else key, part)
        elif isinstance(value, tuple | list):
            for part in value:
                walk(name, part)
        elif value not in ("", None):
            found[name].append(str(value))

    walk("", told)
    return found
