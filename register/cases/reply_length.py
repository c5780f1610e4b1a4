"""How long a text is, as the law on replies counts it: in lines. Pure.

A reply is at most as long as the text that it answers, and never longer than 200 lines (décret
nº 2007-1527 du 24 octobre 2007, art. 3). A line of a page has no fixed length: here it is a line
of the register's own pages, the same for the text and for its reply.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from register.cases.case_content import Content

LINE_WIDTH = 75  # characters: the widest line that a case is set in
LINES_LIMIT = 200


@dataclass(frozen=True)
class TextLength:
    """A text's lines and characters."""

    lines: int
    characters: int

    def exceeds(self, limit: TextLength) -> bool:
        """Whether it has more lines than another text."""
        return self.lines > limit.lines

    @property
    def is_too_long(self) -> bool:
        """Whether nothing obliges to insert a reply of this length, whatever it answers."""
        return self.lines > LINES_LIMIT


def text_length(body: str) -> TextLength:
    """How many lines of the register's pages a text fills; an empty line is one too."""
    lines = body.split("\n") if body else []
    return TextLength(sum(max(1, -(-len(line) // LINE_WIDTH)) for line in lines), len(body))


def longest_reply(content: Content, follow_ups: Iterable[str] = ()) -> TextLength:
    """The length that a reply may have: that of what it answers, at most 200 lines.

    :param follow_ups: the texts of the case's follow-ups, which may be answered too.
    """
    lengths = [
        text_length(body) for body in (content.summary, content.narrative, *follow_ups) if body
    ]
    lines = sum(part_length.lines for part_length in lengths)
    return TextLength(
        min(lines, LINES_LIMIT), sum(part_length.characters for part_length in lengths)
    )
