"""What the register does is written down: a setting, an act, a command without its line is red."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from register import config
from register.cli import main
from register.incidents import memberlog
from register.incidents.filters import DURATIONS, FILTERS, ORDERS
from register.incidents.ledger import KINDS
from register.journal import Act
from register.web.moderation.journal import HEADER

TOP = Path(__file__).resolve().parent.parent
DOCS = sorted((TOP / "docs").rglob("*.md"))
PAGES = [*DOCS, *(TOP / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md"))]
TEXT = "\n".join(path.read_text("utf-8") for path in DOCS)
# What stands in code font: a word in passing is no documentation.
CODE = set(re.findall(r"`([^`\n]+)`", TEXT))
WORDS = {word for code in CODE for word in re.findall(r"[\w-]+", code)}


@pytest.mark.parametrize("name", config.names())
def test_every_setting_is_documented(name):
    assert name in WORDS


@pytest.mark.parametrize("act", Act)
def test_every_act_is_documented(act):
    assert act.value in CODE


@pytest.mark.parametrize("name", [*FILTERS, "lieu", "tri", "page", *ORDERS])
def test_every_filter_is_documented(name):
    assert name in WORDS


@pytest.mark.parametrize("name", [*KINDS, "acte", "mois", "ligne", "apres"])
def test_every_way_to_ask_for_lines_of_the_ledger_is_documented(name):
    assert name in WORDS


@pytest.mark.parametrize(
    "name", [*memberlog.GROUPS, *memberlog.KINDS, *memberlog.LEDGERS, "membre", "livre", *HEADER]
)
def test_every_way_to_ask_for_lines_of_the_members_journal_is_documented(name):
    assert name in WORDS


@pytest.mark.parametrize("name", DURATIONS)
def test_every_duration_is_documented(name):
    assert name in WORDS


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, under in command.commands.items():
            yield from _commands(under, f"{path} {name}")
    else:
        yield path, command


COMMANDS = dict(_commands(main, "webcitoyen"))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_is_documented(path):
    *start, last = path.split()
    line = [line for line in TEXT.splitlines() if f"`{' '.join(start)}" in line and last in line]
    assert line


@pytest.mark.parametrize(
    ("path", "option"),
    [
        (path, option)
        for path, command in COMMANDS.items()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    ],
)
def test_every_option_is_documented(path, option):
    assert any(re.search(rf"{re.escape(option)}\b", code) for code in CODE)


def test_no_setting_is_documented_that_does_not_exist():
    told = {name for name in WORDS if re.fullmatch(r"REGISTER_[A-Z_]+[A-Z]", name)}
    assert {name.removesuffix("_FILE") for name in told} <= set(config.names())


# --- links -------------------------------------------------------------------------------------

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def _anchors(text: str) -> set[str]:
    """The anchors that a forge makes of a page's headings."""
    found = set()
    for heading in re.findall(r"^#{1,6}\s+(.+)$", _FENCE.sub("", text), re.MULTILINE):
        plain = unicodedata.normalize("NFC", heading.replace("`", "").strip().lower())
        found.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return found


def broken(page: Path, text: str) -> list[str]:
    """The relative links of a page that lead nowhere."""
    found = []
    for match in _LINK.finditer(_FENCE.sub("", text)):
        target = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", target) or target.startswith("/"):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        if name and not there.exists():
            found.append(target)
        elif anchor and there.suffix == ".md":
            content = text if there == page else there.read_text("utf-8")
            found += [target] if anchor not in _anchors(content) else []
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TOP)))
def test_every_page_is_there_and_its_links_lead_somewhere(page):
    assert broken(page, page.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[a](nowhere.md)", ["nowhere.md"]),
        ("![a](nowhere.png)", ["nowhere.png"]),
        ("[a](README.md#nowhere)", ["README.md#nowhere"]),
        ("[a](#nowhere)\n# Here", ["#nowhere"]),
        ("[a](#its-here)\n# It’s `here`", []),
        ("[a](README.md) [b](https://exemple.test) ```\n", []),
        ("```\n[a](nowhere.md)\n```", []),
    ],
)
def test_the_guard_of_links_sees(text, found):
    assert broken(TOP / "docs" / "page.md", text) == found


def test_nothing_in_the_pages_names_somebodys_machine():
    told = [
        (page.name, line)
        for page in PAGES
        if page.exists()
        for line in page.read_text("utf-8").splitlines()
        if re.search(r"/(?:root|home|Users)/\w|/tmp/\w", line)
    ]
    assert told == []
