"""Stores of sealed blobs: a folder, or an S3 bucket.

Every blob has the same size and an unlinkable name. New ones are pending until the register refers
to them; the worker moves those that it does, and deletes the others after a day.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from register.encryption import new_file, sync_path
from register.errors import Unavailable
from register.text.dates import paris_day

_PENDING, _SEALED = "pending", "sealed"
_MARKED = "new"  # of S3
# Where a blob is looked for: the worker may move it between two looks.
_READ_ORDER = (_SEALED, _PENDING, _SEALED)
S3_SCHEME = "s3"
# Seconds; a hung store answers a request with a 503.
_S3_TIMEOUT = 10


class BlobStore(Protocol):
    """Blobs by name. All methods raise ``Unavailable`` (``evidence_away``) when it is away."""

    def put(self, name: str, blob: bytes) -> None:
        """Store a pending blob, on disk before it returns; the same name replaces it."""

    def get(self, name: str) -> bytes | None:
        """A blob, pending or not; None for a missing one."""

    def has(self, name: str) -> bool:
        """Whether a blob exists."""

    def settle(self, name: str) -> None:
        """Move a pending blob to the lasting ones; nothing for one that was moved before."""

    def delete(self, name: str) -> None:
        """Delete a blob wherever it is; nothing for a missing one."""

    def pending(self) -> Iterator[tuple[str, date]]:
        """Names and days of the pending blobs."""

    def settled(self) -> Iterator[str]:
        """Names of the lasting blobs."""

    def free_bytes(self) -> int | None:
        """Room for more blobs; None where nothing bounds it."""

    def has_versions(self) -> bool:
        """Whether deleted blobs may stay as former versions."""


def open_store(url: str, instance: Path) -> BlobStore:
    """The store of a setting: ``s3://bucket/prefix``, or a folder; empty for the default folder."""
    if urlsplit(url).scheme == S3_SCHEME:
        return S3Store(url)
    return FolderStore(Path(url) if url else instance / "evidence")


class FolderStore:
    """Blobs as files of a folder, in subfolders by the first two letters of their names.

    Times of files are set to the start of their day.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, blob: bytes) -> None:
        """Write, sync, rename and sync the folder."""
        path = self._path(_PENDING, name)
        draft = path.with_name(f".{name}.{secrets.token_hex(4)}")
        try:
            self._make_folder(path.parent)
            try:
                with new_file(draft) as file:
                    file.write(blob)
                    file.flush()  # before the time is set, which each write changes
                    day = datetime.combine(paris_day(datetime.now(UTC)), time(), UTC).timestamp()
                    os.utime(file.fileno(), (day, day))
                draft.rename(path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
            sync_path(path.parent)
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            # A full disk keeps its own error, which has a sentence of its own.
            raise Unavailable("evidence_away") from error

    def get(self, name: str) -> bytes | None:
        """Read the first file that is there."""
        for area in _READ_ORDER:
            with suppress(FileNotFoundError):
                return self._path(area, name).read_bytes()
        return None

    def has(self, name: str) -> bool:
        """Look without reading."""
        return any(self._path(area, name).exists() for area in _READ_ORDER)

    def settle(self, name: str) -> None:
        """Rename, and sync both folders."""
        source, target = self._path(_PENDING, name), self._path(_SEALED, name)
        self._make_folder(target.parent)
        with suppress(FileNotFoundError):
            source.rename(target)
            sync_path(target.parent)
            sync_path(source.parent)

    def delete(self, name: str) -> None:
        """Unlink in both areas, and sync."""
        for area in (_PENDING, _SEALED):
            path = self._path(area, name)
            with suppress(FileNotFoundError):
                path.unlink()
                sync_path(path.parent)

    def pending(self) -> Iterator[tuple[str, date]]:
        """Drafts of interrupted writes have names too, without their dot."""
        for path in self._files(_PENDING):
            with suppress(FileNotFoundError):
                day = datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
                yield path.name, day

    def settled(self) -> Iterator[str]:
        """File names."""
        return (path.name for path in self._files(_SEALED))

    def settled_path(self, name: str) -> Path:
        """The file of a lasting blob."""
        return self._path(_SEALED, name)

    def free_bytes(self) -> int | None:
        """The free space of the disk."""
        folder = self.folder if self.folder.is_dir() else self.folder.parent
        try:
            return shutil.disk_usage(folder).free
        except OSError as error:
            raise Unavailable("evidence_away") from error

    def has_versions(self) -> bool:
        """Not in a folder."""
        return False

    def _files(self, area: str) -> Iterator[Path]:
        return self.folder.glob(f"{area}/??/*")

    def _path(self, area: str, name: str) -> Path:
        return self.folder / area / name.lstrip(".")[:2] / name

    def _make_folder(self, folder: Path) -> None:
        if not folder.is_dir():
            # The instance's folder itself is never made anew: a disk that is not mounted is away.
            if not self.folder.parent.is_dir():
                raise FileNotFoundError(self.folder.parent)
            for parent in (self.folder, folder.parent, folder):
                with suppress(FileExistsError):
                    parent.mkdir(mode=0o700)
                    sync_path(parent.parent)


class S3Store:
    """Blobs as objects of a bucket, whose credentials boto3 finds where it always does.

    A blob never moves, so that one request reads it or asks for it. An empty object of another
    folder, written before it, says that it is pending.

    :param url: ``s3://bucket/prefix``; ``?endpoint=https://…`` for another provider than Amazon.
    """

    def __init__(self, url: str) -> None:
        import boto3  # of the grown installation, and slow to load
        from botocore.client import Config

        parts = urlsplit(url)
        self._bucket, self._folder = parts.netloc, f"{parts.path.strip('/')}/".lstrip("/")
        endpoint = unquote(parts.query.removeprefix("endpoint=")) or None
        config = Config(
            connect_timeout=_S3_TIMEOUT, read_timeout=_S3_TIMEOUT, retries={"max_attempts": 3}
        )
        self._client = boto3.client("s3", endpoint_url=endpoint, config=config)

    def put(self, name: str, blob: bytes) -> None:
        """S3 has stored an object once it answers."""
        self._call("put_object", Key=self._key(_MARKED, name), Body=b"")
        self._call("put_object", Key=self._key(_SEALED, name), Body=blob)

    def get(self, name: str) -> bytes | None:
        """One request."""
        answer = self._call("get_object", Key=self._key(_SEALED, name))
        if answer is None:
            return None
        blob: bytes = answer["Body"].read()
        return blob

    def has(self, name: str) -> bool:
        """One request."""
        return self._call("head_object", Key=self._key(_SEALED, name)) is not None

    def settle(self, name: str) -> None:
        """Copy it onto itself, which gives all blobs of a day one time; then delete the marker."""
        key = self._key(_SEALED, name)
        source = {"Bucket": self._bucket, "Key": key}
        # S3 refuses such a copy that replaces nothing.
        if self._call("copy_object", Key=key, CopySource=source, MetadataDirective="REPLACE"):
            self._call("delete_object", Key=self._key(_MARKED, name))

    def delete(self, name: str) -> None:
        """The marker goes last: what could not be deleted is found by it."""
        for area in (_SEALED, _MARKED):
            self._call("delete_object", Key=self._key(area, name))

    def pending(self) -> Iterator[tuple[str, date]]:
        """Markers with their days."""
        for entry in self._entries(_MARKED):
            yield entry["Key"].rpartition("/")[2], paris_day(entry["LastModified"])

    def settled(self) -> Iterator[str]:
        """Objects without a marker."""
        names = {entry["Key"].rpartition("/")[2] for entry in self._entries(_SEALED)}
        # Listed last: a new blob has its marker before it is an object.
        return iter(names - {name for name, _day in self.pending()})

    def free_bytes(self) -> int | None:
        """Not known of a bucket."""
        return None

    def has_versions(self) -> bool:
        """Whether versioning is on.

        :raises Unavailable: also where the register may not ask.
        """
        return (self._call("get_bucket_versioning") or {}).get("Status") == "Enabled"

    def _entries(self, area: str) -> Iterator[dict[str, Any]]:
        token: dict[str, str] = {}
        while True:
            answer = self._call("list_objects_v2", Prefix=self._key(area, ""), **token) or {}
            yield from answer.get("Contents", ())
            if not answer.get("IsTruncated"):
                return
            token = {"ContinuationToken": answer["NextContinuationToken"]}

    def _key(self, area: str, name: str) -> str:
        return f"{self._folder}{area}/{name}"

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any] | None:
        """An answer of S3; None for a missing object."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(self._client, operation)(
                Bucket=self._bucket, **arguments
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404", "NotFound"):
                return None
            raise Unavailable("evidence_away") from error
        except BotoCoreError as error:
            raise Unavailable("evidence_away") from error
        return answer
