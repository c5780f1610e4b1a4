"""A video of 300 MB at the desk: a face blurred, ten seconds cut, published, in the case file."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
import resource
import statistics
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextvars import Context
from dataclasses import replace
from pathlib import Path

import pytest
from case_contents import a_case
from case_files import CaseFiles
from cast import Cast
from evidence_samples import needs_ffmpeg
from flask import Flask
from form_client import MemberClient
from PIL import Image
from sqlalchemy.orm import Session

from register.cases import acts, copies
from register.cases.checklist import ATTESTATIONS
from register.cases.pieces import piece_of
from register.db import db
from register.evidence.sealed_files import new_file
from register.web.request_context import sealed_files

pytestmark = [
    pytest.mark.prove,
    needs_ffmpeg,
    pytest.mark.parametrize("settings", ["sqlite"], indirect=True),
]

MARKER = "MARQUEUR-7c21"
SIZE = 300_000_000
# Of both kinds of scenes, ten seconds each: the same size whatever they show.
SCENE = (
    *("-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", "10"),
    *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "50"),
    *("-b:v", "21M", "-minrate", "21M", "-maxrate", "21M", "-bufsize", "21M"),
    *("-x264-params", "nal-hrd=cbr:filler=1", "-c:a", "aac"),
)
METADATA = (
    *("-metadata", f"title={MARKER}", "-metadata", "location=+48.8848+002.5083/"),
    *("-metadata", f"comment={MARKER}", "-metadata", f"artist={MARKER}"),
    *("-metadata:s:v", f"handler_name={MARKER}", "-metadata:s:a", f"title={MARKER}"),
)
SCENES, RED_SCENE = 12, 1
FACE = {"left": 0.25, "top": 0.25, "right": 0.5, "bottom": 0.625}
EDITS = {
    "masks": [{"area": FACE, "style": "blur"}],
    "cuts": [{"start": 10.0 * RED_SCENE, "end": 10.0 * (RED_SCENE + 1)}],
}


def ffmpeg(*options: object) -> bytes:
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, options)]
    return subprocess.run(command, check=True, timeout=300, capture_output=True).stdout


def probe(path: Path) -> dict[str, object]:
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-show_chapters"]
    done = subprocess.run([*command, "-of", "json", path], check=True, capture_output=True)
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two minutes of 1920 × 1080, its table at the end; the second scene is red."""
    folder = tmp_path_factory.mktemp("film")
    # Lines everywhere, so that a blurred place shows.
    lined = "testsrc2=s=1920x1080:r=25,drawgrid=w=24:h=24:t=6:c=white"
    for name, source in (("scene", lined), ("red", "color=red:s=1920x1080")):
        ffmpeg("-f", "lavfi", "-i", source, *SCENE, "-r", "25", folder / f"{name}.mp4")
    names = ["red" if number == RED_SCENE else "scene" for number in range(SCENES)]
    (folder / "list").write_text("".join(f"file {name}.mp4\n" for name in names), "ascii")
    path = folder / "séance.mp4"
    ffmpeg("-f", "concat", "-i", folder / "list", "-c", "copy", *METADATA, path)
    assert path.stat().st_size > SIZE
    return path


def frame(path: Path, at: float) -> Image.Image:
    content = ffmpeg("-ss", at, "-i", path, "-frames:v", 1, "-f", "image2", "-c:v", "png", "-")
    return Image.open(io.BytesIO(content)).convert("RGB").resize((1280, 720))


def is_red(picture: Image.Image) -> bool:
    red, green, blue = picture.resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    return red > 180 and green < 60 and blue < 60


def detail(picture: Image.Image) -> float:
    """How much neighbouring points of the face differ."""
    width, height = picture.size
    sides = [FACE["left"] * width, FACE["top"] * height]
    sides += [FACE["right"] * width, FACE["bottom"] * height]
    grey = picture.convert("L").crop([round(side) for side in sides])
    points = grey.tobytes()
    return statistics.fmean(abs(a - b) for a, b in itertools.pairwise(points))


def blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_a_large_video_is_edited_published_and_kept(
    app: Flask,
    case_files: CaseFiles,
    cast: Cast,
    film: Path,
    signed: Callable[[str], MemberClient],
    tmp_path: Path,
) -> None:
    store, pen = case_files.store, case_files.pen
    files = sealed_files()
    db.session.rollback()
    original = files.write(replace(new_file("séance.mp4"), mime="video/mp4"), blocks(film), 1 << 30)
    assert original.sha256 == sha256_of(film)
    with pen() as tx:
        case = acts.draft(tx, a_case(), by=cast.bruno, reason="reçu").id
        evidence = acts.add_file(tx, store, case, original, by=cast.bruno)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    case_files.copied(case, evidence, EDITS)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    print(f"copy: {seconds:.0f} s of processor, largest child {used.ru_maxrss // 1024} MiB")

    # A member looks at it, and two publish it.
    with Session(case_files.engine) as session:
        [copy] = copies.ready_copies(session, store, case)
    with pen() as tx:
        acts.review_page(tx, store, case, copy.pages[0].key, by=cast.bruno)
    with Session(case_files.engine) as session:
        [copy] = copies.ready_copies(session, store, case)
    piece = replace(piece_of(copy), caption="La séance.", no_transcript="aucune parole")
    content = replace(a_case(), pieces=(piece,))
    with pen() as tx:
        reason = {"by": cast.bruno, "reason": "lu et vérifié"}
        acts.edit(tx, case, content, flag_reasons="relu", **reason)
        acts.invite(tx, case, "courriel au maire", by=cast.bruno, on=tx.at.date())
        acts.approve(tx, case, by=cast.chloe)
        line = acts.publish(
            tx, case, flag_reasons="relu", attested=ATTESTATIONS, store=store, **reason
        )
    number = line.case_number

    def get(address: str) -> bytes:
        response = Context().run(app.test_client().get, address)
        assert response.status_code == 200
        return response.get_data()

    page = get(f"/incidents/{number}")
    address = f"/incidents/{number}/pieces/{piece.pages[0].copy}"
    assert address.encode() in page
    assert original.sha256.encode() in page
    public = tmp_path / "public.mp4"
    public.write_bytes(get(address))
    assert sha256_of(public) == piece.pages[0].copy

    # No metadata: neither in what ffprobe reads nor anywhere in the bytes.
    facts = probe(public)
    assert probe(film)["format"]["tags"]["title"] == MARKER
    tags = dict(facts["format"].get("tags", {}))
    for stream in facts["streams"]:
        tags |= stream.get("tags", {})
        assert "side_data_list" not in stream
    print(f"public copy: {public.stat().st_size / 1e6:.1f} MB, tags {tags}")
    assert set(tags) <= {
        *("major_brand", "minor_version", "compatible_brands"),
        *("language", "handler_name", "vendor_id", "encoder"),
    }
    # The register's own encoder, without a version.
    assert tags.get("encoder", "Lavc libx264") == "Lavc libx264"
    assert {tags["handler_name"], tags["language"]} <= {"VideoHandler", "SoundHandler", "und"}
    assert [stream["codec_type"] for stream in facts["streams"]] == ["video", "audio"]
    assert facts["chapters"] == []
    whole = public.read_bytes()
    bundle = get(f"/incidents/{number}.zip")
    for secret in (MARKER, "+48.8848", "séance.mp4"):
        assert secret.encode() not in whole + page + bundle, secret
    # No run of the original either.
    for block in blocks(film):
        assert block[1000:1032] not in whole

    # Ten seconds are gone, and the face.
    assert float(str(facts["format"]["duration"])) == pytest.approx(110, abs=0.5)
    assert [is_red(frame(film, at)) for at in (5, 15, 25)] == [False, True, False]
    assert not any(is_red(frame(public, at)) for at in range(2, 110, 4))
    for at in (1, 50, 105):
        assert detail(frame(public, at)) < detail(frame(film, at)) / 4

    # The lawyer's file has the original to the byte.
    response = Context().run(signed("bruno").get, f"/moderation/dossiers/{case}/dossier-avocat.zip")
    archive_path = tmp_path / "case.zip"
    with archive_path.open("wb") as out:
        for part in response.iter_encoded():
            out.write(part)
    with zipfile.ZipFile(archive_path) as archive:
        [name] = [name for name in archive.namelist() if original.sha256[:12] in name]
        with archive.open(name) as kept:
            assert hashlib.file_digest(kept, "sha256").hexdigest() == original.sha256
        [listed] = json.loads(archive.read("originaux/liste.json"))["originals"]
    assert listed["sha256"] == original.sha256
    assert listed["copies"] == [piece.pages[0].copy]
