"""Responses with a stored file, read blob by blob: to show, whole or in part, or to download.

A range is answered with at most ``RANGE_BYTES``, after which a player asks for the next: a slow
reader of a long video then holds a thread for a few seconds at a time, and a stopped one for none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from flask import Response, request
from werkzeug.http import parse_range_header

from register.concurrency_limit import Bulkhead
from register.db import db
from register.errors import Unavailable
from register.evidence.sealed_files import FileManifest, SealedReader
from register.web import etag
from register.web.request_context import sealed_files

# Bytes of one answer to a request for a range (RFC 9110 §15.3.7 allows fewer than were asked for).
RANGE_BYTES = 4 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
# Threads that send files at once, and that wait for their turn; and those of whole long files.
RUNNING, WAITING, TIMEOUT = 12, 24, 10.0
RUNNING_DOWNLOADS, WAITING_DOWNLOADS = 4, 4
# A file that is opened by itself runs nothing and reaches nothing.
CONTENT_SECURITY_POLICY = "sandbox; default-src 'none'"
# A browser plays a sound or video in a page that it makes around it, which fetches it once more.
MEDIA_SECURITY_POLICY = "default-src 'none'; media-src 'self'; sandbox allow-same-origin"
_sending = Bulkhead(RUNNING, WAITING, TIMEOUT)
_downloads = Bulkhead(RUNNING_DOWNLOADS, WAITING_DOWNLOADS, TIMEOUT)


def send_file(manifest: FileManifest, *, name: str, cache_control: str) -> Response:
    """A file that a browser may show, with its digest as ETag.

    The connection to the database is given back before anything is sent.

    :raises Unavailable: ``busy``; too many files are sent at the moment.
    """
    etag.skip_caching()
    files = sealed_files()
    size, digest, mime = manifest.size, manifest.sha256, manifest.mime
    is_media = mime.startswith(("audio/", "video/"))
    headers = {
        "ETag": f'"{digest}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": cache_control,
        "Content-Security-Policy": MEDIA_SECURITY_POLICY if is_media else CONTENT_SECURITY_POLICY,
        "X-Robots-Tag": "noindex, noimageindex",
    }
    db.session.rollback()
    if etag.is_unchanged(request.environ, digest, ""):
        return Response(status=304, headers=headers)
    start, end, status = _requested_range(size, digest)
    headers["Content-Disposition"] = f'inline; filename="{name}"'
    headers["Content-Length"] = str(end - start)
    if status == 416:
        return Response(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    content_type = f"{mime}; charset=utf-8" if mime.startswith("text/") else mime
    body: Iterator[bytes] = iter(())
    if request.method != "HEAD":
        body = _file_part(files.open(manifest), start, end)
        # A missing file has its own answer while no byte is sent.
        next(body)
    return Response(body, status=status, headers=headers, content_type=content_type)


def send_attachment(manifest: FileManifest, name: str) -> Response:
    """A file that strangers made, as a download for members: a browser never shows it.

    :param name: of letters, digits, dots and dashes.
    :raises Unavailable: ``evidence_missing`` when bytes of it are gone, ``evidence_away``.
    """
    files = sealed_files()
    if not files.is_whole(manifest):
        raise Unavailable("evidence_missing")
    headers = {
        "Content-Length": str(manifest.size),
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cache-Control": "no-store",
    }
    return Response(files.parts(manifest), mimetype="application/octet-stream", headers=headers)


def _requested_range(size: int, digest: str) -> tuple[int, int, int]:
    """First byte, end and status of the answer.

    Of several ranges none is answered, nor one that stands under the condition of another file.
    """
    header, condition = request.headers.get("Range"), request.headers.get("If-Range")
    spans = parse_range_header(header) if header and condition in (None, f'"{digest}"') else None
    if spans is None or spans.units != "bytes" or len(spans.ranges) != 1:
        return 0, size, 200
    start, end = spans.ranges[0]
    if start < 0:
        # The last bytes; more than there are stand for all of them.
        start = max(0, size + start)
    if not start < size:
        return 0, 0, 416
    return start, min(end or size, size, start + RANGE_BYTES), 206


def _file_part(file: SealedReader, start: int, end: int) -> Iterator[bytes]:
    """Part of a file in chunks, after an empty one that says that it has a turn and can be read.

    It holds the turn until it is closed: by the server, or when an error replaces its response.

    :raises Unavailable: ``busy``; or bytes of the file are missing.
    """
    with ExitStack() as turns:
        if end - start > RANGE_BYTES:
            turns.enter_context(_downloads.turn())
        turns.enter_context(_sending.turn())
        file.seek(start)
        first_chunk = file.read(min(CHUNK_BYTES, end - start))
        yield b""
        yield first_chunk
        while file.tell() < end:
            yield file.read(min(CHUNK_BYTES, end - file.tell()))
