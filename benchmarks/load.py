"""Requests per second and latency of one address, by wrk on loopback."""

from __future__ import annotations

import random
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

_REPORT = """
local count, fresh = %d, %s
request = function()
  if not fresh then return wrk.format(nil, wrk.path) end
  count = count + 1
  local mark = string.find(wrk.path, "?", 1, true) and "&" or "?"
  return wrk.format(nil, wrk.path .. mark .. "n=" .. count)
end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %%d %%d %%d %%d\\n", summary.requests, summary.duration,
    latency:percentile(95.0), summary.errors.status + summary.errors.connect
      + summary.errors.read + summary.errors.timeout))
end
"""


@dataclass(frozen=True)
class Measure:
    """Requests per second, and the time within which 95 % were answered, in milliseconds."""

    rate: float
    p95: float


def measure(url: str, seconds: int = 4, connections: int = 8, *, fresh: bool = False) -> Measure:
    """Load one address for a few seconds.

    :param fresh: never ask the same address twice, so that every page has to be made.
    :raises RuntimeError: an answer was an error.
    """
    _wrk(url, 1, connections, fresh)  # the first requests compile templates and statements
    requests, micros, p95, errors = _wrk(url, seconds, connections, fresh)
    if errors:
        raise RuntimeError(f"{errors} errors on {url}")
    return Measure(requests / (micros / 1e6), p95 / 1e3)


def _wrk(url: str, seconds: int, connections: int, fresh: bool) -> tuple[int, int, int, int]:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "report.lua"
        told = _REPORT % (random.randrange(10**9), "true" if fresh else "false")
        script.write_text(told, encoding="ascii")
        told = subprocess.run(
            ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script), url],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", told)
    if found is None:
        raise RuntimeError(told)
    requests, micros, p95, errors = (int(part) for part in found.groups())
    return requests, micros, p95, errors
