"""A PostgreSQL server of our own, for tests and measures: one Unix socket, nothing kept."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine


@dataclass(frozen=True)
class PostgresServer:
    """A server that runs: the folder of its socket, and that of its programs."""

    socket: Path
    tools: Path

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return f"postgresql+psycopg://register@/{database}?host={self.socket}"

    def execute(self, *statements: str) -> None:
        """Run statements that no transaction may hold, such as CREATE DATABASE."""
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
        engine.dispose()


def postgres_programs() -> Path | None:
    """The folder of ``initdb`` and ``pg_ctl``, which Debian keeps off the PATH; None without."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name)
    if debian:
        return debian[-1]
    initdb = shutil.which("initdb")
    return Path(initdb).parent if initdb else None


@contextmanager
def running_server(
    tools: Path, *options: str, primary: PostgresServer | None = None
) -> Iterator[PostgresServer]:
    """A server that ends with the block.

    :param options: settings of the server, ``name=value``, beside those that keep it to itself.
    :param primary: the server that it replicates, by streaming.
    """
    # Not a folder of pytest's, which other users, the server's among them, cannot enter.
    top = Path(tempfile.mkdtemp(prefix="register-pg-"))
    data = top / "data"
    owner: dict[str, object] = {}
    if os.geteuid() == 0:
        # The server refuses to run as root.
        account = pwd.getpwnam("postgres")
        os.chown(top, account.pw_uid, account.pw_gid)
        owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def run(tool: str, *arguments: str) -> None:
        with (top / "tools.log").open("a") as log:
            subprocess.run(
                [tools / tool, "-D", data, *arguments],
                check=True,
                cwd=top,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **owner,
            )

    option_settings = (
        "listen_addresses=''",
        f"unix_socket_directories={top}",
        "fsync=off",
        *options,
    )
    option_flags = " ".join(f"-c {option}" for option in option_settings)
    try:
        if primary is None:
            run("initdb", "-U", "register", "-A", "trust", "-E", "UTF8", "--no-locale", "-N")
        else:
            run("pg_basebackup", "-h", str(primary.socket), "-U", "register", "-R", "-c", "fast")
        run("pg_ctl", "-w", "-o", option_flags, "-l", str(top / "server.log"), "start")
        yield PostgresServer(top, tools)
    finally:
        if (data / "postmaster.pid").exists():
            run("pg_ctl", "-m", "immediate", "stop")
        shutil.rmtree(top, ignore_errors=True)
