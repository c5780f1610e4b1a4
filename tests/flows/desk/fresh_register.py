"""A register as it is on its first day: opened, served and followed, and nobody a member of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from raw_http import ADDRESS, Served, command, environ, free_port

from register.config import Settings


@dataclass(frozen=True)
class FreshRegister:
    """Where it answers, and the link that ``webcitoyen init`` printed for the first member."""

    base: str
    first_link: str
    env: Mapping[str, str]

    def confirm(self, email: str) -> None:
        """``webcitoyen member confirm``: whoever holds the machine knows that it is a person."""
        words = command("member", "confirm", email)
        subprocess.run(words, env=dict(self.env), capture_output=True, check=True)


@contextmanager
def serve_fresh_register(settings: Settings) -> Iterator[FreshRegister]:
    """``webcitoyen init`` and ``webcitoyen serve``, on a free loopback port."""
    port = free_port()
    base = f"http://{ADDRESS}:{port}"
    variables = {
        "REGISTER_BASE_URL": base,
        "REGISTER_DATABASE_URL": settings.database_url,
        "REGISTER_REQUIRE_2FA": "on",
    }
    env = environ(settings) | variables
    link = _first_link(env)
    served = Served(command("serve", "--port", str(port)), settings, **variables)
    try:
        served.first_line()
        yield FreshRegister(base, link, env)
        assert "Traceback" not in served.logged(), served.logged()
        assert served.end() == 0
    finally:
        served.close()


def _first_link(env: dict[str, str]) -> str:
    run = subprocess.run(command("init"), env=env, capture_output=True, text=True, check=True)
    match = re.search(r"http://\S+/compte/invitation/\S+", run.stdout)
    assert match, run.stdout
    return match[0]
