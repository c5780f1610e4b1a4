"""What the register does is written down: a setting, an act, a command without its line is red."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import click
import pytest

from register import config
from register.cases.filters import DURATIONS, FILTERS, ORDERS
from register.cases.members_journal import LEDGERS
from register.cases.vocabulary import VOCABULARY_FILE
from register.cli import main
from register.journal import Act
from register.journal.web.journal_sentences import ACTS_BY_NAME, PUBLIC_KINDS
from register.journal.web.members_journal import CSV_HEADER
from register.reports import report_content, retention
from register.reports.models import ReportState
from register.reports.report_lists import ReportFolder
from register.reports.web.desk import report_summary
from register.web import rate_limits

TOP = Path(__file__).resolve().parent.parent
DOCS = sorted((TOP / "docs").rglob("*.md"))
PAGES = [*DOCS, *(TOP / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md"))]
TEXT = "\n".join(path.read_text("utf-8") for path in DOCS)
# What stands in code font: a word in passing is no documentation.
CODE = set(re.findall(r"`([^`\n]+)`", TEXT))
WORDS = {word for code in CODE for word in re.findall(r"[\w-]+", code)}


@pytest.mark.parametrize("name", config.variable_names())
def test_every_setting_is_documented(name):
    assert name in WORDS


@pytest.mark.parametrize("act", Act)
def test_every_act_is_documented(act):
    assert act.value in CODE


@pytest.mark.parametrize("name", [*FILTERS, "lieu", "tri", "page", *ORDERS])
def test_every_filter_is_documented(name):
    assert name in WORDS


@pytest.mark.parametrize("name", [*PUBLIC_KINDS, "acte", "mois", "ligne", "apres"])
def test_every_way_to_ask_for_lines_of_the_ledger_is_documented(name):
    assert name in WORDS


@pytest.mark.parametrize("name", [*ACTS_BY_NAME, *LEDGERS, "membre", "livre", *CSV_HEADER])
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
    assert {name.removesuffix("_FILE") for name in told} <= set(config.variable_names()) | {
        config.PREFIX + name for name in config.RETIRED
    }


# --- reports -----------------------------------------------------------------------------------

SIGNALER = (TOP / "docs" / "signaler.md").read_text("utf-8")
RECEIPT = TOP / "docs" / "exemples" / "recu.json"
PRIVACY = "register/pages/shipped/fr/confidentialite.md"
REASONS = [row["code"] for row in tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))["refus"]]


@pytest.mark.parametrize("name", [*ReportFolder, *REASONS])
def test_every_tray_and_every_reason_to_decline_is_documented(name):
    assert name in CODE


@pytest.mark.parametrize("rate", rate_limits.RATES)
def test_every_limit_is_documented_as_it_is(rate):
    assert rate_limits.RATES[rate] in CODE


def test_the_number_of_unread_reports_that_warns_the_desk_is_documented():
    assert f"From {report_summary.FLOOD} that nobody has taken up" in TEXT


def test_the_budgets_of_all_sources_are_documented():
    for rate in rate_limits.BUDGETS.values():
        assert f"`{rate}`" in TEXT


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("docs/exploitation.md", "| spam | destroyed {spam} days after"),
        ("docs/exploitation.md", "| declined, withdrawn, accepted | destroyed {declined} days"),
        ("docs/exploitation.md", "after {unanswered} days the report is back in the queue"),
        ("docs/exploitation.md", "overdue after {overdue} months"),
        ("docs/exploitation.md", "| {rows} months more, then counted by year |"),
        ("docs/exploitation.md", "jumps** more than {jump} days ahead"),
        ("docs/moderation.md", "| indésirable | {spam} jours après |"),
        ("docs/moderation.md", "textes, contact, échanges | {declined} jours après |"),
        ("docs/signaler.md", "sans réponse en {unanswered} jours"),
        ("docs/signaler.md", "{spam} jours après un classement en indésirable"),
        ("docs/signaler.md", "{declined} jours après une autre décision"),
        (PRIVACY, "contact et échanges sont détruits au bout de {declined} jours"),
        (PRIVACY, "Indésirable** : au bout de {spam} jours"),
        (PRIVACY, "question restée sans réponse** : après {unanswered} jours"),
        (PRIVACY, "après {overdue} mois, il est montré en retard"),
    ],
)
def test_terms_are_documented_as_they_are(page, sentence):
    day = date(2026, 11, 25)
    ended = (ReportState.DECLINED, ReportState.WITHDRAWN, ReportState.ACCEPTED)
    spam, *others = [
        (retention.purge_day(one, day) - day).days for one in (ReportState.SPAM, *ended)
    ]
    terms = {
        "spam": spam,
        "declined": others[0],
        "unanswered": retention.ANSWER_TERM.days,
        "overdue": retention.OVERDUE_MONTHS,
        "rows": retention.ROWS_MONTHS,
        "jump": retention.MAX_CLOCK_JUMP.days,
    }
    assert set(others) == {others[0]}
    text = (TOP / page).read_text("utf-8").replace("\u00a0", " ")
    assert sentence.format(**terms) in text


def test_the_receipt_of_the_example_is_one_that_the_register_would_make():
    told = json.loads(RECEIPT.read_bytes())
    inner = json.loads(told["contenu"])
    received = report_content.Received(
        report_content.parse_content(inner["envoi"]), bytes.fromhex(told["sel"])
    )
    day = date.fromisoformat(told["jour"])
    assert report_content.receipt_document(received, day, told["registre"]) == RECEIPT.read_bytes()


def test_the_worked_example_of_a_receipt_gives_the_digest_that_the_page_tells():
    program = re.search(r"<<'FIN'\n(.*?)^FIN$", SIGNALER, re.DOTALL | re.MULTILINE)
    ran = subprocess.run(
        [sys.executable, "-c", program.group(1)], cwd=RECEIPT.parent, capture_output=True, text=True
    )
    assert ran.stdout.strip() == json.loads(RECEIPT.read_bytes())["empreinte"]
    assert f"```text\n{ran.stdout}```" in SIGNALER


# --- the first day at the desk, and pictures ---------------------------------------------------

MODERATION = (TOP / "docs" / "moderation.md").read_text("utf-8")
FIRST_DAY = MODERATION.partition("## Un premier jour au bureau\n")[2].partition("\n## ")[0]
SHOWN = [*(TOP / "templates").rglob("*.html"), *(TOP / "register").rglob("*.py")]
PICTURES = sorted((TOP / "docs" / "img").iterdir())
TAKEN = (TOP / "tests" / "flows" / "reports" / "test_screenshots.py").read_text("utf-8")


def _plain_spaces(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_whatever_the_first_day_says_to_press_is_on_the_screen_in_these_words():
    said = set(re.findall("« ([^»]+) »", _plain_spaces(FIRST_DAY)))
    written = _plain_spaces("\n".join(path.read_text("utf-8") for path in SHOWN))
    assert len(said) > 40
    assert sorted(words for words in said if f'"{words}"' not in written) == []


def test_every_picture_is_shown_and_every_picture_shown_is_taken_by_a_test():
    told = {target for page in PAGES for target in _pictures(page)}
    assert told == set(PICTURES)
    assert [path.name for path in PICTURES if f'"{path.stem}"' not in TAKEN] == []


def _pictures(page: Path) -> list[Path]:
    text = page.read_text("utf-8")
    # A phone's picture is an element, for it is to be shown smaller than it is.
    elements = re.findall(r'<img src="([^"]+)" width="320" alt="([^"]*)">', text)
    assert len(elements) == text.count("<img")
    found = [*elements, *((two, one) for one, two in re.findall(r"!\[([^]]*)\]\((\S+)\)", text))]
    # Who cannot see a picture is told what it shows.
    assert [target for target, words in found if len(words) < 20] == []
    return [(page.parent / target).resolve() for target, _words in found]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_weighs_little(picture):
    content = picture.read_bytes()
    assert content[8:12] == b"WEBP"
    assert len(content) <= 150_000


# --- the glossary ------------------------------------------------------------------------------

DEVELOPING = (TOP / "docs" / "developpement.md").read_text("utf-8")


def _glossary(page_text: str) -> list[tuple[str, list[str]]]:
    """The terms of the glossary, each with the paths of its last column."""
    section = page_text.partition("## Glossary\n")[2].partition("\n## ")[0]
    table_rows = [line for line in section.splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table_rows]
    return [(term, re.findall(r"`([^`]+)`", paths)) for term, _meaning, paths in cells[1:]]


GLOSSARY = _glossary(DEVELOPING)


@pytest.mark.parametrize(("term", "paths"), GLOSSARY, ids=[term for term, _paths in GLOSSARY])
def test_every_path_of_the_glossary_is_a_package_or_a_module(term, paths):
    assert paths, term
    assert [path for path in paths if not _is_package_or_module(path)] == []


def _is_package_or_module(path: str) -> bool:
    place = TOP / path
    return place.is_file() if place.suffix == ".py" else (place / "__init__.py").is_file()


def test_the_glossary_is_long_enough_and_its_terms_are_unique_and_in_alphabetical_order():
    terms = [term.casefold() for term, _paths in GLOSSARY]
    assert len(terms) >= 45
    assert terms == sorted(set(terms))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("| act | a change | `register/cases/acts`, `register/errors.py` |", [True, True]),
        ("| act | a change | `register/nowhere` |", [False]),
        ("| act | a change | `register/nowhere.py` |", [False]),
        ("| act | a change | `docs` |", [False]),
    ],
)
def test_the_guard_of_the_glossary_finds_faults(row, expected):
    page_text = f"## Glossary\n\n| Term | Meaning | Where |\n|---|---|---|\n{row}\n\n## Next\n"
    [(term, paths)] = _glossary(page_text)
    assert term == "act"
    assert [_is_package_or_module(path) for path in paths] == expected


# --- paths of the code -------------------------------------------------------------------------

_SOURCES = [
    path.relative_to(TOP).as_posix()
    for folder in ("benchmarks", "docs", "register", "static", "templates", "tests", "tools")
    for path in (TOP / folder).rglob("*.*")
]
_SOURCE_PATH = re.compile(r"`([\w.-][\w./-]*\.(?:css|html|js|py))(?:::(\w+))?`")
# Names of files that a reader of the page would make.
_EXAMPLES = {"exemple.py", "templates/cases/public/exemple.html"}
_DEFENCE = re.compile(r"\| `(test_\w+\.py)`: ([^|(]+?)(?: \(new\))? \|$", re.MULTILINE)


def _unknown_paths(text: str) -> list[str]:
    """Paths in code font that are no end of a path of the project."""
    ends = (*_SOURCES, *_EXAMPLES)
    return [
        path
        for path, _name in _SOURCE_PATH.findall(text)
        if not any(f"/{source}".endswith(f"/{path}") for source in ends)
    ]


@pytest.mark.parametrize("page", [*DOCS, TOP / "SECURITY.md"], ids=lambda page: page.name)
def test_every_path_in_the_docs_exists(page):
    assert _unknown_paths(page.read_text("utf-8")) == []


def test_the_guard_of_paths_finds_unknown_ones():
    assert _unknown_paths("`register/db.py` `db.py` `b.py` `register/nowhere.py`") == [
        "b.py",
        "register/nowhere.py",
    ]


def test_every_test_of_a_defence_exists():
    text = (TOP / "docs" / "proofs.md").read_text("utf-8")
    defences = _DEFENCE.findall(text.partition("## Defences taken away")[2])
    missing = []
    for file, words in defences:
        name = "test_" + re.sub(r"\W+", "_", words)
        tests = "".join(path.read_text("utf-8") for path in (TOP / "tests").rglob(file))
        if words != "the same" and f"def {name}(" not in tests:
            missing.append((file, words))
    assert len(defences) > 50
    assert missing == []


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
def test_the_guard_of_links_finds_dead_links(text, found):
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
