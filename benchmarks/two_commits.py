"""Pages of this checkout and of an earlier commit, served side by side and measured alternately."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import servers
from benchmarks.load import ROUNDS, Load
from benchmarks.pages import LogLine, Pages, check_pages
from benchmarks.servers import TOP, RegisterServer
from benchmarks.table import Bar, Table

BAR = Bar(0.95)


# Run by the earlier commit, whose documents both can read.
_FILL = """
import sys
from pathlib import Path
from benchmarks import copies, seeding
from register import create_app
from register.db import db
from register.operations import setup

app = create_app()
with app.app_context():
    setup.init(app.extensions["register.settings"], db.engine)
    seeding.fill_register(db.engine, Path(sys.argv[1]))
    copies.grow(db.engine, copies.measure_seed(db.engine), int(sys.argv[2]))
"""


@dataclass(frozen=True)
class Checkout:
    """The files of a commit, and the settings of a register that it serves."""

    top: Path
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> None:
        """Run Python with the code of this checkout on its register."""
        environment = os.environ | {"PYTHONPATH": str(self.top), **self.environment}
        subprocess.run(
            [sys.executable, *arguments],
            cwd=self.top,
            env=environment,
            stdout=subprocess.DEVNULL,
            check=True,
        )


def make_registers(commit: str, folder: Path, size: int) -> dict[str, Checkout]:
    """A register of ``size`` cases that an earlier commit fills, and its copy, upgraded.

    :param commit: the earlier commit, as ``git`` names it.
    :param folder: of the register, to which the settings of this process lead.
    """
    top = folder / "before"
    top.mkdir()
    git = ["git", "-C", str(TOP), "archive", commit]
    archive = subprocess.run(git, stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(top)], input=archive, check=True)
    earlier = Checkout(top, _settings(folder / "register-before"))
    (folder / "register-before").mkdir()
    earlier.run("-c", _FILL, str(folder / "register-before"), str(size))
    for part in ("instance", "seal"):
        shutil.copytree(folder / "register-before" / part, folder / part)
    present = Checkout(TOP, _settings(folder))
    present.run("-m", "register", "upgrade")
    return {"before": earlier, "after": present}


def _settings(register: Path) -> dict[str, str]:
    return {
        "REGISTER_INSTANCE": str(register / "instance"),
        "REGISTER_SEAL_DIR": str(register / "seal"),
    }


def measure_commits(
    checkouts: Mapping[str, Checkout], pages: Pages, load: Load, log: LogLine
) -> Table:
    """Requests per second of each page, and the median of the rounds' ratios.

    The two registers are served side by side and measured alternately. The earlier commit runs on
    the installed dependencies.

    :raises RuntimeError: a page is not what it should be.
    """
    title = f"This checkout against an earlier commit, medians of {ROUNDS}"
    table = Table(title, ("page", "before", "after", "after / before"))
    with ExitStack() as stack:
        registers: dict[str, RegisterServer] = {}
        for side, checkout in checkouts.items():
            server = servers.run_register(top=checkout.top, environment=dict(checkout.environment))
            registers[side] = stack.enter_context(server)
            check_pages(registers[side], pages)
        for name, path in pages.paths.items():
            for variant, is_fresh in (("kept", False), ("made anew", True)):
                urls = (registers[side].url(path) for side in ("before", "after"))
                rates = load.compare(*urls, fresh=is_fresh)
                cells = (f"{rates.first:,.0f}", f"{rates.second:,.0f}", f"{rates.ratio:.3f}")
                table.add(f"{name}, {variant}", *cells, value=rates.ratio, bar=BAR)
                log(f"  {name}, {variant}: {rates.ratio:.3f}")
    return table
