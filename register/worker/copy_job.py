"""Job that makes clean copies of evidence files, one at a time, beside the other jobs.

A copy of a video takes minutes: it is made in a thread, which waits for the child process, so that
the search index and retention do not wait for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from typing import BinaryIO, cast

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from register.cases.acts import copy_making
from register.cases.acts.copy_making import MOST_ATTEMPTS, CopyTask
from register.cases.copy_storage import StoredPage
from register.errors import CopyError, NotFound, SealError, Unavailable
from register.evidence.clean_copy.copies import make_copy
from register.evidence.clean_copy.edits import Edits
from register.evidence.clean_copy.limits import CopyLimits
from register.evidence.file_kinds import KINDS, FileType
from register.evidence.sealed_files import FileManifest, SealedFiles, new_file
from register.journal import writing
from register.key_store import KeyStore
from register.worker.loop import KeepGoing

COPY_SECONDS = 5.0  # between two looks without a new line
WORKING_SECONDS = 1.0  # between two looks at the thread


class CopyJob:
    """Making of clean copies.

    :param open_store: opens the key store.
    :param open_files: opens the files of the register.
    """

    name = "copies"

    def __init__(
        self,
        database: Engine,
        open_store: Callable[[], KeyStore],
        open_files: Callable[[], SealedFiles],
    ) -> None:
        self._database, self._open_store, self._open_files = database, open_store, open_files
        self._thread = ThreadPoolExecutor(1, "copies")
        self._copy: Future[None] | None = None

    def run(self, _keep_going: KeepGoing) -> float:
        """Begin the next copy, if none is being made; raises the error of the last one."""
        if self._copy is not None:
            if not self._copy.done():
                return WORKING_SECONDS
            copy, self._copy = self._copy, None
            copy.result()
        task = copy_making.claim_copy(self._database)
        if task is None:
            return COPY_SECONDS
        self._copy = self._thread.submit(self._work, task)
        return WORKING_SECONDS

    def join(self) -> None:
        """Wait for the copy that is being made."""
        if self._copy is not None:
            self._copy.exception()

    def _work(self, task: CopyTask) -> None:
        try:
            with closing(self._open_store()) as store:
                make_and_record(self._database, store, self._open_files(), task)
        except (Unavailable, SealError):
            with suppress(Exception):
                copy_making.return_copy(self._database, task)
            raise


def make_and_record(engine: Engine, store: KeyStore, files: SealedFiles, task: CopyTask) -> None:
    """Make the claimed copy, and record it or why there is none."""
    if task.attempts > MOST_ATTEMPTS:
        _fail(engine, store, task, CopyError("copy_interrupted"))
        return
    pages: list[StoredPage] = []
    is_recorded = False
    try:
        with Session(engine) as session:
            original, order = copy_making.load_task(session, store, task)
        pages.extend(_copied_pages(files, original, Edits.from_json(order.edits)))
        with writing(engine) as tx:
            is_recorded = copy_making.finish_copy(tx, store, task, pages)
    except NotFound:
        pass  # removed meanwhile
    except CopyError as error:
        _fail(engine, store, task, error)
    # Those of an interrupted attempt are pending, and go after a day.
    if not is_recorded:
        _delete_pages(files, pages)


def _copied_pages(files: SealedFiles, original: FileManifest, edits: Edits) -> Iterator[StoredPage]:
    """The pages of a copy as they come, each sealed as a file of its own."""
    file_type, limits = FileType(KINDS[original.mime], original.mime), CopyLimits()
    with files.open(original) as source:
        pages = make_copy(cast(BinaryIO, source), file_type, edits, limits)
        for page in pages:
            file = replace(new_file(), mime=page.mime)
            yield StoredPage(
                key=secrets.token_hex(16),
                position=page.index,
                file=files.write(file, page.chunks, limits.copy_bytes),
                width=page.width,
                height=page.height,
                duration=page.duration,
                notes=page.notes,
            )


def _fail(engine: Engine, store: KeyStore, task: CopyTask, error: CopyError) -> None:
    with writing(engine) as tx:
        copy_making.fail_copy(tx, store, task, error)


def _delete_pages(files: SealedFiles, pages: list[StoredPage]) -> None:
    with suppress(Unavailable, OSError):
        for page in pages:
            files.delete(page.file.file_id)
