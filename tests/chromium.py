"""The browser of the tests: Debian's Chromium, without a screen."""

from __future__ import annotations

import os
import shutil

import pytest

# Flags for test machines: root has no sandbox, and no background requests are allowed.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def program() -> str:
    """The path of Chromium; without one the test is skipped, or fails under CI."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        why = f"No Chromium is installed: none of {', '.join(NAMES)} is on the PATH."
        pytest.fail(why) if os.environ.get("CI") == "true" else pytest.skip(why)
    return str(path)
