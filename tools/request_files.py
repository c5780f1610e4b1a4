"""Files of ``register/`` that a report, a publication and a search go through.

``python -m tools.request_files SITE`` works on a copy of the registers that
``tools.page_comparison make SITE`` filled, and prints how many files each request runs code of.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from tools.page_comparison import TOP, Reader, read_requests, set_environment

PACKAGE = str(TOP / "register") + "/"
FORM_AGE = 4  # seconds: the report form refuses what is sent sooner
_ACCOUNT = "Je filmais le conseil depuis le public. Le maire a fait éteindre ma caméra."


def files_of(request: Callable[[], Any]) -> set[str]:
    """The files of the register whose functions a request calls."""
    files: set[str] = set()

    def profile(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            files.add(frame.f_code.co_filename)

    sys.setprofile(profile)
    try:
        answer = request()
    finally:
        sys.setprofile(None)
    if answer.status_code not in (200, 303):
        raise RuntimeError(f"refused: {answer.status_code}")
    return files


def hidden_fields(page: Any) -> dict[str, str]:
    """The hidden fields of a page, and its boxes, ticked."""
    fields = {}
    for tag in re.findall(r"<input[^>]*>", page.text):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") == "hidden":
            fields[attributes["name"]] = attributes.get("value", "")
        elif attributes.get("type") == "checkbox":
            fields[attributes["name"]] = attributes.get("value", "y")
    return fields


def main(site: Path) -> None:
    """Send the three requests and print the number of files of each."""
    plan = read_requests(site)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "register"
        shutil.copytree(site / "reports", folder)
        set_environment(folder)
        from register import create_app

        app = create_app()
        reporter = Reader(app, None, "")
        member = Reader(app, plan["moderator"], plan["password"])
        token = hidden_fields(reporter.request("/signaler", None))["jeton"]
        time.sleep(FORM_AGE)
        report = {"jeton": token, "recit": _ACCOUNT, "lieu": "Gagny", "etape": "envoyer"}
        address = f"/moderation/dossiers/{plan['ready']}/publier"
        publication = {**hidden_fields(member.request(address, None)), "reason": "relu"}
        counts = {
            "report": files_of(lambda: reporter.request("/signaler", report)),
            "publication": files_of(lambda: member.request(address, publication)),
            "search": files_of(lambda: reporter.request("/incidents?q=filmer", None)),
        }
    for kind, files in counts.items():
        print(f"{kind}: {len(files)} files")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
