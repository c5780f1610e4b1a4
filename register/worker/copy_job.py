"""Job that makes clean copies of evidence files, one at a time.

A copy of a video takes minutes: the job waits for the child process that makes it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.cases.acts import copy_making
from register.cases.acts.copy_making import MOST_ATTEMPTS
from register.cases.copy_storage import CaseCopy, StoredPage
from register.errors import CopyError, NotFound, SealError, Unavailable
from register.evidence.clean_copy.copies import make_copy
from register.evidence.clean_copy.limits import CopyLimits
from register.evidence.sealed_files import FileManifest, SealedFiles, new_file
from register.journal import writing
from register.key_store import KeyStore
from register.worker.loop import KeepGoing

COPY_SECONDS = 5.0  # between two looks without a new line


@dataclass
class CopyJob:
    """Making of clean copies.

    :param open_store: opens the key store.
    :param open_files: opens the files of the register.
    """

    name = "copies"

    database: Engine
    open_store: Callable[[], KeyStore]
    open_files: Callable[[], SealedFiles]

    def run(self, _keep_going: KeepGoing) -> float:
        """Make the next copy, if one is wanted."""
        task = copy_making.claim_copy(self.database)
        if task is None:
            return COPY_SECONDS
        try:
            with closing(self.open_store()) as store:
                make_and_record(self.database, store, self.open_files(), task)
        except (Unavailable, SealError):
            with suppress(Exception):
                copy_making.return_copy(self.database, task)
            raise
        return 0.0


def make_and_record(engine: Engine, store: KeyStore, files: SealedFiles, task: CaseCopy) -> None:
    """Make the claimed copy, and record it or why there is none."""
    if task.attempts > MOST_ATTEMPTS:
        _fail(engine, store, task, CopyError("copy_interrupted"))
        return
    pages: list[StoredPage] = []
    is_recorded = False
    try:
        with Session(engine) as session:
            original, order = copy_making.load_task(session, store, task)
        pages.extend(_copied_pages(files, original, order.edits))
        with writing(engine) as tx:
            is_recorded = copy_making.finish_copy(tx, store, task, pages)
    except NotFound:
        pass  # removed meanwhile
    except CopyError as error:
        _fail(engine, store, task, error)
    # Those of an interrupted attempt are pending, and go after a day.
    if not is_recorded:
        _delete_pages(files, pages)


def _copied_pages(
    files: SealedFiles, original: FileManifest, edits: Mapping[str, Any]
) -> Iterator[StoredPage]:
    """The pages of a copy as they come, each sealed as a file of its own."""
    with files.open(original) as source:
        for page in make_copy(cast(BinaryIO, source), original.mime, edits):
            yield StoredPage(
                key=secrets.token_hex(16),
                position=page.index,
                file=files.write(new_file(mime=page.mime), page.chunks, CopyLimits.copy_bytes),
                width=page.width,
                height=page.height,
                duration=page.duration,
                notes=page.notes,
            )


def _fail(engine: Engine, store: KeyStore, task: CaseCopy, error: CopyError) -> None:
    with writing(engine) as tx:
        copy_making.fail_copy(tx, store, task, error)


def _delete_pages(files: SealedFiles, pages: list[StoredPage]) -> None:
    with suppress(Unavailable, OSError):
        for page in pages:
            files.delete(page.file.file_id)
