"""Files of cases in tests: a picture with metadata, and the worker that makes copies of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image
from sqlalchemy import Engine

from register.cases import acts
from register.cases.acts import copy_making
from register.evidence.file_kinds import HEAD_BYTES, recognise
from register.evidence.sealed_files import FileManifest, SealedFiles, new_file
from register.journal import WriteTransaction
from register.key_store import KeyStore
from register.worker.copy_job import make_and_record

MARKER = b"MARQUE-DES-METADONNEES"
LIMIT = 10_000_000


def picture(width: int = 320, height: int = 200) -> bytes:
    """A JPEG of many colours, whose metadata have the marker."""
    image = Image.new("RGB", (width, height))
    image.putdata(
        [
            (x * 255 // width, y * 255 // height, (x * y) % 256)
            for y in range(height)
            for x in range(width)
        ]
    )
    exif = Image.Exif()
    exif[0x010E] = MARKER.decode()
    content = io.BytesIO()
    image.save(content, "JPEG", exif=exif, comment=MARKER)
    return content.getvalue()


@dataclass(frozen=True)
class CaseFiles:
    """Files of cases, and the clean copies that the worker makes of them."""

    engine: Engine
    pen: Callable[..., AbstractContextManager[WriteTransaction]]
    store: KeyStore
    files: SealedFiles
    bruno: int

    def stored(self, content: bytes, name: str = "photo.jpg") -> FileManifest:
        """A stored file, which no row refers to yet."""
        mime = recognise(content[:HEAD_BYTES], len(content))
        return self.files.write(replace(new_file(name), mime=mime), [content], LIMIT)

    def added(self, incident_id: int, content: bytes | None = None, name: str = "photo.jpg") -> str:
        """A file that Bruno added to a case; its key."""
        file = self.stored(content or picture(), name)
        with self.pen() as p:
            return acts.add_file(p, self.store, incident_id, file, by=self.bruno)

    def copied(self, incident_id: int, evidence: str, edits: dict[str, Any] | None = None) -> str:
        """A copy that Bruno asked for and that the worker made; its key."""
        with self.pen() as p:
            key = acts.request_copy(
                p, self.store, incident_id, evidence, edits or {}, by=self.bruno
            )
        self.work()
        return key

    def work(self) -> None:
        """Make all copies that are wanted."""
        while (task := copy_making.claim_copy(self.engine)) is not None:
            make_and_record(self.engine, self.store, self.files, task)
