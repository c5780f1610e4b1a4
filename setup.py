"""Wheels with templates, static files and the verifier, which stand beside the package here."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithPages(build_py):
    """Copies into the package what ``register.program_files`` looks for."""

    def run(self) -> None:
        """Build; an editable installation is served from the checkout."""
        super().run()
        if not self.editable_mode:
            package = Path(self.build_lib, "register")
            for folder in ("templates", "static"):
                shutil.copytree(folder, package / folder, dirs_exist_ok=True)
            (package / "docs").mkdir(exist_ok=True)
            shutil.copy("docs/verifier.py", package / "docs")


setup(cmdclass={"build_py": BuildWithPages})
