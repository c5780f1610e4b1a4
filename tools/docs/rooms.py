"""Which pages the site has, for whom, and in which order one leads to the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

TOP = Path(__file__).resolve().parents[2]
STYLE = "docs/style.md"
_DECISIONS = "docs/decisions"


@dataclass(frozen=True)
class DocPage:
    """A page: its Markdown file from the top of the repository, what the navigation calls it."""

    source: str
    name: str
    language: str = "en"

    @property
    def address(self) -> str:
        """Where it stands in the site, from its front page."""
        path = PurePosixPath(self.source)
        if path.parent == PurePosixPath("."):
            return f"{path.stem.lower()}.html"
        docs_path = path.relative_to("docs").with_suffix(".html")
        return "index.html" if path.name == "README.md" else str(docs_path)


@dataclass(frozen=True)
class DocSection:
    """Pages that are for the same people."""

    name: str
    rooms: tuple[DocPage, ...]
    folded: bool = False


def doc_sections(top: Path = TOP) -> tuple[DocSection, ...]:
    """All pages; the decision records are those that are there, in the order of their numbers."""
    records = sorted((top / _DECISIONS).glob("*.md"))
    return (
        DocSection("", (DocPage("docs/README.md", "Documentation"),)),
        DocSection(
            "Lire et signaler",
            (
                DocPage("docs/citoyen.md", "Citoyen, blogueuse", "fr"),
                DocPage("docs/signaler.md", "À qui c’est arrivé", "fr"),
                DocPage("docs/journaliste.md", "Journaliste", "fr"),
            ),
        ),
        DocSection(
            "Tenir le registre",
            (
                DocPage("docs/moderation.md", "Modération", "fr"),
                DocPage("docs/exploitation.md", "Exploitation", "fr"),
            ),
        ),
        DocSection(
            "Changing it",
            (
                DocPage("docs/developpement.md", "Developing"),
                DocPage(STYLE, "Components"),
                DocPage("docs/proofs.md", "Proofs"),
                DocPage("docs/performance.md", "Performance"),
                DocPage("SECURITY.md", "Security"),
                DocPage("CHANGELOG.md", "Changements", "fr"),
            ),
        ),
        DocSection("Decision records", tuple(map(_record, records)), folded=True),
    )


def doc_pages(top: Path = TOP) -> Iterator[DocPage]:
    """All pages, one after the other."""
    for section in doc_sections(top):
        yield from section.rooms


def _record(path: Path) -> DocPage:
    # The first line of a record is its title, with its number.
    title = path.read_text("utf-8").split("\n", 1)[0].removeprefix("# ")
    return DocPage(f"{_DECISIONS}/{path.name}", title)
