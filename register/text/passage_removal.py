"""Removal of passages from texts, whatever their case, accents, spacing, typography and Markdown.

A passage is compared by its letters and digits alone, from the beginning of a word to the end of
one: "06 12 34 56 78" is also 0612345678, and "Jean Dupont" also **Jean**-DUPONT, but no Duponts.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from register.text.normalisation import fold
from register.text.text_comparison import diff_texts

REMOVAL_MARK = "[passage retiré]"
# RFC 2606 reserves the domain: no such address ever exists.
REMOVED_URL = "https://passage-retire.invalid/"

# What a member may write in the place of a passage.
_WRITTEN_MARK = re.compile(r"\[\s*(?:…|\.\.\.|passage retiré)\s*\]", re.IGNORECASE)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_PUNCTUATION = frozenset(".,;:!?…*_()«»-–—")
_WORD = re.compile(r"[^\W_]+")
# A reference to a character and an encoded byte of an address stand for letters too.
_LETTERS = re.compile(r"&(?:#\w{1,8}|[A-Za-z]\w{1,30});|(?:%[0-9A-Fa-f]{2})+|[^\W_]+")
_URL = re.compile(r"https?://[^\s<>()\[\]\"]+")
# Lines and sentences; "M. Dupont" is none.
_SENTENCE_ENDS = re.compile(r"\n|(?<=\w\w[.!?…])\s+")
_EMPHASIS = re.compile(r"[*_~`]+")
# A passage of these words alone is in every text.
_COMMON_WORDS = frozenset(
    """
    a au aux avec ce ces cet cette d dans de des du elle elles en entre est et ete etait etre eu
    fait faire il ils je l la le les leur leurs lui m mais me meme mes mon n ne ni nos notre nous
    on ont ou par pas plus pour qu que qui s sa sans se ses si son sont sous sur t tout tous tres
    un une vers vos votre vous y
    """.split()  # noqa: SIM905 # a list of quoted words would take sixty lines
)
_MIN_LETTERS = 3


class PassageRemoval:
    """The passages to remove, or to search for.

    :param mark: what stands in the place of a removed passage.
    """

    def __init__(self, passages: Iterable[str], mark: str = REMOVAL_MARK) -> None:
        self._mark = mark
        self._marks = re.compile(f"{re.escape(mark)}|{re.escape(REMOVED_URL)}")
        self._needles = frozenset(filter(None, (_letters(passage) for passage in passages)))

    def occurs_in(self, text: str) -> bool:
        """Whether a text has one of the passages."""
        return bool(self.spans(text))

    def remove_from(self, text: str) -> str:
        """The text with the mark in place of each passage; an address with one goes whole."""
        pieces, end = [], 0
        for start, stop in self.spans(text):
            pieces += [text[end:start], _replacement(text[start:stop], self._mark)]
            end = stop
        return "".join([*pieces, text[end:]])

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where passages are, in order, without overlaps."""
        joined, starts, ends = _joined_letters(text)
        marks = [match.span() for match in self._marks.finditer(text)]
        spans = []
        for needle in self._needles:
            offset = joined.find(needle)
            while offset >= 0:
                stop = offset + len(needle)
                if offset in starts and stop in ends:
                    span = starts[offset], ends[stop]
                    # The words of a mark are of nobody's text.
                    if not any(start <= span[0] and span[1] <= end for start, end in marks):
                        spans.append(span)
                offset = joined.find(needle, offset + 1)
        if not spans:
            return []
        for match in _URL.finditer(text):
            if any(start < match.end() and match.start() < stop for start, stop in spans):
                spans.append(match.span())
        merged: list[tuple[int, int]] = []
        for start, stop in sorted(spans):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
            else:
                merged.append((start, stop))
        return merged


def is_too_common(passage: str) -> bool:
    """Whether a passage is of common words alone, or hardly a word."""
    words = _WORD.findall(fold(passage))
    return len("".join(words)) < _MIN_LETTERS or _COMMON_WORDS.issuperset(words)


def only_removes(before: str, after: str) -> bool:
    """Whether the words of ``after`` are words of ``before`` in the same order."""
    earlier_words = iter(_TOKEN.findall(before))
    remaining_words = _TOKEN.findall(_WRITTEN_MARK.sub(" ", after))
    return all(
        any(word == candidate for candidate in earlier_words)
        for word in remaining_words
        if word not in _PUNCTUATION
    )


def removed_passages(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The runs of words that each field of ``after`` lacks, cut at the ends of sentences.

    Those of common words alone are left out.
    """
    passages: dict[str, str] = {}
    for name, text in before.items():
        for piece in diff_texts(text, after.get(name, "")).pieces:
            if piece.kind != "gone":
                continue
            for sentence in _SENTENCE_ENDS.split(piece.text):
                words = list(_WORD.finditer(sentence))
                passage = sentence[words[0].start() : words[-1].end()] if words else ""
                if not is_too_common(passage):
                    passages.setdefault(_letters(passage), passage)
    return list(passages.values())


def remove_from_tree(node: Any, removal: PassageRemoval, skipped: frozenset[str]) -> Any:
    """Parsed JSON without the passages.

    :param skipped: the keys whose values stay as they are.
    """
    if isinstance(node, str):
        return removal.remove_from(node)
    if isinstance(node, list):
        return [remove_from_tree(part, removal, skipped) for part in node]
    if isinstance(node, dict):
        return {
            key: part if key in skipped else remove_from_tree(part, removal, skipped)
            for key, part in node.items()
        }
    return node


def strings_of_tree(node: Any, skipped: frozenset[str] = frozenset()) -> Iterator[str]:
    """The strings of parsed JSON, without those under the keys ``skipped``."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, part in node.items():
            if key not in skipped:
                yield from strings_of_tree(part, skipped)
    elif isinstance(node, Iterable):
        for part in node:
            yield from strings_of_tree(part, skipped)


def _letters(text: str) -> str:
    return _joined_letters(text)[0]


def _joined_letters(text: str) -> tuple[str, dict[int, int], dict[int, int]]:
    """The letters of a text, with the places in the text of the begin and end of its words."""
    joined: list[str] = []
    starts, ends, length = {}, {}, 0
    for match in _LETTERS.finditer(text):
        letters = "".join(filter(str.isalnum, fold(_decoded(match[0]))))
        if letters:
            joined.append(letters)
            starts[length] = match.start()
            length += len(letters)
            ends[length] = match.end()
    return "".join(joined), starts, ends


def _decoded(word: str) -> str:
    if word[0] == "&":
        return html.unescape(word)
    return unquote(word) if word[0] == "%" else word


def _replacement(passage: str, mark: str) -> str:
    """The mark, with the emphasis that only begins or only ends in the passage."""
    if _URL.fullmatch(passage):
        return REMOVED_URL
    unpaired: list[tuple[str, bool]] = []
    for delimiter, is_closing in _emphasis(passage):
        if is_closing and unpaired and unpaired[-1] == (delimiter, False):
            unpaired.pop()
        else:
            unpaired.append((delimiter, is_closing))
    closing = "".join(delimiter for delimiter, is_closing in unpaired if is_closing)
    opening = "".join(delimiter for delimiter, is_closing in unpaired if not is_closing)
    return f"{opening}{mark}{closing}"


def _emphasis(passage: str) -> Iterator[tuple[str, bool]]:
    """The delimiters of emphasis inside a passage, and whether they end one."""
    for match in _EMPHASIS.finditer(passage):
        before, after = passage[match.start() - 1], passage[match.end()]
        if not (match[0] == "_" and before.isalnum() and after.isalnum()):
            yield match[0], not before.isspace()
