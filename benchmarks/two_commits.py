"""Pages of this checkout and of an earlier commit, served side by side and measured alternately."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from benchmarks import servers
from benchmarks.load import Load
from benchmarks.pages import LogLine, Pages, check_pages
from benchmarks.servers import TOP, RegisterServer
from benchmarks.table import Bar, Table
from register.db import configure_engine, engine_options
from register.operations import schema

# Many short ones: a machine is not equally fast for minutes, and a pair of neighbours is fairest.
ROUNDS = 15
BAR = Bar(0.95)


def measure_commits(pages: Pages, commit: str, register: Path, load: Load, log: LogLine) -> Table:
    """Requests per second of each page, and the median of the rounds' ratios.

    The same register is served twice, each from a copy of its own, and measured alternately. The
    earlier commit runs on the installed dependencies.

    :param commit: the earlier commit, as ``git`` names it.
    :param register: folder of the instance and the seal folder.
    :raises RuntimeError: a page is not what it should be.
    """
    title = f"This checkout against {commit}, medians of {ROUNDS}"
    table = Table(title, ("page", "before", "after", "after / before"))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        tops = {"before": _export(commit, folder / "before"), "after": TOP}
        registers: dict[str, RegisterServer] = {}
        for side, top in tops.items():
            environment = _copy_register(register, folder / f"register-{side}")
            if side == "before":
                _downgrade(top, environment)
            server = servers.run_register(top=top, environment=environment)
            registers[side] = stack.enter_context(server)
            check_pages(registers[side], pages)
        for name, path in pages.paths.items():
            for variant, is_fresh in (("kept", False), ("made anew", True)):
                rates: dict[str, list[float]] = {"before": [], "after": []}
                for turn in range(ROUNDS):
                    sides = list(rates)[:: -1 if turn % 2 else 1]
                    for side in sides:
                        url = registers[side].url(path)
                        measure = load.measure(url, fresh=is_fresh, warm=turn == 0)
                        rates[side].append(measure.rate)
                before, after = (statistics.median(rates[side]) for side in ("before", "after"))
                pairs = zip(rates["before"], rates["after"], strict=True)
                ratio = statistics.median(later / earlier for earlier, later in pairs)
                cells = (f"{before:,.0f}", f"{after:,.0f}", f"{ratio:.3f}")
                table.add(f"{name}, {variant}", *cells, value=ratio, bar=BAR)
                log(f"  {name}, {variant}: {ratio:.3f}")
    return table


def _export(commit: str, folder: Path) -> Path:
    """Write the files of a commit to a folder."""
    folder.mkdir()
    git = ["git", "-C", str(TOP), "archive", commit]
    archive = subprocess.run(git, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    return folder


def _copy_register(register: Path, folder: Path) -> dict[str, str]:
    """Settings of a copy of a register."""
    shutil.copytree(register / "instance", folder / "instance")
    shutil.copytree(register / "seal", folder / "seal")
    return {
        "REGISTER_INSTANCE": str(folder / "instance"),
        "REGISTER_SEAL_DIR": str(folder / "seal"),
    }


def _downgrade(top: Path, environment: dict[str, str]) -> None:
    """Bring the tables and vocabularies of a register back to those of an earlier checkout."""
    revision = ScriptDirectory(str(top / "register/migrations")).get_current_head()
    url = f"sqlite:///{environment['REGISTER_INSTANCE']}/register.sqlite3"
    engine = create_engine(url, **engine_options(url))
    configure_engine(engine)
    command.downgrade(schema.alembic_config(engine), revision or "base")
    engine.dispose()
    # Its own vocabularies, too.
    environment = os.environ | {"PYTHONPATH": str(top), **environment}
    upgrade = [sys.executable, "-m", "register", "upgrade"]
    subprocess.run(upgrade, cwd=top, env=environment, stdout=subprocess.DEVNULL, check=True)
