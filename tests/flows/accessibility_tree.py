"""A page as it is heard: the browser's accessibility tree in lines that a person can read.

A link stands in brackets. A region, a list with its number of lines and a heading with its level
are announced, as a screen reader announces them; addresses and what only holds text are not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LANDMARKS = ("banner", "navigation", "main", "article", "region", "complementary", "contentinfo")
_NODE = re.compile(
    r"""(?P<indent>\ *)-\ (?P<quoted>'?)(?P<role>[a-z]+|/url)
    (?:\ "(?P<name>(?:[^"\\]|\\.)*)")?(?:\ \[level=(?P<level>\d)\])?(?:\ \[[a-z=]+\])*
    (?P=quoted)(?::(?:\ (?P<text>.*))?)?$""",
    re.VERBOSE,
)
_IMPORTANT = re.compile(rf"\s*(?:(?:{'|'.join(LANDMARKS)})\b|heading \d: )")


@dataclass
class Node:
    """One thing that is heard, with what is heard within it."""

    role: str
    name: str = ""
    level: str = ""
    text: str = ""
    within: list[Node] = field(default_factory=list)


def spoken_lines(snapshot: str) -> list[str]:
    """The lines of a page, from what ``aria_snapshot`` says of its body."""
    return _lines(_tree(snapshot).within, 0)


def essentials(lines: list[str]) -> list[str]:
    """The landmarks and the headings, in their order."""
    return [line.strip() for line in lines if _IMPORTANT.match(line)]


def _tree(snapshot: str) -> Node:
    root = Node("page")
    above = [(-1, root)]
    for line in snapshot.splitlines():
        read = _NODE.fullmatch(line)
        assert read, line
        if read["role"] == "/url":
            continue
        depth = len(read["indent"])
        while above[-1][0] >= depth:
            above.pop()
        node = Node(read["role"], _said(read["name"]), read["level"] or "", _said(read["text"]))
        above[-1][1].within.append(node)
        above.append((depth, node))
    return root


def _said(written: str | None) -> str:
    text = (written or "").strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return text.replace('\\"', '"')


def _lines(nodes: list[Node], depth: int) -> list[str]:
    lines: list[str] = []
    for node in nodes:
        if node.role in LANDMARKS:
            lines += [_at(depth, f"{node.role} {node.name}".strip())]
            lines += _lines(node.within, depth + 1)
        elif node.role == "heading":
            lines += [_at(depth, f"heading {node.level}: {node.name}")]
        elif node.role == "list":
            lines += _list(node, depth)
        elif node.role == "definition" and lines:
            lines[-1] += f": {_inline(node)}"
        else:
            lines += [_at(depth, _inline(node))]
    return lines


def _list(node: Node, depth: int) -> list[str]:
    count = f"list of {len(node.within)}"
    if all(len(item.within) <= 1 for item in node.within):
        return [_at(depth, f"{count}: {', '.join(_inline(item) for item in node.within)}")]
    lines = [_at(depth, count)]
    for item in node.within:
        first, *further = _lines(item.within, 0) if item.within else [_inline(item)]
        lines += [_at(depth, f"- {first}"), *(_at(depth + 1, line) for line in further)]
    return lines


def _inline(node: Node) -> str:
    text = node.text
    if node.within:
        parts = [_inline(part) for part in node.within]
        text = re.sub(r" ([,.])", r"\1", " ".join(part for part in parts if part))
    if node.role == "list":
        return f"list of {len(node.within)}: {', '.join(_inline(item) for item in node.within)}"
    return f"[{node.name}]" if node.role == "link" else node.name or text


def _at(depth: int, text: str) -> str:
    return "  " * depth + text
