"""How long after a moderator publishes the case stands where readers look for it."""

from __future__ import annotations

import time
from urllib.parse import quote

from sqlalchemy import Engine

from benchmarks.seeding import Members, publish_case
from benchmarks.servers import RegisterServer
from register.cases.case_content import Content, SourceContent
from register.db import now
from register.journal import writing
from register.text.dates import paris_day

COMMUNE = "92062"
PATIENCE = 30  # seconds


def measure_delays(
    engine: Engine, server: RegisterServer, members: Members, times: int
) -> dict[str, float]:
    """For each place, the longest of some publications, from taking the pen to being read.

    The pages are kept when the case is published, and the reader says which it has.
    """
    longest: dict[str, float] = {}
    for turn in range(times):
        mark = f"Mesure {time.time_ns()}-{turn}"
        places = {
            "list": "/incidents",
            "place": f"/communes/{COMMUNE}",
            "feed": "/incidents.atom",
            "feed of the place": f"/communes/{COMMUNE}.atom",
            "search": f"/incidents?q=%22{quote(mark)}%22",
        }
        tags = {name: server.get(path)[1].get("etag", "") for name, path in places.items()}
        begun = time.perf_counter()
        with writing(engine) as tx:
            number = publish_case(tx, case_content(mark), members)
        places["case"] = f"/incidents/{number}"
        for name, path in places.items():
            _wait(server, path, tags.get(name, ""), mark)
            longest[name] = max(longest.get(name, 0.0), time.perf_counter() - begun)
    return longest


def _wait(server: RegisterServer, path: str, tag: str, mark: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        status, _headers, body = server.get(path, If_None_Match=tag or '""')
        if status == 200 and mark.encode() in body:
            return
        time.sleep(0.005)
    raise RuntimeError(f"{mark} is not on {path}")


def case_content(mark: str) -> Content:
    """The content of a publishable case with a title."""
    return Content(
        title=mark,
        summary=mark,
        narrative="Selon le blog, la séance a été **suspendue**.",
        date=paris_day(now()).isoformat(),
        commune=COMMUNE,
        level="commune",
        actor="maire",
        target="blogueur",
        outlets=("Le Cahier",),
        types=("interdiction_filmer",),
        evidence="documente",
        outcome="inconnue",
        sources=(SourceContent(url="https://journal.example/a", kind="presse", label="presse"),),
    )
