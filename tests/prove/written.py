"""Pages as they are written: kept as files for the checker, and what none of them may hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from test_html import Markup


class Told(Markup):
    """What the register says on a page; a form holds what was typed."""

    def handle_data(self, data: str) -> None:
        if "textarea" not in self.within:
            super().handle_data(data)


def on_file(pages: Mapping[str, str], folder: Path) -> list[Path]:
    """Each page in a file that bears its name."""
    files = []
    for name, markup in pages.items():
        file = folder / f"{name.replace(' ', '-')}.html"
        file.write_text(markup, encoding="utf-8")
        files.append(file)
    return files


def require_no_script_and_no_style(pages: Mapping[str, str]) -> None:
    """No script, style or frame but those that are files of the register."""
    for name, markup in pages.items():
        for tag, attributes in Markup(markup).elements:
            assert tag not in ("style", "iframe", "object", "embed"), name
            assert "style" not in attributes, (name, tag)
            assert not [key for key in attributes if key.startswith("on")], (name, tag)
            assert tag != "script" or set(attributes) == {"type", "src"}, name


def require_no_typewriter(pages: Mapping[str, str]) -> None:
    """Something is said, and no apostrophe in it is that of a typewriter."""
    for name, markup in pages.items():
        texts = Told(markup).texts
        assert any(map(str.strip, texts)), name
        found = [text for text in texts if "'" in text]
        assert found == [], (name, found)
