"""The files of a Whoosh index: read by position, written without a trap, removed by nobody else.

Whoosh reaches every file through a storage; this is ours. Reading goes by ``pread``, which moves no
place in the file, so that all threads of a process share what is open. A memory map is not used:
Whoosh's copies the whole index at each opening, and any map of a file that is cut short kills the
process. A length that a damaged file claims is compared with the file before anything is read.
"""

from __future__ import annotations

import io
import os
import pickle
from contextlib import suppress
from pathlib import Path
from typing import Any

from whoosh.filedb.filestore import FileStorage
from whoosh.filedb.structfile import StructFile

from register.search.whoosh_postings import Codec, Damaged

# Whoosh keeps its table of contents and some directories as pickles. Nothing is made of them but
# this: a pickle that asks for more was not written here.
_KNOWN = {
    ("_codecs", "encode"),
    ("builtins", "int"),
    ("builtins", "set"),
    ("collections", "defaultdict"),
    ("whoosh.codec.whoosh3", "W3Segment"),
    (Codec.__module__, Codec.__qualname__),
}


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise Damaged
        return super().find_class(module, name)


class _Descriptor:
    """An open file. It is closed when the last of its pages is let go of, in whatever thread."""

    def __init__(self, path: str) -> None:
        self.number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def __del__(self) -> None:
        with suppress(AttributeError, OSError):
            os.close(self.number)


class Pages(StructFile):  # type: ignore[misc] # Whoosh has no types
    """A file, or a part of one, read by position."""

    def __init__(self, descriptor: _Descriptor, start: int, size: int, name: str) -> None:
        super().__init__(None, name)
        self._descriptor: _Descriptor | None = descriptor
        self._start = start
        self._size = size
        self._place = 0

    def get(self, position: int, length: int) -> bytes:
        """Bytes from a position on, all of them.

        :raises Damaged: the file has not so many.
        """
        if self._descriptor is None or not 0 <= position <= position + length <= self._size:
            raise Damaged
        data = os.pread(self._descriptor.number, length, self._start + position)
        if len(data) != length:
            raise Damaged
        return data

    def read(self, size: int = -1) -> bytes:
        rest = max(0, self._size - self._place)
        data = self.get(self._place, rest if size < 0 else min(size, rest))
        self._place += len(data)
        return data

    def seek(self, position: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = base + position
        return self._place

    def tell(self) -> int:
        return self._place

    def read_pickle(self) -> Any:
        file = io.BytesIO(self.get(self._place, self._size - self._place))
        found = _Unpickler(file).load()
        self._place += file.tell()
        return found

    def subset(self, offset: int, length: int, name: str | None = None) -> Pages:
        if self._descriptor is None or not 0 <= offset <= offset + length <= self._size:
            raise Damaged
        return Pages(self._descriptor, self._start + offset, length, name or str(self))

    def close(self) -> None:
        self._descriptor = None
        self.is_closed = True


class _Free:
    """A lock that is always free."""

    def acquire(self) -> bool:
        return True

    def release(self) -> None:
        """Nothing was taken."""


class Shelf(FileStorage):  # type: ignore[misc]
    """A folder of an index, as Whoosh sees it."""

    def __init__(self, path: str | Path, opened: list[Any] | None = None) -> None:
        super().__init__(str(path), supports_mmap=False)
        self._opened: list[Any] = [] if opened is None else opened

    def open_file(self, name: str, **_options: Any) -> Pages:
        descriptor = _Descriptor(os.path.join(self.folder, name))  # noqa: PTH118 (once per find)
        return Pages(descriptor, 0, os.fstat(descriptor.number).st_size, name)

    def create_file(self, name: str, **options: Any) -> Any:
        file = super().create_file(name, **options)
        self._opened.append(file)
        return file

    def temp_storage(self, name: str | None = None) -> Shelf:
        inner = Shelf(Path(self.folder, name or "tmp"), self._opened)
        inner.create()
        return inner

    def delete_file(self, name: str) -> None:
        """Nothing: until the new state is written, the one before needs all its files.

        ``whoosh_state.sweep`` removes what no state names, after each commit.
        """

    def lock(self, name: str) -> _Free:
        """No lock of Whoosh's own: ``whoosh_state.writing`` is held around every writer."""
        return _Free()

    def let_go(self) -> None:
        """Close what a writer that failed has left open."""
        for file in self._opened:
            if not file.is_closed:
                with suppress(OSError, ValueError):
                    file.close()
        self._opened.clear()
