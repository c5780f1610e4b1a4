"""Pieces of evidence for readers: as the page of a case shows them, and their files.

Each request asks the database what the case shows now: a file leaves with the text that names it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import Response
from flask_babel import gettext, ngettext
from sqlalchemy import select

from register.cases import pieces, queries
from register.cases.copies import find_page
from register.cases.models import Incident
from register.cases.piece_content import COPY_MIMES
from register.cases.queries import PublicCase
from register.db import db
from register.errors import Gone, Moved, NotFound, SealError, Unavailable
from register.evidence.file_kinds import FileKind
from register.evidence.sealed_files import FileManifest
from register.text.typography import french
from register.web import messages, urls
from register.web.blueprints import public
from register.web.file_response import send_file
from register.web.headers import PAGE_CACHE_CONTROL
from register.web.l10n import number, size_words
from register.web.request_context import head, key_store, sealed_files

# Characters of a text that the page shows; the file has the rest.
TEXT_LIMIT = 20_000
_MEDIA_TYPES = {"image": "ImageObject", "audio": "AudioObject", "video": "VideoObject"}
_SOUNDING = (FileKind.AUDIO, FileKind.VIDEO)


def list_pieces(public_case: PublicCase, desk_case: int | None = None) -> list[dict[str, Any]]:
    """The pieces of a case in a version of it, as the document has them, for a template.

    ``is_shown``: whether readers have the files of a piece now. Each of its ``pages`` has an
    ``address``, which is empty where readers have it no more, and of a text the beginning.

    :param desk_case: the internal id of the case for a page that members see: every copy of it has
        an address then. Readers have the files of the present version only.
    """
    content = public_case.snapshot.content
    if not content.get("pieces"):
        return []
    if desk_case is None:
        folder, case_id = urls.pieces(public_case.number), incident_id(public_case)
        available = _present_digests(public_case)
    else:
        folder, case_id = desk_folder(desk_case), desk_case
        available = pieces.document_digests(content)
    shown_pieces = []
    for piece in content["pieces"]:
        pages = [
            _page_values(page, folder if page["copy"] in available else "", case_id)
            for page in piece["pages"]
        ]
        shown_piece = {
            **piece,
            "is_media": piece["kind"] in _SOUNDING,
            "is_shown": bool(pages) and all(page["address"] for page in pages),
            "edits": [
                str(messages.names.choices["edit"].get(code, code)) for code in piece["edits"]
            ],
            "pages": pages,
        }
        shown_pieces.append(shown_piece)
    return shown_pieces


def desk_folder(case_id: int) -> str:
    """The folder of the copies of a case, for members."""
    return f"/moderation/dossiers/{case_id}/pieces"


def _present_digests(public_case: PublicCase) -> frozenset[str]:
    """The digests of the files that readers have now."""
    if public_case.is_current and public_case.merger is None:
        return pieces.document_digests(public_case.snapshot.content)
    with suppress(NotFound, Gone, Moved):
        present = queries.load_public_case(db.session(), public_case.number)
        return pieces.document_digests(present.snapshot.content)
    return frozenset()


def _page_values(page: Mapping[str, Any], folder: str, case_id: int) -> dict[str, Any]:
    text, is_cut = "", False
    if folder and page["mime"] == "text/plain":
        text, is_cut = _read_text(case_id, page["copy"])
    return {
        **page,
        "address": f"{folder}/{page['copy']}" if folder else "",
        "size": size_words(page["size"]) if page["size"] else "",
        "length": _length_words(page["duration"]),
        "digest": page["copy"],
        "text": text,
        "is_cut": is_cut,
    }


def _read_text(case_id: int, digest: str) -> tuple[str, bool]:
    """The beginning of a text, and whether there is more of it; empty while the store is away."""
    try:
        file = io.BufferedReader(sealed_files().open(find_copy(case_id, digest)))
        # A character has four bytes at most, and one more shows that there are more.
        content = file.read(4 * (TEXT_LIMIT + 1)).decode("utf-8", "ignore")
    except (NotFound, Unavailable):
        # The page stays, with the address of the text, which has its own answer.
        return "", True
    return content[:TEXT_LIMIT], len(content) > TEXT_LIMIT


def media_nodes(case_address: str, content: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The pieces as schema.org ``MediaObject``, named but without their files.

    A search engine that fetched the files would keep them after a withdrawal.
    """
    return [
        {
            "@type": _MEDIA_TYPES.get(piece["kind"], "DigitalDocument"),
            "@id": f"{case_address}#piece-{rank}",
            "name": french(piece["caption"]),
            "encodingFormat": piece["pages"][0]["mime"],
            "contentRating": french(piece["warning"]),
            "transcript": piece["transcript"] if piece["kind"] in _SOUNDING else "",
            "isBasedOn": {"@type": "CreativeWork", "identifier": f"sha256:{piece['original']}"},
        }
        for rank, piece in enumerate(content.get("pieces", ()), start=1)
    ]


def _length_words(seconds: int) -> str:
    """A duration for people; empty for 0."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    words = []
    if hours:
        words.append(gettext("%(count)s h", count=number(hours)))
    if minutes:
        words.append(gettext("%(count)s min", count=number(minutes)))
    if seconds and not hours:
        words.append(ngettext("%(count)s s", "%(count)s s", seconds, count=number(seconds)))
    return " ".join(words)


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
    return send_file(manifest, name=name, cache_control=PAGE_CACHE_CONTROL)


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
