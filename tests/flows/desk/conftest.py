"""Members at their browsers, on a register that knew nobody when the test began."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import Watch
from living import AtDesk, Living, living
from playwright.sync_api import Browser, BrowserContext, Page


@pytest.fixture
def life(registers, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Living]:
    """A register on its first day; on SQLite unless a test asks for another database."""
    backend = getattr(request, "param", "sqlite")
    with registers.new(backend, tmp_path) as settings, living(settings) as running:
        yield running


@pytest.fixture
def at_desk(browser: Browser, life: Living, watch: list[Watch]) -> Iterator[AtDesk]:
    """Opens browsers on the register; none may ask another machine, or be refused by a policy."""
    contexts: list[BrowserContext] = []

    def opened(width: int, *, scripts: bool) -> Page:
        context = browser.new_context(
            base_url=life.base,
            viewport={"width": width, "height": 844 if width < 600 else 900},
            java_script_enabled=scripts,
            locale="fr-FR",
            timezone_id="Europe/Paris",
            reduced_motion="reduce",
        )
        contexts.append(context)
        watch.append(Watch(context))
        context.set_default_timeout(15_000)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
    asked = [url for seen in watch for url in seen.requests]
    assert asked
    assert [url for url in asked if not url.startswith(life.base + "/")] == []
    assert [text for seen in watch for text in seen.complaints if not _is_harmless(text)] == []


def _is_harmless(complaint: str) -> bool:
    """A refused form and a tombstone are answered with a status that Chromium mentions.

    It also says that the part of the page that an address names goes before ``autofocus``.
    """
    known = ("Failed to load resource: the server responded with a status of 4", "Autofocus ")
    return complaint.startswith(known)
