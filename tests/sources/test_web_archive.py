"""Web archives of sources can be read and checked by warcio, and have the bytes that were sent."""

from __future__ import annotations

import io

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from register.sources.page_fetch import PageFetcher
from register.sources.web_archive import write_warc
from tests.sources.web_hosts import loopback_rules, redirect, reply, serving

# Every byte value, and what looks like the end of a record.
BODY = bytes(range(256)) * 300 + b"\r\n\r\nWARC/1.1\r\nHTTP/1.1 200 OK\r\n\r\n" + "été".encode()


def chunked(connection, _request):
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-Folded: a\r\n b\r\n"
    connection.sendall(head + "X-Accent: été\r\n".encode("latin-1"))
    connection.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
    for start in range(0, len(BODY), 1_000):
        part = BODY[start : start + 1_000]
        connection.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
    connection.sendall(b"0\r\n\r\n")


def archive_of(answers, path="/"):
    with serving(answers) as host:
        fetcher = PageFetcher("WebCitoyen/essai", rules=loopback_rules(host))
        exchanges = fetcher.fetch(f"http://presse.fr:{host.port}{path}")
    return exchanges, write_warc(exchanges, "WebCitoyen essai")


@pytest.mark.parametrize(
    "answer",
    [
        reply(BODY),
        reply(b""),
        reply(BODY, headers=["Content-Encoding: gzip", "Content-Type: text/html"]),
        chunked,
    ],
    ids=["plain", "empty", "wrong encoding", "chunked"],
)
def test_the_payload_is_byte_for_byte_what_was_sent(answer):
    exchanges, warc = archive_of({"/": answer})
    records = ArchiveIterator(io.BytesIO(warc), check_digests="raise")
    payloads = {record.rec_type: record.raw_stream.read() for record in records}
    assert list(payloads) == ["warcinfo", "response", "request"]
    assert payloads["response"] == exchanges[-1].body
    if answer is not reply(b""):
        assert payloads["response"] in (BODY, b"")


def test_redirects_are_in_the_archive_before_the_page():
    exchanges, warc = archive_of({"/": redirect("/fin"), "/fin": reply(BODY)})
    responses = [
        (record.rec_headers.get_header("WARC-Target-URI"), record.http_headers.get_statuscode())
        for record in ArchiveIterator(io.BytesIO(warc))
        if record.rec_type == "response"
    ]
    assert responses == [(exchanges[0].url, "302"), (exchanges[1].url, "200")]


def test_warcio_finds_no_fault(tmp_path, capsys):
    path = tmp_path / "copie.warc.gz"
    path.write_bytes(archive_of({"/": redirect("/fin"), "/fin": chunked})[1])

    class Command:
        inputs = (str(path),)
        verbose = True

    assert Checker(Command()).process_all() == 0
    assert capsys.readouterr().out.count("digest pass") == 5


def test_the_archive_says_who_and_when_and_not_on_which_machine():
    import socket

    exchanges, warc = archive_of({"/": reply(BODY)})
    records = {record.rec_type: record.rec_headers for record in ArchiveIterator(io.BytesIO(warc))}
    assert records["response"].get_header("WARC-IP-Address") == "127.0.0.1"
    date = records["response"].get_header("WARC-Date")
    assert date.startswith(exchanges[0].at.strftime("%Y-%m-%dT%H:%M:%S"))
    assert records["request"].get_header("WARC-Date") == date
    import gzip

    assert socket.gethostname().encode() not in gzip.decompress(warc)
