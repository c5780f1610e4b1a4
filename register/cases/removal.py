"""Whether a text says less than another, and adds nothing: pure."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import asdict
from typing import Any

from register.cases.case_content import Content

# What may stand in the place of what was taken out.
_REMOVAL_MARK = re.compile(r"\[\s*(?:…|\.\.\.|passage retiré)\s*\]", re.IGNORECASE)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_PUNCTUATION = frozenset(".,;:!?…*_()«»-–—")


def only_removes(before: str, after: str) -> bool:
    """Whether the words of ``after`` are words of ``before``, in their order."""
    earlier_words = iter(_TOKEN.findall(before))
    remaining_words = _TOKEN.findall(_REMOVAL_MARK.sub(" ", after))
    return all(
        any(word == candidate for candidate in earlier_words)
        for word in remaining_words
        if word not in _PUNCTUATION
    )


def fields_with_additions(before: Content, after: Content) -> list[str]:
    """The fields in which ``after`` says something that ``before`` did not."""
    texts_before, texts_after = _field_texts(asdict(before)), _field_texts(asdict(after))
    return [
        name
        for name in texts_after
        if not only_removes("\n".join(texts_before[name]), "\n".join(texts_after[name]))
    ]


def _field_texts(content_tree: Any) -> dict[str, list[str]]:
    """Every value of a content as words, under the name of its field."""
    texts_by_field: dict[str, list[str]] = defaultdict(list)

    def walk(name: str, node: Any) -> None:
        if isinstance(node, dict):
            for key, part in node.items():
                walk(f"{name}.{key}" if name else key, part)
        elif isinstance(node, tuple | list):
            for part in node:
                walk(name, part)
        elif node not in ("", None):
            texts_by_field[name].append(str(node))

    walk("", content_tree)
    return texts_by_field
