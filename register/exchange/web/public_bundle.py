"""Download of the public bundle of a case."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from functools import partial

from flask import Response, request
from flask.typing import ResponseReturnValue

from register.cases import pieces
from register.cases.queries import PublicCase, load_public_case
from register.cases.web.field_texts import printed_fields
from register.cases.web.public.cases import load_requested_case
from register.cases.web.public.piece_view import find_copy, incident_id
from register.concurrency_limit import Bulkhead
from register.db import db
from register.errors import NotFound
from register.exchange import public_bundle
from register.exchange.public_bundle import FileReaders, PublicBundle
from register.web.blueprints import public
from register.web.request_context import sealed_files, settings
from register.web.standalone import standalone_page

# Bundles are made by two threads at a time: one with files is read to its end by the client, who
# may be slow, and holds its thread meanwhile.
bundle_queue = Bulkhead(2, 6, 10.0)


@public.get("/incidents/<number>.zip", endpoint="bundle")
def bundle(number: str) -> ResponseReturnValue:
    """What anybody may keep of a case: page, proof, lines and files, as a ZIP archive.

    :raises Unavailable: ``busy``, while too many others are made.
    """
    public_case = load_requested_case(number)
    with ExitStack() as stack:
        stack.enter_context(bundle_queue.turn())
        version = public_case.version if request.args.get("version") else None
        gathered = public_bundle.gather(db.session(), public_case.number, version)
        parts = public_bundle.stream(
            gathered, bundle_page(public_case, gathered), file_readers(public_case, gathered)
        )
        # A slow client must not hold a transaction open, which would keep erased words in
        # SQLite's log.
        db.session.rollback()
        # Without files it is as small as a page, and kept as one.
        response = Response(parts if gathered.files else b"".join(parts))
        response.call_on_close(stack.pop_all().close)
    response.mimetype = "application/zip"
    name = f"cas-{public_case.number}"
    name += "" if public_case.is_current else f"-ligne-{public_case.version}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.zip"'
    # The texts must not stay in the index of a search engine after the case is erased.
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def file_readers(public_case: PublicCase, gathered: PublicBundle) -> FileReaders:
    """Those of the files that people see now; some of an earlier version may be hidden.

    :raises Unavailable: the key of the case or the key store is missing.
    """
    if not gathered.files:
        return {}
    present = load_public_case(db.session(), public_case.number)
    digests = pieces.document_digests(present.snapshot.content)
    case_id, files = incident_id(public_case), sealed_files()
    readers = {}
    for digest in {file.digest for file in gathered.files} & digests:
        with suppress(NotFound):
            readers[digest] = partial(files.parts, find_copy(case_id, digest))
    return readers


def bundle_page(public_case: PublicCase, gathered: PublicBundle) -> bytes:
    """The page of a version, readable and printable without the register."""
    return standalone_page(
        "exchange/bundle.html",
        case=public_case,
        bundle=gathered,
        fields=printed_fields(public_case.snapshot.content),
        base_url=settings().base_url,
    )
