"""Requests per second and latency of one address, by wrk on loopback."""

from __future__ import annotations

import random
import re
import statistics
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
  return wrk.format(nil, wrk.path .. mark .. "utm_n=" .. count)
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


# Many short ones: a machine is not equally fast for minutes, and a pair of neighbours is fairest.
ROUNDS = 15


@dataclass(frozen=True)
class Comparison:
    """Medians of the requests per second of two addresses, and of the ratios of their rounds."""

    first: float
    second: float
    ratio: float


@dataclass(frozen=True)
class Load:
    """The number of clients and the seconds of a load on an address."""

    seconds: int = 4
    connections: int = 8

    def measure(
        self, url: str, *, fresh: bool = False, tag: str = "", warm: bool = True
    ) -> Measure:
        """Load one address.

        :param fresh: never ask the same address twice, so that every page has to be made.
        :param tag: the ETag that the reader says it has.
        :param warm: load it for a second first: the first requests compile templates.
        :raises RuntimeError: an answer was an error.
        """
        if warm:
            self._wrk(url, 1, fresh, tag)
        requests, micros, p95, errors = self._wrk(url, self.seconds, fresh, tag)
        if errors:
            raise RuntimeError(f"{errors} errors on {url}")
        return Measure(requests / (micros / 1e6), p95 / 1e3)

    def compare(self, first: str, second: str, *, fresh: bool = False) -> Comparison:
        """Load two addresses alternately; the ratio is the second's rate by the first's."""
        rates: dict[str, list[float]] = {first: [], second: []}
        for turn in range(ROUNDS):
            for url in list(rates)[:: -1 if turn % 2 else 1]:
                rates[url].append(self.measure(url, fresh=fresh, warm=turn == 0).rate)
        pairs = zip(rates[first], rates[second], strict=True)
        ratio = statistics.median(later / earlier for earlier, later in pairs)
        return Comparison(statistics.median(rates[first]), statistics.median(rates[second]), ratio)

    def _wrk(self, url: str, seconds: int, fresh: bool, tag: str) -> tuple[int, int, int, int]:
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder) / "report.lua"
            wrk_text = _REPORT % (random.randrange(10**9), "true" if fresh else "false")
            script.write_text(wrk_text, encoding="ascii")
            command = ["wrk", "-t1", f"-c{self.connections}", f"-d{seconds}s", "-s", str(script)]
            if tag:
                command += ["-H", f"If-None-Match: {tag}"]
            wrk_text = subprocess.run(
                [*command, url], capture_output=True, text=True, check=True
            ).stdout
        match = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+)", wrk_text)
        if match is None:
            raise RuntimeError(wrk_text)
        requests, micros, p95, errors = (int(part) for part in match.groups())
        return requests, micros, p95, errors
