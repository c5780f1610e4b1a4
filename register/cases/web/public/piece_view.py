"""Pieces of evidence as the page of a case shows them: addresses, words, texts."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel import lazy_gettext as _

from register.cases import pieces, queries
from register.cases.queries import PublicCase
from register.cases.web.public.piece_files import find_copy, incident_id
from register.db import db
from register.errors import Gone, Moved, NotFound, Unavailable
from register.evidence.file_kinds import FileKind
from register.text.typography import french
from register.web import urls
from register.web.l10n import number, size_words
from register.web.request_context import sealed_files

# Characters of a text that the page shows; the file has the rest.
TEXT_LIMIT = 20_000
# What the register took out of a copy, by code of the document.
EDITS = {
    "pages": _("pages retirées"),
    "recadrage": _("image recadrée"),
    "masque": _("zones masquées"),
    "coupure": _("passages coupés"),
    "passage": _("mots retirés"),
}
_MEDIA_TYPES = {"image": "ImageObject", "audio": "AudioObject", "video": "VideoObject"}
_SOUNDING = (FileKind.AUDIO, FileKind.VIDEO)
_WORDS = ("kind", "caption", "warning", "transcript", "no_transcript", "original")


@dataclass(frozen=True)
class PageView:
    """A file of a piece; ``address`` is empty where readers have it no more.

    ``text`` is the beginning of a text, with ``is_cut`` where the file has more of it.
    """

    address: str
    alt: str
    mime: str
    width: int
    height: int
    size: str
    length: str
    digest: str
    text: str = ""
    is_cut: bool = False

    @property
    def is_picture(self) -> bool:
        """Whether it is shown as a picture."""
        return self.mime.startswith("image/")


@dataclass(frozen=True)
class PieceView:
    """A piece with the words about it, as the document has them."""

    kind: str
    caption: str
    warning: str
    transcript: str
    no_transcript: str
    original: str
    edits: Sequence[str]
    pages: Sequence[PageView]

    @property
    def is_media(self) -> bool:
        """Whether it is a sound or a video."""
        return self.kind in _SOUNDING

    @property
    def is_shown(self) -> bool:
        """Whether readers have its files now."""
        return bool(self.pages) and all(page.address for page in self.pages)


def list_pieces(public_case: PublicCase, desk_case: int | None = None) -> list[PieceView]:
    """The pieces of a case in a version of it.

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
    return [
        PieceView(
            **{name: piece[name] for name in _WORDS},
            edits=[str(EDITS.get(code, code)) for code in piece["edits"]],
            pages=[
                _page_view(page, folder if page["copy"] in available else "", case_id)
                for page in piece["pages"]
            ],
        )
        for piece in content["pieces"]
    ]


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


def _page_view(page: Mapping[str, Any], folder: str, case_id: int) -> PageView:
    text, is_cut = "", False
    if folder and page["mime"] == "text/plain":
        text, is_cut = _read_text(case_id, page["copy"])
    return PageView(
        address=f"{folder}/{page['copy']}" if folder else "",
        alt=page["alt"],
        mime=page["mime"],
        width=page["width"],
        height=page["height"],
        size=size_words(page["size"]) if page["size"] else "",
        length=length_words(page["duration"]),
        digest=page["copy"],
        text=text,
        is_cut=is_cut,
    )


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


def length_words(seconds: int) -> str:
    """A duration for people; empty for 0."""
    return " ".join(_length_parts(seconds))


def _length_parts(seconds: int) -> Iterator[str]:
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        yield gettext("%(count)s h", count=number(hours))
    if minutes:
        yield gettext("%(count)s min", count=number(minutes))
    if seconds and not hours:
        yield ngettext("%(count)s s", "%(count)s s", seconds, count=number(seconds))
