"""Servers on loopback that stand for the hosts of sources, and rules that let a test reach them."""

from __future__ import annotations

import datetime as dt
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from ipaddress import ip_address
from pathlib import Path
from socket import SHUT_RDWR, create_server, socket

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from register.sources.public_addresses import Address, AddressRules, is_public

LOOPBACK = "127.0.0.1"
# Answers one request: it writes to the connection, which is closed after it.
Answer = Callable[[socket, bytes], None]


def reply(
    body: bytes = b"",
    *,
    status: str = "200 OK",
    headers: Sequence[str] = ("Content-Type: text/html; charset=utf-8",),
) -> Answer:
    """An ordinary answer."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "Connection: close"]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"

    def answer(connection: socket, request: bytes) -> None:
        connection.sendall(head if request.startswith(b"HEAD") else head + body)

    return answer


def redirect(location: str) -> Answer:
    """An answer that leads to another address."""
    return reply(status="302 Found", headers=[f"Location: {location}"])


class Host:
    """A server: the path of a request → its answer. ``requests`` are those it was sent."""

    def __init__(self, answers: Mapping[str, Answer], context: ssl.SSLContext | None = None):
        self.answers = dict(answers)
        self.requests: list[bytes] = []
        self._context = context
        self._listener = create_server((LOOPBACK, 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(SHUT_RDWR)  # ends the thread that accepts
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _peer = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket) -> None:
        try:
            with closing(connection):
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
                connection.settimeout(20)
                request = b""
                while b"\r\n\r\n" not in request and (part := connection.recv(65_536)):
                    request += part
                if not request.endswith(b"\r\n\r\n"):
                    return  # no request, as where TLS was expected
                self.requests.append(request)
                path = request.split(b" ")[1].decode()
                self.answers.get(path, reply(status="404 Not Found"))(connection, request)
                connection.close()
        except (OSError, IndexError):
            pass  # the register hung up


@contextmanager
def serving(answers: Mapping[str, Answer], context: ssl.SSLContext | None = None) -> Iterator[Host]:
    host = Host(answers, context)
    try:
        yield host
    finally:
        host.close()


def loopback_rules(
    *hosts: Host, names: Mapping[str, Sequence[str]] | None = None, **options: str
) -> AddressRules:
    """Rules by which names lead to loopback, the only further network that they allow."""
    answers = dict(names or {})

    def resolve(name: str, _port: int) -> Sequence[str]:
        return answers.get(name, [name] if name[0].isdigit() else [LOOPBACK])

    def is_allowed(address: Address) -> bool:
        return address == ip_address(LOOPBACK) or is_public(address)

    return AddressRules(resolve, is_allowed, {host.port for host in hosts} | {80, 443}, **options)


def make_certificate(folder: Path, *names: str) -> tuple[ssl.SSLContext, str]:
    """The context of a server with a certificate for some names, and the file that vouches."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Autorité d’essai")])
    today = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(today - dt.timedelta(days=1))
    builder = builder.not_valid_after(today + dt.timedelta(days=1))
    alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
    builder = builder.add_extension(alternatives, critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    folder.mkdir(exist_ok=True)
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context, str(certificate_file)
