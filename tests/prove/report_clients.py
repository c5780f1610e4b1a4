"""Clients that report, on sockets of their own, from an address that the test chooses."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from form_client import FormParser
from raw_http import Served, command, connect, get, read_response, send_raw, until
from report_factory import receipt_code

from register.config import Settings
from register.server.process_start import WEB, WORKER

PATIENCE = 40.0  # seconds that a citizen waits for an answer
STARTED = 5.0  # seconds after which a server that was killed answers again


@dataclass(frozen=True)
class HttpAnswer:
    """An answer over HTTP."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def code(self) -> str:
        """The code of a receipt; empty on any other page."""
        return receipt_code(self.status, self.text)


class ReportClient:
    """Somebody with a browser.

    :param source: the address that they come from, of this machine.
    :param lines: header lines of each of their requests.
    """

    def __init__(self, port: int, source: str = "", lines: Iterable[bytes] = ()) -> None:
        self.port, self.source, self.lines = port, source, tuple(lines)

    def get(self, path: str) -> HttpAnswer:
        """Open a page."""
        return self._send(get(path.encode(), *self.lines))

    def post(self, path: str, fields: Mapping[str, str]) -> HttpAnswer:
        """Send a form."""
        body = urlencode(fields).encode("ascii")
        return self._post(path, body, "application/x-www-form-urlencoded")

    def _post(self, path: str, body: bytes, content_type: str) -> HttpAnswer:
        head = [
            f"POST {path} HTTP/1.1".encode(),
            b"Host: 127.0.0.1",
            f"Content-Type: {content_type}".encode(),
            b"Content-Length: %d" % len(body),
            *self.lines,
        ]
        return self._send(b"\r\n".join(head) + b"\r\n\r\n" + body)

    def form(self) -> str:
        """The token of a form that was just opened."""
        answer = self.get("/signaler")
        if answer.status != 200:
            raise ConnectionError(answer.status)
        return token(answer, "/signaler")

    def report(self, form: str, account: str, **other_fields: str) -> HttpAnswer:
        """Send a report without looking at it once more."""
        return self.post(
            "/signaler", {"jeton": form, "recit": account, **other_fields, "etape": "envoyer"}
        )

    def report_with_files(
        self, form: str, account: str, *contents: bytes, name: str = "a", **other_fields: str
    ) -> HttpAnswer:
        """Send a report with files at once, as a form without JavaScript does."""
        body, content_type = form_with_files(form, account, *contents, name=name, **other_fields)
        return self._post("/signaler/avec-fichiers", body, content_type)

    def follow(self, code: str) -> HttpAnswer:
        """The page of a report, opened by its code."""
        return self.post("/suivi", {"code": code})

    def write(self, page: HttpAnswer, action: str, **typed: str) -> HttpAnswer:
        """Fill in one of the forms of a page of a report, and send it."""
        return self.post(action, {**fields(page, action), **typed})

    def _send(self, data: bytes) -> HttpAnswer:
        # Like a proxy, it closes the connection itself, and at once.
        data = data.replace(b"Connection: close\r\n", b"")
        with connect(self.port, self.source) as connection:
            # One may wait for the pen, and then for the key store as long again.
            connection.settimeout(PATIENCE)
            connection.sendall(data)
            status, headers, body = read_response(connection)
        return HttpAnswer(status, headers, body.decode())


def form_with_files(
    form: str, account: str, *contents: bytes, name: str = "a", **other_fields: str
) -> tuple[bytes, str]:
    """The body of a report with files of one name, and its type."""
    mark = secrets.token_hex(16).encode()
    fields = {"jeton": form, "recit": account, **other_fields, "etape": "envoyer"}
    parts = [
        b'--%b\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
        % (mark, key.encode(), value.encode())
        for key, value in fields.items()
    ]
    parts += [
        b'--%b\r\nContent-Disposition: form-data; name="f"; filename="%b"\r\n\r\n%b\r\n'
        % (mark, name.encode(), content)
        for content in contents
    ]
    body = b"".join(parts) + b"--%b--\r\n" % mark
    return body, f"multipart/form-data; boundary={mark.decode()}"


def fields(page: HttpAnswer, action: str) -> dict[str, str]:
    """The fields that a form of a page would send unchanged."""
    forms = [form for form in FormParser(page.text).forms if form.action == action]
    assert forms, (action, page.status)
    return dict(forms[0].fields)


def token(page: HttpAnswer, action: str) -> str:
    """The token of a form of a page."""
    return fields(page, action)["jeton"]


# --- a server that is killed ------------------------------------------------------------------


class Serve(Served):
    """``webcitoyen serve`` on a port of the test's choice."""

    def __init__(self, settings: Settings, port: int, *options: str, **variables: str) -> None:
        super().__init__(command("serve", "--port", str(port), *options), settings, **variables)
        self.port = port

    def is_up(self) -> bool:
        """Whether it answers."""
        with suppress(OSError):
            return send_raw(self.port, get(b"/signaler"))[0] == 200
        return False

    def kill_all(self) -> None:
        """End all of its processes at once: none may have noticed that another one is gone."""
        every = [self.process.pid, self.child(WEB), self.child(WORKER)]
        for number in every:
            os.kill(number, signal.SIGKILL)
        self.process.wait()
        until(lambda: not any(map(_runs, every)))


def _runs(number: int) -> bool:
    with suppress(OSError):
        stat = Path(f"/proc/{number}/stat").read_text("ascii")
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False
