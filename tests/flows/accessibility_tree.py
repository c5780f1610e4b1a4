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
    """A node of the accessibility tree, with its children."""

    role: str
    name: str = ""
    level: str = ""
    text: str = ""
    children: list[Node] = field(default_factory=list)


def spoken_lines(snapshot: str) -> list[str]:
    """The lines that a screen reader speaks of a page, from the ``aria_snapshot`` of its body."""
    return _lines(_tree(snapshot).children, 0)


def essentials(lines: list[str]) -> list[str]:
    """The landmarks and the headings, in their order."""
    return [line.strip() for line in lines if _IMPORTANT.match(line)]


def _tree(snapshot: str) -> Node:
    root = Node("page")
    ancestors = [(-1, root)]
    for line in snapshot.splitlines():
        match = _NODE.fullmatch(line)
        assert match, line
        if match["role"] == "/url":
            continue
        depth = len(match["indent"])
        while ancestors[-1][0] >= depth:
            ancestors.pop()
        node = Node(
            match["role"], _unquoted(match["name"]), match["level"] or "", _unquoted(match["text"])
        )
        ancestors[-1][1].children.append(node)
        ancestors.append((depth, node))
    return root


def _unquoted(quoted: str | None) -> str:
    text = (quoted or "").strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return text.replace('\\"', '"')


def _lines(nodes: list[Node], depth: int) -> list[str]:
    lines: list[str] = []
    for node in nodes:
        if node.role in LANDMARKS:
            lines += [_at(depth, f"{node.role} {node.name}".strip())]
            lines += _lines(node.children, depth + 1)
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
    count = f"list of {len(node.children)}"
    if all(len(item.children) <= 1 for item in node.children):
        return [_at(depth, f"{count}: {', '.join(_inline(item) for item in node.children)}")]
    lines = [_at(depth, count)]
    for item in node.children:
        first, *further = _lines(item.children, 0) if item.children else [_inline(item)]
        lines += [_at(depth, f"- {first}"), *(_at(depth + 1, line) for line in further)]
    return lines


def _inline(node: Node) -> str:
    text = node.text
    if node.children:
        parts = [_inline(part) for part in node.children]
        text = re.sub(r" ([,.])", r"\1", " ".join(part for part in parts if part))
    if node.role == "list":
        return f"list of {len(node.children)}: {', '.join(_inline(item) for item in node.children)}"
    return f"[{node.name}]" if node.role == "link" else node.name or text


def _at(depth: int, text: str) -> str:
    return "  " * depth + text
