"""The catalogue of sentences: those of the code, with their translations.

``python -m tools.catalogue`` takes up every sentence that is new, drops those that nobody says any
more, compiles what the site reads, and names what waits for words. French is written in the code
and needs no file.
"""

from __future__ import annotations

import io
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from register.web.messages import CODE_KEY

TOP = Path(__file__).resolve().parents[1]
FOLDER = TOP / "register" / "translations" / "en" / "LC_MESSAGES"
SOURCE = FOLDER / "messages.po"
COMPILED = FOLDER / "messages.mo"

# The sentences stand in the web faces of the rooms, and in what all faces share.
_METHODS = [
    ("register/**/web/**.py", "python"),
    ("register/web/**.py", "python"),
    ("templates/**.html", "jinja2"),
]
_OPTIONS = {"templates/**.html": {"trimmed": "true", "newstyle_gettext": "true", "silent": "false"}}
_KEYWORDS = {**DEFAULT_KEYWORDS, "lazy_gettext": None}
# What is French whoever asks: feeds, what goes to a town hall or a court, and the terminal.
_FRENCH_ONLY = (
    "templates/feeds/entry.html",
    "templates/cases/desk/acts/_invitation_letter.html",
    "templates/cases/desk/case_file/",
    "register/feeds/web.py",
    "register/web/messages/console.toml",
)


# A path, a line, its sentence, the comments before it, its context.
ExtractedMessage = tuple[str, int, str | tuple[str, ...], list[str], str | None]


def source_catalog() -> Catalog:
    """Every sentence of the code, with the places where it stands."""
    catalog = Catalog(locale="en", domain="messages", fuzzy=False)
    for folder in ("register", "templates"):
        for path, line, message, _comments, context in extract_messages(folder):
            if not path.startswith(_FRENCH_ONLY):
                catalog.add(message, locations=[(path, line)], context=context)
    return catalog


def extract_messages(folder: str) -> Iterator[ExtractedMessage]:
    """The sentences of a folder of the code."""
    methods = [(pattern.removeprefix(f"{folder}/"), method) for pattern, method in _METHODS]
    options = {
        pattern.removeprefix(f"{folder}/"): method_options
        for pattern, method_options in _OPTIONS.items()
    }
    for path, *details in extract_from_dir(str(TOP / folder), methods, options, _KEYWORDS):
        yield (f"{folder}/{path}", *details)  # type: ignore[misc]
    for file in sorted((TOP / folder).glob("web/messages/*.toml")):
        for sentence in _toml_sentences(tomllib.loads(file.read_text("utf-8"))):
            yield str(file.relative_to(TOP)), 1, sentence, [], None


def _toml_sentences(content: Any) -> Iterator[str]:
    if isinstance(content, str):
        yield content
    elif isinstance(content, list):
        yield from content
    else:
        for key, inner in content.items():
            yield from () if key == CODE_KEY else _toml_sentences(inner)


def load_translation() -> Catalog:
    """The stored sentences of the second language."""
    with SOURCE.open("rb") as file:
        return read_po(file, locale="en")


def compile_catalog(catalog: Catalog) -> bytes:
    """The compiled catalogue that the site reads, to the byte."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def untranslated(catalog: Catalog) -> list[Message]:
    """The sentences that have no words in the second language, or only some of them."""
    return [message for message in catalog if message.id and not _is_translated(message)]


def _is_translated(message: Message) -> bool:
    words = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return all(words) and bool(words)


def main() -> int:
    """Bring the catalogue up to the code; 1 while a sentence waits for its words."""
    existing = load_translation() if SOURCE.exists() else Catalog(locale="en")
    catalog = source_catalog()
    for message in catalog:
        previous = existing.get(message.id, message.context) if message.id else None
        # A sentence that had one form and has two now needs a translation again.
        if previous is not None and type(previous.id) is type(message.id):
            message.string = previous.string
    catalog.header_comment = (
        "# The English of Web Citoyen. The French of each sentence is the code's."
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    with SOURCE.open("wb") as file:
        write_po(file, catalog, width=0, no_location=True, sort_output=True, omit_header=False)
    COMPILED.write_bytes(compile_catalog(load_translation()))
    missing = untranslated(catalog)
    for message in missing:
        sys.stdout.write(f"{message.id}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
