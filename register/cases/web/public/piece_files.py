"""The published files of a case.

Each request asks the database what the case shows now: a file leaves with the text that names it.
"""

from __future__ import annotations

import re

from flask import Response
from sqlalchemy import select

from register.cases import pieces, queries
from register.cases.copies import find_page
from register.cases.models import Incident
from register.cases.piece_content import COPY_MIMES
from register.cases.queries import PublicCase
from register.db import db
from register.errors import Gone, Moved, NotFound, SealError, Unavailable
from register.evidence.sealed_files import FileManifest
from register.web import urls
from register.web.blueprints import public
from register.web.file_response import send_file
from register.web.headers import PAGE_CACHE_CONTROL
from register.web.request_context import head, key_store, sealed_files

_DIGEST = re.compile(r"[0-9a-f]{64}")


@public.get("/incidents/<number>/pieces/<digest>")
def piece_file(number: str, digest: str) -> Response:
    """A file that the present version of a public case shows.

    :raises NotFound: no such case, or its present version does not show such a file.
    :raises Gone: the case is withdrawn or erased, or was merged into another.
    """
    head()
    try:
        public_case = queries.load_public_case(db.session(), urls.case_number(number))
    except Moved as error:
        raise Gone("case_gone") from error
    names = {page["copy"]: name for name, page in pieces.named_pages(public_case.snapshot.content)}
    if digest not in names:
        raise NotFound("no_such_piece")
    manifest = find_copy(incident_id(public_case), digest)
    name = f"cas-{public_case.number}-{names[digest]}"
    return send_file(sealed_files(), manifest, name=name, cache_control=PAGE_CACHE_CONTROL)


def incident_id(public_case: PublicCase) -> int:
    """The internal id of a public case."""
    stmt = select(Incident.id).where(Incident.number == public_case.number)
    return db.session().scalars(stmt).one()


def find_copy(case_id: int, digest: str) -> FileManifest:
    """The file of a copy of a case by its digest.

    :raises NotFound: the case has no such copy.
    :raises Unavailable: its key or the key store is missing.
    """
    if not _DIGEST.fullmatch(digest):
        raise NotFound("no_such_piece")
    try:
        manifest = find_page(db.session(), key_store(), case_id, digest)
    except SealError as error:
        raise Unavailable("evidence_away") from error
    if manifest is None or manifest.mime not in COPY_MIMES:
        raise NotFound("no_such_piece")
    return manifest
