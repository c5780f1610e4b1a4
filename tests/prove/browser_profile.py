"""A Chromium with a profile on disk, a site served to it over HTTPS, and a search of the profile.

The browser is started as a person's is, with a flag to trust the test's certificate: it caches
nothing that is served with a certificate that it doubts.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import os
import select
import signal
import socket
import ssl
import subprocess
import threading
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, quote_plus

from chromium import FLAGS, program
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import BrowserContext, Playwright
from raw_http import until

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Certificate:
    """A self-signed certificate with its key, and the hash of the key for Chromium's flag."""

    path: Path
    key_hash: str


def certificate(folder: Path) -> Certificate:
    """Make a certificate for this machine's own address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - day)
        .not_valid_after(today + 30 * day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return Certificate(path, base64.b64encode(hashlib.sha256(public).digest()).decode())


@contextmanager
def https(port: int, certificate: Certificate) -> Iterator[str]:
    """The HTTPS address of a proxy that hands everything on to a local port, byte by byte."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.path)
    listener = socket.create_server((HOST, 0))
    threading.Thread(target=_accept, args=(listener, context, port), daemon=True).start()
    try:
        yield f"https://localhost:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _accept(listener: socket.socket, context: ssl.SSLContext, port: int) -> None:
    while True:
        try:
            client, _address = listener.accept()
        except OSError:
            return
        threading.Thread(target=_relay, args=(client, context, port), daemon=True).start()


def _relay(client: socket.socket, context: ssl.SSLContext, port: int) -> None:
    """Hand bytes on in both directions until one side closes."""
    # A browser that is killed closes nothing properly.
    with (
        suppress(OSError),
        closing(client),
        context.wrap_socket(client, server_side=True) as near,
        closing(socket.create_connection((HOST, port))) as far,
    ):
        while True:
            ready = [near] if near.pending() else select.select([near, far], [], [], 60)[0]
            for source in ready:
                data = source.recv(65_536)
                if not data:
                    return
                (far if source is near else near).sendall(data)


@dataclass
class Running:
    """A started browser: its process, and its windows."""

    process: subprocess.Popen[bytes]
    context: BrowserContext

    def close(self) -> None:
        """Close it as a person does, by its own command."""
        assert self.context.browser
        session = self.context.browser.new_browser_cdp_session()
        with suppress(Exception):
            session.send("Browser.close")
        self.process.wait(30)

    def kill(self) -> None:
        """End it and all its processes at once, as a phone without power does."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(30)


@contextmanager
def chromium(playwright: Playwright, profile: Path, certificate: Certificate) -> Iterator[Running]:
    """Chromium on a profile folder; whatever a test did, none of its processes is left."""
    running = start(playwright, profile, certificate)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()


def start(playwright: Playwright, profile: Path, certificate: Certificate) -> Running:
    """Start Chromium on a profile folder."""
    port_file = profile / "DevToolsActivePort"
    port_file.unlink(missing_ok=True)
    trusted = f"--ignore-certificate-errors-spki-list={certificate.key_hash}"
    options = (f"--user-data-dir={profile}", "--remote-debugging-port=0", "--headless=new", trusted)
    process = subprocess.Popen(
        [program(), *FLAGS, *options, "about:blank"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    until(lambda: port_file.exists() and port_file.read_text(), 60, lambda: "no Chromium")
    port = port_file.read_text().split()[0]
    browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
    context = browser.contexts[0]
    context.set_default_timeout(20_000)
    return Running(process, context)


def traces(profile: Path, needles: Mapping[str, str]) -> list[str]:
    """Which of some texts stand in which file of a profile, as ``file: name``, in any encoding.

    Compressed answers of the cache are read as well. LevelDB's compression (Snappy) leaves the
    first occurrence of a rare word as it is: the texts that are looked for are rare ones.
    """
    encodings = {name: _encodings(text) for name, text in needles.items()}
    occurrences = []
    for path in sorted(profile.rglob("*")):
        if not path.is_file() or path.is_symlink():
            continue
        data = path.read_bytes()
        data = b"\n".join([data, *_decompressed(data)]).lower()
        occurrences += [
            f"{path.relative_to(profile)}: {name}"
            for name, forms in encodings.items()
            if any(form in data for form in forms)
        ]
    return occurrences


def _encodings(text: str) -> set[bytes]:
    """A text as a browser may store it, in lower case."""
    forms = {text, quote(text, safe=""), quote(text), quote_plus(text)}
    forms |= {text.encode("unicode_escape").decode(), text.replace("'", "&#39;")}
    encoded = {form.lower().encode(code) for form in forms for code in ("utf-8", "utf-16-le")}
    return encoded | {base64.b64encode(text.encode())[:-4].lower()}


def _decompressed(data: bytes) -> Iterator[bytes]:
    """The content of every gzip stream in a file."""
    offset = data.find(b"\x1f\x8b\x08")
    while offset >= 0:
        with suppress(zlib.error):
            yield zlib.decompressobj(wbits=31).decompress(data[offset:])
        offset = data.find(b"\x1f\x8b\x08", offset + 1)
