"""The documentation is complete: settings, acts, commands, limits, pictures, paths, links."""

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
from register.database_urls import PREFIX
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
# Only words in code font count as documented.
CODE = set(re.findall(r"`([^`\n]+)`", TEXT))
WORDS = {word for code in CODE for word in re.findall(r"[\w-]+", code)}


@pytest.mark.parametrize(
    "names",
    [
        config.variable_names(),
        [*FILTERS, "lieu", "tri", "page", *ORDERS],
        [*PUBLIC_KINDS, "acte", "mois", "ligne", "apres"],
        [*ACTS_BY_NAME, *LEDGERS, "membre", "livre", *CSV_HEADER],
        DURATIONS,
    ],
    ids=["settings", "filters", "ledger", "members' journal", "durations"],
)
def test_every_name_is_documented(names):
    assert names
    assert [name for name in names if name not in WORDS] == []


def test_every_act_is_documented():
    assert [act for act in Act if act.value not in CODE] == []


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, subcommand in command.commands.items():
            yield from _commands(subcommand, f"{path} {name}")
    else:
        yield path, command


COMMANDS = dict(_commands(main, "webcitoyen"))


def _is_documented(path: str) -> bool:
    *start, last = path.split()
    return any(f"`{' '.join(start)}" in line and last in line for line in TEXT.splitlines())


def test_every_command_is_documented():
    assert COMMANDS
    assert [path for path in COMMANDS if not _is_documented(path)] == []


def test_every_option_is_documented():
    options = {
        option: path
        for path, command in COMMANDS.items()
        for parameter in command.params
        for option in parameter.opts
        if option.startswith("--")
    }
    assert options
    assert [
        (path, option)
        for option, path in options.items()
        if not any(re.search(rf"{re.escape(option)}\b", code) for code in CODE)
    ] == []


def test_documented_settings_exist():
    names = {name for name in WORDS if re.fullmatch(r"REGISTER_[A-Z_]+[A-Z]", name)}
    assert {name.removesuffix("_FILE") for name in names} <= set(config.variable_names()) | {
        PREFIX + name for name in config.RETIRED
    }


# --- reports -----------------------------------------------------------------------------------

SIGNALER = (TOP / "docs" / "signaler.md").read_text("utf-8")
RECEIPT = TOP / "docs" / "exemples" / "recu.json"
PRIVACY = "register/pages/shipped/fr/confidentialite.md"
REASONS = [row["code"] for row in tomllib.loads(VOCABULARY_FILE.read_text("utf-8"))["refus"]]


def test_every_folder_and_every_reason_to_decline_is_documented():
    assert [name for name in (*ReportFolder, *REASONS) if name not in CODE] == []


def test_every_rate_limit_is_documented():
    assert [name for name, rate in rate_limits.RATES.items() if rate not in CODE] == []


def test_the_number_of_unread_reports_that_warns_the_desk_is_documented():
    assert f"À partir de {report_summary.FLOOD} que personne n’a pris" in TEXT


def test_the_budgets_of_all_sources_are_documented():
    for rate in rate_limits.BUDGETS.values():
        assert f"`{rate}`" in TEXT


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        ("docs/exploitation.md", "| indésirable | détruit {spam} jours après"),
        ("docs/exploitation.md", "| décliné, retiré | détruit {declined} jours après"),
        ("docs/exploitation.md", "| retenu | détruit {declined} jours après la fin du travail"),
        ("docs/exploitation.md", "après {unanswered} jours, le signalement revient dans la file"),
        ("docs/exploitation.md", "en retard après {overdue} mois"),
        ("docs/exploitation.md", "| {rows} mois de plus, puis comptés par année |"),
        ("docs/exploitation.md", "saute** de plus de {jump} jours"),
        ("docs/moderation.md", "| indésirable | {spam} jours après |"),
        ("docs/moderation.md", "textes, contact, échanges | {declined} jours après"),
        ("docs/moderation.md", "contact, échanges | {declined} jours après la fin du travail"),
        ("docs/signaler.md", "sans réponse en {unanswered} jours"),
        ("docs/signaler.md", "{spam} jours après un classement en indésirable"),
        ("docs/signaler.md", "{declined} jours après une autre décision"),
        (PRIVACY, "contact et échanges sont détruits au bout de {declined} jours"),
        (PRIVACY, "détruits {declined} jours après la fin de ce travail"),
        (PRIVACY, "Indésirable** : au bout de {spam} jours"),
        (PRIVACY, "question restée sans réponse** : après {unanswered} jours"),
        (PRIVACY, "après {overdue} mois, il est montré en retard"),
    ],
)
def test_deadlines_are_documented(page, sentence):
    day = date(2026, 11, 25)
    ended = (ReportState.DECLINED, ReportState.WITHDRAWN)
    spam, *others = [
        (retention.purge_day(state, day) - day).days for state in (ReportState.SPAM, *ended)
    ]
    terms = {
        "spam": spam,
        "declined": others[0],
        "unanswered": retention.ANSWER_TERM.days,
        "overdue": retention.OVERDUE_MONTHS,
        "rows": retention.ROWS_MONTHS,
        "jump": retention.MAX_CLOCK_JUMP.days,
    }
    after_work = (retention.purge_day_after_work(day, day) - day).days
    assert {*others, after_work} == {others[0]}
    text = (TOP / page).read_text("utf-8").replace("\u00a0", " ")
    assert sentence.format(**terms) in text


def test_the_example_receipt_is_what_the_register_produces():
    receipt = json.loads(RECEIPT.read_bytes())
    content = json.loads(receipt["contenu"])
    received = report_content.Received(
        report_content.parse_content(content["envoi"]), bytes.fromhex(receipt["sel"])
    )
    day = date.fromisoformat(receipt["jour"])
    assert (
        report_content.receipt_document(received, day, receipt["registre"]) == RECEIPT.read_bytes()
    )


def test_the_example_program_prints_the_documented_digest():
    program = re.search(r"<<'FIN'\n(.*?)^FIN$", SIGNALER, re.DOTALL | re.MULTILINE)
    process = subprocess.run(
        [sys.executable, "-c", program.group(1)], cwd=RECEIPT.parent, capture_output=True, text=True
    )
    assert process.stdout.strip() == json.loads(RECEIPT.read_bytes())["empreinte"]
    assert f"```text\n{process.stdout}```" in SIGNALER


# --- a first day at the desk, and pictures ---------------------------------------------------

MODERATION = (TOP / "docs" / "moderation.md").read_text("utf-8")
FIRST_DAY = MODERATION.partition("## Un premier jour au bureau\n")[2].partition("\n## ")[0]
SCREEN_SOURCES = [*(TOP / "templates").rglob("*.html"), *(TOP / "register").rglob("*.py")]
PICTURES = sorted((TOP / "docs" / "img").iterdir())
SCREENSHOTS = (TOP / "tests" / "flows" / "reports" / "test_screenshots.py").read_text("utf-8")


def _plain_spaces(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def test_labels_in_the_first_day_are_those_of_the_pages():
    labels = set(re.findall("« ([^»]+) »", _plain_spaces(FIRST_DAY)))
    source = _plain_spaces("\n".join(path.read_text("utf-8") for path in SCREEN_SOURCES))
    assert len(labels) > 40
    assert sorted(label for label in labels if f'"{label}"' not in source) == []


def test_every_picture_is_used_and_taken_by_a_test():
    shown = {target for page in PAGES for target in _pictures(page)}
    assert shown == set(PICTURES)
    assert [path.name for path in PICTURES if f'"{path.stem}"' not in SCREENSHOTS] == []


def _pictures(page: Path) -> list[Path]:
    text = page.read_text("utf-8")
    # Screenshots of phones are <img> elements with a width.
    elements = re.findall(r'<img src="([^"]+)" width="320" alt="([^"]*)">', text)
    assert len(elements) == text.count("<img")
    images = [
        *elements,
        *((source, alt) for alt, source in re.findall(r"!\[([^]]*)\]\((\S+)\)", text)),
    ]
    # Every picture has an alternative text.
    assert [target for target, alt_text in images if len(alt_text) < 20] == []
    return [(page.parent / target).resolve() for target, _words in images]


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_a_picture_is_a_small_webp(picture):
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


def test_every_path_of_the_glossary_is_a_package_or_a_module():
    assert [term for term, paths in GLOSSARY if not paths] == []
    assert [
        (term, path)
        for term, paths in GLOSSARY
        for path in paths
        if not _is_package_or_module(path)
    ] == []


def _is_package_or_module(path: str) -> bool:
    full_path = TOP / path
    return (
        full_path.is_file() if full_path.suffix == ".py" else (full_path / "__init__.py").is_file()
    )


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
def test_faults_of_the_glossary_are_found(row, expected):
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
# Example files of the pages, and a file that readers download.
_EXAMPLES = {"exemple.py", "templates/cases/public/exemple.html", "recu.html"}
_DEFENCE = re.compile(r"\| `(test_\w+\.py)`: ([^|(]+?)(?: \(new\))? \|$", re.MULTILINE)


def _unknown_paths(text: str) -> list[str]:
    """Paths in code font that end no path of the project."""
    ends = (*_SOURCES, *_EXAMPLES)
    return [
        path
        for path, _name in _SOURCE_PATH.findall(text)
        if not any(f"/{source}".endswith(f"/{path}") for source in ends)
    ]


def test_every_path_in_the_docs_exists():
    pages = [*DOCS, TOP / "SECURITY.md"]
    unknown = {page: _unknown_paths(page.read_text("utf-8")) for page in pages}
    assert {page: paths for page, paths in unknown.items() if paths} == {}


def test_unknown_paths_are_found():
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
    """The anchors that a forge generates for the headings of a page."""
    anchors = set()
    for heading in re.findall(r"^#{1,6}\s+(.+)$", _FENCE.sub("", text), re.MULTILINE):
        plain = unicodedata.normalize("NFC", heading.replace("`", "").strip().lower())
        anchors.add(re.sub(r"[^\w\- ]", "", plain).replace(" ", "-"))
    return anchors


def broken_links(page: Path, text: str) -> list[str]:
    """The broken relative links of a page."""
    links = []
    for match in _LINK.finditer(_FENCE.sub("", text)):
        target = match.group(1) or match.group(2)
        if re.match(r"[a-z]+:", target) or target.startswith("/"):
            continue
        name, _, anchor = target.partition("#")
        target_page = (page.parent / name).resolve() if name else page
        if name and not target_page.exists():
            links.append(target)
        elif anchor and target_page.suffix == ".md":
            content = text if target_page == page else target_page.read_text("utf-8")
            links += [target] if anchor not in _anchors(content) else []
    return links


def test_every_page_exists_without_broken_links():
    broken = {page: broken_links(page, page.read_text("utf-8")) for page in PAGES}
    assert {page: links for page, links in broken.items() if links} == {}


@pytest.mark.parametrize(
    ("text", "expected"),
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
def test_broken_links_are_found(text, expected):
    assert broken_links(TOP / "docs" / "page.md", text) == expected


def test_no_page_contains_a_personal_path():
    lines = [
        (page.name, line)
        for page in PAGES
        if page.exists()
        for line in page.read_text("utf-8").splitlines()
        if re.search(r"/(?:root|home|Users)/\w|/tmp/\w", line)
    ]
    assert lines == []
