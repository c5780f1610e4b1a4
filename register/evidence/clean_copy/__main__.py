"""The child process: reads one job, restricts itself, and writes pages as frames.

Its standard input is a job (JSON); the source is an open file in memory, by its number; its
standard output is a pipe to the register (``protocol``).
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from register.errors import CopyError
from register.evidence.clean_copy import sandbox
from register.evidence.clean_copy.edits import Edits
from register.evidence.clean_copy.limits import CopyLimits, is_media
from register.evidence.clean_copy.protocol import CHUNK_BYTES, FrameSort, MadePage, write_frame
from register.evidence.file_kinds import KINDS, PDF, FileKind


def main() -> None:
    """Do the one job of this process."""
    job = json.load(sys.stdin)
    output = sys.stdout.buffer
    limits = CopyLimits(**job["limits"])
    sandbox.restrict(memory=limits.memory, cpu=limits.cpu, file_bytes=limits.copy_bytes)
    try:
        _answer(job, limits, output)
        write_frame(output, FrameSort.END)
    except CopyError as error:
        write_frame(output, FrameSort.ERROR, {"key": error.key, "values": error.values})
    except MemoryError:
        write_frame(output, FrameSort.ERROR, {"key": "copy_memory", "values": {}})
    except Exception:
        # A decoder may raise anything on a hostile file; its words are for nobody.
        write_frame(output, FrameSort.ERROR, {"key": "copy_broken", "values": {}})
    output.flush()


def _answer(job: dict[str, Any], limits: CopyLimits, output: BinaryIO) -> None:
    if job["task"] == "check":
        write_frame(output, FrameSort.REPORT, sandbox.protections(Path(job["secret"])))
        return
    with os.fdopen(job["source"], "rb") as source:
        if job["task"] == "archive":
            from register.evidence.clean_copy.archives import find_page

            write_frame(output, FrameSort.REPORT, find_page(source, job["address"], limits))
            return
        edits = Edits.from_json(job["edits"])
        for page in _pages(source, job["mime"], edits, limits):
            _write_page(output, page)


def _pages(source: BinaryIO, mime: str, edits: Edits, limits: CopyLimits) -> Iterator[MadePage]:
    # Each kind loads its own decoders only.
    if KINDS[mime] is FileKind.IMAGE:
        from register.evidence.clean_copy.images import copy_picture

        return copy_picture(source, mime, edits, limits)
    if mime == PDF:
        from register.evidence.clean_copy.documents import copy_document

        return copy_document(source, edits, limits)
    if is_media(mime):
        from register.evidence.clean_copy.media import copy_media

        return copy_media(source, mime, edits, limits)
    from register.evidence.clean_copy.texts import copy_text

    return copy_text(source, edits, limits)


def _write_page(output: BinaryIO, page: MadePage) -> None:
    fields = {name: value for name, value in vars(page).items() if name != "content"}
    with page.content as content:
        length = content.seek(0, os.SEEK_END)
        write_frame(output, FrameSort.PAGE, {**fields, "length": length})
        content.seek(0)
        shutil.copyfileobj(content, output, CHUNK_BYTES)


if __name__ == "__main__":
    main()
