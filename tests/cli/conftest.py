"""The command line of the register, run on a new instance or on a register that exists."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from register.cli import main
from register.config import Settings
from register.database_urls import PREFIX


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """``invoke("init")``, in an environment without a setting of ours."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)

    def run(*words: str, stdin: str | None = None) -> Result:
        result = CliRunner().invoke(main, list(words), input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        assert "Traceback" not in result.output
        return result

    return run


@pytest.fixture
def run_on_new_instance(
    invoke: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs commands on an instance that ``init`` has still to make."""
    monkeypatch.setenv("REGISTER_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("REGISTER_SEAL_DIR", str(tmp_path / "seal"))
    return invoke


@pytest.fixture
def run_on_register(
    invoke: Callable[..., Result], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs commands on a register of the test's own, on both databases."""
    monkeypatch.setenv("REGISTER_INSTANCE", str(settings.instance))
    monkeypatch.setenv("REGISTER_SEAL_DIR", str(settings.seal_dir))
    monkeypatch.setenv("REGISTER_DATABASE_URL", settings.database_url)
    return invoke
