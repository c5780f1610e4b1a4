"""Which pages the site has, for whom, and in which order one leads to the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

TOP = Path(__file__).resolve().parents[2]
STYLE = "docs/style.md"
_DECISIONS = "docs/decisions"


@dataclass(frozen=True)
class Room:
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
        within = path.relative_to("docs").with_suffix(".html")
        return "index.html" if path.name == "README.md" else str(within)


@dataclass(frozen=True)
class Wing:
    """Pages that are for the same people."""

    name: str
    rooms: tuple[Room, ...]
    folded: bool = False


def wings(top: Path = TOP) -> tuple[Wing, ...]:
    """All pages; the decision records are those that are there, in the order of their numbers."""
    records = sorted((top / _DECISIONS).glob("*.md"))
    return (
        Wing("", (Room("docs/README.md", "Documentation"),)),
        Wing(
            "Lire et signaler",
            (
                Room("docs/citoyen.md", "Citoyen, blogueuse", "fr"),
                Room("docs/signaler.md", "À qui c’est arrivé", "fr"),
                Room("docs/journaliste.md", "Journaliste", "fr"),
            ),
        ),
        Wing(
            "Tenir le registre",
            (
                Room("docs/moderation.md", "Modération", "fr"),
                Room("docs/exploitation.md", "Operating"),
            ),
        ),
        Wing(
            "Changing it",
            (
                Room("docs/developpement.md", "Developing"),
                Room(STYLE, "Components"),
                Room("docs/proofs.md", "Proofs"),
                Room("docs/performance.md", "Performance"),
                Room("SECURITY.md", "Security"),
                Room("CHANGELOG.md", "Changements", "fr"),
            ),
        ),
        Wing("Decision records", tuple(map(_record, records)), folded=True),
    )


def every(top: Path = TOP) -> Iterator[Room]:
    """All pages, one after the other."""
    for wing in wings(top):
        yield from wing.rooms


def _record(path: Path) -> Room:
    # The first line of a record is its title, with its number.
    title = path.read_text("utf-8").split("\n", 1)[0].removeprefix("# ")
    return Room(f"{_DECISIONS}/{path.name}", title)
