"""Evidence files in a folder, and in an S3 bucket."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_server import s3_bucket

from register.evidence.blob_store import BlobStore, open_store
from register.evidence.sealed_files import SealedFiles


@pytest.fixture(params=["folder", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BlobStore]:
    if request.param == "folder":
        yield open_store("", tmp_path)
    else:
        with s3_bucket("evidence-test") as url:
            yield open_store(url, tmp_path)


@pytest.fixture
def files(blobs: BlobStore) -> SealedFiles:
    return SealedFiles(blobs, secrets.token_bytes(32))
