"""Invented evidence of cases: files, looked-at copies, and the pieces that name them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from io import BytesIO
from typing import Any

from PIL import Image, ImageDraw

from register.cases import acts
from register.cases.case_content import Content
from register.cases.case_evidence import require_case_key, store_case_evidence
from register.cases.checklist import ATTESTATIONS
from register.cases.copies import FileCopy
from register.cases.copy_storage import (
    CaseCopy,
    CaseCopyPage,
    CopyOrder,
    CopyState,
    StoredPage,
    page_lookup,
    seal_order,
    seal_page,
)
from register.cases.piece_content import PieceContent
from register.cases.pieces import piece_of
from register.evidence.models import register_file
from register.evidence.sealed_files import SealedFiles, new_file
from register.journal import WriteTransaction
from register.key_store import KeyStore

_ORIGINAL_MIMES = {
    "image": "image/heic",
    "pdf": "application/pdf",
    "text": "text/plain",
    "audio": "audio/mpeg",
    "video": "video/quicktime",
}


@dataclass(frozen=True)
class MadePage:
    """The bytes of one page of a copy."""

    content: bytes
    mime: str = "image/jpeg"
    width: int = 0
    height: int = 0
    duration: float = 0.0


def picture(words: str, width: int = 1200, height: int = 900) -> MadePage:
    """A drawn sheet with some words on it."""
    image = Image.new("RGB", (width, height), "#f4efe2")
    draw, step = ImageDraw.Draw(image), height // 12
    for line in range(2, 11):
        draw.rectangle((step, line * step, width - step, line * step + step // 6), fill="#8a8a8a")
    draw.text((step, step // 2), words, fill="#202020", font_size=step)
    file = BytesIO()
    image.save(file, "JPEG", quality=80)
    return MadePage(file.getvalue(), "image/jpeg", width, height)


def add_copy(
    tx: WriteTransaction,
    store: KeyStore,
    files: SealedFiles,
    incident_id: int,
    kind: str,
    pages: Sequence[MadePage],
    *,
    original: bytes = b"",
    edits: dict[str, Any] | None = None,
    looked_by: int | None = None,
    evidence: str = "",
) -> FileCopy:
    """Give a case a file and a clean copy of it; or another copy of a file that it has.

    :param evidence: the key of that file.
    """
    original = original or secrets.token_bytes(64)
    digest, mime = hashlib.sha256(original).hexdigest(), _ORIGINAL_MIMES[kind]
    position = 1
    if not evidence:
        sealed = files.write(replace(new_file("IMG_4711.MOV"), mime=mime), [original], 1 << 30)
        evidence = store_case_evidence(tx, store, incident_id, sealed)
    else:
        position = 1 + tx.session.query(CaseCopy).filter_by(evidence_key=evidence).count()
    key, copy_key = require_case_key(store, incident_id), secrets.token_hex(16)
    order = CopyOrder(mime, digest, edits or {})
    tx.session.add(
        CaseCopy(
            key=copy_key,
            evidence_key=evidence,
            incident_id=incident_id,
            position=position,
            state=CopyState.READY,
            sealed=seal_order(key, copy_key, order),
        )
    )
    tx.session.flush()
    copy_pages = []
    for rank, page in enumerate(pages):
        file = files.write(replace(new_file(), mime=page.mime), [page.content], 1 << 30)
        register_file(tx.session, file.file_id)
        made = StoredPage(
            key=secrets.token_hex(16),
            position=rank,
            file=file,
            width=page.width,
            height=page.height,
            duration=page.duration,
            looked_by=looked_by,
            looked_at=tx.at if looked_by else None,
        )
        tx.session.add(
            CaseCopyPage(
                key=made.key,
                copy_key=copy_key,
                position=rank,
                file_id=file.file_id,
                lookup=page_lookup(store, file.sha256),
                looked_by=made.looked_by,
                looked_at=made.looked_at,
                sealed=seal_page(key, made),
            )
        )
        copy_pages.append(made)
    tx.session.flush()
    return FileCopy(copy_key, CopyState.READY, order, pages=copy_pages)


def copied_file(tx: WriteTransaction, copy: FileCopy) -> str:
    """The key of the file of a copy."""
    return tx.session.get_one(CaseCopy, copy.key).evidence_key


def add_piece(
    tx: WriteTransaction,
    store: KeyStore,
    files: SealedFiles,
    incident_id: int,
    kind: str,
    pages: Sequence[MadePage],
    *,
    looked_by: int,
    alts: Sequence[str] = (),
    **words: Any,
) -> PieceContent:
    """The piece of a new looked-at copy, with its words.

    :param alts: the alternative texts of the first pages.
    """
    piece = piece_of(add_copy(tx, store, files, incident_id, kind, pages, looked_by=looked_by))
    described = [
        replace(page, alt=alts[rank] if rank < len(alts) else "")
        for rank, page in enumerate(piece.pages)
    ]
    return replace(piece, pages=tuple(described), **words)


@dataclass(frozen=True)
class PieceWords:
    """A piece to be made."""

    kind: str
    pages: Sequence[MadePage]
    alts: Sequence[str] = ()
    caption: str = "Lettre du maire."
    warning: str = ""
    transcript: str = ""
    no_transcript: str = ""


def draft_with_pieces(
    tx: WriteTransaction,
    store: KeyStore,
    files: SealedFiles,
    content: Content,
    pieces: Sequence[PieceWords],
    *,
    by: int,
) -> tuple[int, Content]:
    """A draft with pieces, as its id and content."""
    case = acts.draft(tx, content, by=by, reason="repéré dans la presse")
    made = [add_piece(tx, store, files, case.id, looked_by=by, **vars(piece)) for piece in pieces]
    content = replace(content, pieces=tuple(made))
    acts.edit(tx, case.id, content, by=by, reason="pièces", flag_reasons="relu")
    return case.id, content


def publish_with_pieces(
    tx: WriteTransaction,
    store: KeyStore,
    files: SealedFiles,
    content: Content,
    pieces: Sequence[PieceWords],
    *,
    by: int,
    second: int,
) -> tuple[int, int, Content]:
    """A published case with pieces, as its id, number and content."""
    incident_id, content = draft_with_pieces(tx, store, files, content, pieces, by=by)
    acts.invite(tx, incident_id, "courriel au maire", by=by, on=date(2026, 2, 20))
    acts.approve(tx, incident_id, by=second)
    line = acts.publish(
        tx,
        incident_id,
        by=by,
        reason="lu et vérifié",
        flag_reasons="relu",
        attested=ATTESTATIONS,
        store=store,
    )
    assert line.case_number
    return incident_id, line.case_number, content
