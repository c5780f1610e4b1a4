"""Captures are recognised by their content; a web archive is read in the restricted child."""

from __future__ import annotations

import gzip
import io
import re
from datetime import date

import pytest
from warc_samples import ADDRESS, OTHER, a_warc

from register.errors import Invalid
from register.evidence import captures
from register.evidence.captures import WARC, archived_day, recognise_capture
from register.evidence.clean_copy import copies
from register.evidence.clean_copy.limits import CopyLimits

TODAY = date(2026, 3, 2)
DAY = date(2019, 5, 4)


def day_of(content, address=ADDRESS):
    return archived_day(io.BytesIO(content), address, TODAY)


def refusal(content, address=ADDRESS):
    with pytest.raises(Invalid) as caught:
        day_of(content, address)
    return caught.value


@pytest.mark.parametrize("is_gzip", [True, False])
def test_a_web_archive_is_recognised_and_gives_the_day_of_its_page(is_gzip):
    warc = a_warc((OTHER, "2018-01-01", 200), (ADDRESS, "2019-05-04", 200), is_gzip=is_gzip)
    assert recognise_capture(warc, len(warc)) == WARC
    assert day_of(warc) == DAY


@pytest.mark.parametrize(
    ("content", "mime"), [(b"%PDF-1.7", "application/pdf"), (b"WARC is a word.", "text/plain")]
)
def test_other_captures_are_files_of_evidence(content, mime):
    assert recognise_capture(content, len(content)) == mime


@pytest.mark.parametrize(
    "content",
    [gzip.compress(b"<html>", mtime=0), b"\x1f\x8b\x08bad", b"<svg onload=alert(1)>", b"MZ\x90\0"],
)
def test_neither_another_archive_nor_markup_is_a_capture(content):
    with pytest.raises(Invalid) as caught:
        recognise_capture(content, len(content))
    assert caught.value.key == "evidence_kind"


@pytest.mark.parametrize(
    "address",
    [
        "http://presse.test/article",
        "https://www.PRESSE.test:443/article#haut",
        "https://presse.test/%61rticle",
    ],
)
def test_one_page_has_several_spellings(address):
    assert day_of(a_warc((address, "2019-05-04", 200))) == DAY


def test_the_last_day_counts_and_a_redirect_is_a_page():
    warc = a_warc((ADDRESS, "2019-05-04", 302), (ADDRESS, "2018-05-04", 200))
    assert day_of(warc) == DAY


def test_another_page_and_an_error_of_the_site_are_not_the_page():
    error = refusal(a_warc((OTHER, "2019-05-04", 200), (ADDRESS, "2019-05-04", 404)))
    assert (error.key, error.values) == ("capture_other_page", {"address": OTHER})
    assert refusal(a_warc((ADDRESS, "2019-05-04", 404))).key == "capture_no_page"


def test_a_day_to_come_is_refused():
    assert refusal(a_warc((ADDRESS, "2026-03-03", 200))).key == "capture_future"


def _plain():
    return a_warc((ADDRESS, "2019-05-04", 200), is_gzip=False)


@pytest.mark.parametrize(
    "content",
    [
        a_warc((ADDRESS, "2019-05-04", 200))[:-40],
        _plain().replace(b"<html>", b"<HTML>"),
        _plain()[:-30],
        re.sub(rb"Content-Length: \d+\r\n\r\nHTTP", b"Content-Length: -1\r\n\r\nHTTP", _plain()),
        b"WARC/1.0\r\n",
        b"WARC/1.0\r\n\r\n",
        _plain().replace(b"2019-05-04T", b"hier"),
    ],
    ids=["cut gzip", "digest", "cut", "length", "one line", "no headers", "date"],
)
def test_a_damaged_archive_is_refused(content):
    assert refusal(content).key in ("capture_archive", "capture_no_page")


@pytest.mark.parametrize(
    ("bounds", "content"),
    [
        ({"pages": 2}, a_warc(*[(ADDRESS, "2019-05-04", 200)] * 3)),
        ({"copy_bytes": 1_000_000}, a_warc((ADDRESS, "2019-05-04", 200), body=bytes(2_000_000))),
        ({"source_bytes": 100}, a_warc((ADDRESS, "2019-05-04", 200))),
        # One header line of 80 MB, in 350 kB.
        (
            {"memory": 96 << 20, "cpu": 5, "wait": 8},
            gzip.compress(b"WARC/1.0\r\nX: " + bytes(80_000_000), 1),
        ),
    ],
    ids=["records", "inflation", "size", "line"],
)
def test_an_archive_beyond_the_limits_is_refused(monkeypatch, bounds, content):
    monkeypatch.setattr(copies, "ARCHIVE_LIMITS", CopyLimits(**bounds))
    assert refusal(content).key == "capture_archive_large"


def test_nothing_of_an_archive_is_written_to_the_log(capfd):
    warc = _plain() + b"un-nom-secret\r\n\r\n"
    assert refusal(warc).key == "capture_archive"
    assert capfd.readouterr() == ("", "")


def test_an_answer_of_the_child_is_that_of_a_stranger(monkeypatch):
    answer = {"day": "demain", "first": ADDRESS}
    monkeypatch.setattr(captures.copies, "find_archived_page", lambda *_: answer)
    assert refusal(b"").key == "capture_archive"
