"""nginx and Caddy as the examples set them up, in front of a register."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from raw_http import ADDRESS, free_port, until

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "exemples"
PROXIED = {"REGISTER_BASE_URL": "https://localhost", "REGISTER_TRUSTED_PROXIES": "1"}


def make_certificate(folder: Path) -> Path:
    """A folder with the certificate and key of ``localhost``."""
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    words += " -subj /CN=localhost -keyout privkey.pem -out fullchain.pem"
    subprocess.run(["openssl", *words.split()], cwd=folder, check=True, capture_output=True)
    return folder


@dataclass
class Proxy:
    """A proxy that runs, and the folder of all that it writes."""

    port: int
    plain_port: int
    folder: Path

    def written(self) -> str:
        """Everything in its folder but its own settings and the certificate."""
        return "\n".join(
            f"{path.name}: {path.read_text('utf-8', 'replace')}"
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name not in ("nginx.conf", "Caddyfile")
        )


def nginx(proxy: Proxy, register: int, certificate: Path) -> list[str]:
    """The command that runs the example, its paths and ports replaced."""
    text = (EXAMPLES / "nginx.conf").read_text("utf-8")
    text = text.replace("127.0.0.1:5000", f"{ADDRESS}:{register}")
    text = text.replace("/etc/ssl/registre.example", str(certificate))
    text = text.replace("registre.example", "localhost")
    text = re.sub(r"listen \[::\]:\d+( ssl http2)?;", "", text)
    text = text.replace("listen 80;", f"listen {proxy.plain_port};")
    text = text.replace("listen 443 ssl http2;", f"listen {proxy.port} ssl http2;")
    text = text.replace("/run/nginx.pid", str(proxy.folder / "nginx.pid"))
    text = text.replace("/var/log/nginx", str(proxy.folder))
    (proxy.folder / "nginx.conf").write_text(text)
    return ["nginx", "-c", str(proxy.folder / "nginx.conf"), "-g", "daemon off;"]


def caddy(proxy: Proxy, register: int, certificate: Path) -> list[str]:
    """The command that runs the example, its name, ports and certificate replaced."""
    text = (EXAMPLES / "Caddyfile").read_text("utf-8")
    text = text.replace("127.0.0.1:5000", f"{ADDRESS}:{register}")
    text = text.replace("\n{\n", f"\n{{\n\tadmin off\n\thttp_port {proxy.plain_port}\n", 1)
    pair = f"{certificate}/fullchain.pem {certificate}/privkey.pem"
    text = text.replace("registre.example {", f"https://localhost:{proxy.port} {{\n\ttls {pair}")
    (proxy.folder / "Caddyfile").write_text(text)
    return ["caddy", "run", "--config", str(proxy.folder / "Caddyfile")]


PROXIES: dict[str, Callable[[Proxy, int, Path], list[str]]] = {"nginx": nginx, "caddy": caddy}


@contextmanager
def running_proxy(
    name: str, register: int, certificate: Path, folder: Path, change: Callable[[str], str] = str
) -> Iterator[Proxy]:
    """The proxy of that name in front of a port; ``change`` alters its file for a counter-proof."""
    if not shutil.which(name):
        pytest.skip(f"no {name}")
    proxy = Proxy(free_port(), free_port(), folder)
    folder.mkdir()
    command = PROXIES[name](proxy, register, certificate)
    file = next(folder.iterdir())
    file.write_text(change(file.read_text("utf-8")), "utf-8")
    environ = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "PATH": "/usr/sbin:/usr/bin"}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environ)
        try:
            until(lambda: _listens(proxy.port) or process.poll() is not None, 15, proxy.written)
            assert process.poll() is None, proxy.written()
            yield proxy
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection((ADDRESS, port), timeout=1):
        return True
    return False
